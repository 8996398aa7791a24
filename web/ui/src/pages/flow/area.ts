import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/cases/inbox',
    page: lazy(() => import('./Inbox')),
    group: 'work',
    title: 'flow.inbox',
    note: 'flow.inboxNote',
    rights: ['case'],
    count: '/api/cases/inbox/count',
  },
  {
    path: '/cases/new',
    page: lazy(() => import('./New')),
    group: 'work',
    title: 'flow.new',
    note: 'flow.newNote',
    rights: ['case'],
  },
  {
    path: '/cases',
    page: lazy(() => import('./List')),
    group: 'work',
    title: 'flow.all',
    note: 'flow.allNote',
    rights: ['case'],
  },
  {
    path: '/burden',
    page: lazy(() => import('./Burden')),
    group: 'work',
    title: 'flow.burden',
    note: 'flow.burdenNote',
    rights: ['case'],
  },
  { path: '/cases/new/:type', page: lazy(() => import('./NewType')) },
  { path: '/cases/types/:type', page: lazy(() => import('./TypePage')) },
  { path: '/cases/:no', page: lazy(() => import('./CasePage')) },
  { path: '/public', page: lazy(() => import('./Public')), open: true, light: true },
  { path: '/public/permit', page: lazy(() => import('./PublicPermit')), open: true, light: true },
  { path: '/public/:type', page: lazy(() => import('./PublicType')), open: true, light: true },
]
