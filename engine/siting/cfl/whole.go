package cfl

import (
	"cmp"
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
	at     []int       // client → place in open, or nobody
	row    [][]float64 // place, client: cost, +Inf where it may not be
	room   [][]int64   // place, kind
	low    [][]int64
	load   [][]int64
	over   float64 // price of a unit over capacity
	cost   float64 // serving, and the unserved
	excess int64
	under  int64
}

func (s *solver) packing(open []int) *packing {
	m := len(open)
	p := &packing{s: s, open: open, at: make([]int, len(s.Demand)), row: make([][]float64, m), room: make([][]int64, m), low: make([][]int64, m), load: make([][]int64, m)}
	for i, v := range open {
		o := s.Options[v]
		p.load[i] = make([]int64, s.kinds)
		for k := range s.kinds {
			p.room[i] = append(p.room[i], o.capacity(k))
			p.low[i] = append(p.low[i], min(o.least(k), o.capacity(k)))
			p.under += p.low[i][k]
		}
		p.row[i] = s.Cost[o.Row]
		if s.kinds > 1 || p.room[i][0] == 0 {
			p.row[i] = slices.Clone(p.row[i])
			for j := range p.row[i] {
				if p.room[i][s.kind(j)] == 0 {
					p.row[i][j] = math.Inf(1)
				}
			}
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
	return p.row[i][j]
}

// change is what a load of place i moving from a to b adds to excess and under.
func (p *packing) change(i, kind int, a, b int64) (excess, under int64) {
	room, low := p.room[i][kind], p.low[i][kind]
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
	c := p.row[i][j] - p.price(from, j)
	if from != nobody {
		e, u := p.change(from, k, p.load[from][k], p.load[from][k]-d)
		c += p.over*float64(e) + p.s.big*float64(u)
	}
	e, u := p.change(i, k, p.load[i][k], p.load[i][k]+d)
	return c + p.over*float64(e) + p.s.big*float64(u)
}

// swap is what exchanging clients j and l, of one kind, would add.
func (p *packing) swap(j, l int) float64 {
	k, a, b := p.s.kind(j), p.at[j], p.at[l]
	d := p.s.Demand[l] - p.s.Demand[j]
	c := p.row[b][j] + p.row[a][l] - p.row[a][j] - p.row[b][l]
	e, u := p.change(a, k, p.load[a][k], p.load[a][k]+d)
	f, v := p.change(b, k, p.load[b][k], p.load[b][k]-d)
	return c + p.over*float64(e+f) + p.s.big*float64(u+v)
}

// fits says whether place i may hold d more of a kind, or fewer if d is negative.
func (p *packing) fits(i, kind int, d int64) bool {
	n := p.load[i][kind] + d
	return n <= p.room[i][kind] && n >= p.low[i][kind]
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
	t := s.finish(choice, p, fixed)
	if !t.missed && t.total <= s.value {
		s.mend(p, 6)
		t = s.settle(choice, p, fixed)
	}
	return t
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
	s.finish(choice, p, fixed)
}

// targetClient chooses the client to branch on: one that much depends on and whose places
// fall into two halves, as far as the averaged relaxation uses them.
func (s *solver) targetClient(n *node, r *relaxation, choice []int) {
	best, open := math.Inf(-1), opened(choice)
	undecided := false
	var rows []int32
	for j := range s.Demand {
		rows = rows[:0]
		for _, v := range open {
			o := s.Options[v]
			if finite(s.cost[o.Row][j]) && o.capacity(s.kind(j)) >= s.Demand[j] {
				rows = append(rows, int32(o.Row))
			}
		}
		switch len(rows) {
		case 0:
			n.bound, n.leaf = math.Inf(1), true
			return
		case 1:
			continue
		}
		undecided = true
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(r.xMean[b][j], r.xMean[a][j]) })
		mass, count := r.xMean[rows[0]][j], 1
		for ; count < len(rows)-1 && mass+r.xMean[rows[count]][j] <= 0.5; count++ {
			mass += r.xMean[rows[count]][j]
		}
		if m := math.Min(mass, 1-mass) * float64(1+s.Demand[j]); m > best {
			best, n.client, n.rows = m, j, slices.Clone(rows[:count])
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
