package charter

import (
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Severities of set rules, from the gravest down: enforce must be mended before a
// round can close clean, warn is to be mended or explained, detect is to be looked
// at.
var severities = []string{"enforce", "warn", "detect"}

// SetRule states what must not be found among records. It looks either by a
// SELECT over entities (Find) or by holding the stored records against row rules
// once more (Recheck). Each row is a finding.
type SetRule struct {
	ID       string
	Pack     string
	Entity   string // whose record a finding is about
	Severity string
	Title    Text
	Find     string   // SELECT, "" with Recheck
	Reads    []string // entities that Find or Recheck reads
	Params   []string // parameters in Find
	YearOf   string   // entity whose newest year {year} stands for, "" if not used
	Recheck  []string // ids of row rules of Entity
	Evidence []*Evidence
	Message  Text // {name} stands for a column of the evidence
	Remedy   Text
	Basis    []catalog.Source
	File     string
	Line     int

	findAt yamltree.Item
}

// Evidence is a column that a finding shows. A finding that was explained is
// raised again when one that Counts has changed.
type Evidence struct {
	Name  string
	Title Text
	Codes string // code list or entity that names its values, "" for none
	Ref   string
	Class catalog.Sensitivity // who may see it; internal unless given
	// Key: the column is part of what makes a finding the same one as before, beside
	// the record and the organisation.
	Key bool
}

// FindFault makes a fault at a place within the SELECT of a rule.
func (r *SetRule) FindFault(zh, en string, args ...any) yamltree.Fault {
	var f yamltree.Faults
	f.Add(r.findAt.Place(), zh, en, args...)
	return f.Sorted()[0]
}

// SetRule returns a set rule by id, nil if there is none.
func (c *Charter) SetRule(id string) *SetRule {
	for _, r := range c.SetRules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (l *loader) setRuleFile(c catalog.Charter, o *yamltree.Object) {
	for _, x := range o.Must("setrules").Items() {
		l.setRule(c, x.Object())
	}
}

func (l *loader) setRule(c catalog.Charter, o *yamltree.Object) {
	r := &SetRule{ID: o.ID("id"), Pack: c.Pack, Title: o.Title("title", true), File: c.File, Line: o.Place().Line}
	if r.ID != "" && l.SetRule(r.ID) != nil {
		o.Get("id").Fault("集合规则 %s 已定义过", "the set rule %s is already defined", r.ID)
	}
	e := l.entity(o.Must("entity"))
	r.Severity = o.Must("severity").OneOf(severities...)
	o.Either("find", "recheck")
	for _, x := range o.Get("evidence").Items() {
		if v := l.evidence(x.Object()); v != nil {
			if slices.ContainsFunc(r.Evidence, func(y *Evidence) bool { return y.Name == v.Name }) {
				x.Fault("%s 写了两次", "%s stands twice", v.Name)
			}
			r.Evidence = append(r.Evidence, v)
		}
	}
	if x := o.Get("year"); x.Given() {
		if y := l.entity(x); y != nil && y.Year == "" {
			x.Fault("%s 没有学年", "%s has no year", y.Name)
		} else if y != nil {
			r.YearOf = y.Name
		}
	}
	find, recheck := o.Get("find"), o.Get("recheck")
	if e != nil {
		r.Entity = e.Name
		if e.Org == "" {
			o.Get("entity").Fault("%s 不属于任何单位，没有人可以处理", "%s belongs to no organisation: there is nobody to work on it", e.Name)
		}
		if recheck.Given() {
			l.recheck(r, e, recheck)
		}
	}
	if find.Given() {
		r.findAt, r.Find = find, find.Str()
		l.later = append(l.later, func() { l.checkSelect(r) })
	}
	r.Message, r.Remedy = l.message(o, "message", r), o.Title("remedy", true)
	r.Basis = l.basis(o.Get("basis"))
	o.Done()
	l.SetRules = append(l.SetRules, r)
}

func (l *loader) evidence(o *yamltree.Object) *Evidence {
	defer o.Done()
	v := &Evidence{Name: o.Word("name"), Title: o.Title("title", true), Key: o.Get("key").Bool()}
	v.Class = catalog.InternalUse
	if x := o.Get("class"); x.Given() {
		if s := x.OneOf("public", "internal", "personal"); s != "" {
			v.Class, _ = catalog.ParseSensitivity(s)
		}
	}
	if x := o.Get("codes"); x.Given() {
		if v.Codes = x.Str(); l.cat.List(v.Codes) == nil {
			x.Fault("没有代码表 %s", "there is no code list %s", v.Codes)
			v.Codes = ""
		}
	}
	if x := o.Get("ref"); x.Given() {
		if e := l.entity(x); e != nil && len(e.Key) == 1 {
			v.Ref = e.Name
		} else if e != nil {
			x.Fault("%s 的主键不是一个字段", "the key of %s is not one field", e.Name)
		}
	}
	if v.Name == "rec" || v.Name == "org" {
		o.Get("name").Fault("%s 是保留的列名", "%s is a reserved column", v.Name)
	}
	if v.Name == "" {
		return nil
	}
	return v
}

// recheck reads the row rules that stored records are held against again. The
// records are read opened, so such a rule may look at sensitive fields.
func (l *loader) recheck(r *SetRule, e *catalog.Entity, x yamltree.Item) {
	r.Reads = []string{e.Name}
	for _, y := range x.Items() {
		id := y.Str()
		at := slices.IndexFunc(l.cat.Rules, func(q *catalog.Rule) bool { return q.ID == id })
		switch {
		case at < 0:
			y.Fault("没有行规则 %s", "there is no row rule %s", id)
		case l.cat.Rules[at].Entity != e.Name:
			y.Fault("行规则 %s 不是 %s 的", "the row rule %s is not one of %s", id, e.Name)
		default:
			r.Recheck = append(r.Recheck, id)
		}
	}
	if len(r.Evidence) > 0 {
		x.Fault("按行规则复查的，证据就是行规则本身，不另写 evidence", "a rule that rechecks row rules has them as its evidence and takes no other")
	}
	r.Evidence = []*Evidence{{Name: "rule", Title: Text{ZH: "规则", EN: "Rule"}, Key: true}}
}

// message reads words in which {name} stands for a column of the evidence.
func (l *loader) message(o *yamltree.Object, key string, r *SetRule) Text {
	t := o.Title(key, true)
	for _, s := range []string{t.ZH, t.EN} {
		for _, name := range Places(s) {
			if !slices.ContainsFunc(r.Evidence, func(v *Evidence) bool { return v.Name == name }) {
				o.Get(key).Fault("没有证据列 %s", "there is no evidence named %s", name)
			}
		}
	}
	return t
}
