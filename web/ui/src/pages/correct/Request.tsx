import { Link, useParams } from 'react-router'
import type { CorrectionDetail } from '../../api/correct'
import { useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { instant, size } from '../../lib/format'
import { HandedIn } from '../Record'
import { Answers, Around, Changes, Hands, StateOf } from './parts'
import { eventKeys } from './words'

/** One request: what, why, who, and what happened to it. */
export default function Request() {
  const { id = '' } = useParams()
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<CorrectionDetail>(`/api/corrections/${encodeURIComponent(id)}`)
  const conflict = data?.kind === 'conflict'
  const title = data ? t(conflict ? 'cor.conflictNumber' : 'cor.number', { id: data.id }) : ''
  useTitle(title, t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const home = conflict
    ? { title: t('cor.conflicts'), to: '/work/conflicts' }
    : data.by.mine
      ? { title: t('cor.mine'), to: '/work/corrections/mine' }
      : { title: t('cor.inbox'), to: '/work/corrections' }
  return (
    <div className="page cor-page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, home, { title }]} />}
        title={title}
        lead={
          <>
            {tx(data.entity_title)} ·{' '}
            {data.in_reach ? (
              <Link to={`/records/${data.entity}/${data.rec}`}>{tx(data.label) || `#${data.rec}`}</Link>
            ) : (
              `#${data.rec}`
            )}{' '}
            <StateOf of={data} />
          </>
        }
      />
      <section>
        {data.in_reach ? (
          <Changes of={data} />
        ) : (
          <p className="muted">{t('cor.outOfReach')}</p>
        )}
        <Hands of={data} />
        {data.reason && (
          <p className="cor-reason">
            <em>{t('cor.reason')}</em> {data.reason}
          </p>
        )}
        <Around of={data} />
        <Answers of={data} onAnswered={reload} />
        {data.answered_by && data.answered_at && (
          <p className="cor-answer">
            {t('cor.answered', { who: data.answered_by, at: instant(data.answered_at) })}
            {data.answer && (
              <>
                {t('common.colon')}
                {data.answer}
              </>
            )} {data.seq ? t('cor.commit', { seq: data.seq }) : ''}
          </p>
        )}
      </section>
      {data.file && (
        <section>
          <h2>{t('cor.rowHandedIn')}</h2>
          <HandedIn
            sha={data.file.sha}
            row={data.file.row}
            entity={data.entity}
            at={`/api/corrections/${data.id}/row`}
          />
        </section>
      )}
      {(data.papers.length > 0 || data.papers_hidden) && (
        <section>
          <h2>{t('cor.papers')}</h2>
          {data.papers_hidden && <p className="muted">{t('cor.papersHidden')}</p>}
          <ul className="cor-papers">
            {data.papers.map((p) => (
              <li key={p.id}>
                <a href={`/api/corrections/papers/${data.id}/${p.id}`} download>
                  {p.name}
                </a>{' '}
                <span className="muted num">{size(p.size)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{t('cor.history')}</h2>
        <ol className="cor-events">
          {data.events.map((e, i) => {
            const key = eventKeys[e.what]
            return (
              <li key={i}>
                <time dateTime={e.at} className="num">
                  {instant(e.at)}
                </time>{' '}
                <strong>{key ? t(key) : e.what}</strong> {[e.actor, tx(e.org_title)].filter(Boolean).join(' · ')}
                {e.words && <p>{e.words}</p>}
              </li>
            )
          })}
        </ol>
      </section>
    </div>
  )
}
