package siting

import (
	"math"
	"slices"
)

// A catchment hangs together when every block of it can be reached from the block
// in which its site lies through blocks of the same catchment, or through blocks
// in which no child of that stage lives.

// regions returns, for each site and stage, the blocks reached from the site.
func (m *model) region(assign []int, site, stage int, byBlock map[client]int) []bool {
	reached := make([]bool, len(m.Blocks))
	home := m.block[m.Sites[site].Block]
	reached[home] = true
	queue := []int{home}
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		for _, n := range m.next[b] {
			if reached[n] {
				continue
			}
			if j, lives := byBlock[client{n, stage}]; !lives || assign[j] == site {
				reached[n] = true
				queue = append(queue, n)
			}
		}
	}
	return reached
}

func (m *model) byBlock() map[client]int {
	at := make(map[client]int, len(m.clients))
	for j, c := range m.clients {
		at[c] = j
	}
	return at
}

// detached lists the clients that are cut off from their site (client → site).
func (m *model) detached(assign []int) (cut []int) {
	byBlock := m.byBlock()
	regions := map[[2]int][]bool{}
	for j, c := range m.clients {
		key := [2]int{assign[j], c.stage}
		if regions[key] == nil {
			regions[key] = m.region(assign, assign[j], c.stage, byBlock)
		}
		if !regions[key][c.block] {
			cut = append(cut, j)
		}
	}
	return cut
}

// mending is an assignment being made to hang together.
type mending struct {
	*model
	byBlock map[client]int
	option  map[int]int // site → core option
	assign  []int       // client → site
	load    map[[2]int]int64
}

// joined mends an assignment (client → core option) so that catchments hang
// together, then improves it along their borders.
func (m *model) joined(options []int) ([]int, bool) {
	x := &mending{model: m, byBlock: m.byBlock(), option: map[int]int{}, assign: make([]int, len(options)), load: map[[2]int]int64{}}
	for j, v := range options {
		s := m.core.Options[v].Site
		x.option[s], x.assign[j] = v, s
		x.load[[2]int{s, m.clients[j].stage}] += m.core.Demand[j]
	}
	for range len(options) {
		cut := m.detached(x.assign)
		if len(cut) == 0 {
			break
		}
		slices.SortFunc(cut, func(a, b int) int { return int(m.core.Demand[a] - m.core.Demand[b]) })
		moved := false
		for _, j := range cut {
			moved = x.shift(j, true) || moved
		}
		if !moved {
			return nil, false
		}
	}
	if len(m.detached(x.assign)) > 0 {
		return nil, false
	}
	for range 50 {
		moved := false
		for j := range x.assign {
			moved = x.shift(j, false) || moved
		}
		if !moved {
			break
		}
	}
	out := make([]int, len(options))
	for j, s := range x.assign {
		out[j] = x.option[s]
	}
	return out, true
}

// cost of client j at a site, +Inf where there is no room.
func (x *mending) price(j, site int) float64 {
	v, ok := x.option[site]
	if !ok {
		return math.Inf(1)
	}
	o, k := x.core.Options[v], x.clients[j].stage
	if site != x.assign[j] && x.load[[2]int{site, k}]+x.core.Demand[j] > o.Capacity[k] {
		return math.Inf(1)
	}
	return x.core.Cost[o.Row][j]
}

// shift moves a client to the cheapest site whose catchment borders on its block.
// A cut-off client moves at any cost; others only to save, and only when their old
// catchment still hangs together and keeps its least size.
func (x *mending) shift(j int, any bool) bool {
	c, from := x.clients[j], x.assign[j]
	key := [2]int{from, c.stage}
	if !any && x.load[key]-x.core.Demand[j] < x.core.Options[x.option[from]].Least[c.stage] {
		return false
	}
	best, to := x.price(j, from), -1
	if any {
		best = math.Inf(1)
	}
	for _, s := range x.near(c) {
		if p := x.price(j, s); s != from && p < best-1e-9*(1+math.Abs(p)) && x.borders(c, s) {
			best, to = p, s
		}
	}
	if to < 0 {
		return false
	}
	x.assign[j] = to
	if !any {
		r := x.region(x.assign, from, c.stage, x.byBlock)
		for i, s := range x.assign {
			if s == from && x.clients[i].stage == c.stage && !r[x.clients[i].block] {
				x.assign[j] = from
				return false
			}
		}
	}
	x.load[key] -= x.core.Demand[j]
	x.load[[2]int{to, c.stage}] += x.core.Demand[j]
	return true
}

// near lists sites whose catchments may touch the block of a client.
func (x *mending) near(c client) (sites []int) {
	for s := range x.option {
		sites = append(sites, s)
	}
	slices.Sort(sites)
	return sites
}

// borders says whether the block of a client touches what a site reaches.
func (x *mending) borders(c client, site int) bool {
	r := x.region(x.assign, site, c.stage, x.byBlock)
	if r[c.block] {
		return true
	}
	for _, n := range x.next[c.block] {
		if r[n] {
			return true
		}
	}
	return false
}
