package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"luoshu"
	"luoshu/kernel/ledger/keys"
	"luoshu/kernel/store"
)

// A batch is looked up in one of two ways. A small one asks the index for each
// row; a large one reads the keys of the whole table once into memory (24 bytes
// a key). Reading a row costs about a twentieth of a lookup.
const (
	smallBatch = 4096
	lookupCost = 20
)

func worthReading(tableRows, batchRows int64) bool {
	return batchRows > smallBatch && tableRows <= lookupCost*batchRows
}

// hint bounds a caller's guess at the number of rows: tables grow when it was low.
func hint(rows int64) int { return int(max(0, min(rows, 2_000_000))) }

// matcher finds the current version of a row's natural key and remembers which
// keys the batch has brought.
type matcher struct {
	*plan
	tx   *store.Tx
	ctx  context.Context
	last int64 // highest _rid when the commit began: at least the number of versions
	// table has every current key of the table, seen only those of the batch.
	// Exactly one is set.
	table *keys.Table
	seen  *keys.Table
	find  *sql.Stmt
}

func (m *matcher) open(total int64) error {
	switch {
	case m.last == 0:
		m.table = keys.NewTable(hint(total))
		return nil
	case worthReading(m.last, total):
		return m.read(total)
	}
	m.seen = keys.NewTable(hint(min(total, smallBatch)))
	where := make([]string, len(m.key))
	for i, k := range m.e.Key {
		where[i] = store.Col(k) + " = ?"
	}
	var err error
	m.find, err = m.tx.Prepare(m.ctx, `SELECT _rid, _h FROM `+store.Table(m.e.Name)+
		` WHERE `+strings.Join(where, " AND ")+` AND _to IS NULL`)
	if err != nil {
		return fmt.Errorf("prepare lookup of %s: %w", m.e.Name, err)
	}
	return nil
}

func (m *matcher) close() {
	if m.find != nil {
		m.find.Close()
		m.find = nil
	}
}

// grow reads the whole table once rows says that this pays.
func (m *matcher) grow(rows int64) error {
	if m.table != nil || !worthReading(m.last, rows) {
		return nil
	}
	m.close()
	return m.read(rows)
}

func (m *matcher) read(rows int64) error {
	table := store.Table(m.e.Name)
	var n int64
	if err := m.tx.QueryRow(m.ctx, `SELECT count(*) FROM `+table+` WHERE _to IS NULL`).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", m.e.Name, err)
	}
	m.table = keys.NewTable(int(n) + hint(rows))
	text := make([]bool, len(m.key))
	for i, f := range m.e.KeyFields() {
		text[i] = f.Type.IsText()
	}
	var buf []byte
	err := m.tx.Scan(m.ctx, `SELECT _rid, _h, `+keyFields(m.e)+` FROM `+table+` WHERE _to IS NULL`, nil, func(r *store.Row) error {
		buf = buf[:0]
		for i := range text {
			buf = keys.AppendColumn(buf, r, 2+i, text[i])
		}
		m.table.Put(m.seeds.Key(buf), r.Int(0), headOf(r.Bytes(1)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys of %s: %w", m.e.Name, err)
	}
	if m.seen != nil {
		m.table.Join(m.seen)
		m.seen = nil
	}
	return nil
}

// take claims a row's key for it. first is the row that claimed it before, -1 if
// none; rid and head are the current version's, 0 if the record is new.
func (m *matcher) take(it *item) (first int, rid int64, head uint64, err error) {
	t := m.table
	if t == nil {
		t = m.seen
	}
	if s := t.Find(it.k); s != nil {
		if row := s.Taken(); row >= 0 {
			return row, 0, 0, nil
		}
		rid, head = s.Rid(), s.Head()
	} else if m.table == nil {
		if rid, head, err = m.lookUp(it); err != nil {
			return -1, 0, 0, err
		}
	}
	t.Take(it.k, it.n)
	return -1, rid, head, nil
}

func (m *matcher) lookUp(it *item) (rid int64, head uint64, err error) {
	args := make([]any, len(m.key))
	for i, k := range m.key {
		args[i] = m.stored(it, k).Any()
	}
	var h []byte
	err = m.find.QueryRowContext(m.ctx, args...).Scan(&rid, &h)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look up %s: %w", m.e.Name, err)
	}
	return rid, headOf(h), nil
}

// refSet knows which records of one entity exist: from memory, or by asking the
// index and remembering the answers.
type refSet struct {
	*plan
	tx   *store.Tx
	ctx  context.Context
	ref  refField
	last int64
	all  *keys.Set // every current key; nil: ask
	some *keys.Set // known so far
	none *keys.Set // known to be missing, only for other entities
	buf  []byte
}

func (s *refSet) open(total int64) error {
	var err error
	if s.last, err = lastRid(s.ctx, s.tx, s.ref.target.Name); err != nil {
		return err
	}
	s.some, s.none = keys.NewSet(0), keys.NewSet(0)
	return s.grow(total, false)
}

// grow reads all keys once rows says that this pays, or when force says that
// the index is about to go.
func (s *refSet) grow(rows int64, force bool) error {
	if s.all != nil || (!worthReading(s.last, rows) && !(force && s.ref.self)) {
		return nil
	}
	t := s.ref.target
	var n int64
	if err := s.tx.QueryRow(s.ctx, `SELECT count(*) FROM `+store.Table(t.Name)+` WHERE _to IS NULL`).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", t.Name, err)
	}
	all := keys.NewSet(int(n))
	text := t.KeyFields()[0].Type.IsText()
	err := s.tx.Scan(s.ctx, `SELECT `+keyFields(t)+` FROM `+store.Table(t.Name)+` WHERE _to IS NULL`, nil, func(r *store.Row) error {
		s.buf = keys.AppendColumn(s.buf[:0], r, 0, text)
		all.Add(s.seeds.One(s.buf))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys of %s: %w", t.Name, err)
	}
	all.Join(s.some)
	s.all, s.some, s.none = all, nil, nil
	return nil
}

func (s *refSet) has(v luoshu.Value) (bool, error) {
	s.buf = keys.Append(s.buf[:0], v)
	h := s.seeds.One(s.buf)
	if s.all != nil {
		return s.all.Has(h), nil
	}
	if s.some.Has(h) {
		return true, nil
	}
	if s.none.Has(h) {
		return false, nil
	}
	t := s.ref.target
	var n int64
	err := s.tx.QueryRow(s.ctx, `SELECT count(*) FROM `+store.Table(t.Name)+` WHERE `+keyFields(t)+` = ? AND _to IS NULL`, v.Any()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", t.Name, err)
	}
	switch {
	case n > 0:
		s.some.Add(h)
	case !s.ref.self:
		s.none.Add(h)
	}
	return n > 0, nil
}

// add makes a record of this batch known.
func (s *refSet) add(v luoshu.Value) {
	s.buf = keys.Append(s.buf[:0], v)
	h := s.seeds.One(s.buf)
	if s.all != nil {
		s.all.Add(h)
		return
	}
	s.some.Add(h)
}
