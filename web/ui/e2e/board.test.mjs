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
  assert.ok(plan.unowned > 0 && plan.unowned < plan.lines.length / 4, 'most are taken on, some are not')
  for (const x of plan.lines) assert.equal(x.attention.includes('unowned'), !x.owned, x.id)
  assert.equal(plan.attention, plan.lines.filter((x) => x.attention.length).length)
  assert.ok(await page.getByText('普通最小二乘').count(), 'the method is named')
  for (const x of plan.lines) {
    assert.ok(x.forecast === null || (x.forecast.low <= x.forecast.value && x.forecast.value <= x.forecast.high), x.id)
    if (x.verdict === 'too_few') assert.ok(x.years.length < 4, x.id)
  }
  await shot(page, 'board-wide')
  await page.locator('[data-filter=unowned]').click()
  await page.locator('.board > li[data-owned=true]').first().waitFor({ state: 'detached' })
  assert.equal(await page.locator('.board > li[data-owned=true]').count(), 0)
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'board-narrow')
  await page.setViewportSize(wide)
  assert.deepEqual(troubles, [])
})

test('on a phone it is folded: what needs attention stays, the address keeps the rest', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  await signIn(page, 'planner')
  await page.goto(base + '/plan/board')
  await page.locator('.board-fold').first().waitFor()
  await settled(page)
  const { body } = await api(page, '/api/plan/board')
  const plan = body.plans.find((p) => p.lines.length)
  assert.equal(await page.locator('.board > li').count(), 0, 'every fold is closed')
  assert.equal(await page.locator('.board-heed > li').count(), plan.attention)
  const heads = page.locator('.board-fold > .fold-head > button')
  assert.equal(await heads.count(), new Set(plan.lines.map((x) => x.section)).size)
  const first = plan.lines.filter((x) => x.section === plan.lines[0].section)
  for (const s of new Set(first.map((x) => x.state))) {
    const n = first.filter((x) => x.state === s).length
    await heads.first().locator('.fold-state', { has: page.locator(`[data-state=${s}]`) }).getByText(String(n), { exact: true }).waitFor()
  }
  await heads.first().click()
  await page.waitForURL(/fold=0/)
  await page.locator('.board > li').nth(first.length - 1).waitFor()
  assert.equal(await page.locator('.board > li').count(), first.length)
  await page.reload()
  await page.locator('.board > li').first().waitFor()
  assert.equal(await page.locator('.board > li').count(), first.length, 'the address keeps the open fold')
  await heads.first().click()
  await page.locator('.board').waitFor({ state: 'detached' })
  await page.locator('[data-filter=attention]').click()
  await page.waitForURL(/attention=1/)
  await page.locator('.board > li').nth(plan.attention - 1).waitFor()
  assert.equal(await page.locator('.board > li').count(), plan.attention, 'what was asked for is open')
  const owner = plan.lines.find((x) => x.owners.length).owners[0].code
  await page.goto(base + `/plan/board?owner=${owner}`)
  await page.locator('.board > li').first().waitFor()
  assert.deepEqual(
    await page.locator('.board > li').evaluateAll((l) => l.map((x) => x.id)),
    plan.lines.filter((x) => x.owners.some((o) => o.code === owner)).map((x) => x.id),
  )
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  assert.deepEqual(troubles, [])
  await context.close()
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
