import { useState } from 'react'
import type { Kind } from '../../api/run'
import { useLang } from '../../i18n'
import { Field, RunState, Tick, typed, useBodies, useRun } from './parts'

interface Closure {
  unit: string
  to: string
  year: string
}

const share = (s: string, sign: number) => {
  const n = typed(s)
  return typeof n === 'number' ? (sign * n) / 100 : n
}

/** Starts a forecast. What is left empty the server fills in from the packs. */
export function ForecastForm({ kind, open, done }: { kind: Kind; open: boolean; done: (run: string) => void }) {
  const { t, tx } = useLang()
  const bodies = useBodies()
  const run = useRun('forecast', done)
  const [org, setOrg] = useState('')
  const [title, setTitle] = useState('')
  const [years, setYears] = useState('')
  const [stages, setStages] = useState<string[]>([])
  const [low, setLow] = useState('')
  const [high, setHigh] = useState('')
  const [closures, setClosures] = useState<Closure[]>([])
  const [draft, setDraft] = useState<Closure>({ unit: '', to: '', year: '' })
  const start = () => {
    const scenarios =
      low.trim() || high.trim()
        ? [
            { id: 'low', entry: share(low, -1) ?? 0 },
            { id: 'middle', entry: 0 },
            { id: 'high', entry: share(high, 1) ?? 0 },
          ]
        : undefined
    void run.start({
      org: org || undefined,
      title: title.trim() || undefined,
      years: typed(years),
      stages: stages.length ? stages : undefined,
      scenarios,
      closures: closures.length ? closures.map((c) => ({ year: typed(c.year), unit: c.unit, to: [{ to: c.to, share: 1 }] })) : undefined,
    })
  }
  return (
    <details className="places-form" open={open || run.running || !!run.failed || undefined}>
      <summary>{t('places.start')}</summary>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          start()
        }}
      >
        <div className="places-fields">
          <Field label={t('places.org')}>
            <select name="org" value={org} onChange={(e) => setOrg(e.target.value)}>
              {bodies.map((b) => (
                <option key={b.code} value={b.own ? '' : b.code}>
                  {b.label}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('places.name')} hint={t('places.nameHint')}>
            <input name="title" value={title} maxLength={120} onChange={(e) => setTitle(e.target.value)} />
          </Field>
          <Field label={t('places.years')} hint={t('places.yearsHint')}>
            <input name="years" inputMode="numeric" value={years} onChange={(e) => setYears(e.target.value)} />
          </Field>
          <Field label={t('places.lowEntry')} hint={t('places.scenarioHint')}>
            <input name="low" inputMode="decimal" value={low} onChange={(e) => setLow(e.target.value)} />
          </Field>
          <Field label={t('places.highEntry')} hint={t('places.scenarioHint')}>
            <input name="high" inputMode="decimal" value={high} onChange={(e) => setHigh(e.target.value)} />
          </Field>
        </div>
        <fieldset className="places-ticks">
          <legend>{t('places.stage')}</legend>
          {kind.groups.map((g) => (
            <Tick
              key={g.code}
              label={tx(g.title)}
              on={stages.length === 0 || stages.includes(g.code)}
              set={(v) => {
                const now = stages.length ? stages : kind.groups.map((x) => x.code)
                const next = v ? [...now, g.code] : now.filter((c) => c !== g.code)
                setStages(next.length === kind.groups.length ? [] : next)
              }}
            />
          ))}
        </fieldset>
        <fieldset className="places-ticks">
          <legend>{t('places.closures')}</legend>
          <input aria-label={t('places.closureFrom')} placeholder={t('places.closureFrom')} value={draft.unit} onChange={(e) => setDraft({ ...draft, unit: e.target.value.trim() })} />
          <input aria-label={t('places.year')} placeholder={t('places.year')} size={8} value={draft.year} onChange={(e) => setDraft({ ...draft, year: e.target.value.trim() })} />
          <input aria-label={t('places.closureTo')} placeholder={t('places.closureTo')} value={draft.to} onChange={(e) => setDraft({ ...draft, to: e.target.value.trim() })} />
          <button
            type="button"
            className="plain-button"
            disabled={!draft.unit || !draft.to || !draft.year}
            onClick={() => {
              setClosures([...closures, draft])
              setDraft({ unit: '', to: '', year: '' })
            }}
          >
            {t('places.add')}
          </button>
        </fieldset>
        {closures.length > 0 && (
          <ul className="places-runs">
            {closures.map((c, i) => (
              <li key={i}>
                {t('places.closure', { from: c.unit, to: c.to, year: c.year })}
                <button type="button" className="text-button" onClick={() => setClosures(closures.filter((_, k) => k !== i))}>
                  {t('places.drop')}
                </button>
              </li>
            ))}
          </ul>
        )}
        <RunState run={run} engine="forecast" />
        <button type="submit" className="main-button places-go" disabled={run.running}>
          {t('places.go')}
        </button>
      </form>
    </details>
  )
}
