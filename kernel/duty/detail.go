package duty

import (
	"context"
	"errors"
	"slices"

	"luoshu"
)

// Detail is one duty at one organisation: what the plan says, and how it went.
type Detail struct {
	Duty    *Duty
	Opens   []*Open
	On      int64
	Past    bool // the day lies after the plan's last year
	Now     Instance
	Owes    bool      // whether the organisation owes it at all
	History []History // newest first
	May     bool      // whether the reader may mark it
	WhyNot  *luoshu.Error
}

// History is one period, or one event, with everything said of it.
type History struct {
	Instance
	Said []*Mark // in the order of their numbers, those taken back too
	Next bool    // it has not begun
}

// longest is how many periods a history goes back.
const longest = 40

// Detail reads one duty at an organisation within the actor's reach.
func (k *Keeper) Detail(ctx context.Context, actor luoshu.Actor, id, org string, on int64) (*Detail, error) {
	s, err := k.scope(ctx, actor, org)
	if err != nil {
		return nil, err
	}
	d := k.Book.Duty(id)
	if d == nil {
		return nil, noDuty()
	}
	if on, err = k.day(on); err != nil {
		return nil, err
	}
	set, err := k.members(ctx, s.Tree(), d.Units)
	if err != nil {
		return nil, err
	}
	n := s.Tree().Get(s.Root)
	out := &Detail{Duty: d, Opens: k.Book.Opens(d, on), On: on, Owes: owes(d, n, set, on)}
	out.Past = d.Of.Plan != nil && on > int64(d.Of.Plan.To)*10000+1231
	out.Now = Instance{Duty: d, Org: n}
	if _, err := k.owner(ctx, actor, d, s.Root); err == nil {
		out.May = true
	} else if !errors.As(err, &out.WhyNot) {
		return nil, err
	}
	if !out.Owes {
		return out, nil
	}
	w := &work{duty: d, set: set, periods: k.past(d, on)}
	if err := k.figuresOf(ctx, actor, []*work{w}, on); err != nil {
		return nil, err
	}
	all, err := k.marks(ctx, k.DB, `duty = ? AND org = ? AND on_date <= ?`, d.ID, n.Code, on)
	if err != nil {
		return nil, err
	}
	if err := k.evidence(ctx, d.ID, n.Code, all); err != nil {
		return nil, err
	}
	if d.Kind == Event {
		k.happenings(out, all)
		return out, nil
	}
	for _, p := range w.periods {
		h := History{Said: of(all, p.Key), Next: p.From > on}
		if h.Instance, err = k.one(ctx, w, n, p, sum(h.Said), on); err != nil {
			return nil, err
		}
		if d.Kind == Standing && p.From != w.periods[0].From {
			h.Figure, h.ByFigure = nil, false // a figure speaks of now
			standing(&h.Instance, sum(h.Said))
		}
		out.History = append(out.History, h)
	}
	out.Now = out.History[0].Instance
	return out, nil
}

// past are the periods of a duty from the one that a day lies in back to its first.
func (k *Keeper) past(d *Duty, on int64) []Period {
	switch d.Kind {
	case Event:
		return nil
	case Deadline:
		return []Period{k.Book.single(d)}
	}
	p := k.Book.current(d, on)
	out := []Period{p}
	for len(out) < longest {
		var ok bool
		if p, ok = k.Book.before(d, p); !ok {
			break
		}
		out = append(out, p)
	}
	return out
}

func of(all []*Mark, period string) []*Mark {
	out := []*Mark{}
	for _, m := range all {
		if m.Period == period {
			out = append(out, m)
		}
	}
	return out
}

// sum is what marks that stand come to.
func sum(all []*Mark) *tally {
	t := &tally{}
	for _, m := range all {
		if m.Withdrawn != "" {
			continue
		}
		if t.last = m.Kind; m.Kind == Done {
			t.done++
		}
		if m.Kind == Event {
			t.on = m.On
		}
	}
	return t
}

// happenings makes the history of an event duty, the newest event first.
func (k *Keeper) happenings(out *Detail, all []*Mark) {
	d, n := out.Duty, out.Now.Org
	out.Now.State = Quiet
	for _, m := range slices.Backward(all) {
		if m.Kind != Event {
			continue
		}
		h := History{Said: of(all, m.Period)}
		h.Instance = Instance{Duty: d, Org: n, Due: k.answerBy(d, m.On)}
		h.Period = eventPeriod(m.Period, m.On, h.Due)
		h.Marks = sum(h.Said).done
		if m.Withdrawn == "" {
			k.finish(&h.Instance, out.On)
		} else {
			h.Due, h.State = 0, Quiet
		}
		if h.State == Overdue || h.State == Due && out.Now.State != Overdue || out.Now.State == Quiet {
			out.Now = h.Instance
		}
		if len(out.History) < longest {
			out.History = append(out.History, h)
		}
	}
}
