// What each role meets, in both languages, wide and narrow.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, password, settled, shot, signIn, until } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('a wrong password is told, and the notice stands even before sign-in', async () => {
  const { page, context, troubles } = await open(browser)
  await page.goto(base + '/')
  await page.locator('input[name=name]').fill('planner')
  await page.locator('input[name=password]').fill(password + 'x')
  await page.locator('button[type=submit]').click()
  await page.locator('.form-error', { hasText: /./ }).waitFor()
  assert.match(await page.locator('.form-error').innerText(), /[\u4e00-\u9fff]/)
  const notice = (await api(page, '/api/session')).body.city.notice.zh
  if (notice) assert.equal(await page.locator('.notice').innerText(), notice)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a leader drills from the city to a county to a unit, and may not load', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'leader')
  await settled(page)
  assert.match(await page.title(), /总览/)
  const doors = await page.locator('.nav-link').allInnerTexts()
  assert.ok(doors.includes('规划') && !doors.includes('导入'), doors.join(' '))
  const map = page.locator('.map .chart')
  await map.waitFor()
  assert.ok(await map.getAttribute('aria-label'), 'the map says what it shows')
  const picked = page.locator('.section-head .choice select')
  await picked.selectOption({ index: 1 })
  await page.waitForURL(/map=/)
  await settled(page)
  await shot(page, 'leader-city')
  const codesShown = await page.locator('.units tbody .code').allInnerTexts()
  const areas = codesShown.filter((c) => c.length === codesShown[0].length)
  assert.deepEqual(areas, [...areas].sort(), 'in order of code')
  await page.locator('.units tbody a').first().click()
  await page.waitForURL(/org=/)
  await settled(page)
  await page.locator('.crumbs').waitFor()
  await shot(page, 'leader-county')
  await page.locator('.units tbody a').first().click()
  await page.locator('.crumbs li').nth(2).waitFor()
  await settled(page)
  await shot(page, 'leader-unit')
  await page.goBack()
  await page.locator('.crumbs li').nth(1).waitFor()
  await page.goto(base + '/import')
  await page.getByText('您的角色不能导入数据').waitFor()
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the plan says what is lost and what nobody owns', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'leader')
  await page.goto(base + '/plan?plan=luoyang-14-5')
  await settled(page)
  assert.equal(await page.locator('.headline-table tbody tr').count(), 9)
  assert.equal(await page.locator('.headline-table .lost').count(), 5, 'five of the nine have lost their 2025 value')
  assert.match(await page.locator('.headline-table').innerText(), /原文缺失/)
  assert.match(await page.locator('.plan-tree').innerText(), /未指定/)
  const all = await page.locator('.target').count()
  await page.locator('.state-button').first().click()
  await page.waitForURL(/state=/)
  await until(async () => {
    const some = await page.locator('.target').count()
    return some > 0 && some < all
  }, 'fewer targets, once a state is chosen')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('on a phone the plan is folded, and a headline leads to its target', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  await signIn(page, 'leader')
  await page.goto(base + '/plan?plan=luoyang-14-5')
  const heads = page.locator('.plan-part .fold-head > button')
  await heads.first().waitFor()
  assert.equal(await page.locator('.target').count(), 0, 'every part is closed')
  await page.locator('.headline-table tbody th a').first().click()
  await page.locator('.target').first().waitFor()
  await until(async () => page.evaluate(() => {
    const top = document.getElementById(location.hash.slice(1))?.getBoundingClientRect().top ?? -1
    return top >= 0 && top < innerHeight
  }), 'the target is in view')
  await shot(page, 'plan-phone-target')
  const before = await page.locator('.target').count()
  await page.getByRole('button', { name: '全部展开' }).click()
  await until(async () => (await page.locator('.target').count()) > before, 'all are open')
  await page.locator('.headline-table tbody th a').nth(1).click()
  await until(async () => (await page.locator(await page.evaluate(() => location.hash)).count()) === 1, 'a jump leaves what is open open')
  await page.getByRole('button', { name: '全部收起' }).click()
  await until(async () => (await page.locator('.target').count()) === 0, 'all are closed')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a county officer sees the county only', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'county')
  await settled(page)
  const own = (await api(page, '/api/session')).body.user.org
  assert.equal((await api(page, '/api/dashboard')).body.org.code, own)
  const other = (await api(page, '/api/orgs?q=')).body.find((o) => o.level === 'county' && o.code !== own)
  assert.equal(other, undefined, 'no other county is listed')
  await page.goto(base + '/?org=410300')
  await page.locator('.state').waitFor()
  await page.goto(base + '/records/student')
  await page.locator('.records tbody tr.ant-table-row').first().waitFor()
  await shot(page, 'county-students')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a clerk hands in a sheet and sees it refused row by row', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'clerk')
  await settled(page)
  const columns = (await api(page, '/api/entities/class')).body.fields
  const row = (await api(page, '/api/records/class?limit=1')).body.rows[0].values
  const titles = columns.map((c) => c.title.zh)
  const cells = columns.map((c) => (c.name === 'name' ? '试验班' : (row[c.name] ?? '')))
  const bad = columns.map((c) =>
    c.name === 'grade' ? '无此年级' : c.name === 'class_code' ? row.class_code + 'X' : (row[c.name] ?? ''),
  )
  const path = join(mkdtempSync(join(tmpdir(), 'luoshu-e2e-')), 'classes.csv')
  writeFileSync(path, '\ufeff' + [titles, cells, bad].map((r) => r.join(',')).join('\r\n') + '\r\n')
  await page.goto(base + '/import?entity=class')
  await page.locator('#file').setInputFiles(path)
  await page.getByRole('button', { name: '上传并比对' }).click()
  await page.locator('.tag[data-upload=staged]').waitFor()
  assert.equal(await page.locator('.tally [data-verdict=changed] dd').innerText(), '1')
  assert.equal(await page.locator('.tally [data-verdict=refused] dd').innerText(), '1')
  await page.locator('.ant-table .faults li').first().waitFor()
  await page.getByRole('tab', { name: /变更/ }).click()
  await page.locator('.cell-changes del').first().waitFor()
  assert.match(await page.locator('.cell-changes').first().innerText(), /试验班/)
  await shot(page, 'clerk-upload')
  await page.getByRole('button', { name: '取消这次上传' }).click()
  await page.locator('.ant-modal').getByRole('button', { name: '取消这次上传' }).click()
  await page.waitForURL(/\/import$/)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the language is switched and remembered', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  await settled(page)
  await page.getByRole('button', { name: 'Switch to English' }).click()
  await page.getByRole('heading', { name: 'Headline indicators' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
  await page.reload()
  await page.getByRole('heading', { name: 'Headline indicators' }).waitFor()
  for (const path of ['/indicators', '/plan', '/records', '/records/school', '/import', '/explore', '/seals']) {
    await page.goto(base + path)
    await settled(page)
    const text = await page.locator('.masthead nav, h1').allInnerTexts()
    if (path !== '/plan') assert.doesNotMatch(text.join(' '), /[\u4e00-\u9fff]/, path)
  }
  assert.deepEqual(troubles, [])
  await context.close()
})

test('every page fits a phone', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  await signIn(page, 'planner')
  await page.getByRole('button', { name: '菜单' }).click()
  await page.locator('.nav.open .nav-link', { hasText: '规划' }).click()
  await page.waitForURL(/\/plan/)
  await page.locator('.nav.open').waitFor({ state: 'detached' })
  const rec = (await api(page, '/api/records/school?limit=1')).body.rows[0].rec
  for (const path of [
    '/',
    '/indicators',
    '/indicators/students',
    '/indicators/students/behind?part=numerator',
    '/plan',
    '/records',
    '/records/student',
    `/records/school/${rec}`,
    '/import',
    '/explore?measure=students&cuts=stage',
    '/seals',
  ]) {
    await page.goto(base + path)
    await settled(page)
    assert.ok((await overflow(page)) <= 0, `${path} is wider than the window`)
  }
  assert.deepEqual(troubles, [])
  await context.close()
})

