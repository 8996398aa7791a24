package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encoding of a CSV.
type Encoding int

const (
	UTF8 Encoding = iota
	GBK           // GB18030, of which GBK is a part
	UTF16
)

func (e Encoding) String() string { return [...]string{"UTF-8", "GBK/GB18030", "UTF-16"}[e] }

// maxQuoted is how far the closing quotation mark of a cell is looked for; a
// quotation mark that is not closed within it is taken as itself.
const maxQuoted = 256 << 10

// CSV cuts a CSV into blocks of whole rows; workers split and decode them.
type CSV struct {
	r    io.Reader
	Enc  Encoding // found by SniffCSV
	Sep  byte
	nl   byte
	rest []byte
	eof  bool
}

// NewCSV reads UTF-8 with commas, as packages of data hold it.
func NewCSV(r io.Reader) *CSV { return &CSV{r: r, Sep: ',', nl: '\n'} }

// Close does nothing: a CSV holds nothing but its reader.
func (s *CSV) Close() {}

// Next returns a block of whole rows.
func (s *CSV) Next() (*Block, error) {
	if s.eof && len(s.rest) == 0 {
		return nil, io.EOF
	}
	buf := make([]byte, len(s.rest), max(len(s.rest), blockBytes)+blockBytes/8)
	copy(buf, s.rest)
	for {
		if !s.eof {
			n, err := io.ReadFull(s.r, buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+n]
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				s.eof = true
			} else if err != nil {
				return nil, err
			}
		}
		end := len(buf)
		if !s.eof || end > MaxRecord {
			end = cutRows(buf, s.Sep, s.nl)
		}
		if end > 0 || s.eof && len(buf) <= MaxRecord {
			s.rest = buf[end:]
			return &Block{csv: s, raw: buf[:end:end]}, nil
		}
		if len(buf) > MaxRecord {
			return nil, Blocked("row-size",
				"有一行超过 %d MB，不像是表格。请检查文件是否真是 CSV、换行是否丢失。",
				"one row is longer than %d MB; this does not look like a table. Check that the file is a CSV and has line ends.", MaxRecord>>20)
		}
		bigger := make([]byte, len(buf), 2*cap(buf))
		copy(bigger, buf)
		buf = bigger
	}
}

// cutRows returns the length of the whole rows at the beginning of buf; more
// input is to come.
func cutRows(buf []byte, sep, nl byte) int {
	end, pos := 0, 0
	for {
		q := bytes.IndexByte(buf[pos:], '"')
		stop := len(buf)
		if q >= 0 {
			stop = pos + q
		}
		if i := bytes.LastIndexByte(buf[pos:stop], nl); i >= 0 {
			end = pos + i + 1
		}
		if q < 0 {
			return end
		}
		pos = stop + 1
		if !opensCell(buf, stop, sep) {
			continue
		}
		switch c := closing(buf, stop); {
		case c > 0:
			pos = c + 1
		case len(buf)-stop <= maxQuoted:
			return end // the cell goes on
		}
	}
}

func opensCell(buf []byte, at int, sep byte) bool {
	return at == 0 || buf[at-1] == sep || buf[at-1] == '\n' || buf[at-1] == '\r'
}

// closing returns where the quotation mark opened at `at` is closed, 0 if it is
// not within maxQuoted.
func closing(buf []byte, at int) int {
	limit := min(len(buf), at+maxQuoted)
	for i := at + 1; i < limit; {
		k := bytes.IndexByte(buf[i:limit], '"')
		if k < 0 {
			return 0
		}
		i += k
		if i+1 < len(buf) && buf[i+1] == '"' {
			i += 2
			continue
		}
		return i
	}
	return 0
}

// text returns the block in UTF-8. Rows in another encoding than the rest of the
// file are left with U+FFFD in them; clean says that there are none.
func (b *Block) text() (s string, clean bool) {
	raw := b.raw
	if b.csv.Enc == GBK && !ascii(raw) {
		raw = decodeGBK(raw, b.csv.nl)
	}
	s = unsafe.String(unsafe.SliceData(raw), len(raw)) // raw is never written again
	return s, utf8.ValidString(s) && !strings.Contains(s, "\uFFFD")
}

