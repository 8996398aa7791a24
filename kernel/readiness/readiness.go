// Package readiness says how near the units of an organisation are to the limits of
// an indicator that asks for several (kind passes), what it would take to reach them,
// and how they would stand after a change. Figures come through the door alone.
package readiness

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/attain"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
)

// Desk answers.
type Desk struct {
	Catalog *catalog.Catalog
	Access  *access.Access
	Door    *disclose.Door
}

// Query asks about one organisation.
type Query struct {
	Indicator string          `json:"indicator"`
	Org       string          `json:"org"`  // "" is the actor's own
	Seal      string          `json:"seal"` // "" is the last one
	Year      int             `json:"year"` // 0 is the newest
	Changes   []attain.Change `json:"changes"`
}

// Measure is an indicator that can be asked about.
type Measure struct {
	ID    string      `json:"id"`
	Title luoshu.Text `json:"title"`
	Need  int         `json:"need"`
	Of    int         `json:"of"`
}

// Item is one of the things asked for.
type Item struct {
	ID       string      `json:"id"`
	Title    luoshu.Text `json:"title"`
	Unit     luoshu.Text `json:"unit"`
	Amount   luoshu.Text `json:"amount_unit"` // what it is counted in
	Decimals int         `json:"decimals"`
	Least    float64     `json:"least"`
	Bound    *float64    `json:"spread_max,omitempty"`
	Source   luoshu.Text `json:"source"`
}

// Across is how an item stands over the units.
type Across struct {
	Item    string   `json:"item"`
	Mean    *float64 `json:"mean"`
	Spread  *float64 `json:"spread"`
	Within  bool     `json:"within"`
	Below   int      `json:"below"`
	Unknown int      `json:"unknown"`
}

// Unit is how one unit stands.
type Unit struct {
	Code    string     `json:"code"`
	Label   any        `json:"label"`
	Heads   float64    `json:"heads"`
	Values  []*float64 `json:"values"` // by item; null is not known or withheld
	Reached []bool     `json:"reached"`
	Met     int        `json:"met"`
	Enough  bool       `json:"enough"`
}

// Standing is how all stand.
type Standing struct {
	Units  []Unit   `json:"units"`
	Items  []Across `json:"items"`
	Enough int      `json:"enough"`
}

// More is an addition that is needed.
type More struct {
	Unit   string  `json:"unit"`
	Label  any     `json:"label"`
	Item   string  `json:"item"`
	Amount float64 `json:"amount"`
	Why    string  `json:"why"` // limit or spread
}

// Report is the answer. After a change, Before says how they stand without it.
type Report struct {
	Indicator Measure     `json:"indicator"`
	Org       string      `json:"org"`
	OrgLabel  luoshu.Text `json:"org_label"`
	Seal      string      `json:"seal"`
	Year      int         `json:"year"`
	Items     []Item      `json:"items"`
	Now       Standing    `json:"now"`
	Before    *Standing   `json:"before,omitempty"`
	More      []More      `json:"more"`
	Sums      []More      `json:"sums"` // by item
	Unknown   []string    `json:"unknown"`
	After     []Across    `json:"after"`
	Notice    luoshu.Text `json:"notice"`
}

// Measures lists what can be asked about.
func (d *Desk) Measures() []Measure {
	out := []Measure{}
	for _, i := range d.Catalog.Indicators {
		if i.Kind == catalog.KindPasses {
			out = append(out, measure(i))
		}
	}
	return out
}

func measure(i *catalog.Indicator) Measure {
	return Measure{ID: i.ID, Title: i.Title, Need: i.AtLeast, Of: len(i.Items)}
}

