package finding_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/verify/finding"
	"luoshu/packs"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

var planner = luoshu.Actor{Name: "plan", Role: "planner", Org: "R"}

type village struct {
	*testing.T
	ctx context.Context
	cat *catalog.Catalog
	led *ledger.Ledger
	f   *finding.Findings
	now time.Time
}

func newVillage(t *testing.T, c store.Config) *village {
	t.Helper()
	x := &village{T: t, ctx: context.Background(), now: time.Date(2025, 9, 20, 8, 0, 0, 0, time.UTC)}
	var faults []catalog.Fault
	x.cat, faults = catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../testdata/packs")}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	ch, faults := charter.Load(x.cat)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	db, err := store.Open(x.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clock := func() time.Time { return x.now }
	if x.led, err = ledger.Open(x.ctx, db, x.cat, clock); err != nil {
		t.Fatal(err)
	}
	x.put("office", []any{"R", "总", nil, "city"}, []any{"A", "甲", "R", "county"})
	x.put("house", []any{"A1", "甲一", "A"}, []any{"A2", "甲二", "A"})
	x.put("member", []any{"N1", "一", int64(20100101), "X20100101", "A1"}, []any{"N2", "二", int64(20100101), "X20100101", "A2"},
		[]any{"N3", "三", int64(19990101), "Y", "A1"})
	acc, err := access.Open(x.ctx, db, x.cat, clock)
	if err != nil {
		t.Fatal(err)
	}
	x.f = finding.New(db, x.cat, ch, acc, records.New(db, x.cat), clock)
	return x
}

func (x *village) put(entity string, rows ...[]any) {
	x.Helper()
	_, err := x.led.Commit(x.ctx, ledger.Batch{Actor: planner, Entity: entity, Rows: func(yield func(ledger.Row) error) error {
		for i, r := range rows {
			v := make([]luoshu.Value, len(x.cat.Entity(entity).Fields))
			for j, c := range r {
				v[j] = luoshu.ValueOf(c)
			}
			if err := yield(ledger.Row{N: i + 1, Values: v}); err != nil {
				return err
			}
		}
		return nil
	}}, nil)
	if err != nil {
		x.Fatal(err)
	}
}

// run runs everything and tells each rule as "rule found/new/reopened/resolved".
func (x *village) run() string {
	x.Helper()
	list, err := x.f.RunAll(x.ctx, nil)
	if err != nil {
		x.Fatal(err)
	}
	var out []string
	for _, r := range list {
		if r.Fault != "" {
			x.Errorf("%s: %s", r.Rule, r.Fault)
		}
		out = append(out, fmt.Sprintf("%s %d/%d/%d/%d", r.Rule, r.Found, r.New, r.Reopened, r.Resolved))
	}
	return strings.Join(out, ", ")
}

func (x *village) want(got, want string) {
	x.Helper()
	if got != want {
		x.Errorf("got  %s\nwant %s", got, want)
	}
}

// A finding is found, rests while it is explained, is back when its evidence or
// the day changes, and goes when the records are mended.
func TestLife(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.want(x.run(), "same-id 2/2/0/0, crowded 0/0/0/0, recheck 2/2/0/0")
		x.want(x.run(), "same-id 2/0/0/0, crowded 0/0/0/0, recheck 2/0/0/0")
		list, n, err := x.f.List(x.ctx, planner, finding.Query{Rule: "same-id", Limit: 10})
		if err != nil || n != 2 || list[0].Org != "A1" || fmt.Sprint(list[0].Evidence["many"]) != "2" || list[0].Severity != "enforce" {
			t.Fatal(list, n, err)
		}
		id := list[0].ID
		var e *luoshu.Error
		if err := x.f.Explain(x.ctx, planner, id, " ", 0); !errors.As(err, &e) || e.Field != "reason" {
			t.Error("explained without a reason:", err)
		}
		if err := x.f.Explain(x.ctx, planner, id, "双胞胎错填，公安已受理", 0); err != nil {
			t.Fatal(err)
		}
		x.want(x.run(), "same-id 2/0/0/0, crowded 0/0/0/0, recheck 2/0/0/0")
		x.put("member", []any{"N4", "四", int64(20100101), "X20100101", "A2"})
		x.want(x.run(), "same-id 3/1/1/0, crowded 0/0/0/0, recheck 2/0/0/0")
		// Until a day that passes.
		if err := x.f.Explain(x.ctx, planner, id, "月底前改", 20250930); err != nil {
			t.Fatal(err)
		}
		if n, err := x.f.Lapse(x.ctx); err != nil || n != 0 {
			t.Error(n, err)
		}
		x.now = x.now.AddDate(0, 0, 11)
		if n, err := x.f.Lapse(x.ctx); err != nil || n != 1 {
			t.Error(n, err)
		}
		// Mended.
		x.put("member", []any{"N1", "一", int64(20100101), "Z20100101", "A1"}, []any{"N2", "二", int64(20100101), "W20100101", "A2"})
		x.want(x.run(), "same-id 0/0/0/3, crowded 0/0/0/0, recheck 2/0/0/0")
		x.put("member", []any{"N2", "二", int64(20100101), "Z20100101", "A2"})
		x.want(x.run(), "same-id 2/0/2/0, crowded 0/0/0/0, recheck 2/0/0/0")
		_, events, err := x.f.Get(x.ctx, planner, id)
		var what []string
		for _, v := range events {
			what = append(what, v.What)
		}
		if err != nil || strings.Join(what, " ") != "found explained reopened explained reopened resolved reopened" {
			t.Error(what, err)
		}
	})
}

