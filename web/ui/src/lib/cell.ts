import type { Words } from '../api/types'

/** One cell as people read it; an empty one is a dash. */
export function cellText(
  row: { values: Record<string, unknown>; display?: Record<string, Words> | null },
  name: string,
  tx: (w: Words) => string,
): string {
  const shown = tx(row.display?.[name])
  if (shown) return shown
  const v = row.values[name]
  return v === null || v === undefined || v === '' ? '—' : String(v)
}
