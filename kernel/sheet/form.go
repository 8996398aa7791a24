package sheet

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Form is a workbook to be filled in: one sheet with a notice, headings, second
// headings and an example row, and hidden sheets with choices and properties.
type Form struct {
	Name       string
	Notice     string
	Columns    []FormColumn
	Lists      []FormList
	Hidden     string      // name of the hidden sheet of properties
	Properties [][2]string // what it says
	Rows       int         // rows that carry drop-downs
}

// FormColumn is one column of a form.
type FormColumn struct {
	Head, Sub, Example, Note string
	Required                 bool
	Body                     FormBody
	Width                    int
	Choices                  []string // a short list, in the cell's drop-down itself
	List                     int      // 1-based index of Form.Lists, 0 for none
	Remedy                   string   // shown when something else is written
}

// FormBody is how the cells below are formatted.
type FormBody int

// The formats: text keeps long numbers whole.
const (
	BodyText FormBody = iota
	BodyNumber
	BodyDate
)

// FormList is a list of choices that lies on a hidden sheet.
type FormList struct {
	Name   string
	Values []string
}

const listSheet = "_lists"

// WriteForm writes a form as XLSX.
func WriteForm(w io.Writer, o Form) error {
	t := &form{Form: o, f: excelize.NewFile()}
	defer func() { _ = t.f.Close() }()
	t.Name = sheetName(o.Name)
	if err := t.build(); err != nil {
		return fmt.Errorf("write form %s: %w", o.Name, err)
	}
	if err := t.f.Write(w); err != nil {
		return fmt.Errorf("write form %s: %w", o.Name, err)
	}
	return nil
}

type form struct {
	Form
	f     *excelize.File
	style struct{ notice, head, must, sub, example, text, date int }
}

func (t *form) build() error {
	if err := t.f.SetSheetName("Sheet1", t.Name); err != nil {
		return err
	}
	for _, s := range []string{listSheet, t.Hidden} {
		if _, err := t.f.NewSheet(s); err != nil {
			return err
		}
	}
	if err := t.styles(); err != nil {
		return err
	}
	for i, l := range t.Lists {
		for j, v := range append([]string{l.Name}, l.Values...) {
			if err := t.f.SetCellStr(listSheet, cellRef(i+1, j+1), v); err != nil {
				return err
			}
		}
	}
	if err := t.set(1, 1, t.Notice, t.style.notice); err != nil {
		return err
	}
	for i, c := range t.Columns {
		if err := t.column(i+1, c); err != nil {
			return err
		}
	}
	if err := t.f.SetPanes(t.Name, &excelize.Panes{Freeze: true, YSplit: 3, TopLeftCell: "A4", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, kv := range t.Properties {
		for j, s := range kv {
			if err := t.f.SetCellStr(t.Hidden, cellRef(j+1, i+1), s); err != nil {
				return err
			}
		}
	}
	for _, s := range []string{listSheet, t.Hidden} {
		if err := t.f.SetSheetVisible(s, false, true); err != nil {
			return err
		}
	}
	return nil
}

func (t *form) styles() error {
	fill := func(c string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c}}
	}
	day := "yyyy-mm-dd"
	for _, s := range []struct {
		id *int
		st excelize.Style
	}{
		{&t.style.notice, excelize.Style{Font: &excelize.Font{Italic: true, Color: "666666"}}},
		{&t.style.head, excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill("E7EBF0"), NumFmt: 49}},
		{&t.style.must, excelize.Style{Font: &excelize.Font{Bold: true, Color: "C00000"}, Fill: fill("E7EBF0"), NumFmt: 49}},
		{&t.style.sub, excelize.Style{Font: &excelize.Font{Color: "666666", Size: 9}, Fill: fill("F5F7FA"), NumFmt: 49}},
		{&t.style.example, excelize.Style{Font: &excelize.Font{Italic: true, Color: "999999"}, NumFmt: 49}},
		{&t.style.text, excelize.Style{NumFmt: 49}},
		{&t.style.date, excelize.Style{CustomNumFmt: &day}},
	} {
		n, err := t.f.NewStyle(&s.st)
		if err != nil {
			return err
		}
		*s.id = n
	}
	return nil
}

func (t *form) set(col, row int, s string, style int) error {
	if err := t.f.SetCellStr(t.Name, cellRef(col, row), s); err != nil {
		return err
	}
	return t.f.SetCellStyle(t.Name, cellRef(col, row), cellRef(col, row), style)
}

// column writes a column's headings, note, example and drop-down.
func (t *form) column(col int, c FormColumn) error {
	letter := ColumnName(col - 1)
	if err := t.f.SetColStyle(t.Name, letter, [...]int{BodyText: t.style.text, BodyNumber: 0, BodyDate: t.style.date}[c.Body]); err != nil {
		return err
	}
	if err := t.f.SetColWidth(t.Name, letter, letter, float64(c.Width)); err != nil {
		return err
	}
	head := t.style.head
	if c.Required {
		head = t.style.must
	}
	for row, x := range []struct {
		s     string
		style int
	}{{c.Head, head}, {c.Sub, t.style.sub}, {c.Example, t.style.example}} {
		if err := t.set(col, row+2, x.s, x.style); err != nil {
			return err
		}
	}
	if err := t.f.AddComment(t.Name, excelize.Comment{
		Cell: cellRef(col, 2), Author: "Luoshu", Width: 260, Height: 140,
		Paragraph: []excelize.RichTextRun{{Text: c.Note}},
	}); err != nil {
		return err
	}
	dv := excelize.NewDataValidation(true)
	dv.Sqref = fmt.Sprintf("%s5:%s%d", letter, letter, t.Rows)
	switch {
	case c.List > 0:
		l := ColumnName(c.List - 1)
		dv.SetSqrefDropList(fmt.Sprintf("%s!$%s$2:$%s$%d", listSheet, l, l, len(t.Lists[c.List-1].Values)+1))
	case len(c.Choices) > 0:
		if err := dv.SetDropList(c.Choices); err != nil {
			return err
		}
	default:
		return nil
	}
	dv.SetError(excelize.DataValidationErrorStyleWarning, strings.TrimSpace(clip(c.Head, 30)), clip(c.Remedy, 200))
	return t.f.AddDataValidation(t.Name, dv)
}
