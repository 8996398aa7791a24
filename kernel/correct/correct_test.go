package correct_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/correct"
	"luoshu/kernel/load"
	"luoshu/kernel/paper"
	"luoshu/kernel/reseal"
	"luoshu/kernel/vault"
)

func kind(err error) luoshu.ErrKind {
	var e *luoshu.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// A unit's file changes what is the unit's own at once; what another source holds
// keeps its value, and the source is asked.
func TestFileOfTheWrongSource(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		r := w.file(clerk, "student", students("张三丰", "2015-03-09", "01", "1"))
		if r.Changed != 1 || r.Held != 1 || r.Requests != 1 || r.Refused != 0 {
			t.Fatalf("%+v", r)
		}
		if n, b := w.value("student", 1, "name"), w.value("student", 1, "birth_date"); n != "张三丰" || b != "20150301" {
			t.Fatal(n, b)
		}
		in := w.list(county, correct.Inbox)
		if len(in) != 1 {
			t.Fatal(in)
		}
		q := in[0]
		want := []correct.Change{{Field: "birth_date", Before: luoshu.IntValue(20150301), After: luoshu.IntValue(20150309)}}
		if q.Kind != correct.KindRequest || q.Origin != correct.FromFile || q.Org != "410311" || q.Source != "system:public-security" ||
			q.Holder != clerk.Org || q.Row != 2 || q.File.Name != "student.csv" || q.Due != 20251016 || q.By != clerk || !slices.Equal(q.Fields, want) {
			t.Fatalf("%+v", q)
		}
		// The same file again asks nothing new.
		if r := w.file(clerk, "student", students("张三丰", "2015-03-09", "01", "1")); r.Held != 1 || r.Requests != 0 || r.Unchanged != 1 {
			t.Errorf("again: %+v", r)
		}
		// Whoever has no part in it sees none of it.
		for _, a := range []luoshu.Actor{other, away, {Name: "x", Role: "county"}, {Name: "y", Role: "nobody", Org: "410300"}} {
			if _, err := w.Request(ctx, a, q.ID); kind(err) != luoshu.NotFound {
				t.Errorf("%s knows of it: %v", a.Name, err)
			}
			for _, box := range []string{correct.Inbox, correct.Conflicts, correct.Mine, correct.All} {
				if n := len(w.list(a, box)); n != 0 {
					t.Errorf("%s has %d in %s", a.Name, n, box)
				}
			}
		}
		both := luoshu.Actor{Name: "clerk", Role: "county", Org: "410311"} // the same person under another grant
		for _, a := range []luoshu.Actor{clerk, clerk2, teacher, planner, leader, both} {
			if err := w.answer(a, q.ID, correct.Accept, ""); kind(err) != luoshu.Denied {
				t.Errorf("%s may answer: %v", a.Name, err)
			}
		}
		if err := w.answer(county, q.ID, correct.Accept, "户口簿"); err != nil {
			t.Fatal(err)
		}
		q, _ = w.Request(ctx, clerk, q.ID)
		if b := w.value("student", 1, "birth_date"); b != "20150309" || q.State != correct.Accepted || q.Seq == 0 || q.AnsweredBy != "county" {
			t.Fatal(b, q)
		}
		c, err := w.led.CommitAt(ctx, q.Seq)
		if err != nil || c.Actor != county || !strings.HasSuffix(c.Reason, fmt.Sprint(" request ", q.ID)) || c.Source.SHA256 != q.File.SHA256 || c.Changed != 1 {
			t.Errorf("%+v %v", c, err)
		}
		if q.Reason != "a sheet" || q.Answer != "户口簿" {
			t.Errorf("what was said is read as %q, %q", q.Reason, q.Answer)
		}
		for _, text := range []string{"a sheet", "户口簿"} { // what was said lies sealed
			var n int
			err := w.db.QueryRow(ctx, `SELECT (SELECT count(*) FROM correction WHERE reason = ? OR answer = ?) + (SELECT count(*) FROM correction_event WHERE words = ?)`, text, text, text).Scan(&n)
			if err != nil || n != 0 {
				t.Errorf("%q lies in clear: %d %v", text, n, err)
			}
		}
		if err := w.answer(county2, q.ID, correct.Accept, ""); kind(err) != luoshu.Conflict {
			t.Errorf("answered twice: %v", err)
		}
		ev, err := w.Events(ctx, q.ID)
		if err != nil || len(ev) != 2 || ev[0].What != "asked" || ev[1].What != "accepted" || ev[1].Words != "户口簿" {
			t.Error(ev, err)
		}
		if p, err := w.led.Check(ctx, nil); err != nil || len(p) > 0 {
			t.Error(p, err)
		}
	})
}

