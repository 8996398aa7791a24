package brief

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"luoshu/kernel/disclose"
)

// number of a decision; what is planned is in tenths.
func (w *world) version(id string, no int64, org string, value any, deadline any, from int64, paper any) {
	w.Helper()
	w.put("aim_version", []any{id, no, org, value, "改述", deadline, from, paper})
}

func (w *world) versions(l Line) string {
	var out []string
	for _, v := range l.Versions {
		value := "-"
		if v.Value != nil && v.Value.Value != nil {
			value = number(*v.Value.Value)
		}
		out = append(out, fmt.Sprintf("%d %s %s %s", v.No, v.State, value, v.Decision))
	}
	return strings.Join(out, "; ")
}

// The city had 50 stays in 2024: 55 by 2025 is not met until it is made 48.
func TestBoardOfAnAdjustedTarget(t *testing.T) {
	w := newWorld(t)
	w.version("enough", 2, "R", int64(480), nil, 20250301, "文〔2025〕2号")
	w.version("enough", 3, "R", nil, int64(20270630), 20250305, "文〔2025〕3号")
	w.version("enough", 4, "R", int64(900), nil, 20250601, "文〔2025〕4号") // not yet
	w.version("plenty", 2, "R", int64(100), nil, 20250301, nil)         // no document
	w.version("some", 2, "A", int64(990), nil, 20250301, "甲〔2025〕1号")   // A's own
	w.version("lost", 2, "R", int64(30), nil, 20250301, "文〔2025〕5号")
	b, got := w.lines(aideR, "")
	l := got["enough"]
	if l.State != "met" || *l.Target.Value != 48 || l.Deadline != "2027-06-30" || l.Version != 3 || *l.Missing != 0 || l.Forecast.Year != 2027 || l.Verdict != Likely {
		t.Errorf("%s %v %s v%d %+v", l.State, *l.Target.Value, l.Deadline, l.Version, l.Forecast)
	}
	if s := w.versions(l); s != "1 past 55 L-1; 2 past 48 文〔2025〕2号; 3 holds - 文〔2025〕3号; 4 future 90 文〔2025〕4号" {
		t.Error(s)
	}
	if l := got["plenty"]; l.State != "not_met" || *l.Target.Value != 65 || l.Version != 0 || w.versions(l) != "1 holds 65 L-1; 2 unsourced 10 " {
		t.Error("a version without a document holds:", l.State, w.versions(l))
	}
	if l := got["some"]; l.Version != 0 || len(l.Versions) != 0 {
		t.Error("what A decided for itself holds for the city")
	}
	if l := got["lost"]; l.State != "no_data" || *l.Target.Value != 3 || l.Target.Source != "文〔2025〕5号" {
		t.Errorf("%s %+v", l.State, l.Target)
	}
	if b.Plans[1].Adjusted != 2 && b.Plans[0].Adjusted != 2 {
		t.Error("adjusted", b.Plans[0].Adjusted, b.Plans[1].Adjusted)
	}
	if _, of := w.lines(aideA, ""); of["some"].Version != 2 || of["enough"].Version != 3 {
		t.Error("A goes by its own and by the city's:", of["some"].Version, of["enough"].Version)
	}
	plan := func(q disclose.PlanQuery) disclose.PlanTarget {
		w.Helper()
		plans, err := w.desk.Door.PlanOf(w.ctx, aideR, q)
		w.must(err)
		for _, p := range plans {
			for _, s := range p.Sections {
				for _, x := range s.Targets {
					if x.ID == "enough" {
						return x
					}
				}
			}
		}
		t.Fatal("no target")
		return disclose.PlanTarget{}
	}
	if x := plan(disclose.PlanQuery{Day: 20250302}); x.Version != 2 || x.Deadline != "2025" {
		t.Error("on the day before:", x.Version, x.Deadline)
	}
	if x := plan(disclose.PlanQuery{Day: 20250701}); *x.Target.Value != 90 || x.State != "not_met" {
		t.Error("on a later day:", *x.Target.Value)
	}
	if x := plan(disclose.PlanQuery{Seal: "S000001"}); x.Version != 0 || *x.Target.Value != 55 || len(x.Versions) != 0 {
		t.Error("the seal knows what was decided after it:", x.Version)
	}
	text := words(t, w.file(aideR, Query{Kind: HalfYear}, DOCX))
	for _, want := range []string{
		"、目标调整", "够住 | 1 | ≥55人 | 2025 | — | L-1", "够住 | 2 | ≥48人 | — | 2025-03-01 | 文〔2025〕2号", "≥48人 (2027-06-30)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the briefing lacks %q in\n%s", want, text)
		}
	}
}

