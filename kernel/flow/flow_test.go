package flow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/flow"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/flow/public"
	"luoshu/kernel/store"
)

// A problem is found, put right, fails its re-check once, passes, and comes back:
// it is reopened one level higher.
func TestFinding(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "消防通道上锁"})
		if f.No != "WT-2025-00001" || f.State != "told" || f.Due != 20250317 {
			t.Fatalf("%+v", f)
		}
		if _, err := w.try(officerX, f.No, "accept", cells{"measure": "换锁"}); err == nil {
			t.Error("out of turn")
		} else {
			w.kind(err, luoshu.Denied)
			if !strings.Contains(err.(*luoshu.Error).Msg.ZH, "甲校") {
				t.Error("the refusal does not say whose turn it is:", err)
			}
		}
		_, err := w.try(clerkA, f.No, "accept", nil)
		w.kind(err, luoshu.Invalid)
		if f := w.act(clerkA, f.No, "accept", "rectify", cells{"measure": "换锁", "promised": "2025-03-20"}); f.Due != 20250320 {
			t.Error("what was promised is not the due date:", f.Due)
		}
		_, err = w.try(officerX, f.No, "submit", nil)
		w.kind(err, luoshu.Invalid) // no paper
		w.act(officerX, f.No, "submit", "recheck", nil, w.paper(officerX))
		_, err = w.try(inspector, f.No, "fail", nil)
		w.kind(err, luoshu.Invalid) // no remark
		w.act(inspector, f.No, "fail", "rectify", nil, note("仍上锁"))
		w.act(officerX, f.No, "submit", "recheck", nil, w.paper(officerX))
		done := w.act(inspector, f.No, "pass", "closed", nil)
		if done.Closed != 20250310 || w.value(done, "steps").I != 6 {
			t.Errorf("%+v", done)
		}
		if n := w.number(`SELECT count(*) FROM r_note WHERE code = ? AND _to IS NULL`, f.No); n != 1 {
			t.Error("the effect wrote", n, "notes")
		}
		_, err = w.try(clerkA, f.No, "accept", cells{"measure": "x"})
		w.kind(err, luoshu.Denied) // after the end
		w.today = w.today.AddDate(0, 6, 0)
		back := w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "又上锁了"})
		if back.No != f.No || back.Level != 1 || back.State != "rectify" || w.value(back, "problem").S != "又上锁了" {
			t.Fatalf("%+v", back)
		}
		if n := w.number(`SELECT count(*) FROM flow_task WHERE case_id = ? AND org = 'R'`, back.ID); n == 0 {
			t.Error("it does not lie one level higher")
		}
		_, err = w.fl.Open(w.ctx, inspector, flow.Opening{ID: w.id(), Type: "finding", Handed: flow.Handed{Cells: cells{"unit": "A", "clause": "3.2", "problem": "第三次"}}})
		w.kind(err, luoshu.Conflict)
		other := w.open(inspector, "finding", cells{"unit": "B", "clause": "3.2", "problem": "上锁"})
		if other.No != "WT-2025-00002" {
			t.Error(other.No)
		}
		w.sound()
	})
}

// The days left are working days, below 0 once it is late, and none after the end.
func TestDaysLeft(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "p"})
		for _, x := range []struct {
			days int
			left int64
		}{{0, 5}, {1, 4}, {7, 0}, {8, -1}} {
			now := w.today
			w.today = w.today.AddDate(0, 0, x.days)
			if r, u, ok := w.fl.Clock(f); r.Left-r.Late != x.left || u != clock.Worked || !ok {
				t.Errorf("after %d days: %+v %v %v", x.days, r, u, ok)
			}
			w.today = now
		}
		f.Closed = f.Opened
		if _, _, ok := w.fl.Clock(f); ok {
			t.Error("a settled case has a clock")
		}
	})
}

