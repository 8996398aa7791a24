// Package opened says what a scan reads: which rows stand as of a seal, and the
// columns that tables hold sealed, opened for the length of the scan, in memory
// where the database allows it.
package opened

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Fields says which fields of which entities a scan must have opened.
type Fields map[string][]string

// Of picks those that lie in envelopes only out of what a statement reads: fields
// by entity.
func Of(db *store.DB, uses map[string]map[string]bool) Fields {
	var out Fields
	for entity, fields := range uses {
		for _, f := range slices.Sorted(maps.Keys(fields)) {
			if db.Form(entity).Rest(f) != catalog.Hidden {
				continue
			}
			if out == nil {
				out = Fields{}
			}
			out[entity] = append(out[entity], f)
		}
	}
	return out
}

// Has reports whether a field is among them.
func (f Fields) Has(entity, field string) bool { return slices.Contains(f[entity], field) }

// Table is the quoted name of the table with an entity's opened columns.
func Table(entity string) string { return `"o_` + entity + `"` }

// Alias is the alias of that table beside the given alias of the entity's own.
func Alias(alias string) string { return `"o_` + strings.Trim(alias, `"`) + `"` }

// Join writes the join of the opened columns beside a table, "" if there are none.
func (f Fields) Join(entity, alias string) string {
	if len(f[entity]) == 0 {
		return ""
	}
	return "\n LEFT JOIN " + Table(entity) + " AS " + Alias(alias) + " ON " + Alias(alias) + "._rid = " + alias + "._rid"
}

// Row is a version with the fields asked for, opened. Values are valid until the
// next row.
type Row struct {
	Rid, Rec int64
	Values   []luoshu.Value
}

// batch is how many versions are read by one statement.
const batch = 20_000

// Each reads the versions of an entity for which live holds (an SQL condition on
// the alias f, "" for all), a batch at a time, and opens the given fields. Between
// batches the transaction may be used for other statements.
func Each(ctx context.Context, tx *store.Tx, form *store.Form, fields []string, live string, each func([]Row) error) error {
	cells := form.Cells(fields)
	if live != "" {
		live = " AND (" + live + ")"
	}
	q := "SELECT f._rid, f._rec, f._h, f." + store.Envelope + " FROM " + store.Table(form.Entity) +
		" AS f WHERE f._rid > ? AND f." + store.Envelope + " IS NOT NULL" + live + " ORDER BY f._rid LIMIT ?"
	rows := make([]Row, 0, batch)
	held := make([]luoshu.Value, batch*len(fields))
	for last := int64(0); ; {
		rows = rows[:0]
		err := tx.Scan(ctx, q, []any{last, int64(batch)}, func(r *store.Row) error {
			x := Row{Rid: r.Int(0), Rec: r.Int(1), Values: held[len(rows)*len(fields) : (len(rows)+1)*len(fields)]}
			clear(x.Values)
			if _, err := cells.Open(r.Bytes(3), r.Bytes(2), x.Values); err != nil {
				return fmt.Errorf("open record #%d of %s: %w", x.Rec, form.Entity, err)
			}
			rows = append(rows, x)
			return nil
		})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		if err := each(rows); err != nil {
			return err
		}
		if len(rows) < batch {
			return nil
		}
		last = rows[len(rows)-1].Rid
	}
}

// Fill makes the tables of opened columns in a transaction that may have temporary
// tables: _rid and a column a field, only of rows that have any of them.
func (f Fields) Fill(ctx context.Context, tx *store.Tx, db *store.DB, cat *catalog.Catalog, live func(entity, alias string) string) error {
	for _, entity := range slices.Sorted(maps.Keys(f)) {
		e := cat.Entity(entity)
		cols := []string{"_rid"}
		defs := []string{"_rid " + tx.KeyType()}
		for _, name := range f[entity] {
			typ := " BIGINT"
			if e.Field(name).Type.IsText() {
				typ = " TEXT"
			}
			cols, defs = append(cols, name), append(defs, store.Col(name)+typ)
		}
		if _, err := tx.Exec(ctx, "CREATE TEMPORARY TABLE "+Table(entity)+" ("+strings.Join(defs, ", ")+")"); err != nil {
			return fmt.Errorf("open %s: %w", entity, err)
		}
		err := Each(ctx, tx, db.Form(entity), f[entity], live(entity, "f"), func(rows []Row) error {
			return tx.BulkInsert(ctx, Table(entity), cols, func(in *store.Inserter) error {
				for _, r := range rows {
					if !slices.ContainsFunc(r.Values, func(v luoshu.Value) bool { return v.K != luoshu.Null }) {
						continue
					}
					in.Int(r.Rid)
					for _, v := range r.Values {
						in.Value(v)
					}
					if err := in.End(); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			return fmt.Errorf("open %s: %w", entity, err)
		}
	}
	return nil
}
