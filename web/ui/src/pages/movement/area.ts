import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/work/moves',
    page: lazy(() => import('./Moves')),
    group: 'work',
    title: 'move.title',
    note: 'move.note',
    rights: ['movement'],
    count: '/api/movement/count',
  },
  { path: '/work/moves/new', page: lazy(() => import('./NewMove')), rights: ['movement'] },
  { path: '/work/moves/:n', page: lazy(() => import('./Move')), rights: ['movement'] },
  {
    path: '/work/yearend',
    page: lazy(() => import('./YearEnd')),
    group: 'work',
    title: 'year.title',
    note: 'year.note',
    rights: ['yearend'],
  },
  {
    path: '/work/units',
    page: lazy(() => import('./Units')),
    group: 'work',
    title: 'life.title',
    note: 'life.note',
    rights: ['lifecycle'],
    count: '/api/lifecycle/count',
  },
  { path: '/work/yearend/:org', page: lazy(() => import('./YearUnit')), rights: ['yearend'] },
]
