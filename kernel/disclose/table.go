package disclose

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"luoshu"
)

// notes are the lines that stand on everything exported: what the data are, from
// which seal, by whom and when.
func (d *Door) notes(actor luoshu.Actor, seal, zh, en string) []string {
	var out []string
	if n := d.cat.City.Notice; n.ZH != "" {
		out = append(out, n.ZH+" "+n.EN)
	}
	out = append(out, zh+" | "+en)
	at := seal
	if at == "" {
		at = "当前 present"
	}
	out = append(out, fmt.Sprintf("封存 Seal: %s", at))
	return append(out, fmt.Sprintf("来源 Source: %s %s, %s, %s", d.cat.City.Title.ZH, d.cat.City.Title.EN, actor.Name, d.acc.Now().Format("2006-01-02 15:04")))
}

// writeTable writes notes, a heading and rows as CSV (UTF-8 with byte order mark,
// so that spreadsheets read it rightly) or XLSX. Text that a spreadsheet would
// run as a formula is made harmless.
func writeTable(w io.Writer, format string, notes, head []string, rows func(put func([]any) error) error) error {
	switch format {
	case "csv":
		return writeCSV(w, notes, head, rows)
	case "xlsx":
		return writeXLSX(w, notes, head, rows)
	}
	return luoshu.Errorf(luoshu.Invalid, "只能导出 csv 或 xlsx", "exports are csv or xlsx")
}

func writeCSV(w io.Writer, notes, head []string, rows func(put func([]any) error) error) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	for _, n := range notes {
		if err := c.Write([]string{"# " + n}); err != nil {
			return fmt.Errorf("write csv: %w", err)
		}
	}
	if err := c.Write(head); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	err := rows(func(cells []any) error {
		line := make([]string, len(cells))
		for i, x := range cells {
			line[i] = cellText(x)
		}
		return c.Write(line)
	})
	if err != nil {
		return err
	}
	c.Flush()
	return fault("write csv", c.Error())
}

func cellText(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case string:
		return harmless(x)
	}
	return fmt.Sprint(x)
}

// harmless puts an apostrophe before text that a spreadsheet would run.
func harmless(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + s
	}
	return s
}

func writeXLSX(w io.Writer, notes, head []string, rows func(put func([]any) error) error) error {
	f := excelize.NewFile()
	defer f.Close()
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	line := 0
	put := func(cells []any) error {
		line++
		for i, x := range cells {
			if t, ok := x.(string); ok {
				cells[i] = harmless(t)
			}
		}
		at, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return fmt.Errorf("write xlsx: %w", err)
		}
		return s.SetRow(at, cells)
	}
	for _, n := range notes {
		if err := put([]any{n}); err != nil {
			return err
		}
	}
	top := make([]any, len(head))
	for i, h := range head {
		top[i] = h
	}
	if err := put(top); err != nil {
		return err
	}
	if err := rows(put); err != nil {
		return err
	}
	if err := s.Flush(); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return nil
}
