// Package search makes the columns that names are found by: folded, in pinyin, by
// initials. Only the ledger uses it.
package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/fold"
	"luoshu/kernel/store"
)

// Refold makes the search columns of an entity anew when the fields that are
// searched, or the way names are folded, changed since they were written.
func Refold(ctx context.Context, db *store.DB, cat *catalog.Catalog) error {
	for _, e := range cat.Entities {
		if len(e.Search) == 0 {
			continue
		}
		name, want := "fold:"+e.Name, fold.Version+":"+strings.Join(e.Search, ",")
		var have string
		err := db.QueryRow(ctx, `SELECT value FROM setting WHERE key = ?`, name).Scan(&have)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read setting: %w", err)
		}
		if have == want {
			continue
		}
		err = db.Tx(ctx, func(tx *store.Tx) error {
			if err := refoldEntity(ctx, tx, e); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES (?, ?)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, name, want)
			return err
		})
		if err != nil {
			return fmt.Errorf("fold names of %s: %w", e.Name, err)
		}
	}
	return nil
}

func refoldEntity(ctx context.Context, tx *store.Tx, e *catalog.Entity) error {
	cols, at := make([]string, len(e.Search)), make([]int, len(e.Search))
	for i, s := range e.Search {
		cols[i], at[i] = s, i
	}
	table := store.Table(e.Name)
	type row struct {
		rid     int64
		s, p, i string
	}
	for after := int64(0); ; {
		var rows []row
		err := tx.Scan(ctx, `SELECT _rid, `+store.Cols(cols)+` FROM `+table+` WHERE _rid > ? ORDER BY _rid LIMIT 5000`, []any{after},
			func(r *store.Row) error {
				vals := make([]luoshu.Value, len(cols))
				for i := range vals {
					vals[i] = r.Value(1 + i)
				}
				x := row{rid: r.Int(0)}
				x.s, x.p, x.i = Fold(at, vals)
				rows = append(rows, x)
				return nil
			})
		if err != nil || len(rows) == 0 {
			return err
		}
		st, err := tx.Prepare(ctx, `UPDATE `+table+` SET _s = ?, _p = ?, _i = ? WHERE _rid = ?`)
		if err != nil {
			return err
		}
		for _, x := range rows {
			if _, err := st.ExecContext(ctx, luoshu.TextValue(x.s).Any(), luoshu.TextValue(x.p).Any(),
				luoshu.TextValue(x.i).Any(), x.rid); err != nil {
				st.Close()
				return err
			}
		}
		st.Close()
		after = rows[len(rows)-1].rid
	}
}

// Fold makes the search columns of a row from the fields at the given places.
func Fold(fields []int, vals []luoshu.Value) (s, full, initials string) {
	for _, i := range fields {
		if vals[i].S == "" {
			continue
		}
		a, b, c := fold.Name(cut(vals[i].S))
		if s == "" {
			s, full, initials = a, b, c
			continue
		}
		s, full, initials = s+" "+a, full+" "+b, initials+" "+c
	}
	return cut(s), cut(full), cut(initials)
}

// MaxIndexed bounds, in bytes, what goes into an index: PostgreSQL takes no
// entry above 2,700.
const MaxIndexed = 512

// cut shortens a text to MaxIndexed bytes, at a character.
func cut(s string) string {
	if len(s) <= MaxIndexed {
		return s
	}
	return strings.ToValidUTF8(s[:MaxIndexed], "")
}
