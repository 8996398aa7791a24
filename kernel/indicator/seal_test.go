package indicator_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
)

func (w *world) figures(seal ledger.Seal, q indicator.Query) []indicator.Figure {
	w.t.Helper()
	q.Seal = seal.ID
	figs, err := w.engine("").Figures(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return figs
}

func (w *world) number(q string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.db.QueryRow(context.Background(), q, args...).Scan(&n); err != nil {
		w.t.Fatal(q, err)
	}
	return n
}

// Figures against SQL written by hand for the same question.
func TestAgainstHandWrittenSQL(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(3, 2000)
	seal := w.seal()
	if err := w.engine("").Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	one := func(ind string, year int, by map[string]string) indicator.Figure {
		t.Helper()
		cut, where := []string{}, map[string][]string{}
		for d, v := range by {
			cut, where[d] = append(cut, d), []string{v}
		}
		figs := w.figures(seal, indicator.Query{Indicators: []string{ind}, By: [][]string{cut}, Where: where, Years: []int{year}})
		if len(figs) != 1 {
			t.Fatalf("%s %d %v: %d figures", ind, year, by, len(figs))
		}
		return figs[0]
	}
	f := one("members", 2022, map[string]string{"site": "s03", "stage": "A"})
	base := `FROM r_member WHERE status = 'in' AND year_no = 2022 AND site_code = 's03' AND stage = 'A'`
	if n := w.number(`SELECT COUNT(*) ` + base); f.Num != n || f.N != n || n == 0 {
		t.Error(f, n)
	}
	if v := w.number(`SELECT COUNT(*) ` + base + ` AND _verified >= 20231015`); math.Abs(f.Verified-float64(v)/float64(f.N)) > 1e-15 {
		t.Error("verified", f.Verified, v)
	}
	f = one("floor", 2021, nil)
	if n := w.number(`SELECT SUM(floor) FROM r_stock WHERE year_no = 2021`); f.Num != n || f.NumScale != 2 || *f.Value != float64(n)/100 {
		t.Error(f, n)
	}
	// Stock never goes stale: any attestation counts.
	if v := w.number(`SELECT COUNT(_verified) FROM r_stock WHERE year_no = 2021`); f.N != 36 || f.Verified != float64(v)/36 {
		t.Error(f, v)
	}
	f = one("kept", 2021, map[string]string{"area": "2"})
	num := w.number(`SELECT COUNT(*) FROM r_member m JOIN r_site s ON s.code = m.site_code WHERE status = 'in' AND year_no = 2021 AND last = 1 AND s.area_code = '2'`)
	den := w.number(`SELECT SUM(heads) FROM r_cohort WHERE area_code = '2' AND year_no = 2019`)
	if f.Num != num || f.Den != den || *f.Value != float64(num)*100/float64(den) {
		t.Error(f, num, den)
	}
	f = one("per-post", 2023, map[string]string{"area": "1", "stage": "B"})
	den = w.number(`SELECT COUNT(*) FROM r_post p JOIN r_site s ON s.code = p.site_code WHERE kind = 'full' AND stage = 'B' AND s.area_code = '1' AND from_date <= 20230901 AND (to_date IS NULL OR to_date > 20230901)`)
	if f.Den != den || den == 0 {
		t.Error(f, den)
	}
	f = one("big-rooms", 2022, map[string]string{"stage": "C"})
	num = w.number(`SELECT COUNT(*) FROM r_room r WHERE year_no = 2022 AND stage = 'C' AND (SELECT COUNT(*) FROM r_member m WHERE m.room_code = r.code AND m.year_no = 2022 AND m.status = 'in') >= 3`)
	if f.Num != num {
		t.Error(f, num)
	}
}

// A seal keeps its figures whatever is committed later, in either engine, and
// computing it again changes nothing.
func TestSealHolds(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(5, 600)
	seal := w.seal()
	e := w.engine("sqlite")
	if err := e.Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	before := w.figures(seal, indicator.Query{})
	w.put("member", 50, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("late%d", i), 2022, "s01", "A", nil, 1, "in", 1}, 20240901
	})
	w.put("site", 1, func(i int) ([]any, int64) { return []any{"s99", "1", 1, 20100101}, 0 })
	if _, err := w.db.Exec(t.Context(), `UPDATE r_member SET _to = ? WHERE _rid % 9 = 0 AND _from < ?`, w.seq, w.seq-1); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{ // and what nobody had confirmed was confirmed since
		fmt.Sprintf(`INSERT INTO attestation (entity, rid, seq, rec, on_date, was)
			SELECT 'member', _rid, %d, _rec, 20240901, coalesce(_verified, 0) FROM r_member WHERE _rid %% 2 = 0 AND coalesce(_verified, 0) < 20240901`, w.seq),
		`UPDATE r_member SET _verified = 20240901 WHERE _rid % 2 = 0 AND coalesce(_verified, 0) < 20240901`,
	} {
		if _, err := w.db.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sqlite", "duckdb"} {
		if err := os.RemoveAll(filepath.Join(w.dir, "seals")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Exec(t.Context(), `DELETE FROM figure_run`); err != nil {
			t.Fatal(err)
		}
		e := w.engine(name)
		if err := e.Compute(t.Context(), seal, nil); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, w.figures(seal, indicator.Query{}), cmpopts.IgnoreUnexported(indicator.Figure{})); d != "" {
			t.Error(name, d)
		}
		if err := e.Compute(t.Context(), seal, nil); err != nil {
			t.Fatal(err)
		}
		if done := e.Timings(); len(done) != 0 {
			t.Errorf("computed again: %v", done)
		}
	}
}

