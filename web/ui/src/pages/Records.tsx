import { useCallback, useEffect, useMemo, useState, type FormEvent } from 'react'
import { Button, Select } from 'antd'
import { Link, useParams } from 'react-router'
import { pairs, url } from '../api/client'
import type { Column, EntityInfo, Org, RecordPage } from '../api/types'
import { useApi } from '../api/use'
import { Crumbs, PageHead, Pager, SealChoice } from '../components/parts'
import { RecordTable } from '../components/RecordTable'
import { Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { useLink, useQuery } from '../lib/link'
import { readPairs } from '../lib/pairs'
import { useSession } from '../session'

const limit = 50
const shownAtFirst = 9

/** The columns a list starts with: key, label, then the rest in the pack's order. */
function firstColumns(info: EntityInfo): string[] {
  const names = (info.fields ?? []).map((f) => f.name)
  const lead = [...(info.key ?? []), info.label].filter((n, i, a) => n && names.includes(n) && a.indexOf(n) === i)
  return [...lead, ...names.filter((n) => !lead.includes(n))].slice(0, Math.max(shownAtFirst, lead.length))
}

export default function Records() {
  const { entity = '' } = useParams()
  const { t, tx } = useLang()
  const { may, session } = useSession()
  const { values, set } = useQuery()
  const link = useLink()
  const offset = Number(values.offset) || 0
  const info = useApi<EntityInfo>(`/api/entities/${encodeURIComponent(entity)}`)
  const query = { q: values.q, org: values.org, filter: values.filter, sort: values.sort, seal: values.seal }
  const path = `/api/records/${encodeURIComponent(entity)}`
  const { data, error, loading, reload } = useApi<RecordPage>(url(path, { ...query, offset, limit }), true)
  const orgs = useApi<Org[]>(values.org ? url('/api/orgs', { q: values.org }) : null)
  const title = tx(info.data?.title) || entity
  useTitle(title, t('reg.title'), t('app.name'))

  const filter = useMemo(() => readPairs(values.filter), [values.filter])
  const setFilter = (field: string, value: string) => {
    const next = { ...filter }
    if (value) next[field] = value
    else delete next[field]
    set({ filter: pairs(next), offset: null })
  }
  const fields = useMemo(() => info.data?.fields ?? data?.columns ?? [], [info.data, data])
  const chosen = useMemo(() => {
    const wanted = (values.cols ?? '').split(',').filter(Boolean)
    return wanted.length
      ? wanted
      : info.data
        ? firstColumns(info.data)
        : fields.slice(0, shownAtFirst).map((f) => f.name)
  }, [values.cols, info.data, fields])
  const columns = useMemo(
    () => chosen.map((n) => fields.find((f) => f.name === n)).filter((c): c is Column => !!c),
    [chosen, fields],
  )
  const recordLink = useCallback((e: string, rec: number) => `/records/${e}/${rec}`, [])
  const onSort = useCallback((sort: string | null) => set({ sort, offset: null }), [set])

  if (info.error) return <Problem error={info.error} retry={info.reload} />
  const orgName = tx(orgs.data?.find((o) => o.code === values.org)?.title) || values.org
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('reg.title'), to: '/records' }, { title }]} />}
        title={title}
        lead={tx(info.data?.note)}
      >
        <SealChoice present={t('reg.present')} />
        {may('export') && (
          <>
            <a className="plain-button" href={url(path + '.xlsx', query)} download>
              {t('reg.xlsx')}
            </a>
            <a className="plain-button" href={url(path + '.csv', query)} download>
              {t('reg.csv')}
            </a>
          </>
        )}
        {info.data?.can_load && may('load') && (
          <Link className="plain-button" to={url('/import', { entity })}>
            {t('reg.load')}
          </Link>
        )}
      </PageHead>

      <div className="list-tools">
        {info.data?.search !== false && <SearchBox value={values.q ?? ''} onGo={(q) => set({ q, offset: null })} />}
        <Filters fields={fields} filter={filter} onFilter={setFilter} />
        <Select
          mode="multiple"
          className="columns-select"
          value={chosen}
          maxTagCount={0}
          maxTagPlaceholder={t('reg.columns', { n: columns.length, total: fields.length })}
          aria-label={t('reg.columns', { n: columns.length, total: fields.length })}
          optionFilterProp="label"
          popupMatchSelectWidth={240}
          options={fields.map((f) => ({ value: f.name, label: tx(f.title) }))}
          onChange={(v: string[]) =>
            set(
              {
                cols: fields
                  .map((f) => f.name)
                  .filter((n) => v.includes(n))
                  .join(','),
              },
              true,
            )
          }
        />
      </div>
      {(values.org || Object.keys(filter).length > 0 || values.q) && (
        <ul className="chips" aria-label={t('common.filter')}>
          {values.org && values.org !== session?.user?.org && (
            <Chip text={t('reg.orgFilter', { org: orgName ?? '' })} onClear={() => set({ org: null, offset: null })} />
          )}
          {values.q && (
            <Chip text={t('reg.searching', { q: values.q })} onClear={() => set({ q: null, offset: null })} />
          )}
          {Object.entries(filter).map(([k, v]) => {
            const f = fields.find((x) => x.name === k)
            const words = v
              .split('|')
              .map(
                (x) =>
                  tx(f?.options?.find((o) => o.code === x)?.title) ||
                  (f?.type === 'bool' ? (x === '1' ? t('common.yes') : t('common.no')) : x),
              )
            return (
              <Chip
                key={k}
                text={t('reg.filterOn', {
                  field: tx(f?.title) || k,
                  value: words.join(t('common.comma')) || t('common.emptyValue'),
                })}
                onClear={() => setFilter(k, '')}
              />
            )
          })}
        </ul>
      )}
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data || (!info.data && !info.error) ? (
        <Waiting />
      ) : (
        <>
          <RecordTable
            entity={entity}
            label={info.data?.label}
            columns={columns}
            rows={data.rows ?? []}
            loading={loading}
            sort={values.sort}
            onSort={onSort}
            recordLink={(e, rec) => link(recordLink(e, rec), { org: null, year: null, seal: null })}
          />
          <Pager
            total={data.total}
            capped={data.total_capped}
            offset={offset}
            limit={limit}
            onGo={(o) => set({ offset: o || null })}
          />
        </>
      )}
    </div>
  )
}

