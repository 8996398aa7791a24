// Package packtest runs the tests that a pack carries: rows in, faults and
// figures out, on the real kernel with a database of its own and a fixed clock.
// It needs neither a server nor a network.
package packtest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// Result is the outcome of the tests of one pack. A failure names file, line,
// what was expected and what came.
type Result struct {
	Passed   int
	Failures []string
}

// fixed is the moment at which every pack test happens.
func fixed() time.Time { return time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC) }

// Cities returns, for each pack with a city block, that pack and all it needs:
// the sets that load together. A pack in no set is an error: nothing would check it.
func Cities(fsys fs.FS) ([][]string, error) {
	names, err := fs.Glob(fsys, "*/pack.yaml")
	if err != nil {
		return nil, fmt.Errorf("find packs: %w", err)
	}
	needs, cities := map[string][]string{}, []string{}
	for _, p := range names {
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", p, err)
		}
		var head struct {
			Needs []string  `yaml:"needs"`
			City  yaml.Node `yaml:"city"`
		}
		if err := yaml.Unmarshal(b, &head); err != nil {
			return nil, luoshu.Errorf(luoshu.Invalid, "%s 读不懂：%v", "%s cannot be read: %v", p, err)
		}
		name := strings.TrimSuffix(p, "/pack.yaml")
		needs[name] = head.Needs
		if !head.City.IsZero() {
			cities = append(cities, name)
		}
	}
	var out [][]string
	used := map[string]bool{}
	for _, c := range cities {
		set := closure(needs, c, map[string]bool{})
		for _, n := range set {
			used[n] = true
		}
		out = append(out, set)
	}
	for name := range needs {
		if !used[name] {
			return nil, luoshu.Errorf(luoshu.Invalid, "没有城市包用到业务包 %s", "no city pack needs pack %s, so nothing checks it", name)
		}
	}
	return out, nil
}

func closure(needs map[string][]string, name string, seen map[string]bool) []string {
	if seen[name] {
		return nil
	}
	seen[name] = true
	var out []string
	for _, n := range needs[name] {
		out = append(out, closure(needs, n, seen)...)
	}
	return append(out, name)
}

// Run runs the tests of pack name, loaded together with packs from the layers
// (a later layer overrides an earlier one).
func Run(ctx context.Context, layers []fs.FS, name string, packs []string) (Result, error) {
	var res Result
	cat, faults := catalog.Load(catalog.Options{FS: layers, Packs: packs, NoCity: true})
	if len(faults) > 0 {
		for _, f := range faults {
			res.Failures = append(res.Failures, f.String())
		}
		return res, nil
	}
	for i := len(layers) - 1; i >= 0; i-- {
		if _, err := fs.Stat(layers[i], name+"/pack.yaml"); err != nil {
			continue
		}
		tests, faults := catalog.LoadTests(layers[i], name)
		for _, f := range faults {
			res.Failures = append(res.Failures, f.String())
		}
		for _, t := range tests {
			if err := runOne(ctx, cat, t, &res); err != nil {
				return res, fmt.Errorf("%s: %w", t.File, err)
			}
		}
		break
	}
	return res, nil
}

// bench is the kernel one test runs on.
type bench struct {
	cat *catalog.Catalog
	led *ledger.Ledger
	eng *indicator.Engine
	t   catalog.PackTest
	res *Result
	got map[string]luoshu.Fault // faults by entity, row, field and rule
	at  map[string]int          // rows of an entity handed in so far
	now time.Time
	dir string
}

