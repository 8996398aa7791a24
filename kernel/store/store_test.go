package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

func TestConformance(t *testing.T) {
	dbs.Each(t, storetest.Run)
	t.Run("memory", func(t *testing.T) {
		db, err := store.Open(t.Context(), store.Config{DSN: ":memory:"})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.EnsureEntities(t.Context(), storetest.Catalog(t, storetest.Entities())); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+store.Table("item")).Scan(&n); err != nil || n != 0 {
			t.Errorf("count %d, %v", n, err)
		}
	})
}

// The kernel's tables have the same numbers, names and columns on each database.
func TestMigrationsAgree(t *testing.T) {
	names := map[string][]string{}
	for _, d := range []string{"sqlite", "postgres"} {
		files, err := os.ReadDir(filepath.Join("migrations", d))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names[d] = append(names[d], f.Name())
		}
	}
	if !slices.Equal(names["sqlite"], names["postgres"]) {
		t.Errorf("migrations differ: %v", names)
	}
	tables := map[string][]string{}
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, table := range []string{"commit_log", "head", "seal", "setting", "file", "upload", "upload_row", "figure", "account", "session"} {
			cols, err := db.Columns(t.Context(), table)
			if err != nil || len(cols) == 0 {
				t.Fatalf("%s: %v, %v", table, cols, err)
			}
			line := table
			for _, c := range cols {
				line += " " + c.Name
				if c.Text {
					line += ":text"
				}
			}
			tables[c.Driver] = append(tables[c.Driver], line)
		}
	})
	if !slices.Equal(tables["sqlite"], tables["postgres"]) {
		t.Errorf("tables differ:\n%s\n%s", strings.Join(tables["sqlite"], "\n"), strings.Join(tables["postgres"], "\n"))
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), "INSERT INTO schema_version (number) VALUES (?)", int64(999)); err != nil {
			t.Fatal(err)
		}
		db.Close()
		_, err = store.Open(t.Context(), c)
		var e *luoshu.Error
		if !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

// A step is taken when its number is missing, also when later ones were taken: rooms
// that are written side by side keep their numbers.
func TestStepsOutOfOrder(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"DROP TABLE figure_run", "CREATE INDEX figure_cut ON figure (seal)", "DELETE FROM schema_version WHERE number = 2"} {
			if _, err := db.Exec(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		if db, err = store.Open(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if cols, err := db.Columns(t.Context(), "figure_run"); err != nil || len(cols) == 0 {
			t.Errorf("step 2 was not taken: %v", err)
		}
	})
}

func TestCatalogGrows(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		y := storetest.Entities()
		old := y["area"]
		if err := db.EnsureEntities(t.Context(), storetest.Catalog(t, y)); err != nil {
			t.Fatal(err)
		}
		y["area"] = strings.Replace(old, "label: name", "label: name\nsearch: [name]", 1) +
			"  - {name: more, title: {zh: 又, en: More}, type: int, example: \"1\"}\n"
		if err := db.EnsureEntities(t.Context(), storetest.Catalog(t, y)); err != nil {
			t.Fatal(err)
		}
		cols, err := db.Columns(t.Context(), "r_area")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range cols {
			names = append(names, c.Name)
		}
		if want := "_rid _rec _from _to _h _row _verified code name parent more _s _p _i"; strings.Join(names, " ") != want {
			t.Errorf("columns are %v, want %s", names, want)
		}
		y["area"] = strings.Replace(y["area"], "name: more, title: {zh: 又, en: More}, type: int", "name: more, title: {zh: 又, en: More}, type: text", 1)
		var e *luoshu.Error
		if err := db.EnsureEntities(t.Context(), storetest.Catalog(t, y)); !errors.As(err, &e) || e.Kind != luoshu.Invalid {
			t.Errorf("a field that changed its storage: %v", err)
		}
		y["area"] = old // fields that leave the catalog stay in the table
		if err := db.EnsureEntities(t.Context(), storetest.Catalog(t, y)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBadConfig(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []store.Config{
		{Driver: "oracle"},
		{},
		{DSN: junk},
		{DSN: dir},
		{Driver: "postgres", DSN: "host=" + dir + " user=x"},
	} {
		db, err := store.Open(t.Context(), c)
		if err == nil {
			db.Close()
			t.Errorf("%+v was opened", c)
		}
	}
	odd := filepath.Join(dir, "a b?c#d%20", "洛书.db")
	db, err := store.Open(t.Context(), store.Config{DSN: odd})
	if err != nil {
		t.Fatal(err)
	}
	if db.Path() != odd {
		t.Errorf("path %q", db.Path())
	}
	db.Close()
	if _, err := os.Stat(odd); err != nil {
		t.Error(err)
	}
}

func TestSQLiteSettings(t *testing.T) {
	db, err := store.Open(t.Context(), dbs.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Tx(t.Context(), func(tx *store.Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "15000", "foreign_keys": "0", "temp_store": "1", "cache_size": "-65536"} {
			var got string
			if err := tx.QueryRow(context.Background(), "PRAGMA "+pragma).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
}

// Two programs on one file: the second waits, then says why it cannot write.
func TestTwoPrograms(t *testing.T) {
	c := dbs.SQLite(t)
	a, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = a.Tx(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec(t.Context(), "INSERT INTO setting (key, value) VALUES ('a', 'a')"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := b.Exec(ctx, "INSERT INTO setting (key, value) VALUES ('b', 'b')"); err == nil {
			t.Error("two writers at once")
		}
		ctx2, cancel2 := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel2()
		if _, err := a.Exec(ctx2, "DELETE FROM setting"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for the writer: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Exec(t.Context(), "INSERT INTO setting (key, value) VALUES ('b', 'b')"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if err := a.Compact(t.Context()); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(c.DSN + "-wal"); err != nil || st.Size() != 0 {
		t.Errorf("the log after Compact: %v %v", st, err)
	}
}

// An empty text is not a null to a bound parameter.
func TestEmptyTextIsBound(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(t.Context(), "INSERT INTO setting (key, value) VALUES (?, ?)", "k", ""); err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := db.Scan(t.Context(), "SELECT key FROM setting WHERE value = ?", []any{""}, func(*store.Row) error { n++; return nil }); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}
