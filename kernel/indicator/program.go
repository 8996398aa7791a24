package indicator

import (
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/rule"
)

// program is a catalog made ready to compute: what every grain is asked in its
// one scan, and how every indicator comes out of the cubes.
type program struct {
	cat   *catalog.Catalog
	scans []*scan
	plans map[string]*plan
	grain map[string]*scan
}

// scan is one grain: its dimensions and the columns that indicators need.
type scan struct {
	grain   *catalog.Grain
	fact    *catalog.Entity
	vars    *rule.Env
	dims    []*scanDim
	columns []*scanColumn
	conds   map[string]*cube.Condition
	exprs   map[string]*rule.Expr // conditions by their text, each compiled once
	spec    string                // set for one seal
}

type scanDim struct {
	*catalog.Dim
	id      string
	integer bool
}

// scanColumn is a count or sum over the rows of a cell for which where holds.
type scanColumn struct {
	id       string
	where    []*rule.Expr
	sum      *rule.Expr // nil to count rows
	verified bool       // only rows that count as verified
}

// compileProgram reads every expression of grains and indicators. The catalog
// has checked them, so an error here is a fault of this program.
func compileProgram(cat *catalog.Catalog) (*program, error) {
	p := &program{cat: cat, plans: map[string]*plan{}, grain: map[string]*scan{}}
	for _, g := range cat.Grains {
		s, err := p.newScan(g)
		if err != nil {
			return nil, fmt.Errorf("grain %s: %w", g.ID, err)
		}
		p.scans = append(p.scans, s)
		p.grain[g.ID] = s
	}
	for _, ind := range cat.Indicators {
		if len(ind.Items) > 0 {
			continue
		}
		pl, err := p.simple(ind)
		if err != nil {
			return nil, fmt.Errorf("indicator %s: %w", ind.ID, err)
		}
		p.plans[ind.ID] = pl
	}
	for _, ind := range cat.Indicators {
		if len(ind.Items) == 0 {
			continue
		}
		pl, err := p.composite(ind)
		if err != nil {
			return nil, fmt.Errorf("indicator %s: %w", ind.ID, err)
		}
		p.plans[ind.ID] = pl
	}
	return p, nil
}

func (p *program) newScan(g *catalog.Grain) (*scan, error) {
	s := &scan{grain: g, fact: p.cat.Entity(g.From), conds: map[string]*cube.Condition{}, exprs: map[string]*rule.Expr{}}
	if s.fact == nil {
		return nil, fmt.Errorf("no entity %q", g.From)
	}
	var err error
	if s.vars, err = rule.NewEnv(p.cat.GrainVars(g), func(id string) bool { return p.cat.Parameter(id) != nil }); err != nil {
		return nil, err
	}
	for _, d := range g.Dims {
		s.dims = append(s.dims, &scanDim{Dim: d, id: d.ID, integer: d.Prog.Kind() != rule.Text})
	}
	s.column("n", nil, nil, false)
	s.column("v", nil, nil, true)
	return s, nil
}

// column asks the scan for a column and returns its id.
func (s *scan) column(id string, where []*rule.Expr, sum *rule.Expr, verified bool) string {
	if !slices.ContainsFunc(s.columns, func(c *scanColumn) bool { return c.id == id }) {
		s.columns = append(s.columns, &scanColumn{id: id, where: where, sum: sum, verified: verified})
	}
	return id
}

