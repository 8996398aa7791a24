package flow_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/workday"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// world is a city R with two counties X and Y; houses A and B belong to X, C to Y.
type world struct {
	*testing.T
	ctx   context.Context
	cat   *catalog.Catalog
	ch    *charter.Charter
	db    *store.DB
	led   *ledger.Ledger
	acc   *access.Access
	rec   *records.Reader
	desk  *load.Desk
	fl    *flow.Flow
	today time.Time
	n     int
}

var (
	planner   = luoshu.Actor{Name: "planner", Role: "planner", Org: "R"}
	officerX  = luoshu.Actor{Name: "officerx", Role: "officer", Org: "X"}
	officerY  = luoshu.Actor{Name: "officery", Role: "officer", Org: "Y"}
	clerkA    = luoshu.Actor{Name: "clerka", Role: "clerk", Org: "A"}
	clerkB    = luoshu.Actor{Name: "clerkb", Role: "clerk", Org: "B"}
	headA     = luoshu.Actor{Name: "heada", Role: "head", Org: "A"}
	inspector = luoshu.Actor{Name: "inspector", Role: "inspector", Org: "X"}
)

func packsOf(t testing.TB) (*catalog.Catalog, *charter.Charter) {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	return cat, ch
}

func open(t *testing.T, c store.Config) *world {
	t.Helper()
	w := &world{T: t, ctx: context.Background(), today: time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC)}
	w.cat, w.ch = packsOf(t)
	clock := func() time.Time { return w.today }
	var err error
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.db, err = store.Open(w.ctx, c)
	must(err)
	t.Cleanup(func() { w.db.Close() })
	w.led, err = ledger.Open(w.ctx, w.db, w.cat, clock)
	must(err)
	w.acc, err = access.Open(w.ctx, w.db, w.cat, clock)
	must(err)
	w.rec = records.New(w.db, w.cat)
	w.desk = load.New(t.TempDir(), w.cat, w.led, w.db, clock)
	w.wire()
	w.put("office", row{"code": "R", "name": "市局", "level": "city"})
	w.put("office", row{"code": "X", "name": "西区", "level": "county", "parent": "R"}, row{"code": "Y", "name": "东区", "level": "county", "parent": "R"})
	w.put("house", row{"code": "A", "name": "甲校", "office": "X"}, row{"code": "B", "name": "乙校", "office": "X"}, row{"code": "C", "name": "丙校", "office": "Y"})
	for _, a := range []luoshu.Actor{planner, officerX, officerY, clerkA, clerkB, headA, inspector} {
		must(w.acc.CreateAccount(w.ctx, a.Name, "a long pass word 7", a.Role, a.Org, luoshu.Text{ZH: a.Name, EN: a.Name}))
	}
	return w
}

// wire makes the cases over the world's present charter.
func (w *world) wire() {
	w.Helper()
	var err error
	w.fl, err = flow.New(flow.Config{
		DB: w.db, Catalog: w.cat, Charter: w.ch, Ledger: w.led, Records: w.rec, Access: w.acc, Files: w.desk,
		Calendar: nil, Now: func() time.Time { return w.today },
	})
	if err != nil {
		w.Fatal(err)
	}
	var weekends *workday.Calendar
	w.fl.Calendar = weekends
}

type row map[string]any

func (w *world) put(entity string, rows ...row) {
	w.Helper()
	e := w.cat.Entity(entity)
	_, err := w.led.Commit(w.ctx, ledger.Batch{
		Actor: access.Operator, Entity: entity, Reason: "test",
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(e.Fields))
				for k, x := range r {
					v[e.Field(k).Index] = luoshu.ValueOf(x)
				}
				if err := yield(ledger.Row{N: i + 2, Values: v}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if len(d.Faults) > 0 {
				return fmt.Errorf("%s row %d: %s", entity, d.N, d.Faults[0].EN)
			}
			return nil
		},
	}, nil)
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) id() string {
	w.n++
	return fmt.Sprintf("test-act-%04d", w.n)
}

type cells = map[string]string

func (w *world) open(by luoshu.Actor, typ string, c cells) *flow.Case {
	w.Helper()
	out, err := w.fl.Open(w.ctx, by, flow.Opening{ID: w.id(), Type: typ, Handed: flow.Handed{Cells: c}})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// try takes an action as the case stands now.
func (w *world) try(by luoshu.Actor, no, action string, c cells, more ...func(*flow.Act)) (*flow.Case, error) {
	w.Helper()
	a := flow.Act{ID: w.id(), No: no, Action: action, Step: w.number(`SELECT step FROM flow_case WHERE no = ?`, no), Handed: flow.Handed{Cells: c}}
	for _, f := range more {
		f(&a)
	}
	return w.fl.Act(w.ctx, by, a)
}

func (w *world) act(by luoshu.Actor, no, action, state string, c cells, more ...func(*flow.Act)) *flow.Case {
	w.Helper()
	out, err := w.try(by, no, action, c, more...)
	if err != nil {
		w.Fatalf("%s %s: %v", no, action, err)
	}
	if out.State != state {
		w.Fatalf("%s %s led to %s, not to %s", no, action, out.State, state)
	}
	return out
}

func (w *world) number(q string, args ...any) int64 {
	w.Helper()
	var n int64
	if err := w.db.QueryRow(w.ctx, q, args...).Scan(&n); err != nil {
		w.Fatal(q, err)
	}
	return n
}

// paper hands in a small picture and names it in the act.
func (w *world) paper(by luoshu.Actor) func(*flow.Act) {
	w.Helper()
	p, err := w.fl.TakePaper(w.ctx, by, "现场.png", bytes.NewReader([]byte("\x89PNG\r\n\x1a\n picture "+w.id())))
	if err != nil {
		w.Fatal(err)
	}
	return func(a *flow.Act) { a.Papers = append(a.Papers, p.ID) }
}

func note(s string) func(*flow.Act) { return func(a *flow.Act) { a.Note = s } }

// kind asserts what kind of error it is and that it speaks both languages.
func (w *world) kind(err error, k luoshu.ErrKind) {
	w.Helper()
	e, ok := err.(*luoshu.Error)
	if !ok || e.Kind != k || e.Msg.ZH == "" || e.Msg.EN == "" {
		w.Errorf("want an error of kind %v, got %#v", k, err)
	}
}

// value is a field of a case's register as it stands.
func (w *world) value(c *flow.Case, field string) luoshu.Value {
	w.Helper()
	v, err := w.rec.ByKey(w.ctx, c.Entity, c.No)
	if err != nil || v == nil {
		w.Fatal(c.No, err)
	}
	return v.Values[w.cat.Entity(c.Entity).Field(field).Index]
}

// sound checks that the ledger and the timelines fit.
func (w *world) sound() {
	w.Helper()
	bad, err := w.fl.Check(w.ctx)
	if err != nil || len(bad) > 0 {
		w.Error(bad, err)
	}
	probs, err := w.led.Check(w.ctx, nil)
	if err != nil || len(probs) > 0 {
		w.Error(probs, err)
	}
}
