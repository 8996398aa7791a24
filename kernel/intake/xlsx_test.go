package intake_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/intake"
	"luoshu/kernel/sheet"
)

// The parts of workbooks as different programs write them.
const (
	types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
	rels  = `<?xml version="1.0"?><Relationships xmlns="x"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
)

func book(sheets, pr string) string {
	return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="m" xmlns:r="r"><workbookPr ` + pr + `/><sheets>` + sheets + `</sheets></workbook>`
}

func bookRels(abs bool, n int) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="x">`)
	pre := ""
	if abs {
		pre = "/xl/"
	}
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="http://x/worksheet" Target="%sworksheets/sheet%d.xml"/>`, i, pre, i)
	}
	fmt.Fprintf(&b, `<Relationship Id="rS" Type="http://x/sharedStrings" Target="%ssharedStrings.xml"/><Relationship Id="rT" Type="http://x/styles" Target="%sstyles.xml"/></Relationships>`, pre, pre)
	return b.String()
}

const styles = `<styleSheet xmlns="m"><numFmts count="2"><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/><numFmt numFmtId="177" formatCode="0.00_);[Red]\(0.00\)"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="176"/><xf numFmtId="177"/></cellXfs></styleSheet>`

// excel is a workbook as Excel writes it: a cover sheet first, shared and rich
// strings with phonetics, merged headings over two rows, dates as styled
// serials, formulas with values, hidden and empty rows, errors.
func excel(pr string, serial int) []byte {
	shared := `<sst xmlns="m" count="9"><si><t>封面</t></si><si><t>学籍号</t></si><si><r><t>姓</t></r><r><rPr><b/></rPr><t xml:space="preserve">名 </t></r><rPh sb="0" eb="1"><t>xingming</t></rPh></si><si><t>基本信息</t></si><si><t>性别</t></si><si><t>出生日期</t></si><si><t>学籍所在学校</t></si><si><t>学籍状态</t></si><si><t>上下学距离</t></si></sst>`
	data := `<worksheet xmlns="m" xmlns:x14ac="y" mc:Ignorable="x14ac"><dimension ref="A1"/><sheetData>` +
		`<row r="1" spans="1:7"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>3</v></c><c r="C1" s="3"/><c r="D1" s="3"/><c r="E1" t="s"><v>6</v></c><c r="F1" t="s"><v>7</v></c><c r="G1" t="s"><v>8</v></c></row>` +
		`<row r="2"><c r="B2" t="s"><v>2</v></c><c r="C2" t="s"><v>4</v></c><c r="D2" t="s"><v>5</v></c></row>` +
		`<row r="3" x14ac:dyDescent="0.2"><c r="A3" t="str"><f>"G"&amp;"1"</f><v>G11010519491231002X</v></c><c r="B3" t="inlineStr"><is><t>张三 &lt;A&gt; _x0041_</t></is></c><c r="C3"><v>1</v></c><c r="D3" s="1"><v>` + fmt.Sprint(serial) + `</v></c><c r="E3"><v>2141000001</v></c><c r="F3"><v>1</v></c><c r="G3" s="3"><v>1.5000000000000002</v></c></row>` +
		`<row r="4" hidden="1"><c r="A4" t="inlineStr"><is><t>G11010519491231002X</t></is></c></row>` +
		strings.Repeat(`<row><c s="3"/></row>`, 5000) +
		`<row r="6000"><c r="A6000" t="inlineStr"><is><t>G11010519491231002X</t></is></c><c r="B6000" t="inlineStr"><is><t>李四</t></is></c><c r="C6000" t="e"><v>#N/A</v></c><c r="D6000"><v>19491231</v></c><c r="E6000"><v>2.1410000010000001E+18</v></c><c r="F6000"><f>A1</f></c></row>` +
		`<row r="6001"><c r="A6001" t="inlineStr"><is><t>合计</t></is></c><c r="B6001"><v>2</v></c></row>` +
		`</sheetData><mergeCells count="1"><mergeCell ref="B1:D1"/></mergeCells></worksheet>`
	cover := `<worksheet xmlns="m"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`
	return pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(false, 2),
		"xl/workbook.xml", book(`<sheet name="封面" sheetId="1" r:id="rId1"/><sheet name="学生" sheetId="2" r:id="rId2"/>`, pr),
		"xl/styles.xml", styles, "xl/sharedStrings.xml", shared, "xl/worksheets/sheet1.xml", cover, "xl/worksheets/sheet2.xml", data)
}

