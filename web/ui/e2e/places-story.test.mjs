// A county looks ahead: it forecasts its children, sees what the method got right and
// wrong before, holds two layouts side by side on the map, files the one it goes by, and
// carries it until it opens; after the next seal the plan's target has the places.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, settled, shot, until } from './browser.mjs'
import { act, acted, photo, user } from './hands.mjs'

const target = 'preschool-new-seats' // new preschool places
const patience = { timeout: 180_000 }

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** The target's line on the board. */
async function line(page) {
  const { body } = await api(page, '/api/plan/board')
  return body.plans.flatMap((p) => p.lines).find((x) => x.id === target)
}

async function form(page) {
  const f = page.locator('.places-form')
  await f.waitFor()
  if ((await f.getAttribute('open')) === null) await f.locator('summary').click()
  return f
}

test('from a forecast to the places of a target', { timeout: 600_000 }, async (t) => {
  const county = await user(browser, 'county')
  const planner = await user(browser, 'planner')
  const leader = await user(browser, 'leader')
  const { page } = county
  const own = county.me.org
  const stamp = Date.now()
  const had = await line(planner.page)

  // The forecast of the own county, and how the method did in earlier years.
  await page.goto(base + '/places')
  let f = await form(page)
  await f.locator('[name=years]').fill('5')
  await f.locator('[name=title]').fill(`县区推算 ${stamp}`)
  await f.getByRole('button', { name: '开始推算' }).click()
  await f.locator('.success').waitFor({ ...patience, state: 'attached' })
  const head = (await api(page, '/api/runs/forecasts')).body.runs.find((r) => r.title === `县区推算 ${stamp}`)
  await page.waitForURL((u) => u.searchParams.get('run') === head.run)
  await page.locator('.places-said li').first().waitFor()
  await settled(page)
  const of = (await api(page, `/api/runs/forecasts/${head.run}`)).body
  assert.ok(of.rows.length > 0 && of.rows.every((r) => r.unit === own), 'of the own county alone')
  assert.ok(of.past.length > 0, 'what was counted stands beside what is forecast')
  const checks = of.checks.filter((c) => c.wape !== null && c.wape_no_change !== null)
  const wrong = checks.filter((c) => c.wape > c.wape_no_change)
  assert.ok(checks.length > wrong.length, 'the method was better somewhere')
  await page.locator('#places-check ~ details summary').click()
  const table = page.locator('[aria-labelledby=places-check] table')
  assert.equal(await table.locator('tbody tr').count(), of.checks.length)
  assert.equal(await table.locator('td[data-bad=true]').count(), wrong.length, 'each year in which “no change” was better is marked')
  await shot(page, 'places-story-1-forecast')

  // Two layouts of kindergartens, side by side.
  const made = []
  for (const [name, leave] of [
    ['可撤并', []],
    ['不撤并', ['撤并']],
  ]) {
    await page.goto(base + '/places/map')
    f = await form(page)
    await f.locator('[name=stage]').selectOption('PRE')
    await f.locator('[name=title]').fill(`${name} ${stamp}`)
    for (const what of leave) await f.getByLabel(what, { exact: true }).uncheck()
    await f.getByRole('button', { name: '开始求解' }).click()
    await f.locator('.success').waitFor({ ...patience, state: 'attached' })
    const run = (await api(page, '/api/runs/layouts')).body.runs.find((r) => r.title === `${name} ${stamp}`)
    made.push((await api(page, `/api/runs/layouts/${run.run}`)).body)
  }
  const [a, b] = made
  assert.ok(a.sites.some((s) => s.action === 'close') && b.sites.every((s) => s.action !== 'close'), 'the layouts differ')
  await page.goto(`${base}/places/map?run=${a.run}&with=${b.run}`)
  await page.locator('.places-compare').waitFor()
  await settled(page)
  assert.equal(await page.locator('.places-two.even .chart[data-ready=yes]').count(), 2, 'two maps')
  assert.match(await page.locator('.places-compare thead').innerText(), new RegExp(`可撤并 ${stamp}[^]*不撤并 ${stamp}`))
  assert.ok((await page.locator('.places-differ tbody tr').count()) > 0)
  await shot(page, 'places-story-2-compare')

  // The chosen one becomes projects.
  await page.goto(`${base}/places/map?run=${a.run}`)
  await page.getByRole('button', { name: '采用这一次' }).click()
  await page.locator('.places-choose .tag').waitFor()
  const file = page.locator('[data-file]')
  await file.locator('summary').click()
  await file.locator('[name=programme]').selectOption('places')
  await file.locator('[name=site_urban]').selectOption({ index: 1 })
  await file.locator('[name=area]').fill('9')
  for (const [k, v] of Object.entries({ land_due: '2023-03-31', build_due: '2024-05-31', accept_due: '2024-07-15', open_due: '2024-08-31' })) await file.locator(`[name=${k}]`).fill(v)
  await file.getByRole('button', { name: '立项' }).click()
  await file.locator('.places-filed li').first().waitFor()
  const site = a.sites.find((s) => s.action === 'extend')
  assert.equal(await file.locator('.places-filed li').count(), a.sites.filter((s) => ['build', 'extend', 'reuse'].includes(s.action)).length)
  const no = (await file.locator('.places-filed li', { hasText: site.name }).locator('a').innerText()).trim()
  const found = (await api(page, `/api/records/project?filter=number:${no}`)).body.rows[0].values
  assert.equal(found.places_planned, site.places, 'the project has the places of the layout')
  const added = found.places_planned - found.places_replaced
  assert.ok(added > 0)

  // It is carried from hand to hand until children are in it.
  const fill = (cells) => async (form) => {
    for (const [k, v] of Object.entries(cells)) await form.locator(`#f-${k}`).fill(String(v))
  }
  const paper = (cells, n = 1) => async (form) => {
    await fill(cells)(form)
    for (let i = 1; i <= n; i++) {
      await form.locator('input[type=file]').setInputFiles(photo(`依据${i}.png`))
      await form.getByText(`依据${i}.png`).waitFor()
    }
  }
  await act(planner.page, no, '审核通过，报批', fill({ check_text: '符合布局方案' }))
  await acted(planner.page, '待批复')
  await act(leader.page, no, '批复立项', paper({ approval_no: '西发改〔2022〕9号', approved_on: '2022-12-01' }))
  await acted(leader.page, '落实用地')
  await act(page, no, '用地落实', paper({ land_no: '西自然资〔2022〕9号', land_on: '2022-12-10' }))
  await acted(page, '建设')
  await act(page, no, '登记开工', fill({ started_on: '2022-12-20' }))
  await acted(page, '建设')
  await act(page, no, '完工', paper({ built_on: '2024-05-20' }))
  await acted(page, '待验收')
  await act(page, no, '竣工验收', paper({ accepted_on: '2024-07-01', accept_no: '西验9', area_done: found.area_planned, invested: found.investment }, 2))
  await acted(page, '待开学')
  await act(page, no, '具备招生条件，登记开学', paper({ opened_on: '2024-08-25', places_delivered: found.places_planned, places_net: added }))
  await acted(page, '已开学')

  // The next seal counts it: the target of the plan has the places.
  await planner.page.goto(base + '/seals')
  await planner.page.locator('#note').fill('学位新增核定')
  await planner.page.getByRole('button', { name: '封存并计算指标' }).click()
  await planner.page.locator('.success').waitFor({ timeout: 200_000 })
  const now = await line(planner.page)
  assert.equal(now.figure.value, had.figure.value + added, 'the target has the places of the project')
  await planner.page.goto(`${base}/plan/board`)
  const shown = planner.page.locator(`.board > li[id="${target}"]`)
  await shown.waitFor()
  await shown.scrollIntoViewIfNeeded()
  await shot(planner.page, 'places-story-3-target', false)
  await planner.page.goto(`${base}/places/projects`)
  await planner.page.locator('.places-board li', { hasText: found.project_name }).first().waitFor()
  t.diagnostic(`${had.figure.value} → ${now.figure.value}`)
  for (const u of [county, planner, leader]) {
    assert.deepEqual(u.troubles, [])
    await u.page.context().close()
  }
})
