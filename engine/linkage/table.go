package linkage

import (
	"fmt"
	"math/bits"
	"strings"

	"luoshu/kernel/fold"
)

// Table holds the records to be linked, one row each, in packed form: equal values
// once, dates, numbers and identifiers as integers. It is filled by one goroutine
// and read by many.
type Table struct {
	fields []Field
	cols   []column
	rows   uint32
	names  *namePool
}

// column is the packed values of one field.
type column interface {
	add(s string)
	// compare returns the level of two rows, noLevel if one has no value.
	compare(a, b uint32) uint8
	// keys appends the row's blocking keys of a part; nothing if it has no value.
	keys(row uint32, p Part, out []uint64) []uint64
	// share returns the share of rows that hold the value two rows agree on, 0 if the
	// level carries no single value.
	share(a, b uint32) float64
	// order returns what rows of an oversize block are sorted by.
	order(row uint32) string
}

// NewTable returns an empty table for the fields of a checked configuration.
func NewTable(fields []Field) *Table {
	t := &Table{fields: fields, names: &namePool{ids: map[string]uint32{}}}
	at := map[string]*idColumn{}
	for _, f := range fields {
		if f.Kind == Identifier {
			at[f.Name] = &idColumn{counts: map[uint64]uint32{}}
		}
	}
	for _, f := range fields {
		switch f.Kind {
		case Name, Names:
			t.cols = append(t.cols, &nameColumn{pool: t.names, set: f.Kind == Names})
		case Identifier:
			t.cols = append(t.cols, at[f.Name])
		case Date:
			t.cols = append(t.cols, &dateColumn{id: at[f.Within], counts: map[int32]uint32{}})
		case Phone:
			t.cols = append(t.cols, &phoneColumn{counts: map[uint64]uint32{}})
		default:
			t.cols = append(t.cols, &textColumn{kind: f.Kind, ids: map[string]uint32{}, texts: []string{""}, counts: []uint32{0}})
		}
	}
	return t
}

// Add appends a row; values stand in the order of the fields, "" is missing, names
// of a Names field are separated by line breaks. It returns the row's number.
func (t *Table) Add(values []string) (uint32, error) {
	if len(values) != len(t.cols) {
		return 0, fmt.Errorf("linkage: %d values for %d fields", len(values), len(t.cols))
	}
	if t.rows == 1<<31 {
		return 0, fmt.Errorf("linkage: more than %d rows", t.rows)
	}
	for i, c := range t.cols {
		c.add(values[i])
	}
	t.rows++
	return t.rows - 1, nil
}

// Len returns the number of rows.
func (t *Table) Len() int { return int(t.rows) }

// compare returns the levels of all fields of two rows, four bits each.
func (t *Table) compare(a, b uint32) uint64 {
	v := uint64(0)
	for i, c := range t.cols {
		v |= uint64(c.compare(a, b)) << (4 * i)
	}
	return v
}

// namePool keeps each different name once, taken apart.
type namePool struct {
	ids   map[string]uint32
	names []name
}

func (p *namePool) id(s string) uint32 {
	if id, ok := p.ids[s]; ok {
		return id
	}
	id := uint32(len(p.names))
	s = strings.Clone(s)
	p.ids[s] = id
	p.names = append(p.names, readName(s))
	return id
}

// nameColumn holds one name or a few of each row, as ids of the pool.
type nameColumn struct {
	pool    *namePool
	set     bool
	offsets []uint32
	ids     []uint32
	folded  map[string]uint32 // rows by folded name
	present uint32
}

func (c *nameColumn) add(s string) {
	if c.folded == nil {
		c.folded = map[string]uint32{}
		c.offsets = append(c.offsets, 0)
	}
	n := 0
	for n < maxSetSize && s != "" {
		one := s
		if c.set {
			one, s, _ = strings.Cut(s, separator)
		} else {
			s = ""
		}
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		id := c.pool.id(one)
		if f := c.pool.names[id].folded; f != "" {
			c.ids = append(c.ids, id)
			c.folded[f]++
			n++
		}
	}
	if n > 0 {
		c.present++
	}
	c.offsets = append(c.offsets, uint32(len(c.ids)))
}

