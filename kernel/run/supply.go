package run

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/forecast"
)

// holding is places of one unit and stage from a year on.
type holding struct {
	unit, area, town, stage string
	from                    int // 0: now
	places                  float64
}

// supply reads the places there are and those to come, and holds the rows against
// them.
func (f *forecasting) supply(ctx context.Context) error {
	var list []holding
	err := f.r.each(ctx, f.spec.Inputs["capacity"], f.seq, func(x row) error {
		h := holding{unit: x.text("unit"), area: x.text("area"), stage: x.text("group")}
		if gone := x.whole("gone"); gone != 0 && gone <= f.day(f.base) {
			return nil
		}
		h.town = f.town[h.unit]
		if n, ok := x.number("places"); ok {
			h.places = n
		} else {
			size, err := f.r.parameter(f.spec, "size", f.day(f.base), map[string]string{"stage": h.stage}, f.q.Org)
			if err != nil {
				return err
			}
			h.places = float64(x.whole("rooms")) * size
		}
		list = append(list, h)
		return nil
	})
	if err != nil {
		return err
	}
	err = f.r.each(ctx, f.spec.Inputs["projects"], f.seq, func(x row) error {
		if x.whole("gone") != 0 {
			return nil
		}
		replaced, _ := x.number("replaced")
		n, _ := x.number("places")
		h := holding{unit: x.text("unit"), area: x.text("area"), stage: x.text("group"), from: f.schoolYear(x.whole("opens")), places: n - replaced}
		h.town = f.town[h.unit]
		list = append(list, h)
		return nil
	})
	if err != nil {
		return err
	}
	type key struct{ kind, unit, stage string }
	by := map[key][]holding{}
	for _, h := range list {
		for _, k := range []key{{f.spec.Kind("unit"), h.unit, h.stage}, {f.spec.Kind("town"), h.town, h.stage}, {f.spec.Kind("area"), h.area, h.stage}, {f.spec.Kind("total"), f.top(), h.stage}} {
			if k.unit != "" {
				by[k] = append(by[k], h)
			}
		}
	}
	for i := range f.rows {
		r := &f.rows[i]
		held, ok := by[key{r.Kind, r.Unit, r.Stage}]
		if !ok {
			continue // of how many there are nothing is known
		}
		n := 0.0
		for _, h := range held {
			if h.from <= r.Year {
				n += h.places
			}
		}
		r.Places, r.Short = pointer(whole(n)), pointer(max(0, r.Children-whole(n)))
	}
	return f.peak()
}

// top is the unit of all areas together, "" where the run is for one of them.
func (f *forecasting) top() string {
	if f.node.Parent == "" {
		return Total
	}
	return ""
}

// peak works out the plan for the peak of every area and stage in the middle scenario.
func (f *forecasting) peak() error {
	var err error
	f.peaks, err = Peaks(f.spec, f.rows, f.base, f.current(), func(stage string) (size int, perPlace int64) {
		n, _ := f.r.parameter(f.spec, "size", f.day(f.base), map[string]string{"stage": stage}, f.q.Org)
		cost, _ := f.r.parameter(f.spec, "place_cost", f.day(f.base), map[string]string{"stage": stage}, f.q.Org)
		return int(n), int64(cost * 1e6) // the parameter is in 10,000 yuan, a million fen
	})
	return err
}

// current is how many there are now, by area and stage.
func (f *forecasting) current() map[[2]string]float64 {
	out := map[[2]string]float64{}
	for _, c := range f.counts {
		if c.year == f.base {
			g := f.ladder.group[c.grade]
			out[[2]string{c.area, g}] += float64(c.n)
			if t := f.top(); t != "" {
				out[[2]string{t, g}] += float64(c.n)
			}
		}
	}
	return out
}

