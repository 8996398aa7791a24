import { describe, expect, it } from 'vitest'
import { boxWidth, cut, draw, type GraphState } from './graph'

const state = (id: string, to: string[], end = false): GraphState => ({
  id,
  end,
  actions: to.map((x) => ({ title: `${id}-${x}`, to: x })),
})

const finding = [
  state('told', ['rectify', 'objection']),
  state('objection', ['told', 'dropped']),
  state('rectify', ['recheck', 'rectify']),
  state('recheck', ['rectify', 'closed']),
  state('again', ['rectify']),
  state('closed', [], true),
  state('dropped', [], true),
  state('withdrawn', [], true),
]

describe('the drawing of a case type', () => {
  const d = draw(finding, 'told')
  const box = (id: string) => d.boxes.find((b) => b.id === id)!

  it('lays states out from left to right', () => {
    expect(box('told').x).toBeLessThan(box('rectify').x)
    expect(box('rectify').x).toBeLessThan(box('recheck').x)
    expect(box('recheck').x).toBeLessThan(box('closed').x)
  })
  it('puts no box over another', () => {
    for (const a of d.boxes) {
      for (const b of d.boxes) {
        if (a.id === b.id || Math.abs(a.x - b.x) >= boxWidth) continue
        expect(a.y + a.h <= b.y || b.y + b.h <= a.y, `${a.id} over ${b.id}`).toBe(true)
      }
    }
  })
  it('draws every action once: as a line, or as a loop of its state', () => {
    expect(d.lines).toHaveLength(8)
    expect(box('rectify').loops).toHaveLength(1)
    expect(d.lines.filter((l) => l.back).map((l) => l.title)).toEqual(['objection-told', 'recheck-rectify'])
  })
  it('does not begin with a state that a case comes to from elsewhere', () => {
    expect(box('withdrawn').x).toBe(box('closed').x)
  })
  it('keeps everything within its size', () => {
    for (const b of d.boxes) {
      expect(b.x + boxWidth).toBeLessThanOrEqual(d.width)
      expect(b.y + b.h).toBeLessThanOrEqual(d.height)
    }
  })
  it('draws a type of one state', () => {
    expect(draw([state('only', [], true)], 'only').boxes).toHaveLength(1)
  })
})

describe('a label', () => {
  it('is cut by its width', () => {
    expect(cut('提交整改结果', 20)).toBe('提交整改结果')
    expect(cut('挂牌督办，责令整改并约谈', 20)).toBe('挂牌督办，责令整改并…')
  })
})
