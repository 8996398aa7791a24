import { Link } from 'react-router'
import { useApi } from '../../api/use'
import type { RecordTrust } from '../../api/verify'
import { useLang } from '../../i18n'
import { day } from '../../lib/format'
import { answerMark, answerWord, severityMark, severityWord } from './words'

/** Who confirmed a record, by which round, and what stands against it. */
export function Trust({ entity, rec }: { entity: string; rec: number }) {
  const { t, tx } = useLang()
  const { data } = useApi<RecordTrust>(`/api/verify/records/${encodeURIComponent(entity)}/${rec}`)
  if (!data || data.attested.length + data.answers.length + data.findings.length === 0) return null
  return (
    <section aria-labelledby="trust" className="ver-trust">
      <h2 id="trust">{t('ver.rec')}</h2>
      {data.disputed && <p className="bad">{t('ver.rec.disputed')}</p>}
      <ul>
        {data.answers.map((a, i) => (
          <li key={'a' + i}>
            <span className="tag" data-state={answerMark[a.kind]}>
              {t(answerWord[a.kind] ?? 'ver.open')}
            </span>{' '}
            {tx(a.title)} <span className="muted">{day(a.at)}</span>
          </li>
        ))}
        {data.findings.map((f) => (
          <li key={'f' + f.id}>
            <span className="tag" data-state={severityMark[f.severity]}>
              {t(severityWord[f.severity] ?? 'ver.sev.detect')}
            </span>{' '}
            {tx(f.message)}{' '}
            {f.state === 'explained' && (
              <span className="muted">{t('ver.explainedBy', { who: f.by, reason: f.reason })}</span>
            )}
          </li>
        ))}
        {data.attested.map((a, i) => (
          <li key={'t' + i}>
            {a.by_link
              ? t('ver.rec.byLink', { date: day(a.on) })
              : t('ver.rec.by', { date: day(a.on), who: `${tx(a.org.title)} ${a.by}` })}{' '}
            <span className="muted">
              {a.round ? (
                <Link to={`/verify/rounds/${a.round}`}>{t('ver.rec.round', { round: tx(a.title) })}</Link>
              ) : (
                t('ver.rec.file')
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
