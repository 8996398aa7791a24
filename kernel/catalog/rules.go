package catalog

import (
	"slices"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

var (
	ruleWord      = Text{ZH: "规则", EN: "rule"}
	parameterWord = Text{ZH: "参数", EN: "parameter"}
)

// EntityVars returns the variables of an entity's row rules: its fields.
func (c *Catalog) EntityVars(e *Entity) []rule.Var {
	out := make([]rule.Var, len(e.Fields))
	for i, f := range e.Fields {
		out[i] = rule.Var{Name: f.Name, Kind: f.Type.Kind()}
	}
	return out
}

// Kind returns the type of the field in expressions.
func (t Type) Kind() rule.Kind {
	switch {
	case t.IsText():
		return rule.Text
	case t == TypeBool:
		return rule.Bool
	}
	return rule.Int
}

// RulesFor returns the row rules of an entity in the order of packs and lines.
func (c *Catalog) RulesFor(entity string) []*Rule {
	var out []*Rule
	for _, r := range c.Rules {
		if r.Entity == entity {
			out = append(out, r)
		}
	}
	return out
}

// HasParam reports whether param() may name the id.
func (c *Catalog) HasParam(id string) bool { return c.parameters[id] != nil }

// compile reads the expression of v; faults stand where they are in the file.
// It returns nil if v is empty or wrong.
func (l *loader) compile(env *rule.Env, v yamltree.Item, want ...rule.Kind) *rule.Expr {
	if env == nil || v.Str() == "" {
		return nil
	}
	x, err := env.Compile(v.Str(), want...)
	if err != nil {
		e := rule.AsExprError(err)
		l.Add(v.Inside(e.Line, e.Col), "%s", "%s", e.Msg)
		return nil
	}
	return x
}

// env makes an environment of variables; a failure is a fault at the place.
func (l *loader) env(at yamltree.Place, vars []rule.Var, hasParam func(string) bool) *rule.Env {
	e, err := rule.NewEnv(vars, hasParam)
	if err != nil {
		l.Add(at, "变量有误：%s", "bad variables: %s", err)
		return nil
	}
	return e
}

// entityEnv returns the environment of an entity's rules, made once.
func (l *loader) entityEnv(e *Entity) *rule.Env {
	if env, ok := l.rows[e]; ok {
		return env
	}
	env := l.env(yamltree.Place{File: e.File}, l.cat.EntityVars(e), l.cat.HasParam)
	l.rows[e] = env
	return env
}

// rules reads rules.yaml.
func (l *loader) rules(f *folder, o *yamltree.Object) {
	for _, x := range o.Must("rules").Items() {
		l.rule(f, x.Object())
	}
}

func (l *loader) rule(f *folder, o *yamltree.Object) {
	r := &Rule{Pack: f.name, File: o.File(), Line: o.Place().Line}
	r.ID, r.Entity = o.ID("id"), o.Full("entity")
	r.Grade = o.Must("grade").OneOf("enforce", "warn")
	check, fields := o.Must("check"), o.Must("fields")
	r.Check, r.Fields = o.Full("check"), fields.Strs()
	r.Message, r.Remedy = o.Title("message", true), o.Title("remedy", true)
	o.Done()
	if fields.Given() && len(r.Fields) == 0 {
		fields.Fault("至少要写一个字段", "at least one field is needed")
	}
	if l.once(ruleWord, r.ID, o.At("id")) {
		l.cat.Rules = append(l.cat.Rules, r)
	}
	l.on(passGrains, func() {
		e := l.knownEntity(o.Get("entity"))
		if e == nil {
			return
		}
		for _, x := range fields.Items() {
			if f := l.fieldOf(e, x); f != nil {
				l.notClosed(x, f)
			}
		}
		if r.Prog = l.compile(l.entityEnv(e), check, rule.Bool); r.Prog != nil {
			for _, v := range r.Prog.Vars() {
				l.notClosed(check, e.Field(v))
			}
		}
	})
}

// parameters reads parameters.yaml.
func (l *loader) parameters(_ *folder, o *yamltree.Object) {
	for _, x := range o.Must("parameters").Items() {
		po := x.Object()
		p := &Parameter{ID: po.ID("id"), Title: po.Title("title", true), Unit: po.Title("unit", false)}
		for _, v := range po.Must("values").Items() {
			p.Values = append(p.Values, l.paramValue(v.Object()))
		}
		if values := po.Get("values"); values.Given() && len(p.Values) == 0 {
			values.Fault("参数没有值", "the parameter has no values")
		}
		po.Done()
		if l.once(parameterWord, p.ID, po.At("id")) {
			l.cat.Parameters = append(l.cat.Parameters, p)
			l.cat.parameters[p.ID] = p
		}
	}
}

func (l *loader) paramValue(o *yamltree.Object) ParamValue {
	v := ParamValue{When: o.Get("when").Dict(), Area: o.Get("area").Str(), Source: source(o)}
	v.From, v.To = o.Get("from").Date(), o.Get("to").Date()
	if v.From != 0 && v.To != 0 && v.From > v.To {
		o.Get("to").Fault("to 早于 from", "to is earlier than from")
	}
	v.Verified = v.Source.Certainty != "M"
	value := o.Must("value")
	if s := value.Str(); s != "" {
		var good bool
		if v.Num, v.Scale, good = yamltree.Decimal(s); !good {
			value.Fault("应为十进制数，现为 %s", "a decimal number is expected, not %s", s)
		}
	}
	l.on(passFigures, func() {
		when := o.Get("when")
		if !when.Given() {
			return
		}
		w := when.Object()
		for _, k := range w.Keys() {
			l.dimValue(k, w.Get(k))
		}
	})
	o.Done()
	return v
}

// dimValue checks a code against the code lists that name a dimension's values.
func (l *loader) dimValue(dim string, v yamltree.Item) {
	if !yamltree.IsWord(dim) {
		v.Fault("%s 不是维度名", "%s is not the name of a dimension", dim)
	}
	known := false
	for _, g := range l.cat.Grains {
		d := g.Dim(dim)
		if d == nil || d.Codes == "" {
			continue
		}
		list := l.cat.List(d.Codes)
		if list == nil || list.Code(v.Str()) != nil {
			return
		}
		known = true
	}
	if known {
		v.Fault("%s 不是维度 %s 的值", "%s is not a value of the dimension %s", v.Str(), dim)
	}
}

// roles reads access.yaml.
func (l *loader) roles(f *folder, o *yamltree.Object) {
	for _, x := range o.Must("roles").Items() {
		l.role(f, x.Object())
	}
}

var (
	roleWord = Text{ZH: "角色", EN: "role"}
	actions  = Actions()
)

// Actions are all rights a role can have. The first nine are those of the data
// loop. correct asks for and answers corrections; verify answers verification
// tasks, rounds opens and closes them; duplicates decides on likely duplicates;
// movement carries cases of moving persons, yearend the run at a year's end,
// lifecycle changes organisations; reveal opens one masked value with a reason;
// duties reads what falls due, discharge marks it done for one's own organisation;
// runs starts an engine.
// accounts, grants and audit are the three administrators', which no role may
// hold together with each other or with the data.
func Actions() []string {
	return []string{
		"read", "export", "load", "commit", "undo", "seal", "explore", "behind", "plan",
		"correct", "verify", "rounds", "duplicates", "movement", "yearend", "lifecycle", "reveal",
		"case", "duties", "discharge", "runs", "accounts", "grants", "audit",
	}
}

func (l *loader) role(f *folder, o *yamltree.Object) {
	r := &Role{ID: o.ID("id"), Pack: f.name, Title: o.Title("title", true), Home: "/"}
	for _, x := range o.Must("can").Items() {
		if a := x.OneOf(actions...); a != "" {
			if slices.Contains(r.Can, a) {
				x.Fault("%s 写了两次", "%s stands twice", a)
			}
			r.Can = append(r.Can, a)
		}
	}
	class := func(v yamltree.Item) Sensitivity {
		s, _ := ParseSensitivity(v.OneOf(sensitivities...))
		if s == Closed && v.Str() == "closed" {
			v.Fault("封闭类（closed）不得查看，也不得脱敏显示：它永不外出", "the closed class may be neither seen nor masked: it never leaves")
		}
		return s
	}
	r.Sees = class(o.Must("sees"))
	r.Masks = r.Sees
	if m := o.Get("masks"); m.Given() {
		if r.Masks = class(m); r.Masks < r.Sees {
			m.Fault("masks 不能低于 sees", "masks cannot lie below sees")
		}
	}
	r.Small = o.Get("small").Bool()
	r.Factor = o.Get("factor").OneOf("required") != ""
	for _, c := range r.Can {
		if (c == "accounts" || c == "grants" || c == "audit") && len(r.Can) > 1 {
			o.Get("can").Fault("管理员权限 %s 须单独成为一个角色，不得与其他权限合并（三员分立）",
				"the administrator's right %s stands alone: no role joins it with another", c)
			break
		}
	}
	r.Entities = o.Get("entities").Strs()
	if h := o.Get("home"); h.Given() {
		if r.Home = h.Str(); r.Home == "" || r.Home[0] != '/' {
			h.Fault("home 应以 / 开头", "home begins with /")
		}
	}
	l.on(passFields, func() {
		for _, x := range o.Get("entities").Items() {
			l.knownEntity(x)
		}
	})
	o.Done()
	if l.once(roleWord, r.ID, o.At("id")) {
		l.cat.Roles = append(l.cat.Roles, r)
		l.cat.roles[r.ID] = r
	}
}
