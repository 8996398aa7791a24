package keys

import "sync"

// usual bounds the keys that a shelf keeps unless Limit says otherwise, 24 bytes each
// and a fifth more.
const usual = 1_000_000

// Shelf keeps the keys of whole entities from one commit to the next, as long as
// nobody else commits in between: a city hands in hundreds of files in a row. One
// commit has it at a time; whoever finds it lent goes without.
type Shelf struct {
	mu   sync.Mutex
	kept *Kept
	most int64 // 0: usual
}

// Limit bounds the keys that are kept from now on, 0 for the usual million, and forgets
// those there are if they are more.
func (s *Shelf) Limit(most int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most = most; s.kept != nil && !s.kept.fits(s.bound()) {
		s.kept = nil
	}
}

func (s *Shelf) bound() int64 {
	if s.most == 0 {
		return usual
	}
	return s.most
}

// Kept is what a shelf holds as of one head of the ledger.
type Kept struct {
	Seeds  Seeds
	head   string
	tables map[string]*Table
	asked  map[string]int64
	moved  bool
	most   int64
}

// NewKept is one that keeps nothing yet.
func NewKept() *Kept {
	return &Kept{Seeds: NewSeeds(), tables: map[string]*Table{}, asked: map[string]int64{}, most: usual}
}

// Lend gives what is kept to one commit, until Return; if it is lent already, an
// empty one.
func (s *Shelf) Lend() *Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept
	if s.kept = nil; k == nil {
		k = NewKept()
	}
	k.moved, k.most = false, s.bound()
	return k
}

// Return takes it back. What a failed transaction has seen must not come back.
func (s *Shelf) Return(k *Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.fits(s.bound()) {
		s.kept = k
	}
}

// GiveBack takes back what was lent to somebody who only looked, unless somebody else
// has returned newer keys.
func (s *Shelf) GiveBack(k *Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil && k.fits(s.bound()) {
		s.kept = k
	}
}

// AsOf forgets everything unless it was kept at this head, and goes on from there.
func (k *Kept) AsOf(head []byte) {
	if string(head) != k.head {
		clear(k.tables)
		clear(k.asked)
		k.head = string(head)
	}
}

// Moved says that the ledger's head is another now, by a commit of the borrower.
func (k *Kept) Moved(head []byte) { k.head, k.moved = string(head), true }

// Unmoved reports whether nothing was written since it was lent, so that it holds
// though the borrower's transaction has failed.
func (k *Kept) Unmoved() bool { return k != nil && !k.moved }

// Table has every current key of an entity; nil if they are not kept.
func (k *Kept) Table(entity string) *Table { return k.tables[entity] }

// Asked adds to the lookups that an entity's index has answered and says how many
// there were: at some point reading the table once would have been cheaper.
func (k *Kept) Asked(entity string, n int64) int64 {
	k.asked[entity] += n
	return k.asked[entity]
}

// Room reports whether the keys of one more entity may be kept, if it has so many.
func (k *Kept) Room(entity string, n int64) bool {
	for name, t := range k.tables {
		if name != entity {
			n += int64(t.n)
		}
	}
	return n <= k.most
}

// Most is how many keys it may keep.
func (k *Kept) Most() int { return int(k.most) }

func (k *Kept) fits(most int64) bool {
	var n int64
	for _, t := range k.tables {
		n += int64(t.n)
	}
	return n <= most
}

// Keep keeps an entity's keys, all of them, if there is room.
func (k *Kept) Keep(entity string, t *Table) {
	if !k.Room(entity, int64(t.n)) {
		k.Forget(entity)
		return
	}
	k.tables[entity] = t
}

// Forget drops an entity's keys.
func (k *Kept) Forget(entity string) {
	delete(k.tables, entity)
	delete(k.asked, entity)
}

// Len is how many keys the table has.
func (t *Table) Len() int { return t.n }
