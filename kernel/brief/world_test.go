package brief

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/duty"
	"luoshu/kernel/flow"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/target"
	"luoshu/kernel/workday"
)

// world is a city R with offices A and B, whose houses had these many stays from 2021
// on: A 10, 10, 28, 28; B 10, 20, 12, 22.
type world struct {
	*testing.T
	ctx  context.Context
	cat  *catalog.Catalog
	led  *ledger.Ledger
	desk *Desk
	fl   *flow.Flow
	now  time.Time
	n    int
}

var (
	aideR = luoshu.Actor{Name: "aider", Role: "aide", Org: "R"}
	aideA = luoshu.Actor{Name: "aidea", Role: "aide", Org: "A"}
	aideB = luoshu.Actor{Name: "aideb", Role: "aide", Org: "B"}
	chief = luoshu.Actor{Name: "chief", Role: "chief", Org: "R"}     // reads no cases
	watch = luoshu.Actor{Name: "visitor", Role: "visitor", Org: "R"} // reads no plan
)

func newWorld(t *testing.T) *world {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../disclose/testdata/packs"), os.DirFS("testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, faults := charter.Load(cat)
	days, more := workday.Load(cat)
	book, owed := duty.Load(cat, nil)
	aims, wrong := target.Load(cat)
	for _, f := range slices.Concat(faults, more, owed, wrong) {
		t.Fatal(f)
	}
	w := &world{T: t, ctx: context.Background(), cat: cat, now: time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	dir := t.TempDir()
	db, err := store.Open(w.ctx, store.Config{DSN: filepath.Join(dir, "w.db"), Keys: storetest.Keys(t)})
	w.must(err)
	t.Cleanup(func() { db.Close() })
	w.led, err = ledger.Open(w.ctx, db, cat, clock)
	w.must(err)
	acc, err := access.Open(w.ctx, db, cat, clock)
	w.must(err)
	eng := indicator.New(db, cat, dir, indicator.WithEngine("sqlite"))
	rec := records.New(db, cat)
	w.fl, err = flow.New(flow.Config{
		DB: db, Catalog: cat, Charter: ch, Ledger: w.led, Records: rec, Access: acc, Calendar: days,
		Files: load.New(dir, cat, w.led, db, clock), Now: clock,
	})
	w.must(err)
	w.desk = New(Config{
		Catalog: cat, Door: disclose.New(db, cat, w.led, eng, acc), Flow: w.fl, Access: acc, Tasks: "task", Follow: "decision", Now: clock,
		Duties: duty.New(duty.Config{DB: db, Catalog: cat, Book: book, Days: days, Access: acc, Records: rec, Now: clock}),
	})
	w.desk.Door.Adjust(target.New(aims, rec))
	w.fill()
	for _, a := range []luoshu.Actor{aideR, aideA, aideB} {
		w.must(acc.CreateAccount(w.ctx, a.Name, "a long pass word 7", a.Role, a.Org, luoshu.Text{ZH: a.Name, EN: a.Name}))
	}
	s, err := w.led.Seal(w.ctx, luoshu.Actor{Name: "p", Role: "planner", Org: "R"}, "first")
	w.must(err)
	w.must(eng.Compute(w.ctx, s, nil))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(entity string, rows ...[]any) {
	w.Helper()
	e := w.cat.Entity(entity)
	_, err := w.led.Commit(w.ctx, ledger.Batch{
		Actor: access.Operator, Entity: entity, Reason: "test",
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(e.Fields))
				for k, x := range r {
					v[k] = luoshu.ValueOf(x)
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
	w.must(err)
}

func (w *world) fill() {
	w.put("area", []any{"A", "区甲"}, []any{"B", "区乙"})
	w.put("office", []any{"R", "总办", nil, "city"}, []any{"A", "甲办", "R", "county"}, []any{"B", "乙办", "R", "county"})
	w.put("house", []any{"A1", "甲院", "A", "A", int64(20000101)}, []any{"B1", "乙院", "B", "B", int64(20000101)})
	stays := map[string][]int{"A1": {10, 10, 28, 28}, "B1": {10, 20, 12, 22}}
	var members, rows [][]any
	for _, house := range []string{"A1", "B1"} {
		for k := range 28 {
			no := fmt.Sprintf("%s-%02d", house, k)
			members = append(members, []any{no, "名" + no, int64(20100101), nil, nil, nil, int64(k % 2), house})
			for y, n := range stays[house] {
				if k < n {
					rows = append(rows, []any{no, int64(2021 + y), house, "x"})
				}
			}
		}
	}
	w.put("member", members...)
	w.put("stay", rows...)
}

func (w *world) open(by luoshu.Actor, kind string, cells map[string]string) *flow.Case {
	w.Helper()
	w.n++
	c, err := w.fl.Open(w.ctx, by, flow.Opening{ID: fmt.Sprintf("brief-open-%04d", w.n), Type: kind, Handed: flow.Handed{Cells: cells}})
	w.must(err)
	return c
}

func (w *world) act(by luoshu.Actor, c *flow.Case, action string) {
	w.Helper()
	w.n++
	_, err := w.fl.Act(w.ctx, by, flow.Act{ID: fmt.Sprintf("brief-act-%04d", w.n), No: c.No, Action: action, Step: c.Step})
	w.must(err)
}
