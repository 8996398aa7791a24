/** Reads the API's "a:x,b:y|z" back into values. */
export function readPairs(s: string | null | undefined): Record<string, string> {
  const out: Record<string, string> = {}
  for (const part of (s ?? '').split(',')) {
    const at = part.indexOf(':')
    if (at > 0) out[part.slice(0, at)] = part.slice(at + 1)
  }
  return out
}
