package forecast

import (
	"context"
	"math"

	"luoshu"
)

// Check is how forecasts of one grain so many years ahead did on the past, each made
// from what was known then. WAPE is the sum of absolute errors over the sum of
// children; gains are 1 − WAPE over the rival's WAPE, so 0.03 is three per cent better.
type Check struct {
	Grain      string  `json:"grain"`
	Horizon    int     `json:"horizon"` // years
	N          int     `json:"n"`       // forecasts compared
	Origins    int     `json:"origins"` // years they were made in
	WAPE       float64 `json:"wape"`
	NoChange   float64 `json:"wape_no_change"`
	PlainUnit  float64 `json:"wape_plain_unit"` // plain grade progression, ratios of each unit
	PlainArea  float64 `json:"wape_plain_area"` // plain grade progression, ratios of the area
	PlainAll   float64 `json:"wape_plain_all"`  // at areas: plain grade progression, ratios of all areas together
	VsNoChange float64 `json:"gain_no_change"`
	VsPlain    float64 `json:"gain_plain"` // against the better of the first two
	MASE       float64 `json:"mase"`       // mean absolute error over that of no change one year ahead
	Covered    int     `json:"covered_n"`  // forecasts that had an interval
	Coverage80 float64 `json:"coverage80"`
	Coverage95 float64 `json:"coverage95"`
	Width80    float64 `json:"width80"` // mean width over the mean forecast
	Width95    float64 `json:"width95"`
	Entry      string  `json:"entry"` // the entry assumption of most weight at the last year
}

type tallyCheck struct {
	n, covered, in80, in95 int
	origins                map[int]bool
	truth, err, none       float64
	plain                  [plains]float64
	size, wide80, wide95   float64
}

// backtest rolls through the years; what is left is the model at the last one.
func (m *model) backtest(ctx context.Context, tell luoshu.Progress) ([]Check, error) {
	sums := make([][2][]tallyCheck, len(m.levels))
	for i := range sums {
		for c := range 2 {
			sums[i][c] = make([]tallyCheck, m.horizons)
		}
	}
	origins := m.levels[0].x.origins()
	for n, t := range origins {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tell.Tell("forecast", int64(n), int64(len(origins)))
		m.step(t)
		reach := map[[3]int]*widths{}
		for i := range m.levels {
			for c := range 2 {
				for h := 1; h <= m.horizons; h++ {
					reach[[3]int{i, c, h}] = m.ledgers[i][c].at(t, h)
				}
			}
		}
		m.compare(t, func(x held) {
			w := reach[[3]int{x.level, x.kind, x.h}]
			sums[x.level][x.kind][x.h-1].add(t, x, w)
			e := miss{target: t + x.h, origin: t, size: x.luoshu, score: math.Abs(x.truth-x.luoshu) / scale(x.luoshu), had: w != nil}
			if w != nil {
				in, out := w.of(x.luoshu)
				e.in = [2]bool{inside(x.truth, x.luoshu, in), inside(x.truth, x.luoshu, out)}
			}
			m.ledgers[x.level][x.kind].add(x.h, e)
		})
	}
	var out []Check
	for i := range sums {
		for c := range 2 {
			for h := range sums[i][c] {
				if s := &sums[i][c][h]; s.n > 0 {
					out = append(out, s.check(grains[i][c], h+1, &sums[i][c][0]))
				}
			}
		}
	}
	return out, nil
}

func (s *tallyCheck) add(t int, x held, w *widths) {
	if s.origins == nil {
		s.origins = map[int]bool{}
	}
	s.origins[t] = true
	s.n++
	e := math.Abs(x.truth - x.luoshu)
	s.truth += x.truth
	s.err += e
	s.none += math.Abs(x.truth - x.none)
	for k := range s.plain {
		s.plain[k] += math.Abs(x.truth - x.plain[k])
	}
	if w == nil {
		return
	}
	in, out := w.of(x.luoshu)
	s.covered++
	if inside(x.truth, x.luoshu, in) {
		s.in80++
	}
	if inside(x.truth, x.luoshu, out) {
		s.in95++
	}
	s.size += x.luoshu
	s.wide80 += x.luoshu + in - max(0, x.luoshu-in)
	s.wide95 += x.luoshu + out - max(0, x.luoshu-out)
}

// inside says whether a count lies in an interval.
func inside(truth, value, half float64) bool {
	return truth >= value-half && truth <= value+half
}

func (s *tallyCheck) check(grain string, h int, first *tallyCheck) Check {
	over := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	}
	c := Check{
		Grain: grain, Horizon: h, N: s.n, Origins: len(s.origins),
		WAPE: over(s.err, s.truth), NoChange: over(s.none, s.truth), PlainUnit: over(s.plain[plainUnit], s.truth),
		PlainArea: over(s.plain[plainArea], s.truth), PlainAll: over(s.plain[plainAll], s.truth),
		MASE: over(s.err/float64(s.n), first.none/float64(first.n)), Covered: s.covered,
		Coverage80: over(float64(s.in80), float64(s.covered)), Coverage95: over(float64(s.in95), float64(s.covered)),
		Width80: over(s.wide80, s.size), Width95: over(s.wide95, s.size),
	}
	if s.none > 0 {
		c.VsNoChange = 1 - s.err/s.none
	}
	if b := min(s.plain[plainUnit], s.plain[plainArea]); b > 0 {
		c.VsPlain = 1 - s.err/b
	}
	return c
}
