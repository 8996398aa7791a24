// The data loop as a planner walks it: from a headline figure down to a row of a
// file, and from a spoilt workbook to a figure that changes and changes back.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, base, launch, open, settled, shot, signIn } from './browser.mjs'
import { coloured, replaceText, texts, workbook } from './workbook.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

test('a headline figure opens down to the row of a file', async () => {
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  await settled(page)
  assert.ok((await page.locator('.palace .cell').count()) >= 5, 'headlines')
  await page.locator('.palace .cell a', { hasText: '在校生数' }).click()
  await page.locator('.now-value').waitFor()
  await settled(page)
  const shown = Number((await page.locator('.now-value .num').innerText()).replaceAll(',', ''))
  assert.ok(shown > 0)
  assert.match(await page.locator('.how').innerText(), /计算公式/)
  await shot(page, 'loop-1-indicator')

  await page.locator('.parts .behind-link').first().click()
  await page.locator('.records tbody tr.ant-table-row').first().waitFor()
  const facts = await page.locator('.facts-line b').innerText()
  assert.equal(Number(facts.replaceAll(',', '')), shown, 'as many records behind as the figure counts')
  await shot(page, 'loop-2-behind')

  await page.locator('.records tbody tr.ant-table-row a').first().click()
  await page.locator('.history .version').first().waitFor()
  await page.getByRole('button', { name: '看原文件的这一行' }).first().click()
  await page.locator('.handed-in .sheet tbody td').first().waitFor()
  assert.match(await page.locator('.handed-in').first().innerText(), /SHA-256/)
  await page.waitForURL(/row=\d+/)
  await shot(page, 'loop-3-file-row')
  assert.deepEqual(troubles, [])
  await context.close()
})

const codes = ['1141999001', '1141999002', '1141999003']
const names = ['回路试验第一幼儿园', '回路试验第二幼儿园', '回路试验第三幼儿园']

/** Three new schools; the second was closed before it was opened. */
function spoilt(division, managing) {
  const head = [
    '学校标识码',
    '学校名称',
    '办学类型',
    '办别',
    '城乡分类',
    '所在行政区划',
    '主管教育单位',
    '计校数',
    '建校日期',
    '撤销日期',
  ]
  return workbook([
    head,
    ...codes.map((c, i) => [
      c,
      names[i],
      '111',
      'public',
      '111',
      division,
      managing,
      '是',
      '2001-09-01',
      i === 1 ? '1999-07-31' : '',
    ]),
  ])
}

async function upload(page, entity, path) {
  await page.goto(`${base}/import?entity=${entity}`)
  await page.locator('#file').setInputFiles(path)
  await page.getByRole('button', { name: '上传并比对' }).click()
  await page.locator('.tally').waitFor()
  await page.locator('.tag[data-upload=staged]').waitFor()
}

const tally = async (page, verdict) =>
  Number((await page.locator(`.tally [data-verdict=${verdict}] dd`).innerText()).replaceAll(',', ''))

async function seal(page, note) {
  await page.goto(base + '/seals')
  await page.locator('#note').fill(note)
  await page.getByRole('button', { name: '封存并计算指标' }).click()
  await page.locator('.success').waitFor({ timeout: 240_000 })
  return (await page.locator('.success').innerText()).match(/S\d{6}/)[0]
}

async function schools(page) {
  await page.goto(base + '/indicators/schools')
  await settled(page)
  return Number((await page.locator('.now-value .num').innerText()).replaceAll(',', ''))
}

test('a spoilt workbook comes back coloured, is mended, loaded, sealed and undone', { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'luoshu-e2e-'))
  const { page, context, troubles } = await open(browser)
  await signIn(page, 'planner')
  const one = (await api(page, '/api/records/school?limit=1')).body.rows[0].values
  const count = await schools(page)

  const bad = join(folder, 'schools.xlsx')
  writeFileSync(bad, spoilt(one.division_code, one.managing_code))
  await upload(page, 'school', bad)
  assert.equal(await tally(page, 'new'), 2)
  assert.equal(await tally(page, 'refused'), 1)
  await page.locator('.faults li').first().waitFor()
  assert.match(await page.locator('.ant-table .faults').innerText(), /撤销日期早于建校日期/)
  await shot(page, 'loop-4-refused')
  await page.getByRole('tab', { name: /新增/ }).click()
  await page.locator('.cell-changes').first().waitFor()
  await page.waitForURL(/verdict=new/)

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: '下载标色的问题文件' }).click(),
  ])
  const back = readFileSync(await download.path())
  assert.ok(coloured(back), 'bad cells are coloured')
  assert.match(texts(back), /撤销日期早于建校日期/)

  await page.getByRole('button', { name: '取消这次上传' }).click()
  await page.locator('.ant-modal').getByRole('button', { name: '取消这次上传' }).click()
  await page.waitForURL(/\/import$/)

  const mended = replaceText(back, '1999-07-31', '')
  assert.ok(mended.times >= 1, 'the bad cell is where it was')
  const good = join(folder, 'schools-mended.xlsx')
  writeFileSync(good, mended.buffer)
  await upload(page, 'school', good)
  assert.equal(await tally(page, 'refused'), 0)
  assert.equal(await tally(page, 'new'), 3)
  await page.getByRole('button', { name: /^提交/ }).click()
  await page.locator('.tag[data-upload=committed]').waitFor()
  const seq = Number((await page.locator('p.success').innerText()).match(/第 (\d+) 号/)[1])
  assert.ok(seq > 0)
  await shot(page, 'loop-5-committed')

  // Found by characters, by initials and by code; not in a figure before the seal.
  for (const q of ['回路试验', 'hlsy', '114199900']) {
    await page.goto(`${base}/records/school?q=${encodeURIComponent(q)}`)
    await page.locator('.records').getByText(names[2]).waitFor()
  }
  assert.equal(await schools(page), count, 'a figure changes at a seal only')

  const id = await seal(page, '浏览器测试')
  await page.goto(base + '/')
  await page.locator('.lead', { hasText: id }).waitFor()
  assert.equal(await schools(page), count + 3)
  await shot(page, 'loop-6-changed')

  await page.goto(base + '/import')
  await page.getByRole('button', { name: `撤销第 ${seq} 号提交` }).click()
  await page.getByRole('dialog').getByRole('button', { name: '撤销' }).click()
  await page.getByRole('dialog').locator('.form-error', { hasText: '请写明理由' }).waitFor()
  await page.getByRole('dialog').getByRole('textbox').fill('浏览器测试撤销')
  await page.getByRole('dialog').getByRole('button', { name: '撤销' }).click()
  await page.locator('tr.undone').first().waitFor()
  await page.goto(`${base}/records/school?q=${encodeURIComponent('回路试验')}`)
  await page.getByText('没有符合的记录').waitFor()

  await seal(page, '浏览器测试 撤销后')
  assert.equal(await schools(page), count)
  await page.goto(`${base}/indicators/schools?seal=${id}`)
  await settled(page)
  assert.equal(
    Number((await page.locator('.now-value .num').innerText()).replaceAll(',', '')),
    count + 3,
    'the earlier seal keeps its figure',
  )
  assert.deepEqual(troubles, [])
  await context.close()
})
