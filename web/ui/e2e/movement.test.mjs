// A child moves from one unit to another: the taking side asks, the giving side
// answers, the record shows both stays. Then the end of a year, previewed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, send, settled, shot, signIn, until, wide } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** Somebody of the clerk's unit who is there; their number as it stands on their papers. */
async function child(page) {
  const { body } = await api(page, '/api/records/student?filter=status:01&limit=5')
  const { rec, values } = body.rows[0]
  const shown = await send(page, `/api/records/student/${rec}/reveal`, { field: 'student_no', reason: '家长来校办理转学，核对学籍号' })
  return { rec, number: shown.status === 200 ? shown.body.value : values.student_no, name: values.name }
}

async function choose(page, id, text, label = text) {
  await page.locator(`#${id}`).click()
  await page.locator(`#${id}`).fill(text)
  await page.locator('.ant-select-item-option', { hasText: label }).first().click()
}

test('one side asks, the other answers, and the record shows both stays', async () => {
  const a = await open(browser)
  await signIn(a.page, 'clerk')
  const who = await child(a.page)

  // The other unit asks, on a phone: it knows number and name, and sees no more.
  const b = await open(browser, { viewport: narrow })
  await signIn(b.page, 'clerk2')
  assert.equal((await api(b.page, `/api/records/student/${who.rec}`)).status, 404, 'the record is not theirs')
  await b.page.goto(base + '/work/moves/new')
  await b.page.getByText('别处的人').click()
  await b.page.locator('#number').fill(who.number)
  await b.page.locator('#name').fill('张三三')
  await b.page.locator('#type').click()
  await b.page.locator('.ant-select-item-option', { hasText: '市内转学' }).click()
  await b.page.locator('button[type=submit]').click()
  await b.page.locator('.form-error', { hasText: '没有与此编号和姓名相符' }).waitFor()
  await b.page.locator('#name').fill(who.name)
  await b.page.locator('button[type=submit]').click()
  await b.page.waitForURL(/\/moves\/\d+$/)
  await b.page.getByText('对方同意前不显示').waitFor()
  const seen = await b.page.locator('.page').innerText()
  assert.ok(!seen.includes(who.number) && !seen.includes(who.name), 'masked until the other side agrees')
  assert.ok((await overflow(b.page)) <= 0, 'fits a phone')
  await shot(b.page, 'move-asked-narrow')
  const n = b.page.url().match(/\d+$/)[0]
  await b.page.goto(base + '/work/moves')
  await b.page.getByText('没有等您办理的变动').waitFor()

  // The giving unit finds it waiting and agrees.
  await a.page.goto(base + '/work')
  await a.page.locator('.hub .waits').first().waitFor()
  await a.page.goto(base + '/work/moves')
  await a.page.locator('.move-list a').first().waitFor()
  await shot(a.page, 'moves-wide')
  await a.page.locator('.move-list a').first().click()
  await a.page.getByRole('button', { name: /同\s*意/ }).first().waitFor()
  await shot(a.page, 'move-answer-wide')
  await a.page.getByRole('button', { name: /^同\s*意$/ }).click()
  await a.page.locator('.tag[data-move=done]').waitFor()
  await shot(a.page, 'move-done-wide')

  const { body: stays } = await api(b.page, `/api/records/student/${who.rec}`)
  const here = (r) => r.related.find((x) => x.entity === 'enrolment')?.total
  assert.equal(here(stays), 1, 'the taking unit holds the record and the new stay')
  assert.equal((await api(a.page, `/api/records/student/${who.rec}`)).status, 404, 'the giving unit holds it no more')
  const c = await open(browser)
  await signIn(c.page, 'county')
  await c.page.goto(base + `/records/student/${who.rec}`)
  await settled(c.page)
  await shot(c.page, 'move-record-wide')
  assert.ok(here((await api(c.page, `/api/records/student/${who.rec}`)).body) >= 2, 'whoever is above both sees both stays')
  await c.context.close()
  await b.page.goto(base + `/work/moves/${n}`)
  await b.page.locator('h1', { hasText: who.name }).waitFor()
  await shot(b.page, 'move-done-narrow')
  for (const x of [a, b]) {
    assert.deepEqual(x.troubles, [])
    await x.context.close()
  }
})

const long = { timeout: 180_000 } // what goes through a whole year of a unit

