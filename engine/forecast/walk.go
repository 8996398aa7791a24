package forecast

import (
	"math"
	"slices"
)

// Furthest is the longest horizon, in years.
const Furthest = 15

// forget is how much less an origin counts that lies a year further back when rivals
// are weighed by how they did.
var forget = 0.95

// walker goes through the years of one grid, forecasts at each from what was known
// then, and keeps how its assumptions did. up is the walker of the areas above.
type walker struct {
	x        *grid
	up       *walker
	horizons int
	bottom   bool
	above    []float64 // sums of the areas above: [area·years + year]·grades + grade

	cohort  [][]float64 // the path made at the year reached: [h−1][unit·grades + grade]
	rivals  [rivals][][]float64
	own     [][]float64
	final   [][]float64
	ratios  *ratios
	entry   map[[2]int]*[2][methods]float64 // {origin, h}: summed errors of assumptions, entry grade and other first grades
	blends  map[int][][]float64             // origin: [grade][blend] summed errors one year ahead
	stacks  map[[2]int][]float64            // {origin, h}: relative errors of mixes
	weights [][]float64                     // [h−1]: weights of rivals in use
	assumed [][2][]float64                  // [h−1]: weights of assumptions in use
}

const (
	byCohort = iota
	byNoChange
	bySum
	byArea
	rivals
)

var (
	blendsAll = simplex(3, 4)
	mixesAll  = simplex(rivals, 4)
)

// simplex are all ways to share steps equal parts among n.
func simplex(n, steps int) [][]float64 {
	if n == 1 {
		return [][]float64{{float64(steps) / 4}}
	}
	var out [][]float64
	for k := 0; k <= steps; k++ {
		for _, rest := range simplex(n-1, steps-k) {
			out = append(out, append([]float64{float64(k) / 4}, rest...))
		}
	}
	return out
}

func newWalker(x *grid, up *walker, horizons int) *walker {
	w := &walker{
		x: x, up: up, horizons: horizons,
		entry: map[[2]int]*[2][methods]float64{}, blends: map[int][][]float64{}, stacks: map[[2]int][]float64{},
	}
	if up != nil {
		w.above = up.x.value
	}
	return w
}

// kernel is how much what was seen n horizons away says.
func kernel(a, b int) float64 { return math.Pow(0.5, math.Abs(float64(a-b))) }

// assumptions are the weights of the entry assumptions for h years ahead, known at t.
func (w *walker) assumptions(t, h int) [2][]float64 {
	var sum [2][methods]float64
	var seen float64
	for key, e := range w.entry {
		if key[0]+key[1] > t {
			continue
		}
		by := math.Pow(forget, float64(t-key[0]-key[1])) * kernel(key[1], h)
		seen += by * math.Sqrt(float64(w.x.n))
		for c := range e {
			for m, v := range e[c] {
				sum[c][m] += by * v
			}
		}
	}
	prior := slices.Clone(entryPrior[:])
	if w.x.external == nil || w.up != nil {
		prior[External] = 0
	}
	if w.up == nil {
		prior[Share] = 0
	}
	var out [2][]float64
	for c := range out {
		if sum[c][Last] == 0 {
			seen = 0
		}
		out[c] = softly(sum[c][:], prior, seen, entrySharp*seen/(seen+entrySlow))
	}
	return out
}

var (
	entrySharp = 12.0
	blendSharp = 20.0
	stackSharp = 20.0
)

// blend are the weights of progression, last value and area share in each grade.
func (w *walker) blend(t int) [][3]float64 {
	out := make([][3]float64, w.x.g)
	prior := make([]float64, len(blendsAll))
	for i, b := range blendsAll {
		prior[i] = 0.2 + b[0]
	}
	for g := range out {
		sum := make([]float64, len(blendsAll))
		var seen float64
		for o, e := range w.blends {
			if o+1 > t {
				continue
			}
			by := math.Pow(forget, float64(t-o-1))
			for i, v := range e[g] {
				sum[i] += by * v
				seen += v
			}
		}
		if seen == 0 {
			out[g] = [3]float64{1, 0, 0}
			continue
		}
		for i, by := range softly(sum, prior, seen, blendSharp) {
			for k := range 3 {
				out[g][k] += by * blendsAll[i][k]
			}
		}
	}
	return out
}

// step forecasts at year t by cohorts and notes how the assumptions will turn out.
func (w *walker) step(t int) {
	x := w.x
	w.ratios = progress(x, t)
	blend := w.blend(t)
	w.assumed = w.assumed[:0]
	now := x.noChange(t, 1)[0]
	prev := now
	w.cohort = make([][]float64, w.horizons)
	tried := make([][]float64, x.g)
	for g := range tried {
		tried[g] = make([]float64, len(blendsAll))
	}
	w.blends[t] = tried
	pasts := make([][]int, x.n)
	for u := range x.n {
		if x.there(u, t) {
			pasts[u] = x.past(u, t, 5, nil)
		}
	}
	for h := 1; h <= w.horizons; h++ {
		by := w.assumptions(t, h)
		w.assumed = append(w.assumed, by)
		next := make([]float64, len(now))
		for u := range x.n {
			if pasts[u] != nil {
				w.unit(u, t, h, pasts[u], now, prev, next, by, blend)
			}
		}
		w.cohort[h-1], prev = next, next
	}
	w.rivals[byCohort] = w.cohort
	w.rivals[byNoChange] = x.noChange(t, w.horizons)
	w.own, w.rivals[byArea] = x.plain(t, w.horizons)
	w.rivals[bySum] = w.cohort
}

