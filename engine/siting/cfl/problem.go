// Package cfl solves capacitated facility location: which options of which sites
// to open, and who is served where, so that fixed and serving costs are least. A
// client may be split over sites or served whole by one. Bounds are Lagrangean,
// so that what is found comes with a proof of how good it is.
package cfl

import (
	"fmt"
	"math"

	"luoshu"
)

// Option is one way to use a site; at most one option of a site is chosen.
type Option struct {
	Site     int
	Row      int     // row of Problem.Cost
	Fixed    float64 // cost of choosing it
	Invest   float64 // what it takes of the budget
	Capacity []int64 // by kind of demand; missing kinds are 0
	Least    []int64 // by kind: least amount once chosen; nil none
	Needs    []int   // sites of which something must be chosen when this is (options with a capacity above 0)
}

// Problem is an instance. Amounts are whole; costs are floating.
type Problem struct {
	Options []Option
	Demand  []int64 // by client
	Kind    []int   // by client: which capacity it takes; nil: all 0
	// Cost is, by row and client, the cost of serving all of the client's demand;
	// +Inf where it may not be served.
	Cost   [][]float64
	Must   []int   // sites of which one option must be chosen
	Budget float64 // most Invest in all; 0: no limit
	Single bool    // each client whole
	// Penalty is the cost of each unit by which a chosen option misses Least; 0
	// stands for a price that no solution pays if it can be avoided.
	Penalty float64
	Scale   float64 // what amounts were multiplied by to be whole; 0 is 1
}

// shape is what is derived from a problem once.
type shape struct {
	*Problem
	sites   int
	kinds   int
	rows    int
	of      [][]int // site → its options
	byRow   [][]int // row → its options
	clients [][]int // kind → its clients
	must    []bool
	unit    [][]float64 // cost of a unit, by row and client
	need    []int64     // demand by kind
	big     float64     // price of a unit below Least
	noise   float64     // below it differences of unit costs are rounding
	grain   float64     // every solution's value is a multiple of it; 0 unknown
	side    []side
}

// side is a constraint over options: Σ a y ≥ need.
type side struct {
	a    []float64
	need float64
}

func (p *Problem) shape() (*shape, error) {
	s := &shape{Problem: p, rows: len(p.Cost), big: p.Penalty}
	for v, o := range p.Options {
		if o.Site < 0 || o.Row < 0 || o.Row >= len(p.Cost) || math.IsNaN(o.Fixed) || math.IsInf(o.Fixed, 0) || o.Invest < 0 {
			return nil, fmt.Errorf("cfl: option %d is malformed", v)
		}
		s.sites, s.kinds = max(s.sites, o.Site+1), max(s.kinds, len(o.Capacity))
	}
	for j := range p.Demand {
		s.kinds = max(s.kinds, p.kind(j)+1)
	}
	if len(p.Options) == 0 || len(p.Demand) == 0 {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有可选点或没有需求", "there are no sites or there is no demand")
	}
	s.of, s.byRow, s.clients = make([][]int, s.sites), make([][]int, s.rows), make([][]int, s.kinds)
	s.must, s.need = make([]bool, s.sites), make([]int64, s.kinds)
	for v, o := range p.Options {
		s.of[o.Site] = append(s.of[o.Site], v)
		s.byRow[o.Row] = append(s.byRow[o.Row], v)
	}
	for _, g := range p.Must {
		if g < 0 || g >= s.sites {
			return nil, fmt.Errorf("cfl: no site %d", g)
		}
		s.must[g] = true
	}
	for j, d := range p.Demand {
		if d < 0 || p.kind(j) < 0 {
			return nil, fmt.Errorf("cfl: client %d is malformed", j)
		}
		s.clients[p.kind(j)] = append(s.clients[p.kind(j)], j)
		s.need[p.kind(j)] += d
	}
	if err := s.price(); err != nil {
		return nil, err
	}
	s.sides()
	s.granulate()
	return s, nil
}