// A dry run asks nobody, new records and empty fields are taken as declared, and
// the operator is every source.
func TestWhatIsTaken(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		u, err := w.desk.Stage(ctx, load.Submission{Entity: "student", Name: "s.csv", Actor: clerk, R: strings.NewReader(students("张三", "2015-03-09", "01", "1"))})
		if err != nil {
			t.Fatal(err)
		}
		w.desk.Wait()
		up, _ := w.desk.Upload(ctx, u)
		rows, n, err := w.desk.UploadRows(ctx, u, "held", 0, 10)
		if up.State != load.Staged || up.Held != 1 || n != 1 || err != nil || rows[0].Verdict != "unchanged" || rows[0].Rec != 1 {
			t.Fatalf("%+v %+v %v", up, rows, err)
		}
		if h := rows[0].Held[0]; h.Field != "birth_date" || h.ByHand || h.Before != luoshu.IntValue(20150301) || h.Want != luoshu.IntValue(20150309) {
			t.Error(h)
		}
		if in := w.list(county, correct.Inbox); len(in) != 0 {
			t.Error("looking asks", in)
		}
		if err := w.desk.CommitUpload(ctx, clerk, u); err != nil {
			t.Fatal(err)
		}
		w.desk.Wait()
		if up, _ = w.desk.Upload(ctx, u); up.State != load.Committed || up.Held != 1 || len(w.list(county, correct.Inbox)) != 1 {
			t.Errorf("%+v", up)
		}
		fresh := studentHead + "L410311201503050001,王五,1,2015-03-05,2141000001,01,,\n"
		if r := w.file(clerk, "student", fresh); r.New != 1 || r.Held != 0 {
			t.Errorf("new: %+v", r)
		}
		ethnic := "student_no,name,sex,birth_date,school_code,status,ethnic\nL410311201503010001,张三,1,2015-03-01,2141000001,01,02\n"
		if r := w.file(clerk, "student", ethnic); r.Changed != 1 || r.Held != 0 {
			t.Errorf("empty field: %+v", r)
		}
		if r := w.file(clerk, "student", strings.Replace(ethnic, "01,02", "01,03", 1)); r.Changed != 0 || r.Held != 1 {
			t.Errorf("declared once, not twice: %+v", r)
		}
		// The bureau is not the source of what is the unit's own.
		if r := w.file(county, "student", students("张山", "2015-03-02", "01", "1")); r.Held != 1 || r.Changed != 1 || r.Requests != 1 {
			t.Errorf("bureau: %+v", r)
		}
		if n, b := w.value("student", 1, "name"), w.value("student", 1, "birth_date"); n != "张三" || b != "20150302" {
			t.Error(n, b)
		}
		// Whoever hands in other values has not confirmed those that stay.
		p := filepath.Join(t.TempDir(), "attested.csv")
		if err := os.WriteFile(p, []byte(students("张山", "2015-03-04", "01", "1")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := w.desk.Load(ctx, load.Request{Entity: "student", Path: p, Actor: clerk, Attested: 20250930, Org: w.acc.Writer}, nil); err != nil {
			t.Fatal(err)
		}
		if v, err := w.rd.Get(ctx, "student", 1); err != nil || v.Verified != 0 {
			t.Error("attested", v, err)
		}
		w.file(clerk, "student", students("张三", "2015-03-02", "01", "1"))
		if in := w.list(clerk, correct.Inbox); len(in) != 1 || in[0].Fields[0].Field != "name" || in[0].By != county {
			t.Error(in)
		}
		if r := w.file(access.Operator, "student", students("张珊", "2015-03-03", "01", "2")); r.Held != 0 || r.Changed != 1 {
			t.Errorf("operator: %+v", r)
		}
	})
}

