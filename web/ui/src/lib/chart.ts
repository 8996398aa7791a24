import type { TooltipComponentOption } from 'echarts/components'
import type { Option } from '../components/echarts'
import { colour, sans, scale, series } from '../theme'
import { number } from './format'

/** Text in charts as on the page; tooltips drawn, not written as HTML, for the content policy. */
export const base = {
  textStyle: { fontFamily: sans, color: colour.ink2 },
  animationDuration: 250,
} as const

export const tip: TooltipComponentOption = {
  renderMode: 'richText',
  confine: true,
  backgroundColor: '#fff',
  borderColor: colour.line2,
  borderWidth: 1,
  padding: [6, 10],
  textStyle: { color: colour.ink, fontSize: 12, fontFamily: sans },
}

export const axisText = { color: colour.ink3, fontSize: 11 }

/** A line over years; the dashed line is the target. */
export function yearsOption(o: {
  points: [number, number | null][]
  decimals: number
  unit: string
  yearName: (y: number) => string
  target?: number | null
  targetName?: string
}): Option {
  const target = o.target ?? null
  return {
    ...base,
    grid: { left: 4, right: 14, top: 14, bottom: 2, containLabel: true },
    tooltip: {
      ...tip,
      trigger: 'axis',
      formatter: (p: unknown) => {
        const at = (p as { dataIndex: number }[])[0]?.dataIndex ?? 0
        const point = o.points[at]
        return point ? `${o.yearName(point[0])}\n${number(point[1], o.decimals)}${o.unit}` : ''
      },
    },
    xAxis: {
      type: 'category',
      boundaryGap: o.points.length < 2,
      data: o.points.map((p) => String(p[0])),
      axisLine: { lineStyle: { color: colour.line2 } },
      axisTick: { show: false },
      axisLabel: axisText,
    },
    yAxis: {
      type: 'value',
      // Axes start near the data, never below zero for data that has no negative.
      scale: true,
      splitNumber: 3,
      axisLabel: { ...axisText, formatter: (v: number) => short(v) },
      splitLine: { lineStyle: { color: colour.line } },
    },
    series: [
      {
        type: 'line',
        z: 3,
        data: o.points.map((p) => p[1]),
        symbol: 'circle',
        symbolSize: 6,
        lineStyle: { color: colour.blue, width: 2 },
        itemStyle: { color: colour.blue },
        connectNulls: false,
      },
      ...(target === null
        ? []
        : [
            {
              type: 'line' as const,
              silent: true,
              data: o.points.map((_, i) =>
                i === 0
                  ? {
                      value: target,
                      label: {
                        show: true,
                        position: 'right' as const,
                        offset: [-6, -8],
                        color: colour.red,
                        fontSize: 11,
                        formatter: `${o.targetName ?? ''} ${short(target)}`,
                      },
                    }
                  : target,
              ),
              symbol: 'circle',
              symbolSize: 0.1,
              lineStyle: { color: colour.red, type: 'dashed' as const, width: 1 },
              itemStyle: { color: colour.red },
            },
          ]),
    ],
  }
}

const trim = (v: number) => v.toLocaleString('en-US', { maximumFractionDigits: 3 })

/** 12,345,678 as 12.3M, so that an axis stays narrow. */
export function short(v: number): string {
  const a = Math.abs(v)
  if (a >= 1e6) return trim(Number((v / 1e6).toPrecision(3))) + 'M'
  if (a >= 1e4) return trim(Number((v / 1e3).toPrecision(3))) + 'k'
  return trim(Number(v.toPrecision(6)))
}

export interface Area {
  code: string
  name: string
  value: number | null
}

/** Five classes of equal width between the least and the greatest value. */
export function classes(
  values: number[],
  decimals: number,
): { min: number; max: number; label: string; color: string }[] {
  if (!values.length) return []
  const low = Math.min(...values)
  const high = Math.max(...values)
  const f = 10 ** decimals
  const floor = Math.floor(low * f) / f
  const ceil = Math.ceil(high * f) / f
  const n = ceil - floor < 5 / f ? 1 : 5
  return Array.from({ length: n }, (_, i) => {
    const min = Number((floor + ((ceil - floor) * i) / n).toFixed(decimals))
    const max = i === n - 1 ? ceil : Number((floor + ((ceil - floor) * (i + 1)) / n).toFixed(decimals))
    return {
      min,
      max,
      label: `${number(min, decimals)}–${number(max, decimals)}`,
      color: scale[n === 1 ? 2 : i] ?? scale[0]!,
    }
  })
}