// price computes unit costs and the price of missing a least amount.
func (s *shape) price() error {
	s.unit = make([][]float64, s.rows)
	top := 0.0
	for r, row := range s.Cost {
		if len(row) != len(s.Demand) {
			return fmt.Errorf("cfl: row %d has %d costs for %d clients", r, len(row), len(s.Demand))
		}
		s.unit[r] = make([]float64, len(row))
		for j, c := range row {
			if math.IsNaN(c) || c < 0 {
				return fmt.Errorf("cfl: cost %v of row %d, client %d", c, r, j)
			}
			s.unit[r][j] = c / float64(max(1, s.Demand[j]))
			if !math.IsInf(c, 0) {
				top = math.Max(top, c)
			}
		}
	}
	s.noise = 1e-12 * (1 + top)
	if s.big == 0 {
		for _, o := range s.Options {
			top = math.Max(top, math.Abs(o.Fixed))
		}
		s.big = 100 * (top + 1) * math.Max(1, math.Sqrt(float64(s.sites)))
	}
	return nil
}

// sides lists the constraints over options that every solution meets: capacity
// covers demand, and so does the number of options; the budget.
func (s *shape) sides() {
	for k := range s.kinds {
		if s.need[k] == 0 {
			continue
		}
		cover, count := make([]float64, len(s.Options)), make([]float64, len(s.Options))
		best := make([]float64, s.sites)
		for v, o := range s.Options {
			cover[v] = float64(o.capacity(k)) / float64(s.need[k])
			if cover[v] > 0 {
				count[v] = 1
			}
			best[o.Site] = math.Max(best[o.Site], cover[v])
		}
		least := side{count, float64(fewest(best))}
		if c := (side{cover, 1}); !least.implies(c) {
			s.side = append(s.side, c)
		}
		s.side = append(s.side, least)
	}
	if s.Budget > 0 {
		a := make([]float64, len(s.Options))
		for v, o := range s.Options {
			a[v] = -o.Invest / s.Budget
		}
		s.side = append(s.side, side{a, -1})
	}
}

// implies says whether whatever meets c, in shares as well, meets d: both priced, the
// ascent on one price after another would come to rest where d is met and c is not.
func (c side) implies(d side) bool {
	for v := range c.a {
		if d.a[v] < c.a[v]*d.need/c.need {
			return false
		}
	}
	return true
}

// fewest is how many of the shares, the largest first, add up to one.
func fewest(shares []float64) int {
	sum, n := 0.0, 0
	x := append([]float64(nil), shares...)
	for range x {
		at := 0
		for i := range x {
			if x[i] > x[at] {
				at = i
			}
		}
		if sum >= 1-1e-12 || x[at] <= 0 {
			break
		}
		sum += x[at]
		x[at] = 0
		n++
	}
	return n
}

// granulate finds a number that every value is a multiple of, when clients are
// served whole: a bound may then be rounded up to the next multiple.
func (s *shape) granulate() {
	if !s.Single {
		return
	}
	for _, o := range s.Options {
		for _, l := range o.Least {
			if l > 0 && s.Penalty != 0 {
				return
			}
		}
	}
	for _, scale := range []float64{1, 10, 100, 1000, 10000} {
		if s.multiples(scale) {
			s.grain = 1 / scale
			return
		}
	}
}

func (s *shape) multiples(scale float64) bool {
	ok := func(x float64) bool {
		return math.IsInf(x, 0) || math.Abs(x*scale-math.Round(x*scale)) < 1e-7 && math.Abs(x*scale) < 1e12
	}
	for _, o := range s.Options {
		if !ok(o.Fixed) {
			return false
		}
	}
	for _, row := range s.Cost {
		for _, c := range row {
			if !ok(c) {
				return false
			}
		}
	}
	return true
}

func (p *Problem) kind(j int) int {
	if p.Kind == nil {
		return 0
	}
	return p.Kind[j]
}

func (o Option) capacity(k int) int64 {
	if k < len(o.Capacity) {
		return o.Capacity[k]
	}
	return 0
}

func (o Option) least(k int) int64 {
	if k < len(o.Least) {
		return o.Least[k]
	}
	return 0
}
