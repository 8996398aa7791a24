// Package pack assigns whole clients to chosen options within capacity: descent by
// shifts, swaps and chains, and small groups of options whose clients are all assigned
// anew. Its answers are good, not proven.
package pack

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Task is what assignments of one problem have in common.
type Task struct {
	Demand []int64 // by client
	Kind   []int   // by client: which capacity it takes; nil: all 0
	Kinds  int
	Lack   float64 // price of a unit over capacity or not served
	Big    float64 // price of a unit below a least amount
	Effort *int64  // left, in elementary steps
	Stop   func() bool
	Rand   *rand.Rand
}

// Place is an option that clients may be assigned to.
type Place struct {
	Cost  []float64 // by client, +Inf where it may not be
	Allow []float64 // by client, +Inf where no better solution has it; may change between calls
	Room  []int64   // by kind
	Low   []int64   // by kind: least amount
}

func (t *Task) kind(j int) int {
	if t.Kind == nil {
		return 0
	}
	return t.Kind[j]
}

// Nobody is where a client stands that no option serves.
const Nobody = -1

// Packing is an assignment of whole clients to chosen options, with what is over
// capacity and under least amounts priced.
type Packing struct {
	s      *Task
	At     []int       // client → place, or Nobody; changed by Move alone
	Row    [][]float64 // place, client: cost, +Inf where it may not be
	Cost   float64     // serving, and the unserved
	Excess int64       // over capacity
	Under  int64       // missing of least amounts
	allow  [][]float64
	room   [][]int64 // place, kind
	low    [][]int64
	load   [][]int64
	over   float64 // price of a unit over capacity
}

// New leaves everybody out.
func New(t *Task, places []Place) *Packing {
	m := len(places)
	p := &Packing{s: t, At: make([]int, len(t.Demand)), Row: make([][]float64, m), allow: make([][]float64, m), room: make([][]int64, m), low: make([][]int64, m), load: make([][]int64, m)}
	for i, o := range places {
		p.load[i], p.room[i], p.low[i] = make([]int64, t.Kinds), o.Room, o.Low
		p.Row[i], p.allow[i] = o.Cost, o.Allow
		for k := range t.Kinds {
			p.Under += p.low[i][k]
		}
		if t.Kinds > 1 || p.room[i][0] == 0 {
			p.Row[i] = slices.Clone(p.Row[i])
			for j := range p.Row[i] {
				if p.room[i][t.kind(j)] == 0 {
					p.Row[i][j] = math.Inf(1)
				}
			}
		}
	}
	for j := range p.At {
		p.At[j] = Nobody
		p.Cost += p.Price(Nobody, j)
	}
	return p
}

// Price is the cost of client j at place i.
func (p *Packing) Price(i, j int) float64 {
	if i == Nobody {
		return p.s.Lack * float64(max(1, p.s.Demand[j]))
	}
	return p.Row[i][j]
}

// change is what a load of place i moving from a to b adds to excess and under.
func (p *Packing) change(i, kind int, a, b int64) (excess, under int64) {
	room, low := p.room[i][kind], p.low[i][kind]
	return max(0, b-room) - max(0, a-room), max(0, low-b) - max(0, low-a)
}

// Move puts client j at place i.
func (p *Packing) Move(j, i int) {
	k, d, from := p.s.kind(j), p.s.Demand[j], p.At[j]
	p.Cost += p.Price(i, j) - p.Price(from, j)
	if from != Nobody {
		e, u := p.change(from, k, p.load[from][k], p.load[from][k]-d)
		p.Excess, p.Under = p.Excess+e, p.Under+u
		p.load[from][k] -= d
	}
	if i != Nobody {
		e, u := p.change(i, k, p.load[i][k], p.load[i][k]+d)
		p.Excess, p.Under = p.Excess+e, p.Under+u
		p.load[i][k] += d
	}
	p.At[j] = i
}

// shift is what moving client j to place i would add to the priced cost.
func (p *Packing) shift(j, i int) float64 {
	k, d, from := p.s.kind(j), p.s.Demand[j], p.At[j]
	c := p.Row[i][j] - p.Price(from, j)
	if from != Nobody {
		e, u := p.change(from, k, p.load[from][k], p.load[from][k]-d)
		c += p.over*float64(e) + p.s.Big*float64(u)
	}
	e, u := p.change(i, k, p.load[i][k], p.load[i][k]+d)
	return c + p.over*float64(e) + p.s.Big*float64(u)
}

// swap is what exchanging clients j and l, of one kind, would add.
func (p *Packing) swap(j, l int) float64 {
	k, a, b := p.s.kind(j), p.At[j], p.At[l]
	d := p.s.Demand[l] - p.s.Demand[j]
	c := p.Row[b][j] + p.Row[a][l] - p.Row[a][j] - p.Row[b][l]
	e, u := p.change(a, k, p.load[a][k], p.load[a][k]+d)
	f, v := p.change(b, k, p.load[b][k], p.load[b][k]-d)
	return c + p.over*float64(e+f) + p.s.Big*float64(u+v)
}

// fits says whether place i may hold d more of a kind, or fewer if d is negative.
func (p *Packing) fits(i, kind int, d int64) bool {
	n := p.load[i][kind] + d
	return n <= p.room[i][kind] && n >= p.low[i][kind]
}

// Recount sums the cost anew: differences of large prices leave a trace in it.
func (p *Packing) Recount() {
	p.Cost = 0
	for j, i := range p.At {
		p.Cost += p.Price(i, j)
	}
}

// finite says whether a cost allows serving at all.
func finite(c float64) bool { return !math.IsInf(c, 1) }
