// Package store is the only room that speaks SQL dialects. It opens SQLite or
// PostgreSQL, applies the kernel's migrations, makes one table an entity from
// the catalog, and hands out readers and the one writer.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"luoshu"
	"luoshu/kernel/rule"
	"luoshu/kernel/vault"
)

// Config says which database to open: Driver "sqlite" (or empty) with a file
// path or ":memory:" as DSN, or "postgres" with a connection string or URL.
type Config struct {
	Driver string `yaml:"driver" json:"driver"`
	DSN    string `yaml:"dsn" json:"dsn"`
	// Keys are those the data are sealed with. A database in memory makes its own;
	// one without keys holds no entity with sealed fields.
	Keys *vault.Vault `yaml:"-" json:"-"`
}

// DB is an open database. Its methods may be called from many goroutines;
// placeholders are written '?' for every database.
type DB struct {
	dialect dialect
	path    string
	read    *sql.DB
	write   *sql.DB
	writer  chan struct{} // holds the one open write transaction
	keys    *vault.Vault
	forms   atomic.Pointer[map[string]*Form]
}

const readers = 8

// Open opens the database, creating a SQLite file if there is none, and applies
// the kernel migrations that it lacks. A database that a newer release has
// migrated is refused, and so, before anything is written, is one that was sealed
// with other keys.
func Open(ctx context.Context, c Config) (*DB, error) {
	var db *DB
	var err error
	switch c.Driver {
	case "", "sqlite":
		db, err = openSQLite(c.DSN)
	case "postgres":
		db, err = openPostgres(c.DSN)
	default:
		return nil, luoshu.Errorf(luoshu.Invalid, "不认识的数据库类型 %s，可用 sqlite 或 postgres",
			"unknown database driver %s, use sqlite or postgres", c.Driver)
	}
	if err != nil {
		return nil, err
	}
	if db.keys = c.Keys; db.keys == nil && c.DSN == ":memory:" {
		db.keys, err = vault.Ephemeral()
	}
	for _, step := range []func(context.Context) error{db.meet, db.migrate, db.adopt} {
		if err == nil {
			err = step(ctx)
		}
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func openSQLite(path string) (*DB, error) {
	if path == "" {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有给出数据库文件", "no database file was given")
	}
	name := path
	memory := path == ":memory:"
	if memory {
		b := make([]byte, 8)
		rand.Read(b)
		name, path = "/luoshu-"+hex.EncodeToString(b), ""
	} else {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return nil, fmt.Errorf("make folder of database: %w", err)
		}
	}
	dsn := func(extra ...string) string {
		q := []string{}
		if memory {
			q = append(q, "vfs=memdb")
		}
		for _, p := range append([]string{
			busyPragma, "page_size(8192)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(0)",
			"temp_store(1)", "wal_autocheckpoint(8000)", "journal_size_limit(67108864)",
		}, extra...) {
			q = append(q, "_pragma="+p)
		}
		return "file:" + (&url.URL{Path: name}).EscapedPath() + "?" + strings.Join(q, "&")
	}
	write, err := sql.Open("sqlite", dsn("cache_size(-65536)"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	write.SetMaxIdleConns(1)
	if err := write.Ping(); err != nil {
		write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", dsn("cache_size(-8192)", "query_only(1)"))
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{dialect: sqliteDialect{}, path: path, read: read, write: write, writer: make(chan struct{}, 1)}, nil
}

func openPostgres(dsn string) (*DB, error) {
	one, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	one.SetMaxOpenConns(2 * readers)
	one.SetMaxIdleConns(readers)
	return &DB{dialect: postgresDialect{}, read: one, write: one, writer: make(chan struct{}, 1)}, nil
}

// Close closes every connection. A write transaction must have ended.
func (db *DB) Close() error {
	err := db.read.Close()
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	return err
}

// Dialect says which SQL the database takes.
func (db *DB) Dialect() rule.Dialect { return db.dialect.rule() }

// Path is the file of a SQLite database, "" for any other.
func (db *DB) Path() string { return db.path }

// Query runs a query on a reader. It sees committed data only.
func (db *DB) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return db.read.QueryContext(ctx, db.dialect.rebind(q), args...)
}

// QueryRow runs a query of one row on a reader.
func (db *DB) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	return db.read.QueryRowContext(ctx, db.dialect.rebind(q), args...)
}

// Exec runs one statement in a write transaction of its own. It may not be
// called from inside Tx, which would wait for itself.
func (db *DB) Exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	var res sql.Result
	err := db.Tx(ctx, func(tx *Tx) error {
		var err error
		res, err = tx.Exec(ctx, q, args...)
		return err
	})
	return res, err
}

// Tx is a transaction: the one writer's, or a reader's that sees one moment.
type Tx struct {
	db   *DB
	conn *sql.Conn
}

// Tx runs f in the write transaction. There is one at a time; others wait. It
// commits when f returns nil: what it wrote is then on disk. Any error or panic
// rolls everything back.
func (db *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get writer: %w", err)
	}
	defer conn.Close()
	return db.run(ctx, conn, db.dialect.begin(), f)
}

