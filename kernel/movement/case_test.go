package movement_test

import (
	"errors"
	"fmt"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/movement"
	"luoshu/kernel/store"
)

func TestChangesOfOneSide(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		rec := tn.recOf("张一")
		try := func(typ string, date int64, more movement.Request) error {
			more.Type, more.Rec, more.Date = typ, rec, date
			_, err := tn.mv.Begin(tn.ctx, clerk(schoolA), more)
			return err
		}
		tn.refused(try("suspend", 20250210, movement.Request{}), luoshu.Invalid, "needs")
		ill := movement.Request{Reason: "10", Evidence: "hospital letter"}
		tn.refused(try("suspend", 20250311, ill), luoshu.Invalid, "may not lie ahead")
		tn.refused(try("suspend", 20240831, ill), luoshu.Invalid, "within the stay")
		tn.refused(try("return", 20250210, movement.Request{}), luoshu.Conflict, "not possible")
		if err := try("suspend", 20250210, ill); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "02 A | 2024 A PRI1/01 0901-0210 >11")
		head, _, _ := tn.led.Head(tn.ctx)
		if err := try("suspend", 20250210, ill); err != nil { // twice is once
			t.Fatal(err)
		}
		if again, _, _ := tn.led.Head(tn.ctx); again != head {
			t.Fatalf("a second application wrote commits %d..%d", head, again)
		}
		tn.refused(try("return", 20250209, movement.Request{}), luoshu.Conflict, "has not ended")
		tn.refused(try("return", 20250303, movement.Request{Group: schoolB + "-2024-PRI1-01"}), luoshu.Invalid, "that class")
		if err := try("return", 20250303, movement.Request{Group: schoolA + "-2024-PRI1-02"}); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901-0210 >11 | 2024 A PRI1/02 0303- 12")
		if err := try("class", 20250310, movement.Request{Group: schoolA + "-2024-PRI1-01"}); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901-0210 >11 | 2024 A PRI1/02 0303-0310 12>29 | 2024 A PRI1/01 0310- 29")
		tn.refused(try("withdraw", 20250310, ill), luoshu.Conflict, "does not exist in this stage")
		if err := try("leave-city", 20250310, movement.Request{Place: "郑州", Evidence: "letter"}); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "10 A | 2024 A PRI1/01 0901-0210 >11 | 2024 A PRI1/02 0303-0310 12>29 | 2024 A PRI1/01 0310-0310 29>21")
		tn.intact()
	})
}

// Nobody acts on another's pupil, and coming into the city goes by number and name.
func TestScope(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	_, err := tn.mv.Begin(tn.ctx, clerk(schoolB), movement.Request{Type: "suspend", Rec: tn.recOf("张一"), Date: 20250210, Reason: "10", Evidence: "x"})
	tn.refused(err, luoshu.NotFound, "no such record")
	_, err = tn.mv.Begin(tn.ctx, luoshu.Actor{Name: "i", Role: "inspector", Org: city}, movement.Request{Type: "suspend", Rec: tn.recOf("张一"), Date: 20250210, Reason: "10", Evidence: "x"})
	tn.refused(err, luoshu.Denied, "right")
	tn.begin(clerk(schoolA), movement.Request{Type: "leave-city", Rec: tn.recOf("张一"), Date: 20250210, Place: "郑州", Evidence: "x"})
	tn.days(1)
	tn.begin(clerk(schoolC), movement.Request{Type: "enter-city", Number: tn.no["张一"], Name: "张一", Taker: schoolC, Date: 20250311, Place: "郑州", Evidence: "x"})
	tn.expect("张一", "01 C | 2024 A PRI1/01 0901-0210 >21 | 2024 C PRI1/ 0311- 22")
}

func take(tn *town, name, school string, date int64) movement.Request {
	return movement.Request{Type: "transfer", Number: tn.no[name], Name: name, Taker: school, Date: date}
}

