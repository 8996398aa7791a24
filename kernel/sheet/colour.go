package sheet

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"luoshu"
)

// colourWhole is how large a workbook's parts may be for it to be kept as it is;
// of a larger or odd one the sheet alone is written again, cell by cell.
const colourWhole = 48 << 20

// Colour writes the file back as a workbook in which every cell with a fault is
// filled and a column at the end says why. Formats, other sheets and widths of an
// XLSX stay; a CSV becomes an XLSX. Loading the mended workbook passes over the
// added column. Faults need Row, and Col for the cell; Sheet chooses the sheet.
func Colour(w io.Writer, f File, faults []luoshu.Fault) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("colour %s: %v", f.Name, p)
		}
	}()
	c := newColouring(faults)
	head := make([]byte, min(f.Size, 4))
	if _, err := io.ReadFull(f.Reader(), head); err != nil && f.Size > 0 {
		return fmt.Errorf("colour: %w", err)
	}
	if string(head) != "PK\x03\x04" {
		return c.csv(w, f)
	}
	a, err := OpenArchive(f)
	if err != nil {
		return asError(err)
	}
	if a.Find("[Content_Types].xml") == nil {
		return c.listOnly(w, f)
	}
	var size uint64
	for _, e := range a.Files {
		size += e.UncompressedSize64
	}
	// A workbook without a style sheet cannot be coloured in place.
	if size <= colourWhole && a.Find("xl/styles.xml") != nil {
		if x, err := excelize.OpenReader(f.Reader(), excelize.Options{UnzipSizeLimit: 2 * colourWhole, UnzipXMLSizeLimit: 2 * colourWhole}); err == nil {
			defer func() { _ = x.Close() }()
			return c.whole(w, f, x)
		}
	}
	return c.streamed(w, a)
}

// asError turns a fault of the file into an error for the caller.
func asError(err error) error {
	if flt, ok := AsFault(err); ok {
		return &luoshu.Error{Kind: luoshu.Invalid, Msg: luoshu.Text{ZH: flt.ZH, EN: flt.EN}, Cause: err}
	}
	return err
}

// colouring is the faults by row, and where the reasons go.
type colouring struct {
	rows  map[int][]luoshu.Fault
	all   []luoshu.Fault
	sheet string
	head  int // row of the headings
	col   int // column of the reasons, 1-based
}

func newColouring(faults []luoshu.Fault) *colouring {
	c := &colouring{rows: map[int][]luoshu.Fault{}, all: faults}
	for _, f := range faults {
		c.rows[f.Row] = append(c.rows[f.Row], f)
		if c.sheet == "" {
			c.sheet = f.Sheet
		}
	}
	return c
}

// layout finds the row of the headings (the first of the widest) and the column
// after the last, or the one that an earlier colouring made.
func (c *colouring) layout(rows []Rec) {
	widest := 0
	for _, r := range rows {
		n := 0
		for i, x := range r.Cells {
			if x.S == "" {
				continue
			}
			n++
			if IsReason(x.S) {
				c.head, c.col = r.N, i+1
				return
			}
			c.col = max(c.col, i+2)
		}
		if n > widest {
			widest, c.head = n, r.N
		}
	}
	for _, f := range c.all {
		c.col = max(c.col, f.Col+1)
		if strings.HasPrefix(f.Rule, "header-") && f.Row > 0 {
			c.head = f.Row
		}
	}
	c.col, c.head = max(c.col, 1), max(c.head, 1)
}

// bestSeparator is the one by which most rows of the preview have as many cells
// as the widest.
func (c *colouring) bestSeparator(src *CSV, head []byte) []Rec {
	var best []Rec
	top := -1
	for _, sep := range []byte{',', '\t', ';', '|'} {
		rows := src.Preview(head, sep)
		wide, score := 0, 0
		for _, r := range rows {
			wide = max(wide, len(r.Cells))
		}
		for _, r := range rows {
			if len(r.Cells) == wide {
				score += wide - 1
			}
		}
		if score > top {
			top, best, src.Sep = score, rows, sep
		}
	}
	return best
}

// reason joins what is wrong with a row.
func (c *colouring) reason(row int) string {
	var zh, en []string
	for _, f := range c.rows[row] {
		mark := ""
		if f.Warning() {
			mark = "（提醒）"
		}
		zh = append(zh, mark+f.ZH)
		en = append(en, f.EN)
	}
	return clip(strings.Join(zh, "；")+"\n"+strings.Join(en, "; "), 2000)
}

