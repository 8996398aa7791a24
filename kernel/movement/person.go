package movement

import (
	"context"
	"fmt"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Errorf is an error for people; a Text among the arguments reads in each language.
func Errorf(kind luoshu.ErrKind, zh, en string, args ...any) *luoshu.Error {
	az, ae := slices.Clone(args), slices.Clone(args)
	for i, a := range args {
		if t, ok := a.(luoshu.Text); ok {
			az[i], ae[i] = t.ZH, t.EN
		}
	}
	return &luoshu.Error{Kind: kind, Msg: luoshu.Text{ZH: fmt.Sprintf(zh, az...), EN: fmt.Sprintf(en, ae...)}}
}

// state is a person with the facts about them, oldest first.
type state struct {
	person *records.Version
	facts  []*records.Version
}

// read returns a person's state; NotFound if there is no such record.
func (m *Mover) read(ctx context.Context, rec int64) (*state, error) {
	p, err := m.rec.Get(ctx, m.ch.Person.Entity.Name, rec)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	s := &state{person: p}
	f := &m.ch.Fact
	where, args := m.rec.Is(f.Entity, f.Person.Name, m.key(p).S)
	err = m.rec.Each(ctx, records.Query{
		Entity: f.Entity.Name, Where: where, Args: args,
		Order: "f." + store.Col(f.Year.Name) + ", f." + store.Col(f.From.Name) + ", f._rid",
	}, func(v *records.Version) error {
		s.facts = append(s.facts, v)
		return nil
	})
	return s, err
}

// key is the natural key of a person.
func (m *Mover) key(p *records.Version) luoshu.Value {
	return p.Values[m.ch.Person.Entity.KeyFields()[0].Index]
}

func (m *Mover) status(p *records.Version) string { return p.Values[m.ch.Person.Status.Index].S }
func (m *Mover) holder(p *records.Version) string { return p.Values[m.ch.Person.Holder.Index].S }

// last is the newest fact, nil if there is none.
func (s *state) last() *records.Version {
	if len(s.facts) == 0 {
		return nil
	}
	return s.facts[len(s.facts)-1]
}

// open is the fact that is not closed yet, nil if there is none.
func (m *Mover) open(s *state) *records.Version {
	if l := s.last(); l != nil && l.Values[m.ch.Fact.To.Index].K == luoshu.Null {
		return l
	}
	return nil
}

// CodeTitle is what a code of a field is called.
func (m *Mover) CodeTitle(f *catalog.Field, code string) luoshu.Text {
	if l := m.cat.List(f.Codes); l != nil {
		if c := l.Code(code); c != nil {
			return c.Title
		}
	}
	return luoshu.Text{ZH: code, EN: code}
}

// change is what is asked for, whoever asks.
type change struct {
	kind  *charter.Change
	date  int64
	taker string // the organisation of a fact that is opened; "" the holder
	grade string // "" as the kind says
	group string
}

// plan is a change worked out for a person: what is written.
type plan struct {
	already bool // it has been carried out before: nothing is written
	close   []luoshu.Value
	open    []luoshu.Value
	person  []luoshu.Value
}

// plan works a change out, or says why it cannot be.
func (m *Mover) plan(ctx context.Context, s *state, c change) (*plan, error) {
	if !IsDay(c.date) {
		return nil, luoshu.Errorf(luoshu.Invalid, "日期无效", "not a date")
	}
	if m.done(s, c) {
		return &plan{already: true}, nil
	}
	status := m.status(s.person)
	if !slices.Contains(c.kind.From, status) {
		return nil, Errorf(luoshu.Conflict, "现状态为“%s”，不能办理“%s”", "the status is “%s”: “%s” is not possible",
			m.CodeTitle(m.ch.Person.Status, status), c.kind.Title)
	}
	p := &plan{}
	if err := m.planClose(s, c, p); err != nil {
		return nil, err
	}
	if err := m.planOpen(ctx, s, c, p); err != nil {
		return nil, err
	}
	m.planPerson(s, c, p)
	for _, row := range [][]luoshu.Value{p.close, p.open} {
		if row != nil {
			if err := m.Lawful(m.ch.Fact.Entity, row); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// done reports whether the facts already say what the change would make them say.
func (m *Mover) done(s *state, c change) bool {
	f, k := &m.ch.Fact, c.kind
	if k.Status != "" && m.status(s.person) != k.Status {
		return false
	}
	rest := s.facts
	if k.Opens {
		l := s.last()
		taker := c.taker
		if taker == "" {
			taker = m.holder(s.person)
		}
		if l == nil || l.Values[f.From.Index].I != c.date || l.Values[f.In.Index].S != k.In || l.Values[f.Org.Index].S != taker {
			return false
		}
		rest = rest[:len(rest)-1]
	}
	if k.Closes {
		if len(rest) == 0 {
			return false
		}
		l := rest[len(rest)-1]
		return l.Values[f.To.Index].I == c.date && l.Values[f.Out.Index].S == k.Out
	}
	return k.Opens
}

// planClose ends the open fact.
func (m *Mover) planClose(s *state, c change, p *plan) error {
	f := &m.ch.Fact
	l := m.open(s)
	if stage := s.last(); len(c.kind.Stages) > 0 && (stage == nil || !slices.Contains(c.kind.Stages, stage.Values[f.Stage.Index].S)) {
		return Errorf(luoshu.Conflict, "该学段不能办理“%s”", "“%s” does not exist in this stage", c.kind.Title)
	}
	if !c.kind.Closes {
		return nil
	}
	if l == nil {
		if slices.Contains(m.ch.Person.Present, m.status(s.person)) {
			return Errorf(luoshu.Conflict, "没有可结束的在校登记，请先补登", "no stay is open that could be closed; enter it first")
		}
		return nil
	}
	_, last, err := m.Bounds(l.Values[f.Year.Index].I)
	if err != nil {
		return err
	}
	from := l.Values[f.From.Index].I
	if c.date < from || c.date > last {
		return Errorf(luoshu.Invalid, "日期须在本学年登记之内：%s 至 %s", "the date must lie within the stay it ends: %s to %s",
			luoshu.FormatDate(from), luoshu.FormatDate(last))
	}
	p.close = slices.Clone(l.Values)
	p.close[f.To.Index] = luoshu.IntValue(c.date)
	p.close[f.Out.Index] = luoshu.TextValue(c.kind.Out)
	return nil
}

// planOpen begins a new fact, which takes over from the last what the packs say.
func (m *Mover) planOpen(ctx context.Context, s *state, c change, p *plan) error {
	if !c.kind.Opens {
		return nil
	}
	f, l := &m.ch.Fact, s.last()
	if l == nil {
		return Errorf(luoshu.Conflict, "没有以往的在校登记可依据，请先补登", "there is no earlier stay to go by; enter one first")
	}
	if to := l.Values[f.To.Index]; !c.kind.Closes && (to.K == luoshu.Null || c.date < to.I) {
		return Errorf(luoshu.Conflict, "日期早于上一段登记的结束，或上一段尚未结束", "the last stay has not ended by that day")
	}
	taker := c.taker
	if taker == "" {
		taker = m.holder(s.person)
	}
	if err := m.Alive(ctx, taker, c.date); err != nil {
		return err
	}
	year, err := m.yearOf(c.date)
	if err != nil {
		return err
	}
	if c.kind.Closes { // the days around a year's turn belong to the year of the fact
		year = l.Values[f.Year.Index].I
	}
	grade, err := m.gradeAfter(l.Values[f.Grade.Index].S, c)
	if err != nil {
		return err
	}
	if taker == l.Values[f.Org.Index].S && c.date == l.Values[f.From.Index].I && year == l.Values[f.Year.Index].I {
		return Errorf(luoshu.Invalid, "当天才开始的登记请直接更正", "a stay that begins on that very day is corrected, not closed")
	}
	row := make([]luoshu.Value, len(f.Entity.Fields))
	for _, x := range f.Carry {
		row[x.Index] = l.Values[x.Index]
	}
	row[f.Person.Index] = m.key(s.person)
	row[f.Org.Index], row[f.Year.Index] = luoshu.TextValue(taker), luoshu.IntValue(year)
	row[f.Stage.Index], row[f.Grade.Index] = luoshu.TextValue(m.ch.Stage(grade)), luoshu.TextValue(grade)
	row[f.From.Index], row[f.In.Index] = luoshu.IntValue(c.date), luoshu.TextValue(c.kind.In)
	if err := m.place(ctx, row, l, c); err != nil {
		return err
	}
	p.open = row
	return nil
}

// gradeAfter is the grade of the fact that is opened.
func (m *Mover) gradeAfter(from string, c change) (string, error) {
	want := from
	switch c.kind.Grade {
	case charter.NextGrade:
		want, _ = m.ch.Next(from)
	case charter.BackGrade:
		want = m.ch.Back(from)
	default:
		if c.grade != "" && !c.kind.Closes {
			want = c.grade // who was away may come back into another grade
		}
	}
	if want == "" || m.ch.Stage(want) == "" {
		return "", Errorf(luoshu.Invalid, "没有可进入的年级", "there is no grade to go to")
	}
	if c.grade != "" && c.grade != want {
		return "", Errorf(luoshu.Invalid, "年级应为“%s”", "the grade must be “%s”", m.CodeTitle(m.ch.Fact.Grade, want))
	}
	return want, nil
}

// place puts the person into a group of the right organisation, year and grade.
func (m *Mover) place(ctx context.Context, row []luoshu.Value, last *records.Version, c change) error {
	f, g := &m.ch.Fact, m.ch.Group
	if c.group == "" {
		if c.kind.Group {
			return Errorf(luoshu.Invalid, "请选择班级", "choose a class")
		}
		return nil
	}
	bad := Errorf(luoshu.Invalid, "所选班级不是该单位本学年该年级的", "that class is not one of this organisation, year and grade")
	if g == nil {
		return bad
	}
	v, err := m.byKey(ctx, g.Entity, c.group)
	if err != nil {
		return err
	}
	if v == nil || v.Values[g.Org.Index] != row[f.Org.Index] || v.Values[g.Year.Index] != row[f.Year.Index] || v.Values[g.Grade.Index] != row[f.Grade.Index] {
		return bad
	}
	if c.kind.Group && c.kind.Grade == charter.SameGrade && last.Values[f.Group.Index].S == c.group {
		return Errorf(luoshu.Invalid, "已在该班", "already in that class")
	}
	row[f.Group.Index] = v.Values[g.Key.Index]
	return nil
}

// planPerson changes the person's status and holder.
func (m *Mover) planPerson(s *state, c change, p *plan) {
	row := slices.Clone(s.person.Values)
	if c.kind.Status != "" {
		row[m.ch.Person.Status.Index] = luoshu.TextValue(c.kind.Status)
	}
	if p.open != nil {
		row[m.ch.Person.Holder.Index] = p.open[m.ch.Fact.Org.Index]
	}
	if !slices.Equal(row, s.person.Values) {
		p.person = row
	}
}

// Alive checks that an organisation is known and not closed on a day.
func (m *Mover) Alive(ctx context.Context, code string, day int64) error {
	t, err := m.acc.Tree(ctx)
	if err != nil {
		return err
	}
	n := t.Get(code)
	if n == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	if n.Closed != 0 && n.Closed <= day {
		return Errorf(luoshu.Conflict, "“%s”已于 %s 撤销", "“%s” was closed on %s", n.Title, luoshu.FormatDate(n.Closed))
	}
	return nil
}

// Lawful holds a row against the enforced row rules of its entity.
func (m *Mover) Lawful(e *catalog.Entity, row []luoshu.Value) error {
	get := func(name string) luoshu.Value {
		if f := e.Field(name); f != nil {
			return row[f.Index]
		}
		return luoshu.Value{}
	}
	param := func(id string) (luoshu.Value, bool) {
		if p := m.cat.Parameter(id); p != nil {
			if v, ok := p.Value(m.Today(), nil, ""); ok {
				return luoshu.IntValue(v.Num), true
			}
		}
		return luoshu.Value{}, false
	}
	for _, r := range m.cat.RulesFor(e.Name) {
		if r.Grade != "enforce" || r.Prog == nil {
			continue
		}
		ok, err := r.Prog.Eval(get, param)
		if err != nil || ok.I == 0 {
			return &luoshu.Error{Kind: luoshu.Conflict, Msg: r.Message, Cause: err}
		}
	}
	return nil
}
