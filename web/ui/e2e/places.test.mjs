// How many children will come, and where the schools should be: a forecast, two layouts, a school's own outlook.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn, wide } from './browser.mjs'

let browser
let school
before(async () => {
  browser = await launch()
})
after(() => browser.close())

// What a run takes depends on the machine; a test waits for it, but not for ever.
const patience = { timeout: 180_000 }

// A picture takes a moment to follow the window.
async function fits(page) {
  await page.waitForFunction(() => document.documentElement.scrollWidth <= window.innerWidth, null, { timeout: 5000 }).catch(() => {})
  assert.ok((await overflow(page)) <= 0, 'fits a phone')
}

async function openForm(page) {
  const form = page.locator('.places-form')
  await form.waitFor()
  if ((await form.getAttribute('open')) === null) await form.locator('summary').click()
  return form
}

test('a planner starts a forecast and sees table, chart and the plan for the peak', { timeout: 300_000 }, async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work')
  await page.getByRole('link', { name: '学位与布局' }).click()
  const form = await openForm(page)
  const title = '六年推算 ' + Date.now()

  // Bad parameters: the server says what is wrong, in the reader's language, and writes nothing.
  const before = (await api(page, '/api/runs/forecasts')).body.runs.length
  await form.locator('[name=years]').fill('many')
  await form.getByRole('button', { name: '开始推算' }).click()
  await form.locator('.failure').waitFor()
  assert.match(await form.locator('.failure').innerText(), /years.*“many”.*应为整数/)
  assert.equal((await api(page, '/api/runs/forecasts')).body.runs.length, before)

  await form.locator('[name=years]').fill('6')
  await form.locator('[name=title]').fill(title)
  await form.getByRole('button', { name: '开始推算' }).click()
  await page.locator('.places-form .success').waitFor({ ...patience, state: 'attached' })
  assert.equal(await page.locator('.places-form .failure').count(), 0)
  const { runs } = (await api(page, '/api/runs/forecasts')).body
  assert.equal(runs.length, before + 1)
  const head = runs.find((r) => r.title === title)
  assert.ok(head)
  await page.waitForURL((u) => u.searchParams.get('run') === head.run)
  await page.locator('.places-table tbody tr').first().waitFor()
  await settled(page)

  const of = (await api(page, '/api/runs/forecasts/' + head.run)).body
  assert.deepEqual(of.years.length, 6)
  assert.deepEqual(of.scenarios.map((s) => s.code), ['low', 'middle', 'high'])
  const stage = of.groups[0].code
  const rows = of.rows.filter((r) => r.stage === stage && r.scenario === 'middle')
  assert.equal(await page.locator('.places-table tbody tr').count(), new Set(rows.map((r) => r.unit)).size)
  const red = rows.filter((r) => r.short > 0)
  assert.equal(await page.locator('.places-table td[data-bad=true]').count(), red.length)
  assert.equal(await page.locator('.places-table .places-short').count(), red.length, 'a mark and a word, not colour alone')
  for (const r of rows) if (r.places !== undefined) assert.equal(r.short, Math.max(0, r.children - r.places))
  // The intervals hold the forecast, the wide one holds the narrow one.
  for (const r of rows) if (r.low80 !== undefined) assert.ok(r.low95 <= r.low80 && r.low80 <= r.children && r.children <= r.high80 && r.high80 <= r.high95, JSON.stringify(r))
  assert.ok(await page.locator('.places-outlook .chart[data-ready=yes] canvas').count())
  await page.getByLabel('在表中显示区间').click()
  await page.getByText(/95% [\d,]+–/).first().waitFor()
  assert.ok((await page.locator('.places-peaks tbody tr').count()) > 0)
  assert.ok((await page.locator('.places-said li').count()) > 0)
  for (const p of of.peaks) {
    if (p.short > 0) assert.ok(p.classrooms > 0 && p.short_from > 0, JSON.stringify(p))
    const own = of.rows.filter((r) => r.unit === p.area && r.stage === p.stage && r.scenario === 'middle')
    assert.equal(p.short, Math.max(...own.map((r) => r.short ?? 0)), 'the shortage of the plan is that of the rows')
  }
  await page.evaluate(() => window.scrollTo(0, 0))
  await shot(page, 'places-wide')
  // The organisation goes by this run: it stands first, and alone is chosen.
  await page.getByRole('button', { name: '采用这一次' }).click()
  await page.locator('.places-choose .tag').waitFor()
  const now = (await api(page, '/api/runs/forecasts')).body.runs
  assert.deepEqual(now.filter((r) => r.chosen && r.body === head.body).map((r) => r.run), [head.run])
  assert.equal(now[0].run, head.run)
  // Another unit's chart.
  await page.locator('.places-table tbody .text-button').nth(2).click()
  await settled(page)
  await page.setViewportSize(narrow)
  await fits(page)
  await shot(page, 'places-narrow')
  const some = (await api(page, '/api/records/forecast_row?filter=unit_kind:school&filter=run:' + head.run + '&limit=1')).body.rows[0]
  school = some.values.unit
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('two layouts with different parameters stand side by side; one that cannot be says why', { timeout: 400_000 }, async () => {
  const { page, troubles } = await open(browser, { lang: 'en' })
  await signIn(page, 'planner')
  await page.goto(base + '/places/map')
  const body = await api(page, '/api/records/premises?filter=stage:PRI&filter=state:in-use&limit=500')
  const counts = new Map()
  for (const r of body.body.rows) counts.set(r.values.managing, (counts.get(r.values.managing) ?? 0) + 1)
  const [org] = [...counts].sort((a, b) => b[1] - a[1])[0]
  const begin = async (set) => {
    const before = new Set((await api(page, '/api/runs/layouts')).body.runs.map((r) => r.run))
    const form = await openForm(page)
    await form.locator('[name=org]').selectOption(org)
    await form.locator('[name=stage]').selectOption('PRI')
    await set(form)
    await form.getByRole('button', { name: 'Start' }).click()
    for (let i = 0; i < 300; i++) {
      const { runs } = (await api(page, '/api/runs/layouts')).body
      const made = runs.find((r) => !before.has(r.run))
      if (made) return made
      const work = (await api(page, '/api/runs/work')).body.work
      assert.notEqual(work?.state, 'failed', JSON.stringify(work))
      await page.waitForTimeout(500)
    }
    assert.fail('the layout was not made')
  }
  const a = await begin(async (form) => {
    await form.locator('[name=title]').fill('As the standard says')
  })
  await page.waitForURL((u) => u.searchParams.get('run') === a.run)
  const b = await begin(async (form) => {
    await form.locator('[name=title]').fill('Extend and reopen alone')
    await form.locator('[name=limit]').fill('2500')
    for (const what of ['build', 'close', 'board']) await form.getByLabel(what, { exact: true }).uncheck()
    await form.getByLabel('A block goes to one school').check()
  })
  await page.goto(`${base}/places/map?run=${a.run}&with=${b.run}`)
  await page.locator('.places-compare').waitFor()
  await settled(page)
  const [la, lb] = [(await api(page, '/api/runs/layouts/' + a.run)).body, (await api(page, '/api/runs/layouts/' + b.run)).body]
  const by = new Map(lb.sites.map((s) => [s.code, s]))
  const differ = la.sites.filter((s) => s.action !== by.get(s.code)?.action || s.classes !== by.get(s.code)?.classes).length + lb.sites.filter((s) => !la.sites.some((x) => x.code === s.code)).length
  assert.equal(await page.locator('.places-differ tbody tr').count(), differ)
  for (const l of [la, lb]) {
    if (l.status === 'infeasible') continue
    assert.equal(l.parts.reduce((n, p) => n + p.children, 0), l.sites.reduce((n, s) => n + s.children, 0), 'every child is at a site')
    assert.ok(l.sites.every((s) => s.children <= s.places))
    assert.ok(l.blocks.length && l.blocks.every((x) => x.lon && x.lat))
  }
  const allowed = new Set(['keep', 'extend', 'reuse', 'idle'])
  assert.ok(lb.sites.every((s) => allowed.has(s.action)), 'nothing that was not allowed')
  await shot(page, 'places-compare-wide')
  await page.goto(`${base}/places/map?run=${a.run}`)
  await page.locator('.places-decisions li').first().waitFor()
  await page.locator('.map .chart[data-ready=yes]').waitFor()
  await settled(page)
  assert.equal(await page.locator('.places-decisions li').count(), la.sites.length)
  await shot(page, 'places-map-wide')
  await page.setViewportSize(narrow)
  await fits(page)
  await shot(page, 'places-map-narrow')
  await page.setViewportSize(wide)
  // Nobody may go beyond a limit that no school is within, and nobody may board.
  const c = await begin(async (form) => {
    await form.locator('[name=title]').fill('Hard limit')
    await form.locator('[name=limit]').fill('100')
    await form.getByLabel('Nobody beyond the limit', { exact: false }).check()
    if (await form.getByLabel('board', { exact: true }).isChecked()) await form.getByLabel('board', { exact: true }).uncheck()
  })
  assert.equal(c.status, 'infeasible')
  await page.goto(`${base}/places/map?run=${c.run}`)
  await page.locator('.places-conflicts li').first().waitFor()
  assert.match(await page.locator('.places-conflicts').innerText(), /limit/)
  await shot(page, 'places-conflict-wide')
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('projects stand by state, and late ones are marked', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/places/projects')
  const all = (await api(page, '/api/records/project?limit=500')).body.rows
  if (all.length === 0) await page.getByText('还没有建设项目').waitFor()
  else {
    await page.locator('.places-board li').first().waitFor()
    assert.equal(await page.locator('.places-board li').count(), all.length)
    const states = new Set(all.map((r) => r.values.state))
    assert.equal(await page.locator('.places-board section').count(), states.size)
    await page.locator('.places-board li a').first().click()
    await page.locator('.flow-case').waitFor()
    await page.goBack()
  }
  await settled(page)
  await shot(page, 'places-projects-wide')
  await page.setViewportSize(narrow)
  await fits(page)
  await shot(page, 'places-projects-narrow')
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('a clerk sees the outlook of the own school alone, and starts nothing', async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'clerk')
  const { csrf, user } = (await api(page, '/api/session')).body
  const own = user.org
  await page.goto(base + '/places/school/' + own)
  await page.locator('.places-outlook').first().waitFor()
  await settled(page)
  assert.ok(await page.locator('.places-years tbody tr').count())
  const { runs } = (await api(page, '/api/runs/forecasts?unit=' + own)).body
  assert.ok(runs.length > 0)
  const mine = (await api(page, `/api/runs/forecasts/${runs[0].run}?unit=${own}`)).body
  assert.ok(mine.rows.length > 0 && mine.rows.every((r) => r.unit === own))
  const head = await api(page, '/api/runs/forecasts/' + runs[0].run)
  assert.equal(head.status, 200, 'those below read the head')
  assert.equal(head.body.rows.length, 0, 'and no managing body')
  if (school && school !== own) {
    assert.equal((await api(page, `/api/runs/forecasts/${runs[0].run}?unit=${school}`)).body.rows.length, 0, 'no other school')
    await page.goto(base + '/places/school/' + school)
    await page.getByText('没有关于这所学校的推算').waitFor()
    await page.goto(base + '/places/school/' + own)
    await page.locator('.places-outlook').first().waitFor()
  }
  const status = await page.evaluate(async (csrf) => {
    const res = await fetch('/api/runs', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
      body: JSON.stringify({ engine: 'forecast', params: {} }),
    })
    await res.json() // what is not read keeps the network busy
    return res.status
  }, csrf)
  assert.equal(status, 403)
  assert.equal((await api(page, '/api/runs/layouts')).body.runs.length, 0)
  await settled(page)
  await shot(page, 'places-school-wide')
  await page.setViewportSize(narrow)
  await fits(page)
  await shot(page, 'places-school-narrow')
  assert.deepEqual(troubles, [])
  await page.context().close()
})

test('who may not see small groups is not told how many children of a block there are when few', async () => {
  const { page } = await open(browser)
  await signIn(page, 'leader')
  const { runs } = (await api(page, '/api/runs/layouts')).body
  assert.ok(runs.length > 0)
  let parts = 0
  for (const r of runs) {
    const of = (await api(page, '/api/runs/layouts/' + r.run)).body
    assert.equal(of.few, 5)
    for (const p of of.parts) {
      parts++
      assert.ok(p.few ? p.children === null && p.over_limit === null : p.children >= 5, JSON.stringify(p))
    }
  }
  assert.ok(parts > 0)
  await page.context().close()
})

test('a layout becomes projects, each once, and a paper', { timeout: 300_000 }, async () => {
  const { page, troubles } = await open(browser)
  await signIn(page, 'planner')
  const { runs } = (await api(page, '/api/runs/layouts')).body
  let run
  for (const r of runs) {
    const { body } = await api(page, '/api/runs/layouts/' + r.run)
    if (body.sites.some((s) => ['build', 'extend', 'reuse'].includes(s.action))) run = body
  }
  assert.ok(run, 'a layout of the demo builds, extends or reopens something')
  await page.goto(`${base}/places/map?run=${run.run}`)
  const form = page.locator('[data-file]')
  await form.locator('summary').click()
  const before = (await api(page, '/api/records/project?limit=1')).body.total
  const fill = async () => {
    await form.locator('[name=programme]').selectOption('places')
    await form.locator('[name=site_urban]').selectOption({ index: 1 })
    await form.locator('[name=area]').fill('8')
    for (const [k, v] of Object.entries({ land_due: '2027-03-31', build_due: '2028-03-31', accept_due: '2028-06-30', open_due: '2028-08-31' })) await form.locator(`[name=${k}]`).fill(v)
    await form.locator('[name=reason_over]').fill('按布局方案测算，经论证确有需要')
  }
  await fill()
  await form.locator('[name=build_due]').fill('2026-12-31') // before the land
  await form.getByRole('button', { name: '立项' }).click()
  await form.locator('[role=alert]').waitFor()
  assert.match(await form.locator('[role=alert]').innerText(), /依次/)
  await form.locator('[name=build_due]').fill('2028-03-31')
  await form.getByRole('button', { name: '立项' }).click()
  await form.locator('.places-filed li').first().waitFor()
  const wanted = run.sites.filter((s) => ['build', 'extend', 'reuse'].includes(s.action)).length
  assert.equal(await form.locator('.places-filed li').count(), wanted)
  await form.getByRole('button', { name: '立项' }).click()
  await page.waitForTimeout(1000)
  assert.equal((await api(page, '/api/records/project?limit=1')).body.total, before + wanted, 'filed once')
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('[data-paper=docx]').click()])
  assert.match(file.suggestedFilename(), /layout-.*\.docx/)
  await shot(page, 'places-file-wide')
  await form.locator('.places-filed a').first().click()
  await page.getByText('新建、改扩建项目').first().waitFor()
  assert.deepEqual(troubles.filter((x) => !x.includes('400')), [])
  await page.context().close()
})
