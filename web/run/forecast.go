package run

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/disclose"
	"luoshu/kernel/run"
	"luoshu/web/kit"
)

// forecastHead is a forecast in a list. One that was run for an organisation above the
// reader's has its head, and the rows of the reader's organisation alone.
type forecastHead struct {
	Run       string      `json:"run"`
	Rec       int64       `json:"rec,omitempty"`
	Title     string      `json:"title"`
	Body      string      `json:"body"`
	BodyTitle luoshu.Text `json:"body_title"`
	MadeOn    int64       `json:"made_on"`
	Seal      string      `json:"seal"`
	First     int64       `json:"first_year"`
	Last      int64       `json:"last_year"`
	Stages    []string    `json:"stages"`
	Chosen    bool        `json:"chosen"`
	Above     bool        `json:"above,omitempty"`

	at int64 // a record of it, for the order
}

func headOf(x item) forecastHead {
	return forecastHead{
		Run: x.text("number"), Rec: x.r.Rec, Title: x.text("title"), Body: x.text("body"), BodyTitle: x.shown("body"), MadeOn: x.n("made_on"), Seal: x.text("seal"),
		First: x.n("first_year"), Last: x.n("last_year"), Stages: strings.Fields(x.text("stages")), Chosen: x.n("chosen") != 0,
	}
}

// middle is the scenario that intervals are of.
const middle = "middle"

// forecasts answers the runs that say something of the reader's organisation, or of
// one below it: chosen ones first, then the newest.
func (d *desk) forecasts(w http.ResponseWriter, r *http.Request) error {
	s, err := d.spec("forecast")
	if err != nil {
		return err
	}
	actor := kit.Actor(r)
	scope, err := d.Access.Scope(r.Context(), actor)
	if err != nil {
		return err
	}
	unit := r.URL.Query().Get("unit")
	list, err := d.heads(r.Context(), actor, s, scope)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, h := range list {
		known[h.Run] = true
	}
	if unit == "" {
		unit = scope.Root
	}
	if n := scope.Tree().Get(unit); n != nil && n.Parent != "" {
		rows, err := d.all(r.Context(), actor, disclose.RecordQuery{Entity: s.Out["rows"].Entity.Name, Filter: map[string]string{"unit": unit, "scenario": middle}})
		if err != nil {
			return err
		}
		above, said := map[string]*forecastHead{}, map[string]bool{}
		for _, x := range rows {
			n := x.text("run")
			said[n] = true
			if known[n] {
				continue
			}
			h := above[n]
			if h == nil {
				h = &forecastHead{Run: n, Title: n, First: x.n("year"), Stages: []string{}, Above: true, at: x.r.Rec}
				above[n] = h
			}
			h.First, h.Last = min(h.First, x.n("year")), max(h.Last, x.n("year"))
			if g := x.text("stage"); !slices.Contains(h.Stages, g) {
				h.Stages = append(h.Stages, g)
			}
		}
		asked := r.URL.Query().Get("unit") != ""
		list = slices.DeleteFunc(list, func(h forecastHead) bool { return (asked || h.Above) && !said[h.Run] })
		for _, h := range above {
			list = append(list, *h)
		}
	}
	slices.SortFunc(list, func(a, b forecastHead) int {
		return cmp.Or(order(b.Chosen)-order(a.Chosen), cmp.Compare(b.MadeOn, a.MadeOn), cmp.Compare(b.Rec, a.Rec), cmp.Compare(b.at, a.at), strings.Compare(b.Run, a.Run))
	})
	return kit.WriteJSON(w, r, map[string]any{"runs": list})
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *desk) heads(ctx context.Context, actor luoshu.Actor, s *run.Spec, scope *access.Scope) ([]forecastHead, error) {
	items, err := d.all(ctx, actor, disclose.RecordQuery{Entity: s.Out["run"].Entity.Name})
	if err != nil {
		return nil, err
	}
	list := make([]forecastHead, 0, len(items))
	for _, x := range items {
		h := headOf(x)
		h.Above = !scope.Has(h.Body)
		list = append(list, h)
	}
	return list, nil
}

// past is how many were counted in a year.
type past struct {
	Unit     string  `json:"unit"`
	Stage    string  `json:"stage"`
	Year     int     `json:"year"`
	Children float64 `json:"children"`
}

// forecastBody is one forecast for one unit, or for managing bodies and all together.
type forecastBody struct {
	forecastHead
	Entry     luoshu.Text `json:"entry"`
	Params    string      `json:"params"`
	Note      luoshu.Text `json:"note"`
	Engine    string      `json:"engine_version"`
	Units     []named     `json:"units"`
	Groups    []named     `json:"groups"`
	Scenarios []named     `json:"scenarios"`
	Years     []int       `json:"years"`
	Rows      []outlook   `json:"rows"`
	Past      []past      `json:"past"`
	PastKnown bool        `json:"past_known"`
	Peaks     any         `json:"peaks"`
	Checks    []run.Check `json:"checks"`
	Few       int64       `json:"few"` // numbers of children below it are withheld, others told to the nearest multiple; 0: all are exact
}

