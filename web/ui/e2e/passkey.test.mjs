// A passkey, with Chromium's own virtual authenticator: taken up, asked for at the
// next sign-in, and dropped again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { base, launch, narrow, open, overflow, password, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

// Passkeys belong to a host name, never to a number.
const home = base.replace('127.0.0.1', 'localhost')

test('an inspector takes a passkey up and signs in with it', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  const name = async () => {
    await page.goto(home + '/')
    await page.locator('input[name=name]').fill('inspector')
    await page.locator('input[name=password]').fill(password)
    await page.locator('button[type=submit]').click()
  }
  await name()
  await page.locator('.masthead').waitFor()
  await page.goto(home + '/me')
  await settled(page)
  await page.locator('.take-passkey').click()
  await page.getByText('恢复码').first().waitFor()
  assert.ok((await overflow(page)) <= 0)
  await shot(page, 'passkey-codes')
  await context.clearCookies()
  await name()
  await page.locator('.show-passkey').waitFor()
  assert.equal(await page.locator('.masthead').count(), 0, 'nothing is seen before the factor')
  await shot(page, 'passkey-ask')
  await page.locator('.show-passkey').click()
  await page.locator('.masthead').waitFor()
  const dropped = await page.evaluate(async (pw) => {
    const csrf = (await (await fetch('/api/session')).json()).csrf
    const me = await (await fetch('/api/me')).json()
    const r = await fetch(`/api/me/factors/${me.factors[0].id}/drop`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
      body: JSON.stringify({ password: pw }),
    })
    return r.status
  }, password)
  assert.equal(dropped, 204)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a sheet of accounts is refused by row, then opened as a whole', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'sysadmin')
  await page.goto(base + '/admin/accounts')
  await settled(page)
  const tag = Date.now().toString(36)
  const file = page.locator('#acc-import ~ .inline-form input[type=file]')
  const sheet = (text) => ({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await file.setInputFiles(sheet(`账号,姓名\nx${tag},甲\nx${tag},乙\n`))
  await page.locator('.import-faults li', { hasText: '第3行' }).waitFor()
  await shot(page, 'import-faults')
  await file.setInputFiles(sheet(`账号,姓名\ny${tag},甲\nz${tag},乙\n`))
  await page.getByRole('button', { name: '开立 2 个' }).click()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: '保存初始口令表' }).click()
  assert.equal((await saved).suggestedFilename(), 'accounts.csv')
  await shot(page, 'import-done')
  assert.deepEqual(troubles, [])
  await context.close()
})
