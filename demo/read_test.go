package demo_test

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"luoshu/demo"
	"luoshu/demo/sheet"
)

// record is one row by field name, dates as yyyymmdd.
type record map[string]string

// reader reads the sheets back as a person would: by heading.
type reader struct {
	t    *testing.T
	dir  string
	to   map[string]map[string]string // entity → heading → field
	date map[string]bool
}

func newReader(t *testing.T, dir string) *reader {
	t.Helper()
	heads, err := sheet.Headings()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, dir: dir, to: map[string]map[string]string{}, date: map[string]bool{}}
	for e, list := range heads {
		r.to[e] = map[string]string{}
		for _, h := range list {
			r.to[e][h.ZH], r.to[e][h.EN] = h.Field, h.Field
			if strings.HasSuffix(h.Field, "_date") || h.Field == "opened" || h.Field == "closed" || h.Field == "date" {
				r.date[h.Field] = true
			}
		}
	}
	return r
}

func (r *reader) each(f demo.File, row func(record)) {
	r.t.Helper()
	path := filepath.Join(r.dir, f.Path)
	if strings.HasSuffix(path, ".xlsx") {
		book, err := excelize.OpenFile(path)
		if err != nil {
			r.t.Fatal(err)
		}
		defer book.Close()
		rows, err := book.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		if err != nil {
			r.t.Fatal(err)
		}
		if !strings.Contains(rows[0][0], "合成数据") {
			r.t.Errorf("%s: no notice above the headings", f.Path)
		}
		for _, cells := range rows[2:] {
			row(r.record(f, rows[1], cells, true))
		}
		return
	}
	file, err := os.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		r.t.Fatal(err)
	}
	text := string(raw)
	if strings.HasPrefix(text, "\ufeff") {
		text = text[3:]
	} else if isGBK(f.Unit) {
		if text, err = simplifiedchinese.GBK.NewDecoder().String(text); err != nil {
			r.t.Fatal(err)
		}
	}
	cr := csv.NewReader(strings.NewReader(text))
	cr.ReuseRecord = true
	head, err := cr.Read()
	if err != nil {
		r.t.Fatal(err)
	}
	head = append([]string(nil), head...)
	for {
		cells, err := cr.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			r.t.Fatalf("%s: %v", f.Path, err)
		}
		row(r.record(f, head, cells, false))
	}
}

func isGBK(unit string) bool { return unit == "410325" || unit == "410326" || unit == "410329" }

func (r *reader) record(f demo.File, head, cells []string, book bool) record {
	out := record{}
	for i, h := range head {
		field := r.to[f.Entity][h]
		if field == "" {
			r.t.Fatalf("%s: unknown heading %q", f.Path, h)
		}
		v := ""
		if i < len(cells) {
			v = cells[i]
		}
		if r.date[field] && v != "" {
			v = plainDate(r.t, v, book)
		}
		out[field] = v
	}
	return out
}

func plainDate(t *testing.T, v string, book bool) string {
	t.Helper()
	if book {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			t.Fatalf("date %q: %v", v, err)
		}
		d, err := excelize.ExcelDateToTime(n, false)
		if err != nil {
			t.Fatal(err)
		}
		return d.Format("20060102")
	}
	p := strings.FieldsFunc(v, func(c rune) bool { return c == '-' || c == '/' })
	if len(p) == 3 {
		for i := range p {
			if len(p[i]) == 1 {
				p[i] = "0" + p[i]
			}
		}
		return strings.Join(p, "")
	}
	return v
}
