package pmedian

import (
	"container/heap"
	"context"
	"math"
	"slices"

	"luoshu/engine/siting/dual"
)

// node is a subproblem: sites fixed in and out, and the multipliers to start from.
type node struct {
	in, out []bool
	lambda  []float64
	bound   float64
	branch  int
	id      int
}

type queue []*node

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].bound != q[j].bound {
		return q[i].bound < q[j].bound
	}
	return q[i].id > q[j].id
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*node)) }
func (q *queue) Pop() any {
	n := len(*q) - 1
	x := (*q)[n]
	*q = (*q)[:n]
	return x
}

// branch searches the tree, best bound first, and returns the proven bound.
func (s *solver) branch(ctx context.Context) int64 {
	root := &node{in: make([]bool, s.p.Sites), out: make([]bool, s.p.Sites), lambda: s.start(), branch: -1}
	s.root(ctx, root)
	q := &queue{}
	if s.open(root.bound) && root.branch >= 0 {
		heap.Push(q, root)
	}
	for q.Len() > 0 {
		top := (*q)[0]
		if !s.open(top.bound) {
			return s.value
		}
		s.opt.Progress.Tell("branch", int64(s.nodes), 0)
		if ctx.Err() != nil || s.nodes >= s.opt.Nodes {
			return int64(math.Ceil(top.bound - 1e-6))
		}
		heap.Pop(q)
		for _, open := range []bool{true, false} {
			c := &node{in: slices.Clone(top.in), out: slices.Clone(top.out), lambda: slices.Clone(top.lambda), branch: -1}
			if open {
				c.in[top.branch] = true
			} else {
				c.out[top.branch] = true
			}
			s.nodes++
			c.id, c.bound = s.nodes, top.bound
			s.solve(ctx, c, dual.Ascent{Steps: 120, Patience: 40, Factor: 0.5})
			if s.open(c.bound) && c.branch >= 0 {
				heap.Push(q, c)
			}
		}
	}
	return s.value
}

// start is a first guess of the multipliers: between the costs to the nearest and
// second nearest site of the incumbent.
func (s *solver) start() []float64 {
	t := s.table(s.best)
	lambda := make([]float64, s.p.Clients)
	for j := range lambda {
		d2 := float64(t.d1[j]) * 1.5
		if t.second[j] >= 0 && t.d2[j] < Unreachable {
			d2 = float64(t.d2[j])
		}
		lambda[j] = (float64(t.d1[j])+d2)/2 + 1e-3
	}
	return lambda
}

// root climbs in rounds, between which sites are fixed and the incumbent is
// improved from the sites that the relaxation picks.
func (s *solver) root(ctx context.Context, n *node) {
	for round := range 6 {
		before := s.value
		fixed := s.solve(ctx, n, dual.Ascent{Steps: 600, Patience: 150})
		s.opt.Progress.Tell("bound", int64(n.bound), s.value)
		if !s.open(n.bound) || n.branch < 0 || ctx.Err() != nil {
			return
		}
		if fixed > s.p.Sites/10 {
			s.sort(n.out)
		}
		s.vary(ctx, 20+10*round, n.in, n.out)
		if fixed == 0 && s.value == before && round > 1 {
			return
		}
	}
}

// solve bounds a node, improves the incumbent from it, fixes sites and chooses
// where to branch (-1: nothing is left to decide). It returns how many it fixed.
func (s *solver) solve(ctx context.Context, n *node, a dual.Ascent) (fixed int) {
	in, out := 0, 0
	for i := range n.in {
		if n.in[i] {
			in++
		} else if n.out[i] {
			out++
		}
	}
	n.branch = -1
	if in > s.p.P || s.p.Sites-out < s.p.P {
		n.bound = math.Inf(1)
		return 0
	}
	if in == s.p.P || s.p.Sites-out == s.p.P {
		var sites []int32
		for i := range n.in {
			if n.in[i] || in < s.p.P && !n.out[i] {
				sites = append(sites, int32(i))
			}
		}
		s.offer(s.table(sites))
		n.bound = math.Inf(1)
		return 0
	}
	o := s.oracle(n.in, n.out)
	steps := 0
	o.better = func() {
		if steps++; steps%25 == 1 {
			s.improve(ctx, o.picked(), n.in, n.out)
		}
	}
	if b := s.climb(ctx, o, n.lambda, a); b > n.bound {
		n.bound = b
	}
	s.improve(ctx, o.picked(), n.in, n.out)
	if !s.open(n.bound) {
		return 0
	}
	free := slices.Clone(o.free)
	fixed = o.fix(n.lambda)
	best := math.Inf(1)
	for _, i := range free {
		if n.in[i] || n.out[i] {
			continue
		}
		if d := math.Abs(o.mean[i] - 0.5); d < best {
			best, n.branch = d, int(i)
		}
	}
	if n.branch < 0 && fixed > 0 { // decided: count once more
		return fixed + s.solve(ctx, n, a)
	}
	return fixed
}

func (o *oracle) picked() []int32 {
	var sites []int32
	for i, yes := range o.pick {
		if yes {
			sites = append(sites, int32(i))
		}
	}
	return sites
}
