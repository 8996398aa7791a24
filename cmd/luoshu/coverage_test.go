package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/disclose"
)

// Over a demo city of a twentieth the last one, two and three years are held out, and
// the bands of managing bodies hold what came about as often as they say. LUOSHU_CITY=1
// runs it: it makes a city. Its figures stand in docs/benchmarks.md.
func TestCoverageOfBands(t *testing.T) {
	if os.Getenv("LUOSHU_CITY") == "" {
		t.Skip("LUOSHU_CITY=1 runs it")
	}
	dir := os.Getenv("LUOSHU_COVERAGE_DATA") // a demo city that is there already
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "city")
		var log bytes.Buffer
		if code := run(t.Context(), []string{"demo", "--data", dir, "--scale", "0.05"}, io.Discard, &log); code != 0 {
			t.Fatal(code, log.String())
		}
	}
	inCity(t, dir, func(ctx context.Context, ct *city.City) {
		res, err := ct.Door.Explore(ctx, access.Operator, disclose.ExploreQuery{Measure: "students", Cuts: []string{"managing", "stage"}})
		if err != nil {
			t.Fatal(err)
		}
		came := map[string]float64{}
		for _, r := range res.Rows {
			if r.Numerator != nil {
				came[fmt.Sprint(r.By["managing"], r.By["stage"], r.Year)] = *r.Numerator
			}
		}
		type tally struct{ n, in80, in95 int }
		by := map[int]*tally{}
		var all tally
		for _, held := range []string{"2024", "2023, 2024", "2022, 2023, 2024"} {
			f, err := ct.Runner.Forecast(ctx, access.Operator, []byte("years: 3\nunits: false\nstages: [PRE, PRI, JUN]\nexclude: ["+held+"]"), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range f.Rows {
				v, ok := came[fmt.Sprint(r.Unit, r.Stage, r.Year)]
				if r.Kind != "managing" || r.Low80 == nil || !ok || r.Year > 2024 {
					continue
				}
				h := r.Year - f.Base
				if by[h] == nil {
					by[h] = &tally{}
				}
				for _, x := range []*tally{by[h], &all} {
					x.n++
					if float64(*r.Low80) <= v && v <= float64(*r.High80) {
						x.in80++
					}
					if float64(*r.Low95) <= v && v <= float64(*r.High95) {
						x.in95++
					}
				}
			}
			for _, c := range f.Checks {
				if held == "2024" && c.Coverage80 != nil {
					t.Logf("own check %s %d years ahead, %d compared: %.2f at 80 %%, %.2f at 95 %%", c.Stage, c.Horizon, c.N, *c.Coverage80, *c.Coverage95)
				}
			}
		}
		for h := 1; by[h] != nil; h++ {
			t.Logf("%d years ahead: %d held out, %.2f within 80 %%, %.2f within 95 %%", h, by[h].n, float64(by[h].in80)/float64(by[h].n), float64(by[h].in95)/float64(by[h].n))
		}
		if all.n < 60 || float64(all.in80) < 0.68*float64(all.n) || float64(all.in95) < 0.88*float64(all.n) {
			t.Errorf("%d held out, %d within 80 %%, %d within 95 %%", all.n, all.in80, all.in95)
		}
	})
}
