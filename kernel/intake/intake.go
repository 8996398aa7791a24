// Package intake is the only one to turn tables that people hand in (CSV, XLSX,
// OneRoster packages) into rows of values and faults, and to write templates and
// exports that lead back to the same values. It does no I/O
// besides the reader and writer it is given and sees no database; what it reads
// is never executed.
package intake

import (
	"context"
	"fmt"
	"io"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// MaxJoin is how many records of a package's file may be held for a join.
const MaxJoin = 4_000_000

// File is a file to read.
type File = sheet.File

// Colour writes a file back as a workbook with its faults in it: see sheet.Colour.
func Colour(w io.Writer, f File, faults []luoshu.Fault) error { return sheet.Colour(w, f, faults) }

// Row is one row of a sheet. N is 1-based as a spreadsheet shows it. Values has
// one entry a field of the entity, in the order of Entity.Fields. The strings of
// several rows share memory: clone what is kept longer than some thousand rows.
// A row with a fault that is not a warning must be refused.
type Row struct {
	N      int
	Values []luoshu.Value
	Faults []luoshu.Fault
}

// Refused reports whether the row may not be taken.
func (r Row) Refused() bool {
	for i := range r.Faults {
		if !r.Faults[i].Warning() {
			return true
		}
	}
	return false
}

// Summary says what a file turned out to be.
type Summary struct {
	Format    string // csv | xlsx | oneroster
	Encoding  string // of a CSV
	Sheet     string
	HeaderRow int            // last row of the headings
	Headings  []string       // as they stand in the file, by column
	Columns   []bool         // by field index: the file has a column for it
	Place     []int          // by field index: 1-based column, 0 if absent
	Rows      int64          // rows emitted
	Guess     int64          // about how many rows there are, known before they are read
	Skipped   Skipped        // rows that hold no record
	Faults    []luoshu.Fault // of the whole file; a Blocked one means nothing was emitted
}

// Skipped counts rows that were passed over, by reason.
type Skipped struct{ Blank, Hidden, Total, Repeated, Note int64 }

func (s *Skipped) add(o Skipped) {
	s.Blank += o.Blank
	s.Hidden += o.Hidden
	s.Total += o.Total
	s.Repeated += o.Repeated
	s.Note += o.Note
}

// Blocked reports whether the whole file is refused.
func (s Summary) Blocked() bool {
	for i := range s.Faults {
		if s.Faults[i].Blocked {
			return true
		}
	}
	return false
}

// Reader is an opened file: its headings are matched, its rows are not read yet.
type Reader struct {
	file File
	plan *plan
	src  sheet.Source
	sum  Summary
}

// Open recognises the file, finds the sheet and the headings and compiles the
// entity's checks. Whatever is wrong with the file is a fault in Head, not an
// error; an error means that reading itself failed or the entity is unknown.
func Open(ctx context.Context, f File, cat *catalog.Catalog, entity string) (*Reader, error) {
	p, err := newPlan(cat, entity)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: f, plan: p}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.safely(); err != nil {
		flt, ok := sheet.AsFault(err)
		if !ok {
			return nil, err
		}
		r.sum.Faults = append(r.sum.Faults, flt)
	}
	for i := range r.sum.Faults {
		r.sum.Faults[i].File = f.Name
	}
	return r, nil
}

// safely opens the file; a file that makes a reader fail in a way nobody thought
// of is an error, not the end of the process.
func (r *Reader) safely() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("intake: open file: %v", p)
		}
	}()
	return r.open()
}

// Head returns what is known before the rows: sheet, headings, columns, faults.
func (r *Reader) Head() Summary { return r.sum }

// Rows reads and checks every row in parallel and calls emit in file order, on
// the caller's goroutine. It may be called once. An error of emit stops reading
// and is returned. Of a blocked file nothing is emitted.
func (r *Reader) Rows(ctx context.Context, emit func(Row) error) (Summary, error) {
	if r.src == nil {
		return r.sum, nil
	}
	src := r.src
	r.src = nil
	defer src.Close()
	if r.sum.Blocked() {
		return r.sum, nil
	}
	err := r.run(ctx, src, emit)
	if flt, ok := sheet.AsFault(err); ok {
		flt.File = r.file.Name
		r.sum.Faults = append(r.sum.Faults, flt)
		err = nil
	}
	r.tellSkipped()
	return r.sum, err
}

// Close releases the file without reading its rows.
func (r *Reader) Close() {
	if r.src != nil {
		r.src.Close()
		r.src = nil
	}
}

// Read opens f, calls head once with the columns known, then emits every row in
// file order. See Open and Reader.Rows; head and emit may be nil.
func Read(ctx context.Context, f File, cat *catalog.Catalog, entity string, head func(Summary) error, emit func(Row) error) (Summary, error) {
	r, err := Open(ctx, f, cat, entity)
	if err != nil {
		return Summary{}, err
	}
	defer r.Close()
	if head != nil {
		if err := head(r.sum); err != nil {
			return r.sum, err
		}
	}
	if emit == nil {
		emit = func(Row) error { return nil }
	}
	return r.Rows(ctx, emit)
}

// tellSkipped adds a warning when rows that may have mattered were passed over.
func (r *Reader) tellSkipped() {
	if n := r.sum.Skipped.Hidden; n > 0 {
		r.sum.Faults = append(r.sum.Faults, luoshu.Fault{
			File: r.file.Name, Sheet: r.sum.Sheet, Rule: "hidden-rows", Grade: "warn",
			ZH: sprintf("有 %d 个隐藏行没有读。若它们也是数据，请取消隐藏（或清除筛选）后再交。", n),
			EN: sprintf("%d hidden rows were not read. If they are data, unhide them (or clear the filter) and hand the file in again.", n),
		})
	}
}
