package pack

import (
	"math"
	"slices"
)

// small is the least saving that counts, relative to what is compared.
const small = 1e-9

// Mend descends, first with a low price on what is over capacity, which rises
// until nothing is; then kicks and descends again.
func (p *Packing) Mend(kicks int) {
	s := p.s
	mean := 0.0
	for j, i := range p.At {
		if i != Nobody {
			mean += p.Row[i][j] / float64(max(1, s.Demand[j]))
		}
	}
	base := small + 8*mean/float64(len(p.At)) // dear enough that a nearly fitting assignment is not spread anew
	p.settle(base)
	worth := func() float64 { return p.Cost + s.Lack*float64(p.Excess) + s.Big*float64(p.Under) }
	best, at := worth(), slices.Clone(p.At)
	for range kicks {
		if *s.Effort <= 0 || s.Stop() {
			break
		}
		for range 2 + len(p.At)/50 {
			j := s.Rand.IntN(len(p.At))
			if i := s.Rand.IntN(len(p.Row)); finite(p.Row[i][j]) && p.Row[i][j] < 3*p.Price(p.At[j], j) {
				p.Move(j, i)
			}
		}
		p.settle(base)
		if c := worth(); c < best-small*(1+math.Abs(best)) {
			best = c
			copy(at, p.At)
		} else {
			p.restore(at)
		}
	}
	p.restore(at)
}

// settle descends until nothing is over capacity or the price of that is exhausted.
func (p *Packing) settle(price float64) {
	p.over = price
	p.descend()
	for n := 0; p.Excess > 0 && n < 12 && !p.s.Stop(); n++ {
		p.over *= 2
		p.descend()
	}
}

func (p *Packing) restore(at []int) {
	for j, i := range at {
		if p.At[j] != i {
			p.Move(j, i)
		}
	}
}

// descend shifts, swaps and chains clients as long as the priced cost falls.
func (p *Packing) descend() {
	for range 1000 {
		if p.s.Stop() {
			return
		}
		again := p.shifts()
		if p.Excess == 0 && p.Under == 0 {
			again = p.swaps() || again
			again = again || p.chains()
		} else {
			again = p.relieve() || again
		}
		if !again {
			return
		}
	}
}

// shifts moves each client to where that saves most.
func (p *Packing) shifts() (any bool) {
	for j := range p.At {
		to, best, clean := -1, -small*(1+p.Price(p.At[j], j)), p.Excess == 0 && p.Under == 0 && p.At[j] != Nobody
		for i := range p.Row {
			if i == p.At[j] || !finite(p.Row[i][j]) || clean && p.Row[i][j] >= p.Row[p.At[j]][j] {
				continue
			}
			if c := p.shift(j, i); c < best {
				to, best = i, c
			}
		}
		if to >= 0 {
			p.Move(j, to)
			any = true
		}
	}
	*p.s.Effort -= int64(len(p.At) * len(p.Row))
	return any
}

// members lists clients by place.
func (p *Packing) members() [][]int {
	m := make([][]int, len(p.Row))
	for j, i := range p.At {
		if i != Nobody {
			m[i] = append(m[i], j)
		}
	}
	return m
}

// replace puts l where j stands in a list.
func replace(list []int, j, l int) { list[slices.Index(list, j)] = l }

// swaps exchanges clients of which the first gains, within capacity.
func (p *Packing) swaps() (any bool) {
	members := p.members()
	for j := range p.At {
		a, d, k := p.At[j], p.s.Demand[j], p.s.kind(j)
		if j%32 == 0 && p.s.Stop() {
			return any
		}
		if a == Nobody {
			continue
		}
		for b := range p.Row {
			gain := p.Row[a][j] - p.Row[b][j]
			if gain <= 0 {
				continue
			}
			*p.s.Effort -= int64(len(members[b]))
			best, with := gain-small*(1+p.Row[a][j]), -1
			for _, l := range members[b] {
				if c := p.Row[a][l] - p.Row[b][l]; c < best && p.s.kind(l) == k && p.fits(b, k, d-p.s.Demand[l]) && p.fits(a, k, p.s.Demand[l]-d) {
					best, with = c, l
				}
			}
			if with >= 0 {
				p.Move(j, b)
				p.Move(with, a)
				replace(members[b], with, j)
				replace(members[a], j, with)
				any = true
				break
			}
		}
	}
	return any
}

// chains moves a client to a full place that it prefers and one of that place's on
// to a third.
func (p *Packing) chains() (any bool) {
	members := p.members()
	for j := range p.At {
		a, d, k := p.At[j], p.s.Demand[j], p.s.kind(j)
		if j%32 == 0 && p.s.Stop() {
			return any
		}
		if a == Nobody || !p.fits(a, k, -d) {
			continue
		}
		for b := range p.Row {
			gain := p.Row[a][j] - p.Row[b][j]
			if gain <= 0 {
				continue
			}
			best, who, to := gain-small*(1+p.Row[a][j]), -1, -1
			for _, l := range members[b] {
				e := p.s.Demand[l]
				if p.s.kind(l) != k || !p.fits(b, k, d-e) {
					continue
				}
				*p.s.Effort -= int64(len(p.Row))
				for c := range p.Row {
					if x := p.Row[c][l] - p.Row[b][l]; x < best && c != a && c != b && p.fits(c, k, e) {
						best, who, to = x, l, c
					}
				}
			}
			if who >= 0 {
				p.Move(who, to)
				p.Move(j, b)
				replace(members[b], who, j)
				members[a] = slices.DeleteFunc(members[a], func(x int) bool { return x == j })
				members[to] = append(members[to], who)
				any = true
				break
			}
		}
	}
	return any
}

// relieve exchanges clients of places over capacity for smaller ones.
func (p *Packing) relieve() (any bool) {
	members := p.members()
	for a := range p.Row {
		for k := range p.room[a] {
			for at := 0; at < len(members[a]) && p.load[a][k] > p.room[a][k] && !p.s.Stop(); at++ {
				if j := members[a][at]; p.s.kind(j) == k && p.exchange(j, members) {
					any = true
				}
			}
		}
	}
	return any
}

// exchange makes the best swap of client j for a smaller one elsewhere.
func (p *Packing) exchange(j int, members [][]int) bool {
	a, d, k := p.At[j], p.s.Demand[j], p.s.kind(j)
	best, with := -small*(1+p.Row[a][j]), -1
	for b := range p.Row {
		if b == a || !finite(p.Row[b][j]) {
			continue
		}
		*p.s.Effort -= int64(len(members[b]))
		for _, l := range members[b] {
			if p.s.Demand[l] >= d || p.s.kind(l) != k || !finite(p.Row[a][l]) {
				continue
			}
			if c := p.swap(j, l); c < best {
				best, with = c, l
			}
		}
	}
	if with < 0 {
		return false
	}
	b := p.At[with]
	p.Move(j, b)
	p.Move(with, a)
	replace(members[b], with, j)
	replace(members[a], j, with)
	return true
}
