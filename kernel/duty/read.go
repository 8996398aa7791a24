package duty

import (
	"regexp"
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// FileName is the name of the files that Load reads.
const FileName = "duties.yaml"

var (
	idPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,31}$`)
	kinds     = []string{Recurring, Deadline, Event, Standing}
	names     = []string{HalfYear, Year, CityYear, Term, Month, Day}
)

// Bounds of what a pack may ask.
const (
	maxMonths = 120
	maxTimes  = 50
	maxDays   = 366
)

type loader struct {
	*Book
	faults *yamltree.Faults
	where  map[string]yamltree.Place
	cases  func(id string) bool
}

// Load reads the duties of a catalog's packs. Faults come back all at once. known,
// if given, says which types of case there are; without it no duty is held against
// them.
func Load(cat *catalog.Catalog, known func(id string) bool) (*Book, []yamltree.Fault) {
	var faults yamltree.Faults
	l := &loader{Book: &Book{cat: cat, byID: map[string]*Duty{}}, faults: &faults, where: map[string]yamltree.Place{}, cases: known}
	for _, c := range cat.Charters {
		if c.Name != FileName {
			continue
		}
		if v := yamltree.Parse(&faults, c.File, c.Data); v.Given() {
			l.file(c, v.Object())
		}
	}
	return l.Book, faults.Sorted()
}

func (l *loader) file(c catalog.Charter, o *yamltree.Object) {
	f := &File{From: o.Must("from").Date(), units: map[string]*Units{}}
	f.Anchor = f.From
	if x := o.Get("anchor"); x.Given() {
		if f.Anchor = x.Date(); f.Anchor > f.From || f.Anchor%100 != 1 {
			x.Fault("anchor 应为某月1日，不晚于 from", "anchor is the first day of a month, not later than from")
		}
	}
	if x := o.Get("plan"); x.Given() {
		id := x.Str()
		at := slices.IndexFunc(l.cat.Plans, func(p *catalog.Plan) bool { return p.ID == id })
		if at < 0 {
			x.Fault("没有规划 %s", "there is no plan %s", id)
		} else {
			f.Plan = l.cat.Plans[at]
		}
	}
	for _, x := range o.Get("terms").Items() {
		if id := l.parameter(x, 101, 1231); id != "" {
			f.Terms = append(f.Terms, id)
		}
	}
	f.Soon = l.parameter(o.Must("soon"), 1, maxDays)
	f.Remind = reminders(o.Get("remind"))
	if u := o.Get("units"); u.Given() {
		uo := u.Object()
		for _, name := range uo.Keys() {
			f.units[name] = l.units(uo.Get(name).Object())
		}
	}
	for _, x := range o.Must("duties").Items() {
		l.duty(c, f, x.Object())
	}
	o.Done()
}

// reminders reads working days before an end.
func reminders(x yamltree.Item) []int {
	var out []int
	for _, i := range x.Items() {
		n := int(i.Whole(1, maxDays))
		if slices.Contains(out, n) {
			i.Fault("%d 写了两次", "%d stands twice", n)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// units reads which organisations of an entity are meant.
func (l *loader) units(o *yamltree.Object) *Units {
	defer o.Done()
	x, where := o.Must("entity"), o.Must("where")
	e := l.cat.Entity(x.Str())
	if x.Str() == "" {
		return nil
	}
	if e == nil || e.Node == nil || len(e.Key) != 1 {
		x.Fault("%s 不是单位", "%s is no entity of organisations", x.Str())
		return nil
	}
	return &Units{Entity: e.Name, Where: l.plain(e, where)}
}

// plain compiles a condition that the database is to evaluate.
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
	if err == nil {
		_, err = prog.SQL(rule.SQLite, func(s string) string { return s }, nil)
	}
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
	return prog
}

func (l *loader) duty(c catalog.Charter, f *File, o *yamltree.Object) {
	d := &Duty{
		ID: o.Full("id"), Pack: c.Pack, Title: o.Title("title", true), Quote: o.Full("quote"), Section: o.Full("section"), Line: o.Full("line"),
		Mechanism: o.Get("mechanism").Str(), Kind: o.Must("kind").OneOf(kinds...), Times: 1, Evidence: o.Title("evidence", true),
		Note: o.Title("note", false), Open: o.Get("open").Bool(), Case: o.Get("case").Str(), Of: f,
	}
	if d.ID != "" && !idPattern.MatchString(d.ID) {
		o.Get("id").Fault("%s 不能作为编号：字母开头，只用字母、数字和连字符", "%s cannot be an id: a letter, then letters, digits and hyphens", d.ID)
	}
	if before, twice := l.where[d.ID]; twice {
		o.Get("id").Fault("职责 %s 已在 %s 第 %d 行定义", "the duty %s is already defined in %s, line %d", d.ID, before.File, before.Line)
	}
	if l.cases != nil && d.Case != "" && !l.cases(d.Case) {
		o.Get("case").Fault("没有事项类型 %s", "there is no type of case %s", d.Case)
	}
	l.when(d, o)
	if x := o.Get("remind"); x.Given() {
		if d.Remind = reminders(x); d.Kind == Standing && len(d.Remind) > 0 {
			x.Fault("%s 没有期限，不能提醒", "%s has no end to be reminded of", d.Kind)
		}
	} else if d.Kind != Standing {
		d.Remind = f.Remind
	}
	l.responsible(d, o.Must("responsible").Object())
	if x := o.Get("figure"); x.Given() {
		d.Figure = l.figure(x.Object())
	}
	o.Done()
	if d.ID != "" {
		l.where[d.ID], l.byID[d.ID] = o.At("id"), d
	}
	l.Duties = append(l.Duties, d)
}

// when reads the keys of time, which the kind decides.
func (l *loader) when(d *Duty, o *yamltree.Object) {
	allowed := map[string][]string{
		Recurring: {"period", "times", "attest"}, Deadline: {"deadline"}, Event: {"within"}, Standing: {"period"},
	}[d.Kind]
	for _, key := range []string{"period", "times", "attest", "deadline", "within"} {
		if x := o.Get(key); x.Given() && d.Kind != "" && !slices.Contains(allowed, key) {
			x.Fault("%s 不用于 %s", "%s has no meaning for %s", key, d.Kind)
		}
	}
	switch d.Kind {
	case Recurring, Standing:
		d.Period = l.period(d.Of, o.Must("period"))
	case Deadline:
		x := o.Must("deadline")
		if l.cat.Parameter(x.Str()) != nil {
			d.DueParam = l.parameter(x, 19000101, 22001231)
			l.dates(x)
		} else {
			d.Due = x.Date()
		}
	case Event:
		d.WithinDays = l.parameter(o.Get("within"), 0, maxDays)
	}
	if x := o.Get("times"); x.Given() {
		d.Times = max(1, int(x.Whole(1, maxTimes)))
	}
	x := o.Get("attest")
	if d.Attest = l.period(d.Of, x); d.Attest == Day {
		x.Fault("不能按日确认", "nothing is attested by the day")
	}
	if d.Period == Day && d.Attest == "" {
		o.Get("period").Fault("每日的职责要写 attest：按多长一段时间确认", "a daily duty needs attest: the longer period it is attested for")
	}
}

// period reads a name or a parameter with a number of months.
func (l *loader) period(f *File, x yamltree.Item) string {
	s := x.Str()
	if s == Term && len(f.Terms) == 0 {
		x.Fault("文件没有写 terms", "the file has no terms")
	}
	if s == "" || slices.Contains(names, s) {
		return s
	}
	return l.parameter(x, 1, maxMonths)
}

// parameter reads the id of a parameter whose values are whole and within bounds.
func (l *loader) parameter(x yamltree.Item, lo, hi int64) string {
	s := x.Str()
	if s == "" {
		return ""
	}
	p := l.cat.Parameter(s)
	if p == nil {
		x.Fault("没有参数 %s", "there is no parameter %s", s)
		return ""
	}
	always := false
	for _, v := range p.Values {
		if v.Scale != 0 || v.Num < lo || v.Num > hi {
			x.Fault("参数 %s 的值应为 %d 至 %d 的整数", "values of the parameter %s are whole numbers from %d to %d here", s, lo, hi)
			return ""
		}
		always = always || v.From == 0 && v.To == 0 && len(v.When) == 0 && v.Area == ""
	}
	if !always {
		x.Fault("参数 %s 要有一个无条件适用的值", "the parameter %s needs a value that always holds", s)
		return ""
	}
	return s
}

// dates checks that a parameter's values are days.
func (l *loader) dates(x yamltree.Item) {
	if p := l.cat.Parameter(x.Str()); p != nil {
		for _, v := range p.Values {
			if !isDay(v.Num) {
				x.Fault("参数 %s 的值应为 20231231 这样的日期", "values of the parameter %s are days such as 20231231", p.ID)
			}
		}
	}
}

func (l *loader) responsible(d *Duty, o *yamltree.Object) {
	defer o.Done()
	for _, x := range o.Must("levels").Items() {
		if s := x.OneOf(catalog.Levels()...); s != "" {
			d.Levels = append(d.Levels, s)
		}
	}
	if x := o.Get("levels"); x.Given() && len(d.Levels) == 0 {
		x.Fault("至少要有一个层级", "at least one level is needed")
	}
	for _, x := range o.Get("roles").Items() {
		if l.cat.Role(x.Str()) == nil {
			x.Fault("没有角色 %s", "there is no role %s", x.Str())
		}
		d.Roles = append(d.Roles, x.Str())
	}
	if x := o.Get("units"); x.Given() {
		u, ok := d.Of.units[x.Str()]
		if !ok {
			x.Fault("文件的 units 里没有 %s", "units of the file has no %s", x.Str())
		}
		d.Units = u
	}
	d.Who = o.Title("who", true)
	o.Must("given")
	d.Given = o.Get("given").Bool()
}

func (l *loader) figure(o *yamltree.Object) *Figure {
	defer o.Done()
	x := o.Must("indicator")
	f := &Figure{Indicator: x.Str(), Where: o.Get("where").Dict(), AtLeast: o.Get("at_least").Number(), AtMost: o.Get("at_most").Number()}
	ind := l.cat.Indicator(f.Indicator)
	if f.Indicator == "" {
		return nil
	}
	if ind == nil {
		x.Fault("没有指标 %s", "there is no indicator %s", f.Indicator)
		return nil
	}
	for k := range f.Where {
		if !slices.ContainsFunc(ind.By, func(cut []string) bool { return slices.Contains(cut, k) }) {
			o.Get("where").Fault("指标 %s 没有按 %s 分", "the indicator %s is not cut by %s", f.Indicator, k)
		}
	}
	return f
}
