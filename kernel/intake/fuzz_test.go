package intake_test

import (
	"bytes"
	"context"
	"testing"

	"luoshu"
	"luoshu/kernel/intake"
	"luoshu/kernel/sheet"
)

// FuzzCSV: no text makes reading fail or hang, and row numbers grow.
func FuzzCSV(f *testing.F) {
	cat := loadAll(f)
	for _, s := range []string{head + "\n" + good + "\n", "\ufeff" + head + "\r\n\"a\"\"b\",,\"\n\",1,\n", "学籍号;姓名\n\";\n", string(gbk(head + "\n" + good)), string(utf16le(head + "\n" + good)), "\"", "\"\"\n,\r\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		for _, entity := range []string{"student", "division"} {
			last = 0
			_, err := intake.Read(context.Background(), file("f.csv", data), cat, entity, nil, func(r intake.Row) error {
				if r.N <= last {
					t.Errorf("row %d after %d", r.N, last)
				}
				last = r.N
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := intake.Colour(&b, file("f.csv", data), []luoshu.Fault{{Row: 1, Col: 1, ZH: "甲", EN: "a"}}); err != nil && b.Len() == 0 {
			t.Log(err)
		}
	})
}

// FuzzXLSX: no bytes of a sheet, its strings or its styles make reading panic.
func FuzzXLSX(f *testing.F) {
	cat := loadAll(f)
	f.Add([]byte(`<worksheet><sheetData><row r="1"><c t="s"><v>0</v></c></row></sheetData></worksheet>`), []byte(`<sst><si><t>学籍号</t></si></sst>`), []byte(styles))
	f.Add([]byte(`<a><![CDATA[x]]></a><row r="-1"><c r="ZZZZ9" s="99" t="b"><v>1&#x41;&amp;&bad;</v></c></row>`), []byte(`<si/><si><r><t>_x000D_</t></r></si>`), []byte(`<cellXfs><xf numFmtId="-1"/>`))
	f.Fuzz(func(t *testing.T, data, shared, style []byte) {
		b := pack("[Content_Types].xml", types, "_rels/.rels", rels, "xl/_rels/workbook.xml.rels", bookRels(false, 1), "xl/workbook.xml",
			book(`<sheet name="S" r:id="rId1"/>`, ""), "xl/styles.xml", string(style), "xl/sharedStrings.xml", string(shared), "xl/worksheets/sheet1.xml", string(data))
		if _, err := intake.Read(context.Background(), file("f.xlsx", b), cat, "student", nil, func(intake.Row) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzZip: no bytes at all make opening panic.
func FuzzZip(f *testing.F) {
	cat := loadAll(f)
	f.Add(simple("", true, head, good))
	f.Add(pack("manifest.csv", "propertyName,value\noneroster.version,1.2\n", "users.csv", "sourcedId\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := intake.Read(context.Background(), file("f", data), cat, "student", nil, nil); err != nil {
			t.Fatal(err)
		}
		intake.OneRoster(file("f", data), cat)
	})
}

// FuzzCell: whatever stands in the cells of a row, what is taken comes back from
// an export as it was.
func FuzzCell(f *testing.F) {
	cat := loadAll(f)
	e := cat.Entity("population")
	for _, s := range nasty {
		f.Add(s, s, "2020", "1949-12-31")
	}
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		in := sheet.Tidy(a)
		var book bytes.Buffer
		x, err := intake.NewTable(&book, "csv", "t", []string{"division_code", "year", "age", "persons", "source_note"}, intake.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		_ = x.Text([]string{in, c, d, b, a})
		_ = x.Close()
		var rows [][]luoshu.Value
		collect := func(r intake.Row) error {
			if !r.Refused() {
				rows = append(rows, r.Values)
			}
			return nil
		}
		if _, err := intake.Read(context.Background(), file("a.csv", book.Bytes()), cat, e.Name, nil, collect); err != nil {
			t.Fatal(err)
		}
		first := rows
		for _, format := range []string{"csv", "xlsx"} {
			var out bytes.Buffer
			x, err := intake.NewExport(&out, format, cat, e.Name, intake.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range first {
				if err := x.Write(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			rows = nil
			if _, err := intake.Read(context.Background(), file("b."+format, out.Bytes()), cat, e.Name, nil, collect); err != nil {
				t.Fatal(err)
			}
			if len(rows) != len(first) {
				t.Fatalf("%s: %d rows became %d: %q", format, len(first), len(rows), out.String())
			}
			for i := range rows {
				for k := range rows[i] {
					if rows[i][k] != first[i][k] {
						t.Fatalf("%s: %+v became %+v", format, first[i][k], rows[i][k])
					}
				}
			}
		}
	})
}
