// Pictures of every page, wide and narrow, in both languages, for people to look at:
// LUOSHU_URL=… LUOSHU_OUT=folder npm run shots [part of a name…]
import { api, base, launch, narrow, open, overflow, settled, shot, signIn, wide } from './browser.mjs'

const only = process.argv.slice(2)
const browser = await launch()

async function pages(page) {
  const indicator = (await api(page, '/api/dashboard')).body.headlines[0]?.indicator ?? 'students'
  const schools = (await api(page, '/api/records/school?limit=1')).body.rows?.[0]?.rec
  const students = (await api(page, '/api/records/student?limit=1')).body.rows?.[0]?.rec
  const uploads = (await api(page, '/api/uploads')).body
  const upload = (Array.isArray(uploads) ? uploads : (uploads.rows ?? []))[0]?.id
  const county = (await api(page, '/api/dashboard')).body.children?.find((c) => c.level === 'county')?.code
  const below = county ? (await api(page, `/api/dashboard?org=${county}`)).body.children?.[0]?.code : ''
  return {
    dashboard: '/',
    county: county && `/?org=${county}`,
    school: below && `/?org=${below}`,
    indicators: '/indicators',
    indicator: `/indicators/${indicator}`,
    behind: `/indicators/students/behind?part=numerator`,
    plan: '/plan',
    registry: '/records',
    records: '/records/student',
    record: schools && `/records/school/${schools}`,
    student: students && `/records/student/${students}`,
    import: '/import?entity=school',
    upload: upload && `/import/${upload}`,
    explore: '/explore?measure=students&cuts=stage',
    'explore-chart': '/explore?measure=students&cuts=stage&view=chart',
    'explore-map': '/explore?measure=students&cuts=county&view=map',
    readiness: '/readiness',
    seals: '/seals',
    missing: '/nowhere',
  }
}

for (const [size, viewport] of Object.entries({ wide, narrow })) {
  for (const lang of ['zh', 'en']) {
    const { page, troubles } = await open(browser, { viewport, lang })
    await page.goto(base + '/')
    await page.locator('form').waitFor()
    if (!only.length || only.includes('sign')) await shot(page, `sign-${size}-${lang}`)
    await signIn(page, 'planner')
    for (const [name, path] of Object.entries(await pages(page))) {
      if (!path || (only.length && !only.includes(name))) continue
      await page.goto(base + path)
      await settled(page).catch((e) => console.log(name, String(e).slice(0, 100)))
      await page.waitForTimeout(400)
      await shot(page, `${name}-${size}-${lang}`)
      const wider = await overflow(page)
      if (wider > 0) console.log(`${name} ${size} ${lang}: ${wider}px wider than the window`)
    }
    for (const t of troubles) console.log(`${size} ${lang}: ${t}`)
    await page.context().close()
  }
}
await browser.close()
