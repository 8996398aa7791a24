package catalog

import (
	"strings"

	"luoshu/kernel/yamltree"
)

// Roster says which records of an entity a OneRoster 1.2 CSV package holds: one
// table of oneroster.yaml. Columns are those of the standard's files and its
// extensions (metadata.x); a joined file's columns are alias.column.
type Roster struct {
	Pack   string
	File   string // users, orgs…, without .csv
	Entity string
	Join   []RosterJoin
	// Where keeps the rows whose column has one of the values; a column that the
	// file lacks counts as empty.
	Where []RosterWhere
	Map   []RosterField
	// Codes turns a standard's word into the code of a field.
	Codes map[string]map[string]string
	Line  int
}

// RosterJoin looks up the first row of File whose Key equals On of the row.
type RosterJoin struct {
	Alias, File, On, Key string
	Where                []RosterWhere
	Required             bool // rows without a match are left out
}

// RosterWhere is one condition.
type RosterWhere struct {
	Column string
	Values []string
}

// RosterField gives a field the joined text of columns, or a fixed value.
type RosterField struct {
	Field   string
	Columns []string
	Fixed   string
}

// rosters reads oneroster.yaml.
func (l *loader) rosters(f *folder, o *yamltree.Object) {
	for _, x := range o.Must("tables").Items() {
		l.roster(f, x.Object())
	}
}

func (l *loader) roster(f *folder, o *yamltree.Object) {
	r := &Roster{Pack: f.name, File: o.Full("file"), Entity: o.Full("entity"), Line: o.Place().Line, Codes: map[string]map[string]string{}}
	aliases := map[string]bool{"": true, "metadata": true}
	for _, x := range o.Get("join").Items() {
		j := x.Object()
		r.Join = append(r.Join, RosterJoin{
			Alias: j.Word("alias"), File: j.Full("file"), On: j.Full("on"), Key: j.Full("key"),
			Where: rosterWhere(j.Get("where")), Required: j.Get("required").Bool(),
		})
		l.rosterColumn(j.Get("on"), j.Get("on").Str(), aliases)
		aliases[j.Get("alias").Str()] = true
		j.Done()
	}
	where := o.Get("where")
	r.Where = rosterWhere(where)
	for _, w := range r.Where {
		l.rosterColumn(where, w.Column, aliases)
	}
	columns, fixed, codes := o.Must("map"), o.Get("fixed"), o.Get("codes")
	m := columns.Object()
	for _, k := range m.Keys() {
		rf := RosterField{Field: k}
		for _, c := range strings.Split(m.Get(k).Str(), "+") {
			c = strings.TrimSpace(c)
			l.rosterColumn(m.Get(k), c, aliases)
			rf.Columns = append(rf.Columns, c)
		}
		r.Map = append(r.Map, rf)
	}
	fx := fixed.Object()
	for _, k := range fx.Keys() {
		r.Map = append(r.Map, RosterField{Field: k, Fixed: fx.Get(k).Str()})
	}
	co := codes.Object()
	for _, k := range co.Keys() {
		r.Codes[k] = co.Get(k).Dict()
	}
	o.Done()
	if l.once(Text{ZH: "OneRoster 表", EN: "OneRoster table of"}, r.Entity, o.At("entity")) {
		l.cat.Rosters = append(l.cat.Rosters, r)
	}
	l.on(passRest, func() {
		e := l.knownEntity(o.Get("entity"))
		if e == nil {
			return
		}
		seen := map[string]bool{}
		for _, part := range []*yamltree.Object{m, fx, co} {
			for _, k := range part.Keys() {
				if e.Field(k) == nil {
					part.Get(k).Fault("%s 没有字段 %s", "%s has no field %s", e.Name, k)
				} else if part != co && seen[k] {
					part.Get(k).Fault("字段 %s 写了两次", "the field %s stands twice", k)
				}
				seen[k] = true
			}
		}
	})
}

// rosterColumn checks that the alias of a column is a join.
func (l *loader) rosterColumn(at yamltree.Item, column string, aliases map[string]bool) {
	alias, _, dotted := strings.Cut(column, ".")
	if !dotted {
		alias = ""
	}
	if column == "" {
		at.Fault("缺少列名", "the column is missing")
	} else if !aliases[alias] {
		at.Fault("没有名为 %s 的连接", "there is no join %s", alias)
	}
}

func rosterWhere(v yamltree.Item) []RosterWhere {
	if !v.Given() {
		return nil
	}
	var out []RosterWhere
	o := v.Object()
	for _, k := range o.Keys() {
		w := RosterWhere{Column: k}
		for _, x := range o.Get(k).Items() {
			w.Values = append(w.Values, x.Str())
		}
		out = append(out, w)
	}
	return out
}

// RosterFor returns the table of OneRoster packages that holds an entity, nil if
// there is none.
func (c *Catalog) RosterFor(entity string) *Roster {
	for _, r := range c.Rosters {
		if r.Entity == entity {
			return r
		}
	}
	return nil
}
