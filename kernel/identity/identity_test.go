package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/identity"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/packs"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { dbs.Main(m) }

type world struct {
	t   *testing.T
	db  *store.DB
	cat *catalog.Catalog
	led *ledger.Ledger
	rec *records.Reader
	*identity.Identity
	restart func() // the room, as a new process opens it
}

var (
	city   = luoshu.Actor{Name: "planner", Role: "planner", Org: "410300"}
	county = luoshu.Actor{Name: "county", Role: "county", Org: "410311"}
	clerkA = luoshu.Actor{Name: "a", Role: "clerk", Org: "2141000001"}
)

func newWorld(t *testing.T, c store.Config) *world {
	t.Helper()
	cat, faults := catalog.LoadFS(packs.FS, "registry", "luoyang")
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, more := charter.Load(cat)
	for _, f := range more {
		t.Fatal(f)
	}
	ctx := context.Background()
	db, err := store.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := func() time.Time { return time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC) }
	w := &world{t: t, db: db, cat: cat}
	if w.led, err = ledger.Open(ctx, db, cat, now); err != nil {
		t.Fatal(err)
	}
	acc, err := access.Open(ctx, db, cat, now)
	if err != nil {
		t.Fatal(err)
	}
	w.rec = records.New(db, cat)
	w.restart = func() { w.Identity = identity.New(db, cat, ch, w.led, w.rec, acc, now) }
	w.restart()
	w.put("organisation", map[string]any{"code": "410300", "name": "市局", "level": "city"}, map[string]any{"code": "410311", "name": "区局", "level": "county", "parent_code": "410300"})
	for _, s := range []string{"2141000001", "2141000002"} {
		w.put("school", map[string]any{
			"school_code": s, "name": "学校" + s, "type_code": "211", "runner": "public", "urban_rural": "111", "division_code": "410311",
			"managing_code": "410311", "counts": int64(1), "opened": int64(19850901),
		})
	}
	return w
}

