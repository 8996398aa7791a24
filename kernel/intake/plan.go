package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/sheet"
)

// plan is an entity made ready for reading: its columns, its rules compiled, and
// every heading by which a column is known.
type plan struct {
	cat      *catalog.Catalog
	entity   *catalog.Entity
	columns  []*column
	rules    []*rowRule
	headings map[string]int // folded heading → field index, -1 if several
	year     int            // index of the year field, -1 if none
	version  string
	width    int // columns of the sheet
}

// rowRule is a rule of the entity bound to the row.
type rowRule struct {
	r      *catalog.Rule
	run    *rule.Bound
	reads  []int // field indexes
	fields []int // cells that are coloured
	params bool
	off    bool // a column that it is about is not in the sheet
}

func newPlan(cat *catalog.Catalog, entity string) (*plan, error) {
	e := cat.Entity(entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的登记表", "there is no register named %s", entity)
	}
	p := &plan{cat: cat, entity: e, year: -1, version: Version(e)}
	lists := map[string]*codeIndex{}
	for i, f := range e.Fields {
		c, err := newColumn(cat, e, f, lists)
		if err != nil {
			return nil, err
		}
		p.columns = append(p.columns, c)
		if f.Name == e.Year && e.Year != "" {
			p.year = i
		}
	}
	p.headings = headingIndex(e)
	p.bindRules()
	return p, nil
}

// bindRules makes the entity's rules read rows by position.
func (p *plan) bindRules() {
	index := func(name string) int {
		if f := p.entity.Field(name); f != nil {
			return f.Index
		}
		return -1
	}
	for _, r := range p.cat.RulesFor(p.entity.Name) {
		x := r.Prog
		if x == nil {
			continue
		}
		rr := &rowRule{r: r, run: x.Bind(index), params: len(x.Params()) > 0}
		for _, v := range x.Vars() {
			if i := index(v); i >= 0 {
				rr.reads = append(rr.reads, i)
			}
		}
		for _, f := range r.Fields {
			if i := index(f); i >= 0 {
				rr.fields = append(rr.fields, i)
			}
		}
		p.rules = append(p.rules, rr)
	}
}

// params returns a parameter lookup for a row: its value in the row's year, or
// the latest one where the entity has no year.
func (p *plan) params(vals []luoshu.Value) func(id string) (luoshu.Value, bool) {
	on := int64(99991231)
	if p.year >= 0 && vals[p.year].K == luoshu.IsInt {
		m := int64(p.cat.City.YearStart)
		if m < 1 || m > 12 {
			m = 9
		}
		on = vals[p.year].I*10000 + m*100 + 1
	}
	return func(id string) (luoshu.Value, bool) {
		x := p.cat.Parameter(id)
		if x == nil {
			return luoshu.Value{}, false
		}
		v, ok := x.Value(on, nil, "")
		if !ok && len(x.Values) > 0 && on == 99991231 {
			v, ok = x.Values[len(x.Values)-1], true
		}
		if !ok {
			return luoshu.Value{}, false
		}
		n := v.Num
		for range v.Scale {
			n /= 10
		}
		return luoshu.IntValue(n), true
	}
}

