import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/work/corrections',
    page: lazy(() => import('./Inbox')),
    group: 'work',
    title: 'cor.inbox',
    note: 'cor.inboxNote',
    rights: ['correct'],
    count: '/api/corrections/count',
  },
  {
    path: '/work/conflicts',
    page: lazy(() => import('./Conflicts')),
    group: 'work',
    title: 'cor.conflicts',
    note: 'cor.conflictsNote',
    rights: ['correct'],
    count: '/api/corrections/conflicts/count',
  },
  {
    path: '/work/corrections/mine',
    page: lazy(() => import('./Mine')),
    group: 'work',
    title: 'cor.mine',
    note: 'cor.mineNote',
    rights: ['correct'],
    count: '/api/corrections/mine/count',
  },
  {
    path: '/work/sources',
    page: lazy(() => import('./Sources')),
    group: 'work',
    title: 'cor.sources',
    note: 'cor.sourcesNote',
    rights: ['read'],
  },
  { path: '/work/corrections/:id', page: lazy(() => import('./Request')) },
  { path: '/records/:entity/:rec/correct', page: lazy(() => import('./Edit')) },
]
