package indicator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// source says where a scan reads: the tables of the store as of a seal, or the
// Parquet files of that seal. The SQL is otherwise the same.
type source struct {
	dialect rule.Dialect
	table   func(entity string) string
	live    func(entity, alias string) string // condition for the rows as of the seal, "" if all are
	fresh   func(*catalog.Entity) int64       // the oldest _verified (yyyymmdd) that counts
	seen    string                            // when the fact was last confirmed, "" for its column
	years   []int                             // of calendars
	few     bool                              // only few facts are looked at: count for each of them
	whole   string                            // after a table that is read from end to end
	opened  opened.Fields                     // read from tables beside, since they lie sealed
	facts   string                            // what the facts are read from, "" for their table
	// named is the values of a field of the facts, as a subquery, where only a part of
	// them is read; other tables are then read as far as they have one of them. nil, or
	// "": all there is.
	named func(other, field string) string
	// lean is what an entity is read from of which only these fields are used; nil: its
	// table.
	lean func(entity string, used map[string]bool) string
}

// text writes the SQL of one grain. Every field it reads is noted in uses.
type text struct {
	p    *program
	s    *scan
	src  *source
	busy map[string]bool // dims being written, so that none reads itself
	uses map[string]map[string]bool
	err  error
}

func (p *program) text(s *scan, src *source) *text {
	return &text{p: p, s: s, src: src, busy: map[string]bool{}, uses: map[string]map[string]bool{}}
}

func (t *text) fail(format string, args ...any) string {
	if t.err == nil {
		t.err = fmt.Errorf(format, args...)
	}
	return "NULL"
}

// use notes that a field of an entity is read and writes it.
func (t *text) use(e *catalog.Entity, alias, field string) string {
	if e == nil || e.Field(field) == nil {
		return t.fail("no field %q behind %s", field, alias)
	}
	if t.uses[e.Name] == nil {
		t.uses[e.Name] = map[string]bool{}
	}
	t.uses[e.Name][field] = true
	if t.src.opened.Has(e.Name, field) {
		alias = opened.Alias(alias)
	}
	return alias + "." + store.Col(field)
}

func joinAlias(alias string) string { return store.Col("j_" + alias) }
func rollAlias(alias string) string { return store.Col("k_" + alias) }

// fieldOf writes a field of the fact or of a join.
func (t *text) fieldOf(name string) string {
	alias, field, dotted := strings.Cut(name, ".")
	if !dotted {
		return t.use(t.s.fact, "f", name)
	}
	for _, j := range t.s.grain.Join {
		if j.Alias == alias {
			return t.use(t.p.cat.Entity(j.Entity), joinAlias(alias), field)
		}
	}
	return t.fail("no join %q", alias)
}

// col resolves a variable. The catalog has seen to it that a dimension with the
// name of a field is that field.
func (t *text) col(name string) string {
	switch {
	case strings.Contains(name, "."):
		return t.fieldOf(name)
	case name == "year" && !t.busy["year"]:
		return t.year()
	case t.roll(name) != "":
		return t.roll(name)
	case t.s.fact.Field(name) != nil:
		return t.fieldOf(name)
	}
	return t.dim(name)
}

func (t *text) roll(name string) string {
	for i, r := range t.s.grain.Roll {
		if r.Alias == name && t.src.few {
			return t.rollCount(&t.s.grain.Roll[i])
		}
		if r.Alias == name {
			return "COALESCE(" + rollAlias(name) + ".n, 0)"
		}
	}
	return ""
}

// dim writes a dimension's expression.
func (t *text) dim(id string) string {
	if t.busy[id] {
		return t.fail("dimension %q reads itself", id)
	}
	for _, d := range t.s.dims {
		if d.id == id {
			t.busy[id] = true
			defer delete(t.busy, id)
			return t.paren(t.value(d.Prog))
		}
	}
	return t.fail("no variable %q", id)
}

func (t *text) paren(s string) string {
	if strings.ContainsAny(s, " (") {
		return "(" + s + ")"
	}
	return s
}

// year writes the grain's year.
func (t *text) year() string {
	if t.s.grain.Cal != nil {
		return "cal.y"
	}
	t.busy["year"] = true
	defer delete(t.busy, "year")
	return t.paren(t.value(t.s.grain.YearProg))
}

