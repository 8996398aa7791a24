package cfl

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// relaxation evaluates the problem without "each client is served once": every
// option is then a knapsack of its own, and what is left is to choose options
// that meet the side constraints, which is itself relaxed exactly.
type relaxation struct {
	s      *solver
	off    []bool      // option may not be chosen
	must   []bool      // site must have an option
	items  [][][]item  // row, kind
	take   [][]taken   // option, kind
	rest   []float64   // inner less all prices but one
	inner  []float64   // option: value of its knapsacks and fixed cost
	sack   [][]float64 // option, kind: value of its knapsack
	red    []float64   // inner less the prices of side constraints
	tau    []float64   // price of each side constraint
	y      []float64   // chosen share of each option
	yMean  []float64
	xMean  [][]float64 // row, client; nil unless clients are whole
	base   float64     // sum of multipliers and of side prices
	better func()
	ban    []arc
	sacks  [2]knapsack
}

func (s *solver) relax(off, must []bool) *relaxation {
	v := len(s.Options)
	r := &relaxation{
		s: s, off: off, must: must, items: make([][][]item, s.rows), take: make([][]taken, v),
		inner: make([]float64, v), sack: make([][]float64, v), red: make([]float64, v), rest: make([]float64, v), tau: slices.Clone(s.tau), y: make([]float64, v), yMean: make([]float64, v),
	}
	for i := range r.items {
		r.items[i] = make([][]item, s.kinds)
	}
	for i := range r.take {
		r.take[i] = make([]taken, s.kinds)
		r.sack[i] = make([]float64, s.kinds)
	}
	if s.Single {
		r.xMean = make([][]float64, s.rows)
		for i := range r.xMean {
			r.xMean[i] = make([]float64, len(s.Demand))
		}
	}
	return r
}

// eval is the oracle of the dual ascent.
func (r *relaxation) eval(lambda, g []float64) float64 {
	s := r.s
	if s.rows*len(s.Demand) > 20_000 {
		var wg sync.WaitGroup
		half := s.rows / 2
		wg.Go(func() { r.knapsacks(lambda, 0, half, &r.sacks[0]) })
		r.knapsacks(lambda, half, s.rows, &r.sacks[1])
		wg.Wait()
	} else {
		r.knapsacks(lambda, 0, s.rows, &r.sacks[0])
	}
	value := 0.0
	for _, l := range lambda {
		value += l
	}
	value += r.choose()
	r.base = value
	for j := range g {
		g[j] = 1
	}
	for v, y := range r.y {
		if y > 0 {
			r.each(v, func(j int32, x float64) { g[j] -= y * x })
		}
	}
	return value
}

// each calls do for the clients that option v takes, with their shares.
func (r *relaxation) each(v int, do func(j int32, x float64)) {
	row := r.s.Options[v].Row
	for k, t := range r.take[v] {
		if t.set {
			for _, j := range t.list {
				do(j, 1)
			}
			continue
		}
		items := r.items[row][k]
		for _, it := range items[:t.full] {
			do(it.j, 1)
		}
		if t.part > 0 {
			do(items[t.full].j, t.part)
		}
	}
}

// knapsacks solves those of the options of rows from to to.
func (r *relaxation) knapsacks(lambda []float64, from, to int, sack *knapsack) {
	s := r.s
	for row := from; row < to; row++ {
		any := false
		for _, v := range s.byRow[row] {
			r.inner[v] = s.Options[v].Fixed
			any = any || !r.off[v]
		}
		if !any {
			continue
		}
		for k := range s.kinds {
			r.list(lambda, row, k, sack)
			for _, v := range s.byRow[row] {
				if !r.off[v] {
					r.sack[v][k] = r.fill(v, k, sack)
					r.inner[v] += r.sack[v][k]
				}
			}
		}
	}
}

