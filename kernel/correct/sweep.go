package correct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// stuck is how long an answer may be in the writing before Sweep looks after it.
const stuck = 10 * time.Minute

// machine is who reminds and raises.
var machine = luoshu.Actor{Name: "luoshu"}

// Sweep reminds of terms that end soon, lets overdue requests rise one level of
// organisations for every term that has passed, gives requests whose record has
// moved to the organisation that answers now, and finishes answers that a crash
// interrupted. What it does follows from dates alone, so that it may run as often
// as one likes and a clock that jumps back raises nothing twice. It returns how
// many requests it changed.
func (c *Correct) Sweep(ctx context.Context, now time.Time) (int, error) {
	n, err := c.mend(ctx, now)
	if err != nil {
		return n, err
	}
	// Evidence that no request has named within a week is not going to be.
	if _, err := c.db.Exec(ctx, `DELETE FROM correction_paper WHERE correction = 0 AND at < ?`, now.AddDate(0, 0, -7).UTC().Format(time.RFC3339)); err != nil {
		return n, fmt.Errorf("sweep corrections: %w", err)
	}
	all, err := c.requests(ctx, c.db, `state IN ('open', 'returned')`)
	if err != nil {
		return n, err
	}
	for _, r := range all {
		changed, err := c.sweepOne(ctx, r, dayOf(now))
		if err != nil {
			return n, fmt.Errorf("sweep correction %d: %w", r.ID, err)
		}
		if changed {
			n++
		}
	}
	return n, nil
}

// Follow brings the requests on some records of an entity up to what became of the
// records: one that a merge has removed gives its requests to the record that is
// left, and takes them back if the merge is taken back. Sweep does the same for all.
func (c *Correct) Follow(ctx context.Context, entity string, recs ...int64) error {
	in := make([]any, 0, 1+2*len(recs))
	in = append(in, entity)
	for range 2 {
		for _, rec := range recs {
			in = append(in, rec)
		}
	}
	all, err := c.requests(ctx, c.db, `state IN ('open', 'returned') AND entity = ? AND (rec IN (`+holes(len(recs))+`) OR first_rec IN (`+holes(len(recs))+`))`, in...)
	if err != nil {
		return err
	}
	for _, r := range all {
		if _, err := c.sweepOne(ctx, r, c.Today()); err != nil {
			return fmt.Errorf("follow correction %d: %w", r.ID, err)
		}
	}
	return nil
}

// follow turns a request to the record that stands for the one it was asked for. It
// says what happened, "" for nothing.
func (c *Correct) follow(ctx context.Context, r *Request) (string, error) {
	e := c.cat.Entity(r.Entity)
	if e == nil {
		return "", nil
	}
	first := r.First
	if first == 0 {
		first = r.Rec
	}
	heir, err := c.led.Heir(ctx, e, first)
	if err != nil || heir == 0 || heir == r.Rec {
		return "", err
	}
	r.Rec = heir
	if heir == first {
		r.First = 0
		return "unmerged", nil
	}
	r.First = first
	return "merged", nil
}

