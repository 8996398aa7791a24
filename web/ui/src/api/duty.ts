import type { CasePaper } from './flow'
import type { Coded } from './movement'
import type { Text } from './types'

export const dutyStates = ['overdue', 'due', 'unmet', 'unknown', 'not_yet', 'quiet', 'met', 'done'] as const
export type DutyState = (typeof dutyStates)[number]
export type DutyKind = 'recurring' | 'deadline' | 'event' | 'standing'
export type DutyCounts = Partial<Record<DutyState, number>>

export interface DutyPeriod {
  key: string
  title: Text
  from: string
  to: string
}

export interface DutyFigure {
  indicator: string
  value: number | null
  unit: Text
  decimals: number
  suppressed: boolean
  year: number
  seal: string
  at_least: number | null
  at_most: number | null
  decides: boolean
}

/** One duty of one organisation in one period, as of a day. */
export interface DutyInstance {
  duty: string
  title: Text
  kind: DutyKind
  open: boolean
  org: Coded
  period: DutyPeriod
  state: DutyState
  due: string
  last_work: string
  left: number
  work_left: number
  sure: boolean
  marks: number
  cases: number
  times: number
  figure?: DutyFigure
}

export interface DutyList {
  on: string
  org: Coded
  counts: DutyCounts
  total: number
  rows: DutyInstance[]
}

export interface DutyUnit extends Coded {
  self: boolean
  leaf: boolean
  counts: DutyCounts
}

export interface DutyDay {
  day: string
  works: boolean
  weekend: boolean
  off: Text | null
  falls: { duty: string; title: Text; kind: DutyKind; period: DutyPeriod; counts: DutyCounts }[]
}

export interface DutyMonth {
  month: string
  known: boolean
  days: DutyDay[]
}

export interface DutyMark {
  n: number
  kind: 'done' | 'unmet' | 'event'
  on: string
  note: string
  evidence: string
  papers?: CasePaper[]
  at: string
  who: string
  withdrawn: string
  taker: string
  why: string
}

export interface DutyHistory extends DutyInstance {
  said: DutyMark[]
  next: boolean
}

export interface DutyDetail {
  id: string
  title: Text
  kind: DutyKind
  quote: string
  section: string
  line: string
  mechanism: string
  plan: Text
  number: string
  past: boolean
  period: string
  attest: string
  times: number
  who: Text
  given: boolean
  evidence: Text
  note: Text
  open: boolean
  opens: { param: string; title: Text; value: number; unit: Text; text: Text; ref: string; certainty: string }[]
  remind: number[] | null
  on: string
  org: Coded
  owes: boolean
  now: DutyInstance
  history: DutyHistory[]
  may: boolean
  why_not: Text | null
}
