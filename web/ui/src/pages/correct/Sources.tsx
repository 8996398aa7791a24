import { Link } from 'react-router'
import { url } from '../../api/client'
import type { Duty, Register, SourceMap } from '../../api/correct'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { number, percent } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { useSession } from '../../session'
import './correct.css'

const classes: Record<string, Key> = {
  public: 'sens.public',
  internal: 'sens.internal',
  personal: 'sens.personal',
  sensitive: 'sens.sensitive',
}

/** Who answers for every field. */
export default function Sources() {
  const { t, tx } = useLang()
  const { may } = useSession()
  const { values, set } = useQuery()
  const { data, error, reload } = useApi<SourceMap>(url('/api/sources', { org: values.org }))
  useTitle(t('cor.sources'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  const registers = (data?.registers ?? []).filter((r) => !values.entity || r.entity === values.entity)
  const file = (format: string) => url(`/api/sources.${format}`, { org: values.org, entity: values.entity })
  return (
    <div className="page cor-page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('cor.sources') }]} />}
        title={t('cor.sources')}
        lead={data ? `${tx(data.org_title)} · ${t('cor.sourcesNote')}` : t('cor.sourcesNote')}
      >
        <Choice
          label={t('cor.entity')}
          value={values.entity ?? ''}
          options={[
            { value: '', label: t('cor.any') },
            ...(data?.registers ?? []).map((r) => ({ value: r.entity, label: tx(r.title) })),
          ]}
          onChange={(v) => set({ entity: v || null }, true)}
        />
        {may('export') && (
          <>
            <a className="plain-button" href={file('xlsx')} download>
              {t('cor.export')} XLSX
            </a>
            <a className="plain-button" href={file('csv')} download>
              CSV
            </a>
          </>
        )}
      </PageHead>
      {!data ? <Waiting rows={10} /> : registers.map((r) => <RegisterTable key={r.entity} of={r} />)}
    </div>
  )
}

function RegisterTable({ of: r }: { of: Register }) {
  const { t, tx } = useLang()
  return (
    <section aria-labelledby={`r-${r.entity}`}>
      <div className="section-head">
        <h2 id={`r-${r.entity}`}>
          <Link to={`/records/${r.entity}`}>{tx(r.title)}</Link>
        </h2>
        <span className="muted">
          {t('cor.rows', { n: number(r.rows) })} · {t('cor.period')}{' '}
          {r.months ? t('cor.months', { n: r.months }) : '—'} · {t('cor.last')} {r.last || t('cor.never')}
        </span>
      </div>
      <div className="scroll-x">
        <table className="plain-table cor-map">
          <thead>
            <tr>
              <th scope="col">{t('cor.field')}</th>
              <th scope="col">{t('cor.class')}</th>
              <th scope="col">{t('cor.source')}</th>
              <th scope="col">{t('cor.unit')}</th>
              <th scope="col" className="right">
                {t('cor.days')}
              </th>
              <th scope="col" className="right">
                {t('cor.filled')}
              </th>
            </tr>
          </thead>
          <tbody>
            {r.duties.map((d) => (
              <DutyRow key={d.field} of={d} rows={r.rows} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function DutyRow({ of: d, rows }: { of: Duty; rows: number }) {
  const { t, tx } = useLang()
  const c = classes[d.class]
  const share = d.filled < 0 || rows === 0 ? null : d.filled / rows
  return (
    <tr>
      <th scope="row">
        {tx(d.title)} <span className="mono code">{d.field}</span>
        {d.key && <span className="sens">{t('cor.key')}</span>}
      </th>
      <td className="nowrap">{c ? t(c) : d.class}</td>
      <td title={tx(d.note)}>{tx(d.source_title)}</td>
      <td>{d.holders > 1 ? t('cor.units', { n: number(d.holders) }) : tx(d.holder_title)}</td>
      <td className="num right nowrap">{t('cor.daysN', { n: d.days })}</td>
      <td className="num right">
        {share === null ? (
          '—'
        ) : (
          <span className="verified" data-level={share >= 0.9 ? 'high' : share >= 0.5 ? 'middle' : 'low'}>
            <i aria-hidden="true">
              <b style={{ width: `${Math.round(share * 100)}%` }} />
            </i>
            {percent(share, 1)}
          </span>
        )}
      </td>
    </tr>
  )
}
