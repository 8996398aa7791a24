package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// xmlScanner reads the XML of workbooks piece by piece: local names, raw
// attributes, text. It knows no DTD and no entity beyond the five of XML and
// character references, so that nothing can expand; its buffer is bounded.
type xmlScanner struct {
	r    io.Reader
	buf  []byte
	pos  int
	end  int
	err  error
	kind xmlKind
	name []byte // local name of a start or end tag
	attr []byte // raw attributes of a start tag
	self bool   // the start tag closes itself; no end tag follows
	text []byte // raw text
	data bool   // text is CDATA, not to be unescaped
}

type xmlKind int

const (
	xmlStart xmlKind = iota
	xmlEnd
	xmlText
)

const maxXMLPiece = 4 << 20

var errXML = errors.New("malformed XML")

func newXMLScanner(r io.Reader) *xmlScanner {
	return &xmlScanner{r: r, buf: make([]byte, 64<<10)}
}

// more reads on, keeping what has not been used; false at the end of input.
func (x *xmlScanner) more() bool {
	if x.err != nil {
		return false
	}
	if x.pos > 0 {
		copy(x.buf, x.buf[x.pos:x.end])
		x.end -= x.pos
		x.pos = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxXMLPiece {
			x.err = errXML
			return false
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	n, err := x.r.Read(x.buf[x.end:])
	x.end += n
	if err != nil {
		x.err = err
	}
	return n > 0 || err == nil
}

// find returns the offset of sep from pos, reading on as needed, -1 at the end.
func (x *xmlScanner) find(sep string) int {
	from := 0
	for {
		if i := bytes.Index(x.buf[x.pos+from:x.end], []byte(sep)); i >= 0 {
			return from + i
		}
		from = max(0, x.end-x.pos-len(sep)+1)
		if !x.more() {
			return -1
		}
	}
}

// next moves to the next tag or text; false at the end or on an error, which
// fault tells.
func (x *xmlScanner) next() bool {
	for {
		if x.pos == x.end && !x.more() {
			return false
		}
		if x.pos == x.end {
			continue
		}
		if x.buf[x.pos] != '<' {
			n := x.find("<")
			if n < 0 {
				n = x.end - x.pos
			}
			x.kind, x.text, x.data = xmlText, x.buf[x.pos:x.pos+n], false
			x.pos += n
			return n > 0
		}
		for x.end-x.pos < 4 && x.more() {
		}
		b := x.buf[x.pos:x.end]
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			if !x.skip("?>") {
				return false
			}
		case bytes.HasPrefix(b, []byte("<!--")):
			if !x.skip("-->") {
				return false
			}
		case bytes.HasPrefix(b, []byte("<!")):
			if ok, text := x.cdata(); !ok {
				return false
			} else if text {
				return true
			}
		default:
			return x.tag()
		}
	}
}

func (x *xmlScanner) skip(end string) bool {
	n := x.find(end)
	if n < 0 {
		x.bad()
		return false
	}
	x.pos += n + len(end)
	return true
}

func (x *xmlScanner) bad() {
	if x.err == nil || errors.Is(x.err, io.EOF) {
		x.err = errXML
	}
}

// cdata reads a CDATA section; a DOCTYPE is refused.
func (x *xmlScanner) cdata() (ok, text bool) {
	for x.end-x.pos < 9 && x.more() {
	}
	if !bytes.HasPrefix(x.buf[x.pos:x.end], []byte("<![CDATA[")) {
		x.err = errXML
		return false, false
	}
	x.pos += 9
	n := x.find("]]>")
	if n < 0 {
		x.bad()
		return false, false
	}
	x.kind, x.text, x.data = xmlText, x.buf[x.pos:x.pos+n], true
	x.pos += n + 3
	return true, true
}

// tag reads a start or end tag; a > inside quotes does not end it.
func (x *xmlScanner) tag() bool {
	i, quote := 1, byte(0)
	for {
		if x.pos+i >= x.end {
			if !x.more() {
				x.bad()
				return false
			}
			continue
		}
		c := x.buf[x.pos+i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			body := x.buf[x.pos+1 : x.pos+i]
			x.pos += i + 1
			x.kind, x.self, x.attr = xmlStart, false, nil
			if len(body) > 0 && body[0] == '/' {
				x.kind, body = xmlEnd, body[1:]
			} else if len(body) > 0 && body[len(body)-1] == '/' {
				x.self, body = true, body[:len(body)-1]
			}
			if k := bytes.IndexAny(body, " \t\r\n"); k >= 0 {
				x.attr, body = body[k:], body[:k]
			}
			if k := bytes.LastIndexByte(body, ':'); k >= 0 {
				body = body[k+1:]
			}
			x.name = body
			return true
		}
		i++
	}
}

// fault returns what stopped next: nil at a proper end of input.
func (x *xmlScanner) fault() error {
	if errors.Is(x.err, io.EOF) {
		return nil
	}
	return x.err
}

// get returns an attribute by local name, unescaped.
func (x *xmlScanner) get(name string) (string, bool) {
	a := x.attr
	for len(a) > 0 {
		a = bytes.TrimLeft(a, " \t\r\n")
		eq := bytes.IndexByte(a, '=')
		if eq < 0 {
			return "", false
		}
		key := bytes.TrimRight(a[:eq], " \t\r\n")
		if k := bytes.LastIndexByte(key, ':'); k >= 0 {
			key = key[k+1:]
		}
		a = bytes.TrimLeft(a[eq+1:], " \t\r\n")
		if len(a) == 0 || a[0] != '"' && a[0] != '\'' {
			return "", false
		}
		end := bytes.IndexByte(a[1:], a[0])
		if end < 0 {
			return "", false
		}
		if string(key) == name {
			return string(appendText(nil, a[1:1+end], false)), true
		}
		a = a[end+2:]
	}
	return "", false
}

// appendText appends raw text with its references resolved; invalid UTF-8
// becomes U+FFFD.
func appendText(dst, raw []byte, data bool) []byte {
	if data || bytes.IndexByte(raw, '&') < 0 {
		if utf8.Valid(raw) {
			return append(dst, raw...)
		}
		return append(dst, bytes.ToValidUTF8(raw, []byte("\uFFFD"))...)
	}
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			return appendText(dst, raw, true)
		}
		dst = appendText(dst, raw[:i], true)
		raw = raw[i:]
		end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
		if end < 0 {
			dst = append(dst, '&')
			raw = raw[1:]
			continue
		}
		dst = appendEntity(dst, raw[1:end])
		raw = raw[end+1:]
	}
	return dst
}

func appendEntity(dst, name []byte) []byte {
	switch string(name) {
	case "amp":
		return append(dst, '&')
	case "lt":
		return append(dst, '<')
	case "gt":
		return append(dst, '>')
	case "quot":
		return append(dst, '"')
	case "apos":
		return append(dst, '\'')
	}
	if len(name) > 1 && name[0] == '#' {
		digits, base := string(name[1:]), 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseUint(digits, base, 21); err == nil {
			return utf8.AppendRune(dst, rune(n))
		}
	}
	return append(append(append(dst, '&'), name...), ';')
}
