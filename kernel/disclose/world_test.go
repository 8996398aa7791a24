package disclose_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

// world is a small city whose every value is a marker that can be found again in
// anything that leaves.
type world struct {
	t    testing.TB
	cat  *catalog.Catalog
	db   *store.DB
	led  *ledger.Ledger
	eng  *indicator.Engine
	acc  *access.Access
	door *disclose.Door
	seal ledger.Seal
	now  time.Time

	planted []marker
	rows    map[string][][]luoshu.Value
}

// marker is one value planted in one field of a record of one organisation.
type marker struct {
	entity, field, org string
	text               string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("testdata/packs")}})
	for _, f := range faults {
		t.Error(f)
	}
	if cat == nil {
		t.FailNow()
	}
	w := &world{t: t, cat: cat, now: time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC), rows: map[string][][]luoshu.Value{}}
	clock := func() time.Time { return w.now }
	ctx := context.Background()
	dir := t.TempDir()
	var err error
	if w.db, err = store.Open(ctx, store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "town.db"), Keys: storetest.Keys(t)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	if w.led, err = ledger.Open(ctx, w.db, cat, clock); err != nil {
		t.Fatal(err)
	}
	w.eng = indicator.New(w.db, cat, dir, indicator.WithEngine("sqlite"))
	if w.acc, err = access.Open(ctx, w.db, cat, clock); err != nil {
		t.Fatal(err)
	}
	w.door = disclose.New(w.db, cat, w.led, w.eng, w.acc)
	w.fill()
	if w.seal, err = w.led.Seal(ctx, luoshu.Actor{Name: "sealer", Role: "planner", Org: "R"}, "first"); err != nil {
		t.Fatal(err)
	}
	if err := w.eng.Compute(ctx, w.seal, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.door.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

// plant adds a row; every text or number in it that is long enough to be found
// again is remembered with its organisation.
func (w *world) plant(entity, org string, cells ...any) {
	e := w.cat.Entity(entity)
	row := make([]luoshu.Value, len(e.Fields))
	for i, c := range cells {
		row[i] = luoshu.ValueOf(c)
		text := row[i].String()
		if len(text) >= 7 {
			w.planted = append(w.planted, marker{entity, e.Fields[i].Name, org, text})
		}
	}
	w.rows[entity] = append(w.rows[entity], row)
}

func (w *world) fill() {
	for _, a := range []string{"A", "B"} {
		w.plant("area", "", a, "区"+a)
	}
	w.plant("office", "R", "R", "总", nil, "city", "office-memo-R")
	w.plant("office", "A", "A", "甲办", "R", "county", "office-memo-A")
	w.plant("office", "B", "B", "乙办", "R", "county", "office-memo-B")
	for _, o := range []string{"R", "A", "B"} {
		w.plant("notice", o, "notice-of-"+o, o)
	}
	n := 0
	for i, h := range []struct {
		code, office string
		members      int
		sick         int
	}{{"A1", "A", 20, 8}, {"A2", "A", 12, 2}, {"A3", "A", 30, 10}, {"B1", "B", 25, 9}, {"B2", "B", 3, 1}} {
		closed := any(nil)
		if h.code == "B1" {
			closed = int64(20250701)
		}
		w.plant("house", h.code, h.code, "院"+h.code, h.office, h.office, int64(20000101), closed, "house-memo-"+h.code,
			int64(7320001+10*i), fmt.Sprintf("收 %d 名儿童", 7420001+10*i))
		for k := range h.members {
			n++
			sick := int64(0)
			if k < h.sick {
				sick = 1
			}
			id := fmt.Sprintf("%s%04d", h.code, n)
			kind := "x"
			if k%3 == 0 {
				kind = "y"
			}
			no := "member-no-" + id
			w.plant("member", h.code, no, "名name"+id, int64(20000000+n*7), "41030519900101"+fmt.Sprintf("%04d", 1000+n),
				fmt.Sprintf("139%08d", 10000000+n), int64(731000000+n), sick, h.code, "member-memo-"+id, int64(771000000+n))
			w.plant("score", h.code, no, "subject-"+id, int64(881000000+n), int64(991000000+n), "verdict-"+id)
			card := cardNumber(n)
			w.plant("card", h.code, card, "持holder"+id, h.code)
			w.plant("ride", h.code, card, int64(2024), h.code)
			w.plant("matter", h.code, "SX"+id, "asked", int64(1), h.code, "事由subject"+id, nil)
			for y := range 2 {
				w.plant("stay", h.code, no, int64(2023+y), h.code, kind)
			}
		}
	}
	for _, entity := range []string{"area", "office", "notice", "house", "member", "score", "stay", "card", "ride", "matter"} {
		w.commit(access.Operator, entity, w.rows[entity])
	}
}

// cardNumber is a number with a true identity number in it.
func cardNumber(n int) string {
	body := fmt.Sprintf("410305%08d%03d", 20120101+n%28, 100+n)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * weight
	}
	return "G" + body + string("10X98765432"[sum%11])
}

func (w *world) commit(a luoshu.Actor, entity string, rows [][]luoshu.Value) ledger.Result {
	w.t.Helper()
	res, err := w.led.Commit(context.Background(), ledger.Batch{
		Actor: a, Entity: entity, Reason: "test", Attested: 20250901, Total: int64(len(rows)),
		Source: ledger.Source{SHA256: fmt.Sprintf("%064d", len(entity)), Name: entity + ".csv", Size: 1},
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				if err := yield(ledger.Row{N: i + 2, Values: r}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			for _, f := range d.Faults {
				w.t.Errorf("%s row %d: %s", entity, d.N, f.EN)
			}
			return nil
		},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) actor(role, org string) luoshu.Actor {
	return luoshu.Actor{Name: role + "@" + org, Role: role, Org: org}
}

// actors is every role of the catalog at every kind of organisation, a stranger's
// organisation, an unknown role, and the operator.
func (w *world) actors() []luoshu.Actor {
	out := []luoshu.Actor{access.Operator, w.actor("nobody", "R"), {Name: "x", Role: "planner", Org: ""}}
	for _, r := range w.cat.Roles {
		for _, org := range []string{"R", "A", "A1", "B2", "Z9"} {
			out = append(out, w.actor(r.ID, org))
		}
	}
	return out
}
