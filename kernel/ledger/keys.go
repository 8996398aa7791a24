package ledger

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"luoshu"
	"luoshu/kernel/store"
)

// key is a hash of a natural key under seeds drawn for this commit, so that nobody
// can prepare two keys that meet. Of 128 bits 88 are kept and compared: that two
// of ten million meet by chance is less likely than one in 10^12. k[0] is never 0.
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

// slot is one key of a keyTable: a current record, whose _rid and first bytes of
// _h it holds, or, once a row of the batch has taken it, the number of that row.
type slot struct {
	k uint64
	h uint64
	v uint64 // from the top: 24 more bits of the key, taken, 39 bits of _rid or row
}

const (
	slotTaken = 1 << 39
	slotValue = slotTaken - 1
	slotKey   = ^uint64(slotTaken | slotValue)
)

// taken is the row of the batch that took the key, -1 if none has.
func (s *slot) taken() int {
	if s.v&slotTaken == 0 {
		return -1
	}
	return int(s.v & slotValue)
}

func (s *slot) rid() int64 { return int64(s.v & slotValue) }

// keyTable is an open-addressing table from keys to slots, 24 bytes each, made
// for millions of keys in bounded memory.
type keyTable struct {
	slots []slot
	n     int
}

func newKeyTable(expect int) *keyTable {
	return &keyTable{slots: make([]slot, max(64, expect+expect/3+16))}
}

// at finds the place of a key: its slot, or the empty one where it belongs.
func (t *keyTable) at(k key) *slot {
	hi, _ := bits.Mul64(k[0], uint64(len(t.slots)))
	for i := int(hi); ; {
		s := &t.slots[i]
		if s.k == 0 || (s.k == k[0] && (s.v^k[1])&slotKey == 0) {
			return s
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
}

// find returns the slot of a key, nil if there is none.
func (t *keyTable) find(k key) *slot {
	if s := t.at(k); s.k != 0 {
		return s
	}
	return nil
}

// put adds a record.
func (t *keyTable) put(k key, rid int64, h uint64) { t.set(k, uint64(rid)&slotValue, h) }

// take marks a key as taken by a row of the batch.
func (t *keyTable) take(k key, row int) { t.set(k, slotTaken|uint64(row)&slotValue, 0) }

func (t *keyTable) set(k key, v, h uint64) {
	if t.n*8 >= len(t.slots)*7 {
		old := t.slots
		t.slots = make([]slot, len(old)+len(old)/2+16)
		for i := range old {
			if old[i].k != 0 {
				*t.at(key{old[i].k, old[i].v}) = old[i]
			}
		}
	}
	s := t.at(k)
	if s.k == 0 {
		t.n++
	}
	*s = slot{k[0], h, k[1]&slotKey | v}
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
