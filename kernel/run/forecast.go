package run

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/access"
	"luoshu/kernel/run/missed"
)

// Row is children and places of one unit, stage and year in one scenario.
type Row struct {
	Scenario string   `json:"scenario"`
	Unit     string   `json:"unit"`
	Kind     string   `json:"unit_kind"` // managing, total, town or school
	Stage    string   `json:"stage"`
	Year     int      `json:"year"`
	Children int64    `json:"children"`
	Low80    *int64   `json:"low80,omitempty"`
	High80   *int64   `json:"high80,omitempty"`
	Low95    *int64   `json:"low95,omitempty"`
	High95   *int64   `json:"high95,omitempty"`
	Places   *int64   `json:"places,omitempty"`
	Short    *int64   `json:"short,omitempty"`
	Basis    string   `json:"basis"`
	body     string   // organisation it is shown to
	value    float64  // not rounded
	grades   []Gradal // of areas
}

// Gradal is children of one grade.
type Gradal struct {
	Grade    string
	Children float64
}

// Check is how the method would have done in earlier years.
type Check = missed.Check

// ForecastAnswer is what a forecast came to.
type ForecastAnswer struct {
	Run       string          `json:"run"`
	Title     string          `json:"title"`
	Org       string          `json:"org"`
	Seal      string          `json:"seal"`
	Engine    string          `json:"engine_version"`
	Base      int             `json:"base"`
	Years     []int           `json:"years"`
	Stages    []string        `json:"stages"`
	Scenarios []string        `json:"scenarios"`
	Entry     luoshu.Text     `json:"entry_assumption"`
	Rows      []Row           `json:"rows"`
	Peaks     []forecast.Peak `json:"peaks"`
	Checks    []Check         `json:"checks"`
	Notes     []forecast.Note `json:"notes"`
	Written   int             `json:"records"`
}

// Forecast runs the forecast and writes its answer. It learns from the whole city and
// answers for the organisation asked for.
func (r *Runner) Forecast(ctx context.Context, actor luoshu.Actor, params []byte, p luoshu.Progress) (*ForecastAnswer, error) {
	var q ForecastParams
	spec, node, seal, err := r.asked(ctx, actor, "forecast", params, &q)
	if err != nil {
		return nil, err
	}
	f := &forecasting{r: r, spec: spec, q: q, seq: seal.Seq, node: node, actor: actor, progress: p}
	if err := f.gather(ctx); err != nil {
		return nil, err
	}
	if err := f.splits(); err != nil {
		return nil, err
	}
	if err := f.work(ctx); err != nil {
		return nil, err
	}
	if err := f.supply(ctx); err != nil {
		return nil, err
	}
	return f.answer(ctx, params, seal.Seq)
}

// forecasting is one run.
type forecasting struct {
	r        *Runner
	spec     *Spec
	q        ForecastParams
	seq      int64
	node     *access.Node
	actor    luoshu.Actor
	progress luoshu.Progress

	ladder ladder
	stages []string
	chain  []string
	counts []count
	area   map[string]string // of a unit
	town   map[string]string // of a unit
	births []forecast.Birth
	age    int // at which the first grade of the chain is entered
	houses []forecast.Housing

	base  int
	rows  []Row
	check []Check
	notes []forecast.Note
	uses  []forecast.Use
	ids   []string // scenarios
	peaks []forecast.Peak
}

// gather reads what was counted and what is known.
func (f *forecasting) gather(ctx context.Context) error {
	f.ladder = f.r.ladder(f.spec.Ladder)
	f.area, f.town = map[string]string{}, map[string]string{}
	err := f.r.each(ctx, f.spec.Inputs["units"], f.seq, func(x row) error {
		f.area[x.text("unit")], f.town[x.text("unit")] = x.text("area"), x.text("town")
		return nil
	})
	if err != nil {
		return err
	}
	all, err := f.r.counts(ctx, f.spec.Counts, f.q.Seal, nil)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, c := range all {
		g := f.ladder.group[c.grade]
		if g == "" || len(f.q.Stages) > 0 && !slices.Contains(f.q.Stages, g) && !slices.Contains(f.spec.Ladder.Chain, g) {
			continue
		}
		// A unit belongs where it stands now: a change of its managing body moves its
		// past along, as the children do not move.
		if a := f.area[c.unit]; a != "" {
			c.area = a
		} else {
			f.area[c.unit] = c.area
		}
		seen[g] = true
		f.counts = append(f.counts, c)
	}
	for _, s := range f.q.Stages {
		if !seen[s] {
			return param("stages", luoshu.Errorf(luoshu.Invalid, "学段 %s 没有在校生记录，无法推算", "nobody is counted at stage %s, so nothing can be forecast for it", s))
		}
	}
	for _, g := range f.ladder.groups {
		if !seen[g] {
			continue
		}
		if slices.Contains(f.spec.Ladder.Chain, g) {
			f.chain = append(f.chain, g)
		}
		if len(f.q.Stages) == 0 || slices.Contains(f.q.Stages, g) {
			f.stages = append(f.stages, g)
		}
	}
	if len(f.counts) == 0 || len(f.stages) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "封存 %s 中没有在校生数，无法推算", "seal %s counts nobody, so nothing can be forecast", f.q.Seal)
	}
	if err := f.closing(); err != nil {
		return err
	}
	if err := f.people(ctx); err != nil {
		return err
	}
	return f.estates(ctx)
}

