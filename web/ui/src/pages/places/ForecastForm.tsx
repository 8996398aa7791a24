import { useState } from 'react'
import type { Kind } from '../../api/run'
import { useLang } from '../../i18n'
import { Fault, Field, RunState, Tick, typed, useBodies, useFaults, useRun } from './parts'

interface Closure {
  unit: string
  to: string
  year: string
}

interface Split {
  stage: string
  year: string
  share: string
}

const noClosure: Closure = { unit: '', to: '', year: '' }
const noSplit: Split = { stage: '', year: '', share: '' }
const fields = ['org', 'title', 'years', 'stages', 'scenarios', 'scenarios.low', 'scenarios.high', 'closures', 'split']

/** The schools that take the children of one that closes: “code:60, code:40”; without shares all alike. */
export function receivers(text: string): { to: string; share: number | string }[] {
  const list = text.split(/[,，;；、]/).map((s) => s.trim()).filter(Boolean)
  return list.map((s) => {
    const [to = '', part] = s.split(/[:：]/).map((x) => x.trim().replace(/[%％]$/, ''))
    const n = part === undefined ? 100 / list.length : typed(part)
    return { to, share: typeof n === 'number' ? n / 100 : (n ?? 0) }
  })
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
  const [draft, setDraft] = useState<Closure>(noClosure)
  const [splits, setSplits] = useState<Split[]>([])
  const [part, setPart] = useState<Split>(noSplit)
  const { form, at, rest } = useFaults(run.wrong, fields)
  const half = (x: object) => Object.values(x).some(Boolean) && !Object.values(x).every(Boolean)
  const full = (x: object) => Object.values(x).every(Boolean)
  const feed = (code: string) => kind.feeds.find((f) => f.code === code)
  const start = () => {
    // What was typed and not yet added counts; half of it is said to be half.
    if (half(draft)) return run.refuse({ text: t('places.closureHalf'), field: 'closures' })
    if (half(part)) return run.refuse({ text: t('places.splitHalf'), field: 'split' })
    const closing = full(draft) ? [...closures, draft] : closures
    const parts = full(part) ? [...splits, part] : splits
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
      closures: closing.length ? closing.map((c) => ({ year: typed(c.year), unit: c.unit, to: receivers(c.to) })) : undefined,
      split: parts.length ? parts.map((s) => ({ year: typed(s.year), stage: s.stage, share: share(s.share, 1) })) : undefined,
    })
  }
  return (
    <details className="places-form" open={open || run.running || !!run.wrong || undefined}>
      <summary>{t('places.start')}</summary>
      <form
        ref={form}
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          start()
        }}
      >
        <div className="places-fields">
          <Field label={t('places.org')} wrong={at('org')}>
            <select name="org" value={org} onChange={(e) => setOrg(e.target.value)}>
              {bodies.map((b) => (
                <option key={b.code} value={b.own ? '' : b.code}>
                  {b.label}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('places.name')} hint={t('places.nameHint')} wrong={at('title')}>
            <input name="title" value={title} maxLength={120} onChange={(e) => setTitle(e.target.value)} />
          </Field>
          <Field label={t('places.years')} hint={t('places.yearsHint')} wrong={at('years')}>
            <input name="years" inputMode="numeric" value={years} onChange={(e) => setYears(e.target.value)} />
          </Field>
          <Field label={t('places.lowEntry')} hint={t('places.scenarioHint')} wrong={at('scenarios', 'scenarios.low')}>
            <input name="low" inputMode="decimal" value={low} onChange={(e) => setLow(e.target.value)} />
          </Field>
          <Field label={t('places.highEntry')} hint={t('places.scenarioHint')} wrong={at('scenarios.high')}>
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
          <Fault text={at('stages')} />
        </fieldset>
        <fieldset className="places-ticks" data-part="closures" data-wrong={at('closures') ? '' : undefined}>
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
              setDraft(noClosure)
            }}
          >
            {t('places.add')}
          </button>
          <small className="muted">{t('places.closuresHow')}</small>
          <Fault text={at('closures')} />
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
        {kind.feeds.length > 0 && (
          <fieldset className="places-ticks" data-part="split" data-wrong={at('split') ? '' : undefined}>
            <legend>{t('places.split')}</legend>
            <select aria-label={t('places.splitStage')} value={part.stage} onChange={(e) => setPart({ ...part, stage: e.target.value })}>
              <option value="">{t('places.splitStage')}</option>
              {kind.feeds.map((f) => (
                <option key={f.code} value={f.code}>
                  {t('places.splitOf', { stage: tx(f.title), from: tx(f.from.title) })}
                </option>
              ))}
            </select>
            <input aria-label={t('places.year')} placeholder={t('places.year')} size={8} value={part.year} onChange={(e) => setPart({ ...part, year: e.target.value.trim() })} />
            <input aria-label={t('places.splitShare')} placeholder={t('places.splitShare')} inputMode="decimal" value={part.share} onChange={(e) => setPart({ ...part, share: e.target.value.trim() })} />
            <button
              type="button"
              className="plain-button"
              disabled={!full(part)}
              onClick={() => {
                setSplits([...splits, part])
                setPart(noSplit)
              }}
            >
              {t('places.add')}
            </button>
            <small className="muted">{t('places.splitHow')}</small>
            <Fault text={at('split')} />
          </fieldset>
        )}
        {splits.length > 0 && (
          <ul className="places-runs">
            {splits.map((s, i) => (
              <li key={i}>
                {t('places.splitLine', { stage: tx(feed(s.stage)?.title), from: tx(feed(s.stage)?.from.title), year: s.year, share: s.share })}
                <button type="button" className="text-button" onClick={() => setSplits(splits.filter((_, k) => k !== i))}>
                  {t('places.drop')}
                </button>
              </li>
            ))}
          </ul>
        )}
        <RunState run={run} engine="forecast" failed={rest} />
        <button type="submit" className="main-button places-go" disabled={run.running}>
          {t('places.go')}
        </button>
      </form>
    </details>
  )
}
