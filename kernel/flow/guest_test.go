package flow_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

// People from outside read what a case opens to them, between two days, and no longer
// than the case; nobody has to think of ending it.
func TestGuests(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w := open(t, c)
		first := map[string]string{}
		for _, name := range []string{"guest", "other", "shut"} {
			if _, err := w.acc.AddAccount(w.ctx, access.Operator, name, luoshu.Text{ZH: name, EN: name}); err != nil {
				t.Fatal(err)
			}
			first[name] = "a long pass word 7"
			if err := w.acc.SetPassword(w.ctx, name, first[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.acc.SetDisabled(w.ctx, access.Operator, "shut", true); err != nil {
			t.Fatal(err)
		}
		in := func(name string) (org, role string) {
			t.Helper()
			_, s, err := w.acc.SignIn(w.ctx, name, first[name], "here")
			if err != nil {
				return "", ""
			}
			return s.Actor.Org, s.Actor.Role
		}
		var told []string
		w.acc.OnEvent(func(_ context.Context, e access.Event) {
			if strings.HasPrefix(e.Kind, "grant") {
				told = append(told, e.Kind+" "+e.Account)
			}
		})
		no := w.open(officerX, "survey", cells{"unit": "X"}).No
		let := func(who, area, from, to string) error {
			_, err := w.try(officerX, no, "let", cells{"guest": who, "area": area, "from_day": from, "to_day": to})
			return err
		}
		for name, x := range map[string]struct {
			who, area, from, to string
			want                luoshu.ErrKind
		}{
			"nobody":             {"ghost", "", "2025-03-12", "2025-03-20", luoshu.Invalid},
			"a shut account":     {"shut", "", "2025-03-12", "2025-03-20", luoshu.Invalid},
			"themselves":         {"officerx", "", "2025-03-12", "2025-03-20", luoshu.Denied},
			"days backwards":     {"guest", "", "2025-03-20", "2025-03-12", luoshu.Invalid},
			"days that are over": {"guest", "", "2025-03-01", "2025-03-09", luoshu.Invalid},
			"beyond one's own":   {"guest", "Y", "2025-03-12", "2025-03-20", luoshu.Denied},
			"the city above":     {"guest", "R", "2025-03-12", "2025-03-20", luoshu.Denied},
		} {
			err := let(x.who, x.area, x.from, x.to)
			if err == nil {
				t.Errorf("%s: opened", name)
				continue
			}
			w.kind(err, x.want)
		}
		if n := w.number(`SELECT count(*) FROM role_grant WHERE case_no <> ''`); n != 0 || len(told) != 0 {
			t.Fatalf("%d grants of what was refused, %v", n, told)
		}
		if err := let("guest", "", "2025-03-12", "2025-03-20"); err != nil {
			t.Fatal(err)
		}
		w.kind(let("guest", "", "2025-03-13", "2025-03-21"), luoshu.Conflict)
		if org, _ := in("guest"); org != "" {
			t.Error("open before the first day")
		}
		w.today = w.today.AddDate(0, 0, 2) // 12 March
		org, role := in("guest")
		if org != "X" || role != "reader" {
			t.Fatalf("on the first day: %q %q", org, role)
		}
		guest := luoshu.Actor{Name: "guest", Role: role, Org: org}
		if s, err := w.acc.Scope(w.ctx, guest); err != nil || !s.Has("A") || s.Has("C") || s.Has("R") {
			t.Error("the scope is not that of the case:", err)
		}
		if _, err := w.try(guest, no, "end", nil); err == nil {
			t.Error("a guest acted")
		}
		_, session, err := w.acc.SignIn(w.ctx, "guest", first["guest"], "here")
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.acc.Delegate(w.ctx, session, "other", 20250315, "away") // nor hands it on
		w.kind(err, luoshu.Denied)
		// The access review shows it, with the case that gave it and its last day.
		review, err := w.acc.OpenReview(w.ctx, access.Operator, "X", 20250331, "")
		if err != nil {
			t.Fatal(err)
		}
		items, err := w.acc.ReviewItems(w.ctx, access.Operator, review)
		if err != nil {
			t.Fatal(err)
		}
		shown := false
		for _, x := range items {
			shown = shown || x.Grant.Account == "guest" && x.Grant.To == "2025-03-20" && x.Grant.GivenBy == "officerx" && strings.Contains(x.Grant.Reason, no)
		}
		if !shown {
			t.Errorf("the review does not show it: %+v", items)
		}
		w.today = time.Date(2025, 3, 20, 23, 0, 0, 0, time.UTC)
		if org, _ := in("guest"); org != "X" {
			t.Error("over before the last day was")
		}
		w.today = w.today.Add(2 * time.Hour)
		if org, _ := in("guest"); org != "" {
			t.Error("open after the last day")
		}
		// A second stay ends with the case, in a session that is under way too.
		if err := let("other", "X", "2025-03-21", "2025-12-31"); err != nil {
			t.Fatal(err)
		}
		token, _, err := w.acc.SignIn(w.ctx, "other", first["other"], "here")
		if err != nil {
			t.Fatal(err)
		}
		w.act(officerX, no, "end", "over", nil)
		if s, err := w.acc.Session(w.ctx, token); err != nil || s != nil {
			t.Errorf("the session outlived the case: %+v, %v", s, err)
		}
		if org, _ := in("other"); org != "" {
			t.Error("open after the case")
		}
		if got := strings.Join(told, ", "); got != "grant guest, grant other, grant-end other" {
			t.Error("told:", got)
		}
		w.sound()
	})
}
