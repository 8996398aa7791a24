import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { NavLink } from 'react-router'
import { ApiError, del, post } from '../../api/client'
import type { Forecast, ForecastHead, ForecastRow, Kind, RunWork } from '../../api/run'
import type { Org } from '../../api/types'
import { forgetAnswers, useApi } from '../../api/use'
import { Chart } from '../../components/Chart'
import { useNarrow } from '../../components/useNarrow'
import { useYearName } from '../../components/parts'
import { useAgain, WorkLine } from '../../components/Work'
import { useLang } from '../../i18n'
import { number, percent } from '../../lib/format'
import { outlookOption, type Point } from '../../lib/places'
import { url } from '../../api/client'
import { useSession } from '../../session'
import './places.css'

/** The pages of places, side by side. */
export function PlacesNav() {
  const { t } = useLang()
  const layouts = useKind('siting') // a city whose packs lay nothing out has neither layouts nor projects of them
  return (
    <nav className="places-nav" aria-label={t('places.title')}>
      <NavLink to="/places" end>
        {t('places.outlook')}
      </NavLink>
      {layouts && (
        <>
          <NavLink to="/places/map">{t('places.layout')}</NavLink>
          <NavLink to="/places/projects">{t('places.projects')}</NavLink>
        </>
      )}
    </nav>
  )
}

/** The kind of run of an engine; undefined until known or where there is none. */
export function useKind(engine: Kind['engine']): Kind | undefined {
  const { data } = useApi<{ kinds: Kind[] }>('/api/runs/kinds')
  return data?.kinds.find((k) => k.engine === engine)
}

/** The organisations a run may be for: the reader's own and those right below it that are no schools. */
export function useBodies(): { code: string; label: string; own: boolean }[] {
  const { session } = useSession()
  const { tx } = useLang()
  const own = session?.user?.org ?? ''
  const below = useApi<Org[]>(own ? url('/api/orgs', { parent: own }) : null)
  return [{ code: own, label: tx(session?.user?.org_title) || own, own: true }].concat(
    (below.data ?? []).filter((o) => o.level !== 'school').map((o) => ({ code: o.code, label: tx(o.title) || o.code, own: false })),
  )
}

/** The run of the reader's organisation: starting one, how it goes, stopping it. */
export function useRun(engine: Kind['engine'], done: (run: string) => void) {
  const { may } = useSession()
  const { problem, t, tx } = useLang()
  const [turn, setTurn] = useState(0)
  const [refused, setRefused] = useState<Wrong | null>(null)
  const [held, setHeld] = useState<RunWork | null>(null) // the last that the server told, while it does not answer
  const asked = useRef(false)
  const [begun, setBegun] = useState<RunWork | null>(null) // until the server's own answer is here
  const [mine, setMine] = useState(false) // begun, or seen under way, on this page: only then what came of it is news
  const { data, error, loading } = useApi<{ work: RunWork | null }>(may('runs') ? url('/api/runs/work', { turn }) : null, true)
  const last = begun ?? (data ? data.work : held)
  const work = last?.kind === engine || last?.state === 'running' ? last : null
  const running = work?.state === 'running'
  useEffect(() => {
    if (running) setMine(true)
  }, [running])
  useEffect(() => {
    if (!loading) setBegun(null)
  }, [loading, data])
  const cut = running && !data && error !== null
  const gone = useRef(t)
  gone.current = t
  useEffect(() => {
    if (!data) return
    setHeld((was) => {
      // A server that began anew knows nothing of the run: nothing of it was written.
      if (was?.state === 'running' && was.kind === engine && data.work === null) {
        asked.current = false
        setRefused({ text: gone.current('places.lost'), field: '' })
      }
      return data.work
    })
  }, [data, engine])
  useAgain(
    running,
    data ?? error,
    useCallback(() => setTurn((n) => n + 1), []),
  )
  const latest = useRef(done)
  latest.current = done
  const result = work?.state === 'done' ? work.result?.run : undefined
  useEffect(() => {
    if (!asked.current || !result) return
    asked.current = false
    forgetAnswers()
    latest.current(result)
  }, [result])
  const start = async (params: object) => {
    setRefused(null)
    setMine(false)
    try {
      await post('/api/runs/check', { engine, params })
      const work = await post<RunWork>('/api/runs', { engine, params })
      setHeld(work)
      setBegun(work)
      asked.current = true
      setTurn((n) => n + 1)
    } catch (cause) {
      const e = cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)
      setRefused({ text: problem(e), field: e.field })
    }
  }
  const stop = async () => {
    await del('/api/runs/work').catch(() => undefined)
    setTurn((n) => n + 1)
  }
  const wrong = refused ?? (mine && work?.kind === engine && work.state === 'failed' ? { text: tx(work.error ?? null), field: work.field ?? '' } : null)
  return { work, running, mine, cut, start, stop, wrong, refuse: setRefused }
}

