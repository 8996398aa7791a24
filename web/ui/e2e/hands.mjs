// What hands do with cases: open one, act in it, hand something in.
import { api, base, open, signIn } from './browser.mjs'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
export const photo = (name) => ({ name, mimeType: 'image/png', buffer: png })
export const today = async (page) => {
  const d = String((await api(page, '/api/cases/inbox')).body.today)
  return `${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}`
}

export async function user(browser, name, options) {
  const o = await open(browser, options)
  await signIn(o.page, name)
  o.me = (await api(o.page, '/api/session')).body.user
  return o
}

/** The choices of a field; every field that searches has its own list. */
export const choices = (page, field) =>
  page.locator('.ant-select-dropdown', { has: page.locator(`#f-${field}_list`) }).locator('.ant-select-item-option')

/** Chooses in a field that searches. */
export async function choose(page, field, text) {
  await page.locator(`#f-${field}`).click()
  await page.locator(`#f-${field}`).fill(text)
  await choices(page, field).filter({ hasText: text }).first().click()
}

export async function pick(page, field, at = 1) {
  const f = page.locator(`select#f-${field}`)
  if (await f.count()) return f.selectOption({ index: at })
  await page.locator(`#f-${field}`).click()
  await choices(page, field).nth(at - 1).click()
}

/** Places in the list of clauses under which the unit has no finding yet. */
export async function free(page, unit) {
  const form = (await api(page, '/api/cases/types/finding')).body.opens.step.fields
  const { rows } = (await api(page, `/api/records/finding?filter=school_code:${unit}&limit=200`)).body
  const used = new Set(rows.map((r) => r.values.clause))
  return form
    .find((f) => f.name === 'clause')
    .options.map((o, i) => (used.has(o.code) ? 0 : i + 1))
    .filter(Boolean)
}

export async function finding(page, unit, clause, text) {
  await page.goto(base + '/cases/new/finding')
  await page.locator('#f-problem').waitFor()
  await choose(page, 'school_code', unit.zh)
  await pick(page, 'found_by')
  await page.locator('#f-found_on').fill(await today(page))
  await pick(page, 'clause', clause)
  await page.locator('#f-problem').fill(text)
  await pick(page, 'severity', 2)
}

export async function send(page) {
  await page.locator('.flow-opening button[type=submit]').click()
  await page.locator('.flow-opened').waitFor()
  return /([A-Z]{2}-\d{4}-\d+)/.exec(await page.locator('.flow-opened').innerText())[1]
}

/** Takes one action in a case: chooses it, lets the test fill the form, presses the button. */
export async function act(page, no, action, fill = async () => {}) {
  await page.goto(base + `/cases/${no}`)
  await page.locator('.flow-next[data-mine]').waitFor()
  const choice = page.locator('.flow-actions button', { hasText: action })
  if (await choice.count()) await choice.first().click()
  const form = page.locator(`.flow-form[aria-label="${action}"]`)
  await form.waitFor()
  await fill(form)
  await form.locator('button[type=submit]').click()
}

export const acted = (page, state) => page.locator('.success', { hasText: state }).waitFor()
export const attach = async (page, form, name) => {
  await form.locator('input[type=file]').setInputFiles(photo(name))
  await form.locator('.flow-sent').waitFor()
}
