// Package sheet writes sheets the way offices hand them in: CSV in the encodings,
// Date forms and headings in use, and workbooks with a title line. It is
// independent of the kernel's writer, so that loading them proves something.
package sheet

import (
	"archive/zip"
	"bufio"
	"embed"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

//go:embed data/*.csv
var dataFS embed.FS

// Style is how one office writes its sheets.
type Style struct {
	GBK, BOM, English bool
	Date              byte // '-' 2024-09-01, '/' 2024/9/1, 0 20240901
}

// Heading is one column of a sheet.
type Heading struct{ Field, ZH, EN string }

// Headings reads the columns of every entity.
func Headings() (map[string][]Heading, error) {
	f, err := dataFS.Open("data/headings.csv")
	if err != nil {
		return nil, fmt.Errorf("headings: %w", err)
	}
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("headings: %w", err)
	}
	out := map[string][]Heading{}
	for _, r := range rows[1:] {
		out[r[0]] = append(out[r[0]], Heading{r[1], r[2], r[3]})
	}
	return out, nil
}

// Table writes one sheet, cell by cell, as the office's style wants it. Values
// must hold no comma, quote or line break. Rows are buffered; close flushes. The
// first error sticks.
type Table struct {
	buf   []byte
	w     io.Writer
	close []func() error
	st    Style
	err   error
	Rows  int64 // rows written below the headings
	cols  int
	col   int

	book  *excelize.File
	sheet *excelize.StreamWriter
	cells []any
	day   int // cell style of dates
}

// Create creates the file and writes its heading row.
func Create(path string, st Style, title string, head []Heading) (*Table, error) {
	t := &Table{st: st, cols: len(head)}
	names := make([]string, len(head))
	for i, h := range head {
		names[i] = h.ZH
		if st.English {
			names[i] = h.EN
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create sheet: %w", err)
	}
	if filepath.Ext(path) == ".xlsx" {
		if err := t.openBook(f, title, names); err != nil {
			return nil, fmt.Errorf("create workbook: %w", err)
		}
		return t, nil
	}
	t.w = f
	t.close = append(t.close, f.Close)
	t.buf = make([]byte, 0, 1<<17)
	if st.GBK {
		g := simplifiedchinese.GBK.NewEncoder().Writer(f)
		t.w = g
	}
	if st.BOM {
		t.buf = append(t.buf, "\ufeff"...)
	}
	for _, n := range names {
		if strings.Contains(n, ",") {
			n = `"` + n + `"`
		}
		t.Str(n)
	}
	t.End()
	t.Rows = 0
	return t, nil
}

// openBook starts a workbook as offices make them: a merged title line above the
// headings, dates as serial numbers with a date format.
func (t *Table) openBook(f *os.File, title string, names []string) error {
	t.book = excelize.NewFile()
	sw, err := t.book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	t.sheet = sw
	if t.day, err = t.book.NewStyle(&excelize.Style{NumFmt: 14}); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(names), 1)
	if err != nil {
		return err
	}
	if err := sw.SetRow("A1", []any{title}); err != nil {
		return err
	}
	if err := sw.MergeCell("A1", last); err != nil {
		return err
	}
	cells := make([]any, len(names))
	for i, n := range names {
		cells[i] = n
	}
	if err := sw.SetRow("A2", cells); err != nil {
		return err
	}
	t.close = append(t.close, func() error { return t.saveBook(f) })
	return nil
}

