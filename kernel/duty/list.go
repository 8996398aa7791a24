package duty

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
)

// Query asks for instances.
type Query struct {
	On     int64  // 0 is today
	Org    string // "" is the actor's own
	Own    bool   // the organisation itself, without those below it
	Duty   string
	Kinds  []string
	States []string
	Soon   bool // of those that are due only those whose end is near
	Text   string
	Offset int
	Limit  int // 0 is all
}

// List is what a query found.
type List struct {
	On     int64
	Org    *access.Node
	Counts map[string]int // by state, over all that the query found before States
	Total  int
	Rows   []Instance
}

// List answers a query: by state, day, duty and code, never by how well anybody does.
func (k *Keeper) List(ctx context.Context, actor luoshu.Actor, q Query) (*List, error) {
	s, err := k.scope(ctx, actor, q.Org)
	if err != nil {
		return nil, err
	}
	if q.On, err = k.day(q.On); err != nil {
		return nil, err
	}
	all, err := k.instances(ctx, actor, s, q, k.running)
	if err != nil {
		return nil, err
	}
	out := &List{On: q.On, Org: s.Tree().Get(s.Root), Counts: map[string]int{}, Rows: []Instance{}}
	for _, x := range all {
		out.Counts[x.State]++
		if len(q.States) > 0 && !slices.Contains(q.States, x.State) || q.Soon && x.State == Due && !k.near(&x, q.On) {
			continue
		}
		out.Rows = append(out.Rows, x)
	}
	order := map[string]int{}
	for i, st := range States() {
		order[st] = i
	}
	slices.SortStableFunc(out.Rows, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(a.Due, b.Due), cmp.Compare(a.Duty.ID, b.Duty.ID), cmp.Compare(a.Org.Code, b.Org.Code))
	})
	out.Total = len(out.Rows)
	if q.Offset > 0 {
		out.Rows = out.Rows[min(q.Offset, len(out.Rows)):]
	}
	if q.Limit > 0 {
		out.Rows = out.Rows[:min(q.Limit, len(out.Rows))]
	}
	return out, nil
}

// near reports whether the end of what is due lies within the days that the file says.
func (k *Keeper) near(x *Instance, on int64) bool {
	n, _, ok := k.Book.number(x.Duty.Of.Soon, on)
	return ok && x.Left <= int(n)
}

// running are the periods of a duty that a day asks about: the one it lies in and,
// until that is made good, the one before.
func (k *Keeper) running(d *Duty, on int64) []Period {
	switch d.Kind {
	case Event:
		return nil
	case Deadline, Standing:
		return []Period{k.Book.current(d, on)}
	}
	cur := k.Book.current(d, on)
	if prev, ok := k.Book.before(d, cur); ok {
		return []Period{cur, prev}
	}
	return []Period{cur}
}

// pick are the duties of a query with their periods, members and figures.
func (k *Keeper) pick(ctx context.Context, actor luoshu.Actor, s *access.Scope, q Query, periods func(*Duty, int64) []Period) ([]*work, error) {
	var works []*work
	text := strings.ToLower(strings.TrimSpace(q.Text))
	for _, d := range k.Book.Duties {
		if q.Duty != "" && d.ID != q.Duty || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, d.Kind) {
			continue
		}
		if text != "" && !strings.Contains(strings.ToLower(d.ID+" "+d.Title.ZH+" "+d.Title.EN+" "+d.Quote), text) {
			continue
		}
		w := &work{duty: d, periods: periods(d, q.On)}
		var err error
		if w.set, err = k.members(ctx, s.Tree(), d.Units); err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, k.figuresOf(ctx, actor, works, q.On)
}

// instances are all instances of a query within a scope. Of recurring duties a
// period that is over and done is left out, and so are those before the current one
// in which an organisation did not exist.
func (k *Keeper) instances(ctx context.Context, actor luoshu.Actor, s *access.Scope, q Query, periods func(*Duty, int64) []Period) ([]Instance, error) {
	works, err := k.pick(ctx, actor, s, q, periods)
	if err != nil {
		return nil, err
	}
	marks, err := k.tallies(ctx, s, works, q.On)
	if err != nil {
		return nil, err
	}
	happened := map[[2]string]map[string]*tally{}
	for x, t := range marks {
		if d := k.Book.Duty(x.duty); d != nil && d.Kind == Event {
			at := [2]string{x.duty, x.org}
			if happened[at] == nil {
				happened[at] = map[string]*tally{}
			}
			happened[at][x.period] = t
		}
	}
	codes := s.Codes()
	if q.Own {
		codes = []string{s.Root}
	}
	var out []Instance
	for _, w := range works {
		for _, code := range codes {
			n := s.Tree().Get(code)
			if !owes(w.duty, n, w.set, q.On) {
				continue
			}
			if w.duty.Kind == Event {
				out = append(out, k.events(w.duty, n, happened[[2]string{w.duty.ID, code}], q.On)...)
				continue
			}
			for i, p := range w.periods {
				if i > 0 && n.Opened > p.From {
					continue
				}
				x, err := k.one(ctx, w, n, p, marks[slot{w.duty.ID, code, p.Key}], q.On)
				if err != nil {
					return nil, err
				}
				if i == 0 || x.State == Overdue {
					out = append(out, x)
				}
			}
		}
	}
	return out, nil
}

