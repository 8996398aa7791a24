package drawn_test

import (
	"context"
	"math"
	"testing"

	"luoshu/engine/siting/cfl"
	"luoshu/engine/siting/drawn"
)

// Capacity stands to demand as asked, and what is drawn is the same each time. Those
// small enough are solved: within one per cent, kept to capacity, every client whole.
func TestInstances(t *testing.T) {
	for _, i := range drawn.Instances() {
		p := i.Problem()
		demand, room := int64(0), int64(0)
		for _, d := range p.Demand {
			demand += d
		}
		for _, o := range p.Options {
			room += o.Capacity[0]
		}
		if r := float64(room) / float64(demand); math.Abs(r-i.Ratio) > 0.02*i.Ratio {
			t.Errorf("%s: the ratio is %.3f", i, r)
		}
		if again := i.Problem(); again.Cost[3][7] != p.Cost[3][7] || again.Options[2].Fixed != p.Options[2].Fixed {
			t.Errorf("%s: drawn twice, it differs", i)
		}
		if i.Clients > 60 {
			continue
		}
		r, err := cfl.Solve(context.Background(), p, cfl.Limits{Gap: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		if r.Gap() > 0.01 {
			t.Errorf("%s: value %v, bound %v", i, r.Value, r.Bound)
		}
		load, cost := make([]int64, i.Sites), 0.0
		open := map[int]bool{}
		for _, s := range r.Shares {
			if s.Amount != p.Demand[s.Client] {
				t.Errorf("%s: client %d is split", i, s.Client)
			}
			load[s.Option] += s.Amount
			cost += p.Cost[s.Option][s.Client]
			open[s.Option] = true
		}
		for v, n := range load {
			if n > p.Options[v].Capacity[0] {
				t.Errorf("%s: site %d holds %d of %d", i, v, n, p.Options[v].Capacity[0])
			}
		}
		for v := range open {
			cost += p.Options[v].Fixed
		}
		if cost > r.Value+1e-6 || len(r.Shares) != i.Clients {
			t.Errorf("%s: %v said, %v counted", i, r.Value, cost)
		}
	}
}
