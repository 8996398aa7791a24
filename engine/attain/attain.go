// Package attain says what it takes until units reach limits: how far each is from
// the least it should have of something per head, which additions bring it there,
// and which bring the spread between units below a bound. It is pure: numbers in,
// numbers out.
package attain

import (
	"cmp"
	"math"
	"slices"
)

// Item is something that units have, measured per head: value = amount ÷ heads × Scale.
type Item struct {
	ID    string
	Least float64 // the value that a unit should reach
	Scale float64 // 100 for "per hundred"
	// Spread is what the coefficient of variation between units may be at most,
	// weighted by heads; 0 if nothing is asked.
	Spread float64
	Whole  bool    // amounts come in whole numbers
	Cost   float64 // of one more of it; 0 is not known
}

// Unit is a school, say: how many heads it has and how much of each item, in the
// order of the items. An amount that is not known is NaN.
type Unit struct {
	ID      string
	Heads   float64
	Amounts []float64
}

// Task is the items and how many of them every unit must reach.
type Task struct {
	Items []Item
	Need  int
}

// Value is what a unit has of an item per head; NaN where it is not known or has no heads.
func (t Task) Value(u Unit, item int) float64 {
	if u.Heads <= 0 {
		return math.NaN()
	}
	return u.Amounts[item] / u.Heads * t.Items[item].Scale
}

// slack keeps a value that is the limit but for the last digits of a float from failing.
const slack = 1e-9

func (t Task) reached(u Unit, item int) bool {
	return t.Value(u, item) >= t.Items[item].Least*(1-slack)
}

// Of is how one unit stands.
type Of struct {
	Unit    string
	Heads   float64
	Values  []float64 // by item; NaN is not known
	Reached []bool
	Met     int  // items reached
	Enough  bool // as many as are needed
}

// Across is how one item stands over all units with heads and a known amount.
type Across struct {
	Item    string
	Mean    float64 // weighted by heads
	Spread  float64 // coefficient of variation, weighted by heads
	Within  bool    // the spread is; true where nothing is asked
	Below   int     // units that do not reach the least
	Unknown int     // units of which the amount is not known
}

// Standing is how all stand.
type Standing struct {
	Units  []Of
	Items  []Across
	Enough int // units that reach as many items as are needed
}

// Stand says how units stand. Units without heads are left out.
func (t Task) Stand(units []Unit) Standing {
	var s Standing
	for _, u := range units {
		if u.Heads <= 0 {
			continue
		}
		of := Of{Unit: u.ID, Heads: u.Heads}
		for i := range t.Items {
			v := t.Value(u, i)
			of.Values, of.Reached = append(of.Values, v), append(of.Reached, t.reached(u, i))
			if of.Reached[i] {
				of.Met++
			}
		}
		of.Enough = of.Met >= t.Need
		if of.Enough {
			s.Enough++
		}
		s.Units = append(s.Units, of)
	}
	for i, it := range t.Items {
		a := Across{Item: it.ID}
		for _, of := range s.Units {
			switch {
			case math.IsNaN(of.Values[i]):
				a.Unknown++
			case !of.Reached[i]:
				a.Below++
			}
		}
		a.Mean, a.Spread = t.spread(units, i)
		a.Within = it.Spread == 0 || !(a.Spread > it.Spread*(1+slack))
		s.Items = append(s.Items, a)
	}
	return s
}

// spread is the mean of an item and its coefficient of variation, both weighted by
// heads; NaN where nobody has any.
func (t Task) spread(units []Unit, item int) (mean, cv float64) {
	var heads, sum, squares float64
	for _, u := range units {
		if v := t.Value(u, item); !math.IsNaN(v) {
			heads, sum = heads+u.Heads, sum+v*u.Heads
		}
	}
	mean = sum / heads
	for _, u := range units {
		if v := t.Value(u, item); !math.IsNaN(v) {
			squares += (v - mean) * (v - mean) * u.Heads
		}
	}
	return mean, math.Sqrt(squares/heads) / mean
}

// Why an addition is asked for.
const (
	Limit  = "limit"  // so that the unit reaches enough items
	Spread = "spread" // so that the units are close enough to one another
)

// More is an addition: so much of an item at a unit.
type More struct {
	Unit, Item string
	Amount     float64
	Why        string
}

