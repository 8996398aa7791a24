package correct

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// The answers.
const (
	Accept   = "accept"
	Reject   = "reject"
	Return   = "return"   // ask back
	Reply    = "reply"    // the requester's answer to what was asked back
	Withdraw = "withdraw" // by the requester
	Take     = "take"     // of a conflict: the file is right
	Keep     = "keep"     // of a conflict: the value corrected by hand is right
)

// Answer is a person's word on a request.
type Answer struct {
	Action string
	Words  string // why; required but for Accept and Withdraw
	Anyway bool   // carry it out though the value has changed meanwhile
	Paper  string // with Reply: further evidence
}

// Actions are the answers that an actor may give to a request as it stands. The
// source answers, and whoever above it the request has risen to; they need the
// rights to correct and to commit. Nobody answers what they asked for themselves,
// whichever of their grants they act under.
func (c *Correct) Actions(actor luoshu.Actor, r *Request) []string {
	if c.acc.Require(actor, "correct") != nil || !c.reaches(actor, r.Entity) {
		return nil
	}
	mine := r.By.Name == actor.Name
	asked := slices.Contains(r.Asked, actor.Org) && c.acc.Require(actor, "commit") == nil
	switch {
	case r.Kind == KindConflict:
		if asked && r.State == Open {
			return []string{Take, Keep}
		}
	case mine && r.State == Returned:
		return []string{Reply, Withdraw}
	case mine && r.State == Open:
		return []string{Withdraw}
	case asked && !mine && r.State == Open:
		return []string{Accept, Return, Reject}
	}
	return nil
}

// reaches reports whether the actor's role has an entity at all.
func (c *Correct) reaches(actor luoshu.Actor, entity string) bool {
	role := c.acc.Role(actor)
	return role != nil && (len(role.Entities) == 0 || slices.Contains(role.Entities, entity))
}

// Answer gives an answer. Of two who answer at once one wins and the other is
// told (Conflict). Accepting and taking are one commit in the answerer's name,
// which names the request's number only: what was
// said lies sealed with the request, and a commit's reason in clear. Where the source itself accepts, a record
// that was verified stays so as of the day it was: the new value is confirmed by its
// source, and nobody has looked at the others anew. Where somebody above it answers,
// the record waits to be verified again. When the value has changed since it was
// asked for, that is a Conflict until a person says Anyway.
func (c *Correct) Answer(ctx context.Context, actor luoshu.Actor, id int64, a Answer) (*Request, error) {
	r, err := c.Request(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.Actions(actor, r), a.Action) {
		if r.State != Open && r.State != Returned {
			return r, luoshu.Errorf(luoshu.Conflict, "这项更正已由 %s 答复（%s）", "this correction has been answered already by %s (%s)", r.AnsweredBy, r.State)
		}
		return r, luoshu.Errorf(luoshu.Denied, "您不能这样答复这项更正", "you may not answer this correction so")
	}
	a.Words = strings.TrimSpace(a.Words)
	if err := checkReason(a.Words, a.Action != Accept && a.Action != Withdraw); err != nil {
		return r, err
	}
	switch a.Action {
	case Accept, Take:
		err = c.carryOut(ctx, actor, r, a)
	default:
		err = c.settle(ctx, actor, r, a)
	}
	if err != nil {
		return r, err
	}
	return c.Request(ctx, actor, id)
}

// after is the state that an answer leads to.
var after = map[string]string{Accept: Accepted, Reject: Rejected, Return: Returned, Reply: Open, Withdraw: Withdrawn, Take: Taken, Keep: Kept}

// settle gives an answer that changes no record.
func (c *Correct) settle(ctx context.Context, actor luoshu.Actor, r *Request, a Answer) error {
	return c.db.Tx(ctx, func(tx *store.Tx) error {
		words, err := tx.SealText("correction.answer", a.Words, r.ID)
		if err != nil {
			return err
		}
		set, args := `state = ?, answered_by = ?, answered_at = ?, answer = ?`, []any{after[a.Action], actor.Name, c.now().UTC().Format(time.RFC3339), words}
		if a.Action == Reply {
			// The term runs anew from the day the source has what it asked for.
			today := c.Today()
			set, args = `state = ?, since = ?, due = ?, steps = 0`, []any{Open, today, addDays(today, r.Days)}
		}
		if err := claim(ctx, tx, r, set, args); err != nil {
			return err
		}
		if a.Action == Reply {
			if err := c.attach(ctx, tx, a.Paper, actor, []int64{r.ID}); err != nil {
				return err
			}
		}
		return c.event(ctx, tx, r.ID, verb(a.Action), actor, a.Words)
	})
}