/** What is wrong, and with which parameter; '' is the whole. */
interface Wrong {
  text: string
  field: string
}

/** Tells what is wrong at the fields of a form, by the parameters they fill in: one field may hold several. */
export function useFaults(wrong: Wrong | null, fields: readonly string[]) {
  const form = useRef<HTMLFormElement>(null)
  const here = wrong !== null && fields.includes(wrong.field)
  useEffect(() => {
    if (here) form.current?.querySelector<HTMLElement>('[data-wrong] :is(input, select)')?.focus()
  }, [wrong, here])
  return { form, at: (...names: string[]) => (here && names.includes(wrong.field) ? wrong.text : ''), rest: here ? '' : (wrong?.text ?? '') }
}

/** What is wrong with a field. */
export function Fault({ text }: { text: string }) {
  return text ? (
    <small className="failure" role="alert">
      {text}
    </small>
  ) : null
}

/** How far the solver has come: the best so far, what it cannot be below, and for how long. */
function solving(t: ReturnType<typeof useLang>['t'], work: RunWork, began: number): string {
  const s = Math.max(0, Math.round((Date.now() - began) / 1000))
  if (work.stage === 'bound' && work.total > 0 && work.done >= 0)
    return t('places.solvingBound', { best: number(work.total), least: number(work.done), gap: percent(Math.max(0, 1 - work.done / work.total), 1), s })
  if (work.stage === 'branch') return t('places.solvingBranch', { n: number(work.done), s })
  return t('places.workingSiting')
}

/** What is under way, or what came of it. */
export function RunState({ run, engine, failed }: { run: ReturnType<typeof useRun>; engine: Kind['engine']; failed: string }) {
  const { t } = useLang()
  const { work, running, mine, cut, wrong, stop } = run
  const began = useRef(0)
  if (!running) began.current = 0
  else if (!began.current) began.current = Date.now()
  return (
    <>
      {running && work && (
        <WorkLine work={work.kind === 'siting' ? { ...work, total: 0 } : work} text={work.kind === 'siting' ? solving(t, work, began.current) : t('places.working')} onStop={() => void stop()} />
      )}
      {cut && (
        <p className="form-note" role="status">
          {t('places.cut')}
        </p>
      )}
      {mine && !running && work?.kind === engine && work.state === 'cancelled' && !wrong && <p className="form-note">{t('places.stopped')}</p>}
      {mine && !running && work?.kind === engine && work.state === 'done' && !wrong && (
        <p className="success" role="status">
          {t('places.done', { run: work.result?.run ?? '' })}
        </p>
      )}
      {failed && (
        <p className="failure" role="alert">
          {failed}
        </p>
      )}
    </>
  )
}

/** Makes a run the one its organisation goes by; figures are computed from chosen runs. */
export function ChooseRun({ engine, run, chosen, done }: { engine: Kind['engine']; run: string; chosen: boolean; done: () => void }) {
  const { t, problem } = useLang()
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  if (chosen)
    return (
      <p className="places-choose">
        <span className="tag" data-state="met">
          {t('places.chosen')}
        </span>
      </p>
    )
  const choose = async () => {
    setFailed('')
    setBusy(true)
    try {
      await post('/api/runs/choose', { engine, run })
      forgetAnswers()
      done()
    } catch (cause) {
      setFailed(problem(cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)))
    }
    setBusy(false)
  }
  return (
    <p className="places-choose">
      <button type="button" className="plain-button" disabled={busy} onClick={() => void choose()}>
        {t('places.choose')}
      </button>{' '}
      <small className="muted">{t('places.chooseWhy')}</small>
      {failed && (
        <span className="lost" role="alert">
          {' '}
          {failed}
        </span>
      )}
    </p>
  )
}

/** How many children, of whom few are not told to everybody. */
export function children(r: Pick<ForecastRow, 'children'>, few: number): string {
  return r.children === null ? `<${few}` : number(r.children)
}

export function runLabel(h: ForecastHead, chosen: string): string {
  return `${h.chosen ? `${chosen} · ` : ''}${h.title}${h.title === h.run ? '' : ` · ${h.run}`}`
}

/** One field of a form. */
export function Field({ label, hint, wrong, children }: { label: string; hint?: string; wrong?: string; children: ReactNode }) {
  return (
    <label className="places-field" data-wrong={wrong ? '' : undefined}>
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
      <Fault text={wrong ?? ''} />
    </label>
  )
}

export function Tick({ label, on, set }: { label: string; on: boolean; set: (v: boolean) => void }) {
  return (
    <label className="places-tick">
      <input type="checkbox" checked={on} onChange={(e) => set(e.target.checked)} /> {label}
    </label>
  )
}

