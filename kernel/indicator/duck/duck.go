//go:build cgo && (amd64 || arm64) && !noduckdb

package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/parquet"
	"luoshu/kernel/store"
)

// Memory bounds what DuckDB may hold. It may not spill: this build of it can write
// temporary files in clear only.
var Memory = "256MB"

// held is the database in memory that opened fields lie in, compressed: those of seven
// million enrolments would take half of what there is.
const (
	held      = "held"
	looseRows = 1 << 20 // so many rows wait to be compressed
)

// DB is a seal's files before DuckDB.
type DB struct {
	db    *sql.DB
	conn  *sql.Conn
	dir   string
	files map[string]File
}

// File is one entity's file and what is opened beside it.
type File struct {
	parquet.File
	dir    string
	sealed []string // fields that lie in envelopes and are opened beside it
	opened string   // their columns as a SELECT over alias o writes them, "" if there are none
}

// Holds says whether the file has a column itself.
func (f File) Holds(field string) bool {
	return slices.ContainsFunc(f.Columns, func(c parquet.Column) bool { return c.Name == field })
}

// Opens says whether one of the fields is opened beside the file.
func (f File) Opens(used map[string]bool) bool {
	return slices.ContainsFunc(f.sealed, func(f string) bool { return used[f] })
}

// Bound is a condition on a column of record numbers, "" for all records.
type Bound func(rec string) string

// Whole bounds nothing.
func Whole(string) string { return "" }

// Lean is the file as a table expression, without what is opened beside it.
func (f File) Lean(bound Bound) string {
	return "(SELECT * FROM read_parquet(" + notation.Literal(filepath.Join(f.dir, f.File.File)) + ")" + bound("_rec") + ")"
}

// From is the file with its opened fields; both are bounded, so that a part of the file
// is joined with that part of the opened fields alone.
func (f File) From(bound Bound) string {
	if f.opened == "" {
		return f.Lean(bound)
	}
	return fmt.Sprintf("(SELECT p.*, %s FROM %s AS p LEFT JOIN (SELECT * FROM %s%s) AS o ON o._orec = p._rec)",
		f.opened, f.Lean(bound), held+"."+opened.Table(f.Entity), bound("_orec"))
}

// Open opens the files of a seal's folder: a view an entity, named as its table in the
// store is. sealed are the fields to be opened, as of a ledger sequence.
func Open(ctx context.Context, db *store.DB, cat *catalog.Catalog, dir string, m *parquet.Manifest, sealed opened.Fields, seq int64) (*DB, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	d := &DB{db: sql.OpenDB(connector), dir: dir, files: map[string]File{}}
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open DuckDB: %w", err), d.db.Close())
	}
	for _, q := range []string{
		"SET memory_limit = '" + Memory + "'", "SET threads = 2", "SET preserve_insertion_order = false",
		"SET temp_directory = ''", "SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
		"ATTACH ':memory:' AS " + held + " (COMPRESS)",
	} {
		if _, err := d.conn.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(fmt.Errorf("set up DuckDB: %w", err), d.Close())
		}
	}
	for _, f := range m.Files {
		file := File{File: f, dir: dir, sealed: sealed[f.Entity]}
		if len(file.sealed) > 0 {
			if file.opened, err = d.fill(ctx, db, cat.Entity(f.Entity), file.sealed, seq); err != nil {
				return nil, errors.Join(fmt.Errorf("open %s: %w", f.Entity, err), d.Close())
			}
		}
		d.files[f.Entity] = file
		if err := d.View(ctx, store.Table(f.Entity), file.From(Whole)); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// File is an entity's; ok is false where the seal has none.
func (d *DB) File(entity string) (f File, ok bool) {
	f, ok = d.files[entity]
	return f, ok
}

// View names a table expression, in the place of what had the name.
func (d *DB) View(ctx context.Context, name, from string) error {
	if _, err := d.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+name+" AS SELECT * FROM "+from); err != nil {
		return fmt.Errorf("set up DuckDB: %w", err)
	}
	return nil
}

// Ends are the lowest and the highest record of a file, 0 and −1 of an empty one. They
// are read of the file alone: with what is opened beside it they would be joined to be
// counted, which takes more memory than any part.
func (d *DB) Ends(ctx context.Context, f File) (low, high int64, err error) {
	err = d.conn.QueryRowContext(ctx, "SELECT COALESCE(MIN(_rec), 0), COALESCE(MAX(_rec), -1) FROM "+f.Lean(Whole)).Scan(&low, &high)
	return low, high, err
}

// Copy writes what a statement answers into a Parquet file.
func (d *DB) Copy(ctx context.Context, q, file string) error {
	_, err := d.conn.ExecContext(ctx, "COPY ("+q+") TO "+notation.Literal(file)+" (FORMAT parquet, COMPRESSION snappy)")
	return err
}

// fill fills the table of an entity's opened columns as of a ledger sequence and
// returns the columns as a SELECT over its alias o writes them. The table lies in
// memory and is never spilt.
func (d *DB) fill(ctx context.Context, db *store.DB, entity *catalog.Entity, fields []string, seq int64) (string, error) {
	table := opened.NewNarrow(entity, fields)
	if _, err := d.conn.ExecContext(ctx, "CREATE TABLE "+held+"."+opened.Table(entity.Name)+" ("+table.Columns()+")"); err != nil {
		return "", err
	}
	loose := 0 // rows that are not compressed yet
	press := func() error {
		loose = 0
		_, err := d.conn.ExecContext(ctx, "CHECKPOINT "+held)
		return err
	}
	add := func(rows []opened.Row) error {
		err := d.conn.Raw(func(c any) error {
			in, err := duckdb.NewAppender(c.(driver.Conn), held, "", strings.Trim(opened.Table(entity.Name), `"`))
			if err != nil {
				return err
			}
			for _, r := range rows {
				var vals []driver.Value
				if vals, err = table.Values(r); err == nil && vals != nil {
					err = in.AppendRow(vals...)
				}
				if err != nil {
					break
				}
			}
			return errors.Join(err, in.Close())
		})
		if loose += len(rows); err == nil && loose > looseRows {
			return press()
		}
		return err
	}
	err := db.ReadTx(ctx, func(tx *store.Tx) error {
		live, err := opened.LiveAsOf(ctx, tx, seq)
		if err != nil {
			return err
		}
		return opened.Each(ctx, tx, db.Form(entity.Name), fields, live(entity.Name, "f"), add)
	})
	if err == nil {
		err = press()
	}
	return table.Select(), err
}

// Close gives the memory back; it may be called twice.
func (d *DB) Close() error {
	if d.db == nil {
		return nil
	}
	err := errors.Join(d.conn.Close(), d.db.Close())
	d.db = nil
	return err
}

// ShortOfMemory says whether a statement failed for want of memory.
func ShortOfMemory(err error) bool {
	var fault *duckdb.Error
	return errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeOutOfMemory
}
