import { lazy } from 'react'
import type { Area } from '../../areas'

/** How many children will come, and where the schools should be. */
export const areas: Area[] = [
  { path: '/places', page: lazy(() => import('./Places')), group: 'work', title: 'places.title', note: 'places.note', rights: ['plan'] },
  { path: '/places/map', page: lazy(() => import('./Map')), rights: ['plan'] },
  { path: '/places/projects', page: lazy(() => import('./Projects')), rights: ['plan'] },
  { path: '/places/school/:code', page: lazy(() => import('./School')) },
]
