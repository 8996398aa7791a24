package indicator

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
)

// work rolls cubes up for one seal: the views share a lexicon. It is used by one
// goroutine; make another for another.
type work struct {
	prog  *program
	views map[string]*cube.View // by grain
	lex   *cube.Lexicon
}

// side is one measure of an indicator, made ready: which column of which cube,
// under which conditions on dimensions.
type side struct {
	grain    *catalog.Grain
	conds    []*cube.Condition
	value    string // column with the count or sum
	rows     string // column with the number of rows
	verified string // column with the number of verified rows, "" if not a base
	lag      int
	scale    int // decimals of the summed field
	measure  *catalog.Measure
	wheres   []string // every condition, as written
}

// plan is an indicator made ready.
type plan struct {
	ind   *catalog.Indicator
	of    *side
	per   *side // nil for count and sum
	items []*plan
	scale int64
	units []string // cv, passes: dimensions that make a unit
}

func (p *plan) base() *side {
	if p.per != nil {
		return p.per
	}
	return p.of
}

// grains lists the grains a plan reads.
func (p *plan) grains() []string {
	var out []string
	add := func(s *side) {
		if s != nil && !slices.Contains(out, s.grain.ID) {
			out = append(out, s.grain.ID)
		}
	}
	add(p.of)
	add(p.per)
	for _, it := range p.items {
		add(it.of)
		add(it.per)
	}
	return out
}

// years lists the years for which every side has data.
func (w *work) years(p *plan) []int {
	if len(p.items) > 0 {
		var out []int
		for i, it := range p.items {
			ys := w.years(it)
			if i == 0 {
				out = ys
			}
			out = slices.DeleteFunc(slices.Clone(out), func(y int) bool { return !slices.Contains(ys, y) })
		}
		return out
	}
	of := lagged(w.views[p.of.grain.ID].Cube.Years, p.of.lag)
	if p.per == nil {
		return of
	}
	per := lagged(w.views[p.per.grain.ID].Cube.Years, p.per.lag)
	return slices.DeleteFunc(of, func(y int) bool { return !slices.Contains(per, y) })
}

func lagged(years []int, lag int) []int {
	out := make([]int, len(years))
	for i, y := range years {
		out[i] = y + lag
	}
	return out
}