// style says how a cell is filled; ok is false if nothing is wrong with it.
func (c *colouring) style(row, col int) (Style, bool) {
	s, ok := Plain, false
	for _, f := range c.rows[row] {
		if f.Col != col && !(f.Col == 0 && col == 1) {
			continue
		}
		if !f.Warning() {
			return Bad, true
		}
		s, ok = Warn, true
	}
	return s, ok
}

// whole colours the workbook and writes it, with all else that is in it.
func (c *colouring) whole(w io.Writer, f File, x *excelize.File) error {
	name := c.sheet
	if i, err := x.GetSheetIndex(name); err != nil || i < 0 {
		name = x.GetSheetName(x.GetActiveSheetIndex())
	}
	if err := c.layoutOf(f, name); err != nil {
		return err
	}
	fills := map[string]int{}
	rows := make([]int, 0, len(c.rows))
	for r := range c.rows {
		if r > 0 && r <= MaxSheetRows {
			rows = append(rows, r)
		}
	}
	sort.Ints(rows)
	if err := c.clearReasons(x, name); err != nil {
		return err
	}
	for _, r := range rows {
		for _, flt := range c.rows[r] {
			if err := c.fill(x, name, cellRef(max(1, flt.Col), r), flt.Warning(), fills); err != nil {
				return err
			}
		}
		if err := x.SetCellStr(name, cellRef(c.col, r), c.reason(r)); err != nil {
			return err
		}
	}
	if err := c.summary(x, name); err != nil {
		return err
	}
	return x.Write(w)
}

// layoutOf looks at the sheet's first rows.
func (c *colouring) layoutOf(f File, name string) error {
	a, err := OpenArchive(f)
	if err != nil {
		return asError(err)
	}
	book, err := OpenWorkbook(a)
	if err != nil {
		return asError(err)
	}
	for _, ref := range book.Sheets {
		if ref.Name != name {
			continue
		}
		src, err := book.OpenSheet(ref)
		if err != nil || src == nil {
			return asError(err)
		}
		defer src.Close()
		rows, err := src.Preview()
		if err != nil {
			return asError(err)
		}
		c.layout(rows)
	}
	return nil
}

