import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { ApiError, get, url } from '../../api/client'
import type { RecordPage, Row } from '../../api/types'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { day, number } from '../../lib/format'
import { useLink } from '../../lib/link'
import { useSession } from '../../session'
import { PlacesNav } from './parts'

/** What is due of a project, and the field that says it was done. */
const due = [
  ['land_due', 'land_on'],
  ['build_due', 'built_on'],
  ['accept_due', 'accepted_on'],
  ['open_due', 'opened_on'],
] as const

const over = new Set(['opened', 'closed', 'refused', 'lapsed', 'stopped', 'withdrawn'])
const order = ['check', 'rework', 'approve', 'land', 'build', 'accept', 'ready', 'opened', 'closed', 'refused', 'lapsed', 'stopped', 'withdrawn', '']
const page = 500

/** Every record of an entity the reader may see, page by page. */
function useAll(entity: string) {
  const [state, set] = useState<{ rows: Row[] | null; error: ApiError | null }>({ rows: null, error: null })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    const read = async () => {
      const rows: Row[] = []
      for (;;) {
        const p = await get<RecordPage>(url(`/api/records/${entity}`, { limit: page, offset: rows.length }), stop.signal)
        rows.push(...(p.rows ?? []))
        if ((p.rows ?? []).length < page) return rows
      }
    }
    read().then(
      (rows) => set({ rows, error: null }),
      (cause: unknown) => {
        if (!stop.signal.aborted) set({ rows: null, error: cause instanceof ApiError ? cause : new ApiError(0, 'internal', null) })
      },
    )
    return () => stop.abort()
  }, [entity, turn])
  return { ...state, reload: () => setTurn((n) => n + 1) }
}

const today = () => {
  const d = new Date()
  return d.getFullYear() * 10000 + (d.getMonth() + 1) * 100 + d.getDate()
}

/** The steps of a project whose day has passed, of which nothing says that they were done. */
function lateOf(r: Row, now: number) {
  if (over.has(String(r.values.state ?? ''))) return []
  return due.filter(([d, done]) => {
    const v = r.values[d]
    return typeof v === 'number' && v < now && !r.values[done] && !r.values.gone_on
  })
}

/** Building projects by where they stand. */
export default function ProjectsPage() {
  const { t, tx } = useLang()
  const { may } = useSession()
  const link = useLink()
  const { rows, error, reload } = useAll('project')
  useTitle(t('project.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!rows) return <Waiting rows={8} />
  const now = today()
  const sum = (list: Row[], f: string) => list.reduce((n, r) => n + (Number(r.values[f]) || 0), 0)
  const states = order.map((code) => ({ code, list: rows.filter((r) => String(r.values.state ?? '') === code) })).filter((s) => s.list.length)
  return (
    <div className="page places">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('hub.work'), to: link('/work') }, { title: t('places.title'), to: link('/places') }, { title: t('project.title') }]} />}
        title={t('project.title')}
        lead={rows.length > 0 && t('project.lead', { n: rows.length, planned: number(sum(rows, 'places_planned')), done: number(sum(rows, 'places_delivered')) })}
      />
      <PlacesNav />
      {rows.length === 0 && (
        <Nothing title={t('project.none')} text={t('project.noneHow')}>
          {may('case') && <Link to="/cases/new">{t('project.open')}</Link>}
        </Nothing>
      )}
      <div className="places-board">
        {states.map((s) => {
          const late = s.list.filter((r) => lateOf(r, now).length).length
          const list = [...s.list].sort((a, b) => Number(a.values.open_due ?? 0) - Number(b.values.open_due ?? 0))
          return (
            <section key={s.code} aria-label={tx(s.list[0]?.display?.state) || t('project.unknownState')}>
              <h2>
                {tx(s.list[0]?.display?.state) || t('project.unknownState')} <span className="num muted">{s.list.length}</span>
                {late > 0 && <span className="places-short">▲ {t('project.lateCount', { n: late })}</span>}
              </h2>
              <p className="muted num">
                {t('project.planned')} {number(sum(s.list, 'places_planned'))} · {t('project.delivered')} {number(sum(s.list, 'places_delivered'))}
              </p>
              <ul>
                {list.map((r) => {
                  const behind = lateOf(r, now)
                  return (
                    <li key={r.rec} data-late={behind.length > 0}>
                      {may('case') ? (
                        <Link to={`/cases/${encodeURIComponent(String(r.values.number))}`}>{String(r.values.project_name ?? r.values.number)}</Link>
                      ) : (
                        <strong>{String(r.values.project_name ?? r.values.number)}</strong>
                      )}
                      <span className="muted">
                        {tx(r.display?.managing)} · {tx(r.display?.stage)} · {tx(r.display?.project_kind)}
                      </span>
                      <span className="num">
                        {t('project.planned')} {number(Number(r.values.places_planned ?? 0))}
                        {r.values.places_delivered !== undefined && ` · ${t('project.delivered')} ${number(Number(r.values.places_delivered))}`}
                      </span>
                      {behind.map(([d]) => (
                        <span key={d} className="places-short">
                          ▲ {t('project.late')}
                          {t('common.colon')}
                          {t('project.lateOf', { what: t(`project.due.${d}`), day: day(r.values[d] as number) })}
                        </span>
                      ))}
                    </li>
                  )
                })}
              </ul>
            </section>
          )
        })}
      </div>
    </div>
  )
}