// sweepOne brings one request up to a day.
func (c *Correct) sweepOne(ctx context.Context, r *Request, today int64) (bool, error) {
	what, err := c.follow(ctx, r)
	if err != nil {
		return false, err
	}
	org := r.Org
	moved, err := c.reroute(ctx, r)
	if err != nil {
		return false, err
	}
	tree, err := c.acc.Tree(ctx)
	if err != nil {
		return false, err
	}
	steps, asked := r.Steps, slices.Clone(r.Asked)
	if r.State == Open && r.Days > 0 {
		for want := (daysBetween(r.Since, today) - 1) / r.Days; steps < want; steps++ {
			up := tree.Get(asked[len(asked)-1])
			if up == nil || up.Parent == "" || tree.Get(up.Parent) == nil || slices.Contains(asked, up.Parent) {
				break
			}
			asked = append(asked, up.Parent)
		}
	}
	due := addDays(r.Since, r.Days*(steps+1))
	remind := r.State == Open && r.Remind > 0 && r.Reminded < due && today >= addDays(due, -r.Remind) && today <= due
	if !moved && what == "" && steps == r.Steps && !remind {
		return false, nil
	}
	return true, c.db.Tx(ctx, func(tx *store.Tx) error {
		reminded := r.Reminded
		if remind {
			reminded = due
		}
		if r.State != Open {
			due = r.Due
		}
		err := claim(ctx, tx, r, `rec = ?, first_rec = ?, holder = ?, org = ?, asked = ?, steps = ?, due = ?, reminded = ?`,
			[]any{r.Rec, r.First, r.Holder, r.Org, joinCodes(asked), steps, due, reminded})
		if known := (*luoshu.Error)(nil); errors.As(err, &known) {
			return nil // answered this moment
		}
		if err != nil {
			return err
		}
		if what != "" {
			if err := c.event(ctx, tx, r.ID, what, machine, ""); err != nil {
				return err
			}
		}
		if moved && (what == "" || r.Org != org) {
			if err := c.event(ctx, tx, r.ID, "moved", machine, r.Org); err != nil {
				return err
			}
		}
		for _, org := range asked[min(len(asked), len(r.Asked)):] {
			if err := c.event(ctx, tx, r.ID, "risen", machine, org); err != nil {
				return err
			}
		}
		if remind {
			return c.event(ctx, tx, r.ID, "reminded", machine, luoshu.FormatDate(due))
		}
		return nil
	})
}

// reroute gives a request to the organisation that answers as of now, if another
// does: the record may have moved, or the organisation have closed.
func (c *Correct) reroute(ctx context.Context, r *Request) (bool, error) {
	e, now, err := c.record(ctx, r.Entity, r.Rec)
	if known := (*luoshu.Error)(nil); errors.As(err, &known) {
		return false, nil // the record is gone; the request can still be rejected
	}
	if err != nil {
		return false, err
	}
	if len(r.Fields) == 0 || e.Field(r.Fields[0].Field) == nil {
		return false, nil
	}
	tree, err := c.acc.Tree(ctx)
	if err != nil {
		return false, err
	}
	g := &Guard{c: c, e: e, tree: tree, own: map[string][]bool{}, holders: map[string]string{}}
	a, holder, err := g.Answerer(ctx, e.Field(r.Fields[0].Field), now.Values)
	if err != nil {
		return false, err
	}
	if holder == r.Holder && a.Org == r.Org {
		return false, nil
	}
	r.Holder = holder
	if a.Org != r.Org {
		r.Org, r.Asked, r.Steps = a.Org, []string{a.Org}, 0
	}
	return true, nil
}

// mend finishes answers that a crash interrupted: the ledger tells whether their
// commit was made.
func (c *Correct) mend(ctx context.Context, now time.Time) (int, error) {
	all, err := c.requests(ctx, c.db, `state = 'carrying'`)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range all {
		at, err := time.Parse(time.RFC3339, r.AnsweredAt)
		if err == nil && now.Sub(at) < stuck {
			continue // somebody is at it
		}
		var seq int64
		if err := c.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log WHERE id = ?`, r.mark).Scan(&seq); err != nil {
			return n, fmt.Errorf("mend correction: %w", err)
		}
		n++
		if seq > 0 {
			if err := c.close(ctx, r, luoshu.Actor{Name: r.AnsweredBy}, r.Answer, ledger.Result{Seq: seq}); err != nil {
				return n, err
			}
			continue
		}
		if _, err := c.db.Exec(ctx, `UPDATE correction SET state = 'open', answered_by = '', answered_at = '', answer = '', mark = '' WHERE id = ? AND state = 'carrying'`, r.ID); err != nil {
			return n, fmt.Errorf("mend correction: %w", err)
		}
	}
	return n, nil
}
