package beside

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu/kernel/store"
)

// Together gives commits that are made in one, and taken back in one, ids by which
// they know each other: each keeps its own ("merge-7-0", "merge-7-1") or has the one
// that next would have. A single one keeps its own as it is.
func Together(own []string, next string) []string {
	if len(own) < 2 {
		return own
	}
	out := make([]string, len(own))
	for i, id := range own {
		if id == "" {
			id = next
		}
		out[i] = fmt.Sprintf("%s+%d", id, i)
	}
	return out
}

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
	stem, _, ok := strings.Cut(id, "+")
	if !ok {
		return alone, nil
	}
	if i := strings.LastIndexByte(stem, '-'); i >= 0 {
		stem = stem[:i+1]
	} else {
		stem += "+"
	}
	var out []int64
	err = b.DB.Scan(ctx, `SELECT c.seq FROM commit_log c WHERE c.id >= ? AND c.id < ? AND c.id LIKE '%+%' AND NOT EXISTS
		(SELECT 1 FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0) ORDER BY c.seq DESC`, []any{stem, stem + "~"}, func(r *store.Row) error {
		out = append(out, r.Int(0))
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
