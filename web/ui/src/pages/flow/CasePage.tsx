import { useState } from 'react'
import { Button } from 'antd'
import { Link, useParams } from 'react-router'
import { ApiError, post, url } from '../../api/client'
import type { Case, CaseAction, CaseBody } from '../../api/flow'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { cellText } from '../../lib/cell'
import { day, number } from '../../lib/format'
import { useSession } from '../../session'
import { ActForm } from './ActForm'
import { CaseItem, Due, StateMark } from './parts'
import { MissingList, Timeline } from './Timeline'
import { dueWords, leftWords } from './words'
import './flow.css'

/** One case: where it stands, what is to be done next and by whom, and how it came there. */
export default function CasePage() {
  const { no = '' } = useParams()
  return <OneCase key={no} no={no} />
}

function OneCase({ no }: { no: string }) {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<CaseBody>(`/api/cases/${encodeURIComponent(no)}`)
  const [said, setSaid] = useState('')
  const label = data ? tx(data.case.label) : ''
  useTitle(no, label || tx(data?.case.title), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const c = data.case
  const done = (now: Case) => {
    setSaid(t('flow.acted', { state: tx(now.state.title) }))
    reload()
    window.scrollTo(0, 0)
  }
  return (
    <div className="page flow-case">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('nav.work'), to: '/work' },
              { title: t('flow.all'), to: '/cases' },
              { title: tx(c.title), to: url('/cases', { type: c.type }) },
              { title: c.no },
            ]}
          />
        }
        title={
          <>
            {label || tx(c.title)} <small className="num">{c.no}</small>
          </>
        }
        lead={
          <span className="flow-lead">
            <StateMark of={c} />
            {c.level > 0 && <span className="tag flow-level">{t('flow.reopened', { n: c.level })}</span>}
            {c.raised > 0 && <span className="tag flow-level">{t('flow.raised', { n: c.raised })}</span>}
            <Due of={c} />
          </span>
        }
      >
        <Link className="plain-button" to={`/cases/types/${c.type}#s-${c.state.id}`}>
          {t('flow.seeType')}
        </Link>
      </PageHead>
      <dl className="flow-head">
        <div>
          <dt>{t('flow.type')}</dt>
          <dd>{tx(c.title)}</dd>
        </div>
        <div>
          <dt>{t('flow.unit')}</dt>
          <dd>{tx(c.unit.title)}</dd>
        </div>
        <div>
          <dt>{t('flow.openedBy')}</dt>
          <dd>
            {tx(c.opener.title)} <span className="num">{day(c.opened)}</span>
          </dd>
        </div>
        {data.parent && (
          <div>
            <dt>{t('flow.parent')}</dt>
            <dd>
              <Link to={`/cases/${encodeURIComponent(data.parent)}`}>{data.parent}</Link>
            </dd>
          </div>
        )}
      </dl>
      {said && (
        <p className="success" role="status">
          {said}
        </p>
      )}
      <div className="flow-columns">
        <div className="flow-main">
          <Next key={c.step} body={data} onDone={done} onReload={reload} />
          <OnRecord body={data} />
        </div>
        <div className="flow-side">
          <section aria-labelledby="flow-timeline">
            <h2 id="flow-timeline">{t('flow.timeline')}</h2>
            <Timeline body={data} />
          </section>
          <PartsOf body={data} />
        </div>
      </div>
    </div>
  )
}

/** What is to be done next, by whom, until when; and the form for it, if it is up to the reader. */
function Next({ body, onDone, onReload }: { body: CaseBody; onDone: (c: Case) => void; onReload: () => void }) {
  const { t, tx } = useLang()
  const { case: c, next } = body
  const [chosen, setChosen] = useState(next.length === 1 ? next[0]?.id : '')
  const action = next.find((a) => a.id === chosen)
  const last = body.steps.at(-1)
  return (
    <section className="flow-next" data-mine={next.length > 0 || undefined} aria-labelledby="flow-next">
      <h2 id="flow-next">{t(c.closed ? 'flow.over' : next.length ? 'flow.yourTurn' : 'flow.nextStep')}</h2>
      <Seats body={body} />
      {tx(body.note) && <p className="flow-hint">{tx(body.note)}</p>}
      {last?.missing && last.missing.length > 0 && (
        <div className="flow-asked">
          <strong>{t('flow.sentBack')}</strong>
          <MissingList body={body} list={last.missing} />
        </div>
      )}
      {next.length > 1 && (
        <div className="flow-actions" role="group" aria-label={t('flow.choose')}>
          {next.map((a) => (
            <button
              key={a.id}
              type="button"
              className="plain-button"
              data-danger={a.danger || undefined}
              aria-pressed={a.id === chosen}
              onClick={() => setChosen(a.id === chosen ? '' : a.id)}
            >
              {tx(a.title)}
            </button>
          ))}
        </div>
      )}
      {action?.barred && <p className="flow-barred">{tx(action.barred)}</p>}
      {action && !action.barred && <ActForm key={action.id} body={body} action={action} onDone={onDone} onReload={onReload} />}
      {body.withdraw && <Withdraw body={body} onDone={onDone} onReload={onReload} />}
    </section>
  )
}

const nothing: Omit<CaseAction, 'id' | 'title' | 'to'> = { fields: [], needs: [], effects: [], danger: true }

