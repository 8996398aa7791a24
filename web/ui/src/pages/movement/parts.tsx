import { Select } from 'antd'
import { useEffect, useState } from 'react'
import { get, url } from '../../api/client'
import type { Coded, MoveCase, MoveMeta } from '../../api/movement'
import type { Row } from '../../api/types'
import { useLang } from '../../i18n'
import { cellText } from '../../lib/cell'

export function CaseState({ state }: { state: MoveCase['state'] }) {
  const { t } = useLang()
  return (
    <span className="tag" data-move={state}>
      {t(`move.state.${state}`)}
    </span>
  )
}

/** Finds an organisation of the city by name or code. */
export function OrgFinder({
  id,
  value,
  onChange,
  from = '/api/movement/takers',
}: {
  id: string
  value: Coded | null
  onChange: (c: Coded | null) => void
  from?: string
}) {
  const { t, tx } = useLang()
  const [found, setFound] = useState<Coded[]>([])
  const [q, setQ] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    get<Coded[]>(`${from}${from.includes('?') ? '&' : '?'}${new URLSearchParams({ q })}`, stop.signal).then(setFound, () => {})
    return () => stop.abort()
  }, [q, from])
  return (
    <Select
      id={id}
      showSearch
      allowClear
      filterOption={false}
      placeholder={t('move.findOrg')}
      value={value ? { value: value.code, label: tx(value.title) } : null}
      labelInValue
      onSearch={setQ}
      onChange={(v) => onChange(found.find((c) => c.code === v?.value) ?? null)}
      options={found.map((c) => ({ value: c.code, label: tx(c.title) }))}
    />
  )
}

/** Finds one of the reader's own persons by name or number. */
export function PersonFinder({ id, meta, onChange }: { id: string; meta: MoveMeta; onChange: (rec: number | null) => void }) {
  const { t, tx } = useLang()
  const [found, setFound] = useState<Row[]>([])
  const [q, setQ] = useState('')
  useEffect(() => {
    if (!q.trim()) return
    const stop = new AbortController()
    get<{ rows: Row[] }>(url(`/api/records/${meta.person.name}`, { q, limit: 20 }), stop.signal).then((p) => setFound(p.rows), () => {})
    return () => stop.abort()
  }, [q, meta])
  const f = meta.person.fields
  return (
    <Select
      id={id}
      showSearch
      allowClear
      filterOption={false}
      placeholder={t('move.find')}
      onSearch={setQ}
      onChange={(v: number | undefined) => onChange(v ?? null)}
      options={found.map((r) => ({
        value: r.rec,
        label: `${cellText(r, f.name ?? '', tx)} · ${cellText(r, f.key ?? '', tx)} · ${cellText(r, f.status ?? '', tx)}`,
      }))}
    />
  )
}

/** The groups of an organisation, year and, if given, grade. */
function useGroups(meta: MoveMeta, org: string, year: number, grade?: string): { value: string; label: string }[] {
  const { tx } = useLang()
  const [rows, setRows] = useState<Row[]>([])
  const g = meta.group
  useEffect(() => {
    if (!g || !org) return
    const f = g.fields
    const q = new URLSearchParams({ limit: '200' })
    q.append('filter', `${f.org}:${org}`)
    q.append('filter', `${f.year}:${year}`)
    if (grade) q.append('filter', `${f.grade}:${grade}`)
    const stop = new AbortController()
    get<{ rows: Row[] }>(`/api/records/${g.name}?${q}`, stop.signal).then((p) => setRows(p.rows), () => setRows([]))
    return () => stop.abort()
  }, [g, org, year, grade])
  const f = g?.fields ?? {}
  return rows.map((r) => ({ value: String(r.values[f.key ?? '']), label: cellText(r, f.label ?? '', tx) }))
}

/** Chooses several groups of an organisation. */
export function GroupsChoice({
  id,
  meta,
  org,
  year,
  value,
  onChange,
}: {
  id: string
  meta: MoveMeta
  org: string
  year: number
  value: string[]
  onChange: (codes: string[]) => void
}) {
  const { t } = useLang()
  const options = useGroups(meta, org, year)
  return <Select id={id} mode="multiple" placeholder={t('move.choose')} value={value} onChange={onChange} options={options} />
}

/** Chooses a group of an organisation, year and grade. */
export function GroupChoice({
  id,
  meta,
  org,
  year,
  grade,
  value,
  onChange,
}: {
  id: string
  meta: MoveMeta
  org: string
  year: number
  grade: string | undefined
  value: string
  onChange: (code: string) => void
}) {
  const { t } = useLang()
  const options = useGroups(meta, org, year, grade)
  if (!meta.group) return null
  return (
    <Select
      id={id}
      allowClear
      placeholder={options.length ? t('move.later') : t('common.none')}
      value={value || null}
      onChange={(v: string | null | undefined) => onChange(v ?? '')}
      options={options}
    />
  )
}
