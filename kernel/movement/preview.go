package movement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"luoshu"
	"luoshu/kernel/store"
)

// Summary counts what a year's end brings to one organisation: persons by
// outcome, blocked ones by reason, groups to be made. Vanished are those of a
// grade that goes on, who are said to be there and have no fact in the next year;
// Untold those whose status says that they have gone, while their stay has no
// leaving change.
type Summary struct {
	Org              string         `json:"org"`
	Acts             map[string]int `json:"acts"`
	Why              map[string]int `json:"why"`
	Groups           int            `json:"groups"`
	Vanished, Untold int            `json:"-"`
}

func (m *Mover) summary(u *Unit) *Summary {
	s := &Summary{Org: u.Org, Acts: map[string]int{}, Why: map[string]int{}, Groups: len(u.Groups)}
	for _, o := range u.Outcomes {
		s.Acts[o.Act]++
		if o.Act == Blocked {
			s.Why[o.Why]++
		}
		switch m.gone(o) {
		case vanished:
			s.Vanished++
		case untold:
			s.Untold++
		}
	}
	return s
}

// How somebody is missing from the next year.
const (
	vanished = "vanished"
	untold   = "untold"
)

// gone says how a person is missing from the next year, "" if they are not, or
// need not be there: their grade is a stage's end, or a leaving change says why.
func (m *Mover) gone(o *Outcome) string {
	if o.Act == Already || o.fact.Values[m.ch.Fact.To.Index].K != luoshu.Null {
		return ""
	}
	if _, last := m.ch.Next(o.From); last {
		return ""
	}
	if o.Act == Blocked && (o.Why == BlockStatus || o.Why == BlockHeld) {
		return untold
	}
	return vanished
}

// summaries keeps what was counted, as long as nothing was written since.
type summaries struct {
	mu   sync.Mutex
	head int64
	by   map[string]*Summary

	year, yearHead int64
}

// Preview counts a year's end by organisation under org, without writing. p is
// told "preview" with organisations. Organisations that nobody concerns are left
// out.
func (m *Mover) Preview(ctx context.Context, actor luoshu.Actor, year int64, org string, p luoshu.Progress) ([]*Summary, error) {
	orgs, _, err := m.units(ctx, actor, year, org)
	if err != nil {
		return nil, err
	}
	out := []*Summary{}
	for i, o := range orgs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.Tell("preview", int64(i), int64(len(orgs)))
		s, err := m.summaryOf(ctx, year, o)
		if err != nil {
			return nil, err
		}
		if len(s.Acts) > 0 {
			out = append(out, s)
		}
	}
	p.Tell("preview", int64(len(orgs)), int64(len(orgs)))
	return out, nil
}

func (m *Mover) summaryOf(ctx context.Context, year int64, org string) (*Summary, error) {
	head, err := m.acc.Head(ctx)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%d %s", year, org)
	m.known.mu.Lock()
	if m.known.by == nil || m.known.head != head {
		m.known.by, m.known.head = map[string]*Summary{}, head
	}
	s := m.known.by[key]
	m.known.mu.Unlock()
	if s != nil {
		return s, nil
	}
	u, err := m.unit(ctx, year, org)
	if err != nil {
		return nil, err
	}
	s = m.summary(u)
	m.known.mu.Lock()
	if m.known.head == head {
		m.known.by[key] = s
	}
	m.known.mu.Unlock()
	return s, nil
}

// forget drops the counts of an organisation whose cases or exceptions changed.
func (m *Mover) forget() {
	m.known.mu.Lock()
	m.known.by = nil
	m.known.mu.Unlock()
}

// Unit plans the end of a year for one organisation of the actor's reach.
func (m *Mover) Unit(ctx context.Context, actor luoshu.Actor, year int64, org string) (*Unit, error) {
	orgs, _, err := m.units(ctx, actor, year, org)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(orgs, org) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return m.unit(ctx, year, org)
}

// Gone narrows a unit to those who are missing from the next year: "vanished" or
// "untold".
func (m *Mover) Gone(u *Unit, how string) []*Outcome {
	var out []*Outcome
	for _, o := range u.Outcomes {
		if m.gone(o) == how {
			out = append(out, o)
		}
	}
	return out
}

// What a holder can decide about a person before the run.
const (
	ExceptPromote = "promote" // goes on, into the named group
	ExceptRepeat  = "repeat"
	ExceptLeave   = "leave" // is not carried into the next year
)

type exception struct{ act, group string }

func (u *unitReader) readExceptions() error {
	u.except = map[int64]exception{}
	rows, err := u.m.db.Query(u.ctx, `SELECT rec, act, grp FROM movement_exception WHERE year = ?`, u.year)
	if err != nil {
		return fmt.Errorf("read exceptions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var rec int64
		var x exception
		if err := rows.Scan(&rec, &x.act, &x.group); err != nil {
			return fmt.Errorf("read exceptions: %w", err)
		}
		u.except[rec] = x
	}
	return rows.Err()
}

// Except sets or, with an empty act, clears the exception of a person whom the
// actor holds.
func (m *Mover) Except(ctx context.Context, actor luoshu.Actor, year, rec int64, act, group, note string) error {
	if err := m.Allow(actor, "yearend"); err != nil {
		return err
	}
	if act != "" && !slices.Contains([]string{ExceptPromote, ExceptRepeat, ExceptLeave}, act) {
		return luoshu.Errorf(luoshu.Invalid, "没有这种处理", "there is no such exception")
	}
	if len(note) > 4*maxText || len(group) > maxText || strings.ContainsRune(note+group, 0) {
		return luoshu.Errorf(luoshu.Invalid, "文字太长或无法保存", "a text is too long or cannot be stored")
	}
	s, err := m.read(ctx, rec)
	if err != nil {
		return err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return err
	}
	if !scope.Has(m.holder(s.person)) {
		return luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	defer m.forget()
	return m.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM movement_exception WHERE year = ? AND rec = ?`, year, rec); err != nil {
			return fmt.Errorf("set an exception: %w", err)
		}
		if act == "" {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO movement_exception (year, rec, act, grp, note, at, account) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			year, rec, act, group, note, m.Stamp(), actor.Name)
		if err != nil {
			return fmt.Errorf("set an exception: %w", err)
		}
		return nil
	})
}