// What was planned for a year is held against the figure of that year.
func TestBoardBehindAMilestone(t *testing.T) {
	w := newWorld(t)
	w.put("aim_year",
		[]any{"enough", "R", int64(2023), int64(380)}, []any{"enough", "R", int64(2024), int64(520)}, []any{"enough", "R", int64(2025), int64(600)},
		[]any{"plenty", "R", int64(2023), int64(990)}, []any{"plenty", "R", int64(2024), int64(500)},
		[]any{"seen", "R", int64(2023), int64(50)},
		[]any{"some", "B", int64(2024), int64(230)})
	b, got := w.lines(aideR, "")
	if l := got["enough"]; !l.Behind || fmt.Sprint(l.Milestones) != "[{2023 38 met} {2024 52 not_met} {2025 60 no_data}]" || !slices.Contains(l.Heed, Behind) {
		t.Error(l.Behind, l.Milestones, l.Heed)
	}
	if l := got["plenty"]; l.Behind || slices.Contains(l.Heed, Behind) {
		t.Error("it has made good since:", l.Milestones)
	}
	if l := got["seen"]; !l.Behind {
		t.Error("an observation is not held against its milestone:", l.Milestones)
	}
	if got["some"].Milestones != nil {
		t.Error("the city has B's milestone")
	}
	if _, of := w.lines(aideB, ""); !of["some"].Behind || of["enough"].Behind {
		t.Error("B:", of["some"].Milestones, of["enough"].Milestones)
	}
	text := words(t, w.file(aideR, Query{Kind: HalfYear}, DOCX))
	if !strings.Contains(text, "、落后于年度里程碑的目标") || !strings.Contains(text, "1 | 够住 | 2024 | 52人 | 50人") {
		t.Errorf("the briefing says nothing of it:\n%s", text)
	}
	for _, p := range b.Plans {
		n := 0
		for _, l := range p.Lines {
			if len(l.Heed) > 0 {
				n++
			}
		}
		if n != p.Heeded {
			t.Error(p.ID, n, p.Heeded)
		}
	}
}

func TestReasonsToLook(t *testing.T) {
	for name, x := range map[string]struct {
		l    Line
		day  int64
		want string
	}{
		"all well":           {Line{Owned: true, Verdict: Likely}, 20250101, "[]"},
		"nobody's":           {Line{Verdict: Unlikely}, 20250101, "[unowned unlikely]"},
		"the year runs":      {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "not_met", Deadline: "2025"}}, 20251231, "[]"},
		"the year is over":   {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "not_met", Deadline: "2025"}}, 20260101, "[missed]"},
		"met in time":        {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "met", Deadline: "2025"}}, 20260101, "[]"},
		"the day":            {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "not_met", Deadline: "2025-06-30"}}, 20250630, "[]"},
		"the day after":      {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "not_met", Deadline: "2025-06-30"}}, 20250701, "[missed]"},
		"a case is late":     {Line{Owned: true, Cases: []CaseCount{{Open: 2, Late: 1}}}, 20250101, "[late]"},
		"a case is not":      {Line{Owned: true, Cases: []CaseCount{{Open: 2}}}, 20250101, "[]"},
		"words for a date":   {Line{Owned: true, PlanTarget: disclose.PlanTarget{State: "not_met", Deadline: "近期"}}, 20990101, "[]"},
		"behind, and nobody": {Line{PlanTarget: disclose.PlanTarget{Behind: true}}, 20250101, "[unowned behind]"},
	} {
		if got := fmt.Sprint(heed(&x.l, x.day)); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}
