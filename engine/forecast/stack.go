package forecast

import "math"

// The rivals that a forecast is mixed of.
const (
	byCohort   = iota
	byNoChange // every grade keeps its number
	bySum      // the sum of what is forecast for the units below
	byArea     // plain progression by the ratios of the area
	byOwn      // the sum of plain progression by the ratios of units
	rivals
)

// Rivals are their names.
var Rivals = [rivals]string{"cohort", "no-change", "sum-of-units", "plain-progression", "sum-of-plain"}

const (
	stackSharp = 20.0
	stackSlow  = 2.0
	enough     = 4     // origins after which "no change" may overrule …
	margin     = 1.645 // … where it was better by so many standard errors
)

// mixPrior are the logarithms of the weight that a mix has for being all of one rival,
// before anything was seen.
var mixPrior = [rivals]float64{byCohort: 5.5, byNoChange: -2, bySum: 2.5}

var (
	blendsAll = simplex(3, mixSteps)
	mixesAll  = simplex(rivals, mixSteps)
)

const (
	mixSteps = 4
	mixShort = 0.75 // how a far horizon after few transitions draws to no change
	mixOwn   = 0.5  // how much less units are given to their cohort path than areas
)

// simplex are all ways to share steps parts of a quarter among n.
func simplex(n, steps int) [][]float64 {
	if n == 1 {
		return [][]float64{{float64(steps) / mixSteps}}
	}
	var out [][]float64
	for k := 0; k <= steps; k++ {
		for _, rest := range simplex(n-1, steps-k) {
			out = append(out, append([]float64{float64(k) / mixSteps}, rest...))
		}
	}
	return out
}

// stack mixes the cohort path with its rivals by how mixes did before, and notes how
// each turns out.
func (w *walker) stack(t int, below *walker) {
	x := w.x
	if below != nil {
		w.rivals[bySum] = below.x.sums(below.final, x)
	}
	w.final = make([][]float64, w.horizons)
	w.weights = make([][]float64, w.horizons)
	w.yields = make([]bool, w.horizons)
	w.stacks[t] = make([][]float64, w.horizons)
	w.lost[t] = make([][2]float64, w.horizons)
	for h := 1; h <= w.horizons; h++ {
		share := w.shares(t, h)
		w.yields[h-1] = w.overruled(t, h)
		w.weights[h-1] = share
		out := make([]float64, x.n*x.g)
		for k, s := range share {
			if s == 0 {
				continue
			}
			for i, v := range w.rivals[k][h-1] {
				out[i] += s * v
			}
		}
		if w.yields[h-1] {
			w.halfway(out)
		}
		w.final[h-1] = out
		if x.reaches(t, t+h) {
			w.stacks[t][h-1], w.lost[t][h-1] = w.score(t, h)
		}
	}
}

// overruled says whether "no change" would have been better than what was given out by
// more than chance, over enough forecasts of h years that came due by t; those of
// following years share most of what happened, so h of them count as one.
func (w *walker) overruled(t, h int) bool {
	var n, sum, squares float64
	for o := range t {
		if w.lost[o] != nil && o+h <= t && w.x.reaches(o, o+h) {
			d := w.lost[o][h-1][0] - w.lost[o][h-1][1]
			n, sum, squares = n+1, sum+d, squares+d*d
		}
	}
	if n < enough {
		return false
	}
	mean := sum / n
	return mean > margin*math.Sqrt(max(0, squares/n-mean*mean)/(n-1)*float64(h))
}

// halfway takes the total of every unit half the way to no change; its grades keep
// their shares.
func (w *walker) halfway(path []float64) {
	for u := range w.x.n {
		var sum, now float64
		row := path[u*w.x.g : (u+1)*w.x.g]
		for g, v := range row {
			sum += v
			now += w.rivals[byNoChange][0][u*w.x.g+g]
		}
		if sum <= 0 {
			continue
		}
		for g := range row {
			row[g] *= (sum + now) / 2 / sum
		}
	}
}

// sums adds a path up to the grid above.
func (x *grid) sums(path [][]float64, above *grid) [][]float64 {
	out := make([][]float64, len(path))
	for h := range path {
		s := make([]float64, above.n*x.g)
		for u := range x.n {
			for g := range x.g {
				s[x.area[u]*x.g+g] += path[h][u*x.g+g]
			}
		}
		out[h] = s
	}
	return out
}

func (w *walker) shares(t, h int) []float64 {
	sum := make([]float64, len(mixesAll))
	prior := make([]float64, len(mixesAll))
	for i, m := range mixesAll {
		if w.bottom && m[bySum]+m[byOwn] > 0 {
			continue
		}
		var log float64
		for k, s := range m {
			log += mixPrior[k] * s
		}
		if w.bottom {
			log -= mixOwn * m[byCohort]
		}
		log += mixShort * float64(h-1) / float64(w.x.transitions(t)) * m[byNoChange]
		prior[i] = math.Exp(log)
	}
	var seen float64
	w.seenBefore(t, h, mildly, func(o, k int, by float64) {
		if w.stacks[o] == nil || w.stacks[o][k-1] == nil {
			return
		}
		seen += by * math.Sqrt(float64(w.x.n))
		for i, v := range w.stacks[o][k-1] {
			sum[i] += by * v
		}
	})
	out := make([]float64, rivals)
	for i, by := range softly(sum, prior, seen, stackSharp*seen/(seen+stackSlow)) {
		for k := range out {
			out[k] += by * mixesAll[i][k]
		}
	}
	return out
}

// score are the errors of every mix at totals and at grades, each over the sum of all
// mixes, and the errors at totals of what was given out and of no change.
func (w *walker) score(t, h int) (out []float64, lost [2]float64) {
	x := w.x
	total := make([]float64, len(mixesAll))
	cell := make([]float64, len(mixesAll))
	var f [rivals]float64
	for u := range x.n {
		if !x.there(u, t) || !x.there(u, t+h) {
			continue
		}
		var sum [rivals]float64
		held := x.row(u, t+h)
		var truth, given float64
		for g := range x.g {
			i := u*x.g + g
			truth += held[g]
			given += w.final[h-1][i]
			any := held[g]
			for k := range f {
				f[k] = w.rivals[k][h-1][i]
				sum[k] += f[k]
				any += f[k]
			}
			if any > 0 {
				for m, s := range mixesAll {
					cell[m] += math.Abs(held[g] - s[0]*f[0] - s[1]*f[1] - s[2]*f[2] - s[3]*f[3] - s[4]*f[4])
				}
			}
		}
		lost[0] += math.Abs(truth - given)
		lost[1] += math.Abs(truth - sum[byNoChange])
		for m, s := range mixesAll {
			total[m] += math.Abs(truth - s[0]*sum[0] - s[1]*sum[1] - s[2]*sum[2] - s[3]*sum[3] - s[4]*sum[4])
		}
	}
	var a, b float64
	for m := range total {
		a, b = a+total[m], b+cell[m]
	}
	out = make([]float64, len(total))
	for m := range out {
		if a > 0 {
			out[m] += total[m] / a
		}
		if b > 0 {
			out[m] += cell[m] / b
		}
	}
	return out, lost
}

// transitions is how many followed each other up to a year.
func (x *grid) transitions(t int) int {
	n := 0
	for y := 1; y <= t; y++ {
		if x.chained(y) {
			n++
		}
	}
	return max(n, 1)
}
