// Package beside keeps what a commit writes beside versions: attestations and the
// keys that records used to have. Only the ledger uses it.
package beside

import (
	"context"
	"fmt"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// FetchRows is how many versions are read or closed by one statement.
const FetchRows = 256

// Padded turns rows into FetchRows arguments, the last one repeated, so that
// every statement has the same text.
func Padded[T any](rows []T, rid func(T) int64) []any {
	args := make([]any, FetchRows)
	for i := range args {
		args[i] = rid(rows[min(i, len(rows)-1)])
	}
	return args
}

// Holes is n placeholders.
func Holes(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// CurrentRids finds the current versions of records. A record's first version is
// its own number; only later ones are indexed by it.
func CurrentRids(ctx context.Context, tx *store.Tx, entity string, recs []int64) ([]int64, error) {
	table := store.Table(entity)
	args := Padded(recs, func(r int64) int64 { return r })
	var out []int64
	err := tx.Scan(ctx, `SELECT _rid FROM `+table+` WHERE _rid IN (`+Holes(FetchRows)+`) AND _rid = _rec AND _to IS NULL
		UNION ALL SELECT _rid FROM `+table+` WHERE _rec IN (`+Holes(FetchRows)+`) AND _rec <> _rid AND _to IS NULL`,
		append(args[:len(args):len(args)], args...), func(r *store.Row) error {
			out = append(out, r.Int(0))
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("find versions of %s: %w", entity, err)
	}
	return out, nil
}

// Attest moves the dates of versions forward, keeps what stood there, and says
// how many it moved.
func Attest(ctx context.Context, tx *store.Tx, entity string, rids []int64, seq, on int64) (int64, error) {
	var n int64
	table := store.Table(entity)
	const older = `(_verified IS NULL OR _verified < ?) AND _rid IN (`
	for len(rids) > 0 {
		part := rids[:min(len(rids), FetchRows)]
		rids = rids[len(part):]
		ids := Padded(part, func(r int64) int64 { return r })
		_, err := tx.Exec(ctx, `INSERT INTO attestation (entity, rid, seq, rec, on_date, was)
			SELECT CAST(? AS TEXT), _rid, CAST(? AS BIGINT), _rec, CAST(? AS BIGINT), coalesce(_verified, 0) FROM `+table+` WHERE `+older+Holes(FetchRows)+`)`,
			append([]any{entity, seq, on, on}, ids...)...)
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		res, err := tx.Exec(ctx, `UPDATE `+table+` SET _verified = ? WHERE `+older+Holes(FetchRows)+`)`, append([]any{on, on}, ids...)...)
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		k, err := res.RowsAffected()
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		n += k
	}
	return n, nil
}

// Unattest takes the attestations of a commit back: a version whose newest it is
// gets the date that stood there before.
func Unattest(ctx context.Context, tx *store.Tx, e *catalog.Entity, of, seq int64) (int64, error) {
	table := store.Table(e.Name)
	res, err := tx.Exec(ctx, `INSERT INTO attestation (entity, rid, seq, rec, on_date, was)
		SELECT a.entity, a.rid, CAST(? AS BIGINT), a.rec, a.was, a.on_date FROM attestation a JOIN `+table+` r ON r._rid = a.rid AND r._to IS NULL
		WHERE a.seq = ? AND a.entity = ? AND NOT EXISTS (SELECT 1 FROM attestation b WHERE b.entity = a.entity AND b.rid = a.rid AND b.seq > a.seq)`,
		seq, of, e.Name)
	if err != nil {
		return 0, fmt.Errorf("take attestations of %s back: %w", e.Name, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE `+table+` SET _verified = (SELECT CASE WHEN a.on_date = 0 THEN NULL ELSE a.on_date END FROM attestation a
		WHERE a.entity = ? AND a.rid = `+table+`._rid AND a.seq = ?)
		WHERE _rid IN (SELECT rid FROM attestation WHERE seq = ?)`, e.Name, seq, seq)
	if err != nil {
		return 0, fmt.Errorf("take attestations of %s back: %w", e.Name, err)
	}
	return n, nil
}
