package duty_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/duty"
	"luoshu/kernel/store"
)

// What is due follows from the day alone.
func TestStatesFollowFromTheDay(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	for _, x := range []struct {
		id, org string
		on      int64
		want    string
	}{
		{"O01", city, 20220101, "2022-H1 not_yet"}, // the plan was not issued yet, nor had the period it fell into begun
		{"O01", city, 20220601, "2022-H1 due"},
		{"O01", city, 20220630, "2022-H1 due"},
		{"O01", city, 20220701, "2022-H1 overdue, 2022-H2 due"},
		{"O01", city, 20240930, "2024-H1 overdue, 2024-H2 due"}, // older ones are history
		{"O01", schoolA, 20240930, ""},                          // not owed there
		{"O03", schoolA, 20240930, "T20240215 overdue, T20240901 due"},
		{"O03", schoolA, 20240214, "T20230215 overdue, T20230901 due"},
		{"O03", schoolK, 20240930, ""}, // a kindergarten
		{"O09", schoolD, 20240930, ""}, // closed in July
		{"O09", schoolD, 20240630, "2023 overdue, 2024 due"},
		{"O31", schoolS, 20240930, "M20230101 overdue, M20240101 due"},
		{"O31", schoolA, 20240930, ""},
		{"O40", schoolA, 20240930, "M20240801 overdue, M20240901 due"},
		{"O17", countyX, 20240930, "M20210101 due"},
		{"O17", countyX, 20260101, "M20210101 overdue, M20260101 due"},
		{"O18", countyX, 20240930, "M20210101 overdue, M20230101 due"},
		{"O58", countyX, 20220525, "once due"},
		{"O58", countyX, 20220524, "once not_yet"},
		{"O58", countyX, 20230101, "once overdue"},
		{"O60", city, 20230831, "once due"},
		{"O60", city, 20230901, "once overdue"},
		{"O66", schoolA, 20240930, "M20240101 unknown"},
		{"O51", schoolA, 20240930, " quiet"},
	} {
		got := tn.list(access.Operator, x.id, x.org, x.on)
		slices.Sort(got)
		if strings.Join(got, ", ") != x.want {
			t.Errorf("%s at %s on %d: %q, want %q", x.id, x.org, x.on, strings.Join(got, ", "), x.want)
		}
	}
	l, err := tn.List(tn.ctx, access.Operator, duty.Query{On: 20240930, Org: city, Own: true, Duty: "O01", States: []string{duty.Due}})
	if err != nil || len(l.Rows) != 1 || l.Rows[0].Left != 92 || l.Rows[0].WorkLeft != tn.conf.Days.Between(20240930, 20241231) || !l.Rows[0].Sure {
		t.Errorf("days left: %+v, %v", l, err)
	}
	if l.Counts[duty.Overdue] != 1 || l.Counts[duty.Due] != 1 || l.Total != 1 {
		t.Errorf("counts %v of %d", l.Counts, l.Total)
	}
	l, err = tn.List(tn.ctx, access.Operator, duty.Query{On: 20300701, Org: city, Own: true, Duty: "O01", States: []string{duty.Due}})
	if err != nil || l.Rows[0].Sure {
		t.Error("the calendar of 2030 is said to be known")
	}
	for _, on := range []int64{20240230, 18990101, 22010101, 7} {
		if _, err := tn.List(tn.ctx, access.Operator, duty.Query{On: on}); kind(t, err) != luoshu.Invalid {
			t.Errorf("day %d: %v", on, err)
		}
	}
}

