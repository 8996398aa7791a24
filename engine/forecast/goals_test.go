package forecast

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// eauClaire is the series of the pack of that name (MIT licence): a real one.
func eauClaire(t testing.TB) Series {
	t.Helper()
	s := Series{Grades: []string{"K", "1", "2", "3", "4", "5"}}
	sums := map[[3]string]float64{}
	for _, r := range table(t, "../../packs/eauclaire/data/section.csv") {
		n, err := strconv.ParseFloat(r[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		sums[[3]string{r[0], r[1], r[2]}] += n
	}
	for k, n := range sums {
		y, err := strconv.Atoi(k[1])
		if err != nil {
			t.Fatal(err)
		}
		s.Counts = append(s.Counts, Count{Unit: k[0], Year: y, Grade: k[2], Children: n})
	}
	return s
}

func table(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func test(t *testing.T, s Series, horizons int) *Outcome {
	t.Helper()
	out, err := Backtest(context.Background(), s, horizons, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// On the real series: three per cent and more below the better plain progression at
// every horizon of five and at every grain that has more than a handful of forecasts,
// the area's alone apart, which must not be worse; never clearly worse than no change.
func TestEauClaire(t *testing.T) {
	out := test(t, eauClaire(t), 5)
	for _, c := range out.Checks {
		t.Logf("%-10s %d n %4d wape %.4f, no change %+.3f, plain %+.3f, held %.3f %.3f", c.Grain, c.Horizon, c.N, c.WAPE, c.VsNoChange, c.VsPlain, c.Coverage80, c.Coverage95)
		least := 0.03
		if c.Grain == GrainArea || c.Grain == GrainAreaGrade { // 20 years of one area: noise is of this size
			least = 0
		}
		if c.VsPlain < least || c.VsNoChange < -0.02 {
			t.Errorf("%s %d: %.3f against plain, %.3f against no change", c.Grain, c.Horizon, c.VsPlain, c.VsNoChange)
		}
		if c.N > 200 && (math.Abs(c.Coverage80-Inner) > 0.03 || math.Abs(c.Coverage95-Outer) > 0.03) {
			t.Errorf("%s %d: held %.3f and %.3f", c.Grain, c.Horizon, c.Coverage80, c.Coverage95)
		}
	}
	i := slices.IndexFunc(out.Notes, func(n Note) bool { return n.Rule == "outlier" })
	if i < 0 || !slices.Equal(out.Notes[i].Years, []int{2020}) {
		t.Errorf("the pandemic year was not found: %+v", out.Notes)
	}
}

// Births make the area better by the measure that it lacks without them.
func TestEauClaireBirths(t *testing.T) {
	s := eauClaire(t)
	for _, r := range table(t, "../../packs/eauclaire/data/birth.csv") {
		y, _ := strconv.Atoi(r[1])
		n, _ := strconv.ParseFloat(r[2], 64)
		s.Births = append(s.Births, Birth{Year: y, Children: n})
	}
	s.Lag = 5
	for _, c := range test(t, s, 5).Checks {
		if c.VsPlain < 0.03 || c.VsNoChange < 0.0 {
			t.Errorf("%s %d: %.3f against plain, %.3f against no change", c.Grain, c.Horizon, c.VsPlain, c.VsNoChange)
		}
	}
}

// Over towns of every drawn kind: the goals at units at every horizon, and at areas on
// the mean of a kind's towns.
func TestFamilies(t *testing.T) {
	type sum struct{ plain, none, in80, in95, n float64 }
	cover := map[string]*sum{}
	for _, f := range families {
		by := map[string]map[int]*sum{}
		for seed := range uint64(3) {
			m := newModel(f.draw(seed+11), 5)
			checks, err := m.backtest(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if by[c.Grain] == nil {
					by[c.Grain] = map[int]*sum{}
					if cover[c.Grain] == nil {
						cover[c.Grain] = &sum{}
					}
				}
				if by[c.Grain][c.Horizon] == nil {
					by[c.Grain][c.Horizon] = &sum{}
				}
				s := by[c.Grain][c.Horizon]
				s.plain += math.Log(c.WAPE / min(c.PlainUnit, c.PlainArea))
				s.none += math.Log(c.WAPE / c.NoChange)
				s.n++
				k := cover[c.Grain]
				k.in80, k.in95, k.n = k.in80+c.Coverage80*float64(c.Covered), k.in95+c.Coverage95*float64(c.Covered), k.n+float64(c.Covered)
			}
		}
		short := f.years < 9
		for grain, hs := range by {
			for h := 1; h <= 5; h++ {
				s := hs[h]
				if s == nil {
					continue
				}
				plain, none := math.Exp(s.plain/s.n), math.Exp(s.none/s.n)
				t.Logf("%-20s %-10s %d: %.3f of plain, %.3f of no change", f.name, grain, h, plain, none)
				if (grain == GrainUnit || grain == GrainUnitGrade) && (plain > 0.97 && !short || plain > 1.06) {
					t.Errorf("%s %s %d: %.3f of plain", f.name, grain, h, plain)
				}
				if grain == GrainArea && !short && plain > 1.01 {
					t.Errorf("%s %s %d: %.3f of plain", f.name, grain, h, plain)
				}
				if none > 1.03 && grain != GrainAll {
					t.Errorf("%s %s %d: %.3f of no change", f.name, grain, h, none)
				}
			}
		}
	}
	for grain, s := range cover {
		t.Logf("%s: held %.3f %.3f of %.0f", grain, s.in80/s.n, s.in95/s.n, s.n)
		if s.n > 6000 && (math.Abs(s.in80/s.n-Inner) > 0.03 || math.Abs(s.in95/s.n-Outer) > 0.03) {
			t.Errorf("%s: held %.3f and %.3f", grain, s.in80/s.n, s.in95/s.n)
		}
	}
}

// What comes later changes nothing about a forecast: the same forecasts are made from
// the series cut off at their year.
func TestBlindToTheFuture(t *testing.T) {
	f := families[4]
	whole := f.draw(5)
	at := 9
	cut := newGrid(whole.years[:at+1], whole.known[:at+1], whole.segment[:at+1], whole.n, whole.g)
	cut.area, cut.areas = whole.area, whole.areas
	for u := range whole.n {
		for y := range at + 1 {
			cut.has[u*cut.y+y] = whole.has[u*whole.y+y]
			copy(cut.row(u, y), whole.row(u, y))
		}
	}
	a, b := newModel(whole, 5), newModel(cut, 5)
	for _, t := range cut.origins() {
		a.step(t)
		b.step(t)
	}
	for i := range a.levels {
		for h := range 5 {
			if !slices.Equal(a.levels[i].final[h], b.levels[i].final[h]) {
				t.Errorf("level %d, %d years ahead: the forecast knows what came later", i, h+1)
			}
		}
	}
}
