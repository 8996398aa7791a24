import { useSyncExternalStore } from 'react'

const query = typeof window === 'undefined' ? null : window.matchMedia('(max-width: 700px)')

/** Whether the page is as wide as a phone. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (f) => {
      query?.addEventListener('change', f)
      return () => query?.removeEventListener('change', f)
    },
    () => query?.matches ?? false,
    () => false,
  )
}