// A mark is made by the organisation that owes the duty, in a period that has begun,
// and stays when it is taken back.
func TestMarks(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		x := as("county", countyX)
		good := duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912}
		for name, r := range map[string]struct {
			actor luoshu.Actor
			r     duty.Request
			want  luoshu.ErrKind
		}{
			"for a school by its county":  {x, duty.Request{Duty: "O09", Org: schoolA, Period: "2024", On: 20240901}, luoshu.Denied},
			"for the neighbour":           {as("county", countyY), good, luoshu.NotFound},
			"by the city for a county":    {as("planner", city), good, luoshu.Denied},
			"without the right":           {as("leader", countyX), good, luoshu.Denied},
			"by another role":             {as("inspector", countyX), good, luoshu.Denied},
			"not owed":                    {as("clerk", schoolA), duty.Request{Duty: "O01", Org: schoolA, Period: "2024-H2", On: 20240912}, luoshu.Denied},
			"not owed by kindergartens":   {as("clerk", schoolK), duty.Request{Duty: "O09", Org: schoolK, Period: "2024", On: 20240912}, luoshu.Denied},
			"no such duty":                {x, duty.Request{Duty: "O99", Org: countyX, Period: "2024-H2", On: 20240912}, luoshu.NotFound},
			"no such organisation":        {x, duty.Request{Duty: "O01", Org: "nowhere", Period: "2024-H2", On: 20240912}, luoshu.NotFound},
			"no such period":              {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024", On: 20240912}, luoshu.Invalid},
			"before the plan":             {x, duty.Request{Duty: "O01", Org: countyX, Period: "2021-H2", On: 20210912}, luoshu.Invalid},
			"not begun":                   {x, duty.Request{Duty: "O01", Org: countyX, Period: "2025-H1", On: 20240912}, luoshu.Conflict},
			"tomorrow":                    {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20241001}, luoshu.Invalid},
			"no day":                      {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240931}, luoshu.Invalid},
			"before the period":           {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240630}, luoshu.Invalid},
			"a long note":                 {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Note: strings.Repeat("长", 1001)}, luoshu.Invalid},
			"a long evidence":             {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Evidence: strings.Repeat("x", 501)}, luoshu.Invalid},
			"control characters":          {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Note: "a\x00b"}, luoshu.Invalid},
			"bytes that are no text":      {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Note: "\xff"}, luoshu.Invalid},
			"unmet, of a recurring one":   {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Kind: duty.Unmet}, luoshu.Invalid},
			"an event of a recurring one": {x, duty.Request{Duty: "O01", Org: countyX, On: 20240912, Kind: duty.Event, Note: "x"}, luoshu.Invalid},
			"something not seen":          {x, duty.Request{Duty: "O01", Org: countyX, Period: "2024-H2", On: 20240912, Seen: 3}, luoshu.Conflict},
		} {
			if _, got := tn.mark(r.actor, r.r); got != r.want {
				t.Errorf("%s: %q, want %q", name, got, r.want)
			}
		}
		bare := good
		if _, err := tn.Mark(tn.ctx, x, bare); kind(t, err) != luoshu.Invalid {
			t.Errorf("without evidence: %v", err)
		}
		m, bad := tn.mark(x, good)
		if bad != "" || m.N != 1 {
			t.Fatal(m, bad)
		}
		// A late mark makes the former period good as of its day, not before.
		late := good
		late.Period = "2024-H1"
		if _, bad := tn.mark(x, late); bad != "" {
			t.Fatal(bad)
		}
		want := func(on int64, states string) {
			t.Helper()
			got := tn.list(x, "O01", "", on)
			slices.Sort(got)
			if strings.Join(got, ", ") != states {
				t.Errorf("on %d: %v, want %s", on, got, states)
			}
		}
		want(20240911, "2024-H1 overdue, 2024-H2 due")
		want(20240912, "2024-H2 done")
		if _, bad := tn.mark(x, good); bad != luoshu.Conflict {
			t.Errorf("the same again, unseen: %q", bad)
		}
		good.Seen = 1
		if _, bad := tn.mark(x, good); bad != "" {
			t.Errorf("a second hearing: %q", bad)
		}
		if _, err := tn.Withdraw(tn.ctx, as("county", countyY), 1, "x"); kind(t, err) != luoshu.NotFound {
			t.Errorf("taken back by the neighbour: %v", err)
		}
		if _, err := tn.Withdraw(tn.ctx, as("planner", city), 1, "x"); kind(t, err) != luoshu.Denied {
			t.Errorf("taken back from above: %v", err)
		}
		if _, err := tn.Withdraw(tn.ctx, x, 1, " "); kind(t, err) != luoshu.Invalid {
			t.Errorf("taken back without a reason: %v", err)
		}
		for _, n := range []int64{1, 3} {
			if _, err := tn.Withdraw(tn.ctx, x, n, "记错了"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tn.Withdraw(tn.ctx, x, 1, "again"); kind(t, err) != luoshu.Conflict {
			t.Errorf("taken back twice: %v", err)
		}
		want(20240930, "2024-H2 due")
		d, err := tn.Detail(tn.ctx, as("planner", city), "O01", countyX, 0)
		if err != nil || d.May || d.WhyNot == nil || len(d.History) != 6 || d.History[0].Period.Key != "2024-H2" {
			t.Fatalf("%+v, %v", d, err)
		}
		said := d.History[0].Said
		if len(said) != 2 || said[0].Withdrawn == "" || said[0].Reason != "记错了" || said[0].Taker != "county-"+countyX {
			t.Errorf("what was taken back does not stand: %+v", said)
		}
		if d.History[1].State != duty.Done || d.History[2].State != duty.Overdue || d.History[5].Period.Key != "2022-H1" {
			t.Errorf("history %+v", d.History)
		}
	})
}