func TestTransfer(t *testing.T) {
	dbs.Each(t, func(t *testing.T, conf store.Config) {
		tn := open(t, conf)
		c := tn.begin(clerk(schoolB), take(tn, "张一", schoolB, 20250310))
		if c.State != movement.Requested || c.Silent() != schoolA {
			t.Fatalf("%+v", c)
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901-")
		if sees, _ := tn.mv.Sees(tn.ctx, clerk(schoolB), c); sees {
			t.Error("the taking side sees the person before the other has agreed")
		}
		for _, a := range []luoshu.Actor{clerk(schoolB), county(countyX), planner} {
			_, err := tn.mv.Answer(tn.ctx, a, c.N, movement.Answer{Act: movement.Accept})
			tn.refused(err, luoshu.Denied, "the other side")
		}
		_, err := tn.mv.Answer(tn.ctx, clerk(schoolC), c.N, movement.Answer{Act: movement.Accept})
		tn.refused(err, luoshu.NotFound, "no such case")
		_, err = tn.mv.Begin(tn.ctx, clerk(schoolC), take(tn, "张一", schoolC, 20250310))
		tn.refused(err, luoshu.Conflict, "under way")
		if errors.Is(err, nil) || fmt.Sprint(err) != "conflict: another case for this person is under way" {
			t.Errorf("a stranger is told which case: %v", err)
		}
		_, err = tn.mv.Begin(tn.ctx, clerk(schoolA), movement.Request{Type: "transfer", Rec: tn.recOf("张一"), Taker: schoolC, Date: 20250310})
		tn.refused(err, luoshu.Conflict, "(no. 1)")
		if c, err = tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); err != nil || c.State != movement.Done {
			t.Fatal(c, err)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0310 >21 | 2024 B PRI1/ 0310- 22")
		_, err = tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept})
		tn.refused(err, luoshu.Conflict, "moved on")

		// The giving side asks, the taker refuses; then again, withdrawn.
		give := movement.Request{Type: "transfer", Rec: tn.recOf("李二"), Taker: schoolC, Date: 20250310}
		c = tn.begin(clerk(schoolA), give)
		_, err = tn.mv.Answer(tn.ctx, clerk(schoolC), c.N, movement.Answer{Act: movement.Refuse})
		tn.refused(err, luoshu.Invalid, "say why")
		if c, err = tn.mv.Answer(tn.ctx, clerk(schoolC), c.N, movement.Answer{Act: movement.Refuse, Note: "full"}); err != nil || c.State != movement.Refused {
			t.Fatal(c, err)
		}
		c = tn.begin(clerk(schoolA), give)
		if c, err = tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Withdraw, Note: "stays"}); err != nil || c.State != movement.Withdrawn {
			t.Fatal(c, err)
		}
		tn.expect("李二", "01 A | 2024 A PRI1/01 0901-")
		c = tn.begin(clerk(schoolA), give)
		if _, err = tn.mv.Answer(tn.ctx, clerk(schoolC), c.N, movement.Answer{Act: movement.Accept, Group: schoolC + "-2024-PRI1-02"}); err != nil {
			t.Fatal(err)
		}
		tn.expect("李二", "01 C | 2024 A PRI1/01 0901-0310 >21 | 2024 C PRI1/02 0310- 22")
		_, err = tn.mv.Begin(tn.ctx, clerk(schoolB), movement.Request{Type: "transfer", Rec: tn.recOf("张一"), Taker: schoolD, Date: 20250310})
		tn.refused(err, luoshu.Conflict, "was closed on")
		tn.intact()
	})
}

// A day ahead: agreed, but nothing moves before its day.
func TestTransferAhead(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	c := tn.begin(clerk(schoolB), take(tn, "张一", schoolB, 20250315))
	if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); err != nil {
		t.Fatal(err)
	}
	tn.sweep()
	tn.expect("张一", "01 A | 2024 A PRI1/01 0901-")
	tn.days(5)
	tn.sweep()
	tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0315 >21 | 2024 B PRI1/ 0315- 22")
}

func (tn *town) sweep() {
	tn.Helper()
	if err := errors.Join(tn.mv.Sweep(tn.ctx), tn.life.Sweep(tn.ctx)); err != nil {
		tn.Fatal(err)
	}
}

func (tn *town) acts(n int64) string {
	tn.Helper()
	ev, err := tn.mv.Events(tn.ctx, n)
	if err != nil {
		tn.Fatal(err)
	}
	out := ""
	for _, e := range ev {
		out += e.Act + " "
	}
	return out
}

