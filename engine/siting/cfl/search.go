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
	better := func(next []int) bool {
		if s.effort <= 0 || ctx.Err() != nil || s.below(next) >= now {
			return false
		}
		t := s.try(next)
		if t.total < now-1e-9*(1+now) {
			now = t.total
			copy(at, next)
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
