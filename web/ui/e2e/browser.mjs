// One headless Chromium for the tests, and what every page of it is held to:
// no error on the console, nothing refused by the content policy.
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

// Secrets of authenticators, and the last step a code was used of: they outlive one
// test file, since an account has its factor for as long as the city stands.
const factors = join(out || tmpdir(), `luoshu-factors-${new URL(base).port}.json`)

function factorOf(name) {
  return existsSync(factors) ? JSON.parse(readFileSync(factors, 'utf8'))[name] : undefined
}

function keepFactor(name, factor) {
  const all = existsSync(factors) ? JSON.parse(readFileSync(factors, 'utf8')) : {}
  mkdirSync(dirname(factors), { recursive: true })
  writeFileSync(factors, JSON.stringify({ ...all, [name]: factor }), { mode: 0o600 })
}

/** The code of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds). */
export function totp(secret, step) {
  let bits = ''
  for (const c of secret) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)))
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(count).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}

/** The next code of an account that the server will take: each works once. */
async function code(page, name, { secret, step = 0 }) {
  const now = () => Math.floor(Date.now() / 30_000)
  const next = Math.max(step + 1, now())
  while (next > now() + 1) await page.waitForTimeout(500)
  keepFactor(name, { secret, step: next })
  return totp(secret, next)
}

/** Signs in; where the role demands a second factor, sets one up or shows it. */
export async function signIn(page, name) {
  await page.goto(base + '/')
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  const step = page.locator('.sign-form[data-step]')
  await step.or(page.locator('.masthead')).first().waitFor()
  if ((await step.count()) === 0) return
  const due = await step.getAttribute('data-step')
  const go = step.locator('.stack-form .main-button')
  if (due === 'enrol') {
    await go.click()
    const secret = (await step.locator('.once-value').innerText()).replace(/\s/g, '')
    await step.locator('input[name=code]').fill(await code(page, name, { secret }))
    await go.click()
    await step.locator('input[name=code]').waitFor({ state: 'detached' })
    await go.click() // the recovery codes have been shown
  } else {
    await step.locator('input[name=code]').fill(await code(page, name, factorOf(name)))
    await go.click()
  }
  await page.locator('.masthead').waitFor()
}

/** Waits until the page has stopped asking and its charts are drawn. */
export async function settled(page) {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(
    () => !document.querySelector('.waiting') && [...document.querySelectorAll('.chart')].every((c) => c.dataset.ready),
  )
}

/** Waits until `check` answers true: the address turns before the page has. */
export async function until(check, what, ms = 20_000) {
  for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 50))) {
    if (await check()) return
    if (Date.now() > end) throw new Error(`never came true: ${what}`)
  }
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

/** Posts to the API as the page's reader; a body of null where the answer has none. */
export async function send(page, path, body) {
  return page.evaluate(
    async ([p, b]) => {
      const { csrf } = await (await fetch('/api/session')).json()
      const r = await fetch(p, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
        body: JSON.stringify(b),
      })
      const text = await r.text()
      return { status: r.status, body: text ? JSON.parse(text) : null }
    },
    [path, body],
  )
}