// Acting twice, acting at once, and a step altered behind the ledger's back.
func TestTwiceAndAtOnce(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		o := flow.Opening{ID: "opening-once", Type: "finding", Handed: flow.Handed{Cells: cells{"unit": "A", "clause": "1", "problem": "p"}}}
		one, err := w.fl.Open(w.ctx, inspector, o)
		if err != nil {
			t.Fatal(err)
		}
		two, err := w.fl.Open(w.ctx, inspector, o)
		if err != nil || two.No != one.No || w.number(`SELECT count(*) FROM flow_case`) != 1 {
			t.Fatal(two, err)
		}
		a := flow.Act{ID: "acting-once", No: one.No, Action: "accept", Step: 1, Handed: flow.Handed{Cells: cells{"measure": "m"}}}
		if _, err := w.fl.Act(w.ctx, clerkA, a); err != nil {
			t.Fatal(err)
		}
		if again, err := w.fl.Act(w.ctx, clerkA, a); err != nil || again.Step != 2 {
			t.Fatal(again, err)
		}
		late := a
		late.ID = "acting-late"
		_, err = w.fl.Act(w.ctx, headA, late)
		w.kind(err, luoshu.Conflict)
		w.sound()
		if _, err := w.db.Exec(w.ctx, `UPDATE flow_step SET note = 'x' WHERE step = 2`); err != nil {
			t.Fatal(err)
		}
		if bad, err := w.fl.Check(w.ctx); err != nil || len(bad) != 1 || !strings.Contains(bad[0].EN, "flow_step.note") {
			t.Error("an altered remark is not found:", bad, err)
		}
		if c, err := w.fl.See(w.ctx, inspector, one.No); err != nil {
			t.Fatal(err)
		} else if _, err := w.fl.Steps(w.ctx, c); err == nil {
			t.Error("a remark that somebody put into the database is shown")
		}
		if _, err := w.db.Exec(w.ctx, `UPDATE flow_step SET note = '', hash = 'ab' WHERE step = 2`); err != nil {
			t.Fatal(err)
		}
		if bad, err := w.fl.Check(w.ctx); err != nil || len(bad) != 2 {
			t.Error("an altered hash is not found:", bad, err)
		}
	})
}

// An application is sent back once with a list, completed, signed by two, shown to
// the public for its days, listed, revoked.
func TestRecognition(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		s := w.open(clerkA, "site", cells{"unit": "A", "name": "示范校", "criteria": "一"})
		_, err := w.try(officerX, s.No, "incomplete", nil)
		w.kind(err, luoshu.Invalid)
		missing := func(a *flow.Act) {
			a.Missing = []flow.Missing{{Field: "plan", Note: "没有方案"}, {Paper: "承诺书", Note: "未附"}}
		}
		w.act(officerX, s.No, "incomplete", "complete", nil, missing)
		_, err = w.try(clerkA, s.No, "resubmit", cells{"criteria": "改掉"})
		w.kind(err, luoshu.Invalid) // was complete: not asked for again
		w.act(clerkA, s.No, "resubmit", "check", cells{"plan": "三年方案"})
		_, err = w.try(officerX, s.No, "incomplete", nil, missing)
		w.kind(err, luoshu.Denied) // once
		w.act(officerX, s.No, "forward", "joint", nil)
		w.act(officerX, s.No, "agree", "joint", nil)
		_, err = w.try(officerX, s.No, "agree", nil)
		w.kind(err, luoshu.Denied) // signed already
		s = w.act(planner, s.No, "agree", "public", nil)
		pub, err := public.Published(w.ctx, w.db, "site", 0, 0)
		if err != nil || len(pub) != 1 || pub[0].Label != "示范校" || strings.Contains(string(pub[0].Body), "方案") {
			t.Fatalf("%+v %v", pub, err)
		}
		if err := w.fl.Sweep(w.ctx); err != nil || w.number(`SELECT count(*) FROM flow_case WHERE state = 'public'`) != 1 {
			t.Fatal("listed too early", err)
		}
		w.today = w.today.AddDate(0, 0, 8)
		for range 2 {
			if err := w.fl.Sweep(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if w.number(`SELECT count(*) FROM flow_case WHERE state = 'listed' AND step = 7`) != 1 {
			t.Error("the clock did not list it, or twice")
		}
		_, err = w.try(planner, s.No, "revoke", nil)
		w.kind(err, luoshu.Invalid)
		w.act(planner, s.No, "revoke", "revoked", nil, note("弄虚作假"))
		if pub, err := public.Published(w.ctx, w.db, "site", 0, 0); err != nil || len(pub) != 0 {
			t.Error("still shown", pub, err)
		}
		w.sound()
	})
}

