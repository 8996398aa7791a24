package run

import (
	"context"
	"maps"
	"math"
	"slices"
	"sort"

	"luoshu"
	"luoshu/engine/forecast"
)

// work makes the rows: areas from the chain of all grades, so that who is in primary
// today is in junior tomorrow; units from the grades of one stage, brought to what
// their area comes to.
func (f *forecasting) work(ctx context.Context) error {
	byArea := func(c count) string { return c.area }
	if len(f.chain) > 0 {
		s := f.series(f.chain, byArea)
		s.Births, s.Lag = f.births, f.age
		out, err := f.run(ctx, s, f.changes(s, false))
		if err != nil {
			return err
		}
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
				f.check = append(f.check, misses[stage].checks(stage)...)
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
			s.Births, s.Lag = f.fed(from)
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
		for _, n := range out.Notes {
			f.notes = append(f.notes, forecast.Note{Rule: n.Rule, Years: n.Years, Units: n.Units, Text: luoshu.Text{ZH: stage + "：" + n.Text.ZH, EN: stage + ": " + n.Text.EN}})
		}
		if !chained {
			f.areaRows(out, out.Areas, []string{stage}, stage, nil)
		}
		f.unitRows(out, stage)
		for _, c := range out.Checks {
			if c.Grain == "unit" || c.Grain == "area" && !chained {
				grain := f.spec.kind(c.Grain)
				f.check = append(f.check, Check{
					Stage: stage, Grain: grain, Horizon: c.Horizon, N: c.N, WAPE: known(c.WAPE), NoChange: known(c.NoChange),
					Plain: known(math.Min(c.PlainUnit, c.PlainArea)), Coverage80: covered(c, c.Coverage80), Coverage95: covered(c, c.Coverage95),
				})
			}
		}
	}
	f.townRows()
	return nil
}

// fed are the children of the first grade of a stage, who leave it so many years later.
func (f *forecasting) fed(stage string) ([]forecast.Birth, int) {
	grades := f.ladder.grades[stage]
	sums := map[int]float64{}
	for _, c := range f.counts {
		if len(grades) > 0 && c.grade == grades[0] {
			sums[c.year] += float64(c.n)
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
	return known(v)
}

func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func (f *forecasting) run(ctx context.Context, s forecast.Series, c forecast.Changes) (*forecast.Outcome, error) {
	return forecast.Run(ctx, s, forecast.Options{Horizons: f.q.Years, Scenarios: f.scenarios(), Changes: c, Progress: f.progress})
}

// total is the unit of all areas together: the topmost
// organisation may be an area too, with units of its own.
const total = "total"

// areaRows adds the rows of areas, and of all together, which are their sum.
func (f *forecasting) areaRows(out *forecast.Outcome, areas []forecast.Outlook, chain []string, stage string, m *missed) {
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
				r := Row{Scenario: out.Scenarios[k].ID, Unit: o.ID, Kind: f.spec.kind("area"), Stage: stage, Year: y.Year, Basis: f.basis(out, "area", h), body: o.ID}
				for i, g := range grades {
					v := by[first+i]
					r.value += v
					r.grades = append(r.grades, Gradal{g, v})
				}
				r.Children = whole(r.value)
				f.draw(&r, m, h+1, k == out.Middle, y, len(chain) == 1)
				if s := sums[key{k, y.Year}]; s == nil {
					s := r
					s.Unit, s.Kind, s.body, s.grades = total, f.spec.kind(total), f.node.Code, slices.Clone(r.grades)
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
			f.draw(&r, m, h+1, k == out.Middle, out.All.Years[h], len(chain) == 1)
			f.rows = append(f.rows, r)
		}
	}
}

// draw draws the bands of a row of the middle scenario: from the misses of the stage,
// or as the engine did where the series is of this stage alone.
func (f *forecasting) draw(r *Row, m *missed, h int, middle bool, y forecast.Ahead, alone bool) {
	switch {
	case !middle:
	case m != nil:
		r.band(m.band(h, r.value))
	case y.Total != nil && alone && y.Total.Value > 0:
		by := r.value / y.Total.Value
		r.band(forecast.Band{Low80: y.Total.Low80 * by, High80: y.Total.High80 * by, Low95: y.Total.Low95 * by, High95: y.Total.High95 * by}, true)
	}
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
		if r.Kind == f.spec.kind("area") && r.Stage == stage && sums[k] > 0 {
			factor[k] = r.value / sums[k]
		}
	}
	for _, o := range out.Units {
		if !f.wanted(o.Area) {
			continue
		}
		for h, y := range o.Years {
			for k, by := range y.By {
				r := Row{Scenario: out.Scenarios[k].ID, Unit: o.ID, Kind: f.spec.kind("unit"), Stage: stage, Year: y.Year, Basis: f.basis(out, "unit", h), body: o.ID}
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
					b := *y.Total
					r.band(forecast.Band{Low80: b.Low80 * by, High80: b.High80 * by, Low95: b.Low95 * by, High95: b.High95 * by}, true)
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
		if r.Kind != f.spec.kind("unit") || t == "" {
			continue
		}
		k := key{r.Scenario, t, r.Stage, r.Year}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, Row{Scenario: r.Scenario, Unit: t, Kind: f.spec.kind("town"), Stage: r.Stage, Year: r.Year, Basis: r.Basis, body: f.area[r.Unit]})
		}
		list[i].value += r.value
	}
	for i := range list {
		list[i].Children = whole(list[i].value)
	}
	f.rows = append(f.rows, list...)
}

// missed is how far forecasts of a stage lay off in earlier years, area by area.
type missed struct {
	byHorizon map[int][]miss
	grades    int     // of the stage
	kind      string  // of areas, as the pack calls it
	before    *missed // of the stage before it in the chain, nil for the first
}

