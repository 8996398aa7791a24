import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { url } from '../api/client'

/** What a reader has set and takes along from page to page. */
const carried = ['org', 'seal', 'year'] as const

export type Params = Record<string, string | number | null | undefined>

/** The query string as plain values, with a setter that leaves the rest as it is. */
export function useQuery() {
  const [search, setSearch] = useSearchParams()
  const text = search.toString()
  const values = useMemo(() => Object.fromEntries(new URLSearchParams(text)) as Record<string, string>, [text])
  const set = useCallback(
    (change: Params, replace = false) => {
      setSearch(
        (old) => {
          const next = new URLSearchParams(old)
          for (const [k, v] of Object.entries(change)) {
            if (v === null || v === undefined || v === '') next.delete(k)
            else next.set(k, String(v))
          }
          return next
        },
        { replace },
      )
    },
    [setSearch],
  )
  return { values, set }
}

/** Links that keep the organisation, seal and year the reader has chosen. */
export function useLink() {
  const { values } = useQuery()
  return useCallback(
    (path: string, extra: Params = {}) => {
      const keep: Params = {}
      for (const k of carried) if (values[k]) keep[k] = values[k]
      return url(path, { ...keep, ...extra })
    },
    [values],
  )
}
