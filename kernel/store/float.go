package store

import sqlite3 "modernc.org/sqlite/lib"

// Float sets the next column to a number with a fraction; nil is null.
func (in *Inserter) Float(v *float64) {
	switch {
	case v == nil:
		in.Null()
	case in.lite != nil:
		in.lite.idx++
		sqlite3.Xsqlite3_bind_double(in.lite.r.tls, in.lite.st, in.lite.idx, *v)
	default:
		in.cur = append(in.cur, *v)
	}
}
