package brief

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/signintech/gopdf"
)

// Page in points: A4 with the margins of official papers.
const (
	pdfTop, pdfLow = 70.0, 70.0
	pdfIn, pdfOut  = 60.0, 60.0
	pdfWide        = 595.28
	pdfHigh        = 841.89
	line           = 1.45 // of the size
)

// sheet is a PDF under way.
type sheet struct {
	*gopdf.GoPdf
	families []string // in which glyphs are looked for, in this order
	glyphs   map[rune]glyph
	y        float64
	page     int
}

// writePDF writes a document for reading and printing. The same document and fonts
// give the same bytes.
func writePDF(doc *document, f fonts, w io.Writer) error {
	s := &sheet{GoPdf: &gopdf.GoPdf{}, glyphs: map[rune]glyph{}}
	s.Start(gopdf.Config{PageSize: gopdf.Rect{W: pdfWide, H: pdfHigh}})
	day := time.Date(int(doc.day/10000), time.Month(doc.day/100%100), int(doc.day%100), 0, 0, 0, 0, time.UTC)
	s.SetInfo(gopdf.PdfInfo{Title: doc.title, Creator: "Luoshu", Producer: "Luoshu", CreationDate: day})
	if err := s.load(f); err != nil {
		return err
	}
	if err := s.turn(); err != nil {
		return err
	}
	if err := s.para(doc.title, 20, 0, gopdf.Center); err != nil {
		return err
	}
	s.y += 6
	if doc.notice != "" {
		if err := s.para(doc.notice, 13, 0, gopdf.Center); err != nil {
			return err
		}
		s.y += 4
	}
	for _, text := range doc.lead {
		if err := s.para(text, 12, 0, gopdf.Left); err != nil {
			return err
		}
	}
	for i := range doc.parts {
		if err := s.part(&doc.parts[i]); err != nil {
			return err
		}
	}
	if _, err := s.WriteTo(w); err != nil {
		return fmt.Errorf("write a PDF: %w", err)
	}
	return nil
}

// turn begins a page and numbers it.
func (s *sheet) turn() error {
	s.AddPage()
	s.page++
	s.y = pdfTop
	return s.put(fmt.Sprintf("— %d —", s.page), pdfIn, pdfHigh-pdfLow/2, pdfWide-pdfIn-pdfOut, 10, gopdf.Center)
}

// room turns the page if less than h is left.
func (s *sheet) room(h float64) (turned bool, err error) {
	if s.y+h <= pdfHigh-pdfLow {
		return false, nil
	}
	return true, s.turn()
}

// para writes text over as many lines as it takes; first is the indent of the first.
func (s *sheet) para(text string, size, first float64, align int) error {
	lines, err := s.wrap(text, size, pdfWide-pdfIn-pdfOut, first)
	if err != nil {
		return err
	}
	for i, l := range lines {
		if _, err := s.room(size * line); err != nil {
			return err
		}
		in := 0.0
		if i == 0 {
			in = first
		}
		if err := s.put(l, pdfIn+in, s.y, pdfWide-pdfIn-pdfOut-in, size, align); err != nil {
			return err
		}
		s.y += size * line
	}
	return nil
}

// put writes one line into a box, each stretch of it in the first font that has its
// glyphs.
func (s *sheet) put(text string, x, y, w, size float64, align int) error {
	wide, err := s.width([]rune(text), size)
	if err != nil {
		return err
	}
	switch align {
	case gopdf.Center:
		x += (w - wide) / 2
	case gopdf.Right:
		x += w - wide
	}
	rest := []rune(text)
	for len(rest) > 0 {
		at, n := s.glyphs[rest[0]], 1
		for n < len(rest) && s.glyphs[rest[n]].family == at.family {
			n++
		}
		if err := s.SetFont(at.family, "", size); err != nil {
			return fmt.Errorf("set the font: %w", err)
		}
		s.SetXY(x, y+size*(line-1)/2)
		if err := s.Cell(nil, string(rest[:n])); err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
		if wide, err = s.width(rest[:n], size); err != nil {
			return err
		}
		x += wide
		rest = rest[n:]
	}
	return nil
}

