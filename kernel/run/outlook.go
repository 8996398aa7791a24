package run

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/run/missed"
)

// work makes the rows: areas from the chain of all grades, so that who is in primary
// today is in junior tomorrow; units from the grades of one stage, brought to what
// their area comes to.
func (f *forecasting) work(ctx context.Context) error {
	byArea := func(c count) string { return c.area }
	var along *forecast.Outcome // of the chain
	if len(f.chain) > 0 {
		s := f.series(f.chain, byArea)
		s.Births, s.Lag = f.births, f.age
		out, err := f.run(ctx, s, f.changes(s, false))
		if err != nil {
			return err
		}
		along = out
		f.base, f.uses, f.notes = out.Base, nil, append(f.notes, out.Notes...)
		for _, u := range out.Uses {
			if u.Grain == "area" {
				f.uses = append(f.uses, u)
			}
		}
		for _, sc := range out.Scenarios {
			f.ids = append(f.ids, sc.ID)
		}
		misses, err := f.misses(ctx, s)
		if err != nil {
			return err
		}
		for _, stage := range f.chain {
			if slices.Contains(f.stages, stage) {
				f.areaRows(out, out.Areas, f.chain, stage, misses[stage])
				f.check = append(f.check, misses[stage].Checks(stage)...)
			}
		}
	}
	for _, stage := range f.stages {
		chained := slices.Contains(f.chain, stage)
		if chained && f.q.Units != nil && !*f.q.Units {
			continue
		}
		s := f.series([]string{stage}, func(c count) string { return c.unit })
		if from := f.spec.Ladder.Feeds[stage]; from != "" && !chained {
			s.Births, s.Lag = f.fed(from, along)
		}
		out, err := f.run(ctx, s, f.changes(s, true))
		if err != nil {
			return err
		}
		if f.base == 0 {
			f.base = out.Base
			for _, sc := range out.Scenarios {
				f.ids = append(f.ids, sc.ID)
			}
		}
		title := f.named(stage)
		for _, n := range out.Notes {
			f.notes = append(f.notes, forecast.Note{Rule: n.Rule, Years: n.Years, Units: n.Units, Text: luoshu.Text{ZH: title.ZH + "：" + n.Text.ZH, EN: title.EN + ": " + n.Text.EN}})
		}
		if !chained {
			f.outside(out, along, stage)
			f.areaRows(out, out.Areas, []string{stage}, stage, nil)
		}
		f.unitRows(out, stage)
		for _, c := range out.Checks {
			if c.Grain == "unit" || c.Grain == "area" && !chained {
				grain := f.spec.Kind(c.Grain)
				f.check = append(f.check, Check{
					Stage: stage, Grain: grain, Horizon: c.Horizon, N: c.N, WAPE: luoshu.Finite(c.WAPE), NoChange: luoshu.Finite(c.NoChange),
					Plain: luoshu.Finite(math.Min(c.PlainUnit, c.PlainArea)), Coverage80: covered(c, c.Coverage80), Coverage95: covered(c, c.Coverage95),
				})
			}
		}
	}
	f.townRows()
	return nil
}

// outside says of a stage outside the chain what it rests on, and brings it to that.
func (f *forecasting) outside(out, along *forecast.Outcome, stage string) {
	l := f.spec.Ladder
	switch of := strings.Fields(l.Beside[stage]); {
	case l.Feeds[stage] != "":
		f.assume(out, stage, l.Feeds[stage])
	case len(of) > 0 && along != nil:
		f.beside(out, along, stage, of)
	default:
		n := f.named(stage)
		f.note("alone", n.ZH+"：与其他学段不相连，只按本学段的人数推算。", n.EN+": not tied to the other stages, forecast from its own counts alone.")
	}
}

// fed are the children of the first grade of a stage, who leave it so many years later:
// those who were counted and, of the chain, those who are forecast.
func (f *forecasting) fed(stage string, chain *forecast.Outcome) ([]forecast.Birth, int) {
	grades := f.ladder.grades[stage]
	sums := map[int]float64{}
	for _, c := range f.counts {
		if len(grades) > 0 && c.grade == grades[0] && !slices.Contains(f.q.Exclude, c.year) {
			sums[c.year] += float64(c.n)
		}
	}
	if chain != nil && len(grades) > 0 {
		at := slices.Index(chain.Grades, grades[0])
		for _, o := range chain.Areas {
			for _, y := range o.Years {
				if at >= 0 && y.Year > chain.Base {
					sums[y.Year] += y.By[chain.Middle][at]
				}
			}
		}
	}
	var out []forecast.Birth
	for _, y := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, forecast.Birth{Year: y, Children: sums[y]})
	}
	return out, len(grades)
}

func covered(c forecast.Check, v float64) *float64 {
	if c.Covered == 0 {
		return nil
	}
	return luoshu.Finite(v)
}

func (f *forecasting) run(ctx context.Context, s forecast.Series, c forecast.Changes) (*forecast.Outcome, error) {
	return forecast.Run(ctx, s, forecast.Options{Horizons: f.q.Years, Scenarios: f.scenarios(), Changes: c, Progress: f.progress})
}

// Total is the unit of all areas together: the topmost
// organisation may be an area too, with units of its own.
const Total = "total"

