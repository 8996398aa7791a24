package indicator_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"luoshu/kernel/indicator"
)

// Both engines must write the same bytes and store the same figures.
func TestEnginesAgree(t *testing.T) {
	for _, n := range []int{0, 1, 60, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t, testPack)
			w.random(uint64(n), n)
			seal := w.seal()
			cubes := map[string][]byte{}
			var figs []indicator.Figure
			for _, name := range []string{"sqlite", "duckdb"} {
				e := w.engine(name)
				if e.EngineName() != name {
					t.Skipf("%s is not in this build", name)
				}
				if err := e.Compute(t.Context(), seal, nil); err != nil {
					t.Fatal(name, err)
				}
				got, err := e.Figures(t.Context(), indicator.Query{Seal: seal.ID})
				if err != nil {
					t.Fatal(err)
				}
				files, _ := filepath.Glob(filepath.Join(w.dir, "seals", seal.ID, "*.cube"))
				if len(files) != 5 {
					t.Fatal(files)
				}
				for _, f := range files {
					b := w.opened(f)
					if old, ok := cubes[f]; ok && string(old) != string(b) {
						t.Errorf("%s differs between engines", filepath.Base(f))
					}
					cubes[f] = b
					if err := os.Remove(f); err != nil {
						t.Fatal(err)
					}
				}
				if figs != nil {
					if d := cmp.Diff(figs, got, cmpopts.IgnoreUnexported(indicator.Figure{})); d != "" {
						t.Error(d)
					}
				}
				figs = got
				if n == 3000 && len(got) < 300 {
					t.Errorf("only %d figures", len(got))
				}
				if _, err := w.db.Exec(t.Context(), `DELETE FROM figure_run`); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The records behind a count are as many as its numerator says.
func TestBehindMatchesFigures(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(7, 800)
	seal := w.seal()
	e := w.engine("")
	if err := e.Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	// Later commits must not show in the seal's records.
	w.put("member", 5, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("x%d", i), 2022, "s01", "A", nil, 1, "in", 1}, 0
	})
	if _, err := w.db.Exec(t.Context(), `UPDATE r_member SET _to = ? WHERE _rid IN (SELECT _rid FROM r_member WHERE _from < ? ORDER BY _rid LIMIT 40)`, w.seq, w.seq); err != nil {
		t.Fatal(err)
	}
	figs, err := e.Figures(t.Context(), indicator.Query{Seal: seal.ID})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range figs {
		ind := w.cat.Indicator(f.Indicator)
		if len(ind.Items) > 0 {
			continue
		}
		parts := map[string]int64{"numerator": f.Num, "denominator": f.Den}
		if ind.Per == nil {
			delete(parts, "denominator")
		}
		for part, want := range parts {
			if part == "numerator" && ind.Of.Sum != "" || part == "denominator" && ind.Per.Sum != "" {
				continue
			}
			where := map[string][]string{}
			for d, v := range f.By {
				where[d] = []string{v}
			}
			q, err := e.Behind(t.Context(), f.Indicator, part, where, f.Year, seal.Seq)
			if err != nil {
				t.Fatal(err)
			}
			var n, distinct int64
			if err := w.db.QueryRow(t.Context(), "SELECT COUNT(*), COUNT(DISTINCT f._rid) FROM "+q.From+" WHERE "+q.Where, q.Args...).Scan(&n, &distinct); err != nil {
				t.Fatal(f.Indicator, err)
			}
			if n != want || distinct != n {
				t.Fatalf("%s %s %d %v: %d records (%d distinct) behind %d", f.Indicator, part, f.Year, f.By, n, distinct, want)
			}
			checked++
		}
	}
	if checked < 200 {
		t.Errorf("only %d parts checked", checked)
	}
}

