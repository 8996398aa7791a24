import type { Option } from '../components/echarts'
import type { Layout, Part, Site } from '../api/run'
import { colour } from '../theme'
import { axisText, base, short, tip } from './chart'
import { number } from './format'

export interface Point {
  year: number
  past?: number | undefined
  middle?: number | undefined
  low?: number | undefined
  high?: number | undefined
  low80?: number | undefined
  high80?: number | undefined
  low95?: number | undefined
  high95?: number | undefined
  places?: number | undefined
}

type Name = 'past' | 'middle' | 'low' | 'high' | 'places' | 'band80' | 'band95'

/** Children counted and expected with their intervals, and the places there are. */
export function outlookOption(o: { points: Point[]; names: Record<Name, string>; yearName: (y: number) => string }): Option {
  const of = (f: (p: Point) => number | undefined) => o.points.map((p) => f(p) ?? null)
  const gap = (a: keyof Point, b: keyof Point) => of((p) => (p[a] === undefined || p[b] === undefined ? undefined : p[b]! - p[a]!))
  const band = (data: (number | null)[], fill: string) => ({
    type: 'line' as const,
    stack: 'band',
    silent: true,
    symbol: 'none',
    lineStyle: { opacity: 0 },
    areaStyle: { color: fill, opacity: 1 },
    data,
    z: 1,
  })
  const line = (data: (number | null)[], color: string, type: 'solid' | 'dashed' | 'dotted', width: number, symbol = 'none') => ({
    type: 'line' as const,
    data,
    symbol,
    symbolSize: 5,
    lineStyle: { color, type, width },
    itemStyle: { color },
    connectNulls: false,
    z: 3,
  })
  return {
    ...base,
    grid: { left: 4, right: 14, top: 14, bottom: 2, containLabel: true },
    tooltip: {
      ...tip,
      trigger: 'axis',
      formatter: (list: unknown) => {
        const p = o.points[(list as { dataIndex: number }[])[0]?.dataIndex ?? 0]
        if (!p) return ''
        const rows = (['past', 'middle', 'low', 'high', 'places'] as const).filter((k) => p[k] !== undefined).map((k) => `${o.names[k]} ${number(p[k])}`)
        if (p.low80 !== undefined) rows.push(`${o.names.band80} ${number(p.low80)}–${number(p.high80)}`)
        if (p.low95 !== undefined) rows.push(`${o.names.band95} ${number(p.low95)}–${number(p.high95)}`)
        return [o.yearName(p.year), ...rows].join('\n')
      },
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: o.points.map((p) => String(p.year)),
      axisLine: { lineStyle: { color: colour.line2 } },
      axisTick: { show: false },
      axisLabel: axisText,
    },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 4,
      axisLabel: { ...axisText, formatter: (v: number) => short(v) },
      splitLine: { lineStyle: { color: colour.line } },
    },
    series: [
      { ...band(of((p) => p.low95), 'transparent'), areaStyle: { opacity: 0 } },
      band(gap('low95', 'low80'), '#e3ecf2'),
      band(gap('low80', 'high80'), '#c3d5e1'),
      band(gap('high80', 'high95'), '#e3ecf2'),
      line(of((p) => p.past), colour.ink, 'solid', 2, 'circle'),
      line(of((p) => p.middle ?? (p.past !== undefined && o.points.some((x) => x.year === p.year + 1 && x.past === undefined) ? p.past : undefined)), colour.blue, 'solid', 2, 'circle'),
      line(of((p) => p.low), colour.blue, 'dotted', 1.4),
      line(of((p) => p.high), colour.blue, 'dotted', 1.4),
      { ...line(of((p) => p.places), colour.red, 'dashed', 1.6), step: 'middle' as const },
    ],
  }
}

