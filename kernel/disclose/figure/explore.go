package figure

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
	"luoshu/kernel/intake"
)

// ExploreGrain is a set of facts with what it can be cut by and measured with.
type ExploreGrain struct {
	Grain    string        `json:"grain"`
	Title    Text          `json:"title"`
	Note     Text          `json:"note"`
	Dims     []DimInfo     `json:"dims"`
	Measures []MeasureInfo `json:"measures"`
}

// MeasureInfo is an indicator as Explore offers it. Dims are the ones that all
// its grains share: the only ones it can be cut by.
type MeasureInfo struct {
	ID       string   `json:"id"`
	Title    Text     `json:"title"`
	Unit     Text     `json:"unit"`
	Decimals int      `json:"decimals"`
	Kind     string   `json:"kind"`
	Dims     []string `json:"dims"`
}

// ExploreQuery asks for an indicator along any cut.
type ExploreQuery struct {
	Measure string
	Cuts    []string
	Filters map[string][]string // by dimension, or year
	Seal    string
}

// ExploreResult is the answer, rows ordered by year and code.
type ExploreResult struct {
	Measure MeasureInfo     `json:"measure"`
	Columns []ExploreColumn `json:"columns"`
	Rows    []ExploreRow    `json:"rows"`
	Seal    string          `json:"seal"`
	Formula Text            `json:"formula"`
	Notice  Text            `json:"notice"`
	Scope   guard.Org       `json:"scope"`
}

// ExploreColumn is one cut or number of the answer.
type ExploreColumn struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
	Kind  string `json:"kind"` // dim or number
}

// ExploreRow is one cell. A suppressed one has no numbers.
type ExploreRow struct {
	By          map[string]string `json:"by"`
	Labels      map[string]any    `json:"labels"`
	Year        int               `json:"year"`
	Value       *float64          `json:"value"`
	Numerator   *float64          `json:"numerator"`
	Denominator *float64          `json:"denominator"`
	N           *int64            `json:"n"`
	Verified    *float64          `json:"verified_share"`
	Suppressed  bool              `json:"suppressed"`
}

// maxExploreRows bounds one answer.
const maxExploreRows = 20_000

