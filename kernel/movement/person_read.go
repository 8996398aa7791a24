package movement

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Who is what a case shows of a person: the name and the grade they are in, as
// they stand in the records. What of it may leave is for disclose to say.
type Who struct {
	Name  luoshu.Value
	Grade string
	Stage string
}

// byKey is the record with a key, or with the one that has taken its place; nil if
// there is none.
func (m *Mover) byKey(ctx context.Context, e *catalog.Entity, key string) (*records.Version, error) {
	v, err := m.rec.ByKey(ctx, e.Name, key)
	if err != nil || v != nil {
		return v, err
	}
	now, err := m.led.KeyOf(ctx, e.Name, key)
	if err != nil || now == key {
		return nil, err
	}
	return m.rec.ByKey(ctx, e.Name, now)
}

// Names are the names of persons by their records.
func (m *Mover) Names(ctx context.Context, recs []int64) (map[int64]luoshu.Value, error) {
	p := &m.ch.Person
	out := make(map[int64]luoshu.Value, len(recs))
	if len(recs) == 0 {
		return out, nil
	}
	where, args := m.rec.Recs(p.Entity.Name, recs)
	err := m.rec.Each(ctx, records.Query{Entity: p.Entity.Name, Fields: []string{p.Name.Name}, Where: where, Args: args}, func(v *records.Version) error {
		out[v.Rec] = v.Values[p.Name.Index]
		return nil
	})
	return out, err
}

// Who reads the person of a case.
func (m *Mover) Who(ctx context.Context, rec int64) (*Who, error) {
	s, err := m.read(ctx, rec)
	if err != nil {
		return nil, err
	}
	w := &Who{Name: s.person.Values[m.ch.Person.Name.Index]}
	if l := s.last(); l != nil {
		w.Grade, w.Stage = l.Values[m.ch.Fact.Grade.Index].S, l.Values[m.ch.Fact.Stage.Index].S
	}
	return w, nil
}

// Changes lists what may happen now to a person whom the actor holds.
func (m *Mover) Changes(ctx context.Context, actor luoshu.Actor, rec int64) ([]string, *Who, error) {
	if err := m.Allow(actor, "movement"); err != nil {
		return nil, nil, err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.read(ctx, rec)
	if err != nil {
		return nil, nil, err
	}
	if !scope.Has(m.holder(s.person)) {
		return nil, nil, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	w, err := m.Who(ctx, rec)
	if err != nil {
		return nil, nil, err
	}
	out := []string{}
	for _, k := range m.ch.Changes {
		if k.Side != "run" && slices.Contains(k.From, m.status(s.person)) && (len(k.Stages) == 0 || slices.Contains(k.Stages, w.Stage)) {
			out = append(out, k.ID)
		}
	}
	return out, w, nil
}

// Newest is the last year that has facts, 0 if there are none, and the day to
// suggest for a change: today, or the last day of that year if it is over.
func (m *Mover) Newest(ctx context.Context) (year, day int64, err error) {
	head, err := m.acc.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	m.known.mu.Lock()
	if m.known.yearHead == head && head != 0 {
		year = m.known.year
	}
	m.known.mu.Unlock()
	if year == 0 {
		e, f := m.ch.Fact.Entity, m.ch.Fact.Year
		if g := m.ch.Group; g != nil { // the smaller table
			e, f = g.Entity, g.Year
		}
		var n int64
		if err := m.db.QueryRow(ctx, "SELECT coalesce(max("+store.Col(f.Name)+"), 0) FROM "+store.Table(e.Name)+" WHERE _to IS NULL").Scan(&n); err != nil {
			return 0, 0, err
		}
		m.known.mu.Lock()
		m.known.year, m.known.yearHead = n, head
		m.known.mu.Unlock()
		year = n
	}
	if year == 0 {
		return 0, m.Today(), nil
	}
	first, last, err := m.Bounds(year)
	return year, max(first, min(last, m.Today())), err
}
