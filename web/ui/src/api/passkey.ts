import { ApiError, post } from './client'
import type { Session } from './types'

/** Whether this browser can make and show passkeys. */
export function passkeysHere(): boolean {
  return typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential
}

/** What a person who closed the browser's own window is told. */
const given = { zh: '没有使用通行密钥：操作被取消，或超时。', en: 'No passkey was used: it was cancelled, or took too long.' }

async function ask(f: () => Promise<Credential | null>): Promise<unknown> {
  let c: Credential | null
  try {
    c = await f()
  } catch {
    c = null
  }
  if (!c) throw new ApiError(0, 'passkey', given)
  return (c as PublicKeyCredential).toJSON()
}

/** Makes a passkey for one's own account; the answer are recovery codes, if new. */
export async function takePasskey(label: string): Promise<string[] | null> {
  const o = await post<{ publicKey: PublicKeyCredentialCreationOptionsJSON }>('/api/me/passkeys')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(o.publicKey)
  const answer = await ask(() => navigator.credentials.create({ publicKey }))
  const a = await post<{ recovery_codes: string[] | null }>('/api/me/passkeys/take', { label, answer })
  return a.recovery_codes
}

/** Shows a passkey as the second factor of a sign-in. */
export async function showPasskey(): Promise<Session> {
  const o = await post<{ publicKey: PublicKeyCredentialRequestOptionsJSON }>('/api/session/passkey')
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(o.publicKey)
  const answer = await ask(() => navigator.credentials.get({ publicKey }))
  return post<Session>('/api/session/passkey/show', { answer })
}
