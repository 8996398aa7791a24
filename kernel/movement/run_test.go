package movement_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/movement"
	"luoshu/kernel/store"
)

// summer is a town at the end of its year, with somebody in every state.
func summer(t *testing.T, c store.Config) *town {
	tn := open(t, c)
	for i, p := range []struct{ name, school, grade string }{{"周六", schoolA, "PRI1"}, {"吴七", schoolA, "PRI2"}, {"郑八", schoolA, "PRI1"}, {"冯九", schoolA, "PRI2"}} {
		tn.pupil(20+i, p.name, p.school, p.grade)
	}
	tn.begin(clerk(schoolA), movement.Request{Type: "suspend", Rec: tn.recOf("周六"), Date: 20250210, Reason: "10", Evidence: "x"})
	tn.begin(clerk(schoolA), movement.Request{Type: "leave-city", Rec: tn.recOf("郑八"), Date: 20250210, Place: "郑州", Evidence: "x"})
	tn.begin(clerk(schoolB), take(tn, "冯九", schoolB, 20250310)) // unanswered
	tn.today = time.Date(2025, 7, 10, 9, 0, 0, 0, time.UTC)
	return tn
}

func (tn *town) preview(a luoshu.Actor, org string) string {
	tn.Helper()
	all, err := tn.mv.Preview(tn.ctx, a, 2024, org, nil)
	if err != nil {
		tn.Fatal(err)
	}
	var out []string
	for _, s := range all {
		keys := []string{}
		for k, n := range s.Acts {
			keys = append(keys, fmt.Sprintf("%s=%d", k, n))
		}
		for k, n := range s.Why {
			keys = append(keys, fmt.Sprintf("(%s=%d)", k, n))
		}
		slices.Sort(keys)
		out = append(out, fmt.Sprintf("%s +%d %s gone %d/%d", s.Org[9:], s.Groups, strings.Join(keys, " "), s.Vanished, s.Untold))
	}
	return strings.Join(out, "; ")
}

func (tn *town) promote(a luoshu.Actor, org string) *movement.Run {
	tn.Helper()
	r, err := tn.mv.Promote(tn.ctx, a, 2024, org, nil)
	if err != nil {
		tn.Fatal(err)
	}
	return r
}

func TestYearEnd(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := summer(t, c)
		want := "1 +2 (case=1) (held=1) blocked=2 graduates=1 promoted=3 gone 4/0"
		if got := tn.preview(clerk(schoolA), ""); got != want {
			t.Fatalf("clerk: %s\nwant %s", got, want)
		}
		if got := tn.preview(county(countyX), ""); got != want+"; 2 +1 promoted=1 gone 1/0" {
			t.Fatal("county:", got)
		}
		head, _, _ := tn.led.Head(tn.ctx)

		// Exceptions of the holder, and of nobody else.
		tn.refused(tn.mv.Except(tn.ctx, clerk(schoolB), 2024, tn.recOf("李二"), movement.ExceptRepeat, "", ""), luoshu.NotFound, "no such record")
		if err := tn.mv.Except(tn.ctx, clerk(schoolA), 2024, tn.recOf("李二"), movement.ExceptRepeat, "", "asked for"); err != nil {
			t.Fatal(err)
		}
		if err := tn.mv.Except(tn.ctx, clerk(schoolA), 2024, tn.recOf("吴七"), movement.ExceptPromote, schoolB+"-2025-PRI3-01", ""); err != nil {
			t.Fatal(err)
		}
		if got := tn.preview(clerk(schoolA), ""); got != "1 +1 (case=1) (group=1) (held=1) blocked=3 graduates=1 promoted=1 repeats=1 gone 4/0" {
			t.Fatal(got)
		}
		if err := tn.mv.Except(tn.ctx, clerk(schoolA), 2024, tn.recOf("吴七"), "", "", ""); err != nil {
			t.Fatal(err)
		}
		if now, _, _ := tn.led.Head(tn.ctx); now != head {
			t.Fatal("previewing wrote something")
		}

		r := tn.promote(county(countyX), "")
		if r.State != movement.Done || r.Persons != 5 {
			t.Fatalf("%+v", r)
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901- | 2025 A PRI2/01 0901-")
		tn.expect("李二", "01 A | 2024 A PRI1/01 0901- | 2025 A PRI1/ 0901- 02")
		tn.expect("王三", "07 A | 2024 A PRI6/01 0901-0831")
		tn.expect("周六", "02 A | 2024 A PRI1/01 0901-0210 >11")
		tn.expect("冯九", "01 A | 2024 A PRI2/01 0901-")
		tn.expect("钱五", "01 C | 2024 C PRI1/01 0901-") // the other county has not run
		if v, err := tn.rec.ByKey(tn.ctx, "class", schoolA+"-2025-PRI2-01"); err != nil || v == nil || v.Values[tn.cat.Entity("class").Field("name").Index].S != "二年级1班" {
			t.Fatal(v, err)
		}
		head, _, _ = tn.led.Head(tn.ctx)
		if r := tn.promote(planner, countyX); r.Persons != 0 {
			t.Fatalf("a second run moved %d", r.Persons)
		}
		if now, _, _ := tn.led.Head(tn.ctx); now != head {
			t.Fatal("a second run wrote something")
		}
		// Who is left: the one whose case is open is missing from the next year.
		if got := tn.preview(clerk(schoolA), ""); got != "1 +0 (case=1) (held=1) already=4 blocked=2 gone 1/0" {
			t.Fatal(got)
		}
		u, err := tn.mv.Unit(tn.ctx, clerk(schoolA), 2024, schoolA)
		if err != nil {
			t.Fatal(err)
		}
		if g := tn.mv.Gone(u, "vanished"); len(g) != 1 || g[0].Rec != tn.recOf("冯九") {
			t.Fatalf("%+v", g)
		}
		_, err = tn.mv.Unit(tn.ctx, clerk(schoolA), 2024, schoolB)
		tn.refused(err, luoshu.NotFound, "no such organisation")
		tn.intact()
	})
}