// fed says whether a grade of a unit is made of the one below it: what goes on is not
// mostly others' children.
func (w *walker) fed(u, g int) bool {
	return g > 0 && w.ratios.active[u*w.x.g+g] && w.ratios.unit[u*w.x.g+g] <= mostFed
}

var mostFed = 1.5

func (w *walker) unit(u, t, h int, past []int, now, prev, next []float64, by [2][]float64, blend [][3]float64) {
	x := w.x
	var v [methods]float64
	var held []float64
	if x.reaches(t, t+h) && x.there(u, t+h) {
		held = x.row(u, t+h)
	}
	for g := range x.g {
		i := u*x.g + g
		above := nan()
		if w.up != nil {
			above = w.up.cohort[h-1][x.area[u]*x.g+g]
		}
		if w.fed(u, g) {
			going := w.ratios.unit[i] * prev[i-1]
			share := now[i]
			if now[i] <= 0 {
				next[i] = going
				continue
			}
			if w.up != nil {
				x.level(u, g, t, h, past, above, w.above, &v)
				if !math.IsNaN(v[Share]) {
					share = v[Share]
				}
			}
			next[i] = blend[g][0]*going + blend[g][1]*now[i] + blend[g][2]*share
			if h == 1 && held != nil {
				for k, b := range blendsAll {
					w.blends[t][g][k] += math.Abs(held[g] - b[0]*going - b[1]*now[i] - b[2]*share)
				}
			}
			continue
		}
		if now[i] <= 0 {
			continue // a grade that a unit does not have stays away
		}
		class := 0
		if g > 0 {
			class = 1
		}
		x.level(u, g, t, h, past, above, w.above, &v)
		next[i] = mix(by[class], &v)
		if held != nil {
			key := [2]int{t, h}
			e := w.entry[key]
			if e == nil {
				e = &[2][methods]float64{}
				w.entry[key] = e
			}
			for m := range v {
				f := v[m]
				if math.IsNaN(f) {
					f = v[Last]
				}
				e[class][m] += math.Abs(held[g] - f)
			}
		}
	}
}

// stack mixes the cohort path with its rivals by how mixes did before, and notes how
// each will turn out.
func (w *walker) stack(t int, below *walker) {
	x := w.x
	w.bottom = below == nil
	if below != nil { // what the units below come to takes the place of their plain ratios
		w.rivals[bySum] = below.x.sums(below.final, x)
	}
	w.final = make([][]float64, w.horizons)
	w.weights = make([][]float64, w.horizons)
	for h := 1; h <= w.horizons; h++ {
		share := w.shares(t, h)
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
		w.final[h-1] = out
		if x.reaches(t, t+h) {
			w.stacks[[2]int{t, h}] = w.score(t, h)
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
		prior[i] = priorMix(m, w.up)
	}
	if w.bottom {
		for i, m := range mixesAll {
			if m[bySum] > 0 {
				prior[i] = 0
			}
		}
	}
	var seen float64
	for key, e := range w.stacks {
		if key[0]+key[1] > t {
			continue
		}
		by := math.Pow(forget, float64(t-key[0]-key[1])) * kernel(key[1], h)
		seen += by * math.Sqrt(float64(w.x.n))
		for i, v := range e {
			sum[i] += by * v
		}
	}
	out := make([]float64, rivals)
	for i, by := range softly(sum, prior, seen, stackSharp*seen/(seen+stackSlow)) {
		for k := range out {
			out[k] += by * mixesAll[i][k]
		}
	}
	return out
}

// score are the errors of every mix at totals and at grades, each against the mean of
// the mixes.
func (w *walker) score(t, h int) []float64 {
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
		var truth float64
		for g := range x.g {
			i := u*x.g + g
			truth += held[g]
			for k := range f {
				f[k] = w.rivals[k][h-1][i]
				sum[k] += f[k]
			}
			if held[g] == 0 && f[0] == 0 && f[1] == 0 && f[2] == 0 && f[3] == 0 {
				continue
			}
			for m, s := range mixesAll {
				cell[m] += math.Abs(held[g] - s[0]*f[0] - s[1]*f[1] - s[2]*f[2] - s[3]*f[3])
			}
		}
		for m, s := range mixesAll {
			total[m] += math.Abs(truth - s[0]*sum[0] - s[1]*sum[1] - s[2]*sum[2] - s[3]*sum[3])
		}
	}
	var a, b float64
	for m := range total {
		a, b = a+total[m], b+cell[m]
	}
	out := make([]float64, len(total))
	for m := range out {
		if a > 0 {
			out[m] += total[m] / a
		}
		if b > 0 {
			out[m] += cell[m] / b
		}
	}
	return out
}

var priorC, priorS, priorN = 5.0, 2.0, 2.0
var entrySlow, stackSlow = 5.0, 5.0
var entryPrior = [methods]float64{1, 0.5, 0.2, 0.1, 2, 2, 1, 3}


func priorMix(m []float64, up *walker) float64 {
	return math.Exp(priorC*m[byCohort] + priorS*m[bySum] - priorN*m[byNoChange])
}
