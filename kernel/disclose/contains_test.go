package disclose_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/kernel/rule"
)

// A number that contains an identity number is masked for whoever does not see the
// class sensitive; records are still found by the whole of it, and led to by number.
func TestNumberThatContainsAnID(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	clerk := w.actor("clerk", "A1")
	whole := w.rows["card"][0][0].S
	mask := whole[:7] + "**********" + whole[17:]
	find := func(a luoshu.Actor, q disclose.RecordQuery) *disclose.Page {
		t.Helper()
		p, err := w.door.Records(ctx, a, q)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := find(clerk, disclose.RecordQuery{Entity: "card", Q: whole}); p.Total != 1 || !p.Exact || p.Rows[0].Values["card_no"] != mask || !p.Columns[0].Masked || p.Columns[0].Sensitivity != "sensitive" {
		t.Errorf("by the whole number: %+v", p)
	}
	if p := find(clerk, disclose.RecordQuery{Entity: "card", Q: strings.ToLower(whole)}); p.Total != 1 {
		t.Errorf("in small letters: %d", p.Total)
	}
	for _, part := range []string{whole[:18], whole[:7], whole[1:], "G", mask, whole + "0", "%"} {
		if p := find(clerk, disclose.RecordQuery{Entity: "card", Q: part}); p.Total != 0 {
			t.Errorf("found by %q", part)
		}
	}
	if p := find(clerk, disclose.RecordQuery{Entity: "card", Q: w.rows["card"][89][0].S}); p.Total != 0 {
		t.Error("another house's card is found by its number")
	}
	r, err := w.door.Record(ctx, clerk, "card", 1)
	if err != nil || r.Values["card_no"] != mask {
		t.Fatal(r, err)
	}
	if len(r.Related) != 1 || r.Related[0].Value != "#1" || r.Related[0].Total != 1 {
		t.Fatalf("related %+v", r.Related)
	}
	rides := find(clerk, disclose.RecordQuery{Entity: "ride", Filter: map[string]string{"card_no": "#1"}})
	if rides.Total != 1 || rides.Rows[0].Values["card_no"] != mask || rides.Rows[0].Display["card_no"] != r.Display["holder"] {
		t.Errorf("rides %+v", rides.Rows)
	}
	if p := find(clerk, disclose.RecordQuery{Entity: "ride", Filter: map[string]string{"card_no": "#90"}}); p.Total != 0 {
		t.Error("rides of another house's card")
	}
	ride, err := w.door.Record(ctx, clerk, "ride", rides.Rows[0].Rec)
	if err != nil || len(ride.Links) != 2 || ride.Links[0].Rec != 1 {
		t.Errorf("links %+v %v", ride.Links, err)
	}
	for _, bad := range []string{"#", "#x", "#1 OR 1=1", whole, "", mask} {
		if _, err := w.door.Records(ctx, clerk, disclose.RecordQuery{Entity: "ride", Filter: map[string]string{"card_no": bad}}); kind(err) != luoshu.Invalid {
			t.Errorf("filter %q: %v", bad, err)
		}
	}
	var b bytes.Buffer
	if err := w.door.Export(ctx, clerk, disclose.RecordQuery{Entity: "card"}, "csv", &b, nil); err != nil || !strings.Contains(b.String(), mask) || strings.Contains(b.String(), whole) {
		t.Errorf("export: %v %s", err, b.String())
	}
	// Handed in again, the masked number is refused by its check.
	if _, good := rule.Check(w.cat.Entity("card").Field("card_no").Check, mask); good {
		t.Error("a masked number is taken for a true one")
	}
	if s := w.door.Value(clerk, "card", "card_no", w.rows["card"][0][0]); !s.Masked || s.Value != mask {
		t.Errorf("value %+v", s)
	}
	if l := w.door.Label(clerk, "ride", 1, w.rows["ride"][0][0]); l != mask {
		t.Errorf("label %s", l)
	}
	if p := find(w.actor("insider", "R"), disclose.RecordQuery{Entity: "card", Q: whole[:18]}); p.Total == 0 || p.Exact {
		t.Errorf("who sees the class finds by the start: %+v", p)
	}
	if p := find(w.actor("watcher", "R"), disclose.RecordQuery{Entity: "card"}); len(p.Columns) != 2 {
		t.Errorf("below the mask the number is not there at all: %+v", p.Columns)
	}
}

// One value is opened through the door only with the right, within the scope, and
// after the record of it was made; nothing closed ever.
func TestReveal(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	whole := w.rows["card"][0][0].S
	told := 0
	tell := func(context.Context) error { told++; return nil }
	got, err := w.door.Reveal(ctx, w.actor("clerk", "A1"), "card", 1, "card_no", tell)
	if err != nil || got.Value != whole || told != 1 {
		t.Fatal(got, err, told)
	}
	stop := errors.New("the log is full")
	if got, err := w.door.Reveal(ctx, w.actor("clerk", "A1"), "member", 1, "phone", func(context.Context) error { return stop }); got != nil || !errors.Is(err, stop) {
		t.Errorf("without a record of it: %v %v", got, err)
	}
	for name, c := range map[string]struct {
		actor         luoshu.Actor
		entity, field string
		rec           int64
		kind          luoshu.ErrKind
	}{
		"closed":         {w.actor("planner", "R"), "member", "score", 1, luoshu.NotFound},
		"closed for all": {w.actor("planner", "R"), "score", "mark", 1, luoshu.NotFound},
		"in clear":       {w.actor("planner", "R"), "member", "name", 1, luoshu.Invalid},
		"no field":       {w.actor("planner", "R"), "member", "_x", 1, luoshu.NotFound},
		"foreign":        {w.actor("clerk", "A2"), "member", "phone", 1, luoshu.NotFound},
		"no record":      {w.actor("planner", "R"), "member", "phone", 9999, luoshu.NotFound},
		"no right":       {w.actor("insider", "R"), "member", "phone", 1, luoshu.Denied},
		"administrator":  {w.actor("auditor", "R"), "member", "phone", 1, luoshu.Denied},
		"nobody":         {w.actor("nobody", "R"), "member", "phone", 1, luoshu.Denied},
	} {
		told = 0
		if got, err := w.door.Reveal(ctx, c.actor, c.entity, c.rec, c.field, tell); got != nil || kind(err) != c.kind || told != 0 {
			t.Errorf("%s: %+v %v, told %d", name, got, err, told)
		}
	}
	for a, want := range map[luoshu.Actor]luoshu.ErrKind{
		w.actor("clerk", "A1"): "", w.actor("clerk", "A"): "", w.actor("clerk", "A2"): luoshu.NotFound, w.actor("auditor", "R"): luoshu.Denied,
	} {
		if err := w.door.Answerable(ctx, a, "member", 1); kind(err) != want {
			t.Errorf("%s answers for a record: %v", a.Name, err)
		}
	}
}
