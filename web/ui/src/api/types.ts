// The HTTP contract of docs/api.md as types. Nothing here knows a business.
import type { HeldField } from './correct'

import type { Holding, Pending } from './account'

export type Lang = 'zh' | 'en'

export interface Text {
  zh: string
  en: string
}

/** A label that may come in two languages or as it was written. */
export type Words = Text | string | null | undefined

export type Stored = string | number | boolean | null

export interface ErrorBody {
  error: { kind: string; field?: string; message_zh: string; message_en: string }
}

export interface SealInfo {
  id: string
  at: string
  note: string
  signer: string
  seq?: number
  hash?: string
}

export interface User {
  name: string
  display?: Words
  role: string
  role_title: Words
  org: string
  org_title: Words
  can: string[]
  home?: string
  grant?: string
  owner?: string
  grants?: Holding[]
}

export interface City {
  title: Words
  notice?: Words
  year?: Text
  root?: string
  provider?: Text | null
  area_dim?: string
  /** The property of a boundary that holds its area code. */
  area_property?: string
  stage_dim?: string
}

export interface Session {
  user: User | null
  pending?: Pending
  csrf?: string
  city: City
  catalog?: string
  seals?: SealInfo[] | null
}

export interface Org {
  code: string
  title: Words
  level?: string
  parent?: string
  closed?: string
}

export type TargetState = 'met' | 'not_met' | 'no_target' | 'no_data' | 'not_numbered' | 'rule' | 'fact'

/** A value as a plan states it: a number, a range, or words. */
export interface PlanValue {
  value?: number | null
  min?: number | null
  max?: number | null
  text?: string
  year?: number
  source?: string
}

export interface HeadlineTarget {
  id: string
  title: Words
  baseline?: PlanValue | number | null
  baseline_year?: number | null
  target?: PlanValue | number | null
  target_min?: number | null
  target_max?: number | null
  direction?: string
  deadline?: string
  state: TargetState
  quote?: string
  truncated?: boolean
  version?: number
  decision?: string
}

export interface Headline {
  indicator: string
  title: Words
  unit?: Words
  decimals: number
  better?: string
  where?: Record<string, string> | null
  where_labels?: Record<string, Words> | null
  value: number | null
  numerator?: number | null
  denominator?: number | null
  n?: number | null
  verified_share?: number | null
  suppressed?: boolean
  previous?: number | null
  target?: HeadlineTarget | null
}

export interface Trend {
  indicator: string
  where?: Record<string, string> | null
  title: Words
  unit?: Words
  decimals?: number
  points: [number, number | null][] | null
}

export interface Staleness {
  entity: string
  title: Words
  rows: number
  verified: number
  share: number | null
  last?: number | string | null
}

export interface EntityCount {
  entity: string
  title: Words
  rows: number
}

export interface Dashboard {
  org: Org
  crumbs: Org[] | null
  children: Org[] | null
  seal: SealInfo | string | null
  year: number
  years: number[] | null
  headlines: Headline[] | null
  map?: {
    indicator: string
    where?: Record<string, string> | null
    values: Record<string, number | null> | null
  } | null
  trends: Trend[] | null
  stale: Staleness[] | null
  counts: EntityCount[] | null
  seal_at?: string
  /** Some records are still being counted. */
  pending?: boolean
}

export interface IndicatorBrief {
  id: string
  title: Words
  kind: string
  unit?: Words
  pack: string
  by: string[][] | null
  better?: string
  decimals: number
  formula?: Words
}

export interface Basis {
  zh?: string
  en?: string
  text?: Words
  ref?: string
  certainty?: string
}

export interface Indicator extends IndicatorBrief {
  symbols?: Words
  basis?: Basis[] | null
  note?: Words
  limit?: Limit | null
  items?: { id: string; title: Words }[] | null
  min_group?: number
  dims?: { id: string; title: Words }[] | null
}

export interface Limit {
  id?: string
  title?: Words
  value?: number | null
  unit?: Words
  source?: Words
  verified?: boolean
}

export interface Figure {
  indicator: string
  year: number
  by?: Record<string, string> | null
  labels?: Record<string, Words> | null
  numerator: number | null
  denominator: number | null
  value: number | null
  unit?: Words
  n: number | null
  verified_share?: number | null
  suppressed?: boolean
  seal?: string
  formula?: Words
}

export interface IndicatorPage {
  indicator: Indicator
  total: Figure | null
  own_past: Figure[] | null
  rows: Figure[] | null
  target?: HeadlineTarget | null
  seal?: string
  year?: number
  years?: number[] | null
  by?: string[] | null
  org?: Org | null
}

export interface CodeOption {
  code: string
  title: Words
}

export interface Column {
  name: string
  title: Words
  note?: Words
  type: 'text' | 'code' | 'ref' | 'int' | 'decimal' | 'bool' | 'date' | 'year'
  codes?: string
  /** The values of a code list that is short enough; only with an entity or a record. */
  options?: CodeOption[] | null
  ref?: string
  unit?: Words
  scale?: number
  sensitivity?: string
  masked?: boolean
  sealed?: boolean
  required?: boolean
  source?: string
}

export interface Row {
  rec: number
  values: Record<string, Stored>
  display?: Record<string, Words> | null
  verified?: number | string | null
  stale?: boolean
}

export interface RecordPage {
  total: number
  /** The total is at least that; counting stopped. */
  total_capped?: boolean
  seal?: string
  columns: Column[] | null
  rows: Row[] | null
  entity?: string
  title?: Words
}

export interface EntityBrief {
  name: string
  title: Words
  note?: Words
  group?: Words
  /** null while it is being counted */
  rows: number | null
  org?: boolean | string
  can_load?: boolean
}

