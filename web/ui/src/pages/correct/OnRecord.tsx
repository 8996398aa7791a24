import { Link } from 'react-router'
import type { OfRecord } from '../../api/correct'
import { useApi } from '../../api/use'
import { useLang } from '../../i18n'
import { instant } from '../../lib/format'
import { useSession } from '../../session'
import { shownText, stateKeys } from './words'
import './correct.css'

/** On the page of a record: the way to correct it. */
export function CorrectLink({ entity, rec }: { entity: string; rec: string | number }) {
  const { t } = useLang()
  const { may } = useSession()
  if (!may('correct')) return null
  return (
    <Link className="plain-button" to={`/records/${entity}/${rec}/correct`}>
      {t('cor.edit')}
    </Link>
  )
}

/** On the page of a record: what waits for an answer, and what was corrected by hand. */
export function OnRecord({
  entity,
  rec,
  title,
}: {
  entity: string
  rec: string | number
  title: (field: string) => string
}) {
  const { t, tx } = useLang()
  const { may } = useSession()
  const { data } = useApi<OfRecord>(`/api/corrections/of/${encodeURIComponent(entity)}/${encodeURIComponent(String(rec))}`)
  if (!data || (!data.rows.length && !data.by_hand.length)) return null
  return (
    <section className="cor-on-record" aria-labelledby="corrections">
      {data.rows.length > 0 && (
        <>
          <h2 id="corrections">{t('cor.onRecord')}</h2>
          <ul>
            {data.rows.map((r) => (
              <li key={r.id}>
                {r.fields.map((f) => (
                  <span key={f.field} className="cor-side">
                    <em>{tx(f.title)}</em> <ins>{shownText(f.after, tx, t('cor.empty'))}</ins>
                  </span>
                ))}
                <span className="tag cor-state" data-cor={r.overdue ? 'late' : r.state}>
                  {t(stateKeys[r.state])}
                </span>{' '}
                <span className="muted">
                  {t('cor.answers', { org: tx(r.org_title) })} · {t(r.overdue ? 'cor.late' : 'cor.due', { date: r.due })}
                </span>{' '}
                {may('correct') && (
                  <Link to={`/work/corrections/${r.id}`}>
                    {t(r.kind === 'conflict' ? 'cor.conflictNumber' : 'cor.number', { id: r.id })}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {data.by_hand.length > 0 && (
        <ul className="muted">
          {data.by_hand.map((h) => (
            <li key={h.field + h.seq}>
              {title(h.field)}
              {t('common.colon')}
              {t('cor.handBy', { date: instant(h.at), who: h.actor, org: tx(h.org_title) })}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
