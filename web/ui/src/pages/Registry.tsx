import { useMemo } from 'react'
import { Link } from 'react-router'
import type { EntityBrief } from '../api/types'
import { useApi } from '../api/use'
import { PageHead } from '../components/parts'
import { Nothing, Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { number } from '../lib/format'

export default function Registry() {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<EntityBrief[]>('/api/entities')
  useTitle(t('reg.title'), t('app.name'))
  const groups = useMemo(() => {
    const by = new Map<string, EntityBrief[]>()
    for (const e of data ?? []) {
      const g = tx(e.group)
      by.set(g, [...(by.get(g) ?? []), e])
    }
    return [...by.entries()]
  }, [data, tx])
  if (error) return <Problem error={error} retry={reload} />
  return (
    <div className="page">
      <PageHead title={t('reg.title')} lead={t('reg.lead')}>
        <Link className="plain-button" to="/work/sources">
          {t('cor.sources')}
        </Link>
      </PageHead>
      {!data ? (
        <Waiting />
      ) : !data.length ? (
        <Nothing />
      ) : (
        <div className="registers">
          {groups.map(([group, list]) => (
            <section key={group} aria-label={group}>
              <h2>{group}</h2>
              <ul>
                {list.map((e) => (
                  <li key={e.name}>
                    <Link to={`/records/${e.name}`}>
                      <strong>{tx(e.title)}</strong>
                      <span className="num">{e.rows === null ? '…' : number(e.rows)}</span>
                    </Link>
                    {tx(e.note) && <p>{tx(e.note)}</p>}
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </div>
  )
}
