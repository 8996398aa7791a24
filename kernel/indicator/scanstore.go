package indicator

import (
	"context"
	"encoding/binary"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// storeScanner scans the tables of the store as of a seal. It is in every build.
// The rows are grouped here: a row store sorts to group, which for a million rows
// of text takes longer than reading them.
type storeScanner struct {
	db    *store.DB
	prog  *program
	seq   int64
	years []int
	fresh func(*catalog.Entity) int64
}

func (x *storeScanner) close() error { return nil }

func (x *storeScanner) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	in, sealed := x.db.ReadTx, opened.Of(x.db, x.prog.uses(s))
	if sealed != nil {
		in = x.db.ScratchTx
	}
	return in(ctx, func(tx *store.Tx) error {
		live, err := opened.LiveAsOf(ctx, tx, x.seq)
		if err != nil {
			return err
		}
		verified, err := opened.VerifiedAsOf(ctx, tx, x.seq)
		if err != nil {
			return err
		}
		src := &source{dialect: x.db.Dialect(), table: store.Table, live: live, seen: verified(s.fact.Name, "f"), fresh: x.fresh, years: x.years, opened: sealed}
		if src.dialect == rule.SQLite {
			src.whole = " NOT INDEXED" // reading a whole table in the order of an index is a seek a row
		}
		if err := sealed.Fill(ctx, tx, x.db, x.prog.cat, live); err != nil {
			return err
		}
		f, err := x.prog.text(s, src).flat()
		if err != nil {
			return err
		}
		g := newGrouper(f, b)
		if err := tx.Scan(ctx, f.sql, nil, g.add); err != nil {
			return err
		}
		g.flush()
		return nil
	})
}

// grouper counts and adds up rows by year and dimension values.
type grouper struct {
	f     *flat
	b     *cube.Builder
	dims  int
	cells map[string]int // year and codes
	keys  []string
	sums  []int64 // a cell's columns after another's
	key   []byte
	hits  []bool
	terms []int64
}

func newGrouper(f *flat, b *cube.Builder) *grouper {
	return &grouper{f: f, b: b, dims: b.Dims(), cells: map[string]int{}, hits: make([]bool, f.flags), terms: make([]int64, f.terms)}
}

func (g *grouper) add(r *store.Row) error {
	if r.Null(0) {
		return nil
	}
	g.key = binary.LittleEndian.AppendUint64(g.key[:0], uint64(r.Int(0)))
	for i := range g.dims {
		k := uint32(0)
		if g.b.Integer(i) {
			k = g.b.NumberCode(i, r.Int(i+1), !r.Null(i+1))
		} else {
			k = g.b.TextCode(i, r.Bytes(i+1))
		}
		g.key = binary.LittleEndian.AppendUint32(g.key, k)
	}
	cell, ok := g.cells[string(g.key)]
	if !ok {
		cell = len(g.keys)
		g.keys = append(g.keys, string(g.key))
		g.cells[g.keys[cell]] = cell
		g.sums = append(g.sums, make([]int64, len(g.f.cols))...)
	}
	at := 1 + g.dims
	verified := r.Int(at) == 1
	for i := range g.hits {
		g.hits[i] = r.Int(at+1+i) == 1
	}
	for i := range g.terms {
		g.terms[i] = r.Int(at + 1 + len(g.hits) + i)
	}
	sums := g.sums[cell*len(g.f.cols):]
next:
	for i := range g.f.cols {
		c := &g.f.cols[i]
		if c.verified && !verified {
			continue
		}
		for _, w := range c.flags {
			if !g.hits[w] {
				continue next
			}
		}
		if c.term >= 0 {
			sums[i] += g.terms[c.term]
		} else {
			sums[i]++
		}
	}
	return nil
}

// flush hands the cells to the builder.
func (g *grouper) flush() {
	for cell, key := range g.keys {
		g.b.Year(int64(binary.LittleEndian.Uint64([]byte(key[:8]))))
		for i := range g.dims {
			g.b.Code(i, binary.LittleEndian.Uint32([]byte(key[8+4*i:12+4*i])))
		}
		for i := range g.f.cols {
			g.b.Add(i, g.sums[cell*len(g.f.cols)+i])
		}
	}
}
