import type { Text, Work } from './types'

export interface Named {
  code: string
  title: Text
}

/** A way of running an engine. */
export interface Kind {
  id: string
  engine: 'forecast' | 'siting'
  title: Text
  note: Text
  may: boolean
  groups: Named[]
  feeds: (Named & { from: Named })[]
}

export type RunWork = Work<{ run: string }>

export interface ForecastHead {
  run: string
  rec?: number
  title: string
  body: string
  body_title: Text
  made_on: number
  seal: string
  first_year: number
  last_year: number
  stages: string[]
  chosen: boolean
  above?: boolean
}

/** Children and places of one unit, stage and year in one scenario. */
export interface ForecastRow {
  scenario: string
  unit: string
  unit_kind: string
  stage: string
  year: number
  children: number | null // null: too few to be told
  low80?: number
  high80?: number
  low95?: number
  high95?: number
  places?: number
  short?: number
  basis: string
}

export interface Past {
  unit: string
  stage: string
  year: number
  children: number
}

export interface Peak {
  area: string
  stage: string
  places_known: boolean
  peak_year: number
  peak_size: number
  peak_within: boolean
  short: number
  short_year: number
  short_from: number
  short_ends: number
  classrooms: number
  cost_fen: number
  empty_after: number
}

export interface Check {
  stage: string
  grain: string
  horizon: number
  n: number
  wape: number | null
  wape_no_change: number | null
  wape_plain: number | null
  coverage80: number | null
  coverage95: number | null
}

export interface Forecast extends ForecastHead {
  entry: Text
  params: string
  note: Text
  engine_version: string
  units: Named[]
  groups: Named[] | null
  scenarios: Named[] | null
  years: number[]
  rows: ForecastRow[]
  past: Past[]
  past_known: boolean
  peaks: Peak[] | null
  checks: Check[]
  few: number
}

export interface LayoutHead {
  run: string
  rec: number
  title: string
  body: string
  body_title: Text
  stage: string
  stage_title: Text
  year: number
  made_on: number
  seal: string
  status: 'proven' | 'bounded' | 'infeasible'
  status_title: Text
  chosen: boolean
  gap: number | null
  value: number | null
  bound: number | null
  cost: number | null
  places: number | null
  moved: number | null
  mean_m: number | null
  p95_m: number | null
  max_m: number | null
  over_limit: number | null
  classes_over: number | null
  schools_over: number | null
}

export interface Site {
  code: string
  name: string
  school: string
  lon: number | null
  lat: number | null
  action: string
  action_title: Text
  classes: number
  places: number
  children: number | null
  cost: number | null
  words: Text
}

/** The children of one block that go to one site; few: the number is withheld. */
export interface Part {
  block: string
  site: string
  children: number | null
  few?: boolean
  metres: number
  over_limit: number | null
  beyond: boolean
  board: boolean
}

export interface Block {
  code: string
  name: string
  lon: number | null
  lat: number | null
}

export interface Layout extends LayoutHead {
  note: Text
  conflicts: boolean
  params: string
  boards: number | null
  few: number
  sites: Site[]
  blocks: Block[]
  parts: Part[]
}
