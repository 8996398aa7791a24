import { useState } from 'react'
import { Button, Checkbox, Select } from 'antd'
import { Link } from 'react-router'
import { ApiError, get, url } from '../../api/client'
import type { Case, OrgHead } from '../../api/flow'
import { useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { CaseItem, useTypes } from './parts'
import './flow.css'

const limit = 50

/** All cases that the reader may see, newest first. */
export default function List() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const types = useTypes()
  const type = types?.find((x) => x.id === values.type)
  const query = {
    type: values.type,
    state: values.state,
    unit: values.unit,
    parent: values.parent,
    target: values.target,
    open: values.open,
    late: values.late,
    limit,
  }
  const path = url('/api/cases', query)
  const { data, error, reload } = useApi<{ rows: Case[] }>(path)
  useTitle(t('flow.all'), t('app.name'))
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('flow.all') }]} />}
        title={t('flow.all')}
        lead={values.parent ? t('flow.partsOf', { no: values.parent }) : t('flow.allLead')}
      >
        {type && (
          <Link className="plain-button" to={`/cases/types/${type.id}`}>
            {t('flow.seeType')}
          </Link>
        )}
        <Link className="plain-button" to="/cases/new">
          {t('flow.new')}
        </Link>
      </PageHead>
      <div className="flow-filters">
        <Select
          id="type"
          aria-label={t('flow.type')}
          showSearch
          allowClear
          optionFilterProp="label"
          placeholder={t('flow.anyType')}
          value={values.type || null}
          options={(types ?? []).map((x) => ({ value: x.id, label: tx(x.title) }))}
          onChange={(v: string | undefined) => set({ type: v ?? null, state: null })}
        />
        <Select
          id="state"
          aria-label={t('flow.state')}
          allowClear
          placeholder={t('flow.anyState')}
          disabled={!type}
          value={values.state || null}
          options={(type?.states ?? []).map((x) => ({ value: x.id, label: tx(x.title) }))}
          onChange={(v: string | undefined) => set({ state: v ?? null })}
        />
        <OrgSelect value={values.unit ?? ''} onChange={(v) => set({ unit: v })} />
        <Checkbox checked={values.open === '1'} onChange={(e) => set({ open: e.target.checked ? '1' : null })}>
          {t('flow.openOnly')}
        </Checkbox>
        <Checkbox checked={values.late === '1'} onChange={(e) => set({ late: e.target.checked ? '1' : null })}>
          {t('flow.lateOnly')}
        </Checkbox>
      </div>
      {values.target && (
        <button type="button" className="plain-button" onClick={() => set({ target: null })}>
          {t('board.listed', { id: values.target })} ×
        </button>
      )}
      {error && <Problem error={error} retry={reload} />}
      {!data && !error && <Waiting />}
      {data && !data.rows.length && <Nothing title={t('flow.none')} />}
      {data && data.rows.length > 0 && <Rows key={path} first={data.rows} query={query} />}
    </div>
  )
}

function Rows({ first, query }: { first: Case[]; query: Record<string, string | number | undefined> }) {
  const { t, problem } = useLang()
  const [more, setMore] = useState<Case[]>([])
  const [end, setEnd] = useState(first.length < limit)
  const [error, setError] = useState('')
  const rows = [...first, ...more]
  const load = async () => {
    try {
      const p = await get<{ rows: Case[] }>(url('/api/cases', { ...query, before: rows.at(-1)?.id }))
      setMore((m) => [...m, ...p.rows])
      setEnd(p.rows.length < limit)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <>
      <ul className="flow-list">
        {rows.map((c) => (
          <CaseItem key={c.no} of={c} />
        ))}
      </ul>
      {error && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
      {!end && (
        <Button className="flow-more" onClick={() => void load()}>
          {t('flow.more')}
        </Button>
      )}
    </>
  )
}

/** Chooses an organisation within reach. */
export function OrgSelect({ value, onChange }: { value: string; onChange: (code: string | null) => void }) {
  const { t, tx } = useLang()
  const [q, setQ] = useState('')
  const { data } = useApi<OrgHead[]>(url('/api/orgs', { q }), true)
  const { data: own } = useApi<OrgHead[]>(value ? url('/api/orgs', { q: value }) : null)
  const known = [...(data ?? []), ...(own ?? []).filter((o) => o.code === value)]
  const seen = new Set<string>()
  const options = known.filter((o) => !seen.has(o.code) && seen.add(o.code)).map((o) => ({ value: o.code, label: tx(o.title) }))
  return (
    <Select
      id="unit"
      aria-label={t('flow.unit')}
      showSearch
      allowClear
      filterOption={false}
      placeholder={t('flow.anyUnit')}
      value={value || null}
      options={options}
      onSearch={setQ}
      onChange={(v: string | undefined) => onChange(v ?? null)}
    />
  )
}
