package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// TakeBack is what the ledger asks when a commit is undone: of one that a round's
// confirmation made, the answers go too, so that what nobody has confirmed any more
// is open again. Acts of a task are taken back from the last one on, and only while
// the round takes answers: a sample or a seal that rests on them stays true.
func (v *Verify) TakeBack(ctx context.Context, tx *store.Tx, of ledger.CommitInfo) error {
	var task, taken, later int64
	var recs, state, round string
	err := tx.QueryRow(ctx, `SELECT x.task, x.recs, x.done, r.state, r.id FROM round_act x JOIN round_task t ON t.id = x.task JOIN round r ON r.n = t.round WHERE x.id = ?`, of.ID).
		Scan(&task, &recs, &taken, &state, &round)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("take an act back: %w", err)
	case state != Open:
		return luoshu.Errorf(luoshu.Conflict, "这是核验“%s”的确认，该轮答复已截止，不能撤销；如有错误，请对记录提出更正，下一轮会重新核验",
			"this is a confirmation of round %s, whose answers have ended, so it cannot be taken back; ask for a correction of what is wrong, the next round verifies anew", round)
	case taken == 0:
		return luoshu.Errorf(luoshu.Conflict, "这次确认还在写入，请稍后再撤销", "this confirmation is still being written; take it back in a moment")
	case taken != 1:
		return nil // taken back before, and brought back by an undo of the undo
	}
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM round_act WHERE task = ? AND done = 1 AND seq > ?`, task, of.Seq).Scan(&later); err != nil {
		return fmt.Errorf("take an act back: %w", err)
	}
	if later != 0 {
		return luoshu.Errorf(luoshu.Conflict, "同一任务后来还有确认（第 %d 次提交）；请先撤销它", "a later confirmation of the same task was made (commit %d); take that back first", later)
	}
	if recs == "" {
		err = v.reopen(ctx, tx, task, of)
	}
	for _, rec := range splitInts(recs) {
		if err == nil { // open in a list that is confirmed as a whole, and in one that is not
			_, err = tx.Exec(ctx, `UPDATE round_answer SET kind = ? WHERE task = ? AND rec = ? AND kind = ?`, again, task, rec, Confirm)
		}
	}
	if err != nil {
		return fmt.Errorf("take an act back: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE round_act SET done = 2 WHERE id = ?`, of.ID); err != nil {
		return fmt.Errorf("take an act back: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE round_task SET rev = rev + 1, done_on = 0 WHERE id = ?`, task); err != nil {
		return fmt.Errorf("take an act back: %w", err)
	}
	return nil
}

// reopen opens what the confirmation of a list confirmed: the list itself, or where
// it had been confirmed before, the records that this act added.
func (v *Verify) reopen(ctx context.Context, tx *store.Tx, task int64, of ledger.CommitInfo) error {
	var before int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM round_act WHERE task = ? AND done = 1 AND recs = '' AND id <> ?`, task, of.ID).Scan(&before); err != nil {
		return err
	}
	if before == 0 {
		_, err := tx.Exec(ctx, `UPDATE round_task SET listed = 0 WHERE id = ?`, task)
		return err
	}
	rids := map[int64]int64{}
	err := tx.Scan(ctx, `SELECT rec, rid FROM attestation WHERE seq = ? AND entity = ?`, []any{of.Seq, of.Entity}, func(r *store.Row) error {
		rids[r.Int(0)] = r.Int(1)
		return nil
	})
	for rec, rid := range rids {
		if err == nil {
			err = putAnswer(ctx, tx, task, Item{Rec: rec, Kind: again, By: of.Actor.Name, At: of.At}, rid)
		}
	}
	return err
}
