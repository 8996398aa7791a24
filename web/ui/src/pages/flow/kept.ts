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

/** A draft without the contents of its files. */
export type DraftHead = Omit<Draft, 'files'> & { files: Omit<DraftFile, 'blob'>[] }

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
      r.result.createObjectStore('files', { keyPath: 'key' }).createIndex('draft', 'draft')
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

/** Runs one transaction; its answer is what the request holds when all of it is done. */
async function ask<T>(
  stores: string[],
  mode: IDBTransactionMode,
  f: (store: (name: string) => IDBObjectStore) => IDBRequest | void,
): Promise<T> {
  const d = await db()
  return new Promise((resolve, reject) => {
    const tx = d.transaction(stores, mode)
    const r = f((name) => tx.objectStore(name))
    tx.oncomplete = () => resolve((r ? r.result : undefined) as T)
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error('not kept'))
  })
}

/** Called after every change of the drafts, for pages that list them. */
const listeners = new Set<() => void>()

export function onDrafts(f: () => void): () => void {
  listeners.add(f)
  return () => listeners.delete(f)
}

const told = () => listeners.forEach((f) => f())

/** Writes a draft. Its files are written once, not with every word. */
export async function saveDraft(d: Draft): Promise<void> {
  await ask(['drafts', 'files'], 'readwrite', (store) => {
    const files = store('files')
    store('drafts').put({ ...d, files: d.files.map(({ blob: _, ...rest }) => rest) })
    const there = files.index('draft').getAllKeys(d.id)
    there.onsuccess = () => {
      for (const f of d.files) if (!there.result.includes(f.key)) files.put({ key: f.key, draft: d.id, blob: f.blob })
      for (const k of there.result) if (!d.files.some((f) => f.key === k)) files.delete(k)
    }
  })
  told()
}

export async function dropDraft(id: string): Promise<void> {
  await ask(['drafts', 'files'], 'readwrite', (store) => {
    store('drafts').delete(id)
    const there = store('files').index('draft').getAllKeys(id)
    there.onsuccess = () => there.result.forEach((k) => store('files').delete(k))
  })
  told()
}

/** The drafts of an owner as lists show them, newest first. */
export async function draftsOf(owner: string): Promise<DraftHead[]> {
  if (!owner) return []
  try {
    const all = await ask<DraftHead[]>(['drafts'], 'readonly', (store) => store('drafts').getAll())
    return all.filter((d) => d.owner === owner).sort((a, b) => b.at.localeCompare(a.at))
  } catch {
    return [] // a browser without a database has no drafts
  }
}

/** One draft with its files. */
export async function draft(id: string, owner: string): Promise<Draft | null> {
  try {
    const d = await ask<DraftHead | undefined>(['drafts'], 'readonly', (store) => store('drafts').get(id))
    if (!d || d.owner !== owner) return null
    const list = await ask<{ key: string; blob: Blob }[]>(['files'], 'readonly', (store) =>
      store('files').index('draft').getAll(id),
    )
    const files = d.files.flatMap((f) => {
      const blob = list.find((x) => x.key === f.key)?.blob
      return blob ? [{ ...f, blob }] : []
    })
    return { ...d, files }
  } catch {
    return null
  }
}

export async function kept(owner: string): Promise<Kept | null> {
  if (!owner) return null
  try {
    return (await ask<Kept | undefined>(['kept'], 'readonly', (store) => store('kept').get(owner))) ?? null
  } catch {
    return null
  }
}

export async function keep(k: Kept): Promise<void> {
  await ask(['kept'], 'readwrite', (store) => store('kept').put(k))
}

/** An id of an act. randomUUID is missing where the page came without encryption. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const b = crypto.getRandomValues(new Uint8Array(16))
  return [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
}
