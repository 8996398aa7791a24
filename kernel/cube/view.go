package cube

import (
	"fmt"
	"slices"
	"strings"

	"luoshu"
)

// MaxKey bounds the dimensions of one cut.
const MaxKey = 7

// denseLimit is the largest key space that is counted in an array.
const denseLimit = 1 << 22

// Key is a year and the codes (of a Lexicon) of a cut's values, in the cut's order.
type Key [MaxKey + 1]uint32

// Lexicon gives every dimension value one number for all cubes of a piece of
// work, so that groups of different grains can be matched.
type Lexicon struct {
	codes  map[string]map[string]uint32
	values map[string][]string
}

// NewLexicon makes an empty lexicon.
func NewLexicon() *Lexicon {
	return &Lexicon{codes: map[string]map[string]uint32{}, values: map[string][]string{}}
}

// Value is the value of a dimension that a key's code stands for.
func (l *Lexicon) Value(dim string, code uint32) string { return l.values[dim][code] }

func (l *Lexicon) code(dim, value string) uint32 {
	m := l.codes[dim]
	if m == nil {
		m = map[string]uint32{}
		l.codes[dim] = m
	}
	k, ok := m[value]
	if !ok {
		k = uint32(len(l.values[dim]))
		m[value] = k
		l.values[dim] = append(l.values[dim], value)
	}
	return k
}

// Condition is decided by a row's year and the values of some dimensions.
type Condition struct {
	Text string // names it: two conditions of one text are the same
	Dims []string
	True func(year int, value func(dim string) string) (bool, error)
}

// View is one cube under fixed filters, with the masks and groups that one piece
// of work has needed so far. It is used by one goroutine.
type View struct {
	Cube *Cube

	lex    *Lexicon
	base   []uint8 // 1 for rows that pass the filters; nil when there are none
	masks  map[string][]uint8
	groups map[string]*Grouping
}

// Grouping maps every row of a cube to a group: a year and values of a cut.
type Grouping struct {
	Keys []Key

	gid   []uint32
	index map[Key]int32 // made when first asked for
}

// NewView makes a view of the rows whose dimensions have one of the given values.
func NewView(c *Cube, lex *Lexicon, filters map[string][]string) (*View, error) {
	v := &View{Cube: c, lex: lex, masks: map[string][]uint8{}, groups: map[string]*Grouping{}}
	for id, values := range filters {
		d, err := v.dim(id)
		if err != nil {
			return nil, err
		}
		if v.base == nil {
			v.base = ones(c.Rows)
		}
		ok := make([]uint8, len(d.Values))
		for i, s := range d.Values {
			if slices.Contains(values, s) {
				ok[i] = 1
			}
		}
		d.codes.and(v.base, ok)
	}
	return v, nil
}

func (v *View) dim(id string) (*Dim, error) {
	if d := v.Cube.Dim(id); d != nil {
		return d, nil
	}
	return nil, luoshu.Errorf(luoshu.Invalid, "数据集“%s”没有维度“%s”", "grain %q has no dimension %q", v.Cube.Grain, id)
}

func ones(n int) []uint8 {
	m := make([]uint8, n)
	for i := range m {
		m[i] = 1
	}
	return m
}

// and clears the rows whose code is not ok.
func (c *codes) and(mask, ok []uint8) {
	if c.u16 != nil {
		for i, k := range c.u16 {
			mask[i] &= ok[k]
		}
		return
	}
	for i, k := range c.u32 {
		mask[i] &= ok[k]
	}
}

// Mask has 1 for the rows that pass the filters and all conditions; it is nil
// when every row does.
func (v *View) Mask(conds []*Condition) ([]uint8, error) {
	if len(conds) == 0 {
		return v.base, nil
	}
	names := make([]string, len(conds))
	for i, c := range conds {
		names[i] = c.Text
	}
	key := strings.Join(names, "\x00")
	if m, ok := v.masks[key]; ok {
		return m, nil
	}
	m := slices.Clone(v.base)
	if m == nil {
		m = ones(v.Cube.Rows)
	}
	for _, c := range conds {
		if err := v.decide(c, m); err != nil {
			return nil, err
		}
	}
	v.masks[key] = m
	return m, nil
}

// decide clears rows for which the condition is false. It is evaluated once for
// every combination of values that occurs.
func (v *View) decide(c *Condition, m []uint8) error {
	g, err := v.group(c.Dims)
	if err != nil {
		return err
	}
	const unknown, no, yes = 0, 1, 2
	known := make([]uint8, len(g.Keys))
	for i, k := range g.gid {
		if m[i] == 0 {
			continue
		}
		if known[k] == unknown {
			key := &g.Keys[k]
			ok, err := c.True(int(key[0]), func(dim string) string {
				return v.lex.Value(dim, key[1+slices.Index(c.Dims, dim)])
			})
			if err != nil {
				return fmt.Errorf("condition %q: %w", c.Text, err)
			}
			known[k] = no
			if ok {
				known[k] = yes
			}
		}
		m[i] = known[k] >> 1
	}
	return nil
}

