package disclose_test

import (
	"bytes"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/disclose"
)

// What an organisation keeps for those below is read by them, and by nobody beside.
func TestReadBelow(t *testing.T) {
	w := newWorld(t)
	for org, want := range map[string]int64{"R": 3, "A": 2, "A1": 2, "B2": 2, "Z9": 0} {
		for _, q := range []string{"", "notice-of"} {
			p, err := w.door.Records(t.Context(), w.actor("chief", org), disclose.RecordQuery{Entity: "notice", Q: q, Limit: 2})
			if err != nil || p.Total != want {
				t.Errorf("%s finds %d notices by %q, want %d: %v", org, p.Total, q, want, err)
			}
		}
	}
	if _, err := w.door.Record(t.Context(), w.actor("chief", "A1"), "notice", 1); err != nil {
		t.Error("a house cannot open the notice of the city:", err)
	}
	if _, err := w.door.Record(t.Context(), w.actor("chief", "A1"), "notice", 3); kind(err) != luoshu.NotFound {
		t.Error("a house opens the notice of another office:", err)
	}
}

// Counts of few children are told to nobody who may not see small groups: not in a
// list, a record, an export or a sentence, nor as the difference of a sum.
func TestFewChildren(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	e := w.cat.Entity("house")
	guests, words := e.Field("guests").Index, e.Field("guest_words").Index
	var rows [][]luoshu.Value
	for i, n := range []int64{0, 3, 42, 43} {
		row := append([]luoshu.Value{}, w.rows["house"][i]...)
		row[guests], row[words] = luoshu.IntValue(n), luoshu.TextValue("收 40 名儿童；3 人超过 4.0 km：寄宿；到甲校（2）、乙校（12）；丙（小学）3 人，应有 100 人。C (Primary) 3 children of 100; takes 4 children, 2 beyond 4.0 km, moves to A (23)")
		rows = append(rows, row)
	}
	w.commit(luoshu.Actor{Name: "p", Role: "planner", Org: "R"}, "house", rows)
	shown := func(role string) map[any]any {
		t.Helper()
		p, err := w.door.Records(ctx, w.actor(role, "R"), disclose.RecordQuery{Entity: "house"})
		if err != nil {
			t.Fatal(err)
		}
		out := map[any]any{}
		for _, r := range p.Rows {
			out[r.Values["code"]] = r.Values["guests"]
			if role == "watcher" && r.Values["code"] == "A1" && r.Values["guest_words"] !=
				"收 ≈40 名儿童；<5 人超过 4.0 km：寄宿；到甲校（<5）、乙校（≈10）；丙（小学）<5 人，应有 ≈100 人。C (Primary) <5 children of 100; takes <5 children, <5 beyond 4.0 km, moves to A (≈25)" {
				t.Errorf("the words are %v", r.Values["guest_words"])
			}
		}
		return out
	}
	if got := shown("planner"); got["A2"] != int64(3) || got["A3"] != int64(42) {
		t.Errorf("a role with the right to small groups sees %v", got)
	}
	if got := shown("watcher"); got["A1"] != "0" || got["A2"] != "<5" || got["A3"] != "≈40" || got["B1"] != "≈45" {
		t.Errorf("a role without the right sees %v", got)
	}
	r, err := w.door.Record(ctx, w.actor("watcher", "R"), "house", 2)
	if err != nil || r.History[0].Values["guests"] != "<5" || r.History[1].Values["guests"] != "≈7320010" {
		t.Errorf("history: %+v, %v", r, err)
	}
	for role, holds := range map[string]bool{"planner": true, "watcher": false} {
		var b bytes.Buffer
		if err := w.door.Export(ctx, w.actor(role, "R"), disclose.RecordQuery{Entity: "house"}, "csv", &b, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "名儿童") != holds || strings.Contains(b.String(), "客人") != holds {
			t.Errorf("export for %s: %.300s", role, b.String())
		}
	}
}
