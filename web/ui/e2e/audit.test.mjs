// The audit log, opening one masked value, and the security headers, as real roles
// meet them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** A record of the clerk's own house with a masked value in it. */
async function masked(page) {
  const list = (await api(page, '/api/records/student?limit=20')).body
  const row = list.rows.find((r) => typeof r.values.id_no === 'string' && r.values.id_no.includes('*'))
  assert.ok(row, 'no masked value to try')
  return row
}

test('a clerk opens one masked value with a reason; the record then says who did', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'clerk')
  const row = await masked(page)
  assert.match(row.values.student_no, /^[GJL]\d{6}\*{10}..$/, 'the number with an ID number in it is masked')
  await page.goto(`${base}/records/student/${row.rec}`)
  await settled(page)
  assert.match(await page.locator('.readers').innerText(), /谁打开过敏感值/)
  const field = page.locator('.fields > div', { hasText: '身份证件号' }).first()
  await field.getByRole('button', { name: /打开/ }).click()
  await field.locator('input').fill('看')
  await field.getByRole('button', { name: '看这一项' }).click()
  await field.getByText('至少 4 个字').waitFor()
  await field.locator('input').fill('家长来电核对身份证号')
  await shot(page, 'reveal-ask')
  await field.getByRole('button', { name: '看这一项' }).click()
  const shown = field.locator('.opened')
  await shown.waitFor()
  const value = await shown.locator('strong').innerText()
  assert.match(value, /^\d{17}[\dX]$/)
  assert.match(await shown.innerText(), /秒后隐去/)
  await page.locator('.readers li', { hasText: '家长来电核对身份证号' }).waitFor()
  await shot(page, 'reveal-shown')
  const kept = await page.evaluate((v) => JSON.stringify([localStorage, sessionStorage, location.href]).includes(v), value)
  assert.equal(kept, false, 'the value is kept nowhere in the browser')
  assert.equal(await overflow(page), 0)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the whole student number finds the record, its start does not', async () => {
  const { page, context } = await open(browser)
  await signIn(page, 'clerk')
  const row = await masked(page)
  const token = (await api(page, '/api/session')).body.csrf
  const got = await page.evaluate(
    async ([rec, csrf]) => {
      const r = await fetch(`/api/records/student/${rec}/reveal`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf },
        body: JSON.stringify({ field: 'student_no', reason: '核对学籍号' }),
      })
      return { status: r.status, cache: r.headers.get('cache-control'), body: await r.json() }
    },
    [row.rec, token],
  )
  assert.equal(got.status, 200)
  assert.equal(got.cache, 'no-store')
  const whole = got.body.value
  const by = async (q) => (await api(page, `/api/records/student?q=${encodeURIComponent(q)}`)).body.total
  assert.equal(await by(whole), 1)
  assert.equal(await by(whole.slice(0, 18)), 0)
  await context.close()
})

test('the audit administrator searches the log and reads nothing else', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'auditadmin')
  await page.goto(base + '/admin/audit')
  await settled(page)
  await page.locator('.audit-log tbody tr').first().waitFor()
  await shot(page, 'audit-log')
  await page.locator('.audit-search select[name=kind]').selectOption('reveal')
  await page.getByRole('button', { name: '查找' }).click()
  await page.waitForURL(/kind=reveal/)
  await settled(page)
  const log = page.locator('.audit-log')
  await log.getByText('家长来电核对身份证号').first().waitFor()
  assert.doesNotMatch(await log.innerText(), /\d{15}/, 'no value stands in the log')
  await page.getByRole('button', { name: '详情' }).first().click()
  await page.locator('.audit-details').waitFor()
  await shot(page, 'audit-reveals')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('导出 CSV').click()])
  assert.equal(download.suggestedFilename(), 'audit.csv')
  for (const path of ['/api/records/student', '/api/dashboard', '/api/entities', '/api/uploads', '/api/commits']) {
    assert.equal((await api(page, path)).status, 403, path)
  }
  assert.equal((await api(page, '/api/audit?kind=audit_export')).body.rows.length > 0, true, 'the export is an entry')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('on a phone and in English', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow, lang: 'en' })
  await signIn(page, 'auditadmin')
  await page.goto(base + '/admin/audit')
  await settled(page)
  await page.locator('.audit-log tbody tr').first().waitFor()
  assert.equal(await overflow(page), 0)
  assert.doesNotMatch(await page.locator('.audit-search').innerText(), /[\u4e00-\u9fff]/)
  await shot(page, 'audit-phone-en')
  await context.close()
  const clerk = await open(browser, { viewport: narrow, lang: 'en' })
  await signIn(clerk.page, 'clerk')
  const row = await masked(clerk.page)
  await clerk.page.goto(`${base}/records/student/${row.rec}`)
  await settled(clerk.page)
  await clerk.page.getByRole('button', { name: /Open “Home address”/ }).click()
  assert.equal(await overflow(clerk.page), 0)
  await shot(clerk.page, 'reveal-phone-en')
  assert.deepEqual([...troubles, ...clerk.troubles], [])
  await clerk.context.close()
})

test('every other role is told that the log is not theirs', async () => {
  for (const name of ['planner', 'sysadmin', 'secadmin', 'auditor']) {
    const { page, context } = await open(browser)
    await signIn(page, name)
    assert.equal((await api(page, '/api/audit')).status, 403, name)
    assert.equal((await api(page, '/api/audit')).body.error.kind, 'denied')
    await context.close()
  }
})

test('pages and answers carry the security headers, and no page runs inline script', async () => {
  const { page, context, troubles } = await open(browser)
  for (const path of ['/', '/records/student/1', '/api/session', '/api/none']) {
    const h = (await context.request.get(base + path)).headers()
    const csp = h['content-security-policy']
    assert.match(csp, /default-src 'none'/, path)
    assert.match(csp, /script-src 'self'(;|$)/, path)
    assert.match(csp, /frame-ancestors 'none'/, path)
    assert.match(csp, /base-uri 'none'/, path)
    assert.equal(h['x-content-type-options'], 'nosniff', path)
    assert.equal(h['x-frame-options'], 'DENY', path)
    assert.equal(h['referrer-policy'], 'same-origin', path)
    assert.equal(h['cross-origin-opener-policy'], 'same-origin', path)
    assert.match(h['x-request-id'], /^[0-9a-f]{16}$/, path)
  }
  await page.goto(base + '/')
  assert.equal(await page.locator('script:not([src])').count(), 0)
  const ran = await page.evaluate(() => {
    const s = document.createElement('script')
    s.textContent = 'window.injected = 1'
    document.head.append(s)
    return window.injected ?? 0
  })
  assert.equal(ran, 0, 'an injected script runs')
  assert.ok(troubles.some((t) => t.includes('script-src')), 'the browser says so')
  const cookie = (await context.cookies()).find((c) => c.name === 'luoshu')
  assert.equal(cookie, undefined)
  await signIn(page, 'planner')
  const signed = (await context.cookies()).find((c) => c.name === 'luoshu')
  assert.ok(signed.httpOnly && signed.sameSite === 'Strict')
  await context.close()
})
