import type { User } from '../api/types'

// Whose drafts may be opened on this device without a network. It is forgotten on
// signing out and when somebody else signs in; the drafts themselves stay until
// they are sent or thrown away by whoever wrote them.
const stored = 'luoshu.offline'

/** One account in one grant: drafts belong to it. */
export function ownerOf(user: Pick<User, 'name' | 'org' | 'role'>): string {
  return `${user.name} ${user.org} ${user.role}`
}

export function offlineOwner(): string {
  try {
    return localStorage.getItem(stored) ?? ''
  } catch {
    return ''
  }
}

export function setOfflineOwner(owner: string): void {
  try {
    if (owner) localStorage.setItem(stored, owner)
    else localStorage.removeItem(stored)
  } catch {
    // Private windows may refuse; there is then no work without a network.
  }
}

/** Called with every session: another person ends what the former one could open. */
export function onlyOwner(user: User | null): void {
  const owner = offlineOwner()
  if (owner && user && ownerOf(user) !== owner) setOfflineOwner('')
}

/** Has the files of this page kept, so that it opens again without a network; says whether they are. */
export async function keepPage(): Promise<boolean> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator) || !window.isSecureContext) return false
  try {
    await navigator.serviceWorker.register('/sw.js')
    const { active } = await navigator.serviceWorker.ready
    const files = performance
      .getEntriesByType('resource')
      .map((e) => new URL(e.name))
      .filter((u) => u.origin === location.origin && u.pathname.startsWith('/assets/'))
      .map((u) => u.pathname)
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise<boolean>((resolve) => (port1.onmessage = (e) => resolve(e.data === true)))
    active?.postMessage({ keep: [...new Set(['/favicon.svg', ...files])] }, [port2])
    return await answer
  } catch {
    return false // a browser that refuses works as long as the page stays open
  }
}
