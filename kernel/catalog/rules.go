package catalog

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"luoshu/kernel/rule"
)

var (
	ruleWord      = both{"规则", "rule"}
	parameterWord = both{"参数", "parameter"}
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
func (l *loader) compile(env *rule.Env, v item, want ...rule.Kind) *rule.Expr {
	if env == nil || v.str() == "" {
		return nil
	}
	x, err := env.Compile(v.str(), want...)
	if err != nil {
		e := rule.AsExprError(err)
		at := v.place()
		switch {
		case v.n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			at.line, at.col = at.line+e.Line, e.Col
		case e.Line == 1:
			at.col += e.Col - 1
			if v.n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
				at.col++
			}
		default:
			at.line += e.Line - 1
		}
		l.add(at, "%s", "%s", both{e.Msg.ZH, e.Msg.EN})
		return nil
	}
	return x
}

// env makes an environment of variables; a failure is a fault at the place.
func (l *loader) env(at place, vars []rule.Var, hasParam func(string) bool) *rule.Env {
	e, err := rule.NewEnv(vars, hasParam)
	if err != nil {
		l.add(at, "变量有误：%s", "bad variables: %s", err)
		return nil
	}
	return e
}

// entityEnv returns the environment of an entity's rules, made once.
func (l *loader) entityEnv(e *Entity) *rule.Env {
	if env, ok := l.rows[e]; ok {
		return env
	}
	env := l.env(place{file: e.File}, l.cat.EntityVars(e), l.cat.HasParam)
	l.rows[e] = env
	return env
}

// rules reads rules.yaml.
func (l *loader) rules(f *folder, o *object) {
	for _, x := range o.must("rules").items() {
		l.rule(f, x.object())
	}
}

func (l *loader) rule(f *folder, o *object) {
	r := &Rule{Pack: f.name, File: o.file, Line: o.place().line}
	r.ID, r.Entity = o.id("id"), o.full("entity")
	r.Grade = o.must("grade").word("enforce", "warn")
	check, fields := o.must("check"), o.must("fields")
	r.Check, r.Fields = o.full("check"), fields.strs()
	r.Message, r.Remedy = o.title("message", true), o.title("remedy", true)
	o.done()
	if fields.given() && len(r.Fields) == 0 {
		fields.fault("至少要写一个字段", "at least one field is needed")
	}
	if l.once(ruleWord, r.ID, o.at("id")) {
		l.cat.Rules = append(l.cat.Rules, r)
	}
	l.on(passGrains, func() {
		e := l.knownEntity(o.get("entity"))
		if e == nil {
			return
		}
		for _, x := range fields.items() {
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

// knownEntity resolves the name of an entity.
func (l *loader) knownEntity(v item) *Entity {
	if v.str() == "" {
		return nil
	}
	e := l.cat.Entity(v.str())
	if e == nil {
		v.fault("没有名为 %s 的实体", "there is no entity %s", v.str())
	}
	return e
}

// parameters reads parameters.yaml.
func (l *loader) parameters(_ *folder, o *object) {
	for _, x := range o.must("parameters").items() {
		po := x.object()
		p := &Parameter{ID: po.id("id"), Title: po.title("title", true), Unit: po.title("unit", false)}
		for _, v := range po.must("values").items() {
			p.Values = append(p.Values, l.paramValue(v.object()))
		}
		if values := po.get("values"); values.given() && len(p.Values) == 0 {
			values.fault("参数没有值", "the parameter has no values")
		}
		po.done()
		if l.once(parameterWord, p.ID, po.at("id")) {
			l.cat.Parameters = append(l.cat.Parameters, p)
			l.cat.parameters[p.ID] = p
		}
	}
}

func (l *loader) paramValue(o *object) ParamValue {
	v := ParamValue{When: o.get("when").dict(), Area: o.get("area").str(), Source: o.source()}
	v.From, v.To = o.get("from").date(), o.get("to").date()
	if v.From != 0 && v.To != 0 && v.From > v.To {
		o.get("to").fault("to 早于 from", "to is earlier than from")
	}
	v.Verified = v.Source.Certainty != "M"
	value := o.must("value")
	if s := value.str(); s != "" {
		var good bool
		if v.Num, v.Scale, good = parseDecimal(s); !good {
			value.fault("应为十进制数，现为 %s", "a decimal number is expected, not %s", s)
		}
	}
	l.on(passFigures, func() {
		when := o.get("when")
		if !when.given() {
			return
		}
		w := when.object()
		for _, k := range w.order {
			l.dimValue(k, w.get(k))
		}
	})
	o.done()
	return v
}

// dimValue checks a code against the code lists that name a dimension's values.
func (l *loader) dimValue(dim string, v item) {
	if !wordPattern.MatchString(dim) {
		v.fault("%s 不是维度名", "%s is not the name of a dimension", dim)
	}
	known := false
	for _, g := range l.cat.Grains {
		d := g.Dim(dim)
		if d == nil || d.Codes == "" {
			continue
		}
		list := l.cat.List(d.Codes)
		if list == nil || list.Code(v.str()) != nil {
			return
		}
		known = true
	}
	if known {
		v.fault("%s 不是维度 %s 的值", "%s is not a value of the dimension %s", v.str(), dim)
	}
}

// roles reads access.yaml.
func (l *loader) roles(f *folder, o *object) {
	for _, x := range o.must("roles").items() {
		l.role(f, x.object())
	}
}

var (
	roleWord = both{"角色", "role"}
	actions  = []string{"read", "export", "load", "commit", "undo", "seal", "explore", "behind", "plan"}
)

func (l *loader) role(f *folder, o *object) {
	r := &Role{ID: o.id("id"), Pack: f.name, Title: o.title("title", true), Home: "/"}
	for _, x := range o.must("can").items() {
		if a := x.word(actions...); a != "" {
			if slices.Contains(r.Can, a) {
				x.fault("%s 写了两次", "%s stands twice", a)
			}
			r.Can = append(r.Can, a)
		}
	}
	class := func(v item) Sensitivity {
		s, _ := ParseSensitivity(v.word(sensitivities...))
		if s == Closed && v.str() == "closed" {
			v.fault("封闭类（closed）不得查看，也不得脱敏显示：它永不外出", "the closed class may be neither seen nor masked: it never leaves")
		}
		return s
	}
	r.Sees = class(o.must("sees"))
	r.Masks = r.Sees
	if m := o.get("masks"); m.given() {
		if r.Masks = class(m); r.Masks < r.Sees {
			m.fault("masks 不能低于 sees", "masks cannot lie below sees")
		}
	}
	r.Small = o.get("small").boolean()
	r.Entities = o.get("entities").strs()
	if h := o.get("home"); h.given() {
		if r.Home = h.str(); r.Home == "" || r.Home[0] != '/' {
			h.fault("home 应以 / 开头", "home begins with /")
		}
	}
	l.on(passFields, func() {
		for _, x := range o.get("entities").items() {
			l.knownEntity(x)
		}
	})
	o.done()
	if l.once(roleWord, r.ID, o.at("id")) {
		l.cat.Roles = append(l.cat.Roles, r)
		l.cat.roles[r.ID] = r
	}
}