func (c *nameColumn) of(row uint32) []uint32 { return c.ids[c.offsets[row]:c.offsets[row+1]] }

func (c *nameColumn) compare(a, b uint32) uint8 {
	x, y := c.of(a), c.of(b)
	if len(x) == 0 || len(y) == 0 {
		return noLevel
	}
	best := uint8(9)
	for _, i := range x {
		for _, j := range y {
			if i == j {
				return 1
			}
			best = min(best, compareNames(&c.pool.names[i], &c.pool.names[j]))
		}
	}
	if !c.set {
		return best
	}
	switch { // exact, alike, surname, different
	case best == 1:
		return 1
	case best <= 7:
		return 2
	case best == 8:
		return 3
	}
	return 4
}

func (c *nameColumn) keys(row uint32, p Part, out []uint64) []uint64 {
	for _, id := range c.of(row) {
		n := &c.pool.names[id]
		s := n.folded
		switch p {
		case Sound:
			s = n.loose
		case Surname:
			s = n.surnameSound()
		case Initials:
			s = n.initials()
		}
		if s != "" && len(out) < maxKeySlots {
			out = append(out, hashText(uint64(len(p)), s))
		}
	}
	return out
}

func (c *nameColumn) share(a, b uint32) float64 {
	rare := uint32(0)
	for _, i := range c.of(a) {
		for _, j := range c.of(b) {
			x, y := &c.pool.names[i], &c.pool.names[j]
			if x.folded == y.folded {
				if n := c.folded[x.folded]; rare == 0 || n < rare {
					rare = n
				}
			}
		}
	}
	return shareOf(rare, c.present)
}

func (c *nameColumn) order(row uint32) string {
	if ids := c.of(row); len(ids) > 0 {
		return c.pool.names[ids[0]].sound
	}
	return ""
}

// shareOf is the chance that another row holds a value that n of all rows hold.
func shareOf(n, all uint32) float64 {
	if n == 0 || all == 0 {
		return 0
	}
	return float64(max(n-1, 1)) / float64(all)
}

// idColumn holds identity numbers. Agreement on one is the same whoever's it is,
// but for what more than two rows hold: that is no number but what people write in
// its place (000000, 无), and is worth as little as it is frequent.
type idColumn struct {
	v       []uint64
	counts  map[uint64]uint32
	present uint32
}

func (c *idColumn) add(s string) {
	v := packID(s)
	c.v = append(c.v, v)
	if v != 0 {
		c.counts[v&^idUpgrade]++
		c.present++
	}
}

func (c *idColumn) compare(a, b uint32) uint8 {
	if c.v[a] == 0 || c.v[b] == 0 {
		return noLevel
	}
	return compareIDs(c.v[a], c.v[b])
}

func (c *idColumn) keys(row uint32, p Part, out []uint64) []uint64 {
	v := c.v[row]
	switch {
	case v == 0, v&idOther != 0 && p != Whole:
		return out
	case p == Front:
		return append(out, mix(v&idMask>>4/1000))
	case p == Back:
		return append(out, mix(v&idMask>>4%10_000_000<<4|uint64(idCheck(v&idMask>>4))))
	}
	return append(out, mix(v&^idUpgrade))
}

func (c *idColumn) share(a, _ uint32) float64 {
	if n := c.counts[c.v[a]&^idUpgrade]; n > 2 {
		return shareOf(n, c.present)
	}
	return 0
}

func (c *idColumn) order(uint32) string { return "" }

type dateColumn struct {
	id      *idColumn // nil, or the identifier that holds the date too
	v       []int32
	counts  map[int32]uint32
	present uint32
}

func (c *dateColumn) add(s string) {
	v := packDate(s)
	c.v = append(c.v, v)
	if v != 0 {
		c.counts[v]++
		c.present++
	}
}

// at returns the row's date and the one in its identity number.
func (c *dateColumn) at(row uint32) (d, id int32) {
	d = c.v[row]
	if c.id != nil {
		id = idBirth(c.id.v[row])
	}
	if d == 0 {
		d = id
	}
	return d, id
}

func (c *dateColumn) compare(a, b uint32) uint8 {
	x, idX := c.at(a)
	y, idY := c.at(b)
	if x == 0 || y == 0 {
		return noLevel
	}
	return compareDates(x, y, idX, idY)
}

