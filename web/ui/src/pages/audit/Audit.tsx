import { useState, type FormEvent } from 'react'
import { url } from '../../api/client'
import type { AuditEntry, AuditPage } from '../../api/audit'
import { useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { pairs } from '../../i18n/dict.audit'
import type { Key } from '../../i18n/dict'
import { instant, number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import './audit.css'

const fields = ['from', 'to', 'person', 'kind', 'outcome', 'entity', 'rec', 'object'] as const
const outcomes = ['done', 'refused', 'failed'] as const

/** A word for a kind of entry; kinds that have none stand as they are. */
function useKind(): (kind: string) => string {
  const { t } = useLang()
  return (kind) => {
    const key = `audit.kind.${kind}`
    return key in pairs ? t(key as Key) : kind
  }
}

export default function Audit() {
  const { t } = useLang()
  const { values, set } = useQuery()
  useTitle(t('audit.title'), t('app.name'))
  const asked = Object.fromEntries(fields.map((f) => [f, values[f] ?? '']))
  const { data, error, loading, reload } = useApi<AuditPage>(
    url('/api/audit', { ...asked, before: values.before ?? '' }),
    true,
  )
  return (
    <div className="page audit">
      <PageHead title={t('audit.title')} lead={t('audit.lead')}>
        <a className="plain-button" href={url('/api/audit.csv', asked)} download title={t('audit.exportNote')}>
          {t('audit.export')}
        </a>
      </PageHead>
      <Search kinds={data?.kinds ?? []} />
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting rows={10} />
      ) : !data.rows.length ? (
        <Nothing title={t('audit.none')} />
      ) : (
        <Log rows={data.rows} dim={loading} />
      )}
      {data && (
        <nav className="pager audit-pager" aria-label={t('page.pages')}>
          <span className="num sha">{t('audit.head', { n: number(data.head), hash: data.hash.slice(0, 16) })}</span>
          <span className="pager-buttons">
            <button
              type="button"
              className="plain-button"
              disabled={!values.before}
              onClick={() => set({ before: null })}
            >
              {t('audit.newest')}
            </button>
            <button
              type="button"
              className="plain-button"
              disabled={!data.next}
              onClick={() => set({ before: data.next })}
            >
              {t('audit.older')}
            </button>
          </span>
        </nav>
      )}
    </div>
  )
}

function Search({ kinds }: { kinds: string[] }) {
  const { t } = useLang()
  const { values, set } = useQuery()
  const kind = useKind()
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const form = new FormData(e.currentTarget)
    set({ ...Object.fromEntries(fields.map((f) => [f, String(form.get(f) ?? '').trim()])), before: null })
  }
  const clear = () => set({ ...Object.fromEntries(fields.map((f) => [f, null])), before: null })
  const text = (name: (typeof fields)[number], label: Key, hint = '', type = 'text') => (
    <label key={name} className={`audit-${name}`}>
      <span>{t(label)}</span>
      <input name={name} type={type} defaultValue={values[name] ?? ''} placeholder={hint} autoComplete="off" />
    </label>
  )
  // A new key when the address changes, so that the form shows what was searched.
  return (
    <form className="audit-search" onSubmit={submit} key={fields.map((f) => values[f] ?? '').join('|')}>
      {text('from', 'audit.from', '', 'date')}
      {text('to', 'audit.to', '', 'date')}
      {text('person', 'audit.person')}
      <label>
        <span>{t('audit.kind')}</span>
        <select name="kind" defaultValue={values.kind ?? ''}>
          <option value="">{t('common.all')}</option>
          {[...new Set([...kinds, ...(values.kind ? [values.kind] : [])])].map((k) => (
            <option key={k} value={k}>
              {kind(k)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t('audit.outcome')}</span>
        <select name="outcome" defaultValue={values.outcome ?? ''}>
          <option value="">{t('common.all')}</option>
          {outcomes.map((o) => (
            <option key={o} value={o}>
              {t(`audit.outcome.${o}`)}
            </option>
          ))}
        </select>
      </label>
      {text('entity', 'audit.entity', t('audit.entityHint'))}
      {text('rec', 'audit.rec', '', 'number')}
      {text('object', 'audit.object', t('audit.objectHint'))}
      <span className="audit-buttons">
        <button type="submit" className="plain-button strong">
          {t('audit.search')}
        </button>
        <button type="button" className="plain-button" onClick={clear}>
          {t('common.clear')}
        </button>
      </span>
    </form>
  )
}

function Log({ rows, dim }: { rows: AuditEntry[]; dim: boolean }) {
  const { t } = useLang()
  const [open, setOpen] = useState(0)
  return (
    <table className="plain-table audit-log" aria-busy={dim}>
      <thead>
        <tr>
          <th scope="col">{t('common.time')}</th>
          <th scope="col">{t('common.who')}</th>
          <th scope="col">{t('audit.kind')}</th>
          <th scope="col">{t('audit.what')}</th>
          <th scope="col">{t('audit.outcome')}</th>
          <th scope="col">{t('common.reason')}</th>
          <th scope="col">
            <span className="sr-only">{t('audit.more')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((x) => (
          <Entry key={x.seq} x={x} open={open === x.seq} toggle={() => setOpen(open === x.seq ? 0 : x.seq)} />
        ))}
      </tbody>
    </table>
  )
}

function Entry({ x, open, toggle }: { x: AuditEntry; open: boolean; toggle: () => void }) {
  const { t, tx } = useLang()
  const kind = useKind()
  const what = [
    tx(x.entity_title) || x.entity,
    x.rec ? t('audit.record', { rec: x.rec }) : '',
    tx(x.field_title) || x.field,
  ].filter(Boolean)
  return (
    <>
      <tr data-outcome={x.outcome}>
        <td className="audit-at">
          <time dateTime={x.at} className="num">
            {instant(x.at)}
          </time>
        </td>
        <td className="audit-who">
          {x.person ? <strong>{x.person}</strong> : <span className="muted">{t('audit.nobody')}</span>}
          {x.person && <span className="audit-role">{[tx(x.role_title), tx(x.org_title)].filter(Boolean).join(' · ')}</span>}
        </td>
        <td>{kind(x.kind)}</td>
        <td className="audit-what">
          {what.length > 0 && <span>{what.join(' · ')}</span>}
          {x.object && <span className="mono audit-object">{x.object}</span>}
        </td>
        <td className="audit-end">
          <span className="audit-outcome" data-outcome={x.outcome}>
            {t(`audit.outcome.${x.outcome}`)}
          </span>
          {x.times > 1 && <span className="num muted"> {t('audit.times', { n: number(x.times) })}</span>}
        </td>
        <td className="audit-reason">{x.reason}</td>
        <td className="audit-toggle">
          <button type="button" className="text-button" aria-expanded={open} onClick={toggle}>
            {open ? t('common.close') : t('audit.more')}
          </button>
        </td>
      </tr>
      {open && (
        <tr className="audit-details">
          <td colSpan={7}>
            <dl>
              <dt>{t('audit.seq')}</dt>
              <dd className="num">{number(x.seq)}</dd>
              <dt>{t('audit.from.address')}</dt>
              <dd className="mono">{x.address || '—'}</dd>
              <dt>{t('audit.session')}</dt>
              <dd className="mono">{x.session || '—'}</dd>
              <dt>{t('audit.request')}</dt>
              <dd className="mono">{x.request || '—'}</dd>
              <dt>{t('audit.hash')}</dt>
              <dd className="mono sha">{x.hash}</dd>
            </dl>
          </td>
        </tr>
      )}
    </>
  )
}
