package forecast

import "math"

// What the progression ratios are made from. Recent years weigh more: a transition
// s years back has the weight recency^s, and none older than window is used.
const (
	recency = 0.85
	window  = 8
	// areaWeight is how many children of all areas an area's own ratio is drawn to, and
	// a unit's to its area's where the spread between units cannot be told.
	areaWeight = 100.0
	// shared is what the variances of every grade count in those of each.
	shared = 0.2
)

// ratios are what becomes of the children of a grade a year later, as known at one year.
type ratios struct {
	unit   []float64 // [unit·grades + grade]: shrunk ratio into the grade; 0 where the unit ends below it
	area   []float64 // [area·grades + grade]
	active []bool    // [unit·grades + grade]: the grade is fed by the one below it in the same unit
	k      []float64 // [grade]: children whose weight the area's ratio has
}

// sums of transitions of one unit and grade.
type tally struct{ prev, next, sq, n float64 }

// progress works out the ratios at year t. The shrinkage is Bühlmann and Straub's: a
// unit's own ratio counts with its exposure over exposure + k, where k is the variance
// within a unit over the variance between units. Both are estimated for every grade and
// drawn a little to those of all grades: a handful of units says too little about one.
func progress(x *grid, t int) *ratios {
	r := &ratios{
		unit: make([]float64, x.n*x.g), area: make([]float64, x.areas*x.g),
		active: make([]bool, x.n*x.g), k: make([]float64, x.g),
	}
	owns, fronts := make([][]tally, x.g), make([]float64, x.g)
	each, all := make([]squares, x.g), squares{}
	for g := 1; g < x.g; g++ {
		owns[g] = make([]tally, x.n)
		sum, areas, front, within := r.gather(x, t, g, owns[g])
		mean := ratio(sum, 1)
		for a := range areas {
			// An area is drawn to all areas with the weight of one large class year.
			r.area[a*x.g+g] = (areas[a].next + areaWeight*mean) / (areas[a].prev + areaWeight)
		}
		fronts[g], each[g] = front, r.between(x, g, owns[g], within)
		if mean <= mostFed {
			all.add(each[g], shared)
		}
	}
	for g := 1; g < x.g; g++ {
		each[g].add(all, 1)
		r.k[g] = each[g].credibility()
		for u := range x.n {
			at := u*x.g + g
			base := r.area[x.area[u]*x.g+g]
			switch o := owns[g][u]; {
			case o.n == 0: // the first children of the unit come to this grade
				r.unit[at] = fronts[g] * base
				r.active[at] = fronts[g] > 0 && x.there(u, t) && x.row(u, t)[g-1] > 0
			case !r.active[at]:
				r.unit[at] = 0
			default:
				r.unit[at] = (o.next + r.k[g]*base) / (o.prev + r.k[g])
			}
		}
	}
	return r
}

func ratio(t tally, none float64) float64 {
	if t.prev <= 0 {
		return none
	}
	return t.next / t.prev
}

// gather adds the transitions into grade g up to year t. front is the share of first
// transitions of a unit into the grade that carried children on; within is the
// variance within units and its degrees of freedom.
func (r *ratios) gather(x *grid, t, g int, own []tally) (all tally, areas []tally, front float64, within [2]float64) {
	areas = make([]tally, x.areas)
	var first, went float64
	for u := range x.n {
		o := tally{}
		r.active[u*x.g+g] = false
		newest := true
		for s := t; s > 0 && s > t-window; s-- {
			if !x.chained(s) || !x.there(u, s) || !x.there(u, s-1) {
				continue
			}
			prev, next := x.row(u, s-1)[g-1], x.row(u, s)[g]
			if prev <= 0 {
				continue
			}
			if s < 2 || !x.there(u, s-2) || x.row(u, s-2)[g-1] <= 0 {
				first++
				if next > 0 {
					went++
				}
			}
			if newest {
				r.active[u*x.g+g] = next > 0
				newest = false
			}
			w := math.Pow(recency, float64(t-s))
			if next <= 0 {
				o.n = max(o.n, 0.5) // seen, and nothing went on
				continue
			}
			o.prev += w * prev
			o.next += w * next
			o.sq += w * next * next / prev
			o.n++
		}
		own[u] = o
		if o.n >= 1 && r.active[u*x.g+g] {
			all.prev, all.next = all.prev+o.prev, all.next+o.next
			a := x.area[u]
			areas[a].prev, areas[a].next = areas[a].prev+o.prev, areas[a].next+o.next
			if o.n >= 2 {
				within[0] += max(0, o.sq-o.next*o.next/o.prev)
				within[1] += o.n - 1
			}
		}
	}
	if first > 0 {
		front = went / first
	}
	return all, areas, front, within
}

// squares are what the variances within and between units are estimated from.
type squares struct {
	within, free   float64 // sum of squares within units, its degrees of freedom
	between, units float64 // sum of squares between units, units less one
	weight         float64 // what the variance between units counts in the latter
}

func (s *squares) add(o squares, by float64) {
	s.within, s.free = s.within+by*o.within, s.free+by*o.free
	s.between, s.units, s.weight = s.between+by*o.between, s.units+by*o.units, s.weight+by*o.weight
}

// between are the squares of one grade.
func (r *ratios) between(x *grid, g int, own []tally, within [2]float64) squares {
	s := squares{within: within[0], free: within[1]}
	var p, p2, sum, n float64
	for u := range x.n {
		if o := own[u]; o.n >= 1 && r.active[u*x.g+g] && o.prev > 0 {
			e := o.next/o.prev - r.area[x.area[u]*x.g+g]
			sum += o.prev * e * e
			p += o.prev
			p2 += o.prev * o.prev
			n++
		}
	}
	if n > 1 {
		s.between, s.units, s.weight = sum, n-1, p-p2/p
	}
	return s
}

// credibility is k of Bühlmann and Straub.
func (s squares) credibility() float64 {
	const most = 1e6 // units do not differ beyond chance: the area's ratio for all
	if s.free < 1 || s.within <= 0 || s.units < 2 || s.weight <= 0 {
		return areaWeight
	}
	within := s.within / s.free
	between := (s.between - s.units*within) / s.weight
	if between <= 0 {
		return most
	}
	return min(most, within/between)
}
