package flow_test

import (
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/store"
)

// Four eyes: who took a step last does not take the one that is kept apart from it,
// whatever roles they hold.
func TestApart(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		second := luoshu.Actor{Name: "second", Role: "planner", Org: "R"}
		third := luoshu.Actor{Name: "third", Role: "planner", Org: "R"}
		no := w.open(planner, "revision", cells{"unit": "X", "aim": "a"}).No
		refused := func(by luoshu.Actor, what string) {
			t.Helper()
			_, err := w.try(by, no, "decide", nil)
			w.kind(err, luoshu.Denied)
			if e, ok := err.(*luoshu.Error); !ok || !strings.Contains(e.Msg.ZH, what) || !strings.Contains(e.Msg.ZH, "由另一人办理") {
				t.Errorf("%s: %v", by.Name, err)
			}
			got, err := w.fl.See(w.ctx, by, no)
			if err != nil {
				t.Fatal(err)
			}
			next, _, err := w.fl.Next(w.ctx, by, got)
			if err != nil || len(next) == 0 {
				t.Fatal(next, err)
			}
			for _, a := range next {
				if err := w.fl.Apart(w.ctx, by, got, a); (err != nil) != (a.ID == "decide") {
					t.Errorf("%s: %v", a.ID, err)
				}
			}
		}
		refused(planner, "提出")
		w.act(planner, no, "back", "mend", nil) // what is not kept apart is theirs
		w.act(second, no, "resubmit", "decide", cells{"aim": "b"})
		refused(second, "重报")
		refused(planner, "提出")
		w.act(third, no, "back", "mend", nil)
		w.act(planner, no, "resubmit", "decide", cells{"aim": "c"})
		got := w.act(second, no, "decide", "decided", nil) // no longer the last who submitted
		if n := w.value(got, "no").I; n != 2 {
			t.Error(n)
		}
		w.sound()
	})
}
