package sheet

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style is how a written cell looks.
type Style int

// The styles of Writer.
const (
	Plain  Style = iota
	Head         // bold on grey
	Day          // yyyy-mm-dd
	Bad          // red: refused
	Warn         // yellow: taken, but look
	Reason       // red text
	Notice       // grey italics
)

// Out is a cell to write: a text, or a number as it is written in decimal.
type Out struct {
	S      string
	Number bool
	Style  Style
}

// Writer streams an XLSX workbook of one sheet. Memory does not grow with rows.
// The same rows give the same bytes.
type Writer struct {
	z    *zip.Writer
	w    *bufio.Writer
	name string
	row  int
	err  error
}

// NewWriter begins a workbook whose sheet has the given name, column widths (in
// characters) and number of rows that stay in view.
func NewWriter(w io.Writer, name string, widths []int, freeze int) (*Writer, error) {
	z := zip.NewWriter(w)
	part, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, fmt.Errorf("write workbook: %w", err)
	}
	x := &Writer{z: z, w: bufio.NewWriterSize(part, 64<<10), name: sheetName(name)}
	x.put(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">`)
	if freeze > 0 {
		x.put(fmt.Sprintf(`<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/>`, freeze, freeze+1))
	}
	x.put(`</sheetView></sheetViews>`)
	if len(widths) > 0 {
		x.put(`<cols>`)
		for i, n := range widths {
			x.put(fmt.Sprintf(`<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, n))
		}
		x.put(`</cols>`)
	}
	x.put(`<sheetData>`)
	return x, x.err
}

// sheetName makes a name that spreadsheets take: at most 31 characters, none of
// the forbidden ones.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || r < 0x20 {
			return -1
		}
		return r
	}, s)
	for utf8.RuneCountInString(s) > 31 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	if s == "" {
		return "Sheet1"
	}
	return s
}

func (x *Writer) put(s string) {
	if x.err == nil {
		_, x.err = x.w.WriteString(s)
	}
}

// Rows returns how many rows have been written.
func (x *Writer) Rows() int { return x.row }

// Row writes the next row. Empty cells are left out.
func (x *Writer) Row(cells []Out) error {
	x.row++
	n := strconv.Itoa(x.row)
	x.put(`<row r="` + n + `">`)
	for i, c := range cells {
		if c.S == "" && c.Style == Plain {
			continue
		}
		x.put(`<c r="` + ColumnName(i) + n + `"`)
		if c.Style != Plain {
			x.put(` s="` + strconv.Itoa(int(c.Style)) + `"`)
		}
		switch {
		case c.S == "":
			x.put(`/>`)
		case c.Number:
			x.put(`><v>` + c.S + `</v></c>`)
		default:
			x.put(` t="inlineStr"><is><t xml:space="preserve">`)
			x.put(escapeXML(c.S))
			x.put(`</t></is></c>`)
		}
	}
	x.put(`</row>`)
	return x.err
}

// escapeXML writes text so that it is read back as it was, control characters
// and texts that look like their escapes included.
func escapeXML(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		c := s[i]
		clean = c != '&' && c != '<' && c != '>' && c != '_' && (c >= 0x20 || c == '\n' || c == '\t') && c != 0xef
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '_' && isEscape(s[i:]):
			b.WriteString("_x005F_")
		case r < 0x20 && r != '\n' && r != '\t', r == 0xfffe, r == 0xffff:
			fmt.Fprintf(&b, "_x%04X_", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Close ends the workbook. It does not close the writer beneath.
func (x *Writer) Close() error {
	x.put(`</sheetData></worksheet>`)
	if x.err == nil {
		x.err = x.w.Flush()
	}
	for _, p := range [][2]string{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", rootRels},
		{"xl/_rels/workbook.xml.rels", bookRels},
		{"xl/styles.xml", bookStyles},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="` +
			strings.ReplaceAll(escapeXML(x.name), `"`, "&quot;") + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	} {
		if x.err != nil {
			break
		}
		var w io.Writer
		if w, x.err = x.z.Create(p[0]); x.err == nil {
			_, x.err = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"+p[1])
		}
	}
	if x.err == nil {
		x.err = x.z.Close()
	}
	if x.err != nil {
		return fmt.Errorf("write workbook: %w", x.err)
	}
	return nil
}

const (
	contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`
	rootRels     = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookRels     = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
	bookStyles   = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><fonts count="4"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font><font><sz val="11"/><color rgb="FFC00000"/><name val="Calibri"/></font><font><i/><sz val="11"/><color rgb="FF666666"/><name val="Calibri"/></font></fonts><fills count="5"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE7EBF0"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFEB9C"/></patternFill></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="0" fillId="3" borderId="0" xfId="0" applyFill="1"/><xf numFmtId="0" fontId="0" fillId="4" borderId="0" xfId="0" applyFill="1"/><xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="0" fontId="3" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
)
