package cfl

import (
	"math"
	"slices"
)

// nobody is where a client stands that no option serves.
const nobody = -1

// packing is an assignment of whole clients to chosen options, with what is over
// capacity and under least amounts priced.
type packing struct {
	s      *solver
	open   []int
	at     []int     // client → place in open, or nobody
	load   [][]int64 // place, kind
	over   float64   // price of a unit over capacity
	cost   float64   // serving, and the unserved
	excess int64
	under  int64
	tabu   []int // client → step until which it stays
}

func (s *solver) packing(open []int) *packing {
	p := &packing{s: s, open: open, at: make([]int, len(s.Demand)), load: make([][]int64, len(open)), tabu: make([]int, len(s.Demand))}
	for i := range p.load {
		p.load[i] = make([]int64, s.kinds)
	}
	for _, v := range open {
		for k := range s.kinds {
			p.under += min(s.Options[v].least(k), s.Options[v].capacity(k))
		}
	}
	for j := range p.at {
		p.at[j] = nobody
		p.cost += p.price(nobody, j)
	}
	return p
}

// price is the cost of client j at place i.
func (p *packing) price(i, j int) float64 {
	if i == nobody {
		return p.s.lack * float64(max(1, p.s.Demand[j]))
	}
	if p.s.Options[p.open[i]].capacity(p.s.kind(j)) == 0 {
		return math.Inf(1)
	}
	return p.s.Cost[p.s.Options[p.open[i]].Row][j]
}

// change is what a load of place i moving from a to b adds to excess and under.
func (p *packing) change(i, kind int, a, b int64) (excess, under int64) {
	if i == nobody {
		return 0, 0
	}
	o := p.s.Options[p.open[i]]
	room, low := o.capacity(kind), min(o.least(kind), o.capacity(kind))
	return max(0, b-room) - max(0, a-room), max(0, low-b) - max(0, low-a)
}

// move puts client j at place i.
func (p *packing) move(j, i int) {
	k, d, from := p.s.kind(j), p.s.Demand[j], p.at[j]
	p.cost += p.price(i, j) - p.price(from, j)
	if from != nobody {
		e, u := p.change(from, k, p.load[from][k], p.load[from][k]-d)
		p.excess, p.under = p.excess+e, p.under+u
		p.load[from][k] -= d
	}
	if i != nobody {
		e, u := p.change(i, k, p.load[i][k], p.load[i][k]+d)
		p.excess, p.under = p.excess+e, p.under+u
		p.load[i][k] += d
	}
	p.at[j] = i
}

// shift is what moving client j to place i would add to the priced cost.
func (p *packing) shift(j, i int) float64 {
	k, d, from := p.s.kind(j), p.s.Demand[j], p.at[j]
	c := p.price(i, j) - p.price(from, j)
	if from != nobody {
		e, u := p.change(from, k, p.load[from][k], p.load[from][k]-d)
		c += p.over*float64(e) + p.s.big*float64(u)
	}
	e, u := p.change(i, k, p.load[i][k], p.load[i][k]+d)
	return c + p.over*float64(e) + p.s.big*float64(u)
}

// swap is what exchanging clients j and l would add.
func (p *packing) swap(j, l int) float64 {
	k, a, b := p.s.kind(j), p.at[j], p.at[l]
	d := p.s.Demand[l] - p.s.Demand[j]
	c := p.price(b, j) + p.price(a, l) - p.price(a, j) - p.price(b, l)
	e, u := p.change(a, k, p.load[a][k], p.load[a][k]+d)
	f, v := p.change(b, k, p.load[b][k], p.load[b][k]-d)
	return c + p.over*float64(e+f) + p.s.big*float64(u+v)
}

// recount sums the cost anew: differences of large prices leave a trace in it.
func (p *packing) recount() {
	p.cost = 0
	for j, i := range p.at {
		p.cost += p.price(i, j)
	}
}

