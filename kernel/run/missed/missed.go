// Package missed says how unsure a forecast is from how far those of earlier years lay
// off. Plain numbers, no I/O.
package missed

import (
	"maps"
	"math"
	"slices"

	"luoshu"
	"luoshu/engine/forecast"
)

// Check is how the method would have done in earlier years.
type Check struct {
	Stage      string   `json:"stage"`
	Grain      string   `json:"grain"` // managing or school
	Horizon    int      `json:"horizon"`
	N          int      `json:"n"`
	WAPE       *float64 `json:"wape"`
	NoChange   *float64 `json:"wape_no_change"`
	Plain      *float64 `json:"wape_plain"`
	Coverage80 *float64 `json:"coverage80"`
	Coverage95 *float64 `json:"coverage95"`
}

// Stage is how far forecasts of a stage lay off in earlier years, area by area.
type Stage struct {
	ByHorizon map[int][]Miss
	Grades    int      // of the stage
	Kind      string   // of areas, as the pack calls it
	Before    *Stage   // of the stage before it in the chain, nil for the first
	Others    []*Stage // of the other stages of the chain
}

// Miss is one forecast that has come due.
type Miss struct {
	Origin                int     // the year it was made after
	Forecast, No, Counted float64 // what was said, what there was then, what came
}

// How misses are pooled.
const (
	fewest  = 8    // forecasts that must have come due before a band is drawn from them
	sizes   = 0.75 // a miss grows with this power of the children: between its root and the number itself
	growth  = 0.75 // and with this power of the years ahead
	nearby  = 0.5  // what a miss of the next horizon is worth, less of those further off
	usual   = 0.03 // what a year ahead is missed by where little has come due: rather more than the area of Eau Claire (docs/benchmarks.md), for single stages
	prior   = 1.0  // independent misses which that is worth
	kindred = 0.2  // what a miss of another stage is worth
)

// score is how far a forecast lay off, in terms of its size.
func (m Miss) score() float64 { return math.Abs(m.Counted-m.Forecast) / size(m.Forecast) }

func size(children float64) float64 { return math.Pow(children+1, sizes) }

// spread is the root mean square of scores so many years ahead around forecasts of a
// size, and how many independent misses it is worth. Misses of all areas are pooled, those of other horizons and stages
// help: with five years counted one forecast alone is three years old. The areas of one
// origin count as one miss, since they share most of what happens in a year. keep, if
// given, says which misses count.
func (m *Stage) spread(h int, of float64, keep func(Miss) bool) (rms, worth float64, n int) {
	sum := 0.0
	add := func(from *Stage, by float64) {
		for _, k := range slices.Sorted(maps.Keys(from.ByHorizon)) {
			list := from.ByHorizon[k]
			squares, found := map[int]float64{}, map[int]int{}
			for _, x := range list {
				if keep == nil || keep(x) {
					squares[x.Origin] += x.score() * x.score()
					found[x.Origin]++
				}
			}
			near := by
			if k != h {
				near *= nearby / math.Abs(float64(k-h))
			}
			grow := math.Pow(float64(h)/float64(k), growth)
			for _, origin := range slices.Sorted(maps.Keys(found)) {
				sum += near * squares[origin] / float64(found[origin]) * grow * grow
				worth += near
				n += found[origin]
			}
		}
	}
	add(m, 1)
	for _, o := range m.Others {
		add(o, kindred)
	}
	typical := usual * of / size(of) * math.Pow(float64(h), growth)
	sum += prior * typical * typical
	worth += prior
	return math.Sqrt(sum / worth), worth, n
}

// reach is how many scores a band of a level extends: Student's t around what was
// missed. Who is in a stage by then was in the one before so many years earlier as the
// stage has grades: it cannot be surer than that one was. It is false where too few
// forecasts have come due.
func (m *Stage) reach(h int, of, level float64, keep func(Miss) bool) (float64, bool) {
	rms, worth, n := m.spread(h, of, keep)
	if n < fewest {
		return 0, false
	}
	out := rms * quantile(worth/math.Sqrt(float64(h)), level)
	if m.Before != nil && h > m.Grades {
		if v, ok := m.Before.reach(h-m.Grades, of, level, keep); ok {
			out = max(out, v)
		}
	}
	return out, true
}

// quantile is Student's t for degrees of freedom between whole ones.
func quantile(df, level float64) float64 {
	df = math.Max(1.5, df) // one is no guide at all
	low := math.Floor(df)
	a, b := forecast.Quantile(int(low), level), forecast.Quantile(int(low)+1, level)
	return a + (b-a)*(df-low)
}

// Band is the interval around a forecast so many years ahead, of one area or of the sum
// of several: what they share does not even out, so that a sum is as unsure as its
// average part.
func (m *Stage) Band(h int, v float64, areas int) (forecast.Band, bool) {
	n := float64(max(1, areas))
	in, ok := m.reach(h, v/n, forecast.Inner, nil)
	out, _ := m.reach(h, v/n, forecast.Outer, nil)
	by := n * size(v/n)
	return forecast.Band{
		Value: v, Low80: max(0, v-in*by), High80: v + in*by, Low95: max(0, v-max(in, out)*by), High95: v + max(in, out)*by,
	}, ok
}

// Checks are the misses in figures. Coverage is of bands drawn from the misses of the
// other origins alone.
func (m *Stage) Checks(stage string) []Check {
	var out []Check
	for h := 1; len(m.ByHorizon[h]) > 0; h++ {
		list := m.ByHorizon[h]
		c := Check{Stage: stage, Grain: m.Kind, Horizon: h, N: len(list)}
		var sum, err, none float64
		in80, in95, tried := 0, 0, 0
		for _, x := range list {
			sum, err, none = sum+x.Counted, err+math.Abs(x.Counted-x.Forecast), none+math.Abs(x.Counted-x.No)
			other := func(y Miss) bool { return y.Origin != x.Origin }
			in, ok := m.reach(h, x.Forecast, forecast.Inner, other)
			if !ok {
				continue
			}
			wide, _ := m.reach(h, x.Forecast, forecast.Outer, other)
			tried++
			if x.score() <= in {
				in80++
			}
			if x.score() <= max(in, wide) {
				in95++
			}
		}
		if sum > 0 {
			c.WAPE, c.NoChange = luoshu.Finite(err/sum), luoshu.Finite(none/sum)
		}
		if tried > 0 {
			c.Coverage80, c.Coverage95 = luoshu.Finite(float64(in80)/float64(tried)), luoshu.Finite(float64(in95)/float64(tried))
		}
		out = append(out, c)
	}
	return out
}
