import { Link } from 'react-router'
import { url } from '../../api/client'
import type { Burden as Row, OrgHead } from '../../api/flow'
import { useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { OrgSelect } from './List'
import { useTypes } from './parts'
import { PermitForm } from './PermitForm'
import './flow.css'

/** How often an organisation was visited and asked; codes are checked here, and visits without one reported. */
export default function Burden() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const { data, error, reload } = useApi<{ org: OrgHead; rows: Row[] }>(url('/api/burden', { org: values.org }), true)
  const { data: orgs } = useApi<OrgHead[]>('/api/orgs')
  useTitle(t('flow.burden'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('flow.burden') }]} />}
        title={t('flow.burdenOf', { org: tx(data.org.title) })}
        lead={t('flow.burdenLead')}
      >
        {(orgs?.length ?? 0) > 1 && <OrgSelect value={values.org ?? ''} onChange={(v) => set({ org: v })} />}
        <Link className="plain-button" to="/public">
          {t('flow.public')}
        </Link>
      </PageHead>
      <div className="flow-burden">
        {data.rows.map((r) => (
          <Count key={r.kind} row={r} />
        ))}
      </div>
      <div className="two even">
        <section aria-labelledby="flow-check">
          <h2 id="flow-check">{t('flow.checkCode')}</h2>
          <PermitForm />
        </section>
        <Report />
      </div>
    </div>
  )
}

function Count({ row: r }: { row: Row }) {
  const { t } = useLang()
  const full = r.cap > 0 && r.n >= r.cap
  const top = Math.max(r.cap, r.n, r.last, 1)
  return (
    <section aria-label={t(r.kind === 'visit' ? 'flow.visits' : 'flow.tasks')} data-full={full || undefined}>
      <h2>{t(r.kind === 'visit' ? 'flow.visits' : 'flow.tasks')}</h2>
      <p className="flow-count">
        <span className="big num">{number(r.n)}</span>
        <span className="muted">
          {r.cap > 0 ? t('flow.ofCap', { cap: number(r.cap), year: r.year }) : t('flow.noCap', { year: r.year })}
        </span>
      </p>
      <div className="flow-meter" aria-hidden="true">
        <i style={{ width: `${(100 * r.n) / top}%` }} />
        {r.cap > 0 && <b style={{ left: `${(100 * r.cap) / top}%` }} />}
      </div>
      <p className="muted">
        {t('flow.lastYear', { year: r.year - 1, n: number(r.last) })}
        {full && <strong className="lost"> {t('flow.full')}</strong>}
      </p>
    </section>
  )
}

/**
 * What may be reported where codes are given out: the types of the packs that
 * issue codes, which the reader may open without having one.
 */
function Report() {
  const { t, tx } = useLang()
  const types = useTypes()
  const packs = new Set((types ?? []).filter((x) => x.permits).map((x) => x.pack))
  const list = (types ?? []).filter((x) => packs.has(x.pack) && !x.permits && !x.reaches && x.may_open)
  if (!list.length) return null
  return (
    <section aria-labelledby="flow-report">
      <h2 id="flow-report">{t('flow.report')}</h2>
      <p>{t('flow.reportText')}</p>
      {list.map((x) => (
        <div key={x.id}>
          <p className="flow-buttons">
            <Link className="plain-button" to={`/cases/new/${x.id}`}>
              {tx(x.opening)}
            </Link>
          </p>
          {tx(x.note) && <p className="flow-hint">{tx(x.note)}</p>}
        </div>
      ))}
    </section>
  )
}
