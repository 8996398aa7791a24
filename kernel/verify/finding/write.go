package finding

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"luoshu/kernel/charter"
	"luoshu/kernel/store"
)

// The states of a finding.
const (
	Open      = "open"
	Explained = "explained"
	Resolved  = "resolved"
)

// writer enters what a run finds, some hundred at a time.
type writer struct {
	f    *Findings
	r    *charter.SetRule
	run  int64
	out  *Run
	wait []hit
	err  error // of the database, as against a fault of the rule
}

func (w *writer) add(h hit) error {
	if w.out.Found++; w.out.Found > mostHit {
		return errMany
	}
	if w.wait = append(w.wait, h); len(w.wait) < batch {
		return nil
	}
	w.err = w.flush(context.Background())
	return w.err
}

func (w *writer) flush(ctx context.Context) error {
	if len(w.wait) == 0 {
		return nil
	}
	at := w.f.now().UTC().Format(time.RFC3339)
	err := w.f.db.Tx(ctx, func(tx *store.Tx) error {
		for _, h := range w.wait {
			if err := w.put(ctx, tx, h, at); err != nil {
				return fmt.Errorf("enter a finding: %w", err)
			}
		}
		return nil
	})
	w.wait = w.wait[:0]
	return err
}

// put enters one row: a new finding, the one that is known, or one that is back.
func (w *writer) put(ctx context.Context, tx *store.Tx, h hit, at string) error {
	k := key(w.r, h)
	text, err := evidenceText(h.evidence)
	if err != nil {
		return err
	}
	var id, until, reopened int64
	var state, had string
	err = tx.QueryRow(ctx, `SELECT id, state, evidence, until, reopened FROM finding WHERE rule = ? AND id_key = ?`, w.r.ID, k).Scan(&id, &state, &had, &until, &reopened)
	today := w.f.day()
	if errors.Is(err, sql.ErrNoRows) {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) + 1 FROM finding`).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO finding (id, rule, id_key, entity, rec, org, severity, evidence, state, run, found_on, reopened, reason, until, by_name, changed_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, '', ?)`,
			id, w.r.ID, k, w.r.Entity, h.rec, h.org, w.r.Severity, text, Open, w.run, today, at); err != nil {
			return err
		}
		w.out.New++
		return event(ctx, tx, id, "found", "", at, "")
	}
	if err != nil {
		return err
	}
	back := state == Resolved || state == Explained && (had != text || until != 0 && today > until)
	if !back {
		_, err := tx.Exec(ctx, `UPDATE finding SET run = ?, evidence = ?, severity = ?, org = ? WHERE id = ?`, w.run, text, w.r.Severity, h.org, id)
		return err
	}
	w.out.Reopened++
	if _, err := tx.Exec(ctx, `UPDATE finding SET run = ?, evidence = ?, severity = ?, org = ?, state = ?, reopened = ?, reason = '', until = 0, by_name = '', changed_at = ? WHERE id = ?`,
		w.run, text, w.r.Severity, h.org, Open, reopened+1, at, id); err != nil {
		return err
	}
	return event(ctx, tx, id, "reopened", "", at, "")
}

// finish writes the rest and resolves what was not found any more.
func (w *writer) finish(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	at := w.f.now().UTC().Format(time.RFC3339)
	return w.f.db.Tx(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM finding WHERE rule = ? AND run < ? AND state <> ?`, w.r.ID, w.run, Resolved)
		if err != nil {
			return fmt.Errorf("find what is mended: %w", err)
		}
		var ids []int64
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return fmt.Errorf("find what is mended: %w", err)
			}
			ids = append(ids, id)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("find what is mended: %w", err)
		}
		for _, id := range ids {
			if _, err := tx.Exec(ctx, `UPDATE finding SET state = ?, changed_at = ? WHERE id = ?`, Resolved, at, id); err != nil {
				return fmt.Errorf("resolve a finding: %w", err)
			}
			if err := event(ctx, tx, id, Resolved, "", at, ""); err != nil {
				return fmt.Errorf("resolve a finding: %w", err)
			}
		}
		w.out.Resolved = int64(len(ids))
		return nil
	})
}

// event keeps what happened to a finding.
func event(ctx context.Context, tx *store.Tx, id int64, what, by, at, note string) error {
	_, err := tx.Exec(ctx, `INSERT INTO finding_event (finding, n, what, by_name, at, note)
		SELECT CAST(? AS BIGINT), coalesce(max(n), 0) + 1, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT) FROM finding_event WHERE finding = ?`,
		id, what, by, at, note, id)
	return err
}
