import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/work/duties',
    page: lazy(() => import('./Duties')),
    group: 'work',
    title: 'duty.title',
    note: 'duty.doorNote',
    rights: ['duties'],
    count: '/api/duties/count',
  },
  { path: '/work/duties/:id', page: lazy(() => import('./Duty')), rights: ['duties'] },
]
