import { lazy } from 'react'
import type { Area } from '../../areas'

/** The page on how near schools are to a standard. */
export const areas: Area[] = [
  { path: '/readiness', page: lazy(() => import('./Readiness')), group: 'work', title: 'ready.title', note: 'ready.note', rights: ['explore'] },
]