// people reads the population by age: who stands at an age in a year was born so many
// years before, and comes to the first grade of the chain at its entry age.
func (f *forecasting) people(ctx context.Context) error {
	if len(f.chain) == 0 {
		return nil
	}
	v, err := f.r.parameter(f.spec, "entry_age", f.day(f.lastYear()), map[string]string{"stage": f.chain[0]}, f.q.Org)
	if err != nil {
		return nil //nolint:nilerr // without an entry age births say nothing; the forecast goes on without
	}
	f.age = int(v)
	type key struct {
		area string
		born int
	}
	newest, have := map[key]int64{}, map[key]float64{}
	err = f.r.each(ctx, f.spec.Inputs["population"], f.seq, func(x row) error {
		k := key{x.text("area"), int(x.whole("year") - x.whole("age"))}
		if x.whole("age") <= int64(f.age) && x.whole("year") >= newest[k] {
			newest[k], have[k] = x.whole("year"), float64(x.whole("persons"))
		}
		return nil
	})
	for _, k := range slices.SortedFunc(maps.Keys(have), func(a, b key) int {
		return cmp.Or(strings.Compare(a.area, b.area), a.born-b.born)
	}) {
		f.births = append(f.births, forecast.Birth{Area: k.area, Year: k.born, Children: have[k]})
	}
	return err
}

// estates reads new housing that the counts cannot know yet.
func (f *forecasting) estates(ctx context.Context) error {
	if f.spec.Params["estate_yield"] == "" {
		return nil
	}
	last := f.lastYear()
	yield := map[string]float64{}
	for _, s := range f.chain {
		v, err := f.r.parameter(f.spec, "estate_yield", f.day(last), map[string]string{"stage": s}, f.q.Org)
		if err != nil {
			continue // no yield is known for the stage: its estates add nothing to it
		}
		grades := f.ladder.grades[s]
		for _, g := range grades {
			yield[g] = v / 100 / float64(len(grades)) // the parameter is per hundred homes
		}
	}
	add := func(year int, area string, homes float64) {
		f.houses = append(f.houses, forecast.Housing{Year: year, Area: area, Homes: homes, Occupied: []float64{0.4, 0.7, 1}, Yield: yield})
	}
	err := f.r.each(ctx, f.spec.Inputs["estates"], f.seq, func(x row) error {
		if y := f.schoolYear(x.whole("from")); y > last {
			add(y, x.text("area"), float64(x.whole("homes")))
		}
		return nil
	})
	for _, h := range f.q.Housing {
		add(h.Year, h.Area, h.Homes)
	}
	return err
}

func (f *forecasting) lastYear() int {
	last := 0
	for _, c := range f.counts {
		last = max(last, c.year)
	}
	return last
}

// day is the day on which a year begins, for parameters.
func (f *forecasting) day(year int) int64 {
	return int64(year)*10000 + int64(max(f.r.cat.City.YearStart, 1))*100 + 1
}

// schoolYear is the first year that begins on or after a day (yyyymmdd).
func (f *forecasting) schoolYear(day int64) int {
	y := int(day / 10000)
	if day > f.day(y) {
		y++
	}
	return y
}

// series are counts as the engine takes them. units says what a unit is: the unit
// itself, or its area.
func (f *forecasting) series(groups []string, unit func(count) string) forecast.Series {
	s := forecast.Series{Areas: map[string]string{}, Breaks: f.q.Breaks, Exclude: f.q.Exclude}
	for _, g := range groups {
		s.Grades = append(s.Grades, f.ladder.grades[g]...)
	}
	type key struct {
		unit, grade string
		year        int
	}
	sums := map[key]float64{}
	for _, c := range f.counts {
		if slices.Contains(groups, f.ladder.group[c.grade]) {
			u := unit(c)
			sums[key{u, c.grade, c.year}] += float64(c.n)
			s.Areas[u] = c.area
		}
	}
	for k, n := range sums {
		s.Counts = append(s.Counts, forecast.Count{Unit: k.unit, Year: k.year, Grade: k.grade, Children: n})
	}
	slices.SortFunc(s.Counts, func(a, b forecast.Count) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), a.Year-b.Year, strings.Compare(a.Grade, b.Grade))
	})
	return s
}

