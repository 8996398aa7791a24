package movement

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

func timeUntil(now time.Time, unix int64) time.Duration {
	return max(time.Second, time.Unix(unix, 0).Sub(now))
}

// The answers to a case.
const (
	Accept   = "accept"
	Refuse   = "refuse"
	Withdraw = "withdraw"
)

// Answer is what somebody says to a case. Group places the person, if the taker
// answers.
type Answer struct {
	Act, Note, Group string
}

// Case returns a case that the actor has a side in; any other answers like one
// that does not exist.
func (m *Mover) Case(ctx context.Context, actor luoshu.Actor, n int64) (*Case, error) {
	c, _, err := m.seen(ctx, actor, n)
	return c, err
}

func (m *Mover) seen(ctx context.Context, actor luoshu.Actor, n int64) (*Case, *access.Scope, error) {
	if err := m.Allow(actor, "movement"); err != nil {
		return nil, nil, err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	all, err := m.list(ctx, `c.n = ?`, []any{n}, 1, 0)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 || !m.visible(scope, all[0]) {
		return nil, nil, luoshu.Errorf(luoshu.NotFound, "没有这条变动", "no such case")
	}
	return all[0], scope, nil
}

// visible reports whether somebody has a side in a case.
func (m *Mover) visible(scope *access.Scope, c *Case) bool {
	return (c.Giver != "" && scope.Has(c.Giver)) || (c.Taker != "" && scope.Has(c.Taker))
}

// Sees reports whether the actor may see more of the person than that there is a
// case: the giving side always, the taking side once both agree.
func (m *Mover) Sees(ctx context.Context, actor luoshu.Actor, c *Case) (bool, error) {
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return false, err
	}
	if c.Giver == "" || scope.Has(c.Giver) {
		return true, nil
	}
	return c.State == Agreed || c.State == Done, nil
}

// May lists what the actor may do with a case now.
func (m *Mover) May(ctx context.Context, actor luoshu.Actor, c *Case) ([]string, error) {
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := []string{}
	if m.answers(scope, actor, c) {
		out = append(out, Accept, Refuse)
	}
	if m.withdraws(scope, c) {
		out = append(out, Withdraw)
	}
	return out, nil
}

// answers reports whether the actor answers for the silent side: the organisation
// itself, and once the case has gone up, those above it so far. Whoever reaches
// both sides decides once it has gone up at all.
func (m *Mover) answers(scope *access.Scope, actor luoshu.Actor, c *Case) bool {
	silent := c.Silent()
	if silent == "" || !scope.Has(silent) {
		return false
	}
	if actor.Org == silent || access.IsOperator(actor) {
		return true
	}
	if c.Level == 0 {
		return false
	}
	if scope.Has(c.Giver) && scope.Has(c.Taker) {
		return true
	}
	code := silent
	for range c.Level {
		n := scope.Tree().Get(code)
		if n == nil || n.Parent == "" {
			return false
		}
		if code = n.Parent; code == actor.Org {
			return true
		}
	}
	return false
}

// withdraws reports whether the actor is on the side that asked; what is agreed
// but not carried out yet may be withdrawn by either side.
func (m *Mover) withdraws(scope *access.Scope, c *Case) bool {
	switch c.State {
	case Requested:
		return scope.Has(map[string]string{ByGiver: c.Giver, ByTaker: c.Taker}[c.Asked])
	case Agreed:
		return m.visible(scope, c)
	}
	return false
}

// Answer takes a side's word. Accepting carries the case out if its day has come;
// until it is carried out the person stays where they are. Refusing and
// withdrawing need a reason.
func (m *Mover) Answer(ctx context.Context, actor luoshu.Actor, n int64, a Answer) (*Case, error) {
	a.Note = strings.TrimSpace(a.Note)
	if utf8.RuneCountInString(a.Note) > maxText || !utf8.ValidString(a.Note) || strings.ContainsRune(a.Note, 0) {
		return nil, luoshu.Errorf(luoshu.Invalid, "文字太长或无法保存", "a text is too long or cannot be stored")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, scope, err := m.seen(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	over := luoshu.Errorf(luoshu.Conflict, "此变动的状态已变，不能再这样办理", "the case has moved on; this is no longer possible")
	if a.Act != Accept && a.Note == "" {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "请写明理由", EN: "say why"}}
	}
	to := map[string]string{Accept: Agreed, Refuse: Refused, Withdraw: Withdrawn}[a.Act]
	switch {
	case to == "":
		return nil, luoshu.Errorf(luoshu.Invalid, "没有这种答复", "there is no such answer")
	case a.Act == Withdraw && !m.withdraws(scope, c), a.Act != Withdraw && c.State != Requested:
		return nil, over
	case a.Act != Withdraw && !m.answers(scope, actor, c):
		return nil, luoshu.Errorf(luoshu.Denied, "须由对方单位答复；逾期后由其上级答复", "the other side answers this; those above it when it is overdue")
	}
	if a.Group != "" && a.Act == Accept && scope.Has(c.Taker) {
		c.Group = a.Group
	}
	if a.Act == Accept {
		s, err := m.read(ctx, c.Rec)
		if err != nil {
			return nil, err
		}
		if _, err := m.planCase(ctx, s, c); err != nil {
			return nil, err
		}
	}
	if err := m.turn(ctx, actor, c, to, a.Note); err != nil {
		return nil, err
	}
	if c.State == Agreed {
		return c, m.finish(ctx, actor, c)
	}
	return c, nil
}

