import type { Text } from './types'

/** One thing an account may act as. */
export interface Holding {
  id: string
  role: string
  role_title: Text
  org: string
  org_title: Text
  owner?: string
  to?: string
}

export interface Pending {
  step: 'factor' | 'enrol' | 'password' | 'grant'
  name: string
  display: Text
  passkey?: boolean
  grants?: Holding[]
}

export interface Grant extends Holding {
  account: string
  display: Text
  from: string
  to: string
  delegate_of?: string
  given_by: string
  reason: string
  ended: boolean
  ended_by?: string
  end_reason?: string
  used: string
  holds: boolean
}

export interface Account {
  name: string
  display: Text
  disabled: boolean
  created: string
  by: string
  last_in: string
  unused: boolean
  factors: number
  subject?: string
  grants: Grant[]
  /** An administrator's: two agree before its credentials are given anew. */
  guarded: boolean
}

/** A request to give an administrator's credentials anew. */
export interface CredentialRequest {
  id: string
  account: string
  what: 'password' | 'factors' | 'subject'
  subject?: string
  reason: string
  needs: 'grants' | 'audit'
  state: 'open' | 'agreed' | 'refused' | 'withdrawn' | 'used' | 'lapsed'
  by: string
  at: string
  decider: string
  decided: string
  /** While it waits or may be carried out: when it lapses. */
  until?: string
  note: string
  may_decide: boolean
  mine: boolean
}

export interface FactorInfo {
  id: string
  kind: string
  label: string
  ready: boolean
  created: string
  used: string
}

export interface TokenInfo {
  id: string
  label: string
  grant: string
  org: string
  rights: string[]
  created: string
  expires: string
  used: string
  revoked: boolean
}

export interface SessionInfo {
  id: string
  account: string
  role: string
  org: string
  created: string
  seen: string
  address: string
  agent: string
  this: boolean
}

export interface Me {
  name: string
  display: Text
  grants: Grant[]
  delegations: Grant[]
  factors: FactorInfo[]
  recovery_codes: number
  tokens: TokenInfo[]
  sessions: SessionInfo[]
  passkeys: boolean
  policy: {
    password_length: number
    password_classes: number
    password_days: number
    token_days: number
    delegation_days: number
    idle_minutes: number
  }
}

export interface Enrolment {
  id: string
  secret: string
  url: string
  qr: string
}

export interface RoleInfo {
  id: string
  title: Text
  can: string[]
  admin: boolean
}

export interface Review {
  id: string
  org: string
  due: string
  note: string
  by: string
  opened: string
  closed: string
  total: number
  decided: number
  late: boolean
}

export interface ReviewItem {
  grant: Grant
  unused: boolean
  decision: string
  note: string
  by: string
}
