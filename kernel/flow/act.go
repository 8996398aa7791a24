package flow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
)

// Handed is what somebody hands in with an act: texts by field name as a sheet
// would hold them, papers by the ids that TakePaper gave, a remark.
type Handed struct {
	Cells  map[string]string
	Papers []string
	Note   string
}

// Opening asks for a new case. ID makes it happen once.
type Opening struct {
	ID, Type string
	Handed
}

// Act is one action in a case. Step is the step that the actor saw; ID makes it
// happen once.
type Act struct {
	ID, No, Action string
	Step           int64
	Missing        []Missing // for actions that send back
	Handed
}

const (
	maxNote   = 4000
	maxPapers = 20
)

// Open opens a case. Where it is an old one come back, that one is reopened and
// answered.
func (f *Flow) Open(ctx context.Context, actor luoshu.Actor, o Opening) (*Case, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	t := f.Charter.Case(o.Type)
	if t == nil || t.Opens == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这种案卷", "there is no such type of case")
	}
	if err := checkHanded(o.ID, &o.Handed); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if done, err := f.byAct(ctx, `c.act = ?`, o.ID); done != nil || err != nil {
		return done, err
	}
	w, err := f.begin(ctx, actor)
	if err != nil {
		return nil, err
	}
	ch := &change{c: &Case{Type: t, Entity: t.Entity.Name, Opener: actor.Org}, values: blank(t.Entity)}
	if err := w.take(ch, &t.Opens.Step, o.Handed, nil); err != nil {
		return nil, err
	}
	unit := ch.values[t.Entity.Field(t.Entity.Org).Index].S
	if err := w.mayOpen(t, unit); err != nil {
		return nil, err
	}
	ch.c.Unit = unit
	if err := w.guard(ch, &t.Opens.Step); err != nil {
		return nil, err
	}
	back, err := w.recurs(t, ch.values, func(field string) bool { _, ok := o.Cells[field]; return ok })
	if err != nil {
		return nil, err
	}
	if back != nil {
		return w.reopen(back, o)
	}
	if err := w.burden(ch, t, []string{unit}, t.Opens.Reaches); err != nil {
		return nil, err
	}
	fresh, err := w.add(t, ch.values, 0, o.ID)
	if err != nil {
		return nil, err
	}
	fresh.step.Note, fresh.step.act = o.Note, o.ID
	if fresh.step.Papers, err = w.papers(o.Papers); err != nil {
		return nil, err
	}
	if err := w.start(fresh, t.Opens.Effects); err != nil {
		return nil, err
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return fresh.c, nil
}

// reopen ends an opening that was an old case come back.
func (w *work) reopen(back *change, o Opening) (*Case, error) {
	back.act, back.step.Note, back.step.act = o.ID, o.Note, o.ID
	var err error
	if back.step.Papers, err = w.papers(o.Papers); err != nil {
		return nil, err
	}
	if err := w.settle(back, back.was); err != nil {
		return nil, err
	}
	return back.c, w.write()
}

// mayOpen checks who opens a case about whom.
func (w *work) mayOpen(t *charter.CaseType, unit string) error {
	if w.tree.Get(unit) == nil {
		return luoshu.Errorf(luoshu.Invalid, "没有单位 %s", "there is no organisation %s", unit)
	}
	about := &Case{Type: t, Unit: unit, Opener: w.actor.Org}
	for _, p := range t.Opens.By {
		if !slices.Contains(p.Roles, w.actor.Role) {
			continue
		}
		if p.At == charter.PlaceAny {
			// Above the unit, or the unit itself, or a sister asking about a unit of its own reach.
			if w.tree.Within(w.actor.Org, unit) || w.tree.Within(unit, w.actor.Org) {
				return nil
			}
			continue
		}
		if w.f.organisation(w.tree, about, p, blank(t.Entity)) == w.actor.Org {
			return nil
		}
	}
	return luoshu.Errorf(luoshu.Denied, "您的单位和角色不能就该单位立这种案卷", "your organisation and role cannot open this type of case about that organisation")
}

