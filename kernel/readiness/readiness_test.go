package readiness_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"luoshu"
	"luoshu/engine/attain"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/readiness"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var (
	chiefR = luoshu.Actor{Name: "chief", Role: "chief", Org: "R"}
	chiefB = luoshu.Actor{Name: "chief", Role: "chief", Org: "B"}
)

// desk is a city R with offices A and B. House A1 has 4 stays of kind x and 6 of y,
// A2 20 of x, B1 9 of x and 1 of y.
func desk(t *testing.T) *readiness.Desk {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../disclose/testdata/packs"), os.DirFS("testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ctx, dir := context.Background(), t.TempDir()
	clock := func() time.Time { return time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC) }
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "w.db"), Keys: storetest.Keys(t)})
	must(err)
	t.Cleanup(func() { db.Close() })
	led, err := ledger.Open(ctx, db, cat, clock)
	must(err)
	put := func(entity string, rows ...[]any) {
		t.Helper()
		e := cat.Entity(entity)
		_, err := led.Commit(ctx, ledger.Batch{
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
		must(err)
	}
	put("area", []any{"A", "区甲"}, []any{"B", "区乙"})
	put("office", []any{"R", "总办", nil, "city"}, []any{"A", "甲办", "R", "county"}, []any{"B", "乙办", "R", "county"})
	day := int64(20000101)
	put("house", []any{"A1", "甲一", "A", "A", day}, []any{"A2", "甲二", "A", "A", day}, []any{"B1", "乙一", "B", "B", day})
	var members, stays [][]any
	for house, kinds := range map[string]map[string]int{"A1": {"x": 4, "y": 6}, "A2": {"x": 20}, "B1": {"x": 9, "y": 1}} {
		for kind, n := range kinds {
			for k := range n {
				no := fmt.Sprintf("%s-%s-%02d", house, kind, k)
				members = append(members, []any{no, "名" + no, int64(20100101), nil, nil, nil, int64(0), house})
				stays = append(stays, []any{no, int64(2024), house, kind})
			}
		}
	}
	put("member", members...)
	put("stay", stays...)
	acc, err := access.Open(ctx, db, cat, clock)
	must(err)
	eng := indicator.New(db, cat, dir, indicator.WithEngine("sqlite"))
	s, err := led.Seal(ctx, access.Operator, "first")
	must(err)
	must(eng.Compute(ctx, s, nil))
	return &readiness.Desk{Catalog: cat, Access: acc, Door: disclose.New(db, cat, led, eng, acc)}
}

func kind(err error) luoshu.ErrKind {
	var e *luoshu.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func TestReport(t *testing.T) {
	d, ctx := desk(t), t.Context()
	if m := d.Measures(); len(m) != 1 || m[0].Need != 2 || m[0].Of != 2 {
		t.Errorf("%+v", m)
	}
	r, err := d.Report(ctx, chiefR, readiness.Query{Indicator: "limits-pass"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Year != 2024 || r.Seal != "S000001" || len(r.Now.Units) != 3 || r.Now.Enough != 0 {
		t.Fatalf("%+v %+v", r.Now, r.Items)
	}
	if a := r.Now.Units[0]; a.Code != "A1" || a.Heads != 10 || *a.Values[0] != 40 || a.Reached[0] || !a.Reached[1] || a.Met != 1 {
		t.Errorf("%+v", a)
	}
	if r.Items[0].Bound == nil || *r.Items[0].Bound != 0.5 || r.Items[1].Bound != nil || r.Items[0].Amount.EN != "people" || r.Items[0].Amount.ZH != "人" {
		t.Errorf("%+v", r.Items)
	}
	got := map[string]float64{}
	for _, m := range r.More {
		got[m.Unit+" "+m.Item+" "+m.Why] += m.Amount
	}
	// A1 lacks one x of ten; A2 eight y of twenty; B1 three y of ten.
	for key, n := range map[string]float64{"A1 x-share limit": 1, "A2 y-share limit": 8, "B1 y-share limit": 3} {
		if got[key] != n {
			t.Errorf("%s: %v, want %v", key, got[key], n)
		}
	}
	if len(r.Sums) != 2 || r.Sums[1].Amount != 11 {
		t.Errorf("%+v", r.Sums)
	}

	// The houses of A alone, and those that a chief of B reaches.
	r, err = d.Report(ctx, chiefR, readiness.Query{Indicator: "limits-pass", Org: "A"})
	if err != nil || len(r.Now.Units) != 2 {
		t.Fatal(err, r)
	}
	r, err = d.Report(ctx, chiefB, readiness.Query{Indicator: "limits-pass"})
	if err != nil || len(r.Now.Units) != 1 || r.Now.Units[0].Code != "B1" {
		t.Fatal(err, r)
	}
	if _, err = d.Report(ctx, chiefB, readiness.Query{Indicator: "limits-pass", Org: "A"}); kind(err) != luoshu.NotFound {
		t.Error(err)
	}
	if r, err = d.Report(ctx, chiefR, readiness.Query{Indicator: "limits-pass", Org: "A2"}); err != nil || len(r.Now.Units) != 1 {
		t.Error(err, r)
	}
	for _, q := range []readiness.Query{{Indicator: "stay-count"}, {Indicator: "none"}, {Indicator: "limits-pass", Org: "Z"}, {Indicator: "limits-pass", Seal: "S000009"}} {
		if _, err := d.Report(ctx, chiefR, q); kind(err) != luoshu.NotFound {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestReportAfterChange(t *testing.T) {
	d, ctx := desk(t), t.Context()
	// A1 and A2 together: 30 stays, 24 of x, 6 of y.
	r, err := d.Report(ctx, chiefR, readiness.Query{Indicator: "limits-pass", Org: "A", Changes: []attain.Change{{Kind: "merge", From: "A2", To: "A1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Now.Units) != 1 || r.Now.Units[0].Heads != 30 || *r.Now.Units[0].Values[0] != 80 || r.Before == nil || len(r.Before.Units) != 2 {
		t.Errorf("%+v", r)
	}
	if len(r.More) != 1 || r.More[0].Amount != 6 || r.More[0].Item != "y-share" {
		t.Errorf("%+v %+v", r.More, r.Now)
	}
	_, err = d.Report(ctx, chiefR, readiness.Query{Indicator: "limits-pass", Org: "A", Changes: []attain.Change{{Kind: "merge", From: "B1", To: "A1"}}})
	if kind(err) != luoshu.Invalid {
		t.Error(err)
	}
}