// simple is a workbook of one sheet with prefixed names or absolute targets.
func simple(prefix string, abs bool, cells ...string) []byte {
	p := prefix
	var b strings.Builder
	fmt.Fprintf(&b, `<%sworksheet xmlns:x="m"><%ssheetData>`, p, p)
	for i, line := range cells {
		fmt.Fprintf(&b, `<%srow r="%d">`, p, i+1)
		for _, c := range strings.Split(line, ",") {
			fmt.Fprintf(&b, `<%sc t="inlineStr"><%sis><%st>%s</%st></%sis></%sc>`, p, p, p, c, p, p, p)
		}
		fmt.Fprintf(&b, `</%srow>`, p)
	}
	fmt.Fprintf(&b, `</%ssheetData></%sworksheet>`, p, p)
	wb := book(`<sheet name="Sheet1" sheetId="1" r:id="rId1"/>`, "")
	return pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(abs, 1), "xl/workbook.xml", wb, "xl/styles.xml", styles, "xl/worksheets/sheet1.xml", b.String())
}

func TestReadWorkbooks(t *testing.T) {
	whole := excel("", 18263)
	cases := map[string][]byte{
		"xlsx-excel":     whole,
		"xlsx-1904":      excel(`date1904="1"`, 18263-1462),
		"xlsx-wps":       simple("", true, head, good),
		"xlsx-prefixed":  simple("x:", false, head, good),
		"xlsx-truncated": whole[:len(whole)/2],
		"xlsx-cut-sheet": pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(false, 1), "xl/workbook.xml", book(`<sheet name="S" r:id="rId1"/>`, ""), "xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>学籍号</t></is></c></row><row r="2"`),
		"xlsx-no-sheet":  pack("[Content_Types].xml", types),
		"xlsx-doctype":   pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(false, 1), "xl/workbook.xml", `<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook/>`),
		"xlsx-two-same":  twoSheets(),
		"zip-other":      pack("a.txt", "x"),
		"ods":            pack("mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"),
		"xlsx-wide":      simple("", false, head+strings.Repeat(",x", 600), good),
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) { golden(t, name, dump(t, name+".xlsx", data, "student")) })
	}
}

func twoSheets() []byte {
	s := `<worksheet><sheetData>`
	for i, line := range []string{head, good} {
		s += fmt.Sprintf(`<row r="%d">`, i+1)
		for _, c := range strings.Split(line, ",") {
			s += `<c t="inlineStr"><is><t>` + c + `</t></is></c>`
		}
		s += `</row>`
	}
	s += `</sheetData></worksheet>`
	return pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(false, 3),
		"xl/workbook.xml", book(`<sheet name="藏" state="hidden" r:id="rId1"/><sheet name="一班" r:id="rId2"/><sheet name="二班" r:id="rId3"/>`, ""),
		"xl/worksheets/sheet1.xml", s, "xl/worksheets/sheet2.xml", s, "xl/worksheets/sheet3.xml", s)
}