// Act takes one action.
func (f *Flow) Act(ctx context.Context, actor luoshu.Actor, a Act) (*Case, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	if err := checkHanded(a.ID, &a.Handed); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if done, err := f.byAct(ctx, `c.id IN (SELECT case_id FROM flow_step WHERE act = ?)`, a.ID); done != nil || err != nil {
		return done, err
	}
	c, err := f.seen(ctx, actor, a.No)
	if err != nil {
		return nil, err
	}
	if c.Step != a.Step {
		return nil, movedOn()
	}
	w, err := f.begin(ctx, actor)
	if err != nil {
		return nil, err
	}
	ch, err := w.change(c)
	if err != nil {
		return nil, err
	}
	ch.step.Action, ch.step.Note, ch.step.act = a.Action, a.Note, a.ID
	ch.act = a.ID
	if ch.step.Papers, err = w.papers(a.Papers); err != nil {
		return nil, err
	}
	if err := w.act(ch, a); err != nil {
		return nil, err
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return ch.c, nil
}

// change reads a case to be changed, with its record.
func (w *work) change(c *Case) (*change, error) {
	v, err := w.f.Records.ByKey(w.ctx, c.Entity, c.No)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, luoshu.Errorf(luoshu.Unavailable, "案卷的登记记录不见了，请联系管理员核对账本", "the case's record is gone; ask an administrator to check the ledger")
	}
	ch := &change{c: c, values: slices.Clone(v.Values)}
	ch.step = Step{At: w.at, Day: w.day, Account: w.actor.Name, Role: w.actor.Role, Org: w.actor.Org, Signed: -1}
	w.changes = append(w.changes, ch)
	return ch, nil
}

func (w *work) act(ch *change, a Act) error {
	c := ch.c
	s := c.at()
	if a.Action == withdrawal {
		return w.withdraw(ch)
	}
	if s == nil || s.Action(a.Action) == nil {
		return luoshu.Errorf(luoshu.Denied, "案卷现在不能做这一步", "this cannot be done in the case's present state")
	}
	action := s.Action(a.Action)
	place, err := w.mine(c)
	if err != nil {
		return err
	}
	if err := w.f.Apart(w.ctx, w.actor, c, action); err != nil {
		return err
	}
	only, err := w.askedFor(c, action)
	if err != nil {
		return err
	}
	if err := w.take(ch, &action.Step, a.Handed, only); err != nil {
		return err
	}
	if action.Returns {
		if err := w.sendBack(ch, s, a.Missing); err != nil {
			return err
		}
	}
	if err := w.guard(ch, &action.Step); err != nil {
		return err
	}
	was, to := c.State, action.To
	if action.Sign {
		ch.step.Signed = place
		left, err := w.unsigned(c, place)
		if err != nil {
			return err
		}
		if left > 0 {
			return w.signed(ch, was, place)
		}
	}
	if action.Reaches != nil {
		if err := w.burden(ch, c.Type, []string{c.Unit}, action.Reaches); err != nil {
			return err
		}
	}
	if err := w.effects(ch, action.Effects); err != nil {
		return err
	}
	if err := w.enter(ch, to); err != nil {
		return err
	}
	return w.settle(ch, was)
}

