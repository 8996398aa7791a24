/** Baseline, target and now on one line. Drawn, not read: the numbers stand beside it. */
export function Bullet({
  baseline,
  target,
  now,
}: {
  baseline: number | null
  target: number | null
  now: number | null
}) {
  const all = [baseline, target, now].filter((v): v is number => v !== null)
  if (all.length < 2) return <div className="bullet empty" aria-hidden="true" />
  const low = Math.min(...all)
  const high = Math.max(...all)
  const span = high - low || Math.abs(high) || 1
  const at = (v: number) => `${8 + ((v - low) / span) * 84}%`
  const from = baseline ?? now
  const lead =
    from !== null && now !== null
      ? { left: at(Math.min(from, now)), right: `calc(100% - ${at(Math.max(from, now))})` }
      : null
  return (
    <div className="bullet" aria-hidden="true">
      {lead && <b style={lead} />}
      {baseline !== null && <i className="base" style={{ left: at(baseline) }} />}
      {target !== null && <i className="aim" style={{ left: at(target) }} />}
      {now !== null && <i className="now" style={{ left: at(now) }} />}
    </div>
  )
}
