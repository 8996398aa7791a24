package intake

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// Meta is what stands above an export: what the data are, the seal they are of,
// where they come from, who took them out.
type Meta struct {
	Notice           luoshu.Text
	Seal, Source, By string
	// Fields are the columns to write, in order; nil writes all.
	Fields []*catalog.Field
}

// line is the notice that an export begins with. Intake passes over it.
func (m Meta) line() string {
	var parts []string
	if s := strings.TrimSpace(m.Notice.ZH + " " + m.Notice.EN); s != "" {
		parts = append(parts, s)
	}
	if m.Seal != "" {
		parts = append(parts, "封存 seal "+m.Seal)
	}
	if m.Source != "" {
		parts = append(parts, "来源 source "+m.Source)
	}
	if m.By != "" {
		parts = append(parts, "导出人 by "+m.By)
	}
	return strings.Join(parts, " · ")
}

// Export writes records as CSV (UTF-8 with a mark, so that spreadsheets read it
// rightly) or XLSX. What it writes, Read reads back unchanged. Text that a
// spreadsheet might run as a formula gets an apostrophe before it.
type Export struct {
	fields []*catalog.Field
	labels []map[string]string // by column: what is shown for a code (XLSX)
	csv    *bufio.Writer
	xlsx   *sheet.Writer
	row    []sheet.Out
	buf    []byte
}

// NewExport begins an export of an entity; format is csv or xlsx. Codes are
// written as codes in a CSV and by name, where that leads back, in a workbook.
func NewExport(w io.Writer, format string, cat *catalog.Catalog, entity string, meta Meta) (*Export, error) {
	e := cat.Entity(entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的登记表", "there is no register named %s", entity)
	}
	x := &Export{fields: meta.Fields}
	if x.fields == nil {
		x.fields = e.Fields
	}
	x.labels = make([]map[string]string, len(x.fields))
	var head []sheet.Out
	var widths []int
	for i, f := range x.fields {
		head = append(head, sheet.Out{S: f.Title.ZH, Style: sheet.Head})
		widths = append(widths, width(f))
		if l := cat.List(f.Codes); f.Type == catalog.TypeCode && l != nil && format == FormatXLSX {
			x.labels[i] = newCodeIndex(l).labels
		}
	}
	return x, x.begin(w, format, e.Title.ZH, meta.line(), head, widths)
}

func (x *Export) begin(w io.Writer, format, name, notice string, head []sheet.Out, widths []int) error {
	switch format {
	case FormatCSV:
		x.csv = bufio.NewWriterSize(w, 256<<10)
		if _, err := x.csv.WriteString("\ufeff"); err != nil {
			return err
		}
		if notice != "" {
			if err := x.writeCSV([]sheet.Out{{S: notice}}); err != nil {
				return err
			}
		}
		return x.writeCSV(head)
	case FormatXLSX:
		freeze := 1
		if notice != "" {
			freeze = 2
		}
		var err error
		if x.xlsx, err = sheet.NewWriter(w, name, widths, freeze); err != nil {
			return err
		}
		if notice != "" {
			if err := x.xlsx.Row([]sheet.Out{{S: notice, Style: sheet.Notice}}); err != nil {
				return err
			}
		}
		return x.xlsx.Row(head)
	}
	return luoshu.Errorf(luoshu.Invalid, "只能导出 csv 或 xlsx", "an export is csv or xlsx, not "+format)
}

// NewTable begins an export that is no entity: headings and cells as given, with
// the same notice and the same care for formulas.
func NewTable(w io.Writer, format, name string, headings []string, meta Meta) (*Export, error) {
	x := &Export{}
	var head []sheet.Out
	var widths []int
	for _, h := range headings {
		head = append(head, sheet.Out{S: guard(h), Style: sheet.Head})
		widths = append(widths, min(40, max(10, 2*utf8.RuneCountInString(h)+2)))
	}
	return x, x.begin(w, format, name, meta.line(), head, widths)
}

