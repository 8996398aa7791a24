package movement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/charter"
)

// CaseQuery asks for cases. Box is "in" (the actor's side has to answer, or what
// the actor began is agreed and cannot be carried out), "out"
// (the actor's side asked and waits) or "" for all; Rec narrows to one person.
type CaseQuery struct {
	Box           string
	Rec           int64
	State         string
	Offset, Limit int
}

// Event is something that happened in a case.
type Event struct {
	K                       int64
	At                      string
	Account, Role, Org, Act string
	Note                    string
}

// Cases lists cases that the actor has a side in, newest first, and says how many
// there are.
func (m *Mover) Cases(ctx context.Context, actor luoshu.Actor, q CaseQuery) ([]*Case, int64, error) {
	if err := m.Allow(actor, "movement"); err != nil {
		return nil, 0, err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, 0, err
	}
	where, args := m.box(scope, actor, q)
	var total int64
	if err := m.db.QueryRow(ctx, `SELECT count(*) FROM movement_case c WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count cases: %w", err)
	}
	all, err := m.list(ctx, where, args, q.Limit, q.Offset)
	return all, total, err
}

// box is a query as a condition over the alias c.
func (m *Mover) box(scope *access.Scope, actor luoshu.Actor, q CaseQuery) (string, []any) {
	giver, gArgs := within(scope, "c.giver")
	taker, tArgs := within(scope, "c.taker")
	cond := []string{"(" + giver + " OR " + taker + ")"}
	args := append(append([]any{}, gArgs...), tArgs...)
	and := func(c string, more ...any) {
		cond = append(cond, c)
		args = append(args, more...)
	}
	silent := `(CASE WHEN c.asked = 'take' THEN c.giver ELSE c.taker END)`
	switch q.Box {
	case "in":
		mine, more := within(scope, silent)
		if scope.Whole {
			mine, more = "1=1", nil
		}
		// One's own; those below only once they have come up; and one's own agreed ones
		// that could not be carried out.
		and("((c.state = 'requested' AND ("+silent+" = ? OR ("+mine+` AND EXISTS (SELECT 1 FROM movement_event e WHERE e.n = c.n AND e.act = 'escalate'))))
			OR (c.state = 'agreed' AND c.account = ? AND EXISTS (SELECT 1 FROM movement_event e WHERE e.n = c.n AND e.mark = 'stuck')))`,
			append(append([]any{actor.Org}, more...), actor.Name)...)
	case "out":
		and(`c.state IN ('requested', 'agreed')`)
		asked, more := within(scope, `(CASE WHEN c.asked = 'take' THEN c.taker ELSE c.giver END)`)
		and(asked, more...)
	}
	if q.Rec != 0 {
		and(`c.rec = ?`, q.Rec)
	}
	if q.State != "" {
		and(`c.state = ?`, q.State)
	}
	return strings.Join(cond, " AND "), args
}

// within is the condition that a column names an organisation of the scope.
func within(scope *access.Scope, col string) (string, []any) {
	if scope.Whole {
		return col + " <> ''", nil
	}
	codes := scope.Codes()
	if len(codes) == 0 {
		return "1=0", nil
	}
	args := make([]any, len(codes))
	for i, c := range codes {
		args[i] = c
	}
	return col + " IN (?" + strings.Repeat(",?", len(codes)-1) + ")", args
}

// list reads cases under a condition over the alias c; limit 0 is none.
func (m *Mover) list(ctx context.Context, where string, args []any, limit, offset int) ([]*Case, error) {
	q := `SELECT c.n, c.type, c.rec, c.asked, c.giver, c.taker, c.on_date, c.grade, c.grp, c.place, c.reason, c.evidence, c.state, c.day, c.account,
		(SELECT count(*) FROM movement_event e WHERE e.n = c.n AND e.act = 'escalate'),
		(SELECT count(*) FROM movement_event e WHERE e.n = c.n AND e.act = 'remind'),
		coalesce((SELECT e.note FROM movement_event e WHERE e.n = c.n AND e.mark = 'stuck'), '') FROM movement_case c WHERE ` + where + ` ORDER BY c.n DESC`
	if limit > 0 {
		q += fmt.Sprintf(" LIMIT %d OFFSET %d", limit, offset)
	}
	rows, err := m.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	defer rows.Close()
	var out []*Case
	for rows.Next() {
		c := &Case{}
		var kind, stuck string
		var told int64
		if err := rows.Scan(&c.N, &kind, &c.Rec, &c.Asked, &c.Giver, &c.Taker, &c.Date, &c.Grade, &c.Group, &c.Place,
			&c.Reason, &c.Evidence, &c.State, &c.Day, &c.Account, &c.Level, &told, &stuck); err != nil {
			return nil, fmt.Errorf("list cases: %w", err)
		}
		c.told = told > 0
		if c.State == Agreed {
			c.Stuck = ReadWhy(stuck)
		}
		if c.Kind = m.ch.Change(kind); c.Kind == nil { // a type that has left the packs
			c.Kind = &charter.Change{ID: kind, Title: luoshu.Text{ZH: kind, EN: kind}}
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	rows.Close()
	return out, m.follow(ctx, out)
}

// follow turns open cases to the record that a merge has put in the place of the
// one they were begun for. Nothing is written: a merge that is taken back takes
// this back.
func (m *Mover) follow(ctx context.Context, all []*Case) error {
	var recs []int64
	for _, c := range all {
		if c.Open() {
			recs = append(recs, c.Rec)
		}
	}
	there := map[int64]bool{}
	for part := range slices.Chunk(recs, 500) {
		names, err := m.Names(ctx, part)
		if err != nil {
			return err
		}
		for rec := range names {
			there[rec] = true
		}
	}
	for _, c := range all {
		if !c.Open() || there[c.Rec] {
			continue
		}
		heir, err := m.led.Heir(ctx, m.ch.Person.Entity, c.Rec)
		if err != nil {
			return err
		}
		if heir != 0 {
			c.Rec = heir
		}
	}
	return nil
}

// Events are the history of a case, oldest first.
func (m *Mover) Events(ctx context.Context, n int64) ([]Event, error) {
	rows, err := m.db.Query(ctx, `SELECT k, at, account, role, org, act, note FROM movement_event WHERE n = ? ORDER BY k, mark`, n)
	if err != nil {
		return nil, fmt.Errorf("read a case's history: %w", err)
	}
	defer rows.Close()
	out := []Event{}
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.K, &e.At, &e.Account, &e.Role, &e.Org, &e.Act, &e.Note); err != nil {
			return nil, fmt.Errorf("read a case's history: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Due is the day on which an unanswered case goes up next, 0 if it does not.
func (m *Mover) Due(c *Case) int64 {
	_, answer, err := m.deadlines(c)
	if err != nil || c.State != Requested {
		return 0
	}
	return dayOf(timeOf(c.Day).AddDate(0, 0, int(answer)*(c.Level+1)))
}
