package towns_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"luoshu/engine/forecast"
	"luoshu/engine/forecast/towns"
)

// A town is the same each time, has nobody of less than nothing, and is taken without
// a fault.
func TestDraw(t *testing.T) {
	for _, k := range towns.Kinds {
		a, b := k.Draw(3), k.Draw(3)
		if !slices.Equal(a.Counts, b.Counts) || !slices.Equal(a.Births, b.Births) {
			t.Errorf("%s: two draws of one seed differ", k.Name)
		}
		if slices.Equal(a.Counts, k.Draw(4).Counts) {
			t.Errorf("%s: two seeds are the same", k.Name)
		}
		if f := a.Faults(); len(f) > 0 {
			t.Errorf("%s: %+v", k.Name, f[0])
		}
		if k.Births != (len(a.Births) > 0) {
			t.Errorf("%s: births are given: %v", k.Name, len(a.Births) > 0)
		}
	}
}

// On towns of seeds that nothing was set on: schools below plain progression and no
// change in every kind, areas below them over all kinds, and intervals that hold.
func TestBacktest(t *testing.T) {
	type sum struct{ plain, none, in80, in95, n float64 }
	all, mean := map[string]*sum{}, map[string]*sum{}
	for _, k := range towns.Kinds {
		if k.Units > 60 && testing.Short() {
			continue
		}
		by := map[string]*sum{}
		for seed := uint64(21); seed < 23; seed++ {
			out, err := forecast.Backtest(context.Background(), k.Draw(seed), 5, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range out.Checks {
				for _, m := range []map[string]*sum{by, all} {
					if m[c.Grain] == nil {
						m[c.Grain] = &sum{}
					}
				}
				s, a := by[c.Grain], all[c.Grain]
				s.plain += math.Log(c.WAPE / min(c.PlainUnit, c.PlainArea))
				s.none += math.Log(c.WAPE / c.NoChange)
				s.n++
				n := float64(c.Covered)
				a.in80, a.in95, a.n = a.in80+n*c.Coverage80, a.in95+n*c.Coverage95, a.n+n
			}
		}
		for grain, s := range by {
			plain, none := math.Exp(s.plain/s.n), math.Exp(s.none/s.n)
			t.Logf("%-24s %-10s %.3f of plain, %.3f of no change", k.Name, grain, plain, none)
			held := grain == forecast.GrainUnit || grain == forecast.GrainUnitGrade
			if held && (plain > 0.98 || none > 1) || grain == forecast.GrainArea && plain > 1.15 {
				t.Errorf("%s %s: %.3f of plain, %.3f of no change", k.Name, grain, plain, none)
			}
			// Of a lone area two draws are two numbers: only their mean over kinds says something.
			if m := mean[grain]; m == nil {
				mean[grain] = &sum{plain: math.Log(plain), none: math.Log(none), n: 1}
			} else {
				m.plain, m.none, m.n = m.plain+math.Log(plain), m.none+math.Log(none), m.n+1
			}
		}
	}
	for grain, s := range mean {
		plain, none := math.Exp(s.plain/s.n), math.Exp(s.none/s.n)
		t.Logf("all kinds, %s: %.3f of plain, %.3f of no change", grain, plain, none)
		if (grain == forecast.GrainArea || grain == forecast.GrainAreaGrade) && plain > 0.97 || none > 0.95 {
			t.Errorf("all kinds, %s: %.3f of plain, %.3f of no change", grain, plain, none)
		}
	}
	for grain, s := range all {
		t.Logf("%s: held %.3f and %.3f of %.0f", grain, s.in80/s.n, s.in95/s.n, s.n)
		few := grain == forecast.GrainAll || grain == forecast.GrainAllGrade
		if !few && s.n > 6000 && (math.Abs(s.in80/s.n-forecast.Inner) > 0.03 || math.Abs(s.in95/s.n-forecast.Outer) > 0.03) {
			t.Errorf("%s: held %.3f and %.3f", grain, s.in80/s.n, s.in95/s.n)
		}
	}
}
