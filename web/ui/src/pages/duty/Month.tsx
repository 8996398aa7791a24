import { Link } from 'react-router'
import { url } from '../../api/client'
import { dutyStates, type DutyCounts, type DutyDay, type DutyMonth, type DutyState } from '../../api/duty'
import { useApi } from '../../api/use'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang } from '../../i18n'
import { number } from '../../lib/format'
import { useQuery, type Params } from '../../lib/link'
import { StateWord } from './parts'

const most = 3

/** A month with what falls due on each day, and below it the same as a list. */
export function Month({ common, on }: { common: Params; on: string }) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const month = values.month ?? on.slice(0, 7)
  const { data, error, reload } = useApi<DutyMonth>(url('/api/duties/month', { ...common, month }), true)
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  // Of one's own, to the duty; of many, to the list of them.
  const to = (id: string) =>
    values.reach === 'all'
      ? url('/work/duties', { view: 'list', q: id, reach: 'all', org: values.org, on: values.on })
      : url(`/work/duties/${id}`, { org: values.org, on: values.on })
  const go = (by: number) => set({ month: shifted(month, by) })
  const [y, m] = month.split('-')
  const falls = data.days.filter((d) => d.falls.length)
  return (
    <>
      <div className="duty-month-head">
        <button type="button" className="plain-button" aria-label={t('duty.before')} onClick={() => go(-1)}>
          ‹
        </button>
        <h2>{t('duty.month', { y: y ?? '', m: String(Number(m)) })}</h2>
        <button type="button" className="plain-button" aria-label={t('duty.next')} onClick={() => go(1)}>
          ›
        </button>
      </div>
      {!data.known && <p className="duty-hint">{t('duty.calendarUnknown')}</p>}
      <div className="duty-month">
        {t('duty.weekdays')
          .split(' ')
          .map((w) => (
            <span key={w} className="duty-weekday">
              {w}
            </span>
          ))}
        {data.days.map((d, i) => (
          <Cell key={d.day} d={d} first={i === 0} today={d.day === on} to={to} />
        ))}
      </div>
      <section>
        <h2>{t('duty.falls')}</h2>
        {falls.length === 0 ? (
          <Nothing title={t('duty.noFalls')} />
        ) : (
          <ul className="duty-list">
            {falls.flatMap((d) =>
              d.falls.map((f) => (
                <li key={`${d.day} ${f.duty} ${f.period.key}`} id={`day-${d.day}`}>
                  <Link to={to(f.duty)}>
                    <span className="duty-what">
                      <span className="code mono">{f.duty}</span>
                      <strong>{tx(f.title)}</strong>
                    </span>
                    <span className="duty-span">
                      {f.period.key === 'once' ? t('duty.kind.deadline') : tx(f.period.title)} · <span className="num">{d.day}</span>
                    </span>
                    <span className="duty-state">
                      {dutyStates
                        .filter((s) => f.counts[s])
                        .map((s) => (
                          <span key={s} className="duty-tally">
                            <StateWord state={s} />
                            {many(f.counts) && <span className="num">{number(f.counts[s])}</span>}
                          </span>
                        ))}
                    </span>
                  </Link>
                </li>
              )),
            )}
          </ul>
        )}
      </section>
    </>
  )
}

function Cell({ d, first, today, to }: { d: DutyDay; first: boolean; today: boolean; to: (id: string) => string }) {
  const { t, tx } = useLang()
  const start = first ? ((new Date(d.day + 'T00:00:00Z').getUTCDay() + 6) % 7) + 1 : undefined
  return (
    <div
      className="duty-cell"
      data-off={d.works ? undefined : ''}
      data-today={today ? '' : undefined}
      style={start ? { gridColumnStart: start } : undefined}
    >
      <span className="duty-date">
        <span className="num">{Number(d.day.slice(8))}</span>
        {d.off && <abbr title={tx(d.off)}>{t('duty.off')}</abbr>}
        {d.works && d.weekend && <em>{t('duty.works')}</em>}
      </span>
      <ul>
        {d.falls.slice(0, d.falls.length > most + 1 ? most : most + 1).map((f) => (
          <li key={f.duty + f.period.key} data-duty={worst(f.counts)}>
            <Link to={to(f.duty)} title={tx(f.title)}>
              <span>{tx(f.title)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {d.falls.length > most + 1 && <a href={`#day-${d.day}`}>{t('duty.more', { n: d.falls.length - most })}</a>}
      {d.falls.length > 0 && <b className="duty-dot num">{d.falls.length}</b>}
    </div>
  )
}

/** The first state in the order of lists, which is the one to look at. */
function worst(c: DutyCounts): DutyState {
  return dutyStates.find((s) => c[s]) ?? 'done'
}

const many = (c: DutyCounts) => Object.values(c).reduce((a, b) => a + b, 0) > 1

function shifted(month: string, by: number): string {
  const [y, m] = month.split('-').map(Number)
  const at = new Date(Date.UTC(y ?? 2000, (m ?? 1) - 1 + by, 1))
  return at.toISOString().slice(0, 7)
}
