import type { ComponentType, LazyExoticComponent } from 'react'
import type { Key } from './i18n/dict'
import { areas as account } from './pages/account/area'
import { areas as audit } from './pages/audit/area'
import { areas as board } from './pages/board/area'
import { areas as correct } from './pages/correct/area'
import { areas as duty } from './pages/duty/area'
import { areas as flow } from './pages/flow/area'
import { areas as identity } from './pages/identity/area'
import { areas as movement } from './pages/movement/area'
import { areas as places } from './pages/places/area'
import { areas as readiness } from './pages/readiness/area'
import { areas as verify } from './pages/verify/area'

/**
 * A page of work or administration. Those with a title stand as a door on the hub
 * of their group (/work, /admin), for whoever has one of the rights; count, if
 * given, is an address that answers {"count": n}: what waits there for the reader.
 */
export interface Area {
  path: string
  page: LazyExoticComponent<ComponentType>
  group?: 'work' | 'admin'
  title?: Key
  note?: Key
  rights?: string[]
  count?: string
  /** Reached without a sign-in, by a link that is its own proof. */
  open?: boolean
  /** Needs no component library. */
  light?: boolean
}

export const areas: Area[] = [...flow, ...correct, ...verify, ...identity, ...movement, ...duty, ...board, ...places, ...readiness, ...account, ...audit]
