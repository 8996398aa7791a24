package sheet

import (
	"io"
	"strconv"
	"strings"
)

// Sheet streams the rows of one sheet of a workbook.
type Sheet struct {
	w      *Workbook
	r      io.ReadCloser
	x      *xmlScanner
	name   string // part
	row    int    // number of the row being read
	col    int    // 0-based column of the cell being read
	hidden bool
	cells  []Cell
	text   textCollector
	cell   cellState
	done   bool
	back   []Rec // rows read for the preview, to be given again
	Wide   bool  // a cell beyond MaxColumns held something
}

// cellState is the cell being read.
type cellState struct {
	kind    string
	style   int
	inside  bool
	value   bool // inside <v>
	formula bool
	raw     []byte
}

// OpenSheet begins reading a sheet; nil if the workbook has no such part.
func (w *Workbook) OpenSheet(ref Ref) (*Sheet, error) {
	part := ref.part
	r, err := w.a.Open(part)
	if err != nil || r == nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		return nil, err
	}
	return &Sheet{w: w, r: r, x: newXMLScanner(r), name: part}, nil
}

// Guess returns about how many rows the sheet has, from the size of its part and
// of the rows seen so far.
func (s *Sheet) Guess() int64 {
	e := s.w.a.Find(s.name)
	if e == nil || len(s.back) == 0 {
		return 0
	}
	width := 0
	for _, r := range s.back {
		width = max(width, len(r.Cells))
	}
	return int64(e.UncompressedSize64) / int64(40*max(1, width))
}

// Close releases the part.
func (s *Sheet) Close() {
	if s.r != nil {
		s.r.Close()
		s.r = nil
	}
}

// Next returns a block of rows.
func (s *Sheet) Next() (*Block, error) {
	b := &Block{}
	b.Recs, s.back = s.back, nil
	for len(b.Recs) < blockRows {
		r, err := s.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		b.Recs = append(b.Recs, r)
	}
	if len(b.Recs) == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// Preview reads the first rows and keeps them for Next.
func (s *Sheet) Preview() ([]Rec, error) {
	var out []Rec
	for tries := 0; len(out) < PreviewRows && tries < 100*PreviewRows; tries++ {
		r, err := s.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		s.back = append(s.back, r)
		if !r.Blank() {
			out = append(out, r)
		}
	}
	return out, nil
}

// read returns the next row that is not quite empty; rows without a cell are
// passed over here, however many there are.
func (s *Sheet) read() (Rec, error) {
	for !s.done && s.x.next() {
		switch s.x.kind {
		case xmlText:
			s.onText()
		case xmlStart:
			if err := s.onStart(); err != nil {
				return Rec{}, err
			}
		}
		if s.x.kind == xmlEnd || s.x.kind == xmlStart && s.x.self {
			switch string(s.x.name) {
			case "row":
				if r, ok := s.finishRow(); ok {
					return r, nil
				}
			case "sheetData":
				s.done = true
			default:
				s.onEnd()
			}
		}
	}
	if s.done {
		return Rec{}, io.EOF
	}
	if err := s.x.fault(); err != nil {
		return Rec{}, partFault(err, s.name)
	}
	return Rec{}, Corrupt(s.name) // the part ends inside the table
}

func (s *Sheet) finishRow() (Rec, bool) {
	if len(s.cells) == 0 {
		return Rec{}, false
	}
	r := Rec{N: s.row, Cells: s.cells}
	if s.hidden {
		r.Flaw = Hidden
	}
	s.cells = make([]Cell, 0, len(s.cells))
	return r, true
}

func (s *Sheet) onStart() error {
	x := s.x
	switch string(x.name) {
	case "row":
		s.row++
		if v, ok := x.get("r"); ok {
			if n, err := strconv.Atoi(v); err == nil && n >= 1 && n <= MaxSheetRows {
				s.row = n
			}
		}
		v, _ := x.get("hidden")
		s.hidden = v == "1" || v == "true"
		s.col = -1
		s.cells = s.cells[:0]
		s.cell = cellState{}
	case "c":
		s.col++
		if v, ok := x.get("r"); ok {
			if c := columnOf(v); c >= 0 {
				s.col = c
			}
		}
		s.cell = cellState{inside: true, raw: s.cell.raw[:0]}
		s.cell.kind, _ = x.get("t")
		if v, ok := x.get("s"); ok {
			s.cell.style, _ = strconv.Atoi(v)
		}
		s.text.reset(s.cell.raw)
	case "v":
		s.cell.value = !x.self
	case "f":
		s.cell.formula = true
	case "is", "t", "r", "rPh":
		if s.cell.inside {
			s.text.piece(x)
		}
	}
	return nil
}

func (s *Sheet) onText() {
	if !s.cell.inside {
		return
	}
	if s.cell.value && len(s.text.buf) < MaxCell*16 {
		from := len(s.text.buf)
		s.text.buf = appendText(s.text.buf, s.x.text, s.x.data)
		if s.cell.kind == "str" {
			s.text.buf = unescapeX(s.text.buf, from)
		}
		return
	}
	s.text.piece(s.x)
}

func (s *Sheet) onEnd() {
	switch string(s.x.name) {
	case "v":
		s.cell.value = false
	case "t", "rPh", "is":
		s.text.piece(s.x)
	case "c":
		s.finishCell()
	}
}

func (s *Sheet) finishCell() {
	st := s.cell
	if !st.inside || s.col < 0 {
		return
	}
	s.cell.inside = false
	s.cell.raw = s.text.buf[:0]
	c := s.value(st, s.text.buf)
	if c.S == "" && c.Kind == Text {
		return
	}
	if s.col >= MaxColumns {
		if s.col > 16383 {
			return
		}
		s.Wide = true
	}
	if s.col > MaxColumns {
		return
	}
	for len(s.cells) <= s.col {
		s.cells = append(s.cells, Cell{})
	}
	s.cells[s.col] = c
}

// value reads what a cell holds according to its type.
func (s *Sheet) value(st cellState, b []byte) Cell {
	switch st.kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			return Cell{S: s.w.strs.at(i)}
		}
		return Cell{}
	case "inlineStr", "str":
		if st.formula && len(b) == 0 {
			return Cell{}
		}
		return Cell{S: string(b)}
	case "b":
		return Cell{string(b), Bool}
	case "e":
		return Cell{string(b), Error}
	case "d":
		return Cell{S: string(b)}
	}
	t := strings.TrimSpace(string(b))
	if t == "" {
		if st.formula {
			return Cell{Kind: NoValue}
		}
		return Cell{}
	}
	if st.style >= 0 && st.style < len(s.w.dates) && s.w.dates[st.style] {
		if s.w.date1904 {
			if f, err := strconv.ParseFloat(t, 64); err == nil {
				t = strconv.FormatFloat(f+1462, 'f', -1, 64)
			}
		}
		return Cell{t, Date}
	}
	return Cell{t, Number}
}

// columnOf returns the 0-based column of a reference such as AB12, -1 if it is none.
func columnOf(ref string) int {
	n := 0
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		switch {
		case c >= 'A' && c <= 'Z':
			n = n*26 + int(c-'A') + 1
		case c >= 'a' && c <= 'z':
			n = n*26 + int(c-'a') + 1
		default:
			return n - 1
		}
		if n > 1<<20 {
			return n
		}
	}
	return n - 1
}

// ColumnName is the inverse: 27 → AB.
func ColumnName(i int) string {
	var b []byte
	for i++; i > 0; i = (i - 1) / 26 {
		b = append([]byte{byte('A' + (i-1)%26)}, b...)
	}
	return string(b)
}
