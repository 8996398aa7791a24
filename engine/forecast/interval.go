package forecast

import (
	"math"
	"slices"
)

// Levels of the prediction intervals.
const (
	Inner = 0.80
	Outer = 0.95
)

// miss is by how much a forecast of so many children was off.
type miss struct {
	target, origin int // year indices
	size, score    float64
	had            bool    // an interval had been given
	in             [2]bool // it held the count: inner, outer
}

// Scores are errors over size^spread: between a count that strays with its square
// root and one that strays with its size.
const spread = 0.75

func scale(size float64) float64 { return math.Pow(size+1, spread) }

// ledger keeps the misses of one grain by horizon and origin, and says how wide an
// interval must be for the share of past misses it should hold to lie within.
type ledger struct {
	missed [][][]miss // [h−1][origin]
	sums   [][]missed // the same, summed
}

// missed sums the misses of one origin and horizon.
type missed struct {
	n, squares float64
	had        float64    // that had an interval
	in         [2]float64 // that it held
}

func newLedger(years, horizons int) *ledger {
	l := &ledger{missed: make([][][]miss, horizons), sums: make([][]missed, horizons)}
	for h := range horizons {
		l.missed[h], l.sums[h] = make([][]miss, years), make([]missed, years)
	}
	return l
}

// widths are the scores that intervals reach to, by size class, as known at one year.
type widths struct {
	bounds []float64 // sizes at which the next class begins
	reach  [][2]float64
}

const (
	manyMisses = 120 // from so many on the interval is read off the misses themselves
	classSize  = 80  // misses a size class has at least
	mostClass  = 8
	mostMisses = 8_000 // so many are enough to read an interval off
	fade       = 0.9   // weight of misses a year older
	gain       = 1.5   // how strongly past coverage moves the share aimed at
	patience   = 20.0  // independent misses after which it does so at half strength
)

func (l *ledger) add(h int, m miss) {
	l.missed[h-1][m.origin] = append(l.missed[h-1][m.origin], m)
	x := &l.sums[h-1][m.origin]
	x.n++
	x.squares += m.score * m.score
	if m.had {
		x.had++
	}
	for i, in := range m.in {
		if in {
			x.in[i]++
		}
	}
}

// due calls tell with every origin whose forecasts of h years were over at t, and how
// much it still counts.
func (l *ledger) due(t, h int, tell func(origin int, s *missed, by float64)) {
	for o := 0; o+h <= t; o++ {
		if s := &l.sums[h-1][o]; s.n > 0 {
			tell(o, s, math.Pow(fade, float64(t-o-h)))
		}
	}
}

// known are the misses at h whose target year was over at t: all of them, or every so
// many of a great many.
func (l *ledger) known(t, h int) []miss {
	n := 0
	l.due(t, h, func(o int, _ *missed, _ float64) { n += len(l.missed[h-1][o]) })
	every := n/mostMisses + 1
	var out []miss
	l.due(t, h, func(o int, _ *missed, _ float64) {
		for i := 0; i < len(l.missed[h-1][o]); i += every {
			out = append(out, l.missed[h-1][o][i])
		}
	})
	return out
}

// at says how wide intervals are for forecasts made at t, h years ahead; nil while
// nothing has been missed yet.
func (l *ledger) at(t, h int) *widths {
	near := h
	for ; near > 0; near-- {
		any := false
		l.due(t, near, func(int, *missed, float64) { any = true })
		if any {
			break
		}
	}
	if near == 0 {
		return nil
	}
	seen := l.known(t, near)
	share := [2]float64{l.aim(t, near, 0, Inner), l.aim(t, near, 1, Outer)}
	var w *widths
	if len(seen) >= manyMisses {
		w = empirical(seen, t, share)
	} else {
		w = l.fromFew(t, near, share)
	}
	if near < h { // no forecast of so many years has come due: go on as it grew
		f := math.Pow(float64(h)/float64(near), l.growth(t))
		for i := range w.reach {
			w.reach[i][0] *= f
			w.reach[i][1] *= f
		}
	}
	return w
}

// empirical reads the intervals off the misses, by size class.
func empirical(seen []miss, t int, share [2]float64) *widths {
	slices.SortFunc(seen, func(a, b miss) int {
		switch {
		case a.size < b.size:
			return -1
		case a.size > b.size:
			return 1
		}
		return a.target - b.target
	})
	k := min(mostClass, max(1, len(seen)/classSize))
	w := &widths{}
	for c := range k {
		part := seen[c*len(seen)/k : (c+1)*len(seen)/k]
		if c > 0 {
			w.bounds = append(w.bounds, part[0].size)
		}
		w.reach = append(w.reach, [2]float64{quantile(part, t, share[0]), quantile(part, t, share[1])})
	}
	return w
}

