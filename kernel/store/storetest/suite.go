package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/store"
)

// Run holds an empty database to everything the kernel asks of it. Each
// statement here has the form in which the kernel uses it.
func Run(t *testing.T, c store.Config) {
	ctx := context.Background()
	db, err := store.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	cat := Catalog(t, Entities())
	for range 2 { // the second time there is nothing to do
		if err := db.EnsureEntities(ctx, cat); err != nil {
			t.Fatal(err)
		}
	}
	s := &suite{t: t, db: db, ctx: ctx}
	for _, step := range []struct {
		name string
		f    func(*suite)
	}{
		{"Rollback", (*suite).rollback},
		{"Bulk", (*suite).bulk},
		{"Order", (*suite).order},
		{"AsOf", (*suite).asOf},
		{"UniqueKey", (*suite).uniqueKey},
		{"Prefix", (*suite).prefix},
		{"Upsert", (*suite).upsert},
		{"Window", (*suite).window},
		{"Indexes", (*suite).indexes},
		{"Readers", (*suite).readers},
		{"Refuses", (*suite).refuses},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.f(&suite{t: t, db: s.db, ctx: s.ctx})
		})
	}
}

type suite struct {
	t   *testing.T
	db  *store.DB
	ctx context.Context
}

func (s *suite) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *suite) int(q string, args ...any) int64 {
	s.t.Helper()
	var n int64
	s.must(s.db.QueryRow(s.ctx, q, args...).Scan(&n))
	return n
}

func (s *suite) strings(q string, args ...any) string {
	s.t.Helper()
	rows, err := s.db.Query(s.ctx, q, args...)
	s.must(err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var x string
		s.must(rows.Scan(&x))
		out = append(out, x)
	}
	s.must(rows.Err())
	return strings.Join(out, " ")
}

func (s *suite) clear() {
	s.t.Helper()
	_, err := s.db.Exec(s.ctx, "DELETE FROM "+store.Table("item"))
	s.must(err)
}

// put writes item rows: no, year, name, amount, from, to (0: current).
func (s *suite) put(rows ...[6]any) {
	s.t.Helper()
	s.must(s.db.Tx(s.ctx, func(tx *store.Tx) error { return putRows(s.ctx, tx, rows) }))
}

var putColumns = []string{"_rid", "_rec", "_from", "_to", "_h", "_row", "no", "year", "name", "amount", "_s"}

