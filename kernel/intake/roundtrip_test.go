package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/intake"
	"luoshu/kernel/sheet"
	"luoshu/packs"
)

func loadAll(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, faults := catalog.LoadFS(packs.FS, "registry")
	for _, f := range faults {
		t.Fatal(f.String())
	}
	return c
}

// everyCatalog returns catalogs that together hold every entity of the packs.
func everyCatalog(t testing.TB) []*catalog.Catalog {
	t.Helper()
	out := []*catalog.Catalog{}
	for _, set := range [][]string{{"luoyang", "plan", "statistics", "balance", "registry", "consent", "inspection", "recognition", "delivery", "campaign", "safety", "rule-of-law", "places", "groups"}, {"eauclaire"}} {
		c, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: set})
		for _, f := range faults {
			t.Fatal(f.String())
		}
		out = append(out, c)
	}
	return out
}

func file(name string, b []byte) intake.File {
	return intake.File{Name: name, R: bytes.NewReader(b), Size: int64(len(b))}
}

var nasty = []string{
	"=1+1", "=cmd|' /C calc'!A0", "+86 379", "-1", "@x", "'", "''", "'=x", `="001"`, `"quoted" text`, "a,b;c|d", "两行\n文字", "tab\there",
	"合计", "'合计", "注：无", "示例：甲", "Total", "_x000D_", "_x005F_x", "a_x0041_b", "<b>&amp;</b>", "😀 emoji", "（全角，标点）", "e\u0301", "0012", "1e5", "TRUE", "2024-09-01", "#N/A", "x\u200dy", "\u4e00\u9fff", "10%",
}

// randomValue makes a value as a record may hold it after it came through intake.
func randomValue(r *rand.Rand, cat *catalog.Catalog, e *catalog.Entity, f *catalog.Field) luoshu.Value {
	key := f.Type != catalog.TypeText || f.Check != "" || f.Pattern != ""
	for _, k := range e.Key {
		key = key || k == f.Name
	}
	if !f.Required && r.IntN(4) == 0 {
		return luoshu.Value{}
	}
	between := func(lo, hi int64) luoshu.Value {
		if f.Min != nil {
			lo = max(lo, *f.Min)
		}
		if f.Max != nil {
			hi = min(hi, *f.Max)
		}
		return luoshu.IntValue(lo + r.Int64N(hi-lo+1))
	}
	switch f.Type {
	case catalog.TypeInt, catalog.TypeDecimal:
		return between(-1e14, 1e14)
	case catalog.TypeBool:
		return luoshu.IntValue(r.Int64N(2))
	case catalog.TypeYear:
		return between(1980, 2100)
	case catalog.TypeDate:
		return luoshu.IntValue([]int64{19950901, 20240229, 20001231, 19991101}[r.IntN(4)])
	case catalog.TypeCode:
		l := cat.List(f.Codes)
		return luoshu.TextValue(l.Codes[r.IntN(len(l.Codes))].Code)
	}
	if f.Check != "" || f.Pattern != "" || f.Max != nil && *f.Max < 3 {
		return luoshu.TextValue(f.Example)
	}
	s := nasty[r.IntN(len(nasty))]
	if r.IntN(2) == 0 {
		s += nasty[r.IntN(len(nasty))]
	}
	if key {
		if f.Type == catalog.TypeRef {
			s = strings.ToUpper(s)
		}
		s = sheet.TidyKey(strings.TrimLeft(sheet.TidyKey(s), "'"))
		if strings.HasPrefix(s, `="`) || s == "" {
			s = "K1"
		}
	} else {
		s = sheet.Tidy(s)
	}
	if sheet.ExponentForm(s) {
		s = "K2"
	}
	for f.Max != nil && int64(len([]rune(s))) > *f.Max {
		s = sheet.Tidy(string([]rune(s)[:len([]rune(s))-1]))
		if key {
			s = sheet.TidyKey(s)
		}
	}
	if f.Required && s == "" || f.Min != nil && int64(len([]rune(s))) < *f.Min {
		s = f.Example
	}
	return luoshu.TextValue(s)
}

// TestExportThenImportChangesNothing holds over every entity of the packs, in
// both formats, with values made to break it.
func TestExportThenImportChangesNothing(t *testing.T) {
	for _, cat := range everyCatalog(t) {
		rules := map[string]bool{}
		for _, r := range cat.Rules {
			rules[r.ID] = true
		}
		for _, e := range cat.Entities {
			for _, format := range []string{"csv", "xlsx"} {
				t.Run(e.Name+"."+format, func(t *testing.T) { roundTrip(t, cat, e, format, rules) })
			}
		}
	}
}

func roundTrip(t *testing.T, cat *catalog.Catalog, e *catalog.Entity, format string, rules map[string]bool) {
	r := rand.New(rand.NewPCG(7, uint64(len(e.Name))))
	var want [][]luoshu.Value
	var b bytes.Buffer
	x, err := intake.NewExport(&b, format, cat, e.Name, intake.Meta{Notice: luoshu.Text{ZH: "合成数据, 示例", EN: "synthetic; \"x\""}, Seal: "S000001", Source: "测试", By: "me"})
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		row := make([]luoshu.Value, len(e.Fields))
		for i, f := range e.Fields {
			row[i] = randomValue(r, cat, e, f)
		}
		want = append(want, row)
		if err := x.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	sum, err := intake.Read(context.Background(), file("e."+format, b.Bytes()), cat, e.Name, nil, func(row intake.Row) error {
		for _, f := range row.Faults {
			if !rules[f.Rule] && !f.Warning() {
				t.Errorf("row %d: %s %s: %s (%q)", row.N, f.Field, f.Rule, f.EN, f.Value)
			}
		}
		if n >= len(want) {
			return fmt.Errorf("too many rows")
		}
		for i, v := range row.Values {
			if v != want[n][i] {
				t.Errorf("row %d: %s: wrote %+v, read %+v", row.N, e.Fields[i].Name, want[n][i], v)
			}
		}
		if n++; t.Failed() {
			return fmt.Errorf("stop")
		}
		return nil
	})
	if err != nil || n != len(want) || len(sum.Faults) > 0 {
		t.Fatalf("%d of %d rows, %v, %+v", n, len(want), err, sum)
	}
}
