package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"

	"luoshu"
	"luoshu/cmd/luoshu/loop"
	"luoshu/kernel/catalog"
	"luoshu/kernel/city"
	"luoshu/kernel/disclose"
)

type figuresCmd struct {
	Show   figuresShowCmd   `cmd:"" default:"withargs" help:"Print figures (the default)."`
	Behind figuresBehindCmd `cmd:"" help:"Print the records behind a figure's numerator or denominator."`
}

type figuresShowCmd struct {
	Data      string   `required:"" type:"path" help:"Data folder."`
	Seal      string   `help:"Seal; empty is the last one."`
	Indicator []string `help:"Indicators; empty is all."`
	By        []string `help:"Dimensions to cut by, comma-separated; none gives the totals."`
	Where     []string `help:"Only these values, as dim=value."`
	Year      []int    `help:"Years; empty is all."`
	All       bool     `help:"Every cut that the indicators declare."`
	Output    string   `short:"o" enum:"json,csv,table" default:"table" help:"json, csv or table."`
}

// Run prints figures through the door out.
func (c figuresShowCmd) Run(a *app) error {
	where, err := parseWhere(c.Where)
	if err != nil {
		return err
	}
	return a.with(c.Data, func(ct *city.City) error {
		for _, id := range c.Indicator {
			if ct.Catalog.Indicator(id) == nil {
				return luoshu.Errorf(luoshu.NotFound, "没有指标 %s", "there is no indicator %s", id)
			}
		}
		figs, err := c.figures(a, ct, where)
		if err != nil {
			return err
		}
		switch c.Output {
		case "json":
			return a.json(figs)
		case "csv":
			return a.figuresCSV(figs)
		}
		return a.figuresTable(ct.Catalog, figs)
	})
}

// figures asks for stored figures where the cut is declared and explores the
// cubes where it is not: the digits are the same.
func (c figuresShowCmd) figures(a *app, ct *city.City, where map[string]string) ([]disclose.Figure, error) {
	out := []disclose.Figure{}
	var skipped error
	filter := map[string][]string{}
	for k, v := range where {
		filter[k] = []string{v}
	}
	cut := slices.Clone(c.By)
	for k := range where {
		if !slices.Contains(cut, k) {
			cut = append(cut, k)
		}
	}
	sort.Strings(cut)
	for _, ind := range ct.Catalog.Indicators {
		if len(c.Indicator) > 0 && !slices.Contains(c.Indicator, ind.ID) {
			continue
		}
		q := disclose.FigureQuery{Seal: c.Seal, Indicators: []string{ind.ID}, Where: filter, Years: c.Year}
		if !c.All {
			q.By = [][]string{cut}
		}
		if !c.All && !declared(ind, cut) {
			figs, err := c.explore(a, ct, ind, cut, filter)
			var e *luoshu.Error
			if len(c.Indicator) == 0 && errors.As(err, &e) && e.Kind == luoshu.Invalid { // not every indicator has every dimension
				skipped = err
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, figs...)
			continue
		}
		figs, err := ct.Door.Figures(a.ctx, operator(), q)
		if err != nil {
			return nil, err
		}
		out = append(out, figs...)
	}
	if len(out) == 0 && skipped != nil {
		return nil, skipped
	}
	return out, nil
}

func declared(ind *catalog.Indicator, cut []string) bool {
	if len(cut) == 0 {
		return true
	}
	for _, by := range ind.By {
		s := slices.Clone(by)
		sort.Strings(s)
		if slices.Equal(s, cut) {
			return true
		}
	}
	return false
}

func (c figuresShowCmd) explore(a *app, ct *city.City, ind *catalog.Indicator, cut []string, filter map[string][]string) ([]disclose.Figure, error) {
	f := map[string][]string{}
	for k, v := range filter {
		f[k] = v
	}
	for _, y := range c.Year {
		f["year"] = append(f["year"], strconv.Itoa(y))
	}
	res, err := ct.Door.Explore(a.ctx, operator(), disclose.ExploreQuery{
		Measure: ind.ID, Cuts: cut, Filters: f, Seal: c.Seal,
	})
	if err != nil {
		return nil, err
	}
	out := make([]disclose.Figure, 0, len(res.Rows))
	for _, r := range res.Rows {
		out = append(out, disclose.Figure{
			Indicator: ind.ID, Year: r.Year, By: r.By, Labels: r.Labels, Numerator: r.Numerator, Denominator: r.Denominator,
			Value: r.Value, Unit: ind.Unit, N: r.N, Verified: r.Verified, Suppressed: r.Suppressed, Seal: res.Seal, Formula: res.Formula,
		})
	}
	return out, nil
}

// parseWhere reads dim=value pairs.
func parseWhere(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		k, v, ok := strings.Cut(s, "=")
		if !ok || k == "" || v == "" {
			return nil, luoshu.Errorf(luoshu.Invalid, "--where %q 应写作 维度=值", "--where %q must be written dim=value", s)
		}
		out[k] = v
	}
	return out, nil
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// byText writes a cut as "county=410311 stage=PRI", sorted.
func byText(by map[string]string) string {
	keys := make([]string, 0, len(by))
	for k := range by {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k + "=" + by[k]
	}
	return strings.Join(parts, " ")
}