test('explore: a cut as table, chart and map, kept in the address, exported with its seal', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/explore?measure=students&cuts=county')
  await page.locator('.records tbody tr.ant-table-row').first().waitFor()
  await page.locator('.ant-segmented-item', { hasText: '图表' }).click()
  await page.locator('.explore-out .chart[data-ready]').waitFor()
  await page.locator('.ant-segmented-item', { hasText: '地图' }).click()
  await page.locator('.map .chart[data-ready]').waitFor()
  await page.waitForURL(/view=map/)
  await shot(page, 'explore-map')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: '导出 CSV' }).click(),
  ])
  assert.match(download.suggestedFilename(), /\.csv$/)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('what is not there answers in words', async () => {
  const { page, context } = await open(browser)
  await signIn(page, 'planner')
  for (const path of ['/nowhere', '/records/nothing', '/indicators/nothing', '/records/school/999999999']) {
    await page.goto(base + path)
    await page.locator('.state').waitFor()
    assert.match(await page.locator('.state').innerText(), /[\u4e00-\u9fff]/, path)
  }
  await page.context().clearCookies()
  await page.goto(base + '/plan')
  await page.locator('input[name=name]').fill('planner')
  await page.locator('input[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.headline-table').waitFor()
  await page.waitForURL(/\/plan/)
  await context.close()
})

test('the keyboard reaches the content and the first headline', async () => {
  const { page, context } = await open(browser)
  await signIn(page, 'leader')
  await settled(page)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip')
  await page.keyboard.press('Enter')
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement?.classList.contains('cell-link'))) break
  }
  assert.ok(
    await page.evaluate(() => document.activeElement?.classList.contains('cell-link')),
    'a headline is in reach',
  )
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/indicators\//)
  await context.close()
})

test('the first load of the dashboard stays under 1 MB on the wire', async () => {
  const { page, context } = await open(browser)
  await signIn(page, 'leader')
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.clearBrowserCache')
  let bytes = 0
  devtools.on('Network.loadingFinished', (e) => {
    bytes += e.encodedDataLength
  })
  await page.goto(base + '/')
  await settled(page)
  console.log(`dashboard, cold cache: ${Math.round(bytes / 1024)} KiB on the wire`)
  assert.ok(bytes > 0 && bytes < 1_000_000, `${bytes} bytes`)
  await context.close()
})