func (w *world) put(entity string, rows ...map[string]any) ledger.Result {
	w.t.Helper()
	e := w.cat.Entity(entity)
	res, err := w.led.Commit(context.Background(), ledger.Batch{
		Actor: access.Operator, Entity: entity, Total: int64(len(rows)),
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(e.Fields))
				for k, x := range r {
					v[e.Field(k).Index] = luoshu.ValueOf(x)
				}
				if err := yield(ledger.Row{N: i + 1, Values: v}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if len(d.Faults) > 0 {
				w.t.Errorf("%s: %s", entity, d.Faults[0].EN)
			}
			return nil
		},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// pupils enters a school of pupils of which two are one person.
func (w *world) pupils() {
	given := []string{"若瑶", "子轩", "浩然", "雨桐", "梓涵", "一诺", "思远", "嘉怡", "俊杰", "欣妍", "明哲", "佳琪", "天佑", "诗涵", "宇航", "雅静"}
	sur := []string{"陈", "王", "李", "张", "刘", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "林"}
	var rows []map[string]any
	for i := range 256 {
		birth := int64(20150101 + i%12*100 + i%28)
		id := fmt.Sprintf("410311%d%03dX", birth, i)
		rows = append(rows, map[string]any{
			"student_no": "G" + id, "name": sur[i%16] + given[i/16], "sex": "1", "birth_date": birth, "id_no": id,
			"phone": fmt.Sprintf("1380000%04d", i), "school_code": "2141000001", "status": "01",
		})
	}
	rows = append(rows, map[string]any{
		"student_no": "L410311201501010001", "name": "陈若瑶", "sex": "1", "birth_date": int64(20150101), "id_no": "41031120150101000X",
		"phone": "13800000000", "school_code": "2141000002", "status": "01", "address": "开元大道1号",
	})
	w.put("student", rows...)
	w.put("enrolment",
		w.stay("G41031120150101000X", 2023, "2141000001", "PRI1"), w.stay("G41031120150101000X", 2024, "2141000001", "PRI2"),
		w.stay("L410311201501010001", 2025, "2141000002", "PRI3"))
}

func (w *world) stay(no string, year int64, school, grade string) map[string]any {
	return map[string]any{
		"student_no": no, "school_year": year, "school_code": school, "stage": "PRI", "grade": grade, "from_date": year*10000 + 901,
		"boarding": int64(0), "left_behind": "3", "migrant": "3",
	}
}

func (w *world) find() *identity.Pair {
	w.t.Helper()
	r, err := w.Find(context.Background(), city, "student", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	list, n, err := w.List(context.Background(), city, "student", "", 0, 10)
	if err != nil || n != 1 || r.Matches != 1 {
		w.t.Fatalf("%+v, %d pairs: %v", r, n, err)
	}
	return list[0]
}

func (w *world) kind(err error, want luoshu.ErrKind, what string) {
	w.t.Helper()
	var e *luoshu.Error
	if !errors.As(err, &e) || e.Kind != want {
		w.t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func (w *world) stays(no string) int {
	w.t.Helper()
	e, n := w.cat.Entity("enrolment"), 0
	where, args := w.rec.Is(e, "student_no", no)
	err := w.rec.Each(context.Background(), records.Query{Entity: "enrolment", Where: where, Args: args}, func(*records.Version) error {
		n++
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestMergeAndUnmerge(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := newWorld(t, c), context.Background()
		w.pupils()
		p := w.find()
		if _, err := w.Get(ctx, clerkA, p.ID); err != nil {
			t.Errorf("the clerk of one side does not see the pair: %v", err)
		}
		if _, err := w.Get(ctx, luoshu.Actor{Name: "x", Role: "teacher", Org: "2141000001"}, p.ID); err == nil {
			t.Error("a role without the right sees the pair")
		}
		_, err := w.Decide(ctx, clerkA, p.ID, identity.Decision{Kind: "same", Survivor: p.A})
		w.kind(err, luoshu.Denied, "a clerk merges over two schools")
		_, err = w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: 999})
		w.kind(err, luoshu.Invalid, "a survivor that is neither")
		_, err = w.Decide(ctx, county, p.ID, identity.Decision{Kind: "unsure"})
		w.kind(err, luoshu.Invalid, "unsure without a note")
		var told []int64
		w.OnMerge(func(_ context.Context, _ string, recs ...int64) { told = append(told, recs...) })
		got, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: p.A, Note: "same child"})
		if err != nil || got.State != "merged" || len(got.Seqs) == 0 {
			t.Fatalf("%+v %v", got, err)
		}
		_, err = w.Decide(ctx, county, p.ID, identity.Decision{Kind: "different"})
		w.kind(err, luoshu.Conflict, "decided twice")
		if n := w.stays("G41031120150101000X"); n != 3 {
			t.Errorf("the survivor has %d stays", n)
		}
		v, err := w.rec.ByKey(ctx, "student", "G41031120150101000X")
		if err != nil || v.Values[w.cat.Entity("student").Field("address").Index].S != "开元大道1号" {
			t.Errorf("an empty field was not filled: %v", err)
		}
		if v, _ := w.rec.ByKey(ctx, "student", "L410311201501010001"); v != nil {
			t.Error("the other record is still there")
		}
		// A later file with the losing number lands on the survivor.
		w.put("enrolment", w.stay("L410311201501010001", 2026, "2141000002", "PRI4"))
		if n := w.stays("G41031120150101000X"); n != 4 {
			t.Errorf("after a later file the survivor has %d stays", n)
		}
		if r, err := w.Find(ctx, city, "student", nil); err != nil || r.New != 0 {
			t.Errorf("raised again: %+v %v", r, err)
		}
		back, err := w.Unmerge(ctx, county, p.ID, "twins after all")
		if err != nil || back.State != "different" {
			t.Fatalf("%+v %v", back, err)
		}
		if want := []int64{p.A, p.B, p.A, p.B}; !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
		if a, b := w.stays("G41031120150101000X"), w.stays("L410311201501010001"); a != 3 || b != 1 {
			t.Errorf("after un-merging: %d and %d stays, want 3 (one came later) and 1", a, b)
		}
		if r, err := w.Find(ctx, city, "student", nil); err != nil || r.New != 0 || r.Known != 1 {
			t.Errorf("decided pairs are raised again: %+v %v", r, err)
		}
		if problems, err := w.led.Check(ctx, nil); err != nil || len(problems) > 0 {
			t.Errorf("check: %v %v", problems, err)
		}
	})
}

// A pair goes along with a child who is transferred after it was found: the school
// that let go no longer sees it, the one that received the child does, and so it is
// when the transfer is taken back; also for what was decided.
func TestPairsFollow(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := newWorld(t, c), context.Background()
		w.pupils()
		w.put("organisation", map[string]any{"code": "410312", "name": "另一区局", "level": "county", "parent_code": "410300"})
		w.put("school", map[string]any{
			"school_code": "2141000003", "name": "第三学校", "type_code": "211", "runner": "public", "urban_rural": "111", "division_code": "410312",
			"managing_code": "410312", "counts": int64(1), "opened": int64(19850901),
		})
		p := w.find()
		from, to := luoshu.Actor{Name: "b", Role: "clerk", Org: "2141000002"}, luoshu.Actor{Name: "c", Role: "clerk", Org: "2141000003"}
		county2 := luoshu.Actor{Name: "county2", Role: "county", Org: "410312"}
		sees := func(when string, want map[luoshu.Actor]bool) {
			t.Helper()
			for a, may := range want {
				_, n, err := w.List(ctx, a, "", p.State, 0, 10)
				if err != nil || (n == 1) != may {
					t.Errorf("%s: %s has %d pairs %v", when, a.Name, n, err)
				}
				if got, err := w.Get(ctx, a, p.ID); (err == nil) != may {
					t.Errorf("%s: %s reads %+v %v", when, a.Name, got, err)
				}
			}
		}
		here := map[luoshu.Actor]bool{clerkA: true, from: true, county: true, to: false, county2: false, city: true}
		there := map[luoshu.Actor]bool{clerkA: true, from: false, county: true, to: true, county2: true, city: true}
		sees("found", here)
		moved := w.put("student", map[string]any{
			"student_no": "L410311201501010001", "name": "陈若瑶", "sex": "1", "birth_date": int64(20150101), "id_no": "41031120150101000X",
			"phone": "13800000000", "school_code": "2141000003", "status": "01", "address": "开元大道1号",
		})
		sees("transferred", there)
		_, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: p.A})
		w.kind(err, luoshu.Denied, "the county of one side merges over two counties")
		if _, err := w.Decide(ctx, to, p.ID, identity.Decision{Kind: "different", Note: "twins"}); err != nil {
			t.Fatal(err)
		}
		p.State = "different"
		sees("decided", there)
		if _, err := w.led.Undo(ctx, luoshu.Actor{}, moved.Seq, "wrong child"); err != nil {
			t.Fatal(err)
		}
		sees("taken back", here)
		// Found anew by another program meanwhile, or before this one began.
		if _, err := w.db.Exec(ctx, `UPDATE duplicate SET org_b = '2141000003'`); err != nil {
			t.Fatal(err)
		}
		w.restart()
		sees("after a new start", here)
	})
}