function Withdraw({ body, onDone, onReload }: { body: CaseBody; onDone: (c: Case) => void; onReload: () => void }) {
  const { t } = useLang()
  const [open, setOpen] = useState(false)
  const title = { zh: t('flow.withdraw'), en: t('flow.withdraw') }
  return (
    <div className="flow-withdraw">
      <button type="button" className="text-button" aria-expanded={open} onClick={() => setOpen((o) => !o)}>
        {t('flow.withdrawAsk')}
      </button>
      {open && (
        <ActForm
          body={body}
          action={{ ...nothing, id: 'withdraw', title, to: '' }}
          onDone={onDone}
          onReload={onReload}
        />
      )}
    </div>
  )
}

/** Whose turn it is, in plain words. */
function Seats({ body }: { body: CaseBody }) {
  const { t, tx, problem } = useLang()
  const { session } = useSession()
  const { case: c, seats } = body
  const [error, setError] = useState('')
  const [taken, setTaken] = useState<string | null>(null)
  const user = session?.user
  if (c.closed) return <p>{t('flow.overText', { state: tx(c.state.title), date: day(c.closed) })}</p>
  if (!seats.length) {
    return <p>{c.due ? t('flow.byItself', { date: dueWords(c), left: leftWords(c, t) }) : t('flow.nobody')}</p>
  }
  const byOrg = [...new Set(seats.map((s) => s.org.code))].map((code) => seats.filter((s) => s.org.code === code))
  const mine = seats.find((s) => s.org.code === user?.org && tx(s.role) === tx(user?.role_title))
  const holder = taken ?? mine?.taken ?? ''
  const take = async (on: boolean) => {
    setError('')
    try {
      await post(`/api/cases/${encodeURIComponent(c.no)}/take`, { mine: on })
      forgetAnswers()
      setTaken(on ? (user?.name ?? '') : '')
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <div className="flow-seats">
      <ul>
        {byOrg.map((list) => {
          const held = list.filter((s) => !s.unheld)
          return (
            <li key={list[0]?.org.code}>
              {t('flow.upTo', {
                org: tx(list[0]?.org.title),
                roles: (held.length ? held : list).map((s) => tx(s.role)).join(t('flow.or')),
              })}
              {!held.length && <span className="lost"> {t('flow.unheld')}</span>}
              {list
                .filter((s) => s.taken && s !== mine)
                .map((s) => (
                  <span key={s.taken} className="muted">
                    {' '}
                    {t('flow.takenBy', { who: s.taken })}
                  </span>
                ))}
            </li>
          )
        })}
      </ul>
      {c.due > 0 && (
        <p className={c.late ? 'lost' : ''}>
          {t('flow.until', { date: dueWords(c), left: leftWords(c, t) })}
        </p>
      )}
      {mine && (
        <p className="flow-take">
          {holder && <span className="muted">{holder === user?.name ? t('flow.takenByMe') : t('flow.takenBy', { who: holder })}</span>}
          {holder === user?.name ? (
            <Button size="small" onClick={() => void take(false)}>
              {t('flow.giveBack')}
            </Button>
          ) : (
            <Button size="small" onClick={() => void take(true)}>
              {t(holder ? 'flow.takeOver' : 'flow.take')}
            </Button>
          )}
        </p>
      )}
      {error && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

/** The record as it stands; masked values say that they are. */
function OnRecord({ body }: { body: CaseBody }) {
  const { t, tx } = useLang()
  const { may } = useSession()
  const row = body.record.rows?.[0]
  const columns = (body.record.columns ?? []).filter((f) => !body.own.includes(f.name))
  const shown = columns.filter((f) => row && cellText(row, f.name, tx) !== '—')
  return (
    <section aria-labelledby="flow-record">
      <div className="section-head">
        <h2 id="flow-record">{t('flow.record')}</h2>
        {may('read') && !body.private && row && (
          <Link to={`/records/${body.case.entity}/${body.case.rec}`}>{t('flow.history')}</Link>
        )}
      </div>
      <dl className="flow-record">
        {shown.map((f) => (
          <div key={f.name} data-long={(row && cellText(row, f.name, tx).length > 40) || undefined}>
            <dt>{tx(f.title)}</dt>
            <dd className={f.masked ? 'mask-mark' : ''} title={f.masked ? t('flow.masked') : undefined}>
              {row && cellText(row, f.name, tx)}
              {tx(f.unit) && <span className="unit"> {tx(f.unit)}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {shown.length < columns.length && (
        <p className="flow-hint">{t('flow.emptyFields', { n: columns.length - shown.length })}</p>
      )}
    </section>
  )
}

/** The cases that this one opened. */
function PartsOf({ body }: { body: CaseBody }) {
  const { t } = useLang()
  const n = body.parts.open + body.parts.closed
  const { data } = useApi<{ rows: Case[] }>(
    n > 0 ? url('/api/cases', { parent: body.case.no, limit: 10 }) : null,
  )
  if (!n) return null
  return (
    <section aria-labelledby="flow-parts">
      <div className="section-head">
        <h2 id="flow-parts">{t('flow.parts')}</h2>
        <span className="num muted">
          {t('flow.partsCount', { open: number(body.parts.open), closed: number(body.parts.closed) })}
        </span>
      </div>
      <ul className="flow-list">{data?.rows.map((c) => <CaseItem key={c.no} of={c} />)}</ul>
      {n > 10 && <Link to={url('/cases', { parent: body.case.no })}>{t('flow.partsAll')}</Link>}
    </section>
  )
}
