package identity_test

import (
	"context"
	"sync"
	"testing"

	"luoshu"
	"luoshu/kernel/identity"
	"luoshu/kernel/store"
)

// Two who merge a pair at once, each keeping the other record: one wins, one of the
// records stays, and nothing is written twice.
func TestMergedAtOnce(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := newWorld(t, c), context.Background()
		w.pupils()
		p := w.find()
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, keep := range []int64{p.A, p.B} {
			wg.Go(func() {
				_, errs[i] = w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: keep, Note: "same child", Revision: p.Revision})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("of two one wins: %v, %v", errs[0], errs[1])
		}
		var undone int
		if err := w.db.QueryRow(ctx, `SELECT count(*) FROM commit_log WHERE undo_of <> 0`).Scan(&undone); err != nil || undone > 0 {
			t.Errorf("%d commits were written and taken back: %v", undone, err)
		}
		got, err := w.Get(ctx, county, p.ID)
		if err != nil || got.State != "merged" {
			t.Fatal(got, err)
		}
		for _, rec := range []int64{p.A, p.B} {
			v, err := w.rec.Get(ctx, "student", rec)
			if err != nil || (v != nil) != (rec == got.Survivor) {
				t.Errorf("record %d, with %d kept: %v %v", rec, got.Survivor, v, err)
			}
		}
		if _, err := w.Unmerge(ctx, county, p.ID, "twins after all"); err != nil {
			t.Errorf("un-merging: %v", err)
		}
		if a, b := w.stays("G41031120150101000X"), w.stays("L410311201501010001"); a != 2 || b != 1 {
			t.Errorf("after un-merging: %d and %d stays", a, b)
		}
	})
}

// A merge whose process died before the pair was marked is found written and only
// marked; so is an un-merge.
func TestMergeCutOff(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := newWorld(t, c), context.Background()
		w.pupils()
		p := w.find()
		if _, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "same", Survivor: p.B, Note: "same child", Revision: p.Revision}); err != nil {
			t.Fatal(err)
		}
		// As the crash leaves it: the records are merged, the pair does not say so.
		forget := `UPDATE duplicate SET state = ?, revision = ?, survivor = 0, seqs = ? WHERE id = ?`
		if _, err := w.db.Exec(ctx, forget, "open", p.Revision, "", p.ID); err != nil {
			t.Fatal(err)
		}
		_, err := w.Decide(ctx, county, p.ID, identity.Decision{Kind: "different", Revision: p.Revision})
		w.kind(err, luoshu.Conflict, "told apart after they were merged")
		got, err := w.Get(ctx, county, p.ID)
		if err != nil || got.State != "merged" || got.Survivor != p.B || len(got.Seqs) == 0 {
			t.Fatalf("%+v %v", got, err)
		}
		merged := *got
		if _, err := w.Unmerge(ctx, county, p.ID, "twins after all"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Exec(ctx, `UPDATE duplicate SET state = 'merged', survivor = ? WHERE id = ?`, merged.Survivor, p.ID); err != nil {
			t.Fatal(err)
		}
		if got, err = w.Unmerge(ctx, county, p.ID, "twins after all"); err != nil || got.State != "different" {
			t.Errorf("un-merging what is un-merged already: %+v %v", got, err)
		}
		if a, b := w.stays("G41031120150101000X"), w.stays("L410311201501010001"); a != 2 || b != 1 {
			t.Errorf("after un-merging: %d and %d stays", a, b)
		}
	})
}