func runOne(ctx context.Context, cat *catalog.Catalog, t catalog.PackTest, res *Result) (err error) {
	dir, err := os.MkdirTemp("", "luoshu-packtest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keys, err := vault.Ephemeral()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "test.db"), Keys: keys})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.EnsureEntities(ctx, cat); err != nil {
		return err
	}
	b := &bench{now: fixed(), dir: dir}
	led, err := ledger.Open(ctx, db, cat, func() time.Time { return b.now })
	if err != nil {
		return err
	}
	*b = bench{now: b.now, dir: dir, cat: cat, led: led, eng: indicator.New(db, cat, dir), t: t, res: res, got: map[string]luoshu.Fault{}, at: map[string]int{}}
	for _, rows := range t.Rows {
		if err := b.load(ctx, rows); err != nil {
			return err
		}
	}
	b.compareFaults()
	if err := b.cases(ctx, db); err != nil {
		return err
	}
	if len(t.Figures) == 0 {
		return nil
	}
	seal, err := led.Seal(ctx, luoshu.Actor{Name: "packtest"}, "test")
	if err != nil {
		return err
	}
	if err := b.eng.Compute(ctx, seal, nil); err != nil {
		return err
	}
	for _, f := range t.Figures {
		if err := b.compareFigure(ctx, seal.ID, f); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) fail(line int, format string, args ...any) {
	b.res.Failures = append(b.res.Failures, fmt.Sprintf("%s:%d: %s", b.t.File, line, fmt.Sprintf(format, args...)))
}

// load hands the rows in as a CSV file with field names as headings.
func (b *bench) load(ctx context.Context, rows catalog.TestRows) error {
	ent := b.cat.Entity(rows.Entity)
	if ent == nil {
		b.fail(rows.Line, "there is no entity %q", rows.Entity)
		return nil
	}
	data, err := sheet(ent, rows.Rows)
	if err != nil {
		b.fail(rows.Line, "%v", err)
		return nil
	}
	base := b.at[ent.Name]
	b.at[ent.Name] += len(rows.Rows)
	note := func(faults []luoshu.Fault) {
		for _, f := range faults {
			row := f.Row
			if row > 0 {
				row += base - 1 // the heading is row 1
			}
			b.got[faultKey(ent.Name, row, f.Field, f.Rule)] = f
		}
	}
	var columns []bool
	sum, err := intake.Summary{}, error(nil)
	_, err = b.led.Commit(ctx, ledger.Batch{
		Actor: luoshu.Actor{Name: "packtest"}, Entity: ent.Name, Columns: columns, Total: int64(len(rows.Rows)),
		Rows: func(yield func(ledger.Row) error) error {
			var rerr error
			sum, rerr = intake.Read(ctx, intake.File{Name: ent.Name + ".csv", R: bytes.NewReader(data), Size: int64(len(data))}, b.cat, ent.Name,
				func(intake.Summary) error { return nil },
				func(r intake.Row) error {
					note(r.Faults)
					for _, f := range r.Faults {
						if !f.Warning() {
							return nil
						}
					}
					return yield(ledger.Row{N: r.N, Values: r.Values})
				})
			return rerr
		},
		Each: func(d ledger.Diff) error {
			note(d.Faults)
			return nil
		},
	}, nil)
	note(sum.Faults)
	return err
}

// sheet writes rows as CSV with the union of their fields as headings.
func sheet(ent *catalog.Entity, rows []map[string]string) ([]byte, error) {
	used := map[string]bool{}
	for _, r := range rows {
		for k := range r {
			if ent.Field(k) == nil {
				return nil, fmt.Errorf("entity %s has no field %q", ent.Name, k)
			}
			used[k] = true
		}
	}
	var head []string
	for _, f := range ent.Fields {
		if used[f.Name] || f.Required {
			head = append(head, f.Name)
		}
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, r := range rows {
		rec := make([]string, len(head))
		for i, h := range head {
			rec[i] = r[h]
		}
		if err := w.Write(rec); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return buf.Bytes(), w.Error()
}

func faultKey(entity string, row int, field, rule string) string {
	return fmt.Sprintf("%s row %d field %s rule %s", entity, row, field, rule)
}

// compareFaults wants exactly the faults the test names.
func (b *bench) compareFaults() {
	want := map[string]int{}
	for _, f := range b.t.Faults {
		want[faultKey(f.Entity, f.Row, f.Field, f.Rule)] = f.Line
	}
	for k, line := range want {
		if _, ok := b.got[k]; ok {
			b.res.Passed++
		} else {
			b.fail(line, "expected fault did not come: %s", k)
		}
	}
	var extra []string
	for k, f := range b.got {
		if _, ok := want[k]; !ok {
			extra = append(extra, k+": "+f.EN)
		}
	}
	sort.Strings(extra)
	for _, k := range extra {
		b.fail(1, "unexpected fault: %s", k)
	}
}

func (b *bench) compareFigure(ctx context.Context, seal string, want catalog.TestFigure) error {
	if b.cat.Indicator(want.Indicator) == nil {
		b.fail(want.Line, "there is no indicator %q", want.Indicator)
		return nil
	}
	cut := make([]string, 0, len(want.Where))
	where := map[string][]string{}
	for k, v := range want.Where {
		cut = append(cut, k)
		where[k] = []string{v}
	}
	sort.Strings(cut)
	figs, err := b.eng.Figures(ctx, indicator.Query{
		Seal: seal, Indicators: []string{want.Indicator}, By: [][]string{cut}, Where: where, Years: []int{want.Year},
	})
	if err != nil {
		return err
	}
	if len(figs) == 0 {
		if want.NoValue {
			b.res.Passed++
			return nil
		}
		b.fail(want.Line, "%s %d %v: no such figure (is the cut declared in `by`?)", want.Indicator, want.Year, want.Where)
		return nil
	}
	f := figs[0]
	before := len(b.res.Failures)
	b.near(want, "numerator", want.Numerator, scaled(f.Num, f.NumScale))
	b.near(want, "denominator", want.Denominator, scaled(f.Den, f.DenScale))
	switch {
	case want.NoValue && f.Value != nil:
		b.fail(want.Line, "%s: value %v, expected none", want.Indicator, *f.Value)
	case want.Value != nil && f.Value == nil:
		b.fail(want.Line, "%s: no value, expected %v", want.Indicator, *want.Value)
	case want.Value != nil:
		b.near(want, "value", want.Value, *f.Value)
	}
	if len(b.res.Failures) == before {
		b.res.Passed++
	}
	return nil
}

func scaled(v int64, scale int) float64 { return float64(v) / math.Pow10(scale) }

// near compares to the digits the test gives: within half a unit of 10⁻³ of the
// value, or relatively 10⁻⁹ for large ones.
func (b *bench) near(want catalog.TestFigure, what string, w *float64, got float64) {
	if w == nil {
		return
	}
	if d := math.Abs(*w - got); d > 0.0005 && d > 1e-9*math.Abs(got) {
		b.fail(want.Line, "%s %d %v: %s %v, expected %v", want.Indicator, want.Year, want.Where, what, got, *w)
	}
}
