package catalog

import (
	"slices"
	"strings"

	"luoshu/kernel/rule"
)

var grainWord = both{"基集", "grain"}

// FactVars returns the variables of a grain's own expressions: the fields of the
// fact, alias.field of its joins, the counts of its rolls, and "year".
func (c *Catalog) FactVars(g *Grain) []rule.Var {
	out := c.joinVars(g)
	for _, r := range g.Roll {
		out = addVar(out, rule.Var{Name: r.Alias, Kind: rule.Int})
	}
	return addVar(out, rule.Var{Name: "year", Kind: rule.Int})
}

// GrainVars returns the variables of measures: FactVars and every dim. A dim that
// has the name of a field is that field.
func (c *Catalog) GrainVars(g *Grain) []rule.Var {
	out := c.FactVars(g)
	for _, d := range g.Dims {
		if d.Prog != nil {
			out = addVar(out, rule.Var{Name: d.ID, Kind: d.Prog.Kind()})
		}
	}
	return out
}

// VarField returns the field that a variable of a grain reads: of the fact or of
// a joined entity; nil for rolls, dims and the year.
func (c *Catalog) VarField(g *Grain, name string) *Field {
	alias, field, dotted := strings.Cut(name, ".")
	if !dotted {
		if e := c.Entity(g.From); e != nil {
			return e.Field(name)
		}
		return nil
	}
	for _, j := range g.Join {
		if e := c.Entity(j.Entity); j.Alias == alias && e != nil {
			return e.Field(field)
		}
	}
	return nil
}

// joinVars are the fields of the fact and of the joins.
func (c *Catalog) joinVars(g *Grain) []rule.Var {
	var out []rule.Var
	if e := c.Entity(g.From); e != nil {
		out = c.EntityVars(e)
	}
	for _, j := range g.Join {
		e := c.Entity(j.Entity)
		if e == nil {
			continue
		}
		for _, v := range c.EntityVars(e) {
			out = append(out, rule.Var{Name: j.Alias + "." + v.Name, Kind: v.Kind})
		}
	}
	return out
}

func addVar(vars []rule.Var, v rule.Var) []rule.Var {
	if slices.ContainsFunc(vars, func(o rule.Var) bool { return o.Name == v.Name }) {
		return vars
	}
	return append(vars, v)
}

// indicators reads indicators.yaml and indicators/*.yaml.
func (l *loader) indicators(f *folder, o *object) {
	for _, x := range o.get("grains").items() {
		l.grain(f, x.object())
	}
	for _, x := range o.get("indicators").items() {
		l.indicator(f, x.object())
	}
}

func (l *loader) grain(f *folder, o *object) {
	g := &Grain{Pack: f.name, File: o.file, Line: o.place().line}
	g.ID, g.Title, g.Note = o.id("id"), o.title("title", true), o.title("note", false)
	g.From, g.Year, g.Where, g.Org = o.full("from"), o.get("year").str(), o.get("where").str(), o.get("org").str()
	var joins, rolls, dims []*object
	for _, x := range o.get("join").items() {
		j := x.object()
		g.Join = append(g.Join, Join{Alias: j.word("alias"), Entity: j.full("entity"), On: j.full("on")})
		joins = append(joins, j)
		j.done()
	}
	for _, x := range o.get("roll").items() {
		r := x.object()
		rolls = append(rolls, r)
		g.Roll = append(g.Roll, roll(r))
	}
	if c := o.get("calendar"); c.given() {
		co := c.object()
		g.Cal = &Calendar{From: co.full("from"), To: co.full("to"), Month: int(co.must("month").whole(1, 12)), Day: int(co.must("day").whole(1, 28))}
		co.done()
	}
	for _, x := range o.must("dims").items() {
		d := x.object()
		dims = append(dims, d)
		g.Dims = append(g.Dims, &Dim{ID: d.word("id"), Title: d.title("title", true), Expr: d.full("expr"),
			Codes: d.get("codes").str(), Ref: d.get("ref").str()})
		d.done()
	}
	if (g.Year == "") == (g.Cal == nil) {
		o.fault("year 与 calendar 必须且只能写一个", "either year or calendar must be given, not both")
	}
	o.done()
	if l.once(grainWord, g.ID, o.at("id")) {
		l.cat.Grains = append(l.cat.Grains, g)
		l.cat.grains[g.ID] = g
	}
	l.on(passGrains, func() { l.grainRefs(g, o, joins, rolls, dims) })
}

