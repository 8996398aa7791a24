// A round of verification played by its roles: the city opens it, a clerk answers
// with exceptions, a guardian confirms on a phone, the county spot-checks, the city
// closes and seals.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, base, launch, narrow, open, overflow, settled, shot, signIn } from './browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** Presses a button that asks once more, and answers yes. */
async function sure(page, name) {
  await page.getByRole('button', { name }).first().click()
  const dialog = page.locator('.ant-modal')
  await dialog.waitFor()
  await page.locator('.ant-modal:not([class*="ant-zoom"])').waitFor() // a click must not chase a dialog that is still growing
  await dialog.locator('.ant-modal-footer .ant-btn-primary').click()
  try {
    await dialog.waitFor({ state: 'hidden', timeout: 120_000 })
  } catch (e) {
    throw new Error(`${await dialog.innerText()}\n${e.message}`)
  }
  await settled(page)
}

test('a round from its opening to its seal', async () => {
  const city = await open(browser)
  const clerk = await open(browser)
  const county = await open(browser)

  // The city opens the round of the students.
  await signIn(city.page, 'planner')
  await city.page.goto(base + '/verify/rounds')
  await settled(city.page)
  assert.match(await city.page.locator('.ver-kinds').innerText(), /规划只写|D 本系统设计/)
  await shot(city.page, 'verify-rounds')
  const here = city.page.locator('.nav [aria-current=page]')
  assert.deepEqual(await here.allInnerTexts(), ['办理'], 'the page is one of work')
  const first = city.page.locator('.ver-kinds li').first()
  await first.locator('button').click()
  await city.page.locator('.ant-modal-footer .ant-btn-primary').click()
  await city.page.locator('.ver-list li').first().waitFor()
  const round = (await api(city.page, '/api/verify/rounds')).body.rounds.find((r) => r.round === 'students')
  assert.equal(round.state, 'open')
  await city.page.goto(`${base}/verify/rounds/${round.id}`)
  await settled(city.page)
  const codes = await city.page.locator('.ver-table tbody .code').allInnerTexts()
  assert.ok(codes.length > 10)
  assert.deepEqual(codes, [...codes].sort(), 'in order of code, not ranked')
  assert.deepEqual(await here.allInnerTexts(), ['办理'])
  await shot(city.page, 'verify-board')

  // The clerk makes links for a class before answering.
  await signIn(clerk.page, 'clerk')
  await clerk.page.goto(base + '/work')
  await clerk.page.locator('.hub a[href="/verify/tasks"]').click()
  await clerk.page.locator('.ver-list a').first().click()
  await settled(clerk.page)
  await clerk.page.locator('.ver-links summary').click()
  await clerk.page.locator('.ver-links .ant-select').click()
  await clerk.page.locator('.ant-select-item-option').first().click()
  await clerk.page.getByRole('button', { name: '生成名单' }).click()
  await clerk.page.locator('.ver-handout li').first().waitFor()
  const links = await clerk.page.locator('.ver-handout code').allInnerTexts()
  assert.ok(links.every((l) => /\/check#[\w-]{43}$/.test(l)))
  await shot(clerk.page, 'verify-links')

  // A guardian opens one on a phone, without an account.
  const phone = await open(browser, { viewport: narrow })
  await phone.page.goto(links[0])
  await phone.page.getByRole('button', { name: '打开核对' }).waitFor()
  await shot(phone.page, 'verify-phone-1')
  await phone.page.getByRole('button', { name: '打开核对' }).click()
  await phone.page.locator('.check-fields').waitFor()
  const shown = await phone.page.locator('.check-fields').innerText()
  assert.match(shown, /\*{3}/, 'what is sensitive is masked')
  assert.doesNotMatch(shown, /\d{17}[\dX]/)
  assert.ok((await overflow(phone.page)) <= 0)
  await shot(phone.page, 'verify-phone-2')
  const wrong = phone.page.getByRole('button', { name: '有错误，提出更正' })
  if (await wrong.count()) {
    await wrong.click()
    assert.ok((await overflow(phone.page)) <= 0)
    await shot(phone.page, 'verify-phone-3')
    await phone.page.getByRole('button', { name: '返回' }).click()
  }
  await phone.page.getByRole('button', { name: '信息无误，确认' }).click()
  await phone.page.locator('.check-done').waitFor()
  await shot(phone.page, 'verify-phone-4')
  // Replayed on another phone it shows nothing.
  const stranger = await open(browser, { viewport: narrow, lang: 'en' })
  await stranger.page.goto(links[0])
  await stranger.page.getByRole('button', { name: 'Open' }).click()
  await stranger.page.locator('.form-error', { hasText: /opened before/ }).waitFor()
  assert.equal(await stranger.page.locator('.check-fields').count(), 0)
  await shot(stranger.page, 'verify-phone-used-en')
  await stranger.page.goto(base + '/check#' + 'A'.repeat(43))
  await stranger.page.reload()
  await stranger.page.getByRole('button', { name: 'Open' }).click()
  await stranger.page.locator('.form-error', { hasText: /not valid/ }).waitFor()

  // The clerk disputes one record and confirms the rest in one act.
  await clerk.page.reload()
  await settled(clerk.page)
  await clerk.page.locator('.ver-table tbody .ant-checkbox-input').nth(1).check()
  await clerk.page.getByRole('button', { name: '有异议' }).click()
  await clerk.page.locator('.ant-modal textarea').fill('不是本校学生')
  await clerk.page.locator('.ant-modal-footer .ant-btn-primary').click()
  await clerk.page.locator('.success', { hasText: '已答复 1 条' }).waitFor()
  await settled(clerk.page)
  await shot(clerk.page, 'verify-task')
  await sure(clerk.page, /其余 .* 条全部确认/)
  await clerk.page.locator('.success', { hasText: /已答复/ }).waitFor()
  await clerk.page.getByRole('button', { name: '有问题的' }).click()
  await clerk.page.waitForFunction(() => document.querySelectorAll('.ver-table tbody tr').length === 1)
  await clerk.page.locator('.ver-table tbody a').first().click()
  await clerk.page.locator('.ver-trust').waitFor()
  assert.match(await clerk.page.locator('.ver-trust').innerText(), /有异议/)
  await shot(clerk.page, 'verify-record')

  // The city ends the answers, the county looks at its sample.
  await city.page.reload()
  await settled(city.page)
  await sure(city.page, '截止答复并抽样')
  await city.page.locator('.ver-checks').waitFor()
  await signIn(county.page, 'county')
  await county.page.goto(`${base}/verify/rounds/${round.id}`)
  await settled(county.page)
  await shot(county.page, 'verify-county')
  await county.page.locator('.ver-checks a').first().click()
  await county.page.locator('.ver-samples li').first().waitFor()
  await county.page.locator('.ver-samples li').first().getByRole('button', { name: '有误' }).click()
  await county.page.locator('.ver-samples li').first().locator('.ant-checkbox-input').first().check()
  await county.page.locator('.ver-samples li').first().getByRole('button', { name: '提交' }).click()
  await county.page.locator('.ver-samples li[data-result=wrong]').waitFor()
  await county.page.getByRole('button', { name: /均已看过/ }).click()
  await county.page.getByRole('button', { name: '作出结论' }).waitFor({ timeout: 60_000 })
  await shot(county.page, 'verify-sample', false)
  await sure(county.page, '作出结论')
  await county.page.locator('.tag', { hasText: '已有结论' }).waitFor()

  // The city closes and seals.
  await city.page.reload()
  await settled(city.page)
  await sure(city.page, '结束并封存')
  await city.page.locator('.moving', { hasText: '正在运行规则并封存' }).waitFor()
  await city.page.reload() // the work goes on without the page
  await city.page.locator('.success', { hasText: /结束并封存 S\d+/ }).waitFor()
  await shot(city.page, 'verify-closed')
  const seal = (await api(city.page, '/api/seals')).body[0]
  assert.match(seal.note, new RegExp(round.id))
  for (const who of [city, clerk, county, phone, stranger]) {
    assert.deepEqual(who.troubles, [])
    await who.context.close()
  }
})

test('findings are worked off, wide and narrow', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'county2')
  await page.goto(base + '/verify/findings')
  await settled(page)
  await shot(page, 'verify-findings')
  const before = (await api(page, '/api/verify/findings/count')).body.count
  assert.ok(before > 0, 'the demo has something to find')
  await page.getByRole('button', { name: '说明' }).first().click()
  await page.locator('.ant-modal textarea').fill('已核实，属实')
  await page.locator('.ant-modal-footer .ant-btn-primary').click()
  await page.locator('.ant-modal').waitFor({ state: 'hidden' })
  await settled(page)
  assert.equal((await api(page, '/api/verify/findings/count')).body.count, before - 1)
  assert.deepEqual(troubles, [])
  await context.close()
  const phone = await open(browser, { viewport: narrow, lang: 'en' })
  await signIn(phone.page, 'clerk')
  for (const path of ['/work', '/verify/tasks', '/verify/findings', '/verify/rounds']) {
    await phone.page.goto(base + path)
    await settled(phone.page)
    assert.ok((await overflow(phone.page)) <= 0, path + ' is wider than a phone')
    await shot(phone.page, 'verify-narrow-' + path.split('/').pop())
  }
  assert.deepEqual(phone.troubles, [])
  await phone.context.close()
})
