package cfl

import "math"

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

// knapsackNodes bounds the search of one knapsack; beyond, the bound of the
// continuous one stands.
const knapsackNodes = 3000

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
	k.value, k.nodes = -1, 0
	upper := k.bound(0, room)
	k.dive(room)
	for i, yes := range k.best[:n] {
		if yes {
			t.list = append(t.list, k.j[i])
		}
	}
	if k.nodes >= knapsackNodes {
		return -upper, t
	}
	return -k.value, t
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

// dive is the search of Horowitz and Sahni (1974) without recursion.
func (k *knapsack) dive(room int64) {
	n, gain, i := len(k.w), 0.0, 0
	for k.nodes < knapsackNodes {
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
