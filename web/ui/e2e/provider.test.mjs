// Sign-in at an identity provider (scripts/e2e runs a real one beside the city): a
// person whom nobody has linked does not come in, a linked one does and has no
// password here, and what the provider brought back works once, in that browser.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, send, settled, shot, signIn, until } from './browser.mjs'

// The provider sends browsers to the city's address, which has a name.
const home = base.replace('127.0.0.1', 'localhost')
let browser, system, name
before(async () => {
  browser = await launch()
  system = await open(browser)
  await signIn(system.page, 'sysadmin')
  name = 'sso' + Date.now()
  assert.equal((await send(system.page, '/api/accounts', { name, zh: '统一身份人员', en: '' })).status, 200)
  const security = await open(browser)
  await signIn(security.page, 'secadmin')
  const org = (await api(security.page, '/api/session')).body.user.org
  const grant = { account: name, role: 'leader', org, from: '', to: '', reason: 'e2e' }
  assert.equal((await send(security.page, '/api/grants', grant)).status, 200)
})
after(async () => {
  await send(system.page, `/api/accounts/${name}/subject`, { subject: '' }) // the next run links another
  await browser.close()
})

/** Goes to the provider by the page of sign-in and says there who one is. */
async function goThere(page, user) {
  await page.goto(home + '/')
  await page.locator('.sign-elsewhere').click()
  await page.locator('input[name=username]').fill(user)
  await page.locator('input[name=password]').fill('verysecure')
  await page.locator('button[type=submit]').click()
}

test('whom the provider knows and nobody has linked does not come in', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow, lang: 'en' })
  await page.goto(home + '/')
  await page.locator('.sign-elsewhere').waitFor()
  assert.ok((await overflow(page)) <= 0)
  await shot(page, 'provider-sign-in')
  await goThere(page, 'test-user2')
  await page.waitForURL(home + '/?provider=refused')
  await until(async () => (await page.locator('.form-error').innerText()).length > 10, 'the page says why')
  assert.equal(await page.locator('.masthead').count(), 0)
  assert.equal((await api(page, '/api/me')).status, 401)
  await shot(page, 'provider-refused')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a linked person signs in at the provider, and what came back works once', async () => {
  assert.equal((await send(system.page, `/api/accounts/${name}/subject`, { subject: 'id2' })).status, 204)
  const { page, context, troubles } = await open(browser)
  let back
  page.on('request', (r) => {
    if (r.url().startsWith(home + '/api/session/oidc/back')) back = r.url()
  })
  await goThere(page, 'test-user2')
  await page.locator('.masthead').waitFor()
  await settled(page)
  await shot(page, 'provider-in')
  assert.equal((await api(page, '/api/session')).body.user.name, name)
  const cookies = await context.cookies(home)
  const session = cookies.find((c) => c.httpOnly && c.sameSite === 'Strict')
  assert.ok(session, 'the session is HttpOnly and strict')
  assert.equal(cookies.filter((c) => c.name === 'luoshu-oidc').length, 0, 'nothing of the way there is left')
  assert.deepEqual(troubles, [])

  // The same answer again: in the same browser, and in another one.
  const other = await open(browser)
  for (const p of [page, other.page]) {
    await p.goto(back)
    await p.waitForURL(home + '/?provider=refused')
  }
  assert.equal((await api(other.page, '/api/me')).status, 401, 'who was told the address has no session')
  assert.equal((await api(page, '/api/session')).body.user.name, name, 'and the session that stands is not ended by it')
  await other.context.close()

  // Signing out ends it here; a linked account has no password.
  await page.goto(home + '/me')
  await page.getByRole('button', { name: '退出' }).first().click()
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill('verysecure')
  await page.locator('button[type=submit]').click()
  await until(async () => (await page.locator('.form-error').innerText()).length > 4, 'no password opens a linked account')
  assert.equal((await api(page, '/api/me')).status, 401)
  await context.close()
})