// outlook is a row as the reader may see it: roles that may not see small groups are
// not told of few children, and are told coarse numbers otherwise.
type outlook struct {
	run.Row
	Children *int64 `json:"children"`
}

// forecast answers a run: of managing bodies, or with unit= of one unit.
func (d *desk) forecast(w http.ResponseWriter, r *http.Request) error {
	s, err := d.spec("forecast")
	if err != nil {
		return err
	}
	ctx, actor, number, unit := r.Context(), kit.Actor(r), r.PathValue("run"), r.URL.Query().Get("unit")
	filter := map[string]string{"run": number, "unit_kind": s.Kind("area") + "|" + s.Kind("total")}
	if unit != "" {
		filter = map[string]string{"run": number, "unit": unit}
	}
	rows, err := d.all(ctx, actor, disclose.RecordQuery{Entity: s.Out["rows"].Entity.Name, Filter: filter})
	if err != nil {
		return err
	}
	heads, err := d.all(ctx, actor, disclose.RecordQuery{Entity: s.Out["run"].Entity.Name, Filter: map[string]string{"number": number}})
	if err != nil {
		return err
	}
	if len(rows) == 0 && len(heads) == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有推算 %s，或其中没有您能看到的单位", "there is no forecast %s, or it says nothing of units you may see", number)
	}
	out := &forecastBody{
		forecastHead: forecastHead{Run: number, Title: number, Above: true, Stages: []string{}},
		Units:        []named{}, Years: []int{}, Rows: []outlook{}, Past: []past{}, Checks: []run.Check{},
	}
	if len(heads) == 1 {
		x := heads[0]
		out.forecastHead = headOf(x)
		scope, err := d.Access.Scope(ctx, actor)
		if err != nil {
			return err
		}
		out.Above = !scope.Has(out.Body)
		out.Entry, out.Params, out.Note, out.Engine = split(x.text("entry_assumption")), x.text("params"), split(x.text("note")), x.text("engine_version")
	}
	scenarios := map[string]bool{}
	for _, x := range rows {
		n := rowOf(x)
		out.Rows = append(out.Rows, n)
		scenarios[n.Scenario] = true
		if !slices.Contains(out.Years, n.Year) {
			out.Years = append(out.Years, n.Year)
		}
		if !slices.Contains(out.Stages, n.Stage) {
			out.Stages = append(out.Stages, n.Stage)
		}
		if !slices.ContainsFunc(out.Units, func(u named) bool { return u.Code == n.Unit }) {
			t := x.shown("body")
			if n.Kind == s.Kind("total") {
				t = x.shown("unit_kind")
			} else if n.Kind == s.Kind("town") {
				t = luoshu.Text{ZH: n.Unit, EN: n.Unit}
			}
			out.Units = append(out.Units, named{n.Unit, t})
		}
	}
	slices.Sort(out.Years)
	slices.SortFunc(out.Units, func(a, b named) int { return strings.Compare(a.Code, b.Code) })
	out.Groups = d.groups(s, slices.DeleteFunc(slices.Clone(d.Runner.Groups(s)), func(g string) bool { return !slices.Contains(out.Stages, g) }))
	for _, c := range d.Catalog.List(s.Out["rows"].Entity.Field("scenario").Codes).Codes {
		if scenarios[c.Code] {
			out.Scenarios = append(out.Scenarios, named{c.Code, c.Title})
		}
	}
	if len(out.Years) > 0 {
		if out.Past, out.PastKnown, err = d.past(ctx, actor, s, out, unit); err != nil {
			return err
		}
		if out.Peaks, err = d.peaks(s, actor, out); err != nil {
			return err
		}
	}
	out.Few = d.few(actor)
	if unit == "" {
		if out.Checks, err = d.checks(ctx, actor, s, number); err != nil {
			return err
		}
	}
	return kit.WriteJSON(w, r, out)
}

// few is the number below which counts of children are withheld from a reader; 0: all are
// exact.
func (d *desk) few(actor luoshu.Actor) int64 {
	if role := d.Access.Role(actor); role != nil && role.Small {
		return 0
	}
	return disclose.SmallestGroup
}

