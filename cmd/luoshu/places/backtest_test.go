package places

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"luoshu/kernel/sheet"
)

// app has what the commands on a file alone need; the rest is never asked for.
type app struct {
	App
	out bytes.Buffer
}

func (a *app) JSON(v any) error       { return json.NewEncoder(&a.out).Encode(v) }
func (*app) Context() context.Context { return context.Background() }
func (a *app) Out() io.Writer         { return &a.out }

func write(t *testing.T, name, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func backtest(t *testing.T, c BacktestCmd) (*Report, error) {
	t.Helper()
	a := &app{}
	if c.Horizons == 0 {
		c.Horizons = 3
	}
	c.Lag, c.Output = -1, "json"
	err := c.Run(a)
	r := &Report{}
	if a.out.Len() > 0 {
		if err := json.Unmarshal(a.out.Bytes(), r); err != nil {
			t.Fatal(err)
		}
	}
	return r, err
}

// The real series, as the pack has it: sections are summed, the pandemic year is left
// out, the goals hold at schools.
func TestEauClaire(t *testing.T) {
	r, err := backtest(t, BacktestCmd{Series: "../../../packs/eauclaire/data/section.csv", Births: "../../../packs/eauclaire/data/birth.csv", Horizons: 5, Forecast: 3})
	if err != nil {
		t.Fatal(err)
	}
	if r.Units != 16 || strings.Join(r.Grades, "") != "K12345" || len(r.Years) != 27 || len(r.Faults) != 0 || fmt.Sprint(r.Excluded) != "[2020]" {
		t.Errorf("%d schools, grades %v, %d years, left out %v, faults %v", r.Units, r.Grades, len(r.Years), r.Excluded, r.Faults)
	}
	seen := map[string]int{}
	for _, c := range r.Checks {
		seen[c.Grain]++
		if c.Grain == "school" && (c.VsPlain < 0.03 || c.VsNoChange < -0.02) {
			t.Errorf("%+v", c)
		}
	}
	if seen["school"] != 5 || seen["school-grade"] != 5 || seen["area"] != 5 || seen["area-grade"] != 5 {
		t.Errorf("%v", seen)
	}
	if r.Forecast == nil || len(r.Forecast.All.Years) != 3 || r.Forecast.Base != 2024 || r.Forecast.All.Years[2].Total == nil {
		t.Errorf("%+v", r.Forecast)
	}
}

func wide(head string, years int, cell func(y, u, g int) string) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	for y := range years {
		for u := range 3 {
			fmt.Fprintf(&b, "%d-%d学年,第%d小学,城%d", 2014+y, 2015+y, u, u%2)
			for g := range 3 {
				b.WriteString("," + cell(y, u, g))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func number(y, u, g int) string { return fmt.Sprint(60 + 3*(y-g) + 10*u + (y*7+u*3+g)%5) }

// A wide Chinese sheet in GBK with semicolons reads like the same in UTF-8.
func TestWideChinese(t *testing.T) {
	text := wide("学年,学校名称,区县,一年级,二年级,三年级", 8, number)
	a, err := backtest(t, BacktestCmd{Series: write(t, "a.csv", text)})
	if err != nil {
		t.Fatal(err)
	}
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String(strings.ReplaceAll(text, ",", ";"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := backtest(t, BacktestCmd{Series: write(t, "a.csv", gbk)})
	if err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Error("encoding or separator changes the report")
	}
	if a.Units != 3 || a.Areas != 2 || strings.Join(a.Grades, " ") != "一年级 二年级 三年级" || a.Years[0] != 2014 {
		t.Errorf("%+v", a)
	}
}

// Every fault is told with row, field, rule and both languages; the rest is tested.
func TestFaults(t *testing.T) {
	text := wide("学年,学校,区县,1,2,3", 8, func(y, u, g int) string {
		switch {
		case y == 1 && u == 0 && g == 0:
			return "-4"
		case y == 2 && u == 1 && g == 1:
			return "*"
		case y == 3 && u == 2 && g == 2:
			return "9999999"
		}
		return number(y, u, g)
	})
	text += "2021-2022学年,第0小学,城0,1,2,3\nnever,第0小学,城0,1,2,3\n2021,,城0,1,2,3\n2021,第1小学,城1,,,\n"
	r, err := backtest(t, BacktestCmd{Series: write(t, "x.csv", text)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Faults {
		if f.ZH == "" || f.EN == "" || f.File != "x.csv" {
			t.Errorf("%+v", f)
		}
		got = append(got, fmt.Sprintf("%d %s %s", f.Row, f.Field, f.Rule))
	}
	want := "5 1 negative|9 2 number|13 3 impossible|26 1 duplicate|26 2 duplicate|26 3 duplicate|27 学年 year|28 学校 required|29 1 required"
	if strings.Join(got, "|") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "|"), want)
	}
	if len(r.Checks) == 0 {
		t.Error("the rest was not tested")
	}
}

// Blocks and gaps are not chained across, and are named.
func TestBlocks(t *testing.T) {
	var b strings.Builder
	b.WriteString("year,block,school,grade,n\n")
	for y := 2010; y <= 2019; y++ {
		if y == 2013 {
			continue
		}
		for u := range 3 {
			for g := 1; g <= 3; g++ {
				fmt.Fprintf(&b, "%d,%t,s%d,%d,%d\n", y, y < 2016, u, g, 50+y%3+u+g)
			}
		}
	}
	r, err := backtest(t, BacktestCmd{Series: write(t, "x.csv", b.String())})
	if err != nil {
		t.Fatal(err)
	}
	rules := ""
	for _, n := range r.Notes {
		rules += fmt.Sprint(n.Rule, n.Years)
	}
	if !strings.Contains(rules, "block[2016]") || !strings.Contains(rules, "gap[2013]") || fmt.Sprint(r.Breaks) != "[2016]" {
		t.Errorf("%s, breaks %v", rules, r.Breaks)
	}
}

// Nothing to test is an error; so is a file that is no table, and a missing one.
func TestNothing(t *testing.T) {
	for name, text := range map[string]string{
		"two years": wide("学年,学校,区县,1,2,3", 2, number),
		"one year":  wide("学年,学校,区县,1,2,3", 1, number),
		"no table":  "hello\nworld\n",
		"empty":     "",
		"grades":    strings.ReplaceAll(wide("学年,学校,区县,1,2,3", 5, number), ",1,2,3", ",x,y,z"),
	} {
		r, err := backtest(t, BacktestCmd{Series: write(t, "x.csv", text)})
		if err == nil || r.Error == nil || r.Error.ZH == "" || r.Error.EN == "" {
			t.Errorf("%s: %v, %+v", name, err, r.Error)
		}
	}
	if _, err := backtest(t, BacktestCmd{Series: "nowhere.csv"}); err == nil {
		t.Error("a missing file is read")
	}
}

// FuzzSeries: whatever the bytes, reading ends with a table or a fault, and what the
// table holds the engine can judge.
func FuzzSeries(f *testing.F) {
	f.Add([]byte(wide("学年,学校,区县,1,2,3", 2, number)))
	f.Add([]byte("year,school,grade,students\n2001,a,K,5\n2002,a,1,-5\n"))
	f.Add([]byte("year\tdbn\tpk\tk\n2001/02\ta\t\t\"1,200\"\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tb, err := readSeries(sheet.File{Name: "f", R: bytes.NewReader(raw), Size: int64(len(raw))}, "", nil)
		if err != nil {
			if _, ok := sheet.AsFault(err); !ok {
				t.Fatalf("%v", err)
			}
			return
		}
		if bad := tb.series.Faults(); len(bad) > 0 {
			t.Fatalf("what was read has faults: %+v", bad[0])
		}
	})
}