// Nothing reaches an organisation without a consent that covers it, nor beyond the
// year's cap.
func TestConsent(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		visit := func(unit, code string) error {
			_, err := w.fl.Open(w.ctx, inspector, flow.Opening{ID: w.id(), Type: "visit", Handed: flow.Handed{Cells: cells{"unit": unit, "topic": "食品安全", "permit_code": code}}})
			return err
		}
		w.kind(visit("A", ""), luoshu.Denied)
		w.kind(visit("A", "ABCD-2345"), luoshu.Denied)
		k := w.open(officerX, "consent", cells{"unit": "X", "subject": "食品安全专项", "from_day": "2025-03-10", "to_day": "2025-03-31"})
		_, err := w.try(officerX, k.No, "grant", nil)
		w.kind(err, luoshu.Denied)
		k = w.act(planner, k.No, "grant", "granted", nil)
		code := w.value(k, "code").S
		p, err := public.PermitByCode(w.ctx, w.db, strings.ToLower(strings.ReplaceAll(code, "-", " ")), w.fl.Today())
		if err != nil || !p.Holds || p.Org != "X" || p.Case != k.No {
			t.Fatalf("%+v %v", p, err)
		}
		for range 2 {
			if err := visit("A", code); err != nil {
				t.Fatal(err)
			}
		}
		w.kind(visit("A", code), luoshu.Denied) // the cap
		w.kind(visit("C", code), luoshu.Denied) // another county
		w.today = w.today.AddDate(0, 1, 0)
		w.kind(visit("B", code), luoshu.Denied) // over
		w.today = w.today.AddDate(0, -1, 0)
		w.act(planner, k.No, "revoke", "refused", nil)
		w.kind(visit("B", code), luoshu.Denied) // revoked
		all, err := w.fl.Burdens(w.ctx, clerkA, "A")
		if err != nil || all[0].Kind != "visit" || all[0].N != 2 || all[0].Cap != 2 {
			t.Error(all, err)
		}
		if _, err := w.fl.Burdens(w.ctx, clerkA, "B"); err == nil {
			t.Error("another's burden is shown")
		}
		w.sound()
	})
}

// A campaign is sent to every house under a county, and ends when all have answered.
func TestCampaign(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		w.put("house", row{"code": "D", "name": "停办", "office": "X"})
		k := w.open(officerX, "consent", cells{"unit": "X", "subject": "年报", "from_day": "2025-03-10", "to_day": "2025-03-31"})
		k = w.act(planner, k.No, "grant", "granted", nil)
		m := w.open(officerX, "campaign", cells{"unit": "X", "subject": "年报"})
		_, err := w.try(officerX, m.No, "send", nil)
		w.kind(err, luoshu.Denied)
		m = w.act(officerX, m.No, "send", "running", cells{"permit_code": w.value(k, "code").S})
		parts, err := w.fl.List(w.ctx, officerX, flow.Query{Parent: m.No})
		if err != nil || len(parts) != 2 {
			t.Fatal(parts, err)
		}
		_, err = w.try(officerX, m.No, "close", nil)
		w.kind(err, luoshu.Invalid)
		for _, p := range parts {
			by := map[string]luoshu.Actor{"A": clerkA, "B": clerkB}[p.Unit]
			w.act(by, p.No, "hand-in", "done", cells{"answer": "已填"})
		}
		w.act(officerX, m.No, "close", "closed", nil)
		w.sound()
	})
}

// Clocks: a reminder, two escalations, each once; a clock that jumps back does
// nothing.
func TestClock(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "1", "problem": "p"}) // due on Monday 17 March
		at := func(day int, remind, escalate, tasksUp int64) {
			t.Helper()
			w.today = time.Date(2025, 3, day, 9, 0, 0, 0, time.UTC)
			for range 2 {
				if err := w.fl.Sweep(w.ctx); err != nil {
					t.Fatal(err)
				}
			}
			r := w.number(`SELECT count(DISTINCT mark) FROM notice WHERE kind = 'remind' AND org = 'A' AND role = 'clerk'`)
			e := w.number(`SELECT raised FROM flow_case WHERE no = ?`, f.No)
			up := w.number(`SELECT count(DISTINCT org) FROM flow_task WHERE case_id = ? AND org IN ('X', 'R')`, f.ID)
			if r != remind || e != escalate || up != tasksUp {
				t.Errorf("on %d: %d reminders, raised %d, %d above", day, r, e, up)
			}
		}
		at(11, 0, 0, 0)
		at(13, 1, 0, 0)
		at(17, 1, 0, 0)
		at(18, 1, 1, 1)
		at(12, 1, 1, 1)
		at(31, 1, 2, 2)
		w.act(officerX, f.No, "accept", "rectify", cells{"measure": "县里代办"})
		if f, err := w.fl.See(w.ctx, clerkA, f.No); err != nil || f.Raised != 0 {
			t.Error(f, err)
		}
		w.sound()
	})
}

// A role that nobody holds: the case lies above too, says so, and comes back once
// somebody does.
func TestUnheld(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(planner2(w), "finding", cells{"unit": "C", "clause": "1", "problem": "p"})
		seats, err := w.fl.Seats(w.ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(seats, func(s flow.Task) bool { return s.Org == "C" && s.Unheld }) ||
			!slices.ContainsFunc(seats, func(s flow.Task) bool { return s.Org == "Y" && s.Role == "officer" && !s.Unheld }) {
			t.Fatalf("%+v", seats)
		}
		clerkC := luoshu.Actor{Name: "clerkc", Role: "clerk", Org: "C"}
		if err := w.acc.CreateAccount(w.ctx, "clerkc", "a long pass word 7", "clerk", "C", luoshu.Text{ZH: "丙", EN: "C"}); err != nil {
			t.Fatal(err)
		}
		if err := w.fl.Sweep(w.ctx); err != nil {
			t.Fatal(err)
		}
		if n := w.number(`SELECT count(*) FROM flow_task WHERE org = 'C' AND role = 'clerk' AND unheld = 1`); n != 0 {
			t.Error("it still says that nobody holds it")
		}
		w.act(clerkC, f.No, "accept", "rectify", cells{"measure": "m"})
		if err := w.acc.Disable(w.ctx, "officery", true); err != nil {
			t.Fatal(err)
		}
		if err := w.fl.Sweep(w.ctx); err != nil {
			t.Fatal(err)
		}
		if n := w.number(`SELECT count(*) FROM flow_task WHERE org = 'R' AND unheld = 0`); n == 0 {
			t.Error("it did not go to the city")
		}
		w.sound()
	})
}

func planner2(w *world) luoshu.Actor {
	a := luoshu.Actor{Name: "cityinspector", Role: "inspector", Org: "R"}
	if err := w.acc.CreateAccount(w.ctx, a.Name, "a long pass word 7", a.Role, a.Org, luoshu.Text{ZH: "市督学", EN: "I"}); err != nil {
		w.Fatal(err)
	}
	return a
}

// What is said in a case, the texts of a restricted register and those that a pack
// seals lie encrypted, and are read as they were written.
func TestTextsLieSealed(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		x := w.open(headA, "secret", cells{"unit": "A", "matter": "某事", "found_at": "操场"})
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "1", "problem": "p"})
		f, err := w.try(clerkA, f.No, "accept", cells{"measure": "换锁"}, note("张三来过"))
		if err != nil {
			t.Fatal(err)
		}
		for q, n := range map[string]int64{
			`SELECT count(*) FROM r_secret WHERE matter <> '' OR found_at <> ''`: 0,
			`SELECT count(*) FROM r_finding WHERE measure <> ''`:                 0,
			`SELECT count(*) FROM flow_step WHERE note LIKE '%张三%'`:              0,
			`SELECT count(*) FROM flow_step WHERE note LIKE '~1~%'`:              1,
			`SELECT count(*) FROM r_finding WHERE problem = 'p'`:                 2, // neither sealed nor restricted
		} {
			if got := w.number(q); got != n {
				t.Errorf("%s: %d, want %d", q, got, n)
			}
		}
		if a, b, m := w.value(x, "matter").S, w.value(x, "found_at").S, w.value(f, "measure").S; a != "某事" || b != "操场" || m != "换锁" {
			t.Error("read as", a, b, m)
		}
		steps, err := w.fl.Steps(w.ctx, f)
		if err != nil || len(steps) != 2 || steps[1].Note != "张三来过" {
			t.Error(steps, err)
		}
		w.sound()
	})
}