// cells computes an indicator over a cut. Cells without any row are left out,
// except the total, which stands for every year with data.
func (w *work) cells(p *plan, cut []string) ([]cell, error) {
	var out []cell
	var err error
	switch p.ind.Kind {
	case catalog.KindCV:
		out, err = w.variation(p, cut)
	case catalog.KindPasses:
		out, err = w.passes(p, cut)
	default:
		out, err = w.quotient(p, cut)
	}
	if err != nil {
		return nil, fmt.Errorf("indicator %s: %w", p.ind.ID, err)
	}
	years := w.years(p)
	out = slices.DeleteFunc(out, func(c cell) bool { return !slices.Contains(years, int(c.key[0])) })
	if len(cut) == 0 {
		for _, y := range years {
			if !slices.ContainsFunc(out, func(c cell) bool { return int(c.key[0]) == y }) {
				c := cell{key: cube.Key{uint32(y)}}
				c.valued = p.per == nil && len(p.items) == 0
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// vectors are the sums of one side over the groups of a cut.
type vectors struct {
	g                     *cube.Grouping
	value, rows, verified []int64
	lag                   uint32
}

func (w *work) vectors(s *side, cut []string, base bool) (*vectors, error) {
	v := w.views[s.grain.ID]
	g, err := v.Cut(cut)
	if err != nil {
		return nil, err
	}
	mask, err := v.Mask(s.conds)
	if err != nil {
		return nil, err
	}
	out := &vectors{g: g, lag: uint32(s.lag)}
	if out.value, err = v.Sum(g, s.value, mask); err != nil || !base {
		return out, err
	}
	out.rows = out.value
	if s.rows != s.value {
		if out.rows, err = v.Sum(g, s.rows, mask); err != nil {
			return nil, err
		}
	}
	out.verified, err = v.Sum(g, s.verified, mask)
	return out, err
}

func (v *vectors) key(i int) cube.Key {
	k := v.g.Keys[i]
	k[0] += v.lag
	return k
}

// quotient computes count, sum, share, ratio and mean.
func (w *work) quotient(p *plan, cut []string) ([]cell, error) {
	base, err := w.vectors(p.base(), cut, true)
	if err != nil {
		return nil, err
	}
	if p.per == nil {
		out := make([]cell, 0, len(base.value))
		for i, v := range base.value {
			if v == 0 && base.rows[i] == 0 {
				continue
			}
			c := cell{key: base.key(i), num: v, den: 0, n: base.rows[i], rows: base.rows[i], ok: base.verified[i]}
			c.value, c.valued = float64(v)*float64(p.scale)/math.Pow10(p.of.scale), true
			out = append(out, c)
		}
		return out, nil
	}
	num, err := w.vectors(p.of, cut, false)
	if err != nil {
		return nil, err
	}
	out := make([]cell, 0, len(base.value))
	used := make([]bool, len(num.value))
	for i, d := range base.value {
		c := cell{key: base.key(i), den: d, n: base.rows[i], rows: base.rows[i], ok: base.verified[i]}
		j := i
		if num.g != base.g || num.lag != base.lag {
			k := c.key
			k[0] -= num.lag
			j = num.g.Find(k)
		}
		if j >= 0 {
			c.num, used[j] = num.value[j], true
		}
		if c.num == 0 && c.den == 0 && c.n == 0 {
			continue
		}
		c.divide(p.scale, p.of.scale, p.per.scale)
		out = append(out, c)
	}
	for j, v := range num.value {
		if v != 0 && !used[j] {
			out = append(out, cell{key: num.key(j), num: v})
		}
	}
	return out, nil
}

// unitCells are the cells of one group of a cut, a cell a unit.
type unitCells struct {
	key   cube.Key // year and cut
	units []cell
}

// byGroup computes an item over cut and units and sorts the cells into the
// groups of the cut, units in the order of their codes' values, so that sums of
// floating numbers always run in one order.
func (w *work) byGroup(it *plan, cut, units []string) ([]unitCells, error) {
	fine := slices.Concat(cut, units)
	cells, err := w.quotient(it, fine)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(cells, func(a, b cell) int { return w.compare(fine, a.key, b.key) })
	var out []unitCells
	for _, c := range cells {
		k := truncated(c.key, len(cut))
		if len(out) == 0 || out[len(out)-1].key != k {
			out = append(out, unitCells{key: k})
		}
		g := &out[len(out)-1]
		g.units = append(g.units, c)
	}
	return out, nil
}

func truncated(k cube.Key, dims int) cube.Key {
	for j := dims + 1; j < len(k); j++ {
		k[j] = 0
	}
	return k
}

func (w *work) compare(dims []string, a, b cube.Key) int {
	if d := cmp.Compare(a[0], b[0]); d != 0 {
		return d
	}
	for j, id := range dims {
		if a[j+1] != b[j+1] {
			return cmp.Compare(w.lex.Value(id, a[j+1]), w.lex.Value(id, b[j+1]))
		}
	}
	return 0
}

// variation computes the coefficient of variation of a ratio over units. Its
// numerator and denominator are those of the ratio over the units counted, its n
// is the number of those units; units without a denominator are left out.
func (w *work) variation(p *plan, cut []string) ([]cell, error) {
	it := p.items[0]
	groups, err := w.byGroup(it, cut, without(p.units, cut))
	if err != nil {
		return nil, err
	}
	var out []cell
	for _, g := range groups {
		c := cell{key: g.key}
		var x, weight []float64
		for _, u := range g.units {
			if u.den <= 0 {
				continue
			}
			c.num, c.den = c.num+u.num, c.den+u.den
			c.rows, c.ok, c.n = c.rows+u.rows, c.ok+u.ok, c.n+1
			x, weight = append(x, u.value), append(weight, float64(u.den))
		}
		if c.n == 0 {
			continue
		}
		if p.ind.Unweighted {
			for i := range weight {
				weight[i] = 1
			}
		}
		if cv, ok := coefficient(x, weight); ok {
			c.value, c.valued = cv*float64(p.scale), true
		}
		out = append(out, c)
	}
	return out, nil
}

// coefficient is S ÷ X̄ with X̄ = Σ(xᵢPᵢ)/ΣPᵢ and S = √Σ(Pᵢ/P)(xᵢ−X̄)². It is
// false when the mean is zero.
func coefficient(x, weight []float64) (float64, bool) {
	var total, sum float64
	for i, p := range weight {
		total += p
		sum += x[i] * p
	}
	mean := sum / total
	if total == 0 || mean == 0 {
		return 0, false
	}
	var dev float64
	for i, p := range weight {
		dev += p / total * (x[i] - mean) * (x[i] - mean)
	}
	return math.Sqrt(dev) / mean, true
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// passes computes the share of units that reach the limits of enough items. A
// unit counts when any item has a denominator for it.
func (w *work) passes(p *plan, cut []string) ([]cell, error) {
	units := without(p.units, cut)
	fine := slices.Concat(cut, units)
	type tally struct {
		reached  int
		counted  bool
		rows, ok int64
	}
	seen := map[cube.Key]*tally{}
	var order []cube.Key
	for i, it := range p.items {
		cells, err := w.quotient(it, fine)
		if err != nil {
			return nil, err
		}
		for _, u := range cells {
			t := seen[u.key]
			if t == nil {
				t = &tally{}
				seen[u.key] = t
				order = append(order, u.key)
			}
			if u.den <= 0 {
				continue
			}
			t.counted = true
			if i == 0 {
				t.rows, t.ok = u.rows, u.ok
			}
			if w.reaches(it, &u, fine) {
				t.reached++
			}
		}
	}
	slices.SortFunc(order, func(a, b cube.Key) int { return w.compare(fine, a, b) })
	var out []cell
	for _, k := range order {
		t := seen[k]
		if !t.counted {
			continue
		}
		short := truncated(k, len(cut))
		if len(out) == 0 || out[len(out)-1].key != short {
			out = append(out, cell{key: short})
		}
		c := &out[len(out)-1]
		c.den, c.n = c.den+1, c.n+1
		c.rows, c.ok = c.rows+t.rows, c.ok+t.ok
		if t.reached >= p.ind.AtLeast {
			c.num++
		}
	}
	for i := range out {
		out[i].divide(p.scale, 0, 0)
	}
	return out, nil
}

// reaches compares a unit's ratio with the item's limit, exactly.
func (w *work) reaches(it *plan, u *cell, dims []string) bool {
	where := make(map[string]string, len(dims))
	for j, id := range dims {
		where[id] = w.lex.Value(id, u.key[j+1])
	}
	limit, ok := w.prog.parameter(it.ind.Limit, int(u.key[0]), where)
	if !ok {
		return false
	}
	left := new(big.Int).Mul(big.NewInt(u.num), big.NewInt(it.scale))
	left.Mul(left, tenTo(it.per.scale+limit.Scale))
	right := new(big.Int).Mul(big.NewInt(limit.Num), big.NewInt(u.den))
	right.Mul(right, tenTo(it.of.scale))
	if it.ind.Better == "lower" {
		return left.Cmp(right) <= 0
	}
	return left.Cmp(right) >= 0
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// cell is one group of an indicator before the division.
type cell struct {
	key      cube.Key
	num, den int64
	n        int64 // rows under the base (units, for cv and passes)
	rows, ok int64 // rows under the base, and how many of them are verified
	value    float64
	valued   bool
}

// divide sets the value of a cell, the only way a quotient is made: exact
// integers, one multiplication each and one division.
func (c *cell) divide(scale int64, numScale, denScale int) {
	if c.den == 0 {
		return
	}
	c.value = float64(c.num) * float64(scale) * math.Pow10(denScale) / (float64(c.den) * math.Pow10(numScale))
	c.valued = true
}