// clearReasons empties the column of an earlier colouring.
func (c *colouring) clearReasons(x *excelize.File, name string) error {
	if v, err := x.GetCellValue(name, cellRef(c.col, c.head)); err != nil || !IsReason(v) {
		return err
	}
	rows, err := x.Rows(name)
	if err != nil {
		return err
	}
	var old []int
	for n := 1; rows.Next(); n++ {
		if cells, err := rows.Columns(); err == nil && len(cells) >= c.col && cells[c.col-1] != "" {
			old = append(old, n)
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, n := range old {
		if err := x.SetCellStr(name, cellRef(c.col, n), ""); err != nil {
			return err
		}
	}
	return nil
}

// fill colours a cell and keeps the rest of its style.
func (c *colouring) fill(x *excelize.File, name, cell string, warn bool, fills map[string]int) error {
	old, err := x.GetCellStyle(name, cell)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%d %v", old, warn)
	id, ok := fills[key]
	if !ok {
		st, err := x.GetStyle(old)
		if err != nil || st == nil {
			st = &excelize.Style{}
		}
		colour := "FFC7CE"
		if warn {
			colour = "FFEB9C"
		}
		st.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
		if id, err = x.NewStyle(st); err != nil {
			return err
		}
		fills[key] = id
	}
	return x.SetCellStyle(name, cell, cell, id)
}

// summary writes the heading of the reason column and, above it, the faults of
// the file as a whole.
func (c *colouring) summary(x *excelize.File, name string) error {
	if err := x.SetCellStr(name, cellRef(c.col, c.head), c.heading()); err != nil {
		return err
	}
	letter := ColumnName(c.col - 1)
	return x.SetColWidth(name, letter, letter, 60)
}

// heading is the reason column's, with the faults of the whole file.
func (c *colouring) heading() string {
	if len(c.rows[0]) > 0 {
		return ReasonHeading + "：" + c.reason(0)
	}
	return ReasonHeading
}

// csv writes a CSV as a coloured workbook.
func (c *colouring) csv(w io.Writer, f File) error {
	src, head, err := SniffCSV(f)
	if err != nil {
		return asError(err)
	}
	c.layout(c.bestSeparator(src, head))
	x, err := NewWriter(w, "CSV", nil, 0)
	if err != nil {
		return err
	}
	n := 0
	for {
		b, err := src.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return asError(err)
		}
		for s := b.Split(); ; {
			r, ok := s.Row()
			if !ok {
				break
			}
			if n++; n > MaxSheetRows {
				return errTooLong()
			}
			r.N = n
			if err := c.out(x, r); err != nil {
				return err
			}
		}
	}
	return x.Close()
}

func errTooLong() error {
	return luoshu.Errorf(luoshu.Invalid, "文件超过一张工作表的行数上限，不能着色。请看问题清单。",
		"the file has more rows than a worksheet; it cannot be coloured. See the list of faults.")
}

// streamed writes the faulty sheet of a large workbook again, values only.
func (c *colouring) streamed(w io.Writer, a *Archive) error {
	book, err := OpenWorkbook(a)
	if err != nil {
		return asError(err)
	}
	ref := book.Sheets[0]
	for _, s := range book.Sheets {
		if s.Name == c.sheet {
			ref = s
		}
	}
	src, err := book.OpenSheet(ref)
	if err != nil {
		return asError(err)
	}
	if src == nil {
		return asError(Corrupt(ref.Name))
	}
	defer src.Close()
	rows, err := src.Preview()
	if err != nil {
		return asError(err)
	}
	c.layout(rows)
	x, err := NewWriter(w, ref.Name, nil, 0)
	if err != nil {
		return err
	}
	for {
		b, err := src.Next()
		if errors.Is(err, io.EOF) {
			return x.Close()
		}
		if err != nil {
			return asError(err)
		}
		for _, r := range b.Recs {
			for x.Rows()+1 < r.N {
				if err := x.Row(nil); err != nil {
					return err
				}
			}
			if err := c.out(x, r); err != nil {
				return err
			}
		}
	}
}

// out writes one row with its colours and reason.
func (c *colouring) out(x *Writer, r Rec) error {
	row := make([]Out, 0, c.col)
	for i, cell := range r.Cells {
		if i >= c.col-1 {
			break
		}
		o := Out{S: cell.Display(), Number: cell.Kind == Number && AllDigits(cell.S)}
		o.Style, _ = c.style(r.N, i+1)
		row = append(row, o)
	}
	why := ""
	if r.N == c.head {
		why = c.heading()
	} else if len(c.rows[r.N]) > 0 {
		why = c.reason(r.N)
	}
	if why != "" {
		for len(row) < c.col-1 {
			o := Out{}
			o.Style, _ = c.style(r.N, len(row)+1)
			row = append(row, o)
		}
		row = append(row, Out{S: why, Style: Reason})
	}
	return x.Row(row)
}

// listOnly writes the faults as a list, for packages of several files.
func (c *colouring) listOnly(w io.Writer, f File) error {
	x, err := NewWriter(w, "faults", []int{20, 20, 8, 16, 18, 60, 60}, 1)
	if err != nil {
		return err
	}
	head := []Out{}
	for _, h := range []string{"文件 file", "表 sheet", "行 row", "字段 field", "规则 rule", "问题", "Fault"} {
		head = append(head, Out{S: h, Style: Head})
	}
	if err := x.Row(head); err != nil {
		return err
	}
	for _, t := range c.all {
		if err := x.Row([]Out{{S: f.Name}, {S: t.Sheet}, {S: fmt.Sprint(t.Row), Number: true}, {S: t.Field}, {S: t.Rule}, {S: t.ZH}, {S: t.EN}}); err != nil {
			return err
		}
	}
	return x.Close()
}

// ReasonHeading is the heading of the column that Colour adds.
const ReasonHeading = "【问题】Faults"

// IsReason reports whether a heading is of a column that Colour added.
func IsReason(name string) bool { return strings.HasPrefix(name, "【问题】") }

// cellRef writes a cell reference; both numbers are 1-based.
func cellRef(col, row int) string { return ColumnName(col-1) + strconv.Itoa(row) }

// clip cuts s to n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