// Peaks is the plan for the peaks of managing bodies, from the rows of a forecast:
// when most children come, what is lacking then, what closes it. now is how many there
// are in the base year; stage gives the size of a class and the cost of a place in fen.
func Peaks(s *Spec, rows []Row, base int, now map[[2]string]float64, stage func(string) (int, int64)) ([]forecast.Peak, error) {
	const middle = "middle"
	type key struct{ unit, stage string }
	by := map[key][]Row{}
	var stages []string
	for _, r := range rows {
		if (r.Kind == s.Kind("area") || r.Kind == s.Kind("total")) && r.Scenario == middle {
			by[key{r.Unit, r.Stage}] = append(by[key{r.Unit, r.Stage}], r)
			if !slices.Contains(stages, r.Stage) {
				stages = append(stages, r.Stage)
			}
		}
	}
	var out []forecast.Peak
	for _, st := range stages {
		o := &forecast.Outcome{Base: base, Grades: []string{st}, Scenarios: []forecast.Scenario{{ID: middle}}}
		var places []forecast.Places
		for k, list := range by {
			if k.stage != st {
				continue
			}
			slices.SortFunc(list, func(a, b Row) int { return a.Year - b.Year })
			look := forecast.Outlook{ID: k.unit, Now: []float64{now[[2]string{k.unit, st}]}}
			for _, r := range list {
				look.Years = append(look.Years, forecast.Ahead{Year: r.Year, By: [][]float64{{float64(r.Children)}}})
				if r.Places != nil {
					places = append(places, forecast.Places{Area: k.unit, Stage: st, Year: r.Year, Places: float64(*r.Places)})
				}
			}
			o.Areas = append(o.Areas, look)
		}
		slices.SortFunc(o.Areas, func(a, b forecast.Outlook) int { return strings.Compare(a.ID, b.ID) })
		size, cost := stage(st)
		if size <= 0 {
			continue // without the size of a class there are no classrooms to count
		}
		got, err := forecast.Peaks(o, 0, []forecast.Stage{{ID: st, Grades: []string{st}, ClassSize: size, PerPlace: cost}}, places)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// answer writes the records of the run and tells what was written.
func (f *forecasting) answer(ctx context.Context, params []byte, seq int64) (*ForecastAnswer, error) {
	out := &ForecastAnswer{
		Run: f.r.number("F"), Org: f.node.Code, Seal: f.q.Seal, Engine: forecast.Version, Base: f.base, Stages: f.stages,
		Scenarios: f.ids, Entry: describe(f.uses, len(f.births) > 0), Peaks: f.peaks, Checks: f.check, Notes: f.notes,
	}
	for h := range f.q.Years {
		out.Years = append(out.Years, f.base+h+1)
	}
	if out.Title = f.q.Title; out.Title == "" {
		out.Title = luoshu.Errorf("", "%s %d—%d 学位推算", "", f.node.Title, f.base+1, f.base+f.q.Years).Msg.ZH
	}
	slices.SortStableFunc(f.rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Stage, b.Stage), strings.Compare(a.Scenario, b.Scenario), a.Year-b.Year)
	})
	head := record{
		"number": out.Run, "title": out.Title, "body": out.Org, "seal": out.Seal, "sequence": seq, "engine_version": "forecast " + out.Engine,
		"made_on": f.r.day(), "stages": strings.Join(out.Stages, " "), "first_year": f.base + 1, "last_year": f.base + f.q.Years,
		"scenarios": strings.Join(out.Scenarios, " "), "entry_assumption": clip(out.Entry.ZH+"\n"+out.Entry.EN, 2000),
		"params": orDash(string(params)), "note": clip(f.q.Note+words(f.notes), 2000), "chosen": false,
	}
	var rows, grades, checks []record
	for _, r := range f.rows {
		rec := record{
			"run": out.Run, "scenario": r.Scenario, "unit": r.Unit, "unit_kind": r.Kind, "body": r.body, "stage": r.Stage, "year": r.Year,
			"children": r.Children, "basis": r.Basis,
		}
		for name, v := range map[string]*int64{"low80": r.Low80, "high80": r.High80, "low95": r.Low95, "high95": r.High95, "places": r.Places, "short": r.Short} {
			if v != nil {
				rec[name] = *v
			}
		}
		rows = append(rows, rec)
		for _, g := range r.grades {
			grades = append(grades, record{"run": out.Run, "scenario": r.Scenario, "unit": r.Unit, "body": r.body, "grade": g.Grade, "year": r.Year, "children": g.Children})
		}
	}
	for _, c := range f.check {
		rec := record{"run": out.Run, "body": out.Org, "stage": c.Stage, "grain": c.Grain, "horizon": c.Horizon, "compared": c.N}
		for name, v := range map[string]*float64{"wape": c.WAPE, "wape_no_change": c.NoChange, "wape_plain": c.Plain, "coverage80": c.Coverage80, "coverage95": c.Coverage95} {
			if v != nil {
				rec[name] = *v
			}
		}
		checks = append(checks, rec)
	}
	if err := f.r.write(ctx, f.spec, f.actor, out.Run, []part{{"run", []record{head}}, {"rows", rows}, {"grades", grades}, {"checks", checks}}, f.progress); err != nil {
		return nil, err
	}
	out.Written = 1 + len(rows) + len(grades) + len(checks)
	for _, r := range f.rows {
		if r.Kind == f.spec.Kind("area") || r.Kind == f.spec.Kind("total") {
			out.Rows = append(out.Rows, r)
		}
	}
	return out, nil
}

// words are the engine's notes as lines.
func words(list []forecast.Note) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString("\n" + n.Text.ZH + "\n" + n.Text.EN)
	}
	return b.String()
}

func clip(s string, most int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) > most {
		r = append(r[:most-1], '…')
	}
	return string(r)
}

func orDash(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "{}"
	}
	return s
}
