package disclose

import (
	"context"

	"luoshu"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/store"
)

// SheetRow is one row of a file as it was handed in. Fields says, for every
// cell, as which field it was read, "" for a column that was not read.
type SheetRow struct {
	Name    string
	Sheet   string
	Row     int
	Headers []string
	Fields  []string
	Cells   []string
}

// FileRow is a row of a file as far as the reader may see it.
type FileRow struct {
	Name    string   `json:"name"`
	Sheet   string   `json:"sheet"`
	Row     int      `json:"row"`
	Headers []string `json:"headers"`
	Fields  []string `json:"fields"`
	Cells   []string `json:"cells"`
	Left    int      `json:"left_out"` // columns that may not be shown
}

// FileRow shows the file row that a record within the actor's scope was read
// from, cell by cell under the same classes as the record. A column that was not
// read as a field is left out: nobody has said what it holds. fetch is called
// only when the row may be seen.
func (d *Door) FileRow(ctx context.Context, actor luoshu.Actor, entity, sha string, row int, fetch func() (SheetRow, error)) (*FileRow, error) {
	g, err := d.open(ctx, actor, "read", entity)
	if err != nil {
		return nil, err
	}
	cond, args := g.scope.Where(d.cat, g.ent, "f")
	var n int
	err = d.db.QueryRow(ctx, "SELECT count(*) FROM commit_log c JOIN "+store.Table(entity)+
		" f ON f._rid BETWEEN c.rid_from AND c.rid_to WHERE c.entity = ? AND c.file = ? AND c.file <> '' AND f._row = ? AND "+cond,
		append([]any{entity, sha, row}, args...)...).Scan(&n)
	if err != nil {
		return nil, guard.Fault("find the row of a file", err)
	}
	if n == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这一行", "no such row")
	}
	return sheetRow(g, fetch)
}

// RowFor shows a row of a file that asks for a change to a record, to whom the
// record lies in reach, under the same classes. That the file asks for it is the
// caller's to know.
func (d *Door) RowFor(ctx context.Context, actor luoshu.Actor, entity string, rec int64, fetch func() (SheetRow, error)) (*FileRow, error) {
	page, err := d.Cards(ctx, actor, entity, []int64{rec})
	if err != nil {
		return nil, err
	}
	if len(page.Rows) == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这一行", "no such row")
	}
	g, err := d.open(ctx, actor, "read", entity)
	if err != nil {
		return nil, err
	}
	return sheetRow(g, fetch)
}

// sheetRow keeps of a row what the reader may see.
func sheetRow(g *grant, fetch func() (SheetRow, error)) (*FileRow, error) {
	in, err := fetch()
	if err != nil {
		return nil, err
	}
	out := &FileRow{Name: in.Name, Sheet: in.Sheet, Row: in.Row, Headers: []string{}, Fields: []string{}, Cells: []string{}}
	for i, name := range in.Fields {
		c := g.col(name)
		if c == nil || i >= len(in.Headers) || i >= len(in.Cells) {
			out.Left++
			continue
		}
		cell := in.Cells[i]
		if c.masked {
			cell = guard.Masked(c.Field, luoshu.TextValue(cell))
		}
		out.Headers, out.Fields, out.Cells = append(out.Headers, in.Headers[i]), append(out.Fields, name), append(out.Cells, cell)
	}
	return out, nil
}
