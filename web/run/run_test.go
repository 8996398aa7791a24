package run

import (
	"testing"

	"luoshu"
)

func n(v int64) *int64 { return &v }

// Few children of a block are told to nobody who may not see small groups, neither by
// themselves nor as what is left of a sum.
func TestWithhold(t *testing.T) {
	list := []part{
		{Block: "a", Site: "1", Children: n(4), Over: n(0)},
		{Block: "b", Site: "1", Children: n(9), Over: n(0)},
		{Block: "c", Site: "1", Children: n(30), Over: n(30)},
		{Block: "d", Site: "2", Children: n(40), Over: n(3)},
		{Block: "e", Site: "2", Children: n(50), Over: n(48)},
		{Block: "f", Site: "3", Children: n(1), Over: n(1)},
		{Block: "g", Site: "3", Children: n(2), Over: n(0)},
		{Block: "h", Site: "3", Children: n(5), Over: n(0)},
	}
	withhold(list)
	at := map[string]part{}
	for _, p := range list {
		at[p.Block] = p
	}
	for block, want := range map[string]struct{ children, over int64 }{ // -1: withheld
		"a": {-1, -1}, "b": {-1, -1}, "c": {30, 30}, "d": {40, -1}, "e": {50, -1}, "f": {-1, -1}, "g": {-1, -1}, "h": {5, 0},
	} {
		p := at[block]
		is := func(v *int64, want int64) bool { return v == nil && want < 0 || v != nil && *v == want }
		if !is(p.Children, want.children) || !is(p.Over, want.over) || p.Few != (want.children < 0) {
			t.Errorf("%s: %v of %v, few %v; want %+v", block, value(p.Over), value(p.Children), p.Few, want)
		}
	}
}

// Words that name few children of a block are changed, others are not.
func TestUnsaid(t *testing.T) {
	for in, want := range map[string]string{
		"某村（小学 3 人）最近的也有 2.10 km。":             "某村（小学 <5 人）最近的也有 2.10 km。",
		"某村的 4 名儿童无处可去。":                       "某村的 <5 名儿童无处可去。",
		"X (Primary, 2 children): 14 children": "X (Primary, <5 children): 14 children",
		"某村（小学 13 人），上限 2.3 km":                "某村（小学 13 人），上限 2.3 km",
	} {
		if got := unsaid(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Lines of two languages come apart, also where an English one has Chinese names.
func TestSplit(t *testing.T) {
	got := split("说明一。\n承福门社区最近的校舍也有 2.10 公里。\n承福门社区: even the nearest is 2.10 km away.\nAnd so on.\n某村（小学 43 人）最近的也有…")
	want := luoshu.Text{ZH: "说明一。\n承福门社区最近的校舍也有 2.10 公里。\n某村（小学 43 人）最近的也有…", EN: "承福门社区: even the nearest is 2.10 km away.\nAnd so on."}
	if got != want {
		t.Errorf("%+v", got)
	}
}
