import { useState } from 'react'
import { useParams } from 'react-router'
import { ApiError, get, url } from '../../api/client'
import type { PublicEntry, StateHead } from '../../api/flow'
import { useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { day } from '../../lib/format'
import { PublicShell } from './PublicShell'

interface Page {
  type: StateHead
  rows: PublicEntry[]
}

/** What is published of one type of case, from the published copy. */
export default function PublicType() {
  const { type = '' } = useParams()
  const { t, tx } = useLang()
  const path = `/api/public/cases/${encodeURIComponent(type)}`
  const { data, error, reload } = useApi<Page>(path)
  useTitle(tx(data?.type.title), t('pub.title'), t('app.name'))
  return (
    <PublicShell>
      <PageHead
        crumbs={<Crumbs items={[{ title: t('pub.title'), to: '/public' }, { title: tx(data?.type.title) }]} />}
        title={tx(data?.type.title)}
        lead={t('pub.copy')}
      >
        <button type="button" className="plain-button" onClick={() => window.print()}>
          {t('pub.print')}
        </button>
      </PageHead>
      {error && <Problem error={error} retry={reload} />}
      {!data && !error && <Waiting />}
      {data && !data.rows.length && <Nothing title={t('pub.empty')} />}
      {data && data.rows.length > 0 && <Entries key={type} path={path} first={data.rows} />}
    </PublicShell>
  )
}

function Entries({ path, first }: { path: string; first: PublicEntry[] }) {
  const { t, tx, problem } = useLang()
  const [more, setMore] = useState<PublicEntry[]>([])
  const [end, setEnd] = useState(first.length < 50)
  const [error, setError] = useState('')
  const rows = [...first, ...more]
  const load = async () => {
    try {
      const p = await get<Page>(url(path, { before: rows.at(-1)?.id }))
      setMore((m) => [...m, ...p.rows])
      setEnd(p.rows.length < 50)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <>
      <ul className="public-list">
        {rows.map((p) => (
          <li key={p.id}>
            <h2>
              {p.label} <small className="num">{p.label === p.no ? '' : p.no}</small>
            </h2>
            <p className="muted">
              {tx(p.org.title)} <span className="num">{t('pub.since', { date: day(p.from) })}</span>
            </p>
            <dl>
              {(p.body ?? []).map((f, i) => (
                <div key={i}>
                  <dt>{tx(f.title)}</dt>
                  <dd>{tx(f.value)}</dd>
                </div>
              ))}
            </dl>
            <p className="public-digest">
              {t('pub.digest')} <code>{p.digest}</code>
            </p>
          </li>
        ))}
      </ul>
      {error && <p className="lost">{error}</p>}
      {!end && (
        <button type="button" className="plain-button" onClick={() => void load()}>
          {t('flow.more')}
        </button>
      )}
    </>
  )
}
