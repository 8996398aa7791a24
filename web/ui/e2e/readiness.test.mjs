// What it takes until schools reach a standard, and what a merger would do.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('a planner sees what is missing where, and tries a merger that changes no data', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work')
  await page.getByRole('link', { name: '达标差距' }).click()
  await page.locator('.ready-schools').waitFor()
  await settled(page)
  const csrf = (await api(page, '/api/session')).body.csrf
  const ask = (changes) =>
    page.evaluate(
      async ([changes, csrf]) => {
        const res = await fetch('/api/readiness', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
          body: JSON.stringify({ indicator: 'balance-pass-pri', changes }),
        })
        return { status: res.status, body: await res.json() }
      },
      [changes, csrf],
    )
  const now = (await ask([])).body
  assert.ok(now.now.units.length > 3)
  const short = now.now.units.filter((u) => !u.enough)
  assert.ok(short.length > 0 && short.length < now.now.units.length)
  assert.equal(await page.locator('.ready-schools tbody tr').count(), Math.min(60, short.length), 'those that fall short')
  // Every school that falls short for what is known is given something.
  for (const u of short) assert.ok(now.more.some((m) => m.unit === u.code) || now.unknown.includes(u.code), u.code)
  assert.ok(now.after.every((a) => a.within))
  const stored = (await api(page, '/api/indicators/balance-pass-pri?seal=' + now.seal)).body
  assert.ok(JSON.stringify(stored).includes(String(now.now.enough)), 'the page agrees with the stored figure')
  await shot(page, 'readiness-wide')

  const [a, b] = now.now.units
  const pick = page.locator('.ready-try select')
  await pick.nth(0).selectOption(a.code)
  await pick.nth(2).selectOption(b.code)
  await page.getByRole('button', { name: '加入' }).click()
  await page.locator('.ready-changes li').waitFor()
  await page.getByText('变化后').waitFor()
  const merged = (await ask([{ kind: 'merge', from: a.code, to: b.code }])).body
  assert.equal(merged.now.units.length, now.now.units.length - 1)
  assert.equal(merged.now.units.find((u) => u.code === b.code).heads, a.heads + b.heads)
  assert.equal((await ask([])).body.now.units.length, now.now.units.length, 'nothing was changed')
  const wrong = await ask([{ kind: 'merge', from: a.code, to: 'nowhere' }])
  assert.equal(wrong.status, 400)
  assert.match(wrong.body.error.message_zh, /没有这个单位/)

  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'readiness-narrow')
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('a county officer sees the schools of the county alone', async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'county')
  await page.goto(base + '/readiness')
  await page.locator('.ready-table').first().waitFor()
  await settled(page)
  const own = (await api(page, '/api/session')).body.user.org
  assert.ok(own)
  assert.ok(await page.getByRole('heading', { name: 'What it takes' }).count())
  assert.deepEqual(troubles, [])
  await page.context().close()
})