// Report answers a query within the actor's scope.
func (d *Desk) Report(ctx context.Context, actor luoshu.Actor, q Query) (*Report, error) {
	ind := d.Catalog.Indicator(q.Indicator)
	if ind == nil || ind.Kind != catalog.KindPasses {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有可分析的指标“%s”", "no indicator %q of this kind", q.Indicator)
	}
	scope, err := d.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if q.Org == "" {
		q.Org = scope.Root
	}
	node := scope.Tree().Get(q.Org)
	if node == nil || !scope.Has(q.Org) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有单位 %s", "no organisation %s", q.Org)
	}
	g := gathering{desk: d, ind: ind, task: attain.Task{Need: ind.AtLeast}, units: map[string]*attain.Unit{}, labels: map[string]any{}, year: q.Year}
	for at, id := range ind.Items {
		if err := g.item(ctx, actor, at, id, q, node); err != nil {
			return nil, err
		}
	}
	out := &Report{
		Indicator: measure(ind), Org: node.Code, OrgLabel: node.Title, Seal: g.seal, Year: g.year, Items: g.items,
		More: []More{}, Sums: []More{}, Unknown: []string{}, After: []Across{}, Notice: d.Catalog.City.Notice,
	}
	units := g.list()
	out.Now = g.standing(units)
	if len(q.Changes) > 0 {
		before := out.Now
		out.Before = &before
		if units, err = g.task.Apply(units, q.Changes); err != nil {
			return nil, spoken(err)
		}
		out.Now = g.standing(units)
	}
	p := g.task.Take(units)
	sums := map[string]float64{}
	for _, m := range p.More {
		out.More = append(out.More, More{Unit: m.Unit, Label: g.labels[m.Unit], Item: m.Item, Amount: m.Amount, Why: m.Why})
		sums[m.Item] += m.Amount
	}
	for _, id := range ind.Items {
		if sums[id] > 0 {
			out.Sums = append(out.Sums, More{Item: id, Amount: sums[id]})
		}
	}
	out.Unknown = append(out.Unknown, p.Unknown...)
	out.After = across(p.After.Items)
	return out, nil
}

// gathering puts the units together from the figures of the items.
type gathering struct {
	desk   *Desk
	ind    *catalog.Indicator
	task   attain.Task
	items  []Item
	units  map[string]*attain.Unit
	labels map[string]any
	seal   string
	year   int
}

// item adds one item: its limits, and what every unit has of it.
func (g *gathering) item(ctx context.Context, actor luoshu.Actor, at int, id string, q Query, node *access.Node) error {
	part := g.desk.Catalog.Indicator(id)
	ask := disclose.ExploreQuery{Measure: id, Cuts: []string{g.ind.Over}, Seal: q.Seal, Filters: map[string][]string{}}
	if q.Year != 0 {
		ask.Filters["year"] = []string{yearText(q.Year)}
	}
	if dim := g.orgDim(part, node); dim != "" {
		ask.Filters[dim] = []string{node.Code}
	}
	res, err := g.desk.Door.Explore(ctx, actor, ask)
	if err != nil {
		return err
	}
	g.seal = res.Seal
	if g.year == 0 {
		for _, r := range res.Rows {
			if r.Denominator != nil && *r.Denominator > 0 {
				g.year = max(g.year, r.Year)
			}
		}
	}
	scale := float64(max(part.Scale, 1))
	it := attain.Item{ID: id, Scale: scale, Whole: part.Of.Sum == "" || g.whole(part)}
	show := Item{ID: id, Title: part.Title, Unit: part.Unit, Amount: amountUnit(part.Unit), Decimals: part.Decimals}
	if v, ok := g.limit(part, node.Code); ok {
		it.Least, show.Least, show.Source = v.Float(), v.Float(), v.Source.Text
	}
	if cv := g.spread(id); cv != nil {
		if v, ok := g.limit(cv, node.Code); ok {
			bound := v.Float()
			it.Spread, show.Bound = bound, &bound
		}
	}
	g.task.Items, g.items = append(g.task.Items, it), append(g.items, show)
	for _, r := range res.Rows {
		code := r.By[g.ind.Over]
		if code == "" || r.Year != g.year {
			continue
		}
		u := g.units[code]
		if u == nil {
			u = &attain.Unit{ID: code, Amounts: make([]float64, len(g.ind.Items))}
			for i := range u.Amounts {
				u.Amounts[i] = math.NaN()
			}
			g.units[code], g.labels[code] = u, r.Labels[g.ind.Over]
		}
		if r.Denominator != nil && r.Numerator != nil {
			u.Heads, u.Amounts[at] = max(u.Heads, *r.Denominator), *r.Numerator
		}
	}
	return nil
}