func roll(o *object) Roll {
	r := Roll{Alias: o.word("alias"), Entity: o.full("entity"), Where: o.get("where").str()}
	for _, x := range o.must("by").items() {
		k := x.object()
		r.By = append(r.By, RollKey{Theirs: k.full("theirs"), Ours: k.full("ours")})
		k.done()
	}
	if by := o.get("by"); by.given() && len(r.By) == 0 {
		by.fault("至少要写一对字段", "at least one pair of fields is needed")
	}
	o.done()
	return r
}

// grainRefs resolves names and compiles the expressions of a grain, in the order
// in which they may read one another.
func (l *loader) grainRefs(g *Grain, o *object, joins, rolls, dims []*object) {
	fact := l.knownEntity(o.get("from"))
	if fact == nil || !l.joins(g, fact, joins) {
		return
	}
	at := o.place()
	plain := l.env(at, l.cat.joinVars(g), nil)
	if g.YearProg = l.compile(plain, o.get("year"), rule.Int); g.YearProg != nil {
		l.open(g, o.get("year"), g.YearProg)
	}
	if c := o.get("calendar"); c.given() {
		l.calendar(g, c.object())
	}
	l.rolls(g, fact, rolls)
	env := l.env(at, l.cat.FactVars(g), l.cat.HasParam)
	if g.WhereProg = l.compile(env, o.get("where"), rule.Bool); g.WhereProg != nil {
		l.open(g, o.get("where"), g.WhereProg)
	}
	for i, d := range dims {
		l.dim(g, g.Dims[i], d, env)
	}
	if g.Org != "" {
		d := g.Dim(g.Org)
		if d == nil || l.cat.Entity(d.Ref) == nil || l.cat.Entity(d.Ref).Node == nil {
			o.get("org").fault("%s 不是指向机构的维度", "%s is not a dimension that leads to an organisation", g.Org)
		}
	}
}

// open checks that an expression reads no closed field.
func (l *loader) open(g *Grain, v item, x *rule.Expr) {
	for _, name := range x.Vars() {
		if f := l.cat.VarField(g, name); f != nil {
			l.notClosed(v, f)
		}
	}
}

// joins checks the joins of a grain; false if one names no entity.
func (l *loader) joins(g *Grain, fact *Entity, joins []*object) bool {
	good := true
	seen := map[string]*Entity{}
	for i, j := range g.Join {
		o := joins[i]
		e := l.knownEntity(o.get("entity"))
		good = good && e != nil
		if seen[j.Alias] != nil {
			o.get("alias").fault("别名 %s 已用过", "the alias %s is taken", j.Alias)
			good = false
		}
		from, field := fact, j.On
		if alias, rest, dotted := strings.Cut(j.On, "."); dotted {
			from, field = seen[alias], rest
		}
		var f *Field
		if from != nil {
			f = from.Field(field)
		}
		switch {
		case f == nil:
			o.get("on").fault("%s 不是 %s 或前面别名的字段", "%s is no field of %s or of an earlier alias", j.On, fact.Name)
		case e == nil:
		case len(e.Key) != 1:
			o.get("entity").fault("%s 的键不止一个字段，不能连接", "%s has a key of several fields and cannot be joined", e.Name)
		case f.Type == TypeRef && f.Ref != e.Name:
			o.get("on").fault("%s 引用的是 %s，不是 %s", "%s refers to %s, not to %s", j.On, f.Ref, e.Name)
		case e.Field(e.Key[0]) != nil && e.Field(e.Key[0]).Type.Kind() != f.Type.Kind():
			o.get("on").fault("%s 与 %s 的键类型不同", "%s has another type than the key of %s", j.On, e.Name)
		default:
			l.notClosed(o.get("on"), f)
		}
		if e != nil {
			seen[j.Alias] = e
		}
	}
	return good
}

