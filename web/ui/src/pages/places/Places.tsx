import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import type { Forecast, ForecastHead, Peak } from '../../api/run'
import { url } from '../../api/client'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead, useYearName } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { day, number, percent } from '../../lib/format'
import { useLink, useQuery } from '../../lib/link'
import { ForecastForm } from './ForecastForm'
import { children, ChooseRun, Held, Outlook, PlacesNav, runLabel, Tick, useKind } from './parts'

/** How many children will come to each unit, and whether the places suffice. */
export default function PlacesPage() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const link = useLink()
  const kind = useKind('forecast')
  const list = useApi<{ runs: ForecastHead[] }>('/api/runs/forecasts')
  const runs = list.data?.runs ?? []
  const head = runs.find((r) => r.run === values.run) ?? runs[0]
  const { data, error, reload } = useApi<Forecast>(head ? `/api/runs/forecasts/${encodeURIComponent(head.run)}` : null)
  useTitle(t('places.title'), t('app.name'))
  if (list.error) return <Problem error={list.error} retry={list.reload} />
  if (!list.data) return <Waiting rows={8} />
  const groups = data?.groups ?? []
  const scenarios = data?.scenarios ?? []
  const stage = groups.find((g) => g.code === values.stage)?.code ?? groups[0]?.code ?? ''
  const scenario = (scenarios.find((s) => s.code === values.scenario) ?? scenarios.find((s) => s.code === 'middle') ?? scenarios[0])?.code ?? ''
  const form = kind?.may && (
    <ForecastForm
      kind={kind}
      open={runs.length === 0}
      done={(run) => {
        list.reload()
        set({ run })
      }}
    />
  )
  return (
    <div className="page places">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('hub.work'), to: link('/work') }, { title: t('places.title') }]} />}
        title={t('places.title')}
        lead={
          data &&
          (data.above
            ? t('places.leadAbove', { body: tx(data.body_title), seal: data.seal, first: data.years[0] ?? '', last: data.years[data.years.length - 1] ?? '' })
            : t('places.lead', { body: tx(data.body_title), first: data.first_year, last: data.last_year, seal: data.seal }))
        }
      >
        {head && (
          <Choice label={t('places.run')} value={head.run} options={runs.map((r) => ({ value: r.run, label: runLabel(r, t('places.chosen')) }))} onChange={(v) => set({ run: v, unit: null })} />
        )}
        {groups.length > 0 && (
          <Choice label={t('places.stage')} value={stage} options={groups.map((g) => ({ value: g.code, label: tx(g.title) }))} onChange={(v) => set({ stage: v })} />
        )}
        {scenarios.length > 0 && (
          <Choice label={t('places.scenario')} value={scenario} options={scenarios.map((s) => ({ value: s.code, label: tx(s.title) }))} onChange={(v) => set({ scenario: v })} />
        )}
      </PageHead>
      <PlacesNav />
      {head && !head.above && kind?.may && <ChooseRun engine="forecast" run={head.run} chosen={head.chosen} done={list.reload} />}
      {!head && (
        <>
          <Nothing title={t('places.none')} text={t(kind?.may ? 'places.noneHow' : 'places.noneWait')} />
          {form}
        </>
      )}
      {error && <Problem error={error} retry={reload} />}
      {head && !data && !error && <Waiting rows={10} />}
      {data && <Answer of={data} stage={stage} scenario={scenario} />}
      {head && form}
      {runs.length > 0 && <Runs runs={runs} />}
      {data && <SchoolFind />}
    </div>
  )
}

