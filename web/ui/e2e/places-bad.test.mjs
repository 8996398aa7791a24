// What is typed wrong into the forms of forecasts and layouts: told at the field, in the
// reader's language, kept as typed, and nothing of it is run. And a server that goes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, send, settled, shot, signIn, until } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

const runs = async (page, engine) => (await api(page, `/api/runs/${engine}`)).body.runs.length

async function openForm(page) {
  const form = page.locator('.places-form')
  await form.waitFor()
  if ((await form.getAttribute('open')) === null) await form.locator('summary').click()
  return form
}

/** Fills, starts, and holds what is said at the field against a pattern; what was typed stays. */
async function refused(form, go, set, said) {
  for (const [name, value] of Object.entries(set)) await form.locator(`[name=${name}]`).fill(value)
  await form.getByRole('button', { name: go, exact: true }).click()
  const name = Object.keys(set).at(-1)
  const at = form.locator(`.places-field:has([name=${name}]) .failure`)
  await until(async () => (await at.count()) === 1 && said.test(await at.innerText()), `${name}=${set[name]} is refused with ${said}`)
  for (const [n, value] of Object.entries(set)) assert.equal(await form.locator(`[name=${n}]`).inputValue(), value, 'what was typed stays')
  assert.equal(await form.locator('.failure').count(), 1, 'told once')
  assert.ok(await form.locator(`[name=${name}]`).evaluate((x) => x === document.activeElement), 'the field that is wrong has the focus')
  for (const n of Object.keys(set)) await form.locator(`[name=${n}]`).fill('')
}