/** Areas shaded in one hue. */
export function mapOption(o: {
  map: string
  areas: Area[]
  decimals: number
  unit: string
  none: string
  property: string
  aspect: number
  narrow: boolean
}): Option {
  const known = o.areas.filter((a): a is Area & { value: number } => a.value !== null)
  const pieces = classes(
    known.map((a) => a.value),
    o.decimals,
  )
  const byCode = new Map(o.areas.map((a) => [a.code, a]))
  return {
    ...base,
    tooltip: {
      ...tip,
      trigger: 'item',
      formatter: (p: unknown) => {
        const a = byCode.get((p as { name: string }).name)
        if (!a) return ''
        return `${a.name}\n${a.value === null ? o.none : number(a.value, o.decimals) + o.unit}`
      },
    },
    visualMap: {
      type: 'piecewise',
      show: false,
      pieces: pieces.map((p, i) => ({
        gte: p.min,
        ...(i === pieces.length - 1 ? { lte: p.max } : { lt: p.max }),
        color: p.color,
      })),
      outOfRange: { color: '#f1efe9' },
    },
    series: [
      {
        type: 'map',
        map: o.map,
        nameProperty: o.property,
        aspectScale: o.aspect,
        selectedMode: false,
        roam: false,
        top: 8,
        bottom: 8,
        left: 8,
        right: 8,
        itemStyle: { areaColor: '#f1efe9', borderColor: '#fff', borderWidth: 1.2 },
        label: {
          show: true,
          fontSize: o.narrow ? 9 : 11,
          color: colour.ink,
          textBorderColor: 'rgba(255,255,255,.85)',
          textBorderWidth: 2,
          formatter: (p: unknown) => byCode.get((p as { name: string }).name)?.name ?? '',
        },
        labelLayout: { hideOverlap: true },
        emphasis: { label: { show: true, color: colour.ink }, itemStyle: { areaColor: '#e9d9b5' } },
        data: known.map((a) => ({ name: a.code, value: a.value })),
      },
    ],
  }
}

/** Bars or lines of one or two cuts. Groups stand in order of code. */
export function cutsOption(o: {
  kind: 'bar' | 'line'
  groups: string[]
  lines: { name: string; values: (number | null)[] }[]
  decimals: number
  unit: string
}): Option {
  const many = o.groups.length > 12
  return {
    ...base,
    color: series,
    grid: { left: 4, right: 12, top: o.lines.length > 1 ? 40 : 14, bottom: 4, containLabel: true },
    legend:
      o.lines.length > 1
        ? {
            top: 0,
            left: 0,
            type: 'plain',
            itemWidth: 14,
            itemHeight: 8,
            textStyle: { color: colour.ink2, fontSize: 12 },
          }
        : { show: false },
    tooltip: {
      ...tip,
      trigger: 'axis',
      axisPointer: { type: o.kind === 'bar' ? 'shadow' : 'line' },
      valueFormatter: (v) => (typeof v === 'number' ? number(v, o.decimals) + o.unit : '—'),
    },
    xAxis: {
      type: 'category',
      data: o.groups,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour.line2 } },
      axisLabel: {
        ...axisText,
        interval: many ? 'auto' : 0,
        rotate: o.groups.some((g) => g.length > 5) && o.groups.length > 6 ? 40 : 0,
        hideOverlap: true,
      },
    },
    yAxis: {
      type: 'value',
      axisLabel: { ...axisText, formatter: (v: number) => short(v) },
      splitLine: { lineStyle: { color: colour.line } },
      scale: o.kind === 'line',
    },
    series: o.lines.map((l) =>
      o.kind === 'bar'
        ? { type: 'bar' as const, name: l.name, data: l.values, barMaxWidth: 28 }
        : {
            type: 'line' as const,
            name: l.name,
            data: l.values,
            symbol: 'circle',
            symbolSize: 6,
            lineStyle: { width: 2 },
          },
    ),
  }
}