// What was corrected by hand is never changed back by a file in silence, not even
// by the source's own, until a person takes the file's value.
func TestByHandAgainstFile(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		out := w.edit(clerk, "student", 1, "", map[string]string{"name": "张叁", "phone": "13800000009"})
		if out.Refused() || out.Seq == 0 || len(out.Requests) != 0 || !slices.Equal(out.Committed, []string{"name", "phone"}) {
			t.Fatalf("%+v", out)
		}
		for _, a := range []luoshu.Actor{clerk, access.Operator} {
			if r := w.file(a, "student", students("张三", "2015-03-01", "01", "1")); r.Held != 1 || r.Changed != 0 {
				t.Fatalf("%s: %+v", a.Name, r)
			}
		}
		if n := w.value("student", 1, "name"); n != "张叁" {
			t.Fatal("changed back to", n)
		}
		in := w.list(clerk2, correct.Conflicts)
		if len(in) != 1 || in[0].Kind != correct.KindConflict || len(in[0].Fields) != 2 || len(w.list(clerk2, correct.Inbox)) != 0 {
			t.Fatalf("%+v", in)
		}
		hands, err := w.ByHand(ctx, "student", 1)
		if err != nil || len(hands) != 2 || hands[0].Actor != "clerk" || hands[0].Seq != out.Seq {
			t.Error(hands, err)
		}
		for _, a := range []luoshu.Actor{county, planner, other, teacher} {
			if err := w.answer(a, in[0].ID, correct.Take, "x"); err == nil {
				t.Errorf("%s decides for the source", a.Name)
			}
		}
		if err := w.answer(clerk, in[0].ID, correct.Keep, ""); kind(err) != luoshu.Invalid {
			t.Error("no reason", err)
		}
		if err := w.answer(clerk, in[0].ID, correct.Keep, "已核对户口簿"); err != nil {
			t.Fatal(err)
		}
		// Kept: the same values are held again, and nobody is asked twice.
		if r := w.file(clerk, "student", students("张三", "2015-03-01", "01", "1")); r.Held != 1 || r.Requests != 0 {
			t.Errorf("kept: %+v", r)
		}
		if r := w.file(clerk, "student", students("张四", "2015-03-01", "01", "1")); r.Held != 1 || r.Requests != 1 {
			t.Errorf("another value: %+v", r)
		}
		in = w.list(clerk, correct.Conflicts)
		if len(in) != 1 {
			t.Fatal(in)
		}
		if err := w.answer(clerk, in[0].ID, correct.Take, "改名"); err != nil {
			t.Fatal(err)
		}
		if n := w.value("student", 1, "name"); n != "张四" || w.state(in[0].ID) != correct.Taken {
			t.Fatal(n)
		}
		// Taken: the protection has ended for what was taken, not for the telephone.
		if r := w.file(clerk, "student", students("张五", "2015-03-01", "01", "1")); r.Held != 1 || r.Changed != 1 {
			t.Errorf("after taking: %+v", r)
		}
		if n := w.value("student", 1, "name"); n != "张五" {
			t.Error(n)
		}
		// A commit that is taken back protects nothing.
		out = w.edit(clerk, "student", 1, "", map[string]string{"native_place": "开封"})
		if _, err := w.led.Undo(ctx, planner, out.Seq, "test"); err != nil {
			t.Fatal(err)
		}
		if h, _ := w.ByHand(ctx, "student", 1); slices.ContainsFunc(h, func(x correct.Hand) bool { return x.Field == "native_place" }) {
			t.Error("undone and still protected")
		}
	})
}

