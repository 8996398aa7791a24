package catalog

import (
	"slices"
	"strings"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

var grainWord = Text{ZH: "基集", EN: "grain"}

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
func (l *loader) indicators(f *folder, o *yamltree.Object) {
	for _, x := range o.Get("grains").Items() {
		l.grain(f, x.Object())
	}
	for _, x := range o.Get("indicators").Items() {
		l.indicator(f, x.Object())
	}
}

func (l *loader) grain(f *folder, o *yamltree.Object) {
	g := &Grain{Pack: f.name, File: o.File(), Line: o.Place().Line}
	g.ID, g.Title, g.Note = o.ID("id"), o.Title("title", true), o.Title("note", false)
	g.From, g.Year, g.Where, g.Org = o.Full("from"), o.Get("year").Str(), o.Get("where").Str(), o.Get("org").Str()
	var joins, rolls, dims []*yamltree.Object
	for _, x := range o.Get("join").Items() {
		j := x.Object()
		g.Join = append(g.Join, Join{Alias: j.Word("alias"), Entity: j.Full("entity"), On: j.Full("on")})
		joins = append(joins, j)
		j.Done()
	}
	for _, x := range o.Get("roll").Items() {
		r := x.Object()
		rolls = append(rolls, r)
		g.Roll = append(g.Roll, roll(r))
	}
	if c := o.Get("calendar"); c.Given() {
		co := c.Object()
		g.Cal = &Calendar{From: co.Full("from"), To: co.Full("to"), Month: int(co.Must("month").Whole(1, 12)), Day: int(co.Must("day").Whole(1, 28))}
		co.Done()
	}
	for _, x := range o.Must("dims").Items() {
		d := x.Object()
		dims = append(dims, d)
		g.Dims = append(g.Dims, &Dim{
			ID: d.Word("id"), Title: d.Title("title", true), Expr: d.Full("expr"),
			Codes: d.Get("codes").Str(), Ref: d.Get("ref").Str(),
		})
		d.Done()
	}
	o.Either("year", "calendar")
	o.Done()
	if l.once(grainWord, g.ID, o.At("id")) {
		l.cat.Grains = append(l.cat.Grains, g)
		l.cat.grains[g.ID] = g
	}
	l.on(passGrains, func() { l.grainRefs(g, o, joins, rolls, dims) })
}

func roll(o *yamltree.Object) Roll {
	r := Roll{Alias: o.Word("alias"), Entity: o.Full("entity"), Where: o.Get("where").Str()}
	for _, x := range o.Must("by").Items() {
		k := x.Object()
		r.By = append(r.By, RollKey{Theirs: k.Full("theirs"), Ours: k.Full("ours")})
		k.Done()
	}
	if by := o.Get("by"); by.Given() && len(r.By) == 0 {
		by.Fault("至少要写一对字段", "at least one pair of fields is needed")
	}
	o.Done()
	return r
}

// grainRefs resolves names and compiles the expressions of a grain, in the order
// in which they may read one another.
func (l *loader) grainRefs(g *Grain, o *yamltree.Object, joins, rolls, dims []*yamltree.Object) {
	fact := l.knownEntity(o.Get("from"))
	if fact == nil || !l.joins(g, fact, joins) {
		return
	}
	at := o.Place()
	plain := l.env(at, l.cat.joinVars(g), nil)
	if g.YearProg = l.compile(plain, o.Get("year"), rule.Int); g.YearProg != nil {
		l.open(g, o.Get("year"), g.YearProg)
	}
	if c := o.Get("calendar"); c.Given() {
		l.calendar(g, c.Object())
	}
	l.rolls(g, fact, rolls)
	env := l.env(at, l.cat.FactVars(g), l.cat.HasParam)
	if g.WhereProg = l.compile(env, o.Get("where"), rule.Bool); g.WhereProg != nil {
		l.open(g, o.Get("where"), g.WhereProg)
	}
	for i, d := range dims {
		l.dim(g, g.Dims[i], d, env)
	}
	if g.Org != "" {
		d := g.Dim(g.Org)
		if d == nil || l.cat.Entity(d.Ref) == nil || l.cat.Entity(d.Ref).Node == nil {
			o.Get("org").Fault("%s 不是指向机构的维度", "%s is not a dimension that leads to an organisation", g.Org)
		}
	}
}

// open checks that an expression reads no closed field and none that is found by
// equality only.
func (l *loader) open(g *Grain, v yamltree.Item, x *rule.Expr) {
	for _, name := range x.Vars() {
		if f := l.cat.VarField(g, name); f != nil {
			l.notClosed(v, f)
			l.compared(v, f)
		}
	}
}

// joins checks the joins of a grain; false if one names no entity.
func (l *loader) joins(g *Grain, fact *Entity, joins []*yamltree.Object) bool {
	good := true
	seen := map[string]*Entity{}
	for i, j := range g.Join {
		o := joins[i]
		e := l.knownEntity(o.Get("entity"))
		good = good && e != nil
		if seen[j.Alias] != nil {
			o.Get("alias").Fault("别名 %s 已用过", "the alias %s is taken", j.Alias)
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
			o.Get("on").Fault("%s 不是 %s 或前面别名的字段", "%s is no field of %s or of an earlier alias", j.On, fact.Name)
		case e == nil:
		case len(e.Key) != 1:
			o.Get("entity").Fault("%s 的键不止一个字段，不能连接", "%s has a key of several fields and cannot be joined", e.Name)
		case f.Type == TypeRef && f.Ref != e.Name && (e.Field(e.Key[0]) == nil || f.Ref != e.Field(e.Key[0]).Ref): // or e is kept one a record of what f refers to
			o.Get("on").Fault("%s 引用的是 %s，不是 %s", "%s refers to %s, not to %s", j.On, f.Ref, e.Name)
		case e.Field(e.Key[0]) != nil && e.Field(e.Key[0]).Type.Kind() != f.Type.Kind():
			o.Get("on").Fault("%s 与 %s 的键类型不同", "%s has another type than the key of %s", j.On, e.Name)
		case f.Sensitivity != Closed && (f.Rest == Hidden || e.Field(e.Key[0]) != nil && e.Field(e.Key[0]).Domain != f.Domain):
			o.Get("on").Fault("%s 与 %s 的键加密方式不同，不能连接；请用引用字段", "%s is not encrypted as the key of %s is and cannot be joined to it; use a reference", j.On, e.Name)
		default:
			l.notClosed(o.Get("on"), f)
		}
		if e != nil {
			seen[j.Alias] = e
		}
	}
	return good
}

func (l *loader) calendar(g *Grain, o *yamltree.Object) {
	for _, k := range []string{"from", "to"} {
		v := o.Get(k)
		if v.Str() == "" {
			continue
		}
		f := l.cat.VarField(g, v.Str())
		if f == nil || f.Type != TypeDate {
			v.Fault("%s 不是日期字段", "%s is not a date field", v.Str())
			continue
		}
		l.notClosed(v, f)
	}
}

// rolls checks the rolls of a grain and compiles their keys and conditions.
func (l *loader) rolls(g *Grain, fact *Entity, rolls []*yamltree.Object) {
	ours := l.env(yamltree.Place{File: g.File}, addVar(l.cat.joinVars(g), rule.Var{Name: "year", Kind: rule.Int}), nil)
	seen := map[string]bool{"year": true}
	for i := range g.Roll {
		r, o := &g.Roll[i], rolls[i]
		if seen[r.Alias] || fact.Field(r.Alias) != nil {
			o.Get("alias").Fault("别名 %s 已用过", "the alias %s is taken", r.Alias)
		}
		seen[r.Alias] = true
		e := l.knownEntity(o.Get("entity"))
		if e == nil {
			continue
		}
		for k, x := range o.Get("by").Items() {
			b := x.Object()
			theirs := l.fieldOf(e, b.Get("theirs"))
			if theirs == nil {
				continue
			}
			l.notClosed(b.Get("theirs"), theirs)
			if r.By[k].Prog = l.compile(ours, b.Get("ours"), theirs.Type.Kind()); r.By[k].Prog != nil {
				l.rollKey(g, b.Get("ours"), r.By[k].Prog, theirs)
			}
		}
		env := l.env(o.Place(), l.cat.EntityVars(e), nil)
		if r.WhereProg = l.compile(env, o.Get("where"), rule.Bool); r.WhereProg != nil {
			for _, v := range r.WhereProg.Vars() {
				l.notClosed(o.Get("where"), e.Field(v))
				l.compared(o.Get("where"), e.Field(v))
			}
		}
	}
}

// rollKey checks our side of a roll's key: a field that is found by equality only
// may meet its like.
func (l *loader) rollKey(g *Grain, v yamltree.Item, ours *rule.Expr, theirs *Field) {
	l.inClearOrToken(v, theirs)
	if name, ok := ours.Field(); ok {
		if f := l.cat.VarField(g, name); f != nil && f.Rest == Token && f.Domain == theirs.Domain {
			return
		}
	}
	if theirs.Rest == Token {
		l.compared(v, theirs)
	}
	l.open(g, v, ours)
}

func (l *loader) dim(g *Grain, d *Dim, o *yamltree.Object, env *rule.Env) {
	first := slices.IndexFunc(g.Dims, func(x *Dim) bool { return x.ID == d.ID })
	if d.ID != "" && (d.ID == "year" || g.Dims[first] != d) {
		o.Get("id").Fault("维度 %s 已用过（year 总在）", "the dimension %s is taken (year is always there)", d.ID)
	}
	if d.Codes != "" && d.Ref != "" {
		o.Fault("codes 与 ref 只能写一个", "codes and ref cannot both be given")
	}
	want := []rule.Kind{rule.Text, rule.Int}
	if d.Codes != "" || d.Ref != "" {
		want = want[:1]
	}
	l.knownList(o.Get("codes"))
	l.knownRef(o.Get("ref"))
	d.Prog = l.compile(env, o.Get("expr"), want...)
	if d.Prog == nil {
		return
	}
	l.open(g, o.Get("expr"), d.Prog)
	for _, name := range d.Prog.Vars() {
		if f := l.cat.VarField(g, name); f != nil && f.Contains != "" {
			o.Get("expr").Fault("%s 含身份证号，不能作维度", "%s contains an identity number and cannot be a dimension", f.Name)
		}
	}
	if _, taken := env.Kind(d.ID); taken {
		if same, ok := d.Prog.Field(); !ok || same != d.ID {
			o.Get("id").Fault("维度 %s 与同名的字段不是一回事；请改名", "the dimension %s is not the field of that name; rename it", d.ID)
		}
	}
}
