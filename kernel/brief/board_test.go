package brief

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"luoshu"
)

// lines are a board's targets of one plan by id.
func (w *world) lines(by luoshu.Actor, org string) (*Board, map[string]Line) {
	w.Helper()
	b, err := w.desk.Board(w.ctx, by, Query{Org: org})
	w.must(err)
	out := map[string]Line{}
	for _, p := range b.Plans {
		for _, l := range p.Lines {
			out[l.ID] = l
		}
	}
	return b, out
}

// The city's stays go 20, 30, 40, 50: a straight line to 60 in 2025.
func TestBoardOfTheCity(t *testing.T) {
	w := newWorld(t)
	c := w.open(aideA, "task", map[string]string{"unit": "A", "words": "a", "target": "enough"})
	w.act(aideA, c, "done")
	w.open(aideB, "task", map[string]string{"unit": "B", "words": "b", "target": "enough"})
	w.open(aideB, "decision", map[string]string{"unit": "B", "words": "c"})
	w.now = w.now.AddDate(0, 0, 30) // the open task is late by then
	b, got := w.lines(aideR, "")
	if b.Seal == nil || b.Seal.ID != "S000001" || b.Org.Code != "R" || !b.Cases || len(b.Plans) != 2 {
		t.Fatalf("%+v", b)
	}
	for id, want := range map[string]string{
		"enough": "not_met likely", "plenty": "not_met unlikely", "some": "met likely", "past": "not_met over", "lost": "no_target none", "seen": "not_met too_few",
	} {
		if l := got[id]; l.State+" "+l.Verdict != want {
			t.Errorf("%s is %s %s, want %s", id, l.State, l.Verdict, want)
		}
	}
	if _, ok := got["word"]; ok {
		t.Error("a target without a number is on the board")
	}
	l := got["enough"]
	if *l.Now != 50 || *l.Missing != 5 || math.Abs(l.Forecast.Value-60) > 1e-9 || math.Abs(l.Forecast.Slope-10) > 1e-9 || l.Forecast.Points != 4 {
		t.Errorf("%v %v %+v", *l.Now, *l.Missing, l.Forecast)
	}
	if fmt.Sprint(l.Cases) != "[{task {目标任务 Task} 1 1 1}]" {
		t.Error(l.Cases)
	}
	if len(l.Owners) != 2 || l.Owners[0].Title.ZH != "甲办" || !l.Owned || got["plenty"].Owned || !got["some"].Owned {
		t.Errorf("%+v", l.Owners)
	}
	if got["seen"].Now == nil || *got["seen"].Now != 4 || *got["seen"].Missing != 5 {
		t.Errorf("%+v", got["seen"])
	}
}

// B's stays go 10, 20, 12, 22: the line is at 23 in 2025, its interval by hand
// 1.885618 × √(32.4 × 2.5) = 16.9706 to either side, so that 25 lies within.
func TestBoardOfAnOffice(t *testing.T) {
	w := newWorld(t)
	_, got := w.lines(aideB, "")
	l := got["some"]
	if l.Verdict != Unclear || math.Abs(l.Forecast.Value-23) > 1e-9 || math.Abs(l.Forecast.High-39.9706) > 1e-3 || math.Abs(l.Forecast.Low-6.0294) > 1e-3 {
		t.Errorf("%s %+v", l.Verdict, l.Forecast)
	}
	if got["enough"].Verdict != Unlikely {
		t.Error(got["enough"].Verdict)
	}
	if _, byCity := w.lines(aideR, "B"); *byCity["some"].Now != 22 {
		t.Error("the city reads another figure of B")
	}
	var e *luoshu.Error
	if _, err := w.desk.Board(w.ctx, aideB, Query{Org: "A"}); !errors.As(err, &e) || e.Kind != luoshu.NotFound {
		t.Error("B reads A:", err)
	}
	if _, err := w.desk.Board(w.ctx, watch, Query{}); !errors.As(err, &e) || e.Kind != luoshu.Denied {
		t.Error("without the right to read plans:", err)
	}
	if b, _ := w.lines(chief, ""); b.Cases {
		t.Error("a chief who may not see cases is told of them")
	}
}
