// Package pmedian opens p sites so that the sum of every client's cost to its
// nearest open site is least: exact by Lagrangean bounds, reduced-cost fixing
// and branch and bound over a strong interchange search.
package pmedian

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"luoshu"
	"luoshu/engine/siting/dual"
)

// Unreachable is the cost of a pair that may not be used.
const Unreachable = 1 << 30

// Problem is a p-median problem with whole costs.
type Problem struct {
	Sites, Clients, P int
	// Cost holds Sites rows of Clients costs ≥ 0, each below Unreachable or equal
	// to it.
	Cost []int32
}

// Options bounds the work. Zero values: seed 1, 200,000 nodes, no progress.
type Options struct {
	Seed     uint64
	Nodes    int
	Progress luoshu.Progress
}

// Result is the best solution found and what is proven about it.
type Result struct {
	// Proven says that no solution is better than Value.
	Proven bool
	// Found says that a solution without an unreachable pair was found.
	Found bool
	Value int64
	Bound int64 // no solution is below it
	Open  []int // sites, ascending
	// Assign is the open site of each client.
	Assign []int
	Nodes  int
}

// solver holds the state of one solve.
type solver struct {
	p     Problem
	opt   Options
	rng   *rand.Rand
	best  []int32 // open sites of the incumbent
	value int64
	nodes int

	// Sites by cost, for each client, of the sites not yet fixed out: order[j] and
	// at the same place near[j].
	order [][]int32
	near  [][]int32
}

// Solve finds an optimum, or the best it can until the context ends.
func Solve(ctx context.Context, p Problem, opt Options) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	if opt.Seed == 0 {
		opt.Seed = 1
	}
	if opt.Nodes == 0 {
		opt.Nodes = 200_000
	}
	s := &solver{p: p, opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x5171)), value: math.MaxInt64}
	s.sort(nil)
	s.restarts(ctx, 2)
	bound := s.branch(ctx)
	return s.result(bound), nil
}

func (p Problem) check() error {
	switch {
	case p.Sites < 1 || p.Clients < 1:
		return luoshu.Errorf(luoshu.Invalid, "没有可选点或没有需求点", "there are no sites or no clients")
	case p.P < 1 || p.P > p.Sites:
		return luoshu.Errorf(luoshu.Invalid, "要选 %d 个点，但只能在 1 到 %d 之间", "%d sites are to be opened; it must be between 1 and %d", p.P, p.Sites)
	case len(p.Cost) != p.Sites*p.Clients:
		return fmt.Errorf("pmedian: %d costs for %d sites and %d clients", len(p.Cost), p.Sites, p.Clients)
	}
	for _, c := range p.Cost {
		if c < 0 || c > Unreachable {
			return luoshu.Errorf(luoshu.Invalid, "距离 %d 不在 0 到 %d 之间", "distance %d is not between 0 and %d", c, Unreachable)
		}
	}
	return nil
}

// sort lists the sites that may still open by cost, for each client.
func (s *solver) sort(out []bool) {
	sites := make([]int32, 0, s.p.Sites)
	for i := range s.p.Sites {
		if out == nil || !out[i] {
			sites = append(sites, int32(i))
		}
	}
	s.order, s.near = make([][]int32, s.p.Clients), make([][]int32, s.p.Clients)
	keys := make([]int64, len(sites))
	for j := range s.p.Clients {
		for k, i := range sites {
			keys[k] = int64(s.p.Cost[int(i)*s.p.Clients+j])<<32 | int64(i)
		}
		slices.Sort(keys)
		order, near := make([]int32, len(sites)), make([]int32, len(sites))
		for k, key := range keys {
			order[k], near[k] = int32(key&math.MaxInt32), int32(key>>32)
		}
		s.order[j], s.near[j] = order, near
	}
}