// Cut groups the cube by dimensions, and always by year.
func (v *View) Cut(ids []string) (*Grouping, error) {
	key := strings.Join(ids, "&")
	if g := v.groups[key]; g != nil {
		return g, nil
	}
	g, err := v.group(ids)
	if err == nil {
		v.groups[key] = g
	}
	return g, err
}

// group numbers the combinations of year and dimensions that occur, in key order
// when the key space is small enough to be an array.
func (v *View) group(ids []string) (*Grouping, error) {
	if len(ids) > MaxKey {
		return nil, luoshu.Errorf(luoshu.Invalid, "分组维度过多", "too many dimensions in one cut")
	}
	cards := []int{len(v.Cube.Years)}
	vecs := []*codes{&v.Cube.year}
	trans := make([][]uint32, len(ids))
	for j, id := range ids {
		d, err := v.dim(id)
		if err != nil {
			return nil, err
		}
		cards, vecs = append(cards, len(d.Values)), append(vecs, &d.codes)
		trans[j] = make([]uint32, len(d.Values))
		for i, s := range d.Values {
			trans[j][i] = v.lex.code(id, s)
		}
	}
	g := &Grouping{gid: make([]uint32, v.Cube.Rows)}
	if size, ok := product(cards, denseLimit); ok {
		g.dense(vecs, cards, size)
	} else {
		g.hashed(vecs, v.Cube.Rows)
	}
	for i := range g.Keys {
		k := &g.Keys[i]
		k[0] = uint32(v.Cube.Years[k[0]])
		for j := range ids {
			k[j+1] = trans[j][k[j+1]]
		}
	}
	return g, nil
}

func (g *Grouping) dense(vecs []*codes, cards []int, size int) {
	for j, c := range vecs {
		c.mulAdd(g.gid, uint32(cards[j]))
	}
	compact := make([]uint32, size)
	for _, k := range g.gid {
		compact[k] = 1
	}
	for k, seen := range compact {
		if seen == 0 {
			continue
		}
		compact[k] = uint32(len(g.Keys))
		var key Key
		rest := k
		for j := len(cards) - 1; j >= 0; j-- {
			key[j], rest = uint32(rest%cards[j]), rest/cards[j]
		}
		g.Keys = append(g.Keys, key)
	}
	for i, k := range g.gid {
		g.gid[i] = compact[k]
	}
}

// mulAdd is gid = gid × card + code.
func (c *codes) mulAdd(gid []uint32, card uint32) {
	if c.u16 != nil {
		for i, k := range c.u16 {
			gid[i] = gid[i]*card + uint32(k)
		}
		return
	}
	for i, k := range c.u32 {
		gid[i] = gid[i]*card + k
	}
}

func (g *Grouping) hashed(vecs []*codes, rows int) {
	seen := make(map[Key]uint32, 1<<12)
	for i := range rows {
		var key Key
		for j, c := range vecs {
			key[j] = c.at(i)
		}
		k, ok := seen[key]
		if !ok {
			k = uint32(len(g.Keys))
			seen[key] = k
			g.Keys = append(g.Keys, key)
		}
		g.gid[i] = k
	}
}

// Find returns the group of a key, -1 if there is none.
func (g *Grouping) Find(k Key) int {
	if g.index == nil {
		g.index = make(map[Key]int32, len(g.Keys))
		for i, key := range g.Keys {
			g.index[key] = int32(i)
		}
	}
	if i, ok := g.index[k]; ok {
		return int(i)
	}
	return -1
}

// Sum adds a column up over the groups, for the rows of a mask.
func (v *View) Sum(g *Grouping, column string, mask []uint8) ([]int64, error) {
	col := v.Cube.col(column)
	if col == nil {
		return nil, fmt.Errorf("the cube of grain %q has no column %q", v.Cube.Grain, column)
	}
	acc := make([]int64, len(g.Keys))
	if col.data.i64 != nil {
		accumulate(acc, g.gid, col.data.i64, mask)
	} else {
		accumulate(acc, g.gid, col.data.i32, mask)
	}
	return acc, nil
}

func accumulate[T int32 | int64](acc []int64, gid []uint32, data []T, mask []uint8) {
	data = data[:len(gid)]
	if mask == nil {
		for i, k := range gid {
			acc[k] += int64(data[i])
		}
		return
	}
	mask = mask[:len(gid)]
	for i, k := range gid {
		acc[k] += int64(data[i]) & -int64(mask[i])
	}
}
