package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	sqlite3 "modernc.org/sqlite/lib"

	"luoshu"
)

// Inserter writes many rows into one table. Call one of Int, Text, Blob, Null or
// Value for every column in order, then End. A row is in the table when the
// function given to BulkInsert has returned nil, not before.
type Inserter struct {
	lite *binder
	cols int
	rows chan []any // PostgreSQL: batches of whole rows
	cur  []any
	quit chan struct{}
	done int64
}

// bulkBatch is how many rows go to PostgreSQL's copy stream at a time.
const bulkBatch = 256

// errBulkStopped tells a writer that the database has ended the stream; the
// database's own error is what the caller gets.
var errBulkStopped = errors.New("bulk insert stopped")

// BulkInsert opens an Inserter for the columns of a table (quoted name, as Table
// gives it; plain column names) and calls f with it. f may run no other statement
// of the transaction.
func (tx *Tx) BulkInsert(ctx context.Context, table string, cols []string, f func(*Inserter) error) error {
	if _, ok := tx.db.dialect.(sqliteDialect); !ok {
		return tx.copyInsert(ctx, table, cols, f)
	}
	return rawConn(tx.conn, func(r *rawSQLite) error {
		q := "INSERT INTO " + table + " (" + Cols(cols) + ") VALUES (" + marks(len(cols)) + ")"
		st, err := r.prepare(q)
		if err != nil {
			return err
		}
		b := &binder{r: r, st: st}
		defer b.close()
		return f(&Inserter{lite: b, cols: len(cols)})
	})
}

func marks(n int) string {
	b := make([]byte, 0, 2*n)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '?')
	}
	return string(b)
}

// Int sets the next column to an integer.
func (in *Inserter) Int(v int64) {
	if in.lite != nil {
		in.lite.int(v)
		return
	}
	in.cur = append(in.cur, v)
}

// Text sets the next column to a text.
func (in *Inserter) Text(s string) {
	if in.lite != nil {
		in.lite.text(s)
		return
	}
	in.cur = append(in.cur, s)
}

// Blob sets the next column to bytes, which are copied.
func (in *Inserter) Blob(v []byte) {
	if in.lite != nil {
		in.lite.blob(v)
		return
	}
	in.cur = append(in.cur, append([]byte(nil), v...))
}

// Null leaves the next column empty.
func (in *Inserter) Null() {
	if in.lite != nil {
		in.lite.null()
		return
	}
	in.cur = append(in.cur, nil)
}

// Value sets the next column to a value.
func (in *Inserter) Value(v luoshu.Value) {
	switch v.K {
	case luoshu.IsText:
		in.Text(v.S)
	case luoshu.IsInt:
		in.Int(v.I)
	default:
		in.Null()
	}
}

// End writes the row. An error of the database (a full disk, a broken key) may
// come with a later row or from BulkInsert.
func (in *Inserter) End() error {
	in.done++
	if in.lite != nil {
		b := in.lite
		if int(b.idx) != in.cols {
			return fmt.Errorf("bulk insert: %d values for %d columns", b.idx, in.cols)
		}
		rc := sqlite3.Xsqlite3_step(b.r.tls, b.st)
		if rc != sqlite3.SQLITE_DONE {
			err := b.r.fail("insert")
			b.reset()
			return err
		}
		b.reset()
		return nil
	}
	if len(in.cur)%in.cols != 0 {
		return fmt.Errorf("bulk insert: %d values for %d columns", len(in.cur), in.cols)
	}
	if len(in.cur) == in.cols*bulkBatch {
		return in.flush()
	}
	return nil
}

func (in *Inserter) flush() error {
	if len(in.cur) == 0 {
		return nil
	}
	select {
	case in.rows <- in.cur:
		in.cur = make([]any, 0, in.cols*bulkBatch)
		return nil
	case <-in.quit:
		return errBulkStopped
	}
}

// copyInsert streams rows through COPY in a goroutine of its own.
func (tx *Tx) copyInsert(ctx context.Context, table string, cols []string, f func(*Inserter) error) error {
	return tx.conn.Raw(func(dc any) error {
		pc, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("postgres driver connection is a %T", dc)
		}
		in := &Inserter{cols: len(cols), rows: make(chan []any, 4), quit: make(chan struct{})}
		var copied error
		ended := make(chan struct{})
		src := &copySource{in: in}
		go func() {
			defer close(ended)
			defer close(in.quit)
			_, copied = pc.Conn().CopyFrom(ctx, pgx.Identifier{unquote(table)}, cols, src)
		}()
		err := f(in)
		if err == nil {
			err = in.flush()
		}
		if err != nil {
			src.failed.Store(&err)
		}
		close(in.rows)
		<-ended
		if copied != nil && (err == nil || errors.Is(err, errBulkStopped)) {
			return fmt.Errorf("copy into %s: %w", table, copied)
		}
		return err
	})
}