// Two who mark one thing at once: one does, the other is told.
func TestTwoAtOnce(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		var mu sync.Mutex
		got := map[luoshu.ErrKind]int{}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				_, err := tn.Mark(context.Background(), as("clerk", schoolA), duty.Request{Duty: "O09", Org: schoolA, Period: "2024", On: 20240901, Evidence: "照片"})
				mu.Lock()
				defer mu.Unlock()
				got[kind(t, err)]++
			})
		}
		wg.Wait()
		if got[""] != 1 || got[luoshu.Conflict] != 5 {
			t.Errorf("%v", got)
		}
	})
}

// An event is answered within working days, which the calendar counts.
func TestEvents(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		a := as("clerk", schoolA)
		if _, bad := tn.mark(a, duty.Request{Duty: "O51", Org: schoolA, Kind: duty.Event, On: 20240930}); bad != luoshu.Invalid {
			t.Errorf("an event without a word: %q", bad)
		}
		e, bad := tn.mark(a, duty.Request{Duty: "O51", Org: schoolA, Kind: duty.Event, On: 20240930, Note: "校舍受损"})
		if bad != "" || e.Period != "E1" {
			t.Fatal(e, bad)
		}
		tn.at(20241009)
		for on, want := range map[int64]string{20240929: " quiet", 20240930: "E1 due", 20241007: "E1 due", 20241008: "E1 due", 20241009: "E1 overdue"} {
			if got := tn.list(a, "O51", "", on); strings.Join(got, ", ") != want {
				t.Errorf("on %d: %v, want %s", on, got, want)
			}
		}
		falls, err := tn.Falls(tn.ctx, a, duty.Query{Own: true, Duty: "O51"}, 202410)
		if err != nil || len(falls) != 1 || falls[0].Day != 20241008 || falls[0].Counts[duty.Overdue] != 1 {
			t.Errorf("the month: %+v, %v", falls, err)
		}
		for period, want := range map[string]luoshu.ErrKind{"E2": luoshu.NotFound, "": luoshu.NotFound, "2024": luoshu.NotFound} {
			if _, got := tn.mark(a, duty.Request{Duty: "O51", Org: schoolA, Period: period, On: 20241009}); got != want {
				t.Errorf("answering %q: %q", period, got)
			}
		}
		if _, got := tn.mark(a, duty.Request{Duty: "O51", Org: schoolA, Period: "E1", On: 20240929, Seen: 1}); got != luoshu.Invalid {
			t.Errorf("answered before it happened: %q", got)
		}
		if _, got := tn.mark(as("clerk", schoolB), duty.Request{Duty: "O51", Org: schoolB, Period: "E1", On: 20241009, Seen: 1}); got != luoshu.NotFound {
			t.Errorf("another school's event: %q", got)
		}
		if _, got := tn.mark(a, duty.Request{Duty: "O51", Org: schoolA, Period: "E1", On: 20241009, Seen: 1}); got != "" {
			t.Fatalf("answered: %q", got)
		}
		if got := tn.list(a, "O51", "", 0); strings.Join(got, ", ") != "E1 done" {
			t.Errorf("after it was answered: %v", got)
		}
		// Before the activity: the day itself.
		if _, bad := tn.mark(as("county", countyX), duty.Request{Duty: "O56", Org: countyX, Kind: duty.Event, On: 20241007, Note: "进校园活动"}); bad != "" {
			t.Fatal(bad)
		}
		if got := tn.list(as("county", countyX), "O56", "", 20241008); strings.Join(got, ", ") != "E3 overdue" {
			t.Errorf("consent: %v", got)
		}
	})
}