func ascii(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decodeGBK decodes a block line by line where a line is UTF-8 after all: such a
// line decodes without error but to nonsense, so its text becomes U+FFFD.
func decodeGBK(raw []byte, nl byte) []byte {
	var odd bool
	for rest := raw; len(rest) > 0 && !odd; {
		var line []byte
		line, rest = cutLine(rest, nl)
		odd = strayUTF8(line)
	}
	dec := simplifiedchinese.GB18030.NewDecoder()
	if !odd {
		out, _ := dec.Bytes(raw) // invalid bytes become U+FFFD
		return out
	}
	out := make([]byte, 0, len(raw)*3/2)
	for rest := raw; len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest, nl)
		if strayUTF8(line) {
			for _, r := range string(line) {
				if r >= 0x80 {
					r = utf8.RuneError
				}
				out = utf8.AppendRune(out, r)
			}
			continue
		}
		dec.Reset()
		d, _ := dec.Bytes(line)
		out = append(out, d...)
	}
	return out
}

func cutLine(b []byte, nl byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, nl); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}

// strayUTF8 reports whether a line of a GBK file is really UTF-8: it is valid as
// such and holds Han characters, enough of them or ones that make rare GBK.
func strayUTF8(line []byte) bool {
	i := bytes.IndexFunc(line, func(r rune) bool { return r >= 0x80 })
	if i < 0 || !utf8.Valid(line) {
		return false
	}
	han := 0
	for _, r := range string(line[i:]) {
		if r >= 0x4e00 && r < 0xa000 {
			han++
		}
	}
	if han >= 4 {
		return true
	}
	if han == 0 {
		return false
	}
	for j := i; j < len(line); j++ { // as GBK: any character outside the common 3,755?
		if line[j] < 0x80 {
			continue
		}
		if j+1 >= len(line) || line[j] < 0xb0 || line[j] > 0xd7 || line[j+1] < 0xa1 {
			return true
		}
		j++
	}
	return false
}

// Splitter takes rows off the beginning of a block's text.
type Splitter struct {
	s     string
	sep   byte
	nl    byte
	clean bool // no encoding faults anywhere in s
	cells []Cell
}

// Row returns the next row. Its cells are valid until the next call.
func (x *Splitter) Row() (Rec, bool) {
	if x.s == "" {
		return Rec{}, false
	}
	s, start := x.s, 0
	x.cells = x.cells[:0]
	r := Rec{}
	i := 0
	for {
		if i < len(s) && s[i] == '"' {
			text, next, ok := x.quoted(s, i)
			if ok {
				x.cells = append(x.cells, Cell{S: text})
				if i = next; i >= len(s) {
					break
				}
				if s[i] == x.nl {
					i++
					break
				}
				i++
				continue
			}
			r.Flaw = BadQuote
		}
		start = i
		for i < len(s) && s[i] != x.sep && s[i] != x.nl {
			i++
		}
		end := i
		if (i >= len(s) || s[i] == x.nl) && end > start && s[end-1] == '\r' {
			end--
		}
		x.cells = append(x.cells, Cell{S: s[start:end]})
		if i >= len(s) {
			break
		}
		i++
		if s[i-1] == x.nl {
			break
		}
	}
	if !x.clean {
		if line := s[:i]; !utf8.ValidString(line) || strings.Contains(line, "\uFFFD") {
			r.Flaw = BadEncoding
		}
	}
	x.s = s[i:]
	r.Cells = x.cells
	return r, true
}

