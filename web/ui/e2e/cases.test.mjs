// Cases go from hand to hand: an inspector opens a finding on a phone, the unit puts
// it right, a re-check fails once and then passes; another comes back and is taken up
// one level higher; a consent is given, a visit made with it; a finding is written
// without a network and sent later, once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot } from './browser.mjs'
import { act, acted, attach, choose, finding, free, pick, photo, send, today, user as signedIn } from './hands.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())
const user = (name, options) => signedIn(browser, name, options)

let no

test('an inspector opens a finding on a phone, with a photograph', async () => {
  const clerk = await user('clerk')
  const { page, context, troubles } = await user('inspector', { viewport: narrow })
  await page.goto(base + '/work')
  await page.locator('.hub a[href="/cases/new"]').click()
  await page.locator('.flow-types a[href="/cases/new/finding"]').waitFor()
  assert.ok((await overflow(page)) <= 0, 'the list of types fits a phone')
  await shot(page, 'cases-new-phone')
  const [clause] = await free(page, clerk.me.org)
  await finding(page, clerk.me.org_title, clause, '三楼消防门上锁')
  await page.locator('#f-problem').fill('')
  await page.locator('.flow-opening button[type=submit]').click()
  await page.locator('.flow-field[data-fault] #f-problem').waitFor()
  await page.locator('#f-problem').fill('三楼消防门上锁')
  await page.locator('input[type=file]').setInputFiles([photo('现场.png'), photo('多余.png')])
  await page.locator('.flow-sent').nth(1).waitFor()
  await page.getByRole('button', { name: '移除 多余.png' }).click()
  assert.ok((await overflow(page)) <= 0, 'the form fits a phone')
  await page.waitForTimeout(600)
  await shot(page, 'cases-form-phone')
  no = await send(page)
  await page.locator('.flow-opened a').click()
  await page.locator('.flow-steps').waitFor()
  assert.match(await page.locator('.flow-step-papers').innerText(), /现场\.png/)
  assert.equal(await page.locator('.flow-step-papers li').count(), 1, 'what was removed is not sent')
  assert.ok((await overflow(page)) <= 0, 'the case fits a phone')
  await shot(page, 'cases-case-phone')
  assert.deepEqual(troubles, [])
  await context.close()
  await clerk.context.close()
})

test('the unit accepts, puts it right; the re-check fails once, then passes', async () => {
  const clerk = await user('clerk')
  const inspector = await user('inspector', { viewport: narrow })
  const day = await today(clerk.page)

  await clerk.page.goto(base + '/work')
  await clerk.page.locator('.hub li', { has: clerk.page.locator('a[href="/cases/inbox"] .waits') }).waitFor()
  await clerk.page.goto(base + '/cases/inbox')
  const item = clerk.page.locator('.flow-item', { hasText: no })
  await item.getByRole('button', { name: '领办' }).click()
  await item.getByText('由我领办').waitFor()
  await clerk.page.locator('.flow-notices summary').click()
  await clerk.page.locator('.flow-notices [data-new]').first().waitFor()
  await settled(clerk.page)
  assert.equal((await api(clerk.page, '/api/notices')).body.new, 0, 'opening the notices reads them')
  await shot(clerk.page, 'cases-inbox-clerk')

  await act(clerk.page, no, '认领并制定措施', async (form) => {
    await form.locator('#f-measure').fill('拆除门锁，改装推杆')
    await form.locator('#f-responsible').fill('后勤主任')
    await form.locator('#f-due').fill(day)
    await shot(clerk.page, 'cases-act-clerk')
  })
  await acted(clerk.page, '整改中')

  // Somebody who looks at an old page is told, and can look again.
  const second = await clerk.context.newPage()
  await second.goto(base + `/cases/${no}`)
  await second.locator('.flow-actions button', { hasText: '提交整改结果' }).click()
  const right = async (outcome) =>
    act(clerk.page, no, '提交整改结果', async (form) => {
      await form.locator('#f-outcome').fill(outcome)
      assert.equal(await form.locator('button[type=submit]').isDisabled(), true, 'a paper is needed')
      await attach(clerk.page, form, '整改后.png')
    })
  await right('门锁已拆除')
  await acted(clerk.page, '待复查')
  const old = second.locator('.flow-form[aria-label="提交整改结果"]')
  await old.locator('#f-outcome').fill('门锁已拆除')
  await attach(second, old, '重复.png')
  await old.locator('button[type=submit]').click()
  await second.getByText('案卷已由别人办到下一步').waitFor()
  await shot(second, 'cases-conflict')
  await second.getByRole('button', { name: '看最新情况' }).click()
  await second.locator('.flow-state', { hasText: '待复查' }).waitFor()
  await second.close()

  await act(inspector.page, no, '复查未通过', async (form) => {
    await form.locator('#f-rechecked_on').fill(day)
    assert.equal(await form.locator('button[type=submit]').isDisabled(), true, 'a reason is needed')
    await form.locator('textarea[name=note]').fill('推杆未安装')
    assert.ok((await overflow(inspector.page)) <= 0)
    await shot(inspector.page, 'cases-recheck-phone')
  })
  await acted(inspector.page, '整改中')
  await right('推杆已安装')
  await acted(clerk.page, '待复查')
  await act(inspector.page, no, '复查通过并销号', async (form) => {
    await form.locator('#f-closed_on').fill(day)
    await attach(inspector.page, form, '复查.png')
  })
  await acted(inspector.page, '销号观察')
  const seen = (await api(clerk.page, `/api/cases/${no}`)).body
  assert.deepEqual(
    seen.steps.map((s) => s.action),
    ['open', 'accept', 'submit', 'fail', 'submit', 'pass'],
  )
  await clerk.page.goto(base + `/cases/${no}`)
  await clerk.page.locator('.flow-steps > li').nth(5).waitFor()
  await clerk.page.getByText('推杆未安装').waitFor()
  await shot(clerk.page, 'cases-case-wide')
  await clerk.page.locator('.flow-commit a').first().click()
  await clerk.page.waitForURL(/\/records\/finding\/\d+$/)
  for (const o of [clerk, inspector]) {
    assert.deepEqual(o.troubles, [])
    await o.context.close()
  }
})

