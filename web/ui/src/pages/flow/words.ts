import type { FormColumn, OrgHead, Place, StateBody, TypeBody } from '../../api/flow'
import type { Row, Words } from '../../api/types'
import type { Key } from '../../i18n/dict'
import { day, instant } from '../../lib/format'

type T = (key: Key, values?: Record<string, string | number>) => string
type Tx = (w: Words) => string

export const shapeKeys: Record<string, Key> = {
  finding: 'flow.shape.finding',
  permission: 'flow.shape.permission',
  recognition: 'flow.shape.recognition',
  campaign: 'flow.shape.campaign',
  other: 'flow.shape.other',
}

export const shapes = ['finding', 'permission', 'recognition', 'campaign', 'other']

export const effectKeys: Record<string, Key> = {
  open: 'flow.fx.open',
  each: 'flow.fx.each',
  publish: 'flow.fx.publish',
  unpublish: 'flow.fx.unpublish',
  permit: 'flow.fx.permit',
  revoke: 'flow.fx.revoke',
  write: 'flow.fx.write',
  tell: 'flow.fx.tell',
  grant: 'flow.fx.grant',
  ungrant: 'flow.fx.ungrant',
  act: 'flow.fx.act',
}

const placeKeys: Record<string, Key> = {
  unit: 'flow.at.unit',
  opener: 'flow.at.opener',
  any: 'flow.at.any',
  school: 'flow.at.school',
  county: 'flow.at.county',
  city: 'flow.at.city',
  province: 'flow.at.province',
  nation: 'flow.at.nation',
}

/** When a case is due: the day, or the moment where hours are counted. */
export function dueWords(c: { due: number; due_at: string }): string {
  return c.due_at ? instant(c.due_at) : day(c.due)
}

/** How long there is, in words: "3 working days left", "2 hours late", "today". */
export function leftWords(c: { left?: number; worked: boolean; hours: boolean; late: boolean }, t: T): string {
  if (c.left === undefined) return ''
  const n = Math.abs(c.left)
  if (c.hours) return c.late ? (n ? t('flow.lateHours', { n }) : t('flow.lateHour')) : t('flow.leftHours', { n })
  if (c.left === 0) return t('flow.dueToday')
  if (c.left > 0) return t(c.worked ? 'flow.leftWorked' : 'flow.left', { n })
  return t(c.worked ? 'flow.lateWorked' : 'flow.lateDays', { n })
}

/** Who acts, in a definition: "the unit: clerk, head". */
export function placeWords(p: Place, t: T, tx: Tx): string {
  const known = placeKeys[p.at]
  const where = p.field ? t('flow.at.field', { field: tx(p.field) }) : known ? t(known) : p.at
  const who = p.roles.map(tx).join(t('flow.or'))
  return [where + (p.rises ? t('flow.rises') : ''), who].filter(Boolean).join(' · ')
}

export function daysWords(s: StateBody, t: T, tx: Tx): string {
  const until = s.until ? t('flow.untilField', { field: tx(s.until) }) : ''
  const days = s.number === undefined ? '' : t(s.hours ? 'flow.hours' : s.calendar ? 'flow.days' : 'flow.daysWorked', { n: s.number })
  return [until, days].filter(Boolean).join(t('flow.or'))
}

/** The steps that nobody has to decide about: what a value was becomes what is shown in its field. */
export function cellOf(f: FormColumn, row: Row | undefined): string {
  const v = row?.values[f.name]
  if (v === null || v === undefined || v === '') return ''
  if (f.type === 'date') return day(v as number)
  if (f.type === 'bool') return v === true || v === 1 || v === '1' || v === 'true' ? '1' : '0'
  if (f.type === 'decimal') {
    const d = row?.display?.[f.name]
    return typeof d === 'string' ? d : String(v)
  }
  return String(v)
}

export function fits(f: FormColumn, o: Pick<OrgHead, 'level'>): boolean {
  if (f.org?.level) return o.level === f.org.level
  return !f.org?.except?.includes(o.level)
}

/** Actions that can be taken for several cases at once: nothing to fill in, nothing to say. */
export function plainActions(type: TypeBody | null, state: string) {
  const s = type?.states.find((x) => x.id === state)
  return (s?.actions ?? []).filter((a) => !a.needs.length && !a.papers && !a.note && !a.returns && !a.danger)
}

/** A field of many words gets room for them. */
export const isLong = (f: FormColumn) => f.type === 'text' && (f.max ?? 0) > 100

/** Types whose opening form may not be kept on a device. */
export const confidential = (b: TypeBody) =>
  b.type.private || b.opens.step.fields.some((f) => f.sensitivity === 'sensitive')