// simple makes a plan of count, sum, share, ratio or mean.
func (p *program) simple(ind *catalog.Indicator) (*plan, error) {
	if ind.Of == nil {
		return nil, fmt.Errorf("no numerator")
	}
	pl := &plan{ind: ind, scale: ind.Scale}
	if pl.scale == 0 {
		pl.scale = 1
		if ind.Kind == catalog.KindShare {
			pl.scale = 100
		}
	}
	of, per := *ind.Of, ind.Per
	switch ind.Kind {
	case catalog.KindShare:
		den := catalog.Measure{Grain: of.Grain, Lag: of.Lag}
		if per != nil {
			den = *per
			if den.Grain == "" {
				den.Grain, den.Lag = of.Grain, of.Lag
			}
		}
		if den.Grain != of.Grain {
			return nil, fmt.Errorf("a share counts within one grain")
		}
		per = &den
	case catalog.KindMean:
		if per == nil {
			per = &catalog.Measure{Grain: of.Grain, Where: of.Where, Lag: of.Lag}
		}
	}
	wheres := []string{of.Where}
	if ind.Kind == catalog.KindShare {
		wheres = []string{per.Where, of.Where}
	}
	var err error
	if pl.of, err = p.side(&of, wheres, per == nil); err != nil {
		return nil, fmt.Errorf("of: %w", err)
	}
	if per != nil {
		if per.Grain == "" {
			m := *per
			m.Grain = of.Grain
			per = &m
		}
		if pl.per, err = p.side(per, []string{per.Where}, true); err != nil {
			return nil, fmt.Errorf("per: %w", err)
		}
	}
	return pl, nil
}

// side makes one measure ready: conditions that read only dimensions stay for
// the roll-up, the others become columns of the scan.
func (p *program) side(m *catalog.Measure, wheres []string, base bool) (*side, error) {
	s := p.grain[m.Grain]
	if s == nil {
		return nil, fmt.Errorf("no grain %q", m.Grain)
	}
	out := &side{grain: s.grain, measure: m, lag: m.Lag}
	var rows []string
	exprs := map[string]*rule.Expr{}
	for _, w := range wheres {
		if w == "" {
			continue
		}
		out.wheres = append(out.wheres, w)
		parts, compiled, err := s.parts(w)
		if err != nil {
			return nil, fmt.Errorf("where: %w", err)
		}
		for i, part := range parts {
			x := compiled[i]
			if c := p.condition(s, part, x); c != nil {
				if !slices.Contains(out.conds, c) {
					out.conds = append(out.conds, c)
				}
				continue
			}
			if exprs[part] == nil {
				exprs[part] = x
				rows = append(rows, part)
			}
		}
	}
	slices.Sort(rows)
	slices.SortFunc(out.conds, func(a, b *cube.Condition) int { return strings.Compare(a.Text, b.Text) })
	var where []*rule.Expr
	tail := ""
	for _, r := range rows {
		where, tail = append(where, exprs[r]), tail+"|"+r
	}
	out.rows = s.column("n"+tail, where, nil, false)
	out.value = out.rows
	if m.Sum != "" {
		x, err := s.vars.Compile(m.Sum, rule.Int)
		if err != nil {
			return nil, fmt.Errorf("sum: %w", err)
		}
		out.value = s.column("s:"+m.Sum+tail, where, x, false)
		out.scale = p.scaleOf(s, x)
	}
	if base {
		out.verified = s.column("v"+tail, where, nil, true)
	}
	return out, nil
}

// parts compiles a condition, taken apart at its outermost && where possible.
func (s *scan) parts(w string) ([]string, []*rule.Expr, error) {
	parts := notation.Conjuncts(w)
	var out []*rule.Expr
	for _, part := range parts {
		x, err := s.compile(part)
		if err != nil {
			x, err = s.compile(w)
			return []string{w}, []*rule.Expr{x}, err
		}
		out = append(out, x)
	}
	return parts, out, nil
}

func (s *scan) compile(cond string) (*rule.Expr, error) {
	if x := s.exprs[cond]; x != nil {
		return x, nil
	}
	x, err := s.vars.Compile(cond, rule.Bool)
	if err == nil {
		s.exprs[cond] = x
	}
	return x, err
}

