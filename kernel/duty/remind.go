package duty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/notice"
	"luoshu/kernel/store"
)

// Sweep reminds organisations of what falls due, so many working days before as the
// packs say; by the day alone, as often as one likes. A clock that jumped forward is
// followed by the last reminder only.
func (k *Keeper) Sweep(ctx context.Context) error {
	day := k.Today()
	k.mu.Lock()
	done := k.swept == day
	k.mu.Unlock()
	if done {
		return nil
	}
	near, tree, err := k.reminding(ctx, day)
	if err != nil {
		return err
	}
	seats := map[string]bool{}
	err = k.DB.Tx(ctx, func(tx *store.Tx) error {
		for i := range near {
			if err := k.remind(ctx, tx, tree, seats, &near[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		k.mu.Lock()
		k.swept = day
		k.mu.Unlock()
	}
	return err
}

// reminding are the instances that are due and within one of their reminders.
func (k *Keeper) reminding(ctx context.Context, day int64) ([]Instance, *access.Tree, error) {
	s, err := k.scope(ctx, access.Operator, "")
	if err != nil {
		if e, ok := err.(*luoshu.Error); ok && e.Kind == luoshu.NotFound {
			return nil, nil, nil // no organisation is known yet
		}
		return nil, nil, err
	}
	all, err := k.instances(ctx, access.Operator, s, Query{On: day, Kinds: []string{Recurring, Deadline, Event}}, func(d *Duty, on int64) []Period {
		p := k.running(d, on)
		return p[:min(1, len(p))]
	})
	if err != nil {
		return nil, nil, err
	}
	return slices.DeleteFunc(all, func(x Instance) bool { return x.State != Due || x.Reminder() == 0 }), s.Tree(), nil
}

// Reminder is the reminder that holds while a duty is due, in working days before its
// end; 0 before the first one.
func (x *Instance) Reminder() int {
	n := 0
	for _, days := range x.Duty.Remind { // largest first
		if x.State == Due && x.WorkLeft <= days {
			n = days
		}
	}
	return n
}

// remind tells those who mark a duty at its organisation; where nobody holds their
// role there, those of the nearest organisation above where somebody does.
func (k *Keeper) remind(ctx context.Context, tx *store.Tx, t *access.Tree, seats map[string]bool, x *Instance) error {
	var all []string
	for _, r := range k.Catalog.Roles {
		if r.May(Discharge) {
			all = append(all, r.ID)
		}
	}
	path := t.Path(x.Org.Code)
	for i := len(path) - 1; i >= 0; i-- {
		told, above, roles := false, i < len(path)-1, x.Duty.Roles
		mark := fmt.Sprintf("duty %s %s %s %d %s", x.Duty.ID, x.Org.Code, x.Period.Key, x.Reminder(), path[i].Code)
		if above || len(roles) == 0 {
			roles = all // those of the duty need not exist above
		}
		if above { // one notice, however many there are below
			mark = fmt.Sprintf("duty %s below %s %d %s", x.Duty.ID, x.Period.Key, x.Reminder(), path[i].Code)
		}
		for _, r := range roles {
			at := path[i].Code + " " + r
			held, known := seats[at]
			if !known {
				var err error
				if held, err = k.Access.Held(ctx, path[i].Code, r); err != nil {
					return err
				}
				seats[at] = held
			}
			if !held {
				continue
			}
			told = true
			err := notice.Put(ctx, tx, notice.Word{
				Mark: mark + " " + r,
				Org:  path[i].Code, Role: r, Duty: x.Duty.ID, Kind: "remind", Text: x.reminding(above), At: k.Now().UTC().Format(time.RFC3339),
			})
			if err != nil {
				return err
			}
		}
		if told {
			return nil
		}
	}
	return nil
}

// reminding says what falls due and when; above, whose it is that nobody there is told.
func (x *Instance) reminding(above bool) Text {
	left := luoshu.Errorf(luoshu.Invalid, "还有 %d 个工作日", "due in %d working days", x.WorkLeft).Msg
	switch {
	case x.Left == 0:
		left = Text{ZH: "今天到期", EN: "due today"}
	case x.WorkLeft == 0:
		left = Text{ZH: "到期前已没有工作日", EN: "no working day is left before it is due"}
	case x.WorkLeft == 1:
		left.EN = "due in 1 working day"
	}
	day := luoshu.FormatDate(x.Due)
	out := Text{
		ZH: fmt.Sprintf("职责将到期：%s %s（%s），%s，期限 %s", x.Duty.ID, x.Duty.Title.ZH, x.Period.Title.ZH, left.ZH, day),
		EN: fmt.Sprintf("Duty due soon: %s %s (%s), %s, by %s", x.Duty.ID, x.Duty.Title.EN, x.Period.Title.EN, left.EN, day),
	}
	if above {
		out.ZH = fmt.Sprintf("%s（%s等下属单位无人承办，转告上级）", out.ZH, x.Org.Title.ZH)
		out.EN = fmt.Sprintf("%s (at %s, and maybe others below, nobody holds the role)", out.EN, x.Org.Title.EN)
	}
	return out
}
