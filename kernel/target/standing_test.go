package target

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever was decided: at most one version holds, it is the last of those that are in
// force, and value and deadline are the last that were given up to it.
func TestStandingHoldsTheLast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s := &Sheet{versions: map[string][]Version{}}
		for n := range r.IntN(6) {
			v := Version{No: int64(n + 2), Org: []string{"R", "A", "B"}[r.IntN(3)], From: 20250100 + int64(1+r.IntN(9))}
			if r.IntN(4) > 0 {
				v.Decision = "文"
			}
			if x := r.Float64(); r.IntN(3) > 0 {
				v.Value = &x
			}
			if r.IntN(3) == 0 {
				v.Deadline = 20270101 + int64(n)
			}
			s.versions["t"] = append(s.versions["t"], v)
		}
		slices.SortStableFunc(s.versions["t"], func(a, b Version) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.No, b.No)) })
		day := 20250100 + int64(r.IntN(11))
		got := s.Standing("t", []string{"R", "A"}, day)
		var last *Version
		var value *float64
		var deadline int64
		for i, v := range s.versions["t"] {
			if v.Org != "B" && v.Decision != "" && v.From <= day {
				last = &s.versions["t"][i]
				if v.Value != nil {
					value = v.Value
				}
				deadline = cmp.Or(v.Deadline, deadline)
			}
		}
		holds := 0
		for _, v := range got.Versions {
			if v.Org == "B" {
				t.Fatal("B's version holds for A")
			}
			if v.State == Holds {
				holds++
			}
		}
		if (last == nil) != (got.Holding == nil) || last != nil && (got.Holding.No != last.No || holds != 1) || last == nil && holds > 0 || got.Value != value || got.Deadline != deadline {
			t.Fatalf("on %d of %+v: %+v", day, s.versions["t"], got)
		}
		for _, v := range s.versions["t"] {
			if v.State != "" {
				t.Fatal("the sheet was changed")
			}
		}
	}
}