// claim changes a request that still stands as it was read; Conflict otherwise.
func claim(ctx context.Context, tx *store.Tx, r *Request, set string, args []any) error {
	res, err := tx.Exec(ctx, `UPDATE correction SET `+set+` WHERE id = ? AND state = ?`, append(args, r.ID, r.State)...)
	if err != nil {
		return fmt.Errorf("answer correction: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return luoshu.Errorf(luoshu.Conflict, "另一人刚刚答复了这项更正，请刷新查看", "somebody else has just answered this correction; reload to see")
	}
	return nil
}

func verb(action string) string {
	return map[string]string{
		Accept: "accepted", Reject: "rejected", Return: "returned", Reply: "replied", Withdraw: "withdrawn", Take: "taken", Keep: "kept",
	}[action]
}

// carryOut claims a request, commits what it asks for and closes it. A crash in
// between is mended by Sweep: the commit's id tells whether it was made.
func (c *Correct) carryOut(ctx context.Context, actor luoshu.Actor, r *Request, a Answer) error {
	e, now, err := c.record(ctx, r.Entity, r.Rec)
	if err != nil {
		return err
	}
	want := map[string]luoshu.Value{}
	changes := slices.Clone(r.Fields)
	for i, ch := range changes {
		f := e.Field(ch.Field)
		if f == nil {
			return luoshu.Errorf(luoshu.Conflict, "字段 %s 已不存在", "the field %s is no longer there", ch.Field)
		}
		if v := now.Values[f.Index]; v != ch.Before && v != ch.After && !a.Anyway {
			return errClash
		}
		changes[i].Before, want[ch.Field] = now.Values[f.Index], ch.After
	}
	for _, f := range c.forms[e.Name].Check(now.Values, want).Faults {
		if !f.Warning() {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: f.Field, Msg: luoshu.Text{ZH: f.ZH, EN: f.EN}}
		}
	}
	mark := fmt.Sprintf("correction-%d-%d", r.ID, now.Rid)
	err = c.db.Tx(ctx, func(tx *store.Tx) error {
		words, err := tx.SealText("correction.answer", a.Words, r.ID)
		if err != nil {
			return err
		}
		return claim(ctx, tx, r, `state = ?, answered_by = ?, answered_at = ?, answer = ?, mark = ?`,
			[]any{Carrying, actor.Name, c.now().UTC().Format(time.RFC3339), words, mark})
	})
	if err != nil {
		return err
	}
	res, err := c.commit(ctx, carry{
		e: e, now: now, changes: changes, by: actor, mark: mark, hand: r.Kind == KindRequest, file: r.File, row: r.Row, source: actor.Org == r.Org,
		reason: fmt.Sprintf("更正申请 %d Correction request %[1]d", r.ID),
	})
	if err != nil {
		// Nothing was written: the request waits as before.
		_, back := c.db.Exec(context.WithoutCancel(ctx), `UPDATE correction SET state = ?, answered_by = '', answered_at = '', answer = '', mark = '' WHERE id = ? AND state = ?`,
			Open, r.ID, Carrying)
		if back != nil {
			return fmt.Errorf("answer correction: %w", back)
		}
		return err
	}
	return c.close(ctx, r, actor, a.Words, res)
}

// close ends a request whose commit is made.
func (c *Correct) close(ctx context.Context, r *Request, by luoshu.Actor, words string, res ledger.Result) error {
	state, what := Accepted, verb(Accept)
	if r.Kind == KindConflict {
		state, what = Taken, verb(Take)
	}
	return c.db.Tx(ctx, func(tx *store.Tx) error {
		out, err := tx.Exec(ctx, `UPDATE correction SET state = ?, seq = ? WHERE id = ? AND state = ?`, state, res.Seq, r.ID, Carrying)
		if err != nil {
			return fmt.Errorf("answer correction: %w", err)
		}
		if n, err := out.RowsAffected(); err != nil || n != 1 {
			return nil // Sweep was faster
		}
		if r.Kind == KindConflict {
			// Whoever takes the file's value ends what was held by hand.
			for _, ch := range r.Fields {
				if _, err := tx.Exec(ctx, `DELETE FROM correction_hand WHERE entity = ? AND rec = ? AND field = ?`, r.Entity, r.Rec, ch.Field); err != nil {
					return fmt.Errorf("answer correction: %w", err)
				}
			}
		}
		return c.event(ctx, tx, r.ID, what, by, words)
	})
}
