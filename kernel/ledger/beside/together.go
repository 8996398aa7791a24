package beside

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// Together gives commits that are made in one, and taken back in one, ids by which
// they know each other: each keeps its own, or has the one that next would have, and
// bears the mark of them all behind it. A single one keeps its own as it is.
func Together(own []string, next string) []string {
	if len(own) < 2 {
		return own
	}
	if own[0] != "" { // so that a repeated one is the same one
		next = own[0]
	}
	mark := hex.EncodeToString(chain.Sum([]byte(next))[:8])
	out := make([]string, len(own))
	for i, id := range own {
		if id == "" {
			id = next
		}
		out[i] = fmt.Sprintf("%s+%s.%d", id, mark, i)
	}
	return out
}

// near is how far from each other, in numbers, commits that are made in one can lie.
const near = 1000

// Companions are the commits that were made in one with another and that nothing has
// taken back, the last one first; of one that was made alone, or is taken back itself,
// only that one.
func (b Book) Companions(ctx context.Context, seq int64) ([]int64, error) {
	alone := []int64{seq}
	var id string
	err := b.DB.QueryRow(ctx, `SELECT coalesce(max(id), '') FROM commit_log WHERE seq = ?`, seq).Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("find what was committed together: %w", err)
	}
	at, dot := strings.LastIndexByte(id, '+'), strings.LastIndexByte(id, '.')
	if at < 0 || dot < at {
		return alone, nil
	}
	var out []int64
	err = b.DB.Scan(ctx, `SELECT c.seq, c.id FROM commit_log c WHERE c.seq BETWEEN ? AND ? AND NOT EXISTS
		(SELECT 1 FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0) ORDER BY c.seq DESC`, []any{seq - near, seq + near}, func(r *store.Row) error {
		if strings.Contains(r.Text(1), id[at:dot+1]) {
			out = append(out, r.Int(0))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find what was committed together: %w", err)
	}
	if !slices.Contains(out, seq) {
		return alone, nil
	}
	return out, nil
}
