package pack

import (
	"math"
	"slices"
)

const (
	// pairCells is the largest table, of clients × load, by which two places share
	// their clients anew.
	pairCells = 60_000
	// groupClients is how many clients three or four places may have for a search of
	// all their assignments, and groupNodes what that search may take.
	groupClients = 40
	groupNodes   = 4000
	// foursMost is of how many places groups of four are searched.
	foursMost = 25
)

// regroup assigns the clients of small groups of places anew.
type regroup struct {
	p       *Packing
	members [][]int
	stamp   []int // place → when it changed last
	now     int
	best    []float64
	took    []bool
	free    []int
	// the search of a group
	places []int
	order  []int
	price  []float64 // by client of order and place of the group
	least  []float64 // least cost of the clients from here on
	at     []int
	found  []int
	full   []int64 // room of each place for the clients who may change
	low    []int64 // and how much of it they must take
	value  float64
	nodes  int
}

func (p *Packing) regroup() *regroup {
	g := &regroup{p: p, members: p.members(), stamp: make([]int, len(p.Row)), now: 1}
	for i := range g.stamp {
		g.stamp[i] = 1
	}
	return g
}

// Refine assigns pairs of places anew, then groups of up to so many, until nothing
// changes or no effort is left; of four only where there are few places.
func (p *Packing) Refine(size int) {
	p.over = max(p.over, p.s.Lack)
	g := p.regroup()
	for g.pairs() || size > 2 && g.groups(3) || size > 3 && len(p.Row) <= foursMost && g.groups(4) {
		if *p.s.Effort <= 0 || p.s.Stop() {
			return
		}
	}
}

// moved notes that a client went from one place to another.
func (g *regroup) moved(j, from, to int) {
	g.now++
	g.stamp[from], g.stamp[to] = g.now, g.now
	m := g.members[from]
	g.members[from] = slices.Delete(m, slices.Index(m, j), slices.Index(m, j)+1)
	g.members[to] = append(g.members[to], j)
	g.p.Move(j, to)
}

// pairs shares the clients of every two places anew, each time as well as can be,
// until that changes nothing.
func (g *regroup) pairs() (any bool) {
	p := g.p
	tried := make([]int, len(p.Row)*len(p.Row))
	for again := true; again; {
		again = false
		for a := range p.Row {
			for b := range a {
				if *p.s.Effort <= 0 || p.s.Stop() {
					return any
				}
				last := &tried[a*len(p.Row)+b]
				if *last >= max(g.stamp[a], g.stamp[b]) {
					continue
				}
				for k := range p.s.Kinds {
					if g.pair(a, b, k) {
						any, again = true, true
					}
				}
				*last = g.now
			}
		}
	}
	return any
}

// pair shares the clients of a kind at places a and b anew, by dynamic programming over
// the load of a.
func (g *regroup) pair(a, b, k int) bool {
	p := g.p
	g.free = g.free[:0]
	total, cost, crossed := int64(0), 0.0, p.Excess > 0 || p.Under > 0
	for _, i := range [2]int{a, b} {
		for _, j := range g.members[i] {
			if p.s.kind(j) != k || !finite(p.Row[a][j]) || !finite(p.Row[b][j]) {
				continue
			}
			g.free = append(g.free, j)
			total += p.s.Demand[j]
			cost += p.Row[i][j] - p.Row[b][j]
			crossed = crossed || p.Row[a+b-i][j] < p.Row[i][j]
		}
	}
	width := int(total) + 1
	if !crossed || len(g.free) < 2 || total > pairCells || len(g.free)*width > pairCells {
		return false
	}
	*p.s.Effort -= int64(len(g.free)*width) / 2
	stuck := [2]int64{p.load[a][k], p.load[b][k]} // of those who cannot change
	for _, j := range g.free {
		if p.At[j] == a {
			stuck[0] -= p.s.Demand[j]
		} else {
			stuck[1] -= p.s.Demand[j]
		}
	}
	g.best, g.took = grow(g.best, width), grow(g.took, len(g.free)*width)
	for i := range g.best[1:] {
		g.best[i+1] = math.Inf(1)
	}
	for i, j := range g.free {
		w, c, took := int(p.s.Demand[j]), p.Row[a][j]-p.Row[b][j], g.took[i*width:(i+1)*width]
		for at := width - 1; at >= w; at-- {
			if x := g.best[at-w] + c; x < g.best[at] {
				g.best[at], took[at] = x, true
			}
		}
	}
	at, least := -1, 0.0
	price := func(load int64) float64 {
		x := 0.0
		for side, i := range [2]int{a, b} {
			e, u := p.change(i, k, p.load[i][k], stuck[side]+load)
			x += p.over*float64(e) + p.s.Big*float64(u)
			load = total - load
		}
		return x
	}
	least = cost - small*(1+math.Abs(p.Cost)/float64(len(p.At)))
	for load, x := range g.best {
		if x < least {
			if x += price(int64(load)); x < least {
				at, least = load, x
			}
		}
	}
	if at < 0 {
		return false
	}
	for i := len(g.free) - 1; i >= 0; i-- {
		j, to := g.free[i], b
		if g.took[i*width+at] {
			to = a
			at -= int(p.s.Demand[j])
		}
		if p.At[j] != to {
			g.moved(j, p.At[j], to)
		}
	}
	return true
}