func (c *dateColumn) keys(row uint32, p Part, out []uint64) []uint64 {
	d, _ := c.at(row)
	switch {
	case d == 0:
		return out
	case p == Year:
		return append(out, mix(uint64(d/10000)))
	case p == Digits:
		return append(out, mix(sortedDigits(d)))
	}
	return append(out, mix(uint64(d)))
}

func (c *dateColumn) share(a, _ uint32) float64 { return shareOf(c.counts[c.v[a]], c.present) }
func (c *dateColumn) order(uint32) string       { return "" }

type phoneColumn struct {
	v       []uint64
	counts  map[uint64]uint32
	present uint32
}

func (c *phoneColumn) add(s string) {
	v := packPhone(s)
	c.v = append(c.v, v)
	if v != 0 {
		c.counts[v]++
		c.present++
	}
}

func (c *phoneColumn) compare(a, b uint32) uint8 {
	if c.v[a] == 0 || c.v[b] == 0 {
		return noLevel
	}
	return comparePhones(c.v[a], c.v[b])
}

func (c *phoneColumn) keys(row uint32, _ Part, out []uint64) []uint64 {
	if c.v[row] == 0 {
		return out
	}
	return append(out, mix(c.v[row]))
}

func (c *phoneColumn) share(a, _ uint32) float64 { return shareOf(c.counts[c.v[a]], c.present) }
func (c *phoneColumn) order(uint32) string       { return "" }

// textColumn holds categories, words, texts and numbers, each different one once.
type textColumn struct {
	kind    Kind
	ids     map[string]uint32
	texts   []string // texts[0] is no value
	counts  []uint32
	v       []uint32
	present uint32
}

func (c *textColumn) add(s string) {
	s = strings.TrimSpace(s)
	switch c.kind {
	case Word, Number:
		s = fold.Fold(s)
	case Text:
		s = strings.Join(strings.Fields(s), " ")
		if strings.Contains(s, " ") {
			w := strings.Fields(s)
			for i := range w {
				w[i] = fold.Fold(w[i])
			}
			s = strings.Join(w, " ")
		} else {
			s = fold.Fold(s)
		}
	}
	if s == "" {
		c.v = append(c.v, 0)
		return
	}
	id, ok := c.ids[s]
	if !ok {
		id = uint32(len(c.texts))
		s = strings.Clone(s)
		c.ids[s] = id
		c.texts = append(c.texts, s)
		c.counts = append(c.counts, 0)
	}
	c.counts[id]++
	c.present++
	c.v = append(c.v, id)
}

func (c *textColumn) compare(a, b uint32) uint8 {
	x, y := c.v[a], c.v[b]
	switch {
	case x == 0 || y == 0:
		return noLevel
	case x == y:
		return 1
	}
	switch c.kind {
	case Word:
		return compareWords(c.texts[x], c.texts[y])
	case Text:
		return compareTexts(c.texts[x], c.texts[y])
	case Number:
		return compareNumbers(c.texts[x], c.texts[y])
	}
	return 2
}

func (c *textColumn) keys(row uint32, p Part, out []uint64) []uint64 {
	s := c.texts[c.v[row]]
	switch {
	case s == "":
		return out
	case p == Prefix:
		s = firstRunes(s, 3)
	case p == Sound:
		if s = soundex(s); s == "" {
			return out
		}
	}
	return append(out, hashText(uint64(len(p))+8, s))
}

func (c *textColumn) share(a, _ uint32) float64 { return shareOf(c.counts[c.v[a]], c.present) }
func (c *textColumn) order(row uint32) string   { return c.texts[c.v[row]] }

// hashText is FNV-1a with a finisher; the same on every machine.
func hashText(seed uint64, s string) uint64 {
	h := uint64(14695981039346656037) ^ seed
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix spreads the bits of x (the finisher of SplitMix64); never 0.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	if x ^= x >> 31; x == 0 {
		return 1
	}
	return x
}

// join puts two keys together; the order matters.
func join(a, b uint64) uint64 { return mix(bits.RotateLeft64(a, 23) ^ b) }
