import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { Segmented, Select, Table, type TableColumnsType } from 'antd'
import { pairs, url } from '../api/client'
import type { CodeOption, ExploreGrain, ExplorePage, ExploreRow, Org, Words } from '../api/types'
import { useApi } from '../api/use'
import { PageHead, SealChoice, sealId, unitTail, useYearName } from '../components/parts'
import { Nothing, Problem, Waiting, Withheld } from '../components/states'
import { useNarrow } from '../components/useNarrow'
import { useLang, useTitle } from '../i18n'
import { number, plain } from '../lib/format'
import { useQuery } from '../lib/link'
import { readPairs } from '../lib/pairs'
import { useSession } from '../session'

const Pictures = lazy(() => import('../components/ExplorePictures'))

const views = ['table', 'chart', 'map'] as const
const mostRows = 2000

export default function Explore() {
  const { t, tx } = useLang()
  const { may } = useSession()
  const { values, set } = useQuery()
  const name = useYearName()
  const narrow = useNarrow()
  const meta = useApi<ExploreGrain[]>('/api/explore/meta')
  useTitle(t('exp.title'), t('app.name'))
  const grain = useMemo(
    () => (meta.data ?? []).find((g) => (g.measures ?? []).some((m) => m.id === values.measure)),
    [meta.data, values.measure],
  )
  const measure = grain?.measures?.find((m) => m.id === values.measure)
  const cuts = (values.cuts ?? '').split(',').filter(Boolean)
  const filters = readPairs(values.filters)
  const query = { measure: values.measure, cuts: values.cuts, filters: values.filters, seal: values.seal }
  const answer = useApi<ExplorePage>(measure ? url('/api/explore', query) : null, true)
  const view = views.find((v) => v === values.view) ?? 'table'
  const dims = useMemo(
    () => (grain?.dims ?? []).filter((d) => !measure?.dims || measure.dims.includes(d.id)),
    [grain, measure],
  )
  const seen = useSeen(values.measure ?? '', answer.data)

  if (meta.error) return <Problem error={meta.error} retry={meta.reload} />
  if (!meta.data) return <Waiting />
  const setFilter = (dim: string, v: string[]) => set({ filters: pairs({ ...filters, [dim]: v.join('|') }) }, true)
  return (
    <div className="page explore">
      <PageHead title={t('exp.title')} lead={t('exp.lead')}>
        <SealChoice />
        {measure && may('export') && (
          <>
            <a className="plain-button" href={url('/api/explore.xlsx', query)} download>
              {t('reg.xlsx')}
            </a>
            <a className="plain-button" href={url('/api/explore.csv', query)} download>
              {t('reg.csv')}
            </a>
          </>
        )}
      </PageHead>
      <div className="explore-body">
        <form className="explore-set" aria-label={t('exp.refine')} onSubmit={(e) => e.preventDefault()}>
          <label htmlFor="measure">{t('exp.measure')}</label>
          <Select
            id="measure"
            showSearch
            optionFilterProp="label"
            value={measure?.id ?? null}
            placeholder={t('exp.measure')}
            popupMatchSelectWidth={320}
            options={meta.data.map((g) => ({
              label: tx(g.title),
              options: (g.measures ?? []).map((m) => ({ value: m.id, label: tx(m.title) })),
            }))}
            onChange={(v: string) => {
              const next = meta.data?.flatMap((g) => g.measures ?? []).find((m) => m.id === v)
              const has = new Set(['year', ...(next?.dims ?? dims.map((d) => d.id))])
              set({
                measure: v,
                cuts: cuts.filter((c) => has.has(c)).join(','),
                filters: pairs(Object.fromEntries(Object.entries(filters).filter(([k]) => has.has(k)))),
              })
            }}
          />
          {measure && (
            <>
              <label htmlFor="cuts">{t('exp.cuts')}</label>
              <Select
                id="cuts"
                mode="multiple"
                maxCount={3}
                value={cuts}
                placeholder={t('exp.cuts')}
                optionFilterProp="label"
                options={dims.map((d) => ({ value: d.id, label: tx(d.title) || d.id }))}
                onChange={(v: string[]) => set({ cuts: v.join(',') }, true)}
              />
              <details open={!narrow || Object.keys(filters).length > 0}>
                <summary>{t('exp.filters')}</summary>
                <div className="explore-filters">
                  {[
                    {
                      id: 'year',
                      title: t('common.year'),
                      values: seen.years.map((y) => ({ code: String(y), title: name(y) })),
                    },
                    ...dims,
                  ].map((d) => (
                    <div key={d.id} className="explore-filter">
                      <label htmlFor={`f-${d.id}`}>{tx(d.title) || d.id}</label>
                      <Filter
                        id={`f-${d.id}`}
                        values={d.values ?? []}
                        open={!d.values?.length && d.id !== 'year'}
                        seen={seen.labels[d.id] ?? {}}
                        picked={(filters[d.id] ?? '').split('|').filter(Boolean)}
                        onPick={(v) => setFilter(d.id, v)}
                      />
                    </div>
                  ))}
                </div>
              </details>
            </>
          )}
        </form>
        <section className="explore-out" aria-live="polite">
          {!measure ? (
            <Nothing title={t('exp.pick')} text={t('exp.pickText')} />
          ) : answer.error ? (
            <Problem error={answer.error} retry={answer.reload} />
          ) : !answer.data ? (
            <Waiting />
          ) : (
            <>
              <div className="section-head">
                <h2>
                  {tx(measure.title)}
                  {tx(measure.unit) && <small className="muted">{t('common.paren', { text: tx(measure.unit) })}</small>}
                </h2>
                <Segmented
                  options={views.map((v) => ({ value: v, label: t(`common.${v}`) }))}
                  value={view}
                  onChange={(v) => set({ view: v === 'table' ? null : String(v) }, true)}
                />
                <span className="muted">
                  {t('common.seal')} <span className="mono">{sealId(answer.data.seal)}</span>
                </span>
              </div>
              {view === 'table' ? (
                <Rows
                  page={answer.data}
                  cuts={cuts}
                  dims={dims}
                  decimals={measure.decimals}
                  unit={tx(measure.unit)}
                  loading={answer.loading}
                />
              ) : (
                <Suspense fallback={<Waiting />}>
                  <Pictures view={view} page={answer.data} cuts={cuts} dims={dims} measure={measure} />
                </Suspense>
              )}
              {tx(answer.data.formula) && (
                <p className="muted formula">
                  {t('ind.formula')}
                  {t('common.colon')}
                  {tx(answer.data.formula)}
                </p>
              )}
            </>
          )}
        </section>
      </div>
    </div>
  )
}

