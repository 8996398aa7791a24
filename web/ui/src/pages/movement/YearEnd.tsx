import { Button, Modal } from 'antd'
import { useCallback, useState } from 'react'
import { Link } from 'react-router'
import { post, url, type ApiError } from '../../api/client'
import type { MoveMeta, YearEnd as Year, YearUnit } from '../../api/movement'
import { forgetAnswers, useApi } from '../../api/use'
import { PageHead, YearChoice, useYearName } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useAgain, WorkLine } from '../../components/Work'
import { useLang, useTitle } from '../../i18n'
import { instant, number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import './movement.css'

export const acts = ['promoted', 'repeats', 'graduates', 'leaves', 'blocked', 'already'] as const

/** The end of a year: what it would bring to every unit, run, taken back. */
export default function YearEnd() {
  const { t, tx, problem } = useLang()
  const name = useYearName()
  const { values } = useQuery()
  const { data: meta } = useApi<MoveMeta>('/api/movement')
  const year = Number(values.year ?? meta?.year ?? 0)
  const [turn, setTurn] = useState(0)
  const [failed, setFailed] = useState('')
  const [sent, setSent] = useState(false)
  const { data, error, reload } = useApi<Year>(year ? url('/api/yearend', { year, org: values.org, turn }) : null, true)
  useTitle(t('year.title'), t('app.name'))
  const work = data?.work ?? null
  const busy = work?.state === 'running'
  useAgain(
    busy,
    data,
    useCallback(() => setTurn((n) => n + 1), []),
  )
  if (error) return <Problem error={error} retry={reload} />
  if (!data || !meta) return <Waiting />
  const begin = async (what: 'run' | 'undo' | 'stop') => {
    setFailed('')
    try {
      await post(`/api/yearend/${what}`, what === 'stop' ? {} : { year, org: values.org ?? '' })
      setSent(what !== 'stop')
      forgetAnswers()
      setTurn((n) => n + 1)
    } catch (cause) {
      setFailed(problem(cause as ApiError))
    }
  }
  const ask = (what: 'run' | 'undo') =>
    Modal.confirm({
      title: what === 'run' ? t('year.runSure', { n: data.units.length }) : t('year.undoSure'),
      okText: t(`year.do.${what}`),
      cancelText: t('common.cancel'),
      okButtonProps: { danger: what === 'undo' },
      onOk: () => begin(what),
    })
  const taken = data.runs.some((r) => r.state === 'done' || r.state === 'stopped')
  return (
    <div className="page">
      <PageHead title={t('year.of', { year: name(year) })} lead={t('year.lead')}>
        <YearChoice years={[meta.year, meta.year - 1]} year={year} />
        {busy && work?.kind !== 'preview' ? (
          <Button onClick={() => void begin('stop')}>{t('year.stop')}</Button>
        ) : (
          <>
            {taken && (
              <Button danger disabled={busy} onClick={() => ask('undo')}>
                {t('year.do.undo')}
              </Button>
            )}
            <Button type="primary" disabled={busy || !data.units.length} onClick={() => ask('run')}>
              {t('year.do.run')}
            </Button>
          </>
        )}
      </PageHead>
      {busy && work && (
        <WorkLine work={work} text={t(work.kind === 'preview' ? 'year.counting' : 'year.running')} />
      )}
      {sent && work && !busy && <Outcome work={work} />}
      <p className="form-error" role="alert">
        {failed}
      </p>
      {data.units.length === 0 ? !busy && <Nothing title={t('year.none')} /> : <Units units={data.units} year={year} org={values.org} />}
      {data.runs.length > 0 && (
        <section>
          <h2>{t('year.runs')}</h2>
          <ul className="move-runs">
            {data.runs.map((r) => (
              <li key={r.n}>
                <span className="num">{instant(r.at)}</span>
                <span>{r.org && tx(r.org.title)}</span>
                <span>{t('year.ran', { units: number(r.units), persons: number(r.persons) })}</span>
                <span className="tag">{t(`year.state.${r.state}` as 'year.state.done')}</span>
                <span className="muted">{r.who}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Outcome({ work }: { work: NonNullable<Year['work']> }) {
  const { t, tx } = useLang()
  if (work.state === 'failed') return <p className="form-error">{tx(work.error ?? '')}</p>
  if (work.state === 'cancelled') return <p className="form-note">{t('year.cancelled')}</p>
  const r = work.result
  if (!r) return null
  return (
    <div role="status">
      <p className="success">
        {work.kind === 'run' ? t('year.ran', { units: number(r.units), persons: number(r.persons ?? 0) }) : t('year.undone', { units: number(r.units) })}
      </p>
      {r.left && r.left.length > 0 && (
        <ul className="move-left">
          {r.left.map((l) => (
            <li key={l.org.code}>
              {t('year.left')}
              {tx(l.org.title)} · {tx(l.why)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Units({ units, year, org }: { units: YearUnit[]; year: number; org: string | undefined }) {
  const { t, tx } = useLang()
  const sum = (f: (u: YearUnit) => number) => units.reduce((n, u) => n + f(u), 0)
  const over = sum((u) => u.acts.already ?? 0) > 0 // who is missing can be told only once others are carried on
  const shown = acts.filter((a) => sum((u) => u.acts[a] ?? 0) > 0)
  const cell = (u: YearUnit, key: string, q: Record<string, string>, n: number) => (
    <td key={key} className="num">{n ? <Link to={url(`/work/yearend/${u.org}`, { year, ...q })}>{number(n)}</Link> : '—'}</td>
  )
  return (
    <>
      <div className="tally year-tally">
        {shown.map((a) => (
          <div key={a} data-act={a}>
            <b className="num">{number(sum((u) => u.acts[a] ?? 0))}</b>
            <span>{t(`year.act.${a}`)}</span>
          </div>
        ))}
        <div>
          <b className="num">{number(sum((u) => u.groups))}</b>
          <span>{t('year.groups')}</span>
        </div>
        {over && (
          <div title={t('year.vanishedNote')}>
            <b className="num">{number(sum((u) => u.vanished))}</b>
            <span>{t('year.vanished')}</span>
          </div>
        )}
      </div>
      {over && (
        <p className="move-export">
        <a href={url('/api/yearend/vanished.csv', { year, org })} download>
          {t('year.export')} · {t('year.vanished')}
        </a>
      </p>
      )}
      <div className="move-scroll">
        <table className="plain-table">
          <thead>
            <tr>
              <th>{t('common.name')}</th>
              {shown.map((a) => (
                <th key={a} className="num">
                  {t(`year.act.${a}`)}
                </th>
              ))}
              <th className="num">{t('year.groups')}</th>
              {over && (
                <>
                  <th className="num" title={t('year.vanishedNote')}>
                    {t('year.vanished')}
                  </th>
                  <th className="num" title={t('year.untoldNote')}>
                    {t('year.untold')}
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {units.map((u) => (
              <tr key={u.org}>
                <td>
                  <Link to={url(`/work/yearend/${u.org}`, { year })}>{tx(u.title)}</Link>
                </td>
                {shown.map((a) =>
                  cell(u, a, { act: a }, u.acts[a] ?? 0),
                )}
                <td className="num">{number(u.groups)}</td>
                {over && cell(u, 'vanished', { gone: 'vanished' }, u.vanished)}
                {over && cell(u, 'untold', { gone: 'untold' }, u.untold)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
