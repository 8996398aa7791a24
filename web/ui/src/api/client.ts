import type { ErrorBody, Text } from './types'

/** What a failed request leaves: a kind, and a message in both languages. */
export class ApiError extends Error {
  readonly kind: string
  readonly status: number
  readonly field: string
  readonly text: Text | null

  constructor(status: number, kind: string, text: Text | null, field = '') {
    super(text?.en ?? kind)
    this.status = status
    this.kind = kind
    this.text = text
    this.field = field
  }
}

let csrf = ''
let onSignedOut: () => void = () => {}

export function setCsrf(token: string | undefined): void {
  csrf = token ?? ''
}

/** Called when the server says that the session is over. */
export function setSignedOutHandler(f: () => void): void {
  onSignedOut = f
}

function errorOf(status: number, body: string): ApiError {
  try {
    const e = (JSON.parse(body) as ErrorBody).error
    if (e && (e.message_zh || e.message_en)) {
      return new ApiError(status, e.kind, { zh: e.message_zh, en: e.message_en }, e.field)
    }
  } catch {
    // Not the API's own error; told by its status below.
  }
  return new ApiError(status, status === 503 ? 'unavailable' : 'internal', null)
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Luoshu-CSRF'] = csrf
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let res: Response
  try {
    res = await fetch(path, {
      method,
      headers,
      signal: signal ?? null,
      credentials: 'same-origin',
      body: body === undefined ? null : JSON.stringify(body),
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, 'network', null)
  }
  const text = await res.text()
  if (!res.ok) {
    if (res.status === 401 && !path.startsWith('/api/session')) onSignedOut()
    throw errorOf(res.status, text)
  }
  return (text ? JSON.parse(text) : null) as T
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>('GET', path, undefined, signal)
export const post = <T>(path: string, body?: unknown) => request<T>('POST', path, body ?? {})
export const del = <T>(path: string) => request<T>('DELETE', path)

/** Posts (or, with null, gets) and saves the file that is answered; a refusal can be told. */
export async function download(path: string, body: unknown, name: string): Promise<void> {
  let res: Response
  try {
    const posted = { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Luoshu-CSRF': csrf }, body: JSON.stringify(body) }
    res = await fetch(path, { credentials: 'same-origin', ...(body === null ? {} : posted) })
  } catch {
    throw new ApiError(0, 'network', null)
  }
  if (!res.ok) throw errorOf(res.status, await res.text())
  const at = URL.createObjectURL(await res.blob())
  const a = document.createElement('a')
  a.href = at
  a.download = name
  a.click()
  URL.revokeObjectURL(at)
}

/** Sends a form with progress; fetch cannot tell how much has left. */
export function send<T>(path: string, form: FormData, onProgress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('POST', path)
    xhr.setRequestHeader('X-Luoshu-CSRF', csrf)
    xhr.setRequestHeader('Accept', 'application/json')
    xhr.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total)
    xhr.onerror = () => reject(new ApiError(0, 'network', null))
    xhr.onload = () => {
      if (xhr.status === 401) onSignedOut()
      if (xhr.status >= 200 && xhr.status < 300) {
        resolve((xhr.responseText ? JSON.parse(xhr.responseText) : null) as T)
      } else {
        reject(errorOf(xhr.status, xhr.responseText))
      }
    }
    xhr.send(form)
  })
}

/** Joins a path and the query values that are set. */
export function url(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) {
    if (v !== null && v !== undefined && v !== '') q.set(k, String(v))
  }
  const s = q.toString()
  return s ? `${path}?${s}` : path
}

/** Writes {a: 'x', b: 'y'} as the API's "a:x,b:y". */
export function pairs(where: Record<string, string> | null | undefined): string {
  return Object.entries(where ?? {})
    .filter(([, v]) => v !== '')
    .map(([k, v]) => `${k}:${v}`)
    .join(',')
}