/** Picks values of one dimension. An open one has no list of its own: its values are
 * organisations to search for, those seen in answers, or a code typed in. */
function Filter({
  id,
  values,
  open,
  seen,
  picked,
  onPick,
}: {
  id: string
  values: CodeOption[]
  open: boolean
  seen: Record<string, Words>
  picked: string[]
  onPick: (v: string[]) => void
}) {
  const { t, tx } = useLang()
  const [q, setQ] = useState('')
  const [asked, setAsked] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setAsked(q.trim()), 250)
    return () => clearTimeout(timer)
  }, [q])
  const found = useApi<Org[]>(open && asked ? url('/api/orgs', { q: asked }) : null)
  const options = useMemo(() => {
    const all = new Map<string, Words>(values.map((v) => [v.code, v.title]))
    if (open) {
      for (const [code, title] of Object.entries(seen)) all.set(code, title)
      for (const o of found.data ?? []) if (!all.has(o.code)) all.set(o.code, o.title)
    }
    return [...all]
      .sort(([a], [b]) => (open ? a.localeCompare(b) : 0))
      .map(([code, title]) => ({ value: code, label: open ? `${tx(title)} ${code}` : tx(title) || code }))
  }, [values, open, seen, found.data, tx])
  return (
    <Select
      id={id}
      size="small"
      mode={open ? 'tags' : 'multiple'}
      allowClear
      maxTagCount={1}
      value={picked}
      placeholder={open ? t('exp.findOrg') : t('common.all')}
      optionFilterProp="label"
      popupMatchSelectWidth={260}
      options={options}
      onSearch={setQ}
      onChange={onPick}
    />
  )
}

