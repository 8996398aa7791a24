// What the API of cases answers. Descriptions are in docs/api.md.
import type { Column, RecordPage, Text, Words } from './types'

export interface OrgHead {
  code: string
  title: Text
  level: string
}

export interface StateHead {
  id: string
  title: Text
  end?: boolean
}

export interface Case {
  id: number
  no: string
  type: string
  title: Text
  state: StateHead
  unit: OrgHead
  opener: OrgHead
  entity: string
  rec: number
  step: number
  level: number
  opened: number
  entered: number
  due: number
  closed: number
  raised: number
  late: boolean
  /** Days, or hours of a clock that counts them. */
  left?: number
  worked: boolean
  hours: boolean
  /** The moment it is due, "" where days are counted. */
  due_at: string
  label?: Words
}

export interface Task extends Case {
  org: OrgHead
  role: Text
  taken: string
  unheld: boolean
}

export interface Tally {
  type: string
  open: number
  late: number
}

export interface InboxPage {
  rows: Task[]
  tallies: Tally[]
  today: number
}

export interface FormColumn extends Column {
  max?: number
  org?: { level?: string; except?: string[] }
  /** A sealed figure that the field begins with. */
  prefill?: { value: string; seal: string; indicator?: string; title?: Text; year?: number }
}

/** What a step asks for. */
export interface StepForm {
  fields: FormColumn[]
  needs: string[]
  papers?: number
  note?: boolean
  guard?: Text
  reaches?: string
  effects: string[]
}

export interface CaseAction extends StepForm {
  id: string
  title: Text
  to: string
  sign?: boolean
  returns?: boolean
  danger?: boolean
  /** Why the reader may not take it, though it is their turn: four eyes. */
  barred?: Text
  not_by?: string[]
}

export interface Place {
  at: string
  rises?: boolean
  field?: Text
  roles: Text[]
}

export interface StateBody extends StateHead {
  note: Text
  who: Place[]
  joint: boolean
  days?: string
  number?: number
  calendar?: boolean
  hours?: boolean
  until?: Text
  then?: string
  actions: CaseAction[]
  effects: string[]
}

export interface TypeHead {
  id: string
  pack: string
  title: Text
  note: Text
  shape: string
  entity: string
  private: boolean
  burden?: string
  may_open: boolean
  opening: Text
  states: StateHead[]
  reaches?: Text
  permits: boolean
  basis: { text: Text; ref: string; certainty: string }[]
}

export interface TypeBody {
  type: TypeHead
  opens: { by: Place[]; to: string; step: StepForm; org: string }
  states: StateBody[]
  withdraw: string
  recurs: { same: Text[]; to: string } | null
}

export interface CasePaper {
  id: string
  name: string
  kind: string
  size: number
}

export interface Missing {
  field?: string
  paper?: string
  note: string
}

export interface CaseStep {
  step: number
  at: string
  day: number
  account: string
  role: Text
  org: OrgHead
  action: string
  title: Text
  was?: Text
  state: Text
  note: string
  missing?: Missing[]
  signed: number
  seq: number
  hash: string
  papers: CasePaper[]
}

export interface Seat {
  org: OrgHead
  role: Text
  taken: string
  unheld: boolean
}

export interface CaseBody {
  case: Case
  /** Fields of the register that the machine keeps itself. */
  own: string[]
  record: RecordPage
  steps: CaseStep[]
  seats: Seat[]
  next: CaseAction[]
  withdraw: boolean
  parts: { open: number; closed: number }
  parent: string
  private: boolean
  today: number
  note?: Text
}

export interface Notice {
  id: number
  case: string
  duty: string
  kind: string
  text: Text
  at: string
  new: boolean
}

export interface Burden {
  kind: 'visit' | 'task'
  year: number
  n: number
  last: number
  cap: number
}

export interface PermitBody {
  permit: { code: string; title: string; from: number; to: number; revoked: number; case: string; holds: boolean }
  issuer: OrgHead
  org: OrgHead
}

export interface PublicEntry {
  id: number
  no: string
  label: string
  org: OrgHead
  body: { title: Text; value: Words }[]
  digest: string
  from: number
}

export interface Acted {
  done: string[]
  failed: { no: string; message_zh: string; message_en: string }[]
}
