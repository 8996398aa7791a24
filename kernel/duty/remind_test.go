package duty_test

import (
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/duty"
	"luoshu/kernel/notice"
	"luoshu/kernel/store"
)

// Organisations are reminded so many working days before the end as the pack says,
// each time once; where nobody holds the role, those above are told.
func TestReminders(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		for _, a := range []luoshu.Actor{as("planner", city), as("county", countyX)} {
			if err := tn.acc.CreateAccount(tn.ctx, a.Name, "a long pass word 7", a.Role, a.Org, luoshu.Text{ZH: a.Name, EN: a.Name}); err != nil {
				t.Fatal(err)
			}
		}
		box := notice.New(tn.db, tn.acc)
		of := func(actor luoshu.Actor) (out []string) {
			t.Helper()
			if err := tn.Sweep(tn.ctx); err != nil {
				t.Fatal(err)
			}
			list, _, err := box.Newest(tn.ctx, actor, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range list {
				if n.Duty == "O01" {
					if n.Text.EN == "" || n.Kind != "remind" || n.Case != "" {
						t.Errorf("%+v", n)
					}
					out = append(out, n.Text.ZH)
				}
			}
			return out
		}
		x := as("county", countyX)
		tn.at(20241202) // 2024-12-31 is 21 working days away
		if got := of(x); len(got) != 0 {
			t.Fatalf("reminded too early: %v", got)
		}
		tn.at(20241203)
		got := of(x)
		if len(got) != 1 || !strings.Contains(got[0], "还有 20 个工作日") || !strings.Contains(got[0], "2024-12-31") {
			t.Fatalf("20 working days before: %v", got)
		}
		tn.at(20241204)
		if got := of(x); len(got) != 1 {
			t.Errorf("reminded a second time: %v", got)
		}
		up := of(as("planner", city))
		if len(up) != 2 || !strings.Contains(strings.Join(up, "\n"), "老城教体局等下属单位无人承办") {
			t.Errorf("nobody was told of the county in which nobody holds the role: %v", up)
		}
		// The clock jumps over the second reminder: one notice, with what is left then;
		// back again, nothing.
		tn.at(20241230)
		if got := of(x); len(got) != 2 || !strings.Contains(got[0], "还有 1 个工作日") {
			t.Errorf("after a jump: %v", got)
		}
		tn.at(20241203)
		tn.Keeper = duty.New(tn.conf) // a server that began anew
		if got := of(x); len(got) != 2 {
			t.Errorf("the clock went back: %v", got)
		}
		// What is done is no longer reminded of, nor what is late.
		tn.at(20250620)
		if _, bad := tn.mark(x, duty.Request{Duty: "O01", Org: countyX, Period: "2025-H1", On: 20250610}); bad != "" {
			t.Fatal(bad)
		}
		if got := of(x); len(got) != 2 {
			t.Errorf("done, and reminded: %v", got)
		}
		tn.at(20250702)
		if got := of(x); len(got) != 2 {
			t.Errorf("late, and reminded: %v", got)
		}
	})
}
