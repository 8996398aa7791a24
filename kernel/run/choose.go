package run

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// answered finds a run's record within the actor's scope.
func (r *Runner) answered(ctx context.Context, actor luoshu.Actor, s *Spec, number string) (*records.Version, error) {
	e := s.Out["run"].Entity
	v, err := r.records.ByKey(ctx, e.Name, number)
	if err != nil {
		return nil, err
	}
	missing := luoshu.Errorf(luoshu.NotFound, "没有 %s", "there is no %s", number)
	if v == nil || v.To != 0 {
		return nil, missing
	}
	scope, err := r.access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if !scope.Has(v.Values[e.Field("body").Index].S) {
		return nil, missing
	}
	return v, nil
}

// Choose makes a run the one that its organisation goes by, in place of any other of
// the same kind. Figures are computed from chosen runs.
func (r *Runner) Choose(ctx context.Context, actor luoshu.Actor, spec, number string) error {
	s := r.book.Spec(spec)
	if s == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这种运行：%s", "there is no run of kind %s", spec)
	}
	if err := r.access.Require(actor, Right); err != nil {
		return err
	}
	v, err := r.answered(ctx, actor, s, number)
	if err != nil {
		return err
	}
	e := s.Out["run"].Entity
	body, chosen := e.Field("body").Index, e.Field("chosen").Index
	like := func(x *records.Version) bool {
		for _, name := range []string{"stage", "year"} { // of layouts: those of the same stage and year
			if f := e.Field(name); f != nil && x.Values[f.Index] != v.Values[f.Index] {
				return false
			}
		}
		return x.Values[body] == v.Values[body]
	}
	var rows [][]luoshu.Value
	put := func(x *records.Version, on int64) {
		if x.Values[chosen].I != on || x.Values[chosen].K == luoshu.Null {
			row := slices.Clone(x.Values)
			row[chosen] = luoshu.IntValue(on)
			rows = append(rows, row)
		}
	}
	where, args := r.records.Is(e, "body", v.Values[body].S)
	err = r.records.Each(ctx, records.Query{Entity: e.Name, Where: where + " AND f." + store.Col("chosen") + " = 1", Args: args}, func(x *records.Version) error {
		if x.Rec != v.Rec && like(x) {
			put(x, 0)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if put(v, 1); len(rows) == 0 {
		return nil
	}
	_, err = r.ledger.Commit(ctx, ledger.Batch{
		Actor: actor, Entity: e.Name, Reason: "choose " + number, Total: int64(len(rows)),
		Rows: func(yield func(ledger.Row) error) error {
			for i, row := range rows {
				if err := yield(ledger.Row{N: i + 1, Values: row}); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil)
	return err
}

// Filed is a case that a decision became.
type Filed struct {
	Site string `json:"site"`
	Case string `json:"case"`
}

// File opens a case for every decision of a layout that asks for one; sites, if given,
// are the only ones. cells are what the layout cannot know (days, programme…), the
// same for all; area is the floor area of a place in square metres. A decision is
// filed once: filing again answers with the case it became.
func (r *Runner) File(ctx context.Context, actor luoshu.Actor, spec, number string, sites []string, area float64, cells map[string]string) ([]Filed, error) {
	s := r.book.Spec(spec)
	if s == nil || s.File == nil || r.open == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有可立项的运行：%s", "there is no run of kind %s whose decisions can be filed", spec)
	}
	if !(area > 0 && area < 1000) {
		return nil, param("area", luoshu.Errorf(luoshu.Invalid, "请写明每个学位的建筑面积（平方米），应大于 0、小于 1000", "give the floor area of a place in square metres, above 0 and below 1000"))
	}
	head, err := r.answered(ctx, actor, s, number)
	if err != nil {
		return nil, err
	}
	run := s.Out["run"].Entity
	at := func(e *catalog.Entity, v *records.Version, field string) luoshu.Value {
		return v.Values[e.Field(field).Index]
	}
	e := s.Out["sites"].Entity
	where, args := r.records.Is(e, "run", number)
	var out []Filed
	err = r.records.Each(ctx, records.Query{Entity: e.Name, Where: where, Args: args}, func(v *records.Version) error {
		site := at(e, v, "site").S
		kind := s.File.Kinds[at(e, v, "action").S]
		if kind == "" || len(sites) > 0 && !slices.Contains(sites, site) {
			return nil
		}
		ground, err := r.ground(ctx, s, site)
		if err != nil {
			return err
		}
		places := at(e, v, "places").I
		before := int64(0)
		if n, ok := ground.number("places"); ok && at(e, v, "action").S != "build" {
			before = int64(n)
		}
		have := map[string]string{
			"name": ground.text("name"), "body": at(run, head, "body").S, "kind": kind, "stage": at(run, head, "stage").S, "site": site,
			"user": at(e, v, "at_school").S, "classes": strconv.FormatInt(at(e, v, "classes").I, 10), "places": strconv.FormatInt(places, 10),
			"before": strconv.FormatInt(before, 10), "added": strconv.FormatInt(max(0, places-before), 10),
			"cost": strconv.FormatInt(int64(math.Ceil(float64(at(e, v, "cost").I)/math.Pow10(e.Field("cost").Scale))), 10),
			"area": strconv.FormatInt(int64(math.Round(area*float64(max(1, places-before)))), 10), "division": ground.text("division"),
		}
		filled := map[string]string{}
		for field, from := range s.File.Set {
			if have[from] != "" {
				filled[field] = have[from]
			}
		}
		for field, v := range cells {
			if v != "" {
				filled[field] = v
			}
		}
		no, err := r.open(ctx, actor, "layout-"+number+"-"+site, s.File.Case, filled)
		if err != nil {
			return fmt.Errorf("file %s: %w", site, err)
		}
		out = append(out, Filed{site, no})
		return nil
	})
	return out, err
}

// ground is a site's record, whichever input it is of.
func (r *Runner) ground(ctx context.Context, s *Spec, code string) (row, error) {
	for _, name := range grounds {
		in := s.Inputs[name]
		if in == nil {
			continue
		}
		v, err := r.records.ByKey(ctx, in.Entity.Name, code)
		if err != nil {
			return row{}, err
		}
		if v != nil {
			return row{in, v}, nil
		}
	}
	return row{}, luoshu.Errorf(luoshu.NotFound, "没有校舍 %s", "there are no premises %s", code)
}
