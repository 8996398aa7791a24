package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"luoshu/kernel/ledger/keys"
	"luoshu/kernel/store"
)

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
	m.seen = keys.NewTable(keys.Hint(total))
	m.base = m.kept.Table(m.e.Name)
	switch {
	case m.base != nil:
		return nil
	case m.last == 0:
		m.base = keys.NewTable(0)
		return nil
	case keys.WorthReading(m.last, total+m.kept.Asked(m.e.Name, 0)):
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
	if m.base != nil || !keys.WorthReading(m.last, rows) {
		return nil
	}
	m.close()
	// Rows of this batch that are written by now are read too; seen has them first.
	return m.read()
}

func (m *matcher) read() (err error) {
	m.base, err = keys.ReadTable(m.ctx, m.tx, m.seeds, m.e)
	return err
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
	if m.fresh.Put(it.k, rid, keys.HeadOf(it.h[:])); m.fresh.Len() > m.kept.Most() {
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
	return rid, keys.HeadOf(h), nil
}
