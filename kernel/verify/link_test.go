package verify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
	"luoshu/kernel/verify"
)

func (x *village) links(no string) []verify.Link {
	x.Helper()
	out, _, err := x.v.MakeLinks(x.ctx, clerk, x.mine(clerk).ID, verify.LinkQuery{Recs: []int64{x.rec0(no)}})
	x.must(err)
	return out
}

// A link works once, for its record only, until it expires.
func TestLinks(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.open()
		list := x.links("N00")
		if len(list) != 1 || len(list[0].Token) != 43 {
			t.Fatalf("links %+v", list)
		}
		token := list[0].Token
		var kept int
		if err := x.db.QueryRow(x.ctx, `SELECT count(*) FROM round_link WHERE token = ? OR ticket = ?`, token, token).Scan(&kept); err != nil || kept != 0 {
			t.Error("a token is kept in clear", err)
		}
		s, err := x.v.OpenLink(x.ctx, "1.1.1.1", token, "")
		x.must(err)
		if strings.Join(s.Fields, " ") != "name born id_no" || s.Record.Rec != x.rec0("N00") || s.Contact.Values[2].S != "父N00" {
			t.Errorf("shown %+v", s)
		}
		_, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, "")
		x.kind(err, luoshu.Conflict)
		_, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, "forged")
		x.kind(err, luoshu.Conflict)
		if _, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, s.Ticket); err != nil {
			t.Error("the same phone again:", err)
		}
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", verify.LinkAnswer{Token: token, Ticket: "forged", Kind: verify.Confirm}), luoshu.NotFound)
		bad := verify.LinkAnswer{Token: token, Ticket: s.Ticket, Kind: verify.Correct, Changes: map[string]luoshu.Value{"score": luoshu.IntValue(100)}}
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", bad), luoshu.Invalid)
		x.must(x.v.AnswerLink(x.ctx, "1.1.1.1", verify.LinkAnswer{Token: token, Ticket: s.Ticket, Kind: verify.Confirm}))
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", verify.LinkAnswer{Token: token, Ticket: s.Ticket, Kind: verify.Confirm}), luoshu.Conflict)
		_, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, s.Ticket)
		x.kind(err, luoshu.Conflict)
		state, err := x.v.OfRecord(x.ctx, "member", x.rec0("N00"))
		if err != nil || len(state.Attested) != 1 || !state.Attested[0].ByLink {
			t.Errorf("attested %+v %v", state, err)
		}
		if task := x.mine(clerk); task.Confirmed != 1 || task.Open != 29 {
			t.Errorf("task %+v", task)
		}

		// A proposal of change.
		token = x.links("N01")[0].Token
		s, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, "")
		x.must(err)
		x.must(x.v.AnswerLink(x.ctx, "1.1.1.1", verify.LinkAnswer{Token: token, Ticket: s.Ticket, Kind: verify.Correct, Changes: map[string]luoshu.Value{"name": luoshu.TextValue("正")}}))
		if len(x.asks) != 1 || !x.asks[0].ByLink || x.asks[0].Rec != x.rec0("N01") || x.asks[0].By.Org != "A1" {
			t.Errorf("asked %+v", x.asks)
		}

		// Made anew the former ends; after its time it ends by itself.
		first := x.links("N02")[0].Token
		x.now = x.now.Add(time.Second)
		second := x.links("N02")[0].Token
		x.now = x.now.Add(time.Second)
		_, err = x.v.OpenLink(x.ctx, "1.1.1.1", first, "")
		x.kind(err, luoshu.NotFound)
		x.now = x.now.Add(15 * time.Hour) // days is 14: hours here
		_, err = x.v.OpenLink(x.ctx, "1.1.1.1", second, "")
		x.kind(err, luoshu.NotFound)

		// The form closes half an hour after it was opened.
		token = x.links("N06")[0].Token
		s, err = x.v.OpenLink(x.ctx, "1.1.1.1", token, "")
		x.must(err)
		x.now = x.now.Add(31 * time.Minute)
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", verify.LinkAnswer{Token: token, Ticket: s.Ticket, Kind: verify.Confirm}), luoshu.NotFound)
	})
}