// Version is the version of an entity's template: a hash of what a sheet has to
// agree with. Twelve hexadecimal characters.
func Version(e *catalog.Entity) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%v\n", e.Name, e.Key)
	for _, f := range e.Fields {
		fmt.Fprintf(h, "%s|%s|%s|%s|%v|%d|%s|%s|%s", f.Name, f.Type, f.Codes, f.Ref, f.Required, f.Scale, f.Pattern, f.Check, f.Title.ZH)
		for _, b := range []*int64{f.Min, f.Max} {
			if b != nil {
				fmt.Fprintf(h, "|%d", *b)
			} else {
				fmt.Fprint(h, "|")
			}
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// headingIndex maps every heading by which a field may be known to its index.
// Names beat titles, titles beat aliases, aliases beat pinyin; a heading that
// means two fields of one rank means neither.
func headingIndex(e *catalog.Entity) map[string]int {
	out := map[string]int{}
	rank := map[string]int{}
	put := func(r, field int, h string) {
		k := headingKey(h)
		if k == "" {
			return
		}
		old, ok := out[k]
		switch {
		case !ok:
			out[k], rank[k] = field, r
		case rank[k] == r && old != field:
			out[k] = -1
		}
	}
	ranks := []func(f *catalog.Field) []string{
		func(f *catalog.Field) []string { return []string{f.Name} },
		func(f *catalog.Field) []string { return []string{f.Title.ZH} },
		func(f *catalog.Field) []string { return []string{f.Title.EN} },
		func(f *catalog.Field) []string { return f.Aliases },
		func(f *catalog.Field) []string { return []string{baseHeading(f.Title.ZH), baseHeading(f.Title.EN)} },
		func(f *catalog.Field) []string { return pinyinForms(f.Title.ZH) },
	}
	for r, names := range ranks {
		for i, f := range e.Fields {
			for _, n := range names(f) {
				put(r, i, n)
			}
		}
	}
	return out
}

// match returns the field that a heading means, -1 if none.
func (p *plan) match(heading string) int {
	for _, h := range []string{heading, baseHeading(heading)} {
		if k := headingKey(h); k != "" && len(k) <= 200 {
			if i, ok := p.headings[k]; ok {
				return i
			}
		}
	}
	return -1
}

// place fixes which column of the sheet holds which field, and returns what is
// wrong with the headings.
func (p *plan) place(h header, sum *Summary) {
	sum.Headings = h.names
	sum.HeaderRow = h.row
	sum.Columns = make([]bool, len(p.columns))
	sum.Place = make([]int, len(p.columns))
	p.width = len(h.names)
	for _, c := range p.columns {
		c.place = -1
	}
	add := func(f luoshu.Fault) {
		f.Sheet, f.Row = sum.Sheet, h.row
		sum.Faults = append(sum.Faults, f)
	}
	for col, i := range h.fields {
		name := sheet.Tidy(h.names[col])
		if i < 0 {
			if name != "" && !sheet.IsReason(name) {
				add(luoshu.Fault{
					Col: col + 1, Rule: "header-unknown", Grade: "warn",
					ZH: "不认识标题“" + clip(name, 40) + "”，该列没有读。若是需要的列，请改成模板中的标题。",
					EN: "the heading “" + clip(name, 40) + "” is not known; its column was not read. If it is needed, use the heading of the template.",
				})
			}
			continue
		}
		c := p.columns[i]
		if c.place >= 0 {
			add(luoshu.Fault{
				Col: col + 1, Field: c.f.Name, Rule: "header-duplicate", Blocked: true,
				ZH: sprintf("标题“%s”出现在第 %d 列和第 %d 列。请删去一列或改标题。", c.f.Title.ZH, c.place+1, col+1),
				EN: sprintf("the heading “%s” stands in columns %d and %d. Remove one or rename it.", c.f.Title.EN, c.place+1, col+1),
			})
			continue
		}
		c.place = col
		sum.Columns[i], sum.Place[i] = true, col+1
	}
	for _, c := range p.columns {
		if c.place < 0 && (c.f.Required || slices.Contains(p.entity.Key, c.f.Name)) {
			add(luoshu.Fault{
				Field: c.f.Name, Rule: "header-missing", Blocked: true,
				ZH: "缺少必需的列“" + c.f.Title.ZH + "”。请按模板补上这一列。",
				EN: "the required column “" + c.f.Title.EN + "” is missing. Add it as in the template.",
			})
		}
	}
	for _, r := range p.rules {
		about := r.fields
		if len(about) == 0 {
			about = r.reads
		}
		r.off = false
		for _, i := range about {
			r.off = r.off || p.columns[i].place < 0
		}
	}
}
