import type { PlanValue } from '../api/types'

/** Writes a number with a fixed number of decimals and thousands separators. */
export function number(v: number | null | undefined, decimals = 0): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '—'
  return v.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** Writes a number as short as it is exact enough: at most `most` decimals. */
export function plain(v: number | null | undefined, most = 4): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '—'
  return v.toLocaleString('en-US', { maximumFractionDigits: most })
}

export function percent(share: number | null | undefined, decimals = 0): string {
  if (share === null || share === undefined || share < 0 || !Number.isFinite(share)) return '—'
  return number(share * 100, decimals) + '%'
}

/** The sign is always written: a change of a figure against its own past. */
export function signed(v: number, decimals: number): string {
  const s = number(Math.abs(v), decimals)
  if (Number(s.replaceAll(',', '')) === 0) return '±0'
  return (v > 0 ? '+' : '−') + s
}

/** yyyymmdd (or an ISO date) as yyyy-mm-dd; empty when there is none. */
export function day(d: number | string | null | undefined): string {
  if (!d) return ''
  const s = String(d)
  if (/^\d{8}$/.test(s)) return `${s.slice(0, 4)}-${s.slice(4, 6)}-${s.slice(6)}`
  return s.slice(0, 10)
}

/** An instant as local date and time to the minute. */
export function instant(s: string | null | undefined): string {
  if (!s) return ''
  const t = new Date(s)
  if (Number.isNaN(t.getTime())) return s
  const two = (n: number) => String(n).padStart(2, '0')
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}`
}

/** A year by the city's own pattern: "%d—%d学年" with 2024 is 2024—2025学年. */
export function yearName(pattern: string | undefined, year: number): string {
  if (!pattern) return String(year)
  let n = 0
  return pattern.replace(/%d/g, () => String(year + n++))
}

/** Bytes for people. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${number(bytes / 1024, 0)} KB`
  return `${number(bytes / 1024 / 1024, 1)} MB`
}

/** A plan's value as an object, whichever way it was sent; null when not stated. */
export function planValue(v: PlanValue | number | null | undefined): PlanValue | null {
  if (v === null || v === undefined) return null
  if (typeof v === 'number') return { value: v }
  const empty = [v.value, v.min, v.max].every((x) => x === null || x === undefined) && !v.text
  return empty ? null : v
}

/** The number a plan's value is held against: the lower end of a range. */
export function planNumber(v: PlanValue | number | null | undefined): number | null {
  const p = planValue(v)
  return p ? (p.value ?? p.min ?? p.max ?? null) : null
}

const directions: Record<string, string> = { '>=': '≥', '<=': '≤', '>': '>', '<': '<', '=': '=', '==': '=' }

/** A plan's value as written: "≥ 94%", "9–12", or words. */
export function planWords(v: PlanValue | number | null | undefined, unit = '', direction = ''): string {
  const p = planValue(v)
  if (!p) return ''
  if (p.text) return p.text
  const tail = unit && /^[%‰∶:]/.test(unit) ? unit : unit ? ` ${unit}` : ''
  const has = (x: number | null | undefined): x is number => x !== null && x !== undefined
  if (has(p.value)) {
    const d = directions[direction]
    return `${d ? d + ' ' : ''}${plain(p.value)}${tail}`
  }
  if (has(p.min) && has(p.max)) return `${plain(p.min)}–${plain(p.max)}${tail}`
  if (has(p.min)) return `≥ ${plain(p.min)}${tail}`
  if (has(p.max)) return `≤ ${plain(p.max)}${tail}`
  return ''
}