// Unit is how many instances an organisation and all below it have in each state.
type Unit struct {
	Org    *access.Node
	Self   bool // the organisation asked about, without those below it
	Leaf   bool // nothing lies below it
	Counts map[string]int
}

// Units counts for the organisation and for each right below it, ordered by code.
func (k *Keeper) Units(ctx context.Context, actor luoshu.Actor, q Query) ([]Unit, error) {
	s, err := k.scope(ctx, actor, q.Org)
	if err != nil {
		return nil, err
	}
	if q.On, err = k.day(q.On); err != nil {
		return nil, err
	}
	q.Own = false
	all, err := k.instances(ctx, actor, s, q, k.running)
	if err != nil {
		return nil, err
	}
	t := s.Tree()
	out := []Unit{{Org: t.Get(s.Root), Self: true, Counts: map[string]int{}}}
	at := map[string]int{s.Root: 0}
	for _, child := range t.Children(s.Root) {
		if child.Closed != 0 && child.Closed <= q.On {
			continue
		}
		for _, code := range t.Under(child.Code) {
			at[code] = len(out)
		}
		out = append(out, Unit{Org: child, Leaf: len(t.Children(child.Code)) == 0, Counts: map[string]int{}})
	}
	for _, x := range all {
		if i, ok := at[x.Org.Code]; ok {
			out[i].Counts[x.State]++
		}
	}
	return out, nil
}

// Fall is a duty whose periods end on a day.
type Fall struct {
	Day    int64
	Duty   *Duty
	Period Period
	Counts map[string]int
}

// Falls are what falls due within a month (yyyymm), by day and duty, with the states
// as of the query's day.
func (k *Keeper) Falls(ctx context.Context, actor luoshu.Actor, q Query, month int64) ([]Fall, error) {
	s, err := k.scope(ctx, actor, q.Org)
	if err != nil {
		return nil, err
	}
	if q.On, err = k.day(q.On); err != nil {
		return nil, err
	}
	first := month*100 + 1
	if !isDay(first) {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "month", Msg: Text{ZH: "应为 2024-06 这样的月份", EN: "a month such as 2024-06 is expected"}}
	}
	last := addDays(addMonths(first, 1), -1)
	all, err := k.instances(ctx, actor, s, q, func(d *Duty, _ int64) []Period { return k.ending(d, first, last) })
	if err != nil {
		return nil, err
	}
	var out []Fall
	at := map[slot]int{}
	for _, x := range all {
		if x.Due < first || x.Due > last {
			continue
		}
		key := slot{x.Duty.ID, "", x.Period.Key}
		if x.Duty.Kind == Event {
			key.period = luoshu.FormatDate(x.Due)
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, Fall{Day: x.Due, Duty: x.Duty, Period: x.Period, Counts: map[string]int{}})
		}
		out[i].Counts[x.State]++
	}
	slices.SortStableFunc(out, func(a, b Fall) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Duty.ID, b.Duty.ID))
	})
	return out, nil
}

// ending are the periods of a duty that end within a month.
func (k *Keeper) ending(d *Duty, first, last int64) []Period {
	switch d.Kind {
	case Deadline:
		if p := k.Book.single(d); p.To >= first && p.To <= last {
			return []Period{p}
		}
	case Recurring:
		for _, day := range []int64{first, last} {
			p := k.Book.at(d, day)
			if p.To >= first && p.To <= last && p.To >= d.Of.From {
				return []Period{p}
			}
		}
	}
	return nil
}

// Waiting is how many duties of the actor's own organisation are late or near.
func (k *Keeper) Waiting(ctx context.Context, actor luoshu.Actor) (int, error) {
	l, err := k.List(ctx, actor, Query{Own: true, States: []string{Overdue, Due}, Soon: true})
	if err != nil {
		return 0, err
	}
	return l.Total, nil
}
