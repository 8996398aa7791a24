package charter

import (
	"slices"
	"strconv"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// Round says how the records of some entities are verified at set times: which of
// them, by whom, how often and until when. Numbers are parameters of the packs,
// so that each has its source.
type Round struct {
	ID           string
	Pack         string
	Title        Text
	Instructions Text
	Lists        []*RoundList
	Holder       string // level of the organisations that answer
	Units        *RoundUnits
	Every        string // parameter: months from one round to the next
	Opens        int64  // month and day on which it opens, mmdd
	Days         string // parameter: days to answer
	Remind       []int  // days before the deadline, largest first
	Escalate     []int  // days after the deadline, smallest first: one level up each time
	Spot         *SpotCheck
	Guardian     *Guardian
	Basis        []catalog.Source
	File         string
	Line         int
}

// RoundList is the records of one entity that a round covers, and the fields that
// are to be looked at.
type RoundList struct {
	Entity string
	Fields []string
	Where  *rule.Expr // over the fields of the entity; nil for all
}

// RoundUnits narrows a round to organisations of some kind: those whose record in
// Entity meets Where.
type RoundUnits struct {
	Entity string
	Where  *rule.Expr
}

// SpotCheck is the random sample drawn by organisations of Level. Size, if given,
// is a parameter with a fixed number of records; otherwise Margin (±%) and
// Confidence (%) are, and the size follows from the population.
type SpotCheck struct {
	Level              string
	Size               string
	Margin, Confidence string
	ReturnAbove        string // parameter: % of a unit's checked records with errors above which it answers anew
	ReturnDays         string // parameter: days to answer anew
}

// Guardian says what a person may confirm about somebody else by a one-time link:
// Fields of the records of Entity, asked of those who stand in Contact.
type Guardian struct {
	Entity  string
	Fields  []string
	Contact string     // entity of the persons asked
	By      string     // its field that refers to Entity
	Name    string     // its field with the name
	Where   *rule.Expr // which of them are asked; nil for all
	Group   *LinkGroup // how links are handed out together; nil for by unit only
	Hours   string     // parameter: hours for which a link holds
}

// LinkGroup finds the records that belong together: those that rows of Entity
// with one value in Field refer to by By.
type LinkGroup struct {
	Entity, By, Field string
	Where             *rule.Expr
}

// Round returns a round by id, nil if there is none.
func (c *Charter) Round(id string) *Round {
	for _, r := range c.Rounds {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// List returns what a round asks of an entity, nil if nothing.
func (r *Round) List(entity string) *RoundList {
	for _, x := range r.Lists {
		if x.Entity == entity {
			return x
		}
	}
	return nil
}

func (l *loader) roundFile(c catalog.Charter, o *yamltree.Object) {
	for _, x := range o.Must("rounds").Items() {
		l.round(c, x.Object())
	}
}

func (l *loader) round(c catalog.Charter, o *yamltree.Object) {
	r := &Round{
		ID: o.ID("id"), Pack: c.Pack, Title: o.Title("title", true), Instructions: o.Title("instructions", true),
		File: c.File, Line: o.Place().Line,
	}
	if r.ID != "" && l.Round(r.ID) != nil {
		o.Get("id").Fault("核验轮次 %s 已定义过", "the round %s is already defined", r.ID)
	}
	lists := o.Must("lists").Items()
	if len(lists) == 0 && o.Get("lists").Given() {
		o.Get("lists").Fault("至少要有一张表", "at least one list is needed")
	}
	for _, x := range lists {
		if y := l.roundList(x.Object()); y != nil {
			if r.List(y.Entity) != nil {
				x.Fault("%s 写了两次", "%s stands twice", y.Entity)
			}
			r.Lists = append(r.Lists, y)
		}
	}
	r.Holder = o.Must("holder").OneOf(catalog.Levels()...)
	if x := o.Get("units"); x.Given() {
		r.Units = l.roundUnits(x.Object())
	}
	if u := r.Units; u != nil && r.Holder != "" {
		if n := l.cat.Entity(u.Entity).Node; n.LevelField == "" && n.Level != r.Holder {
			o.Get("units").Fault("单位的层级应与 holder 相同，即 %s", "the units must be of the level of the holder, %s", r.Holder)
		}
	}
	r.Every = l.parameterOf(o.Must("every"))
	r.Opens = monthDay(o.Must("opens"))
	r.Days = l.parameterOf(o.Must("days"))
	r.Remind = dayList(o.Get("remind"))
	slices.Reverse(r.Remind)
	r.Escalate = dayList(o.Get("escalate"))
	if x := o.Get("spot"); x.Given() {
		r.Spot = l.spot(x.Object())
	}
	if x := o.Get("guardian"); x.Given() {
		r.Guardian = l.guardian(x.Object(), r)
	}
	r.Basis = l.basis(o.Get("basis"))
	o.Done()
	l.Rounds = append(l.Rounds, r)
}

func (l *loader) roundList(o *yamltree.Object) *RoundList {
	defer o.Done()
	e := l.entity(o.Must("entity"))
	at := o.Must("fields")
	fields, where := at.Items(), o.Get("where")
	if e == nil {
		return nil
	}
	if e.Org == "" {
		o.Get("entity").Fault("%s 不属于任何单位，没有人可以核验", "%s belongs to no organisation: there is nobody to verify it", e.Name)
	}
	if len(fields) == 0 && at.Given() {
		at.Fault("至少要有一个字段", "at least one field is needed")
	}
	return &RoundList{Entity: e.Name, Fields: l.openFields(e, fields), Where: l.plain(e, where)}
}

func (l *loader) roundUnits(o *yamltree.Object) *RoundUnits {
	defer o.Done()
	e := l.entity(o.Must("entity"))
	where := o.Must("where")
	if e == nil {
		return nil
	}
	if e.Node == nil {
		o.Get("entity").Fault("%s 的记录不是单位", "the records of %s are no organisations", e.Name)
		return nil
	}
	return &RoundUnits{Entity: e.Name, Where: l.plain(e, where)}
}

func (l *loader) spot(o *yamltree.Object) *SpotCheck {
	defer o.Done()
	s := &SpotCheck{
		Level: o.Must("level").OneOf(catalog.Levels()...), ReturnAbove: l.parameterOf(o.Must("return_above")), ReturnDays: l.parameterOf(o.Must("return_days")),
		Size: l.parameterOf(o.Get("size")), Margin: l.parameterOf(o.Get("margin")), Confidence: l.parameterOf(o.Must("confidence")),
	}
	o.Either("size", "margin")
	return s
}

func (l *loader) guardian(o *yamltree.Object, r *Round) *Guardian {
	defer o.Done()
	e := l.entity(o.Must("entity"))
	fields := o.Must("fields").Items()
	contact := l.entity(o.Must("contact"))
	by, name, where := o.Must("by"), o.Must("name"), o.Get("where")
	g := &Guardian{Hours: l.parameterOf(o.Must("hours"))}
	if x := o.Get("group"); x.Given() {
		g.Group = l.linkGroup(x.Object(), e)
	}
	if e == nil || contact == nil {
		return g
	}
	g.Entity, g.Contact, g.Fields = e.Name, contact.Name, l.openFields(e, fields)
	if r.List(e.Name) == nil {
		o.Get("entity").Fault("%s 不在本轮核验的表中", "%s is not among the lists of the round", e.Name)
	}
	g.By, g.Name, g.Where = l.refTo(contact, by, e), l.fieldOf(contact, name), l.plain(contact, where)
	return g
}

func (l *loader) linkGroup(o *yamltree.Object, to *catalog.Entity) *LinkGroup {
	defer o.Done()
	e := l.entity(o.Must("entity"))
	by, field, where := o.Must("by"), o.Must("field"), o.Get("where")
	if e == nil || to == nil {
		return nil
	}
	return &LinkGroup{Entity: e.Name, By: l.refTo(e, by, to), Field: l.fieldOf(e, field), Where: l.plain(e, where)}
}

// fieldOf is the name of a field of the entity that is not closed.
func (l *loader) fieldOf(e *catalog.Entity, x yamltree.Item) string {
	s := x.Str()
	if s == "" {
		return ""
	}
	f := e.Field(s)
	switch {
	case f == nil:
		x.Fault("%s 没有字段 %s", "%s has no field %s", e.Name, s)
		return ""
	case f.Sensitivity == catalog.Closed:
		x.Fault("字段 %s 不公开，不能用在这里", "the field %s is closed and cannot be used here", s)
		return ""
	}
	return s
}

func (l *loader) openFields(e *catalog.Entity, list []yamltree.Item) []string {
	var out []string
	for _, x := range list {
		s := l.fieldOf(e, x)
		if s == "" {
			continue
		}
		if slices.Contains(out, s) {
			x.Fault("%s 写了两次", "%s stands twice", s)
		}
		out = append(out, s)
	}
	return out
}

// refTo is the name of a field of the entity that refers to another one.
func (l *loader) refTo(e *catalog.Entity, x yamltree.Item, to *catalog.Entity) string {
	s := l.fieldOf(e, x)
	if s != "" && e.Field(s).Ref != to.Name {
		x.Fault("字段 %s 不指向 %s", "the field %s does not refer to %s", s, to.Name)
		return ""
	}
	return s
}

// plain compiles a condition over an entity that the database is to evaluate: it
// may not read sensitive fields, which the database does not know in clear.
func (l *loader) plain(e *catalog.Entity, x yamltree.Item) *rule.Expr {
	if x.Str() == "" {
		return nil
	}
	env, err := rule.NewEnv(l.cat.EntityVars(e), l.cat.HasParam)
	if err != nil {
		x.Fault("变量有误：%s", "bad variables: %s", err)
		return nil
	}
	prog, err := env.Compile(x.Str(), rule.Bool)
	if err != nil {
		ee := rule.AsExprError(err)
		l.faults.Add(x.Inside(ee.Line, ee.Col), "%s", "%s", ee.Msg)
		return nil
	}
	for _, v := range prog.Vars() {
		if f := e.Field(v); f != nil && (f.Rest != catalog.InClear || f.Sensitivity >= catalog.Sensitive) {
			x.Fault("条件不能读字段 %s：它加密存放或不公开", "a condition may not read the field %s, which is kept encrypted or closed", v)
			return nil
		}
	}
	if len(prog.Params()) > 0 {
		x.Fault("此处的条件不能用参数", "a condition here may not read parameters")
		return nil
	}
	if _, err := prog.SQL(rule.SQLite, func(s string) string { return s }, nil); err != nil {
		ee := rule.AsExprError(err)
		l.faults.Add(x.Inside(ee.Line, ee.Col), "%s", "%s", ee.Msg)
		return nil
	}
	return prog
}

// parameterOf is the id of a known parameter.
func (l *loader) parameterOf(x yamltree.Item) string {
	s := x.Str()
	if s != "" && l.cat.Parameter(s) == nil {
		x.Fault("没有参数 %s", "there is no parameter %s", s)
		return ""
	}
	return s
}

// monthDay reads 09-20 as 920.
func monthDay(x yamltree.Item) int64 {
	s := x.Str()
	if s == "" {
		return 0
	}
	m, d, ok := strings.Cut(s, "-")
	month, err1 := strconv.Atoi(m)
	day, err2 := strconv.Atoi(d)
	if !ok || len(m) != 2 || len(d) != 2 || err1 != nil || err2 != nil || month < 1 || month > 12 || day < 1 || day > 28 {
		x.Fault("%s 应写作 月-日，如 09-20，日不超过 28", "%s must be month-day, such as 09-20, with a day up to 28", s)
		return 0
	}
	return int64(month*100 + day)
}

// dayList reads numbers of days, smallest first, none twice.
func dayList(x yamltree.Item) []int {
	var out []int
	for _, y := range x.Items() {
		n := int(y.Whole(0, 366))
		if slices.Contains(out, n) {
			y.Fault("%d 写了两次", "%d stands twice", n)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// basis reads the texts that a round rests on.
func (l *loader) basis(x yamltree.Item) []catalog.Source {
	var out []catalog.Source
	for _, y := range x.Items() {
		o := y.Object()
		out = append(out, catalog.Source{Text: o.Words(), Ref: o.Full("ref"), Certainty: o.Must("certainty").OneOf("A", "B", "D", "M")})
		o.Done()
	}
	return out
}