// mine is the place for which the actor may act; it is refused with the lock and
// whose it is.
func (w *work) mine(c *Case) (int, error) {
	var place int
	err := w.f.DB.QueryRow(w.ctx, `SELECT place FROM flow_task WHERE case_id = ? AND org = ? AND role = ? ORDER BY place`, c.ID, w.actor.Org, w.actor.Role).Scan(&place)
	if err == nil {
		return place, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if c.Closed != 0 {
		return 0, luoshu.Errorf(luoshu.Denied, "案卷已办结", "the case is settled")
	}
	s := c.at()
	if s == nil || len(s.Places()) == 0 {
		return 0, luoshu.Errorf(luoshu.Denied, "案卷到期自动转到下一步，现在无人承办", "the case goes on by itself when its time is over; nobody acts now")
	}
	org := w.f.organisation(w.tree, c, s.Places()[0], w.changes[len(w.changes)-1].values)
	name := luoshu.Text{ZH: org, EN: org}
	if n := w.tree.Get(org); n != nil {
		name = n.Title
	}
	return 0, luoshu.Errorf(luoshu.Denied, "这一步由“%s”办理，请与其联系", "this step is up to “%s”; ask them", name)
}

// unsigned counts the signers left beside one.
func (w *work) unsigned(c *Case, place int) (int64, error) {
	var n int64
	err := w.f.DB.QueryRow(w.ctx, `SELECT count(DISTINCT place) FROM flow_task WHERE case_id = ? AND place <> ?`, c.ID, place).Scan(&n)
	return n, err
}

// take lays what was handed in over the case's record. only, unless nil, are the
// fields that may be changed: those a case was sent back for.
func (w *work) take(ch *change, s *charter.Step, h Handed, only []string) error {
	e := ch.c.Type.Entity
	for name := range h.Cells {
		if !slices.ContainsFunc(s.Form, func(f *catalog.Field) bool { return f.Name == name }) || only != nil && !slices.Contains(only, name) {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "这一步不填写“" + title(e, name).ZH + "”", EN: "“" + title(e, name).EN + "” is not filled in at this step"}}
		}
	}
	form, err := w.f.form(e)
	if err != nil {
		return err
	}
	row := form.Read(ch.values, h.Cells)
	if row.Refused() {
		for _, f := range row.Faults {
			if _, ok := h.Cells[f.Field]; ok || f.Field == "" {
				return refused([]luoshu.Fault{f})
			}
		}
		return refused(row.Faults)
	}
	copy(ch.values, row.Values)
	for _, f := range s.Needs {
		if ch.values[f.Index].K == luoshu.Null {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: f.Name, Msg: luoshu.Text{ZH: "请填写“" + f.Title.ZH + "”", EN: "fill in “" + f.Title.EN + "”"}}
		}
	}
	if len(h.Papers) < s.Papers {
		return luoshu.Errorf(luoshu.Invalid, "至少要附 %d 份材料", "at least %d papers must be attached", s.Papers)
	}
	if s.Note && strings.TrimSpace(h.Note) == "" {
		return luoshu.Errorf(luoshu.Invalid, "请写明意见或理由", "give a remark or a reason")
	}
	return nil
}

func title(e *catalog.Entity, name string) luoshu.Text {
	if f := e.Field(name); f != nil {
		return f.Title
	}
	return luoshu.Text{ZH: name, EN: name}
}

// guard holds the record as it would be against the condition of a step.
func (w *work) guard(ch *change, s *charter.Step) error {
	if s.When == nil {
		return nil
	}
	v, err := w.eval(ch, s.When)
	if err != nil {
		return err
	}
	if v.I != 1 {
		return &luoshu.Error{Kind: luoshu.Invalid, Msg: s.Else}
	}
	return nil
}

// askedFor are the fields that the case was last sent back for, nil if it was not
// or the action asks for none of them.
func (w *work) askedFor(c *Case, a *charter.CaseAction) ([]string, error) {
	last, err := w.f.step(w.ctx, c.ID, c.Step)
	if err != nil || last == nil {
		return nil, err
	}
	var out []string
	for _, m := range last.Missing {
		if m.Field != "" && slices.ContainsFunc(a.Form, func(f *catalog.Field) bool { return f.Name == m.Field }) {
			out = append(out, m.Field)
		}
	}
	return out, nil
}

// sendBack checks the list of what is missing: one list, once.
func (w *work) sendBack(ch *change, s *charter.CaseState, list []Missing) error {
	if len(list) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "退回补正要一次列出缺什么", "sending back needs one list of everything that is missing")
	}
	for i := range list {
		m := &list[i]
		m.Note, m.Paper = strings.TrimSpace(m.Note), strings.TrimSpace(m.Paper)
		switch {
		case m.Field != "" && ch.c.Type.Entity.Field(m.Field) == nil, m.Field == "" && m.Paper == "":
			return luoshu.Errorf(luoshu.Invalid, "清单第 %d 项没有写明缺哪一栏或哪份材料", "item %d of the list does not name a field or a paper", i+1)
		case m.Note == "" || utf8.RuneCountInString(m.Note) > maxNote:
			return luoshu.Errorf(luoshu.Invalid, "清单第 %d 项要写明缺什么", "say what is missing in item %d of the list", i+1)
		}
	}
	if !s.Many {
		var n int64
		err := w.f.DB.QueryRow(w.ctx, `SELECT count(*) FROM flow_step WHERE case_id = ? AND was = ? AND missing <> ''`, ch.c.ID, s.ID).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			return luoshu.Errorf(luoshu.Denied, "已退回补正过一次，应一次性告知，不能再退", "it was sent back once already: everything missing had to be told at once")
		}
	}
	ch.step.Missing = list
	return nil
}

