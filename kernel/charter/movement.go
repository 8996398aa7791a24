package charter

import (
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Movement is movement.yaml: how persons move between organisations and through
// the years, by which dated facts this is told, and how organisations change.
type Movement struct {
	Person  MovingPerson
	Fact    MovingFact
	Group   *MovingGroup // nil where facts name no group
	Year    MovingYear
	Reasons string // code list of reasons, "" for none
	Ladder  []Rung
	Case    MovingCase
	Run     MovingRun
	Changes []*Change
	Orgs    *Lifecycle // nil where organisations do not change by acts

	step    map[string]step
	changes map[string]*Change
}

// MovingPerson names the entity of persons and its fields.
type MovingPerson struct {
	Entity  *catalog.Entity
	Name    *catalog.Field // asked for beside the key when another side looks for a person
	Holder  *catalog.Field // the organisation that holds the person
	Status  *catalog.Field
	Present []string // statuses of those who are there
	Held    []string // statuses of those who are away and will come back: never promoted
}

// MovingFact names the entity of dated facts and its fields. A fact holds from
// From up to, not including, To; one without To holds to the end of its year.
type MovingFact struct {
	Entity                                                    *catalog.Entity
	Person, Org, Year, Stage, Grade, Group, From, To, In, Out *catalog.Field
	Carry                                                     []*catalog.Field // taken over from a person's last fact
}

// MovingGroup names the entity of groups (classes) that are made anew each year.
// Code and Name are patterns of {org} {year} {grade} {nn} {n}; in Name {grade} is
// the Chinese title of the grade.
type MovingGroup struct {
	Entity                              *catalog.Entity
	Key, Org, Year, Stage, Grade, Label *catalog.Field
	Carry                               []*catalog.Field
	Code, Name                          string
}

// MovingYear bounds a year by parameters, month and day as mmdd: its first and
// last day, and the day from which the next one may be entered ahead.
type MovingYear struct{ Start, End, Entry string }

// Rung is a stage with its grades in order; the last one is the stage's end.
type Rung struct {
	Stage  string
	Grades []string
}

// MovingCase says when the other side is reminded and when an unanswered case
// goes one level up: parameters in days.
type MovingCase struct{ Remind, Answer string }

// MovingRun names the changes that the run at a year's end makes, and what keeps
// a person out of it: group (no group), verified (not attested within the
// entity's months).
type MovingRun struct {
	Promote, Repeat, Graduate *Change
	Blocks                    []string
}

// Sides of a change.
const (
	OneSide  = "one" // the holder acts alone
	TwoSides = "two" // giver and taker both agree
	OutSide  = "out" // leaves for an organisation outside the city
	InSide   = "in"  // comes from outside, or back
	RunSide  = "run" // made by the run at a year's end only
)

// What becomes of the grade in the fact that a change opens.
const (
	SameGrade = "same"
	NextGrade = "next"
	BackGrade = "back"
)

// Change is one type of change.
type Change struct {
	ID     string
	Title  Text
	Side   string
	From   []string // statuses of persons it may happen to
	Status string   // status afterwards, "" keeps it
	Out    string   // code on the fact it closes, "" for none
	In     string   // code on the fact it opens, "" for none
	Closes bool
	Opens  bool
	Grade  string   // SameGrade NextGrade BackGrade
	Stages []string // stages it may happen in, nil all
	Group  bool     // needs another group
	Needs  []string // reason evidence place
	After  bool     // leaves the person where no fact is due: not missed when gone
}

// Need reports whether the change must be handed in with something.
func (c *Change) Need(what string) bool { return slices.Contains(c.Needs, what) }

type step struct {
	rung, at int
}

// Change returns a type of change, nil if there is none.
func (m *Movement) Change(id string) *Change { return m.changes[id] }

// Stage is the stage of a grade, "" if the ladder does not have it.
func (m *Movement) Stage(grade string) string {
	if s, ok := m.step[grade]; ok {
		return m.Ladder[s.rung].Stage
	}
	return ""
}

// Next is the grade after one; last says that the grade is its stage's end. Both
// are empty for a grade that the ladder does not have.
func (m *Movement) Next(grade string) (next string, last bool) {
	s, ok := m.step[grade]
	if !ok {
		return "", false
	}
	g := m.Ladder[s.rung].Grades
	if s.at == len(g)-1 {
		return "", true
	}
	return g[s.at+1], false
}

// Back is the grade before one within its stage, "" if there is none.
func (m *Movement) Back(grade string) string {
	s, ok := m.step[grade]
	if !ok || s.at == 0 {
		return ""
	}
	return m.Ladder[s.rung].Grades[s.at-1]
}

// movement reads movement.yaml.
func (l *loader) movement(o *yamltree.Object) {
	if l.Movement != nil {
		o.Fault("已有另一个包写了 movement.yaml", "another loaded pack has a movement.yaml too")
		return
	}
	m := &Movement{step: map[string]step{}, changes: map[string]*Change{}}
	l.Movement = m
	l.movingPerson(o.Must("person").Object(), &m.Person)
	l.movingFact(o.Must("fact").Object(), m)
	if g := o.Get("group"); g.Given() {
		m.Group = &MovingGroup{}
		l.movingGroup(g.Object(), m)
	}
	y := o.Must("year").Object()
	m.Year = MovingYear{Start: l.parameter(y, "start"), End: l.parameter(y, "end"), Entry: l.parameter(y, "entry")}
	y.Done()
	m.Reasons = l.codeList(o.Get("reasons"))
	for _, x := range o.Must("ladder").Items() {
		l.rung(x.Object(), m)
	}
	c := o.Must("case").Object()
	m.Case = MovingCase{Remind: l.parameter(c, "remind"), Answer: l.parameter(c, "answer")}
	c.Done()
	for _, x := range o.Must("changes").Items() {
		l.change(x.Object(), m)
	}
	l.movingRun(o.Must("run").Object(), m)
	if x := o.Get("organisations"); x.Given() {
		l.lifecycle(x.Object(), m)
	}
}

func (l *loader) movingPerson(o *yamltree.Object, p *MovingPerson) {
	p.Entity = l.entity(o.Must("entity"))
	if p.Entity != nil && len(p.Entity.Key) != 1 {
		o.Get("entity").Fault("%s 的主键须只有一个字段", "the key of %s must be one field", p.Entity.Name)
	}
	p.Name = l.field(p.Entity, o.Must("name"))
	p.Holder = l.field(p.Entity, o.Must("holder"))
	p.Status = l.field(p.Entity, o.Must("status"), catalog.TypeCode)
	p.Present = l.codesOf(p.Status, o.Must("present"))
	p.Held = l.codesOf(p.Status, o.Get("held"))
	o.Done()
}

func (l *loader) movingFact(o *yamltree.Object, m *Movement) {
	f := &m.Fact
	e := l.entity(o.Must("entity"))
	f.Entity = e
	f.Person = l.field(e, o.Must("person"), catalog.TypeRef)
	if f.Person != nil && m.Person.Entity != nil && f.Person.Ref != m.Person.Entity.Name {
		o.Get("person").Fault("%s 不指向 %s", "%s does not refer to %s", f.Person.Name, m.Person.Entity.Name)
	}
	f.Org = l.field(e, o.Must("org"), catalog.TypeRef)
	f.Year = l.field(e, o.Must("year"), catalog.TypeYear)
	f.Stage, f.Grade = l.field(e, o.Must("stage"), catalog.TypeCode), l.field(e, o.Must("grade"), catalog.TypeCode)
	if g := o.Get("group"); g.Given() {
		f.Group = l.field(e, g, catalog.TypeRef)
	}
	f.From, f.To = l.field(e, o.Must("from"), catalog.TypeDate), l.field(e, o.Must("to"), catalog.TypeDate)
	f.In, f.Out = l.field(e, o.Must("in"), catalog.TypeCode), l.field(e, o.Must("out"), catalog.TypeCode)
	f.Carry = l.fields(e, o.Get("carry"))
	if e != nil && f.From != nil && !slices.Contains(e.Key, f.From.Name) {
		o.Get("from").Fault("%s 须在主键中：同一人在同一单位可有两段", "%s must be part of the key: a person may be at one organisation twice", f.From.Name)
	}
	o.Done()
}

func (l *loader) movingGroup(o *yamltree.Object, m *Movement) {
	g := m.Group
	e := l.entity(o.Must("entity"))
	g.Entity = e
	if m.Fact.Group == nil || e == nil || m.Fact.Group.Ref != e.Name || len(e.Key) != 1 {
		o.Fault("事实须有指向此实体的 group 字段，且实体主键只有一个字段", "the fact needs a group field that refers to this entity, whose key is one field")
	} else {
		g.Key = e.Field(e.Key[0])
	}
	g.Org, g.Year = l.field(e, o.Must("org"), catalog.TypeRef), l.field(e, o.Must("year"), catalog.TypeYear)
	g.Stage, g.Grade = l.field(e, o.Must("stage"), catalog.TypeCode), l.field(e, o.Must("grade"), catalog.TypeCode)
	g.Label = l.field(e, o.Must("label"), catalog.TypeText)
	g.Carry = l.fields(e, o.Get("carry"))
	g.Code, g.Name = l.pattern(o.Must("code")), l.pattern(o.Must("name"))
	if g.Code != "" && !(strings.Contains(g.Code, "{org}") && strings.Contains(g.Code, "{year}") && strings.Contains(g.Code, "{grade}")) {
		o.Get("code").Fault("编号须含 {org} {year} {grade}，否则会重复", "the code needs {org} {year} {grade}, or codes would meet")
	}
	o.Done()
}

// pattern reads a text with places {org} {year} {grade} {nn} {n}.
func (l *loader) pattern(x yamltree.Item) string {
	s := x.Str()
	rest := strings.NewReplacer("{org}", "", "{year}", "", "{grade}", "", "{nn}", "", "{n}", "").Replace(s)
	if strings.ContainsAny(rest, "{}") {
		x.Fault("只认识 {org} {year} {grade} {nn} {n}", "only {org} {year} {grade} {nn} {n} are known")
	}
	if n := strings.Count(s, "{nn}") + strings.Count(s, "{n}"); s != "" && n != 1 {
		x.Fault("须恰有一个 {nn} 或 {n}", "exactly one {nn} or {n} is needed")
	}
	return s
}

func (l *loader) rung(o *yamltree.Object, m *Movement) {
	r := Rung{Stage: o.Full("stage")}
	if m.Fact.Stage != nil {
		l.codeOf(m.Fact.Stage.Codes, o.Get("stage"))
	}
	for _, x := range o.Must("grades").Items() {
		g := x.Str()
		if m.Fact.Grade != nil {
			l.codeOf(m.Fact.Grade.Codes, x)
		}
		if _, twice := m.step[g]; twice {
			x.Fault("年级 %s 写了两次", "the grade %s stands twice", g)
			continue
		}
		m.step[g] = step{len(m.Ladder), len(r.Grades)}
		r.Grades = append(r.Grades, g)
	}
	o.Done()
	m.Ladder = append(m.Ladder, r)
}

func (l *loader) change(o *yamltree.Object, m *Movement) {
	c := &Change{ID: o.ID("id"), Title: o.Title("title", true)}
	c.Side = o.Must("side").OneOf(OneSide, TwoSides, OutSide, InSide, RunSide)
	c.From = l.codesOf(m.Person.Status, o.Must("from"))
	if s := o.Get("status"); s.Given() && m.Person.Status != nil {
		c.Status = l.codeOf(m.Person.Status.Codes, s)
	}
	if x := o.Get("out"); x.Given() && m.Fact.Out != nil {
		c.Out = l.codeOf(m.Fact.Out.Codes, x)
	}
	if x := o.Get("in"); x.Given() && m.Fact.In != nil {
		c.In = l.codeOf(m.Fact.In.Codes, x)
	}
	for _, x := range o.Must("does").Items() {
		switch x.OneOf("close", "open") {
		case "close":
			c.Closes = true
		case "open":
			c.Opens = true
		}
	}
	c.Grade = o.Get("grade").OneOf(SameGrade, NextGrade, BackGrade)
	if c.Grade == "" {
		c.Grade = SameGrade
	}
	for _, x := range o.Get("stages").Items() {
		if m.Fact.Stage != nil {
			c.Stages = append(c.Stages, l.codeOf(m.Fact.Stage.Codes, x))
		}
	}
	c.Group = o.Get("group").Bool()
	for _, x := range o.Get("needs").Items() {
		c.Needs = append(c.Needs, x.OneOf("reason", "evidence", "place"))
	}
	if c.Need("reason") && m.Reasons == "" {
		o.Get("needs").Fault("没有写 reasons 代码表", "there is no list of reasons")
	}
	if c.Side == TwoSides && !(c.Closes && c.Opens) {
		o.Get("does").Fault("双方的变动须既结束又开始一段", "a change of two sides both closes and opens a fact")
	}
	if (c.Out != "" && !c.Closes) || (c.In != "" && !c.Opens) {
		o.Get("does").Fault("out 须有 close，in 须有 open", "out needs close, in needs open")
	}
	o.Done()
	if m.changes[c.ID] != nil {
		o.Get("id").Fault("变动 %s 写了两次", "the change %s stands twice", c.ID)
		return
	}
	m.changes[c.ID] = c
	m.Changes = append(m.Changes, c)
}

func (l *loader) movingRun(o *yamltree.Object, m *Movement) {
	pick := func(key string, closes, opens bool) *Change {
		x := o.Must(key)
		c := m.changes[x.Str()]
		if c == nil || c.Closes != closes || c.Opens != opens {
			x.Fault("%s 应为一种%s的变动", "%s must be a change that %s", key, map[bool]Text{
				true: {ZH: "只开始一段", EN: "only opens a fact"}, false: {ZH: "只结束一段", EN: "only closes a fact"},
			}[opens])
		}
		return c
	}
	m.Run.Promote, m.Run.Repeat, m.Run.Graduate = pick("promote", false, true), pick("repeat", false, true), pick("graduate", true, false)
	for _, x := range o.Get("blocks").Items() {
		m.Run.Blocks = append(m.Run.Blocks, x.OneOf("group", "verified"))
	}
	o.Done()
}
