package charter

import (
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Source is who is asked about the fields that name it: a level of organisations
// or a system outside.
type Source struct {
	ID    string // school, county, city, province, nation or system:NAME, as fields write it
	Title Text
	Note  Text
	// Steward is the level that answers here: the source's own level, or, for a
	// level above the city and for a system that is not connected, another.
	Steward string
	Days    int // whole days in which it answers
	Remind  int // days before the end of them at which it is reminded, 0 for never
	Pack    string
}

// System reports whether the source is a system outside.
func (s *Source) System() bool { return strings.HasPrefix(s.ID, "system:") }

// Source returns who answers for a field's source; nil if no pack says. A checked
// charter has an entry for the source of every field.
func (c *Charter) Source(id string) *Source { return c.sources[id] }

// sameName is a further name under which a field's meaning may be asked for.
type sameName struct {
	entity *catalog.Entity
	field  *catalog.Field
	names  []string
}

// maxDays bounds the days to answer, in the way a typing error would exceed.
const maxDays = 366

// sourceFile reads sources.yaml.
func (l *loader) sourceFile(c catalog.Charter, o *yamltree.Object) {
	for _, x := range o.Get("sources").Items() {
		l.source(c, x.Object())
	}
	for _, x := range o.Get("own").Items() {
		e := x.Object()
		at := e.Must("field")
		if _, f := l.fieldAt(at); f != nil {
			if l.own == nil {
				l.own = map[string]bool{}
			}
			if l.own[at.Str()] {
				at.Fault("%s 写了两次", "%s stands twice", at.Str())
			}
			l.own[at.Str()] = true
			l.later = append(l.later, func() { l.ownNeeded(at) })
		}
		e.Words()
		e.Done()
	}
	for _, x := range o.Get("same").Items() {
		e := x.Object()
		en, f := l.fieldAt(e.Must("field"))
		names := e.Must("names").Strs()
		if f != nil {
			l.same = append(l.same, sameName{en, f, names})
		}
		e.Done()
	}
}

func (l *loader) source(c catalog.Charter, o *yamltree.Object) {
	levels := catalog.Levels()
	s := &Source{Pack: c.Pack, ID: o.Full("id"), Title: o.Title("title", true), Note: o.Title("note", false)}
	level := slices.Contains(levels, s.ID)
	name, system := strings.CutPrefix(s.ID, "system:")
	switch {
	case s.ID == "":
	case !level && (!system || !yamltree.IsWord(strings.ReplaceAll(name, "-", "_"))):
		o.Get("id").Fault("来源应为 %s 或 system:名称，现为 %s", "a source is one of %s or system:NAME, not %s", strings.Join(levels, " "), s.ID)
	case l.sources[s.ID] != nil:
		o.Get("id").Fault("来源 %s 已在 %s 写过", "the source %s is entered already in %s", s.ID, l.entered[s.ID].File)
	default:
		if l.entered == nil {
			l.entered = map[string]yamltree.Place{}
		}
		l.sources[s.ID], l.entered[s.ID] = s, o.Place()
		l.Sources = append(l.Sources, s)
	}
	// Organisations here reach up to the city; what lies above answers through one.
	here := levels[:3]
	if slices.Contains(here, s.ID) {
		s.Steward = s.ID
		if x := o.Get("steward"); x.Given() && x.Str() != s.ID {
			x.Fault("%s 自己答复，不能另有代管层级", "%s answers for itself and has no steward", s.ID)
		}
	} else {
		s.Steward = o.Must("steward").OneOf(here...)
	}
	s.Days = int(o.Must("days").Whole(1, maxDays))
	s.Remind = int(o.Get("remind").Whole(0, maxDays))
	if s.Remind > 0 && s.Days > 0 && s.Remind >= s.Days {
		o.Get("remind").Fault("提醒须早于期限（%d 天）", "the reminder must come before the %d days are over", s.Days)
	}
	o.Done()
}

// fieldAt resolves "entity.field".
func (l *loader) fieldAt(v yamltree.Item) (*catalog.Entity, *catalog.Field) {
	if v.Str() == "" {
		return nil, nil
	}
	name, field, _ := strings.Cut(v.Str(), ".")
	e := l.cat.Entity(name)
	if e == nil || e.Field(field) == nil {
		v.Fault("没有字段 %s（写作 实体.字段）", "there is no field %s (written entity.field)", v.Str())
		return nil, nil
	}
	return e, e.Field(field)
}

// sourcesKnown checks that whoever a field names as its source is entered.
func (l *loader) sourcesKnown() {
	for _, e := range l.cat.Entities {
		for _, f := range e.Fields {
			if l.sources[f.Source] == nil {
				l.faults.Add(yamltree.Place{File: e.File, Line: f.Line, Col: 1},
					"字段 %s 的来源 %s 没有登记：请在 sources.yaml 中写明由谁答复、几天内答复",
					"the source %[2]s of the field %[1]s is not entered: say in sources.yaml who answers for it and in how many days", f.Name, f.Source)
			}
		}
	}
}

// A template of an entity asks again for what is held already when one of its
// fields would stand under the same heading (name, title, alias, or a further name
// in `same`) as a field of an entity that its records lead to by references.
// Exempt are keys on either side, labels on both, and the field that says which
// organisation holds the record: they tell their own records.

// repeat is a field that asks again for another.
type repeat struct {
	e, other *catalog.Entity
	f, held  *catalog.Field
}

// repeated checks that no template asks for what a source already holds.
func (l *loader) repeated() {
	for _, r := range l.repeats() {
		if l.own[r.e.Name+"."+r.f.Name] {
			continue
		}
		l.faults.Add(yamltree.Place{File: r.e.File, Line: r.f.Line, Col: 1},
			"模板重复采集：“%[1]s”已由 %[2]s.%[3]s 持有（来源 %[4]s），%[5]s 可沿引用取得。请删去此字段；若确是另一事实，在 sources.yaml 的 own 中写明理由",
			"the template asks again for %[1]q: %[2]s.%[3]s holds it already (source %[4]s) and %[5]s reaches it by reference. Drop the field; if it is a fact of its own, say why under own in sources.yaml",
			Text{ZH: r.f.Title.ZH, EN: r.f.Title.EN}, r.other.Name, r.held.Name, r.held.Source, r.e.Name)
	}
}

// ownNeeded checks that an exception still excepts something.
func (l *loader) ownNeeded(at yamltree.Item) {
	for _, r := range l.repeats() {
		if at.Str() == r.e.Name+"."+r.f.Name {
			return
		}
	}
	at.Fault("%s 并不与别处重复，不必写在 own 中", "%s repeats nothing and need not stand under own", at.Str())
}

func (l *loader) repeats() []repeat {
	var out []repeat
	for _, e := range l.cat.Entities {
		reach := l.reach(e)
		org, _, _ := strings.Cut(e.Org, ".")
		for _, f := range e.Fields {
			if slices.Contains(e.Key, f.Name) || f.Name == org {
				continue
			}
			if r, ok := l.repeatOf(e, f, reach); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

// repeatOf finds the nearest field that holds the same.
func (l *loader) repeatOf(e *catalog.Entity, f *catalog.Field, reach []*catalog.Entity) (repeat, bool) {
	mine := headings(f, nil)
	for _, t := range reach {
		for _, g := range t.Fields {
			if slices.Contains(t.Key, g.Name) || f.Name == e.Label && g.Name == t.Label || f.Ref != "" && f.Ref == t.Name {
				continue
			}
			theirs := headings(g, l.namesOf(t, g))
			for h := range mine {
				if theirs[h] {
					return repeat{e, t, f, g}, true
				}
			}
		}
	}
	return repeat{}, false
}

func (l *loader) namesOf(e *catalog.Entity, f *catalog.Field) []string {
	var out []string
	for _, s := range l.same {
		if s.entity == e && s.field == f {
			out = append(out, s.names...)
		}
	}
	return out
}

// headings are the ways a field may be headed on a sheet, folded.
func headings(f *catalog.Field, more []string) map[string]bool {
	out := map[string]bool{}
	for _, h := range slices.Concat([]string{f.Name, f.Title.ZH, f.Title.EN}, f.Aliases, more) {
		if h = strings.ToLower(strings.Join(strings.Fields(h), "")); h != "" {
			out[h] = true
		}
	}
	return out
}

// reach is the entities that the records of one lead to by references, nearest
// first, itself left out.
func (l *loader) reach(e *catalog.Entity) []*catalog.Entity {
	seen := map[*catalog.Entity]bool{e: true}
	out := []*catalog.Entity{}
	for queue := []*catalog.Entity{e}; len(queue) > 0; queue = queue[1:] {
		for _, f := range queue[0].Fields {
			if t := l.cat.Entity(f.Ref); t != nil && !seen[t] {
				seen[t] = true
				out = append(out, t)
				queue = append(queue, t)
			}
		}
	}
	return out
}
