// Package cube holds one grain's counts and sums by year and dimensions in
// memory and in a file of its own, and adds them up over any cut under any
// condition on dimensions, exactly.
package cube

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Cube is one grain at one seal: a row for every combination of year and
// dimension values that occurs, with exact counts and sums of the fact rows in
// it. Rows are unique and sorted, dictionaries are sorted, so the same facts
// give the same cube whichever engine scanned them. A cube never changes after
// finish.
type Cube struct {
	Grain string
	Spec  string // what was asked, hashed: a cube with another spec is stale
	Rows  int
	Years []int // the years that occur, ascending
	Dims  []*Dim

	year codes // index into Years
	cols []*column
}

// Dim is one dictionary-coded column of a cube. The empty string stands
// for "not known" (null).
type Dim struct {
	ID      string
	Integer bool     // values are whole numbers, written in decimal
	Values  []string // sorted
	codes   codes
}

// column is one exact measure of a cube, by its canonical id.
type column struct {
	id   string
	data ints
}

// codes is a vector of dictionary codes in two or four bytes each.
type codes struct {
	u16 []uint16
	u32 []uint32
}

func (c *codes) at(i int) uint32 {
	if c.u16 != nil {
		return uint32(c.u16[i])
	}
	return c.u32[i]
}

func narrowCodes(in []uint32, size int) codes {
	if size > math.MaxUint16 {
		return codes{u32: in}
	}
	out := make([]uint16, len(in))
	for i, v := range in {
		out[i] = uint16(v)
	}
	return codes{u16: out}
}

// ints is a vector of integers held in four bytes each while they fit.
type ints struct {
	i32 []int32
	i64 []int64
}

func (v *ints) at(i int) int64 {
	if v.i64 != nil {
		return v.i64[i]
	}
	return int64(v.i32[i])
}

func (v *ints) append(x int64) {
	if v.i64 == nil {
		if x == int64(int32(x)) {
			v.i32 = append(v.i32, int32(x))
			return
		}
		v.widen()
	}
	v.i64 = append(v.i64, x)
}

func (v *ints) add(i int, x int64) {
	if v.i64 == nil {
		if s := int64(v.i32[i]) + x; s == int64(int32(s)) {
			v.i32[i] = int32(s)
			return
		}
		v.widen()
	}
	v.i64[i] += x
}

func (v *ints) widen() {
	v.i64 = make([]int64, len(v.i32), max(2*len(v.i32), 64))
	for i, x := range v.i32 {
		v.i64[i] = int64(x)
	}
	v.i32 = nil
}

func (v *ints) bytes() int64 { return int64(4*cap(v.i32) + 8*cap(v.i64)) }

// Dim returns a dimension by id, nil if the cube has none.
func (c *Cube) Dim(id string) *Dim {
	for _, d := range c.Dims {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// col returns a column by id, nil if there is none.
func (c *Cube) col(id string) *column {
	for _, x := range c.cols {
		if x.id == id {
			return x
		}
	}
	return nil
}

// Bytes is roughly what the cube holds in memory.
func (c *Cube) Bytes() int64 {
	n := int64(2*len(c.year.u16) + 4*len(c.year.u32))
	for _, d := range c.Dims {
		n += int64(2*len(d.codes.u16)+4*len(d.codes.u32)) + int64(len(d.Values))*32
	}
	for _, x := range c.cols {
		n += x.data.bytes()
	}
	return n
}

// Builder takes the rows of a scan in any order and makes a cube of them. A row
// is one year, one value for every dimension and column; they may be added a row
// or a column at a time.
type Builder struct {
	grain, spec string
	year        coder[int64]
	dims        []coder[string]
	ids         []string
	integer     []bool
	colIDs      []string
	cols        []ints
	digits      [20]byte
}

// coder gives every distinct value a number in order of appearance.
type coder[T cmp.Ordered] struct {
	index map[T]uint32
	vals  []T
	codes []uint32
}

func (c *coder[T]) code(v T) uint32 {
	if k, ok := c.index[v]; ok {
		return k
	}
	if c.index == nil {
		c.index = map[T]uint32{}
	}
	k := uint32(len(c.vals))
	c.index[v] = k
	c.vals = append(c.vals, v)
	return k
}

// sorted replaces codes of appearance by ranks and returns the values in order.
func (c *coder[T]) sorted(compare func(a, b T) int) []T {
	order := make([]uint32, len(c.vals))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compare(c.vals[a], c.vals[b]) })
	rank, vals := make([]uint32, len(order)), make([]T, len(order))
	for r, o := range order {
		rank[o], vals[r] = uint32(r), c.vals[o]
	}
	for i, k := range c.codes {
		c.codes[i] = rank[k]
	}
	c.index, c.vals = nil, nil
	return vals
}

// NewBuilder makes a builder for dimensions (their values are ignored) and columns.
func NewBuilder(grain, spec string, dims []Dim, columns []string) *Builder {
	b := &Builder{grain: grain, spec: spec, dims: make([]coder[string], len(dims)), cols: make([]ints, len(columns)), colIDs: columns}
	for _, d := range dims {
		b.ids, b.integer = append(b.ids, d.ID), append(b.integer, d.Integer)
	}
	return b
}

// Dims is the number of dimensions.
func (b *Builder) Dims() int { return len(b.dims) }

