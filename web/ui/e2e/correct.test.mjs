// A correction goes its way: a clerk asks, the bureau answers on a phone, the
// record shows it, and a later file does not change it back in silence.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

const dir = mkdtempSync(join(tmpdir(), 'luoshu-e2e-'))
let rec, before1, number

const iso = (d) => String(d).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')

test('a clerk corrects a record: own fields at once, the others are asked of their source', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'clerk')
  const own = (await api(page, '/api/session')).body.user.org
  // A person whose number does not spell the birth date out, so that only the date is wrong.
  const rows = (await api(page, '/api/records/staff?limit=200')).body.rows
  const row = rows.find((r) => r.values.school_code === own && r.values.birth_date && r.values.sex)
  rec = row.rec
  before1 = row.values
  await page.goto(base + `/records/staff/${rec}`)
  await settled(page)
  await page.getByRole('link', { name: '更正', exact: true }).click()
  await page.locator('.cor-field').first().waitFor()
  const title = page.locator('.cor-field', { has: page.locator('label[for=f-title]') })
  assert.match(await title.locator('.cor-fate').innerText(), /县区教育部门.*答复/)
  const politics = page.locator('.cor-field', { has: page.locator('label[for=f-politics]') })
  assert.match(await politics.locator('.cor-fate').innerText(), /您是来源/)
  await page.locator('#f-joined_date').fill('2016-09-02')
  await page.locator('#f-title').click()
  const now = String(before1.title ?? '')
  await page.locator('.ant-select-item-option').filter({ hasNotText: now || '\u0000' }).first().click()
  await page.locator('.cor-field[data-changed=true]').nth(1).waitFor()
  assert.equal(await page.locator('.cor-send button[type=submit]').isDisabled(), true, 'a reason is needed')
  await page.locator('textarea[name=reason]').fill('职称证书已换发')
  await shot(page, 'correct-form')
  await page.locator('.cor-send button[type=submit]').click()
  await page.locator('.cor-outcome').waitFor()
  assert.match(await page.locator('.cor-outcome').innerText(), /已生效：.*\s*已向来源提出 1 项申请/)
  const after = (await api(page, `/api/records/staff/${rec}`)).body.values
  assert.equal(after.joined_date, 20160902)
  assert.equal(after.title ?? null, before1.title ?? null, 'the source has not answered yet')
  await page.getByRole('link', { name: '查看进度' }).click()
  await page.locator('.cor-item').first().waitFor()
  await shot(page, 'correct-mine')
  number = /\/(\d+)$/.exec(await page.locator('.cor-more').first().getAttribute('href'))[1]
  await page.goto(base + `/records/staff/${rec}`)
  await page.locator('.cor-on-record').waitFor()
  await shot(page, 'correct-on-record')
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the bureau accepts it on a phone', async () => {
  const { page, context, troubles } = await open(browser, { viewport: narrow })
  await signIn(page, 'county')
  await page.goto(base + '/work')
  await page.locator('.hub .waits').first().waitFor()
  await page.goto(base + '/work/corrections')
  const item = page.locator('.cor-item', { has: page.locator(`a[href='/work/corrections/${number}']`) })
  await item.waitFor()
  assert.ok((await overflow(page)) <= 0)
  await shot(page, 'correct-inbox-phone')
  await item.getByRole('button', { name: '采纳' }).click()
  await page.locator('.ant-modal').waitFor()
  await shot(page, 'correct-answer-phone', false)
  await page.locator('.ant-modal .ant-btn-primary').click()
  await item.waitFor({ state: 'detached' })
  const got = (await api(page, `/api/corrections/${number}`)).body
  assert.equal(got.state, 'accepted')
  await page.goto(base + `/work/corrections/${number}`)
  await page.locator('.cor-events li').nth(1).waitFor()
  assert.ok((await overflow(page)) <= 0)
  await shot(page, 'correct-request-phone')
  const values = (await api(page, `/api/records/staff/${rec}`)).body.values
  assert.equal(values.title, got.fields[0].after.value)
  assert.notEqual(values.title, before1.title)
  await page.goto(base + `/records/staff/${rec}`)
  await page.locator('.version.latest', { hasText: `更正申请 ${number}` }).waitFor()
  assert.deepEqual(troubles, [])
  await context.close()
})

test('a later file that changes it back is held, and a person decides', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'county')
  const columns = (await api(page, '/api/entities/staff')).body.fields.filter((c) => !c.masked)
  const values = { ...(await api(page, `/api/records/staff/${rec}`)).body.values, title: before1.title, sex: before1.sex }
  const cell = (c) => (values[c.name] == null ? '' : c.type === 'date' ? iso(values[c.name]) : values[c.name])
  const path = join(dir, 'staff.csv')
  writeFileSync(path, '\ufeff' + [columns.map((c) => c.name), columns.map(cell)].map((r) => r.join(',')).join('\r\n') + '\r\n')
  await page.goto(base + '/import?entity=staff')
  await page.locator('#file').setInputFiles(path)
  await page.getByRole('button', { name: '上传并比对' }).click()
  await page.locator('.tag[data-upload=staged]').waitFor()
  await page.locator('.cor-held small').first().waitFor()
  assert.match(await page.locator('.cor-held').innerText(), /手工更正，须人工裁定/)
  await shot(page, 'correct-upload-held')
  const id = new URL(page.url()).pathname.split('/').pop()
  assert.equal((await api(page, `/api/uploads/${id}`)).body.result.held, 1)
  await page.getByRole('button', { name: '提交，请来源确认' }).click()
  await page.locator('.tag[data-upload=committed]').waitFor()
  await page.goto(base + '/work/conflicts')
  const item = page.locator('.cor-item').first()
  await item.waitFor()
  await shot(page, 'correct-conflicts')
  await item.getByRole('button', { name: '保留现值' }).click()
  await page.locator('.ant-modal textarea').fill('以换发的证书为准')
  await page.locator('.ant-modal .ant-btn-primary').click()
  await item.waitFor({ state: 'detached' })
  const kept = (await api(page, `/api/records/staff/${rec}`)).body.values
  assert.notEqual(kept.title, before1.title)
  assert.deepEqual(troubles, [])
  await context.close()
})

test('the map of sources is complete for the core registers, in both languages', async () => {
  for (const lang of ['zh', 'en']) {
    const { page, context, troubles } = await open(browser, { lang, viewport: lang === 'en' ? narrow : undefined })
    await signIn(page, 'planner')
    await page.goto(base + '/work/sources')
    await page.locator('.cor-map tbody tr').first().waitFor()
    const map = (await api(page, '/api/sources')).body.registers
    for (const name of ['school', 'staff', 'student']) {
      const r = map.find((x) => x.entity === name)
      assert.ok(r.duties.length > 10 && r.rows > 0, name)
      for (const d of r.duties) assert.ok(d.source_title.zh && d.steward && d.days && d.holders > 0, `${name}.${d.field}`)
    }
    assert.ok((await overflow(page)) <= 0)
    await shot(page, `correct-sources-${lang}`, false)
    assert.deepEqual(troubles, [])
    await context.close()
  }
})
