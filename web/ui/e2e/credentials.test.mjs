// An administrator's credentials are given anew by two: the system administrator asks,
// the security administrator agrees or refuses, and it is done once by who asked.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, send, settled, shot, signIn, until, wide } from './browser.mjs'

let browser, system, security, name
before(async () => {
  browser = await launch()
  system = await open(browser)
  security = await open(browser)
  await signIn(system.page, 'sysadmin')
  await signIn(security.page, 'secadmin')
  name = 'aud' + Date.now()
  assert.equal((await send(system.page, '/api/accounts', { name, zh: '新审计员', en: '' })).status, 200)
  const org = (await api(security.page, '/api/session')).body.user.org
  const grant = { account: name, role: 'auditadmin', org, from: '', to: '', reason: 'e2e' }
  assert.equal((await send(security.page, '/api/grants', grant)).status, 200)
})
after(() => browser.close())

const line = (page, state) => page.locator('.rows li', { hasText: name }).filter({ has: page.locator('.tag', { hasText: state }) })
const button = (scope, label) => scope.getByRole('button', { name: label, exact: true })
const sure = (page) => page.locator('.ant-popconfirm-buttons .ant-btn-primary:visible').click()
const list = async (page) => {
  await page.goto(base + '/admin/credentials')
  await settled(page)
}
const alone = async () => {
  const got = await send(system.page, `/api/accounts/${name}/reset`, {})
  return [got.status, got.body?.error?.field]
}

/** The system administrator asks for a new password on the page; the request's number. */
async function ask(why) {
  const { page } = system
  await page.goto(`${base}/admin/accounts?q=${name}`)
  await page.getByRole('link', { name: '双人办理' }).click()
  await page.getByLabel('事由', { exact: true }).fill(why)
  await button(page, '提交申请').click()
  await line(page, '待同意').getByText(why).waitFor()
  return (await api(page, '/api/credentials')).body.rows.find((r) => r.account === name && r.state === 'open').id
}

test('nobody alone gives an administrator new credentials, and who asks does not agree', async () => {
  assert.deepEqual(await alone(), [403, 'foureyes'])
  await system.page.goto(`${base}/admin/accounts?q=${name}`)
  await settled(system.page)
  assert.equal(await button(system.page, '重置口令').count(), 0, 'the page offers no reset of an administrator')
  const id = await ask('口令忘记，已当面核对')
  assert.equal(await button(line(system.page, '待同意'), '同意').count(), 0)
  assert.equal((await send(system.page, `/api/credentials/${id}/decide`, { agree: true, note: '' })).status, 403)
  assert.equal((await send(system.page, '/api/credentials', { account: name, what: 'password', reason: '再来' })).status, 409)
  await shot(system.page, 'credentials-asked')
})

test('the security administrator refuses with a reason, and nothing can be done', async () => {
  const { page, troubles } = security
  await list(page)
  const open = line(page, '待同意')
  assert.equal(await button(open, '不同意').isDisabled(), true, 'a refusal needs a reason')
  await open.getByLabel('理由（不同意须写）').fill('本人否认申请')
  await button(open, '不同意').click()
  await line(page, '不同意').getByText('本人否认申请').waitFor()
  await list(system.page)
  const refused = line(system.page, '不同意')
  await refused.getByText('本人否认申请').waitFor()
  assert.equal(await button(refused, '办理').count(), 0)
  assert.deepEqual(await alone(), [403, 'foureyes'])
  assert.deepEqual(troubles, [])
})

test('agreed to on a phone, done once by who asked, and not again', async () => {
  const id = await ask('再次核对无误')
  const { page } = security
  await page.setViewportSize(narrow)
  await page.evaluate(() => localStorage.setItem('luoshu.lang', 'en'))
  await list(page)
  assert.ok((await overflow(page)) <= 0, 'the requests are not wider than the phone')
  await shot(page, 'credentials-phone')
  await button(line(page, 'Waiting'), 'Agree').click()
  await sure(page)
  await line(page, 'Agreed').waitFor()
  assert.equal((await send(page, `/api/credentials/${id}/decide`, { agree: false, note: 'late' })).status, 409)
  assert.equal((await send(page, `/api/accounts/${name}/reset`, {})).status, 403, 'who agreed does not do it')
  await page.evaluate(() => localStorage.setItem('luoshu.lang', 'zh'))
  await page.setViewportSize(wide)

  await list(system.page)
  await button(line(system.page, '已同意'), '办理').click()
  await sure(system.page)
  await line(system.page, '已办理').waitFor()
  const [shown, fresh] = (await system.page.locator('.once-value').innerText()).trim().split(/\s+/)
  assert.equal(shown, name)
  await until(async () => (await button(line(system.page, '已办理'), '办理').count()) === 0, 'a consent that was used offers nothing')
  assert.deepEqual(await alone(), [403, 'foureyes'], 'a consent works once')
  await shot(system.page, 'credentials-done')
  await list(system.page)
  assert.equal(await system.page.locator('.once-value').count(), 0, 'the password is shown once')
  assert.deepEqual(system.troubles, [])

  const owner = await open(browser)
  await owner.page.goto(base + '/')
  await owner.page.locator('input[name=name]').fill(name)
  await owner.page.locator('input[name=password]').fill(fresh)
  await owner.page.locator('button[type=submit]').click()
  await owner.page.locator('input[name=old]').waitFor()
})
