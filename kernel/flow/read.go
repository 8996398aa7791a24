package flow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
)

// find reads a case by its number; NotFound if there is none.
func (f *Flow) find(ctx context.Context, no string) (*Case, error) {
	row := f.DB.QueryRow(ctx, `SELECT `+caseColumns+` FROM flow_case c WHERE c.no = ?`, no)
	c, err := f.scan(ctx, row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noCase()
	}
	return c, err
}

// seen reads a case that the actor may see; any other is answered like one that
// does not exist.
func (f *Flow) seen(ctx context.Context, actor luoshu.Actor, no string) (*Case, error) {
	c, err := f.find(ctx, no)
	if err != nil {
		return nil, err
	}
	ok, err := f.maySee(ctx, actor, c)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noCase()
	}
	return c, nil
}

// Standing is the state and step of a case, for rooms inside the house.
func (f *Flow) Standing(ctx context.Context, no string) (state string, step int64, err error) {
	c, err := f.find(ctx, no)
	if err != nil {
		return "", 0, err
	}
	return c.State, c.Step, nil
}

// See reads a case that the actor may see.
func (f *Flow) See(ctx context.Context, actor luoshu.Actor, no string) (*Case, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	return f.seen(ctx, actor, no)
}

func (f *Flow) maySee(ctx context.Context, actor luoshu.Actor, c *Case) (bool, error) {
	role := f.Access.Role(actor)
	if role == nil || len(role.Entities) > 0 && !slices.Contains(role.Entities, c.Entity) {
		return false, nil
	}
	var n int64
	err := f.DB.QueryRow(ctx, `SELECT (SELECT count(*) FROM flow_task WHERE case_id = ? AND org = ? AND role = ?) + (SELECT count(*) FROM flow_step WHERE case_id = ? AND org = ? AND role = ?)`,
		c.ID, actor.Org, actor.Role, c.ID, actor.Org, actor.Role).Scan(&n)
	if err != nil || n > 0 {
		return n > 0, err
	}
	if c.Type.Private {
		return false, nil
	}
	if c.Opener == actor.Org {
		return true, nil
	}
	scope, err := f.Access.Scope(ctx, actor)
	if err != nil {
		return false, err
	}
	return scope.Has(c.Unit), nil
}

