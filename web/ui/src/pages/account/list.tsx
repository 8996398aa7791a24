import type { ReactNode } from 'react'
import { AutoComplete, Input } from 'antd'
import type { Account } from '../../api/account'
import { forgetAnswers, useApi, type Loaded } from '../../api/use'
import { Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang } from '../../i18n'
import { useQuery } from '../../lib/link'

const limit = 50

/** What the API answers, and `again` to read it anew once something was written. */
export function useFresh<T>(path: string): Loaded<T> & { again: () => void } {
  const answer = useApi<T>(path, true)
  const again = () => {
    forgetAnswers()
    answer.reload()
  }
  return { ...answer, again }
}

/** The lines of an administrator's page; until they are there, what it waits for or what went wrong. */
export function Lines<D, T>({
  of,
  rows,
  none,
  line,
}: {
  of: Loaded<D>
  rows: (data: D) => T[]
  none?: string
  line: (row: T) => ReactNode
}) {
  if (of.error) return <Problem error={of.error} retry={of.reload} />
  if (!of.data) return <Waiting />
  const list = rows(of.data)
  if (!list.length) return <Nothing {...(none ? { title: none } : {})} />
  return <ul className="rows">{list.map(line)}</ul>
}

/** A page of a list that is searched by account or name; search and page stand in the address. */
export function useFound<T>(path: string) {
  const { values, set } = useQuery()
  const offset = Number(values.offset ?? 0)
  const q = values.q ?? ''
  return { ...useFresh<{ total: number; rows: T[] }>(`${path}?q=${encodeURIComponent(q)}&offset=${offset}&limit=${limit}`), q, offset, set }
}

export function Found<T>({ list, line }: { list: ReturnType<typeof useFound<T>>; line: (row: T) => ReactNode }) {
  const { t } = useLang()
  return (
    <>
      <Input.Search
        className="finder"
        allowClear
        defaultValue={list.q}
        placeholder={t('acc.find')}
        aria-label={t('acc.find')}
        onSearch={(v) => list.set({ q: v, offset: null })}
      />
      <Lines of={list} rows={(d) => d.rows} line={line} />
      {!!list.data?.total && <Pager total={list.data.total} offset={list.offset} limit={limit} onGo={(o) => list.set({ offset: o || null })} />}
    </>
  )
}

/** The name of an account, offered as it is typed. */
export function AccountInput({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const { t, tx } = useLang()
  const names = useApi<{ rows: Account[] }>(value ? `/api/accounts?q=${encodeURIComponent(value)}&limit=10` : null, true)
  return (
    <AutoComplete
      aria-label={t('acc.name')}
      placeholder={t('acc.name')}
      value={value}
      onChange={onChange}
      options={(names.data?.rows ?? []).map((a) => ({ value: a.name, label: `${a.name} ${tx(a.display)}` }))}
    />
  )
}