/** The page of the year's end once nothing is counted or written any more. */
async function yearEnd(page) {
  await page.goto(base + '/work/yearend')
  await page.locator('.tally').waitFor(long)
  await page.locator('.page-head-tools .ant-btn-primary:enabled').waitFor(long)
  await page.locator('.moving').waitFor({ state: 'detached', ...long })
}

/** Opens a tab of a unit's year; the list of the tab before stands until the new one is there. */
async function tab(page, title, act) {
  await page.locator('[role=tab]', { hasText: title }).click()
  await page.locator('[role=tab][aria-selected=true]', { hasText: title }).waitFor()
  const rows = page.locator('.year-list li')
  await until(async () => {
    const all = await rows.count()
    return all > 0 && (await rows.filter({ has: page.locator(`[data-act=${act}]`) }).count()) === all
  }, `the tab ${title} shows its own list`)
}

test('the end of a year is previewed, an exception set, run and taken back', async () => {
  const { page, context, troubles } = await open(browser, { viewport: wide })
  await signIn(page, 'clerk')
  await yearEnd(page)
  await shot(page, 'yearend-clerk')
  await page.locator('.plain-table tbody a').first().click()
  await page.locator('.year-list li').first().waitFor(long)
  await tab(page, '升级', 'promoted')
  const who = await page.locator('.year-list li a').first().innerText()
  await page.locator('.year-list .ant-select').first().click()
  const written = page.waitForResponse((r) => r.url().includes('/api/yearend/exceptions') && r.request().method() === 'POST')
  await page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option', { hasText: '留级' }).click()
  assert.ok((await written).ok(), 'the exception is taken')
  await tab(page, '留级', 'repeats')
  await page.locator('.year-list li', { hasText: who }).getByText('已由本单位指定').waitFor()
  await shot(page, 'yearend-unit')
  await yearEnd(page)
  await page.locator('.page-head-tools .ant-btn-primary').click()
  await page.locator('.ant-modal .ant-btn-primary').click()
  await page.locator('.success').waitFor(long)
  await page.locator('.ant-modal').waitFor({ state: 'hidden' })
  await shot(page, 'yearend-ran')
  const undo = page.locator('.page-head-tools .ant-btn-dangerous:enabled')
  await undo.waitFor(long)
  await undo.click()
  await page.locator('.ant-modal .ant-btn-dangerous').click()
  await page.getByText(/已撤销 \d+ 个单位/).waitFor(long)
  await undo.waitFor({ state: 'detached', ...long })
  assert.deepEqual(troubles, [])
  await context.close()

  const county = await open(browser, { viewport: narrow, lang: 'en' })
  await signIn(county.page, 'county')
  await yearEnd(county.page)
  assert.ok((await overflow(county.page)) <= 0, 'fits a phone')
  await shot(county.page, 'yearend-county-narrow-en')
  assert.deepEqual(county.troubles, [])
  await county.context.close()
})

test('a county renames a unit: previewed, carried out, found by its former name, taken back', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  await signIn(page, 'county')
  const { body } = await api(page, '/api/lifecycle/orgs')
  const unit = body[0]
  await page.goto(base + '/work/units')
  await page.locator('#act').click()
  await page.locator('.ant-select-item-option', { hasText: '更名' }).click()
  await choose(page, 'org', unit.code, unit.title.zh)
  await page.locator('#text').fill('春天实验园')
  await page.locator('button[type=submit]').click()
  await page.locator('.life-preview', { hasText: '春天实验园' }).waitFor()
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'unit-preview-narrow')
  await page.locator('button[type=submit]').click()
  await page.locator('.life-list li', { hasText: '春天实验园' }).waitFor()
  const found = async () => (await api(page, `/api/records/school?q=${encodeURIComponent(unit.title.zh)}`)).body.rows
  assert.equal((await found())[0]?.values.name, '春天实验园', 'found by its former name')
  const orgs = (await api(page, `/api/orgs?q=${encodeURIComponent(unit.title.zh)}`)).body
  assert.equal(orgs[0]?.code, unit.code, 'also where organisations are chosen')
  await page.locator('.life-list li').first().locator('button').click()
  await page.locator('.ant-modal .ant-btn-primary').click()
  await page.locator('.life-list .tag', { hasText: '已撤销' }).first().waitFor()
  assert.deepEqual(troubles, [])
  await context.close()
})