// Columns is the number of columns.
func (b *Builder) Columns() int { return len(b.cols) }

// Integer reports whether dimension i holds whole numbers.
func (b *Builder) Integer(i int) bool { return b.integer[i] }

// Year adds a row's year.
func (b *Builder) Year(y int64) { b.year.codes = append(b.year.codes, b.year.code(y)) }

// Text adds a value of dimension i; null is the empty string.
func (b *Builder) Text(i int, v []byte) { b.Code(i, b.TextCode(i, v)) }

// Number adds a value of dimension i.
func (b *Builder) Number(i int, v int64, known bool) { b.Code(i, b.NumberCode(i, v, known)) }

// TextCode gives the code of a value without adding it.
func (b *Builder) TextCode(i int, v []byte) uint32 {
	if k, ok := b.dims[i].index[string(v)]; ok {
		return k
	}
	return b.dims[i].code(string(v))
}

// NumberCode gives the code of a number without adding it.
func (b *Builder) NumberCode(i int, v int64, known bool) uint32 {
	if !known {
		return b.dims[i].code("")
	}
	return b.TextCode(i, strconv.AppendInt(b.digits[:0], v, 10))
}

// CodeOf gives the code of a value without adding it.
func (b *Builder) CodeOf(i int, v string) uint32 { return b.dims[i].code(v) }

// Code adds a value of dimension i by its code.
func (b *Builder) Code(i int, k uint32) { b.dims[i].codes = append(b.dims[i].codes, k) }

// Add adds a value of column i.
func (b *Builder) Add(i int, v int64) { b.cols[i].append(v) }

// Finish sorts, merges equal keys and narrows. The builder is spent afterwards.
func (b *Builder) Finish() *Cube {
	c := &Cube{Grain: b.grain, Spec: b.spec}
	years := b.year.sorted(cmp.Compare[int64])
	for _, y := range years {
		c.Years = append(c.Years, int(y))
	}
	vecs, cards := [][]uint32{b.year.codes}, []int{len(years)}
	for i := range b.dims {
		compare := cmp.Compare[string]
		if b.integer[i] {
			compare = compareNumbers
		}
		d := &Dim{ID: b.ids[i], Integer: b.integer[i], Values: b.dims[i].sorted(compare)}
		c.Dims = append(c.Dims, d)
		vecs, cards = append(vecs, b.dims[i].codes), append(cards, len(d.Values))
	}
	order, same := sortRows(vecs, cards, len(b.year.codes))
	keep := order[:0:0]
	cols := make([]ints, len(b.cols))
	for k, i := range order {
		if k > 0 && same(order[k-1], i) {
			for j := range cols {
				cols[j].add(len(keep)-1, b.cols[j].at(int(i)))
			}
			continue
		}
		keep = append(keep, i)
		for j := range cols {
			cols[j].append(b.cols[j].at(int(i)))
		}
	}
	c.Rows = len(keep)
	pick := func(v []uint32, card int) codes {
		out := make([]uint32, len(keep))
		for k, i := range keep {
			out[k] = v[i]
		}
		return narrowCodes(out, card)
	}
	c.year = pick(vecs[0], cards[0])
	for i, d := range c.Dims {
		d.codes = pick(vecs[i+1], cards[i+1])
		b.dims[i].codes = nil
	}
	for j := range cols {
		c.cols = append(c.cols, &column{id: b.colIDs[j], data: cols[j]})
	}
	b.cols, b.dims = nil, nil
	return c
}

// sortRows returns the order of rows by their code vectors and a test for equal
// keys. Keys that fit 64 bits are packed first, which is several times faster.
func sortRows(vecs [][]uint32, cards []int, rows int) ([]uint32, func(a, b uint32) bool) {
	order := make([]uint32, rows)
	for i := range order {
		order[i] = uint32(i)
	}
	if radix, ok := product(cards, math.MaxInt64); ok && radix > 0 {
		keys := make([]uint64, rows)
		for i := range keys {
			k := uint64(0)
			for j, v := range vecs {
				k = k*uint64(cards[j]) + uint64(v[i])
			}
			keys[i] = k
		}
		slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
		return order, func(a, b uint32) bool { return keys[a] == keys[b] }
	}
	compare := func(a, b uint32) int {
		for _, v := range vecs {
			if d := cmp.Compare(v[a], v[b]); d != 0 {
				return d
			}
		}
		return 0
	}
	slices.SortFunc(order, compare)
	return order, func(a, b uint32) bool { return compare(a, b) == 0 }
}

// product multiplies, and reports false when the result passes limit.
func product(factors []int, limit int) (int, bool) {
	p := 1
	for _, f := range factors {
		if f == 0 {
			return 0, true
		}
		if p > limit/f {
			return 0, false
		}
		p *= f
	}
	return p, true
}

// compareNumbers orders decimal integers by value, the empty string first.
func compareNumbers(a, b string) int {
	neg := func(s string) bool { return len(s) > 0 && s[0] == '-' }
	switch {
	case neg(a) && neg(b):
		a, b = b[1:], a[1:]
	case neg(a) != neg(b) && a != "" && b != "":
		if neg(a) {
			return -1
		}
		return 1
	}
	if d := cmp.Compare(len(a), len(b)); d != 0 {
		return d
	}
	return cmp.Compare(a, b)
}
