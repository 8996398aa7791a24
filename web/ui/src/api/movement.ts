import type { Text, Words, Work } from './types'
import type { Column, Row } from './types'

export interface Coded {
  code: string
  title: Text
}

export interface MoveType {
  id: string
  title: Text
  side: 'one' | 'two' | 'out' | 'in'
  needs: string[]
  opens: boolean
  group: boolean
  grade: 'same' | 'next' | 'back'
}

export interface MoveEntity {
  name: string
  title: Text
  fields: Record<string, string>
}

/** What may happen to persons, in the words of the packs. */
export interface MoveMeta {
  today: string
  day: string
  year: number
  person: MoveEntity
  org: Text
  group: MoveEntity | null
  types: MoveType[]
  reasons: Coded[]
  labels: Coded[]
  grades: Coded[]
}

export interface MoveCase {
  n: number
  type: string
  title: Text
  side: string
  state: 'requested' | 'agreed' | 'done' | 'refused' | 'withdrawn' | 'undone'
  asked: 'give' | 'take' | 'own'
  giver: Coded | null
  taker: Coded | null
  silent: Coded | null
  date: string
  day: string
  due: string
  level: number
  grade: Coded | null
  group: string
  place: string
  reason: Coded | null
  evidence: string
  stuck: Text
  person: { rec: number; label: string; masked: boolean }
  may: ('accept' | 'refuse' | 'withdraw')[]
  events?: { at: string; act: string; who: string; org: Coded | null; note: string; why?: Text }[]
}

export interface MovePerson {
  rec: number
  label: string
  grade: Coded | null
  types: string[]
}

export interface YearUnit {
  org: string
  title: Text
  acts: Record<string, number>
  why: Record<string, number>
  groups: number
  vanished: number
  untold: number
}

export type YearWork = Work<{ units: number; persons?: number; left?: { org: Coded; why: Text }[] }>

export interface YearEnd {
  year: number
  work: YearWork | null
  units: YearUnit[]
  runs: { n: number; state: string; org: Coded | null; at: string; who: string; units: number; persons: number }[]
}

export interface YearOutcome {
  act: string
  why?: string
  from: Coded | null
  to: Coded | null
  group: string
  exception: boolean
}

export interface YearPersons {
  total: number
  page: { entity: string; title: Words; columns: Column[]; rows: Row[] }
  outcomes: Record<string, YearOutcome>
  groups: { key: string; name: string; grade: Coded | null; from: string; persons: number }[]
}

export interface LifeAct {
  n: number
  title: Text
  state: 'planned' | 'done' | 'undone' | 'withdrawn'
  org: Coded | null
  successor: Coded | null
  parent: Coded | null
  name?: string
  address?: string
  paper?: string
  groups?: string[]
  date: string
  at: string
  who: string
  stuck: Text
}

export interface LifeList {
  kinds: { id: string; title: Text; does: string }[]
  rows: LifeAct[]
  today: string
}

export interface LifePreview {
  facts: { title: Text; count: number }[]
  persons: { title: Text; count: number }[]
  groups?: { title: Text; count: number }
  before: string
  after: string
  waits: boolean
}