// whole costs a choice when clients are served whole: the shares of the transport
// are rounded and mended.
func (s *solver) whole(choice []int, plans []*transport, split trial) trial {
	if split.missed && s.lacks(choice) > 0 || split.total > s.value {
		return split // even split, it is no better
	}
	p := s.packing(opened(choice))
	place := map[int]int{}
	for i, v := range p.open {
		place[s.Options[v].Row] = i
	}
	for _, t := range plans {
		most := make([]int64, len(s.Demand))
		for i, pl := range t.places {
			for _, j := range pl.members {
				if n := t.amount[i][j]; pl.row >= 0 && n > most[j] {
					most[j] = n
					p.move(int(j), place[pl.row])
				}
			}
		}
	}
	for j, d := range s.Demand {
		if d == 0 {
			if v := s.nearest(j, p.open); v >= 0 {
				p.move(j, place[s.Options[v].Row])
			}
		}
	}
	fixed := 0.0
	for _, v := range p.open {
		fixed += s.Options[v].Fixed
	}
	s.mend(p, 3)
	return s.settle(choice, p, fixed)
}

func opened(choice []int) []int {
	var open []int
	for _, v := range choice {
		if v >= 0 {
			open = append(open, v)
		}
	}
	return open
}

// settle offers a packing as a solution.
func (s *solver) settle(choice []int, p *packing, fixed float64) trial {
	p.recount()
	t := trial{total: fixed + p.cost + s.lack*float64(p.excess) + s.big*float64(p.under) + s.lacks(choice)}
	t.missed = p.excess > 0 || p.under > 0 && s.Penalty == 0 || slices.Contains(p.at, nobody) || s.lacks(choice) > 0
	if !t.missed && t.total < s.value {
		s.accept(choice, p, fixed, t.total)
	}
	return t
}

// accept keeps a solution, if it may be an answer.
func (s *solver) accept(choice []int, p *packing, fixed, total float64) {
	assign := make([]int, len(p.at))
	for j, i := range p.at {
		assign[j] = p.open[i]
	}
	if s.lim.Accept != nil {
		mended, ok := s.lim.Accept(assign)
		if !ok {
			return
		}
		q := s.packing(p.open)
		for j, v := range mended {
			q.move(j, slices.Index(p.open, v))
		}
		q.recount()
		if q.excess > 0 || q.under > 0 && s.Penalty == 0 {
			return
		}
		assign, total = mended, fixed+q.cost+s.big*float64(q.under)
		if total >= s.value {
			return
		}
	}
	s.value, s.choice, s.shares = total, slices.Clone(choice), nil
	for j, v := range assign {
		s.shares = append(s.shares, Share{j, v, s.Demand[j]})
	}
}

// mend descends by shifts and swaps, first with a low price on what is over
// capacity, which rises until nothing is; then kicks and descends again.
func (s *solver) mend(p *packing, kicks int) {
	mean := 0.0
	for j, i := range p.at {
		if i != nobody {
			mean += p.price(i, j) / float64(max(1, s.Demand[j]))
		}
	}
	p.over = 1e-9 + mean/float64(len(p.at))
	p.descend()
	for n := 0; p.excess > 0 && n < 20; n++ {
		p.over *= 2
		p.descend()
	}
	best, at := p.cost+s.lack*float64(p.excess)+s.big*float64(p.under), slices.Clone(p.at)
	for range kicks {
		if s.effort <= 0 {
			break
		}
		for range 2 + len(p.at)/40 {
			j := s.rng.IntN(len(p.at))
			if i := s.rng.IntN(len(p.open)); finite(p.price(i, j)) {
				p.move(j, i)
			}
		}
		p.descend()
		for n := 0; p.excess > 0 && n < 8; n++ {
			p.over *= 2
			p.descend()
		}
		if c := p.cost + s.lack*float64(p.excess) + s.big*float64(p.under); c < best-1e-9*(1+math.Abs(best)) {
			best = c
			copy(at, p.at)
		} else {
			p.restore(at)
		}
	}
	p.restore(at)
}

