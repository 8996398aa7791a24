package forecast

import "math"

// The assumptions about children who come without having been in the grade below: the
// entry grade, and the lowest grade of a unit that begins further up.
const (
	asLast   = iota // as many as last year
	asMean2         // the mean of two years
	asMean3         // the mean of three years
	asMean5         // the mean of five years
	asDamped        // the trend of four years, halved in strength, dying out
	asTrend         // the trend of four years, slowly dying out
	asBirths        // births (or children of the age before) × the share that came of late
	asShare         // the unit's share of three years × what the area expects in the grade
	methods
)

// Assumptions are the names of the entry assumptions, by number.
var Assumptions = [methods]string{"last", "mean2", "mean3", "mean5", "damped-trend", "trend", "births", "area-share"}

// trends: damping a year and the strength the slope is taken with.
var trends = [...][2]float64{{0.7, 0.5}, {0.9, 1}}

// A slope s with the standard error e counts s² ÷ (s² + doubt·e²) of itself.
const (
	doubt    = 3.0
	straying = 0.9 // weight of what was seen a year earlier
)

// strays is how counts lie about the line through their years: squared distances, a
// degree of freedom, over the square of the mean. One line of five years says little
// about its own error, so those of all cells and years are taken together.
type strays struct {
	sum, n float64
	year   int
}

func (s *strays) add(year int, square float64) {
	for ; s.year < year; s.year++ {
		s.sum, s.n = s.sum*straying, s.n*straying
	}
	s.sum, s.n = s.sum+square, s.n+1
}

// stray notes how the counts of year t and four years before lie about their lines.
func (x *grid) stray(t int) {
	for u := range x.n {
		if !x.there(u, t) {
			continue
		}
		past := x.past(u, t, 5, nil)
		n := min(len(past), 5)
		if n < 4 {
			continue
		}
		for g := range x.g {
			var sum float64
			for _, y := range past[:n] {
				sum += x.row(u, y)[g]
			}
			if x.row(u, t)[g] <= 0 || sum <= 0 {
				continue
			}
			mean := sum / float64(n)
			_, _, off, _ := line(x, u, g, past[:n])
			x.strays.add(t, off/float64(n-2)/mean/mean)
		}
	}
}

// sure is how much of a slope counts: one a year of a count of this mean, over years
// whose squared distances from their middle add up to so much.
func (s *strays) sure(slope, mean, years float64) float64 {
	if s.n == 0 || slope == 0 {
		return 1
	}
	return slope * slope / (slope*slope + doubt*s.sum/s.n*mean*mean/years)
}

// level is what a cell will hold h years on by each assumption; NaN where an
// assumption has nothing to go by. above is what the area expects in the grade.
func (x *grid) level(u, g, t, h int, past []int, above float64, areaSum []float64, out *[methods]float64) {
	for m := range out {
		out[m] = nan()
	}
	if len(past) == 0 {
		return
	}
	last := x.row(u, past[0])[g]
	out[asLast] = last
	var sum, base, ext, extBase float64
	for i, y := range past {
		v := x.row(u, y)[g]
		if i < 3 {
			base += v
			if areaSum != nil {
				extBase += areaSum[(x.area[u]*x.y+y)*x.g+g]
			}
		}
		sum += v
		switch i {
		case 1:
			out[asMean2] = sum / 2
		case 2:
			out[asMean3] = sum / 3
		case 4:
			out[asMean5] = sum / 5
		}
	}
	if n := min(len(past), 5); n >= 3 || n == 2 && areaSum == nil {
		first := past[n-1]
		slope := (last - x.row(u, first)[g]) / float64(past[0]-first)
		for m := asDamped; m <= asTrend; m++ {
			c, slope := trends[m-asDamped], slope
			from := last
			if m == asTrend {
				if n < 3 {
					break
				}
				var years float64
				from, slope, _, years = line(x, u, g, past[:n])
				if mean := sum / float64(min(len(past), 5)); mean > 0 {
					slope *= x.strays.sure(slope, mean, years)
				}
				from = (from + last) / 2
			}
			out[m] = max(0, from+slope*c[1]*c[0]*(1-math.Pow(c[0], float64(h)))/(1-c[0]))
		}
	}
	if extBase > 0 && !math.IsNaN(above) {
		out[asShare] = base / extBase * above
	}
	if g == 0 && x.external != nil {
		base, ext = 0, 0
		for i, y := range past {
			if e := x.born(u, t, y); i < 3 && !math.IsNaN(e) {
				base, ext = base+x.row(u, y)[g], ext+e
			}
		}
		if e := x.born(u, t, t+h); ext > 0 && !math.IsNaN(e) {
			out[asBirths] = base / ext * e
		}
	}
}

// mix is the weighted mean of what there is; NaN if nothing.
func mix(w []float64, v *[methods]float64) float64 {
	var sum, by float64
	for m := range v {
		if !math.IsNaN(v[m]) {
			sum += w[m] * v[m]
			by += w[m]
		}
	}
	if by == 0 {
		return v[asLast]
	}
	return sum / by
}

// softly turns summed errors of rivals into weights: a rival with error e against the
// best b counts (b/e)^sharp; prior is in units of the mean error.
func softly(errors []float64, prior []float64, seen float64, sharp float64) []float64 {
	w := make([]float64, len(errors))
	var best float64 = math.Inf(1)
	for i, e := range errors {
		if prior[i] > 0 && e < best {
			best = e
		}
	}
	var sum float64
	for i, e := range errors {
		if prior[i] <= 0 {
			continue
		}
		w[i] = prior[i]
		if seen > 0 && e > 0 {
			w[i] *= math.Pow(best/e, sharp)
		}
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// line is the end and the slope a year of the straight line through years of a cell,
// with the squared distances of the counts from it and of the years from their middle.
func line(x *grid, u, g int, past []int) (end, slope, off, years float64) {
	var n, sx, sy, sxx, sxy float64
	for _, y := range past {
		dx, v := float64(y-past[0]), x.row(u, y)[g]
		n, sx, sy, sxx, sxy = n+1, sx+dx, sy+v, sxx+dx*dx, sxy+dx*v
	}
	slope = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	end = (sy - slope*sx) / n
	for _, y := range past {
		d := x.row(u, y)[g] - end - slope*float64(y-past[0])
		off += d * d
	}
	return end, slope, off, sxx - sx*sx/n
}