// The form says beforehand what becomes of each field, and does so.
func TestEdit(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		_, plans, err := w.Form(ctx, clerk, "school", 1)
		if err != nil {
			t.Fatal(err)
		}
		mine := map[string]bool{}
		for _, p := range plans {
			mine[p.Field.Name] = p.Mine
			if p.Field.Name == "school_code" {
				t.Error("a key can be changed")
			}
			if p.Field.Name == "address" && (p.Asks.Org != "410311" || p.Asks.Days != 15 || p.Source.ZH == "") {
				t.Errorf("%+v", p)
			}
		}
		if !mine["phone"] || mine["address"] || mine["name"] || !mine["former_name"] {
			t.Error(mine)
		}
		out := w.edit(clerk, "school", 1, "搬迁", map[string]string{"phone": "0379-9", "address": "九号", "division_code": "410305"})
		if out.Refused() || !slices.Equal(out.Committed, []string{"phone"}) || len(out.Requests) != 1 {
			t.Fatalf("%+v", out)
		}
		if w.value("school", 1, "phone") != "0379-9" || w.value("school", 1, "address") != "一号" {
			t.Error("the wrong fields were written")
		}
		// Again: the request is there already.
		again := w.edit(clerk, "school", 1, "搬迁", map[string]string{"address": "九号", "division_code": "410305"})
		if !slices.Equal(again.Requests, out.Requests) {
			t.Error(again)
		}
		for field, cell := range map[string]string{"opened": "2000-13-01", "type_code": "999", "managing_code": "419999", "runner": "", "closed": "1999-01-01"} {
			bad := w.edit(county, "school", 1, "x", map[string]string{field: cell})
			if !bad.Refused() || bad.Seq != 0 || len(bad.Requests) != 0 {
				t.Errorf("%s = %q: %+v", field, cell, bad)
			}
		}
		if _, err := w.Edit(ctx, correct.Edit{Entity: "school", Rec: 1, Rid: 999, Cells: map[string]string{"phone": "1"}, By: clerk}); kind(err) != luoshu.Conflict {
			t.Error("an old form is taken", err)
		}
		for _, f := range []string{"school_code", "nothing"} {
			v, _, _ := w.Form(ctx, clerk, "school", 1)
			if _, err := w.Edit(ctx, correct.Edit{Entity: "school", Rec: 1, Rid: v.Rid, Cells: map[string]string{f: "1"}, By: clerk}); kind(err) != luoshu.Invalid {
				t.Error(f, err)
			}
		}
		// Two who change different fields of the same version both do; of two who
		// change the same field one is told.
		v, _, _ := w.Form(ctx, clerk, "student", 2)
		put := func(a luoshu.Actor, cells map[string]string) error {
			_, err := w.Edit(ctx, correct.Edit{Entity: "student", Rec: 2, Rid: v.Rid, Cells: cells, By: a})
			return err
		}
		var wg sync.WaitGroup
		errs := make([]error, 3)
		for i, cells := range []map[string]string{{"native_place": "开封"}, {"postcode": "471000"}, {"native_place": "郑州"}} {
			wg.Go(func() { errs[i] = put(other, cells) })
		}
		wg.Wait()
		place, code := w.value("student", 2, "native_place"), w.value("student", 2, "postcode")
		done := 0
		for i, err := range errs {
			if err == nil {
				done++
			} else if kind(err) != luoshu.Conflict {
				t.Error(i, err)
			}
		}
		if done == 0 || (errs[1] == nil) != (code == "471000") || (errs[0] == nil) != (place == "开封") || (errs[2] == nil) != (place == "郑州") {
			t.Error("an edit was lost", errs, place, code)
		}
		// Who may not commit asks, even within the source.
		if out := w.edit(teacher, "student", 1, "家长说", map[string]string{"native_place": "开封"}); out.Seq != 0 || len(out.Requests) != 1 {
			t.Errorf("%+v", out)
		}
		if in := w.list(clerk, correct.Inbox); len(in) != 1 || in[0].By != teacher {
			t.Error(in)
		}
	})
}

