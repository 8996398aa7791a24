package keys

import (
	"context"
	"encoding/binary"
	"fmt"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// A batch is looked up in one of two ways. A small one asks the index for each
// row; a large one reads the keys of the whole table once into memory (24 bytes
// a key). Reading a row costs about a twentieth of a lookup.
const (
	smallBatch = 4096
	lookupCost = 20
)

// WorthReading reports whether reading a table's keys costs less than looking so
// many rows up.
func WorthReading(tableRows, batchRows int64) bool {
	return batchRows > smallBatch && tableRows <= lookupCost*batchRows
}

// Hint bounds a caller's guess at the number of rows: tables grow when it was low.
func Hint(rows int64) int { return int(max(0, min(rows, 2_000_000))) }

// HeadOf is the first bytes of a version's hash.
func HeadOf(h []byte) uint64 {
	if len(h) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(h)
}

// Refs knows which records of one entity exist: from memory, or by asking the
// index and remembering the answers.
type Refs struct {
	ctx    context.Context
	tx     *store.Tx
	kept   *Kept
	target *catalog.Entity
	self   bool
	last   int64
	base   *Table // every key that was current when it was taken; nil: ask
	some   *Set   // known so far
	none   *Set   // known to be missing, only for other entities
	asked  int64
	buf    []byte
}

// OpenRefs makes one for references to an entity of which last is the highest _rid
// ever given out, in a batch of about total rows; self says that the batch is of the
// same entity.
func OpenRefs(ctx context.Context, tx *store.Tx, kept *Kept, target *catalog.Entity, self bool, last, total int64) (*Refs, error) {
	s := &Refs{ctx: ctx, tx: tx, kept: kept, target: target, self: self, last: last, some: NewSet(0), none: NewSet(0)}
	if s.base = kept.Table(target.Name); s.base != nil {
		return s, nil
	}
	return s, s.Grow(total+kept.Asked(target.Name, 0), false)
}

// Grow reads all keys once rows says that this pays, or when force says that
// the index is about to go.
func (s *Refs) Grow(rows int64, force bool) error {
	if s.base != nil || (!WorthReading(s.last, rows) && !(force && s.self)) {
		return nil
	}
	var err error
	s.base, err = ReadTable(s.ctx, s.tx, s.kept.Seeds, s.target)
	return err
}

// ReadTable reads every current key of an entity.
func ReadTable(ctx context.Context, tx *store.Tx, seeds Seeds, e *catalog.Entity) (*Table, error) {
	table := store.Table(e.Name)
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE _to IS NULL`).Scan(&n); err != nil {
		return nil, fmt.Errorf("count %s: %w", e.Name, err)
	}
	out := NewTable(int(n))
	fields := e.KeyFields()
	var buf []byte
	err := tx.Scan(ctx, `SELECT _rid, _h, `+store.Cols(e.Key)+` FROM `+table+` WHERE _to IS NULL`, nil, func(r *store.Row) error {
		buf = buf[:0]
		for i, f := range fields {
			buf = AppendColumn(buf, r, 2+i, f.Type.IsText())
		}
		out.Put(seeds.Key(buf), r.Int(0), HeadOf(r.Bytes(1)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read keys of %s: %w", e.Name, err)
	}
	return out, nil
}

// Has reports whether there is a record with this key, in the form it is stored.
func (s *Refs) Has(v luoshu.Value) (bool, error) {
	s.buf = Append(s.buf[:0], v)
	k := s.kept.Seeds.Key(s.buf)
	if s.base != nil && s.base.Find(k) != nil || s.some.Has(k[0]) {
		return true, nil
	}
	if s.base != nil || s.none.Has(k[0]) {
		return false, nil
	}
	t := s.target
	s.asked++
	var n int64
	err := s.tx.QueryRow(s.ctx, `SELECT count(*) FROM `+store.Table(t.Name)+` WHERE `+store.Cols(t.Key)+` = ? AND _to IS NULL`, v.Any()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", t.Name, err)
	}
	switch {
	case n > 0:
		s.some.Add(k[0])
	case !s.self:
		s.none.Add(k[0])
	}
	return n > 0, nil
}

// Add makes a record of this batch known.
func (s *Refs) Add(v luoshu.Value) {
	s.buf = Append(s.buf[:0], v)
	s.some.Add(s.kept.Seeds.One(s.buf))
}

// Keep hands what is known of the entity on to the commits after this one.
func (s *Refs) Keep() {
	switch name := s.target.Name; {
	case s.self:
	case s.base == nil:
		s.kept.Asked(name, s.asked)
	default:
		s.kept.Keep(name, s.base)
	}
}
