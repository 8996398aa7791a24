package intake_test

import (
	"archive/zip"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"

	"luoshu/kernel/intake"
)

var update = flag.Bool("update", false, "write the golden files anew")

const head = "学籍号,姓名,性别,出生日期,学籍所在学校,学籍状态"

// good is a row whose numbers pass every check.
const good = "G11010519491231002X,张三,1,1949-12-31,2141000001,01"

func gbk(s string) []byte {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

func utf16le(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// dump reads a file and writes down all that came of it.
func dump(t *testing.T, name string, data []byte, entity string) string {
	t.Helper()
	cat := loadAll(t)
	e := cat.Entity(entity)
	var b strings.Builder
	fault := func(f any) { fmt.Fprintf(&b, "  %s\n", f) }
	sum, err := intake.Read(context.Background(), file(name, data), cat, entity, nil, func(r intake.Row) error {
		fmt.Fprintf(&b, "row %d:", r.N)
		for i, v := range r.Values {
			if s := v.String(); s != "" {
				fmt.Fprintf(&b, " %s=%s", e.Fields[i].Name, s)
			}
		}
		fmt.Fprintln(&b)
		for _, f := range r.Faults {
			fault(fmt.Sprintf("%d:%d %s %s%s | %s | %s", f.Row, f.Col, f.Field, f.Rule, map[bool]string{true: " (warn)"}[f.Warning()], f.ZH, f.EN))
		}
		return nil
	})
	if err != nil {
		fmt.Fprintf(&b, "error %v\n", err)
	}
	for _, f := range sum.Faults {
		fault(fmt.Sprintf("FILE %d:%d %s %s%s%s | %s | %s", f.Row, f.Col, f.Field, f.Rule, map[bool]string{true: " (warn)"}[f.Warning()], map[bool]string{true: " (blocked)"}[f.Blocked], f.ZH, f.EN))
	}
	fmt.Fprintf(&b, "format=%s encoding=%s sheet=%s header=%d rows=%d skipped=%+v\n", sum.Format, sum.Encoding, sum.Sheet, sum.HeaderRow, sum.Rows, sum.Skipped)
	return b.String()
}

// TestRead reads what people hand in and compares with testdata/NAME.golden.
func TestRead(t *testing.T) {
	lines := func(rows ...string) string { return strings.Join(rows, "\n") + "\n" }
	many := strings.Repeat(",,,,,\n", 3000)
	cases := map[string][]byte{
		"utf8":              []byte(lines(head, good)),
		"utf8-bom-crlf":     []byte("\ufeff" + strings.ReplaceAll(lines(head, good), "\n", "\r\n")),
		"gbk":               gbk(lines(head, good, "G11010519491231002X,李四喆𠮷,2,1949年12月31日,2141000001,在读")),
		"utf16":             utf16le(lines(head, good)),
		"mac-lines":         []byte(strings.ReplaceAll(lines(head, good), "\n", "\r")),
		"semicolon":         []byte(strings.ReplaceAll(lines(head, good), ",", ";")),
		"tab":               []byte(strings.ReplaceAll(lines(head, good), ",", "\t")),
		"mixed-in-utf8":     append(append([]byte(lines(head, good)), gbk("G11010519491231002X,王小二是个好学生,1,1949-12-31,2141000001,01\n")...), (good + "\n")...),
		"mixed-in-gbk":      append(append(gbk(strings.Repeat(lines(head), 1)+strings.Repeat(good+"\n", 3)), "G11010519491231002X,王小二是个好学生,1,1949-12-31,2141000001,01\n"...), gbk(good+"\n")...),
		"quoted":            []byte(lines(head+",现住址", good+",\"洛龙区\n\"\"开元大道\"\"1号, 2门\"", good+",x")),
		"open-quote":        []byte(lines(head, `G11010519491231002X,"张三,1,1949-12-31,2141000001,01`, good)),
		"shifted":           []byte(lines(head, "G11010519491231002X,张三,1,1949-12-31,2141000001,01,多出来")),
		"dates":             []byte(lines(head, row("1949/12/31"), row("1949.12.31"), row("19491231"), row("1949年12月31日"), row("18263"), row("１９４９－１２－３１"), row("1949-12-31 00:00:00"), row(" 1949-12-31\u00a0"))),
		"bad-dates":         []byte(lines(head, row("1949-02-30"), row("1949.12"), row("31/12/1949"), row("49-12-31"), row("去年"), row("194912"), row("1800-01-01"))),
		"wide-digits":       []byte(lines(head, "Ｇ１１０１０５１９４９１２３１００２Ｘ, 张三\u3000,１,１９４９／１２／３１,２１４１０００００１,０１")),
		"damaged":           []byte(lines(head+",身份证件号", good+",1.10105E+17", good+",110105194912310000")),
		"codes":             []byte(lines(head+",民族,独生子女,孤儿", "G11010519491231002X,张三,男性,1949-12-31,2141000001,1,汉族,Y,×", "G11010519491231002X,张三,1 男性,1949-12-31,2141000001,在读,1,true,0", "G11010519491231002X,张三,丙,1949-12-31,2141000001,99,火星,也许,")),
		"formula":           []byte(lines(head+",备注", good+",=cmd|' /C calc'!A0", good+`,"=""0012"""`, good+",'=1+1")),
		"totals":            []byte(lines("洛龙区第一实验小学学籍表,,,,,", head, good, "合 计,1,,,,", "注：本表一式两份,,,,,", head, good, many)),
		"title-row":         []byte(lines("2024年学籍,,,,,", ",,,,,", head, good)),
		"two-row-head":      []byte(lines("学籍号,基本信息,,,学籍,", ",姓名,性别,出生日期,学籍所在学校,学籍状态", good)),
		"aliases":           []byte(lines("XJH,xm,Sex,csrq,学校标识码,Status *,自己加的", good+",x")),
		"pinyin":            []byte(lines("xuejihao,xingming,xingbie,chushengriqi,学籍所在學校,学籍状态（必填）", good)),
		"duplicate-heading": []byte(lines(head+",姓名", good+",x")),
		"missing-column":    []byte(lines("学籍号,姓名", "G11010519491231002X,张三")),
		"no-headings":       []byte(lines("a,b,c", "1,2,3")),
		"empty":             []byte(" \n"),
		"old-version":       []byte(lines("学生 · 模板版本 000000000000,,,,,", head, good)),
		"html":              []byte("<html><table><tr><td>x</td></tr></table></html>"),
		"xls":               append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, make([]byte, 600)...),
		"pdf":               []byte("%PDF-1.7 x"),
		"binary":            []byte("abc\x00\x01\x02def\n"),
		"columns":           []byte(lines(head+strings.Repeat(",x", 600), good)),
		"long-cell":         []byte(lines(head+",备注", good+","+strings.Repeat("长", 32768))),
		"rules":             []byte(lines(head+",身份证件号", "G11010519491231002X,张三,1,1949-12-30,2141000001,01,11010519491231002X")),
		"check":             []byte(lines(head, "G110105194912310021,张三,1,1949-12-31,2141000001,01", ",张三,1,1949-12-31,,01")),
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) { golden(t, name, dump(t, name+".csv", data, "student")) })
	}
}

func row(date string) string { return "G11010519491231002X,张三,2," + date + ",2141000001,01" }

func golden(t *testing.T, name, got string) {
	t.Helper()
	p := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n--- got\n%s--- want\n%s", p, got, want)
	}
}

// pack zips parts in order.
func pack(parts ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
