package cfl_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"luoshu/engine/siting/cfl"
)

// tight makes an instance of few sites, whole clients and hardly more room than demand:
// what a site holds must be packed. Every other has a second, larger option of each site.
func tight(seed uint64) *cfl.Problem {
	rng := rand.New(rand.NewPCG(seed, 0x717))
	const sites, n = 4, 9
	p := &cfl.Problem{Single: true}
	total := int64(0)
	for range n {
		d := 3 + rng.Int64N(30)
		total += d
		p.Demand, p.Kind = append(p.Demand, d), append(p.Kind, 0)
	}
	for g := range sites {
		row := make([]float64, n)
		for j := range row {
			row[j] = float64(rng.IntN(60))
		}
		p.Cost = append(p.Cost, row)
		c := int64(float64(total) / sites * (0.7 + rng.Float64()))
		p.Options = append(p.Options, cfl.Option{Site: g, Row: g, Fixed: float64(3*c + rng.Int64N(40)), Capacity: []int64{c}, Least: []int64{0}})
		if seed%2 == 1 {
			p.Options = append(p.Options, cfl.Option{Site: g, Row: g, Fixed: float64(4*c + rng.Int64N(60)), Capacity: []int64{c + c/3}, Least: []int64{0}})
		}
	}
	return p
}

// TestTight: solved to the end the optimum is found; stopped after any number of nodes
// or at any gap, it lies between bound and value.
func TestTight(t *testing.T) {
	solved := 0
	for seed := range uint64(60) {
		p := tight(seed)
		want := brute(p)
		for _, lim := range []cfl.Limits{{}, {Nodes: 1}, {Nodes: 4}, {Gap: 0.02}, {Seed: 9}} {
			r, err := cfl.Solve(context.Background(), p, lim)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsInf(want, 1) {
				if r.Choice != nil {
					t.Errorf("instance %d: %v, but there is no solution", seed, r.Value)
				}
				continue
			}
			if r.Bound > want+1e-6 || r.Value < want-1e-6 {
				t.Errorf("instance %d, %+v: value %v, bound %v, optimum %v", seed, lim, r.Value, r.Bound, want)
			}
			if whole := lim.Nodes == 0 && lim.Gap == 0; whole && r.Status != cfl.Optimal {
				t.Errorf("instance %d: %s", seed, r.Status)
			}
			if lim.Gap > 0 && r.Gap() > lim.Gap {
				t.Errorf("instance %d: gap %v of %v wanted, %s", seed, r.Gap(), lim.Gap, r.Status)
			}
			if r.Choice != nil {
				solved++
				if err := valid(p, r); err != nil {
					t.Errorf("instance %d: %v", seed, err)
				}
			}
		}
	}
	if solved < 150 {
		t.Errorf("only %d solved", solved)
	}
}

// TestFewest: of equal sites one more is needed than shares of them would do, and the
// bound knows.
func TestFewest(t *testing.T) {
	p := towns(3, 30, 120, 2, false)
	total := int64(0)
	for _, d := range p.Demand {
		total += d
	}
	for v := range p.Options {
		p.Options[v].Fixed *= 20
		p.Options[v].Capacity[0] = total * 9 / 49 // 5 would do but for a ninth of the demand
	}
	r, err := cfl.Solve(context.Background(), p, cfl.Limits{Nodes: 200})
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(p, r); err != nil {
		t.Error(err)
	}
	open := 0
	for _, v := range r.Choice {
		if v >= 0 {
			open++
		}
	}
	if r.Status != cfl.Optimal || open != 6 {
		t.Errorf("%s with %d sites: value %v, bound %v", r.Status, open, r.Value, r.Bound)
	}
}
