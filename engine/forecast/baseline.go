package forecast

// The rivals that every forecast is held against, each a path of h years ahead laid
// out [h−1][unit·grades + grade].
//
// No change: every grade keeps the number it has.
//
// Plain grade progression: the entry grade keeps its number, every other grade is the
// grade below a year before times the ratio of three transitions pooled. It comes in
// two kinds: with the unit's own ratio, and with the ratio of its area. A grade that
// nothing of the unit leads to keeps its number.

// At areas the first is the sum of units, the second is by the area's own ratios, and a
// third by the ratios of all areas together, which no plain progression of an area knows.
const (
	plainUnit = iota
	plainArea
	plainAll
	plains
)

// Furthest is the longest horizon, in years.
const Furthest = 15

const pooled = 3 // transitions of the plain ratio

func (x *grid) noChange(t, horizons int) [][]float64 {
	now := make([]float64, x.n*x.g)
	for u := range x.n {
		if x.there(u, t) {
			copy(now[u*x.g:], x.row(u, t))
		}
	}
	out := make([][]float64, horizons)
	for h := range out {
		out[h] = now
	}
	return out
}

// plain are both kinds of plain progression.
func (x *grid) plain(t, horizons int) (own, area [][]float64) {
	type pair struct{ prev, next float64 }
	mine := make([]pair, x.n*x.g)
	theirs := make([]pair, x.areas*x.g)
	n := 0
	for s := t; s > 0 && n < pooled; s-- {
		if !x.chained(s) {
			continue
		}
		n++
		for u := range x.n {
			if !x.there(u, s) || !x.there(u, s-1) {
				continue
			}
			before, after := x.row(u, s-1), x.row(u, s)
			for g := 1; g < x.g; g++ {
				mine[u*x.g+g].prev += before[g-1]
				mine[u*x.g+g].next += after[g]
				if before[g-1] > 0 && after[g] > 0 {
					a := x.area[u]*x.g + g
					theirs[a].prev += before[g-1]
					theirs[a].next += after[g]
				}
			}
		}
	}
	walk := func(at func(u, g int) (float64, bool)) [][]float64 {
		prev := x.noChange(t, 1)[0]
		first := prev
		out := make([][]float64, horizons)
		for h := range out {
			next := make([]float64, len(prev))
			for u := range x.n {
				for g := range x.g {
					i := u*x.g + g
					next[i] = first[i]
					if g > 0 {
						if r, ok := at(u, g); ok {
							next[i] = r * prev[i-1]
						}
					}
				}
			}
			out[h], prev = next, next
		}
		return out
	}
	own = walk(func(u, g int) (float64, bool) {
		m := mine[u*x.g+g]
		return m.next / m.prev, m.prev > 0
	})
	area = walk(func(u, g int) (float64, bool) {
		m, a := mine[u*x.g+g], theirs[x.area[u]*x.g+g]
		if m.prev > 0 && m.next == 0 {
			return 0, true
		}
		return a.next / a.prev, m.prev > 0 && a.prev > 0
	})
	return own, area
}
