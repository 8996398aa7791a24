package movement_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// staffed is a town whose school A has a teacher and a retired one.
func staffed(t *testing.T, c store.Config) *town {
	tn := open(t, c)
	for i, s := range []string{"T1", "T2"} {
		tn.put("staff", row{"staff_no": s, "name": "师" + s, "sex": "2", "birth_date": 19800101 + int64(i), "school_code": schoolA})
		to := any(nil)
		if i == 1 {
			to = int64(20230831)
		}
		tn.put("posting", row{"staff_no": s, "school_code": schoolA, "from_date": 20150901, "to_date": to, "category": "teacher", "stage": "PRI"})
	}
	return tn
}

// org tells an organisation's record and its events.
func (tn *town) org(code string) string {
	tn.Helper()
	e, ev := tn.cat.Entity("school"), tn.cat.Entity("school_event")
	v, err := tn.rec.ByKey(tn.ctx, "school", code)
	if err != nil || v == nil {
		tn.Fatal(v, err)
	}
	get := func(f string) string { return v.Values[e.Field(f).Index].String() }
	out := []string{fmt.Sprintf("%s(%s) %s closed %s to %s", get("name"), get("former_name"), get("managing_code"), get("closed"), get("successor_code"))}
	where, args := tn.rec.Is(ev, "school_code", code)
	if err := tn.rec.Each(tn.ctx, records.Query{Entity: "school_event", Where: where, Args: args}, func(v *records.Version) error {
		get := func(f string) string { return v.Values[ev.Field(f).Index].String() }
		out = append(out, fmt.Sprintf("%s %s %s→%s %s", get("date"), get("kind"), get("before"), get("after"), get("other_code")))
		return nil
	}); err != nil {
		tn.Fatal(err)
	}
	return strings.Join(out, " | ")
}

func (tn *town) posting(no string) string {
	tn.Helper()
	e, st := tn.cat.Entity("posting"), tn.cat.Entity("staff")
	v, err := tn.rec.ByKey(tn.ctx, "staff", no)
	if err != nil {
		tn.Fatal(err)
	}
	out := []string{v.Values[st.Field("school_code").Index].S[9:]}
	where, args := tn.rec.Is(e, "staff_no", no)
	if err := tn.rec.Each(tn.ctx, records.Query{Entity: "posting", Where: where, Args: args, Order: `f."from_date"`}, func(v *records.Version) error {
		out = append(out, fmt.Sprintf("%s %s-%s", v.Values[e.Field("school_code").Index].S[9:], v.Values[e.Field("from_date").Index], v.Values[e.Field("to_date").Index]))
		return nil
	}); err != nil {
		tn.Fatal(err)
	}
	return strings.Join(out, " | ")
}

func TestMerge(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := staffed(t, c)
		tn.begin(clerk(schoolA), movement.Request{Type: "suspend", Rec: tn.recOf("李二"), Date: 20250210, Reason: "10", Evidence: "x"})
		merge := lifecycle.ActRequest{Act: "merge", Org: schoolA, Successor: schoolB, Date: 20250310, Paper: "洛教〔2025〕1号"}
		for _, x := range []struct {
			a    luoshu.Actor
			kind luoshu.ErrKind
		}{{clerk(schoolA), luoshu.Denied}, {county(countyY), luoshu.NotFound}} {
			_, err := tn.life.ActNow(tn.ctx, x.a, merge)
			tn.refused(err, x.kind, "")
		}
		pre, err := tn.life.PreviewAct(tn.ctx, county(countyX), merge)
		if err != nil || fmt.Sprint(pre.Facts, pre.Persons, pre.Groups) != "map[enrolment:2 posting:1] map[staff:1 student:3] 2" {
			t.Fatal(pre, err)
		}
		before := tn.everything()
		a, err := tn.life.ActNow(tn.ctx, county(countyX), merge)
		if err != nil || a.State != lifecycle.Done {
			t.Fatal(a, err)
		}
		if got := tn.org(schoolA); got != "甲校() 410311 closed 20250310 to 2141000002 | 20250310 3 甲校→乙校 2141000002" {
			t.Fatal(got)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0310 | 2024 B PRI1/03 0310-")
		tn.expect("王三", "01 B | 2024 A PRI6/01 0901-0310 | 2024 B PRI6/03 0310-")
		tn.expect("李二", "02 B | 2024 A PRI1/01 0901-0210 >11")
		if got := tn.posting("T1"); got != "2 | 1 20150901-20250310 | 2 20250310-" {
			t.Error(got)
		}
		if got := tn.posting("T2"); got != "1 | 1 20150901-20230831" {
			t.Error(got)
		}
		_, err = tn.life.ActNow(tn.ctx, county(countyX), lifecycle.ActRequest{Act: "rename", Org: schoolA, Name: "新甲校", Date: 20250310})
		tn.refused(err, luoshu.Conflict, "was closed on")
		tn.intact()
		if a, err = tn.life.UndoAct(tn.ctx, county(countyX), a.N); err != nil || a.State != lifecycle.Undone {
			t.Fatal(a, err)
		}
		if got := tn.everything(); got != before {
			t.Errorf("after the undo:\n%s\nbefore:\n%s", got, before)
		}
		_, err = tn.life.UndoAct(tn.ctx, county(countyX), a.N)
		tn.refused(err, luoshu.Conflict, "already")
		tn.intact()
	})
}