// A request goes back and forth, the term stands still meanwhile; the value may
// change before it is answered; of two who answer one wins.
func TestAnswers(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		ask := func(v string) int64 {
			t.Helper()
			ids, err := w.Propose(ctx, correct.Proposal{
				Entity: "student", Rec: 1, Changes: map[string]luoshu.Value{"sex": luoshu.TextValue(v)}, Reason: "家长来电", Origin: correct.FromGuardian,
				By: luoshu.Actor{Name: "guardian:7"},
			})
			if err != nil || len(ids) != 1 {
				t.Fatal(ids, err)
			}
			return ids[0]
		}
		ids, err := w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: map[string]luoshu.Value{"sex": luoshu.TextValue("1")}, By: clerk})
		if err != nil || len(ids) != 0 {
			t.Error("asks for what is there", ids, err)
		}
		for _, bad := range []map[string]luoshu.Value{
			{"sex": luoshu.TextValue("Q")}, {"birth_date": luoshu.IntValue(20150231)}, {"birth_date": luoshu.TextValue("x")}, {"student_no": luoshu.TextValue("L1")}, {"sex": {}},
		} {
			if _, err := w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: bad, By: clerk}); kind(err) != luoshu.Invalid {
				t.Error(bad, err)
			}
		}
		ids, err = w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: map[string]luoshu.Value{"sex": luoshu.TextValue("2")}, By: clerk, Origin: correct.FromVerification})
		if err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		id := ids[0]
		if err := w.answer(county, id, correct.Return, "请附证明"); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, 40)
		if n, err := w.Sweep(ctx, w.now); n != 0 || err != nil {
			t.Error("a returned request is overdue", n, err)
		}
		if err := w.answer(county, id, correct.Accept, ""); kind(err) != luoshu.Denied {
			t.Error("accepted while the requester is asked", err)
		}
		p, err := w.TakePaper(ctx, clerk, `..\..\户口 本.exe`, bytes.NewReader([]byte("%PDF-1.7 x")))
		if err != nil || p.Name != "户口 本.pdf" || p.Kind != "pdf" {
			t.Fatal(p, err)
		}
		if _, err := w.Answer(ctx, other, id, correct.Answer{Action: correct.Reply, Words: "x", Paper: p.ID}); kind(err) != luoshu.NotFound {
			t.Error(err)
		}
		if _, err := w.Answer(ctx, clerk, id, correct.Answer{Action: correct.Reply, Words: "见附件", Paper: p.ID}); err != nil {
			t.Fatal(err)
		}
		r, _ := w.Request(ctx, county, id)
		if papers, _ := w.Papers(ctx, id); r.State != correct.Open || r.Due != 20251125 || len(papers) != 1 {
			t.Error(r, papers)
		}
		// The value changes meanwhile: a person decides.
		w.file(access.Operator, "student", students("张三", "2015-03-01", "01", "9"))
		if err := w.answer(county, id, correct.Accept, ""); kind(err) != luoshu.Conflict {
			t.Error("carried out over a newer value", err)
		}
		if w.state(id) != correct.Open {
			t.Error("no longer open")
		}
		if _, err := w.Answer(ctx, county, id, correct.Answer{Action: correct.Accept, Anyway: true}); err != nil || w.value("student", 1, "sex") != "2" {
			t.Error(err)
		}
		id = ask("1")
		if r, _ := w.Request(ctx, county, id); r.Origin != correct.FromGuardian || r.Org != "410311" {
			t.Error(r)
		}
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, a := range []luoshu.Actor{county, county2} {
			wg.Go(func() { _, errs[i] = w.Answer(ctx, a, id, correct.Answer{Action: correct.Accept}) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || kind(errors.Join(errs...)) != luoshu.Conflict {
			t.Error(errs)
		}
		id = ask("2")
		if err := w.answer(county, id, correct.Reject, ""); kind(err) != luoshu.Invalid {
			t.Error("rejected without a reason", err)
		}
		if err := w.answer(county, id, correct.Reject, "与户口簿不符"); err != nil || w.state(id) != correct.Rejected {
			t.Error(err)
		}
		ids, _ = w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: map[string]luoshu.Value{"sex": luoshu.TextValue("2")}, By: clerk})
		if err := w.answer(clerk, ids[0], correct.Withdraw, ""); err != nil || w.state(ids[0]) != correct.Withdrawn {
			t.Error(err)
		}
	})
}