test('a finding that comes back is the old case again, one level higher', async () => {
  const clerk = await user('clerk')
  const inspector = await user('inspector', { viewport: narrow })
  const county = await user('county')
  const [clause] = await free(inspector.page, clerk.me.org)
  await finding(inspector.page, clerk.me.org_title, clause, '台账缺页')
  const again = await send(inspector.page)
  await act(clerk.page, again, '提出异议', (form) => form.locator('textarea[name=note]').fill('台账在档案室'))
  await acted(clerk.page, '异议处理')
  await act(county.page, again, '撤销问题', (form) => form.locator('textarea[name=note]').fill('台账已补交'))
  await county.page.locator('.ant-modal .ant-btn-dangerous').waitFor()
  await shot(county.page, 'cases-danger', false)
  await county.page.locator('.ant-modal .ant-btn-dangerous').click()
  await acted(county.page, '已撤销')

  await finding(inspector.page, clerk.me.org_title, clause, '台账又缺页')
  assert.equal(await send(inspector.page), again, 'no new case')
  await inspector.page.getByText('原案卷').waitFor()
  assert.ok((await overflow(inspector.page)) <= 0)
  await shot(inspector.page, 'cases-recurred-phone')
  const back = (await api(county.page, `/api/cases/${again}`)).body
  assert.equal(back.case.level, 1)
  assert.ok(
    back.seats.some((s) => s.org.code === county.me.org),
    'the county has it now',
  )
  await county.page.goto(base + '/cases/inbox')
  await county.page.locator('.flow-item', { hasText: again }).locator('.flow-level').waitFor()
  await shot(county.page, 'cases-inbox-county')

  // While a case of the same kind goes on, the reader is sent there.
  await finding(inspector.page, clerk.me.org_title, clause, '第三次')
  await inspector.page.locator('.flow-opening button[type=submit]').click()
  await inspector.page.locator('.flow-opening .form-error', { hasText: again }).waitFor()
  for (const o of [clerk, inspector, county]) {
    assert.deepEqual(o.troubles, [])
    await o.context.close()
  }
})