/** How each action looks: shape and colour, so that neither alone has to tell. */
export const looks: Record<string, { symbol: string; color: string; mark: string }> = {
  keep: { symbol: 'circle', color: colour.blue, mark: '●' },
  extend: { symbol: 'diamond', color: colour.green, mark: '◆' },
  build: { symbol: 'triangle', color: colour.green, mark: '▲' },
  reuse: { symbol: 'rect', color: colour.amber, mark: '■' },
  board: { symbol: 'roundRect', color: '#7a6a8c', mark: '▬' },
  close: { symbol: 'path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z', color: colour.red, mark: '✕' },
  idle: { symbol: 'emptyCircle', color: colour.ink3, mark: '○' },
}

export const look = (action: string) => looks[action] ?? looks.idle!

const placed = (x: { lon: number | null; lat: number | null }): x is { lon: number; lat: number } => x.lon !== null && x.lat !== null

/** Sites by what becomes of them, blocks by their children, and who goes where. */
export function layoutOption(o: {
  map: string
  aspect: number
  layout: Layout
  words: (s: Site) => string
  part: (p: Part, block: string, site: string) => string
}): Option {
  const sites = new Map(o.layout.sites.map((s) => [s.code, s]))
  const blocks = new Map(o.layout.blocks.map((b) => [b.code, b]))
  const parts = o.layout.parts.filter((p) => {
    const s = sites.get(p.site)
    const b = blocks.get(p.block)
    return s && b && placed(s) && placed(b)
  })
  const at = (x: { lon: number | null; lat: number | null }) => [x.lon ?? 0, x.lat ?? 0]
  const most = Math.max(1, ...o.layout.parts.map((p) => p.children ?? 0))
  const lines = (list: Part[], color: string, type: 'solid' | 'dashed') => ({
    type: 'lines' as const,
    coordinateSystem: 'geo' as const,
    silent: true,
    lineStyle: { color, type, width: 1, opacity: 0.75, curveness: 0 },
    data: list.map((p) => ({ coords: [at(blocks.get(p.block)!), at(sites.get(p.site)!)] })),
    z: 3,
  })
  const homes = [...blocks.values()].filter(placed).map((b) => {
    const own = o.layout.parts.filter((p) => p.block === b.code)
    const n = own.reduce((sum, p) => sum + (p.children ?? 0), 0)
    return {
      name: b.name,
      value: at(b),
      symbolSize: 5 + 13 * Math.sqrt(n / most),
      itemStyle: own.some((p) => p.beyond)
        ? { color: 'rgba(165,50,43,.25)', borderColor: colour.red, borderWidth: 2 }
        : { color: 'rgba(76,90,103,.35)', borderColor: colour.ink3, borderWidth: 0.6 },
      text: own.map((p) => o.part(p, b.name, sites.get(p.site)?.name ?? p.site)).join('\n'),
    }
  })
  return {
    ...base,
    tooltip: { ...tip, trigger: 'item', formatter: (p: unknown) => (p as { data?: { text?: string } }).data?.text ?? '' },
    geo: {
      map: o.map,
      roam: true,
      scaleLimit: { min: 0.8, max: 40 },
      aspectScale: o.aspect,
      silent: true,
      left: 12,
      right: 12,
      top: 12,
      bottom: 12,
      itemStyle: { areaColor: '#f6f4ee', borderColor: colour.line2 },
      emphasis: { disabled: true },
      label: { show: false },
    },
    series: [
      lines(parts.filter((p) => !p.beyond), '#93b3c9', 'solid'),
      lines(parts.filter((p) => p.beyond), colour.red, 'dashed'),
      { type: 'scatter', coordinateSystem: 'geo', data: homes, z: 4 },
      {
        type: 'scatter',
        coordinateSystem: 'geo',
        z: 5,
        data: o.layout.sites.filter(placed).map((s) => {
          const l = look(s.action)
          return {
            name: s.name,
            value: at(s),
            symbol: l.symbol,
            symbolSize: s.action === 'board' ? [20, 12] : 16,
            itemStyle: { color: l.color, borderColor: '#fff', borderWidth: s.action === 'idle' ? 0 : 1 },
            text: o.words(s),
          }
        }),
      },
    ],
  }
}