// quantile is the score below which a weighted share of misses lies, raised by one
// miss so that the next one is held as well.
func quantile(part []miss, t int, share float64) float64 {
	list := slices.Clone(part)
	slices.SortFunc(list, func(a, b miss) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return a.target - b.target
	})
	var all float64
	for _, m := range list {
		all += math.Pow(fade, float64(t-m.target))
	}
	n := float64(len(list))
	want := min(1, share*(n+1)/n) * all
	var sum float64
	for _, m := range list {
		if sum += math.Pow(fade, float64(t-m.target)); sum >= want-1e-9 {
			return m.score
		}
	}
	return list[len(list)-1].score
}

// alike is how much the misses of one year have in common: thirty of one year are
// worth not thirty but at most 1/alike of different years.
const alike = 0.3

// root is the root mean square of scores and how many independent ones they are worth.
func (l *ledger) root(t, h int) (rms, worth float64) {
	var sum, n float64
	l.due(t, h, func(_ int, s *missed, by float64) {
		sum += by * s.squares
		n += by * s.n
		worth += s.n / (1 + (s.n-1)*alike)
	})
	if n == 0 {
		return 0, 0
	}
	return math.Sqrt(sum / n), worth
}

// growth is the power of the horizon that misses grow with; the mean of independent
// steps (½) and of a lasting drift (1) where one horizon is all there is.
func (l *ledger) growth(t int) float64 {
	const usual = 0.75
	var n, sx, sy, sxx, sxy float64
	for h := range l.missed {
		rms, origins := l.root(t, h+1)
		if origins == 0 || rms <= 0 {
			continue
		}
		w, x, y := origins, math.Log(float64(h+1)), math.Log(rms)
		n, sx, sy, sxx, sxy = n+w, sx+w*x, sy+w*y, sxx+w*x*x, sxy+w*x*y
	}
	// The usual power counts like a few origins at two horizons.
	if d := n*sxx - sx*sx; d > 1e-9 {
		b := (n*sxy - sx*sy) / d
		k := n / (n + 8)
		return min(1.3, max(0.4, k*b+(1-k)*usual))
	}
	return usual
}

// fromFew takes Student's t around the root mean square of what few misses there are,
// those of other horizons helping by the growth of misses.
func (l *ledger) fromFew(t, h int, share [2]float64) *widths {
	own, origins := l.root(t, h)
	b := l.growth(t)
	sum, by := own*own*origins, origins
	for other := range l.missed {
		if other+1 == h {
			continue
		}
		if rms, n := l.root(t, other+1); n > 0 {
			f := math.Pow(float64(h)/float64(other+1), b)
			w := n * kernel(other+1, h, sharply) / 2
			sum += w * rms * rms * f * f
			by += w
		}
	}
	rms := math.Sqrt(sum / by)
	// Forecasts h years ahead made in following years share most of what happens.
	df := max(1, int(math.Round(by/math.Pow(float64(h), 0.6))))
	return &widths{reach: [][2]float64{{rms * Quantile(df, share[0]), rms * Quantile(df, share[1])}}}
}

// of is by how much a forecast of so many children may be off, inner and outer.
func (w *widths) of(size float64) (inner, outer float64) {
	c := 0
	for c < len(w.bounds) && size >= w.bounds[c] {
		c++
	}
	r := w.reach[c]
	return r[0] * scale(size), max(r[0], r[1]) * scale(size)
}

// aim is the share to aim at so that the nominal share is held: where past intervals
// held more or fewer than they should, the next are made narrower or wider.
func (l *ledger) aim(t, h, which int, nominal float64) float64 {
	var in, all float64
	count := make([]float64, t+1)
	for other := range l.sums {
		k := kernel(other+1, h, sharply)
		l.due(t, other+1, func(o int, s *missed, by float64) {
			in += k * by * s.in[which]
			all += k * by * s.had
			count[o] += k * s.had
		})
	}
	if all == 0 {
		return nominal
	}
	var n float64
	for _, c := range count {
		if c > 0 {
			n += max(c, 1) / (1 + max(c-1, 0)*alike)
		}
	}
	off := gain * n / (n + patience) * (nominal - in/all)
	return min(nominal+(1-nominal)*0.8, max(nominal-0.35*(1-nominal)-0.1, nominal+off))
}
