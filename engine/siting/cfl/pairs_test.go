package cfl

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Two places share their clients as well as all their assignments allow, three as well
// as the search of all of theirs; loads and cost stay what the assignment says.
func TestRegroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	better := 0
	for trial := range 300 {
		size := 2 + trial%2
		p := &Problem{Single: true}
		for range 7 {
			p.Demand = append(p.Demand, 1+rng.Int64N(20))
		}
		room, open := make([]int64, size), []int{}
		at := make([]int, len(p.Demand))
		for j, d := range p.Demand {
			at[j] = rng.IntN(size)
			room[at[j]] += d
		}
		for i := range size {
			row := make([]float64, len(p.Demand))
			for j := range row {
				row[j] = float64(rng.IntN(50))
			}
			room[i] += rng.Int64N(6)
			p.Cost = append(p.Cost, row)
			p.Options = append(p.Options, Option{Site: i, Row: i, Capacity: []int64{room[i]}})
			open = append(open, i)
		}
		sh, err := p.shape()
		if err != nil {
			t.Fatal(err)
		}
		s := &solver{shape: sh, cost: p.Cost, value: math.Inf(1), lack: 1e6, effort: 1 << 40, stop: func() bool { return false }}
		pack := s.packing(open)
		for j, i := range at {
			pack.move(j, i)
		}
		pack.over = s.lack
		before, want := pack.cost, math.Inf(1)
		for code := range int(math.Pow(float64(size), 7)) {
			load, cost := make([]int64, size), 0.0
			for j, d := range p.Demand {
				i := code % size
				code /= size
				load[i] += d
				cost += p.Cost[i][j]
			}
			fits := true
			for i := range load {
				fits = fits && load[i] <= room[i]
			}
			if fits {
				want = math.Min(want, cost)
			}
		}
		g := pack.regroup()
		g.pairs()
		if size == 3 {
			g.groups(3)
		}
		if pack.cost < before {
			better++
		}
		got := pack.cost
		pack.recount()
		if math.Abs(got-want) > 1e-6 || math.Abs(pack.cost-got) > 1e-6 || pack.excess != 0 {
			t.Fatalf("trial %d: %v, best %v, counted %v, over by %d", trial, got, want, pack.cost, pack.excess)
		}
	}
	if better < 100 {
		t.Errorf("only %d were improved", better)
	}
}
