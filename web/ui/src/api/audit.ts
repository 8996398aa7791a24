import type { Text } from './types'

/** One entry of the audit log. */
export interface AuditEntry {
  seq: number
  at: string
  person: string
  role_title: Text
  org: string
  org_title: Text
  address: string
  session: string
  request: string
  kind: string
  entity: string
  entity_title?: Text
  rec: number
  field: string
  field_title?: Text
  object: string
  outcome: 'done' | 'refused' | 'failed'
  reason: string
  times: number
  hash: string
}

/** A page of the log, newest first; next is the position of the following page, 0 at the end. */
export interface AuditPage {
  rows: AuditEntry[]
  next: number
  kinds: string[]
  head: number
  hash: string
}

/** One masked value, opened. */
export interface Revealed {
  entity: string
  rec: number
  field: string
  value: string | number | null
  display: string | Text | null
  seconds: number
  left: number
}

/** Who opened a value of a record. */
export interface ReadEntry {
  seq: number
  at: string
  person: string
  role_title: Text
  org_title: Text
  field: Text
  reason: string
}