// condition returns the condition if the expression can be decided on a cube:
// it reads dimensions and the year only, and parameters that are whole numbers
// found by the same.
func (p *program) condition(s *scan, text string, x *rule.Expr) *cube.Condition {
	if c := s.conds[text]; c != nil {
		return c
	}
	c := &cube.Condition{Text: text}
	need := x.Vars()
	for _, id := range x.Params() {
		for _, v := range p.cat.Parameter(id).Values {
			if v.Scale > 0 {
				return nil
			}
			if v.Area != "" && s.grain.Dim(p.cat.City.AreaDim) != nil {
				need = append(need, p.cat.City.AreaDim)
			}
			for d := range v.When {
				if s.grain.Dim(d) != nil {
					need = append(need, d)
				}
			}
		}
	}
	slices.Sort(need)
	for _, id := range slices.Compact(need) {
		switch {
		case id == "year":
		case s.grain.Dim(id) == nil:
			return nil
		default:
			c.Dims = append(c.Dims, id)
		}
	}
	if len(c.Dims) > cube.MaxKey {
		return nil
	}
	c.True = func(year int, value func(dim string) string) (bool, error) {
		out, err := x.Eval(func(name string) luoshu.Value {
			if name == "year" {
				return luoshu.IntValue(int64(year))
			}
			return s.value(name, value(name))
		}, func(id string) (luoshu.Value, bool) {
			where := make(map[string]string, len(c.Dims))
			for _, d := range c.Dims {
				where[d] = value(d)
			}
			return p.integer(id, year, where)
		})
		return out.K == luoshu.IsInt && out.I != 0, err
	}
	s.conds[text] = c
	return c
}

// value turns a dimension's value as cubes hold it into a variable's.
func (s *scan) value(dim, v string) luoshu.Value {
	if v == "" {
		return luoshu.Value{}
	}
	for _, d := range s.dims {
		if d.id == dim && d.integer {
			return luoshu.IntValue(parseInt(v))
		}
	}
	return luoshu.TextValue(v)
}

// scaleOf is the number of decimals of a sum: that of the decimal fields it reads.
func (p *program) scaleOf(s *scan, x *rule.Expr) int {
	scale := 0
	for _, name := range x.Vars() {
		if f := p.cat.VarField(s.grain, name); f != nil && f.Type == catalog.TypeDecimal {
			scale = max(scale, f.Scale)
		}
	}
	return scale
}

// composite makes a plan of cv or passes from the plans of its items.
func (p *program) composite(ind *catalog.Indicator) (*plan, error) {
	pl := &plan{ind: ind, scale: ind.Scale, units: []string{ind.Over}}
	if pl.scale == 0 {
		pl.scale = 1
		if ind.Kind == catalog.KindPasses {
			pl.scale = 100
		}
	}
	for _, id := range ind.Items {
		it := p.plans[id]
		if it == nil || it.per == nil {
			return nil, fmt.Errorf("item %q is not a ratio", id)
		}
		pl.items = append(pl.items, it)
		if ind.Kind == catalog.KindCV {
			continue
		}
		par := p.cat.Parameter(it.ind.Limit)
		if par == nil {
			return nil, fmt.Errorf("item %q has no limit", id)
		}
		for _, v := range par.Values {
			for d := range v.When {
				if d != ind.Over {
					pl.units = append(pl.units, d)
				}
			}
		}
	}
	shared := func(d string) bool {
		for _, it := range pl.items {
			if it.of.grain.Dim(d) == nil || it.per.grain.Dim(d) == nil {
				return false
			}
		}
		return true
	}
	slices.Sort(pl.units[1:])
	pl.units = slices.Compact(slices.DeleteFunc(pl.units, func(d string) bool { return !shared(d) }))
	if len(pl.items) == 0 || !slices.Contains(pl.units, ind.Over) {
		return nil, fmt.Errorf("no units %q in the grains of its items", ind.Over)
	}
	return pl, nil
}

// parameter finds a parameter's value on the day a year begins.
func (p *program) parameter(id string, year int, where map[string]string) (catalog.ParamValue, bool) {
	par := p.cat.Parameter(id)
	if par == nil {
		return catalog.ParamValue{}, false
	}
	area := where[p.cat.City.AreaDim]
	if area == "" {
		area = p.cat.City.Root
	}
	return par.Value(p.yearDay(year), where, area)
}

// yearDay is the first day of a year (yyyymmdd), on which parameters are taken.
func (p *program) yearDay(year int) int64 {
	return int64(year)*10000 + int64(max(p.cat.City.YearStart, 1))*100 + 1
}

// integer gives conditions their parameters; only whole numbers can be one.
func (p *program) integer(id string, year int, where map[string]string) (luoshu.Value, bool) {
	v, ok := p.parameter(id, year, where)
	if !ok || v.Scale != 0 {
		return luoshu.Value{}, false
	}
	return luoshu.IntValue(v.Num), true
}
