package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"time"

	"luoshu/engine/forecast"
	"luoshu/engine/forecast/towns"
)

// backtestSeries are files of counts to back-test besides the pack's; they need not be
// in this repository.
var backtestSeries string

// benchBacktest holds the forecast against real series, and times it on as many
// generated schools as a province has.
func benchBacktest(e *env) error {
	type file struct {
		args []string
		name string
	}
	data := "packs/eauclaire/data/"
	files := []file{
		{[]string{"--series", data + "section.csv"}, "Eau Claire"},
		{[]string{"--series", data + "section.csv", "--births", data + "birth.csv"}, "Eau Claire with births"},
	}
	for _, name := range strings.FieldsFunc(backtestSeries, func(r rune) bool { return r == ',' }) {
		files = append(files, file{[]string{"--series", name}, name[strings.LastIndex(name, "/")+1:]})
	}
	for _, f := range files {
		raw, err := exec.CommandContext(e.ctx, e.bin, append([]string{"backtest", "-o", "json", "--horizons", "10"}, f.args...)...).Output()
		if err != nil {
			return fmt.Errorf("back-test %s: %w", f.name, err)
		}
		var out struct{ Checks []forecast.Check }
		if err := json.Unmarshal(raw, &out); err != nil {
			return err
		}
		for _, c := range out.Checks {
			what := fmt.Sprintf("%s, %s, %d years, n=%d", f.name, c.Grain, c.Horizon, c.N)
			e.add("backtest", what+": WAPE", 100*c.WAPE, "%", "")
			e.add("backtest", what+": below plain progression", 100*c.VsPlain, "%", "≥ 3")
			e.add("backtest", what+": below no change", 100*c.VsNoChange, "%", "≥ 0")
			e.add("backtest", what+": MASE", c.MASE, "", "")
			if c.Covered > 0 {
				e.add("backtest", what+": held by 80 %", 100*c.Coverage80, "%", "77–83")
				e.add("backtest", what+": held by 95 %", 100*c.Coverage95, "%", "92–98")
			}
		}
	}
	if err := benchTowns(e); err != nil {
		return err
	}
	s := province(4000, 10)
	begin := time.Now()
	out, err := forecast.Run(e.ctx, s, forecast.Options{Horizons: 10})
	if err != nil {
		return err
	}
	e.add("backtest", fmt.Sprintf("%d schools, 10 years counted, 10 ahead, %d scenarios", len(out.Units), len(out.Scenarios)), time.Since(begin).Seconds(), "s", "seconds")
	return nil
}

// drawnTowns is how many invented towns of each kind are back-tested, of seeds that
// nothing was set on.
const (
	drawnTowns = 12
	drawnFrom  = 101
)

// benchTowns holds the forecast against invented towns, all seeds of a kind together.
func benchTowns(e *env) error {
	type cell struct{ wape, plain, none, all, mase, n, in80, in95, covered float64 }
	for _, k := range towns.Kinds {
		by := map[string][]cell{}
		for seed := range uint64(drawnTowns) {
			out, err := forecast.Backtest(e.ctx, k.Draw(seed+drawnFrom), 10, nil)
			if err != nil {
				return fmt.Errorf("back-test %s: %w", k.Name, err)
			}
			for _, c := range out.Checks {
				if by[c.Grain] == nil {
					by[c.Grain] = make([]cell, 10)
				}
				s, n := &by[c.Grain][c.Horizon-1], float64(c.Covered)
				s.wape, s.plain, s.none, s.all = s.wape+c.WAPE, s.plain+min(c.PlainUnit, c.PlainArea), s.none+c.NoChange, s.all+c.PlainAll
				s.mase, s.n = s.mase+c.MASE, s.n+1
				s.covered, s.in80, s.in95 = s.covered+n, s.in80+n*c.Coverage80, s.in95+n*c.Coverage95
			}
		}
		for _, grain := range []string{forecast.GrainUnit, forecast.GrainUnitGrade, forecast.GrainArea, forecast.GrainAreaGrade} {
			for h, s := range by[grain] {
				if s.n == 0 || s.plain == 0 {
					continue
				}
				what := fmt.Sprintf("drawn: %s, %s, %d years", k.Name, grain, h+1)
				e.add("backtest", what+": WAPE", 100*s.wape/s.n, "%", "")
				e.add("backtest", what+": MASE", s.mase/s.n, "", "")
				e.add("backtest", what+": below plain progression", 100*(1-s.wape/s.plain), "%", "≥ 3")
				e.add("backtest", what+": below no change", 100*(1-s.wape/s.none), "%", "≥ 0")
				if s.all > 0 && grain != forecast.GrainUnit && grain != forecast.GrainUnitGrade {
					e.add("backtest", what+": below plain progression by ratios of all areas", 100*(1-s.wape/s.all), "%", "")
				}
				if s.covered > 0 {
					e.add("backtest", what+": held by 80 %", 100*s.in80/s.covered, "%", "77–83")
					e.add("backtest", what+": held by 95 %", 100*s.in95/s.covered, "%", "92–98")
				}
			}
		}
	}
	return nil
}

// province is a generated series: schools × years × six grades in a hundred areas.
func province(schools, years int) forecast.Series {
	r := rand.New(rand.NewPCG(1, 2))
	s := forecast.Series{Grades: []string{"1", "2", "3", "4", "5", "6"}, Areas: map[string]string{}}
	for u := range schools {
		id := fmt.Sprintf("s%04d", u)
		s.Areas[id] = fmt.Sprintf("a%02d", u%100)
		size := 20 + 120*r.Float64()
		now := make([]float64, 6)
		for g := range now {
			now[g] = float64(int(size))
		}
		for y := range years {
			next := make([]float64, 6)
			next[0] = float64(int(size * (1 + 0.1*r.NormFloat64())))
			for g := 1; g < 6; g++ {
				next[g] = float64(int(now[g-1] * (1 + 0.03*r.NormFloat64())))
			}
			for g, n := range next {
				s.Counts = append(s.Counts, forecast.Count{Unit: id, Year: 2015 + y, Grade: s.Grades[g], Children: max(0, n)})
			}
			now = next
		}
	}
	return s
}
