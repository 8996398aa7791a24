package pmedian_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"luoshu/engine/siting/pmedian"
)

func random(rng *rand.Rand, n, p int) pmedian.Problem {
	var edges []pmedian.Edge
	for i := 1; i < n; i++ {
		edges = append(edges, pmedian.Edge{A: i, B: rng.IntN(i), Cost: int32(1 + rng.IntN(100))})
	}
	for range n * n / 50 {
		edges = append(edges, pmedian.Edge{A: rng.IntN(n), B: rng.IntN(n), Cost: int32(1 + rng.IntN(100))})
	}
	return pmedian.Graph(n, edges, p)
}

func brute(p pmedian.Problem) int64 {
	best := int64(math.MaxInt64)
	var rec func(from, left int, near []int32)
	rec = func(from, left int, near []int32) {
		if left == 0 {
			sum := int64(0)
			for _, d := range near {
				sum += int64(d)
			}
			best = min(best, sum)
			return
		}
		for i := from; i <= p.Sites-left; i++ {
			next := make([]int32, len(near))
			for j := range near {
				next[j] = min(near[j], p.Cost[i*p.Clients+j])
			}
			rec(i+1, left-1, next)
		}
	}
	far := make([]int32, p.Clients)
	for j := range far {
		far[j] = pmedian.Unreachable
	}
	rec(0, p.P, far)
	return best
}

func value(p pmedian.Problem, r pmedian.Result) int64 {
	sum := int64(0)
	for j, i := range r.Assign {
		sum += int64(p.Cost[i*p.Clients+j])
	}
	return sum
}

// TestAgainstBruteForce: every set of sites is tried.
func TestAgainstBruteForce(t *testing.T) {
	for i := range 400 {
		rng := rand.New(rand.NewPCG(uint64(i), 3))
		n := 2 + rng.IntN(11)
		p := random(rng, n, 1+rng.IntN(n))
		r, err := pmedian.Solve(context.Background(), p, pmedian.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := brute(p); r.Value != want || !r.Proven || r.Bound != want || value(p, r) != want || len(r.Open) != p.P {
			t.Errorf("instance %d: %+v, brute force %d", i, r, want)
		}
	}
}

// TestUnreachable: two parts and one site have no solution, two sites have one.
func TestUnreachable(t *testing.T) {
	edges := []pmedian.Edge{{A: 0, B: 1, Cost: 3}, {A: 2, B: 3, Cost: 4}, {A: 0, B: 1, Cost: 5}} // the last of a pair counts
	one, err := pmedian.Solve(context.Background(), pmedian.Graph(4, edges, 1), pmedian.Options{})
	if err != nil || one.Found {
		t.Errorf("one site serves two parts: %+v, %v", one, err)
	}
	two, err := pmedian.Solve(context.Background(), pmedian.Graph(4, edges, 2), pmedian.Options{})
	if err != nil || !two.Found || two.Value != 9 {
		t.Errorf("two sites: %+v, %v; want 9", two, err)
	}
}

// TestSameSeedSameAnswer: nothing depends on the clock or on goroutines.
func TestSameSeedSameAnswer(t *testing.T) {
	p := random(rand.New(rand.NewPCG(5, 5)), 120, 8)
	var first pmedian.Result
	for i := range 3 {
		r, err := pmedian.Solve(context.Background(), p, pmedian.Options{Seed: 9, Nodes: 3})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = r
		} else if !reflect.DeepEqual(r, first) {
			t.Errorf("run %d differs: %d bound %d, first %d bound %d", i, r.Value, r.Bound, first.Value, first.Bound)
		}
	}
}

// TestCancelled: what is there when the context ends is a solution with a bound
// that a full run does not contradict.
func TestCancelled(t *testing.T) {
	p := random(rand.New(rand.NewPCG(6, 6)), 200, 6)
	full, err := pmedian.Solve(context.Background(), p, pmedian.Options{})
	if err != nil || !full.Proven {
		t.Fatalf("%+v, %v", full, err)
	}
	for _, d := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		r, err := pmedian.Solve(ctx, p, pmedian.Options{})
		cancel()
		if err != nil || r.Value < full.Value || r.Bound > full.Value || value(p, r) != r.Value {
			t.Errorf("after %v: value %d, bound %d, optimum %d, %v", d, r.Value, r.Bound, full.Value, err)
		}
	}
}

func ExampleSolve() {
	edges := []pmedian.Edge{{A: 0, B: 1, Cost: 2}, {A: 1, B: 2, Cost: 3}, {A: 2, B: 3, Cost: 2}, {A: 3, B: 4, Cost: 1}}
	r, _ := pmedian.Solve(context.Background(), pmedian.Graph(5, edges, 2), pmedian.Options{})
	fmt.Println(r.Value, r.Open, r.Proven)
	// Output: 5 [1 3] true
}