test('a forecast tells at the field what is wrong, and runs nothing', { timeout: 240_000 }, async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/places')
  const had = await runs(page, 'forecasts')
  const form = await openForm(page)
  const go = '开始推算'
  await refused(form, go, { years: '0' }, /是 0，应在 1 到 15/)
  await refused(form, go, { years: '-3' }, /是 -3/)
  await refused(form, go, { years: '2.5' }, /2\.5.*整数/)
  await refused(form, go, { years: '99999999999999999999' }, /应为整数/)
  await refused(form, go, { low: '250' }, /-250%.*大于 -100%/)
  await refused(form, go, { low: '很多' }, /很多.*应为数/)

  // Closures: half of one, a school that is not there, shares of more than all, a year gone by.
  const part = form.locator('[data-part=closures]')
  const [code, year, to] = ['学校代码', '学年', '并入学校代码'].map((l) => part.getByLabel(l, { exact: true }))
  const school = (await api(page, '/api/records/school?filter=nature:public&limit=2')).body.rows ?? (await api(page, '/api/records/school?limit=2')).body.rows
  const [a, b] = school.map((r) => r.values.school_code)
  const closing = async (set, said) => {
    for (const [field, value] of set) await field.fill(value)
    await form.getByRole('button', { name: go, exact: true }).click()
    await until(async () => (await part.locator('.failure').count()) === 1 && said.test(await part.locator('.failure').innerText()), `refused with ${said}`)
    for (const [field, value] of set) assert.equal(await field.inputValue(), value, 'what was typed stays')
  }
  await closing([[code, a]], /没有写全/)
  await closing([[code, 'X1'], [year, '2027'], [to, b]], /X1：没有这个单位/)
  await closing([[code, a], [year, '2027'], [to, 'X2']], /没有接收单位 X2/)
  await closing([[code, a], [year, '2027'], [to, `${b}:70, X3:60`]], /合计 130%/)
  await closing([[code, a], [year, '二七'], [to, b]], /二七.*应为整数/)
  for (const x of [code, year, to]) await x.fill('')
  // Of another body than the one asked for.
  const other = (await api(page, '/api/orgs?parent=410300')).body.find((o) => o.level !== 'school' && o.code !== '410300')
  const outside = (await api(page, '/api/records/school?limit=500')).body.rows.find((r) => r.values.managing_code !== other.code).values.school_code
  await form.locator('[name=org]').selectOption(other.code)
  await closing([[code, outside], [year, '2027'], [to, b]], /不属于/)
  for (const x of [code, year, to]) await x.fill('')

  // Shares of leavers: explained, half of one, more than all.
  const split = form.locator('[data-part=split]')
  assert.match(await split.innerText(), /同一批毕业生/)
  await split.locator('select').selectOption('VOC')
  await form.getByRole('button', { name: go, exact: true }).click()
  await until(async () => /没有写全/.test(await split.innerText()), 'half a share is told')
  await split.getByLabel('学年').fill('2027')
  await split.getByLabel('占毕业生 %').fill('140')
  await form.getByRole('button', { name: go, exact: true }).click()
  await until(async () => /140%.*0 到 100%/.test(await split.innerText()), 'a share of more than all is told')
  assert.equal(await split.getByLabel('占毕业生 %').inputValue(), '140')
  await page.setViewportSize(narrow)
  await settled(page)
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
  await shot(page, 'places-bad-narrow')
  assert.equal(await runs(page, 'forecasts'), had, 'nothing was run')
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('a share of leavers goes into the run and is told with it', { timeout: 240_000 }, async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'planner')
  await page.goto(base + '/places')
  const form = await openForm(page)
  const split = form.locator('[data-part=split]')
  await split.locator('select').selectOption('VOC')
  await split.getByLabel('School year').fill('2027')
  await split.getByLabel('Share of leavers, %').fill('30')
  await split.getByRole('button', { name: 'Add' }).click()
  await form.locator('.places-runs li').first().waitFor()
  assert.match(await form.locator('.places-runs').innerText(), /from 2027, 30 % of who leaves/)
  await form.locator('[name=years]').fill('3')
  const title = 'Vocational thirty ' + Date.now()
  await form.locator('[name=title]').fill(title)
  await form.getByRole('button', { name: 'Start', exact: true }).click()
  await form.locator('.success').waitFor({ timeout: 180_000, state: 'attached' })
  const head = (await api(page, '/api/runs/forecasts')).body.runs.find((r) => r.title === title)
  const of = (await api(page, '/api/runs/forecasts/' + head.run)).body
  assert.match(of.params, /"share":0\.3/)
  assert.match(of.note.en, /from 2027 on 30\.0 % are assumed/)
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('a layout tells at the field what is wrong, in English too; a run is stopped; a second must wait', { timeout: 300_000 }, async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'planner')
  await page.goto(base + '/places/map')
  const had = await runs(page, 'layouts')
  const form = await openForm(page)
  await refused(form, 'Start', { limit: '0' }, /\(limit\) is 0; it must be between 1/)
  await refused(form, 'Start', { limit: '-5' }, /is -5/)
  await refused(form, 'Start', { limit: 'far' }, /"far".*a number/)
  await refused(form, 'Start', { budget: '-1' }, /\(budget\) is -1/)
  await refused(form, 'Start', { max: '0' }, /\(max_classes\) is 0/)
  await refused(form, 'Start', { max: '1e9' }, /max_classes/)
  await refused(form, 'Start', { boardLimit: '0' }, /\(board_limit\) is 0/)
  await refused(form, 'Start', { boardGrade: '40' }, /board_grade/)
  await refused(form, 'Start', { year: '31' }, /\(year\) is 31/)
  // A year of which nothing is known: told by the run, at the field.
  await refused(form, 'Start', { year: '2031' }, /not counted in 2031/)
  for (const what of ['extend', 'build', 'close', 'board', 'use idle ones']) await form.getByLabel(what, { exact: true }).uncheck()
  await form.getByRole('button', { name: 'Start', exact: true }).click()
  await until(async () => /nothing is allowed/.test(await form.innerText()), 'nothing allowed is told')
  assert.equal(await runs(page, 'layouts'), had, 'nothing was written')

  // A run under way: a second has to wait, and says so; stopped, it leaves nothing.
  const org = await form.locator('[name=org]').inputValue()
  const forecast = { engine: 'forecast', params: { org } }
  assert.equal((await send(page, '/api/runs', forecast)).status, 202)
  const second = await send(page, '/api/runs', { engine: 'siting', params: { org, stage: 'PRI' } })
  if (second.status === 409) assert.match(second.body.error.message_en, /wait for it to end, or stop it/)
  else assert.equal(second.status, 202, 'the first was over')
  await page.goto(base + '/places/map')
  const stop = page.getByRole('button', { name: 'Stop', exact: false })
  if (await stop.count()) await stop.first().click()
  await until(async () => (await api(page, '/api/runs/work')).body.work.state !== 'running', 'the run ends', 120_000)
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('while the network is gone the page says so, keeps what was typed, and goes on when it is back', { timeout: 240_000 }, async () => {
  const { page, context } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/places')
  await settled(page)
  const form = await openForm(page)
  const title = '断线 ' + Date.now()
  await form.locator('[name=years]').fill('7')
  await form.locator('[name=title]').fill(title)
  // Gone before anything is taken.
  await context.setOffline(true)
  await form.getByRole('button', { name: '开始推算' }).click()
  await until(async () => /连|网络/.test(await form.locator('.failure').innerText().catch(() => '')), 'a start that did not arrive is told')
  assert.equal(await form.locator('[name=title]').inputValue(), title)
  await context.setOffline(false)
  // Gone while the run is under way: the page has not seen its end and cannot.
  const taken = page.waitForResponse((r) => r.url().endsWith('/api/runs') && r.status() === 202)
  await form.getByRole('button', { name: '开始推算' }).click()
  await taken
  await context.setOffline(true)
  await form.getByText('没有连上服务器，正在重试').waitFor()
  assert.equal(await form.locator('.moving').count(), 1, 'the run is still shown')
  assert.equal(await form.locator('[name=years]').inputValue(), '7')
  await context.setOffline(false)
  await until(async () => (await api(page, '/api/runs/forecasts')).body.runs.some((r) => r.title === title), 'the run has ended', 180_000)
  await form.getByText('没有连上服务器，正在重试').waitFor({ state: 'detached' })
  await context.close()
})

test('who may not start a run has no form, and is refused', async () => {
  const { page } = await open(browser)
  await signIn(page, 'leader')
  await page.goto(base + '/places')
  await settled(page)
  assert.equal(await page.locator('.places-form').count(), 0)
  const no = await send(page, '/api/runs', { engine: 'forecast', params: {} })
  assert.equal(no.status, 403)
  // Nor is it told how many few children are, in the page or the list.
  const { runs: list } = (await api(page, '/api/runs/forecasts')).body
  const of = (await api(page, '/api/runs/forecasts/' + list[0].run)).body
  assert.equal(of.few, 5)
  assert.ok(of.rows.length > 0)
  for (const r of of.rows) for (const k of ['children', 'low80', 'high80', 'low95', 'high95', 'short']) assert.ok(r[k] === null || r[k] === undefined || r[k] % 5 === 0, `${k} ${r[k]} of ${r.unit}`)
  assert.match(await page.locator('.places-lead').first().innerText(), /不足 5 名/)
  await page.context().close()
})
