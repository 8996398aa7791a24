package forecast

import (
	"math"

	"luoshu"
)

// Changes are what is decided or known about years to come.
type Changes struct {
	EntryAge []EntryAge
	Housing  []Housing
	Closures []Closure
}

// EntryAge moves the cut-off day of the entry grade in one year: Months more (or fewer)
// birth months enter then, and go through the grades together. Area "" is everywhere.
type EntryAge struct {
	Year   int
	Area   string
	Months float64
}

// Housing is homes that are lived in from a year on. Occupied[i] is the share lived in
// i years later, the last staying; one home has Yield children in each grade. Unit is
// the unit they go to; without one they count for the area alone.
type Housing struct {
	Year     int
	Area     string
	Unit     string
	Homes    float64
	Occupied []float64
	Yield    map[string]float64
}

// Closure ends a unit in a year; its children, and those who would have come, go to
// others by share. What the shares leave over leaves the area.
type Closure struct {
	Year int
	Unit string
	To   []Share
}

func (c Changes) check(s Series, base int) error {
	// in names the change that is refused.
	in := func(field string, e *luoshu.Error) error {
		e.Field = field
		return e
	}
	late := func(field string, year int, zh, en string) error {
		if year > base {
			return nil
		}
		return in(field, luoshu.Errorf(luoshu.Invalid, "%s的年份 %d 不在基准年 %d 之后。以前的变化已在序列中，请删去或改正年份。",
			"the year %[2]d of %[1]s is not after the base year %[3]d. Earlier changes are in the series; delete it or correct the year.", luoshu.Text{ZH: zh, EN: en}, year, base))
	}
	known := map[string]bool{}
	areas := map[string]bool{"": true}
	for _, x := range s.recoded() {
		known[x.Unit] = true
		areas[s.Areas[x.Unit]] = true
	}
	for _, e := range c.EntryAge {
		if err := late("entry_age", e.Year, "入学年龄调整", "the change of the entry age"); err != nil {
			return err
		}
		if e.Months < -12 || e.Months > 12 || !areas[e.Area] {
			return in("entry_age", luoshu.Errorf(luoshu.Invalid, "%d 年入学年龄调整：月数应在 -12 与 12 之间，区域应在序列中（“%s”）。", "change of the entry age in %d: months must lie between -12 and 12, and the area be in the series (%q).", e.Year, e.Area))
		}
	}
	for _, h := range c.Housing {
		if err := late("housing", h.Year, "新建住宅", "new housing"); err != nil {
			return err
		}
		if h.Homes < 0 || !areas[h.Area] {
			return in("housing", luoshu.Errorf(luoshu.Invalid, "%d 年新建住宅：套数不能为负，区域应在序列中（“%s”）。", "new housing in %d: homes must not be negative, and the area be in the series (%q).", h.Year, h.Area))
		}
		for g, v := range h.Yield {
			if !(v >= 0 && v <= 5) || index(s.Grades)[g] == 0 && s.Grades[0] != g {
				return in("housing", luoshu.Errorf(luoshu.Invalid, "%d 年新建住宅：年级“%s”每套 %v 名儿童不能用。", "new housing in %d: %[3]v children a home in grade %[2]q cannot be used.", h.Year, g, v))
			}
		}
	}
	for _, x := range c.Closures {
		if err := late("closures", x.Year, "撤并", "a closure"); err != nil {
			return err
		}
		var sum float64
		for _, t := range x.To {
			if !(t.Share >= 0) || t.To == x.Unit || t.To == "" {
				sum = 2
			}
			sum += t.Share
		}
		if !known[x.Unit] || sum > 1+1e-6 {
			return in("closures", luoshu.Errorf(luoshu.Invalid, "撤并“%s”：单位应在序列中，接收份额之和不超过 1，且不能归给自己。", "closure of %q: the unit must be in the series, the shares of receivers not above 1 in sum, and none its own.", x.Unit))
		}
	}
	return nil
}

// occupied is the share of homes lived in at a year.
func (h Housing) occupied(year int) float64 {
	switch i := year - h.Year; {
	case i < 0:
		return 0
	case len(h.Occupied) == 0:
		return 1
	default:
		return h.Occupied[min(i, len(h.Occupied)-1)]
	}
}

// builder puts an outcome together from the paths of scenarios.
type builder struct {
	out   *Outcome
	l     *laid
	m     *model
	t     int
	paths [][][][]float64
	o     Options

	ids   []string // units with an outlook
	area  []int
	at    []int // unit of the grid, −1 for one that is new
	where map[string]int
}

