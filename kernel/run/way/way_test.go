package way_test

import (
	"strings"
	"testing"

	"luoshu/engine/siting"
	"luoshu/kernel/run/way"
)

// Measured ways are taken, the mean of there and back, once for the younger and the
// older of a block; what cannot be is told and left to the straight line.
func TestMatrix(t *testing.T) {
	p := siting.Problem{
		Blocks: []siting.Block{{ID: "a/1", Name: "甲", X: 112, Y: 34, Mode: "day"}, {ID: "a/2", Name: "甲", X: 112, Y: 34, Mode: "way"}, {ID: "b", Name: "乙", X: 112.1, Y: 34, Mode: "way"}},
		Sites:  []siting.Site{{ID: "s", Name: "一校", X: 112, Y: 34.01}, {ID: "u", Name: "二校", X: 112.05, Y: 34}},
	}
	known := map[way.Pair]way.Known{
		{Block: "a", Site: "s"}: {There: 2, Back: 3},
		{Block: "a", Site: "u"}: {There: 7},
		{Block: "b", Site: "s"}: {There: 0.5}, // nine kilometres as the crow flies
		{Block: "b", Site: "z"}: {There: 1},   // no site of the problem
	}
	told := way.Matrix(&p, map[string]string{"a/1": "a", "a/2": "a", "b": "b"}, known, 0.2)
	if told.Pairs != 4 || told.Recorded != 2 || told.Uneven != 1 || told.Short != 1 || told.Share != 0.5 {
		t.Errorf("%+v", told)
	}
	if len(p.Matrices) != 2 || *p.Matrices[0].Ways[0][0] != 2.5 || *p.Matrices[1].Ways[1][1] != 7 || p.Matrices[0].Ways[2][0] != nil || p.Matrices[0].Ways[2][1] != nil {
		t.Errorf("%+v", p.Matrices)
	}
	w := told.Words(1.3)
	for _, want := range []string{"50.0%", "甲 → 一校 2.00 / 3.00 km", "乙 → 一校 0.50 < "} {
		if !strings.Contains(w.ZH, want) {
			t.Errorf("%s lacks %s", w.ZH, want)
		}
	}
	none := way.Matrix(&p, nil, nil, 0.2)
	if p.Matrices != nil || none.Recorded != 0 || !strings.Contains(none.Words(1.3).EN, "1.30") {
		t.Errorf("%+v", none)
	}
}

// Neighbours hang together, and what lies between keeps two apart.
func TestNeighbours(t *testing.T) {
	got := way.Neighbours([]way.Point{{112, 34}, {112.1, 34.01}, {112.2, 34}, {112.1, 34.2}})
	want := map[[2]int]bool{{0, 1}: true, {1, 2}: true, {1, 3}: true}
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for _, g := range got {
		if !want[g] {
			t.Error(g)
		}
	}
	if way.Nearest([]way.Point{{112, 34}, {113, 34}}, way.Point{112.6, 34}) != 1 {
		t.Error("nearest")
	}
}
