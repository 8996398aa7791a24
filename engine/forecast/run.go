package forecast

import (
	"context"
	"math"

	"luoshu"
)

// Options are how a series is to be carried on.
type Options struct {
	Horizons  int        // years ahead, 1..Furthest
	Scenarios []Scenario // low, middle and high from the spread of the past if empty
	Changes   Changes
	Progress  luoshu.Progress
}

// Scenario is one course things may take. Entry is by how much more or fewer children
// come to the entry grade with each year, Move by how much more or fewer go on to the
// next grade than by the ratios of the past (0.01 is one per cent).
type Scenario struct {
	ID    string  `json:"id"`
	Entry float64 `json:"entry"`
	Move  float64 `json:"move"`
	// Spread says that the numbers are one standard deviation of the past: Entry then
	// grows with the root of the years, as chance does, not with the years.
	Spread bool `json:"from_spread,omitempty"`
}

// Band is a forecast with the intervals that 80 and 95 of 100 counts lie within.
type Band struct {
	Value  float64 `json:"value"`
	Low80  float64 `json:"low80"`
	High80 float64 `json:"high80"`
	Low95  float64 `json:"low95"`
	High95 float64 `json:"high95"`
}

// Ahead is one year of an outlook. By[s][g] are children of grade g in scenario s, in
// the order of Outcome.Scenarios. Bands are of the scenario that Outcome.Middle names;
// they are nil while no forecast of the series has come due.
type Ahead struct {
	Year   int         `json:"year"`
	By     [][]float64 `json:"by"`
	Total  *Band       `json:"total,omitempty"`
	Grades []Band      `json:"grades,omitempty"`
	Units  float64     `json:"units,omitempty"` // areas: what the units of today come to; the rest is expected in units not there yet, or less than nothing
}

// Outlook is a unit, an area or all areas in the years to come.
type Outlook struct {
	ID    string    `json:"id"`
	Area  string    `json:"area,omitempty"`
	Now   []float64 `json:"now"` // children of each grade in the base year
	Years []Ahead   `json:"years"`
}

// Use says which assumptions a forecast of one grain and horizon rests on: how the
// children of the entry grade were assumed, of which rivals the forecast is mixed, and
// whether "no change" has done better so far and took half the weight.
type Use struct {
	Grain          string             `json:"grain"`
	Horizon        int                `json:"horizon"`
	Entry          string             `json:"entry"` // the assumption of most weight
	EntryWeights   map[string]float64 `json:"entry_weights"`
	RivalWeights   map[string]float64 `json:"rival_weights"`
	NoChangeBetter bool               `json:"no_change_better"`
}

// Outcome is the forecast of a series.
type Outcome struct {
	Version   string     `json:"version"`
	Base      int        `json:"base"` // the newest year in use
	Grades    []string   `json:"grades"`
	Scenarios []Scenario `json:"scenarios"`
	Middle    int        `json:"middle"` // index of the scenario that bands are of
	Units     []Outlook  `json:"units"`
	Areas     []Outlook  `json:"areas"`
	All       Outlook    `json:"all"`
	Uses      []Use      `json:"assumptions"`
	Checks    []Check    `json:"checks"`
	Notes     []Note     `json:"notes"`
}

// Backtest holds forecasts of 1 to horizons years against what came, each made from
// what was known then. It fails when the series lets nothing be tested.
func Backtest(ctx context.Context, s Series, horizons int, tell luoshu.Progress) (*Outcome, error) {
	out, _, _, err := roll(ctx, s, horizons, tell)
	if err != nil {
		return nil, err
	}
	if len(out.Checks) == 0 {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有一次推算可以比对：至少要有三个口径相同、连续的学年。请补上学年，或去掉多余的断点。",
			"nothing could be tested: it takes three years in a row that were counted alike. Add years, or take away breaks.")
	}
	return out, nil
}

// roll goes through the years of a series up to its last.
func roll(ctx context.Context, s Series, horizons int, tell luoshu.Progress) (*Outcome, *laid, *model, error) {
	if horizons < 1 || horizons > Furthest {
		return nil, nil, nil, luoshu.Errorf(luoshu.Invalid, "推算年数应在 1 到 %d 之间，现为 %d。", "years ahead must be between 1 and %d, and are %d.", Furthest, horizons)
	}
	l, err := s.lay()
	if err != nil {
		return nil, nil, nil, err
	}
	origins := l.origins()
	if len(origins) == 0 {
		return nil, nil, nil, luoshu.Errorf(luoshu.Invalid, "没有两个口径相同、前后相连的学年，无法推算。请补上学年，或去掉多余的断点。",
			"no two years follow each other and were counted alike, so nothing can be forecast. Add years, or take away breaks.")
	}
	m := newModel(l.grid, horizons)
	checks, err := m.backtest(ctx, tell)
	if err != nil {
		return nil, nil, nil, err
	}
	out := &Outcome{Version: Version, Base: l.years[origins[len(origins)-1]], Grades: s.Grades, Checks: checks, Notes: l.notes}
	for i, w := range m.levels {
		for h := range horizons {
			u := w.use(grains[i][0], h)
			out.Uses = append(out.Uses, u)
			for k, c := range out.Checks {
				if c.Horizon == h+1 && (c.Grain == grains[i][0] || c.Grain == grains[i][1]) {
					out.Checks[k].Entry = u.Entry
				}
			}
		}
	}
	return out, l, m, nil
}

