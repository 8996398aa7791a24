import type { Action, RequestState, Shown } from '../../api/correct'
import type { Words } from '../../api/types'
import type { Key } from '../../i18n/dict'

export const stateKeys: Record<RequestState, Key> = {
  open: 'cor.s.open',
  returned: 'cor.s.returned',
  carrying: 'cor.s.carrying',
  accepted: 'cor.s.accepted',
  rejected: 'cor.s.rejected',
  withdrawn: 'cor.s.withdrawn',
  taken: 'cor.s.taken',
  kept: 'cor.s.kept',
}

export const actionKeys: Record<Action, Key> = {
  accept: 'cor.a.accept',
  reject: 'cor.a.reject',
  return: 'cor.a.return',
  reply: 'cor.a.reply',
  withdraw: 'cor.a.withdraw',
  take: 'cor.a.take',
  keep: 'cor.a.keep',
}

export const originKeys: Record<string, Key> = {
  file: 'cor.o.file',
  form: 'cor.o.form',
  verification: 'cor.o.verification',
  guardian: 'cor.o.guardian',
}

export const eventKeys: Record<string, Key> = {
  asked: 'cor.e.asked',
  returned: 'cor.e.returned',
  replied: 'cor.e.replied',
  reminded: 'cor.e.reminded',
  risen: 'cor.e.risen',
  moved: 'cor.e.moved',
  merged: 'cor.e.merged',
  unmerged: 'cor.e.unmerged',
  accepted: 'cor.e.accepted',
  rejected: 'cor.e.rejected',
  withdrawn: 'cor.e.withdrawn',
  taken: 'cor.e.taken',
  kept: 'cor.e.kept',
}

/** A value as people read it; an empty one is told in words. */
export function shownText(s: Shown | null | undefined, tx: (w: Words) => string, empty: string): string {
  if (!s || s.value === null || s.value === '') return empty
  const d = s.display
  const text = typeof d === 'number' ? String(d) : tx(d)
  return text || String(s.value)
}

/** Answers that need no words may be given at once; the others ask why. */
export const needsWords: Record<Action, boolean> = {
  accept: false,
  withdraw: false,
  reject: true,
  return: true,
  reply: true,
  take: true,
  keep: true,
}