// A computation stopped at any stage leaves no figures to see, and the next one
// finishes it.
func TestStopAndGoOn(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(6, 400)
	seal := w.seal()
	whole := w.engine("")
	stages := 0
	if err := whole.Compute(t.Context(), seal, func(string, int64, int64) { stages++ }); err != nil {
		t.Fatal(err)
	}
	want := w.figures(seal, indicator.Query{})
	for stop := 1; stop <= stages; stop += 4 {
		if err := os.RemoveAll(filepath.Join(w.dir, "seals")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Exec(t.Context(), `DELETE FROM figure_run`); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := w.engine("").Compute(ctx, seal, func(string, int64, int64) {
			if n++; n == stop {
				cancel()
			}
		})
		cancel()
		if figs := w.figures(seal, indicator.Query{}); err != nil && len(figs) != 0 {
			t.Fatalf("stopped at %d: %d figures", stop, len(figs))
		}
		if err := w.engine("").Compute(t.Context(), seal, nil); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, w.figures(seal, indicator.Query{}), cmpopts.IgnoreUnexported(indicator.Figure{})); d != "" {
			t.Fatalf("stopped at %d: %s", stop, d)
		}
		left, _ := filepath.Glob(filepath.Join(w.dir, "seals", seal.ID, ".*"))
		if len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestSymbols(t *testing.T) {
	w := newWorld(t, testPack)
	for id, want := range map[string]string{
		"members":       "Σ[member]",
		"boarders":      "Σ[member: stage ∈ ['A','B'] ∧ boards] ÷ Σ[member: stage ∈ ['A','B']] × 100",
		"crowded":       "Σ[member: size ≥ big-room ∧ minor = 'Y']",
		"kept":          "Σ[member: last] ÷ Σ heads [cohort] (t − 2) × 100",
		"floor-cv":      "√(Σᵢ Pᵢ(xᵢ − X̄)² ÷ Σᵢ Pᵢ) ÷ X̄; X̄ = Σᵢ xᵢPᵢ ÷ Σᵢ Pᵢ; Pᵢ = den(xᵢ); xᵢ = floor-per-member = Σ floor [stock: stage ∈ ['A','B']] ÷ Σ[member: stage ∈ ['A','B']]; i ∈ site",
		"meets":         "Σᵢ[#{floor-per-member ≥ floor-min, posts-per-100 ≥ posts-min} ≥ 1] ÷ Σᵢ 1 × 100; i ∈ site × stage",
		"per-post":      "Σ[member: stage = 'A' ∨ stage = 'B'] ÷ Σ[post: kind = 'full' ∧ stage ∈ ['A','B']]",
		"posts-per-100": "Σ[post: skilled] ÷ Σ[member: stage ∈ ['A','B']] × 100",
	} {
		got, err := w.engine("").Symbols(id)
		if err != nil || got != want {
			t.Errorf("%s:\n got %s\nwant %s (%v)", id, got, want, err)
		}
	}
	if _, err := w.engine("").Symbols("nothing"); err == nil || !strings.Contains(err.Error(), "not_found") {
		t.Error(err)
	}
}