// Terms follow from dates: reminders once, one level up a term, and a clock that
// jumps back does nothing twice.
func TestSweep(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.file(clerk, "student", students("张三", "2015-03-09", "01", "1"))
		id := w.list(county, correct.Inbox)[0].ID
		at := func(day int) time.Time { return time.Date(2025, 10, 1+day, 9, 0, 0, 0, time.UTC) }
		for _, x := range []struct{ day, changed int }{{0, 0}, {11, 0}, {12, 1}, {12, 0}, {15, 0}, {16, 1}, {16, 0}, {3, 0}, {12, 0}, {27, 1}, {28, 0}, {31, 0}, {60, 0}} {
			w.now = at(x.day)
			if n, err := w.Sweep(ctx, w.now); n != x.changed || err != nil {
				t.Errorf("day %d: %d changed, want %d %v", x.day, n, x.changed, err)
			}
		}
		var what []string
		ev, _ := w.Events(ctx, id)
		for _, e := range ev {
			what = append(what, e.What)
		}
		r, _ := w.Request(ctx, planner, id)
		if !slices.Equal(what, []string{"asked", "reminded", "risen", "reminded"}) || !slices.Equal(r.Asked, []string{"410311", "410300"}) || !r.Overdue(w.Today()) {
			t.Error(what, r)
		}
		all, n, err := w.List(ctx, planner, correct.Query{Box: correct.Inbox, Overdue: true, Limit: 5})
		if err != nil || n != 1 || len(all) != 1 {
			t.Error(n, err)
		}
		if err := w.answer(planner, id, correct.Accept, ""); err != nil || w.value("student", 1, "birth_date") != "20150309" {
			t.Error(err)
		}
		// An answer that a crash interrupted goes back to waiting.
		w.file(clerk, "student", students("张三", "2015-03-08", "01", "1"))
		if in := w.list(county, correct.Conflicts); len(in) == 1 {
			id = in[0].ID
		}
		if _, err := w.db.Exec(ctx, `UPDATE correction SET state = 'carrying', mark = 'none', answered_at = ? WHERE id = ?`, w.now.UTC().Format(time.RFC3339), id); err != nil {
			t.Fatal(err)
		}
		if w.Sweep(ctx, w.now); w.state(id) != correct.Carrying {
			t.Error("taken from who is at it")
		}
		if w.Sweep(ctx, w.now.Add(time.Hour)); w.state(id) != correct.Open {
			t.Error("stuck")
		}
	})
}

func TestPapers(t *testing.T) {
	w := newWorld(t, dbs.SQLite(t))
	for name, b := range map[string]string{
		"a.pdf": "MZ\x90\x00", "b.html": "<script>", "c.zip": "PK\x03\x04junk", "d.png": "GIF89a", "e": "", "f.pdf": "%PDF-" + strings.Repeat("x", paper.Max),
	} {
		if _, err := w.TakePaper(ctx, clerk, name, strings.NewReader(b)); kind(err) != luoshu.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := w.TakePaper(ctx, clerk, "x.jpeg", strings.NewReader("\xff\xd8\xff\xe0 picture"))
	if err != nil || p.Name != "x.jpg" {
		t.Fatal(p, err)
	}
	// Nobody attaches another's paper.
	_, err = w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: map[string]luoshu.Value{"sex": luoshu.TextValue("2")}, By: other, Paper: p.ID})
	if kind(err) != luoshu.Invalid {
		t.Error(err)
	}
	// An edit that names a paper which is none writes nothing, not even what is one's own.
	v, err := w.rd.Get(ctx, "student", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Edit(ctx, correct.Edit{
		Entity: "student", Rec: 1, Rid: v.Rid, Reason: "x", By: clerk, Paper: "none",
		Cells: map[string]string{"phone": "13800000009", "birth_date": "2015-03-09"},
	})
	if kind(err) != luoshu.Invalid || w.value("student", 1, "phone") == "13800000009" {
		t.Errorf("half an edit: %v, phone %s", err, w.value("student", 1, "phone"))
	}
	if _, _, err := w.OpenPaper(ctx, 0, p.ID); kind(err) != luoshu.NotFound {
		t.Error("a paper of no request opens", err)
	}
}

// The map has every field of every register with its source, and tells how far it
// is filled in within reach.
func TestMap(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		for _, x := range []struct {
			a           luoshu.Actor
			rows        int64
			school, sex string
			filled      int64
		}{
			{planner, 2, "", "", 2}, {clerk, 1, "2141000001", "410311", 1}, {county, 2, "", "410311", 2}, {leader, 2, "", "", -1},
		} {
			all, err := w.Map(ctx, x.a, "", "")
			if err != nil || len(all) != len(w.cat.Entities) {
				t.Fatal(len(all), err)
			}
			for _, r := range all {
				e := w.cat.Entity(r.Entity)
				if len(r.Duties) != len(e.Fields) {
					t.Errorf("%s: %d of %d fields", r.Entity, len(r.Duties), len(e.Fields))
				}
				for _, d := range r.Duties {
					if d.SourceTitle.ZH == "" || d.SourceTitle.EN == "" || d.Steward == "" || d.Days == 0 || d.Holders == 0 || d.Unit().ZH == "" {
						t.Errorf("%s.%s: %+v", r.Entity, d.Field, d)
					}
					if r.Entity != "student" {
						continue
					}
					if r.Rows != x.rows || r.Months != 12 {
						t.Errorf("%s: %+v", x.a.Name, r)
					}
					switch d.Field {
					case "name":
						if d.Holder != x.school {
							t.Errorf("%s: name is held by %q", x.a.Name, d.Holder)
						}
					case "sex":
						if d.Holder != x.sex || d.Filled != x.filled {
							t.Errorf("%s: %+v", x.a.Name, d)
						}
					}
				}
			}
			var b bytes.Buffer
			if err := w.WriteMap(&b, "csv", x.a, all); err != nil || !strings.Contains(b.String(), "student.sex") || !strings.Contains(b.String(), "公安人口库") {
				t.Error(err, b.String()[:200])
			}
		}
		if _, err := w.Map(ctx, clerk, "2141000002", ""); kind(err) != luoshu.NotFound {
			t.Error("another's map", err)
		}
		if all, err := w.Map(ctx, teacher, "", "staff"); err == nil {
			t.Error("a register that the role lacks", all)
		}
	})
}

