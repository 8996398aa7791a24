package cfl

import (
	"cmp"
	"math"
	"slices"

	"luoshu/engine/siting/pack"
)

// packing is an empty assignment to chosen options.
func (s *solver) packing(open []int) *pack.Packing {
	t := &pack.Task{Demand: s.Demand, Kind: s.Kind, Kinds: s.kinds, Lack: s.lack, Big: s.big, Effort: &s.effort, Stop: s.stop, Rand: s.rng}
	places := make([]pack.Place, len(open))
	for i, v := range open {
		o := s.Options[v]
		places[i] = pack.Place{Cost: s.Cost[o.Row], Allow: s.cost[o.Row]}
		for k := range s.kinds {
			places[i].Room = append(places[i].Room, o.capacity(k))
			places[i].Low = append(places[i].Low, min(o.least(k), o.capacity(k)))
		}
	}
	return pack.New(t, places)
}

// whole costs a choice when clients are served whole: the shares of the transport
// are rounded and mended.
func (s *solver) whole(choice []int, plans []*transport, split trial) trial {
	if split.missed && s.lacks(choice) > 0 || split.total > s.value {
		return split // even split, it is no better
	}
	open := opened(choice)
	p := s.packing(open)
	place := map[int]int{}
	for i, v := range open {
		place[s.Options[v].Row] = i
	}
	for _, t := range plans {
		most := make([]int64, len(s.Demand))
		for i, pl := range t.places {
			for _, j := range pl.members {
				if n := t.amount[i][j]; pl.row >= 0 && n > most[j] {
					most[j] = n
					p.Move(int(j), place[pl.row])
				}
			}
		}
	}
	for j, d := range s.Demand {
		if d == 0 {
			if v := s.nearest(j, open); v >= 0 {
				p.Move(j, place[s.Options[v].Row])
			}
		}
	}
	fixed := 0.0
	for _, v := range open {
		fixed += s.Options[v].Fixed
	}
	t := s.finish(choice, p, fixed)
	if !t.missed && t.total <= s.value {
		p.Mend(6)
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
func (s *solver) settle(choice []int, p *pack.Packing, fixed float64) trial {
	p.Recount()
	t := trial{total: fixed + p.Cost + s.lack*float64(p.Excess) + s.big*float64(p.Under) + s.lacks(choice)}
	t.missed = p.Excess > 0 || p.Under > 0 && s.Penalty == 0 || slices.Contains(p.At, pack.Nobody) || s.lacks(choice) > 0
	if !t.missed && t.total < s.value {
		s.accept(choice, p, fixed, t.total)
	}
	return t
}

// accept keeps a solution, if it may be an answer.
func (s *solver) accept(choice []int, p *pack.Packing, fixed, total float64) {
	assign, open := make([]int, len(p.At)), opened(choice)
	for j, i := range p.At {
		assign[j] = open[i]
	}
	if s.lim.Accept != nil {
		mended, ok := s.lim.Accept(assign)
		if !ok {
			return
		}
		q := s.packing(open)
		for j, v := range mended {
			q.Move(j, slices.Index(open, v))
		}
		q.Recount()
		if q.Excess > 0 || q.Under > 0 && s.Penalty == 0 {
			return
		}
		assign, total = mended, fixed+q.Cost+s.big*float64(q.Under)
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
	open := opened(choice)
	p := s.packing(open)
	if len(open) == 0 {
		return
	}
	fixed := 0.0
	for i, v := range open {
		fixed += s.Options[v].Fixed
		r.each(v, func(j int32, x float64) {
			if x > 0.5 && (p.At[j] == pack.Nobody || p.Price(i, int(j)) < p.Price(p.At[j], int(j))) {
				p.Move(int(j), i)
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
				p.Move(j, i)
			}
		}
	}
	s.settle(choice, p, fixed)
	n.bound, n.leaf = math.Inf(1), true
}
