import { useCallback, useEffect, useState } from 'react'
import { ApiError, get } from './client'

export interface Loaded<T> {
  data: T | null
  error: ApiError | null
  loading: boolean
  reload: () => void
}

const cache = new Map<string, unknown>()
const cacheSize = 60

/** Forgets every answer; called after anything was written. */
export function forgetAnswers(): void {
  cache.clear()
}

function remember(path: string, value: unknown): void {
  cache.delete(path)
  cache.set(path, value)
  if (cache.size > cacheSize) cache.delete(cache.keys().next().value as string)
}

/**
 * Reads a path of the API; null reads nothing. An answer seen before shows at
 * once and is read again behind it. `keep` leaves the last answer on the screen
 * while the next page of a list is on its way.
 */
export function useApi<T>(path: string | null, keep = false): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>({
    path: null,
    data: null,
    error: null,
  })
  const [turn, setTurn] = useState(0)

  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    get<T>(path, stop.signal).then(
      (data) => {
        remember(path, data)
        setState({ path, data, error: null })
      },
      (cause: unknown) => {
        if (stop.signal.aborted) return
        const error = cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)
        setState({ path, data: null, error })
      },
    )
    return () => stop.abort()
  }, [path, turn])

  const reload = useCallback(() => setTurn((n) => n + 1), [])

  if (path === null) return { data: null, error: null, loading: false, reload }
  const fresh = state.path === path
  const known = (cache.get(path) as T | undefined) ?? null
  const data = fresh && state.data !== null ? state.data : (known ?? (keep ? state.data : null))
  const error = fresh ? state.error : null
  return { data, error, loading: !fresh, reload }
}
