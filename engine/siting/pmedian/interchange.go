package pmedian

import (
	"context"
	"math"
	"slices"
)

// table knows the nearest and second nearest open site of each client (Whitaker
// 1983, Resende and Werneck 2003).
type table struct {
	s             *solver
	sites         []int32 // open
	place         []int32 // site → place in sites, -1 closed
	first, second []int32
	d1, d2        []int32
	value         int64
	loss          []int64 // by place, scratch
	scratch       []int64
}

func (s *solver) table(sites []int32) *table {
	n := s.p.Clients
	t := &table{
		s: s, sites: slices.Clone(sites), place: make([]int32, s.p.Sites),
		first: make([]int32, n), second: make([]int32, n), d1: make([]int32, n), d2: make([]int32, n),
		loss: make([]int64, len(sites)), scratch: make([]int64, len(sites)),
	}
	for i := range t.place {
		t.place[i] = -1
	}
	for k, i := range sites {
		t.place[i] = int32(k)
	}
	for j := range n {
		t.scan(j)
		t.value += int64(t.d1[j])
	}
	return t
}

// scan finds the two nearest open sites of a client.
func (t *table) scan(j int) {
	n := t.s.p.Clients
	first, second := int32(-1), int32(-1)
	d1, d2 := int32(math.MaxInt32), int32(math.MaxInt32)
	for _, i := range t.sites {
		switch c := t.s.p.Cost[int(i)*n+j]; {
		case c < d1:
			first, second, d1, d2 = i, first, c, d1
		case c < d2:
			second, d2 = i, c
		}
	}
	t.first[j], t.second[j], t.d1[j], t.d2[j] = first, second, d1, d2
}

// losses computes what closing each open site costs.
func (t *table) losses() {
	clear(t.loss)
	for j, f := range t.first {
		d2 := int64(t.d2[j])
		if t.second[j] < 0 {
			d2 = Unreachable * 2
		}
		t.loss[t.place[f]] += d2 - int64(t.d1[j])
	}
}

// swap returns the best place to give up for site i and what the sum changes by.
func (t *table) swap(i int32, in []bool) (place int, change int64) {
	n := t.s.p.Clients
	row := t.s.p.Cost[int(i)*n : int(i)*n+n]
	copy(t.scratch, t.loss)
	gain := int64(0)
	for j, c := range row {
		d1 := t.d1[j]
		if c < d1 { // goes to i whatever closes, and was counted in the loss of its site
			gain += int64(d1 - c)
			d2 := int64(t.d2[j])
			if t.second[j] < 0 {
				d2 = Unreachable * 2
			}
			t.scratch[t.place[t.first[j]]] -= d2 - int64(d1)
		} else if t.second[j] < 0 {
			t.scratch[t.place[t.first[j]]] -= Unreachable*2 - int64(c)
		} else if c < t.d2[j] {
			t.scratch[t.place[t.first[j]]] -= int64(t.d2[j]) - int64(c)
		}
	}
	place, change = -1, math.MaxInt64
	for k, l := range t.scratch {
		if l-gain < change && !(in != nil && in[t.sites[k]]) {
			place, change = k, l-gain
		}
	}
	return place, change
}

// exchange opens site i in place of the one at place k.
func (t *table) exchange(i int32, k int) {
	gone := t.sites[k]
	t.sites[k] = i
	t.place[gone], t.place[i] = -1, int32(k)
	n := t.s.p.Clients
	row := t.s.p.Cost[int(i)*n : int(i)*n+n]
	for j, c := range row {
		t.value -= int64(t.d1[j])
		switch {
		case t.first[j] == gone || t.second[j] == gone:
			t.scan(j)
		case c < t.d1[j]:
			t.second[j], t.d2[j] = t.first[j], t.d1[j]
			t.first[j], t.d1[j] = i, c
		case c < t.d2[j]:
			t.second[j], t.d2[j] = i, c
		}
		t.value += int64(t.d1[j])
	}
}

// descend exchanges as long as that helps; sites fixed in or out keep their place.
func (t *table) descend(ctx context.Context, in, out []bool) {
	n := int32(t.s.p.Sites)
	t.losses()
	at := int32(t.s.rng.IntN(int(n)))
	for idle := int32(0); idle < n && ctx.Err() == nil; idle++ {
		if at++; at >= n {
			at = 0
		}
		if t.place[at] >= 0 || out != nil && out[at] {
			continue
		}
		if k, change := t.swap(at, in); k >= 0 && change < 0 {
			t.exchange(at, k)
			t.losses()
			idle = 0
		}
	}
}

// offer keeps the solution if it is the best.
func (s *solver) offer(t *table) bool {
	if t.value >= s.value {
		return false
	}
	s.value, s.best = t.value, slices.Clone(t.sites)
	return true
}

// improve descends from the sites and offers what it finds.
func (s *solver) improve(ctx context.Context, sites []int32, in, out []bool) {
	t := s.table(sites)
	t.descend(ctx, in, out)
	s.offer(t)
}

// restarts descends from random openings.
func (s *solver) restarts(ctx context.Context, n int) {
	for range n {
		perm := s.rng.Perm(s.p.Sites)[:s.p.P]
		sites := make([]int32, s.p.P)
		for k, i := range perm {
			sites[k] = int32(i)
		}
		s.improve(ctx, sites, nil, nil)
	}
}

// vary is a variable neighbourhood search: k random exchanges of the incumbent,
// then descent; k grows as long as nothing better is found.
func (s *solver) vary(ctx context.Context, rounds int, in, out []bool) {
	var free []int32
	for i := range s.p.Sites {
		if !in[i] && !out[i] {
			free = append(free, int32(i))
		}
	}
	if len(free) < 2 {
		return
	}
	k := 1
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		t := s.table(s.best)
		for range k {
			i := free[s.rng.IntN(len(free))]
			place := s.rng.IntN(len(t.sites))
			if t.place[i] < 0 && !in[t.sites[place]] {
				t.exchange(i, place)
			}
		}
		t.descend(ctx, in, out)
		if s.offer(t) {
			k = 1
		} else if k++; k > min(s.p.P, 12) {
			k = 1
		}
	}
}