func (b *builder) build() {
	b.members()
	h, g, n, a := b.o.Horizons, b.l.g, len(b.ids), len(b.l.areas)
	units := make([][][]float64, len(b.paths)) // scenario, h, unit·grade
	areas := make([][][]float64, len(b.paths))
	all := make([][][]float64, len(b.paths))
	for s, p := range b.paths {
		for k := range h {
			u := make([]float64, n*g)
			for i, at := range b.at {
				if at >= 0 {
					copy(u[i*g:(i+1)*g], p[0][k][at*g:(at+1)*g])
				}
			}
			r := append([]float64(nil), p[1][k]...)
			before := append([]float64(nil), r...)
			b.change(k+1, u, r)
			top := append([]float64(nil), p[len(p)-1][k]...)
			if a > 1 {
				for i := range r {
					top[i%g] = math.Max(0, top[i%g]+r[i]-before[i])
				}
			} else {
				copy(top, r)
			}
			units[s], areas[s], all[s] = append(units[s], u), append(areas[s], r), append(all[s], top)
		}
	}
	for i, id := range b.ids {
		now := make([]float64, g)
		if b.at[i] >= 0 {
			copy(now, b.l.row(b.at[i], b.t))
		}
		b.out.Units = append(b.out.Units, b.outlook(id, b.l.areas[b.area[i]], 0, i, now, units))
	}
	for i, id := range b.l.areas {
		o := b.outlook(id, "", 1, i, b.m.levels[1].x.row(i, b.t), areas)
		for k := range o.Years {
			for j := range b.ids {
				if b.area[j] == i {
					for _, v := range units[b.out.Middle][k][j*g : (j+1)*g] {
						o.Years[k].Units += v
					}
				}
			}
		}
		b.out.Areas = append(b.out.Areas, o)
	}
	last := len(b.m.levels) - 1
	b.out.All = b.outlook("", "", last, 0, b.m.levels[last].x.sumRow(b.t), all)
}

// sumRow are the children of each grade of all units in a year.
func (x *grid) sumRow(y int) []float64 {
	out := make([]float64, x.g)
	for u := range x.n {
		for g, v := range x.row(u, y) {
			out[g] += v
		}
	}
	return out
}

// members are the units that an outlook is given for: those of the base year, and those
// that changes name.
func (b *builder) members() {
	b.where = map[string]int{}
	area := index(b.l.areas)
	add := func(id string, a, at int) {
		if _, ok := b.where[id]; !ok && id != "" {
			b.where[id] = len(b.ids)
			b.ids, b.area, b.at = append(b.ids, id), append(b.area, a), append(b.at, at)
		}
	}
	unit := index(b.l.units)
	for u, id := range b.l.units {
		if b.l.there(u, b.t) {
			add(id, b.l.area[u], u)
		}
	}
	for _, h := range b.o.Changes.Housing {
		add(h.Unit, area[h.Area], -1)
	}
	for _, c := range b.o.Changes.Closures {
		for _, to := range c.To { // a new unit stands where the one stood that it takes over from
			a := b.l.area[unit[c.Unit]]
			if u, ok := unit[to.To]; ok {
				a = b.l.area[u]
			}
			add(to.To, a, -1)
		}
	}
}

// change applies what is decided to units and areas h years ahead.
func (b *builder) change(h int, units, areas []float64) {
	year, g := b.out.Base+h, b.l.g
	for _, e := range b.o.Changes.EntryAge {
		if k := year - e.Year; k >= 0 && k < g {
			f := 1 + e.Months/12
			for i := range b.ids {
				if e.Area == "" || b.l.areas[b.area[i]] == e.Area {
					units[i*g+k] *= f
				}
			}
			for a, id := range b.l.areas {
				if e.Area == "" || id == e.Area {
					areas[a*g+k] *= f
				}
			}
		}
	}
	area := index(b.l.areas)
	for _, x := range b.o.Changes.Housing {
		for k, name := range b.out.Grades {
			more := x.Homes * x.occupied(year) * x.Yield[name]
			areas[area[x.Area]*g+k] += more
			if i, ok := b.where[x.Unit]; ok {
				units[i*g+k] += more
			}
		}
	}
	moved := make([]float64, len(areas))
	for _, c := range b.o.Changes.Closures {
		i, ok := b.where[c.Unit]
		if !ok || year < c.Year {
			continue
		}
		for k := range g {
			n := units[i*g+k]
			units[i*g+k] = 0
			moved[b.area[i]*g+k] -= n
			for _, to := range c.To {
				j := b.where[to.To]
				units[j*g+k] += n * to.Share
				moved[b.area[j]*g+k] += n * to.Share
			}
		}
	}
	for i, n := range moved {
		areas[i] = math.Max(0, areas[i]+n)
	}
}

// outlook is row i of a level in all years and scenarios.
func (b *builder) outlook(id, area string, level, i int, now []float64, paths [][][]float64) Outlook {
	g := b.l.g
	o := Outlook{ID: id, Area: area, Now: append([]float64(nil), now...)}
	for k := range b.o.Horizons {
		y := Ahead{Year: b.out.Base + k + 1}
		for s := range paths {
			y.By = append(y.By, append([]float64(nil), paths[s][k][i*g:(i+1)*g]...))
		}
		var total float64
		for _, v := range y.By[b.out.Middle] {
			total += v
		}
		if w := b.reach(level, 0, k); w != nil {
			band := w.band(total)
			y.Total = &band
		}
		if w := b.reach(level, 1, k); w != nil {
			for _, v := range y.By[b.out.Middle] {
				y.Grades = append(y.Grades, w.band(v))
			}
		}
		o.Years = append(o.Years, y)
	}
	return o
}

func (b *builder) reach(level, kind, k int) *widths {
	if b.m.reach == nil {
		b.m.reach = map[[3]int]*widths{}
	}
	key := [3]int{level, kind, k}
	if w, ok := b.m.reach[key]; ok {
		return w
	}
	w := b.m.ledgers[level][kind].at(b.t, k+1)
	b.m.reach[key] = w
	return w
}

func (w *widths) band(v float64) Band {
	in, out := w.of(v)
	return Band{Value: v, Low80: math.Max(0, v-in), High80: v + in, Low95: math.Max(0, v-out), High95: v + out}
}
