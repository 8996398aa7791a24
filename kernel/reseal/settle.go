// Package reseal brings what lies in a database and its folder into the form and
// under the keys that hold now: when a catalog seals more fields, when data of a
// former release are first opened with keys, and when keys are rotated. It changes
// no value and no record.
package reseal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// walkRows is how many versions are brought into another form in one transaction.
const walkRows = 5000

// manyRows is from how many versions on indexes are made anew instead of kept.
const manyRows = 50_000

// Settle brings the rows of entities whose form has changed into the one that the
// catalog asks for. It goes on where it was interrupted. Nobody may use these
// entities meanwhile: the ledger calls it before it is open.
func Settle(ctx context.Context, db *store.DB, cat *catalog.Catalog) error {
	var tables []string
	for _, name := range db.Forms() {
		form, e := db.Form(name), cat.Entity(name)
		if !form.Pending || e == nil {
			continue
		}
		w := &walk{ctx: ctx, db: db, e: e, form: form}
		if err := w.run(); err != nil {
			return fmt.Errorf("seal %s: %w", name, err)
		}
		tables = append(tables, store.Table(name))
	}
	if len(tables) == 0 {
		return nil
	}
	return db.Rewrite(ctx, tables)
}

// walk is one entity on its way into its form.
type walk struct {
	ctx   context.Context
	db    *store.DB
	e     *catalog.Entity
	form  *store.Form
	names []string // every column with values
	moved []int    // those that the form is about
	cells *store.Cells
	plain *chain.RowHasher
	keyed *chain.RowHasher
	done  int64
}

func (w *walk) run() error {
	var top int64
	err := w.db.ReadTx(w.ctx, func(tx *store.Tx) error {
		cols, err := tx.FieldColumns(w.ctx, w.e.Name)
		if err != nil {
			return err
		}
		for _, c := range cols {
			w.names = append(w.names, c.Name)
		}
		return tx.QueryRow(w.ctx, `SELECT coalesce(max(_rid), 0) FROM `+store.Table(w.e.Name)).Scan(&top)
	})
	if err != nil {
		return err
	}
	for _, f := range w.form.Fields() {
		if i := slices.Index(w.names, f); i >= 0 {
			w.moved = append(w.moved, i)
		}
	}
	w.cells, w.done = w.form.Cells(w.names), w.form.Done
	w.plain = chain.NewRowHasher(w.e.Name, w.names)
	w.keyed = w.plain.Keyed(w.form.RowHash())
	if top-w.done > manyRows {
		if err := w.db.Tx(w.ctx, func(tx *store.Tx) error { return tx.DropIndexes(w.ctx, w.e) }); err != nil {
			return err
		}
	}
	for w.done < top {
		if err := w.db.Tx(w.ctx, w.step); err != nil {
			return err
		}
	}
	err = w.db.Tx(w.ctx, func(tx *store.Tx) error {
		if err := tx.CreateIndexes(w.ctx, w.e, nil); err != nil {
			return err
		}
		if err := (beside.Book{DB: w.db}).Seal(w.ctx, tx, w.e); err != nil {
			return err
		}
		return tx.SettleForm(w.ctx, w.form)
	})
	if err != nil {
		return err
	}
	w.db.Settled(w.form)
	return nil
}

// walkedRow is a version on its way.
type walkedRow struct {
	rid  int64
	h, x []byte
	vals []luoshu.Value
}

func (w *walk) step(tx *store.Tx) error {
	var rows []walkedRow
	table, width := store.Table(w.e.Name), len(w.names)
	err := tx.Scan(w.ctx, `SELECT _rid, _h, `+store.Envelope+`, `+store.Cols(w.names)+` FROM `+table+` WHERE _rid > ? ORDER BY _rid LIMIT ?`,
		[]any{w.done, int64(walkRows)}, func(r *store.Row) error {
			x := walkedRow{rid: r.Int(0), h: slices.Clone(r.Bytes(1)), vals: make([]luoshu.Value, width)}
			for i := range x.vals {
				x.vals[i] = r.Value(3 + i)
			}
			former, err := w.cells.Open(r.Bytes(2), x.h, x.vals)
			if err != nil {
				return fmt.Errorf("open version %d: %w", x.rid, err)
			}
			if !w.form.Keyed && former == nil {
				former = x.h
				sum, _ := w.keyed.Sum(x.vals, nil)
				x.h = sum[:]
			}
			x.x, err = w.cells.Seal(x.vals, x.h, former)
			rows = append(rows, x)
			return err
		})
	if err != nil {
		return err
	}
	set := []string{"_h = ?", store.Envelope + " = ?"}
	for _, i := range w.moved {
		set = append(set, store.Col(w.names[i])+" = ?")
	}
	st, err := tx.Prepare(w.ctx, `UPDATE `+table+` SET `+strings.Join(set, ", ")+` WHERE _rid = ?`)
	if err != nil {
		return err
	}
	defer st.Close()
	for _, x := range rows {
		args := []any{x.h, x.x}
		if x.x == nil {
			args[1] = nil
		}
		for _, i := range w.moved {
			args = append(args, w.cells.Stored(i, x.vals[i]).Any())
		}
		if _, err := st.ExecContext(w.ctx, append(args, x.rid)...); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return fmt.Errorf("versions after %d are missing", w.done)
	}
	w.done = rows[len(rows)-1].rid
	return tx.MoveForm(w.ctx, w.form, w.done)
}