func (a *app) figuresCSV(figs []disclose.Figure) error {
	w := csv.NewWriter(a.out)
	if err := w.Write([]string{"indicator", "year", "by", "numerator", "denominator", "value", "unit", "n", "verified_share", "seal"}); err != nil {
		return err
	}
	for _, f := range figs {
		n := ""
		if f.N != nil {
			n = strconv.FormatInt(*f.N, 10)
		}
		if err := w.Write([]string{
			f.Indicator, strconv.Itoa(f.Year), byText(f.By), number(f.Numerator), number(f.Denominator), number(f.Value),
			f.Unit.ZH, n, number(f.Verified), f.Seal,
		}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func (a *app) figuresTable(cat *catalog.Catalog, figs []disclose.Figure) error {
	if n := cat.City.Notice; n.ZH != "" {
		fmt.Fprintf(a.out, "%s · %s\n", n.ZH, n.EN)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "indicator\tyear\tby\tnumerator\tdenominator\tvalue\tunit\tverified\tseal")
	for _, f := range figs {
		value, verified := "—", "—"
		if f.Value != nil {
			value = strconv.FormatFloat(*f.Value, 'f', cat.Indicator(f.Indicator).Decimals, 64)
		}
		if f.Verified != nil {
			verified = strconv.FormatFloat(*f.Verified*100, 'f', 1, 64) + "%"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Indicator, f.Year, byText(f.By),
			number(f.Numerator), number(f.Denominator), value, f.Unit.ZH, verified, f.Seal)
	}
	return w.Flush()
}

type figuresBehindCmd struct {
	Data      string   `required:"" type:"path" help:"Data folder."`
	Indicator string   `required:"" help:"Indicator."`
	Part      string   `required:"" enum:"numerator,denominator" help:"numerator or denominator."`
	Where     []string `help:"Cut of the figure, as dim=value."`
	Year      int      `help:"Year; 0 is the newest."`
	Seal      string   `help:"Seal; empty is the last one."`
	Offset    int      `help:"Rows to leave out at the start."`
	Limit     int      `default:"100" help:"Rows at most; total counts all."`
	Output    string   `short:"o" enum:"json,csv" default:"json" help:"json or csv."`
}

// Run prints the records behind a figure.
func (c figuresBehindCmd) Run(a *app) error {
	where, err := parseWhere(c.Where)
	if err != nil {
		return err
	}
	return a.with(c.Data, func(ct *city.City) error {
		const pageRows = 500
		var page *disclose.Page
		for at := c.Offset; ; {
			size := min(pageRows, c.Limit-(at-c.Offset))
			p, err := ct.Door.Behind(a.ctx, operator(), disclose.BehindQuery{
				Indicator: c.Indicator, Part: c.Part, Where: where, Year: c.Year, Seal: c.Seal, Offset: at, Limit: max(size, 1),
			})
			if err != nil {
				return err
			}
			if page == nil {
				page = p
			} else {
				page.Rows = append(page.Rows, p.Rows...)
			}
			at += len(p.Rows)
			if len(p.Rows) == 0 || at-c.Offset >= c.Limit || int64(at) >= p.Total {
				break
			}
		}
		if c.Output == "json" {
			return a.json(page)
		}
		return a.pageCSV(page)
	})
}

func (a *app) pageCSV(p *disclose.Page) error {
	w := csv.NewWriter(a.out)
	head := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		head[i] = c.Name
	}
	if err := w.Write(head); err != nil {
		return err
	}
	for _, r := range p.Rows {
		rec := make([]string, len(p.Columns))
		for i, c := range p.Columns {
			if v := r.Values[c.Name]; v != nil {
				rec[i] = fmt.Sprint(v)
				if _, text := v.(string); text && rec[i] != "" && strings.ContainsRune("=+-@\t\r\n'", rune(rec[i][0])) {
					rec[i] = "'" + rec[i] // a spreadsheet must not run it
				}
			}
		}
		if err := w.Write(rec); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

type planCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Seal   string `help:"Seal; empty is the last one."`
	Org    string `help:"Organisation; empty is the whole city."`
	On     string `help:"Day (yyyy-mm-dd) whose targets are meant; the day of the seal if one is given, else today."`
	Output string `short:"o" enum:"json,table" default:"table" help:"json or table."`
}

// Run prints the plan with the state of each target.
func (c planCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		day, err := loop.Day(c.On)
		if err != nil {
			return err
		}
		plans, err := ct.Door.PlanOf(a.ctx, operator(), disclose.PlanQuery{Seal: c.Seal, Org: c.Org, Day: day})
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(map[string]any{"plans": plans})
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, p := range plans {
			fmt.Fprintf(w, "%s %s\n", p.Title.ZH, p.Number)
			for _, s := range p.Sections {
				fmt.Fprintf(w, "%s\n", s.Title)
				for _, t := range s.Targets {
					value := "—"
					if t.Figure != nil && t.Figure.Value != nil {
						value = strconv.FormatFloat(*t.Figure.Value, 'f', 2, 64)
					}
					version := ""
					if t.Version > 0 {
						version = "v" + strconv.FormatInt(t.Version, 10)
					}
					fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", t.ID, t.Title.ZH, t.State, value, version)
				}
			}
		}
		return w.Flush()
	})
}

func exportQuery(entity, seal string) disclose.RecordQuery {
	return disclose.RecordQuery{Entity: entity, Seal: seal}
}
