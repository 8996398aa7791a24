package ledger

import (
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Row hashes. _h is the first 16 bytes of SM3 over the entity's name and every
// field that is not null, in the order of field names:
//
//	"luoshu row 1" 0 entity 0 { len(name) name 't' len(text) text | len(name) name 'i' 8 bytes }
//
// lengths are unsigned varints, integers big-endian two's complement. A field
// that a later catalog adds is null in older rows, so their hashes stay.

type rowHasher struct {
	prefix []byte
	order  []int    // field positions in the order of names
	names  [][]byte // by position: length and name
}

func newRowHasher(entity string, names []string) *rowHasher {
	h := &rowHasher{prefix: []byte("luoshu row 1\x00" + entity + "\x00")}
	for i, n := range names {
		h.order = append(h.order, i)
		h.names = append(h.names, append(binary.AppendUvarint(nil, uint64(len(n))), n...))
	}
	slices.SortFunc(h.order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	return h
}

func fieldNames(e *catalog.Entity) []string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name
	}
	return names
}

// sum hashes a row. buf is scratch space, returned for the next call.
func (h *rowHasher) sum(vals []luoshu.Value, buf []byte) (out [16]byte, _ []byte) {
	buf = append(buf[:0], h.prefix...)
	for _, i := range h.order {
		switch v := &vals[i]; v.K {
		case luoshu.IsText:
			buf = append(buf, h.names[i]...)
			buf = append(buf, 't')
			buf = binary.AppendUvarint(buf, uint64(len(v.S)))
			buf = append(buf, v.S...)
		case luoshu.IsInt:
			buf = append(buf, h.names[i]...)
			buf = append(buf, 'i')
			buf = binary.BigEndian.AppendUint64(buf, uint64(v.I))
		}
	}
	full := sm3.Sum(buf)
	copy(out[:], full[:])
	return out, buf
}

// opened digests the versions that a commit opened, in the order of _rid.
type opened struct {
	h   hash.Hash
	n   int64
	buf []byte
}

func newOpened() *opened { return &opened{h: sm3.New(), buf: make([]byte, 0, 8192)} }

func (o *opened) add(rid, rec, row int64, h []byte) {
	o.n++
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(rid))
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(rec))
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(row))
	o.buf = append(o.buf, h...)
	if len(o.buf) > 8000 {
		o.h.Write(o.buf)
		o.buf = o.buf[:0]
	}
}

func (o *opened) sum() []byte {
	o.h.Write(o.buf)
	o.buf = o.buf[:0]
	return o.h.Sum(nil)
}

// closedRow is a version that a commit closed.
type closedRow struct {
	rid, rec int64
	h        [16]byte
}

// digest is SM3 over what a commit opened and closed. Closed versions are taken
// in the order of _rid, with row 0.
func digest(entity string, o *opened, c *opened) []byte {
	buf := appendText(nil, "luoshu commit 1")
	buf = appendText(buf, entity)
	buf = appendInt(buf, o.n)
	buf = append(buf, o.sum()...)
	buf = appendInt(buf, c.n)
	buf = append(buf, c.sum()...)
	d := sm3.Sum(buf)
	return d[:]
}

func digestClosed(rows []closedRow) *opened {
	slices.SortFunc(rows, func(a, b closedRow) int {
		if a.rid < b.rid {
			return -1
		}
		return 1
	})
	o := newOpened()
	for i := range rows {
		o.add(rows[i].rid, rows[i].rec, 0, rows[i].h[:])
	}
	return o
}

// chain is the hash of a commit: SM3 over the hash before and every column.
func (c *CommitInfo) chain() []byte {
	buf := append([]byte(nil), c.prev...)
	buf = appendInt(buf, c.Seq)
	for _, s := range []string{
		c.ID, c.At, c.Actor.Name, c.Actor.Role, c.Actor.Org, c.Entity, c.Reason,
		c.Source.SHA256, c.Source.Name, c.Catalog,
	} {
		buf = appendText(buf, s)
	}
	for _, n := range []int64{
		c.UndoOf, c.Source.Size, c.Attested, c.Rows, c.New, c.Changed, c.Unchanged, c.Refused,
		c.Closed, c.Verified, c.RidFrom, c.RidTo,
	} {
		buf = appendInt(buf, n)
	}
	buf = append(buf, c.digest...)
	h := sm3.Sum(buf)
	return h[:]
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }
