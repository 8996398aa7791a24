// Package towns draws counts of children for tests and measurements: invented towns
// with what befalls real ones. No number in them was ever counted.
package towns

import (
	"fmt"
	"math"
	"math/rand/v2"

	"luoshu/engine/forecast"
)

// Kind is a kind of town. Rates are a year.
type Kind struct {
	Name   string
	Areas  int
	Units  int
	Grades int
	Years  int
	Size   float64                 // children of an entry grade of a unit
	Course func(y int) float64     // births against a usual year; nil: steady
	Births bool                    // they are given with the series
	Wander float64                 // how the growth of an area's births strays (sd)
	Shock  float64                 // passing noise of who comes (sd)
	Shares float64                 // how units' shares of their area drift (sd)
	Leave  float64                 // children who leave between grades
	Ratios float64                 // how units differ in it (sd)
	Moves  float64                 // chance that an area gains or loses children in all grades for two years
	Opens  float64                 // chance that a unit is new within the series
	Closes float64                 // chance that a unit closes, its children going to others of the area
	Breaks func(y, of int) float64 // factor on who comes in a year by policy; nil: none
}

// wave is a course of births like China's: a fall, the echo of a large generation, two
// years of second children, and the fall that followed. The year 0 is 2000.
func wave(y int) float64 {
	points := [][2]float64{{-20, 1.3}, {-10, 1.15}, {0, 1}, {5, 0.95}, {12, 1.08}, {15, 1.05}, {16, 1.25}, {17, 1.2}, {18, 1.05}, {19, 1}, {20, 0.83}, {21, 0.73}, {22, 0.65}, {23, 0.61}, {30, 0.55}}
	for i := 1; i < len(points); i++ {
		if a, b := points[i-1], points[i]; float64(y) <= b[0] {
			return a[1] + (b[1]-a[1])*(float64(y)-a[0])/(b[0]-a[0])
		}
	}
	return 0.55
}

func slope(rate float64) func(int) float64 {
	return func(y int) float64 { return math.Exp(rate * float64(y)) }
}

// early is a shift of the entry age in the middle of a series: one year takes on half
// as many again.
func early(y, of int) float64 {
	if y == of/2 {
		return 1.4
	}
	return 1
}