// turn changes a case's state, unless another has been faster.
func (m *Mover) turn(ctx context.Context, actor luoshu.Actor, c *Case, to, note string) error {
	err := m.db.Tx(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(ctx, `UPDATE movement_case SET state = ?, grp = ? WHERE n = ? AND state = ?`, to, c.Group, c.N, c.State)
		if err != nil {
			return fmt.Errorf("change a case: %w", err)
		}
		if k, err := res.RowsAffected(); err != nil || k != 1 {
			return errors.Join(err, luoshu.Errorf(luoshu.Conflict, "此变动已由他人办理", "somebody else has acted on this case"))
		}
		return m.event(ctx, tx, c.N, "", actor, to, note)
	})
	if err == nil {
		c.State = to
		m.forget()
	}
	return err
}

// finish carries an agreed case out if its day has come: all that it writes in one
// transaction, then its state. If the process dies in between, the next sweep
// finds that it is written and only turns the state.
func (m *Mover) finish(ctx context.Context, actor luoshu.Actor, c *Case) error {
	if c.State != Agreed || c.Date > m.Today() {
		return nil
	}
	s, err := m.read(ctx, c.Rec)
	if err != nil {
		return err
	}
	p, err := m.planCase(ctx, s, c)
	if err != nil {
		return err
	}
	if !p.already {
		reason := fmt.Sprintf("%s #%d", c.Kind.Title.ZH, c.N)
		if err := m.write(ctx, actor, p, reason, caseCommit(c.N)); err != nil {
			return err
		}
	}
	return m.turn(ctx, actor, c, Done, "")
}

// Sweep does what time brings: reminds and escalates unanswered cases, carries out
// agreed ones whose day has come, or that a crash left half-told. It may run as
// often as one likes and by a clock that jumps: nothing happens twice.
func (m *Mover) Sweep(ctx context.Context) error {
	if m.ch == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	open, err := m.list(ctx, `c.state IN ('requested', 'agreed')`, nil, 0, 0)
	if err != nil {
		return err
	}
	machine := access.Operator
	for _, c := range open {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.State == Requested {
			if err := m.late(ctx, machine, c); err != nil {
				return err
			}
			continue
		}
		err := m.finish(ctx, machine, c)
		var e *luoshu.Error
		if errors.As(err, &e) { // it cannot be: said for people to decide, and tried again
			err = m.stuck(ctx, machine, c, e.Msg)
		}
		if err != nil {
			return err
		}
	}
	if _, err := m.db.Exec(ctx, `DELETE FROM movement_miss WHERE at < ?`, m.now().Unix()-missOrgWindow); err != nil {
		return fmt.Errorf("forget misses: %w", err)
	}
	return nil
}

// stuck notes why an agreed case could not be carried out: once, until the reason
// is another.
func (m *Mover) stuck(ctx context.Context, machine luoshu.Actor, c *Case, why luoshu.Text) error {
	if c.Stuck == why {
		return nil
	}
	return m.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM movement_event WHERE n = ? AND mark = 'stuck'`, c.N); err != nil {
			return fmt.Errorf("note an event: %w", err)
		}
		return m.event(ctx, tx, c.N, "stuck", machine, "stuck", Why(why))
	})
}

// late reminds of a case, and sends it one level up for every time to answer that
// has passed, as far as there is a level.
func (m *Mover) late(ctx context.Context, machine luoshu.Actor, c *Case) error {
	remind, answer, err := m.deadlines(c)
	if err != nil {
		return err
	}
	days := daysBetween(c.Day, m.Today())
	if (days < remind || c.told) && days < answer*int64(c.Level+1) {
		return nil // nothing that has not been said
	}
	return m.db.Tx(ctx, func(tx *store.Tx) error {
		if days >= remind {
			if err := m.event(ctx, tx, c.N, "remind", machine, "remind", ""); err != nil {
				return err
			}
		}
		t, err := m.acc.Tree(ctx)
		if err != nil {
			return err
		}
		code := c.Silent()
		for level := int64(1); level*answer <= days; level++ {
			n := t.Get(code)
			if n == nil || n.Parent == "" || n.Parent == code {
				break
			}
			code = n.Parent
			if err := m.event(ctx, tx, c.N, fmt.Sprintf("escalate-%d", level), machine, "escalate", code); err != nil {
				return err
			}
		}
		return nil
	})
}

// deadlines are the days until a case is called to mind and until it goes up.
func (m *Mover) deadlines(c *Case) (remind, answer int64, err error) {
	if remind, err = m.param(m.ch.Case.Remind, c.Day); err != nil {
		return 0, 0, err
	}
	answer, err = m.param(m.ch.Case.Answer, c.Day)
	if err == nil && answer < 1 {
		err = luoshu.Errorf(luoshu.Unavailable, "答复期限须至少一天", "the time to answer must be a day at least")
	}
	return remind, answer, err
}