func TestYearEndUndo(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := summer(t, c)
		before := map[string]string{}
		for name := range tn.no {
			before[name] = tn.facts(name)
		}
		tn.promote(planner, "")
		tn.today = time.Date(2025, 9, 20, 9, 0, 0, 0, time.UTC)
		tn.begin(clerk(schoolB), movement.Request{Type: "suspend", Rec: tn.recOf("赵四"), Date: 20250910, Reason: "10", Evidence: "x"})
		n, left, err := tn.mv.Unpromote(tn.ctx, planner, 2024, "", nil)
		if err != nil || n != 2 || len(left) != 1 || left[0].Org != schoolB || !strings.Contains(left[0].Why.EN, "later commits") {
			t.Fatal(n, left, err)
		}
		if strings.Contains(left[0].Why.ZH+left[0].Why.EN, tn.no["赵四"]) {
			t.Error("the refusal tells a person's number")
		}
		for name, want := range before {
			if name == "赵四" {
				want = "02 B | 2024 B PRI2/01 0901- | 2025 B PRI3/01 0901-0910 >11"
			}
			tn.expect(name, want)
		}
		if v, _ := tn.rec.ByKey(tn.ctx, "class", schoolA+"-2025-PRI2-01"); v != nil {
			t.Error("a class of the run is left")
		}
		r := tn.promote(planner, "") // and again
		if r.Persons == 0 {
			t.Fatal("nothing was promoted after the undo")
		}
		tn.expect("张一", "01 A | 2024 A PRI1/01 0901- | 2025 A PRI2/01 0901-")
		tn.intact()
	})
}

// A run that is cut off goes on where it was.
func TestYearEndCutOff(t *testing.T) {
	for _, at := range []string{"before commit", "row of class", "row of student", "after commit", "cancel"} {
		t.Run(at, func(t *testing.T) {
			tn := summer(t, dbs.SQLite(t))
			ctx, cancel := context.WithCancel(tn.ctx)
			defer cancel()
			k := 0
			tn.mv.Fail(func(step string) error {
				if at == "cancel" && step == "after commit" {
					cancel()
				}
				if step != at {
					return nil
				}
				if k++; k == 2 || at == "row of student" {
					return errAccident
				}
				return nil
			})
			r, err := tn.mv.Promote(ctx, planner, 2024, "", nil)
			if err == nil || r.State != movement.Stopped {
				t.Fatal(r, err)
			}
			tn.mv.Fail(nil)
			tn.promote(planner, "")
			tn.expect("张一", "01 A | 2024 A PRI1/01 0901- | 2025 A PRI2/01 0901-")
			tn.expect("王三", "07 A | 2024 A PRI6/01 0901-0831")
			tn.expect("赵四", "01 B | 2024 B PRI2/01 0901- | 2025 B PRI3/01 0901-")
			if n, left, err := tn.mv.Unpromote(tn.ctx, planner, 2024, "", nil); err != nil || len(left) > 0 || n != 3 {
				t.Fatal(n, left, err)
			}
			tn.expect("张一", "01 A | 2024 A PRI1/01 0901-")
			tn.intact()
		})
	}
}

func TestYearEndRefusals(t *testing.T) {
	tn := summer(t, dbs.SQLite(t))
	tn.today = time.Date(2025, 6, 30, 9, 0, 0, 0, time.UTC)
	_, err := tn.mv.Promote(tn.ctx, access.Operator, 2024, "", nil)
	tn.refused(err, luoshu.Conflict, "2025-07-01")
	_, err = tn.mv.Preview(tn.ctx, luoshu.Actor{Name: "t", Role: "teacher", Org: schoolA}, 2024, "", nil)
	tn.refused(err, luoshu.Denied, "right")
	_, err = tn.mv.Preview(tn.ctx, clerk(schoolA), 2024, countyX, nil)
	tn.refused(err, luoshu.NotFound, "no such organisation")
}
