package disclose

import (
	"context"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
)

// BehindQuery asks for the records behind one side of a figure.
type BehindQuery struct {
	Indicator string
	Part      string // numerator or denominator
	Where     map[string]string
	Year      int    // 0: the newest of the seal
	Seal      string // "" is the last
	Offset    int
	Limit     int
}

// Behind returns the records under a figure that lie within the actor's scope,
// masked like any record. The records of a withheld group are withheld too.
func (d *Door) Behind(ctx context.Context, actor luoshu.Actor, q BehindQuery) (*Page, error) {
	if err := d.acc.Require(actor, "behind"); err != nil {
		return nil, err
	}
	ind := d.cat.Indicator(q.Indicator)
	if ind == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标", "no such indicator")
	}
	if q.Part != "numerator" && q.Part != "denominator" {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "part",
			Msg: Text{ZH: "part 只能是 numerator 或 denominator", EN: "part is numerator or denominator"}}
	}
	offset, limit, err := clampPage(q.Offset, q.Limit)
	if err != nil {
		return nil, err
	}
	seal, err := d.seal(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	if q.Year == 0 {
		if q.Year, err = d.newestYear(ctx, seal.ID, ind); err != nil {
			return nil, err
		}
	}
	for id := range q.Where {
		if d.dimOf(ind, id) == nil {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: id, Msg: Text{ZH: "指标没有这个维度", EN: "the indicator has no such dimension"}}
		}
	}
	role := d.acc.Role(actor)
	fig, err := d.one(ctx, role, seal.ID, ind, q.Where, q.Year)
	if err != nil {
		return nil, err
	}
	if fig.hidden {
		return nil, luoshu.Errorf(luoshu.Denied, "人数过少，为保护个人信息不予显示", "the group is too small to be shown")
	}
	where := map[string][]string{}
	for k, v := range q.Where {
		where[k] = []string{v}
	}
	sql, err := d.eng.Behind(ctx, ind.ID, q.Part, where, q.Year, seal.Seq)
	if err != nil {
		return nil, fault("find the records behind a figure", err)
	}
	g, err := d.open(ctx, actor, "behind", sql.Entity)
	if err != nil {
		return nil, err
	}
	cond, args := g.scope.Where(d.cat, g.ent, "f")
	tail := " FROM " + sql.From + " WHERE (" + sql.Where + ") AND " + cond
	args = append(append([]any{}, sql.Args...), args...)
	p := &Page{Entity: g.ent.Name, Title: g.ent.Title, Seal: seal.ID, Columns: d.columns(g, false)}
	s := &selection{g: g, seq: seal.Seq}
	if p.Rows, err = d.list(ctx, s, tail+" ORDER BY f._rid LIMIT ? OFFSET ?", append(args[:len(args):len(args)], limit, offset)); err != nil {
		return nil, err
	}
	if n, ok := fig.rows(ind, q.Part); ok && g.scope.Whole {
		p.Total = n
		return p, nil
	}
	p.Total, p.Capped, err = d.countTail(ctx, "SELECT 1"+tail, args)
	return p, err
}

// cell is one figure with what the door decided about it.
type cell struct {
	fig    *indicator.Figure
	hidden bool
}

// rows is how many records stand under one side, where the figure says it.
func (c cell) rows(ind *catalog.Indicator, part string) (int64, bool) {
	if c.fig == nil || ind.Of == nil {
		return 0, false
	}
	switch {
	case part == "numerator" && ind.Of.Sum == "" && ind.Kind != catalog.KindSum && c.fig.NumScale == 0:
		return c.fig.Num, true
	case part == "denominator" && ind.Per != nil && ind.Per.Sum == "" && c.fig.DenScale == 0:
		return c.fig.Den, true
	}
	return 0, false
}

// one finds the figure at exact cut values, stored or rolled up, and judges
// whether its group is too small for the role.
func (d *Door) one(ctx context.Context, role *catalog.Role, seal string, ind *catalog.Indicator, where map[string]string, year int) (cell, error) {
	cut := sortedKeys(where)
	in := map[string][]string{}
	for k, v := range where {
		in[k] = []string{v}
	}
	least := guarded(ind, role)
	var figs []indicator.Figure
	var err error
	if declared(ind, cut) {
		figs, err = d.eng.Figures(ctx, indicator.Query{Seal: seal, Indicators: []string{ind.ID}, By: [][]string{cut}, Where: in, Years: []int{year}})
	} else {
		in["year"] = []string{strconv.Itoa(year)}
		figs, err = d.eng.Explore(ctx, indicator.ExploreQuery{Seal: seal, Indicator: ind.ID, Cuts: cut, Filters: in})
	}
	if err != nil {
		return cell{}, fault("find the figure", err)
	}
	if len(figs) == 0 {
		return cell{}, nil
	}
	out := cell{fig: &figs[0], hidden: tooSmall(ind, figs[0], least)}
	if least > 0 && !out.hidden && declared(ind, cut) {
		withheld, err := d.withheld(ctx, seal, ind, cut, least)
		if err != nil {
			return cell{}, err
		}
		out.hidden = withheld[figureKey(figs[0])]
	}
	return out, nil
}

func (d *Door) newestYear(ctx context.Context, seal string, ind *catalog.Indicator) (int, error) {
	figs, err := d.eng.Figures(ctx, indicator.Query{Seal: seal, Indicators: []string{ind.ID}, By: [][]string{{}}})
	if err != nil {
		return 0, fault("find the newest year", err)
	}
	year := 0
	for _, f := range figs {
		if f.Value != nil || f.Num != 0 {
			year = max(year, f.Year)
		}
	}
	if year == 0 {
		return 0, luoshu.Errorf(luoshu.NotFound, "此指标没有数值", "the indicator has no figure")
	}
	return year, nil
}

// ParseWhere reads "county:410311,stage:PRI".
func ParseWhere(s string) (map[string]string, error) {
	out := map[string]string{}
	if strings.TrimSpace(s) == "" {
		return out, nil
	}
	for _, part := range strings.Split(s, ",") {
		k, v, ok := strings.Cut(part, ":")
		if !ok {
			k, v, ok = strings.Cut(part, "=")
		}
		if !ok || k == "" {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "where",
				Msg: Text{ZH: "条件应写作 维度:值,维度:值", EN: "conditions are written dimension:value,dimension:value"}}
		}
		out[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return out, nil
}

// exploreScope narrows an explore question to a scope: by the organisations in
// it where the indicator's grains share such a dimension, else by its area.
func (d *Door) exploreScope(scope *access.Scope, ind *catalog.Indicator) (dim string, values []string, err error) {
	if scope.Whole {
		return "", nil, nil
	}
	if scope.Root != "" {
		for _, g := range d.grainsOf(ind) {
			if x := d.dimOf(ind, g.Org); g.Org != "" && x != nil && d.isNodeDim(x) {
				return g.Org, scope.Codes(), nil
			}
		}
		for _, x := range d.dimsOf(ind) {
			if d.isNodeDim(x) {
				return x.ID, scope.Codes(), nil
			}
		}
		for _, x := range d.dimsOf(ind) {
			if x.ID == d.cat.City.AreaDim {
				return x.ID, []string{scope.Root}, nil
			}
		}
	}
	return "", nil, luoshu.Errorf(luoshu.NotFound, "此指标不能按您的单位计算", "the indicator cannot be made for your organisation")
}