// list gathers the clients that a row would like to serve, best first.
func (r *relaxation) list(lambda []float64, row, kind int, sack *knapsack) {
	s := r.s
	items, ceiling := r.items[row][kind][:0], 0.0
	load, room := int64(0), int64(math.MaxInt64)
	for _, v := range s.byRow[row] {
		if !r.off[v] {
			room = min(room, s.Options[v].capacity(kind))
		}
		if s.Options[v].least(kind) > 0 {
			ceiling = s.big
		}
	}
	cost := s.cost[row]
	for _, j := range s.clients[kind] {
		d := cost[j] - lambda[j]
		if d >= ceiling && ceiling == 0 {
			continue
		}
		if n := s.Demand[j]; n > 0 {
			d /= float64(n)
		} else if d >= 0 {
			continue
		}
		if d < ceiling {
			items = append(items, item{d, int32(j)})
			load += s.Demand[j]
		}
	}
	if load <= room && ceiling == 0 { // all are taken whatever their order
		r.items[row][kind] = items
		return
	}
	sack.sort(items, s.Demand)
	r.items[row][kind] = items
}

// fill solves the knapsack of an option for a kind.
func (r *relaxation) fill(v, kind int, sack *knapsack) float64 {
	s := r.s
	o := s.Options[v]
	room, least, items := o.capacity(kind), min(o.least(kind), o.capacity(kind)), r.items[o.Row][kind]
	if room == 0 {
		r.take[v][kind] = taken{set: true}
		return 0
	}
	if s.Single {
		value, t := sack.solve(s.shape, items, room)
		load := int64(0)
		for _, j := range t.list {
			load += s.Demand[j]
		}
		if load >= least {
			r.take[v][kind] = t
			return value
		}
	}
	value, t := s.greedy(items, room, least, s.big)
	r.take[v][kind] = t
	return value
}

// choose picks options at least reduced cost, prices the side constraints one by
// one (each exactly, by halving), and returns the value without the multipliers.
func (r *relaxation) choose() float64 {
	s := r.s
	for v := range r.red {
		r.red[v] = r.inner[v]
		for i, c := range s.side {
			r.red[v] -= r.tau[i] * c.a[v]
		}
	}
	r.pick(r.y, 1)
	for pass, n := 0, len(s.side); n > 0 && pass < 2; pass++ {
		moved := 0
		for i := range s.side {
			if r.reprice(i) {
				moved++
			}
		}
		if moved < 2 {
			break
		}
	}
	value := 0.0
	for i, c := range s.side {
		value += r.tau[i] * c.need
	}
	for g := range s.of {
		if v := r.cheapest(g); v >= 0 {
			value += r.red[v]
		}
	}
	return value
}

// cheapest is the option that a site would take, -1 none.
func (r *relaxation) cheapest(g int) int {
	at, best := -1, 0.0
	if r.must[g] {
		best = math.Inf(1)
	}
	for _, v := range r.s.of[g] {
		if !r.off[v] && r.red[v] < best {
			at, best = v, r.red[v]
		}
	}
	return at
}

// pick writes the cheapest choice into y with the given weight.
func (r *relaxation) pick(y []float64, weight float64) {
	clear(y)
	for g := range r.s.of {
		if v := r.cheapest(g); v >= 0 {
			y[v] = weight
		}
	}
}

