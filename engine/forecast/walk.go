package forecast

import (
	"math"
	"slices"
)

// How past errors become weights; what they were set on stands in docs/forecast.md.
const (
	forget     = 0.95 // weight of an origin a year older
	entrySharp = 20.0 // power of an assumption's error against the best
	entrySlow  = 5.0  // independent errors after which the power is at half
	blendSharp = 20.0
	firm       = 0.5 // what a grade of an area is given to going on before anything is learned
	mostFed    = 1.5 // above this ratio a grade is mostly others' children
)

// entryPrior are the weights of the entry assumptions before anything was seen.
var entryPrior = [methods]float64{asLast: 1, asMean2: 0.5, asMean3: 0.2, asMean5: 0.1, asDamped: 2, asTrend: 2, asBirths: 3, asShare: 3}

// walker goes through the years of one grid, forecasts at each from what was known
// then, and keeps how its assumptions did. up is the walker of the areas above. Paths
// are laid out [h−1][unit·grades + grade].
type walker struct {
	x        *grid
	up       *walker
	bottom   bool // nothing lies below: units
	horizons int

	ratios  *ratios
	cohort  [][]float64
	own     [][]float64 // plain progression by the unit's own ratios
	rivals  [rivals][][]float64
	final   [][]float64
	blend   [][3]float64
	assumed [][2][]float64 // [h−1]: weights of assumptions in use, entry grade and other first grades
	weights [][]float64    // [h−1]: weights of rivals in use
	yields  []bool         // [h−1]: no change did better so far and has half the weight

	entry  [][][2][methods]float64 // [origin][h−1]: summed errors of assumptions
	blends [][][]float64           // [origin][grade][blend]: summed errors one year ahead
	stacks [][][]float64           // [origin][h−1][mix]: relative errors
	lost   [][][2]float64          // [origin][h−1]: errors at totals of what was given out, and of no change
}

func newWalker(x *grid, up *walker, horizons int) *walker {
	return &walker{
		x: x, up: up, horizons: horizons,
		entry: make([][][2][methods]float64, x.y), blends: make([][][]float64, x.y),
		stacks: make([][][]float64, x.y), lost: make([][][2]float64, x.y),
	}
}

// What a horizon off by one counts: for the entry and for intervals, which change with
// it, and for the mix of rivals, which less so.
const (
	sharply = 0.5
	mildly  = 0.65
)

// kernel is how much what was seen at another horizon says.
func kernel(a, b int, each float64) float64 { return math.Pow(each, math.Abs(float64(a-b))) }

// seenBefore calls tell with every origin and horizon that came due by year t, and its
// weight for h years ahead; each is what a horizon off by one counts.
func (w *walker) seenBefore(t, h int, each float64, tell func(origin, h int, by float64)) {
	for o := range t {
		for k := 1; k <= w.horizons && o+k <= t; k++ {
			if w.x.reaches(o, o+k) {
				tell(o, k, math.Pow(forget, float64(t-o-k))*kernel(k, h, each))
			}
		}
	}
}

// assumptions are the weights of the entry assumptions for h years ahead, known at t.
func (w *walker) assumptions(t, h int) [2][]float64 {
	var sum [2][methods]float64
	var seen float64
	w.seenBefore(t, h, sharply, func(o, k int, by float64) {
		if w.entry[o] == nil {
			return
		}
		seen += by * math.Sqrt(float64(w.x.n))
		for c := range sum {
			for m, v := range w.entry[o][k-1][c] {
				sum[c][m] += by * v
			}
		}
	})
	prior := slices.Clone(entryPrior[:])
	if w.x.external == nil {
		prior[asBirths] = 0
	}
	if w.up == nil {
		prior[asShare] = 0
	}
	var out [2][]float64
	for c := range out {
		known := seen
		if sum[c][asLast] == 0 {
			known = 0
		}
		out[c] = softly(sum[c][:], prior, known, entrySharp*known/(known+entrySlow))
	}
	return out
}

