// The duties of the plan: a month with what falls due, one duty with the plan's words,
// a mark with evidence that is taken back again, an event, and the counts of units.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn, wide } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('a month shows what falls due, and days off', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work')
  await page.getByRole('link', { name: '职责日历' }).waitFor()
  await page.goto(base + '/work/duties?on=2025-06-20')
  await page.locator('.duty-cell').first().waitFor()
  await settled(page)
  assert.equal(await page.locator('.duty-cell').count(), 30)
  // Dragon Boat Festival: 2 June 2025 is a Monday off; the counts name states in words.
  assert.ok(await page.locator('.duty-cell').nth(1).locator('abbr', { hasText: '休' }).count())
  const last = page.locator('.duty-cell').nth(29)
  assert.ok((await last.locator('li').count()) > 0, 'half-years end on 30 June')
  await page.locator('.duty-counts .tag[data-duty=overdue]').waitFor()
  await shot(page, 'duty-month-wide')
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'duty-month-narrow')
  await page.setViewportSize(wide)
  await page.goto(base + '/work/duties?on=2025-06-20&month=2025-10')
  await page.locator('.duty-cell[data-off]').nth(7).waitFor() // National Day and Mid-Autumn
  assert.ok(await page.locator('.duty-cell em', { hasText: '班' }).count(), 'a Saturday worked')
  assert.deepEqual(troubles, [])
})

test('the list goes by state, and units by code', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work/duties?view=list&on=2025-06-20')
  await page.locator('.duty-list a').first().waitFor()
  const states = await page.locator('.duty-state .tag').evaluateAll((l) => l.map((x) => x.dataset.duty))
  const order = ['overdue', 'due', 'unmet', 'unknown', 'not_yet', 'quiet', 'met', 'done']
  assert.deepEqual(states, [...states].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
  await page.locator('.duty-find').fill('O69')
  await page.locator('.duty-figure', { hasText: '由数据判定' }).waitFor()
  await shot(page, 'duty-list-wide')
  await page.goto(base + '/work/duties?view=units&on=2025-06-20')
  await page.locator('.duty-units tbody tr').nth(3).waitFor()
  const { body } = await api(page, '/api/duties/units?on=2025-06-20')
  const codes = body.rows.slice(1).map((r) => r.code)
  assert.deepEqual(codes, [...codes].sort(), 'units stand by code')
  await shot(page, 'duty-units-wide')
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'units fit a phone')
  await shot(page, 'duty-units-narrow')
  assert.deepEqual(troubles, [])
})

test('a unit marks a duty with evidence, and takes the mark back', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'clerk')
  await page.goto(base + '/work/duties/O70')
  await page.locator('blockquote', { hasText: '家庭教育指导服务纳入工作计划' }).waitFor()
  const before = await page.locator('.duty-said li').count()
  await page.locator('#duty-evidence').fill('学校工作计划第3页')
  await page.getByRole('button', { name: '确认达到' }).click()
  await page.locator('.duty-said li').nth(before).waitFor()
  await page.locator('h1 .tag[data-duty=met]').waitFor()
  await shot(page, 'duty-marked-wide')

  // What is out of date is not written twice, and the page shows what stands.
  const b = await open(browser)
  await signIn(b.page, 'clerk')
  const stale = await b.page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/session')).json()
    const d = await (await fetch('/api/duties/O70')).json()
    const res = await fetch('/api/duties/O70/marks', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
      body: JSON.stringify({ period: d.now.period.key, on: d.on, evidence: 'x', seen: 0 }),
    })
    return { status: res.status, body: await res.json() }
  })
  assert.equal(stale.status, 409)
  assert.match(stale.body.error.message_zh, /已有变化/)

  await page.locator('.duty-said .text-button').last().click()
  await page.locator('.duty-said input').fill('重复登记')
  await page.locator('.duty-said .duty-buttons button').click()
  await page.locator('.duty-said li[data-back]', { hasText: '重复登记' }).first().waitFor()
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'a duty fits a phone')
  await shot(page, 'duty-back-narrow')

  // Evidence may be a file: taken by what it is, not by what it is called.
  await page.setViewportSize(wide)
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')
  await page.locator('.duty-form input[type=file]').setInputFiles({ name: '会议纪要.pdf', mimeType: 'application/pdf', buffer: Buffer.from('MZ no such thing') })
  await page.locator('.duty-form [role=alert]', { hasText: '按文件内容判断' }).waitFor()
  await page.locator('.duty-form input[type=file]').setInputFiles({ name: '计划封面.png', mimeType: 'image/png', buffer: png })
  await page.locator('.duty-form .flow-sent').waitFor()
  await page.getByRole('button', { name: '确认达到' }).click()
  const paper = page.locator('.duty-papers a', { hasText: '计划封面.png' }).first()
  await paper.waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), paper.click()])
  assert.deepEqual(readFileSync(await file.path()), png)
  await shot(page, 'duty-paper-wide')
  await page.setViewportSize(narrow)
  assert.ok((await overflow(page)) <= 0, 'a duty with its evidence fits a phone')
  await shot(page, 'duty-paper-narrow')

  // An event is recorded and answered within working days.
  await page.goto(base + '/work/duties/O51')
  await page.locator('.duty-facts dd', { hasText: '到期前 1 个工作日' }).waitFor()
  await page.locator('#duty-note').fill('校舍围墙倾斜')
  await page.getByRole('button', { name: '登记事件' }).click()
  await page.getByRole('button', { name: '标记已办理' }).waitFor()
  await page.locator('#duty-evidence').fill('请示〔2025〕2号')
  await page.getByRole('button', { name: '标记已办理' }).click()
  await page.locator('.duty-history .tag[data-duty=done]').first().waitFor()
  assert.deepEqual(troubles, [])
})

test('who is above reads and does not mark; what the plan leaves open is said', async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'leader')
  await page.goto(base + '/work/duties/O24')
  await page.locator('.duty-open', { hasText: 'Left open by the plan' }).waitFor()
  assert.equal(await page.locator('.duty-form').count(), 0)
  await shot(page, 'duty-open-en')
  await page.goto(base + '/work/duties/O01')
  await page.getByText('named by the plan').waitFor()
  assert.equal(await page.locator('.duty-open').count(), 0, 'the plan says half a year')
  assert.deepEqual(troubles, [])
})
