package cfl

import (
	"math"
	"slices"
)

// item is a client as the knapsack of a row sees it: what serving one unit of it
// adds to the relaxed cost.
type item struct {
	ratio float64
	j     int32
}

// taken is what an option takes in the relaxed problem: all of the first Full
// items of its row's list and a part of the next; or, when clients are whole, the
// listed items.
type taken struct {
	full int
	part float64
	list []int32
	set  bool // list counts, even if empty
}

// greedy fills an option with shares of items, in order of ratio; units below
// least are paid for at the price big.
func (s *shape) greedy(items []item, room, least int64, big float64) (value float64, t taken) {
	value = big * float64(least)
	load := int64(0)
	for _, it := range items {
		d := s.Demand[it.j]
		if d == 0 {
			value += it.ratio
			t.full++
			continue
		}
		n := int64(0)
		if load < least && it.ratio < big {
			n = min(d, least-load)
			value += (it.ratio - big) * float64(n)
		}
		if it.ratio < 0 && load+n >= least {
			more := min(d-n, room-load-n)
			value += it.ratio * float64(more)
			n += more
		}
		load += n
		if n < d {
			t.part = float64(n) / float64(d)
			return value, t
		}
		t.full++
	}
	return value, t
}

const (
	// knapsackNodes bounds the search of one knapsack.
	knapsackNodes = 3000
	// tableMost is the largest table, of items × room, by which a knapsack is solved
	// that its search leaves open; beyond, the bound of the continuous one stands.
	tableMost = 400_000
	// tableNodes is how many cells of it cost as much as a node of the search.
	tableNodes = 64
)

// knapsack chooses whole items of negative ratio, in order of ratio, of at most
// room in all: depth-first with the continuous bound. The value is a lower bound,
// exact unless the search was cut off.
type knapsack struct {
	w     []int64
	p     []float64 // gain, positive
	j     []int32
	pick  []bool
	best  []bool
	value float64
	nodes int
	gain  []float64
	took  []bool
	keys  []uint64
	old   []item
}

// sort orders items by ratio, those without demand first: they take no room, whatever
// is full. Keys of four bytes of the ratio are sorted, which is several times faster,
// and what they leave to order is put right by insertion.
func (k *knapsack) sort(items []item, demand []int64) {
	k.keys, k.old = k.keys[:0], append(k.old[:0], items...)
	for i, it := range items {
		b := math.Float32bits(float32(it.ratio))
		if b>>31 != 0 {
			b = ^b
		} else {
			b |= 1 << 31
		}
		if demand[it.j] == 0 {
			b = 0
		}
		k.keys = append(k.keys, uint64(b)<<32|uint64(i))
	}
	slices.Sort(k.keys)
	for i, key := range k.keys {
		it := k.old[key&math.MaxUint32]
		at := i
		for ; at > 0 && it.ratio < items[at-1].ratio && (demand[it.j] == 0) == (demand[items[at-1].j] == 0); at-- {
			items[at] = items[at-1]
		}
		items[at] = it
	}
}

func (k *knapsack) solve(s *shape, items []item, room int64) (float64, taken) {
	k.w, k.p, k.j = k.w[:0], k.p[:0], k.j[:0]
	sum, load := 0.0, int64(0)
	for _, it := range items {
		if it.ratio >= 0 {
			break
		}
		d := s.Demand[it.j]
		if d > room {
			continue
		}
		g := -it.ratio * float64(max(1, d))
		k.w, k.p, k.j = append(k.w, d), append(k.p, g), append(k.j, it.j)
		sum += g
		load += d
	}
	t := taken{set: true}
	if load <= room {
		t.list = append(t.list, k.j...)
		return -sum, t
	}
	n := len(k.w)
	k.pick, k.best = grow(k.pick, n), grow(k.best, n)
	upper := k.bound(0, room)
	most, cells := knapsackNodes, int64(n)*(room+1)
	if cells <= tableMost {
		most = min(most, max(40, int(cells/tableNodes)))
	}
	if k.dive(room, most); k.nodes >= most && cells <= tableMost {
		k.table(int(room))
	}
	for i, yes := range k.best[:n] {
		if yes {
			t.list = append(t.list, k.j[i])
		}
	}
	if k.nodes >= most && cells > tableMost {
		return -upper, t
	}
	return -k.value, t
}

// table solves the knapsack by dynamic programming over room.
func (k *knapsack) table(room int) {
	n, width := len(k.w), room+1
	k.gain, k.took = growFloats(k.gain, width), grow(k.took, n*width)
	for i, w := range k.w {
		p, took := k.p[i], k.took[i*width:(i+1)*width]
		for at := room; at >= int(w); at-- {
			if g := k.gain[at-int(w)] + p; g > k.gain[at] {
				k.gain[at], took[at] = g, true
			}
		}
	}
	k.value = k.gain[room]
	for i, at := n-1, room; i >= 0; i-- {
		if k.best[i] = k.took[i*width+at]; k.best[i] {
			at -= int(k.w[i])
		}
	}
}

// bound is the continuous gain of the items from i on.
func (k *knapsack) bound(i int, room int64) float64 {
	b := 0.0
	for ; i < len(k.w); i++ {
		if k.w[i] > room {
			return b + k.p[i]*float64(room)/float64(k.w[i])
		}
		room -= k.w[i]
		b += k.p[i]
	}
	return b
}

// dive is the search of Horowitz and Sahni (1974) without recursion, of so many nodes
// at most.
func (k *knapsack) dive(room int64, most int) {
	n, gain, i := len(k.w), 0.0, 0
	k.value, k.nodes = -1, 0
	for k.nodes < most {
		k.nodes++
		for i < n && gain+k.bound(i, room) > k.value+1e-10 {
			for i < n && k.w[i] <= room {
				room -= k.w[i]
				gain += k.p[i]
				k.pick[i] = true
				i++
			}
			if i < n {
				k.pick[i] = false
				i++
			}
		}
		if i == n && gain > k.value {
			k.value = gain
			copy(k.best, k.pick[:n])
		}
		// back to the last one taken
		for i--; i >= 0 && !k.pick[i]; i-- {
		}
		if i < 0 {
			return
		}
		k.pick[i] = false
		room += k.w[i]
		gain -= k.p[i]
		i++
	}
}

func grow(x []bool, n int) []bool {
	if cap(x) < n {
		return make([]bool, n)
	}
	x = x[:n]
	clear(x)
	return x
}

// finite says whether a cost allows serving at all.
func finite(c float64) bool { return !math.IsInf(c, 1) }

func growFloats(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	x = x[:n]
	clear(x)
	return x
}