func (tn *town) everything() string {
	out := tn.org(schoolA) + tn.org(schoolB) + tn.posting("T1") + tn.posting("T2")
	for _, name := range []string{"张一", "李二", "王三", "赵四", "钱五"} {
		out += "\n" + tn.facts(name)
	}
	return out
}

// Facts of the next year, written ahead, begin at the successor.
func TestMergeAhead(t *testing.T) {
	tn := staffed(t, dbs.SQLite(t))
	tn.today = time.Date(2025, 7, 10, 9, 0, 0, 0, time.UTC)
	tn.promote(county(countyX), "")
	a, err := tn.life.ActNow(tn.ctx, county(countyX), lifecycle.ActRequest{Act: "merge", Org: schoolA, Successor: schoolB, Date: 20250801})
	if err != nil || a.State != lifecycle.Planned {
		t.Fatal(a, err)
	}
	tn.sweep()
	tn.expect("张一", "01 A | 2024 A PRI1/01 0901- | 2025 A PRI2/01 0901-")
	tn.today = time.Date(2025, 8, 2, 9, 0, 0, 0, time.UTC)
	tn.mv.Fail(func(step string) error {
		if step == "after commit" {
			return errAccident
		}
		return nil
	})
	if err := tn.life.Sweep(tn.ctx); err == nil {
		t.Fatal("no accident")
	}
	tn.mv.Fail(nil)
	head, _, _ := tn.led.Head(tn.ctx)
	tn.sweep()
	if now, _, _ := tn.led.Head(tn.ctx); now != head {
		t.Error("the act was written twice")
	}
	tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0801 | 2024 B PRI1/03 0801- | 2025 B PRI2/01 0901-")
	acts, err := tn.life.Acts(tn.ctx, county(countyX), schoolA)
	if err != nil || len(acts) != 1 || acts[0].State != lifecycle.Done {
		t.Fatal(acts, err)
	}
	tn.intact()
}