// miss is one forecast that has come due.
type miss struct {
	origin                       int
	forecast, no, plain, counted float64
}

// fewest is how many forecasts must have come due before a band is drawn from them.
const fewest = 8

// misses forecasts every earlier year from what was known then, and holds it against
// what came. Each origin sees the counts up to it and nothing later.
func (f *forecasting) misses(ctx context.Context, s forecast.Series) (map[string]*missed, error) {
	years := map[int]bool{}
	counted := map[string]map[int]map[string]float64{} // unit, year, stage
	for _, c := range s.Counts {
		years[c.Year] = true
		if counted[c.Unit] == nil {
			counted[c.Unit] = map[int]map[string]float64{}
		}
		if counted[c.Unit][c.Year] == nil {
			counted[c.Unit][c.Year] = map[string]float64{}
		}
		counted[c.Unit][c.Year][f.ladder.group[c.Grade]] += c.Children
	}
	var list []int
	for y := range years {
		list = append(list, y)
	}
	sort.Ints(list)
	out := map[string]*missed{}
	for i, g := range f.chain {
		out[g] = &missed{byHorizon: map[int][]miss{}, grades: len(f.ladder.grades[g]), kind: f.spec.kind("area")}
		if i > 0 {
			out[g].before = out[f.chain[i-1]]
		}
	}
	for _, origin := range list {
		past := s
		past.Counts, past.Births = nil, nil
		for _, c := range s.Counts {
			if c.Year <= origin {
				past.Counts = append(past.Counts, c)
			}
		}
		for _, b := range s.Births {
			if b.Year <= origin {
				past.Births = append(past.Births, b)
			}
		}
		ahead := list[len(list)-1] - origin
		if ahead < 1 || origin == list[0] {
			continue
		}
		got, err := forecast.Run(ctx, past, forecast.Options{Horizons: min(ahead, f.q.Years)})
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue // too little was known then
		}
		for _, o := range got.Areas {
			for h, y := range o.Years {
				at, there := counted[o.ID][y.Year]
				before := counted[o.ID][got.Base]
				if !there || slices.Contains(f.q.Exclude, y.Year) {
					continue
				}
				for _, g := range f.chain {
					m := miss{origin: origin, counted: at[g], no: before[g], plain: math.NaN()}
					for _, grade := range f.ladder.grades[g] {
						m.forecast += y.By[got.Middle][slices.Index(got.Grades, grade)]
					}
					if m.counted > 0 || m.forecast > 0 {
						out[g].byHorizon[h+1] = append(out[g].byHorizon[h+1], m)
					}
				}
			}
		}
	}
	return out, nil
}

// off is how far a forecast lay off, as a logarithm: the same for twice as many and
// half as many.
func (m miss) off() float64 {
	return math.Abs(math.Log((m.counted + 1) / (m.forecast + 1)))
}

// reach is the size of misses that a share of them does not exceed.
func reach(list []miss, level float64) float64 {
	off := make([]float64, 0, len(list))
	for _, m := range list {
		off = append(off, m.off())
	}
	sort.Float64s(off)
	at := int(math.Ceil(float64(len(off)+1)*level)) - 1
	if at >= len(off) { // more than all that were seen: the largest, and a quarter more
		return off[len(off)-1] * 1.25
	}
	return off[at]
}

// reach is how far forecasts so many years ahead lie off, as a logarithm; beyond the
// years that could be tried it grows with the root of the years. Who is in a stage by
// then was in the one before so many years earlier as the stage has grades: it cannot
// be surer than that one was. It is false where too few forecasts have come due.
func (m *missed) reach(h int, level float64) (float64, bool) {
	tried := h
	for tried > 0 && len(m.byHorizon[tried]) < fewest {
		tried--
	}
	if tried == 0 {
		return 0, false
	}
	out := reach(m.byHorizon[tried], level) * math.Sqrt(float64(h)/float64(tried))
	if m.before != nil && h > m.grades {
		if v, ok := m.before.reach(h-m.grades, level); ok {
			out = max(out, v)
		}
	}
	return out, true
}

// band is the interval around a forecast so many years ahead.
func (m *missed) band(h int, v float64) (forecast.Band, bool) {
	in, ok := m.reach(h, 0.8)
	out, _ := m.reach(h, 0.95)
	return forecast.Band{
		Value: v, Low80: v * math.Exp(-in), High80: v * math.Exp(in), Low95: v * math.Exp(-out), High95: v * math.Exp(out),
	}, ok
}

// checks are the misses in figures. Coverage is of bands drawn from the misses of the
// other years alone.
func (m *missed) checks(stage string) []Check {
	var out []Check
	for h := 1; len(m.byHorizon[h]) > 0; h++ {
		list := m.byHorizon[h]
		c := Check{Stage: stage, Grain: m.kind, Horizon: h, N: len(list)}
		var sum, err, none float64
		in80, in95, tried := 0, 0, 0
		for _, x := range list {
			sum, err, none = sum+x.counted, err+math.Abs(x.counted-x.forecast), none+math.Abs(x.counted-x.no)
			var others []miss
			for _, y := range list {
				if y.origin != x.origin {
					others = append(others, y)
				}
			}
			if len(others) < fewest {
				continue
			}
			tried++
			if x.off() <= reach(others, 0.8) {
				in80++
			}
			if x.off() <= reach(others, 0.95) {
				in95++
			}
		}
		if sum > 0 {
			c.WAPE, c.NoChange = known(err/sum), known(none/sum)
		}
		if tried > 0 {
			c.Coverage80, c.Coverage95 = known(float64(in80)/float64(tried)), known(float64(in95)/float64(tried))
		}
		out = append(out, c)
	}
	return out
}
