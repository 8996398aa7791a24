import { useEffect, useState } from 'react'
import { Link, Route, Routes, useParams } from 'react-router'
import { Mark } from '../../components/Mark'
import { Nothing } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { offlineOwner } from '../../lib/offline'
import { useSession } from '../../session'
import { DraftList } from './Drafts'
import { kept, type Kept } from './kept'
import { OpeningForm } from './OpeningForm'
import './flow.css'

/**
 * What there is without a network: the drafts on this device and the forms that
 * were opened before. Nothing of the registers is kept, so nothing else is shown.
 */
export default function Offline() {
  const { t, tx, lang, setLang } = useLang()
  const { reload } = useSession()
  const [owner] = useState(offlineOwner)
  const [k, setK] = useState<Kept | null | undefined>(undefined)
  useTitle(t('flow.offline'), t('app.name'))
  useEffect(() => {
    void kept(owner).then(setK)
    const back = () => void reload()
    window.addEventListener('online', back)
    return () => window.removeEventListener('online', back)
  }, [owner, reload])
  if (k === undefined) return null
  const list = k ? Object.values(k.types) : []
  return (
    <div className="flow-offline">
      <header>
        <Mark />
        <strong>{t('app.name')}</strong>
        <span className="muted">{k?.person}</span>
        <button type="button" className="lang" onClick={() => setLang(lang === 'en' ? 'zh' : 'en')}>
          {t('app.language')}
        </button>
      </header>
      <div className="wenwu" aria-hidden="true" />
      {tx(k?.city.notice) && <div className="notice">{tx(k?.city.notice)}</div>}
      <main className="page">
        <p className="flow-waits" role="status">
          {t('flow.offlineText')}{' '}
          <button type="button" className="text-button" onClick={() => void reload()}>
            {t('flow.offlineRetry')}
          </button>
        </p>
        <Routes>
          <Route path="/cases/new/:type" element={k ? <OfflineForm kept={k} /> : <Nothing />} />
          <Route
            path="*"
            element={
              <>
                <DraftList owner={owner} title={t('flow.drafts')} />
                <section>
                  <h2>{t('flow.offlineNew')}</h2>
                  <ul className="hub flow-types">
                    {list.map((b) => (
                      <li key={b.type.id}>
                        <Link to={`/cases/new/${b.type.id}`}>
                          <strong>{tx(b.type.opening)}</strong>
                        </Link>
                        <p>{tx(b.type.note)}</p>
                      </li>
                    ))}
                  </ul>
                </section>
              </>
            }
          />
        </Routes>
      </main>
    </div>
  )
}

function OfflineForm({ kept: k }: { kept: Kept }) {
  const { type = '' } = useParams()
  const { t, tx } = useLang()
  const body = k.types[type]
  if (!body) return <Nothing title={t('flow.offlineNoForm')} />
  return (
    <>
      <p>
        <Link to="/cases/inbox">{t('flow.drafts')}</Link>
      </p>
      <h1>{tx(body.type.opening)}</h1>
      <OpeningForm
        key={type}
        body={body}
        owner={k.owner}
        orgs={k.orgs}
        ownOrg={k.owner.split(' ')[1] ?? ''}
        offline
        onOpened={() => {}}
      />
    </>
  )
}