// Explore gives the digits of the stored figure, and parts add up to the whole.
func TestExplore(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(9, 1500)
	seal := w.seal()
	e := w.engine("")
	if err := e.Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	for _, ind := range w.cat.Indicators {
		for _, cut := range append([][]string{{}}, ind.By...) {
			stored, err := e.Figures(t.Context(), indicator.Query{Seal: seal.ID, Indicators: []string{ind.ID}, By: [][]string{cut}})
			if err != nil {
				t.Fatal(err)
			}
			free, err := e.Explore(t.Context(), indicator.ExploreQuery{Seal: seal.ID, Indicator: ind.ID, Cuts: cut})
			if err != nil {
				t.Fatal(err)
			}
			sortFigures(free)
			sortFigures(stored)
			if len(stored) == 0 {
				t.Errorf("%s %v has no figures", ind.ID, cut)
			}
			if d := cmp.Diff(stored, free, cmpopts.IgnoreUnexported(indicator.Figure{})); d != "" {
				t.Errorf("%s %v: %s", ind.ID, cut, d)
			}
		}
	}
	sum := func(q indicator.ExploreQuery) (n int64) {
		figs, err := e.Explore(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range figs {
			n += f.Num
		}
		return n
	}
	whole := sum(indicator.ExploreQuery{Seal: seal.ID, Indicator: "members", Filters: map[string][]string{"year": {"2022"}, "stage": {"A", "B"}}})
	parts := sum(indicator.ExploreQuery{Seal: seal.ID, Indicator: "members", Cuts: []string{"age", "minor", "site"}, Filters: map[string][]string{"year": {"2022"}, "stage": {"A", "B"}}})
	if whole == 0 || whole != parts {
		t.Errorf("whole %d, parts %d", whole, parts)
	}
	if _, err := e.Explore(t.Context(), indicator.ExploreQuery{Seal: seal.ID, Indicator: "kept", Cuts: []string{"site"}}); err == nil {
		t.Error("a cut that one side lacks was taken")
	}
	if _, err := e.Explore(t.Context(), indicator.ExploreQuery{Seal: "S999999", Indicator: "members"}); err == nil {
		t.Error("an unknown seal was taken")
	}
	years, err := e.Years(t.Context(), seal.ID)
	if err != nil || !slices.Equal(years, []int{2018, 2019, 2020, 2021, 2022, 2023, 2024}) && !slices.Equal(years, []int{2020, 2021, 2022, 2023, 2024}) {
		t.Error(years, err)
	}
	vals, err := e.DimValues(t.Context(), seal.ID, "member", "stage")
	if err != nil || !slices.Equal(vals, []string{"", "A", "B", "C"}) {
		t.Error(vals, err)
	}
	if last, err := e.Latest(t.Context()); err != nil || last != seal.ID {
		t.Error(last, err)
	}
}

func sortFigures(figs []indicator.Figure) {
	slices.SortFunc(figs, func(a, b indicator.Figure) int {
		if a.Year != b.Year {
			return a.Year - b.Year
		}
		return cmpBy(a.By, b.By)
	})
}

func cmpBy(a, b map[string]string) int {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// The worked example of the 2012 measure: 45, 37, 89, 76, 55 members with 6.20,
// 3.70, 10.51, 2.11, 7.31 each give 0.515 weighted and 0.489 unweighted.
func TestVariationWorkedExample(t *testing.T) {
	w := newWorld(t, testPack)
	heads := []int{45, 37, 89, 76, 55}
	each := []int{620, 370, 1051, 211, 731}
	w.put("area", 1, func(int) ([]any, int64) { return []any{"1", nil}, 0 })
	w.put("site", 6, func(i int) ([]any, int64) { return []any{fmt.Sprint("s", i), "1", 1, 20100101}, 0 })
	var rows [][]any
	for s, n := range heads {
		for i := range n {
			rows = append(rows, []any{fmt.Sprintf("p%d-%d", s, i), 2023, fmt.Sprint("s", s), "A", nil, 0, "in", 0})
		}
	}
	w.put("member", len(rows), func(i int) ([]any, int64) { return rows[i], 20240101 })
	// The sixth site has floors and nobody in it: it is left out.
	w.put("stock", 6, func(i int) ([]any, int64) {
		if i == 5 {
			return []any{"s5", 2023, "A", 500, 0}, 0
		}
		return []any{fmt.Sprint("s", i), 2023, "A", heads[i] * each[i], 0}, 0
	})
	w.put("post", 1, func(i int) ([]any, int64) {
		return []any{"t", "s0", "A", 20200901, nil, "full", 0}, 0
	})
	e := w.engine("")
	if err := e.Compute(t.Context(), w.seal(), nil); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]float64{"floor-cv": 0.515, "floor-cv-plain": 0.489} {
		figs, err := e.Figures(t.Context(), indicator.Query{Seal: w.seal().ID, Indicators: []string{id}, By: [][]string{{"area", "stage"}}})
		if err != nil || len(figs) != 1 || figs[0].Value == nil {
			t.Fatal(id, figs, err)
		}
		f := figs[0]
		if math.Round(*f.Value*1000)/1000 != want || f.N != 5 || f.Den != 302 || f.NumScale != 2 || f.Verified != 1 {
			t.Errorf("%s: %+v value %v, want %v", id, f, *f.Value, want)
		}
	}
	meets, err := e.Figures(t.Context(), indicator.Query{Seal: w.seal().ID, Indicators: []string{"meets"}, By: [][]string{{"area", "stage"}, {}}})
	if err != nil || len(meets) != 2 {
		t.Fatal(meets, err)
	}
	for _, f := range meets {
		if f.Num != 3 || f.Den != 5 || *f.Value != 60 { // 6.20, 10.51 and 7.31 reach 4.5; 3.70 and 2.11 do not
			t.Errorf("%+v", f)
		}
	}
}