// blendsAt are the weights of progression, last value and area share in each grade.
func (w *walker) blendsAt(t int) [][3]float64 {
	out := make([][3]float64, w.x.g)
	prior := make([]float64, len(blendsAll))
	for i, b := range blendsAll {
		prior[i] = 0.2 + b[0]
	}
	for g := range out {
		sum := make([]float64, len(blendsAll))
		var seen float64
		for o := range t {
			if w.blends[o] == nil {
				continue
			}
			by := math.Pow(forget, float64(t-o-1))
			for i, v := range w.blends[o][g] {
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
		if !w.bottom { // few series: what they say about blends is half chance
			for k := range 3 {
				out[g][k] *= 1 - firm
			}
			out[g][0] += firm
		}
	}
	return out
}

// step forecasts at year t by cohorts and its rivals, and notes how the assumptions
// turn out.
func (w *walker) step(t int) {
	w.x.stray(t)
	w.ratios = progress(w.x, t)
	w.blend = w.blendsAt(t)
	w.assumed = w.assumed[:0]
	for h := 1; h <= w.horizons; h++ {
		w.assumed = append(w.assumed, w.assumptions(t, h))
	}
	w.entry[t] = make([][2][methods]float64, w.horizons)
	w.blends[t] = make([][]float64, w.x.g)
	for g := range w.blends[t] {
		w.blends[t][g] = make([]float64, len(blendsAll))
	}
	var above [][]float64
	if w.up != nil {
		above = w.up.cohort
	}
	w.cohort = w.path(t, above, nil, true)
	w.rivals[byCohort] = w.cohort
	w.rivals[byNoChange] = w.x.noChange(t, w.horizons)
	w.own, w.rivals[byArea] = w.x.plain(t, w.horizons)
	w.rivals[bySum] = w.cohort // until the units below have said theirs
}

// tilt turns a path up or down: the factor on the entry h years ahead, the factor on
// every progression, and what the latter comes to in h years.
type tilt struct {
	entry func(h int) float64
	move  float64
}

// path is the cohort path from year t. above is the path of the areas.
func (w *walker) path(t int, above [][]float64, by *tilt, note bool) [][]float64 {
	x := w.x
	now := x.noChange(t, 1)[0]
	prev := now
	out := make([][]float64, w.horizons)
	pasts := make([][]int, x.n)
	for u := range x.n {
		if x.there(u, t) {
			pasts[u] = x.past(u, t, 5, nil)
		}
	}
	for h := 1; h <= w.horizons; h++ {
		s := walk{w: w, t: t, h: h, now: now, prev: prev, next: make([]float64, len(now)), by: by, note: note}
		if above != nil {
			s.above = above[h-1]
		}
		for u := range x.n {
			if pasts[u] != nil {
				s.unit(u, pasts[u])
			}
		}
		out[h-1], prev = s.next, s.next
	}
	return out
}

// walk is one year of a path.
type walk struct {
	w                      *walker
	t, h                   int
	now, prev, next, above []float64
	by                     *tilt
	note                   bool
}

// fed says whether a grade of a unit is made of the one below it.
func (w *walker) fed(u, g int) bool {
	return g > 0 && w.ratios.active[u*w.x.g+g] && w.ratios.unit[u*w.x.g+g] <= mostFed
}

func (s *walk) unit(u int, past []int) {
	x := s.w.x
	var held []float64
	if s.note && x.reaches(s.t, s.t+s.h) && x.there(u, s.t+s.h) {
		held = x.row(u, s.t+s.h)
	}
	for g := range x.g {
		above := nan()
		if s.above != nil {
			above = s.above[x.area[u]*x.g+g]
		}
		switch i := u*x.g + g; {
		case s.w.fed(u, g):
			s.next[i] = s.going(u, g, past, above, held)
		case s.now[i] > 0: // a grade that a unit does not have stays away
			s.next[i] = s.coming(u, g, past, above, held)
		}
	}
}

// going is a grade that the one below it becomes.
func (s *walk) going(u, g int, past []int, above float64, held []float64) float64 {
	x, i := s.w.x, u*s.w.x.g+g
	going := s.w.ratios.unit[i] * s.prev[i-1]
	if s.by != nil {
		going *= s.by.move
	}
	if s.now[i] <= 0 {
		return going
	}
	share := s.now[i]
	if s.w.up != nil {
		var v [methods]float64
		x.level(u, g, s.t, s.h, past, above, s.w.up.x.value, &v)
		if !math.IsNaN(v[asShare]) {
			share = v[asShare]
		}
	}
	if s.h == 1 && held != nil {
		sums := s.w.blends[s.t][g]
		for k, b := range blendsAll {
			sums[k] += math.Abs(held[g] - b[0]*going - b[1]*s.now[i] - b[2]*share)
		}
	}
	b := s.w.blend[g]
	return b[0]*going + b[1]*s.now[i] + b[2]*share
}

// coming is an entry grade, or a grade that a unit begins with.
func (s *walk) coming(u, g int, past []int, above float64, held []float64) float64 {
	x, class := s.w.x, 0
	if g > 0 {
		class = 1
	}
	var v [methods]float64
	var value []float64
	if s.w.up != nil {
		value = s.w.up.x.value
	}
	x.level(u, g, s.t, s.h, past, above, value, &v)
	out := 0.0
	if s.by == nil {
		out = mix(s.w.assumed[s.h-1][class], &v)
	} else {
		out = s.tilted(class, &v)
	}
	if held != nil {
		e := &s.w.entry[s.t][s.h-1][class]
		for m, f := range v {
			if math.IsNaN(f) {
				f = v[asLast]
			}
			e[m] += math.Abs(held[g] - f)
		}
	}
	return out
}

// tilted is the entry under a scenario; what comes by the area's share is tilted
// already.
func (s *walk) tilted(class int, v *[methods]float64) float64 {
	f := s.by.entry(s.h)
	if class > 0 {
		f = math.Pow(s.by.move, float64(s.h))
	}
	for m := range v {
		if m != asShare {
			v[m] *= f
		}
	}
	return mix(s.w.assumed[s.h-1][class], v)
}