/** A number of a form: undefined where it is empty; what is no number goes along as it is, for the server to say so. */
export function typed(s: string): number | string | undefined {
  const x = s.trim().replaceAll(',', '')
  if (!x) return undefined
  return Number.isFinite(Number(x)) ? Number(x) : x
}

/** Places: how many, and short of how many; never by colour alone. */
export function Held({ row }: { row: Pick<ForecastRow, 'places' | 'short'> }) {
  const { t } = useLang()
  if (row.places === undefined) return <small className="muted">{t('places.unknown')}</small>
  return (
    <>
      <small className="num">{number(row.places)}</small>
      {(row.short ?? 0) > 0 && (
        <small className="places-short num">
          ▲ {t('places.short')} {number(row.short)}
        </small>
      )}
    </>
  )
}

/** The line of one unit and stage, with its years as a table. */
export function Outlook({ of, unit, stage, scenario }: { of: Forecast; unit: string; stage: string; scenario: string }) {
  const { t, tx } = useLang()
  const narrow = useNarrow()
  const yearName = useYearName()
  const rows = of.rows.filter((r) => r.unit === unit && r.stage === stage)
  const own = rows.filter((r) => r.scenario === scenario)
  const title = (list: { code: string; title: { zh: string; en: string } }[] | null, code: string) => tx(list?.find((x) => x.code === code)?.title) || code
  const name = title(of.units, unit)
  const stageName = title(of.groups, stage)
  const names = useMemo(
    () => ({
      past: t('places.counted'),
      middle: t('places.middle'),
      low: t('places.low'),
      high: t('places.high'),
      places: t('places.places'),
      band80: t('places.band80'),
      band95: t('places.band95'),
    }),
    [t],
  )
  const option = useMemo(() => {
    const points = new Map<number, Point>()
    for (const p of of.past) if (p.unit === unit && p.stage === stage) points.set(p.year, { year: p.year, past: p.children })
    for (const r of of.rows) {
      if (r.unit !== unit || r.stage !== stage) continue
      const p = points.get(r.year) ?? { year: r.year }
      points.set(r.year, p)
      if (r.scenario === 'low') p.low = r.children ?? undefined
      else if (r.scenario === 'high') p.high = r.children ?? undefined
      else p.middle = r.children ?? undefined
      if (r.low80 !== undefined) Object.assign(p, { low80: r.low80, high80: r.high80, low95: r.low95, high95: r.high95 })
      if (r.places !== undefined) p.places = r.places
    }
    const list = [...points.values()].sort((a, b) => a.year - b.year)
    return outlookOption({ points: list, names, yearName })
  }, [of, unit, stage, names, yearName])
  if (!rows.length) return null
  return (
    <div className="places-outlook">
      <figure className="map">
        <Chart option={option} height={narrow ? 240 : 320} label={t('places.chartAlt', { unit: name, stage: stageName })} />
        <figcaption className="legend">
          {of.past.length > 0 && (
            <span>
              <i className="line past" aria-hidden="true" />
              {names.past}
            </span>
          )}
          <span>
            <i className="line" aria-hidden="true" />
            {names.middle}
          </span>
          <span>
            <i className="line dots" aria-hidden="true" />
            {names.low} / {names.high}
          </span>
          <span>
            <i style={{ background: '#c3d5e1' }} aria-hidden="true" />
            80%
          </span>
          <span>
            <i style={{ background: '#e3ecf2' }} aria-hidden="true" />
            95%
          </span>
          {rows.some((r) => r.places !== undefined) && (
            <span>
              <i className="line places" aria-hidden="true" />
              {names.places}
            </span>
          )}
        </figcaption>
      </figure>
      <div className="scroll-x">
        <table className="plain-table places-years">
          <thead>
            <tr>
              <th>{t('places.year')}</th>
              <th className="right">{t('places.children')}</th>
              <th className="right">{t('places.places')}</th>
              <th className="right">{t('places.shortHead')}</th>
              <th className="right">{t('places.band80')}</th>
              <th className="right">{t('places.band95')}</th>
            </tr>
          </thead>
          <tbody>
            {own.map((r) => (
              <tr key={r.year}>
                <th scope="row">{yearName(r.year)}</th>
                <td className="num right">{children(r, of.few)}</td>
                <td className="num right">{r.places === undefined ? t('places.unknown') : number(r.places)}</td>
                <td className="num right">
                  {r.short === undefined ? '—' : r.short > 0 ? <span className="places-short">▲ {number(r.short)}</span> : t('places.noShort')}
                </td>
                <td className="num right">{r.low80 === undefined ? '—' : `${number(r.low80)}–${number(r.high80)}`}</td>
                <td className="num right">{r.low95 === undefined ? '—' : `${number(r.low95)}–${number(r.high95)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