// wrap breaks text into lines: between any two Chinese characters, and between
// words; a word that is longer than a line is broken too.
func (s *sheet) wrap(text string, size, width, first float64) ([]string, error) {
	var lines []string
	rest := []rune(text)
	for len(rest) > 0 {
		w := width
		if len(lines) == 0 {
			w -= first
		}
		n, used := 0, 0.0
		for n < len(rest) {
			one, err := s.width(rest[n:n+1], size)
			if err != nil {
				return nil, err
			}
			if used+one > w && n > 0 {
				break
			}
			used += one
			n++
		}
		if n < len(rest) {
			n = breakAt(rest, n)
		}
		lines = append(lines, string(rest[:n]))
		rest = rest[n:]
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
	}
	return lines, nil
}

// breakAt moves the end of a line back to the nearest place where it may end: not
// within a word or number, nor before what closes. A word that is longer than the
// line ends where the line does.
func breakAt(rest []rune, n int) int {
	latin := func(r rune) bool { return r > ' ' && r < 0x2000 }
	for k := n; k > 0; k-- {
		before, after := rest[k-1], rest[k]
		joint := (before == '-' || before == '/') && unicode.IsLetter(after)
		if (joint || !latin(before) || !latin(after)) && !strings.ContainsRune("，。、；：）》”％%)", after) {
			return k
		}
	}
	return n
}

func (s *sheet) part(x *part) error {
	s.y += 10
	if _, err := s.room(16*line + 60); err != nil { // a head does not stand alone
		return err
	}
	if err := s.para(x.head, 15, 0, gopdf.Left); err != nil {
		return err
	}
	s.y += 2
	for _, text := range x.text {
		if err := s.para(text, 12, 24, gopdf.Left); err != nil {
			return err
		}
	}
	if x.table != nil {
		if err := s.table(x.table); err != nil {
			return err
		}
	}
	if x.source == "" {
		return nil
	}
	s.y += 3
	return s.para(x.source, 9, 0, gopdf.Left)
}

const (
	cellSize = 9.0
	cellPad  = 3.0
)

// table draws rows with lines around every cell; its head stands again on every
// page, and no row is parted.
func (s *sheet) table(t *table) error {
	widths := make([]float64, len(t.widths))
	for i, n := range t.widths {
		widths[i] = (pdfWide - pdfIn - pdfOut) * float64(n) / float64(t.total())
	}
	if err := s.row(t.head, widths, t, true); err != nil {
		return err
	}
	for _, cells := range t.rows {
		if err := s.row(cells, widths, t, false); err != nil {
			return err
		}
	}
	return nil
}

func (s *sheet) row(cells []string, widths []float64, t *table, head bool) error {
	most, text := 1, make([][]string, len(cells))
	for i, c := range cells {
		var err error
		if text[i], err = s.wrap(c, cellSize, widths[i]-2*cellPad, 0); err != nil {
			return err
		}
		most = max(most, len(text[i]))
	}
	h := float64(most)*cellSize*line + 2*cellPad
	turned, err := s.room(h)
	if err != nil {
		return err
	}
	if turned && !head {
		if err := s.row(t.head, widths, t, true); err != nil {
			return err
		}
	}
	s.SetLineWidth(0.5)
	x := pdfIn
	for i, lines := range text {
		s.RectFromUpperLeftWithStyle(x, s.y, widths[i], h, "D")
		align := gopdf.Left
		switch {
		case head:
			align = gopdf.Center
		case t.right[i]:
			align = gopdf.Right
		}
		y := s.y + (h-float64(len(lines))*cellSize*line)/2
		for _, l := range lines {
			if err := s.put(l, x+cellPad, y, widths[i]-2*cellPad, cellSize, align); err != nil {
				return err
			}
			y += cellSize * line
		}
		x += widths[i]
	}
	s.y += h
	return nil
}