test('a consent is asked for, returned once, given and published; a visit is made with it', async () => {
  const clerk = await user('clerk')
  const inspector = await user('inspector')
  const county = await user('county', { viewport: narrow })
  const day = await today(clerk.page)
  const { page } = inspector
  const visits = async () => (await api(clerk.page, '/api/burden')).body.rows.find((r) => r.kind === 'visit').n
  const visited = await visits()
  await page.goto(base + '/cases/new/visit')
  await page.locator('.flow-consent a[href="/cases/new/consent"]').click()
  await page.locator('#f-topic').waitFor()
  await choose(page, 'applicant', inspector.me.org_title.zh)
  await choose(page, 'decider', county.me.org_title.zh)
  await pick(page, 'activity')
  await page.locator('#f-topic').fill('秋季随访')
  await page.locator('#f-basis_text').fill('督导条例')
  await choose(page, 'area', county.me.org_title.zh)
  await page.locator('#f-from_date').fill(day)
  await page.locator('#f-to_date').fill(day)
  await page.locator('#f-school_count').fill('5')
  await page.locator('#f-hours').fill('1.5')
  await page.locator('#f-teaching').selectOption('1')
  await shot(page, 'cases-consent-form')
  const consent = await send(page)

  await act(county.page, consent, '退回补正', async (form) => {
    assert.equal(await form.locator('button[type=submit]').isDisabled(), true, 'one list is needed')
    await form.locator('.flow-missing select').selectOption('basis_text')
    await form.getByPlaceholder('缺什么、怎样补').fill('写明条款')
    await form.getByRole('button', { name: '加入清单' }).click()
    await form.locator('.flow-missing ol li').waitFor()
    assert.ok((await overflow(county.page)) <= 0)
    await shot(county.page, 'cases-return-phone')
  })
  await acted(county.page, '待补正')
  await act(page, consent, '补正后提交', async (form) => {
    await page.locator('.flow-asked', { hasText: '写明条款' }).waitFor()
    assert.equal(await form.locator('.flow-fields .flow-field').count(), 1, 'only what was missing is asked for')
    assert.equal(await form.locator('#f-basis_text').inputValue(), '督导条例')
    await form.locator('#f-basis_text').fill('督导条例第十五条')
  })
  await acted(page, '受理核查')
  await act(county.page, consent, '提请审定', (form) => form.locator('#f-overlap').selectOption('none'))
  await acted(county.page, '待审定')
  await act(county.page, consent, '同意（按范围）', async () => {})
  await acted(county.page, '已同意')
  const code = (await api(page, `/api/cases/${consent}`)).body.record.rows[0].values.permit_code
  assert.match(code, /^[A-Z2-9]{4}-[A-Z2-9]{4}$/)

  await page.goto(base + '/cases/new/visit')
  await page.locator('#f-permit_code').waitFor()
  await choose(page, 'school_code', clerk.me.org_title.zh)
  await page.locator('#f-visit_date').fill(day)
  const [y, m] = day.split('-').map(Number)
  await page.locator('#f-school_year').fill(String(m >= 9 ? y : y - 1))
  await page.locator('#f-permit_code').fill('AAAA-AAAA')
  await page.locator('.flow-field .flow-hint.lost').waitFor()
  await page.locator('#f-permit_code').fill(code.toLowerCase())
  await page.locator('.flow-permit[data-holds=true]').waitFor()
  await shot(page, 'cases-visit-form')
  const visit = await send(page)
  await act(page, visit, '提交并反馈学校', async (form) => {
    for (const f of ['moral', 'safety_duty']) await pick(page, f)
    await form.locator('#f-summary').fill('总体良好')
  })
  await acted(page, '待学校反馈')

  // What needs no words is done for several at once.
  await clerk.page.goto(base + '/cases/inbox?type=visit')
  await clerk.page.locator('.flow-item', { hasText: visit }).locator('input[type=checkbox]').check()
  await clerk.page.locator('.flow-batch').getByRole('button', { name: '收悉' }).waitFor()
  assert.equal(await clerk.page.locator('.flow-batch .ant-btn').count(), 1, 'an objection needs words')
  await shot(clerk.page, 'cases-batch', false)
  await clerk.page.locator('.flow-batch').getByRole('button', { name: '收悉' }).click()
  await clerk.page.locator('.success', { hasText: '已办理 1 件' }).waitFor()
  assert.equal((await api(clerk.page, `/api/cases/${visit}`)).body.case.state.end, true)

  // The unit counts it; anybody at the gate can check the code, without signing in.
  await clerk.page.goto(base + '/burden')
  await clerk.page.locator('.flow-burden .flow-count').first().waitFor()
  assert.equal(await visits(), visited + 1)
  await clerk.page.locator('#flow-report').waitFor()
  await shot(clerk.page, 'cases-burden')
  const gate = await open(browser, { viewport: narrow })
  await gate.page.goto(base + '/')
  await gate.page.locator('.sign-public a').click()
  await gate.page.locator('.hub a[href="/public/permit"]').click()
  await gate.page.locator('input[name=code]').fill(code)
  await gate.page.locator('button[type=submit]').click()
  await gate.page.locator('.flow-permit[data-holds=true]', { hasText: county.me.org_title.zh }).waitFor()
  assert.ok((await overflow(gate.page)) <= 0)
  await shot(gate.page, 'public-permit-phone')
  await gate.page.goto(base + '/public')
  await gate.page.locator('.hub a[href="/public/consent"]').click()
  await gate.page.locator('.public-list', { hasText: '秋季随访' }).waitFor()
  await gate.page.locator('.notice').waitFor()
  assert.match(await gate.page.locator('.public-digest code').first().innerText(), /^[0-9a-f]{64}$/)
  assert.ok((await overflow(gate.page)) <= 0)
  await shot(gate.page, 'public-list-phone')
  for (const o of [clerk, inspector, county, gate]) {
    assert.deepEqual(o.troubles, [])
    await o.context.close()
  }
})

