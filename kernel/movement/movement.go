// Package movement is the only one to carry persons from one organisation to
// another and from one year to the next: cases with two sides, changes of one
// side, the run at a year's end. What a change is, packs say (movement.yaml);
// what it writes are dated facts, all of one change in one transaction.
package movement

import (
	"context"
	"fmt"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Mover carries out changes over one city. It is safe for concurrent use.
type Mover struct {
	db  *store.DB
	cat *catalog.Catalog
	ch  *charter.Movement
	led *ledger.Ledger
	rec *records.Reader
	acc *access.Access
	now func() time.Time

	mu   sync.Mutex         // one change at a time: what was planned is what is written
	fail func(string) error // set by tests: an accident at a named step

	known summaries
}

// New returns a mover. The charter may be nil: then nothing can be moved and every
// call says so.
func New(db *store.DB, cat *catalog.Catalog, ch *charter.Movement, led *ledger.Ledger, rec *records.Reader, acc *access.Access, now func() time.Time) *Mover {
	return &Mover{db: db, cat: cat, ch: ch, led: led, rec: rec, acc: acc, now: now}
}

// Lock keeps every other change out until Unlock: for rooms that write persons'
// facts by their own plans.
func (m *Mover) Lock() { m.mu.Lock() }

// Unlock ends Lock.
func (m *Mover) Unlock() { m.mu.Unlock() }

// Charter is what the packs say of movements, nil if they say nothing.
func (m *Mover) Charter() *charter.Movement { return m.ch }

// Allow checks the right and that the packs know of movements at all.
func (m *Mover) Allow(actor luoshu.Actor, right string) error {
	if err := m.acc.Require(actor, right); err != nil {
		return err
	}
	if m.ch == nil {
		return luoshu.Errorf(luoshu.NotFound, "业务包没有说明人员如何变动（movement.yaml）", "the packs do not say how persons move (movement.yaml)")
	}
	return nil
}

// Step is an accident if a test asks for one.
func (m *Mover) Step(step string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(step)
}

// Today is the house's day as yyyymmdd.
func (m *Mover) Today() int64 { return dayOf(m.now()) }

func dayOf(t time.Time) int64 {
	y, mo, d := t.Date()
	return int64(y)*10000 + int64(mo)*100 + int64(d)
}

func timeOf(day int64) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}

// IsDay reports whether a number is a date.
func IsDay(day int64) bool { return day >= 19000101 && day <= 99991231 && dayOf(timeOf(day)) == day }

// daysBetween counts whole days from one day to a later one.
func daysBetween(from, to int64) int64 { return int64(timeOf(to).Sub(timeOf(from)).Hours()) / 24 }

// param is a parameter's value on a day.
func (m *Mover) param(id string, day int64) (int64, error) {
	p := m.cat.Parameter(id)
	if p == nil {
		return 0, fmt.Errorf("there is no parameter %q", id)
	}
	v, ok := p.Value(day, nil, "")
	if !ok || v.Scale != 0 {
		return 0, luoshu.Errorf(luoshu.Unavailable, "参数“%s”没有适用的整数值", "the parameter “%s” has no whole value for that day", p.Title)
	}
	return v.Num, nil
}

// Bounds are the first and last day of a year.
func (m *Mover) Bounds(year int64) (first, last int64, err error) {
	start, err := m.param(m.ch.Year.Start, year*10000+1231)
	if err != nil {
		return 0, 0, err
	}
	end, err := m.param(m.ch.Year.End, year*10000+1231)
	if err != nil {
		return 0, 0, err
	}
	first, last = year*10000+start, year*10000+end
	if end < start {
		last += 10000
	}
	return first, last, nil
}

// yearOf is the year in which a day lies.
func (m *Mover) yearOf(day int64) (int64, error) {
	start, err := m.param(m.ch.Year.Start, day)
	if err != nil {
		return 0, err
	}
	if day%10000 >= start {
		return day / 10000, nil
	}
	return day/10000 - 1, nil
}

// Stamp is now as the tables keep it.
func (m *Mover) Stamp() string { return m.now().UTC().Format(time.RFC3339) }

// Title names an organisation for people.
func (m *Mover) Title(ctx context.Context, code string) luoshu.Text {
	t, err := m.acc.Tree(ctx)
	if err == nil {
		if n := t.Get(code); n != nil {
			return n.Title
		}
	}
	return luoshu.Text{ZH: code, EN: code}
}