func (p *packing) restore(at []int) {
	for j, i := range at {
		if p.at[j] != i {
			p.move(j, i)
		}
	}
}

// descend shifts and swaps clients as long as the priced cost falls.
func (p *packing) descend() {
	for again := true; again; {
		again = false
		for j := range p.at {
			to, best := p.at[j], -1e-9
			for i := range p.open {
				if i != p.at[j] && finite(p.price(i, j)) {
					if c := p.shift(j, i); c < best-1e-9 {
						to, best = i, c
					}
				}
			}
			if to != p.at[j] {
				p.move(j, to)
				again = true
			}
		}
		p.s.effort -= int64(len(p.at) * len(p.open))
		if !again {
			again = p.swaps()
		}
	}
}

// swaps exchanges pairs of clients of one kind, of which the first gains.
func (p *packing) swaps() (any bool) {
	members := make([][]int, len(p.open))
	for j, i := range p.at {
		if i != nobody {
			members[i] = append(members[i], j)
		}
	}
	for j := range p.at {
		a := p.at[j]
		if a == nobody {
			continue
		}
		for b := range p.open {
			if b == a || p.price(b, j) >= p.price(a, j) && p.excess == 0 || !finite(p.price(b, j)) {
				continue
			}
			p.s.effort -= int64(len(members[b]))
			for at, l := range members[b] {
				if p.s.kind(l) != p.s.kind(j) || p.at[l] != b || !finite(p.price(a, l)) || p.swap(j, l) >= -1e-9*(1+p.cost*1e-3) {
					continue
				}
				p.move(j, b)
				p.move(l, a)
				members[b][at] = j
				members[a][slices.Index(members[a], j)] = l
				any = true
				break
			}
			if p.at[j] != a {
				break
			}
		}
	}
	return any
}

// attempt builds an assignment from the relaxed one: who is served once stays,
// who is served twice keeps the cheaper, the rest go where they fit.
func (s *solver) attempt(r *relaxation) {
	if !s.Single || s.effort <= 0 {
		return
	}
	choice := make([]int, s.sites)
	for g, options := range s.of {
		choice[g] = -1
		for _, v := range options {
			if r.y[v] > 0.5 {
				choice[g] = v
			}
		}
	}
	p := s.packing(opened(choice))
	if len(p.open) == 0 {
		return
	}
	fixed := 0.0
	for i, v := range p.open {
		fixed += s.Options[v].Fixed
		r.each(v, func(j int32, x float64) {
			if x > 0.5 && (p.at[j] == nobody || p.price(i, int(j)) < p.price(p.at[j], int(j))) {
				p.move(int(j), i)
			}
		})
	}
	s.mend(p, 1)
	s.settle(choice, p, fixed)
}

// targetClient chooses the client to branch on.
func (s *solver) targetClient(n *node, r *relaxation, choice []int) {
	best, open := math.Inf(1), opened(choice)
	undecided := false
	for j := range s.Demand {
		rows, row, top := 0, -1, -1.0
		for _, v := range open {
			o := s.Options[v]
			if finite(s.cost[o.Row][j]) && o.capacity(s.kind(j)) >= s.Demand[j] {
				if rows++; r.xMean[o.Row][j] > top {
					row, top = o.Row, r.xMean[o.Row][j]
				}
			}
		}
		if rows == 0 {
			n.bound, n.leaf = math.Inf(1), true
			return
		}
		if rows > 1 {
			undecided = true
			if m := top - 1e-6*float64(s.Demand[j]); m < best {
				best, n.client = m, arc{row, j}
			}
		}
	}
	if undecided {
		return
	}
	// Every client is decided.
	p, fixed := s.packing(open), 0.0
	for i, v := range open {
		fixed += s.Options[v].Fixed
		for j := range s.Demand {
			if finite(s.cost[s.Options[v].Row][j]) && s.Options[v].capacity(s.kind(j)) >= s.Demand[j] {
				p.move(j, i)
			}
		}
	}
	s.settle(choice, p, fixed)
	n.bound, n.leaf = math.Inf(1), true
}
