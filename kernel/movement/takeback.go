package movement

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"luoshu/kernel/access"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// casePrefix begins the id of every commit that carries a case out.
const casePrefix = "move:"

// caseCommit is a new id for the commits that carry case n out; a case that was
// taken back may be asked for and carried out anew, so it is never the same.
func caseCommit(n int64) string {
	return fmt.Sprintf("%s%d:%s", casePrefix, n, strings.ToLower(rand.Text()[:16]))
}

// TakeBack is for ledger.OnUndo: a case whose commit is taken back is undone, in the
// same transaction, and done again if that is taken back in its turn.
func (m *Mover) TakeBack(ctx context.Context, tx *store.Tx, of ledger.CommitInfo) error {
	id, from, to := of.ID, Done, Undone
	if of.UndoOf != 0 {
		from, to = Undone, Done
		if err := tx.QueryRow(ctx, `SELECT id FROM commit_log WHERE seq = ?`, of.UndoOf).Scan(&id); err != nil {
			return fmt.Errorf("take a case back: %w", err)
		}
	}
	rest, ok := strings.CutPrefix(id, casePrefix)
	number, _, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return nil
	}
	res, err := tx.Exec(ctx, `UPDATE movement_case SET state = ? WHERE n = ? AND state = ?`, to, n, from)
	if err != nil {
		return fmt.Errorf("take a case back: %w", err)
	}
	if k, err := res.RowsAffected(); err != nil || k == 0 {
		return err // another of the commits made in one was asked about before
	}
	m.forget()
	return m.event(ctx, tx, n, "", access.Operator, to, strconv.FormatInt(of.Seq, 10))
}
