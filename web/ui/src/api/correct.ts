// What the API of corrections answers. Descriptions are in docs/api.md.
import type { Column, Fault, Stored, Words } from './types'

/** One value as the reader may see it. */
export interface Shown {
  value: Stored
  display: Words | number
  masked: boolean
}

export type RequestState =
  'open' | 'returned' | 'carrying' | 'accepted' | 'rejected' | 'withdrawn' | 'taken' | 'kept'
export type Action = 'accept' | 'reject' | 'return' | 'reply' | 'withdraw' | 'take' | 'keep'

export interface RequestField {
  field: string
  title: Words
  unit?: Words
  before?: Shown
  after?: Shown
  current?: Shown
  changed?: boolean
}

export interface Correction {
  id: number
  kind: 'request' | 'conflict'
  origin: 'file' | 'form' | 'verification' | 'guardian'
  entity: string
  entity_title: Words
  rec: number
  label: Words
  in_reach: boolean
  state: RequestState
  source: string
  source_title: Words
  org: string
  org_title: Words
  risen?: Words
  by: { name: string; org: string; org_title: Words; mine: boolean }
  at: string
  due: string
  overdue: boolean
  reason: string
  file?: { sha: string; name: string; row: number }
  fields: RequestField[]
  answered_by?: string
  answered_at?: string
  answer?: string
  seq?: number
  actions: Action[]
  by_hand: ByHand[]
}

export interface Paper {
  id: string
  name: string
  kind: string
  size: number
}

export interface ByHand {
  field: string
  actor: string
  org_title: Words
  at: string
  seq: number
}

export interface CorrectionDetail extends Correction {
  events: { at: string; what: string; actor: string; org_title: Words; words: string }[]
  papers: Paper[]
  papers_hidden: boolean
}

export interface CorrectionPage {
  total: number
  today: string
  rows: Correction[]
}

export interface Answered {
  done: number[]
  failed: { id: number; message_zh: string; message_en: string }[]
}

export interface OfRecord {
  rows: Correction[]
  by_hand: ByHand[]
}

export interface FormField extends Column {
  text: string
  shown: Shown | null
  mine: boolean
  source_title: Words
  org: string
  org_title: Words
  days: number
  due: string
  by_hand: boolean
}

export interface RecordForm {
  entity: string
  title: Words
  rec: number
  rid: number
  label: Words
  fields: FormField[]
}

export interface Outcome {
  refused: boolean
  seq: number
  committed: string[]
  requests: number[]
  faults: Fault[]
}

export interface Duty {
  field: string
  title: Words
  class: string
  source: string
  source_title: Words
  note: Words
  steward: string
  days: number
  holder: string
  holder_title: Words
  holders: number
  filled: number
  key: boolean
}

export interface Register {
  entity: string
  title: Words
  group: Words
  months: number
  rows: number
  attested: number
  last: string
  duties: Duty[]
}

export interface SourceMap {
  org: string
  org_title: Words
  registers: Register[]
}

/** A field of an uploaded row that keeps its value, and why. */
export interface HeldField {
  field: string
  before: Shown | null
  wanted: Shown | null
  source: Words
  org: Words
  days: number
  by_hand: boolean
  joined: boolean
  by?: string
  at?: string
}
