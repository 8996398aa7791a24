package intake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// Formats that Open recognises by what a file holds, whatever its name says.
const (
	FormatCSV       = "csv"
	FormatXLSX      = "xlsx"
	FormatOneRoster = "oneroster"
)

// open recognises the file and prepares its source.
func (r *Reader) open() error {
	head := make([]byte, min(r.file.Size, 4096))
	if _, err := io.ReadFull(r.file.Reader(), head); err != nil && r.file.Size > 0 {
		return fmt.Errorf("intake: read %s: %w", FormatCSV, err)
	}
	if len(bytes.TrimSpace(head)) == 0 && r.file.Size <= int64(len(head)) {
		return sheet.Blocked("empty", "文件是空的。请选对文件后再交。", "the file is empty. Choose the right file and hand it in again.")
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return r.openZip()
	}
	if err := foreign(head); err != nil {
		return err
	}
	r.sum.Format = FormatCSV
	return r.openCSV()
}

// foreign refuses formats that are known but not read, with the remedy.
func foreign(head []byte) error {
	low := strings.ToLower(string(bytes.TrimSpace(bytes.TrimPrefix(head[:min(len(head), 512)], []byte{0xef, 0xbb, 0xbf}))))
	switch {
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}),
		len(head) > 8 && head[0] == 0x09 && head[2] <= 8 && head[1] <= 8 && (head[3] == 0):
		return sheet.Blocked("format-xls", "这是旧版 .xls（或加了密码的工作簿），读不了。请在电子表格软件里另存为 .xlsx（不设密码）后再交。",
			"this is an old .xls (or a workbook with a password) and cannot be read. Save it as .xlsx without a password and hand that in.")
	case strings.HasPrefix(low, "<"):
		return sheet.Blocked("format", "这是网页或 XML 文件（常见于网站导出的假 .xls）。请用电子表格软件打开，另存为 .xlsx 后再交。",
			"this is a web page or XML file (often exported as a false .xls). Open it in a spreadsheet, save it as .xlsx and hand that in.")
	case strings.HasPrefix(low, "%pdf"), strings.HasPrefix(low, "rar!"), strings.HasPrefix(low, "7z\xbc\xaf"), bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return sheet.Blocked("format", "这不是表格文件。请交 .csv 或 .xlsx。", "this is not a table. Hand in a .csv or .xlsx file.")
	}
	return nil
}

func (r *Reader) openZip() error {
	a, err := sheet.OpenArchive(r.file)
	if err != nil {
		return err
	}
	switch {
	case a.Find("[Content_Types].xml") != nil:
		r.sum.Format = FormatXLSX
		return r.openXLSX(a)
	case rosterDir(a) != nil:
		r.sum.Format = FormatOneRoster
		return r.openRoster(a)
	case a.Find("content.xml") != nil && a.Find("mimetype") != nil:
		return sheet.Blocked("format", "这是 .ods 工作簿。请另存为 .xlsx 后再交。", "this is an .ods workbook. Save it as .xlsx and hand that in.")
	}
	return sheet.Blocked("format", "压缩包里没有工作簿，也不是 OneRoster 包。请解压后交其中的 .xlsx 或 .csv。",
		"the archive is neither a workbook nor a OneRoster package. Unpack it and hand in the .xlsx or .csv.")
}

// openCSV finds separator and headings of a CSV.
func (r *Reader) openCSV() error {
	s, head, err := sheet.SniffCSV(r.file)
	if err != nil {
		return err
	}
	r.sum.Encoding = s.Enc.String()
	var best header
	var rows []sheet.Rec
	for _, sep := range []byte{',', '\t', ';', '|'} {
		p := s.Preview(head, sep)
		if h, ok := r.plan.findHeader(p); ok && h.hits > best.hits {
			best, rows, s.Sep = h, p, sep
		}
	}
	if best.hits == 0 {
		return r.noHeadings(nil)
	}
	r.src = s
	r.sum.Guess = r.file.Size * int64(bytes.Count(head, []byte{'\n'})) / int64(max(1, len(head)))
	return r.found(best, rows)
}

// found places the columns and checks the template's version.
func (r *Reader) found(h header, rows []sheet.Rec) error {
	if len(h.names) > sheet.MaxColumns {
		return sheet.Blocked("columns", "表格有 %d 列，最多 %d 列。请删去无关的列后再交。", "the table has %d columns; at most %d are read. Remove those that are not needed.", len(h.names), sheet.MaxColumns)
	}
	if err := r.plan.checkVersion(rows, h.row); err != nil {
		return err
	}
	r.plan.place(h, &r.sum)
	return nil
}

func (r *Reader) noHeadings(sheets []string) error {
	e := r.plan.entity
	zh, en := []string{}, []string{}
	for _, f := range e.Fields {
		if f.Required && len(zh) < 4 {
			zh, en = append(zh, f.Title.ZH), append(en, f.Title.EN)
		}
	}
	f := sheet.Blocked("header-missing",
		"没有找到“%s”的标题行（应有 %s 等列）。请按模板设置标题后再交。",
		"no headings of “%s” were found (such as %s). Use the headings of the template.", "", "")
	f.ZH = sprintf("没有找到“%s”的标题行（应有 %s 等列）。请按模板设置标题后再交。", e.Title.ZH, strings.Join(zh, "、"))
	f.EN = sprintf("no headings of “%s” were found (such as %s). Use the headings of the template.", e.Title.EN, strings.Join(en, ", "))
	if len(sheets) > 0 {
		f.ZH += "（看过的工作表：" + strings.Join(sheets, "、") + "）"
		f.EN += " (sheets looked at: " + strings.Join(sheets, ", ") + ")"
	}
	return f
}

