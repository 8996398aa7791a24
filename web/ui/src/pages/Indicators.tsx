import { useMemo } from 'react'
import { Link } from 'react-router'
import type { IndicatorBrief } from '../api/types'
import { useApi } from '../api/use'
import { PageHead } from '../components/parts'
import { Nothing, Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { useLink, useQuery } from '../lib/link'

export default function Indicators() {
  const { t, tx } = useLang()
  const link = useLink()
  const { values, set } = useQuery()
  const { data, error, reload } = useApi<IndicatorBrief[]>('/api/indicators')
  useTitle(t('ind.title'), t('app.name'))
  const q = (values.q ?? '').trim().toLowerCase()
  const groups = useMemo(() => {
    const by = new Map<string, IndicatorBrief[]>()
    for (const i of data ?? []) {
      if (q && !`${i.id} ${tx(i.title)} ${tx(i.formula)}`.toLowerCase().includes(q)) continue
      by.set(i.pack, [...(by.get(i.pack) ?? []), i])
    }
    return [...by.entries()]
  }, [data, q, tx])
  if (error) return <Problem error={error} retry={reload} />
  return (
    <div className="page">
      <PageHead title={t('ind.title')} lead={t('ind.lead')}>
        <input
          type="search"
          className="find"
          value={values.q ?? ''}
          placeholder={t('ind.find')}
          aria-label={t('ind.find')}
          onChange={(e) => set({ q: e.target.value }, true)}
        />
      </PageHead>
      {!data ? (
        <Waiting />
      ) : !groups.length ? (
        <Nothing title={t('ind.none')} />
      ) : (
        groups.map(([pack, list]) => (
          <section key={pack} aria-label={pack}>
            <h2 className="pack">
              <span className="mono">{pack}</span>
              <small>{list.length}</small>
            </h2>
            <ul className="indicator-list">
              {list.map((i) => (
                <li key={i.id}>
                  <Link to={link(`/indicators/${i.id}`)}>
                    <strong>{tx(i.title)}</strong>
                    {tx(i.unit) && <span className="muted"> {tx(i.unit)}</span>}
                  </Link>
                  <p>{tx(i.formula)}</p>
                </li>
              ))}
            </ul>
          </section>
        ))
      )}
    </div>
  )
}