// TestZipBombs: what unpacks to far more than it is does not get far.
func TestZipBombs(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range [][2]string{{"[Content_Types].xml", types}, {"_rels/.rels", rels}, {"xl/_rels/workbook.xml.rels", bookRels(false, 1)}, {"xl/workbook.xml", book(`<sheet name="S" r:id="rId1"/>`, "")}} {
		w, _ := z.Create(p[0])
		_, _ = io.WriteString(w, p[1])
	}
	w, _ := z.Create("xl/worksheets/sheet1.xml")
	_, _ = io.WriteString(w, `<worksheet><sheetData>`)
	chunk := strings.Repeat(`<row/>`, 1<<16)
	for range 200 {
		_, _ = io.WriteString(w, chunk)
	}
	_ = z.Close()
	honest := b.Bytes()
	lying := bytes.Clone(honest) // the directory claims a small size
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lying[at+24:], 1000)
	many := new(bytes.Buffer)
	zm := zip.NewWriter(many)
	for i := range 5000 {
		_, _ = zm.Create(fmt.Sprintf("f%d", i))
	}
	_ = zm.Close()
	for name, data := range map[string][]byte{"honest": honest, "lying": lying, "entries": many.Bytes()} {
		sum, err := intake.Read(context.Background(), file(name, data), loadAll(t), "student", nil, nil)
		if err != nil || !sum.Blocked() {
			t.Errorf("%s: %v %+v", name, err, sum)
			continue
		}
		if r := sum.Faults[0].Rule; r != "zip-bomb" && r != "corrupt" {
			t.Errorf("%s: rule %s", name, r)
		}
	}
}

// TestTemplate: a template read back holds nothing; filled in, its row is read;
// one of another entity or version is refused.
func TestTemplate(t *testing.T) {
	cat := loadAll(t)
	for _, e := range cat.Entities {
		var b bytes.Buffer
		if err := intake.Template(&b, cat, e.Name); err != nil {
			t.Fatal(err)
		}
		sum, err := intake.Read(context.Background(), file("t.xlsx", b.Bytes()), cat, e.Name, nil, func(r intake.Row) error { return fmt.Errorf("row %d", r.N) })
		if err != nil || len(sum.Faults) > 0 || sum.Skipped.Note != 1 {
			t.Errorf("%s: %v %+v", e.Name, err, sum)
		}
		other := "division"
		if e.Name == other {
			other = "student"
		}
		sum, err = intake.Read(context.Background(), file("t.xlsx", b.Bytes()), cat, other, nil, nil)
		if err != nil || !sum.Blocked() || sum.Faults[0].Rule != "template-entity" {
			t.Errorf("%s as %s: %v %+v", e.Name, other, err, sum)
		}
	}
}

// TestColourThenMend: the coloured workbook shows why, and loads again with the
// same rows; mended it has no faults.
func TestColourThenMend(t *testing.T) {
	cat := loadAll(t)
	bad := head + ",备注\n" + good + ",\nG11010519491231002X,李四,3,1949-02-30,2141000001,01,\"a\nb\"\n"
	lines := []string{head, good, "G11010519491231002X,李四,3,1949-02-30,2141000001,01"}
	for name, data := range map[string][]byte{
		"c.csv": []byte(bad), "x.xlsx": simple("", false, lines...), "bare.xlsx": without(t, simple("", false, lines...), "xl/styles.xml"),
	} {
		for round := range 2 {
			var faults []luoshu.Fault
			sum, err := intake.Read(context.Background(), file(name, data), cat, "student", nil, func(r intake.Row) error {
				faults = append(faults, r.Faults...)
				return nil
			})
			if err != nil || sum.Rows != 2 || len(faults) != 2 || len(sum.Faults) != 0 {
				t.Fatalf("%s round %d: %v %+v %+v", name, round, err, faults, sum)
			}
			var b bytes.Buffer
			if err := intake.Colour(&b, file(name, data), faults); err != nil {
				t.Fatal(err)
			}
			name, data = "again.xlsx", b.Bytes()
			text := unzipText(t, data)
			if n := strings.Count(text, "没有这一天"); n != 1 {
				t.Errorf("%s round %d: reason stands %d times", name, round, n)
			}
			if !strings.Contains(text, sheet.ReasonHeading) || !strings.Contains(text, "FFC7CE") {
				t.Errorf("%s: no reason column or no colour", name)
			}
		}
	}
}

// without returns the workbook less one of its parts.
func without(t *testing.T, data []byte, part string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, f := range z.File {
		if f.Name == part {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f.Name, string(text))
	}
	return pack(parts...)
}

func unzipText(t *testing.T, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(&b, r)
	}
	return b.String()
}
