import { Link } from 'react-router'
import type { StateHead } from '../../api/flow'
import { useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { PublicShell } from './PublicShell'

/** What is published, by type. */
export default function Public() {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<{ types: StateHead[] }>('/api/public')
  useTitle(t('pub.title'), t('app.name'))
  return (
    <PublicShell>
      <PageHead title={t('pub.title')} lead={t('pub.lead')} />
      {error && <Problem error={error} retry={reload} />}
      {!data && !error && <Waiting rows={4} />}
      {data && (
        <ul className="hub">
          <li>
            <Link to="/public/permit">
              <strong>{t('flow.checkCode')}</strong>
            </Link>
            <p>{t('pub.permitNote')}</p>
          </li>
          {data.types.map((x) => (
            <li key={x.id}>
              <Link to={`/public/${x.id}`}>
                <strong>{tx(x.title)}</strong>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {data && !data.types.length && <Nothing title={t('pub.none')} />}
    </PublicShell>
  )
}
