// One headless Chromium for the tests, and what every page of it is held to:
// no error on the console, nothing refused by the content policy.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const base = process.env.LUOSHU_URL ?? 'http://127.0.0.1:8080'
export const password = process.env.LUOSHU_PASSWORD ?? 'luoshu-demo-2025'
const out = process.env.LUOSHU_OUT ?? ''

export const wide = { width: 1440, height: 900 }
export const narrow = { width: 390, height: 844 }

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A page with its own cookies. `troubles` collects what no page may have. */
export async function open(browser, { viewport = wide, lang = 'zh' } = {}) {
  const context = await browser.newContext({ viewport, acceptDownloads: true })
  await context.addInitScript((l) => {
    if (!localStorage.getItem('luoshu.lang')) localStorage.setItem('luoshu.lang', l)
  }, lang)
  const page = await context.newPage()
  const troubles = []
  page.on('console', (m) => {
    // A refused request is told by the test that provokes it, not by the console.
    if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) troubles.push(m.text())
  })
  page.on('pageerror', (e) => troubles.push(String(e)))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) =>
      console.error(`content policy: ${e.violatedDirective} ${e.blockedURI}`),
    )
  })
  page.setDefaultTimeout(30_000)
  return { page, context, troubles }
}

export async function signIn(page, name) {
  await page.goto(base + '/')
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.masthead').waitFor()
}

/** Waits until the page has stopped asking and its charts are drawn. */
export async function settled(page) {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(
    () => !document.querySelector('.waiting') && [...document.querySelectorAll('.chart')].every((c) => c.dataset.ready),
  )
}

export async function shot(page, name, fullPage = true) {
  if (!out) return
  mkdirSync(out, { recursive: true })
  await page.screenshot({ path: join(out, name + '.png'), fullPage })
}

/** No page may be wider than its window. */
export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
}

/** Asks the API as the page's reader. */
export async function api(page, path) {
  return page.evaluate(async (p) => {
    const r = await fetch(p)
    return { status: r.status, body: await r.json() }
  }, path)
}