// quoted reads the quoted cell that begins at i; next is the separator or line
// end behind it. ok is false if the quotation mark is not closed.
func (x *Splitter) quoted(s string, i int) (text string, next int, ok bool) {
	c := closing(unsafe.Slice(unsafe.StringData(s), len(s)), i)
	if c == 0 {
		return "", 0, false
	}
	text = s[i+1 : c]
	if strings.IndexByte(text, '"') >= 0 {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	next = c + 1
	for next < len(s) && s[next] != x.sep && s[next] != x.nl {
		next++
	}
	if tail := strings.TrimRight(s[c+1:next], " \r"); tail != "" {
		text += tail // "a"b: what follows belongs to the cell
	}
	return text, next, true
}

// SniffCSV finds encoding and line end, leaves the source at its first row and
// returns the beginning of the file in UTF-8.
func SniffCSV(f File) (*CSV, []byte, error) {
	if f.Size > MaxCSV {
		return nil, nil, Blocked("file-size", "文件超过 %d GB。请分成几个文件再交。", "the file is larger than %d GB. Split it and hand in the parts.", MaxCSV>>30)
	}
	head := make([]byte, min(f.Size, 1<<20))
	if _, err := io.ReadFull(f.Reader(), head); err != nil && f.Size > 0 {
		return nil, nil, err
	}
	s := &CSV{r: f.Reader(), nl: '\n', Sep: ','}
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		s.r = io.NewSectionReader(f.R, 3, f.Size-3)
		head = head[3:]
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		s.Enc = UTF16
		dec := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		s.r = transform.NewReader(f.Reader(), dec.NewDecoder())
		head, _ = dec.NewDecoder().Bytes(head[:len(head)&^1])
	case bytes.IndexByte(head, 0) >= 0:
		return nil, nil, Blocked("encoding", "文件里有空字节，不是文本表格。请另存为“CSV UTF-8”或 .xlsx 后再交。",
			"the file holds zero bytes; it is no text table. Save it as “CSV UTF-8” or .xlsx and hand it in again.")
	default:
		s.Enc = guessEncoding(f, head)
	}
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		s.nl = '\r'
	}
	if s.Enc == GBK {
		head = decodeGBK(head, s.nl)
	}
	return s, head, nil
}

// Preview returns the first rows of the head of a CSV as one separator cuts it.
func (s *CSV) Preview(head []byte, sep byte) []Rec {
	x := Splitter{s: string(head), sep: sep, nl: s.nl, clean: true}
	var out []Rec
	for n := 1; len(out) < PreviewRows; n++ {
		r, ok := x.Row()
		if !ok {
			break
		}
		r.N = n
		r.Cells = slices.Clone(r.Cells)
		if !r.Blank() {
			out = append(out, r)
		}
	}
	return out
}

// guessEncoding weighs the lines with characters beyond ASCII at the beginning
// and at places throughout the file: valid as UTF-8 or not.
func guessEncoding(f File, head []byte) Encoding {
	yes, no := weigh(head, int64(len(head)) == f.Size)
	const probes, size = 24, 64 << 10
	if f.Size > int64(len(head)) {
		buf := make([]byte, size)
		for i := range int64(probes) {
			off := int64(len(head)) + (f.Size-int64(len(head)))*i/probes
			n, err := f.R.ReadAt(buf, off)
			if err != nil && !errors.Is(err, io.EOF) {
				break
			}
			part := buf[:n]
			if k := bytes.IndexByte(part, '\n'); k >= 0 {
				part = part[k+1:]
			}
			y, x := weigh(part, false)
			yes, no = yes+y, no+x
		}
	}
	if no > yes {
		return GBK
	}
	return UTF8
}

// weigh counts the lines beyond ASCII that are and that are not UTF-8; whole says
// that the last line is complete.
func weigh(b []byte, whole bool) (yes, no int) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b, '\n')
		if ascii(line) || len(b) == 0 && !whole && yes+no > 0 {
			continue
		}
		if !utf8.Valid(line) {
			if len(b) == 0 && !whole && utf8.Valid(trimPartial(line)) {
				continue
			}
			no++
		} else {
			yes++
		}
	}
	return yes, no
}

// trimPartial drops an unfinished character at the end.
func trimPartial(b []byte) []byte {
	for i := 0; i < 4 && len(b) > 0; i++ {
		if utf8.RuneStart(b[len(b)-1]) {
			return b[:len(b)-1]
		}
		b = b[:len(b)-1]
	}
	return b
}