export interface EntityInfo extends EntityBrief {
  fields: Column[] | null
  key: string[] | null
  label: string
  search?: boolean
  year?: string
  months?: number
  dated?: boolean
}

export interface HistoryEntry {
  seq: number
  at: string
  actor: string
  reason?: string
  values: Record<string, Stored>
  display?: Record<string, Words> | null
  changed: string[] | null
  /** The commit that replaced this version or took it back. */
  ended?: number
  source?: { file?: string; name?: string; row?: number; commit?: string } | null
}

export interface RecordDetail {
  entity: string
  title: Words
  rec: number
  label: Words
  current?: boolean
  columns: Column[] | null
  values: Record<string, Stored>
  display?: Record<string, Words> | null
  verified?: number | string | null
  stale?: boolean
  links?: { field: string; entity: string; rec: number; label: Words }[] | null
  related?:
    { entity: string; title: Words; field: string; value?: string; total: number; total_capped?: boolean }[] | null
  history?: HistoryEntry[] | null
}

export interface FileRow {
  name: string
  sheet?: string
  row: number
  headers: string[] | null
  cells: string[] | null
  /** How many columns the reader may not see. */
  left_out?: number
}

export type UploadState = 'reading' | 'staged' | 'committing' | 'committed' | 'failed' | 'cancelled' | 'undone'

export interface LoadResult {
  rows: number
  new: number
  changed: number
  unchanged: number
  refused: number
  held?: number
}

export interface Fault {
  file?: string
  sheet?: string
  row: number
  col?: number
  field?: string
  rule?: string
  grade?: string
  message_zh: string
  message_en: string
}

export interface Upload {
  id: string
  entity: string
  title?: Words
  name: string
  at?: string
  actor?: string
  state: UploadState
  progress?: { stage: string; done: number; total: number } | null
  result?: LoadResult | null
  seq?: number | null
  error?: ErrorBody['error'] | Words
  faults?: Fault[] | null
}

export type Verdict = 'new' | 'changed' | 'unchanged' | 'refused'

/** Rows of any verdict of which something keeps its value. */
export type Tab = Verdict | 'held'

export interface UploadRow {
  row: number
  verdict: Verdict
  label?: Words
  changes?: { field: string; before: Words | number; after: Words | number }[] | null
  faults?: Fault[] | null
  held?: HeldField[] | null
}

export interface UploadRows {
  total: number
  columns: Column[] | null
  rows: UploadRow[] | null
}

export interface Commit {
  seq: number
  id?: string
  at: string
  actor: string
  entity: string
  title?: Words
  file?: string
  reason?: string
  new: number
  changed: number
  closed?: number
  undo_of?: number | null
  undone_by?: number | null
  /** Whether the reader may take it back. */
  can_undo?: boolean
}

export interface CommitPage {
  total: number
  rows: Commit[] | null
}

export interface PlanTarget {
  id: string
  title: Words
  quote?: string
  section?: string
  status: string
  kind?: string
  unit?: Words
  direction?: string
  strict?: boolean
  qualifier?: string
  deadline?: string
  baseline?: PlanValue | number | null
  target?: PlanValue | number | null
  baseline_quote?: string
  target_source?: string
  truncated?: boolean
  headline?: number
  owner?: Words
  note?: string
  state: TargetState
  indicator?: string
  where?: Record<string, string> | null
  figure?: Figure | null
  deadline_basis?: string
  line?: string
  scope?: string
  observations?: Observation[] | null
  /** The version that holds; none while it is the plan's own. */
  version?: number
  versions?: TargetVersion[]
  milestones?: { year: number; value: number; state: TargetState }[]
  behind?: boolean
}

export interface TargetVersion {
  no: number
  state: 'holds' | 'past' | 'future' | 'unsourced'
  original: boolean
  value: PlanValue | null
  wording: string
  deadline: string
  from: string
  decision: string
  reason: string
  case: string
  org: Org
}

export interface Observation {
  year: number
  value: number
  unit?: Words
  source?: Basis | Words
  zh?: string
  en?: string
  ref?: string
  certainty?: string
}

export interface Plan {
  id: string
  title: Words
  number?: string
  issued?: string
  from?: number
  to?: number
  sections: { title: Words; targets: PlanTarget[] | null }[] | null
}

export interface PlanPage {
  plans: Plan[] | null
}

export interface ExploreGrain {
  grain: string
  title: Words
  dims: { id: string; title: Words; values?: CodeOption[] | null }[] | null
  measures: ExploreMeasure[] | null
}

export interface ExploreMeasure {
  id: string
  title: Words
  unit?: Words
  decimals: number
  kind?: string
  /** The dimensions this measure can be cut by. */
  dims?: string[] | null
}

export interface ExploreRow {
  by: Record<string, string>
  year: number
  labels?: Record<string, Words> | null
  value: number | null
  numerator?: number | null
  denominator?: number | null
  n?: number | null
  suppressed?: boolean
}

export interface ExplorePage {
  columns: ({ id?: string; name?: string; title?: Words } | string)[] | null
  rows: ExploreRow[] | null
  seal?: SealInfo | string | null
  formula?: Words
}

export interface Job {
  id: string
  kind?: string
  state: 'running' | 'done' | 'failed' | 'cancelled'
  progress?: { stage: string; done: number; total: number } | null
  result?: unknown
  error?: ErrorBody['error']
}

/** Something that outlives its request. */
export interface Work<R = unknown> {
  kind: string
  state: 'running' | 'done' | 'failed' | 'cancelled'
  stage: string
  done: number
  total: number
  result?: R
  error?: Text
  field?: string
}
