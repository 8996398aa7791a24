import { Button, Input } from 'antd'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { post, type ApiError } from '../../api/client'
import type { MoveCase, MoveMeta } from '../../api/movement'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { instant } from '../../lib/format'
import { CaseState, GroupChoice } from './parts'
import './movement.css'

/** One case: who, from where, to where, what happened, and the reader's answer. */
export default function Move() {
  const { n } = useParams()
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<MoveCase>(`/api/movement/cases/${n}`, true)
  useTitle(data ? `${data.person.label} · ${tx(data.title)}` : t('move.title'), t('app.name'))
  const { data: meta } = useApi<MoveMeta>('/api/movement')
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const c = data
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('move.title'), to: '/work/moves' }, { title: t('move.number', { n: c.n }) }]} />}
        title={
          <>
            {c.person.label} · {tx(c.title)} <CaseState state={c.state} />
          </>
        }
      />
      <dl className="move-facts">
        {c.side !== 'in' && (
          <Fact name={t('move.from')} value={c.giver ? tx(c.giver.title) : t('move.hidden')} muted={!c.giver} />
        )}
        {c.taker && <Fact name={t('move.to')} value={tx(c.taker.title)} />}
        {c.place && <Fact name={t('move.place')} value={c.place} />}
        {c.grade && <Fact name={tx(meta?.labels.find((l) => l.code === 'grade')?.title)} value={tx(c.grade.title)} />}
        <Fact name={t('move.date')} value={c.date} />
        <Fact name={t('move.asked')} value={c.day} />
        {c.state === 'requested' && c.due && <Fact name={t('move.due')} value={c.due} />}
        {c.state === 'requested' && c.silent && <Fact name={t('move.silent')} value={tx(c.silent.title)} />}
        {c.reason && <Fact name={t('move.reason')} value={tx(c.reason.title)} />}
        {c.evidence && <Fact name={t('move.evidence')} value={c.evidence} />}
      </dl>
      {c.stuck.zh && (
        <p className="now-box" data-stuck role="status">
          <strong>{t('move.stuck')}</strong> {tx(c.stuck)} <span className="muted">{t('move.stuckNext')}</span>
        </p>
      )}
      {c.person.rec > 0 && meta && (
        <p>
          <Link to={`/records/${meta.person.name}/${c.person.rec}`}>{t('move.record')}</Link>
        </p>
      )}
      {c.may.length > 0 && <Answer c={c} onDone={reload} />}
      <section>
        <h2>{t('move.history')}</h2>
        <ol className="move-history">
          {(c.events ?? []).map((e, i) => (
            <li key={i} data-act={e.act}>
              <time>{instant(e.at)}</time>
              <div>
                <strong>
                  {t(`move.act.${e.act}` as 'move.act.done')}
                  {e.act === 'escalate' && e.org ? ` ${tx(e.org.title)}` : ''}
                </strong>
                {e.act !== 'escalate' && e.org && <span className="muted"> {tx(e.org.title)}</span>}
                {(e.note || e.why) && <p>{e.note || tx(e.why)}</p>}
              </div>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}

function Fact({ name, value, muted }: { name: string; value: string; muted?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={muted ? 'muted' : ''}>{value}</dd>
    </div>
  )
}

function Answer({ c, onDone }: { c: MoveCase; onDone: () => void }) {
  const { t, tx, problem } = useLang()
  const { data: meta } = useApi<MoveMeta>('/api/movement')
  const [note, setNote] = useState('')
  const [group, setGroup] = useState('')
  const [busy, setBusy] = useState('')
  const [error, setError] = useState('')
  const places = c.may.includes('accept') && c.asked === 'give' && c.taker && meta?.group
  const say = async (act: string) => {
    setBusy(act)
    setError('')
    try {
      await post<MoveCase>(`/api/movement/cases/${c.n}/answer`, { act, note: note.trim(), group })
      forgetAnswers()
      setNote('')
      onDone()
    } catch (cause) {
      setError(problem(cause as ApiError))
    } finally {
      setBusy('')
    }
  }
  return (
    <section className="now-box move-answer" aria-labelledby="answer">
      <h2 id="answer">{t('move.toDo')}</h2>
      {places && meta && (
        <div className="move-field">
          <label htmlFor="group">
            {t('move.place.group')} {tx(meta.group?.title ?? '')}
          </label>
          <GroupChoice id="group" meta={meta} org={c.taker?.code ?? ''} year={meta.year} grade={c.grade?.code} value={group} onChange={setGroup} />
        </div>
      )}
      <div className="move-field">
        <label htmlFor="note">{t('move.why')}</label>
        <Input.TextArea id="note" value={note} maxLength={500} autoSize={{ minRows: 2 }} onChange={(e) => setNote(e.target.value)} />
      </div>
      <div className="move-buttons">
        {c.may.map((act) => (
          <Button
            key={act}
            type={act === 'accept' ? 'primary' : 'default'}
            danger={act === 'refuse'}
            loading={busy === act}
            disabled={busy !== '' || (act !== 'accept' && !note.trim())}
            onClick={() => void say(act)}
          >
            {t(`move.say.${act}`)}
          </Button>
        ))}
      </div>
      <p className="form-error" role="alert">
        {error}
      </p>
    </section>
  )
}