// areaRows adds the rows of areas, and of all together, which are their sum.
func (f *forecasting) areaRows(out *forecast.Outcome, areas []forecast.Outlook, chain []string, stage string, m *missed.Stage) {
	grades := f.ladder.grades[stage]
	first := slices.Index(out.Grades, grades[0])
	type key struct {
		scenario int
		year     int
	}
	sums := map[key]*Row{}
	for _, o := range areas {
		for h, y := range o.Years {
			for k, by := range y.By {
				r := Row{Scenario: out.Scenarios[k].ID, Unit: o.ID, Kind: f.spec.Kind("area"), Stage: stage, Year: y.Year, Basis: f.basis(out, "area", h), body: o.ID}
				for i, g := range grades {
					v := by[first+i]
					r.value += v
					r.grades = append(r.grades, Gradal{g, v})
				}
				r.Children = whole(r.value)
				f.draw(&r, m, h+1, k == out.Middle, y, len(chain) == 1, 1)
				if s := sums[key{k, y.Year}]; s == nil {
					s := r
					s.Unit, s.Kind, s.body, s.grades = Total, f.spec.Kind("total"), f.node.Code, slices.Clone(r.grades)
					sums[key{k, y.Year}] = &s
				} else {
					s.value += r.value
					for i := range s.grades {
						s.grades[i].Children += r.grades[i].Children
					}
				}
				if f.wanted(o.ID) && o.ID != "" {
					f.rows = append(f.rows, r)
				}
			}
		}
	}
	if f.node.Parent != "" {
		return
	}
	for k := range out.Scenarios {
		for h := range f.q.Years {
			r := *sums[key{k, out.Base + h + 1}]
			r.Children, r.Low80, r.High80, r.Low95, r.High95 = whole(r.value), nil, nil, nil, nil
			f.draw(&r, m, h+1, k == out.Middle, out.All.Years[h], len(chain) == 1, len(areas))
			f.rows = append(f.rows, r)
		}
	}
}

// draw draws the bands of a row of the middle scenario: from the misses of the stage,
// or as the engine did where the series is of this stage alone. A row may be the sum of
// several areas.
func (f *forecasting) draw(r *Row, m *missed.Stage, h int, middle bool, y forecast.Ahead, alone bool, areas int) {
	switch {
	case !middle:
	case m != nil:
		r.band(m.Band(h, r.value, areas))
	case y.Total != nil && alone && y.Total.Value > 0:
		r.band(times(*y.Total, r.value/y.Total.Value), true)
	}
}

// times is a band in proportion.
func times(b forecast.Band, by float64) forecast.Band {
	return forecast.Band{Value: b.Value * by, Low80: b.Low80 * by, High80: b.High80 * by, Low95: b.Low95 * by, High95: b.High95 * by}
}

func (r *Row) band(b forecast.Band, ok bool) {
	if !ok {
		return
	}
	r.Low80, r.High80 = pointer(whole(b.Low80)), pointer(whole(b.High80))
	r.Low95, r.High95 = pointer(whole(b.Low95)), pointer(whole(b.High95))
}

func (f *forecasting) basis(out *forecast.Outcome, grain string, h int) string {
	for _, u := range out.Uses {
		if u.Grain == grain && u.Horizon == h+1 && u.NoChangeBetter {
			return "blend"
		}
	}
	return "cohort"
}

// unitRows adds the rows of units. Their sum is brought to what their area comes to,
// which knows the children of the stage below.
func (f *forecasting) unitRows(out *forecast.Outcome, stage string) {
	type key struct {
		scenario, area string
		year           int
	}
	sums := map[key]float64{}
	for _, o := range out.Units {
		for _, y := range o.Years {
			for k, by := range y.By {
				for _, v := range by {
					sums[key{out.Scenarios[k].ID, o.Area, y.Year}] += v
				}
			}
		}
	}
	factor := map[key]float64{}
	for _, r := range f.rows {
		k := key{r.Scenario, r.Unit, r.Year}
		if r.Kind == f.spec.Kind("area") && r.Stage == stage && sums[k] > 0 {
			factor[k] = r.value / sums[k]
		}
	}
	for _, o := range out.Units {
		if !f.wanted(o.Area) {
			continue
		}
		for h, y := range o.Years {
			for k, by := range y.By {
				r := Row{Scenario: out.Scenarios[k].ID, Unit: o.ID, Kind: f.spec.Kind("unit"), Stage: stage, Year: y.Year, Basis: f.basis(out, "unit", h), body: o.ID}
				for _, v := range by {
					r.value += v
				}
				by, ok := factor[key{r.Scenario, o.Area, y.Year}]
				if !ok {
					by = 1
				}
				r.value *= by
				r.Children = whole(r.value)
				if k == out.Middle && y.Total != nil {
					r.band(times(*y.Total, by), true)
				}
				f.rows = append(f.rows, r)
			}
		}
	}
}

// townRows adds the sums of the units of each town.
func (f *forecasting) townRows() {
	type key struct {
		scenario, town, stage string
		year                  int
	}
	at := map[key]int{}
	var list []Row
	for _, r := range f.rows {
		t := f.town[r.Unit]
		if r.Kind != f.spec.Kind("unit") || t == "" {
			continue
		}
		k := key{r.Scenario, t, r.Stage, r.Year}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, Row{Scenario: r.Scenario, Unit: t, Kind: f.spec.Kind("town"), Stage: r.Stage, Year: r.Year, Basis: r.Basis, body: f.area[r.Unit]})
		}
		list[i].value += r.value
	}
	for i := range list {
		list[i].Children = whole(list[i].value)
	}
	f.rows = append(f.rows, list...)
}