test('a finding is written without a network, outlives a reload, and is sent once', async () => {
  const clerk = await user('clerk')
  const { page, context, troubles } = await user('inspector', { viewport: narrow })
  const [clause] = await free(page, clerk.me.org)
  await page.goto(base + '/cases/new/finding')
  await page.locator('#f-problem').waitFor()
  // The form has asked for its files to be kept.
  await page.getByText('没有网络也能打开').waitFor()
  await context.setOffline(true)
  await choose(page, 'school_code', clerk.me.org_title.zh)
  await pick(page, 'found_by')
  await page.locator('#f-found_on').fill('2025-09-01')
  await pick(page, 'clause', clause)
  await page.locator('#f-problem').fill('灭火器过期')
  await pick(page, 'severity', 2)
  await page.locator('input[type=file]').setInputFiles(photo('灭火器.png'))
  await page.getByText('在本机，随表单发送').waitFor()
  await page.waitForURL(/draft=/)
  await page.waitForTimeout(500)
  await page.reload()
  await page.locator('.flow-offline').waitFor()
  await page.locator('#f-problem').waitFor()
  assert.equal(await page.locator('#f-problem').inputValue(), '灭火器过期')
  await page.getByText('灭火器.png').waitFor()
  assert.ok((await overflow(page)) <= 0)
  await shot(page, 'cases-offline-phone')
  await page.locator('.flow-opening button[type=submit]').click()
  await page.locator('.flow-waits', { hasText: '联网后自动发送' }).waitFor()
  await page.goto(base + '/cases/inbox')
  await page.locator('.flow-drafts', { hasText: '等待网络发送' }).waitFor()
  await shot(page, 'cases-drafts-phone')

  const listed = async () =>
    (await api(clerk.page, '/api/cases?type=finding&limit=200')).body.rows.filter((r) => r.label === '灭火器过期')
  assert.equal((await listed()).length, 0)
  await context.setOffline(false)
  await page.goto(base + '/cases/inbox')
  await page.locator('.success', { hasText: '已立案' }).waitFor()
  assert.equal(await page.locator('.flow-drafts').count(), 0, 'a draft that was sent is gone')
  const rows = await listed()
  assert.equal(rows.length, 1)
  const sent = (await api(clerk.page, `/api/cases/${rows[0].no}`)).body
  assert.equal(sent.steps[0].papers[0].name, '灭火器.png')
  await page.reload()
  await settled(page)
  assert.equal((await listed()).length, 1, 'not sent twice')
  assert.deepEqual(troubles.filter((x) => !/ERR_INTERNET_DISCONNECTED|Failed to fetch/.test(x)), [])
  await context.close()
  await clerk.context.close()
})

test('every type is drawn, and readable on a phone in both languages; the list narrows', async () => {
  for (const [lang, viewport] of [['zh', undefined], ['en', narrow]]) {
    const { page, context, troubles } = await user('county', { lang, ...(viewport ? { viewport } : {}) })
    const types = (await api(page, '/api/cases/types')).body.types
    assert.ok(types.length > 3)
    for (const x of types) {
      await page.goto(base + `/cases/types/${x.id}`)
      await page.locator('.flow-graph svg').waitFor()
      assert.equal(await page.locator('.flow-box').count(), x.states.length, x.id)
      assert.equal(await page.locator('.flow-table tbody tr').count(), x.states.length, x.id)
      assert.ok((await overflow(page)) <= 0, `${x.id} fits`)
    }
    await page.goto(base + '/cases/types/finding#s-rectify')
    await page.locator('.flow-box[data-here]').waitFor()
    await shot(page, `cases-type-${lang}`)
    await page.goto(base + '/cases?type=finding&open=1')
    await page.locator('.flow-list .flow-item').first().waitFor()
    assert.ok((await overflow(page)) <= 0)
    await shot(page, `cases-list-${lang}`)
    for (const path of ['/cases/inbox', '/cases/new', '/burden', '/public', '/public/consent', `/cases/${no}`, '/cases/new/finding']) {
      await page.goto(base + path)
      await settled(page)
      assert.ok((await overflow(page)) <= 0, path)
      await shot(page, `cases${path.replace(/\W/g, '-')}-${lang}`)
    }
    assert.deepEqual(troubles, [])
    await context.close()
  }
})

test('who has nothing to do with cases does not see their doors', async () => {
  const { page, context } = await user('auditor')
  await page.goto(base + '/work')
  await settled(page)
  assert.equal(await page.locator('.hub a[href^="/cases"]').count(), 0)
  assert.equal((await api(page, '/api/cases/inbox')).status, 403)
  await context.close()
})
