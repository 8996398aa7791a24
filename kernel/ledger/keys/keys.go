// Package keys looks natural keys up by the million in bounded memory: hashes
// under seeds that only this process knows, and open-addressing tables of them. Only the
// ledger uses it.
package keys

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"luoshu"
	"luoshu/kernel/store"
)

// Key is a hash of a natural key under seeds drawn at random, so that nobody
// can prepare two keys that meet. Of 128 bits 88 are kept and compared: that two
// of ten million meet by chance is less likely than one in 10^12. k[0] is never 0.
type Key [2]uint64

// Seeds last as long as the keys that are kept under them.
type Seeds struct{ a, b maphash.Seed }

// NewSeeds draws seeds.
func NewSeeds() Seeds { return Seeds{maphash.MakeSeed(), maphash.MakeSeed()} }

// Key hashes a natural key as Append wrote it.
func (s Seeds) Key(buf []byte) Key {
	return Key{maphash.Bytes(s.a, buf) | 1, maphash.Bytes(s.b, buf)}
}

// One hashes a single reference or key to 64 bits, never 0.
func (s Seeds) One(buf []byte) uint64 { return maphash.Bytes(s.a, buf) | 1 }

// Append writes a value so that different keys differ.
func Append(buf []byte, v luoshu.Value) []byte {
	switch v.K {
	case luoshu.IsText:
		buf = binary.AppendUvarint(append(buf, 't'), uint64(len(v.S)))
		return append(buf, v.S...)
	case luoshu.IsInt:
		return binary.BigEndian.AppendUint64(append(buf, 'i'), uint64(v.I))
	}
	return append(buf, 'n')
}

// AppendColumn writes column i of a stored row in the form of Append.
func AppendColumn(buf []byte, r *store.Row, i int, text bool) []byte {
	if text {
		b := r.Bytes(i)
		buf = append(buf, 't')
		buf = binary.AppendUvarint(buf, uint64(len(b)))
		return append(buf, b...)
	}
	return binary.BigEndian.AppendUint64(append(buf, 'i'), uint64(r.Int(i)))
}

// Slot is one key of a Table: a current record, whose _rid and first bytes of
// _h it holds, or, once a row of the batch has taken it, the number of that row.
type Slot struct {
	k uint64
	h uint64
	v uint64 // from the top: 24 more bits of the key, taken, 39 bits of _rid or row
}

const (
	slotTaken = 1 << 39
	slotValue = slotTaken - 1
	slotKey   = ^uint64(slotTaken | slotValue)
)

// Taken is the row of the batch that took the key, -1 if none has.
func (s *Slot) Taken() int {
	if s.v&slotTaken == 0 {
		return -1
	}
	return int(s.v & slotValue)
}

// Rid is the current version of the record.
func (s *Slot) Rid() int64 { return int64(s.v & slotValue) }

// Table is an open-addressing table from keys to slots, 24 bytes each, made
// for millions of keys in bounded memory. It is kept in parts, which grow one at a
// time: a table in one piece would stand in memory twice while it grows.
type Table struct {
	parts [tableParts][]Slot
	full  [tableParts]int
	n     int
}

const tableParts = 64

// NewTable makes a table for about so many keys.
func NewTable(expect int) *Table {
	t := &Table{}
	if expect > tableParts*16 {
		for i := range t.parts {
			t.parts[i] = make([]Slot, room(expect/tableParts))
		}
	}
	return t
}

// room is how many slots so many keys are given: some parts have a few more than the
// mean.
func room(keys int) int { return keys + keys/5 + 8 }

// at finds the place of a key in its part: its slot, or the empty one where it belongs.
func at(slots []Slot, k Key) *Slot {
	hi, _ := bits.Mul64(k[0]*tableParts, uint64(len(slots)))
	for i := int(hi); ; {
		s := &slots[i]
		if s.k == 0 || (s.k == k[0] && (s.v^k[1])&slotKey == 0) {
			return s
		}
		if i++; i == len(slots) {
			i = 0
		}
	}
}

// part is the part of the table a key lies in, by its first six bits.
func part(k uint64) int { return int(k >> (64 - 6)) }

// Find returns the slot of a key, nil if there is none.
func (t *Table) Find(k Key) *Slot {
	slots := t.parts[part(k[0])]
	if len(slots) == 0 {
		return nil
	}
	if s := at(slots, k); s.k != 0 {
		return s
	}
	return nil
}

// Put adds a record.
func (t *Table) Put(k Key, rid int64, h uint64) { t.set(k, uint64(rid)&slotValue, h) }

// Take marks a key as taken by a row of the batch.
func (t *Table) Take(k Key, row int) { t.set(k, slotTaken|uint64(row)&slotValue, 0) }

func (t *Table) set(k Key, v, h uint64) {
	p := part(k[0])
	if slots := t.parts[p]; t.full[p]*8 >= len(slots)*7 {
		more := make([]Slot, room(len(slots)))
		for i := range slots {
			if slots[i].k != 0 {
				*at(more, Key{slots[i].k, slots[i].v}) = slots[i]
			}
		}
		t.parts[p] = more
	}
	s := at(t.parts[p], k)
	if s.k == 0 {
		t.n++
		t.full[p]++
	}
	*s = Slot{k[0], h, k[1]&slotKey | v}
}

// Head is the first bytes of the version's hash.
func (s *Slot) Head() uint64 { return s.h }

// Join adds every key of another table, as it stands there.
func (t *Table) Join(other *Table) {
	for _, slots := range other.parts {
		for i := range slots {
			if s := &slots[i]; s.k != 0 {
				t.set(Key{s.k, s.v}, s.v&(slotTaken|slotValue), s.h)
			}
		}
	}
}

// Set is an open-addressing set of 64-bit hashes.
type Set struct {
	slots []uint64
	n     int
}

// NewSet makes a set for about so many hashes.
func NewSet(expect int) *Set {
	return &Set{slots: make([]uint64, max(64, expect+expect/3+16))}
}

func (t *Set) at(h uint64) int {
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

// Has reports whether a hash is in the set.
func (t *Set) Has(h uint64) bool { return t.slots[t.at(h)] != 0 }

// Add puts a hash into the set.
func (t *Set) Add(h uint64) {
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

// Join adds every hash of another set.
func (t *Set) Join(other *Set) {
	for _, h := range other.slots {
		if h != 0 {
			t.Add(h)
		}
	}
}
