package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/store"
)

// Sweep does what dates ask for: reminders, escalations, states that end by
// themselves, cases that a new version of their pack moves, tasks that nobody
// holds any more. It may run as often as one likes.
func (f *Flow) Sweep(ctx context.Context) error {
	var errs []error
	for _, do := range []func(context.Context) error{f.sweepDue, f.sweepMoved, f.sweepHeld} {
		if err := do(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// some reads cases in portions, by id, so that a sweep holds few at once.
func (f *Flow) some(ctx context.Context, cond string, args []any, do func(*Case) error) error {
	after := int64(0)
	for {
		rows, err := f.DB.Query(ctx, `SELECT `+caseColumns+` FROM flow_case c WHERE `+cond+` AND c.id > ? ORDER BY c.id LIMIT 500`, append(append([]any{}, args...), after)...)
		if err != nil {
			return fmt.Errorf("read cases: %w", err)
		}
		var list []*Case
		for rows.Next() {
			c, err := f.scan(ctx, rows.Scan)
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			list = append(list, c)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		var errs []error
		for _, c := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			after = c.ID
			if err := do(c); err != nil {
				errs = append(errs, fmt.Errorf("case %s: %w", c.No, err))
			}
		}
		if len(list) < 500 || len(errs) > 0 {
			return errors.Join(errs...)
		}
	}
}

// sweepDue looks at every case whose clock may have something to say: those due up to
// the day after the farthest reminder of any definition under which cases run.
func (f *Flow) sweepDue(ctx context.Context) error {
	now, far, types := f.Now(), 0, [][2]string{}
	if err := f.rows(ctx, `SELECT type, digest FROM flow_type`, nil, func(scan func(...any) error) error {
		types = append(types, [2]string{})
		return scan(&types[len(types)-1][0], &types[len(types)-1][1])
	}); err != nil {
		return err
	}
	for _, x := range types {
		if t, err := f.typeOf(ctx, x[0], x[1]); err == nil { // by one that cannot be used no clock runs
			far = max(far, t.Ahead())
		}
	}
	return f.some(ctx, `c.closed = 0 AND c.due > 0 AND c.due <= ?`, []any{f.clock().Later(f.Today(), int64(far)+1, clock.Worked)}, func(c *Case) error {
		return f.tick(ctx, c, now)
	})
}

// tick does what a case's clock asks for at a moment.
func (f *Flow) tick(ctx context.Context, c *Case, now time.Time) error {
	s := c.at()
	if s == nil {
		return nil
	}
	r := f.clock().Read(unitOf(s), c.Due, c.DueAt, now)
	if s.Then != "" && r.Over {
		return f.lapse(ctx, c.No, c.Step, s.Then)
	}
	if !r.Over {
		due := int64(0)
		for _, n := range s.Remind {
			if int64(n) >= r.Left {
				due++
			}
		}
		if due <= c.reminded {
			return nil
		}
		return f.tellAgain(ctx, c.No, c.Step, due, c.Raised, "remind")
	}
	up := int64(0)
	for _, n := range s.Escalate {
		if int64(n) <= r.Late {
			up++
		}
	}
	if up <= c.Raised {
		return nil
	}
	return f.tellAgain(ctx, c.No, c.Step, c.reminded, up, "escalate")
}

// unitOf is what the clock of a state counts in.
func unitOf(s *charter.CaseState) clock.Unit {
	switch {
	case s.Hours != "":
		return clock.Hours
	case s.Calendar:
		return clock.Days
	}
	return clock.Worked
}

// again reads a case under the lock; nil if it has moved on since.
func (f *Flow) again(ctx context.Context, no string, step int64) (*Case, error) {
	c, err := f.find(ctx, no)
	if err != nil || c.Step != step || c.Closed != 0 {
		return nil, err
	}
	return c, nil
}

// upon does something of the clock's own to a case that has not moved on since it
// was read, under the lock.
func (f *Flow) upon(ctx context.Context, no string, step int64, do func(w *work, ch *change) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.again(ctx, no, step)
	if c == nil || err != nil {
		return err
	}
	w, err := f.begin(ctx, machine)
	if err != nil {
		return err
	}
	ch, err := w.change(c)
	if err != nil {
		return err
	}
	return do(w, ch)
}

// lapse brings a case where it goes by itself: a step of the clock's own.
func (f *Flow) lapse(ctx context.Context, no string, step int64, to string) error {
	return f.upon(ctx, no, step, func(w *work, ch *change) error {
		c := ch.c
		ch.step.Action = "lapse"
		was := c.State
		if err := w.enter(ch, to); err != nil {
			return err
		}
		if err := w.settle(ch, was); err != nil {
			return err
		}
		return w.write()
	})
}

// tellAgain reminds or raises: no step of the case, since nothing of it changes
// but who is told and who may act too.
func (f *Flow) tellAgain(ctx context.Context, no string, step, reminded, raised int64, kind string) error {
	return f.upon(ctx, no, step, func(w *work, ch *change) error {
		c := ch.c
		c.reminded, c.Raised = reminded, raised
		list, err := f.tasks(ctx, c, ch.values)
		if err != nil {
			return err
		}
		return f.DB.Tx(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE flow_case SET reminded = ?, raised = ? WHERE id = ? AND step = ?`, reminded, raised, c.ID, step); err != nil {
				return err
			}
			if kind == "escalate" {
				if err := addTasks(ctx, tx, c, list); err != nil {
					return err
				}
			}
			for _, t := range list {
				mark := fmt.Sprintf("%s %s %d %d %d %s %s", kind, c.No, c.Step, reminded, raised, t.org, t.role)
				if err := w.notice(tx, c, kind, mark, t.org, t.role, luoshu.Text{}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// addTasks adds those who may act too, and leaves who had signed or taken alone.
func addTasks(ctx context.Context, tx *store.Tx, c *Case, list []task) error {
	rows, err := tx.Query(ctx, `SELECT DISTINCT place FROM flow_task WHERE case_id = ?`, c.ID)
	if err != nil {
		return err
	}
	open := map[int]bool{}
	for rows.Next() {
		var p int
		if err := rows.Scan(&p); err != nil {
			return errors.Join(err, rows.Close())
		}
		open[p] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, t := range list {
		if !open[t.place] {
			continue // signed already
		}
		unheld := 0
		if t.unheld {
			unheld = 1
		}
		_, err := tx.Exec(ctx, `INSERT INTO flow_task (case_id, place, org, role, due, unheld, taken) VALUES (?, ?, ?, ?, ?, ?, '')
			ON CONFLICT (case_id, place, org, role) DO UPDATE SET unheld = excluded.unheld`, c.ID, t.place, t.org, t.role, dueOf(c), unheld)
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepMoved moves running cases of a former version for which today's definition
// says where they go.
func (f *Flow) sweepMoved(ctx context.Context) error {
	for _, t := range f.Charter.Cases {
		for _, m := range t.Migrate {
			err := f.some(ctx, `c.closed = 0 AND c.type = ? AND c.digest IN (SELECT digest FROM flow_type WHERE type = ? AND version = ? AND digest <> ?)`,
				[]any{t.ID, t.ID, m.From, t.Digest}, func(c *Case) error {
					to, ok := m.States[c.State]
					if !ok {
						return nil
					}
					return f.move(ctx, c.No, c.Step, t, to)
				})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Flow) move(ctx context.Context, no string, step int64, t *charter.CaseType, to string) error {
	return f.upon(ctx, no, step, func(w *work, ch *change) error {
		c := ch.c
		was, old := c.State, c.at()
		c.Type, c.digest, ch.step.Action = t, t.Digest, "migrate"
		ch.also = append(ch.also, func(tx *store.Tx, _ *Case) error {
			_, err := tx.Exec(ctx, `INSERT INTO flow_type (digest, type, pack, version, text, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
				t.Digest, t.ID, t.Pack, t.Version, t.Text, w.at)
			return err
		})
		entered, due, at := c.Entered, c.Due, c.DueAt
		if err := w.enter(ch, to); err != nil {
			return err
		}
		if to == was && old != nil && unitOf(old) == unitOf(c.at()) && (at != 0) == (c.DueAt != 0) { // the clock goes on
			c.Entered, c.Due, c.DueAt = entered, due, at
		}
		if err := w.settle(ch, was); err != nil {
			return err
		}
		return w.write()
	})
}

// sweepHeld sees to tasks whose role is held by nobody now, and to those that
// somebody holds again.
func (f *Flow) sweepHeld(ctx context.Context) error {
	rows, err := f.DB.Query(ctx, `SELECT DISTINCT org, role, unheld FROM flow_task`)
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	type seat struct {
		org, role string
		unheld    int
	}
	var all []seat
	for rows.Next() {
		var s seat
		if err := rows.Scan(&s.org, &s.role, &s.unheld); err != nil {
			return errors.Join(err, rows.Close())
		}
		all = append(all, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, s := range all {
		held, err := f.Access.Held(ctx, s.org, s.role)
		if err != nil {
			return err
		}
		if held == (s.unheld == 0) {
			continue
		}
		err = f.some(ctx, `c.closed = 0 AND c.id IN (SELECT case_id FROM flow_task WHERE org = ? AND role = ? AND unheld = ?)`, []any{s.org, s.role, s.unheld}, func(c *Case) error {
			return f.reseat(ctx, c.No, c.Step)
		})
		if err != nil {
			return err
		}
	}
	// What somebody had taken is free again when they can no longer act there.
	_, err = f.DB.Exec(ctx, `UPDATE flow_task SET taken = '' WHERE taken <> '' AND NOT EXISTS (
		SELECT 1 FROM role_grant g JOIN account a ON a.name = g.account
		WHERE g.account = flow_task.taken AND g.org = flow_task.org AND g.role = flow_task.role AND g.ended_at = 0 AND a.disabled = 0 AND (g.to_day = 0 OR g.to_day >= ?))`, f.Today())
	return err
}

// reseat works out anew who may act in a case.
func (f *Flow) reseat(ctx context.Context, no string, step int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.again(ctx, no, step)
	if c == nil || err != nil {
		return err
	}
	v, err := f.Records.ByKey(ctx, c.Entity, c.No)
	if err != nil || v == nil {
		return err
	}
	list, err := f.tasks(ctx, c, v.Values)
	if err != nil {
		return err
	}
	w, err := f.begin(ctx, machine)
	if err != nil {
		return err
	}
	return f.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := addTasks(ctx, tx, c, list); err != nil {
			return err
		}
		for _, t := range list {
			if t.alone {
				if err := w.notice(tx, c, "unheld", fmt.Sprintf("unheld %s %d %s %s", c.No, c.Step, t.org, t.role), t.org, t.role, luoshu.Text{}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
