package correct_test

import (
	"slices"
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/correct"
	"luoshu/kernel/ledger"
)

// join merges the first pupil into the second.
func (w *world) join() int64 {
	w.t.Helper()
	v, err := w.rd.Get(ctx, "student", 1)
	if err != nil || v == nil {
		w.t.Fatal(v, err)
	}
	res, err := w.led.Commit(ctx, ledger.Batch{
		Actor: access.Operator, Entity: "student", Reason: "merge", Remove: true,
		Aliases: []ledger.Alias{{Old: "L410311201503010001", New: "L410311201503020001"}},
		Rows:    func(yield func(ledger.Row) error) error { return yield(ledger.Row{N: 1, Values: v.Values}) },
	}, nil)
	if err != nil || res.Removed != 1 {
		w.t.Fatal(res, err)
	}
	return res.Seq
}

// A request goes on with the record into which its own was merged, the one who
// asked sees that, and comes back when the merge is taken back.
func TestRequestFollowsMerge(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.file(clerk, "student", students("张三", "2015-03-09", "01", "1"))
		id := w.list(county, correct.Inbox)[0].ID
		seq := w.join()
		for range 2 {
			if err := w.Follow(ctx, "student", 1, 2); err != nil {
				t.Fatal(err)
			}
		}
		what := func() (out []string) {
			ev, err := w.Events(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range ev {
				out = append(out, e.What)
			}
			return out
		}
		r, err := w.Request(ctx, clerk, id) // who asked, though the record is another's now
		if err != nil || r.Rec != 2 || r.First != 1 || r.Holder != other.Org || r.State != correct.Open {
			t.Fatalf("%+v %v", r, err)
		}
		if got := what(); !slices.Equal(got, []string{"asked", "merged"}) {
			t.Error(got)
		}
		on, err := w.OfRecord(ctx, "student", 2)
		if err != nil || len(on) != 1 || on[0].ID != id {
			t.Fatal(on, err)
		}
		// The survivor has another value: a person compares before it is changed.
		if err := w.answer(county, id, correct.Accept, ""); err == nil {
			t.Error("the survivor was changed though its value is not the one that was seen")
		}
		if _, err := w.led.Undo(ctx, access.Operator, seq, "two persons after all"); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Sweep(ctx, w.now); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r, err = w.Request(ctx, clerk, id)
		if err != nil || r.Rec != 1 || r.First != 0 || r.Holder != clerk.Org {
			t.Fatalf("%+v %v", r, err)
		}
		if got := what(); !slices.Equal(got, []string{"asked", "merged", "unmerged"}) {
			t.Error(got)
		}
		w.join()
		if n, err := w.Sweep(ctx, w.now); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := w.Answer(ctx, county, id, correct.Answer{Action: correct.Accept, Anyway: true}); err != nil || w.value("student", 2, "birth_date") != "20150309" {
			t.Fatal(err)
		}
		if r, err = w.Request(ctx, clerk, id); err != nil || r.State != correct.Accepted {
			t.Fatalf("%+v %v", r, err)
		}
		var problems []ledger.Problem
		if problems, err = w.led.Check(ctx, nil); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	})
}

// A record that was verified stays verified as of that day where the source itself
// accepts a correction or makes one, and at no later day; where those above it
// accept, or a field that nobody knew is declared by another, it does not.
func TestVerifiedDateOfCorrection(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		date := func(rec int64) int64 {
			t.Helper()
			v, err := w.rd.Get(ctx, "student", rec)
			if err != nil || v == nil {
				t.Fatal(v, err)
			}
			return v.Verified
		}
		ask := func(born string) int64 {
			t.Helper()
			w.file(clerk, "student", students("张三", born, "01", "1"))
			in := append(w.list(county, correct.Inbox), w.list(county, correct.Conflicts)...)
			if len(in) != 1 {
				t.Fatal(in)
			}
			return in[0].ID
		}
		attest := func(on int64) {
			t.Helper()
			_, err := w.led.Attest(ctx, ledger.Attestation{
				Actor: clerk, Entity: "student", Reason: "verification", On: on, Recs: func(yield func(int64) error) error { return yield(1) },
			})
			if err != nil || date(1) != on {
				t.Fatal(date(1), err)
			}
		}
		if err := w.answer(county, ask("2015-03-09"), correct.Accept, ""); err != nil || date(1) != 0 {
			t.Error("a record that nobody verified counts as verified", date(1), err)
		}
		attest(20250920)
		if err := w.answer(county, ask("2015-03-10"), correct.Take, "seen"); err != nil || date(1) != 20250920 || w.value("student", 1, "birth_date") != "20150310" {
			t.Error("a conflict decided by the source", date(1), err)
		}
		if out := w.edit(county, "student", 1, "", map[string]string{"birth_date": "2015-03-11"}); out.Seq == 0 || date(1) != 20250920 {
			t.Error("the source's own correction", date(1), out)
		}
		w.now = w.now.AddDate(0, 0, 1)
		id := ask("2015-03-12")
		w.now = w.now.AddDate(0, 0, 60)
		if _, err := w.Sweep(ctx, w.now); err != nil {
			t.Fatal(err)
		}
		if err := w.answer(planner, id, correct.Take, "late"); err != nil || date(1) != 0 {
			t.Error("those above the source have confirmed nothing", date(1), err)
		}
		problems, err := w.led.Check(ctx, nil)
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	})
}
