import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [{ path: '/plan/board', page: lazy(() => import('./Board')), rights: ['plan'] }]
