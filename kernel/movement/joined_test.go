package movement_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/load"
	"luoshu/kernel/store"
	"luoshu/kernel/workday"
)

// A case that ends in a merger carries it out: the step and everything that goes along
// are one transaction, or nothing of both happened.
func TestCaseCarriesOutAMerger(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := staffed(t, c)
		ch, faults := charter.Load(tn.cat)
		for _, f := range faults {
			t.Fatal(f)
		}
		days, _ := workday.Load(tn.cat)
		clock := func() time.Time { return tn.today }
		fl, err := flow.New(flow.Config{
			DB: tn.db, Catalog: tn.cat, Charter: ch, Ledger: tn.led, Records: tn.rec, Access: tn.acc, Calendar: days,
			Files: load.New(t.TempDir(), tn.cat, tn.led, tn.db, clock), Orgs: tn.life, Now: clock,
		})
		if err != nil {
			t.Fatal(err)
		}
		x, leader := county(countyX), luoshu.Actor{Name: "leader", Role: "leader", Org: city}
		n := 0
		handed := func(by luoshu.Actor, cells map[string]string) (string, flow.Handed) {
			t.Helper()
			n++
			p, err := fl.TakePaper(tn.ctx, by, "文件.png", bytes.NewReader(fmt.Appendf([]byte("\x89PNG\r\n\x1a\n"), "%d", n)))
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("joined-%06d", n), flow.Handed{Cells: cells, Papers: []string{p.ID}}
		}
		try := func(by luoshu.Actor, no, action string, cells map[string]string) error {
			t.Helper()
			_, step, err := fl.Standing(tn.ctx, no)
			if err != nil {
				t.Fatal(err)
			}
			id, h := handed(by, cells)
			_, err = fl.Act(tn.ctx, by, flow.Act{ID: id, No: no, Action: action, Step: step, Handed: h})
			return err
		}
		// carried opens a change of layout and brings it as far as it can be carried out.
		carried := func(from, to string) string {
			t.Helper()
			id, h := handed(x, map[string]string{
				"proposal": "合并", "managing": countyX, "change_kind": "merge", "for_school": from, "into_school": to, "stage": "PRI", "children": "3",
				"over_limit": "0", "farthest_m": "900", "classes_after": "12", "impact_text": "三名学生换校", "risk_text": "低",
			})
			got, err := fl.Open(tn.ctx, x, flow.Opening{ID: id, Type: "layout-change", Handed: h})
			if err != nil {
				t.Fatal(err)
			}
			tn.today = tn.today.AddDate(0, 2, 0)
			if err := fl.Sweep(tn.ctx); err != nil {
				t.Fatal(err)
			}
			day := luoshu.FormatDate(fl.Today())
			for _, s := range []struct {
				by     luoshu.Actor
				action string
				cells  map[string]string
			}{
				{x, "answer", map[string]string{"opinions": "2", "against": "0", "opinion_text": "采纳", "hearing_on": day, "hearing_text": "同意"}},
				{leader, "agree", map[string]string{"decided_on": day, "document_no": "洛教〔2025〕1号"}},
			} {
				if err := try(s.by, got.No, s.action, s.cells); err != nil {
					t.Fatal(s.action, err)
				}
			}
			return got.No
		}
		count := func(q string) (n int64) {
			t.Helper()
			if err := tn.db.QueryRow(tn.ctx, q).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		no := carried(schoolA, schoolB)
		do := map[string]string{"act_on": luoshu.FormatDate(fl.Today()), "act_document": "洛教〔2025〕1号"}
		before, commits := tn.everything(), count(`SELECT count(*) FROM commit_log`)
		untouched := func(what string) {
			t.Helper()
			if state, _, _ := fl.Standing(tn.ctx, no); state != "carry" || tn.everything() != before || count(`SELECT count(*) FROM commit_log`) != commits || count(`SELECT count(*) FROM movement_act`) != 0 {
				t.Errorf("%s left something behind: the case is in %s", what, state)
			}
		}
		// An accident in the midst of the records that go along.
		tn.mv.Fail(func(step string) error {
			if step == "row of staff" {
				return errors.New("an accident")
			}
			return nil
		})
		if err := try(x, no, "merge", do); err == nil || !strings.Contains(err.Error(), "an accident") {
			t.Fatal("no accident:", err)
		}
		untouched("an accident")
		tn.mv.Fail(nil)
		tn.refused(try(x, no, "close", do), luoshu.Invalid, "")
		untouched("another act than was decided")
		if err := try(x, no, "merge", do); err != nil {
			t.Fatal(err)
		}
		if state, _, _ := fl.Standing(tn.ctx, no); state != "done" {
			t.Error("the case is in", state)
		}
		if got := tn.org(schoolA); !strings.Contains(got, "to "+schoolB) || !strings.Contains(got, "closed") {
			t.Error(got)
		}
		if got := tn.facts("张一"); !strings.Contains(got, "2024 B PRI1") {
			t.Error(got)
		}
		acts, err := tn.life.Acts(tn.ctx, x, "")
		if err != nil || len(acts) != 1 || acts[0].State != lifecycle.Done || acts[0].Request.Paper != do["act_document"] || acts[0].Request.Successor != schoolB {
			t.Fatalf("%+v, %v", acts, err)
		}
		if bad, err := fl.Check(tn.ctx); err != nil || len(bad) > 0 {
			t.Error(bad, err)
		}
		tn.intact()
		// A step twice is the act once; it is taken back as any act is.
		if a, err := tn.life.UndoAct(tn.ctx, x, acts[0].N); err != nil || a.State != lifecycle.Undone {
			t.Fatal(a, err)
		}
		if got := tn.everything(); got != before {
			t.Errorf("after the undo:\n%s\nbefore:\n%s", got, before)
		}
		tn.intact()
		// Into another county's school: the county cannot, and nothing happens.
		far := carried(schoolA, schoolC)
		do["act_on"] = luoshu.FormatDate(fl.Today())
		tn.refused(try(x, far, "merge", do), luoshu.NotFound, "")
		if state, _, _ := fl.Standing(tn.ctx, far); state != "carry" {
			t.Error("the case is in", state)
		}
	})
}