func putRows(ctx context.Context, tx *store.Tx, rows [][6]any) error {
	var rid int64
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(_rid), 0) FROM "+store.Table("item")).Scan(&rid); err != nil {
		return err
	}
	return tx.BulkInsert(ctx, store.Table("item"), putColumns, func(in *store.Inserter) error {
		for i, r := range rows {
			rid++
			in.Int(rid)
			in.Int(rid)
			in.Int(int64(r[4].(int)))
			if to := r[5].(int); to == 0 {
				in.Null()
			} else {
				in.Int(int64(to))
			}
			in.Blob([]byte{byte(i), 0, 0xff})
			in.Int(int64(i + 1))
			in.Text(r[0].(string))
			in.Int(int64(r[1].(int)))
			if r[2] == nil {
				in.Null()
				in.Int(int64(r[3].(int)))
				in.Null()
			} else {
				in.Text(r[2].(string))
				in.Int(int64(r[3].(int)))
				in.Text(r[2].(string)[:min(len(r[2].(string)), 60)]) // an index entry has a limit
			}
			if err := in.End(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *suite) rollback() {
	stop := errors.New("stop")
	err := s.db.Tx(s.ctx, func(tx *store.Tx) error {
		s.must(putRows(s.ctx, tx, [][6]any{{"R", 2024, "x", 1, 1, 0}}))
		var n int64
		s.must(tx.QueryRow(s.ctx, "SELECT count(*) FROM "+store.Table("item")+" WHERE no = ?", "R").Scan(&n))
		if n != 1 {
			s.t.Errorf("inside the transaction: %d rows, want 1", n)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		s.t.Errorf("Tx returned %v", err)
	}
	if n := s.int("SELECT count(*) FROM " + store.Table("item")); n != 0 {
		s.t.Errorf("%d rows after a rollback", n)
	}
	func() {
		defer func() {
			if recover() == nil {
				s.t.Error("the panic was swallowed")
			}
		}()
		s.db.Tx(s.ctx, func(tx *store.Tx) error {
			s.must(putRows(s.ctx, tx, [][6]any{{"P", 2024, "x", 1, 1, 0}}))
			panic("x")
		})
	}()
	ctx, cancel := context.WithCancel(s.ctx)
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		s.must(putRows(ctx, tx, [][6]any{{"C", 2024, "x", 1, 1, 0}}))
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		s.t.Errorf("a cancelled transaction returned %v", err)
	}
	if n := s.int("SELECT count(*) FROM " + store.Table("item")); n != 0 {
		s.t.Errorf("%d rows after a panic and a cancelled transaction", n)
	}
}

func (s *suite) bulk() {
	s.clear()
	long := strings.Repeat("长", 100_000)
	s.put([6]any{"B1", 2024, long, math.MaxInt64, 1, 0}, [6]any{"B2", 2024, nil, math.MinInt64, 1, 0})
	const n = 5000
	rows := make([][6]any, n)
	for i := range rows {
		rows[i] = [6]any{fmt.Sprintf("N%05d", i), 2024, "名", i, 1, 0}
	}
	s.put(rows...)
	if got := s.int("SELECT count(*) FROM " + store.Table("item")); got != n+2 {
		s.t.Fatalf("%d rows, want %d", got, n+2)
	}
	seen := 0
	s.must(s.db.Scan(s.ctx, "SELECT no, name, amount, _h, year FROM "+store.Table("item")+" WHERE no < ? AND year = ? ORDER BY no",
		[]any{"C", int64(2024)}, func(r *store.Row) error {
			seen++
			want := luoshu.Value{}
			amount := int64(math.MinInt64)
			if r.Text(0) == "B1" {
				want, amount = luoshu.TextValue(long), math.MaxInt64
			} else if !r.Null(1) {
				s.t.Error("an empty name is not null")
			}
			if got := r.Value(1); got != want {
				s.t.Errorf("%s: name of %d bytes, want %d", r.Text(0), len(got.S), len(want.S))
			}
			if r.Int(2) != amount || r.Value(2) != luoshu.IntValue(amount) || r.Int(4) != 2024 {
				s.t.Errorf("%s: amount %d", r.Text(0), r.Int(2))
			}
			if b := r.Bytes(3); len(b) != 3 || b[2] != 0xff {
				s.t.Errorf("%s: bytes %x", r.Text(0), b)
			}
			return nil
		}))
	if seen != 2 {
		s.t.Errorf("scan saw %d rows, want 2", seen)
	}
	stop := errors.New("stop")
	if err := s.db.Scan(s.ctx, "SELECT no FROM "+store.Table("item"), nil, func(*store.Row) error { return stop }); !errors.Is(err, stop) {
		s.t.Errorf("a stopped scan returned %v", err)
	}
	// An error of the caller must leave nothing behind and the connection whole.
	err := s.db.Tx(s.ctx, func(tx *store.Tx) error {
		return tx.BulkInsert(s.ctx, store.Table("item"), putColumns, func(in *store.Inserter) error { return stop })
	})
	if !errors.Is(err, stop) {
		s.t.Errorf("a stopped insert returned %v", err)
	}
	if got := s.int("SELECT count(*) FROM " + store.Table("item")); got != n+2 {
		s.t.Fatalf("%d rows, want %d", got, n+2)
	}
}

// order: text sorts by bytes, nulls can be placed.
func (s *suite) order() {
	s.clear()
	s.put([6]any{"b", 1, "Z", 1, 1, 0}, [6]any{"a", 1, nil, 2, 1, 0}, [6]any{"B", 1, "é", 3, 1, 0},
		[6]any{"中", 1, "a", 4, 1, 0}, [6]any{"_", 1, "A", 5, 1, 0})
	if got := s.strings("SELECT no FROM " + store.Table("item") + " ORDER BY no"); got != "B _ a b 中" {
		s.t.Errorf("texts sort %s", got)
	}
	if got := s.strings("SELECT no FROM " + store.Table("item") + " ORDER BY name IS NULL, name DESC"); got != "B 中 b _ a" {
		s.t.Errorf("nulls sort %s", got)
	}
	if got := s.strings("SELECT no FROM "+store.Table("item")+" ORDER BY no LIMIT ? OFFSET ?", int64(2), int64(1)); got != "_ a" {
		s.t.Errorf("a page is %s", got)
	}
}

func (s *suite) asOf() {
	s.clear()
	s.put([6]any{"x", 1, "one", 1, 1, 3}, [6]any{"x", 1, "two", 1, 3, 5}, [6]any{"y", 1, "new", 1, 4, 0})
	for n, want := range []string{"", "one", "one", "two", "new two", "new", "new"} {
		if got := s.strings("SELECT name FROM "+store.Table("item")+" WHERE _from <= ? AND (_to IS NULL OR _to > ?) ORDER BY name", int64(n), int64(n)); got != want {
			s.t.Errorf("as of %d: %q, want %q", n, got, want)
		}
	}
}

func (s *suite) uniqueKey() {
	s.clear()
	s.put([6]any{"x", 1, "old", 1, 1, 2}, [6]any{"x", 1, "old", 1, 2, 3}, [6]any{"x", 1, "now", 1, 3, 0}, [6]any{"x", 2, "now", 1, 3, 0})
	err := s.db.Tx(s.ctx, func(tx *store.Tx) error { return putRows(s.ctx, tx, [][6]any{{"x", 1, "twin", 1, 4, 0}}) })
	if err == nil {
		s.t.Error("two current rows with one key were taken")
	}
	if n := s.int("SELECT count(*) FROM " + store.Table("item")); n != 4 {
		s.t.Errorf("%d rows, want 4", n)
	}
}

func (s *suite) prefix() {
	s.clear()
	s.put([6]any{"1", 1, "张三", 1, 1, 0}, [6]any{"2", 1, "张", 1, 1, 0}, [6]any{"3", 1, "李", 1, 1, 0}, [6]any{"4", 1, "a%b", 1, 1, 0})
	if got := s.strings("SELECT no FROM "+store.Table("item")+" WHERE _s >= ? AND _s < ? ORDER BY no", "张", "张\U0010FFFF"); got != "1 2" {
		s.t.Errorf("prefix finds %q", got)
	}
	if got := s.strings("SELECT no FROM "+store.Table("item")+` WHERE _s LIKE ? ESCAPE '\' ORDER BY no`, `%\%%`); got != "4" {
		s.t.Errorf("LIKE finds %q", got)
	}
	if got := s.strings("SELECT no FROM "+store.Table("item")+" WHERE substr(_s, 1, 1) = ? AND length(_s) = ?", "张", int64(2)); got != "1" {
		s.t.Errorf("substr finds %q", got)
	}
}

func (s *suite) upsert() {
	for _, v := range []string{"a", "b"} {
		_, err := s.db.Exec(s.ctx, `INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, "k?", v)
		s.must(err)
		_, err = s.db.Exec(s.ctx, `INSERT INTO setting (key, value) VALUES (?, 'no') ON CONFLICT (key) DO NOTHING`, "k?")
		s.must(err)
	}
	if got := s.strings(`SELECT value FROM setting WHERE key = 'k?' AND value = ?`, "b"); got != "b" {
		s.t.Errorf("after two upserts: %q", got)
	}
	res, err := s.db.Exec(s.ctx, `DELETE FROM setting WHERE key = ?`, "k?")
	s.must(err)
	if n, _ := res.RowsAffected(); n != 1 {
		s.t.Errorf("deleted %d rows", n)
	}
}

func (s *suite) window() {
	s.clear()
	s.put([6]any{"a", 1, "x", 1, 1, 2}, [6]any{"b", 1, "x", 2, 1, 2}, [6]any{"c", 1, "x", 3, 1, 0})
	_, err := s.db.Exec(s.ctx, "INSERT INTO "+store.Table("item")+` (_rid, _rec, _from, _h, _row, no, year)
		SELECT ? + row_number() OVER (ORDER BY _rid), _rec, ?, _h, 0, no, year FROM `+store.Table("item")+" WHERE _to = ? ORDER BY _rid",
		int64(100), int64(3), int64(2))
	s.must(err)
	if got := s.strings("SELECT no FROM "+store.Table("item")+" WHERE _rid BETWEEN ? AND ? ORDER BY _rid", int64(101), int64(102)); got != "a b" {
		s.t.Errorf("copied rows are %q", got)
	}
	if n := s.int("SELECT sum(amount * 2) FILTER (WHERE no <> 'a') FROM " + store.Table("item") + " WHERE _rid < 100"); n != 10 {
		s.t.Errorf("sum is %d", n)
	}
}

func (s *suite) indexes() {
	s.clear()
	e := Catalog(s.t, Entities()).Entity("item")
	steps := 0
	s.must(s.db.Tx(s.ctx, func(tx *store.Tx) error {
		if err := tx.DropIndexes(s.ctx, e); err != nil {
			return err
		}
		if err := putRows(s.ctx, tx, [][6]any{{"a", 1, "x", 1, 1, 0}}); err != nil {
			return err
		}
		return tx.CreateIndexes(s.ctx, e, func(int, int) { steps++ })
	}))
	if steps < 5 { // key, organisation, three of the name
		s.t.Errorf("%d indexes made again", steps)
	}
	s.t.Run("unique again", func(t *testing.T) { (&suite{t: t, db: s.db, ctx: s.ctx}).uniqueKey() })
}

// readers see the state before a transaction until it has ended, and keep one
// moment for the length of a ReadTx.
func (s *suite) readers() {
	s.clear()
	s.put([6]any{"a", 1, "x", 1, 1, 0})
	s.must(s.db.ReadTx(s.ctx, func(r *store.Tx) error {
		count := func() (n int64) {
			s.must(r.QueryRow(s.ctx, "SELECT count(*) FROM "+store.Table("item")).Scan(&n))
			return n
		}
		if n := count(); n != 1 {
			s.t.Errorf("a reader sees %d rows, want 1", n)
		}
		s.must(s.db.Tx(s.ctx, func(tx *store.Tx) error {
			if err := putRows(s.ctx, tx, [][6]any{{"b", 1, "x", 1, 1, 0}}); err != nil {
				return err
			}
			if n := s.int("SELECT count(*) FROM " + store.Table("item")); n != 1 {
				s.t.Errorf("another reader sees %d rows during the write, want 1", n)
			}
			return nil
		}))
		if n := count(); n != 1 {
			s.t.Errorf("the reader's moment moved: %d rows, want 1", n)
		}
		if _, err := r.Exec(s.ctx, "DELETE FROM "+store.Table("item")); err == nil {
			s.t.Error("a reader could write")
		}
		return nil
	}))
	if n := s.int("SELECT count(*) FROM " + store.Table("item")); n != 2 {
		s.t.Errorf("%d rows in the end, want 2", n)
	}
}

// refuses: types are strict.
func (s *suite) refuses() {
	for _, q := range []string{
		"INSERT INTO " + store.Table("item") + " (_rid, _rec, _from, _h, _row, year) VALUES (900, 900, 1, ?, 1, 'MMXX')",
		"INSERT INTO " + store.Table("item") + " (_rid, _rec, _from, _h, _row) VALUES (901, NULL, 1, ?, 1)",
	} {
		if _, err := s.db.Exec(s.ctx, q, []byte{1}); err == nil {
			s.t.Errorf("taken: %s", q)
		}
	}
}