func (w *walker) use(grain string, h int) Use {
	u := Use{Grain: grain, Horizon: h + 1, EntryWeights: map[string]float64{}, RivalWeights: map[string]float64{}, NoChangeBetter: w.yields[h]}
	best := -1.0
	for m, v := range w.assumed[h][0] {
		if v < 0.005 {
			continue
		}
		u.EntryWeights[Assumptions[m]] = round(v)
		if v > best {
			best, u.Entry = v, Assumptions[m]
		}
	}
	for k, v := range w.weights[h] {
		if v >= 0.005 {
			u.RivalWeights[Rivals[k]] = round(v)
		}
	}
	return u
}

func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// Run forecasts a series.
func Run(ctx context.Context, s Series, o Options) (*Outcome, error) {
	out, l, m, err := roll(ctx, s, o.Horizons, o.Progress)
	if err != nil {
		return nil, err
	}
	if err := o.Changes.check(s, out.Base); err != nil {
		return nil, err
	}
	t := out.Base - l.years[0]
	if out.Scenarios = o.Scenarios; len(out.Scenarios) == 0 {
		out.Scenarios = m.usual(t)
	}
	for i, c := range out.Scenarios {
		if c.Entry <= -1 || c.Move <= -1 || c.Entry > 1 || c.Move > 1 || math.IsNaN(c.Entry+c.Move) {
			return nil, luoshu.Errorf(luoshu.Invalid, "情景“%s”的数应在 -1 与 1 之间（0.01 即百分之一）。", "the numbers of scenario %q must lie between -1 and 1 (0.01 is one per cent).", c.ID)
		}
		if c.Entry == 0 && c.Move == 0 {
			out.Middle = i
		}
	}
	paths := make([][][][]float64, len(out.Scenarios)) // scenario, level, h
	for i, c := range out.Scenarios {
		if paths[i], err = m.scenario(ctx, t, c); err != nil {
			return nil, err
		}
	}
	b := builder{out: out, l: l, m: m, t: t, paths: paths, o: o}
	b.build()
	return out, nil
}

// scenario are the paths of every level under a scenario: what was mixed, turned as the
// cohort path turns.
func (m *model) scenario(ctx context.Context, t int, c Scenario) ([][][]float64, error) {
	by := &tilt{move: 1 + c.Move, entry: func(h int) float64 {
		if c.Spread {
			return math.Exp(c.Entry * math.Sqrt(float64(h)))
		}
		return math.Pow(1+c.Entry, float64(h))
	}}
	out := make([][][]float64, len(m.levels))
	var above [][]float64
	for i := len(m.levels) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w := m.levels[i]
		turned := w.path(t, above, by, false)
		above = turned
		out[i] = make([][]float64, m.horizons)
		for h := range out[i] {
			row := make([]float64, len(turned[h]))
			for k, v := range w.final[h] {
				row[k] = v
				if w.cohort[h][k] > 0 && (c.Entry != 0 || c.Move != 0) {
					row[k] *= turned[h][k] / w.cohort[h][k]
				}
			}
			out[i][h] = row
		}
	}
	return out, nil
}

// usual are the scenarios that the spread of past years makes: the yearly change of the
// entry grade, and of how many go on, of all units together.
func (m *model) usual(t int) []Scenario {
	x := m.levels[len(m.levels)-1].x
	var entry, move []float64
	for y := 1; y <= t; y++ {
		if !x.chained(y) {
			continue
		}
		a, b := x.row(0, y-1), x.row(0, y)
		if a[0] > 0 && b[0] > 0 {
			entry = append(entry, math.Log(b[0]/a[0]))
		}
		var from, to float64
		for g := 1; g < x.g; g++ {
			from, to = from+a[g-1], to+b[g]
		}
		if from > 0 && to > 0 {
			move = append(move, math.Log(to/from))
		}
	}
	e, v := around(entry), around(move)
	return []Scenario{
		{ID: "low", Entry: -e, Move: -v, Spread: true},
		{ID: "middle"},
		{ID: "high", Entry: e, Move: v, Spread: true},
	}
}

// around is the standard deviation by the median distance from the median.
func around(v []float64) float64 {
	mid := median(v)
	var off []float64
	for _, x := range v {
		off = append(off, math.Abs(x-mid))
	}
	return math.Min(0.3, 1.4826*median(off))
}
