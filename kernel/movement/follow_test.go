package movement_test

import (
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/movement"
	"luoshu/kernel/store"
)

const formerNo = "L410311201701019001"

// double enters a second record of a pupil, without a stay.
func (tn *town) double(name, school string) int64 {
	tn.Helper()
	tn.put("student", row{
		"student_no": formerNo, "name": name, "sex": "1", "birth_date": 20170101, "school_code": school, "status": "01",
		"id_no": "410305199001019999",
	})
	v, err := tn.rec.ByKey(tn.ctx, "student", formerNo)
	if err != nil || v == nil {
		tn.Fatal(v, err)
	}
	return v.Rec
}

// merge removes the second record, whose number becomes one of the pupil's; it
// returns the commit.
func (tn *town) merge(name string) int64 {
	tn.Helper()
	v, err := tn.rec.ByKey(tn.ctx, "student", formerNo)
	if err != nil || v == nil {
		tn.Fatal(v, err)
	}
	res, err := tn.led.Commit(tn.ctx, ledger.Batch{
		Actor: access.Operator, Entity: "student", Reason: "merge", Remove: true,
		Aliases: []ledger.Alias{{Old: formerNo, New: tn.no[name]}},
		Rows:    func(yield func(ledger.Row) error) error { return yield(ledger.Row{N: 1, Values: v.Values}) },
	}, nil)
	if err != nil || res.Removed != 1 {
		tn.Fatal(res, err)
	}
	return res.Seq
}

// Who was merged is found by the number they had, by the side that takes them too,
// and by the wrong name no more than before.
func TestFormerNumber(t *testing.T) {
	dbs.Each(t, func(t *testing.T, conf store.Config) {
		tn := open(t, conf)
		tn.double("张一", schoolA)
		seq := tn.merge("张一")
		ask := take(tn, "张一", schoolB, 20250310)
		ask.Number = formerNo
		wrong := ask
		wrong.Name = "李二"
		_, err := tn.mv.Begin(tn.ctx, clerk(schoolB), wrong)
		tn.refused(err, luoshu.NotFound, "nobody")
		c := tn.begin(clerk(schoolB), ask)
		if c.Rec != tn.recOf("张一") || c.Silent() != schoolA {
			t.Fatalf("%+v", c)
		}
		if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0310 >21 | 2024 B PRI1/ 0310- 22")
		if _, err := tn.led.Undo(tn.ctx, access.Operator, seq, "two persons after all"); err != nil {
			t.Fatal(err)
		}
		ask.Taker = schoolC
		_, err = tn.mv.Begin(tn.ctx, clerk(schoolC), ask) // the number is that of the other record again
		tn.refused(err, luoshu.Conflict, "no stay is open")
	})
}

// A case that was begun for a record which a merge removes goes on with the one
// that is left, and comes back with it.
func TestCaseFollowsMerge(t *testing.T) {
	dbs.Each(t, func(t *testing.T, conf store.Config) {
		tn := open(t, conf)
		old := tn.double("张一", schoolA)
		// The record has no stay that a case could be begun with; one was before.
		if _, err := tn.db.Exec(tn.ctx, `INSERT INTO movement_case (n, type, rec, asked, giver, taker, on_date, grade, grp, place, reason, evidence, state, at, day, account)
			VALUES (1, 'transfer', ?, 'take', ?, ?, 20250310, '', '', '', '', '', 'requested', '', 20250310, ?)`, old, schoolA, schoolB, clerk(schoolB).Name); err != nil {
			t.Fatal(err)
		}
		seq := tn.merge("张一")
		c, err := tn.mv.Case(tn.ctx, clerk(schoolA), 1)
		if err != nil || c.Rec != tn.recOf("张一") {
			t.Fatal(c, err)
		}
		if who, err := tn.mv.Who(tn.ctx, c.Rec); err != nil || who.Name.S != "张一" {
			t.Fatal(who, err)
		}
		if _, err := tn.led.Undo(tn.ctx, access.Operator, seq, "two persons after all"); err != nil {
			t.Fatal(err)
		}
		if c, err = tn.mv.Case(tn.ctx, clerk(schoolA), 1); err != nil || c.Rec != old {
			t.Fatal(c, err)
		}
		tn.merge("张一")
		if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), 1, movement.Answer{Act: movement.Accept}); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0310 >21 | 2024 B PRI1/ 0310- 22")
	})
}

// What was agreed or planned and cannot be carried out on its day says so to who
// began it, once, and stops saying so when it is done or withdrawn.
func TestStuck(t *testing.T) {
	dbs.Each(t, func(t *testing.T, conf store.Config) {
		tn := staffed(t, conf)
		asker := clerk(schoolB)
		c := tn.begin(asker, take(tn, "张一", schoolB, 20250320))
		if _, err := tn.mv.Answer(tn.ctx, clerk(schoolA), c.N, movement.Answer{Act: movement.Accept}); err != nil {
			t.Fatal(err)
		}
		chief := county(countyX)
		a, err := tn.life.ActNow(tn.ctx, chief, lifecycle.ActRequest{Act: "rename", Org: schoolB, Name: "新乙校", Date: 20250320})
		if err != nil {
			t.Fatal(err)
		}
		inbox := func(who luoshu.Actor) int64 {
			t.Helper()
			_, n, err := tn.mv.Cases(tn.ctx, who, movement.CaseQuery{Box: "in", Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		waits := func(who luoshu.Actor) int64 {
			t.Helper()
			n, err := tn.life.Waiting(tn.ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if inbox(asker) != 0 || waits(chief) != 0 {
			t.Fatal("what waits for its day is said to be stuck")
		}
		// Before the day comes the school that would take over is closed.
		if _, err := tn.life.ActNow(tn.ctx, chief, lifecycle.ActRequest{Act: "merge", Org: schoolB, Successor: schoolA, Date: 20250310}); err != nil {
			t.Fatal(err)
		}
		tn.today = time.Date(2025, 3, 20, 9, 0, 0, 0, time.UTC)
		for range 2 {
			tn.sweep()
		}
		if got := tn.acts(c.N); got != "requested agreed stuck " {
			t.Error(got)
		}
		if c, err = tn.mv.Case(tn.ctx, asker, c.N); err != nil || c.Stuck.EN == "" || c.Stuck.ZH == c.Stuck.EN {
			t.Errorf("%+v %v", c, err)
		}
		if inbox(asker) != 1 || inbox(clerk(schoolA)) != 0 {
			t.Error("the case is not in the box of who began it alone", inbox(asker), inbox(clerk(schoolA)))
		}
		other := chief
		other.Name = "another"
		if waits(chief) != 1 || waits(other) != 0 {
			t.Error("the act is not in the box of who planned it alone", waits(chief), waits(other))
		}
		acts, err := tn.life.Acts(tn.ctx, chief, schoolB)
		if err != nil || acts[1].N != a.N || acts[1].State != lifecycle.Planned || acts[1].Stuck.EN == "" {
			t.Fatalf("%+v %v", acts[1], err)
		}
		if _, err := tn.life.UndoAct(tn.ctx, chief, a.N); err != nil || waits(chief) != 0 {
			t.Error("a withdrawn act still waits", err)
		}
		if _, err := tn.mv.Answer(tn.ctx, asker, c.N, movement.Answer{Act: movement.Withdraw, Note: "closed"}); err != nil || inbox(asker) != 0 {
			t.Error("a withdrawn case still waits", err)
		}
		tn.intact()
	})
}
