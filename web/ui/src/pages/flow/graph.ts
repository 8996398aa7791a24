// Draws a case type: states in layers from left to right, every action a line with
// its name beside the state it leaves. Ways back run below. No library: a type has
// some twenty states, and the layout has to read on paper.

export interface GraphState {
  id: string
  end: boolean
  actions: { title: string; to: string }[]
  /** Where it goes by itself, and what that is called. */
  then?: { title: string; to: string } | undefined
}

export interface Box {
  id: string
  x: number
  y: number
  h: number
  /** Actions that lead back to the state itself. */
  loops: { title: string; y: number }[]
}

export interface Line {
  from: string
  to: string
  title: string
  kind: 'act' | 'time'
  back: boolean
  path: string
  label: { x: number; y: number }
}

export interface Drawing {
  width: number
  height: number
  boxes: Box[]
  lines: Line[]
}

export const boxWidth = 176
const bendRun = 76
const port = 26
const between = 24
const least = 66
const margin = 16
const lane = 18

interface Edge {
  from: string
  to: string
  title: string
  kind: 'act' | 'time'
  back: boolean
}

function edgesOf(states: GraphState[]): Edge[] {
  const known = new Set(states.map((s) => s.id))
  return states.flatMap((s) => {
    const out: Edge[] = s.actions.map((a) => ({ from: s.id, to: a.to, title: a.title, kind: 'act', back: false }))
    if (s.then) out.push({ from: s.id, to: s.then.to, title: s.then.title, kind: 'time', back: false })
    return out.filter((e) => known.has(e.to))
  })
}

/** Marks the edges that lead back to a state on the way: without them there is no circle. */
function markBack(states: GraphState[], edges: Edge[], start: string): void {
  const seen = new Map<string, 'open' | 'done'>()
  const walk = (id: string) => {
    seen.set(id, 'open')
    for (const e of edges) {
      if (e.from !== id || e.to === id) continue
      const at = seen.get(e.to)
      if (at === 'open') e.back = true
      else if (!at) walk(e.to)
    }
    seen.set(id, 'done')
  }
  walk(start)
  for (const s of states) if (!seen.has(s.id) && !s.end) walk(s.id)
  for (const s of states) if (!seen.has(s.id)) walk(s.id)
}

/** The layer of every state: one behind the last that leads to it. */
function layers(states: GraphState[], edges: Edge[], start: string): Map<string, number> {
  const rank = new Map(states.map((s) => [s.id, 0]))
  const forward = edges.filter((e) => !e.back && e.from !== e.to)
  for (let i = 0; i < states.length; i++) {
    for (const e of forward) rank.set(e.to, Math.max(rank.get(e.to) ?? 0, (rank.get(e.from) ?? 0) + 1))
  }
  const last = Math.max(...rank.values())
  for (const s of states) {
    // Where a case comes from elsewhere only (taken back, come again) is no beginning.
    if (s.id !== start && rank.get(s.id) === 0 && !forward.some((e) => e.to === s.id)) {
      const next = forward.filter((e) => e.from === s.id).map((e) => rank.get(e.to) ?? 1)
      rank.set(s.id, s.end ? last : Math.max(0, Math.min(...next, last) - 1))
    }
  }
  return rank
}

interface Slot {
  id: string
  layer: number
  h: number
  y: number
  state?: GraphState
}

/** Lays a type out. */
export function draw(states: GraphState[], start: string): Drawing {
  const edges = edgesOf(states)
  markBack(states, edges, start)
  const rank = layers(states, edges, start)
  const columns: Slot[][] = Array.from({ length: Math.max(...rank.values()) + 1 }, () => [])
  const slots = new Map<string, Slot>()
  const add = (s: Slot) => {
    slots.set(s.id, s)
    columns[s.layer]?.push(s)
  }
  for (const s of states) {
    const outs = edges.filter((e) => e.from === s.id).length
    add({ id: s.id, layer: rank.get(s.id) ?? 0, h: Math.max(least, outs * port + 14), y: 0, state: s })
  }
  // Lines over several layers take a place in each that they cross.
  const ways = new Map<Edge, string[]>()
  edges.forEach((e, i) => {
    const way: string[] = []
    const a = rank.get(e.from) ?? 0
    const b = rank.get(e.to) ?? 0
    for (let l = a + 1; !e.back && l < b; l++) {
      add({ id: `~${i}.${l}`, layer: l, h: 4, y: 0 })
      way.push(`~${i}.${l}`)
    }
    ways.set(e, way)
  })
  order(columns, slots, edges, ways)
  const height = place(columns, slots, edges, ways)
  return trace(states, edges, ways, slots, rank, height)
}

