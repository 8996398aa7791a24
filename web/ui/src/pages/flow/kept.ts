// What somebody writes into an opening form is kept on the device until the server
// has it: texts and files, in the browser's own database.
import type { OrgHead, TypeBody, CasePaper } from '../../api/flow'
import type { City, Text } from '../../api/types'

export interface DraftFile {
  key: string
  name: string
  size: number
  blob: Blob
  /** Set once the server has it, so that it is not sent twice. */
  paper?: CasePaper
}

export interface Draft {
  /** Also the id of the act: sending twice opens one case. */
  id: string
  owner: string
  type: string
  title: Text
  cells: Record<string, string>
  /** What chosen references are called. */
  labels: Record<string, string>
  note: string
  files: DraftFile[]
  at: string
  /** The person pressed the button; only the network was missing. */
  ready: boolean
  problem?: string
}

/** What an opening form needs when the server cannot be asked. */
export interface Kept {
  owner: string
  person: string
  city: City
  types: Record<string, TypeBody>
  orgs: OrgHead[]
}

let opened: Promise<IDBDatabase> | null = null

function db(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const r = indexedDB.open('luoshu', 1)
    r.onupgradeneeded = () => {
      r.result.createObjectStore('drafts', { keyPath: 'id' })
      r.result.createObjectStore('kept', { keyPath: 'owner' })
    }
    r.onsuccess = () => resolve(r.result)
    r.onerror = () => {
      opened = null
      reject(r.error ?? new Error('no database'))
    }
  })
  return opened
}

async function ask<T>(store: string, mode: IDBTransactionMode, f: (s: IDBObjectStore) => IDBRequest): Promise<T> {
  const d = await db()
  return new Promise((resolve, reject) => {
    const tx = d.transaction(store, mode)
    const r = f(tx.objectStore(store))
    tx.oncomplete = () => resolve(r.result as T)
    tx.onabort = tx.onerror = () => reject(tx.error ?? r.error ?? new Error('not kept'))
  })
}

/** Called after every change of the drafts, for pages that list them. */
const listeners = new Set<() => void>()

export function onDrafts(f: () => void): () => void {
  listeners.add(f)
  return () => listeners.delete(f)
}

const told = () => listeners.forEach((f) => f())

export async function saveDraft(d: Draft): Promise<void> {
  await ask('drafts', 'readwrite', (s) => s.put(d))
  told()
}

export async function dropDraft(id: string): Promise<void> {
  await ask('drafts', 'readwrite', (s) => s.delete(id))
  told()
}

export async function draftsOf(owner: string): Promise<Draft[]> {
  if (!owner) return []
  try {
    const all = await ask<Draft[]>('drafts', 'readonly', (s) => s.getAll())
    return all.filter((d) => d.owner === owner).sort((a, b) => b.at.localeCompare(a.at))
  } catch {
    return [] // a browser without a database has no drafts
  }
}

export async function draft(id: string, owner: string): Promise<Draft | null> {
  try {
    const d = await ask<Draft | undefined>('drafts', 'readonly', (s) => s.get(id))
    return d && d.owner === owner ? d : null
  } catch {
    return null
  }
}

export async function kept(owner: string): Promise<Kept | null> {
  if (!owner) return null
  try {
    return (await ask<Kept | undefined>('kept', 'readonly', (s) => s.get(owner))) ?? null
  } catch {
    return null
  }
}

export async function keep(k: Kept): Promise<void> {
  await ask('kept', 'readwrite', (s) => s.put(k))
}

/** An id of an act. randomUUID is missing where the page came without encryption. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const b = crypto.getRandomValues(new Uint8Array(16))
  return [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
}
