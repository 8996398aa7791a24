// Package spec reads what packs say of runs of engines (runs.yaml): which records an
// engine reads and writes. It knows engines, not businesses.
package spec

import (
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// FileName is the name of the files that Load reads.
const FileName = "runs.yaml"

// Spec is one way of running an engine.
type Spec struct {
	ID, Engine string
	Title      luoshu.Text
	Note       luoshu.Text
	Roles      []string // who may start it; empty: any role with the right

	Counts *Counts            // engines that read figures
	Ladder *Ladder            // the grades in order
	Inputs map[string]*Input  // records that are read, by what they are
	Params map[string]string  // parameters of the catalog, by what they are
	Out    map[string]*Output // records that are written, by what they are
	File   *Filing            // how decisions become cases, nil if they do not
	Kinds  map[string]string  // what the pack calls unit, area, town and total
}

// Kind is what the pack calls a kind of unit.
func (s *Spec) Kind(name string) string {
	if k := s.Kinds[name]; k != "" {
		return k
	}
	return name
}

// Counts are the figures an engine reads: an indicator and the dims of its cut.
type Counts struct{ Indicator, Unit, Area, Group, Grade string }

// Ladder is a code list of grades: the attribute that groups them (a stage) and the
// one that orders them. The groups of Chain follow on one another: who leaves one
// enters the next. Feeds says of a group outside it whose children it draws on, all
// areas together.
type Ladder struct {
	Codes, Group, Order string
	Chain               []string
	Feeds               map[string]string
	Beside              map[string]string // groups of a group's age, of whom it is a share: "PRI JUN"
}

// Input is an entity whose records are read, and its fields by what they are. Only,
// if given, are the values of fields that a record must have to be read.
type Input struct {
	Entity *catalog.Entity
	Fields map[string]*catalog.Field
	Only   map[string][]string
}

// Output is an entity whose records are written; its fields bear the names of the
// engine's answer.
type Output struct {
	Entity *catalog.Entity
}

// Filing says which of a layout's decisions become cases, and of which type.
type Filing struct {
	Case  string
	Kinds map[string]string // action of the layout → code of the case's field of kinds
	Set   map[string]string // field of the case → what it is filled from
}

// sources are what a field of a case can be filled from.
var sources = []string{"name", "body", "kind", "stage", "site", "user", "classes", "places", "before", "added", "cost", "area", "division"}

// engine is what an engine needs of a pack.
type engine struct {
	counts bool
	inputs map[string]need
	params map[string]bool     // true: must be given
	out    map[string][]string // fields that an output must have
}

// need says which fields of an input must be named, and which may be.
type need struct {
	must     bool
	all, may []string
}

// Book is every run that the packs of a catalog know.
type Book struct{ Specs []*Spec }

// Spec returns a run by its id; "" or the name of an engine is that engine's only
// run. It is nil if there is none, or no single one.
func (b *Book) Spec(id string) *Spec {
	var found *Spec
	for _, s := range b.Specs {
		if s.ID == id {
			return s
		}
		if s.Engine == id {
			if found != nil {
				return nil
			}
			found = s
		}
	}
	return found
}

type loader struct {
	*Book
	cat    *catalog.Catalog
	faults *yamltree.Faults
}

// Load reads the runs of a catalog's packs. Faults come back all at once.
func Load(cat *catalog.Catalog) (*Book, []yamltree.Fault) {
	var faults yamltree.Faults
	l := &loader{Book: &Book{}, cat: cat, faults: &faults}
	for _, c := range cat.Charters {
		if c.Name != FileName {
			continue
		}
		if v := yamltree.Parse(&faults, c.File, c.Data); v.Given() {
			o := v.Object()
			for _, x := range o.Must("runs").Items() {
				l.spec(x.Object())
			}
			o.Done()
		}
	}
	return l.Book, faults.Sorted()
}

func (l *loader) spec(o *yamltree.Object) {
	defer o.Done()
	s := &Spec{
		ID: o.ID("id"), Title: o.Title("title", true), Note: o.Title("note", false), Roles: o.Get("roles").Strs(),
		Inputs: map[string]*Input{}, Params: map[string]string{}, Out: map[string]*Output{},
	}
	x := o.Must("engine")
	s.Engine = x.Str()
	eng, ok := engines[s.Engine]
	if !ok {
		x.Fault("没有引擎 %s", "there is no engine %s", s.Engine)
		return
	}
	if slices.ContainsFunc(l.Specs, func(have *Spec) bool { return have.ID == s.ID }) {
		x.Fault("运行 %s 重复", "run %s stands twice", s.ID)
		return
	}
	if eng.counts {
		l.counts(s, o)
	}
	in := o.Must("inputs").Object()
	for _, name := range in.Keys() {
		n, known := eng.inputs[name]
		if !known {
			in.Get(name).Fault("引擎 %s 不读取 %s", "engine %s reads no %s", s.Engine, name)
			continue
		}
		s.Inputs[name] = l.input(in.Get(name).Object(), n)
	}
	if w := s.Inputs["ways"]; w != nil && w.Fields["mode"] != nil && l.cat.List(w.Fields["mode"].Codes) == nil {
		in.Get("ways").Fault("字段 %s 不是代码", "the field %s is no code", w.Fields["mode"].Name)
	}
	for name, n := range eng.inputs {
		if n.must {
			in.Must(name)
		}
	}
	params := o.Must("params").Object()
	for _, name := range params.Keys() {
		p := params.Get(name)
		if _, known := eng.params[name]; !known {
			p.Fault("引擎 %s 没有参数 %s", "engine %s has no parameter %s", s.Engine, name)
		} else if !l.cat.HasParam(p.Str()) {
			p.Fault("没有参数 %s", "there is no parameter %s", p.Str())
		}
		s.Params[name] = p.Str()
	}
	for name, must := range eng.params {
		if must {
			params.Must(name)
		}
	}
	params.Done()
	out := o.Must("into").Object()
	for name, fields := range eng.out {
		x := out.Must(name)
		e := l.cat.Entity(x.Str())
		if e == nil {
			x.Fault("没有实体 %s", "there is no entity %s", x.Str())
			continue
		}
		for _, f := range fields {
			if e.Field(f) == nil {
				x.Fault("实体 %s 缺少字段 %s", "entity %s lacks the field %s", e.Name, f)
			}
		}
		s.Out[name] = &Output{Entity: e}
	}
	out.Done()
	s.Kinds = o.Get("kinds").Dict()
	if x := o.Get("file"); x.Given() {
		l.filing(s, x.Object())
	}
	l.Specs = append(l.Specs, s)
}

// filing reads which decisions become cases. Whether there is such a type of case is
// said when one is opened: this room does not know them.
func (l *loader) filing(s *Spec, o *yamltree.Object) {
	defer o.Done()
	s.File = &Filing{Case: o.ID("case"), Kinds: o.Must("kinds").Dict(), Set: o.Must("set").Dict()}
	if s.Out["sites"] == nil {
		o.Get("case").Fault("引擎 %s 没有可立项的结果", "engine %s makes nothing that could be filed", s.Engine)
	}
	set := o.Get("set").Object()
	for field, from := range s.File.Set {
		if !slices.Contains(sources, from) {
			set.Get(field).Fault("没有来源 %s（%v）", "there is no source %s (%v)", from, sources)
		}
	}
}

func (l *loader) counts(s *Spec, o *yamltree.Object) {
	c := o.Must("counts").Object()
	defer c.Done()
	s.Counts = &Counts{Indicator: c.ID("indicator"), Unit: c.ID("unit"), Area: c.ID("area"), Group: c.ID("group"), Grade: c.ID("grade")}
	ind := l.cat.Indicator(s.Counts.Indicator)
	if ind == nil || ind.Of == nil {
		c.Get("indicator").Fault("没有计数指标 %s", "there is no counting indicator %s", s.Counts.Indicator)
		return
	}
	g := l.cat.Grain(ind.Of.Grain)
	for key, dim := range map[string]string{"unit": s.Counts.Unit, "area": s.Counts.Area, "group": s.Counts.Group, "grade": s.Counts.Grade} {
		if g == nil || g.Dim(dim) == nil {
			c.Get(key).Fault("指标 %s 没有维度 %s", "indicator %s has no dimension %s", ind.ID, dim)
		}
	}
	y := o.Must("ladder").Object()
	defer y.Done()
	s.Ladder = &Ladder{Codes: y.Word("codes"), Group: y.Word("group"), Order: y.Word("order"), Chain: y.Get("chain").Strs(), Feeds: y.Get("feeds").Dict(), Beside: y.Get("beside").Dict()}
	if l.cat.List(s.Ladder.Codes) == nil {
		y.Get("codes").Fault("没有代码表 %s", "there is no code list %s", s.Ladder.Codes)
	}
	groups := l.cat.List(s.Ladder.Group)
	if groups == nil {
		return
	}
	for key, of := range map[string]map[string]string{"feeds": s.Ladder.Feeds, "beside": s.Ladder.Beside} {
		for stage, others := range of {
			for _, g := range append(strings.Fields(others), stage) {
				if groups.Code(g) == nil {
					y.Get(key).Fault("代码表 %s 没有 %s", "code list %s has no %s", groups.Name, g)
				}
			}
		}
	}
}

// input reads which records are meant: `entity`, and a field for everything needed.
func (l *loader) input(o *yamltree.Object, n need) *Input {
	defer o.Done()
	x := o.Must("entity")
	in := &Input{Entity: l.cat.Entity(x.Str()), Fields: map[string]*catalog.Field{}}
	if in.Entity == nil {
		x.Fault("没有实体 %s", "there is no entity %s", x.Str())
		for _, key := range o.Keys() {
			o.Get(key)
		}
		return in
	}
	for _, name := range n.all {
		l.field(in, name, o.Must(name))
	}
	for _, name := range n.may {
		if x := o.Get(name); x.Given() {
			l.field(in, name, x)
		}
	}
	if x := o.Get("only"); x.Given() {
		only := x.Object()
		in.Only = map[string][]string{}
		for _, name := range only.Keys() {
			v := only.Get(name)
			if f := in.Entity.Field(name); f == nil || f.Rest != catalog.InClear || !f.Type.IsText() {
				v.Fault("实体 %s 没有可用作条件的字段 %s", "entity %s has no field %s that can be a condition", in.Entity.Name, name)
			}
			in.Only[name] = v.Strs()
		}
		only.Done()
	}
	return in
}

func (l *loader) field(in *Input, name string, x yamltree.Item) {
	f := in.Entity.Field(x.Str())
	if f == nil {
		x.Fault("实体 %s 没有字段 %s", "entity %s has no field %s", in.Entity.Name, x.Str())
		return
	}
	if f.Rest != catalog.InClear {
		x.Fault("字段 %s.%s 加密存放，引擎不读取", "field %s.%s lies encrypted; engines do not read it", in.Entity.Name, f.Name)
		return
	}
	in.Fields[name] = f
}