// oracle evaluates the relaxation of "each client is served once".
type oracle struct {
	s       *solver
	in, out []bool
	forced  int
	rho     []float64
	pick    []bool
	mean    []float64 // average of pick
	free    []int32   // sites neither in nor out
	cut     float64   // rho of the last free site taken
	next    float64   // rho of the first one not taken
	better  func()
}

func (s *solver) oracle(in, out []bool) *oracle {
	n := s.p.Sites
	o := &oracle{s: s, in: in, out: out, rho: make([]float64, n), pick: make([]bool, n), mean: make([]float64, n)}
	for i := range n {
		if in[i] {
			o.forced++
		} else if !out[i] {
			o.free = append(o.free, int32(i))
		}
	}
	return o
}

func (o *oracle) eval(lambda, g []float64) float64 {
	s := o.s
	clear(o.rho)
	value := 0.0
	for j, l := range lambda {
		value += l
		near, order := s.near[j], s.order[j]
		for k, c := range near {
			d := float64(c) - l
			if d >= 0 {
				break
			}
			o.rho[order[k]] += d
		}
	}
	take := s.p.P - o.forced
	slices.SortFunc(o.free, func(a, b int32) int {
		switch x, y := o.rho[a], o.rho[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return int(a - b)
	})
	o.cut, o.next = math.Inf(-1), math.Inf(1)
	if take > 0 {
		o.cut = o.rho[o.free[take-1]]
	}
	if take < len(o.free) {
		o.next = o.rho[o.free[take]]
	}
	copy(o.pick, o.in)
	for _, i := range o.free[:take] {
		o.pick[i] = true
	}
	for i, yes := range o.pick {
		if yes {
			value += o.rho[i]
		}
	}
	for j, l := range lambda {
		times := 0.0
		near, order := s.near[j], s.order[j]
		for k, c := range near {
			if float64(c) >= l {
				break
			}
			if o.pick[order[k]] {
				times++
			}
		}
		g[j] = 1 - times
	}
	return value
}

func (o *oracle) mix(share float64, better bool) {
	for i := range o.mean {
		o.mean[i] *= 1 - share
		if o.pick[i] {
			o.mean[i] += share
		}
	}
	if better && o.better != nil {
		o.better()
	}
}

// fix closes and opens sites that no better solution can open or close, judged at
// the multipliers, and returns how many.
func (o *oracle) fix(lambda []float64) int {
	g := make([]float64, len(lambda))
	bound, n := o.eval(lambda, g), 0
	for k, i := range o.free {
		if k < o.s.p.P-o.forced {
			if !o.s.open(bound + o.next - o.rho[i]) {
				o.in[i] = true
				n++
			}
		} else if !o.s.open(bound + o.rho[i] - o.cut) {
			o.out[i] = true
			n++
		}
	}
	return n
}

// open says whether a better solution may exist above the bound; costs are whole.
func (s *solver) open(bound float64) bool { return math.Ceil(bound-1e-6) < float64(s.value) }

// climb improves the bound of a node.
func (s *solver) climb(ctx context.Context, o *oracle, lambda []float64, a dual.Ascent) float64 {
	a.Target = func() float64 { return float64(s.value) }
	a.Enough = func(b float64) bool { return !s.open(b) }
	a.Mix = o.mix
	b, _ := a.Climb(ctx, lambda, o.eval)
	return b
}

func (s *solver) result(bound int64) Result {
	r := Result{Value: s.value, Bound: min(bound, s.value), Nodes: s.nodes, Assign: make([]int, s.p.Clients)}
	r.Found = s.value < Unreachable
	r.Proven = r.Bound >= r.Value
	for _, i := range s.best {
		r.Open = append(r.Open, int(i))
	}
	slices.Sort(r.Open)
	for j := range r.Assign {
		at := r.Open[0]
		for _, i := range r.Open {
			if s.p.Cost[i*s.p.Clients+j] < s.p.Cost[at*s.p.Clients+j] {
				at = i
			}
		}
		r.Assign[j] = at
	}
	return r
}
