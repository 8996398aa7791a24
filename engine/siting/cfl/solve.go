package cfl

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"luoshu"
)

// Limits bounds the work of a solve. Zero values: seed 1, 200,000 nodes, no
// progress. Same problem, seed and bounds, same answer, unless the context ends
// first.
type Limits struct {
	Seed     uint64
	Nodes    int     // most nodes of the tree
	Gap      float64 // relative gap that suffices; 0: proven optimal
	Progress luoshu.Progress
	// Accept, if not nil, says whether an assignment (client → option) may be an
	// answer, or returns a mended one; only for problems with Single. What it
	// refuses may then not be proven optimal unless the bound says so.
	Accept func(assign []int) ([]int, bool)
	// Start is a choice to begin with: the option of each site, -1 none.
	Start []int
}

// Status is what is known of an answer.
type Status string

// Optimal: proven within the tolerance of floating sums (1e-9 relative).
// Feasible: a solution and a bound. Infeasible: proven that there is none.
// Stopped: no solution was found in the time given.
const (
	Optimal    Status = "optimal"
	Feasible   Status = "feasible"
	Infeasible Status = "infeasible"
	Stopped    Status = "stopped"
)

// Share is an amount of a client's demand served by an option.
type Share struct {
	Client, Option int
	Amount         int64
}

// Result is the best solution and what is proven.
type Result struct {
	Status Status
	Value  float64
	Bound  float64
	Choice []int   // by site: option, -1 none
	Shares []Share // by client, option
	Nodes  int
}

// Gap is (value − bound) / value, 0 when proven.
func (r Result) Gap() float64 {
	if r.Status == Optimal || r.Status == Infeasible {
		return 0
	}
	return (r.Value - r.Bound) / math.Max(1e-12, math.Abs(r.Value))
}

// solver holds one solve.
type solver struct {
	*shape
	lim    Limits
	rng    *rand.Rand
	cost   [][]float64 // Cost with what the present node rules out
	value  float64     // incumbent, +Inf none
	goal   float64     // what a bound climbs to: the value, or the best that misses something
	choice []int
	shares []Share
	lack   float64 // price of an unserved unit
	seen   map[string]trial
	dived  map[string]bool // choices that were dived from
	last   int             // node that was dived from last
	nodes  int
	held   int // arcs that open nodes remember as dear
	tau    []float64
	stop   func() bool
	inner  []float64 // by option: its part of the relaxation at the root; nil before
	base   float64   // sum of the root's multipliers
	mean   []float64 // by option: its share in the root's averaged relaxation
	effort int64     // left for the search of choices, in elementary steps
}

// trial is what choosing options costs.
type trial struct {
	total  float64 // with prices for what is missed
	missed bool
}

// Solve finds a best solution.
func Solve(ctx context.Context, p *Problem, lim Limits) (Result, error) {
	sh, err := p.shape()
	if err != nil {
		return Result{}, err
	}
	if lim.Nodes == 0 {
		lim.Nodes = 200_000
	}
	if lim.Seed == 0 {
		lim.Seed = 1
	}
	s := &solver{shape: sh, lim: lim, rng: rand.New(rand.NewPCG(lim.Seed, 0xcf1)), value: math.Inf(1), goal: math.Inf(1), seen: map[string]trial{}, dived: map[string]bool{}}
	s.cost = make([][]float64, s.rows)
	for r := range s.cost {
		s.cost[r] = slices.Clone(s.Cost[r])
	}
	if s.Single {
		s.tooLarge()
	}
	s.lack = s.big * 3
	s.stop = func() bool { return ctx.Err() != nil }
	s.tau = make([]float64, len(s.side))
	bound := s.branch(ctx)
	return s.result(bound), nil
}

// tooLarge rules out serving a whole client where no option has room for it.
func (s *solver) tooLarge() {
	s.Problem = &Problem{
		Options: s.Options, Demand: s.Demand, Kind: s.Kind, Cost: make([][]float64, s.rows), Must: s.Must,
		Budget: s.Budget, Single: true, Penalty: s.Penalty, Scale: s.Scale,
	}
	for r, row := range s.cost {
		for j, d := range s.Demand {
			room := int64(0)
			for _, v := range s.byRow[r] {
				room = max(room, s.Options[v].capacity(s.kind(j)))
			}
			if d > room {
				row[j], s.unit[r][j] = math.Inf(1), math.Inf(1)
			}
		}
		s.Cost[r] = slices.Clone(row)
	}
}

func (s *solver) result(bound float64) Result {
	r := Result{Value: s.value, Bound: math.Min(bound, s.value), Choice: s.choice, Shares: s.shares, Nodes: s.nodes}
	switch {
	case math.IsInf(s.value, 1) && math.IsInf(bound, 1):
		r.Status = Infeasible
	case math.IsInf(s.value, 1):
		r.Status = Stopped
	case !s.open(bound):
		r.Status, r.Bound = Optimal, s.value
	default:
		r.Status = Feasible
	}
	return r
}

