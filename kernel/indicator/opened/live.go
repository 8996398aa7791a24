package opened

import (
	"context"
	"fmt"
	"time"

	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// LiveAsOf returns the condition for the rows of an entity as of a ledger
// sequence. Where nothing was committed to the entity since, its current rows
// are the same and found by far better indexes; it holds within tx only.
func LiveAsOf(ctx context.Context, tx *store.Tx, seq int64) (func(entity, alias string) string, error) {
	changed, err := touched(ctx, tx, "commit_log", seq)
	if err != nil {
		return nil, err
	}
	return func(entity, alias string) string {
		if !changed[entity] {
			return alias + "._to IS NULL"
		}
		return fmt.Sprintf("%[1]s._from <= %[2]d AND (%[1]s._to IS NULL OR %[1]s._to > %[2]d)", alias, seq)
	}, nil
}

// VerifiedAsOf returns the expression for the day on which a version of an entity was
// last confirmed as of a ledger sequence, which is the present one where nothing was
// confirmed since.
func VerifiedAsOf(ctx context.Context, tx *store.Tx, seq int64) (func(entity, alias string) string, error) {
	later, err := touched(ctx, tx, "attestation", seq)
	if err != nil {
		return nil, err
	}
	return func(entity, alias string) string {
		now := alias + "._verified"
		if !later[entity] {
			return now
		}
		of := fmt.Sprintf("FROM attestation a WHERE a.entity = '%s' AND a.rid = %s._rid AND a.seq > %d", entity, alias, seq)
		return fmt.Sprintf("CASE WHEN EXISTS (SELECT 1 %[1]s) THEN NULLIF((SELECT a.was %[1]s ORDER BY a.seq LIMIT 1), 0) ELSE %[2]s END", of, now)
	}, nil
}

// touched names the entities that a table of the ledger speaks of after a sequence.
func touched(ctx context.Context, tx *store.Tx, table string, seq int64) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT entity FROM `+table+` WHERE seq > ?`, seq)
	if err != nil {
		return nil, fmt.Errorf("commits since the seal: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("commits since the seal: %w", err)
		}
		out[s] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("commits since the seal: %w", err)
	}
	return out, nil
}

// FreshFrom returns, for an entity, the oldest day on which an attestation still
// counts at the seal's date: its months before, or any day.
func FreshFrom(at string) (func(*catalog.Entity) int64, error) {
	day, err := time.Parse(time.DateOnly, at[:min(len(at), len(time.DateOnly))])
	if err != nil {
		return nil, fmt.Errorf("date of the seal: %w", err)
	}
	return func(e *catalog.Entity) int64 {
		if e.Months <= 0 {
			return 1
		}
		d := day.AddDate(0, -e.Months, 0)
		return int64(d.Year())*10000 + int64(d.Month())*100 + int64(d.Day())
	}, nil
}
