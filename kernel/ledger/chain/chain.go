// Package chain hashes what the ledger writes: rows, what a commit opened and
// closed, and the texts and numbers of headers (SM3). Only the ledger uses it.
package chain

import (
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"luoshu"
)

// Row hashes. _h is the first 16 bytes of SM3 over the entity's name and every
// field that is not null, in the order of field names:
//
//	"luoshu row 1" 0 entity 0 { len(name) name 't' len(text) text | len(name) name 'i' 8 bytes }
//
// lengths are unsigned varints, integers big-endian two's complement. A field
// that a later catalog adds is null in older rows, so their hashes stay. The rows
// of an entity with sealed fields take HMAC-SM3 of the same text instead, under a
// key of the vault: their hashes tell nothing of what is sealed.

// RowHasher hashes the rows of one entity. It is safe for concurrent use unless it
// is keyed.
type RowHasher struct {
	prefix []byte
	order  []int    // field positions in the order of names
	names  [][]byte // by position: length and name
	mac    hash.Hash
}

// NewRowHasher makes the hasher of an entity with the given fields.
func NewRowHasher(entity string, names []string) *RowHasher {
	h := &RowHasher{prefix: []byte("luoshu row 1\x00" + entity + "\x00")}
	for i, n := range names {
		h.order = append(h.order, i)
		h.names = append(h.names, append(binary.AppendUvarint(nil, uint64(len(n))), n...))
	}
	slices.SortFunc(h.order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	return h
}

// Keyed returns a hasher that takes a keyed hash; for a nil one, h itself.
func (h *RowHasher) Keyed(mac hash.Hash) *RowHasher {
	if mac == nil {
		return h
	}
	k := *h
	k.mac = mac
	return &k
}

// Sum hashes a row. buf is scratch space, returned for the next call.
func (h *RowHasher) Sum(vals []luoshu.Value, buf []byte) (out [16]byte, _ []byte) {
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
	if h.mac != nil {
		h.mac.Reset()
		h.mac.Write(buf)
		n := len(buf)
		buf = h.mac.Sum(buf)
		copy(out[:], buf[n:])
		return out, buf
	}
	full := sm3.Sum(buf)
	copy(out[:], full[:])
	return out, buf
}

// Versions digests the versions that a commit opened, in the order of _rid.
type Versions struct {
	h   hash.Hash
	N   int64 // how many
	buf []byte
}

// NewVersions begins a digest.
func NewVersions() *Versions { return &Versions{h: sm3.New(), buf: make([]byte, 0, 8192)} }

// Add takes a version.
func (o *Versions) Add(rid, rec, row int64, h []byte) {
	o.N++
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(rid))
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(rec))
	o.buf = binary.BigEndian.AppendUint64(o.buf, uint64(row))
	o.buf = append(o.buf, h...)
	if len(o.buf) > 8000 {
		o.h.Write(o.buf)
		o.buf = o.buf[:0]
	}
}

// Sum ends the digest.
func (o *Versions) Sum() []byte {
	o.h.Write(o.buf)
	o.buf = o.buf[:0]
	return o.h.Sum(nil)
}

// Closed is a version that a commit closed.
type Closed struct {
	Rid, Rec int64
	H        [16]byte
}

// Digest is SM3 over what a commit opened and closed, and over its extras, if any.
// Closed versions are taken in the order of _rid, with row 0.
func Digest(entity string, o *Versions, c *Versions, extra []byte) []byte {
	buf := AppendText(nil, "luoshu commit 1")
	buf = AppendText(buf, entity)
	buf = AppendInt(buf, o.N)
	buf = append(buf, o.Sum()...)
	buf = AppendInt(buf, c.N)
	buf = append(buf, c.Sum()...)
	buf = append(buf, extra...)
	d := sm3.Sum(buf)
	return d[:]
}

// DigestClosed digests closed versions, which it sorts.
func DigestClosed(rows []Closed) *Versions {
	slices.SortFunc(rows, func(a, b Closed) int {
		if a.Rid < b.Rid {
			return -1
		}
		return 1
	})
	o := NewVersions()
	for i := range rows {
		o.Add(rows[i].Rid, rows[i].Rec, 0, rows[i].H[:])
	}
	return o
}

// AppendText appends a text with its length.
func AppendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// AppendInt appends a number, big-endian.
func AppendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// Fold is SM3 of what has been gathered so far, to go on from.
func Fold(buf []byte) []byte {
	h := sm3.Sum(buf)
	return append(buf[:0], h[:]...)
}

// CommitID is the id of a commit that is given none.
func CommitID(prev []byte, seq int64, at string) string {
	h := Sum(AppendText(AppendInt(append([]byte("luoshu id 1"), prev...), seq), at))
	return "C" + hex.EncodeToString(h[:10])
}

// Sum is SM3 of a text.
func Sum(buf []byte) []byte {
	h := sm3.Sum(buf)
	return h[:]
}