// Two who decide at once: one wins, the other is told.
func TestDecidedAtOnce(t *testing.T) {
	w := newWorld(t, dbs.SQLite(t))
	w.pupils()
	p := w.find()
	ctx := context.Background()
	if _, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "unsure", Note: "ask the school", Revision: p.Revision}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: p.A, Revision: p.Revision})
	w.kind(err, luoshu.Conflict, "the second of two")
	_, err = w.Unmerge(ctx, county, p.ID, "x")
	w.kind(err, luoshu.Conflict, "un-merging what is not merged")
	_, err = w.Find(ctx, clerkA, "student", nil)
	w.kind(err, luoshu.Denied, "a clerk runs over the city")
	_, err = w.Find(ctx, city, "school", nil)
	w.kind(err, luoshu.NotFound, "an entity nobody says how to tell apart")
}

// Match before create: a row with the ID number of another record is met at the door.
func TestDoor(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := newWorld(t, c), context.Background()
		w.put("student", map[string]any{
			"student_no": "G41031120150101000X", "name": "陈若瑶", "sex": "2", "birth_date": int64(20150101), "id_no": "41031120150101000X",
			"school_code": "2141000001", "status": "01",
		})
		e := w.cat.Entity("student")
		row := func(no, id string) []luoshu.Value {
			v := make([]luoshu.Value, len(e.Fields))
			v[e.Field("student_no").Index], v[e.Field("id_no").Index] = luoshu.TextValue(no), luoshu.TextValue(id)
			return v
		}
		door := w.Door("student")
		for _, x := range []struct {
			no, id string
			met    bool
		}{
			{"L410311201501010001", "41031120150101000X", true},
			{"G41031120150101000X", "41031120150101000X", false}, // its own record
			{"L410311201501010001", "410311201501010018", false},
			{"L410311201501010001", "", false},
		} {
			rec, field, err := door.Look(ctx, row(x.no, x.id))
			if err != nil || (rec != 0) != x.met || (field == "id_no") != x.met {
				t.Errorf("%s %s: met %d by %q, %v", x.no, x.id, rec, field, err)
			}
		}
		w.put("student", map[string]any{
			"student_no": "L410311201501010001", "name": "陈若瑶", "sex": "2", "birth_date": int64(20150101), "id_no": "41031120150101000X",
			"school_code": "2141000002", "status": "01",
		})
		if err := door.Met(ctx, "L410311201501010001", 1, "id_no"); err != nil {
			t.Fatal(err)
		}
		list, n, err := w.List(ctx, city, "student", "", 0, 10)
		if err != nil || n != 1 || list[0].Verdict != "exact" || list[0].OrgA == list[0].OrgB {
			t.Errorf("%d pairs, %v", n, err)
		}
		if w.Door("school") != nil {
			t.Error("a door for an entity nobody asks for")
		}
	})
}
