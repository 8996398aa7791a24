import { Link } from 'react-router'
import { useApi } from '../../api/use'
import type { Tasks as Answer } from '../../api/verify'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { day } from '../../lib/format'
import { CountStrip, Mark } from './parts'
import { unitMark, unitState } from './words'

/** The tasks of the reader's own unit. */
export default function Tasks() {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<Answer>('/api/verify/tasks')
  useTitle(t('ver.tasks'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  return (
    <div className="page">
      <PageHead title={t('ver.tasks')} lead={t('ver.tasksLead')} />
      {data.notices.map((n, i) => (
        <p key={i} className="ver-notice" role="status">
          {t(n.kind === 'remind' ? 'ver.reminded' : 'ver.escalated', { n: n.tasks, date: day(n.due) })}
        </p>
      ))}
      {data.tasks.length === 0 && <Nothing title={t('ver.noTasks')} />}
      <ul className="ver-list">
        {data.tasks.map((x) => {
          const state = x.open === 0 ? 'answered' : x.overdue ? 'overdue' : 'open'
          return (
            <li key={x.id}>
              <p className="ver-head">
                <Link to={`/verify/tasks/${x.id}`}>
                  <strong>
                    {tx(x.round.title)} · {tx(x.title)}
                  </strong>
                </Link>
                <Mark word={unitState[state] ?? 'ver.us.open'} mark={unitMark[state] ?? ''} />
                <span className="muted">{t('ver.due', { date: day(x.due) })}</span>
                {x.done_on > 0 && <span className="muted">{t('ver.doneOn', { date: day(x.done_on) })}</span>}
              </p>
              {x.returned > 0 && x.open > 0 && <p className="bad">{t('ver.givenBack')}</p>}
              <CountStrip counts={x} />
            </li>
          )
        })}
      </ul>
    </div>
  )
}
