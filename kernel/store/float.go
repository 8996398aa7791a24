package store

import (
	sqlite3 "modernc.org/sqlite/lib"

	"luoshu"
)

// Float sets the next column to a number with a fraction; nil is null.
func (in *Inserter) Float(v *float64) {
	switch {
	case v == nil:
		in.Null()
	case in.lite != nil:
		b := in.lite
		b.next(bound{kind: luoshu.IsText}) // always bound anew, as texts are
		sqlite3.Xsqlite3_bind_double(b.r.tls, b.st, b.idx, *v)
	default:
		in.cur = append(in.cur, *v)
	}
}
