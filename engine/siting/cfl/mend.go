package cfl

import (
	"math"
	"slices"
)

// small is the least saving that counts, relative to what is compared.
const small = 1e-9

// mend descends, first with a low price on what is over capacity, which rises
// until nothing is; then kicks and descends again.
func (s *solver) mend(p *packing, kicks int) {
	mean := 0.0
	for j, i := range p.at {
		if i != nobody {
			mean += p.row[i][j] / float64(max(1, s.Demand[j]))
		}
	}
	base := small + 8*mean/float64(len(p.at)) // dear enough that a nearly fitting assignment is not spread anew
	p.settle(base)
	worth := func() float64 { return p.cost + s.lack*float64(p.excess) + s.big*float64(p.under) }
	best, at := worth(), slices.Clone(p.at)
	for range kicks {
		if s.effort <= 0 || s.stop() {
			break
		}
		for range 2 + len(p.at)/50 {
			j := s.rng.IntN(len(p.at))
			if i := s.rng.IntN(len(p.open)); finite(p.row[i][j]) && p.row[i][j] < 3*p.price(p.at[j], j) {
				p.move(j, i)
			}
		}
		p.settle(base)
		if c := worth(); c < best-small*(1+math.Abs(best)) {
			best = c
			copy(at, p.at)
		} else {
			p.restore(at)
		}
	}
	p.restore(at)
}

// settle descends until nothing is over capacity or the price of that is exhausted.
func (p *packing) settle(price float64) {
	p.over = price
	p.descend()
	for n := 0; p.excess > 0 && n < 12 && !p.s.stop(); n++ {
		p.over *= 2
		p.descend()
	}
}

func (p *packing) restore(at []int) {
	for j, i := range at {
		if p.at[j] != i {
			p.move(j, i)
		}
	}
}

// descend shifts, swaps and chains clients as long as the priced cost falls.
func (p *packing) descend() {
	for range 1000 {
		if p.s.stop() {
			return
		}
		again := p.shifts()
		if p.excess == 0 && p.under == 0 {
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
func (p *packing) shifts() (any bool) {
	for j := range p.at {
		to, best, clean := -1, -small*(1+p.price(p.at[j], j)), p.excess == 0 && p.under == 0 && p.at[j] != nobody
		for i := range p.open {
			if i == p.at[j] || !finite(p.row[i][j]) || clean && p.row[i][j] >= p.row[p.at[j]][j] {
				continue
			}
			if c := p.shift(j, i); c < best {
				to, best = i, c
			}
		}
		if to >= 0 {
			p.move(j, to)
			any = true
		}
	}
	p.s.effort -= int64(len(p.at) * len(p.open))
	return any
}

// members lists clients by place.
func (p *packing) members() [][]int {
	m := make([][]int, len(p.open))
	for j, i := range p.at {
		if i != nobody {
			m[i] = append(m[i], j)
		}
	}
	return m
}

// replace puts l where j stands in a list.
func replace(list []int, j, l int) { list[slices.Index(list, j)] = l }

// swaps exchanges clients of which the first gains, within capacity.
func (p *packing) swaps() (any bool) {
	members := p.members()
	for j := range p.at {
		a, d, k := p.at[j], p.s.Demand[j], p.s.kind(j)
		if j%32 == 0 && p.s.stop() {
			return any
		}
		if a == nobody {
			continue
		}
		for b := range p.open {
			gain := p.row[a][j] - p.row[b][j]
			if gain <= 0 {
				continue
			}
			p.s.effort -= int64(len(members[b]))
			best, with := gain-small*(1+p.row[a][j]), -1
			for _, l := range members[b] {
				if c := p.row[a][l] - p.row[b][l]; c < best && p.s.kind(l) == k && p.fits(b, k, d-p.s.Demand[l]) && p.fits(a, k, p.s.Demand[l]-d) {
					best, with = c, l
				}
			}
			if with >= 0 {
				p.move(j, b)
				p.move(with, a)
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
func (p *packing) chains() (any bool) {
	members := p.members()
	for j := range p.at {
		a, d, k := p.at[j], p.s.Demand[j], p.s.kind(j)
		if j%32 == 0 && p.s.stop() {
			return any
		}
		if a == nobody || !p.fits(a, k, -d) {
			continue
		}
		for b := range p.open {
			gain := p.row[a][j] - p.row[b][j]
			if gain <= 0 {
				continue
			}
			best, who, to := gain-small*(1+p.row[a][j]), -1, -1
			for _, l := range members[b] {
				e := p.s.Demand[l]
				if p.s.kind(l) != k || !p.fits(b, k, d-e) {
					continue
				}
				p.s.effort -= int64(len(p.open))
				for c := range p.open {
					if x := p.row[c][l] - p.row[b][l]; x < best && c != a && c != b && p.fits(c, k, e) {
						best, who, to = x, l, c
					}
				}
			}
			if who >= 0 {
				p.move(who, to)
				p.move(j, b)
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
func (p *packing) relieve() (any bool) {
	members := p.members()
	for a := range p.open {
		for k := range p.room[a] {
			for at := 0; at < len(members[a]) && p.load[a][k] > p.room[a][k] && !p.s.stop(); at++ {
				if j := members[a][at]; p.s.kind(j) == k && p.exchange(j, members) {
					any = true
				}
			}
		}
	}
	return any
}

// exchange makes the best swap of client j for a smaller one elsewhere.
func (p *packing) exchange(j int, members [][]int) bool {
	a, d, k := p.at[j], p.s.Demand[j], p.s.kind(j)
	best, with := -small*(1+p.row[a][j]), -1
	for b := range p.open {
		if b == a || !finite(p.row[b][j]) {
			continue
		}
		p.s.effort -= int64(len(members[b]))
		for _, l := range members[b] {
			if p.s.Demand[l] >= d || p.s.kind(l) != k || !finite(p.row[a][l]) {
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
	b := p.at[with]
	p.move(j, b)
	p.move(with, a)
	replace(members[b], with, j)
	replace(members[a], j, with)
	return true
}