// Kinds are the kinds that figures are given for.
var Kinds = []Kind{
	{Name: "wave, births known", Areas: 8, Units: 64, Grades: 6, Years: 20, Size: 70, Course: wave, Births: true, Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.04, Ratios: 0.02, Opens: 0.1, Closes: 0.1},
	{Name: "wave, births unknown", Areas: 8, Units: 64, Grades: 6, Years: 20, Size: 70, Course: wave, Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.04, Ratios: 0.02, Opens: 0.1, Closes: 0.1},
	{Name: "wave, one area", Areas: 1, Units: 12, Grades: 9, Years: 16, Size: 60, Course: wave, Births: true, Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.04, Ratios: 0.02, Closes: 0.1},
	{Name: "steady town", Areas: 1, Units: 10, Grades: 6, Years: 25, Size: 60, Wander: 0.006, Shock: 0.03, Shares: 0.05, Leave: 0.05, Ratios: 0.02, Closes: 0.1},
	{Name: "growing suburb", Areas: 4, Units: 32, Grades: 6, Years: 12, Size: 80, Course: slope(0.03), Wander: 0.01, Shock: 0.03, Shares: 0.06, Leave: 0.06, Ratios: 0.02, Moves: 0.08, Opens: 0.3},
	{Name: "emptying land", Areas: 10, Units: 90, Grades: 6, Years: 18, Size: 25, Course: slope(-0.035), Wander: 0.012, Shock: 0.04, Shares: 0.06, Leave: 0.06, Ratios: 0.03, Moves: 0.05, Closes: 0.35},
	{Name: "small rural units", Areas: 12, Units: 100, Grades: 6, Years: 15, Size: 9, Course: slope(-0.02), Wander: 0.012, Shock: 0.05, Shares: 0.06, Leave: 0.06, Ratios: 0.03, Closes: 0.25},
	{Name: "migrant city", Areas: 6, Units: 60, Grades: 13, Years: 14, Size: 90, Wander: 0.012, Shock: 0.03, Shares: 0.05, Leave: 0.08, Ratios: 0.03, Moves: 0.2, Opens: 0.15, Closes: 0.05},
	{Name: "entry age moved", Areas: 5, Units: 40, Grades: 6, Years: 20, Size: 70, Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.04, Ratios: 0.02, Breaks: early},
	{Name: "six years growing", Areas: 5, Units: 50, Grades: 6, Years: 6, Size: 80, Course: slope(0.03), Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.05, Ratios: 0.02, Opens: 0.1},
	{Name: "eight years shrinking", Areas: 8, Units: 64, Grades: 9, Years: 8, Size: 45, Course: slope(-0.04), Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.04, Ratios: 0.02, Closes: 0.1},
	{Name: "seven years, one area", Areas: 1, Units: 20, Grades: 13, Years: 7, Size: 80, Course: slope(-0.01), Wander: 0.01, Shock: 0.03, Shares: 0.05, Leave: 0.05, Ratios: 0.02, Moves: 0.1},
	{Name: "ten years, one area", Areas: 1, Units: 15, Grades: 6, Years: 10, Size: 60, Wander: 0.012, Shock: 0.03, Shares: 0.05, Leave: 0.05, Ratios: 0.02, Moves: 0.1, Closes: 0.05},
	{Name: "thirty years", Areas: 3, Units: 24, Grades: 9, Years: 30, Size: 60, Wander: 0.012, Shock: 0.03, Shares: 0.05, Leave: 0.05, Ratios: 0.02, Moves: 0.05, Opens: 0.1, Closes: 0.15},
}

const lag = 6 // years from birth to the entry grade

type unit struct {
	share         float64
	ratio         []float64
	opens, closes int
	now           []float64
}

// town is one draw in the making.
type town struct {
	Kind
	r      *rand.Rand
	units  []unit
	births [][]float64 // area, year from −burn−lag on
	moved  []int       // years that a move of an area still goes on
	by     []float64   // and what it does a year
	burn   int
}

// Draw makes a series of a kind.
func (k Kind) Draw(seed uint64) forecast.Series {
	t := &town{Kind: k, r: rand.New(rand.NewPCG(seed, 0x70e5)), burn: k.Grades + 4, moved: make([]int, k.Areas), by: make([]float64, k.Areas)}
	t.bear()
	t.found()
	s := forecast.Series{Areas: map[string]string{}}
	for g := range k.Grades {
		s.Grades = append(s.Grades, fmt.Sprint(g+1))
	}
	for y := -t.burn; y < k.Years; y++ {
		t.year(y)
		if y >= 0 {
			t.count(&s, y)
		}
	}
	if k.Births {
		s.Lag = lag
		for a, of := range t.births {
			for i, n := range of {
				if y := i - t.burn - lag; y >= -lag {
					s.Births = append(s.Births, forecast.Birth{Area: t.area(a), Year: first + y, Children: n})
				}
			}
		}
	}
	return s
}

const first = 2003

func (t *town) area(a int) string { return fmt.Sprintf("a%02d", a) }
func (t *town) of(u int) int      { return u * t.Areas / t.Units }

// bear draws births up to the last year of the series.
func (t *town) bear() {
	t.births = make([][]float64, t.Areas)
	for a := range t.births {
		level, growth := 0.0, 0.0
		for y := -t.burn - lag; y < t.Years; y++ {
			growth = 0.8*growth + t.Wander*t.r.NormFloat64()
			level += growth
			course := 1.0
			if t.Course != nil {
				course = t.Course(first + y - 2000)
			}
			mean := t.Size * float64(t.Units) / float64(t.Areas) * math.Exp(level) * course
			t.births[a] = append(t.births[a], t.poisson(mean))
		}
	}
}

