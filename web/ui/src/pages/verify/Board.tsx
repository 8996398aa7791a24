import { useEffect, useState } from 'react'
import { Input } from 'antd'
import { Link, useParams } from 'react-router'
import { post, url } from '../../api/client'
import { forgetAnswers, useApi } from '../../api/use'
import type { Board as Answer, BoardUnit, Check } from '../../api/verify'
import { Choice, Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useAgain, WorkLine } from '../../components/Work'
import { Sure } from '../../components/Sure'
import { useLang, useTitle } from '../../i18n'
import { day, instant, number, percent } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { useSession } from '../../session'
import { CountStrip, Mark } from './parts'
import { countColumns, roundState, unitMark, unitState } from './words'

/** One round: how far it is by units, in the order of their codes. */
export default function Board() {
  const { id = '' } = useParams()
  const { t, tx } = useLang()
  const { session, may, reload: refresh } = useSession()
  const { values, set } = useQuery()
  const level = values.by ?? ''
  const { data, error, reload } = useApi<Answer>(
    url(`/api/verify/rounds/${encodeURIComponent(id)}`, { by: level, under: values.under }),
    true,
  )
  useTitle(tx(data?.round.title), t('ver.rounds'), t('app.name'))
  const work = data?.closing ?? null
  const closing = work?.state === 'running'
  useAgain(closing, data, reload)
  const [asked, setAsked] = useState(false)
  useEffect(() => {
    if (!asked || work?.state !== 'done') return
    setAsked(false)
    forgetAnswers() // there is a new seal
    void refresh()
  }, [asked, work?.state, refresh])
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const r = data.round
  const whole = session?.user?.org === session?.city.root
  const done = () => {
    forgetAnswers()
    reload()
  }
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('ver.rounds'), to: '/verify/rounds' }, { title: tx(r.title) }]} />}
        title={
          <>
            {tx(r.title)} <small className="num">{r.year}</small>
          </>
        }
        lead={
          <>
            <Mark word={roundState[r.state] ?? 'ver.state.open'} mark={r.state === 'closed' ? 'met' : 'no_target'} />{' '}
            {t('ver.due', { date: day(r.due) })} · {t('ver.unitsAnswered', { n: data.answered })}
            {data.waiting > 0 && ` · ${t('ver.unitsWaiting', { n: data.waiting })}`}
            {data.late > 0 && <span className="bad"> · {t('ver.unitsLate', { n: data.late })}</span>}
          </>
        }
      >
        {data.leads && may('rounds') && r.state === 'open' && r.spot && (
          <Sure
            label={t('ver.draw')}
            text={t('ver.drawSure')}
            run={async () => {
              await post(`/api/verify/rounds/${encodeURIComponent(id)}/draw`)
              done()
            }}
          />
        )}
        {data.leads && may('seal') && whole && !closing && (r.state === 'checking' || (r.state === 'open' && !r.spot)) && (
          <CloseRound
            id={id}
            onDone={() => {
              setAsked(true)
              done()
            }}
          />
        )}
      </PageHead>
      {work && closing && (
        <WorkLine
          work={work}
          text={t('ver.closing')}
          onStop={() => void post(`/api/verify/rounds/${encodeURIComponent(id)}/close/stop`).finally(done)}
        />
      )}
      {r.state !== 'closed' && work?.state === 'cancelled' && <p className="form-note">{t('ver.closeStopped')}</p>}
      {r.state !== 'closed' && work?.state === 'failed' && (
        <p className="form-error" role="alert">
          {tx(work.error)}
        </p>
      )}
      {r.state === 'closed' && (
        <p className="success ver-gap">
          {t('ver.closedBy', { who: r.closed_by, at: instant(r.closed_at), seal: r.seal, n: r.overdue })}
          {r.note && ` · ${r.note}`}
        </p>
      )}
      <div className="ver-gap">
        <CountStrip counts={data.counts} />
      </div>
      {r.spot && r.state !== 'open' && may('rounds') && <Checks id={id} seed={r.seed} />}
      <section aria-labelledby="units">
        <div className="section-head">
          <h2 id="units">{t('ver.board')}</h2>
          <span className="muted">{t('common.byCode')}</span>
          {r.spot_level && (
            <Choice
              label={t('ver.filter')}
              value={values.under ? '' : level}
              options={[
                { value: '', label: t('ver.all') },
                { value: r.spot_level, label: tx(r.org.title) },
              ]}
              onChange={(v) => set({ by: v, under: null })}
            />
          )}
        </div>
        <Units units={data.units} onUnder={(code) => set({ under: code, by: null })} />
      </section>
    </div>
  )
}

