import { useMemo } from 'react'
import { useApi } from '../api/use'
import { useLang } from '../i18n'
import { classes, mapOption, type Area } from '../lib/chart'
import { Chart } from './Chart'
import { useNarrow } from './useNarrow'
import { unitTail } from './parts'

interface Boundaries {
  features?: { properties: Record<string, unknown>; geometry?: { coordinates?: unknown } }[]
}

/** How much shorter a degree of longitude is than one of latitude there. */
function aspect(geo: Boundaries): number {
  let at: unknown = geo.features?.[0]?.geometry?.coordinates
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0]
  const lat = Array.isArray(at) ? Number(at[1]) : 0
  return Math.cos((lat * Math.PI) / 180) || 1
}

/** Which property of the boundaries holds area codes: the one that matches most. */
function codeProperty(geo: Boundaries | null, codes: Set<string>): string | null {
  const hits = new Map<string, number>()
  for (const f of geo?.features ?? []) {
    for (const [k, v] of Object.entries(f.properties)) {
      if (typeof v === 'string' && codes.has(v)) hits.set(k, (hits.get(k) ?? 0) + 1)
    }
  }
  return [...hits.entries()].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** Whether there are boundaries that fit these areas. */
export function useBoundaries(codes: string[]) {
  const { data } = useApi<Boundaries | null>('/api/map')
  const key = codes.join(',')
  return useMemo(() => {
    const property = codeProperty(data, new Set(key.split(',')))
    return data && property ? { geo: data, property, aspect: aspect(data) } : null
  }, [data, key])
}

/** A map of areas in one hue, with its legend and the areas that have no boundary. */
export function AreaMap({
  areas,
  decimals,
  unit,
  title,
  boundaries,
  onPick,
  height = 400,
}: {
  areas: Area[]
  decimals: number
  unit: string
  title: string
  boundaries: NonNullable<ReturnType<typeof useBoundaries>>
  onPick?: (code: string) => void
  height?: number
}) {
  const { t } = useLang()
  const narrow = useNarrow()
  const tail = unitTail(unit)
  const option = useMemo(
    () =>
      mapOption({
        map: 'areas',
        areas,
        decimals,
        unit: tail,
        none: t('state.no_data'),
        property: boundaries.property,
        aspect: boundaries.aspect,
        narrow,
      }),
    [areas, decimals, tail, boundaries, narrow, t],
  )
  const values = areas.map((a) => a.value).filter((v): v is number => v !== null)
  return (
    <figure className="map">
      <Chart
        option={option}
        height={narrow ? 300 : height}
        label={t('dash.mapAlt', { title })}
        map={{ name: 'areas', geo: boundaries.geo }}
        onPick={(p) => onPick?.(p.name)}
      />
      <figcaption className="legend">
        {classes(values, decimals).map((c) => (
          <span key={c.label}>
            <i style={{ background: c.color }} aria-hidden="true" />
            {c.label}
          </span>
        ))}
        {values.length < areas.length && (
          <span>
            <i className="blank" aria-hidden="true" />
            {t('state.no_data')}
          </span>
        )}
        {unit && <span className="muted">{t('common.unit', { unit })}</span>}
      </figcaption>
    </figure>
  )
}
