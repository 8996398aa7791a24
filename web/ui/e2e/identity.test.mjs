// One person, one identity: a reviewer sees two records side by side, merges them,
// and takes the merge back. The pairs were found by `luoshu duplicates` before.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, send, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('a planner has the registers searched; a county may not', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work/duplicates')
  await settled(page)
  const before = (await api(page, '/api/duplicates/count')).body.count
  const begin = async () => {
    await page.getByRole('button', { name: '查找重复' }).click()
    await page.locator('.ant-modal-footer .ant-btn-primary').click()
    await page.locator('.moving', { hasText: '正在查找重复' }).waitFor()
  }
  await begin()
  await shot(page, 'duplicates-search')
  await page.locator('.moving button', { hasText: '停止' }).click()
  await page.getByText('已停止查找').waitFor()
  await begin()
  await page.reload() // it goes on without the page
  await page.locator('.success', { hasText: /查看 [\d,]+ 条，新增 0 对/ }).waitFor({ timeout: 120_000 })
  assert.equal((await api(page, '/api/duplicates/count')).body.count, before, 'what is known is not raised again')
  assert.ok((await overflow(page)) <= 0)
  assert.deepEqual(troubles, [])
  await context.close()
  const county = await open(browser)
  await signIn(county.page, 'county')
  await county.page.goto(base + '/work/duplicates')
  await settled(county.page)
  assert.equal(await county.page.getByRole('button', { name: '查找重复' }).count(), 0)
  await county.context.close()
})

test('a planner merges a pair and takes the merge back', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  await page.goto(base + '/work')
  await settled(page)
  const before = (await api(page, '/api/duplicates/count')).body.count
  assert.ok(before > 0, 'pairs wait in the queue')
  await page.locator('.hub a', { hasText: '疑似重复' }).click()
  await page.locator('.dup-list li').first().waitFor()
  await settled(page)
  await shot(page, 'duplicates')
  await page.locator('.dup-names').first().click()
  await page.locator('.dup-table').waitFor()
  await settled(page)
  await shot(page, 'duplicate-pair')
  const pair = (await api(page, '/api' + new URL(page.url()).pathname.replace('/work', ''))).body
  const text = await page.locator('.dup-table').innerText()
  assert.doesNotMatch(text, /\d{17}[\dX]/, 'no identity number is shown in clear')
  await page.locator('#dup-note').fill('同一名学生')
  await page.getByRole('button', { name: '是同一人，合并' }).click()
  await page.locator('.ant-popconfirm-buttons .ant-btn-primary').click()
  await page.getByText('已合并').first().waitFor()
  const merged = (await api(page, `/api/duplicates/${pair.id}`)).body
  assert.equal(merged.state, 'merged')
  const lost = merged.survivor === pair.a ? pair.right : pair.left
  assert.equal(merged[lost === pair.right ? 'right' : 'left'].gone, true)
  assert.equal((await api(page, '/api/duplicates/count')).body.count, before - 1)
  await shot(page, 'duplicate-merged')
  await page.locator('#dup-note').fill('核对户口簿，是两个人')
  const answered = page.waitForResponse((r) => r.url().includes('/unmerge'))
  await page.getByRole('button', { name: '撤回合并' }).click()
  assert.equal((await answered).status(), 200)
  const back = (await api(page, `/api/duplicates/${pair.id}`)).body
  assert.equal(back.state, 'different')
  assert.equal(back.left.gone || back.right.gone, false, 'both records are there again')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the queue and a pair fit a phone, in English', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow, lang: 'en' })
  await signIn(page, 'planner')
  await page.goto(base + '/work/duplicates')
  await page.locator('.dup-list li').first().waitFor()
  await settled(page)
  assert.ok((await overflow(page)) <= 0, 'the queue is not wider than the phone')
  await page.locator('.dup-names').first().click()
  await page.locator('.dup-table').waitFor()
  assert.ok((await overflow(page)) <= 0, 'the pair is not wider than the phone')
  await shot(page, 'duplicate-pair-phone')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('administrators: an account is opened, given a role, and signs in; nobody helps themselves', async () => {
  const system = await open(browser)
  await signIn(system.page, 'sysadmin')
  await system.page.goto(base + '/admin/accounts')
  const name = 'e2e' + Date.now()
  await system.page.getByLabel('账号', { exact: true }).fill(name)
  await system.page.getByLabel('姓名', { exact: true }).fill('新来的')
  await system.page.getByRole('button', { name: '开立账号' }).click()
  const once = await system.page.locator('.once-value').innerText()
  const first = once.trim().split(/\s+/)[1]
  assert.ok(first.length >= 10)
  assert.equal((await api(system.page, '/api/records/student?limit=1')).status, 403, 'a system administrator reads no records')
  assert.equal((await api(system.page, '/api/audit')).status, 403)
  await system.context.close()

  const security = await open(browser)
  await signIn(security.page, 'secadmin')
  const org = (await api(security.page, '/api/session')).body.user.org
  const give = async (account) =>
    (await send(security.page, '/api/grants', { account, role: 'leader', org, from: '', to: '', reason: 'e2e' })).status
  const given = [await give(name), await give('secadmin')]
  assert.deepEqual(given, [200, 403], 'to another, not to oneself')
  await security.page.goto(base + '/admin/grants')
  await security.page.getByText(name).first().waitFor()
  await security.context.close()

  const fresh = await open(browser)
  await fresh.page.goto(base + '/')
  await fresh.page.locator('input[name=name]').fill(name)
  await fresh.page.locator('input[name=password]').fill(first)
  await fresh.page.locator('button[type=submit]').click()
  await fresh.page.locator('input[name=old]').fill(first)
  await fresh.page.locator('input[name=new]').fill('Quite-new-2026')
  await fresh.page.locator('input[name=again]').fill('Quite-new-2026')
  await fresh.page.locator('.stack-form button[type=submit]').click()
  await fresh.page.locator('.masthead').waitFor()
  await shot(fresh.page, 'first-sign-in')
  await fresh.context.close()
})