// A figure decides where it can; else the organisation's own word; else it is unknown.
func TestStanding(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	a := as("clerk", schoolA)
	if _, bad := tn.mark(a, duty.Request{Duty: "O66", Org: schoolA, Period: "M20240101", On: 20240901, Kind: duty.Unmet, Evidence: "-", Note: "教师离职"}); bad != "" {
		t.Fatal(bad)
	}
	if got := tn.list(a, "O66", "", 0); strings.Join(got, ",") != "M20240101 unmet" {
		t.Error(got)
	}
	if _, bad := tn.mark(a, duty.Request{Duty: "O66", Org: schoolA, Period: "M20240101", On: 20240920, Seen: 1}); bad != "" {
		t.Fatal(bad)
	}
	if got := tn.list(a, "O66", "", 0); strings.Join(got, ",") != "M20240101 met" {
		t.Error(got)
	}
	if got := tn.list(a, "O66", "", 20240910); strings.Join(got, ",") != "M20240101 unmet" {
		t.Error("as of ten days before:", got)
	}
	if got := tn.list(a, "O66", "", 20250101); strings.Join(got, ",") != "M20250101 unknown" {
		t.Error("a new year:", got)
	}
	full, part := 100.0, 99.2
	asked := 0
	tn.conf.Figures = func(_ context.Context, _ luoshu.Actor, id string, _ map[string]string, _ int64) (map[string]duty.Measure, error) {
		if id == "teacher-certificate-rate" {
			asked++
		}
		return map[string]duty.Measure{schoolA: {Value: &full, Year: 2024}, schoolB: {Value: &part, Year: 2024}, schoolK: {Suppressed: true, Year: 2024}}, nil
	}
	tn.Keeper = duty.New(tn.conf)
	for org, want := range map[string]string{schoolA: "met", schoolB: "unmet", schoolK: "unknown", schoolS: "unknown"} {
		if got := tn.list(as("planner", city), "O69", org, 0); strings.Join(got, ",") != "M20240101 "+want {
			t.Errorf("%s: %v, want %s", org, got, want)
		}
	}
	if asked != 4 {
		t.Errorf("the figure was asked for %d times in 4 lists", asked)
	}
	// The figure outweighs the organisation's word.
	if _, bad := tn.mark(as("clerk", schoolB), duty.Request{Duty: "O69", Org: schoolB, Period: "M20240101", On: 20240901}); bad != "" {
		t.Fatal(bad)
	}
	if got := tn.list(as("planner", city), "O69", schoolB, 0); strings.Join(got, ",") != "M20240101 unmet" {
		t.Error(got)
	}
}

