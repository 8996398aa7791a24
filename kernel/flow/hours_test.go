package flow_test

import (
	"strings"
	"testing"
	"time"

	"luoshu/kernel/access"
	"luoshu/kernel/flow"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/notice"
	"luoshu/kernel/store"
)

// Hours run through the night and the weekend, in the zone of the house; reminders
// and escalations are counted in hours; whatever the clock does, each happens once.
func TestHourClock(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		box := notice.New(w.db, w.acc)
		kinds := func() string {
			t.Helper()
			if err := w.fl.Sweep(w.ctx); err != nil {
				t.Fatal(err)
			}
			list, _, err := box.Newest(w.ctx, officerX, 100)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, n := range list {
				out = append([]string{n.Kind}, out...)
			}
			return strings.Join(out, " ")
		}
		at := func(day, hour, minute int) { w.today = time.Date(2025, 3, day, hour, minute, 0, 0, zone) }
		at(14, 16, 40) // a Friday; in UTC it is the same day, 08:40
		a := w.open(clerkA, "alarm", cells{"unit": "A", "topic": "火情"})
		if a.Due != 20250315 || a.DueAt != w.today.Add(24*time.Hour).Unix() {
			t.Fatalf("due %d %d, want Saturday 16:40", a.Due, a.DueAt)
		}
		for _, x := range []struct {
			day, hour, minute int
			want              clock.Reading
			kinds             string
		}{
			{14, 16, 40, clock.Reading{Left: 24}, "due"},
			{15, 14, 39, clock.Reading{Left: 3}, "due"},
			{15, 14, 40, clock.Reading{Left: 2}, "due remind"},
			{15, 16, 40, clock.Reading{}, "due remind"},
			{15, 16, 41, clock.Reading{Over: true}, "due remind"},
			{15, 14, 0, clock.Reading{Left: 3}, "due remind"},                        // the clock went back
			{15, 17, 39, clock.Reading{Over: true}, "due remind"},                    // late, by less than an hour
			{15, 17, 40, clock.Reading{Over: true, Late: 1}, "due remind escalate"},  // raised
			{17, 17, 40, clock.Reading{Over: true, Late: 49}, "due remind escalate"}, // once
			{15, 16, 0, clock.Reading{Left: 1}, "due remind escalate"},               // back again
			{15, 16, 0, clock.Reading{Left: 1}, "due remind escalate"},               // swept twice
			{15, 23, 59, clock.Reading{Over: true, Late: 7}, "due remind escalate"},  // still its day
		} {
			at(x.day, x.hour, x.minute)
			got := kinds()
			if r, u, ok := w.fl.Clock(a); r != x.want || u != clock.Hours || !ok || got != x.kinds {
				t.Errorf("%v: %+v %v, notices %q; want %+v, %q", w.today, r, u, got, x.want, x.kinds)
			}
		}
		// Late on its own day: counted and listed.
		if tl, err := w.fl.Tallies(w.ctx, officerX); err != nil || len(tl) != 1 || tl[0].Late != 1 {
			t.Errorf("%+v, %v", tl, err)
		}
		if l, err := w.fl.List(w.ctx, access.Operator, flow.Query{Late: true}); err != nil || len(l) != 1 || l[0].DueAt != a.DueAt {
			t.Errorf("%+v, %v", l, err)
		}
		if n, err := w.fl.Counts(w.ctx, access.Operator, flow.CountQuery{}); err != nil || len(n) != 1 || n[0].Late != 1 {
			t.Errorf("%+v, %v", n, err)
		}
		if n := w.number(`SELECT count(*) FROM flow_task WHERE org = 'R' AND role = 'planner'`); n != 1 {
			t.Error("it was not raised to the city")
		}
		list, _, err := box.Newest(w.ctx, officerX, 100)
		if err != nil || !strings.Contains(list[0].Text.ZH, "2025-03-15 16:40") || !strings.Contains(list[0].Text.EN, "16:40") {
			t.Errorf("the notice does not say the hour: %+v, %v", list[0], err)
		}
		// The next state begins anew, and ends by itself in the hour, not before.
		at(15, 23, 59)
		b := w.act(officerX, a.No, "pass", "watched", nil)
		at(16, 23, 59)
		kinds()
		if state, _, _ := w.fl.Standing(w.ctx, b.No); state != "watched" {
			t.Error("it ended in its last minute:", state)
		}
		w.today = w.today.Add(time.Second)
		kinds()
		if state, _, _ := w.fl.Standing(w.ctx, b.No); state != "over" {
			t.Error("it did not end:", state)
		}
		w.sound()
	})
}