// openXLSX takes the visible sheet whose headings match best.
func (r *Reader) openXLSX(a *sheet.Archive) error {
	w, err := sheet.OpenWorkbook(a)
	if err != nil {
		return err
	}
	if err := r.templateSheet(w); err != nil {
		return err
	}
	var best header
	var bestRows []sheet.Rec
	var bestSrc *sheet.Sheet
	var names, also []string
	for _, sh := range w.Sheets {
		if sh.Hidden || len(names) >= 200 {
			continue
		}
		src, err := w.OpenSheet(sh)
		if err != nil {
			return closeAll(err, bestSrc)
		}
		if src == nil {
			continue
		}
		names = append(names, sh.Name)
		rows, err := src.Preview()
		if err != nil {
			src.Close()
			return closeAll(err, bestSrc)
		}
		h, ok := r.plan.findHeader(rows)
		if !ok || h.hits < best.hits {
			src.Close()
			continue
		}
		if h.hits == best.hits {
			src.Close()
			also = append(also, sh.Name)
			continue
		}
		if bestSrc != nil {
			bestSrc.Close()
		}
		best, bestRows, bestSrc, r.sum.Sheet, also = h, rows, src, sh.Name, nil
	}
	if bestSrc == nil {
		return r.noHeadings(names)
	}
	r.src = bestSrc
	if bestSrc.Wide {
		return sheet.Blocked("columns", "表格超过 %d 列。请删去无关的列后再交。", "the table has more than %d columns. Remove those that are not needed.", sheet.MaxColumns)
	}
	r.sum.Guess = bestSrc.Guess()
	if len(also) > 0 {
		r.sum.Faults = append(r.sum.Faults, luoshu.Fault{
			Sheet: r.sum.Sheet, Rule: "sheet-unread", Grade: "warn",
			ZH: "只读了工作表“" + r.sum.Sheet + "”；“" + clip(strings.Join(also, "、"), 80) + "”标题相同但没有读。若也要交，请合并到一张表或分开交。",
			EN: "only the sheet “" + r.sum.Sheet + "” was read; “" + clip(strings.Join(also, ", "), 80) + "” has the same headings and was not. Merge them into one sheet or hand them in separately.",
		})
	}
	return r.found(best, bestRows)
}

func closeAll(err error, s *sheet.Sheet) error {
	if s != nil {
		s.Close()
	}
	return err
}

// HiddenSheet is the sheet of a template that says what it is a template of.
const HiddenSheet = "_luoshu"

// templateSheet reads the hidden sheet of a template: what it is a template of.
func (r *Reader) templateSheet(w *sheet.Workbook) error {
	for _, sh := range w.Sheets {
		if sh.Name != HiddenSheet {
			continue
		}
		src, err := w.OpenSheet(sh)
		if err != nil || src == nil {
			return err
		}
		defer src.Close()
		rows, err := src.Preview()
		if err != nil {
			return err
		}
		said := map[string]string{}
		for _, rc := range rows {
			said[rc.At(0).S] = rc.At(1).S
		}
		return r.plan.sameVersion(said["entity"], said["version"])
	}
	return nil
}

// RowAt reads row n of the entity's table in a file again: the headings and the
// cells as a person sees them. A row that is not there is an error of kind
// NotFound.
func RowAt(ctx context.Context, f File, cat *catalog.Catalog, entity string, n int) (Summary, []string, error) {
	r, err := Open(ctx, f, cat, entity)
	if err != nil {
		return Summary{}, nil, err
	}
	defer r.Close()
	none := luoshu.Errorf(luoshu.NotFound, "文件里没有第 %d 行", "the file has no row %d", n)
	if r.src == nil {
		return r.sum, nil, none
	}
	for at := 0; ctx.Err() == nil; {
		b, err := r.src.Next()
		if err != nil {
			none.Cause = err
			return r.sum, nil, none
		}
		recs := b.Recs
		if b.CSV() != nil {
			if c, ok := b.Count(); ok && at+c < n {
				at += c
				continue
			}
			for x := b.Split(); ; {
				rc, ok := x.Row()
				if !ok {
					break
				}
				if at++; at == n {
					rc.N = n
					recs = append(recs, rc)
					break
				}
			}
		}
		for _, rc := range recs {
			if rc.N == n {
				return r.sum, shown(rc, len(r.sum.Headings)), nil
			}
		}
	}
	return r.sum, nil, ctx.Err()
}

// shown writes a row's cells as a person sees them.
func shown(rc sheet.Rec, width int) []string {
	out := make([]string, max(width, len(rc.Cells)))
	for i, c := range rc.Cells {
		out[i] = strings.Clone(c.Display())
	}
	return out
}
