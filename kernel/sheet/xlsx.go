package sheet

import (
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"unsafe"
)

// Workbook is an opened XLSX: its parts are read as they are needed.
type Workbook struct {
	a        *Archive
	Sheets   []Ref
	date1904 bool
	strs     sharedStrings
	loaded   bool
	dates    []bool // by cell style: shows a date
}

// Ref is a sheet of a workbook.
type Ref struct {
	Name   string
	Hidden bool
	part   string
}

// OpenWorkbook reads the list of sheets and the styles.
func OpenWorkbook(a *Archive) (*Workbook, error) {
	w := &Workbook{a: a}
	main := "xl/workbook.xml"
	rels := map[string]string{}
	if err := w.relations("_rels/.rels", "", func(id, kind, target string) {
		if strings.HasSuffix(kind, "/officeDocument") {
			main = target
		}
	}); err != nil {
		return nil, err
	}
	dir := path.Dir(main)
	strs, styles := path.Join(dir, "sharedStrings.xml"), path.Join(dir, "styles.xml")
	if err := w.relations(path.Join(dir, "_rels", path.Base(main)+".rels"), dir, func(id, kind, target string) {
		rels[id] = target
		switch {
		case strings.HasSuffix(kind, "/sharedStrings"):
			strs = target
		case strings.HasSuffix(kind, "/styles"):
			styles = target
		}
	}); err != nil {
		return nil, err
	}
	found, err := w.each(main, func(x *xmlScanner) error {
		if x.kind != xmlStart {
			return nil
		}
		switch string(x.name) {
		case "workbookPr":
			v, _ := x.get("date1904")
			w.date1904 = v == "1" || v == "true"
		case "sheet":
			name, _ := x.get("name")
			id, _ := x.get("id")
			state, _ := x.get("state")
			if target, ok := rels[id]; ok && len(w.Sheets) < MaxEntries {
				w.Sheets = append(w.Sheets, Ref{name, state == "hidden" || state == "veryHidden", target})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !found || len(w.Sheets) == 0 {
		return nil, Corrupt(main)
	}
	w.strs.part = strs
	return w, w.styles(styles)
}

// each runs fn over the pieces of a part; found is false if there is none.
func (w *Workbook) each(name string, fn func(x *xmlScanner) error) (found bool, err error) {
	r, err := w.a.Open(name)
	if err != nil || r == nil {
		return false, err
	}
	defer r.Close()
	x := newXMLScanner(r)
	for x.next() {
		if err := fn(x); err != nil {
			return true, err
		}
	}
	return true, partFault(x.fault(), name)
}

func partFault(err error, name string) error {
	if errors.Is(err, errXML) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Corrupt(name)
	}
	return err
}

func (w *Workbook) relations(name, dir string, fn func(id, kind, target string)) error {
	_, err := w.each(name, func(x *xmlScanner) error {
		if x.kind == xmlStart && string(x.name) == "Relationship" {
			id, _ := x.get("Id")
			kind, _ := x.get("Type")
			target, _ := x.get("Target")
			if strings.HasPrefix(target, "/") {
				target = strings.TrimPrefix(path.Clean(target), "/")
			} else {
				target = path.Join(dir, target)
			}
			fn(id, kind, target)
		}
		return nil
	})
	return err
}

// styles finds the cell styles that show a date.
func (w *Workbook) styles(name string) error {
	custom := map[int]bool{}
	in := false
	_, err := w.each(name, func(x *xmlScanner) error {
		switch {
		case x.kind == xmlStart && string(x.name) == "numFmt":
			id, _ := x.get("numFmtId")
			code, _ := x.get("formatCode")
			if n, err := strconv.Atoi(id); err == nil {
				custom[n] = dateFormat(code)
			}
		case string(x.name) == "cellXfs" && x.kind != xmlText:
			in = x.kind == xmlStart && !x.self
		case in && x.kind == xmlStart && string(x.name) == "xf" && len(w.dates) < 1<<16:
			id, _ := x.get("numFmtId")
			n, _ := strconv.Atoi(id)
			d, ok := custom[n]
			w.dates = append(w.dates, ok && d || !ok && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n >= 50 && n <= 58 || n == 36))
		}
		return nil
	})
	return err
}

// dateFormat reports whether a number format shows a date: it has y, or d or m
// with a day, outside quotes and brackets.
func dateFormat(code string) bool {
	var quote, bracket, skip bool
	y, d := false, false
	for _, r := range code {
		switch {
		case skip:
			skip = false
		case quote:
			quote = r != '"'
		case r == '"':
			quote = true
		case r == '\\' || r == '_' || r == '*':
			skip = true
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case bracket:
		case r == ';':
			return y || d
		case r == 'y' || r == 'Y' || r == 'e' || r == '年':
			y = y || r != 'e' || !strings.ContainsAny(code, "0#")
		case r == 'd' || r == 'D':
			d = true
		}
	}
	return y || d
}

// sharedStrings is the table of texts of a workbook: one piece of memory and
// where each text ends in it.
type sharedStrings struct {
	part string
	all  string
	ends []uint32
}

func (s *sharedStrings) at(i int) string {
	if i < 0 || i >= len(s.ends) {
		return ""
	}
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.all[from:s.ends[i]]
}

// load reads the shared strings once, when the first sheet is read.
func (w *Workbook) load() error {
	if w.loaded {
		return nil
	}
	w.loaded = true
	var arena []byte
	var t textCollector
	_, err := w.each(w.strs.part, func(x *xmlScanner) error {
		if x.kind != xmlText && string(x.name) == "si" {
			if x.kind == xmlStart {
				t.reset(arena)
			}
			if x.kind == xmlEnd || x.self {
				arena = t.buf
				w.strs.ends = append(w.strs.ends, uint32(len(arena)))
				if len(arena) > MaxStrings || len(w.strs.ends) > MaxStrings/8 {
					return Blocked("file-size", "工作簿里的文字超过 %d MB。请分成几个文件，或另存为 CSV 再交。",
						"the workbook holds more than %d MB of text. Split it or save it as CSV.", MaxStrings>>20)
				}
			}
			return nil
		}
		t.piece(x)
		return nil
	})
	w.strs.all = unsafe.String(unsafe.SliceData(arena), len(arena))
	return err
}

// textCollector joins the runs of a rich text, without its phonetic readings.
type textCollector struct {
	buf   []byte
	in    bool // inside <t>
	phon  int
	start int
}

func (t *textCollector) reset(buf []byte) { *t = textCollector{buf: buf, start: len(buf)} }

func (t *textCollector) piece(x *xmlScanner) {
	switch x.kind {
	case xmlText:
		if t.in && t.phon == 0 && len(t.buf)-t.start < MaxCell*16 {
			from := len(t.buf)
			t.buf = appendText(t.buf, x.text, x.data)
			t.buf = unescapeX(t.buf, from)
		}
	case xmlStart:
		switch string(x.name) {
		case "t":
			t.in = !x.self
		case "rPh":
			if !x.self {
				t.phon++
			}
		}
	case xmlEnd:
		switch string(x.name) {
		case "t":
			t.in = false
		case "rPh":
			t.phon = max(0, t.phon-1)
		}
	}
}

// unescapeX turns _x000D_, by which workbooks write control characters, back.
func unescapeX(b []byte, from int) []byte {
	s := b[from:]
	i := indexEscape(s)
	if i < 0 {
		return b
	}
	out := append([]byte(nil), s[:i]...)
	for ; i < len(s); i++ {
		if s[i] == '_' && isEscape(s[i:]) {
			n, _ := strconv.ParseUint(string(s[i+2:i+6]), 16, 16)
			out = append(out, string(rune(n))...)
			i += 6
			continue
		}
		out = append(out, s[i])
	}
	return append(b[:from], out...)
}

func indexEscape(s []byte) int {
	for i := 0; i+7 <= len(s); i++ {
		if s[i] == '_' && isEscape(s[i:]) {
			return i
		}
	}
	return -1
}

// isEscape reports whether s begins with _xHHHH_.
func isEscape[T string | []byte](s T) bool {
	if len(s) < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}