// step reads one step of a case, nil if there is none.
func (f *Flow) step(ctx context.Context, id, n int64) (*Step, error) {
	all, err := f.steps(ctx, `s.case_id = ? AND s.step = ?`, id, n)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Steps are the timeline of a case that the actor may see, oldest first.
func (f *Flow) Steps(ctx context.Context, c *Case) ([]*Step, error) {
	out, err := f.steps(ctx, `s.case_id = ? ORDER BY s.step`, c.ID)
	if err != nil {
		return nil, err
	}
	papers, err := f.shelf().Of(ctx, c.ID)
	for _, s := range out {
		s.Papers = papers[s.Step]
	}
	return out, err
}

func (f *Flow) steps(ctx context.Context, cond string, args ...any) ([]*Step, error) {
	out := []*Step{}
	err := f.rows(ctx, `SELECT s.case_id, s.step, s.at, s.day, s.account, s.role, s.org, s.action, s.was, s.state, s.note, s.missing, s.signed, s.seq, s.hash, s.act FROM flow_step s WHERE `+cond, args, func(scan func(...any) error) error {
		var id int64
		s, missing := &Step{}, ""
		err := scan(&id, &s.Step, &s.At, &s.Day, &s.Account, &s.Role, &s.Org, &s.Action, &s.Was, &s.State, &s.Note, &missing, &s.Signed, &s.Seq, &s.Hash, &s.act)
		note, err1 := f.DB.OpenText("flow_step.note", s.Note, id, s.Step)
		missing, err2 := f.DB.OpenText("flow_step.missing", missing, id, s.Step)
		s.Note = note
		if err = errors.Join(err, err1, err2); err == nil && missing != "" {
			err = json.Unmarshal([]byte(missing), &s.Missing)
		}
		out = append(out, s)
		return err
	})
	return out, err
}

// Task is a case that waits for somebody.
type Task struct {
	*Case
	Org    string `json:"org"`
	Role   string `json:"role"`
	Taken  string `json:"taken"`
	Unheld bool   `json:"unheld"`
}

// Seats are who may act in a case now.
func (f *Flow) Seats(ctx context.Context, c *Case) ([]Task, error) {
	rows, err := f.DB.Query(ctx, `SELECT org, role, taken, unheld FROM flow_task WHERE case_id = ? ORDER BY place, org, role`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	out := []Task{}
	for rows.Next() {
		var t Task
		var unheld int64
		if err := rows.Scan(&t.Org, &t.Role, &t.Taken, &unheld); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		t.Unheld = unheld == 1
		out = append(out, t)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// InboxQuery narrows an inbox. After continues a page: the due date and case of
// its last task.
type InboxQuery struct {
	Type     string
	AfterDue int64
	AfterID  int64
	Limit    int
}

// Inbox is one page of what waits for the actor, by due date.
func (f *Flow) Inbox(ctx context.Context, actor luoshu.Actor, q InboxQuery) ([]Task, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	cond, args := `t.org = ? AND t.role = ?`, []any{actor.Org, actor.Role}
	if q.AfterDue != 0 {
		cond += ` AND (t.due > ? OR t.due = ? AND t.case_id > ?)`
		args = append(args, q.AfterDue, q.AfterDue, q.AfterID)
	}
	if q.Type != "" {
		cond += ` AND c.type = ?`
		args = append(args, q.Type)
	}
	rows, err := f.DB.Query(ctx, `SELECT `+caseColumns+`, t.org, t.role, t.taken, t.unheld FROM flow_task t JOIN flow_case c ON c.id = t.case_id WHERE `+cond+` ORDER BY t.due, t.case_id LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	out := []Task{}
	for rows.Next() {
		var t Task
		var unheld int64
		if t.Case, err = f.scan(ctx, rows.Scan, &t.Org, &t.Role, &t.Taken, &unheld); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		t.Unheld = unheld == 1
		if n := len(out); n > 0 && out[n-1].ID == t.ID { // two places of one case
			continue
		}
		out = append(out, t)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// Tally counts what waits for an actor.
type Tally struct {
	Type string `json:"type"`
	Open int64  `json:"open"`
	Late int64  `json:"late"`
}

// Tallies counts an actor's inbox by type of case, in the order of the packs.
func (f *Flow) Tallies(ctx context.Context, actor luoshu.Actor) ([]Tally, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	out := []Tally{}
	err := f.rows(ctx, `SELECT c.type, count(DISTINCT c.id), count(DISTINCT CASE WHEN `+late+` THEN c.id END)
		FROM flow_task t JOIN flow_case c ON c.id = t.case_id WHERE t.org = ? AND t.role = ? GROUP BY c.type`, append(f.lately(), actor.Org, actor.Role), func(scan func(...any) error) error {
		var t Tally
		defer func() { out = append(out, t) }()
		return scan(&t.Type, &t.Open, &t.Late)
	})
	if err != nil {
		return nil, err
	}
	rank := func(id string) int {
		return slices.IndexFunc(f.Charter.Cases, func(t *charter.CaseType) bool { return t.ID == id })
	}
	slices.SortFunc(out, func(a, b Tally) int { return rank(a.Type) - rank(b.Type) })
	return out, nil
}

// Query narrows a list of cases.
type Query struct {
	Type   string
	State  string
	Unit   string // an organisation and those under it
	Open   bool   // only those that go on
	Late   bool   // only those past their due date
	Parent string // number of the case that opened them
	Target string // target of a plan that they name
	Before int64  // id: continues a page
	Limit  int
}

// List lists cases that the actor may see, newest first.
func (f *Flow) List(ctx context.Context, actor luoshu.Actor, q Query) ([]*Case, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	cond, args, err := f.visible(ctx, actor, q.Unit)
	if err != nil {
		return nil, err
	}
	for _, p := range [][2]string{{"c.type", q.Type}, {"c.state", q.State}} {
		if p[1] != "" {
			cond += ` AND ` + p[0] + ` = ?`
			args = append(args, p[1])
		}
	}
	if q.Open || q.Late {
		cond += ` AND c.closed = 0`
	}
	if q.Late {
		cond += ` AND ` + late
		args = append(args, f.lately()...)
	}
	if q.Parent != "" {
		cond += ` AND c.parent = (SELECT id FROM flow_case WHERE no = ?)`
		args = append(args, q.Parent)
	}
	if q.Target != "" {
		named, more := f.naming(q.Target)
		cond, args = cond+` AND `+named, append(args, more...)
	}
	if q.Before > 0 {
		cond += ` AND c.id < ?`
		args = append(args, q.Before)
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	rows, err := f.DB.Query(ctx, `SELECT `+caseColumns+` FROM flow_case c WHERE `+cond+` ORDER BY c.id DESC LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	out := []*Case{}
	for rows.Next() {
		c, err := f.scan(ctx, rows.Scan)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, c)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// visible is the condition that the actor may see a case: of types that the role
// may see, about an organisation within scope or opened by their own, and of
// restricted types those alone in which their organisation and role act or did.
func (f *Flow) visible(ctx context.Context, actor luoshu.Actor, unit string) (string, []any, error) {
	role := f.Access.Role(actor)
	scope, err := f.Access.Scope(ctx, actor)
	if err == nil && unit != "" {
		scope, err = scope.Under(unit)
	}
	if err != nil {
		return "", nil, err
	}
	var open, shut []any
	for _, t := range f.Charter.Cases {
		switch {
		case role == nil || len(role.Entities) > 0 && !slices.Contains(role.Entities, t.Entity.Name):
		case t.Private:
			shut = append(shut, t.ID)
		default:
			open = append(open, t.ID)
		}
	}
	holes := func(list []any) string {
		if len(list) == 0 {
			return `('')`
		}
		return `(` + strings.Repeat(`?,`, len(list)-1) + `?)`
	}
	among, where := []any{}, `1=1`
	if !scope.Whole {
		for _, c := range scope.Codes() {
			among = append(among, c)
		}
		where = `c.unit IN ` + holes(among)
	}
	cond := `(c.type IN ` + holes(open) + ` AND (` + where
	args := append(append([]any{}, open...), among...)
	if unit == "" {
		cond += ` OR c.opener = ?`
		args = append(args, actor.Org)
	}
	cond += `) OR c.type IN ` + holes(shut) + ` AND ` + where + ` AND (EXISTS (SELECT 1 FROM flow_task t WHERE t.case_id = c.id AND t.org = ? AND t.role = ?)
		OR EXISTS (SELECT 1 FROM flow_step s WHERE s.case_id = c.id AND s.org = ? AND s.role = ?)))`
	args = append(append(args, shut...), among...)
	return cond, append(args, actor.Org, actor.Role, actor.Org, actor.Role), nil
}

// Next are the actions that the actor may take in a case now, and whether it may
// be withdrawn.
func (f *Flow) Next(ctx context.Context, actor luoshu.Actor, c *Case) ([]*charter.CaseAction, bool, error) {
	s := c.at()
	if s == nil || c.Closed != 0 {
		return nil, false, nil
	}
	var n int64
	err := f.DB.QueryRow(ctx, `SELECT count(*) FROM flow_task WHERE case_id = ? AND org = ? AND role = ?`, c.ID, actor.Org, actor.Role).Scan(&n)
	if err != nil {
		return nil, false, err
	}
	back := c.Type.Withdraw != "" && !s.Bound && c.Opener == actor.Org &&
		slices.ContainsFunc(c.Type.Opens.By, func(p *charter.Place) bool { return slices.Contains(p.Roles, actor.Role) })
	if n == 0 {
		return nil, back, nil
	}
	return s.Actions, back, nil
}

// AskedFor are the fields that an action may fill in now: those of its form, or of
// those the ones that the case was sent back for.
func (f *Flow) AskedFor(ctx context.Context, c *Case, a *charter.CaseAction) ([]*catalog.Field, error) {
	w := &work{f: f, ctx: ctx}
	only, err := w.askedFor(c, a)
	if err != nil || only == nil {
		return a.Form, err
	}
	var out []*catalog.Field
	for _, x := range a.Form {
		if slices.Contains(only, x.Name) {
			out = append(out, x)
		}
	}
	return out, nil
}

// Days are those that a state may take today, or hours of a state that counts them;
// false for a state without a clock.
func (f *Flow) Days(s *charter.CaseState) (int64, bool) {
	if s.Days+s.Hours == "" {
		return 0, false
	}
	n, err := f.parameter(s.Days+s.Hours, f.Today())
	return n, err == nil
}

// Settled counts the cases of a type that were settled between two days, about an
// organisation or opened by it; those that were withdrawn do not count.
func (f *Flow) Settled(ctx context.Context, typ, org string, from, to int64) (int, error) {
	t := f.Charter.Case(typ)
	if t == nil {
		return 0, nil
	}
	var n int
	err := f.DB.QueryRow(ctx, `SELECT count(*) FROM flow_case WHERE type = ? AND closed BETWEEN ? AND ? AND state <> ? AND (unit = ? OR opener = ?)`,
		typ, from, to, t.Withdraw, org, org).Scan(&n)
	return n, err
}

// Clock is how a case stands against its clock now, and what that counts in; false
// for a case without one.
func (f *Flow) Clock(c *Case) (r clock.Reading, u clock.Unit, ok bool) {
	if c.Closed != 0 || c.Due == 0 {
		return r, u, false
	}
	if s := c.at(); s != nil {
		u = unitOf(s)
	}
	return f.clock().Read(u, c.Due, c.DueAt, f.Now()), u, true
}

// late is the condition that a case is past its due date, or the hour of it, and its
// two arguments.
const late = `(c.due > 0 AND c.due < ? OR c.due_at > 0 AND c.due_at < ?)`

func (f *Flow) lately() []any { return []any{f.Today(), f.Now().Unix()} }

// Parts counts the cases that a case opened.
type Parts struct {
	Open   int64 `json:"open"`
	Closed int64 `json:"closed"`
}

// Parts counts the cases that a case opened.
func (f *Flow) Parts(ctx context.Context, c *Case) (Parts, error) {
	var p Parts
	err := f.DB.QueryRow(ctx, `SELECT count(CASE WHEN closed = 0 THEN 1 END), count(CASE WHEN closed > 0 THEN 1 END) FROM flow_case WHERE parent = ? AND parent > 0`, c.ID).Scan(&p.Open, &p.Closed)
	return p, err
}

// NumberOf is the number of a case by its id, "" for none.
func (f *Flow) NumberOf(ctx context.Context, id int64) string {
	var no string
	if id == 0 || f.DB.QueryRow(ctx, `SELECT no FROM flow_case WHERE id = ?`, id).Scan(&no) != nil {
		return ""
	}
	return no
}

// Take marks a task as somebody's own work, so that others at the organisation see
// it; taking what another has taken moves it. Give it back with mine false.
func (f *Flow) Take(ctx context.Context, actor luoshu.Actor, no string, mine bool) error {
	c, err := f.See(ctx, actor, no)
	if err != nil {
		return err
	}
	by := ""
	if mine {
		by = actor.Name
	}
	got, err := f.DB.Exec(ctx, `UPDATE flow_task SET taken = ? WHERE case_id = ? AND org = ? AND role = ?`, by, c.ID, actor.Org, actor.Role)
	if err != nil {
		return fmt.Errorf("take a task: %w", err)
	}
	if n, err := got.RowsAffected(); err != nil || n == 0 {
		return luoshu.Errorf(luoshu.Denied, "这个案卷现在不由您的单位和角色办理", "this case does not wait for your organisation and role")
	}
	return nil
}

// words is a value as people read it.
func (f *Flow) words(t *reach.Tree, fd *catalog.Field, v luoshu.Value) any {
	switch fd.Type {
	case catalog.TypeCode:
		if list := f.Catalog.List(fd.Codes); list != nil {
			if c := list.Code(v.S); c != nil {
				return c.Title
			}
		}
	case catalog.TypeRef:
		if n := t.Get(v.S); n != nil {
			return n.Title
		}
	case catalog.TypeDecimal:
		return strconv.FormatFloat(float64(v.I)/math.Pow10(fd.Scale), 'f', fd.Scale, 64)
	case catalog.TypeDate:
		return clock.Date(v.I).Format("2006-01-02")
	case catalog.TypeBool:
		if v.I == 1 {
			return luoshu.Text{ZH: "是", EN: "yes"}
		}
		return luoshu.Text{ZH: "否", EN: "no"}
	}
	return v.String()
}
