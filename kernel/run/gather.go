package run

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/records"
)

// row is a record of an input: its values by what they are.
type row struct {
	in *Input
	v  *records.Version
}

func (r row) value(name string) luoshu.Value {
	f := r.in.Fields[name]
	if f == nil {
		return luoshu.Value{}
	}
	return r.v.Values[f.Index]
}

func (r row) text(name string) string { return r.value(name).S }
func (r row) whole(name string) int64 { return r.value(name).I }

// number is a value with its decimals; false if it is empty.
func (r row) number(name string) (float64, bool) {
	v := r.value(name)
	if v.K == luoshu.Null {
		return 0, false
	}
	n := float64(v.I)
	if f := r.in.Fields[name]; f.Type == catalog.TypeDecimal {
		for range f.Scale {
			n /= 10
		}
	}
	return n, true
}

// each calls each for every record of an input as of a ledger sequence. An input
// that the pack does not name has no records.
func (r *Runner) each(ctx context.Context, in *Input, seq int64, each func(row) error) error {
	return r.eachWhere(ctx, in, seq, "", nil, each)
}

// eachWhere is each for the records under a condition over the alias f.
func (r *Runner) eachWhere(ctx context.Context, in *Input, seq int64, where string, args []any, each func(row) error) error {
	if in == nil {
		return nil
	}
	return r.records.Each(ctx, records.Query{Entity: in.Entity.Name, Seq: seq, Fields: named(in, nil), Where: where, Args: args}, func(v *records.Version) error {
		if !takes(in, v) {
			return nil
		}
		return each(row{in, v})
	})
}

// named adds the fields of an input to those that are read.
func named(in *Input, fields []string) []string {
	for _, f := range in.Fields {
		if !slices.Contains(fields, f.Name) {
			fields = append(fields, f.Name)
		}
	}
	for name := range in.Only {
		if !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	return fields
}

// takes reports whether a record is one of the input's.
func takes(in *Input, v *records.Version) bool {
	for name, values := range in.Only {
		if !slices.Contains(values, v.Values[in.Entity.Field(name).Index].S) {
			return false
		}
	}
	return true
}

// eachOf is each for several inputs; records of one entity are read once for all that
// are of it.
func (r *Runner) eachOf(ctx context.Context, s *Spec, names []string, seq int64, each func(name string, x row) error) error {
	var done []string
	for _, first := range names {
		in := s.Inputs[first]
		if in == nil || slices.Contains(done, in.Entity.Name) {
			continue
		}
		done = append(done, in.Entity.Name)
		var of, fields []string
		for _, name := range names {
			if x := s.Inputs[name]; x != nil && x.Entity == in.Entity {
				of, fields = append(of, name), named(x, fields)
			}
		}
		err := r.records.Each(ctx, records.Query{Entity: in.Entity.Name, Seq: seq, Fields: fields}, func(v *records.Version) error {
			for _, name := range of {
				if x := s.Inputs[name]; takes(x, v) {
					if err := each(name, row{x, v}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ladder is the grades of every group in order.
type ladder struct {
	groups []string
	grades map[string][]string
	group  map[string]string // of a grade
}

func (r *Runner) ladder(l *Ladder) ladder {
	out := ladder{grades: map[string][]string{}, group: map[string]string{}}
	codes := slices.Clone(r.cat.List(l.Codes).Codes)
	at := func(c catalog.Code) int { n, _ := strconv.Atoi(c.Attrs[l.Order]); return n }
	slices.SortStableFunc(codes, func(a, b catalog.Code) int { return at(a) - at(b) })
	for _, c := range codes {
		g := c.Attrs[l.Group]
		if g == "" {
			continue
		}
		if out.grades[g] == nil {
			out.groups = append(out.groups, g)
		}
		out.grades[g] = append(out.grades[g], c.Code)
		out.group[c.Code] = g
	}
	return out
}

// count is how many are in one grade of one unit in one year.
type count struct {
	unit, area, grade string
	year              int
	n                 int64
}

// counts reads the figures of a seal for the units of an organisation.
func (r *Runner) counts(ctx context.Context, c *Counts, seal string, filters map[string][]string) ([]count, error) {
	figs, err := r.figures.Explore(ctx, indicator.ExploreQuery{
		Seal: seal, Indicator: c.Indicator, Cuts: []string{c.Unit, c.Area, c.Grade}, Filters: filters,
	})
	if err != nil {
		return nil, err
	}
	var out []count
	for _, f := range figs {
		x := count{unit: f.By[c.Unit], area: f.By[c.Area], grade: f.By[c.Grade], year: f.Year, n: f.Num}
		if x.unit != "" && x.grade != "" {
			out = append(out, x)
		}
	}
	return out, nil
}

// parameter is the value of a parameter of the run on a day.
func (r *Runner) parameter(s *Spec, name string, day int64, when map[string]string, area string) (float64, error) {
	id := s.Params[name]
	if id == "" {
		return 0, nil
	}
	v, ok := r.cat.Parameter(id).Value(day, when, area)
	if !ok {
		return 0, luoshu.Errorf(luoshu.Invalid, "参数 %s 在 %s 没有适用于 %v 的值", "parameter %s has no value on %s for %v", id, luoshu.FormatDate(day), fmt.Sprint(when))
	}
	return v.Float(), nil
}
