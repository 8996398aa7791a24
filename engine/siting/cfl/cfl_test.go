package cfl_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"luoshu/engine/siting/cfl"
)

// random makes a small instance; features are switched by bits of the number.
func random(rng *rand.Rand, feature int) *cfl.Problem {
	sites, n := 2+rng.IntN(4), 2+rng.IntN(4)
	p := &cfl.Problem{Single: feature&1 != 0}
	kinds := 1
	if feature&2 != 0 {
		kinds = 2
	}
	total := int64(0)
	for range n {
		d := int64(rng.IntN(9))
		if rng.IntN(8) > 0 {
			d++
		}
		total += d
		p.Demand, p.Kind = append(p.Demand, d), append(p.Kind, rng.IntN(kinds))
	}
	for g := range sites {
		row := make([]float64, n)
		for j := range row {
			if row[j] = float64(rng.IntN(40)); rng.IntN(7) == 0 {
				row[j] = math.Inf(1)
			}
		}
		p.Cost = append(p.Cost, row)
		options := 1
		if feature&4 != 0 {
			options = 1 + rng.IntN(2)
		}
		for range options {
			o := cfl.Option{Site: g, Row: g, Fixed: float64(rng.IntN(60) - 5), Invest: float64(rng.IntN(10))}
			for range kinds {
				c := rng.Int64N(total + 2)
				o.Capacity = append(o.Capacity, c)
				if feature&8 != 0 && rng.IntN(3) == 0 {
					o.Least = append(o.Least, rng.Int64N(c+1))
				} else {
					o.Least = append(o.Least, 0)
				}
			}
			if feature&32 != 0 && g > 0 && rng.IntN(2) == 0 {
				o.Needs = []int{rng.IntN(g)}
			}
			p.Options = append(p.Options, o)
		}
		if feature&4 != 0 && rng.IntN(4) == 0 {
			p.Options = append(p.Options, cfl.Option{Site: g, Row: g, Fixed: float64(rng.IntN(5))})
			p.Must = append(p.Must, g)
		}
	}
	if feature&16 != 0 {
		p.Budget = float64(1 + rng.IntN(5*sites))
	}
	return p
}

// brute tries every choice of options and, for whole clients, every assignment;
// for split ones it sends unit by unit along cheapest paths found by Bellman–Ford
// on the whole residual graph, another way than the solver's.
func brute(p *cfl.Problem) float64 {
	sites := 0
	for _, o := range p.Options {
		sites = max(sites, o.Site+1)
	}
	choice, best := make([]int, sites), math.Inf(1)
	var rec func(g int)
	rec = func(g int) {
		if g == sites {
			if fixed, ok := allowed(p, choice); ok {
				best = math.Min(best, fixed+serve(p, choice))
			}
			return
		}
		choice[g] = -1
		rec(g + 1)
		for v, o := range p.Options {
			if o.Site == g {
				choice[g] = v
				rec(g + 1)
			}
		}
	}
	rec(0)
	return best
}

func allowed(p *cfl.Problem, choice []int) (fixed float64, ok bool) {
	invest := 0.0
	room := func(v int) (n int64) {
		if v >= 0 {
			for _, c := range p.Options[v].Capacity {
				n += c
			}
		}
		return n
	}
	for _, v := range choice {
		if v < 0 {
			continue
		}
		fixed += p.Options[v].Fixed
		invest += p.Options[v].Invest
		for _, n := range p.Options[v].Needs {
			if room(choice[n]) == 0 {
				return 0, false
			}
		}
	}
	for _, g := range p.Must {
		if choice[g] < 0 {
			return 0, false
		}
	}
	return fixed, p.Budget == 0 || invest <= p.Budget
}

func serve(p *cfl.Problem, choice []int) float64 {
	if p.Single {
		return assign(p, choice)
	}
	return flow(p, choice)
}

func assign(p *cfl.Problem, choice []int) float64 {
	best, load := math.Inf(1), map[[2]int]int64{}
	var rec func(j int, cost float64)
	rec = func(j int, cost float64) {
		if cost >= best {
			return
		}
		if j == len(p.Demand) {
			for _, v := range choice {
				for k := 0; v >= 0 && k < len(p.Options[v].Capacity); k++ {
					if load[[2]int{v, k}] < p.Options[v].Least[k] {
						return
					}
				}
			}
			best = cost
			return
		}
		for _, v := range choice {
			if v < 0 || len(p.Options[v].Capacity) == 0 || p.Options[v].Capacity[p.Kind[j]] == 0 {
				continue
			}
			key := [2]int{v, p.Kind[j]}
			if load[key]+p.Demand[j] <= p.Options[v].Capacity[p.Kind[j]] {
				load[key] += p.Demand[j]
				rec(j+1, cost+p.Cost[p.Options[v].Row][j])
				load[key] -= p.Demand[j]
			}
		}
	}
	rec(0, 0)
	return best
}