function SearchBox({ value, onGo }: { value: string; onGo: (q: string) => void }) {
  const { t } = useLang()
  const [q, setQ] = useState(value)
  useEffect(() => setQ(value), [value])
  return (
    <form
      role="search"
      className="search"
      onSubmit={(e: FormEvent) => {
        e.preventDefault()
        onGo(q.trim())
      }}
    >
      <input
        type="search"
        className="find"
        value={q}
        placeholder={t('reg.search')}
        aria-label={t('reg.search')}
        onChange={(e) => setQ(e.target.value)}
      />
      <Button htmlType="submit">{t('reg.go')}</Button>
    </form>
  )
}

/** Picks a field with a code list (or yes and no), then its values. */
function Filters({
  fields,
  filter,
  onFilter,
}: {
  fields: Column[]
  filter: Record<string, string>
  onFilter: (field: string, value: string) => void
}) {
  const { t, tx } = useLang()
  const usable = fields.filter((f) => !f.masked && !f.sealed && (f.type === 'bool' || (f.type === 'code' && f.options?.length)))
  const [picked, setPicked] = useState<string | null>(null)
  const field = usable.find((f) => f.name === picked)
  if (!usable.length) return null
  const options =
    field?.type === 'bool'
      ? [
          { value: '1', label: t('common.yes') },
          { value: '0', label: t('common.no') },
        ]
      : (field?.options ?? []).map((o) => ({ value: o.code, label: `${tx(o.title)} ${o.code}` }))
  return (
    <div className="filter-pick">
      <Select
        placeholder={t('reg.filterAdd')}
        aria-label={t('reg.filterAdd')}
        className="filter-field"
        value={picked}
        allowClear
        showSearch
        optionFilterProp="label"
        popupMatchSelectWidth={220}
        options={usable.map((f) => ({ value: f.name, label: tx(f.title) }))}
        onChange={(v: string | undefined) => setPicked(v ?? null)}
      />
      {field && (
        <Select
          mode="multiple"
          placeholder={t('reg.value')}
          aria-label={tx(field.title)}
          className="filter-value"
          value={(filter[field.name] ?? '').split('|').filter(Boolean)}
          optionFilterProp="label"
          popupMatchSelectWidth={260}
          maxTagCount={1}
          options={options}
          onChange={(v: string[]) => onFilter(field.name, v.join('|'))}
        />
      )}
    </div>
  )
}

function Chip({ text, onClear }: { text: string; onClear: () => void }) {
  const { t } = useLang()
  return (
    <li className="chip">
      {text}
      <button type="button" aria-label={`${t('common.clear')} ${text}`} onClick={onClear}>
        ×
      </button>
    </li>
  )
}
