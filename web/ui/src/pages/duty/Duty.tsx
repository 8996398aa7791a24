import { Button, Input } from 'antd'
import { useState } from 'react'
import { useParams } from 'react-router'
import { post, url, type ApiError } from '../../api/client'
import type { DutyDetail, DutyHistory, DutyMark } from '../../api/duty'
import { forgetAnswers, useApi } from '../../api/use'
import { Certainty, Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { instant, size } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { MarkForm } from './MarkForm'
import { FigureWord, StateWord, When } from './parts'

/** One duty at one organisation: the plan's words, what was done, and a mark. */
export default function Duty() {
  const { id } = useParams()
  const { t, tx } = useLang()
  const { values } = useQuery()
  const { data, error, reload } = useApi<DutyDetail>(url(`/api/duties/${id}`, { org: values.org, on: values.on }), true)
  useTitle(data ? `${data.id} ${tx(data.title)}` : t('duty.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const may = data.may && !values.on // a page as of another day is for reading
  return (
    <div className="page">
      <PageHead
        crumbs={
          <Crumbs items={[{ title: t('duty.title'), to: url('/work/duties', { org: values.org, on: values.on }) }, { title: `${data.id} · ${tx(data.org.title)}` }]} />
        }
        title={
          <>
            {tx(data.title)} {data.owes && <StateWord state={data.now.state} />}
          </>
        }
      />
      <blockquote className="duty-quote">{data.quote}</blockquote>
      <p className="muted">
        {t('duty.source')}
        {t('common.colon')}
        {tx(data.plan)} {t('duty.where', { number: data.number, section: data.section, line: data.line })}
      </p>
      <Facts d={data} />
      <Opens d={data} />
      {data.past && <p className="duty-hint">{t('duty.past')}</p>}
      {may && <MarkForm d={data} onDone={reload} />}
      <section>
        <h2>{t('duty.record')}</h2>
        {!data.owes ? (
          <Nothing title={t('duty.notOwed')} />
        ) : data.history.length === 0 ? (
          <p className="muted">{t('duty.state.quiet')}</p>
        ) : (
          <ol className="duty-history">
            {data.history.map((h) => (
              <Past key={h.period.key} h={h} may={may} onDone={reload} />
            ))}
          </ol>
        )}
      </section>
    </div>
  )
}

function Facts({ d }: { d: DutyDetail }) {
  const { t, tx } = useLang()
  const names = ['half-year', 'year', 'city-year', 'term', 'month', 'day'] as const
  const name = names.find((n) => n === d.period)
  const open = d.opens.find((o) => o.param === d.period)
  let every = name ? t(`duty.every.${name}`) : open ? `${open.value} ${tx(open.unit)}` : ''
  if (every && d.attest) every = t('duty.attested', { every })
  if (every && d.times > 1) every = t('duty.times', { every, n: d.times })
  return (
    <dl className="duty-facts">
      <div>
        <dt>{t('duty.who')}</dt>
        <dd>
          {tx(d.who)}
          <br />
          <small className="muted">{d.given ? t('duty.given') : t('duty.inferred')}</small>
        </dd>
      </div>
      <div>
        <dt>{t('duty.kindOf')}</dt>
        <dd>{t(`duty.kind.${d.kind}`)}</dd>
      </div>
      {every && (
        <div>
          <dt>{t('duty.every')}</dt>
          <dd>{every}</dd>
        </div>
      )}
      {d.now.due && (
        <div>
          <dt>{t('duty.due')}</dt>
          <dd>
            <When x={d.now} bare />
          </dd>
        </div>
      )}
      {d.owes && d.remind?.length ? (
        <div>
          <dt>{t('duty.reminders')}</dt>
          <dd>{t('duty.remindDays', { days: d.remind.join(t('duty.remindAnd')) })}</dd>
        </div>
      ) : null}
      <div>
        <dt>{t('duty.proof')}</dt>
        <dd>{tx(d.evidence)}</dd>
      </div>
      {tx(d.note) && (
        <div>
          <dt>{t('duty.note')}</dt>
          <dd>{tx(d.note)}</dd>
        </div>
      )}
    </dl>
  )
}

/** The numbers that a parameter holds, and whether the plan left them open. */
function Opens({ d }: { d: DutyDetail }) {
  const { t, tx } = useLang()
  return (
    <>
      {d.opens.map((o) => (
        <div key={o.param} className="duty-open" data-stated={d.open ? undefined : ''}>
          <strong>{d.open ? t('duty.openTitle') : t('duty.statedTitle')}</strong>
          <p>
            {tx(o.title)}
            {t('common.colon')}
            <b className="num">{o.value > 10000000 ? dated(o.value) : o.value}</b> {tx(o.unit)}
            <Certainty of={o.certainty} />
          </p>
          <p className="muted">
            {tx(o.text)} <cite>{o.ref}</cite>
          </p>
        </div>
      ))}
    </>
  )
}

const dated = (n: number) => `${Math.floor(n / 10000)}-${String(Math.floor(n / 100) % 100).padStart(2, '0')}-${String(n % 100).padStart(2, '0')}`

function Past({ h, may, onDone }: { h: DutyHistory; may: boolean; onDone: () => void }) {
  const { t, tx } = useLang()
  return (
    <li>
      <div>
        <strong>{h.period.key === 'once' ? t('duty.kind.deadline') : tx(h.period.title)}</strong>
        <StateWord state={h.state} />
        {h.state !== 'done' && <When x={h} />}
        {h.figure && <FigureWord f={h.figure} />}
        {h.cases > 0 && <small>{t('duty.cases', { n: h.cases })}</small>}
      </div>
      {h.said.length === 0 ? (
        <p className="muted">{t('duty.nothing')}</p>
      ) : (
        <ul className="duty-said">
          {h.said.map((m) => (
            <Said key={m.n} m={m} standing={h.kind === 'standing'} may={may} onDone={onDone} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Said({ m, standing, may, onDone }: { m: DutyMark; standing: boolean; may: boolean; onDone: () => void }) {
  const { t, problem } = useLang()
  const [asking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const back = async () => {
    setBusy(true)
    setError('')
    try {
      await post(`/api/duties/marks/${m.n}/withdraw`, { why: why.trim() })
      forgetAnswers()
      setAsking(false)
      onDone()
    } catch (cause) {
      setError(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  return (
    <li data-back={m.withdrawn ? '' : undefined}>
      <div className="duty-said-head">
        <span>{standing && m.kind === 'done' ? t('duty.state.met') : t(`duty.mark.${m.kind}`)}</span>
        <span className="num">{m.on}</span>
        <span className="muted">
          {m.who} · {instant(m.at)}
        </span>
      </div>
      {m.evidence && <p>{m.evidence}</p>}
      {m.papers && (
        <ul className="duty-papers">
          {m.papers.map((p) => (
            <li key={p.id}>
              <a href={`/api/duties/marks/${m.n}/papers/${p.id}`} download={p.name}>
                {p.name}
              </a>{' '}
              <span className="muted num">{size(p.size)}</span>
            </li>
          ))}
        </ul>
      )}
      {m.note && <p className="duty-note">{m.note}</p>}
      {m.withdrawn && <small className="muted">{t('duty.takenBack', { who: m.taker, at: instant(m.withdrawn), why: m.why })}</small>}
      {may && !m.withdrawn && !asking && (
        <button type="button" className="text-button" onClick={() => setAsking(true)}>
          {t('duty.doWithdraw')}
        </button>
      )}
      {asking && (
        <div className="duty-field">
          <label htmlFor={`why-${m.n}`}>{t('duty.why')}</label>
          <Input id={`why-${m.n}`} value={why} maxLength={500} onChange={(e) => setWhy(e.target.value)} />
          <div className="duty-buttons">
            <Button danger loading={busy} disabled={!why.trim()} onClick={() => void back()}>
              {t('duty.doWithdraw')}
            </Button>
          </div>
          <p className="form-error" role="alert">
            {error}
          </p>
        </div>
      )}
    </li>
  )
}