// flow is a min-cost flow by Bellman–Ford, units one at a time, least amounts as a
// subsidy of 1e6 a unit.
func flow(p *cfl.Problem, choice []int) float64 {
	type edge struct {
		to, rev int
		room    int64
		cost    float64
	}
	n := len(p.Demand)
	g := make([][]edge, 2+n+2*len(p.Options))
	add := func(a, b int, room int64, cost float64) {
		g[a] = append(g[a], edge{b, len(g[b]), room, cost})
		g[b] = append(g[b], edge{a, len(g[a]) - 1, 0, -cost})
	}
	const subsidy = 1e6
	need, least, idle := int64(0), 0.0, 0.0
	for j, d := range p.Demand {
		add(0, 2+j, d, 0)
		need += d
		if d == 0 {
			c := math.Inf(1)
			for _, v := range choice {
				if v >= 0 && len(p.Options[v].Capacity) > 0 && p.Options[v].Capacity[p.Kind[j]] > 0 {
					c = math.Min(c, p.Cost[p.Options[v].Row][j])
				}
			}
			idle += c
		}
	}
	for _, v := range choice {
		for k := 0; v >= 0 && k < len(p.Options[v].Capacity); k++ {
			o, at := p.Options[v], 2+n+2*v+k
			add(at, 1, o.Least[k], -subsidy)
			add(at, 1, o.Capacity[k]-o.Least[k], 0)
			least += subsidy * float64(o.Least[k])
			for j, d := range p.Demand {
				if c := p.Cost[o.Row][j]; p.Kind[j] == k && d > 0 && !math.IsInf(c, 1) {
					add(2+j, at, d, c/float64(d))
				}
			}
		}
	}
	cost := least + idle
	for ; need > 0; need-- {
		dist, via := make([]float64, len(g)), make([][2]int, len(g))
		for i := range dist {
			dist[i] = math.Inf(1)
		}
		dist[0] = 0
		for again := true; again; {
			again = false
			for a := range g {
				for i, e := range g[a] {
					if e.room > 0 && dist[a]+e.cost < dist[e.to]-1e-7 {
						dist[e.to], via[e.to], again = dist[a]+e.cost, [2]int{a, i}, true
					}
				}
			}
		}
		if math.IsInf(dist[1], 1) {
			return math.Inf(1)
		}
		for at := 1; at != 0; at = via[at][0] {
			e := &g[via[at][0]][via[at][1]]
			e.room--
			g[at][e.rev].room++
		}
		cost += dist[1]
	}
	if cost > subsidy/2 {
		return math.Inf(1)
	}
	return cost
}

// valid recomputes what a result claims.
func valid(p *cfl.Problem, r cfl.Result) error {
	fixed, ok := allowed(p, r.Choice)
	if !ok {
		return fmt.Errorf("choice %v is not allowed", r.Choice)
	}
	value, served, load := fixed, make([]int64, len(p.Demand)), map[[2]int]int64{}
	for _, s := range r.Shares {
		o := p.Options[s.Option]
		if r.Choice[o.Site] != s.Option {
			return fmt.Errorf("client %d is served by option %d, which is not chosen", s.Client, s.Option)
		}
		served[s.Client] += s.Amount
		load[[2]int{s.Option, p.Kind[s.Client]}] += s.Amount
		if p.Single && s.Amount != p.Demand[s.Client] {
			return fmt.Errorf("client %d is split", s.Client)
		}
		part := 1.0
		if p.Demand[s.Client] > 0 {
			part = float64(s.Amount) / float64(p.Demand[s.Client])
		}
		value += part * p.Cost[o.Row][s.Client]
	}
	for j, d := range p.Demand {
		if served[j] != d {
			return fmt.Errorf("client %d: %d of %d served", j, served[j], d)
		}
	}
	for _, v := range r.Choice {
		for k := 0; v >= 0 && k < len(p.Options[v].Capacity); k++ {
			if n := load[[2]int{v, k}]; n > p.Options[v].Capacity[k] || p.Options[v].Least != nil && n < p.Options[v].Least[k] {
				return fmt.Errorf("option %d holds %d of kind %d", v, n, k)
			}
		}
	}
	if math.Abs(value-r.Value) > 1e-6*(1+math.Abs(value)) {
		return fmt.Errorf("value %v, recomputed %v", r.Value, value)
	}
	return nil
}