// Plan is the additions that bring all there, and how all stand afterwards.
type Plan struct {
	More []More
	Cost float64 // of those whose cost is known
	// Unpriced is the items among the additions without a known cost.
	Unpriced []string
	// Unknown is the units that may lack something of which nothing is known: no
	// addition is worked out for an amount that is not known.
	Unknown []string
	After   Standing
}

// Take works out the least that has to be added. A unit that reaches too few items
// is given the cheapest of those it lacks (where a cost is not known, the ones it is
// nearest to reaching), just up to the limit. Then, for every item whose spread is
// too large, the units that have least are lifted to one level, the lowest at which
// the spread is within its bound. Of all additions of that item none is smaller in
// sum: the bound is a convex cone, and what an addition does to it depends on the
// value of its unit alone, so that at the optimum all that are lifted stand at the
// same level. Whole amounts are rounded up, and small units may then stay too far
// apart: After says so.
func (t Task) Take(units []Unit) Plan {
	work := make([]Unit, len(units))
	for i, u := range units {
		work[i] = u
		work[i].Amounts = slices.Clone(u.Amounts)
	}
	var p Plan
	for k := range work {
		t.reach(&p, &work[k])
	}
	for i, it := range t.Items {
		if it.Spread > 0 {
			t.level(&p, work, i)
		}
	}
	costs := map[string]float64{}
	for _, it := range t.Items {
		costs[it.ID] = it.Cost
	}
	for _, m := range p.More {
		if c := costs[m.Item]; c > 0 {
			p.Cost += m.Amount * c
		} else if !slices.Contains(p.Unpriced, m.Item) {
			p.Unpriced = append(p.Unpriced, m.Item)
		}
	}
	p.After = t.Stand(work)
	return p
}

// lack is how much of an item a unit needs to reach its least.
func (t Task) lack(u Unit, item int) float64 {
	it := t.Items[item]
	more := it.Least*u.Heads/it.Scale - u.Amounts[item]
	if it.Whole {
		more = math.Ceil(more - slack*u.Heads)
	}
	return more
}

func (t Task) reach(p *Plan, u *Unit) {
	if u.Heads <= 0 {
		return
	}
	met, unknown := 0, false
	var open []int
	priced := true
	for i := range t.Items {
		switch {
		case math.IsNaN(u.Amounts[i]):
			unknown = true
		case t.reached(*u, i):
			met++
		default:
			open = append(open, i)
			priced = priced && t.Items[i].Cost > 0
		}
	}
	need := t.Need - met
	if need <= 0 {
		return
	}
	price := func(i int) float64 {
		if priced {
			return t.lack(*u, i) * t.Items[i].Cost
		}
		return 1 - t.Value(*u, i)/t.Items[i].Least
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(price(a), price(b)) })
	if need > len(open) && unknown {
		p.Unknown = append(p.Unknown, u.ID)
	}
	for _, i := range open[:min(need, len(open))] {
		more := t.lack(*u, i)
		u.Amounts[i] += more
		p.More = append(p.More, More{Unit: u.ID, Item: t.Items[i].ID, Amount: more, Why: Limit})
	}
}

// level lifts the units that have least of an item until its spread is within.
func (t Task) level(p *Plan, units []Unit, item int) {
	it := t.Items[item]
	top := math.Inf(-1)
	for _, u := range units {
		if v := t.Value(u, item); !math.IsNaN(v) {
			top = max(top, v)
		}
	}
	if _, cv := t.spread(units, item); !(cv > it.Spread*(1+slack)) || top <= 0 {
		return
	}
	lifted := func(to float64) []Unit {
		out := slices.Clone(units)
		for k, u := range units {
			if v := t.Value(u, item); v < to {
				more := (to - v) * u.Heads / it.Scale
				if it.Whole {
					more = math.Ceil(more - slack*u.Heads)
				}
				out[k].Amounts = slices.Clone(u.Amounts)
				out[k].Amounts[item] += more
			}
		}
		return out
	}
	low, high := 0.0, top
	for range 100 {
		mid := (low + high) / 2
		if _, cv := t.spread(lifted(mid), item); cv <= it.Spread {
			high = mid
		} else {
			low = mid
		}
	}
	after := lifted(high)
	for k := range units {
		if more := after[k].Amounts[item] - units[k].Amounts[item]; more > 0 {
			p.More = append(p.More, More{Unit: units[k].ID, Item: it.ID, Amount: more, Why: Spread})
			units[k].Amounts[item] += more
		}
	}
}
