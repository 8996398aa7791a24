package cfl

import (
	"cmp"
	"context"
	"math"
	"slices"

	"luoshu/engine/siting/dual"
	"luoshu/engine/siting/pack"
)

const (
	// diveRounds bounds how often a dive fixes clients, and diveShare is the share of
	// them that it fixes at least each time.
	diveRounds = 60
	diveShare  = 0.02
	// sure is the share of a client in the averaged relaxation from which a dive takes
	// it for served there.
	sure = 0.9
	// nodesPerDive is how many nodes are searched from one dive to the next, nodesPerNew
	// if none began at that choice yet.
	nodesPerDive = 16
	nodesPerNew  = 6
)

// diveFrom dives from a node whose options are decided if the last dive is long enough
// ago.
func (s *solver) diveFrom(ctx context.Context, n *node, choice []int) {
	k := key(choice)
	if wait := n.id - s.last; wait >= nodesPerDive || wait >= nodesPerNew && !s.dived[k] {
		s.dived[k], s.last = true, n.id
		s.dive(ctx, n, choice)
	}
}

// dive looks for assignments of whole clients to a choice of options: the relaxation
// climbs, the clearest of its average are fixed, and so on down. From each average an
// assignment is made and improved.
func (s *solver) dive(ctx context.Context, n *node, choice []int) {
	if !s.Single || s.lacks(choice) > 0 {
		return
	}
	c := &node{off: make([]bool, len(s.Options)), must: slices.Clone(n.must), bans: slices.Concat(n.bans, n.dear), lambda: slices.Clone(n.lambda), tau: slices.Clone(n.tau)}
	for v := range c.off {
		c.off[v] = choice[s.Options[v].Site] != v
	}
	for g, v := range choice {
		c.must[g] = v >= 0
	}
	fixed := make([]bool, len(s.Demand))
	for round := 0; round < diveRounds && ctx.Err() == nil && s.plunge(ctx, c, choice, fixed, round); round++ {
	}
}

// plunge is a round of a dive; false: it is at its end.
func (s *solver) plunge(ctx context.Context, c *node, choice []int, fixed []bool, round int) bool {
	defer s.without(c.bans)()
	r := s.relax(c.off, c.must)
	copy(r.tau, c.tau)
	a := dual.Ascent{Steps: 50, Patience: 40, Factor: 0.5}
	if round == 0 {
		a.Steps, a.Patience = 200, 80
	}
	a.Target, a.Enough, a.Mix = func() float64 { return s.value }, s.enough, r.mix
	if math.IsInf(s.value, 1) {
		a.Target = func() float64 { return s.goal }
	}
	if bound, _ := a.Climb(ctx, c.lambda, r.eval); !s.open(bound) {
		return false
	}
	s.effort = max(s.effort, 10_000_000)
	s.average(r, choice)
	r.fix(c.lambda)
	copy(c.tau, r.tau)
	c.bans = append(c.bans, r.ban...)
	return s.commit(c, r, opened(choice), fixed)
}

// commit fixes the clearest clients of an average; false: none is left.
func (s *solver) commit(c *node, r *relaxation, open []int, fixed []bool) bool {
	type top struct {
		j, v  int
		share float64
	}
	var tops []top
	room := make([][]int64, len(s.Options))
	for _, v := range open {
		room[v] = make([]int64, s.kinds)
		for k := range room[v] {
			room[v][k] = s.Options[v].capacity(k)
		}
	}
	for j, d := range s.Demand {
		t := top{j: j, v: -1, share: -1}
		for _, v := range open {
			o := s.Options[v]
			if x := r.xMean[o.Row][j]; x > t.share && finite(s.cost[o.Row][j]) && o.capacity(s.kind(j)) >= d {
				t.v, t.share = v, x
			}
		}
		if t.v < 0 {
			return false
		}
		if fixed[j] {
			room[t.v][s.kind(j)] -= d
		} else {
			tops = append(tops, t)
		}
	}
	slices.SortStableFunc(tops, func(a, b top) int { return cmp.Compare(b.share, a.share) })
	done := 0
	for _, t := range tops {
		if t.share < sure && float64(done) >= diveShare*float64(len(s.Demand)) {
			break
		}
		if k := s.kind(t.j); room[t.v][k] >= s.Demand[t.j] {
			room[t.v][k] -= s.Demand[t.j]
			fixed[t.j] = true
			done++
			for _, v := range open {
				if row := s.Options[v].Row; row != s.Options[t.v].Row {
					c.bans = append(c.bans, arc{int32(row), int32(t.j)})
				}
			}
		}
	}
	return done > 0
}

// average makes an assignment out of an averaged relaxation: each client goes where
// most of it does.
func (s *solver) average(r *relaxation, choice []int) {
	open := opened(choice)
	p := s.packing(open)
	fixed := 0.0
	for _, v := range open {
		fixed += s.Options[v].Fixed
	}
	for j := range s.Demand {
		at, share := pack.Nobody, -1.0
		for i, v := range open {
			x := r.xMean[s.Options[v].Row][j]
			if finite(p.Row[i][j]) && (x > share || x == share && p.Row[i][j] < p.Row[at][j]) {
				at, share = i, x
			}
		}
		if at != pack.Nobody {
			p.Move(j, at)
		}
	}
	s.finish(choice, p, fixed)
}

// near is how far beyond the incumbent, relatively, an assignment may cost to be worth
// the dearer ways to improve it.
const near = 0.01

// finish improves an assignment and offers it as a solution.
func (s *solver) finish(choice []int, p *pack.Packing, fixed float64) trial {
	p.Mend(0)
	switch cost := fixed + p.Cost + s.big*float64(p.Under); {
	case cost < s.value*(1+near/4):
		p.Refine(3)
	case cost < s.value*(1+near):
		p.Refine(2)
	}
	return s.settle(choice, p, fixed)
}