func (f *forecasting) scenarios() []forecast.Scenario {
	var out []forecast.Scenario
	for _, s := range f.q.Scenarios {
		out = append(out, forecast.Scenario{ID: s.ID, Entry: s.Entry, Move: s.Move})
	}
	return out
}

// changes are the policies and the housing of areas; known says which areas and units
// the series has.
func (f *forecasting) changes(s forecast.Series, units bool) forecast.Changes {
	areas := map[string]bool{}
	for _, a := range s.Areas {
		areas[a] = true
	}
	var out forecast.Changes
	for _, e := range f.q.EntryAge {
		out.EntryAge = append(out.EntryAge, forecast.EntryAge{Year: e.Year, Area: e.Area, Months: e.Months})
	}
	for _, h := range f.houses {
		if !areas[h.Area] {
			continue
		}
		yield := map[string]float64{}
		for _, g := range s.Grades {
			if v, ok := h.Yield[g]; ok {
				yield[g] = v
			}
		}
		h.Yield = yield
		out.Housing = append(out.Housing, h)
	}
	for _, c := range f.q.Closures {
		if !units || s.Areas[c.Unit] == "" && !f.counted(s, c.Unit) {
			continue
		}
		x := forecast.Closure{Year: c.Year, Unit: c.Unit}
		for _, t := range c.To {
			x.To = append(x.To, forecast.Share{To: t.To, Share: t.Share})
		}
		out.Closures = append(out.Closures, x)
	}
	return out
}

func (f *forecasting) counted(s forecast.Series, unit string) bool {
	return slices.ContainsFunc(s.Counts, func(c forecast.Count) bool { return c.Unit == unit })
}

// wanted reports whether an area's rows are asked for.
func (f *forecasting) wanted(area string) bool {
	return f.node.Parent == "" || area == f.node.Code
}

func whole(v float64) int64 { return int64(math.Round(v)) }

func pointer[T any](v T) *T { return &v }

// describe is the assumption about the entry grade in words, with what it rests on:
// horizons that rest on the same stand together.
func describe(uses []forecast.Use, births bool) luoshu.Text {
	var zh, en []string
	for from := 0; from < len(uses); {
		u, to := uses[from], from
		for to+1 < len(uses) && uses[to+1].Entry == u.Entry && uses[to+1].NoChangeBetter == u.NoChangeBetter {
			to++
		}
		name, ok := entryWords[u.Entry]
		if !ok {
			name = luoshu.Text{ZH: u.Entry, EN: u.Entry}
		}
		first, last := u.EntryWeights[u.Entry], uses[to].EntryWeights[u.Entry]
		z := fmt.Sprintf("提前%d年：%s（权重%.0f%%）", u.Horizon, name.ZH, 100*first)
		e := fmt.Sprintf("%d %s ahead: %s (weight %.0f %%)", u.Horizon, map[bool]string{true: "year", false: "years"}[u.Horizon == 1], name.EN, 100*first)
		if to > from {
			z = fmt.Sprintf("提前%d—%d年：%s（权重由%.0f%%到%.0f%%）", u.Horizon, uses[to].Horizon, name.ZH, 100*first, 100*last)
			e = fmt.Sprintf("%d to %d years ahead: %s (weight from %.0f to %.0f %%)", u.Horizon, uses[to].Horizon, name.EN, 100*first, 100*last)
		}
		if u.NoChangeBetter {
			z += "；“不变”此前更准，占一半权重"
			e += "; “no change” has done better and has half the weight"
		}
		zh, en = append(zh, z), append(en, e)
		from = to + 1
	}
	out := luoshu.Text{ZH: strings.Join(zh, "。") + "。", EN: strings.Join(en, ". ") + "."}
	if !births {
		out.ZH += "没有可用的出生或分年龄人口，入学年级全凭在校生序列。"
		out.EN += " No births or population by age could be used: the entry grade rests on the counts alone."
	}
	return out
}

var entryWords = map[string]luoshu.Text{
	"last":         {ZH: "入学年级同上年", EN: "as many enter as last year"},
	"mean2":        {ZH: "前两年平均", EN: "the mean of two years"},
	"mean3":        {ZH: "前三年平均", EN: "the mean of three years"},
	"mean5":        {ZH: "前五年平均", EN: "the mean of five years"},
	"damped-trend": {ZH: "减半并渐弱的趋势", EN: "half the trend, dying out"},
	"trend":        {ZH: "渐弱的趋势", EN: "the trend, dying out slowly"},
	"births":       {ZH: "出生（或低龄）人数×近年入学比例", EN: "births, or children of the age before, times the share that came of late"},
	"area-share":   {ZH: "在本区域入学总数中的份额", EN: "the share of what the area expects"},
}