// rowOf is a record of the outlook.
func rowOf(x item) outlook {
	o := outlook{Row: run.Row{
		Scenario: x.text("scenario"), Unit: x.text("unit"), Kind: x.text("unit_kind"), Stage: x.text("stage"), Year: int(x.n("year")),
		Low80: x.about("low80"), High80: x.about("high80"), Low95: x.about("low95"), High95: x.about("high95"),
		Places: x.whole("places"), Short: x.about("short"), Basis: x.text("basis"),
	}, Children: x.about("children")}
	if o.Children != nil {
		o.Row.Children = *o.Children
	}
	return o
}

// past are the figures the run began from, where the reader may ask for figures.
func (d *desk) past(ctx context.Context, actor luoshu.Actor, s *run.Spec, of *forecastBody, unit string) ([]past, bool, error) {
	if d.Access.Require(actor, "explore") != nil || of.Seal == "" {
		return []past{}, false, nil
	}
	dim := s.Counts.Area
	if unit != "" && len(of.Rows) > 0 && of.Rows[0].Kind == s.Kind("unit") {
		dim = s.Counts.Unit
	}
	q := disclose.ExploreQuery{Measure: s.Counts.Indicator, Seal: of.Seal, Cuts: []string{dim, s.Counts.Group}, Filters: map[string][]string{}}
	if unit != "" && unit != run.Total {
		q.Filters[dim] = []string{unit}
	}
	res, err := d.Door.Explore(ctx, actor, q)
	if err != nil {
		return nil, false, err
	}
	out := []past{}
	sums := map[past]float64{}
	has := map[string]bool{}
	for _, u := range of.Units {
		has[u.Code] = true
	}
	for _, x := range res.Rows {
		if x.Suppressed || x.Numerator == nil || x.Year >= of.Years[0] {
			continue
		}
		p := past{Unit: x.By[dim], Stage: x.By[s.Counts.Group], Year: x.Year}
		if has[p.Unit] {
			sums[p] += *x.Numerator
		}
		if p.Unit = run.Total; has[p.Unit] {
			sums[p] += *x.Numerator
		}
	}
	for p, n := range sums {
		p.Children = n
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b past) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), strings.Compare(a.Stage, b.Stage), a.Year-b.Year)
	})
	return out, true, nil
}

// peaks are worked out from the rows the reader may see.
func (d *desk) peaks(s *run.Spec, actor luoshu.Actor, of *forecastBody) (any, error) {
	base := of.Years[0] - 1
	now := map[[2]string]float64{}
	for _, p := range of.Past {
		if p.Year == base {
			now[[2]string{p.Unit, p.Stage}] = p.Children
		}
	}
	org := of.Body
	if org == "" {
		org = actor.Org
	}
	few := map[[2]string]bool{} // of whom a number is withheld: no plan is worked out of the rest
	for _, r := range of.Rows {
		if r.Children == nil {
			few[[2]string{r.Unit, r.Stage}] = true
		}
	}
	var rows []run.Row
	for _, r := range of.Rows {
		if few[[2]string{r.Unit, r.Stage}] {
			continue
		}
		if r.Kind == s.Kind("unit") {
			r.Kind = s.Kind("area") // a plan for one school is worked out alike
		}
		rows = append(rows, r.Row)
	}
	return d.Runner.PeakPlan(s, org, rows, base, now)
}

func (d *desk) checks(ctx context.Context, actor luoshu.Actor, s *run.Spec, number string) ([]run.Check, error) {
	items, err := d.all(ctx, actor, disclose.RecordQuery{Entity: s.Out["checks"].Entity.Name, Filter: map[string]string{"run": number}})
	out := []run.Check{}
	for _, x := range items {
		out = append(out, run.Check{
			Stage: x.text("stage"), Grain: x.text("grain"), Horizon: int(x.n("horizon")), N: int(x.n("compared")),
			WAPE: x.number("wape"), NoChange: x.number("wape_no_change"), Plain: x.number("wape_plain"), Coverage80: x.number("coverage80"), Coverage95: x.number("coverage95"),
		})
	}
	slices.SortFunc(out, func(a, b run.Check) int {
		return cmp.Or(strings.Compare(a.Grain, b.Grain), strings.Compare(a.Stage, b.Stage), a.Horizon-b.Horizon)
	})
	return out, err
}

// split takes a text whose lines are Chinese or English apart: a Chinese sentence
// ends with a Chinese mark; one that was cut off has some within.
func split(s string) luoshu.Text {
	var zh, en []string
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		cut := strings.HasSuffix(line, "…") && strings.ContainsAny(line, "，。；：（")
		if cut || strings.ContainsAny(line[max(0, len(line)-len("。")):], "。；！？") {
			zh = append(zh, line)
		} else {
			en = append(en, line)
		}
	}
	return luoshu.Text{ZH: strings.Join(zh, "\n"), EN: strings.Join(en, "\n")}
}
