import { Link } from 'react-router'
import type { CaseBody, Missing } from '../../api/flow'
import { useLang } from '../../i18n'
import { instant, size } from '../../lib/format'
import { useSession } from '../../session'

/** What a case was sent back for. */
export function MissingList({ body, list }: { body: CaseBody; list: Missing[] }) {
  const { t, tx } = useLang()
  const title = (name: string) => tx(body.record.columns?.find((c) => c.name === name)?.title) || name
  return (
    <ul className="flow-missing-list">
      {list.map((m, i) => (
        <li key={i}>
          <strong>{m.field ? title(m.field) : m.paper}</strong>
          {t('common.colon')}
          {m.note}
        </li>
      ))}
    </ul>
  )
}

/** Every step of a case: who, what, with which words and papers, by which commit. */
export function Timeline({ body }: { body: CaseBody }) {
  const { t, tx } = useLang()
  const { may } = useSession()
  const { case: c, steps } = body
  return (
    <ol className="flow-steps">
      {steps.map((s) => (
        <li key={s.step}>
          <div className="flow-step-head">
            <span className="flow-step-n num" aria-hidden="true">
              {s.step}
            </span>
            <strong>{tx(s.title) || s.action}</strong>
            <span className="muted">
              {tx(s.was) && tx(s.was) !== tx(s.state) ? `${tx(s.was)} → ` : ''}
              {tx(s.state)}
            </span>
          </div>
          <div className="flow-step-body">
            <p className="flow-who">
              <span>{tx(s.org.title) || t('flow.clock')}</span>
              {s.org.code && (
                <span>
                  {tx(s.role)} {s.account}
                </span>
              )}
              <span className="num">{instant(s.at)}</span>
              {s.signed >= 0 && <span className="tag flow-signed">{t('flow.signed')}</span>}
            </p>
            {s.note && <blockquote>{s.note}</blockquote>}
            {s.missing && s.missing.length > 0 && <MissingList body={body} list={s.missing} />}
            {s.papers.length > 0 && (
              <ul className="flow-step-papers">
                {s.papers.map((p) => (
                  <li key={p.id}>
                    <a href={`/api/cases/${encodeURIComponent(c.no)}/papers/${p.id}`} download={p.name}>
                      {p.name}
                    </a>{' '}
                    <span className="muted num">{size(p.size)}</span>
                  </li>
                ))}
              </ul>
            )}
            <p className="flow-commit">
              {may('read') && !body.private ? (
                <Link to={`/records/${c.entity}/${c.rec}`}>{t('flow.commit', { seq: s.seq })}</Link>
              ) : (
                t('flow.commit', { seq: s.seq })
              )}{' '}
              <span className="mono" title={s.hash}>
                SM3 {s.hash.slice(0, 12)}…
              </span>
            </p>
          </div>
        </li>
      ))}
    </ol>
  )
}
