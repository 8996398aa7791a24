package ledger

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"luoshu"
	"luoshu/kernel/store"
)

// key is a 128-bit hash of a natural key under a seed of this process, so that
// nobody can prepare two keys that meet. k[0] is never 0.
type key [2]uint64

// seeds are drawn anew for every commit.
type seeds struct{ a, b maphash.Seed }

func newSeeds() seeds { return seeds{maphash.MakeSeed(), maphash.MakeSeed()} }

func (s seeds) key(buf []byte) key {
	return key{maphash.Bytes(s.a, buf) | 1, maphash.Bytes(s.b, buf)}
}

// one hashes a single reference or key to 64 bits, never 0.
func (s seeds) one(buf []byte) uint64 { return maphash.Bytes(s.a, buf) | 1 }

// appendKey writes a value so that different keys differ.
func appendKey(buf []byte, v luoshu.Value) []byte {
	switch v.K {
	case luoshu.IsText:
		return appendText(append(buf, 't'), v.S)
	case luoshu.IsInt:
		return binary.BigEndian.AppendUint64(append(buf, 'i'), uint64(v.I))
	}
	return append(buf, 'n')
}

// appendKeyColumn writes column i of a stored row in the form of appendKey.
func appendKeyColumn(buf []byte, r *store.Row, i int, text bool) []byte {
	if text {
		b := r.Bytes(i)
		buf = append(buf, 't')
		buf = binary.AppendUvarint(buf, uint64(len(b)))
		return append(buf, b...)
	}
	return binary.BigEndian.AppendUint64(append(buf, 'i'), uint64(r.Int(i)))
}

// slot is one key of a keyTable: a current record (v is its _rid, h the first
// bytes of its _h), or, once a row of the batch has taken it, -1 - row.
type slot struct {
	k key
	v int64
	h uint64
}

// keyTable is an open-addressing table from keys to slots, 32 bytes each, made
// for millions of keys in bounded memory.
type keyTable struct {
	slots []slot
	n     int
}

func newKeyTable(expect int) *keyTable {
	return &keyTable{slots: make([]slot, max(64, expect+expect/4+16))}
}

func (t *keyTable) at(k key) int {
	hi, _ := bits.Mul64(k[1], uint64(len(t.slots)))
	for i := int(hi); ; {
		s := &t.slots[i]
		if s.k == k || s.k[0] == 0 {
			return i
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
}

// get finds the slot of a key, making an empty one (k[0] == 0) visible to the
// caller if there is none; put fills it.
func (t *keyTable) get(k key) *slot { return &t.slots[t.at(k)] }

func (t *keyTable) put(k key, v int64, h uint64) {
	if t.n*8 >= len(t.slots)*7 {
		old := t.slots
		t.slots = make([]slot, len(old)+len(old)/2+16)
		for i := range old {
			if old[i].k[0] != 0 {
				t.slots[t.at(old[i].k)] = old[i]
			}
		}
	}
	s := &t.slots[t.at(k)]
	if s.k[0] == 0 {
		t.n++
	}
	*s = slot{k, v, h}
}

// hashSet is an open-addressing set of 64-bit hashes.
type hashSet struct {
	slots []uint64
	n     int
}

func newHashSet(expect int) *hashSet {
	return &hashSet{slots: make([]uint64, max(64, expect+expect/3+16))}
}

func (t *hashSet) at(h uint64) int {
	hi, _ := bits.Mul64(h, uint64(len(t.slots)))
	for i := int(hi); ; {
		if t.slots[i] == h || t.slots[i] == 0 {
			return i
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
}

func (t *hashSet) has(h uint64) bool { return t.slots[t.at(h)] != 0 }

func (t *hashSet) add(h uint64) {
	if t.n*8 >= len(t.slots)*7 {
		old := t.slots
		t.slots = make([]uint64, len(old)+len(old)/2+16)
		for _, x := range old {
			if x != 0 {
				t.slots[t.at(x)] = x
			}
		}
	}
	if i := t.at(h); t.slots[i] == 0 {
		t.slots[i] = h
		t.n++
	}
}
