import type { Text } from './types'

export interface Measure {
  id: string
  title: Text
  need: number
  of: number
}

export interface Item {
  id: string
  title: Text
  unit: Text
  amount_unit: Text
  decimals: number
  least: number
  spread_max?: number
  source: Text
}

export interface Across {
  item: string
  mean: number | null
  spread: number | null
  within: boolean
  below: number
  unknown: number
}

export interface Unit {
  code: string
  label: Text | string | null
  heads: number
  values: (number | null)[]
  reached: boolean[]
  met: number
  enough: boolean
}

export interface Standing {
  units: Unit[]
  items: Across[]
  enough: number
}

export interface More {
  unit: string
  label: Text | string | null
  item: string
  amount: number
  why: 'limit' | 'spread'
}

export type Kind = 'merge' | 'close' | 'move'

/** Something that might be done; codes are those of units. */
export interface Change {
  kind: Kind
  from: string
  to: string
  heads?: number
  share?: number
}

export interface Report {
  indicator: Measure
  org: string
  org_label: Text
  seal: string
  year: number
  items: Item[]
  now: Standing
  before?: Standing
  more: More[]
  sums: More[]
  unknown: string[]
  after: Across[]
  notice: Text
}