// ExploreMeta lists what can be explored.
func (d *Window) ExploreMeta(_ context.Context, actor luoshu.Actor) ([]ExploreGrain, error) {
	if err := d.acc.Require(actor, "explore"); err != nil {
		return nil, err
	}
	out := []ExploreGrain{}
	for _, g := range d.cat.Grains {
		x := ExploreGrain{Grain: g.ID, Title: g.Title, Note: g.Note, Dims: []DimInfo{}, Measures: []MeasureInfo{}}
		for _, dim := range g.Dims {
			x.Dims = append(x.Dims, DimInfo{ID: dim.ID, Title: dim.Title, Values: d.base.Options(dim.Codes)})
		}
		for _, ind := range d.cat.Indicators {
			if gs := d.grainsOf(ind); len(gs) > 0 && gs[0].ID == g.ID {
				x.Measures = append(x.Measures, d.measureInfo(ind))
			}
		}
		if len(x.Measures) > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

func (d *Window) measureInfo(ind *catalog.Indicator) MeasureInfo {
	out := MeasureInfo{ID: ind.ID, Title: ind.Title, Unit: ind.Unit, Decimals: ind.Decimals, Kind: ind.Kind, Dims: []string{}}
	for _, x := range d.dimsOf(ind) {
		out.Dims = append(out.Dims, x.ID)
	}
	return out
}

// Explore answers a cut that nobody declared, within the actor's scope: units
// outside it are not in the sums, and not shown.
func (d *Window) Explore(ctx context.Context, actor luoshu.Actor, q ExploreQuery) (*ExploreResult, error) {
	if err := d.acc.Require(actor, "explore"); err != nil {
		return nil, err
	}
	ind := d.cat.Indicator(q.Measure)
	if ind == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标", "no such measure")
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	seal, err := d.base.Seal(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	filters, err := d.exploreFilters(scope, ind, q)
	if err != nil {
		return nil, err
	}
	figs, err := d.eng.Explore(ctx, indicator.ExploreQuery{Seal: seal.ID, Indicator: ind.ID, Cuts: q.Cuts, Filters: filters})
	if err != nil {
		return nil, guard.Fault("explore", err)
	}
	if len(figs) > maxExploreRows {
		return nil, luoshu.Errorf(luoshu.Invalid, "结果超过%d行，请减少分组或增加筛选", "more than %d rows; cut less or filter more", maxExploreRows)
	}
	out := &ExploreResult{Measure: d.measureInfo(ind), Seal: seal.ID, Formula: ind.Formula, Notice: d.cat.City.Notice, Rows: []ExploreRow{}}
	if n := scope.Tree().Get(scope.Root); n != nil {
		out.Scope = guard.OrgOf(n)
	}
	out.Columns = d.exploreColumns(ind, q.Cuts)
	hidden, err := d.judged(ctx, scope, ind, q, seal.ID, figs, guarded(ind, d.acc.Role(actor)))
	if err != nil {
		return nil, err
	}
	ready := make([]Figure, 0, len(figs))
	for i, f := range figs {
		if d.foreign(scope, ind, f.By) {
			continue
		}
		ready = append(ready, d.figure(ctx, scope, ind, f, hidden[i]))
	}
	sortFigures(ready)
	for _, f := range ready {
		out.Rows = append(out.Rows, ExploreRow{
			By: f.By, Labels: f.Labels, Year: f.Year, Value: f.Value, Numerator: f.Numerator,
			Denominator: f.Denominator, N: f.N, Verified: f.Verified, Suppressed: f.Suppressed,
		})
	}
	return out, nil
}

// foreign reports whether a cell names an organisation outside the scope.
func (d *Window) foreign(scope *access.Scope, ind *catalog.Indicator, by map[string]string) bool {
	if scope.Whole {
		return false
	}
	for id, code := range by {
		if x := d.DimOf(ind, id); x == nil || (d.isNodeDim(x) && !scope.Has(code)) {
			return true
		}
	}
	return false
}

// exploreFilters checks the question and narrows it to the scope.
func (d *Window) exploreFilters(scope *access.Scope, ind *catalog.Indicator, q ExploreQuery) (map[string][]string, error) {
	bad := func(id string) error {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: id, Msg: Text{ZH: "指标没有这个维度", EN: "the measure has no such dimension"}}
	}
	for _, c := range q.Cuts {
		if c != "year" && d.DimOf(ind, c) == nil {
			return nil, bad(c)
		}
	}
	out := map[string][]string{}
	for k, v := range q.Filters {
		if k != "year" && d.DimOf(ind, k) == nil {
			return nil, bad(k)
		}
		out[k] = v
	}
	dim, values, err := d.exploreScope(scope, ind)
	if err != nil {
		return nil, err
	}
	if dim == "" {
		return out, nil
	}
	if want, ok := out[dim]; ok {
		kept := []string{}
		for _, w := range want {
			if has(values, w) {
				kept = append(kept, w)
			}
		}
		if len(kept) == 0 {
			return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
		}
		values = kept
	}
	out[dim] = values
	return out, nil
}

func (d *Window) exploreColumns(ind *catalog.Indicator, cuts []string) []ExploreColumn {
	out := []ExploreColumn{{ID: "year", Title: Text{ZH: "年份", EN: "Year"}, Kind: "dim"}}
	for _, c := range cuts {
		if x := d.DimOf(ind, c); x != nil {
			out = append(out, ExploreColumn{ID: c, Title: x.Title, Kind: "dim"})
		}
	}
	return append(out,
		ExploreColumn{ID: "value", Title: ind.Title, Kind: "number"},
		ExploreColumn{ID: "numerator", Title: Text{ZH: "分子", EN: "Numerator"}, Kind: "number"},
		ExploreColumn{ID: "denominator", Title: Text{ZH: "分母", EN: "Denominator"}, Kind: "number"},
		ExploreColumn{ID: "n", Title: Text{ZH: "记录数", EN: "Records"}, Kind: "number"},
	)
}

// ExploreExport writes the answer as a table with notice, source and seal on it.
func (d *Window) ExploreExport(ctx context.Context, actor luoshu.Actor, q ExploreQuery, format string, w io.Writer) error {
	if err := d.acc.Require(actor, "export"); err != nil {
		return err
	}
	r, err := d.Explore(ctx, actor, q)
	if err != nil {
		return err
	}
	head := []string{}
	for _, c := range r.Columns {
		head = append(head, c.Title.ZH+" "+c.Title.EN)
		if c.Kind == "dim" && c.ID != "year" {
			head = append(head, c.Title.ZH+" · "+c.Title.EN+" (code)")
		}
	}
	out, err := intake.NewTable(w, format, r.Measure.Title.ZH, head, intake.Meta{
		Notice: d.cat.City.Notice, Seal: r.Seal, By: actor.Name,
		Source: d.base.SourceLine() + " · " + r.Measure.Title.ZH + " = " + r.Formula.ZH + " / " + r.Measure.Title.EN + " = " + r.Formula.EN,
	})
	if err != nil {
		return err
	}
	for _, row := range r.Rows {
		if err := out.Text(exploreCells(r.Columns, row)); err != nil {
			return guard.Fault("export", err)
		}
	}
	return guard.Fault("end export", out.Close())
}

func exploreCells(cols []ExploreColumn, row ExploreRow) []string {
	out := []string{}
	for _, c := range cols {
		switch {
		case c.ID == "year":
			out = append(out, strconv.Itoa(row.Year))
		case c.Kind == "dim":
			out = append(out, labelText(row.Labels[c.ID], row.By[c.ID]), row.By[c.ID])
		case row.Suppressed:
			out = append(out, "*")
		case c.ID == "value":
			out = append(out, number(row.Value))
		case c.ID == "numerator":
			out = append(out, number(row.Numerator))
		case c.ID == "denominator":
			out = append(out, number(row.Denominator))
		case c.ID == "n" && row.N != nil:
			out = append(out, strconv.FormatInt(*row.N, 10))
		default:
			out = append(out, "")
		}
	}
	return out
}

func number(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

func labelText(l any, code string) string {
	switch t := l.(type) {
	case Text:
		if t.EN != "" && t.EN != t.ZH {
			return t.ZH + " " + t.EN
		}
		return t.ZH
	case nil:
		return code
	}
	return fmt.Sprint(l)
}

// ParseFilters reads "stage:PRI|JUN,year:2024".
func ParseFilters(s string) (map[string][]string, error) {
	one, err := ParseWhere(s)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for k, v := range one {
		out[k] = strings.Split(v, "|")
		if k == "year" {
			for _, y := range out[k] {
				if _, err := strconv.Atoi(y); err != nil {
					return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "year", Msg: Text{ZH: "年份不是数字", EN: "the year is not a number"}}
				}
			}
		}
	}
	return out, nil
}