func (l *loader) calendar(g *Grain, o *object) {
	for _, k := range []string{"from", "to"} {
		v := o.get(k)
		if v.str() == "" {
			continue
		}
		f := l.cat.VarField(g, v.str())
		if f == nil || f.Type != TypeDate {
			v.fault("%s 不是日期字段", "%s is not a date field", v.str())
			continue
		}
		l.notClosed(v, f)
	}
}

// rolls checks the rolls of a grain and compiles their keys and conditions.
func (l *loader) rolls(g *Grain, fact *Entity, rolls []*object) {
	ours := l.env(place{file: g.File}, addVar(l.cat.joinVars(g), rule.Var{Name: "year", Kind: rule.Int}), nil)
	seen := map[string]bool{"year": true}
	for i := range g.Roll {
		r, o := &g.Roll[i], rolls[i]
		if seen[r.Alias] || fact.Field(r.Alias) != nil {
			o.get("alias").fault("别名 %s 已用过", "the alias %s is taken", r.Alias)
		}
		seen[r.Alias] = true
		e := l.knownEntity(o.get("entity"))
		if e == nil {
			continue
		}
		for k, x := range o.get("by").items() {
			b := x.object()
			theirs := l.fieldOf(e, b.get("theirs"))
			if theirs == nil {
				continue
			}
			l.notClosed(b.get("theirs"), theirs)
			if r.By[k].Prog = l.compile(ours, b.get("ours"), theirs.Type.Kind()); r.By[k].Prog != nil {
				l.open(g, b.get("ours"), r.By[k].Prog)
			}
		}
		env := l.env(o.place(), l.cat.EntityVars(e), nil)
		if r.WhereProg = l.compile(env, o.get("where"), rule.Bool); r.WhereProg != nil {
			for _, v := range r.WhereProg.Vars() {
				l.notClosed(o.get("where"), e.Field(v))
			}
		}
	}
}

func (l *loader) dim(g *Grain, d *Dim, o *object, env *rule.Env) {
	first := slices.IndexFunc(g.Dims, func(x *Dim) bool { return x.ID == d.ID })
	if d.ID != "" && (d.ID == "year" || g.Dims[first] != d) {
		o.get("id").fault("维度 %s 已用过（year 总在）", "the dimension %s is taken (year is always there)", d.ID)
	}
	if d.Codes != "" && d.Ref != "" {
		o.fault("codes 与 ref 只能写一个", "codes and ref cannot both be given")
	}
	want := []rule.Kind{rule.Text, rule.Int}
	if d.Codes != "" || d.Ref != "" {
		want = want[:1]
	}
	if d.Codes != "" && l.cat.List(d.Codes) == nil {
		o.get("codes").fault("没有代码表 codes/%s.csv", "there is no code list codes/%s.csv", d.Codes)
	}
	if ref := l.knownEntity(o.get("ref")); ref != nil && len(ref.Key) != 1 {
		o.get("ref").fault("%s 的键不止一个字段，不能被引用", "%s has a key of several fields and cannot be referred to", ref.Name)
	}
	d.Prog = l.compile(env, o.get("expr"), want...)
	if d.Prog == nil {
		return
	}
	l.open(g, o.get("expr"), d.Prog)
	if _, taken := env.Kind(d.ID); taken {
		if same, ok := d.Prog.Field(); !ok || same != d.ID {
			o.get("id").fault("维度 %s 与同名的字段不是一回事；请改名", "the dimension %s is not the field of that name; rename it", d.ID)
		}
	}
}
