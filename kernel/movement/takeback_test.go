package movement_test

import (
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/movement"
	"luoshu/kernel/store"
)

// A transfer whose commit is taken back is undone, whichever of its commits is named;
// if the undo is taken back, it is done again; and after it the person can be asked
// for anew.
func TestTransferTakenBack(t *testing.T) {
	dbs.Each(t, func(t *testing.T, conf store.Config) {
		tn := open(t, conf)
		tn.led.OnUndo(tn.mv.TakeBack)
		c := tn.begin(clerk(schoolB), take(tn, "张一", schoolB, 20250310))
		if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); err != nil {
			t.Fatal(err)
		}
		state := func(want string) {
			t.Helper()
			got, err := tn.mv.Case(tn.ctx, access.Operator, c.N)
			if err != nil || got.State != want {
				t.Fatalf("case %d: %+v %v, want %s", c.N, got, err, want)
			}
		}
		state(movement.Done)
		seq, _, err := tn.led.Head(tn.ctx)
		if err != nil {
			t.Fatal(err)
		}
		undone, err := tn.led.Undo(tn.ctx, access.Operator, seq-1, "the wrong child")
		if err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901-")
		state(movement.Undone)
		if _, err := tn.led.Undo(tn.ctx, access.Operator, undone.Seq, "the right one after all"); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0310 >21 | 2024 B PRI1/ 0310- 22")
		state(movement.Done)
		if seq, _, err = tn.led.Head(tn.ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := tn.led.Undo(tn.ctx, access.Operator, seq, "no"); err != nil {
			t.Fatal(err)
		}
		tn.intact()
	})
}