// Only those of the scope see a finding, and a role without the entity does not.
func TestScope(t *testing.T) {
	x := newVillage(t, dbs.SQLite(t))
	x.run()
	for _, s := range []struct {
		who  luoshu.Actor
		want int64
	}{{luoshu.Actor{Role: "clerk", Org: "A1"}, 3}, {luoshu.Actor{Role: "clerk", Org: "A2"}, 1}, {luoshu.Actor{Role: "clerk", Org: "A"}, 4}, {luoshu.Actor{Role: "narrow", Org: "A"}, 0}, {luoshu.Actor{Role: "clerk", Org: "X"}, 0}, {luoshu.Actor{Role: "none", Org: "A"}, 0}} {
		if _, n, err := x.f.List(x.ctx, s.who, finding.Query{Limit: 10}); err != nil || n != s.want {
			t.Errorf("%v sees %d, want %d (%v)", s.who, n, s.want, err)
		}
	}
	list, _, err := x.f.List(x.ctx, planner, finding.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Org == "A1" {
			if err := x.f.Explain(x.ctx, luoshu.Actor{Role: "clerk", Org: "A2"}, f.ID, "x", 0); err == nil {
				t.Error("another house explains a finding")
			}
		}
	}
}

// Rules run again only when what they read was written, after a rest.
func TestAffected(t *testing.T) {
	x := newVillage(t, dbs.SQLite(t))
	names := func(rest int64) string {
		list, err := x.f.RunAffected(x.ctx, rest, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range list {
			out = append(out, fmt.Sprint(r.Rule, r.Found))
		}
		return strings.Join(out, " ")
	}
	x.want(names(0), "same-id2 crowded0 recheck2")
	x.want(names(0), "")
	var stays [][]any
	for _, no := range []string{"N1", "N2", "N3"} {
		for _, h := range []string{"A1", "A2"} {
			stays = append(stays, []any{no, int64(2025), h}, []any{no, int64(2024), h})
		}
	}
	x.put("stay", stays...)
	x.want(names(0), "crowded2")
}

// The statements that the shipped packs make are taken by both databases, with the
// columns they declare.
func TestShippedRules(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		ch, faults := charter.Load(cat)
		if len(faults) > 0 || len(ch.SetRules) < 9 {
			t.Fatal(len(ch.SetRules), faults)
		}
		db, err := store.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		faults, err = finding.Check(ctx, db, cat, ch)
		if err != nil || len(faults) > 0 {
			t.Fatal(faults, err)
		}
	})
}

// A statement that the database refuses or whose columns differ is a fault at its
// place in the file.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT m.rec AS rec, m.house AS org FROM member m":                            "must be",
		"SELECT m.rec AS rec, m.house AS org, nonsense(m.house) AS many FROM member m": "does not take",
		"SELECT m.rec AS rec, m.house AS org, m.nose AS many FROM member m":            "does not take",
	} {
		b, err := os.ReadFile("../testdata/packs/village/setrules.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(b), "    evidence:")
		cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../testdata/packs")}})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		first, _, _ := strings.Cut(rest, "  - id: crowded")
		for i := range cat.Charters {
			if cat.Charters[i].Name == "setrules.yaml" {
				cat.Charters[i].Data = []byte("setrules:\n  - id: same-id\n    entity: member\n    severity: warn\n    title: {zh: 一, en: One}\n    find: |\n      " + text + "\n    evidence:" + first)
			}
		}
		ch, faults := charter.Load(cat)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		db, err := store.Open(context.Background(), dbs.SQLite(t))
		if err != nil {
			t.Fatal(err)
		}
		faults, err = finding.Check(context.Background(), db, cat, ch)
		if err != nil || len(faults) != 1 || !strings.Contains(faults[0].Msg.EN, want) || faults[0].Line != 6 {
			t.Errorf("%s: %v %v", text, faults, err)
		}
		db.Close()
	}
}