interface Seen {
  measure: string
  years: number[]
  labels: Record<string, Record<string, Words>>
}

/** The years and labels seen so far for a measure; a filter must not shorten the lists. */
function useSeen(measure: string, page: ExplorePage | null): Seen {
  const [seen, setSeen] = useState<Seen>({ measure, years: [], labels: {} })
  useEffect(() => {
    const rows = page?.rows ?? []
    setSeen((old) => {
      const base = old.measure === measure ? old : { measure, years: [], labels: {} }
      const labels: Seen['labels'] = { ...base.labels }
      for (const r of rows) {
        for (const [d, code] of Object.entries(r.by)) {
          const title = r.labels?.[d]
          if (title && labels[d]?.[code] === undefined) labels[d] = { ...labels[d], [code]: title }
        }
      }
      return {
        measure,
        labels,
        years: [...new Set([...base.years, ...rows.map((r) => r.year).filter(Boolean)])].sort((a, b) => b - a),
      }
    })
  }, [measure, page])
  return seen
}

function Rows({
  page,
  cuts,
  dims,
  decimals,
  unit,
  loading,
}: {
  page: ExplorePage
  cuts: string[]
  dims: { id: string; title: unknown }[]
  decimals: number
  unit: string
  loading: boolean
}) {
  const { t, tx } = useLang()
  const name = useYearName()
  const rows = useMemo(() => page.rows ?? [], [page.rows])
  const columns = useMemo<TableColumnsType<ExploreRow>>(() => {
    return [
      {
        key: 'year',
        title: t('common.year'),
        className: 'num nowrap',
        render: (_: unknown, r: ExploreRow) => (r.year ? name(r.year) : '—'),
      },
      ...cuts.map((c) => ({
        key: c,
        title: tx(dims.find((d) => d.id === c)?.title as never) || c,
        render: (_: unknown, r: ExploreRow) => {
          const code = r.by[c] ?? ''
          const label = tx(r.labels?.[c])
          return (
            <>
              {label || code || '—'}
              {label && label !== code && <span className="mono code"> {code}</span>}
            </>
          )
        },
      })),
      {
        key: 'value',
        title: t('common.value'),
        align: 'right' as const,
        render: (_: unknown, r: ExploreRow) =>
          r.suppressed ? (
            <Withheld short />
          ) : (
            <b className="num">
              {number(r.value, decimals)}
              {r.value !== null && /^[%‰]/.test(unit) ? unitTail(unit) : ''}
            </b>
          ),
      },
      {
        key: 'num',
        title: t('common.numerator'),
        align: 'right' as const,
        className: 'num',
        render: (_: unknown, r: ExploreRow) => (r.suppressed ? '—' : plain(r.numerator)),
      },
      ...(rows.some((r) => r.denominator !== null && r.denominator !== undefined)
        ? [
            {
              key: 'den',
              title: t('common.denominator'),
              align: 'right' as const,
              className: 'num',
              render: (_: unknown, r: ExploreRow) => (r.suppressed ? '—' : plain(r.denominator)),
            },
          ]
        : []),
    ]
  }, [rows, cuts, dims, decimals, unit, t, tx, name])
  return (
    <>
      <Table<ExploreRow>
        className="records"
        size="small"
        rowKey={(r) => `${r.year} ${JSON.stringify(r.by)}`}
        columns={columns}
        dataSource={rows.slice(0, mostRows)}
        loading={loading ? { delay: 200 } : false}
        pagination={
          rows.length > 50 ? { pageSize: 50, size: 'small', showSizeChanger: false, hideOnSinglePage: true } : false
        }
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: t('common.empty') }}
      />
      {rows.length > mostRows && <p className="muted">{t('exp.truncated', { n: number(mostRows) })}</p>}
    </>
  )
}
