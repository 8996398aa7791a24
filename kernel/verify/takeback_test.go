package verify_test

import (
	"testing"

	"luoshu"
	"luoshu/kernel/store"
	"luoshu/kernel/verify"
)

// Undoing the commit of a confirmation takes its answers back with the date: from
// the last one on, and not once the answers have ended.
func TestTakeBack(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.led.OnUndo(x.v.TakeBack)
		r := x.open()
		undo := func(seq int64) error {
			_, err := x.led.Undo(x.ctx, planner, seq, "confirmed by mistake")
			return err
		}
		verified := func(no string, want int64) {
			t.Helper()
			v, err := x.rec.Get(x.ctx, "member", x.rec0(no))
			if err != nil || v.Verified != want {
				t.Errorf("%s verified on %v, want %d: %v", no, v, want, err)
			}
		}
		counts := func(what string, want verify.Counts) {
			t.Helper()
			if got := x.mine(clerk).Counts; got != want {
				t.Errorf("%s: %+v, want %+v", what, got, want)
			}
		}
		x.answer(clerk, verify.Answer{Kind: verify.Confirm, Recs: []int64{x.rec0("N00"), x.rec0("N01")}})
		one := x.head()
		rev := x.mine(clerk).Rev
		x.must(undo(one))
		counts("two taken back", verify.Counts{Total: 30, Open: 30})
		verified("N00", 0)
		// Whoever has the task as it was is told.
		_, err := x.v.Answer(x.ctx, clerk, x.mine(clerk).ID, verify.Answer{Rev: rev, Seen: x.head(), Kind: verify.Confirm, Rest: true})
		x.kind(err, luoshu.Conflict)

		x.answer(clerk, verify.Answer{Kind: verify.Dispute, Recs: []int64{x.rec0("N02")}, Note: "不是本校的"})
		seen := x.head()
		x.put("member", []any{"N03", "改名", int64(20100104), "IDN03", "A1", "in", nil})
		x.answer(clerk, verify.Answer{Kind: verify.Confirm, Rest: true, Seen: seen})
		list := x.head()
		x.answer(clerk, verify.Answer{Kind: verify.Confirm, Rest: true})
		rest := x.head()
		counts("confirmed", verify.Counts{Total: 30, Confirmed: 29, Disputed: 1})
		if x.mine(clerk).DoneOn == 0 {
			t.Error("the task is not done")
		}
		x.kind(undo(list), luoshu.Conflict) // the later one first
		verified("N06", 20250920)
		x.must(undo(rest))
		counts("the rest taken back", verify.Counts{Total: 30, Confirmed: 28, Disputed: 1, Open: 1})
		if x.mine(clerk).DoneOn != 0 {
			t.Error("the task is still done")
		}
		verified("N03", 0)
		x.must(undo(list))
		counts("the list taken back", verify.Counts{Total: 30, Disputed: 1, Open: 29})
		verified("N06", 0)

		x.answer(clerk, verify.Answer{Kind: verify.Confirm, Rest: true})
		last := x.head()
		x.answer(other, verify.Answer{Kind: verify.Confirm, Rest: true})
		if _, err := x.v.Draw(x.ctx, planner, r.ID); err != nil {
			t.Fatal(err)
		}
		x.kind(undo(last), luoshu.Conflict) // the sample rests on it
		verified("N06", 20250920)
		problems, err := x.led.Check(x.ctx, nil)
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	})
}