// whole reports whether what an indicator adds up is a field of whole numbers.
func (g *gathering) whole(i *catalog.Indicator) bool {
	grain := g.desk.Catalog.Grain(i.Of.Grain)
	f := g.desk.Catalog.VarField(grain, i.Of.Sum)
	return f != nil && f.Type == catalog.TypeInt
}

// orgDim is the dim by which an indicator is narrowed to an organisation; "" for the
// topmost, which is everything.
func (g *gathering) orgDim(part *catalog.Indicator, node *access.Node) string {
	grain := g.desk.Catalog.Grain(part.Of.Grain)
	if node.Parent == "" {
		return ""
	}
	if over := grain.Dim(g.ind.Over); over.Ref == node.Entity {
		return over.ID
	}
	for _, d := range grain.Dims {
		if d.Ref == node.Entity {
			return d.ID
		}
	}
	return g.ind.Over // an organisation by which nothing is counted has no units
}

// spread is the indicator of the variation of an item that has a bound, weighted.
func (g *gathering) spread(item string) *catalog.Indicator {
	for _, i := range g.desk.Catalog.Indicators {
		if i.Kind == catalog.KindCV && !i.Unweighted && i.Over == g.ind.Over && i.Limit != "" && slices.Equal(i.Items, []string{item}) {
			return i
		}
	}
	return nil
}

func (g *gathering) limit(i *catalog.Indicator, area string) (catalog.ParamValue, bool) {
	p := g.desk.Catalog.Parameter(i.Limit)
	if p == nil {
		return catalog.ParamValue{}, false
	}
	month := max(g.desk.Catalog.City.YearStart, 1)
	return p.Value(int64(g.year)*10000+int64(month)*100+1, nil, area)
}

func (g *gathering) list() []attain.Unit {
	out := make([]attain.Unit, 0, len(g.units))
	for _, u := range g.units {
		out = append(out, *u)
	}
	slices.SortFunc(out, func(a, b attain.Unit) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (g *gathering) standing(units []attain.Unit) Standing {
	s := g.task.Stand(units)
	out := Standing{Units: []Unit{}, Items: across(s.Items), Enough: s.Enough}
	for _, u := range s.Units {
		x := Unit{Code: u.Unit, Label: g.labels[u.Unit], Heads: u.Heads, Reached: u.Reached, Met: u.Met, Enough: u.Enough}
		for _, v := range u.Values {
			x.Values = append(x.Values, luoshu.Finite(v))
		}
		out.Units = append(out.Units, x)
	}
	return out
}

func across(list []attain.Across) []Across {
	out := []Across{}
	for _, a := range list {
		out = append(out, Across{Item: a.Item, Mean: luoshu.Finite(a.Mean), Spread: luoshu.Finite(a.Spread), Within: a.Within, Below: a.Below, Unknown: a.Unknown})
	}
	return out
}

func yearText(y int) string { return luoshu.IntValue(int64(y)).String() }

// amountUnit is what an amount is counted in, of a unit "so much per head".
func amountUnit(u luoshu.Text) luoshu.Text {
	zh, _, _ := strings.Cut(u.ZH, "/")
	en, _, found := strings.Cut(u.EN, " per ")
	if !found {
		en = ""
	}
	return luoshu.Text{ZH: zh, EN: en}
}

// spoken says what is wrong with a change.
func spoken(err error) error {
	var e *attain.ChangeError
	if !errors.As(err, &e) {
		return err
	}
	why := map[string]luoshu.Text{
		"unknown-unit": {ZH: "没有这个单位", EN: "there is no such unit"},
		"same-unit":    {ZH: "两边是同一个单位", EN: "both sides are the same unit"},
		"heads":        {ZH: "人数须大于零且不多于该单位现有人数", EN: "the number must be above zero and not more than the unit has"},
		"item":         {ZH: "没有这个项目", EN: "there is no such item"},
		"amount":       {ZH: "不能减到零以下", EN: "it cannot fall below zero"},
		"share":        {ZH: "比例应在0到1之间", EN: "the share lies between 0 and 1"},
		"kind":         {ZH: "没有这种变化（merge、close、move、add）", EN: "there is no such change (merge, close, move, add)"},
	}[e.Reason]
	return luoshu.Errorf(luoshu.Invalid, "第%d项变化（%s）：%s", "change %d (%s): %s", e.Index+1, e.What, why)
}
