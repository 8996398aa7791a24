package forecast

import (
	"math"
	"slices"
)

// grid is a series laid out densely: units × years × grades. A year is known when it
// was counted and is not left out. Years of one segment may be compared with each
// other; a ratio is formed only of two known years that follow each other in one.
type grid struct {
	strays      strays // how counts lie about their lines, so far
	years       []int
	known       []bool
	segment     []int
	n, y, g     int
	area        []int     // per unit: index of its area
	areas       int       // how many areas there are
	value       []float64 // [(unit·years + year)·grades + grade]
	has         []bool    // [unit·years + year]: the unit was counted that year
	external    []float64 // [unit·(years+Furthest) + year]: children known to come to the entry grade (births so many years before), NaN if unknown
	lag         int       // years from birth to the entry grade
	externalAll []float64 // the same of all areas together, where it was counted so
}

func newGrid(years []int, known []bool, segment []int, units, grades int) *grid {
	x := &grid{years: years, known: known, segment: segment, n: units, y: len(years), g: grades, area: make([]int, units), areas: 1}
	x.value = make([]float64, units*x.y*grades)
	x.has = make([]bool, units*x.y)
	return x
}

func (x *grid) row(u, y int) []float64 {
	at := (u*x.y + y) * x.g
	return x.value[at : at+x.g]
}

func (x *grid) there(u, y int) bool { return x.known[y] && x.has[u*x.y+y] }

func (x *grid) sum(u, y int) float64 {
	var t float64
	for _, v := range x.row(u, y) {
		t += v
	}
	return t
}

// chained says whether year y follows on year y−1: both known, one segment.
func (x *grid) chained(y int) bool {
	return y > 0 && x.known[y] && x.known[y-1] && x.segment[y] == x.segment[y-1]
}

// reaches says whether what was foreseen at year from may be held against year to.
func (x *grid) reaches(from, to int) bool {
	return to < x.y && x.known[to] && x.segment[to] == x.segment[from]
}

// byArea is the grid of the areas: every unit of an area in one.
func (x *grid) byArea() *grid {
	out := newGrid(x.years, x.known, x.segment, x.areas, x.g)
	for u := range x.n {
		a := x.area[u]
		for y := range x.y {
			if !x.has[u*x.y+y] {
				continue
			}
			out.has[a*x.y+y] = true
			into := out.row(a, y)
			for g, v := range x.row(u, y) {
				into[g] += v
			}
		}
	}
	return out
}

// born are the children known at year t to come to the entry grade in year at. Births
// are known once their year is over; at the newest year all that were given are.
func (x *grid) born(u, t, at int) float64 {
	if at > t && at-x.lag >= t && t != x.lastKnown() {
		return nan()
	}
	return x.external[u*(x.y+Furthest)+at]
}

// externalSum are the births of all areas together: known where every area's are.
func (x *grid) externalSum() []float64 {
	if x.external == nil {
		return nil
	}
	width := x.y + Furthest
	out := make([]float64, width)
	for a := range x.n {
		for y := range width {
			out[y] += x.external[a*width+y]
		}
	}
	return out
}

// past are up to k known years of a unit, newest first, that may be compared with t.
func (x *grid) past(u, t, k int, into []int) []int {
	into = into[:0]
	for y := t; y >= 0 && len(into) < k && x.segment[y] == x.segment[t]; y-- {
		if x.there(u, y) {
			into = append(into, y)
		}
	}
	return into
}

// origins are the years a forecast can be made at: a transition was seen before.
func (x *grid) origins() []int {
	var out []int
	seen := false
	for y := range x.y {
		seen = seen || x.chained(y)
		if x.known[y] && seen {
			out = append(out, y)
		}
	}
	return out
}

// lastKnown is the newest known year.
func (x *grid) lastKnown() int {
	return len(x.known) - 1 - slices.Index(reversed(x.known), true)
}

func reversed(in []bool) []bool {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

func nan() float64 { return math.NaN() }