func unquote(s string) string {
	if len(s) > 1 && s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

type copySource struct {
	in     *Inserter
	batch  []any
	failed atomic.Pointer[error]
}

func (c *copySource) Next() bool {
	if len(c.batch) > 0 {
		c.batch = c.batch[c.in.cols:]
	}
	if len(c.batch) == 0 {
		b, ok := <-c.in.rows
		if !ok {
			return false
		}
		c.batch = b
	}
	return true
}

func (c *copySource) Values() ([]any, error) { return c.batch[:c.in.cols], nil }

func (c *copySource) Err() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Row is one row of Scan. What it returns is valid until the next row, except
// Text and Value, which are copies.
type Row struct {
	lite *rawSQLite
	st   uintptr
	vals [][]byte // PostgreSQL
	oids []uint32
}

// Null reports whether column i is null.
func (r *Row) Null(i int) bool {
	if r.lite != nil {
		return sqlite3.Xsqlite3_column_type(r.lite.tls, r.st, int32(i)) == sqlite3.SQLITE_NULL
	}
	return r.vals[i] == nil
}

// Int returns column i, 0 for null.
func (r *Row) Int(i int) int64 {
	if r.lite != nil {
		return sqlite3.Xsqlite3_column_int64(r.lite.tls, r.st, int32(i))
	}
	switch v := r.vals[i]; len(v) {
	case 8:
		return int64(binary.BigEndian.Uint64(v))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	}
	return 0
}

// Bytes returns the text or bytes of column i, nil for null.
func (r *Row) Bytes(i int) []byte {
	if r.lite != nil {
		return r.lite.bytes(sqlite3.Xsqlite3_column_value(r.lite.tls, r.st, int32(i)))
	}
	return r.vals[i]
}

// Text returns column i as a string, "" for null.
func (r *Row) Text(i int) string { return string(r.Bytes(i)) }

// Value returns column i, which holds text or an integer.
func (r *Row) Value(i int) luoshu.Value {
	if r.lite != nil {
		// One locked call a column; the value's own functions lock nothing.
		v := sqlite3.Xsqlite3_column_value(r.lite.tls, r.st, int32(i))
		switch sqlite3.Xsqlite3_value_type(r.lite.tls, v) {
		case sqlite3.SQLITE_INTEGER:
			return luoshu.IntValue(sqlite3.Xsqlite3_value_int64(r.lite.tls, v))
		case sqlite3.SQLITE_TEXT:
			return luoshu.TextValue(string(r.lite.bytes(v)))
		}
		return luoshu.Value{}
	}
	switch {
	case r.vals[i] == nil:
		return luoshu.Value{}
	case r.oids[i] == oidInt8 || r.oids[i] == oidInt4:
		return luoshu.IntValue(r.Int(i))
	}
	return luoshu.TextValue(r.Text(i))
}

// Type numbers of PostgreSQL.
const (
	oidInt8 = 20
	oidInt4 = 23
)

// Scan runs a query inside the transaction and calls each with every row. It is
// several times as fast as Query; columns must be text, integers or bytes. each
// may run no other statement of the transaction.
func (tx *Tx) Scan(ctx context.Context, q string, args []any, each func(*Row) error) error {
	return scanConn(ctx, tx.conn, tx.db.dialect, q, args, each)
}

// Scan runs a query on a reader and calls each with every row; see Tx.Scan.
func (db *DB) Scan(ctx context.Context, q string, args []any, each func(*Row) error) error {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get reader: %w", err)
	}
	defer conn.Close()
	return scanConn(ctx, conn, db.dialect, q, args, each)
}

func scanConn(ctx context.Context, conn *sql.Conn, d dialect, q string, args []any, each func(*Row) error) error {
	if _, ok := d.(sqliteDialect); ok {
		return rawConn(conn, func(r *rawSQLite) error { return r.scan(ctx, q, args, each) })
	}
	return conn.Raw(func(dc any) error {
		pc, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("postgres driver connection is a %T", dc)
		}
		rows, err := pc.Conn().Query(ctx, d.rebind(q), args...)
		if err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		defer rows.Close()
		row := &Row{}
		for rows.Next() {
			if row.oids == nil {
				for _, f := range rows.FieldDescriptions() {
					row.oids = append(row.oids, f.DataTypeOID)
				}
			}
			row.vals = rows.RawValues()
			if err := each(row); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		return nil
	})
}