// TestAgainstBruteForce: every kind of problem in small, solved both ways.
func TestAgainstBruteForce(t *testing.T) {
	solved, none := 0, 0
	for i := range 640 {
		feature := i % 64
		p := random(rand.New(rand.NewPCG(uint64(i), 7)), feature)
		want := brute(p)
		r, err := cfl.Solve(context.Background(), p, cfl.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if math.IsInf(want, 1) {
			if none++; r.Status != cfl.Infeasible {
				t.Errorf("instance %d (features %06b): %s %v, but there is no solution", i, feature, r.Status, r.Value)
			}
			continue
		}
		if solved++; r.Status != cfl.Optimal || math.Abs(r.Value-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("instance %d (features %06b): %s %v bound %v, brute force %v", i, feature, r.Status, r.Value, r.Bound, want)
			continue
		}
		if err := valid(p, r); err != nil {
			t.Errorf("instance %d (features %06b): %v", i, feature, err)
		}
	}
	if solved < 200 || none < 40 {
		t.Errorf("%d solvable and %d unsolvable instances: too few of a kind", solved, none)
	}
}

// towns makes an instance of clients and sites in the plane.
func towns(seed uint64, sites, n int, loose float64, single bool) *cfl.Problem {
	rng := rand.New(rand.NewPCG(seed, 11))
	p := &cfl.Problem{Single: single, Demand: make([]int64, n), Kind: make([]int, n)}
	total := int64(0)
	x := make([][2]float64, sites+n)
	for i := range x {
		x[i] = [2]float64{rng.Float64() * 100, rng.Float64() * 100}
	}
	for j := range n {
		p.Demand[j] = 5 + rng.Int64N(30)
		total += p.Demand[j]
	}
	for i := range sites {
		row := make([]float64, n)
		for j := range row {
			row[j] = math.Round(math.Hypot(x[i][0]-x[sites+j][0], x[i][1]-x[sites+j][1])) * float64(p.Demand[j])
		}
		p.Cost = append(p.Cost, row)
		p.Options = append(p.Options, cfl.Option{
			Site: i, Row: i, Fixed: float64(3000 + rng.IntN(3000)),
			Capacity: []int64{int64(float64(total) * loose / float64(sites) * (0.6 + 0.8*rng.Float64()))},
		})
	}
	return p
}

// TestSameSeedSameAnswer: two workers and a bounded number of nodes.
func TestSameSeedSameAnswer(t *testing.T) {
	for _, single := range []bool{false, true} {
		p := towns(1, 40, 510, 2, single)
		var first cfl.Result
		for i := range 2 {
			r, err := cfl.Solve(context.Background(), p, cfl.Limits{Seed: 4, Nodes: 2})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = r
			} else if fmt.Sprint(r) != fmt.Sprint(first) {
				t.Errorf("whole %v: run %d differs: %v bound %v, first %v bound %v", single, i, r.Value, r.Bound, first.Value, first.Bound)
			}
			if err := valid(p, r); err != nil {
				t.Error(err)
			}
			if gap := r.Gap(); gap > 0.02 || r.Bound > r.Value {
				t.Errorf("whole %v: gap %v", single, gap)
			}
		}
	}
}

// TestCancelled: the best so far is a solution, and its bound holds.
func TestCancelled(t *testing.T) {
	p := towns(2, 12, 60, 2, false)
	full, err := cfl.Solve(context.Background(), p, cfl.Limits{})
	if err != nil || full.Status != cfl.Optimal {
		t.Fatalf("%v %v", full.Status, err)
	}
	for stop := range 12 {
		ctx, cancel := context.WithCancel(context.Background())
		told := 0
		r, err := cfl.Solve(ctx, p, cfl.Limits{Progress: func(string, int64, int64) {
			if told++; told > stop {
				cancel()
			}
		}})
		cancel()
		if err != nil || r.Bound > full.Value*(1+1e-9) {
			t.Errorf("stopped after %d: bound %v above the optimum %v, %v", stop, r.Bound, full.Value, err)
		}
		if r.Choice == nil {
			t.Errorf("stopped after %d: no solution", stop)
		} else if err := valid(p, r); err != nil || r.Value < full.Value*(1-1e-9) {
			t.Errorf("stopped after %d: %v, %v", stop, r.Value, err)
		}
	}
}

// TestShortage: who has no room, and how much is missing.
func TestShortage(t *testing.T) {
	inf := math.Inf(1)
	p := &cfl.Problem{
		Options: []cfl.Option{{Site: 0, Row: 0, Capacity: []int64{10}}, {Site: 1, Row: 1, Capacity: []int64{50}}},
		Demand:  []int64{8, 7, 20}, Kind: []int{0, 0, 0},
		Cost: [][]float64{{1, 2, inf}, {inf, inf, 3}},
	}
	if n, who := p.Shortage(0); n != 5 || fmt.Sprint(who) != "[0 1]" {
		t.Errorf("short by %d for %v; want 5 for [0 1]", n, who)
	}
}

func ExampleSolve() {
	p := &cfl.Problem{
		Options: []cfl.Option{
			{Site: 0, Row: 0, Fixed: 100, Capacity: []int64{30}},
			{Site: 1, Row: 1, Fixed: 60, Capacity: []int64{20}},
			{Site: 2, Row: 2, Fixed: 60, Capacity: []int64{20}},
		},
		Demand: []int64{10, 10, 10},
		Cost:   [][]float64{{5, 5, 5}, {1, 30, 30}, {30, 1, 1}},
	}
	r, _ := cfl.Solve(context.Background(), p, cfl.Limits{})
	fmt.Println(r.Status, r.Value, r.Choice)
	// Output: optimal 115 [0 -1 -1]
}
