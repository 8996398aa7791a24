// The plan board: every numbered target with owner, figure and forecast, and the
// briefing that is saved from it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn, wide } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('the board has every numbered target in the plan’s order, and says who owns none', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/plan')
  await page.getByRole('link', { name: '落实看板' }).click()
  await page.locator('.board > li').first().waitFor()
  await settled(page)
  const { body } = await api(page, '/api/plan/board')
  const plan = body.plans.find((p) => p.lines.length)
  assert.deepEqual(
    await page.locator('.board > li').evaluateAll((l) => l.map((x) => x.id)),
    plan.lines.map((x) => x.id),
    'no ranking: the order is the plan’s',
  )
  assert.equal(await page.locator('.board-error').count(), plan.unowned)
  assert.ok(plan.unowned > 0, 'the plan names no owners')
  assert.ok(await page.getByText('普通最小二乘').count(), 'the method is named')
  for (const x of plan.lines) {
    assert.ok(x.forecast === null || (x.forecast.low <= x.forecast.value && x.forecast.value <= x.forecast.high), x.id)
    if (x.verdict === 'too_few') assert.ok(x.years.length < 4, x.id)
  }
  await shot(page, 'board-wide')
  await page.locator('[data-filter=unowned]').click()
  assert.equal(await page.locator('.board > li[data-owned=true]').count(), 0)
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'board-narrow')
  await page.setViewportSize(wide)
  assert.deepEqual(troubles, [])
})

test('in English, for one organisation', async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'planner')
  await page.goto(base + '/plan/board?org=410311')
  await page.locator('.board > li').first().waitFor()
  await settled(page)
  await page.getByText('ordinary least squares').waitFor()
  const { body } = await api(page, '/api/plan/board?org=410311')
  assert.equal(body.org.code, '410311')
  await shot(page, 'board-en')
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  assert.deepEqual(troubles, [])
})

test('who may export saves the briefing; who may not has no button', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/plan/board')
  for (const [format, head] of [
    ['docx', 'PK'],
    ['pdf', '%PDF-'],
  ]) {
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`[data-brief=${format}]`).click()])
    assert.equal(file.suggestedFilename(), `brief-half-year.${format}`)
    const bytes = readFileSync(await file.path())
    assert.ok(bytes.subarray(0, 8).toString('latin1').startsWith(head), format)
    assert.ok(bytes.length > 4000, format)
    await page.locator(`[data-brief=${format}]:not([disabled])`).waitFor()
  }
  assert.deepEqual(troubles, [])
  const b = await open(browser)
  await signIn(b.page, 'leader')
  await b.page.goto(base + '/plan/board')
  await b.page.locator('.board > li').first().waitFor()
  assert.equal(await b.page.locator('[data-brief]').count(), 0)
  const refused = await b.page.evaluate(async () => (await fetch('/api/brief.docx')).status)
  assert.equal(refused, 403)
})