// No jump of the clock brings a link back to life, and of two phones that open one,
// or answer by one, at once only one does.
func TestLinksReplayed(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.open()
		began := x.now
		first := x.links("N02")[0].Token
		second := x.links("N02")[0].Token // in the same second
		opens := func(token, ticket string) error {
			_, err := x.v.OpenLink(x.ctx, "1.1.1.1", token, ticket)
			return err
		}
		for _, jump := range []time.Duration{0, -time.Second, -time.Hour, time.Second, 13 * time.Hour} {
			x.now = began.Add(jump)
			x.kind(opens(first, ""), luoshu.NotFound) // it was replaced
		}
		x.now = began.Add(-time.Hour)
		x.kind(opens(second, ""), luoshu.NotFound) // made an hour from now
		x.now = began

		// Two phones at once.
		type got struct {
			s   *verify.Shown
			err error
		}
		both := make(chan got, 2)
		for range 2 {
			go func() {
				s, err := x.v.OpenLink(x.ctx, "1.1.1.1", second, "")
				both <- got{s, err}
			}()
		}
		a, b := <-both, <-both
		if a.err != nil {
			a, b = b, a
		}
		x.must(a.err)
		x.kind(b.err, luoshu.Conflict)

		// The ticket of an opened form does not outlive a clock that is set back.
		x.now = began.Add(-31 * time.Minute)
		x.kind(opens(second, a.s.Ticket), luoshu.Conflict)
		answer := verify.LinkAnswer{Token: second, Ticket: a.s.Ticket, Kind: verify.Confirm}
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", answer), luoshu.NotFound)
		x.now = began.Add(time.Minute)
		x.must(opens(second, a.s.Ticket))

		seen, errs := x.head(), make(chan error, 2)
		for range 2 {
			go func() { errs <- x.v.AnswerLink(x.ctx, "1.1.1.1", answer) }()
		}
		one, two := <-errs, <-errs
		if one != nil {
			one, two = two, one
		}
		x.must(one)
		x.kind(two, luoshu.Conflict)
		if task := x.mine(clerk); task.Confirmed != 1 || x.head() != seen+1 {
			t.Errorf("confirmed %d by %d commits", task.Confirmed, x.head()-seen)
		}
		x.kind(x.v.AnswerLink(x.ctx, "1.1.1.1", answer), luoshu.Conflict)
	})
}

// Links are of the holder's own records, by group too, and guessing is slowed down.
func TestLinksGuarded(t *testing.T) {
	x := newVillage(t, dbs.SQLite(t))
	x.open()
	mine := x.mine(clerk)
	_, _, err := x.v.MakeLinks(x.ctx, county, mine.ID, verify.LinkQuery{Group: "r0"})
	x.kind(err, luoshu.Denied)
	_, _, err = x.v.MakeLinks(x.ctx, other, mine.ID, verify.LinkQuery{Group: "r0"})
	x.kind(err, luoshu.NotFound)
	_, _, err = x.v.MakeLinks(x.ctx, clerk, mine.ID, verify.LinkQuery{Recs: []int64{x.rec0("N05")}})
	x.kind(err, luoshu.NotFound)
	groups, err := x.v.Groups(x.ctx, mine)
	if err != nil || strings.Join(groups, " ") != "r0 r1 r2" {
		t.Error(groups, err)
	}
	list, _, err := x.v.MakeLinks(x.ctx, clerk, mine.ID, verify.LinkQuery{Group: "r2"})
	if err != nil || len(list) != 6 { // of twelve, six live in the other house
		t.Error(len(list), err)
	}
	for range 20 {
		_, err = x.v.OpenLink(x.ctx, "6.6.6.6", strings.Repeat("A", 43), "")
		x.kind(err, luoshu.NotFound)
	}
	var many *access.TooManyError
	if _, err = x.v.OpenLink(x.ctx, "6.6.6.6", list[0].Token, ""); !errors.As(err, &many) {
		t.Error("guessing is not slowed down:", err)
	}
	if _, err = x.v.OpenLink(x.ctx, "7.7.7.7", list[0].Token, ""); err != nil {
		t.Error(err)
	}
	x.now = x.now.Add(16 * time.Minute)
	if _, err = x.v.OpenLink(x.ctx, "6.6.6.6", list[1].Token, ""); err != nil {
		t.Error(err)
	}
}

// A task is no business of who does not have its entity, though they are the holder's
// own people; and who may not know the persons makes no links, and ends none.
func TestTasksOfOtherEntities(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.open()
		given := x.links("N00")[0].Token
		task := x.mine(clerk)
		narrow := luoshu.Actor{Name: "nina", Role: "narrow", Org: "A1"}
		if list, err := x.v.Mine(x.ctx, narrow); err != nil || len(list) != 0 {
			t.Errorf("tasks %+v %v", list, err)
		}
		if n, err := x.v.Waits(x.ctx, narrow); err != nil || n != 0 {
			t.Errorf("%d wait: %v", n, err)
		}
		_, err := x.v.Task(x.ctx, narrow, task.ID)
		x.kind(err, luoshu.NotFound)
		_, err = x.v.Answer(x.ctx, narrow, task.ID, verify.Answer{Rev: task.Rev, Seen: x.head(), Kind: verify.Confirm, Rest: true})
		x.kind(err, luoshu.NotFound)
		near := luoshu.Actor{Name: "nell", Role: "near", Org: "A1"}
		_, _, err = x.v.MakeLinks(x.ctx, near, task.ID, verify.LinkQuery{Recs: []int64{x.rec0("N00")}})
		x.kind(err, luoshu.Denied)
		if _, err := x.v.OpenLink(x.ctx, "1.1.1.1", given, ""); err != nil {
			t.Errorf("a link that was handed out has ended: %v", err)
		}
		head := x.head()
		x.answer(near, verify.Answer{Kind: verify.Confirm, Rest: true, Seen: 1 << 40})
		var seen int64 // an act that is completed later takes nothing as seen that came after it
		if err := x.db.QueryRow(x.ctx, `SELECT max(seen) FROM round_act`).Scan(&seen); err != nil || seen != head {
			t.Errorf("seen up to %d of %d: %v", seen, head, err)
		}
	})
}
