package indicator

import (
	"context"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/store"
)

// storeScanner scans the tables of the store as of a seal. It is in every build.
type storeScanner struct {
	db    *store.DB
	prog  *program
	seq   int64
	years []int
	fresh func(*catalog.Entity) int64
}

func (x *storeScanner) close() error { return nil }

func (x *storeScanner) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	return x.db.ReadTx(ctx, func(tx *store.Tx) error {
		live, err := liveAsOf(ctx, tx, x.seq)
		if err != nil {
			return err
		}
		q, err := x.prog.text(s, &source{
			dialect: x.db.Dialect(), table: store.Table, live: live, fresh: x.fresh, years: x.years,
		}).query()
		if err != nil {
			return err
		}
		return tx.Scan(ctx, q, nil, func(r *store.Row) error { addRow(b, r); return nil })
	})
}

// addRow adds one row of a result: year, dimensions, columns.
func addRow(b *cube.Builder, r *store.Row) {
	dims := b.Dims()
	b.Year(r.Int(0))
	for i := range dims {
		if b.Integer(i) {
			b.Number(i, r.Int(i+1), !r.Null(i+1))
		} else {
			b.Text(i, r.Bytes(i+1))
		}
	}
	for i := range b.Columns() {
		b.Add(i, r.Int(1+dims+i))
	}
}
