package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"luoshu"
)

// rawSQLite is the SQLite handle beneath a database/sql connection. Loading a
// row of fifty columns through database/sql costs as much as SQLite's own work,
// so bulk writing and reading go to the library directly, on the connection and
// in the transaction that the caller already has. The handle is borrowed: it is
// used only inside sql.Conn.Raw and never closed here.
type rawSQLite struct {
	db  uintptr
	tls *libc.TLS
}

// rawConn calls f with the handle of the connection.
func rawConn(conn *sql.Conn, f func(*rawSQLite) error) error {
	return conn.Raw(func(dc any) error {
		v := reflect.ValueOf(dc)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("sqlite driver connection is a %T", dc)
		}
		h := v.Elem().FieldByName("db")
		if h.Kind() != reflect.Uintptr || h.Uint() == 0 {
			return fmt.Errorf("sqlite driver connection %T has no handle", dc)
		}
		r := &rawSQLite{db: uintptr(h.Uint()), tls: libc.NewTLS()}
		defer r.tls.Close()
		return f(r)
	})
}

func (r *rawSQLite) fail(op string) error {
	return fmt.Errorf("sqlite %s: %s (%d)", op, libc.GoString(sqlite3.Xsqlite3_errmsg(r.tls, r.db)),
		sqlite3.Xsqlite3_extended_errcode(r.tls, r.db))
}

func (r *rawSQLite) prepare(q string) (uintptr, error) {
	// The text and the place for the answer lie in C memory: Go may move a stack.
	const out = 8
	p := libc.Xmalloc(r.tls, libc.Tsize_t(out+len(q)))
	defer libc.Xfree(r.tls, p)
	copy(libcBytes(p+out, len(q)), q)
	if rc := sqlite3.Xsqlite3_prepare_v2(r.tls, r.db, p+out, int32(len(q)), p, 0); rc != sqlite3.SQLITE_OK {
		return 0, r.fail("prepare")
	}
	return *(*uintptr)(unsafe.Pointer(&libcBytes(p, out)[0])), nil
}

func (r *rawSQLite) finalize(st uintptr) { sqlite3.Xsqlite3_finalize(r.tls, st) }

// binder binds one row of parameters. Text and bytes are copied into one buffer
// that stays in place until the statement has run.
type binder struct {
	r     *rawSQLite
	st    uintptr
	idx   int32
	buf   uintptr
	size  int
	used  int
	spill []uintptr // buffers that a larger one replaced within this row
	last  []bound   // what stands bound: nulls and integers that repeat are left
}

// bound is what a parameter holds since the row before.
type bound struct {
	kind luoshu.Kind // IsText also for bytes
	set  bool
	i    int64
}

// next moves to the next parameter and tells whether it holds the value already.
func (b *binder) next(v bound) bool {
	v.set = true
	b.idx++
	if int(b.idx) > len(b.last) {
		b.last = append(b.last, v)
		return false
	}
	if l := &b.last[b.idx-1]; *l != v {
		*l = v
		return false
	}
	return v.kind != luoshu.IsText
}

func (b *binder) null() {
	if !b.next(bound{kind: luoshu.Null}) {
		sqlite3.Xsqlite3_bind_null(b.r.tls, b.st, b.idx)
	}
}

func (b *binder) int(v int64) {
	if !b.next(bound{kind: luoshu.IsInt, i: v}) {
		sqlite3.Xsqlite3_bind_int64(b.r.tls, b.st, b.idx, v)
	}
}

func (b *binder) text(s string) {
	p := b.put(unsafe.Slice(unsafe.StringData(s), len(s)))
	b.next(bound{kind: luoshu.IsText})
	sqlite3.Xsqlite3_bind_text(b.r.tls, b.st, b.idx, p, int32(len(s)), 0)
}

func (b *binder) blob(v []byte) {
	p := b.put(v)
	b.next(bound{kind: luoshu.IsText})
	sqlite3.Xsqlite3_bind_blob(b.r.tls, b.st, b.idx, p, int32(len(v)), 0)
}

func (b *binder) put(v []byte) uintptr {
	if b.buf == 0 || b.used+len(v) > b.size { // a nil pointer would bind null
		if b.buf != 0 {
			b.spill = append(b.spill, b.buf)
		}
		b.size = max(64<<10, 2*len(v))
		b.buf, b.used = libc.Xmalloc(b.r.tls, libc.Tsize_t(b.size)), 0
	}
	p := b.buf + uintptr(b.used)
	copy(libcBytes(p, len(v)), v)
	b.used += len(v)
	return p
}

func (b *binder) any(a any) error {
	switch x := a.(type) {
	case nil:
		b.null()
	case int64:
		b.int(x)
	case int:
		b.int(int64(x))
	case string:
		b.text(x)
	case []byte:
		b.blob(x)
	default:
		return fmt.Errorf("sqlite: cannot bind a %T", a)
	}
	return nil
}

// reset makes the statement ready for the next row. The buffer is used again from
// its start, so every text is bound anew.
func (b *binder) reset() {
	sqlite3.Xsqlite3_reset(b.r.tls, b.st)
	b.idx, b.used = 0, 0
	for _, p := range b.spill {
		libc.Xfree(b.r.tls, p)
	}
	b.spill = b.spill[:0]
}

// close ends the statement and frees its memory.
func (b *binder) close() {
	b.r.finalize(b.st)
	for _, p := range append(b.spill, b.buf) {
		if p != 0 {
			libc.Xfree(b.r.tls, p)
		}
	}
	b.spill, b.buf = nil, 0
}

// libcBytes views memory that the C side owns.
func libcBytes(p uintptr, n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), n)
}

// bytes views the text or bytes of a column's value, nil for null.
func (r *rawSQLite) bytes(v uintptr) []byte {
	p := sqlite3.Xsqlite3_value_blob(r.tls, v)
	if p == 0 {
		return nil
	}
	return libcBytes(p, int(sqlite3.Xsqlite3_value_bytes(r.tls, v)))
}

// scan runs a query and calls each with every row.
func (r *rawSQLite) scan(ctx context.Context, q string, args []any, each func(*Row) error) error {
	st, err := r.prepare(q)
	if err != nil {
		return err
	}
	b := &binder{r: r, st: st}
	defer b.close()
	for _, a := range args {
		if err := b.any(a); err != nil {
			return err
		}
	}
	row := &Row{lite: r, st: st}
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		switch sqlite3.Xsqlite3_step(r.tls, st) {
		case sqlite3.SQLITE_ROW:
			if err := each(row); err != nil {
				return err
			}
		case sqlite3.SQLITE_DONE:
			return nil
		default:
			return r.fail("step")
		}
	}
}