function chain(e: Edge, ways: Map<Edge, string[]>): string[] {
  return [e.from, ...(ways.get(e) ?? []), e.to]
}

/** Neighbours of every slot, for ordering and for placing. */
function neighbours(edges: Edge[], ways: Map<Edge, string[]>): Map<string, string[]> {
  const near = new Map<string, string[]>()
  const link = (a: string, b: string) => near.set(a, [...(near.get(a) ?? []), b])
  for (const e of edges) {
    if (e.back || e.from === e.to) continue
    const c = chain(e, ways)
    for (let i = 1; i < c.length; i++) {
      link(c[i - 1] as string, c[i] as string)
      link(c[i] as string, c[i - 1] as string)
    }
  }
  return near
}

function order(columns: Slot[][], slots: Map<string, Slot>, edges: Edge[], ways: Map<Edge, string[]>): void {
  const near = neighbours(edges, ways)
  const index = () => {
    const at = new Map<string, number>()
    for (const c of columns) c.forEach((s, i) => at.set(s.id, c.length > 1 ? i / (c.length - 1) : 0.5))
    return at
  }
  for (let sweep = 0; sweep < 8; sweep++) {
    const down = sweep % 2 === 0
    for (const c of down ? columns : [...columns].reverse()) {
      const at = index()
      const weight = (s: Slot) => {
        const list = (near.get(s.id) ?? []).filter((n) => {
          const l = slots.get(n)?.layer ?? 0
          return down ? l < s.layer : l > s.layer
        })
        return list.length ? list.reduce((n, x) => n + (at.get(x) ?? 0), 0) / list.length : (at.get(s.id) ?? 0)
      }
      const w = new Map(c.map((s) => [s.id, weight(s)]))
      c.sort((a, b) => (w.get(a.id) ?? 0) - (w.get(b.id) ?? 0))
    }
  }
}

/** Heights: everything near what it is tied to, nothing over anything else. */
function place(columns: Slot[][], slots: Map<string, Slot>, edges: Edge[], ways: Map<Edge, string[]>): number {
  const near = neighbours(edges, ways)
  for (const c of columns) {
    let y = 0
    for (const s of c) {
      s.y = y
      y += s.h + between
    }
  }
  const middle = (s: Slot) => s.y + s.h / 2
  for (let i = 0; i < 24; i++) {
    for (const c of i % 2 ? columns : [...columns].reverse()) {
      for (const s of c) {
        const list = (near.get(s.id) ?? []).map((n) => slots.get(n)).filter((n): n is Slot => Boolean(n))
        if (list.length) s.y += (list.reduce((n, x) => n + middle(x), 0) / list.length - middle(s)) * 0.6
      }
      for (let k = 1; k < c.length; k++) {
        const a = c[k - 1] as Slot
        const b = c[k] as Slot
        b.y = Math.max(b.y, a.y + a.h + between)
      }
      for (let k = c.length - 2; k >= 0; k--) {
        const a = c[k] as Slot
        const b = c[k + 1] as Slot
        a.y = Math.min(a.y, b.y - a.h - between)
      }
    }
  }
  const all = [...slots.values()]
  const top = Math.min(...all.map((s) => s.y))
  for (const s of all) s.y = Math.round(s.y - top + margin)
  return Math.max(...all.map((s) => s.y + s.h))
}