// Text writes a row of NewTable; a cell that is a plain number becomes one in a
// workbook.
func (x *Export) Text(cells []string) error {
	x.row = x.row[:0]
	for _, c := range cells {
		_, err := strconv.ParseFloat(c, 64)
		n := err == nil && len(c) <= 15 && strings.Trim(c, "-.0123456789") == "" && (c[0] != '0' || len(c) == 1 || c[1] == '.')
		o := sheet.Out{S: c, Number: n}
		if !n {
			o.S = guard(c)
		}
		x.row = append(x.row, o)
	}
	return x.write()
}

// Write writes one record; values are by field index of the entity.
func (x *Export) Write(values []luoshu.Value) error {
	x.row = x.row[:0]
	for i, f := range x.fields {
		var v luoshu.Value
		if f.Index < len(values) {
			v = values[f.Index]
		}
		x.row = append(x.row, x.cell(i, f, v))
	}
	return x.write()
}

func (x *Export) write() error {
	if x.xlsx == nil {
		return x.writeCSV(x.row)
	}
	if x.xlsx.Rows() >= sheet.MaxSheetRows {
		return luoshu.Errorf(luoshu.Invalid, "超过一张工作表的行数上限（1,048,576 行）。请导出为 CSV，或先筛选。",
			"this is more than a worksheet can hold (1,048,576 rows). Export it as CSV or narrow the selection.")
	}
	return x.xlsx.Row(x.row)
}

func (x *Export) cell(i int, f *catalog.Field, v luoshu.Value) sheet.Out {
	switch v.K {
	case luoshu.Null:
		return sheet.Out{}
	case luoshu.IsText:
		if l, ok := x.labels[i][v.S]; ok {
			return sheet.Out{S: l}
		}
		return sheet.Out{S: guard(v.S)}
	}
	switch f.Type {
	case catalog.TypeDate:
		if n, ok := sheet.DateSerial(v.I); ok && x.xlsx != nil {
			return sheet.Out{S: strconv.FormatInt(n, 10), Number: true, Style: sheet.Day}
		}
		return sheet.Out{S: luoshu.FormatDate(v.I)}
	case catalog.TypeBool:
		if v.I != 0 {
			return sheet.Out{S: "是"}
		}
		return sheet.Out{S: "否"}
	case catalog.TypeDecimal:
		s := luoshu.FormatDecimal(v.I, f.Scale)
		return sheet.Out{S: s, Number: len(s) <= 15}
	}
	s := strconv.FormatInt(v.I, 10)
	return sheet.Out{S: s, Number: len(s) <= 15}
}

func (x *Export) writeCSV(row []sheet.Out) error {
	b := x.buf[:0]
	for i, c := range row {
		if i > 0 {
			b = append(b, ',')
		}
		if strings.ContainsAny(c.S, "\",\r\n\t;") {
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(c.S, `"`, `""`)...)
			b = append(b, '"')
			continue
		}
		b = append(b, c.S...)
	}
	if len(row) == 1 && row[0].S == "" {
		b = append(b, '"', '"')
	}
	b = append(b, '\r', '\n')
	x.buf = b
	_, err := x.csv.Write(b)
	return err
}

// Close ends the export; the writer beneath stays open.
func (x *Export) Close() error {
	if x.xlsx != nil {
		return x.xlsx.Close()
	}
	return x.csv.Flush()
}

// width is how wide a field's column is shown, in characters.
func width(f *catalog.Field) int {
	n := 2*utf8.RuneCountInString(f.Title.ZH) + 4
	switch f.Type {
	case catalog.TypeDate:
		n = max(n, 12)
	case catalog.TypeText, catalog.TypeRef:
		if f.Max != nil {
			n = max(n, int(min(*f.Max, 30))+2)
		} else {
			n = max(n, 16)
		}
	}
	return min(n, 40)
}
