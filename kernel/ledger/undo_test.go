package ledger_test

import (
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/store"
)

func (b *book) undo(seq int64, want luoshu.ErrKind) {
	b.Helper()
	_, err := b.Undo(b.ctx, luoshu.Actor{Name: "bob"}, seq, "mistake")
	if kindOf(err) != want || (err != nil && want == "") {
		b.Fatalf("undo of %d: %v, want %q", seq, err, want)
	}
	if err != nil && strings.Contains(err.Error(), "%!") {
		b.Errorf("message is broken: %v", err)
	}
}

func TestUndo(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙")
		b.put("1/1/0/0", "area", "A2,丙", "A3,丁")
		b.undo(2, "")
		b.expect("area", "code,name,_rec,_rid,_from,_row", "A1,甲,1,1,1,2 A2,乙,2,5,3,0")
		b.sound()
		b.undo(2, luoshu.Conflict) // it is undone already
		b.undo(3, "")              // undo the undo
		b.expect("area", "code,name,_rec", "A1,甲,1 A2,丙,2 A3,丁,4")
		for seq, want := range map[int64]string{1: "A1,甲 A2,乙", 2: "A1,甲 A2,丙 A3,丁", 3: "A1,甲 A2,乙", 4: "A1,甲 A2,丙 A3,丁"} {
			if got := b.dump("area", "code,name", seq); got != want {
				t.Errorf("as of %d: %s, want %s", seq, got, want)
			}
		}
		list, _, err := b.Commits(b.ctx, 0, 10)
		if err != nil || list[0].UndoOf != 3 || list[1].UndoOf != 2 || list[1].UndoneBy != 4 || list[2].UndoneBy != 3 || list[3].UndoneBy != 0 {
			t.Errorf("%+v %v", list, err)
		}
		if h, err := b.History(b.ctx, "area", 2); err != nil || len(h) != 4 || h[0].Values[1].S != "乙" || h[0].Commit.Actor.Name != "ann" ||
			h[1].Values[1].S != "丙" || h[2].Values[1].S != "乙" || h[2].To != 4 || h[3].To != 0 || h[2].Commit.UndoOf != 2 {
			t.Errorf("history: %+v %v", h, err)
		}
		b.undo(99, luoshu.NotFound)
		b.sound()
	})
}

func TestUndoConflicts(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙") // 1
		b.put("0/1/0/0", "area", "A2,丙")         // 2
		b.undo(1, luoshu.Conflict)               // 2 changed A2
		_, err := b.Undo(b.ctx, luoshu.Actor{}, 1, "")
		if err == nil || !strings.Contains(err.Error(), "#2 A2") || strings.Contains(err.Error(), "A1") {
			t.Errorf("the conflict names %v, want #2 A2 only", err)
		}
		b.undo(2, "") // 3
		b.undo(1, luoshu.Conflict)
		b.put("1/0/0/0", "area", "A9,新") // 4
		b.undo(4, "")                    // 5: A9 is gone
		b.put("1/0/0/0", "area", "A9,再") // 6: and there again, as another record
		b.undo(5, luoshu.Conflict)       // what 5 closed cannot come back
		b.expect("area", "code,name,_rec", "A1,甲,1 A2,乙,2 A9,再,6")
		b.sound()
	})
}

func TestUndoKeepsReferencesWhole(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙")        // 1
		b.put("1/0/0/0", "item", "N1,2024,x,A1,,,,,A2") // 2: A1 by reference, A2 loosely
		b.undo(1, luoshu.Conflict)                      // N1 needs A1
		b.put("1/0/0/0", "area", "A3,丙,A2")             // 3
		b.undo(2, "")                                   // 4
		b.undo(1, luoshu.Conflict)                      // A3 needs A2
		b.undo(3, "")                                   // 5
		b.undo(1, "")                                   // 6
		b.expect("area", "code", "")
		b.undo(4, luoshu.Conflict) // would bring back N1, whose area is gone
		b.undo(6, "")
		b.undo(4, "")
		b.expect("item", "no,area,_s", "N1,A1,x")
		b.sound()
	})
}
