import type { Column, Row, Text, Work } from './types'

export interface Evidence {
  field: string
  level: string
  weight: number
}

export interface Side {
  rec: number
  org: string
  org_title: Text
  label: string
  gone: boolean
  inside: boolean
  row?: Row
}

/** Two records that are likely one person. */
export interface Pair {
  id: string
  entity: string
  title: Text
  a: number
  b: number
  weight: number
  probability: number
  verdict: string
  caution?: string
  trace: Evidence[]
  fields: Record<string, Text>
  found: string
  state: 'open' | 'unsure' | 'different' | 'merged' | 'gone'
  revision: number
  by?: string
  at?: string
  note?: string
  survivor?: number
  columns?: Column[]
  left: Side
  right: Side
}

export interface Queue {
  total: number
  rows: Pair[]
  entities: { name: string; title: Text; note: Text }[]
}

/** The search for duplicates: whether the reader may begin it, and how it goes. */
export interface Search {
  may: boolean
  work: Work<{ title: Text; records: number; matches: number; possible: number; new: number; seconds: number }[]> | null
}
