import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { ApiError, del, get, post, setCsrf, setSignedOutHandler } from './api/client'
import type { SealInfo, Session } from './api/types'
import { forgetAnswers } from './api/use'
import { onlyOwner, setOfflineOwner } from './lib/offline'

interface SessionState {
  session: Session | null
  error: ApiError | null
  expired: boolean
  reload: () => Promise<void>
  signIn: (name: string, password: string) => Promise<Session>
  signOut: () => Promise<void>
  may: (action: string) => boolean
  /** Seals, newest first. */
  seals: SealInfo[]
}

const Context = createContext<SessionState | null>(null)

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const [expired, setExpired] = useState(false)

  const take = useCallback((s: Session) => {
    setCsrf(s.csrf)
    onlyOwner(s.user)
    setSession(s)
    setError(null)
  }, [])

  const reload = useCallback(async () => {
    try {
      take(await get<Session>('/api/session'))
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, 'internal', null))
    }
  }, [take])

  useEffect(() => {
    void reload()
    setSignedOutHandler(() => {
      forgetAnswers()
      setExpired(true)
      setSession((s) => (s ? { ...s, user: null } : s))
    })
  }, [reload])

  const signIn = useCallback(
    async (name: string, password: string) => {
      const answer = await post<Session | null>('/api/session', { name, password })
      forgetAnswers()
      setExpired(false)
      const s = answer?.user && answer.city ? answer : await get<Session>('/api/session')
      take(s)
      return s
    },
    [take],
  )

  const signOut = useCallback(async () => {
    try {
      await del('/api/session')
    } finally {
      forgetAnswers()
      setOfflineOwner('')
      await reload()
    }
  }, [reload])

  const value = useMemo<SessionState>(() => {
    const can = new Set(session?.user?.can ?? [])
    const seals = [...(session?.seals ?? [])].sort((a, b) => b.id.localeCompare(a.id))
    return { session, error, expired, reload, signIn, signOut, may: (a) => can.has(a), seals }
  }, [session, error, expired, reload, signIn, signOut])

  return <Context value={value}>{children}</Context>
}

export function useSession(): SessionState {
  const s = useContext(Context)
  if (!s) throw new Error('SessionProvider is missing')
  return s
}
