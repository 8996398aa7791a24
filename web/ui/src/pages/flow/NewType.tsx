import { useEffect, useState } from 'react'
import { Link, useParams } from 'react-router'
import { get } from '../../api/client'
import type { Case, OrgHead, TypeBody } from '../../api/flow'
import { useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { keepPage, ownerOf, setOfflineOwner } from '../../lib/offline'
import { useSession } from '../../session'
import { DraftList } from './Drafts'
import { keep, kept } from './kept'
import { OpeningForm } from './OpeningForm'
import { useTypes } from './parts'
import { confidential } from './words'
import './flow.css'

/** The form in which a case of one type is opened. */
export default function NewType() {
  const { type = '' } = useParams()
  return <OneType key={type} type={type} />
}

/** Has everything kept that the form needs to open again without a network. */
async function prepare(owner: string, person: string, body: TypeBody, orgs: OrgHead[], city: Parameters<typeof keep>[0]['city']) {
  const before = await kept(owner)
  await keep({ owner, person, city, orgs, types: { ...before?.types, [body.type.id]: body } })
  setOfflineOwner(owner)
  await import('./Offline')
  return keepPage()
}

function OneType({ type }: { type: string }) {
  const { t, tx } = useLang()
  const { session } = useSession()
  const { data, error, reload } = useApi<TypeBody>(`/api/cases/types/${encodeURIComponent(type)}`)
  const [orgs, setOrgs] = useState<OrgHead[]>([])
  const [old, setOld] = useState<TypeBody | null>(null)
  const [lasts, setLasts] = useState(false)
  const [opened, setOpened] = useState<Case | null>(null)
  const user = session?.user
  const owner = user ? ownerOf(user) : ''
  useTitle(tx((data ?? old)?.type.opening) || t('flow.new'), t('app.name'))

  useEffect(() => {
    if (!data || !user || !session || confidential(data)) return
    const refs = data.opens.step.fields.some((f) => f.org)
    let alive = true
    void (async () => {
      try {
        const list = refs ? await get<OrgHead[]>('/api/orgs') : []
        setOrgs(list)
        const ok = await prepare(ownerOf(user), tx(user.display) || user.name, data, list, session.city)
        if (alive) setLasts(ok)
      } catch {
        // The form works as long as there is a network; it is only not kept for later.
      }
    })()
    return () => {
      alive = false
    }
    // Once for a form; the language may change meanwhile.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data])
  // Without a network the form that was kept will do.
  useEffect(() => {
    if (error?.status !== 0) return
    void kept(owner).then((k) => {
      setOrgs(k?.orgs ?? [])
      setOld(k?.types[type] ?? null)
    })
  }, [error, owner, type])

  const body = data ?? old
  if (error && !body) return <Problem error={error} retry={reload} />
  if (!body) return <Waiting rows={8} />
  return (
    <div className="page flow-new">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('nav.work'), to: '/work' },
              { title: t('flow.new'), to: '/cases/new' },
              { title: tx(body.type.title) },
            ]}
          />
        }
        title={tx(body.type.opening)}
        lead={tx(body.type.note)}
      >
        <Link className="plain-button" to={`/cases/types/${type}`}>
          {t('flow.seeType')}
        </Link>
      </PageHead>
      {opened ? (
        <Opened of={opened} again={() => setOpened(null)} />
      ) : (
        <>
          {body.type.reaches && <ConsentNote body={body} />}
          {confidential(body) ? (
            <p className="form-note">{t('flow.noDrafts')}</p>
          ) : (
            <DraftList owner={owner} type={type} title={t('flow.draftsHere')} />
          )}
          {lasts && <p className="flow-hint">{t('flow.lasts')}</p>}
          <OpeningForm body={body} owner={owner} orgs={orgs} ownOrg={user?.org ?? ''} onOpened={setOpened} />
        </>
      )}
    </div>
  )
}

/** Says that a code is needed and where one is applied for. */
function ConsentNote({ body }: { body: TypeBody }) {
  const { t, tx } = useLang()
  const types = useTypes()
  const ways = (types ?? []).filter((x) => x.permits)
  return (
    <div className="flow-consent">
      <p>{t(body.opens.step.reaches ? 'flow.codeNeeded' : 'flow.codeLater', { field: tx(body.type.reaches) })}</p>
      {ways.map((x) => (
        <Link key={x.id} className="plain-button" to={x.may_open ? `/cases/new/${x.id}` : `/cases/types/${x.id}`}>
          {t('flow.askCode', { type: tx(x.title) })}
        </Link>
      ))}
    </div>
  )
}

/** What came of it: a new case, or an old one reopened. */
export function Opened({ of: c, again }: { of: Case; again: () => void }) {
  const { t, tx } = useLang()
  return (
    <div className="success flow-opened" role="status">
      <p>
        {c.level > 0 ? t('flow.cameBack', { no: c.no, n: c.level }) : t('flow.openedNo', { no: c.no })}{' '}
        {t('flow.nowIn', { state: tx(c.state.title) })}
      </p>
      <p className="flow-buttons">
        <Link className="plain-button" to={`/cases/${encodeURIComponent(c.no)}`}>
          {t('flow.seeCase')}
        </Link>
        <button type="button" className="plain-button" onClick={again}>
          {t('flow.another')}
        </button>
      </p>
    </div>
  )
}
