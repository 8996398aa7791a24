import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  {
    path: '/verify/tasks',
    page: lazy(() => import('./Tasks')),
    group: 'work',
    title: 'ver.tasks',
    note: 'ver.tasksNote',
    rights: ['verify'],
    count: '/api/verify/tasks/count',
  },
  { path: '/verify/tasks/:id', page: lazy(() => import('./TaskPage')) },
  {
    path: '/verify/findings',
    page: lazy(() => import('./Findings')),
    group: 'work',
    title: 'ver.findings',
    note: 'ver.findingsNote',
    rights: ['verify'],
    count: '/api/verify/findings/count',
  },
  {
    path: '/verify/rounds',
    page: lazy(() => import('./Rounds')),
    group: 'work',
    title: 'ver.rounds',
    note: 'ver.roundsNote',
    rights: ['rounds'],
  },
  { path: '/verify/rounds/:id', page: lazy(() => import('./Board')) },
  { path: '/verify/rounds/:id/checks/:unit', page: lazy(() => import('./SpotCheck')) },
  { path: '/check', page: lazy(() => import('./Check')), open: true },
]
