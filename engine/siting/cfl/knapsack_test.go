package cfl

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The table, the search, and both after the sort by short keys find the same knapsack.
func TestKnapsack(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 400 {
		n := 2 + rng.IntN(30)
		s := &shape{Problem: &Problem{}}
		items := make([]item, n)
		for j := range items {
			d := rng.Int64N(40)
			s.Demand = append(s.Demand, d)
			items[j] = item{-1 - rng.Float64()/float64(1+rng.IntN(3)*1000), int32(j)} // many all but alike
			if d == 0 && rng.IntN(2) == 0 {
				items[j].ratio = -1e-9
			}
		}
		room := rng.Int64N(300)
		var k knapsack
		k.sort(items, s.Demand)
		for i := 1; i < n; i++ {
			a, b := items[i-1], items[i]
			za, zb := s.Demand[a.j] == 0, s.Demand[b.j] == 0
			if zb && !za || za == zb && a.ratio > b.ratio {
				t.Fatalf("items %d and %d are out of order: %v, %v", i-1, i, a, b)
			}
		}
		value, got := k.solve(s, items, room)
		if len(got.list) == n {
			continue
		}
		k.pick, k.best = grow(k.pick, len(k.w)), grow(k.best, len(k.w))
		k.dive(room, 1<<30)
		want := k.value
		k.table(int(room))
		sum, load := 0.0, int64(0)
		for i, yes := range k.best[:len(k.w)] {
			if yes {
				sum, load = sum+k.p[i], load+k.w[i]
			}
		}
		if math.Abs(k.value-want) > 1e-9 || math.Abs(sum-want) > 1e-9 || load > room || math.Abs(value+want) > 1e-9 {
			t.Fatalf("room %d: search %v, table %v (items %v, load %d), solve %v", room, want, k.value, sum, load, -value)
		}
	}
}
