package keys

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A table holds what a map holds, whether it grew key by key, was made for so many or
// was joined from two, and knows no key that was not put in.
func TestTable(t *testing.T) {
	seeds := NewSeeds()
	key := func(i int) Key { return seeds.Key(binary.BigEndian.AppendUint64(nil, uint64(i))) }
	r := rand.New(rand.NewPCG(1, 2))
	for _, expect := range []int{0, 100, 5000, 40_000} {
		for _, n := range []int{0, 1, 63, 1000, 30_000} {
			want := map[int]int64{}
			first, second := NewTable(expect), NewTable(0)
			for range n {
				i, rid := r.IntN(2*n+1), r.Int64N(1<<39)
				if r.IntN(3) == 0 {
					if _, ok := want[i]; !ok || second.Find(key(i)) != nil {
						second.Put(key(i), rid, uint64(i))
						want[i] = rid
						continue
					}
				}
				if second.Find(key(i)) == nil {
					first.Put(key(i), rid, uint64(i))
					want[i] = rid
				}
			}
			first.Join(second)
			if first.Len() != len(want) {
				t.Fatalf("made for %d: %d keys, want %d", expect, first.Len(), len(want))
			}
			for i := range 2*n + 2 {
				s := first.Find(key(i))
				rid, ok := want[i]
				switch {
				case ok != (s != nil):
					t.Fatalf("made for %d, %d put: key %d is there: %v, want %v", expect, n, i, s != nil, ok)
				case ok && (s.Rid() != rid || s.Head() != uint64(i) || s.Taken() != -1):
					t.Fatalf("key %d holds %d, %d, %d; want %d, %d, -1", i, s.Rid(), s.Head(), s.Taken(), rid, i)
				}
			}
		}
	}
}

// A shelf keeps no more than it may: what is too much is not kept at all, and a lower
// limit takes away what lies there.
func TestLimit(t *testing.T) {
	seeds := NewSeeds()
	table := func(n int) *Table {
		out := NewTable(n)
		for i := range n {
			out.Put(seeds.Key(binary.BigEndian.AppendUint64(nil, uint64(i))), int64(i), 0)
		}
		return out
	}
	var s Shelf
	s.Limit(100)
	k := s.Lend()
	k.AsOf([]byte("head"))
	k.Keep("few", table(60))
	k.Keep("many", table(50))
	if k.Table("few") == nil || k.Table("many") != nil {
		t.Errorf("kept %v and %v under a limit of 100", k.Table("few") != nil, k.Table("many") != nil)
	}
	if !k.Room("other", 40) || k.Room("other", 41) {
		t.Error("the room left is not what the limit leaves")
	}
	s.Return(k)
	s.Limit(60)
	if k = s.Lend(); k.Table("few") == nil {
		t.Error("a limit that fits took the keys away")
	}
	s.Limit(59) // while they are lent
	s.Return(k)
	if k = s.Lend(); k.Table("few") != nil {
		t.Error("what came back stayed above the limit")
	}
	k.Keep("few", table(60))
	if k.Table("few") != nil || k.Most() != 59 {
		t.Errorf("60 keys are kept, or the limit is %d", k.Most())
	}
}