// Closed cases of the duty's type count as done.
func TestCasesCount(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	var from, to int64
	tn.conf.Cases = func(_ context.Context, kind, org string, a, b int64) (int, error) {
		if from, to = a, b; kind == "festival" && org == schoolA {
			return 1, nil
		}
		return 0, nil
	}
	tn.Keeper = duty.New(tn.conf)
	d := tn.conf.Book.Duty("O09")
	d.Case = "festival"
	for org, want := range map[string]string{schoolA: "2023 done", schoolB: "2023 overdue"} {
		got := tn.list(as("planner", city), "O09", org, 20240930)
		if org == schoolA && !slices.Contains(got, "2024 done") || org == schoolB && !slices.Contains(got, want) {
			t.Errorf("%s: %v", org, got)
		}
	}
	if from != 20230101 || to != 20231231 {
		t.Errorf("asked from %d to %d", from, to)
	}
}

// Counts of units are by code, of each reader's own reach, and add up.
func TestUnits(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	units, err := tn.Units(tn.ctx, as("planner", city), duty.Query{})
	if err != nil || len(units) != 3 || !units[0].Self || units[1].Org.Code != countyY || units[2].Org.Code != countyX {
		t.Fatalf("%+v, %v", units, err)
	}
	l, err := tn.List(tn.ctx, as("planner", city), duty.Query{})
	if err != nil {
		t.Fatal(err)
	}
	sum := map[string]int{}
	for _, u := range units {
		for s, n := range u.Counts {
			sum[s] += n
		}
	}
	for s, n := range l.Counts {
		if sum[s] != n || n == 0 {
			t.Errorf("%s: %d in units, %d in the list", s, sum[s], n)
		}
	}
	if !slices.IsSortedFunc(l.Rows, func(a, b duty.Instance) int {
		return slices.Index(duty.States(), a.State) - slices.Index(duty.States(), b.State)
	}) {
		t.Error("the list is not in the order of states")
	}
	if units, err = tn.Units(tn.ctx, as("clerk", schoolA), duty.Query{}); err != nil || len(units) != 1 {
		t.Errorf("a school's units: %+v, %v", units, err)
	}
	for _, org := range []string{schoolB, city, "nowhere"} {
		if _, err := tn.Units(tn.ctx, as("clerk", schoolA), duty.Query{Org: org}); kind(t, err) != luoshu.NotFound {
			t.Errorf("a school looks at %s: %v", org, err)
		}
	}
	if _, err := tn.Units(tn.ctx, as("teacher", schoolA), duty.Query{}); kind(t, err) != luoshu.Denied {
		t.Errorf("without the right: %v", err)
	}
	if n, err := tn.Waiting(tn.ctx, as("clerk", schoolA)); err != nil || n == 0 {
		t.Errorf("waiting: %d, %v", n, err)
	}
}

// The month shows each duty on the day on which its period ends.
func TestMonth(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	falls, err := tn.Falls(tn.ctx, as("planner", city), duty.Query{On: 20241130}, 202412)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int64{}
	for _, f := range falls {
		seen[f.Duty.ID] = f.Day
		if f.Day/100 != 202412 {
			t.Errorf("%s falls on %d", f.Duty.ID, f.Day)
		}
	}
	if seen["O01"] != 20241231 || seen["O40"] != 20241231 || seen["O17"] != 0 || seen["O66"] != 0 {
		t.Errorf("%v", seen)
	}
	falls, err = tn.Falls(tn.ctx, as("planner", city), duty.Query{On: 20241130}, 202502)
	if err != nil || len(falls) == 0 || falls[0].Day != 20250214 || falls[0].Duty.ID != "O03" || falls[0].Counts[duty.Due] != 3 {
		t.Errorf("the end of a term: %+v, %v", falls, err)
	}
	if _, err := tn.Falls(tn.ctx, as("planner", city), duty.Query{}, 202413); kind(t, err) != luoshu.Invalid {
		t.Errorf("month 13: %v", err)
	}
}
