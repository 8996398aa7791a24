import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/admin/audit',
    page: lazy(() => import('./Audit')),
    group: 'admin',
    title: 'audit.title',
    note: 'audit.note',
    rights: ['audit'],
  },
]
