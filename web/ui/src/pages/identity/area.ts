import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/work/duplicates',
    page: lazy(() => import('./Duplicates')),
    group: 'work',
    title: 'dup.title',
    note: 'dup.note',
    rights: ['duplicates'],
    count: '/api/duplicates/count',
  },
  { path: '/work/duplicates/:id', page: lazy(() => import('./Pair')) },
]
