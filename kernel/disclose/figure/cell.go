package figure

import (
	"context"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// Cell is one figure with what the window decided about it.
type Cell struct {
	fig    *indicator.Figure
	Hidden bool
}

// Rows is how many records stand under one side, where the figure says it.
func (c Cell) Rows(ind *catalog.Indicator, part string) (int64, bool) {
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

// One finds the figure at exact cut values, stored or rolled up, and judges
// whether its group is too small for the role.
func (d *Window) One(ctx context.Context, role *catalog.Role, seal string, ind *catalog.Indicator, where map[string]string, year int) (Cell, error) {
	cut := guard.SortedKeys(where)
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
		return Cell{}, guard.Fault("find the figure", err)
	}
	if len(figs) == 0 {
		return Cell{}, nil
	}
	out := Cell{fig: &figs[0], Hidden: tooSmall(ind, figs[0], least)}
	if least > 0 && !out.Hidden && declared(ind, cut) {
		withheld, err := d.withheld(ctx, seal, ind, cut, least)
		if err != nil {
			return Cell{}, err
		}
		out.Hidden = withheld[figureKey(figs[0])]
	}
	return out, nil
}

// NewestYear is the last year for which an indicator has a total.
func (d *Window) NewestYear(ctx context.Context, seal string, ind *catalog.Indicator) (int, error) {
	figs, err := d.eng.Figures(ctx, indicator.Query{Seal: seal, Indicators: []string{ind.ID}, By: [][]string{{}}})
	if err != nil {
		return 0, guard.Fault("find the newest year", err)
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
			return nil, &luoshu.Error{
				Kind: luoshu.Invalid, Field: "where",
				Msg: Text{ZH: "条件应写作 维度:值,维度:值", EN: "conditions are written dimension:value,dimension:value"},
			}
		}
		out[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return out, nil
}

// exploreScope narrows an explore question to a scope: by the organisations in
// it where the indicator's grains share such a dimension, else by its area.
func (d *Window) exploreScope(scope *access.Scope, ind *catalog.Indicator) (dim string, values []string, err error) {
	if scope.Whole {
		return "", nil, nil
	}
	if scope.Root != "" {
		for _, g := range d.grainsOf(ind) {
			if x := d.DimOf(ind, g.Org); g.Org != "" && x != nil && d.isNodeDim(x) {
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
