package forecast

// Grains at which a forecast is held against what came.
const (
	GrainUnit      = "unit"       // all grades of a unit
	GrainUnitGrade = "unit-grade" // one grade of a unit
	GrainArea      = "area"
	GrainAreaGrade = "area-grade"
	GrainAll       = "all" // all areas together, where there are several
	GrainAllGrade  = "all-grade"
)

var grains = [3][2]string{{GrainUnit, GrainUnitGrade}, {GrainArea, GrainAreaGrade}, {GrainAll, GrainAllGrade}}

// model goes through the years of a series at every grain together: top to bottom by
// cohorts, since a unit's share of its area's entry is one of its assumptions, and
// bottom to top when rivals are mixed, since the sum of units is one of the area's.
type model struct {
	levels   []*walker    // units, areas, all
	ledgers  [][2]*ledger // per level: totals, grades
	horizons int
	plain    [][plains][][]float64 // per level: the plain progressions at the year reached
	reach    map[[3]int]*widths    // {level, kind, h−1}: intervals of the last year
}

func newModel(x *grid, horizons int) *model {
	area := x.byArea()
	area.external, x.external = x.external, nil // births are counted by area
	area.lag = x.lag
	grids := []*grid{x, area}
	if x.areas > 1 {
		all := area.byArea()
		all.lag = x.lag
		if all.external = x.externalAll; all.external == nil {
			all.external = area.externalSum()
		}
		grids = append(grids, all)
	}
	m := &model{horizons: horizons, levels: make([]*walker, len(grids)), ledgers: make([][2]*ledger, len(grids)), plain: make([][plains][][]float64, len(grids))}
	var up *walker
	for i := len(grids) - 1; i >= 0; i-- {
		m.levels[i] = newWalker(grids[i], up, horizons)
		m.levels[i].bottom = i == 0
		up = m.levels[i]
		for c := range 2 {
			m.ledgers[i][c] = newLedger(x.y, horizons)
		}
	}
	return m
}

// step forecasts at year t.
func (m *model) step(t int) {
	for i := len(m.levels) - 1; i >= 0; i-- {
		m.levels[i].step(t)
	}
	var low *walker
	for i, w := range m.levels {
		if m.plain[i] = [plains][][]float64{w.own, w.rivals[byArea], w.rivals[byArea]}; low != nil {
			m.plain[i] = [plains][][]float64{low.x.sums(m.plain[i-1][plainUnit], w.x), w.own, w.rivals[byArea]}
		}
		w.rivals[byOwn] = m.plain[i][plainUnit]
		w.stack(t, low)
		low = w
	}
}

// held is one thing that a forecast is held against.
type held struct {
	level, kind, h, u, g int
	truth                float64
	luoshu, none         float64
	plain                [plains]float64
}

// compare tells each forecast made at t beside what came, of units that were counted
// in both years.
func (m *model) compare(t int, tell func(held)) {
	for i, w := range m.levels {
		x := w.x
		for h := 1; h <= m.horizons; h++ {
			if !x.reaches(t, t+h) {
				continue
			}
			for u := range x.n {
				if !x.there(u, t) || !x.there(u, t+h) {
					continue
				}
				sum := held{level: i, kind: 0, h: h, u: u, g: -1}
				row := x.row(u, t+h)
				for g := range x.g {
					at := u*x.g + g
					c := held{
						level: i, kind: 1, h: h, u: u, g: g, truth: row[g],
						luoshu: w.final[h-1][at], none: w.rivals[byNoChange][h-1][at],
					}
					any := c.truth + c.luoshu + c.none
					for k := range c.plain {
						c.plain[k] = m.plain[i][k][h-1][at]
						sum.plain[k] += c.plain[k]
						any += c.plain[k]
					}
					sum.truth += c.truth
					sum.luoshu += c.luoshu
					sum.none += c.none
					if any != 0 {
						tell(c)
					}
				}
				tell(sum)
			}
		}
	}
}
