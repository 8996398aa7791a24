import type { Org, PlanTarget, SealInfo, TargetState, Text } from './types'

export const verdicts = ['likely', 'unclear', 'unlikely', 'too_few', 'over', 'none'] as const
export type Verdict = (typeof verdicts)[number]

export const reasons = ['unowned', 'behind', 'missed', 'unlikely', 'late'] as const
export type Reason = (typeof reasons)[number]

export interface Forecast {
  year: number
  value: number
  low: number
  high: number
  level: number
  slope: number
  points: number
  from: number
  to: number
}

export interface CaseCount {
  type: string
  title: Text
  open: number
  late: number
  closed: number
}

/** One target; values are in its own unit. */
export interface BoardLine extends PlanTarget {
  attention: Reason[]
  now: number | null
  missing: number | null
  years: { year: number; value: number }[]
  owned: boolean
  owners: Org[]
  verdict: Verdict
  forecast: Forecast | null
  cases: CaseCount[]
}

export interface BoardPlan {
  id: string
  title: Text
  number: string
  states: Partial<Record<TargetState, number>>
  verdicts: Partial<Record<Verdict, number>>
  unowned: number
  behind: number
  adjusted: number
  attention: number
  lines: BoardLine[]
}

export interface Board {
  org: Org
  seal: SealInfo | null
  day: string
  method: Text
  cases: boolean
  plans: BoardPlan[]
}