function CloseRound({ id, onDone }: { id: string; onDone: () => void }) {
  const { t } = useLang()
  const [note, setNote] = useState('')
  return (
    <Sure
      primary
      label={t('ver.close')}
      text={t('ver.closeSure')}
      run={async () => {
        await post(`/api/verify/rounds/${encodeURIComponent(id)}/close`, { note })
        onDone()
      }}
    >
      <Input value={note} maxLength={120} placeholder={t('ver.closeNote')} onChange={(e) => setNote(e.target.value)} />
    </Sure>
  )
}

function Units({ units, onUnder }: { units: BoardUnit[]; onUnder: (code: string) => void }) {
  const { t, tx } = useLang()
  return (
    <div className="scroll-x">
      <table className="ver-table">
        <thead>
          <tr>
            <th scope="col">{t('ver.unit')}</th>
            <th scope="col">{t('ver.unitState')}</th>
            {countColumns.map(([key, word]) => (
              <th scope="col" key={key} className="right">
                {t(word)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {units.map((u) => (
            <tr key={u.org.code}>
              <th scope="row">
                {u.children ? (
                  <button type="button" className="text-button" onClick={() => onUnder(u.org.code)}>
                    {tx(u.org.title)}
                  </button>
                ) : (
                  tx(u.org.title)
                )}{' '}
                <span className="mono code">{u.org.code}</span>
              </th>
              <td>
                <Mark word={unitState[u.state] ?? 'ver.us.open'} mark={unitMark[u.state] ?? ''} />
                {u.children && u.late ? <small> {t('ver.lateOf', { late: u.late, n: u.children })}</small> : null}
                {u.returned > 0 && <small> {t('ver.returnedN', { n: u.returned })}</small>}
              </td>
              {countColumns.map(([key]) => (
                <td key={key} className="right num">
                  {u[key] ? number(u[key]) : <span className="muted">0</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Checks({ id, seed }: { id: string; seed: string }) {
  const { t } = useLang()
  const { data, error } = useApi<{ checks: Check[] }>(`/api/verify/rounds/${encodeURIComponent(id)}/checks`)
  if (error) return <Problem error={error} />
  if (!data) return <Waiting rows={3} />
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">{t('ver.checks')}</h2>
      <p className="muted">
        {t('ver.seed')} <code className="mono">{seed}</code>
        <br />
        {t('ver.seedWhy')}
      </p>
      <ul className="ver-checks">
        {data.checks.map((c) => (
          <CheckLine key={c.unit.code} id={id} check={c} />
        ))}
      </ul>
    </section>
  )
}

function CheckLine({ id, check: c }: { id: string; check: Check }) {
  const { t, tx } = useLang()
  return (
    <li>
      <strong>{tx(c.unit.title)}</strong>
      <span className="muted">
        {t('ver.population')} <span className="num">{number(c.population)}</span> · {t('ver.size')}{' '}
        <span className="num">{number(c.size)}</span> · {t('ver.checked')}{' '}
        <span className="num">
          {c.checked}/{c.size}
        </span>{' '}
        · {t('ver.wrong')} <span className="num">{c.wrong}</span>
      </span>
      {c.checked > 0 && (
        <span className="muted">
          {t('ver.interval', { c: c.confidence })} <span className="num">{percent(c.low, 1)}–{percent(c.high, 1)}</span>
        </span>
      )}
      <Mark word={c.settled ? 'ver.settled' : 'ver.unsettled'} mark={c.settled ? 'met' : 'no_target'} />
      {c.returned > 0 && <span className="bad">{t('ver.returnedUnits', { n: c.returned })}</span>}
      <Link to={`/verify/rounds/${id}/checks/${c.unit.code}`}>{c.settled ? t('ver.see') : t('ver.goCheck')}</Link>
    </li>
  )
}
