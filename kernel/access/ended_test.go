package access_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

// A session that one process ended is over in another that holds it.
func TestSessionsEndElsewhere(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
			t.Fatal(err)
		}
		other := w.open()
		for name, end := range map[string]func(s *access.Session) error{
			"password set":   func(*access.Session) error { return other.SetPassword(ctx, "ann", good+"2") },
			"factors reset":  func(*access.Session) error { return other.ResetFactors(ctx, access.Operator, "ann") },
			"session ended":  func(s *access.Session) error { return other.EndSession(ctx, s, s.ID) },
			"nothing at all": func(*access.Session) error { return nil },
		} {
			if err := w.acc.SetPassword(ctx, "ann", good); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(time.Second)
			token, s, err := w.acc.SignIn(ctx, "ann", good, "here")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.acc.Sync(ctx), end(s), other.Sync(ctx)); err != nil {
				t.Fatal(name, err)
			}
			w.now = w.now.Add(61 * time.Second)
			got, err := w.acc.Session(ctx, token)
			if err != nil || (got != nil) != (name == "nothing at all") {
				t.Errorf("%s: %+v %v", name, got, err)
			}
		}
	})
}

// What was under way when a session was ended does not bring it back.
func TestEndedStaysEnded(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.town()
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	second, err := w.acc.Give(ctx, access.Operator, access.GrantRequest{Account: "ann", Role: "watcher", Org: "A1", Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	token, s, err := w.acc.SignIn(ctx, "ann", good, "here")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.acc.ResetFactors(ctx, access.Operator, "ann"); err != nil { // which ends her sessions
		t.Fatal(err)
	}
	if _, err := w.acc.Choose(ctx, s, second); err != nil {
		t.Fatal(err)
	}
	if got, err := w.acc.Session(ctx, token); got != nil || err != nil {
		t.Errorf("an ended session is back: %+v %v", got, err)
	}
}

// Who has shown only a password cannot change it, which would shut the owner out.
func TestPasswordNeedsTheFactor(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.town()
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	_, s, err := w.acc.SignIn(ctx, "ann", good, "here")
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.acc.EnrolTOTP(ctx, s, "phone")
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		c, err := totp.GenerateCode(f.Secret, w.now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, _, err := w.acc.Prove(ctx, s, f.ID, code()); err != nil {
		t.Fatal(err)
	}
	_, thief, err := w.acc.SignIn(ctx, "ann", good, "there")
	if err != nil || thief.Pending != "factor" {
		t.Fatal(thief, err)
	}
	var denied *luoshu.Error
	if err := w.acc.ChangePassword(ctx, thief, good, "another horse 2"); !errors.As(err, &denied) || denied.Kind != luoshu.Denied {
		t.Errorf("changed before the factor: %v", err)
	}
	w.now = w.now.Add(time.Minute)
	if thief, err = w.acc.PassFactor(ctx, thief, code(), "there"); err != nil {
		t.Fatal(err)
	}
	if err := w.acc.ChangePassword(ctx, thief, good, "another horse 2"); err != nil {
		t.Errorf("after the factor: %v", err)
	}
}

// Reviews see a grant that was chosen among several as used, close over one that was
// ended elsewhere, and end none that is not theirs.
func TestReviewDecides(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		w.town()
		sec := luoshu.Actor{Name: "sec", Role: "secadmin", Org: "A"}
		for _, n := range [][2]string{{"ann", "A1"}, {"bob", "B1"}} {
			if err := w.acc.CreateAccount(ctx, n[0], good, "clerk", n[1], luoshu.Text{}); err != nil {
				t.Fatal(err)
			}
		}
		second, err := w.acc.Give(ctx, access.Operator, access.GrantRequest{Account: "ann", Role: "watcher", Org: "A1", Reason: "x"})
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, access.DefaultPolicy().UnusedDays-1)
		_, s, err := w.acc.SignIn(ctx, "ann", good, "here")
		if err != nil {
			t.Fatal(err)
		}
		if s, err = w.acc.Choose(ctx, s, second); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, 2)
		if err := w.acc.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		id, err := w.acc.OpenReview(ctx, sec, "A", 20991231, "")
		if err != nil {
			t.Fatal(err)
		}
		items, err := w.acc.ReviewItems(ctx, sec, id)
		if err != nil || len(items) != 2 {
			t.Fatal(items, err)
		}
		for _, x := range items {
			if x.Unused == (x.Grant.ID == second) {
				t.Errorf("%s %s: unused %v, last used %q", x.Grant.Role, x.Grant.Org, x.Unused, x.Grant.Used)
			}
		}
		late, err := w.acc.Give(ctx, access.Operator, access.GrantRequest{Account: "bob", Role: "watcher", Org: "A2", Reason: "later"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.acc.Decide(ctx, sec, id, late, "end", "x"); err == nil {
			t.Error("a grant that is not in the review was decided")
		}
		if g, err := w.acc.GrantsOf(ctx, "bob"); err != nil || len(g) != 2 || g[1].Ended || g[0].Ended {
			t.Errorf("a review ended a grant that is not in it: %+v %v", g, err)
		}
		if err := w.acc.End(ctx, access.Operator, items[0].Grant.ID, "left"); err != nil {
			t.Fatal(err)
		}
		for _, x := range items {
			if err := w.acc.Decide(ctx, sec, id, x.Grant.ID, "end", "left"); err != nil {
				t.Errorf("%s: %v", x.Grant.Role, err)
			}
		}
		if r, err := w.acc.Reviews(ctx, sec); err != nil || len(r) != 1 || r[0].Closed == "" {
			t.Errorf("the review is not closed: %+v %v", r, err)
		}
		_ = s
	})
}

// A security administrator sees and ends sessions within their scope only.
func TestSessionsWithinScope(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.town()
	for _, n := range [][2]string{{"ann", "A1"}, {"bob", "B1"}} {
		if err := w.acc.CreateAccount(ctx, n[0], good, "clerk", n[1], luoshu.Text{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.acc.SignIn(ctx, n[0], good, "here"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.acc.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	city := &access.Session{Actor: luoshu.Actor{Name: "top", Role: "secadmin", Org: "R"}}
	sec := &access.Session{Actor: luoshu.Actor{Name: "sec", Role: "secadmin", Org: "A"}}
	for account, inside := range map[string]bool{"ann": true, "bob": false} {
		all, err := w.acc.Sessions(ctx, city, account)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if list, err := w.acc.Sessions(ctx, sec, account); err != nil || (len(list) == 1) != inside {
			t.Errorf("%s: %+v %v", account, list, err)
		}
		if err := w.acc.EndSession(ctx, sec, all[0].ID); (err == nil) != inside {
			t.Errorf("ending that of %s: %v", account, err)
		}
	}
}

// Mistakes with second factors and own passwords count for the account that makes
// them: those of many do not shut out one who makes none.
func TestMistakesOfOthers(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.town()
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	_, s, err := w.acc.SignIn(ctx, "ann", good, "here")
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.acc.EnrolTOTP(ctx, s, "phone")
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		c, err := totp.GenerateCode(f.Secret, w.now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, s, err = w.acc.Prove(ctx, s, f.ID, code()); err != nil {
		t.Fatal(err)
	}
	var many *access.TooManyError
	for i := range 11 {
		other := &access.Session{Actor: luoshu.Actor{Name: fmt.Sprintf("other%d", i)}}
		for try := range 6 {
			_, err := w.acc.PassFactor(ctx, other, "000000", "there")
			if errors.As(err, &many) != (try == 5) {
				t.Fatalf("%s, try %d: %v", other.Actor.Name, try, err)
			}
		}
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.acc.PassFactor(ctx, s, code(), "here"); err != nil {
		t.Errorf("after the mistakes of others: %v", err)
	}
}

// A good sign-in wipes the pair's mistakes out, also for the process after this one.
func TestMistakesAreForgotten(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
			t.Fatal(err)
		}
		most := access.DefaultPolicy().LockFailures
		for _, n := range []int{most - 1, 1} {
			for range n {
				_, _, _ = w.acc.SignIn(ctx, "ann", "wrong", "here")
			}
			if err := w.acc.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			w.acc = w.open()
			if _, _, err := w.acc.SignIn(ctx, "ann", good, "here"); err != nil {
				t.Fatalf("after %d mistakes: %v", n, err)
			}
			if err := w.acc.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			w.acc = w.open()
		}
	})
}
