package catalog

import "strings"

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
func (l *loader) rosters(f *folder, o *object) {
	for _, x := range o.must("tables").items() {
		l.roster(f, x.object())
	}
}

func (l *loader) roster(f *folder, o *object) {
	r := &Roster{Pack: f.name, File: o.full("file"), Entity: o.full("entity"), Line: o.place().line, Codes: map[string]map[string]string{}}
	aliases := map[string]bool{"": true, "metadata": true}
	for _, x := range o.get("join").items() {
		j := x.object()
		r.Join = append(r.Join, RosterJoin{Alias: j.word("alias"), File: j.full("file"), On: j.full("on"), Key: j.full("key"),
			Where: rosterWhere(j.get("where")), Required: j.get("required").boolean()})
		l.rosterColumn(j.get("on"), j.get("on").str(), aliases)
		aliases[j.get("alias").str()] = true
		j.done()
	}
	where := o.get("where")
	r.Where = rosterWhere(where)
	for _, w := range r.Where {
		l.rosterColumn(where, w.Column, aliases)
	}
	columns, fixed, codes := o.must("map"), o.get("fixed"), o.get("codes")
	m := columns.object()
	for _, k := range m.order {
		rf := RosterField{Field: k}
		for _, c := range strings.Split(m.get(k).str(), "+") {
			c = strings.TrimSpace(c)
			l.rosterColumn(m.get(k), c, aliases)
			rf.Columns = append(rf.Columns, c)
		}
		r.Map = append(r.Map, rf)
	}
	fx := fixed.object()
	for _, k := range fx.order {
		r.Map = append(r.Map, RosterField{Field: k, Fixed: fx.get(k).str()})
	}
	co := codes.object()
	for _, k := range co.order {
		r.Codes[k] = co.get(k).dict()
	}
	o.done()
	if l.once(both{"OneRoster 表", "OneRoster table of"}, r.Entity, o.at("entity")) {
		l.cat.Rosters = append(l.cat.Rosters, r)
	}
	l.on(passRest, func() {
		e := l.knownEntity(o.get("entity"))
		if e == nil {
			return
		}
		seen := map[string]bool{}
		for _, part := range []*object{m, fx, co} {
			for _, k := range part.order {
				if e.Field(k) == nil {
					part.get(k).fault("%s 没有字段 %s", "%s has no field %s", e.Name, k)
				} else if part != co && seen[k] {
					part.get(k).fault("字段 %s 写了两次", "the field %s stands twice", k)
				}
				seen[k] = true
			}
		}
	})
}

// rosterColumn checks that the alias of a column is a join.
func (l *loader) rosterColumn(at item, column string, aliases map[string]bool) {
	alias, _, dotted := strings.Cut(column, ".")
	if !dotted {
		alias = ""
	}
	if column == "" {
		at.fault("缺少列名", "the column is missing")
	} else if !aliases[alias] {
		at.fault("没有名为 %s 的连接", "there is no join %s", alias)
	}
}

func rosterWhere(v item) []RosterWhere {
	if !v.given() {
		return nil
	}
	var out []RosterWhere
	o := v.object()
	for _, k := range o.order {
		w := RosterWhere{Column: k}
		for _, x := range o.get(k).items() {
			w.Values = append(w.Values, x.str())
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
