package opened_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

const member = `
entity: member
title: {zh: 人, en: Member}
group: {zh: 试, en: Test}
key: [no]
label: no
fields:
  - {name: no, title: {zh: 号, en: Number}, type: text, required: true, max: 20, SEALED}
  - {name: ill, title: {zh: 病, en: Ill}, type: bool, SENSITIVE}
  - {name: group, title: {zh: 组, en: Group}, type: text, max: 10, SENSITIVE}
`

const stay = `
entity: stay
title: {zh: 住, en: Stay}
group: {zh: 试, en: Test}
key: [member, year]
label: place
year: year
fields:
  - {name: member, title: {zh: 人, en: Member}, type: ref, ref: member, required: true}
  - {name: year, title: {zh: 年, en: Year}, type: year, required: true}
  - {name: place, title: {zh: 处, en: Place}, type: text, max: 10}
  - {name: days, title: {zh: 天, en: Days}, type: int, SENSITIVE}
  - {name: alone, title: {zh: 独, en: Alone}, type: bool, SENSITIVE}
`

const figures = `
grains:
  - id: stays
    title: {zh: 住, en: Stays}
    from: stay
    join: [{alias: m, entity: member, on: member}]
    roll: [{alias: lone, entity: stay, by: [{theirs: member, ours: member}], where: alone}]
    year: year
    dims:
      - {id: place, title: {zh: 处, en: Place}, expr: place}
      - {id: group, title: {zh: 组, en: Group}, expr: m.group}
indicators:
  - {id: ill, title: {zh: 病, en: Ill}, kind: share, of: {grain: stays, where: m.ill}, per: {grain: stays}, by: [[place], [group]], formula: {zh: 式, en: F}}
  - {id: days, title: {zh: 天, en: Days}, kind: sum, of: {grain: stays, where: "alone || lone > 1", sum: days}, by: [[place]], formula: {zh: 式, en: F}}
`

func load(t *testing.T, sealed bool) *catalog.Catalog {
	t.Helper()
	fill := strings.NewReplacer(", SEALED", "", ", SENSITIVE", "")
	if sealed {
		fill = strings.NewReplacer("SEALED", "sealed: true, sensitivity: personal", "SENSITIVE", "sensitivity: sensitive")
	}
	files := fstest.MapFS{"t/pack.yaml": {Data: []byte("name: t\nversion: 1.0.0\ntitle: {zh: 试, en: Test}\nowner: {zh: 试, en: Test}\n")}}
	for name, text := range map[string]string{"entities/member.yaml": member, "entities/stay.yaml": stay, "indicators.yaml": figures} {
		files["t/"+name] = &fstest.MapFile{Data: []byte(fill.Replace(text))}
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{files}, NoCity: true})
	for _, f := range faults {
		t.Error(f)
	}
	if cat == nil {
		t.FailNow()
	}
	return cat
}

// answers fills a ledger and gives every figure of a seal, and how many records are
// behind each, as text.
func answers(t *testing.T, c store.Config, engine string, sealed bool) string {
	t.Helper()
	ctx := context.Background()
	cat := load(t, sealed)
	db, err := store.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := func() time.Time { return time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC) }
	l, err := ledger.Open(ctx, db, cat, now)
	if err != nil {
		t.Fatal(err)
	}
	put := func(entity string, n int, row func(i int) []luoshu.Value) {
		_, err := l.Commit(ctx, ledger.Batch{Entity: entity, Rows: func(yield func(ledger.Row) error) error {
			for i := range n {
				if err := yield(ledger.Row{N: i, Values: row(i)}); err != nil {
					return err
				}
			}
			return nil
		}}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	num := func(i int, every int) luoshu.Value {
		if i%11 == 0 {
			return luoshu.Value{}
		}
		return luoshu.IntValue(int64(i % every))
	}
	text := luoshu.TextValue
	put("member", 300, func(i int) []luoshu.Value {
		return []luoshu.Value{text(fmt.Sprintf("N%03d", i)), num(i, 2), text([]string{"", "x", "y"}[i%3])}
	})
	put("stay", 600, func(i int) []luoshu.Value {
		return []luoshu.Value{text(fmt.Sprintf("N%03d", i%300)), luoshu.IntValue(int64(2023 + i/300)), text([]string{"A", "B"}[i%2]), num(i*7, 50), num(i/2, 2)}
	})
	s, err := l.Seal(ctx, luoshu.Actor{}, "")
	if err != nil {
		t.Fatal(err)
	}
	put("member", 50, func(i int) []luoshu.Value { // after the seal: not in its figures
		return []luoshu.Value{text(fmt.Sprintf("N%03d", i)), luoshu.IntValue(1), text("z")}
	})
	e := indicator.New(db, cat, t.TempDir(), indicator.WithEngine(engine))
	if err := e.Compute(ctx, s, nil); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, ind := range []string{"ill", "days"} {
		for _, year := range []int{2023, 2024} {
			for _, where := range []map[string][]string{{}, {"place": {"A"}}} {
				b, err := e.Behind(ctx, ind, "numerator", where, year, s.Seq)
				if err != nil {
					t.Fatal(err)
				}
				var n int
				if err := db.QueryRow(ctx, "SELECT count(*) FROM "+b.From+" WHERE "+b.Where, b.Args...).Scan(&n); err != nil {
					t.Fatal(err)
				}
				out = append(out, fmt.Sprint(ind, year, where, " behind ", n))
			}
		}
		for _, cut := range [][]string{{}, {"place"}, {"group"}} {
			if ind == "days" && len(cut) > 0 && cut[0] == "group" {
				continue
			}
			figs, err := e.Figures(ctx, indicator.Query{Seal: s.ID, Indicators: []string{ind}, By: [][]string{cut}})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range figs {
				out = append(out, fmt.Sprintf("%s %d %v %v %v", ind, f.Year, f.By, f.Num, f.Den))
			}
		}
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// Figures over sealed fields are those over the same fields in clear, on every
// database and engine, and the same records are behind them.
func TestSealedFiguresAreTheSame(t *testing.T) {
	want := answers(t, dbs.SQLite(t), "sqlite", false)
	if n := strings.Count(want, "\n"); n < 12 || !strings.Contains(want, "behind 1") {
		t.Fatal(want)
	}
	for _, engine := range []string{"sqlite", "duckdb"} { // the store where DuckDB is not built in
		dbs.Each(t, func(t *testing.T, c store.Config) {
			if got := answers(t, c, engine, true); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", engine, got, want)
			}
		})
	}
}