// open says whether a solution better than the incumbent may lie above the bound.
func (s *solver) open(bound float64) bool {
	if math.IsInf(s.value, 1) {
		return !math.IsInf(bound, 1)
	}
	tol := 1e-9 * math.Max(1, math.Abs(s.value))
	if s.grain > 10*tol {
		return bound <= s.value-s.grain+tol
	}
	return bound < s.value-tol
}

// enough says whether the bound suffices to stop the whole search.
func (s *solver) enough(bound float64) bool {
	return !s.open(bound) || s.lim.Gap > 0 && finite(s.value) && s.value-bound <= s.lim.Gap*math.Abs(s.value)
}

func key(choice []int) string {
	b := make([]byte, 0, len(choice)*2)
	for _, v := range choice {
		b = append(b, byte(v+1), byte((v+1)>>8))
	}
	return string(b)
}

// lacks says whether a choice breaks the budget or what an option needs, and the
// price put on that.
func (s *solver) lacks(choice []int) float64 {
	invest, price := 0.0, 0.0
	for g, v := range choice {
		if v < 0 {
			if s.must[g] {
				price += s.lack
			}
			continue
		}
		o := s.Options[v]
		invest += o.Invest
		for _, n := range o.Needs {
			if !s.used(choice[n]) {
				price += s.lack
			}
		}
	}
	if over := invest - s.Budget; s.Budget > 0 && over > 1e-9+1e-14*s.Budget {
		price += s.lack * (1 + 100*over/s.Budget)
	}
	return price
}

// used says whether an option gives any room.
func (s *solver) used(v int) bool {
	if v < 0 {
		return false
	}
	for _, c := range s.Options[v].Capacity {
		if c > 0 {
			return true
		}
	}
	return false
}

// try costs a choice of options, and keeps it if it is the best.
func (s *solver) try(choice []int) trial {
	k := key(choice)
	if t, ok := s.seen[k]; ok {
		return t
	}
	price := s.lacks(choice)
	t := trial{total: price, missed: price > 0}
	var open []int
	for _, v := range choice {
		if v >= 0 {
			t.total += s.Options[v].Fixed
			open = append(open, v)
		}
	}
	var plans []*transport
	for kind := range s.kinds {
		if len(s.clients[kind]) == 0 {
			for _, v := range open {
				if n := s.Options[v].least(kind); n > 0 {
					t.total += s.big * float64(n)
					t.missed = t.missed || s.Penalty == 0
				}
			}
			continue
		}
		tr := s.transport(kind, open)
		cost, missed := tr.solve()
		s.effort -= int64(len(s.clients[kind])) * int64(len(tr.places)*len(tr.places)) / 4
		rest, lost := s.idle(kind, open)
		t.total += cost + rest
		t.missed = t.missed || lost
		t.missed = t.missed || missed > 0 && (s.Penalty == 0 || tr.places[len(tr.places)-1].load > 0)
		plans = append(plans, tr)
	}
	if s.Single {
		t = s.whole(choice, plans, t)
	} else if !t.missed && t.total < s.value {
		s.value, s.choice, s.shares = t.total, slices.Clone(choice), s.split(choice, plans)
	}
	s.goal = math.Min(s.goal, t.total)
	if len(s.seen) < 200_000 {
		s.seen[k] = t
	}
	return t
}

// idle is the cost of the clients of a kind who have no demand, each at its
// cheapest place; lost: one of them has none.
func (s *solver) idle(kind int, open []int) (sum float64, lost bool) {
	for _, j := range s.clients[kind] {
		if s.Demand[j] == 0 {
			if v := s.nearest(j, open); v < 0 {
				sum, lost = sum+s.lack, true
			} else {
				sum += s.Cost[s.Options[v].Row][j]
			}
		}
	}
	return sum, lost
}

// nearest is the open option with room that serves a client at least cost, -1 none.
func (s *solver) nearest(j int, open []int) int {
	at, best := -1, math.Inf(1)
	for _, v := range open {
		if c := s.Cost[s.Options[v].Row][j]; s.Options[v].capacity(s.kind(j)) > 0 && c < best {
			at, best = v, c
		}
	}
	return at
}

// split lists the shares of transports.
func (s *solver) split(choice []int, plans []*transport) []Share {
	byRow := map[int]int{}
	var open []int
	for _, v := range choice {
		if v >= 0 {
			byRow[s.Options[v].Row] = v
			open = append(open, v)
		}
	}
	var out []Share
	for _, t := range plans {
		for i, p := range t.places {
			for _, j := range p.members {
				if p.row >= 0 {
					out = append(out, Share{int(j), byRow[p.row], t.amount[i][j]})
				}
			}
		}
	}
	for j, d := range s.Demand {
		if d == 0 {
			out = append(out, Share{j, s.nearest(j, open), 0})
		}
	}
	slices.SortFunc(out, func(a, b Share) int {
		if a.Client != b.Client {
			return a.Client - b.Client
		}
		return a.Option - b.Option
	})
	return out
}