func (t *text) value(x *rule.Expr) string {
	s, err := x.SQLValue(t.src.dialect, t.col, t.param)
	if err != nil {
		return t.fail("%w", err)
	}
	return s
}

func (t *text) cond(x *rule.Expr) string {
	s, err := x.SQL(t.src.dialect, t.col, t.param)
	if err != nil {
		return t.fail("%w", err)
	}
	return s
}

// param writes a parameter as of the row's year and dimensions: a literal if it
// has one value, else a CASE whose most specific branch comes first.
func (t *text) param(id string) string {
	type branch struct {
		when  []string
		score int
		value string
	}
	par := t.p.cat.Parameter(id)
	if par == nil {
		return t.fail("no parameter %q", id)
	}
	day := t.p.yearDay(0)
	var all []branch
	for _, v := range par.Values {
		b := branch{value: notation.Decimal(v.Num, v.Scale), score: 2 * len(v.When)}
		if v.From != 0 {
			b.when = append(b.when, fmt.Sprintf("%s >= %d", t.year(), notation.CeilDiv(v.From-day, 10000)))
		}
		if v.To != 0 {
			b.when = append(b.when, fmt.Sprintf("%s <= %d", t.year(), notation.FloorDiv(v.To-day, 10000)))
		}
		ok := true
		for _, d := range sortedKeys(v.When) {
			if ok = t.s.grain.Dim(d) != nil && !t.busy[d]; !ok {
				break
			}
			b.when = append(b.when, t.dim(d)+" = "+notation.Literal(v.When[d]))
		}
		if v.Area != "" {
			b.score++
			area := t.p.cat.City.AreaDim
			switch {
			case t.s.grain.Dim(area) != nil && !t.busy[area]:
				b.when = append(b.when, fmt.Sprintf("substr(%s, 1, %d) = %s", t.dim(area), len(v.Area), notation.Literal(v.Area)))
			case !strings.HasPrefix(t.p.cat.City.Root, v.Area):
				ok = false
			}
		}
		if ok {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b branch) int { return cmp.Compare(b.score, a.score) })
	if len(all) > 0 && len(all[0].when) == 0 {
		return all[0].value
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, x := range all {
		if len(x.when) == 0 {
			b.WriteString(" ELSE " + x.value)
			break
		}
		b.WriteString(" WHEN " + strings.Join(x.when, " AND ") + " THEN " + x.value)
	}
	if len(all) == 0 {
		return "NULL"
	}
	return b.String() + " END"
}

// from writes the tables of the grain: the fact, what it refers to, the years of
// a calendar, and the counts of other records.
func (t *text) from() string {
	var b strings.Builder
	facts := t.src.facts
	if facts == "" {
		facts = t.src.table(t.s.fact.Name)
	}
	b.WriteString(facts + " AS f" + t.src.whole + t.src.opened.Join(t.s.fact.Name, "f"))
	for _, j := range t.s.grain.Join {
		e := t.p.cat.Entity(j.Entity)
		if e == nil || len(e.Key) != 1 {
			return t.fail("join %q: entity %q has no key of one field", j.Alias, j.Entity)
		}
		a, table := joinAlias(j.Alias), t.src.table(e.Name)
		if in := t.named(e.Name, j.On); in != "" {
			table = "(SELECT * FROM " + table + " WHERE " + store.Col(e.Key[0]) + in + ")"
		}
		fmt.Fprintf(&b, "\n LEFT JOIN %s AS %s ON %s = %s%s", table, a,
			t.use(e, a, e.Key[0]), t.fieldOf(j.On), and(t.src.live(e.Name, a)))
		b.WriteString(t.src.opened.Join(e.Name, a))
	}
	if c := t.s.grain.Cal; c != nil {
		var ys []string
		for i, y := range t.src.years {
			d := int64(y)*10000 + int64(c.Month)*100 + int64(c.Day)
			if i == 0 {
				ys = append(ys, fmt.Sprintf("SELECT CAST(%d AS BIGINT) AS y, CAST(%d AS BIGINT) AS d", y, d))
				continue
			}
			ys = append(ys, fmt.Sprintf("SELECT %d, %d", y, d))
		}
		fmt.Fprintf(&b, "\n JOIN (%s) AS cal ON %s <= cal.d", strings.Join(ys, " UNION ALL "), t.fieldOf(c.From))
		if c.To != "" {
			to := t.fieldOf(c.To)
			fmt.Fprintf(&b, " AND (%s IS NULL OR %s > cal.d)", to, to)
		}
	}
	for i := range t.s.grain.Roll {
		if !t.src.few {
			t.rollJoin(&b, &t.s.grain.Roll[i])
		}
	}
	return b.String()
}

// named is " IN (…)" with what a field of the facts holds, "" where all is read.
func (t *text) named(other, field string) string {
	if t.src.named == nil || t.s.fact.Field(field) == nil {
		return ""
	}
	if in := t.src.named(other, field); in != "" {
		return " IN (" + in + ")"
	}
	return ""
}

func and(s string) string {
	if s == "" {
		return ""
	}
	return " AND " + s
}

// rollRows writes what a roll counts: its key columns, what each equals, and the
// conditions on the rows counted.
func (t *text) rollRows(r *catalog.Roll) (keys, ours, where []string) {
	ent := t.p.cat.Entity(r.Entity)
	for _, k := range r.By {
		keys = append(keys, t.use(ent, "r", k.Theirs))
		ours = append(ours, t.value(k.Prog))
	}
	if l := t.src.live(r.Entity, "r"); l != "" {
		where = append(where, l)
	}
	if r.WhereProg != nil {
		col := func(name string) string { return t.use(ent, "r", name) }
		s, err := r.WhereProg.SQL(t.src.dialect, col, nil)
		if err != nil {
			t.fail("%w", err)
		}
		where = append(where, "("+s+")")
	}
	return keys, ours, where
}

// rollCount counts for one fact row, through the index of the rolled entity: for
// statements that look at few facts.
func (t *text) rollCount(r *catalog.Roll) string {
	keys, ours, where := t.rollRows(r)
	for i := range keys {
		where = append(where, keys[i]+" = "+ours[i])
	}
	return "(SELECT COUNT(*) FROM " + t.src.table(r.Entity) + " AS r" + t.src.opened.Join(r.Entity, "r") + " WHERE " + strings.Join(where, " AND ") + ")"
}

func (t *text) rollJoin(b *strings.Builder, r *catalog.Roll) {
	all := t.uses
	t.uses = map[string]map[string]bool{}
	keys, ours, where := t.rollRows(r)
	table := t.src.table(r.Entity)
	if t.src.lean != nil {
		table = t.src.lean(r.Entity, t.uses[r.Entity])
	}
	for entity, fields := range t.uses {
		if all[entity] == nil {
			all[entity] = map[string]bool{}
		}
		maps.Copy(all[entity], fields)
	}
	t.uses = all
	var on, group []string
	for i := range keys {
		field := strings.Trim(strings.TrimPrefix(ours[i], "f."), `"`)
		if in := t.named(r.Entity, field); in != "" && ours[i] == t.use(t.s.fact, "f", field) {
			where = append(where, keys[i]+in)
		}
		keys[i] += " AS k" + strconv.Itoa(i)
		on = append(on, fmt.Sprintf("%s.k%d = %s", rollAlias(r.Alias), i, ours[i]))
		group = append(group, strconv.Itoa(i+1))
	}
	w := ""
	if len(where) > 0 {
		w = " WHERE " + strings.Join(where, " AND ")
	}
	fmt.Fprintf(b, "\n LEFT JOIN (SELECT %s, COUNT(*) AS n FROM %s AS r%s%s GROUP BY %s) AS %s ON %s",
		strings.Join(keys, ", "), table, t.src.whole+t.src.opened.Join(r.Entity, "r"), w, strings.Join(group, ", "), rollAlias(r.Alias), strings.Join(on, " AND "))
}

// where lists the conditions of the grain.
func (t *text) where() []string {
	var out []string
	if l := t.src.live(t.s.fact.Name, "f"); l != "" {
		out = append(out, l)
	}
	if w := t.s.grain.WhereProg; w != nil {
		out = append(out, "("+t.cond(w)+")")
	}
	return out
}

// flat is the statement of a grain before grouping: a row a fact and year, with
// the year, the dimensions, whether the row is verified (v), a flag for every
// condition (w0, w1…) and the terms of sums (s0, s1…).
type flat struct {
	sql   string
	flags int
	terms int
	cols  []flatColumn // by column of the scan
}

// flatColumn says which flags must be 1 and which term is added; -1 adds 1.
type flatColumn struct {
	flags    []int
	verified bool
	term     int
}

// flat writes the statement that yields a row a fact.
func (t *text) flat() (*flat, error) {
	s, out := t.s, &flat{}
	list := []string{t.year() + " AS y"}
	for i, d := range s.dims {
		list = append(list, fmt.Sprintf("%s AS d%d", t.dim(d.id), i))
	}
	list = append(list, fmt.Sprintf("CASE WHEN %s >= %d THEN 1 ELSE 0 END AS v", cmp.Or(t.src.seen, "f._verified"), t.src.fresh(s.fact)))
	seen := map[*rule.Expr]int{}
	var flags, terms []string
	for _, c := range s.columns {
		fc := flatColumn{verified: c.verified, term: -1}
		for _, x := range c.where {
			if _, ok := seen[x]; !ok {
				seen[x] = len(flags)
				flags = append(flags, fmt.Sprintf("CASE WHEN %s THEN 1 ELSE 0 END AS w%d", t.cond(x), len(flags)))
			}
			fc.flags = append(fc.flags, seen[x])
		}
		if c.sum != nil {
			fc.term = len(terms)
			terms = append(terms, fmt.Sprintf("%s AS s%d", t.value(c.sum), fc.term))
		}
		out.cols = append(out.cols, fc)
	}
	out.flags, out.terms = len(flags), len(terms)
	list = append(append(list, flags...), terms...)
	where := ""
	if w := t.where(); len(w) > 0 {
		where = "\nWHERE " + strings.Join(w, " AND ")
	}
	out.sql = fmt.Sprintf("SELECT %s\nFROM %s%s", strings.Join(list, ",\n  "), t.from(), where)
	return out, t.err
}

// anyYear stands once in a statement: a scan in parts narrows it.
const anyYear = "y IS NOT NULL"

// query writes the one statement that scans the grain: year, dimensions, columns.
func (t *text) query() (string, error) {
	f, err := t.flat()
	if err != nil {
		return "", err
	}
	joins, keys := t.derived()
	from, exprs := t.lookUp(joins, keys)
	outer, inner, group := []string{"g.y"}, []string{"y"}, []string{"1"}
	for i := range t.s.dims {
		d := fmt.Sprintf("d%d", i)
		if joins[i] != nil {
			outer = append(outer, exprs[i]+" AS "+d)
			continue
		}
		outer, inner, group = append(outer, "g."+d), append(inner, d), append(group, strconv.Itoa(len(group)+1))
	}
	for i, c := range f.cols {
		outer = append(outer, fmt.Sprintf("g.c%d", i))
		inner = append(inner, fmt.Sprintf("%s AS c%d", c.aggregate(), i))
	}
	q := fmt.Sprintf("SELECT %s\nFROM (SELECT %s\nFROM (%s) AS q\nWHERE "+anyYear+"\nGROUP BY %s) AS g%s",
		strings.Join(outer, ", "), strings.Join(inner, ", "), f.sql, strings.Join(group, ", "), from)
	return q, t.err
}

// aggregate writes a column's sum or count over a group.
func (c *flatColumn) aggregate() string {
	var conds []string
	for _, w := range c.flags {
		conds = append(conds, fmt.Sprintf("w%d = 1", w))
	}
	if c.verified {
		conds = append(conds, "v = 1")
	}
	switch when := strings.Join(conds, " AND "); {
	case c.term >= 0 && when != "":
		return fmt.Sprintf("CAST(COALESCE(SUM(CASE WHEN %s THEN s%d END), 0) AS BIGINT)", when, c.term)
	case c.term >= 0:
		return fmt.Sprintf("CAST(COALESCE(SUM(s%d), 0) AS BIGINT)", c.term)
	case when != "":
		return fmt.Sprintf("COUNT(CASE WHEN %s THEN 1 END)", when)
	}
	return "COUNT(*)"
}
