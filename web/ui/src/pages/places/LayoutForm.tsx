import { useState } from 'react'
import type { ForecastHead, Kind } from '../../api/run'
import { useLang } from '../../i18n'
import { Fault, Field, runLabel, RunState, Tick, typed, useBodies, useFaults, useRun } from './parts'

const fields = ['org', 'stage', 'title', 'year', 'forecast', 'budget', 'limit', 'max_classes', 'board_limit', 'board_grade', 'allow']
const allowed = ['extend', 'build', 'close', 'board', 'reopen'] as const

/** Works out a layout. What is left empty the server takes from the packs. */
export function LayoutForm({ kind, forecasts, open, done }: { kind: Kind; forecasts: ForecastHead[]; open: boolean; done: (run: string) => void }) {
  const { t, tx } = useLang()
  const all = useBodies()
  const bodies = all.length > 1 ? all.filter((b) => !b.own) : all
  const run = useRun('siting', done)
  const [f, setF] = useState({ org: '', stage: '', title: '', year: '', forecast: '', budget: '', limit: '', max: '', boardLimit: '', boardGrade: '' })
  const [on, setOn] = useState({ whole: false, contiguous: false, hard: false })
  const [allow, setAllow] = useState<string[]>([...allowed])
  const put = (k: keyof typeof f) => (e: { target: { value: string } }) => setF({ ...f, [k]: e.target.value })
  const { form, at, rest } = useFaults(run.wrong, fields)
  const boards = allow.includes('board')
  const start = () =>
    void run.start({
      org: f.org || bodies[0]?.code,
      stage: f.stage || kind.groups[0]?.code,
      title: f.title.trim() || undefined,
      year: typed(f.year),
      forecast: f.forecast || undefined,
      budget: typed(f.budget),
      limit: typed(f.limit),
      max_classes: typed(f.max),
      board_limit: boards ? typed(f.boardLimit) : undefined,
      board_grade: boards ? typed(f.boardGrade) : undefined,
      whole: on.whole || undefined,
      contiguous: on.contiguous || undefined,
      hard: on.hard || undefined,
      allow: allow.length === allowed.length ? undefined : allow,
    })
  return (
    <details className="places-form" open={open || run.running || !!run.wrong || undefined}>
      <summary>{t('places.startSiting')}</summary>
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
            <select name="org" value={f.org || bodies[0]?.code} onChange={put('org')}>
              {bodies.map((b) => (
                <option key={b.code} value={b.code}>
                  {b.label}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('places.stage')} wrong={at('stage')}>
            <select name="stage" value={f.stage || kind.groups[0]?.code} onChange={put('stage')}>
              {kind.groups.map((g) => (
                <option key={g.code} value={g.code}>
                  {tx(g.title)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('places.name')} hint={t('places.nameHint')} wrong={at('title')}>
            <input name="title" value={f.title} maxLength={120} onChange={put('title')} />
          </Field>
          <Field label={t('layout.year')} wrong={at('year')}>
            <input name="year" inputMode="numeric" value={f.year} onChange={put('year')} />
          </Field>
          <Field label={t('layout.forecast')} wrong={at('forecast')}>
            <select name="forecast" value={f.forecast} onChange={put('forecast')}>
              <option value="">{t('layout.noForecast')}</option>
              {forecasts.map((r) => (
                <option key={r.run} value={r.run}>
                  {runLabel(r, t('places.chosen'))}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('layout.budget')} hint={t('layout.budgetHint')} wrong={at('budget')}>
            <input name="budget" inputMode="decimal" value={f.budget} onChange={put('budget')} />
          </Field>
          <Field label={t('layout.limit')} wrong={at('limit')}>
            <input name="limit" inputMode="decimal" value={f.limit} onChange={put('limit')} />
          </Field>
          <Field label={t('layout.maxClasses')} wrong={at('max_classes')}>
            <input name="max" inputMode="numeric" value={f.max} onChange={put('max')} />
          </Field>
          {boards && (
            <>
              <Field label={t('layout.boardLimit')} wrong={at('board_limit')}>
                <input name="boardLimit" inputMode="decimal" value={f.boardLimit} onChange={put('boardLimit')} />
              </Field>
              <Field label={t('layout.boardGrade')} wrong={at('board_grade')}>
                <input name="boardGrade" inputMode="numeric" value={f.boardGrade} onChange={put('boardGrade')} />
              </Field>
            </>
          )}
        </div>
        <div className="places-ticks">
          {(['whole', 'contiguous', 'hard'] as const).map((k) => (
            <Tick key={k} label={t(`layout.${k}`)} on={on[k]} set={(v) => setOn({ ...on, [k]: v })} />
          ))}
        </div>
        <fieldset className="places-ticks">
          <legend>{t('layout.allow')}</legend>
          {allowed.map((a) => (
            <Tick key={a} label={t(`layout.allow.${a}`)} on={allow.includes(a)} set={(v) => setAllow(v ? [...allow, a] : allow.filter((x) => x !== a))} />
          ))}
          <Fault text={at('allow')} />
        </fieldset>
        <RunState run={run} engine="siting" failed={rest} />
        <button type="submit" className="main-button places-go" disabled={run.running || bodies.length === 0}>
          {t('places.goSiting')}
        </button>
      </form>
    </details>
  )
}