// Changes that make sense only together go to the source together: a new number
// of a document and the birth date that it spells.
func TestJoined(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		head := "student_no,name,sex,birth_date,school_code,status,id_type,id_no\n"
		w.file(access.Operator, "student", head+"L410311201503010001,张三,1,2015-03-01,2141000001,01,A,G1234567\n")
		// From a passport to an identity card: the type is the unit's own, the number
		// is not, and a card type with the passport's number breaks a rule.
		const good = "41031120150301001X"
		r := w.file(clerk, "student", head+"L410311201503010001,张三三,1,2015-03-01,2141000001,01,1,"+good+"\n")
		if r.Held != 1 || r.Changed != 0 || r.Requests != 1 {
			t.Fatalf("%+v", r)
		}
		q := w.list(county, correct.Inbox)
		if len(q) != 1 || len(q[0].Fields) != 3 || q[0].Fields[0].Field != "id_no" {
			t.Fatalf("%+v", q)
		}
		if err := w.answer(county, q[0].ID, correct.Accept, ""); err != nil {
			t.Fatal(err)
		}
		if a, b, c := w.value("student", 1, "id_no"), w.value("student", 1, "id_type"), w.value("student", 1, "name"); a != good || b != "1" || c != "张三三" {
			t.Error(a, b, c)
		}
	})
}

// The values of requests lie sealed, outlive a change of key, and sealed fields
// are counted like others.
func TestSealedAtRest(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		const phone = "13977778888"
		ids, err := w.Propose(ctx, correct.Proposal{Entity: "student", Rec: 1, Reason: "x", Changes: map[string]luoshu.Value{"phone": luoshu.TextValue(phone)}, By: teacher})
		if err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		var body string
		if err := w.db.QueryRow(ctx, `SELECT body FROM correction_field WHERE correction = ?`, ids[0]).Scan(&body); err != nil || !strings.HasPrefix(body, vault.TextPrefix) || strings.Contains(body, phone) {
			t.Error(body, err)
		}
		if p := w.db.Path(); p != "" {
			for _, f := range []string{p, p + "-wal"} {
				if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(phone)) {
					t.Error("in clear in", filepath.Base(f))
				}
			}
		}
		if _, err := w.db.Vault().Rotate(w.now); err != nil {
			t.Fatal(err)
		}
		if r, err := reseal.Rotate(ctx, w.db, t.TempDir(), nil); err != nil || r.Texts == 0 {
			t.Fatal(r, err)
		}
		r, err := w.Request(ctx, clerk, ids[0])
		if err != nil || r.Fields[0].After.S != phone || r.Fields[0].Before.S != "13800000001" {
			t.Fatal(r, err)
		}
		if err := w.answer(clerk, ids[0], correct.Accept, ""); err != nil || w.value("student", 1, "phone") != phone {
			t.Error(err)
		}
		all, err := w.Map(ctx, planner, "", "student")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all[0].Duties {
			want := map[string]int64{"phone": 2, "address": 0, "name": 2, "ethnic": 0}
			if n, ok := want[d.Field]; ok && d.Filled != n {
				t.Errorf("%s: filled %d, want %d", d.Field, d.Filled, n)
			}
		}
	})
}