// Who sees what: scope, openers, restricted cases; the inbox.
func TestSeeing(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "1", "problem": "p"})
		x := w.open(headA, "secret", cells{"unit": "A", "matter": "某事"})
		for _, s := range []struct {
			by     luoshu.Actor
			no     string
			may    bool
			listed int
		}{
			{clerkA, f.No, true, 1},
			{headA, f.No, true, 2},
			{officerX, f.No, true, 1},
			{planner, f.No, true, 1},
			{inspector, f.No, true, 1},
			{clerkB, f.No, false, 0},
			{officerY, f.No, false, 0},
			{headA, x.No, true, 2},
			{clerkA, x.No, false, 1},
			{officerX, x.No, false, 1},
			{planner, x.No, false, 1},
		} {
			if _, err := w.fl.See(w.ctx, s.by, s.no); (err == nil) != s.may {
				t.Errorf("%s sees %s: %v", s.by.Name, s.no, err)
			}
			list, err := w.fl.List(w.ctx, s.by, flow.Query{})
			if err != nil || len(list) != s.listed {
				t.Errorf("%s: %d cases listed, %v", s.by.Name, len(list), err)
			}
		}
		in, err := w.fl.Inbox(w.ctx, clerkA, flow.InboxQuery{})
		if err != nil || len(in) != 1 || in[0].No != f.No {
			t.Error(in, err)
		}
		if err := w.fl.Take(w.ctx, clerkA, f.No, true); err != nil {
			t.Fatal(err)
		}
		if err := w.fl.Take(w.ctx, officerX, f.No, true); err == nil {
			t.Error("somebody took what is not theirs to do")
		}
		if err := w.acc.Disable(w.ctx, "clerka", true); err != nil {
			t.Fatal(err)
		}
		if err := w.fl.Sweep(w.ctx); err != nil || w.number(`SELECT count(*) FROM flow_task WHERE taken <> ''`) != 0 {
			t.Error("what somebody took who has left is not free", err)
		}
		_, err = w.fl.Inbox(w.ctx, luoshu.Actor{Name: "r", Role: "reader", Org: "A"}, flow.InboxQuery{})
		w.kind(err, luoshu.Denied)
	})
}

// A case that another one opens comes back too: found again by the same patrol, the
// closed one is reopened, with what was found now.
func TestRecursByEffect(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		w.open(inspector, "patrol", cells{"unit": "A", "problem": "第一次"})
		no := "WT-2025-00001"
		_, err := w.fl.Open(w.ctx, inspector, flow.Opening{ID: w.id(), Type: "patrol", Handed: flow.Handed{Cells: cells{"unit": "A", "problem": "还在"}}})
		w.kind(err, luoshu.Conflict)
		if n := w.number(`SELECT count(*) FROM flow_case WHERE type = 'patrol'`); n != 1 {
			t.Error("a refused opening left", n, "cases")
		}
		w.act(clerkA, no, "accept", "rectify", cells{"measure": "m"})
		w.act(officerX, no, "submit", "recheck", nil, w.paper(officerX))
		w.act(inspector, no, "pass", "closed", nil)
		w.open(inspector, "patrol", cells{"unit": "A", "problem": "又来了"})
		back, err := w.fl.See(w.ctx, inspector, no)
		if err != nil || back.Level != 1 || back.State != "rectify" || w.value(back, "problem").S != "又来了" || w.value(back, "measure").S != "m" {
			t.Errorf("%+v %v", back, err)
		}
		if n := w.number(`SELECT count(*) FROM flow_case WHERE type = 'finding'`); n != 1 {
			t.Error(n, "findings")
		}
		w.sound()
	})
}

// Papers of one act may be named in any order: the timeline is sound all the same. Their
// ids are drawn, and decide the order of what came in one second.
func TestPapersInAnyOrder(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		f := w.open(inspector, "finding", cells{"unit": "A", "clause": "3.2", "problem": "消防通道上锁"})
		w.act(clerkA, f.No, "accept", "rectify", cells{"measure": "换锁", "promised": "2025-03-20"})
		for range 4 {
			w.act(officerX, f.No, "submit", "recheck", nil, w.paper(officerX), w.paper(officerX), w.paper(officerX))
			w.act(inspector, f.No, "fail", "rectify", nil, note("仍上锁"))
		}
		w.sound()
	})
}
