import { useMemo } from 'react'
import type { ExplorePage, ExploreRow, Words } from '../api/types'
import { useLang } from '../i18n'
import { cutsOption } from '../lib/chart'
import { useSession } from '../session'
import { AreaMap, useBoundaries } from './AreaMap'
import { Chart } from './Chart'
import { unitTail, useYearName } from './parts'
import { Nothing } from './states'

const mostLines = 8
const mostGroups = 60

interface Props {
  view: 'chart' | 'map'
  page: ExplorePage
  cuts: string[]
  dims: { id: string; title: Words }[]
  measure: { title: Words; unit?: Words; decimals: number }
}

/** The answer of an exploration as a chart or a map. Groups keep the order of their codes. */
export default function ExplorePictures({ view, page, cuts, dims, measure }: Props) {
  const { t, tx } = useLang()
  const { session } = useSession()
  const name = useYearName()
  // The year is a cut like any other here.
  const rows = useMemo<ExploreRow[]>(
    () => (page.rows ?? []).map((r) => ({ ...r, by: { ...r.by, year: String(r.year) } })),
    [page.rows],
  )
  const label = useMemo(
    () => (r: ExploreRow, c: string) => (c === 'year' ? name(Number(r.by[c])) : tx(r.labels?.[c]) || r.by[c] || '—'),
    // The way years are written changes with the language only.
    // eslint-disable-next-line
    [tx],
  )
  const area = session?.city.area_dim ?? ''
  const shared = useMemo(() => {
    const years = [...new Set(rows.map((r) => r.by.year).filter(Boolean))].sort()
    return years.length > 1 ? years[years.length - 1] : undefined
  }, [rows])
  const areas = useMemo(
    () =>
      rows
        .filter((r) => r.by[area] && (!shared || r.by.year === shared))
        .map((r) => ({ code: r.by[area] ?? '', name: label(r, area), value: r.suppressed ? null : r.value })),
    [rows, area, label, shared],
  )
  const boundaries = useBoundaries(useMemo(() => areas.map((a) => a.code), [areas]))
  const axes = useMemo(() => {
    const has = rows[0] ? Object.keys(rows[0].by).filter((c) => cuts.includes(c) || c === 'year') : []
    const order = [...cuts.filter((c) => has.includes(c)), ...has.filter((c) => !cuts.includes(c))]
    const useful = order.filter((c) => new Set(rows.map((r) => r.by[c])).size > 1)
    const year = useful.includes('year') ? ['year', ...useful.filter((c) => c !== 'year')] : useful
    return year.length ? year : order.slice(0, 1)
  }, [rows, cuts])
  const chart = useMemo(() => {
    const [x, z] = axes
    if (!x) return null
    const sorted = (c: string) => [...new Set(rows.map((r) => r.by[c] ?? ''))].sort()
    const xs = sorted(x)
    const zs = z ? sorted(z) : ['']
    const at = new Map(rows.map((r) => [`${r.by[x] ?? ''}|${z ? (r.by[z] ?? '') : ''}`, r]))
    const nameOf = (c: string, v: string) => {
      const r = rows.find((y) => (y.by[c] ?? '') === v)
      return r ? label(r, c) : v
    }
    return {
      cut: Math.max(zs.length - mostLines, xs.length - mostGroups),
      option: cutsOption({
        kind: x === 'year' ? 'line' : 'bar',
        groups: xs.slice(0, mostGroups).map((v) => nameOf(x, v)),
        lines: zs.slice(0, mostLines).map((v) => ({
          name: z ? nameOf(z, v) : tx(measure.title),
          values: xs.slice(0, mostGroups).map((u) => {
            const r = at.get(`${u}|${v}`)
            return r && !r.suppressed ? r.value : null
          }),
        })),
        decimals: measure.decimals,
        unit: unitTail(tx(measure.unit)),
      }),
    }
  }, [axes, rows, label, measure, tx])

  if (!rows.length) return <Nothing />
  const others = cuts.filter((c) => c !== area)
  if (view === 'map') {
    if (!cuts.includes(area) || others.length || !boundaries) {
      return <Nothing title={t('exp.noMap', { dim: tx(dims.find((d) => d.id === area)?.title) || area || '—' })} />
    }
    const year = shared ?? rows[0]?.by.year
    return (
      <>
        <AreaMap
          areas={areas}
          decimals={measure.decimals}
          unit={tx(measure.unit)}
          title={tx(measure.title)}
          boundaries={boundaries}
          height={460}
        />
        {year && <p className="muted formula">{name(Number(year))}</p>}
      </>
    )
  }
  if (!chart || axes.length > 2) return <Nothing title={t('exp.chartMany')} />
  return (
    <>
      <Chart option={chart.option} height={400} label={t('exp.chartAlt', { title: tx(measure.title) })} />
      {chart.cut > 0 && <p className="muted">{t('exp.chartCut', { n: mostLines })}</p>}
    </>
  )
}