const withdrawal = "withdraw"

func (w *work) withdraw(ch *change) error {
	c := ch.c
	s := c.at()
	switch {
	case c.Type.Withdraw == "" || c.Closed != 0 || s == nil || s.Bound:
		return luoshu.Errorf(luoshu.Denied, "这个案卷现在不能撤回", "the case cannot be withdrawn now")
	case c.Opener != w.actor.Org || !slices.ContainsFunc(c.Type.Opens.By, func(p *charter.Place) bool { return slices.Contains(p.Roles, w.actor.Role) }):
		return luoshu.Errorf(luoshu.Denied, "只有立案的单位可以撤回", "only the organisation that opened the case can withdraw it")
	}
	was := c.State
	if err := w.enter(ch, c.Type.Withdraw); err != nil {
		return err
	}
	return w.settle(ch, was)
}

// recurs reopens a closed case that is the same problem, one level higher, with
// what was given of it now; nil if there is none.
func (w *work) recurs(t *charter.CaseType, values []luoshu.Value, given func(field string) bool) (*change, error) {
	key := sameKey(t, values)
	if key == "" {
		return nil, nil
	}
	within, err := w.f.parameter(t.Recurs.Within, w.day)
	if err != nil {
		return nil, err
	}
	row := w.f.DB.QueryRow(w.ctx, `SELECT `+caseColumns+` FROM flow_case c WHERE c.same = ? AND c.type = ? ORDER BY CASE WHEN c.closed = 0 THEN 0 ELSE 1 END, c.closed DESC, c.id DESC LIMIT 1`, key, t.ID)
	old, err := w.f.scan(w.ctx, row.Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case old.Closed == 0:
		return nil, luoshu.Errorf(luoshu.Conflict, "同一问题已有未办结的案卷 %s，请在其中办理", "the same problem is being dealt with already in %s; act there", old.No)
	case old.Closed < w.f.clock().Later(w.day, -within, clock.Days) || old.Type.Recurs == nil:
		return nil, nil
	}
	back, err := w.change(old)
	if err != nil {
		return nil, err
	}
	for _, f := range t.Entity.Fields {
		if given(f.Name) {
			back.values[f.Index] = values[f.Index]
		}
	}
	back.step.Action = "reopen"
	was := old.State
	old.Level++
	if err := w.enter(back, old.Type.Recurs.To); err != nil {
		return nil, err
	}
	back.was = was
	return back, nil
}

// byAct answers the case of an act that happened already.
func (f *Flow) byAct(ctx context.Context, cond, id string) (*Case, error) {
	row := f.DB.QueryRow(ctx, `SELECT `+caseColumns+` FROM flow_case c WHERE `+cond, id)
	c, err := f.scan(ctx, row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		if err = f.DB.QueryRow(ctx, `SELECT 1 FROM flow_step WHERE act = ?`, id).Scan(new(int)); errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err == nil {
			return f.byAct(ctx, `c.id IN (SELECT case_id FROM flow_step WHERE act = ?)`, id)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look an act up: %w", err)
	}
	return c, nil
}

func checkHanded(id string, h *Handed) error {
	h.Note = strings.TrimSpace(h.Note)
	switch {
	case len(id) < 8 || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }):
		return luoshu.Errorf(luoshu.Invalid, "缺少办理编号", "the act has no id of its own")
	case !utf8.ValidString(h.Note) || utf8.RuneCountInString(h.Note) > maxNote || strings.ContainsRune(h.Note, 0):
		return luoshu.Errorf(luoshu.Invalid, "意见最多 %d 字", "a remark has at most %d characters", maxNote)
	case len(h.Papers) > maxPapers:
		return luoshu.Errorf(luoshu.Invalid, "一次最多附 %d 份材料", "at most %d papers at once", maxPapers)
	}
	return nil
}
