package forecast

import (
	"context"
	"math"
	"testing"
)

// A slope counts by how sure it is: what lies on a line counts nearly whole, what
// strays hardly.
func TestSure(t *testing.T) {
	x := newGrid([]int{0, 1, 2, 3, 4}, []bool{true, true, true, true, true}, make([]int, 5), 2, 1)
	past := []int{4, 3, 2, 1, 0}
	for y, v := range []float64{100, 104, 108, 112, 116} {
		x.row(0, y)[0] = v
	}
	for y, v := range []float64{100, 140, 80, 130, 104} {
		x.row(1, y)[0] = v
	}
	for u, want := range [][2]float64{{0.99, 1}, {0, 0.05}} {
		var s strays
		end, slope, off, years := line(x, u, 0, past)
		if years != 10 {
			t.Fatalf("years %g", years)
		}
		if u == 0 && (math.Abs(end-116) > 1e-9 || math.Abs(slope-4) > 1e-9 || off > 1e-9) {
			t.Errorf("line %g, %g, off %g", end, slope, off)
		}
		s.add(4, max(off, 1)/3/100/100)
		if got := s.sure(slope, 100, years); got < want[0] || got > want[1] {
			t.Errorf("unit %d: a slope of %.2f counts %.3f, want %v", u, slope, got, want)
		}
	}
	var old strays
	old.add(0, 1)
	old.add(10, 0)
	if m := old.sum / old.n; m < 0.2 || m > 0.3 {
		t.Errorf("a square ten years old still counts %.3f", m)
	}
}

// At areas plain progression takes the area's own ratios; those of all areas together
// stand beside it.
func TestPlainOfAreas(t *testing.T) {
	x := newGrid([]int{0, 1, 2, 3, 4, 5, 6}, []bool{true, true, true, true, true, true, true}, make([]int, 7), 2, 3)
	x.area, x.areas = []int{0, 1}, 2
	for u, r := range []float64{0.8, 1.1} {
		for y := range 7 {
			x.has[u*x.y+y] = true
			for g := range 3 {
				x.row(u, y)[g] = 1000 * math.Pow(r, float64(g))
			}
		}
	}
	m := newModel(x, 1)
	checks, err := m.backtest(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Grain == GrainArea && (c.PlainArea > 1e-9 || c.PlainAll < 0.05) {
			t.Errorf("plain progression by an area's own ratio is off by %g, by that of all by %g", c.PlainArea, c.PlainAll)
		}
	}
}