// lock waits for the writer's turn, as long as ctx lasts.
func (db *DB) lock(ctx context.Context) error {
	select {
	case db.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to write: %w", ctx.Err())
	}
}

func (db *DB) unlock() { <-db.writer }

// ReadTx runs f in a transaction that sees the database as of one moment and
// may not write. It does not hold up the writer.
func (db *DB) ReadTx(ctx context.Context, f func(*Tx) error) error {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get reader: %w", err)
	}
	defer conn.Close()
	return db.run(ctx, conn, db.dialect.beginRead(), f)
}

// ScratchTx is ReadTx for a transaction that may make temporary tables of its own;
// they are gone when it ends, and so is anything else it should write.
func (db *DB) ScratchTx(ctx context.Context, f func(*Tx) error) (err error) {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get reader: %w", err)
	}
	defer conn.Close()
	before, begin, after := db.dialect.scratch()
	defer func() {
		for _, q := range after {
			_, aerr := conn.ExecContext(context.WithoutCancel(ctx), q)
			err = errors.Join(err, aerr)
		}
	}()
	for _, q := range before {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("prepare reader: %w", err)
		}
	}
	err = db.run(ctx, conn, begin, func(tx *Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return errScratch
	})
	if errors.Is(err, errScratch) {
		return nil
	}
	return err
}

// errScratch rolls a scratch transaction back.
var errScratch = errors.New("scratch")

// KeyType is the type of a column of whole numbers that is a table's key.
func (tx *Tx) KeyType() string { return tx.db.dialect.bigKey() }

// Rewrite gives the space of replaced values in some tables (quoted names) back, so
// that nothing of them is left in the files. It needs as much room as the data take.
func (db *DB) Rewrite(ctx context.Context, tables []string) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	for _, q := range db.dialect.rewrite(tables) {
		if _, err := db.write.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("rewrite tables: %w", err)
		}
	}
	return nil
}

func (db *DB) run(ctx context.Context, conn *sql.Conn, begin []string, f func(*Tx) error) (err error) {
	for i, q := range begin {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			if i > 0 {
				conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			}
			return db.dialect.beginError(err)
		}
	}
	done := false
	defer func() {
		if !done {
			// The context may be over; the connection must still come back clean.
			if _, rerr := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rerr != nil && err != nil {
				err = errors.Join(err, fmt.Errorf("roll back: %w", rerr))
			}
		}
	}()
	if err := f(&Tx{db: db, conn: conn}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	return nil
}

// Query runs a query inside the transaction. Close the rows before the next
// statement.
func (tx *Tx) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return tx.conn.QueryContext(ctx, tx.db.dialect.rebind(q), args...)
}

// QueryRow runs a query of one row inside the transaction.
func (tx *Tx) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	return tx.conn.QueryRowContext(ctx, tx.db.dialect.rebind(q), args...)
}

// Exec runs a statement inside the transaction.
func (tx *Tx) Exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return tx.conn.ExecContext(ctx, tx.db.dialect.rebind(q), args...)
}

// Prepare prepares a statement for use inside the transaction; close it before
// the transaction ends.
func (tx *Tx) Prepare(ctx context.Context, q string) (*sql.Stmt, error) {
	return tx.conn.PrepareContext(ctx, tx.db.dialect.rebind(q))
}

// Dialect says which SQL the database takes.
func (tx *Tx) Dialect() rule.Dialect { return tx.db.Dialect() }

// Compact gives the space that a large transaction took beside the database
// back to the disk, as far as readers allow: one that still needs it only means
// that it is given back later.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	for _, q := range db.dialect.compact() {
		if _, err := db.write.ExecContext(context.WithoutCancel(ctx), q); err != nil {
			return fmt.Errorf("compact: %w", err)
		}
	}
	return nil
}