// reprice sets the price of side constraint i to its best, given the others.
func (r *relaxation) reprice(i int) bool {
	c, old := r.s.side[i], r.tau[i]
	for v := range r.rest {
		r.rest[v] = r.inner[v]
		for k, d := range r.s.side {
			if k != i {
				r.rest[v] -= r.tau[k] * d.a[v]
			}
		}
	}
	lack := func(tau float64) float64 {
		for v := range r.red {
			r.red[v] = r.rest[v] - tau*c.a[v]
		}
		r.tau[i] = tau
		sum := c.need
		for g := range r.s.of {
			if v := r.cheapest(g); v >= 0 {
				sum -= c.a[v]
			}
		}
		if math.Abs(sum) < 1e-9 {
			return 0 // just met
		}
		return sum
	}
	if lack(0) <= 0 {
		if old > 0 {
			r.pick(r.y, 1)
		}
		return old > 0
	}
	low, high := 0.0, math.Max(old*1.02, 1)
	for n := 0; lack(high) > 0; n++ {
		if low, high = high, high*2; n > 60 {
			r.pick(r.y, 1)
			return true // cannot be met: the bound grows without end
		}
	}
	if old > 0 && old < high && lack(old*0.98) > 0 {
		low = math.Max(low, old*0.98)
	}
	for n := 0; n < 40 && high-low > 1e-12*high; n++ {
		if mid := (low + high) / 2; lack(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	short := lack(low)
	r.pick(r.y, 1)
	under := slices.Clone(r.y)
	over := lack(high)
	r.pick(r.y, 1)
	if share := short / (short - over); share < 1 { // mixed so that it is just met
		for v := range r.y {
			r.y[v] = share*r.y[v] + (1-share)*under[v]
		}
	}
	return true
}

func (r *relaxation) mix(share float64, better bool) {
	for v := range r.yMean {
		r.yMean[v] = (1-share)*r.yMean[v] + share*r.y[v]
	}
	if r.xMean != nil {
		for _, row := range r.xMean {
			for j := range row {
				row[j] *= 1 - share
			}
		}
		for v, y := range r.y {
			if y > 0 {
				row := r.xMean[r.s.Options[v].Row]
				r.each(v, func(j int32, x float64) { row[j] += share * y * x })
			}
		}
	}
	if better && r.better != nil {
		r.better()
	}
}

// fix rules out options that no better solution has, judged at the multipliers,
// and returns how many decisions that made.
func (r *relaxation) fix(lambda []float64) int {
	g := make([]float64, len(lambda))
	bound, n := r.eval(lambda, g), 0
	for site, options := range r.s.of {
		at, least := r.cheapest(site), 0.0
		if at >= 0 {
			least = r.red[at]
		}
		if !r.must[site] && !r.s.open(bound-least) {
			r.must[site] = true
			n++
		}
		for _, v := range options {
			if !r.off[v] && v != at && !r.s.open(bound+r.red[v]-least) {
				r.off[v] = true
				n++
			}
		}
	}
	r.ban = r.ban[:0]
	if r.s.Single && r.s.rows*len(lambda) <= banMost {
		for row := range r.s.rows {
			for k := range r.s.kinds {
				r.exclude(lambda, row, k, bound)
			}
		}
	}
	return n
}

// banMost is the largest problem, of rows × clients, of which it is noted at each node
// who is served where in no better solution.
const banMost = 100_000

// exclude notes the clients whom a row serves in no better solution: with one of them
// taken for sure, the continuous knapsack of what is left is too dear.
func (r *relaxation) exclude(lambda []float64, row, kind int, bound float64) {
	s := r.s
	var live []int
	for _, v := range s.byRow[row] {
		if s.Options[v].least(kind) > 0 {
			return
		}
		if !r.off[v] {
			live = append(live, v)
		}
	}
	items := slices.Clone(r.items[row][kind])
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.ratio, b.ratio) })
	w, g := make([]int64, 1, len(items)+1), make([]float64, 1, len(items)+1)
	place := make(map[int32]int, len(items))
	free := 0.0 // gain of those without demand
	for _, it := range items {
		if it.ratio < 0 {
			if d := s.Demand[it.j]; d > 0 {
				place[it.j] = len(w)
				w, g = append(w, w[len(w)-1]+d), append(g, g[len(g)-1]+it.ratio*float64(d))
			} else {
				free += it.ratio
			}
		}
	}
	dear := func(v, j int) bool {
		room := s.Options[v].capacity(kind) - s.Demand[j]
		if room < 0 {
			return true
		}
		at, found := slices.BinarySearch(w, room)
		rest := r.sack[v][kind]
		if x, in := place[int32(j)]; in && at >= x {
			return false // taken anyway
		}
		if at < len(w) {
			full := g[at]
			if !found {
				full = g[at-1] + (g[at]-g[at-1])*float64(room-w[at-1])/float64(w[at]-w[at-1])
			}
			rest = math.Max(rest, full+free)
		}
		least := 0.0 // what the bound already counts of the site
		if at := r.cheapest(s.Options[v].Site); at >= 0 {
			least = r.red[at]
		}
		return !s.open(bound + r.red[v] - r.sack[v][kind] + rest + s.cost[row][j] - lambda[j] - least)
	}
	for _, j := range s.clients[kind] {
		if s.Demand[j] > 0 && finite(s.cost[row][j]) && !slices.ContainsFunc(live, func(v int) bool { return !dear(v, j) }) {
			r.ban = append(r.ban, arc{int32(row), int32(j)})
		}
	}
}
