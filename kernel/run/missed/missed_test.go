package missed_test

import (
	"testing"

	"luoshu/kernel/run/missed"
)

// stage has misses of a share of the children for twelve areas after each origin.
func stage(off map[int]map[int]float64) *missed.Stage {
	s := &missed.Stage{ByHorizon: map[int][]missed.Miss{}, Grades: 3, Kind: "area"}
	for origin, by := range off {
		for h, share := range by {
			for i := range 12 {
				n := 1000 + 100*float64(i)
				s.ByHorizon[h] = append(s.ByHorizon[h], missed.Miss{Origin: origin, Forecast: n, No: n, Counted: n * (1 + share)})
			}
		}
	}
	return s
}

func width(t *testing.T, s *missed.Stage, h int, v float64, areas int) float64 {
	t.Helper()
	b, ok := s.Band(h, v, areas)
	if !ok || b.Low95 > b.Low80 || b.Low80 > v || v > b.High80 || b.High80 > b.High95 || b.Low95 < 0 {
		t.Fatalf("%v %+v", ok, b)
	}
	return (b.High80 - v) / v
}

// Bands are as wide as what was missed, wider further ahead and for the small, no
// narrower for a sum than for its parts, and there are none before enough came due.
func TestBand(t *testing.T) {
	calm := stage(map[int]map[int]float64{2021: {1: 0.01, 2: 0.02, 3: 0.03}, 2022: {1: -0.01, 2: -0.02}, 2023: {1: 0.01}})
	wild := stage(map[int]map[int]float64{2021: {1: 0.08, 2: 0.1, 3: 0.2}, 2022: {1: -0.08, 2: -0.1}, 2023: {1: 0.1}})
	if a, b := width(t, calm, 1, 1500, 1), width(t, wild, 1, 1500, 1); a > 0.05 || b < 0.08 || b > 0.3 {
		t.Errorf("calm %.3f, wild %.3f", a, b)
	}
	for h := 1; h < 8; h++ {
		if a, b := width(t, calm, h, 1500, 1), width(t, calm, h+1, 1500, 1); b <= a {
			t.Errorf("%d years ahead %.3f, one more %.3f", h, a, b)
		}
	}
	if a, b := width(t, calm, 1, 1500, 1), width(t, calm, 1, 100, 1); b <= a {
		t.Errorf("the small %.3f, the large %.3f", b, a)
	}
	if a, b := width(t, calm, 1, 1500, 1), width(t, calm, 1, 15000, 10); b < 0.999*a {
		t.Errorf("a sum %.3f, its parts %.3f", b, a)
	}
	// Three years later the children of this stage are those of the one before.
	after := stage(map[int]map[int]float64{2021: {1: 0.01}, 2022: {1: 0.01}, 2023: {1: 0.01}})
	alone := width(t, after, 4, 1500, 1)
	after.Before = stage(map[int]map[int]float64{2021: {1: 0.4}, 2022: {1: -0.4}, 2023: {1: 0.4}})
	if width(t, after, 4, 1500, 1) <= alone {
		t.Error("surer than the stage before")
	}
	if _, ok := (&missed.Stage{ByHorizon: map[int][]missed.Miss{1: {{Origin: 2022, Forecast: 9, No: 9, Counted: 9}}}}).Band(1, 9, 1); ok {
		t.Error("a band from one miss")
	}
}

// The check draws the bands of an origin from the others, also where its horizon came
// due only once.
func TestChecks(t *testing.T) {
	got := stage(map[int]map[int]float64{2021: {1: 0.02, 2: 0.03, 3: 0.05}, 2022: {1: -0.02, 2: -0.03}, 2023: {1: 0.02}}).Checks("PRI")
	if len(got) != 3 || got[2].N != 12 || got[2].Coverage80 == nil {
		t.Fatalf("%+v", got)
	}
	for _, c := range got {
		if c.Coverage95 == nil || *c.Coverage95 < 0.95 || *c.WAPE <= 0 {
			t.Errorf("%+v", c)
		}
	}
	one := stage(map[int]map[int]float64{2021: {1: 0.01}, 2022: {1: 0.01}, 2023: {1: 0.3}}).Checks("PRI")
	if *one[0].Coverage80 > 0.7 {
		t.Errorf("a year like no other is held: %v", *one[0].Coverage80)
	}
}
