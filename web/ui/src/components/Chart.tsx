import { useEffect, useRef } from 'react'
import type { EChartsType } from 'echarts/core'
import type { Option } from './echarts'

interface Props {
  option: Option
  height: number
  /** What the picture says in words; the figures themselves stand in a table nearby. */
  label: string
  onPick?: (p: { name: string; dataIndex: number; seriesIndex: number; data: unknown }) => void
  /** Boundaries to register before the option is set. */
  map?: { name: string; geo: object } | null
}

/** One ECharts picture. The library is read only when the first one shows. */
export function Chart({ option, height, label, onPick, map }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | null>(null)
  const latest = useRef({ option, onPick, map })
  latest.current = { option, onPick, map }

  useEffect(() => {
    const el = box.current
    if (!el) return
    let gone = false
    let watch: ResizeObserver | null = null
    void import('./echarts').then(({ echarts }) => {
      if (gone) return
      const { map: m } = latest.current
      if (m) echarts.registerMap(m.name, m.geo as never)
      const c = echarts.init(el, null, { renderer: 'canvas' })
      chart.current = c
      c.setOption(latest.current.option)
      c.on('click', (p) => latest.current.onPick?.(p as never))
      el.dataset.ready = 'yes'
      watch = new ResizeObserver(() => c.resize())
      watch.observe(el)
    })
    return () => {
      gone = true
      watch?.disconnect()
      chart.current?.dispose()
      chart.current = null
    }
  }, [map?.name])

  useEffect(() => {
    chart.current?.setOption(option, { notMerge: true })
  }, [option])

  return <div ref={box} className="chart" style={{ height }} role="img" aria-label={label} />
}