function trace(
  states: GraphState[],
  edges: Edge[],
  ways: Map<Edge, string[]>,
  slots: Map<string, Slot>,
  rank: Map<string, number>,
  height: number,
): Drawing {
  const last = Math.max(...rank.values())
  // Between two layers there is room for the longest name of a line that leaves the first.
  const room = Array.from({ length: last + 1 }, (_, l) => {
    const names = edges.filter((e) => rank.get(e.from) === l).map((e) => wide(cut(e.title)) + (e.from === e.to ? 18 : 0))
    return Math.max(30, ...names) + 14
  })
  const at: number[] = [margin + 18]
  for (let l = 1; l <= last; l++) at.push((at[l - 1] as number) + boxWidth + (room[l - 1] as number) + bendRun)
  const layer = (id: string) => slots.get(id)?.layer ?? 0
  const left = (id: string) => at[layer(id)] as number
  const bottoms = Array.from({ length: last + 1 }, (_, l) =>
    Math.max(0, ...[...slots.values()].filter((x) => x.layer === l).map((x) => x.y + x.h)),
  )
  const slot = (id: string) => slots.get(id) as Slot
  // Ports on the right in the order of where the lines go, on the left of where they come from.
  const goal = (e: Edge) => (e.back || e.from === e.to ? 1e6 : slot((ways.get(e) ?? [])[0] ?? e.to).y)
  const out = new Map<Edge, number>()
  const into = new Map<Edge, number>()
  for (const s of states) {
    const leaves = edges.filter((e) => e.from === s.id).sort((a, b) => goal(a) - goal(b))
    const box = slot(s.id)
    leaves.forEach((e, i) => out.set(e, box.y + box.h / 2 + (i - (leaves.length - 1) / 2) * port + 5))
    const comes = edges
      .filter((e) => e.to === s.id && e.from !== s.id)
      .sort((a, b) => Number(a.back) - Number(b.back) || slot(a.from).y - slot(b.from).y)
    comes.forEach((e, i) => into.set(e, box.y + ((i + 1) * box.h) / (comes.length + 1)))
  }
  const boxes: Box[] = states.map((s) => ({ id: s.id, x: left(s.id), y: slot(s.id).y, h: slot(s.id).h, loops: [] }))
  const lines: Line[] = []
  const lanes: { a: number; b: number; y: number }[] = []
  const used = new Map<number, number>()
  for (const e of edges) {
    const x = left(e.from) + boxWidth
    const y = out.get(e) ?? 0
    if (e.from === e.to) {
      boxes.find((b) => b.id === e.from)?.loops.push({ title: e.title, y })
      continue
    }
    const ty = into.get(e) ?? 0
    const tx = left(e.to)
    const bend = x + (room[layer(e.from)] as number)
    let path = `M${x} ${y}H${bend}`
    if (e.back) {
      // Under everything between, and under no other way back.
      const a = layer(e.to)
      const b = layer(e.from)
      let low = Math.max(...bottoms.slice(a, b + 1)) + margin
      while (lanes.some((x) => x.a <= b && a <= x.b && Math.abs(x.y - low) < lane)) low += lane
      lanes.push({ a, b, y: low })
      const turn = (l: number) => {
        const n = used.get(l) ?? 0
        used.set(l, n + 1)
        return (n % 5) * 6
      }
      const down = bend + 6 + turn(rank.get(e.from) ?? 0)
      const up = tx - 14 - turn(-1 - (rank.get(e.to) ?? 0))
      path += `H${down - 6}Q${down} ${y} ${down} ${y + 6}V${low - 6}Q${down} ${low} ${down - 6} ${low}H${up + 6}Q${up} ${low} ${up} ${low - 6}V${ty + 6}Q${up} ${ty} ${up + 6} ${ty}H${tx - 1}`
    } else {
      let px = bend
      let py = y
      for (const w of ways.get(e) ?? []) {
        const wx = left(w)
        const wy = slot(w).y + 2
        path += `C${px + 40} ${py} ${wx - 40} ${wy} ${wx} ${wy}H${wx + boxWidth}`
        px = wx + boxWidth
        py = wy
      }
      path += `C${px + 40} ${py} ${tx - 44} ${ty} ${tx - 1} ${ty}`
    }
    lines.push({ from: e.from, to: e.to, title: e.title, kind: e.kind, back: e.back, path, label: { x: x + 8, y: y - 5 } })
  }
  return {
    width: (at[last] as number) + boxWidth + (edges.some((e) => rank.get(e.from) === last) ? (room[last] as number) + bendRun : margin),
    height: Math.max(height, ...lanes.map((x) => x.y)) + margin,
    boxes,
    lines,
  }
}

/** About how wide a text is, in pixels. */
function wide(text: string): number {
  return [...text].reduce((n, ch) => n + (ch > '\u2010' ? 12.2 : 6.6), 0)
}

/** Cuts a text to what fits beside a line; wide characters count as two. */
export function cut(text: string, most = 20): string {
  let n = 0
  let out = ''
  for (const ch of text) {
    n += ch > '\u2010' ? 2 : 1.05
    if (n > most) return out + '…'
    out += ch
  }
  return out
}