func (t *town) found() {
	t.units = make([]unit, t.Units)
	for u := range t.units {
		x := unit{share: math.Exp(0.5 * t.r.NormFloat64()), ratio: make([]float64, t.Grades), now: make([]float64, t.Grades), opens: -t.burn, closes: t.Years + 1}
		for g := range x.ratio {
			x.ratio[g] = t.Ratios * t.r.NormFloat64()
		}
		if t.r.Float64() < t.Opens {
			x.opens = 1 + t.r.IntN(t.Years)
		}
		if t.r.Float64() < t.Closes {
			x.closes = max(x.opens, 0) + 2 + t.r.IntN(t.Years)
		}
		if x.opens <= -t.burn {
			for g := range x.now {
				x.now[g] = t.poisson(t.Size * x.share)
			}
		}
		t.units[u] = x
	}
}

func (x *unit) runs(y int) bool { return y >= x.opens && y < x.closes }

func (t *town) year(y int) {
	pool, noise, ratio := make([]float64, t.Areas), make([]float64, t.Areas), make([]float64, t.Areas)
	all := t.Shock / 2 * t.r.NormFloat64()
	for a := range pool {
		noise[a], ratio[a] = all+t.Shock*t.r.NormFloat64(), 0.008*t.r.NormFloat64()
		if t.moved[a]--; t.moved[a] < 0 && t.r.Float64() < t.Moves {
			t.moved[a], t.by[a] = 1, 0.035*t.r.NormFloat64()
		}
		if t.moved[a] >= 0 {
			ratio[a] += t.by[a]
			noise[a] += t.by[a]
		}
	}
	t.close(y)
	for u := range t.units {
		if x := &t.units[u]; x.runs(y) {
			pool[t.of(u)] += x.share
		}
	}
	policy := 1.0
	if t.Breaks != nil {
		policy = t.Breaks(y, t.Years)
	}
	for u := range t.units {
		x, a := &t.units[u], t.of(u)
		x.share *= math.Exp(t.Shares * t.r.NormFloat64())
		if !x.runs(y) {
			continue
		}
		next := make([]float64, t.Grades)
		next[0] = t.poisson(t.births[a][y+t.burn] * math.Exp(noise[a]) * policy * x.share / pool[a])
		for g := 1; g < t.Grades; g++ {
			stay := x.now[g-1] * (1 - t.Leave)
			come := x.now[g-1]*math.Max(0.3, 0.995+x.ratio[g]+ratio[a]) - stay
			next[g] = math.Max(0, math.Round(stay+math.Sqrt(stay*t.Leave)*t.r.NormFloat64()+t.poisson(math.Max(0, come))))
		}
		x.now = next
	}
}

// close sends the children of units that close to the others of their area.
func (t *town) close(y int) {
	for u := range t.units {
		if t.units[u].closes != y {
			continue
		}
		var to []int
		for v := range t.units {
			if t.of(v) == t.of(u) && t.units[v].runs(y) && y > t.units[v].opens {
				to = append(to, v)
			}
		}
		if len(to) == 0 {
			t.units[u].closes = t.Years + 1
			continue
		}
		for g, n := range t.units[u].now {
			for range int(n) {
				t.units[to[t.r.IntN(min(3, len(to)))]].now[g]++
			}
		}
	}
}

func (t *town) count(s *forecast.Series, y int) {
	for u := range t.units {
		x := &t.units[u]
		if !x.runs(y) {
			continue
		}
		id := fmt.Sprintf("s%03d", u)
		s.Areas[id] = t.area(t.of(u))
		for g, n := range x.now {
			s.Counts = append(s.Counts, forecast.Count{Unit: id, Year: first + y, Grade: s.Grades[g], Children: n})
		}
	}
}

func (t *town) poisson(mean float64) float64 {
	if mean > 60 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*t.r.NormFloat64()))
	}
	limit, k, p := math.Exp(-mean), 0.0, 1.0
	for {
		if p *= t.r.Float64(); p <= limit {
			return k
		}
		k++
	}
}