// Unanswered: a reminder, then one level up a time, until who reaches both sides;
// a clock that jumps says nothing twice.
func TestEscalation(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	c := tn.begin(clerk(schoolC), take(tn, "张一", schoolC, 20250310))
	step := func(days int, want string) {
		t.Helper()
		tn.days(days)
		tn.sweep()
		tn.sweep()
		if got := tn.acts(c.N); got != want {
			t.Fatalf("after %d more days: %s, want %s", days, got, want)
		}
	}
	step(6, "requested ")
	step(1, "requested remind ")
	_, err := tn.mv.Answer(tn.ctx, county(countyX), c.N, movement.Answer{Act: movement.Accept})
	tn.refused(err, luoshu.Denied, "other side")
	step(7, "requested remind escalate ")
	step(-13, "requested remind escalate ")
	step(13, "requested remind escalate ")
	for _, q := range []struct {
		a    luoshu.Actor
		want int64
	}{{county(countyX), 1}, {clerk(schoolA), 1}, {county(countyY), 0}, {clerk(schoolC), 0}} {
		if _, n, err := tn.mv.Cases(tn.ctx, q.a, movement.CaseQuery{Box: "in"}); err != nil || n != q.want {
			t.Errorf("%s has %d to answer, want %d (%v)", q.a.Name, n, q.want, err)
		}
	}
	// The county above the silent side may answer now; who is above both as well.
	if c, err = tn.mv.Answer(tn.ctx, county(countyX), c.N, movement.Answer{Act: movement.Accept}); err != nil || c.State != movement.Done {
		t.Fatal(c, err)
	}
	tn.expect("张一", "01 C | 2024 A PRI1/01 0901-0310 >21 | 2024 C PRI1/ 0310- 22")
	c = tn.begin(clerk(schoolC), take(tn, "李二", schoolC, 20250310))
	step(40, "requested remind escalate escalate ")
	if c, err = tn.mv.Answer(tn.ctx, planner, c.N, movement.Answer{Act: movement.Refuse, Note: "no"}); err != nil || c.State != movement.Refused {
		t.Fatal(c, err)
	}
}

// Whatever is guessed, the answer is the same, and soon there is none.
func TestGuessing(t *testing.T) {
	tn := open(t, dbs.SQLite(t))
	tn.begin(clerk(schoolA), movement.Request{Type: "leave-city", Rec: tn.recOf("李二"), Date: 20250210, Place: "郑州", Evidence: "x"})
	var said string
	for i, r := range []movement.Request{
		{Number: "L410311201701019999", Name: "张一"}, // no such number
		{Number: tn.no["张一"], Name: "李二"},           // another's name
		{Number: tn.no["李二"], Name: "李二"},           // has left: cannot be moved
	} {
		r.Type, r.Taker, r.Date = "transfer", schoolB, 20250310
		_, err := tn.mv.Begin(tn.ctx, clerk(schoolB), r)
		if i == 0 {
			said = fmt.Sprint(err)
		}
		if fmt.Sprint(err) != said {
			t.Errorf("guess %d: %v, others: %s", i, err, said)
		}
		tn.refused(err, luoshu.NotFound, "nobody")
	}
	var many *access.TooManyError
	for range 3 {
		r := movement.Request{Type: "transfer", Number: "L410311201701018888", Name: "某", Taker: schoolB, Date: 20250310}
		_, err := tn.mv.Begin(tn.ctx, clerk(schoolB), r)
		errors.As(err, &many)
	}
	if many == nil {
		t.Fatal("guessing is not slowed down")
	}
	_, err := tn.mv.Begin(tn.ctx, clerk(schoolB), take(tn, "张一", schoolB, 20250310)) // also the right one waits
	if !errors.As(err, &many) {
		t.Error(err)
	}
	tn.today = tn.today.Add(many.Wait)
	tn.begin(clerk(schoolB), take(tn, "张一", schoolB, 20250310))
	if n, err := tn.rec.ByKey(tn.ctx, "student", tn.no["张一"]); err != nil || n == nil {
		t.Fatal(err)
	}
}

var errAccident = errors.New("accident")

// An accident at any step leaves the child at exactly one school, and the next
// sweep ends what was begun.
func TestAccidents(t *testing.T) {
	for _, step := range []string{"before commit", "row of enrolment", "row of enrolment 2", "row of student", "after commit"} {
		t.Run(step, func(t *testing.T) {
			conf := dbs.SQLite(t)
			tn := open(t, conf)
			c := tn.begin(clerk(schoolB), take(tn, "张一", schoolB, 20250310))
			seen := 0
			tn.mv.Fail(func(at string) error {
				seen++
				if at == step || (step == "row of enrolment 2" && at == "row of enrolment" && seen == 3) {
					return errAccident
				}
				return nil
			})
			if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); !errors.Is(err, errAccident) {
				t.Fatal(err)
			}
			moved := "01 B | 2024 A PRI1/01 0901-0310 >21 | 2024 B PRI1/ 0310- 22"
			if step == "after commit" {
				tn.expect("张一", moved)
			} else {
				tn.expect("张一", "01 A | 2024 A PRI1/01 0901-")
			}
			tn.mv.Fail(nil)
			tn.sweep()
			tn.expect("张一", moved)
			if got := tn.acts(c.N); got != "requested agreed done " {
				t.Error(got)
			}
			tn.intact()
		})
	}
}
