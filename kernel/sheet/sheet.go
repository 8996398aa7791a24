// Package sheet is the only one that knows how tables lie in files: it cuts CSV
// into rows, streams the sheets of XLSX workbooks, bounds what an archive may
// unpack to, reads numbers and dates as people and spreadsheets write them, and
// writes XLSX. It knows nothing of what a table means. Memory is bounded whatever
// the size of the file, and nothing in a file is ever executed.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"luoshu"
)

// Limits of what is read. A file beyond one of them is refused with a fault that
// says so.
const (
	MaxCSV       = 4 << 30 // bytes of a CSV
	MaxColumns   = 500     // columns of a sheet
	MaxCell      = 32767   // characters of a cell, as in a spreadsheet
	MaxRecord    = 8 << 20 // bytes of one row of a CSV
	MaxEntries   = 4000    // files in a workbook or package
	MaxUnpacked  = 4 << 30 // bytes of a workbook or package unpacked
	MaxRatio     = 400     // unpacked to packed, for parts above MinRatioSize
	MinRatioSize = 32 << 20
	MaxStrings   = 192 << 20 // bytes of a workbook's shared strings
	MaxSheetRows = 1 << 20   // rows of an XLSX sheet

	PreviewRows = 60      // rows that Preview returns at most
	blockBytes  = 1 << 19 // bytes of CSV in a block
	blockRows   = 512     // rows of a workbook in a block
)

// File is a file to read. Name is shown in faults; R must allow concurrent ReadAt.
type File struct {
	Name string
	R    io.ReaderAt
	Size int64
}

// Reader reads the file from its beginning.
func (f File) Reader() io.Reader { return io.NewSectionReader(f.R, 0, f.Size) }

// FileFault carries a fault of a whole file as an error.
type FileFault struct{ luoshu.Fault }

// Error returns rule and English message.
func (f *FileFault) Error() string { return f.Rule + ": " + f.EN }

// AsFault returns the fault that an error carries, if it carries one.
func AsFault(err error) (luoshu.Fault, bool) {
	var f *FileFault
	if errors.As(err, &f) {
		return f.Fault, true
	}
	return luoshu.Fault{}, false
}

// Blocked makes the fault of a file that cannot be read at all.
func Blocked(rule, zh, en string, args ...any) *FileFault {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	return &FileFault{luoshu.Fault{Rule: rule, ZH: zh, EN: en, Blocked: true}}
}

// Rec is one row as it stood in the file. N is 1-based as a spreadsheet shows it.
type Rec struct {
	N     int
	Cells []Cell
	Flaw  Flaw
}

// Flaw is what is wrong with a row as a row.
type Flaw uint8

// The flaws: text in another encoding than the rest of the file, a quotation
// mark that is not closed, a row that is hidden.
const (
	NoFlaw Flaw = iota
	BadEncoding
	BadQuote
	Hidden
)

// At returns a cell; one beyond the end is empty.
func (r Rec) At(i int) Cell {
	if i >= 0 && i < len(r.Cells) {
		return r.Cells[i]
	}
	return Cell{}
}

// Blank reports whether the row holds nothing.
func (r Rec) Blank() bool {
	for _, c := range r.Cells {
		if c.Kind != Text || Tidy(c.S) != "" {
			return false
		}
	}
	return true
}

// Source yields the rows of a table in file order, a block at a time; io.EOF ends
// it. It is used by one goroutine; the blocks may go to others.
type Source interface {
	Next() (*Block, error)
	Close()
}

// Block is a piece of a table. A workbook's block holds Recs; a CSV's is cut into
// rows by Split, which takes the work to whoever calls it.
type Block struct {
	Recs []Rec
	csv  *CSV
	raw  []byte
}

// CSV returns the CSV that the block is a piece of, nil if it is none.
func (b *Block) CSV() *CSV { return b.csv }

// Split begins cutting a CSV's block into rows, numbered by the caller.
func (b *Block) Split() *Splitter {
	s, clean := b.text()
	b.raw = nil
	return &Splitter{s: s, sep: b.csv.Sep, nl: b.csv.nl, clean: clean}
}

// Count returns how many rows a CSV's block has, if that can be told without
// splitting it.
func (b *Block) Count() (int, bool) {
	if bytes.IndexByte(b.raw, '"') >= 0 {
		return 0, false
	}
	n := bytes.Count(b.raw, []byte{b.csv.nl})
	if len(b.raw) > 0 && b.raw[len(b.raw)-1] != b.csv.nl {
		n++
	}
	return n, true
}