func TestOtherActs(t *testing.T) {
	tn := staffed(t, dbs.SQLite(t))
	act := func(a luoshu.Actor, r lifecycle.ActRequest) error {
		r.Date = 20250310
		_, err := tn.life.ActNow(tn.ctx, a, r)
		return err
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	x := county(countyX)
	tn.refused(act(x, lifecycle.ActRequest{Act: "rename", Org: schoolA}), luoshu.Invalid, "needed")
	tn.refused(act(x, lifecycle.ActRequest{Act: "rename", Org: schoolA, Name: "甲校"}), luoshu.Conflict, "already")
	ok(act(x, lifecycle.ActRequest{Act: "rename", Org: schoolA, Name: "实验小学"}))
	ok(act(x, lifecycle.ActRequest{Act: "move", Org: schoolA, Address: "新址2号"}))
	tn.refused(act(x, lifecycle.ActRequest{Act: "manage", Org: schoolA, Parent: countyY}), luoshu.NotFound, "no such")
	tn.refused(act(planner, lifecycle.ActRequest{Act: "manage", Org: schoolA, Parent: schoolB}), luoshu.Invalid, "above")
	ok(act(planner, lifecycle.ActRequest{Act: "manage", Org: schoolA, Parent: countyY}))
	if got := tn.org(schoolA); got != "实验小学(甲校) 410302 closed  to  | 20250310 2 甲校→实验小学  | 20250310 82 开元大道1号→新址2号  | 20250310 83 洛龙教体局→老城教体局 " {
		t.Fatal(got)
	}
	y := county(countyY)
	tn.refused(act(y, lifecycle.ActRequest{Act: "close", Org: schoolA}), luoshu.Conflict, "held there")
	// A split by class and by list; the rest stays.
	tn.refused(act(y, lifecycle.ActRequest{Act: "split", Org: schoolA, Successor: schoolC}), luoshu.Invalid, "nobody was chosen")
	v, err := tn.rec.ByKey(tn.ctx, "staff", "T1")
	ok(err)
	ok(act(y, lifecycle.ActRequest{
		Act: "split", Org: schoolA, Successor: schoolC, Groups: []string{schoolA + "-2024-PRI1-01"}, Persons: map[string][]int64{"staff": {v.Rec}},
	}))
	tn.expect("张一", "01 C | 2024 A PRI1/01 0901-0310 | 2024 C PRI1/03 0310-")
	tn.expect("李二", "01 C | 2024 A PRI1/01 0901-0310 | 2024 C PRI1/03 0310-")
	tn.expect("王三", "01 A | 2024 A PRI6/01 0901-")
	if got := tn.posting("T1"); got != "3 | 1 20150901-20250310 | 3 20250310-" {
		t.Error(got)
	}
	tn.begin(clerk(schoolA), movement.Request{Type: "leave-city", Rec: tn.recOf("王三"), Date: 20250310, Place: "郑州", Evidence: "x"})
	ok(act(y, lifecycle.ActRequest{Act: "close", Org: schoolA}))
	tn.intact()
}

// A case is between those who hold the person and those who take them: when another
// has come to hold them since, nobody can agree in their place.
func TestCaseAfterMerge(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := staffed(t, c)
		waiting := tn.begin(clerk(schoolC), take(tn, "张一", schoolC, 20250310))
		agreed := tn.begin(clerk(schoolC), take(tn, "王三", schoolC, 20250312))
		if x, err := tn.mv.Answer(tn.ctx, clerk(schoolA), agreed.N, movement.Answer{Act: movement.Accept}); err != nil || x.State != movement.Agreed {
			t.Fatal(x, err)
		}
		if _, err := tn.life.ActNow(tn.ctx, county(countyX), lifecycle.ActRequest{Act: "merge", Org: schoolA, Successor: schoolB, Date: 20250305}); err != nil {
			t.Fatal(err)
		}
		_, err := tn.mv.Answer(tn.ctx, clerk(schoolA), waiting.N, movement.Answer{Act: movement.Accept})
		tn.refused(err, luoshu.Conflict, "has not been asked")
		tn.today = tn.today.AddDate(0, 0, 3)
		if err := tn.mv.Sweep(tn.ctx); err != nil {
			t.Fatal(err)
		}
		tn.expect("张一", "01 B | 2024 A PRI1/01 0901-0305 | 2024 B PRI1/03 0305-")
		tn.expect("王三", "01 B | 2024 A PRI6/01 0901-0305 | 2024 B PRI6/03 0305-")
		for _, n := range []int64{waiting.N, agreed.N} {
			if _, err := tn.mv.Answer(tn.ctx, clerk(schoolC), n, movement.Answer{Act: movement.Withdraw, Note: "anew"}); err != nil {
				t.Fatal(err)
			}
		}
		x := tn.begin(clerk(schoolC), take(tn, "张一", schoolC, 20250313))
		if x, err = tn.mv.Answer(tn.ctx, clerk(schoolB), x.N, movement.Answer{Act: movement.Accept}); err != nil || x.State != movement.Done {
			t.Fatal(x, err)
		}
		tn.intact()
	})
}