// groups searches the assignments of every so many places that hang together by
// clients of one who may go to another, until that changes nothing.
func (g *regroup) groups(size int) (any bool) {
	p := g.p
	if p.Excess > 0 || p.Under > 0 || p.s.Kinds > 1 || len(p.Row) < size {
		return false
	}
	since := 0 // groups without a place that changed since were searched
	for changed := true; changed; {
		from := g.now
		changed = false
		near := g.near()
		g.each(make([]int, 0, size), size, 0, func(set []int) bool {
			if *p.s.Effort <= 0 || p.s.Stop() {
				return false
			}
			if slices.ContainsFunc(set, func(i int) bool { return g.stamp[i] > since }) && together(near, set) && g.group(set) {
				changed = true
			}
			return true
		})
		any, since = any || changed, from
		if *p.s.Effort <= 0 || p.s.Stop() {
			break
		}
	}
	return any
}

// may says whether a client may be at a place in a solution better than the incumbent,
// or is there.
func (g *regroup) may(i, j int) bool {
	p := g.p
	return p.At[j] == i || finite(p.Row[i][j]) && finite(p.allow[i][j])
}

// cost is what a client costs at a place, +Inf where it may not be.
func (g *regroup) cost(i, j int) float64 {
	if !g.may(i, j) {
		return math.Inf(1)
	}
	return g.p.Row[i][j]
}

// near says of every two places whether a client of one may go to the other.
func (g *regroup) near() [][]bool {
	m := len(g.p.Row)
	near := make([][]bool, m)
	for i := range near {
		near[i] = make([]bool, m)
	}
	for i, members := range g.members {
		for _, j := range members {
			for k := range near {
				if !near[i][k] && g.may(k, j) {
					near[i][k], near[k][i] = true, true
				}
			}
		}
	}
	return near
}

// together says whether places hang together.
func together(near [][]bool, set []int) bool {
	var in, queue [6]int
	in[0] = 1
	n := 1
	for head := 0; head < n; head++ {
		for x, i := range set {
			if in[x] == 0 && near[set[queue[head]]][i] {
				in[x], queue[n] = 1, x
				n++
			}
		}
	}
	return n == len(set)
}

// each calls do for the sets of so many places until it returns false.
func (g *regroup) each(set []int, size, from int, do func([]int) bool) bool {
	if len(set) == size {
		return do(set)
	}
	for i := from; i < len(g.p.Row); i++ {
		if !g.each(append(set, i), size, i+1, do) {
			return false
		}
	}
	return true
}

// group searches all assignments of the clients of some places, within capacity.
func (g *regroup) group(set []int) bool {
	p := g.p
	g.places, g.order, g.nodes = set, g.order[:0], 0
	room := make([]int64, len(set))
	cost, envy := 0.0, false
	for x, i := range set {
		room[x] += p.room[i][0]
		for _, j := range g.members[i] {
			some := false
			for _, o := range set {
				if o != i && g.may(o, j) {
					some, envy = true, envy || p.Row[o][j] < p.Row[i][j]
				}
			}
			if !some {
				room[x] -= p.s.Demand[j]
				continue
			}
			g.order = append(g.order, j)
			cost += p.Row[i][j]
		}
		*p.s.Effort -= int64(len(g.members[i]) * len(set))
	}
	if !envy || len(g.order) > groupClients {
		return false
	}
	// the largest regret first, so that costly choices are made near the root
	regret := func(j int) float64 {
		one, two := math.Inf(1), math.Inf(1)
		for _, i := range set {
			if c := g.cost(i, j); c < one {
				one, two = c, one
			} else {
				two = min(two, c)
			}
		}
		return two - one
	}
	slices.SortFunc(g.order, func(x, y int) int {
		if a, b := regret(x), regret(y); a != b && !(math.IsInf(a, 1) && math.IsInf(b, 1)) {
			if a > b {
				return -1
			}
			return 1
		}
		return x - y
	})
	n := len(g.order)
	g.price = g.price[:0]
	for _, j := range g.order {
		for _, i := range set {
			g.price = append(g.price, g.cost(i, j))
		}
	}
	g.least = grow(g.least, n+1)
	for x := n - 1; x >= 0; x-- {
		least := slices.Min(g.price[x*len(set) : (x+1)*len(set)])
		g.least[x] = g.least[x+1] + least
	}
	g.low = g.low[:0]
	for x, i := range set {
		g.low = append(g.low, p.low[i][0]-(p.room[i][0]-room[x]))
	}
	g.full = append(g.full[:0], room...)
	g.at, g.found = slices.Grow(g.at[:0], n)[:n], nil
	g.value = cost - small*(1+cost)
	g.place(0, 0, room)
	*p.s.Effort -= int64(g.nodes+len(g.order)) * int64(4*len(set))
	if g.found == nil {
		return false
	}
	for x, j := range g.order {
		if to := set[g.found[x]]; p.At[j] != to {
			g.moved(j, p.At[j], to)
		}
	}
	return p.Excess == 0 && p.Under == 0
}

// place tries the places of the x-th client, the cheapest first.
func (g *regroup) place(x int, cost float64, room []int64) {
	if x == len(g.order) {
		for side := range g.places {
			if g.full[side]-room[side] < g.low[side] {
				return
			}
		}
		g.value, g.found = cost-small*(1+cost), slices.Clone(g.at)
		return
	}
	if g.nodes++; g.nodes > groupNodes {
		return
	}
	j, prices := g.order[x], g.price[x*len(g.places):(x+1)*len(g.places)]
	var done [4]bool
	for range g.places {
		best, to := math.Inf(1), -1
		for side, c := range prices {
			if !done[side] && c < best {
				best, to = c, side
			}
		}
		if to < 0 || cost+best+g.least[x+1] >= g.value {
			return
		}
		done[to] = true
		if d := g.p.s.Demand[j]; d <= room[to] {
			room[to] -= d
			g.at[x] = to
			g.place(x+1, cost+best, room)
			room[to] += d
		}
	}
}

// grow is a slice of so many zeros, in the room of x if that suffices.
func grow[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	x = x[:n]
	clear(x)
	return x
}