// saveBook writes the workbook with its parts in a fixed order and without
// clocks, so that the same city gives the same bytes.
func (t *Table) saveBook(f *os.File) error {
	defer f.Close()
	if err := t.sheet.Flush(); err != nil {
		return err
	}
	raw, err := t.book.WriteToBuffer()
	if err != nil {
		return err
	}
	if err := t.book.Close(); err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := orderZip(w, raw.Bytes()); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// orderZip copies a zip archive with its members sorted by name and no times.
func orderZip(w io.Writer, raw []byte) error {
	zr, err := zip.NewReader(readerAt(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	files := zr.File
	for i := range files {
		for j := i; j > 0 && files[j].Name < files[j-1].Name; j-- {
			files[j], files[j-1] = files[j-1], files[j]
		}
	}
	zw := zip.NewWriter(w)
	for _, zf := range files {
		dst, err := zw.CreateHeader(&zip.FileHeader{Name: zf.Name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		src, err := zf.Open()
		if err != nil {
			return err
		}
		if _, err := io.Copy(dst, src); err != nil {
			return err
		}
		if err := src.Close(); err != nil {
			return err
		}
	}
	return zw.Close()
}

type readerAt []byte

func (b readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// digits writes v with exactly n digits.
func digits(b []byte, v, n int) []byte {
	at := len(b)
	for range n {
		b = append(b, '0')
	}
	for i := at + n - 1; i >= at; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return b
}

// serial is a date as spreadsheets count days.
func serial(d int32) int {
	day := time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
	return int(day.Unix()/86400) + 25569
}

// Str writes text.
func (t *Table) Str(s string) {
	if t.book != nil {
		t.cells = append(t.cells, s)
		return
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	t.buf = append(t.buf, s...)
}

// Bytes writes text; b may be reused afterwards.
func (t *Table) Bytes(b []byte) {
	if t.book != nil {
		t.cells = append(t.cells, string(b))
		return
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	t.buf = append(t.buf, b...)
}

// Null writes an empty cell.
func (t *Table) Null() { t.Str("") }

// Nulls writes n empty cells.
func (t *Table) Nulls(n int) {
	for range n {
		t.Str("")
	}
}

// Int writes a whole number.
func (t *Table) Int(n int) {
	if t.book != nil {
		t.cells = append(t.cells, n)
		return
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	t.buf = strconv.AppendInt(t.buf, int64(n), 10)
}

// Dec writes v / 10^scale.
func (t *Table) Dec(v float64, scale int) {
	t.Str(strconv.FormatFloat(v, 'f', scale, 64))
}

// Bool writes yes or no.
func (t *Table) Bool(b bool) {
	switch {
	case t.st.English && b:
		t.Str("1")
	case t.st.English:
		t.Str("0")
	case b:
		t.Str("是")
	default:
		t.Str("否")
	}
}

// Date writes yyyymmdd as the office writes dates; 0 is empty.
func (t *Table) Date(d int32) {
	if d == 0 {
		t.Str("")
		return
	}
	if t.book != nil {
		t.cells = append(t.cells, excelize.Cell{StyleID: t.day, Value: serial(d)})
		return
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	y, m, day := int(d/10000), int(d/100%100), int(d%100)
	t.buf = digits(t.buf, y, 4)
	switch t.st.Date {
	case '/':
		t.buf = append(t.buf, '/')
		t.buf = strconv.AppendInt(t.buf, int64(m), 10)
		t.buf = append(t.buf, '/')
		t.buf = strconv.AppendInt(t.buf, int64(day), 10)
	case '-':
		t.buf = append(t.buf, '-')
		t.buf = digits(t.buf, m, 2)
		t.buf = append(t.buf, '-')
		t.buf = digits(t.buf, day, 2)
	default:
		t.buf = digits(t.buf, m*100+day, 4)
	}
}

// End finishes the row.
func (t *Table) End() {
	t.Rows++
	if t.book != nil {
		if t.err == nil {
			if len(t.cells) != t.cols {
				t.err = fmt.Errorf("row has %d cells, want %d", len(t.cells), t.cols)
				return
			}
			t.err = t.sheet.SetRow("A"+strconv.FormatInt(t.Rows+2, 10), t.cells)
		}
		t.cells = t.cells[:0]
		return
	}
	if t.col != t.cols && t.err == nil {
		t.err = fmt.Errorf("row has %d cells, want %d", t.col, t.cols)
	}
	t.col = 0
	t.buf = append(t.buf, '\r', '\n')
	if len(t.buf) > 1<<16 {
		t.flush()
	}
}

func (t *Table) flush() {
	if t.err == nil && len(t.buf) > 0 {
		_, t.err = t.w.Write(t.buf)
	}
	t.buf = t.buf[:0]
}

// Done flushes and closes the file.
func (t *Table) Done() error {
	if t.book == nil {
		t.flush()
	}
	for _, c := range t.close {
		if err := c(); err != nil && t.err == nil {
			t.err = err
		}
	}
	if t.err != nil {
		return fmt.Errorf("write sheet: %w", t.err)
	}
	return nil
}
