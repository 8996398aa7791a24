package correct

import (
	"slices"
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
)

// Who is the source, for every steward on every shape of path.
func TestRoute(t *testing.T) {
	node := func(code, level string, closed int64) *access.Node {
		return &access.Node{Code: code, Level: level, Closed: closed}
	}
	root, bureau := node("R", "city", 0), node("A", "county", 0)
	unit, branch := node("A1", "school", 0), node("A1b", "school", 0)
	const today = 20251001
	for _, x := range []struct {
		name, steward string
		path          []*access.Node
		org           string
		all           []string
	}{
		{"the unit itself", "school", []*access.Node{root, bureau, unit}, "A1", []string{"A1"}},
		{"its bureau", "county", []*access.Node{root, bureau, unit}, "A", []string{"A"}},
		{"the city", "city", []*access.Node{root, bureau, unit}, "R", []string{"R"}},
		{"a branch asks the branch; the main one is the source too", "school", []*access.Node{root, bureau, unit, branch}, "A1b", []string{"A1b", "A1"}},
		{"no bureau in between: the next above", "county", []*access.Node{root, unit}, "R", []string{"R"}},
		{"a record of a bureau with fields of units: the bureau", "school", []*access.Node{root, bureau}, "A", []string{"A"}},
		{"a closed branch: the main one", "school", []*access.Node{root, bureau, unit, node("A1c", "school", 20240701)}, "A1", []string{"A1"}},
		{"a closed unit: its bureau", "school", []*access.Node{root, bureau, node("A2", "school", 20240701)}, "A", []string{"A"}},
		{"closes later: still the unit", "school", []*access.Node{root, bureau, node("A3", "school", 20260701)}, "A3", []string{"A3"}},
		{"closes today", "school", []*access.Node{root, bureau, node("A4", "school", today)}, "A", []string{"A"}},
		{"a level nobody knows is passed over", "county", []*access.Node{root, node("X", "village", 0), unit}, "R", []string{"R"}},
		{"only the root, however low the level", "county", []*access.Node{root}, "R", []string{"R"}},
		{"nothing above the unit is known", "city", []*access.Node{unit}, "A1", []string{"A1"}},
		{"no path", "city", nil, "", nil},
	} {
		org, all := route(x.path, &charter.Source{Steward: x.steward}, catalog.Levels(), today)
		if org != x.org || !slices.Equal(all, x.all) {
			t.Errorf("%s: %q %v, want %q %v", x.name, org, all, x.org, x.all)
		}
	}
}

func TestDays(t *testing.T) {
	if d := addDays(20251230, 15); d != 20260114 {
		t.Error(d)
	}
	if d := addDays(20240228, 1); d != 20240229 {
		t.Error(d)
	}
	if n := daysBetween(20251230, 20260114); n != 15 {
		t.Error(n)
	}
	if n := daysBetween(20260114, 20251230); n != -15 {
		t.Error(n)
	}
}
