package figure

import (
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
)

// grainsOf lists the grains an indicator reads, through its items if it has any.
func (d *Window) grainsOf(ind *catalog.Indicator) []*catalog.Grain {
	var out []*catalog.Grain
	add := func(m *catalog.Measure, fallback string) {
		if m == nil {
			return
		}
		id := m.Grain
		if id == "" {
			id = fallback
		}
		if g := d.cat.Grain(id); g != nil {
			out = append(out, g)
		}
	}
	if ind.Of != nil {
		add(ind.Of, "")
		add(ind.Per, ind.Of.Grain)
	}
	for _, item := range ind.Items {
		if x := d.cat.Indicator(item); x != nil && x != ind {
			out = append(out, d.grainsOf(x)...)
		}
	}
	return out
}

// DimOf finds a dimension that all grains of an indicator declare.
func (d *Window) DimOf(ind *catalog.Indicator, id string) *catalog.Dim {
	var found *catalog.Dim
	for _, g := range d.grainsOf(ind) {
		x := g.Dim(id)
		if x == nil {
			return nil
		}
		if found == nil || found.Ref == "" {
			found = x
		}
	}
	return found
}

// dimsOf lists the dimensions that all grains of an indicator share.
func (d *Window) dimsOf(ind *catalog.Indicator) []*catalog.Dim {
	gs := d.grainsOf(ind)
	if len(gs) == 0 {
		return nil
	}
	var out []*catalog.Dim
	for _, x := range gs[0].Dims {
		if y := d.DimOf(ind, x.ID); y != nil {
			out = append(out, y)
		}
	}
	return out
}

// isNodeDim reports whether a dimension's values are codes of organisations.
func (d *Window) isNodeDim(x *catalog.Dim) bool {
	e := d.cat.Entity(x.Ref)
	return x.Ref != "" && e != nil && e.Node != nil
}

// placeDims lists the dimensions under which an indicator's figure of one
// organisation may stand, best first: one whose values are organisations of the
// same kind, then the area whose code the organisation shares.
func (d *Window) placeDims(ind *catalog.Indicator, n *access.Node) []string {
	var out []string
	if n == nil {
		return nil
	}
	dims := d.dimsOf(ind)
	for _, x := range dims {
		if x.Ref != "" && x.Ref == n.Entity && d.isNodeDim(x) {
			out = append(out, x.ID)
		}
	}
	for _, x := range dims {
		if x.ID == d.cat.City.AreaDim && !d.isNodeDim(x) {
			out = append(out, x.ID)
		}
	}
	return out
}

// visible reports whether a figure cut by these values lies within a scope: all
// organisations it names must, or, if it names none, its area must. A figure
// that names neither is the whole city's.
func (d *Window) visible(scope *access.Scope, ind *catalog.Indicator, by map[string]string) bool {
	if scope.Whole {
		return true
	}
	if scope.Root == "" {
		return false
	}
	nodes, area := 0, false
	for id, code := range by {
		x := d.DimOf(ind, id)
		switch {
		case x == nil:
			return false
		case d.isNodeDim(x):
			if !scope.Has(code) {
				return false
			}
			nodes++
		case id == d.cat.City.AreaDim:
			area = scope.Has(code)
		}
	}
	return nodes > 0 || area
}

// place is where figures of one organisation are found: the cut values that
// stand for it; none for the whole city.
func (d *Window) place(scope *access.Scope, ind *catalog.Indicator, org string, with []string) (map[string]string, bool) {
	if org == d.cat.City.Root {
		return map[string]string{}, true
	}
	for _, id := range d.placeDims(ind, scope.Tree().Get(org)) {
		if declared(ind, append([]string{id}, with...)) {
			return map[string]string{id: org}, true
		}
	}
	return nil, false
}

// declared reports whether the indicator is made for exactly this cut.
func declared(ind *catalog.Indicator, cut []string) bool {
	if len(cut) == 0 {
		return true
	}
	for _, by := range ind.By {
		if sameSet(by, cut) {
			return true
		}
	}
	return false
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		found := false
		for _, y := range b {
			if x == y {
				found = true
			}
		}
		if !found {
			return false
		}
	}
	return true
}
