package flow_test

import (
	"fmt"
	"testing"

	"luoshu/kernel/flow"
	"luoshu/kernel/store"
)

// line is a count as one line of text.
func line(n flow.Count) string {
	return fmt.Sprintf("%s open %d late %d closed %d reopened %d", n.Type.ID, n.Open, n.Late, n.Closed, n.Reopened)
}

// Cases are counted by type within the actor's reach and an organisation: open, late,
// and closed and reopened within bounds.
func TestCounts(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "上锁"})
		w.act(clerkA, f.No, "accept", "rectify", cells{"measure": "换锁"})
		w.act(officerX, f.No, "submit", "recheck", nil, w.paper(officerX))
		w.act(inspector, f.No, "pass", "closed", nil) // on 10 March
		w.open(inspector, "finding", cells{"unit": "B", "clause": "1", "problem": "p"})
		count := func(unit string, from, to int64) (out []string) {
			t.Helper()
			got, err := w.fl.Counts(w.ctx, planner, flow.CountQuery{Unit: unit, From: from, To: to})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range got {
				out = append(out, line(n))
			}
			return out
		}
		same := func(got []string, want ...string) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		same(count("X", 20250101, 20250630), "finding open 1 late 0 closed 1 reopened 0")
		same(count("X", 20250311, 20250630), "finding open 1 late 0 closed 0 reopened 0")
		same(count("B", 20250101, 20250630), "finding open 1 late 0 closed 0 reopened 0")
		same(count("Y", 20250101, 20250630))
		w.today = w.today.AddDate(0, 6, 0) // 10 September
		w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "又上锁"})
		same(count("", 20250701, 20251231), "finding open 2 late 1 closed 0 reopened 1")
		same(count("", 20250101, 20250630), "finding open 2 late 1 closed 0 reopened 0")
		if got, err := w.fl.Counts(w.ctx, officerY, flow.CountQuery{From: 20250101, To: 20251231}); err != nil || len(got) != 0 {
			t.Error("the other county counts", got, err)
		}
	})
}

// Cases that name a target of the plan are found by it, and with it.
func TestAims(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		one := w.open(officerX, "campaign", cells{"unit": "X", "subject": "a", "aim": "fewer-fires"})
		w.open(officerY, "campaign", cells{"unit": "Y", "subject": "b", "aim": "fewer-fires"})
		w.open(officerX, "campaign", cells{"unit": "X", "subject": "c"}) // about none
		w.open(inspector, "finding", cells{"unit": "A", "clause": "1", "problem": "p"})
		got, err := w.fl.Aims(w.ctx, planner, "")
		if err != nil || len(got) != 1 || got[0].Target != "fewer-fires" || got[0].Type.ID != "campaign" || got[0].Open != 2 || got[0].Closed != 0 || fmt.Sprint(got[0].Units) != "[X Y]" {
			t.Fatalf("%+v %v", got, err)
		}
		if got, err = w.fl.Aims(w.ctx, officerX, ""); err != nil || len(got) != 1 || got[0].Open != 1 || fmt.Sprint(got[0].Units) != "[X]" {
			t.Errorf("%+v %v", got, err)
		}
		list, err := w.fl.List(w.ctx, officerX, flow.Query{Target: "fewer-fires"})
		if err != nil || len(list) != 1 || list[0].No != one.No {
			t.Errorf("%+v %v", list, err)
		}
		if list, err = w.fl.List(w.ctx, planner, flow.Query{Target: "more-places"}); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}
