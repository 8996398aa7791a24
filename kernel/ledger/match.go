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
	tx    *store.Tx
	ctx   context.Context
	kept  *keys.Kept
	last  int64       // highest _rid when the commit began: at least the number of versions
	base  *keys.Table // every key that was current when the commit began; nil: ask the index
	seen  *keys.Table // those of the batch, by row
	fresh *keys.Table // versions that the batch wrote; nil: nobody asks for them
	asked int64
	find  *sql.Stmt
}

func (m *matcher) open(total int64) error {
	m.seen = keys.NewTable(hint(total))
	m.base = m.kept.Table(m.e.Name)
	switch {
	case m.base != nil:
		return nil
	case m.last == 0:
		m.base = keys.NewTable(0)
		return nil
	case worthReading(m.last, total+m.kept.Asked(m.e.Name, 0)):
		return m.read()
	}
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
	if m.base != nil || !worthReading(m.last, rows) {
		return nil
	}
	m.close()
	// Rows of this batch that are written by now are read too; seen has them first.
	return m.read()
}

func (m *matcher) read() error {
	table := store.Table(m.e.Name)
	var n int64
	if err := m.tx.QueryRow(m.ctx, `SELECT count(*) FROM `+table+` WHERE _to IS NULL`).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", m.e.Name, err)
	}
	m.base = keys.NewTable(int(n))
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
		m.base.Put(m.seeds.Key(buf), r.Int(0), headOf(r.Bytes(1)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys of %s: %w", m.e.Name, err)
	}
	return nil
}

// take claims a row's key for it. first is the row that claimed it before, -1 if
// none; rid and head are the current version's, 0 if the record is new.
func (m *matcher) take(it *item) (first int, rid int64, head uint64, err error) {
	if s := m.seen.Find(it.k); s != nil {
		return s.Taken(), 0, 0, nil
	}
	if m.base != nil {
		if s := m.base.Find(it.k); s != nil {
			rid, head = s.Rid(), s.Head()
		}
	} else if rid, head, err = m.lookUp(it); err != nil {
		return -1, 0, 0, err
	}
	m.seen.Take(it.k, it.n)
	return -1, rid, head, nil
}

// wrote remembers the version that a row became, for the commits after this one.
func (m *matcher) wrote(it *item, rid int64) {
	if m.fresh == nil {
		return
	}
	if m.fresh.Put(it.k, rid, headOf(it.h[:])); m.fresh.Len() > keys.Most {
		m.fresh = nil
	}
}

// keep hands on what this commit knows of its entity's keys.
func (m *matcher) keep(removed bool) {
	switch {
	case removed:
		m.kept.Forget(m.e.Name)
	case m.base == nil:
		m.kept.Asked(m.e.Name, m.asked)
	case m.fresh == nil:
		m.kept.Forget(m.e.Name)
	case m.base.Len() == 0:
		m.kept.Keep(m.e.Name, m.fresh)
	default:
		m.base.Join(m.fresh)
		m.kept.Keep(m.e.Name, m.base)
	}
}

func (m *matcher) lookUp(it *item) (rid int64, head uint64, err error) {
	args := make([]any, len(m.key))
	for i, k := range m.key {
		args[i] = m.stored(it, k).Any()
	}
	m.asked++
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
	tx    *store.Tx
	ctx   context.Context
	kept  *keys.Kept
	ref   refField
	last  int64
	base  *keys.Table // every key that was current when it was taken; nil: ask
	some  *keys.Set   // known so far
	none  *keys.Set   // known to be missing, only for other entities
	asked int64
	buf   []byte
}

func (s *refSet) open(total int64) error {
	s.some, s.none = keys.NewSet(0), keys.NewSet(0)
	if s.base = s.kept.Table(s.ref.target.Name); s.base != nil {
		return nil
	}
	var err error
	if s.last, err = lastRid(s.ctx, s.tx, s.ref.target.Name); err != nil {
		return err
	}
	return s.grow(total+s.kept.Asked(s.ref.target.Name, 0), false)
}

// grow reads all keys once rows says that this pays, or when force says that
// the index is about to go.
func (s *refSet) grow(rows int64, force bool) error {
	if s.base != nil || (!worthReading(s.last, rows) && !(force && s.ref.self)) {
		return nil
	}
	t := s.ref.target
	var n int64
	if err := s.tx.QueryRow(s.ctx, `SELECT count(*) FROM `+store.Table(t.Name)+` WHERE _to IS NULL`).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", t.Name, err)
	}
	s.base = keys.NewTable(int(n))
	text := t.KeyFields()[0].Type.IsText()
	err := s.tx.Scan(s.ctx, `SELECT _rid, _h, `+keyFields(t)+` FROM `+store.Table(t.Name)+` WHERE _to IS NULL`, nil, func(r *store.Row) error {
		s.buf = keys.AppendColumn(s.buf[:0], r, 2, text)
		s.base.Put(s.seeds.Key(s.buf), r.Int(0), headOf(r.Bytes(1)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys of %s: %w", t.Name, err)
	}
	return nil
}

func (s *refSet) has(v luoshu.Value) (bool, error) {
	s.buf = keys.Append(s.buf[:0], v)
	k := s.seeds.Key(s.buf)
	if s.base != nil && s.base.Find(k) != nil || s.some.Has(k[0]) {
		return true, nil
	}
	if s.base != nil || s.none.Has(k[0]) {
		return false, nil
	}
	t := s.ref.target
	s.asked++
	var n int64
	err := s.tx.QueryRow(s.ctx, `SELECT count(*) FROM `+store.Table(t.Name)+` WHERE `+keyFields(t)+` = ? AND _to IS NULL`, v.Any()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", t.Name, err)
	}
	switch {
	case n > 0:
		s.some.Add(k[0])
	case !s.ref.self:
		s.none.Add(k[0])
	}
	return n > 0, nil
}

// add makes a record of this batch known.
func (s *refSet) add(v luoshu.Value) {
	s.buf = keys.Append(s.buf[:0], v)
	s.some.Add(s.seeds.One(s.buf))
}

// keep hands on what this commit knows of another entity's keys.
func (s *refSet) keep() {
	switch name := s.ref.target.Name; {
	case s.ref.self:
	case s.base == nil:
		s.kept.Asked(name, s.asked)
	default:
		s.kept.Keep(name, s.base)
	}
}
