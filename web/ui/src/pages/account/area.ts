import { lazy } from 'react'
import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = [
  { path: '/me', page: lazy(() => import('./Me')) },
  {
    path: '/admin/accounts',
    page: lazy(() => import('./Accounts')),
    group: 'admin',
    title: 'acc.title',
    note: 'acc.note',
    rights: ['accounts'],
  },
  {
    path: '/admin/grants',
    page: lazy(() => import('./Grants')),
    group: 'admin',
    title: 'gr.title',
    note: 'gr.note',
    rights: ['grants'],
  },
  {
    path: '/admin/reviews',
    page: lazy(() => import('./Reviews')),
    group: 'admin',
    title: 'rev.title',
    note: 'rev.note',
    rights: ['grants'],
  },
  {
    path: '/admin/credentials',
    page: lazy(() => import('./Credentials')),
    group: 'admin',
    title: 'cred.title',
    note: 'cred.note',
    rights: ['accounts', 'grants', 'audit'],
  },
]
