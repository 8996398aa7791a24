// The answers of /api/verify. Nothing here knows a business.
import type { Column, Row, Stored, Text, Words, Work } from './types'

export interface Unit {
  code: string
  title: Words
}

export interface Counts {
  total: number
  confirmed: number
  corrected: number
  disputed: number
  cannot: number
  gone: number
  open: number
}

export interface Round {
  id: string
  round: string
  year: number
  state: 'open' | 'checking' | 'closed'
  opened_on: number
  opened_by: string
  due: number
  head: string
  seed: string
  closed_at: string
  closed_by: string
  seal: string
  note: string
  overdue: number
  title: Text
  instructions: Text
  holder: string
  org: Unit
  spot: boolean
  spot_level?: string
  lists: { entity: string; title: Text; fields: string[] }[]
}

export interface RoundEntry extends Round {
  counts: Counts
  answered: number
  late: number
  waiting: number
}

export interface SourcedNumber {
  title: Words
  value: number
  unit: Words
  source: Text
  ref: string
  certainty: string
}

export interface RoundKind {
  id: string
  title: Text
  holder: string
  opens: number
  numbers: SourcedNumber[]
  basis: SourcedNumber[]
  opened: boolean
}

export interface Rounds {
  rounds: RoundEntry[]
  kinds: RoundKind[]
  year: number
}

export interface BoardUnit extends Counts {
  org: Unit
  state: 'answered' | 'open' | 'overdue'
  due: number
  returned: number
  children?: number
  late?: number
  tasks?: ({ id: number; entity: string } & Counts)[]
}

export interface Board {
  round: Round
  counts: Counts
  units: BoardUnit[]
  answered: number
  late: number
  waiting: number
  leads: boolean
  today: number
  closing: Work | null
}

export interface Check {
  unit: Unit
  population: number
  size: number
  checked: number
  wrong: number
  confidence: number
  low: number
  high: number
  settled: string
  returned: number
  own: boolean
}

export interface Sample {
  place: number
  entity: string
  rec: number
  org: Unit
  result: '' | 'right' | 'wrong'
  fields: string[]
  note: string
  by: string
  record: Record<string, Words> | null
}

export interface CheckPage {
  round: Round
  check: Check | null
  tables: { entity: string; title: Text; fields: string[]; columns: Column[] }[]
  samples: Sample[]
}

export interface Task extends Counts {
  id: number
  entity: string
  title: Text
  round: Round
  org: Unit
  listed: boolean
  rev: number
  due: number
  returned: number
  done_on: number
  overdue: boolean
}

export interface Tasks {
  tasks: Task[]
  notices: { round: string; kind: string; day: number; due: number; tasks: number }[]
  today: number
}

export type AnswerKind = 'confirm' | 'correct' | 'dispute' | 'cannot'

export interface TaskItem {
  rec: number
  kind: AnswerKind | 'open' | 'gone'
  changed?: boolean
  note?: string
  requests?: string
  by?: string
  by_link?: boolean
  at?: string
}

export interface TaskPage {
  task: Task
  fields: string[]
  may_answer: boolean
  corrects: boolean
  seen: number
  items: TaskItem[]
  total: number
  columns: Column[]
  rows: Row[]
  groups: string[]
  asks: boolean
  links: { made: number; opened: number; confirmed: number; corrected: number }
  today: number
}

export interface Finding {
  id: number
  rule: string
  entity: string
  entity_title: Words
  rec: number
  label: string
  org: Unit
  severity: 'enforce' | 'warn' | 'detect'
  state: 'open' | 'explained' | 'resolved'
  found_on: number
  reopened: number
  reason: string
  until: number
  by: string
  at: string
  title: Text
  message: Text
  remedy: Text
}

export interface FindingRule {
  rule: string
  open: number
  explained: number
  resolved: number
  at: string
  fault: string
  title: Text
  severity: string
  remedy: Text
}

export interface Findings {
  total: number
  rows: Finding[]
  rules: FindingRule[]
}

export interface FindingPage {
  finding: Finding
  events: { what: string; by: string; at: string; note: string }[]
}

export interface HandOut {
  record: string
  contact: string
  path: string
  expires: string
}

export interface LinkField extends Column {
  value: Stored
  display: Words
}

export interface LinkPage {
  ticket: string
  until: string
  title: Words
  org: Unit
  who: Words
  /** A correction can be asked for. */
  corrects: boolean
  fields: LinkField[]
  notice: Words
  city: Words
}

export interface RecordTrust {
  attested: { on: number; at: string; by: string; org: Unit; by_link: boolean; round: string; title?: Text }[]
  answers: { round: string; title: Text; task: number; kind: string; at: string }[]
  disputed: boolean
  findings: Finding[]
}
