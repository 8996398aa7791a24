package pack

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
		effort := int64(1 << 40)
		task := &Task{Kinds: 1, Lack: 1e6, Effort: &effort, Stop: func() bool { return false }, Rand: rng}
		for range 7 {
			task.Demand = append(task.Demand, 1+rng.Int64N(20))
		}
		room, places := make([]int64, size), make([]Place, size)
		at := make([]int, len(task.Demand))
		for j, d := range task.Demand {
			at[j] = rng.IntN(size)
			room[at[j]] += d
		}
		for i := range places {
			row := make([]float64, len(task.Demand))
			for j := range row {
				row[j] = float64(rng.IntN(50))
			}
			room[i] += rng.Int64N(6)
			places[i] = Place{Cost: row, Allow: row, Room: []int64{room[i]}, Low: []int64{0}}
		}
		pack := New(task, places)
		for j, i := range at {
			pack.Move(j, i)
		}
		pack.over = task.Lack
		before, want := pack.Cost, math.Inf(1)
		for code := range int(math.Pow(float64(size), 7)) {
			load, cost := make([]int64, size), 0.0
			for j, d := range task.Demand {
				i := code % size
				code /= size
				load[i] += d
				cost += places[i].Cost[j]
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
		if pack.Cost < before {
			better++
		}
		got := pack.Cost
		pack.Recount()
		if math.Abs(got-want) > 1e-6 || math.Abs(pack.Cost-got) > 1e-6 || pack.Excess != 0 {
			t.Fatalf("trial %d: %v, best %v, counted %v, over by %d", trial, got, want, pack.Cost, pack.Excess)
		}
	}
	if better < 100 {
		t.Errorf("only %d were improved", better)
	}
}
