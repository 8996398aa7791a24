package cfl

import (
	"context"
	"math"
	"slices"
)

// search improves the incumbent, or the given choice, by closing, opening and
// changing options and by exchanges of two sites, among what the node leaves open
// and as long as effort is left.
func (s *solver) search(ctx context.Context, n *node, from []int) {
	if from == nil {
		from = s.choice
	}
	if from == nil {
		from = s.rounded(n, make([]float64, len(s.Options)))
	}
	at, now := slices.Clone(from), s.try(from).total
	near := s.gauge(n)
	near.set(at)
	better := func(next []int) bool {
		if s.effort <= 0 || ctx.Err() != nil || math.Max(s.below(next), near.below(next)) >= now {
			return false
		}
		t := s.try(next)
		if t.total < now-1e-9*(1+now) {
			now = t.total
			copy(at, next)
			near.set(at)
			return true
		}
		return false
	}
	for again := true; again && s.effort > 0 && ctx.Err() == nil; {
		again = s.single(n, at, better)
		if !again {
			again = s.pairs(n, at, better)
		}
	}
}

// below is a lower bound of what a choice costs: the relaxation at the multipliers
// that the root ended with.
func (s *solver) below(choice []int) float64 {
	if s.inner == nil {
		return math.Inf(-1)
	}
	sum := s.base
	for _, v := range choice {
		if v >= 0 {
			sum += s.inner[v]
		}
	}
	return sum
}

// gauge bounds what choices near one of them cost: the relaxation at the prices of
// its transports.
type gauge struct {
	r      *relaxation
	n      *node
	lambda []float64
	base   float64
}

func (s *solver) gauge(n *node) *gauge {
	return &gauge{r: s.relax(n.off, n.must), n: n, lambda: make([]float64, len(s.Demand))}
}

func (g *gauge) set(choice []int) {
	s := g.r.s
	for kind := range s.kinds {
		t := s.transport(kind, opened(choice))
		t.solve()
		prices := t.prices()
		for _, j := range s.clients[kind] {
			best := math.Inf(1)
			for i, p := range t.places {
				best = math.Min(best, p.unit[j]+prices[i])
			}
			if g.lambda[j] = 0; finite(best) {
				g.lambda[j] = best * float64(max(1, s.Demand[j]))
			}
		}
	}
	g.base = 0
	for _, l := range g.lambda {
		g.base += l
	}
	g.r.knapsacks(g.lambda, 0, s.rows, &g.r.sacks[0])
}

// below is a lower bound of what a choice costs.
func (g *gauge) below(choice []int) float64 {
	sum := g.base
	for _, v := range choice {
		if v < 0 {
			continue
		}
		if g.n.off[v] {
			return math.Inf(-1) // not computed
		}
		sum += g.r.inner[v]
	}
	return sum
}

// alternatives lists what a site may be set to.
func (s *solver) alternatives(n *node, g, now int) []int {
	var out []int
	if now >= 0 && !n.must[g] {
		out = append(out, -1)
	}
	for _, v := range s.of[g] {
		if !n.off[v] && v != now {
			out = append(out, v)
		}
	}
	return out
}

// single tries every change of one site.
func (s *solver) single(n *node, at []int, better func([]int) bool) (any bool) {
	next := slices.Clone(at)
	for _, g := range s.rng.Perm(s.sites) {
		for _, v := range s.alternatives(n, g, at[g]) {
			next[g] = v
			if better(next) {
				any = true
			} else {
				next[g] = at[g]
			}
		}
	}
	return any
}

// pairs tries to open one site in place of another.
func (s *solver) pairs(n *node, at []int, better func([]int) bool) bool {
	next := slices.Clone(at)
	for _, g := range s.rng.Perm(s.sites) {
		for _, v := range s.alternatives(n, g, at[g]) {
			if v < 0 {
				continue
			}
			for _, h := range s.rng.Perm(s.sites) {
				if h == g || at[h] < 0 {
					continue
				}
				for _, w := range s.alternatives(n, h, at[h]) {
					next[g], next[h] = v, w
					if better(next) {
						return true
					}
					next[g], next[h] = at[g], at[h]
				}
			}
		}
	}
	return false
}

// shakes bounds how often a search begins anew without finding anything better.
const shakes = 4

// shake leaves the incumbent by exchanging a few sites at random, searches from
// there, and goes on as long as that pays. What the relaxation thinks little of is
// drawn less often.
func (s *solver) shake(ctx context.Context, n *node, mean []float64) {
	if s.choice == nil {
		return
	}
	s.effort = max(s.effort, s.shakeEffort())
	s.polish()
	for fruitless := 0; fruitless < shakes && ctx.Err() == nil; fruitless++ {
		s.effort = max(s.effort, s.shakeEffort())
		before := s.value
		from := slices.Clone(s.choice)
		for range 1 + s.rng.IntN(3) {
			s.kick(n, from, mean)
		}
		s.search(ctx, n, from)
		s.effort = max(s.effort, s.shakeEffort())
		s.polish()
		if s.value < before-1e-9*(1+math.Abs(before)) {
			fruitless = -1
		}
		if s.enough(n.bound) {
			return
		}
	}
}

// shakeEffort is what one search from a shaken choice may take.
func (s *solver) shakeEffort() int64 { return 40_000_000 }

// polishing is how often the assignment of the incumbent is disturbed.
const polishing = 150

// polish improves who goes where when clients are whole and the options stay.
func (s *solver) polish() {
	if !s.Single || s.choice == nil || s.effort <= 0 {
		return
	}
	open := opened(s.choice)
	p, fixed := s.packing(open), 0.0
	at := map[int]int{}
	for i, v := range open {
		fixed += s.Options[v].Fixed
		at[v] = i
	}
	for _, x := range s.shares {
		p.Move(x.Client, at[x.Option])
	}
	p.Mend(polishing)
	p.Refine(4)
	s.settle(slices.Clone(s.choice), p, fixed)
}

// kick closes a site that may be closed and opens another, or changes an option.
func (s *solver) kick(n *node, at []int, mean []float64) {
	shut, best := -1, 0.0
	open, most := -1, 0.0
	for g, now := range at {
		for _, v := range s.alternatives(n, g, now) {
			switch draw := s.rng.Float64(); {
			case v < 0:
				if draw > best {
					best, shut = draw, g
				}
			default:
				if draw *= 0.05 + mean[v]; draw > most {
					most, open = draw, v
				}
			}
		}
	}
	if shut >= 0 {
		at[shut] = -1
	}
	if open >= 0 {
		at[s.Options[open].Site] = open
	}
}