function Answer({ of, stage, scenario }: { of: Forecast; stage: string; scenario: string }) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const yearName = useYearName()
  const bands = values.bands === '1'
  const units = of.units.filter((u) => of.rows.some((r) => r.unit === u.code && r.stage === stage))
  // All together first, then by code.
  units.sort((a, b) => Number(b.code === 'total') - Number(a.code === 'total') || a.code.localeCompare(b.code))
  const unit = units.find((u) => u.code === values.unit)?.code ?? units[0]?.code ?? ''
  const at = new Map(of.rows.filter((r) => r.stage === stage && r.scenario === scenario).map((r) => [`${r.unit} ${r.year}`, r]))
  const stageName = tx(of.groups?.find((g) => g.code === stage)?.title)
  return (
    <>
      <section aria-labelledby="places-chart">
        <h2 id="places-chart">{t('places.chart', { unit: tx(units.find((u) => u.code === unit)?.title) || unit, stage: stageName })}</h2>
        <Outlook of={of} unit={unit} stage={stage} scenario={scenario} />
      </section>
      <section aria-labelledby="places-table">
        <div className="section-head">
          <h2 id="places-table">{t('places.table')}</h2>
          <Tick label={t('places.showBands')} on={bands} set={(v) => set({ bands: v ? '1' : null }, true)} />
        </div>
        <p className="places-lead">
          {t('places.tableLead')} {of.few > 0 && t('layout.few', { n: of.few })}
        </p>
        {bands && scenario !== 'middle' && <p className="form-note">{t('places.noBands')}</p>}
        <div className="scroll-x">
          <table className="plain-table places-table">
            <thead>
              <tr>
                <th>{t('places.unit')}</th>
                {of.years.map((y) => (
                  <th key={y} className="right" title={yearName(y)}>
                    {y}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {units.map((u) => (
                <tr key={u.code} data-on={u.code === unit}>
                  <th scope="row">
                    <button type="button" className="text-button" aria-pressed={u.code === unit} onClick={() => set({ unit: u.code }, true)}>
                      {tx(u.title) || u.code}
                    </button>
                  </th>
                  {of.years.map((y) => {
                    const r = at.get(`${u.code} ${y}`)
                    return (
                      <td key={y} className="right" data-bad={(r?.short ?? 0) > 0}>
                        {r ? (
                          <>
                            <b className="num">{children(r, of.few)}</b>
                            {bands && r.low80 !== undefined && (
                              <small className="num muted">
                                80% {number(r.low80)}–{number(r.high80)}
                                <br />
                                95% {number(r.low95)}–{number(r.high95)}
                              </small>
                            )}
                            <Held row={r} />
                          </>
                        ) : (
                          '—'
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Peaks of={of} unit={unit} stage={stage} />
      <Checks of={of} />
      {(of.entry.zh || of.entry.en) && (
        <section aria-labelledby="places-entry">
          <h2 id="places-entry">{t('places.entry')}</h2>
          <p className="places-lead">{tx(of.entry)}</p>
          <details className="places-params">
            <summary>{t('places.params')}</summary>
            <pre>{of.params}</pre>
            {tx(of.note)
              .split('\n')
              .filter(Boolean)
              .map((line) => (
                <p key={line} className="places-lead">
                  {line}
                </p>
              ))}
          </details>
        </section>
      )}
    </>
  )
}

/** The plan for the peak: of the picked unit every stage, then every unit of the picked stage. */
export function Peaks({ of, unit, stage }: { of: Forecast; unit: string; stage: string }) {
  const { t, tx } = useLang()
  const peaks = of.peaks ?? []
  const name = (list: { code: string; title: { zh: string; en: string } }[] | null, code: string) => tx(list?.find((x) => x.code === code)?.title) || code
  const ladder = (of.groups ?? []).map((g) => g.code)
  const own = peaks.filter((p) => p.area === unit).sort((a, b) => ladder.indexOf(a.stage) - ladder.indexOf(b.stage))
  const others = peaks.filter((p) => p.stage === stage && p.area !== unit && p.short > 0).sort((a, b) => a.area.localeCompare(b.area))
  if (!own.length) return null
  const span = (p: Peak) =>
    p.short <= 0 ? t('places.noShort') : p.short_ends ? t('places.peakSpan', { from: p.short_from, to: p.short_ends }) : t('places.peakOpen', { from: p.short_from })
  const line = (p: Peak, label: string) => (
    <tr key={p.area + p.stage}>
      <th scope="row">{label}</th>
      <td data-label={t('places.peakWhen')} className="num right">
        {p.peak_year}
        {!p.peak_within && <small> {t('places.peakOn')}</small>}
      </td>
      <td data-label={t('places.peakSize')} className="num right">
        {number(p.peak_size)}
      </td>
      <td data-label={t('places.peakShort')} className="num right">
        {!p.places_known ? t('places.unknown') : p.short > 0 ? <span className="places-short">▲ {number(p.short)}</span> : t('places.noShort')}
      </td>
      <td data-label={t('places.peakFrom')} className="right">
        {p.places_known ? span(p) : '—'}
      </td>
      <td data-label={t('places.peakRooms')} className="num right">
        {p.places_known ? number(p.classrooms) : '—'}
      </td>
      <td data-label={t('places.peakCost')} className="num right">
        {p.places_known ? number(p.cost_fen / 1e6) : '—'}
      </td>
      <td data-label={t('places.peakAfter')} className="num right">
        {p.places_known ? number(p.empty_after) : '—'}
      </td>
    </tr>
  )
  return (
    <section aria-labelledby="places-peak">
      <h2 id="places-peak">{t('places.peak')}</h2>
      <p className="places-lead">
        {t('places.peakLead')} {!of.past_known && t('places.peakNoNow')}
      </p>
      <table className="plain-table places-peaks cards">
        <thead>
          <tr>
            <th>{t('places.unit')}</th>
            {(['places.peakWhen', 'places.peakSize', 'places.peakShort', 'places.peakFrom', 'places.peakRooms', 'places.peakCost', 'places.peakAfter'] as const).map((k) => (
              <th key={k} className="right">
                {t(k)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {own.map((p) => line(p, `${name(of.units, p.area)} · ${name(of.groups, p.stage)}`))}
          {others.map((p) => line(p, `${name(of.units, p.area)} · ${name(of.groups, p.stage)}`))}
        </tbody>
      </table>
    </section>
  )
}

function Checks({ of }: { of: Forecast }) {
  const { t, tx } = useLang()
  const name = (code: string) => tx(of.groups?.find((g) => g.code === code)?.title) || code
  const grain = (g: string) => t(`places.grain.${g}` as 'places.grain.school')
  if (!of.checks.length)
    return of.above ? (
      <section>
        <h2>{t('places.check')}</h2>
        <p className="places-lead">{t('places.checkHidden')}</p>
      </section>
    ) : null
  // One sentence a stage: managing bodies, at the farthest of up to three years.
  const said = (of.groups ?? [])
    .map((g) => of.checks.filter((c) => c.stage === g.code && c.grain === 'managing' && c.horizon <= 3 && c.wape !== null && c.wape_no_change !== null).pop())
    .filter((c) => c !== undefined)
  return (
    <section aria-labelledby="places-check">
      <h2 id="places-check">{t('places.check')}</h2>
      <p className="places-lead">{t('places.checkLead')}</p>
      <ul className="places-said">
        {said.map((c) => (
          <li key={c.stage}>
            {t('places.checkSaid', {
              stage: name(c.stage),
              grain: grain(c.grain),
              h: c.horizon,
              wape: percent(c.wape, 1),
              none: percent(c.wape_no_change, 1),
              verdict: t(c.wape! < c.wape_no_change! ? 'places.checkBetter' : 'places.checkWorse'),
            })}
          </li>
        ))}
      </ul>
      <details className="places-params">
        <summary>
          {t('places.check')} <span className="num">{of.checks.length}</span>
        </summary>
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th>{t('places.stage')}</th>
                <th>{t('places.unit')}</th>
                {(['places.ahead', 'places.compared', 'places.wape', 'places.noChange', 'places.plainRatio', 'places.coverage80', 'places.coverage95'] as const).map((k) => (
                  <th key={k} className="right">
                    {t(k)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {of.checks.map((c) => (
                <tr key={c.grain + c.stage + c.horizon}>
                  <th scope="row">{name(c.stage)}</th>
                  <td>{grain(c.grain)}</td>
                  <td className="num right">{t('places.aheadYears', { n: c.horizon })}</td>
                  <td className="num right">{number(c.n)}</td>
                  <td className="num right" data-bad={c.wape !== null && c.wape_no_change !== null && c.wape > c.wape_no_change}>
                    {percent(c.wape, 1)}
                  </td>
                  <td className="num right">{percent(c.wape_no_change, 1)}</td>
                  <td className="num right">{percent(c.wape_plain, 1)}</td>
                  <td className="num right">{percent(c.coverage80)}</td>
                  <td className="num right">{percent(c.coverage95)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  )
}

function Runs({ runs }: { runs: ForecastHead[] }) {
  const { t, tx } = useLang()
  const link = useLink()
  return (
    <section aria-labelledby="places-runs">
      <h2 id="places-runs">{t('places.runs')}</h2>
      <ul className="places-runs">
        {runs.map((r) => (
          <li key={r.run}>
            <Link to={link('/places', { run: r.run })}>{r.title}</Link>
            {r.chosen && <span className="tag" data-state="met">{t('places.chosen')}</span>}
            {r.title !== r.run && <span className="num muted">{r.run}</span>}
            {tx(r.body_title) && <span>{tx(r.body_title)}</span>}
            <span className="num">
              {r.first_year}–{r.last_year}
            </span>
            {r.made_on > 0 && <span className="muted">{t('places.madeOn', { day: day(r.made_on) })}</span>}
            {r.rec && <Link to={`/records/forecast_run/${r.rec}`}>{t('places.record')}</Link>}
          </li>
        ))}
      </ul>
    </section>
  )
}

function SchoolFind() {
  const { t } = useLang()
  const go = useNavigate()
  const [code, setCode] = useState('')
  return (
    <form
      className="inline-form"
      onSubmit={(e) => {
        e.preventDefault()
        if (code.trim()) void go(url(`/places/school/${encodeURIComponent(code.trim())}`))
      }}
    >
      <label className="choice">
        <span>{t('places.schoolFind')}</span>
        <input value={code} size={14} onChange={(e) => setCode(e.target.value)} />
      </label>
      <button type="submit" className="plain-button" disabled={!code.trim()}>
        {t('places.open')}
      </button>
    </form>
  )
}
