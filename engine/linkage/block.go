package linkage

import (
	"context"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// window is how many neighbours a row of an oversize block is compared with, in the
// order of its name or first text.
const window = 20

// entry is one row under one key of a pass.
type entry struct {
	key uint64
	row uint32
}

// blocking holds the keys of every row in every pass, so that the union of all
// passes can be walked without keeping pairs: a pair is taken in the first pass
// that brings it together and skipped in the later ones.
type blocking struct {
	t      *Table
	passes []Pass
	slots  []int
	keys   [][]uint64 // pass → row × slots, 0 none
	large  []map[uint64]int
	max    int
	focus  []bool // nil, or: only pairs with a row in it
	sortBy column
}

func newBlocking(t *Table, c *Config, focus []bool) *blocking {
	b := &blocking{t: t, passes: c.Passes, max: c.MaxBlock, focus: focus}
	at := map[string]int{}
	for i, f := range t.fields {
		at[f.Name] = i
		if b.sortBy == nil && (f.Kind == Name || f.Kind == Word || f.Kind == Text) {
			b.sortBy = t.cols[i]
		}
	}
	for _, p := range c.Passes {
		slots := 1
		for _, k := range p.Keys {
			if t.fields[at[k.Field]].Kind == Names {
				slots = maxKeySlots
			}
		}
		keys := make([]uint64, int(t.rows)*slots)
		var cur, next, one []uint64
		for row := range t.rows {
			cur = append(cur[:0], 1)
			for _, k := range p.Keys {
				one = t.cols[at[k.Field]].keys(row, k.Part, one[:0])
				next = next[:0]
				for _, x := range cur {
					for _, y := range one {
						if len(next) < slots {
							next = append(next, join(x, y))
						}
					}
				}
				cur, next = next, cur
			}
			copy(keys[int(row)*slots:], cur)
		}
		b.keys = append(b.keys, keys)
		b.slots = append(b.slots, slots)
		b.large = append(b.large, nil)
	}
	return b
}

// sorted returns the entries of a pass by key and row, and where its blocks of two
// rows and more begin and end; it notes the oversize ones.
func (b *blocking) sorted(pass int) (entries []entry, blocks [][2]int) {
	slots := b.slots[pass]
	entries = make([]entry, 0, len(b.keys[pass]))
	for i, k := range b.keys[pass] {
		if k != 0 {
			entries = append(entries, entry{k, uint32(i / slots)})
		}
	}
	slices.SortFunc(entries, func(x, y entry) int {
		switch {
		case x.key != y.key && x.key < y.key, x.key == y.key && x.row < y.row:
			return -1
		case x == y:
			return 0
		}
		return 1
	})
	entries = slices.Compact(entries)
	b.large[pass] = map[uint64]int{}
	for i := 0; i < len(entries); {
		j := i + 1
		for j < len(entries) && entries[j].key == entries[i].key {
			j++
		}
		if j-i > b.max {
			b.large[pass][entries[i].key] = j - i
			part := entries[i:j]
			if b.sortBy != nil {
				sort.SliceStable(part, func(x, y int) bool { return b.sortBy.order(part[x].row) < b.sortBy.order(part[y].row) })
			}
		}
		if j-i > 1 {
			blocks = append(blocks, [2]int{i, j})
		}
		i = j
	}
	return entries, blocks
}

// count returns how many pairs a pass brings together.
func (b *blocking) count(blocks [][2]int) int64 {
	n := int64(0)
	for _, x := range blocks {
		k := int64(x[1] - x[0])
		if k > int64(b.max) {
			n += k * window
		} else {
			n += k * (k - 1) / 2
		}
	}
	return n
}

// earlier reports whether a pass before this one, or a lower slot of this one,
// brings the two rows together as well.
func (b *blocking) earlier(pass int, key uint64, x, y uint32) bool {
	for p := range pass + 1 {
		s := b.slots[p]
		kx, ky := b.keys[p][int(x)*s:int(x)*s+s], b.keys[p][int(y)*s:int(y)*s+s]
		for _, k := range kx {
			if k == 0 || !slices.Contains(ky, k) || b.large[p][k] > 0 {
				continue
			}
			if p == pass {
				return k != key
			}
			return true
		}
	}
	return false
}

// eachInBlock calls fn for the pairs of one block.
func (b *blocking) eachInBlock(part []entry, fn func(key uint64, x, y uint32)) {
	wide := len(part)
	if wide > b.max {
		wide = window + 1
	}
	for i := range part {
		for j := i + 1; j < len(part) && j-i < wide; j++ {
			x, y := part[i].row, part[j].row
			if b.focus != nil && !b.focus[x] && !b.focus[y] {
				continue
			}
			if x > y {
				x, y = y, x
			}
			fn(part[i].key, x, y)
		}
	}
}

// parallel runs fn over 0..n-1 in chunks on the workers; fn gets the worker's number.
func parallel(ctx context.Context, workers, n, chunk int, fn func(worker, from, to int), told func(done int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for ctx.Err() == nil {
				from := int(next.Add(int64(chunk))) - chunk
				if from >= n {
					return
				}
				fn(w, from, min(from+chunk, n))
				if told != nil && w == 0 {
					told(from)
				}
			}
		}()
	}
	wg.Wait()
	return ctx.Err()
}
