package verify

import (
	"context"
	"database/sql"
	"fmt"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/store"
)

// Close ends a round: the set rules are run over its entities, the ledger is
// sealed in the name of the actor, who answers for it, and units that have not
// answered are counted. A closed round is not opened again.
func (v *Verify) Close(ctx context.Context, actor luoshu.Actor, id, note string, p luoshu.Progress) (*Status, error) {
	r, err := v.MayClose(ctx, actor, id, note)
	if err != nil {
		return nil, err
	}
	if err := v.finishActs(ctx); err != nil {
		return nil, err
	}
	if v.Rules != nil {
		var entities []string
		for _, x := range r.Spec.Lists {
			entities = append(entities, x.Entity)
		}
		if err := v.Rules(ctx, entities, p); err != nil {
			return nil, err
		}
	}
	st, err := v.Status(ctx, actor, id, "", "")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s %s · %d/%d", r.ID, r.Spec.Title.ZH, st.Counts.Confirmed, st.Counts.Total)
	if note != "" {
		text += " · " + note
	}
	seal, err := v.Seal(ctx, actor, text, p)
	if err != nil {
		return nil, err
	}
	late := int64(st.Overdue + st.Waiting)
	n, err := touched(v.DB.Exec(ctx, `UPDATE round SET state = ?, closed_at = ?, closed_by = ?, seal = ?, note = ?, overdue = ? WHERE n = ? AND state <> ?`,
		Closed, v.stamp(), actor.Name, seal.ID, note, late, r.N, Closed))
	if err != nil {
		return nil, fmt.Errorf("close round: %w", err)
	}
	if n == 0 {
		return nil, errStale()
	}
	return v.Status(ctx, actor, id, "", "")
}

// MayClose returns the round if the actor may close it as it stands, with a note.
func (v *Verify) MayClose(ctx context.Context, actor luoshu.Actor, id, note string) (*Round, error) {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := v.leads(ctx, actor, r); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(note) > maxNote {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "说明太长", EN: "the note is too long"}}
	}
	return r, v.closable(ctx, r)
}

// closable says why a round cannot be closed yet, nil if it can.
func (v *Verify) closable(ctx context.Context, r *Round) error {
	if r.State == Closed {
		return luoshu.Errorf(luoshu.Conflict, "本轮核验已结束", "the round is closed")
	}
	if r.Spec.Spot == nil {
		return nil
	}
	if r.State == Open {
		return luoshu.Errorf(luoshu.Conflict, "还没有截止答复并抽查", "the answers have not been ended and spot-checked yet")
	}
	if err := v.drawAll(ctx, r); err != nil {
		return err
	}
	var open int64
	if err := v.DB.QueryRow(ctx, `SELECT count(*) FROM round_check WHERE round = ? AND settled = ''`, r.N).Scan(&open); err != nil {
		return fmt.Errorf("read spot checks: %w", err)
	}
	if open > 0 {
		return luoshu.Errorf(luoshu.Conflict, "还有 %d 个单位的抽查没有结论", "the spot checks of %d units are not settled", open)
	}
	return nil
}

// Sweep completes what was cut off and makes the reminders and escalations that
// the dates ask for, each once however the clock goes. It answers how many it made.
func (v *Verify) Sweep(ctx context.Context) (int, error) {
	if err := v.finishActs(ctx); err != nil {
		return 0, err
	}
	open, err := v.rounds(ctx, `state <> 'closed'`)
	if err != nil {
		return 0, err
	}
	made := 0
	for _, r := range open {
		if r.State == Checking {
			if err := v.drawAll(ctx, r); err != nil {
				return made, err
			}
		}
		n, err := v.sweepRound(ctx, r)
		made += n
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// notice is a reminder to a holder, or word to those above it.
type notice struct {
	task, due, days int64
	kind, org       string
}

func (v *Verify) sweepRound(ctx context.Context, r *Round) (int, error) {
	list, err := v.tasks(ctx, `t.round = ?`, r.N)
	if err != nil {
		return 0, err
	}
	tree, err := v.Access.Tree(ctx)
	if err != nil {
		return 0, err
	}
	today := v.Today()
	var want []notice
	for _, t := range list {
		t.Round = r
		if t.Open == 0 || t.answerable() != nil {
			continue
		}
		// Of several reminders whose day has come the last one counts.
		for i := len(r.Spec.Remind) - 1; i >= 0; i-- {
			if d := r.Spec.Remind[i]; today >= addDays(t.Due, -d) {
				want = append(want, notice{t.ID, t.Due, int64(d), "remind", t.Org})
				break
			}
		}
		path := tree.Path(t.Org)
		for i, d := range r.Spec.Escalate {
			if up := len(path) - 2 - i; up >= 0 && today >= addDays(t.Due, d) {
				want = append(want, notice{t.ID, t.Due, int64(d), "escalate", path[up].Code})
			}
		}
	}
	return v.keepNotices(ctx, want, today)
}

func (v *Verify) keepNotices(ctx context.Context, want []notice, today int64) (int, error) {
	made := 0
	if len(want) == 0 {
		return 0, nil
	}
	err := v.DB.Tx(ctx, func(tx *store.Tx) error {
		for _, n := range want {
			k, err := touched(tx.Exec(ctx, `INSERT INTO round_notice (task, due, kind, days, org, on_day)
				SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT)
				WHERE NOT EXISTS (SELECT 1 FROM round_notice x WHERE x.task = ? AND x.due = ? AND x.kind = ? AND (x.days = ? OR x.kind = 'remind' AND x.days < ?))`,
				n.task, n.due, n.kind, n.days, n.org, today, n.task, n.due, n.kind, n.days, n.days))
			if err != nil {
				return fmt.Errorf("keep a notice: %w", err)
			}
			made += int(k)
		}
		return nil
	})
	return made, err
}

// Notice is a reminder or escalation that concerns an organisation.
type Notice struct {
	Round string `json:"round"`
	Kind  string `json:"kind"` // remind, escalate
	Day   int64  `json:"day"`
	Due   int64  `json:"due"`
	Tasks int64  `json:"tasks"`
}

// Notices counts what the actor's organisation has been told about rounds that are
// not closed and tasks that are still not answered.
func (v *Verify) Notices(ctx context.Context, actor luoshu.Actor) ([]Notice, error) {
	out := []Notice{}
	err := v.scan(ctx, `SELECT r.id, n.kind, max(n.on_day), n.due, count(DISTINCT n.task) FROM round_notice n JOIN round_task t ON t.id = n.task JOIN round r ON r.n = t.round
		WHERE n.org = ? AND r.state <> 'closed' AND t.done_on = 0 AND n.due = t.due GROUP BY r.id, n.kind, n.due ORDER BY r.id, n.kind, n.due`,
		[]any{actor.Org}, func(rows *sql.Rows) error {
			var n Notice
			err := rows.Scan(&n.Round, &n.Kind, &n.Day, &n.Due, &n.Tasks)
			out = append(out, n)
			return err
		})
	return out, err
}
