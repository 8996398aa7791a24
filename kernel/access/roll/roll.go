// Package roll reads a list of accounts from a sheet (XLSX or CSV) and makes them:
// all of them, or none and every fault by row.
package roll

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/sheet"
)

// rowsMost bounds a sheet; access bounds what is made at once.
const rowsMost = 10000

// columns are the headings that are understood, in lower case.
var columns = map[string]string{
	"账号": "name", "用户名": "name", "account": "name", "user name": "name", "username": "name",
	"姓名": "zh", "中文名": "zh", "name": "zh",
	"英文名": "en", "english name": "en", "name in english": "en",
	"角色": "role", "role": "role",
	"单位": "org", "单位代码": "org", "organisation": "org", "org": "org",
	"统一身份标识": "subject", "subject": "subject",
}

// Report is what a sheet would make or has made.
type Report struct {
	Rows   int            `json:"rows"` // rows that hold something
	Faults []luoshu.Fault `json:"faults"`
	Made   []access.Made  `json:"accounts"` // with first passwords, shown once; none on a dry run
}

// Run reads a sheet and, unless dry or anything in it is wrong, makes its accounts.
func Run(ctx context.Context, acc *access.Access, actor luoshu.Actor, f sheet.File, dry bool) (*Report, error) {
	if err := acc.Require(actor, "accounts"); err != nil {
		return nil, err
	}
	out := &Report{Faults: []luoshu.Fault{}, Made: []access.Made{}}
	t, err := read(f)
	if fault, ok := sheet.AsFault(err); ok {
		out.Faults = append(out.Faults, fault)
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.Rows = len(t.list)
	refused, err := acc.CheckAccounts(ctx, actor, t.list)
	if err != nil {
		return nil, err
	}
	for _, r := range refused {
		out.Faults = append(out.Faults, luoshu.Fault{
			File: f.Name, Sheet: t.sheet, Row: t.rows[r.Index], Col: t.at[r.Field] + 1, Field: r.Field, Rule: "account", ZH: r.Msg.ZH, EN: r.Msg.EN,
		})
	}
	if dry || len(out.Faults) > 0 || len(t.list) == 0 {
		return out, nil
	}
	out.Made, err = acc.AddAccounts(ctx, actor, t.list)
	return out, err
}

type table struct {
	sheet string
	at    map[string]int // column of a field
	list  []access.NewAccount
	rows  []int
}

// headings places the columns of a row; nil if it has no account column.
func headings(r sheet.Rec) map[string]int {
	at := map[string]int{}
	for i, c := range r.Cells {
		if field := columns[strings.ToLower(strings.TrimRight(sheet.Tidy(c.Display()), "*＊"))]; field != "" {
			if _, twice := at[field]; !twice {
				at[field] = i
			}
		}
	}
	if _, ok := at["name"]; !ok {
		return nil
	}
	return at
}

func read(f sheet.File) (*table, error) {
	head := make([]byte, 4)
	n, err := f.R.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head[:n], []byte("PK")) {
		return readWorkbook(f)
	}
	s, begin, err := sheet.SniffCSV(f)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for _, sep := range []byte{',', '\t', ';'} {
		for _, r := range s.Preview(begin, sep) {
			if headings(r) != nil {
				s.Sep = sep
				t := &table{}
				return t, t.fill(s)
			}
		}
	}
	return nil, errNoHeadings()
}

func readWorkbook(f sheet.File) (*table, error) {
	a, err := sheet.OpenArchive(f)
	if err != nil {
		return nil, err
	}
	w, err := sheet.OpenWorkbook(a)
	if err != nil {
		return nil, err
	}
	for _, ref := range w.Sheets {
		if ref.Hidden {
			continue
		}
		t, err := readSheet(w, ref)
		if err != nil || t != nil {
			return t, err
		}
	}
	return nil, errNoHeadings()
}

// readSheet answers nil for a sheet without headings.
func readSheet(w *sheet.Workbook, ref sheet.Ref) (*table, error) {
	src, err := w.OpenSheet(ref)
	if err != nil || src == nil {
		return nil, err
	}
	defer src.Close()
	rows, err := src.Preview()
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if headings(r) != nil {
			t := &table{sheet: ref.Name}
			return t, t.fill(src)
		}
	}
	return nil, nil
}

func errNoHeadings() error {
	return sheet.Blocked("header-missing", "没有找到标题行：至少要有“账号”一列，可有 姓名、英文名、统一身份标识。",
		"no headings were found: a column “Account” is needed; Name, English name and Subject are optional.")
}

// fill reads the rows below the headings.
func (t *table) fill(src sheet.Source) error {
	line := 0
	for {
		b, err := src.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if b.CSV() != nil {
			c := b.Split()
			for r, ok := c.Row(); ok; r, ok = c.Row() {
				line++
				if err := t.row(r, line); err != nil {
					return err
				}
			}
			continue
		}
		for _, r := range b.Recs {
			if err := t.row(r, r.N); err != nil {
				return err
			}
		}
	}
}

func (t *table) row(r sheet.Rec, line int) error {
	if t.at == nil {
		t.at = headings(r)
		return nil
	}
	if r.Blank() {
		return nil
	}
	if len(t.list) == rowsMost {
		return sheet.Blocked("rows", "表格行数过多，一次最多 %d 行", "the sheet has too many rows; at most %d at once", rowsMost)
	}
	cell := func(field string) string {
		if i, ok := t.at[field]; ok {
			return sheet.Tidy(r.At(i).Display())
		}
		return ""
	}
	t.list = append(t.list, access.NewAccount{
		Name: cell("name"), Display: luoshu.Text{ZH: cell("zh"), EN: cell("en")}, Role: cell("role"), Org: cell("org"), Subject: cell("subject"),
	})
	t.rows = append(t.rows, line)
	return nil
}
