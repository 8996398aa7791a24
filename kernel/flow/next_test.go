package flow_test

import (
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/store"
)

// Editions are numbered by the house, one after the other for each aim; nobody writes
// over one that is there.
func TestNextNumber(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		propose := func(aim string) string {
			return w.open(officerX, "revision", cells{"unit": "X", "aim": aim}).No
		}
		one, two, other := propose("a"), propose("a"), propose("b") // two at once under way
		for i, x := range []struct {
			no   string
			want int64
		}{{one, 2}, {two, 3}, {other, 2}} {
			got := w.act(planner, x.no, "decide", "decided", nil)
			if n := w.value(got, "no").I; n != x.want {
				t.Errorf("case %d: edition %d, want %d", i, n, x.want)
			}
		}
		if n := w.number(`SELECT count(*) FROM r_edition`); n != 3 {
			t.Errorf("%d versions of editions: one was written over", n)
		}
		late := propose("a")
		_, err := w.try(planner, late, "enter", cells{"no": "3"})
		w.kind(err, luoshu.Conflict)
		if e, ok := err.(*luoshu.Error); !ok || !strings.Contains(e.Msg.ZH, "a / 3") || !strings.Contains(e.Msg.EN, "a / 3") || e.Field != "no" {
			t.Errorf("the refusal does not name the record: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM r_edition`); n != 3 || w.number(`SELECT step FROM flow_case WHERE no = ?`, late) != 1 {
			t.Error("what was refused left something behind")
		}
		w.act(planner, late, "enter", "decided", cells{"no": "9"}) // a gap is no matter
		last := propose("a")
		if n := w.value(w.act(planner, last, "decide", "decided", nil), "no").I; n != 10 {
			t.Errorf("after edition 9 came %d", n)
		}
		w.sound()
	})
}
