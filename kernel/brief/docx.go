package brief

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomutex/godocx"
	"github.com/gomutex/godocx/docx"
	"github.com/gomutex/godocx/wml/ctypes"
	"github.com/gomutex/godocx/wml/stypes"

	"luoshu"
)

// Faces of official papers. A reader without one of them is shown the nearest that
// it has; the name stays in the file.
const (
	faceTitle = "方正小标宋简体"
	faceHead  = "黑体"
	faceText  = "仿宋_GB2312"
	faceLatin = "Times New Roman"
)

// Sizes in half points: 二号, 三号, 小四, 五号.
const (
	sizeTitle = 44
	sizeHead  = 32
	sizeText  = 28
	sizeCell  = 21
)

// A4 with the margins of official papers (GB/T 9704), in twips.
const (
	pageWide, pageHigh   = 11906, 16838
	marginTop, marginLow = 2098, 1984
	marginIn, marginOut  = 1587, 1474
)

// writeDOCX writes a document for word processors. The same document gives the same
// bytes.
func writeDOCX(doc *document, w io.Writer) error {
	rd, err := godocx.NewDocument()
	if err != nil {
		return fmt.Errorf("begin a document: %w", err)
	}
	if err := frame(rd, doc); err != nil {
		return err
	}
	p := rd.AddEmptyParagraph()
	p.Justification(stypes.JustificationCenter)
	p.Spacing(240, 240)
	face(p, doc.title, faceTitle, sizeTitle, false)
	if doc.notice != "" {
		p := rd.AddEmptyParagraph()
		p.Justification(stypes.JustificationCenter)
		p.Spacing(0, 120)
		face(p, doc.notice, faceHead, sizeText, true)
	}
	for _, line := range doc.lead {
		p := rd.AddEmptyParagraph()
		p.Spacing(0, 60)
		face(p, line, faceText, sizeText, false)
	}
	for i := range doc.parts {
		section(rd, &doc.parts[i])
	}
	var out bytes.Buffer
	if err := rd.Write(&out); err != nil {
		return fmt.Errorf("write a document: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}

// frame sets the page and says who made the file, instead of the library's own.
func frame(rd *docx.RootDoc, doc *document) error {
	body := rd.Document.Body
	wide, high := uint64(pageWide), uint64(pageHigh)
	top, low, in, out := marginTop, marginLow, marginIn, marginOut
	body.SectPr.PageSize = &ctypes.PageSize{Width: &wide, Height: &high}
	body.SectPr.PageMargin = &ctypes.PageMargin{Top: &top, Bottom: &low, Left: &in, Right: &out}
	const core = "docProps/core.xml"
	const thumb = "docProps/thumbnail.jpeg"
	if _, ok := rd.FileMap.Load(core); !ok {
		return fmt.Errorf("the library's template has no %s", core)
	}
	var title bytes.Buffer
	if err := xml.EscapeText(&title, []byte(doc.title)); err != nil {
		return fmt.Errorf("write the title: %w", err)
	}
	day := luoshu.FormatDate(doc.day) + "T00:00:00Z"
	rd.FileMap.Store(core, []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>`+
		title.String()+`</dc:title><dc:creator>Luoshu</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">`+day+`</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">`+day+`</dcterms:modified></cp:coreProperties>`))
	rd.FileMap.Delete(thumb)
	rd.RootRels.Relationships = slices.DeleteFunc(rd.RootRels.Relationships, func(r *docx.Relationship) bool { return strings.HasSuffix(thumb, r.Target) })
	return nil
}

// face adds a run in an East Asian face; Latin letters and digits stand in theirs.
func face(p *docx.Paragraph, text, name string, half uint64, bold bool) {
	run := p.AddText(text)
	run.Size(half / 2)
	if bold {
		run.Bold(true)
	}
	list := p.GetCT().Children
	prop := list[len(list)-1].Run.Property
	prop.Fonts = &ctypes.RunFonts{Ascii: faceLatin, HAnsi: faceLatin, EastAsia: name, CS: faceLatin, Hint: stypes.FontTypeHintEastAsia}
	prop.Size = ctypes.NewFontSize(half)
	prop.SizeCs = ctypes.NewFontSizeCS(half)
}

func section(rd *docx.RootDoc, x *part) {
	p := rd.AddEmptyParagraph()
	p.Style("Heading1")
	p.Spacing(280, 120)
	p.GetCT().Property.KeepNext = ctypes.OnOffFromBool(true)
	face(p, x.head, faceHead, sizeHead, false)
	black(p)
	indent := uint64(2 * sizeText * 10) // two characters
	for _, text := range x.text {
		p := rd.AddEmptyParagraph()
		p.Indent(&ctypes.Indent{FirstLine: &indent})
		p.Spacing(0, 80)
		face(p, text, faceText, sizeText, false)
	}
	if x.table != nil {
		grid(rd, x.table)
	}
	if x.source != "" {
		p := rd.AddEmptyParagraph()
		p.Spacing(60, 120)
		face(p, x.source, faceText, sizeCell, false)
	}
}

// black takes the colour of the library's headings away.
func black(p *docx.Paragraph) {
	list := p.GetCT().Children
	list[len(list)-1].Run.Property.Color = ctypes.NewColor("000000")
}

func grid(rd *docx.RootDoc, t *table) {
	const wide = pageWide - marginIn - marginOut
	tbl := rd.AddTable()
	tbl.Style("TableGrid")
	tbl.Layout(stypes.TableLayoutFixed)
	tbl.Width(wide, stypes.TableWidthDxa)
	widths := make([]uint64, len(t.widths))
	for i, n := range t.widths {
		widths[i] = uint64(wide * n / t.total())
	}
	tbl.Grid(widths...)
	row := func(cells []string, name string, head bool) {
		r := tbl.AddRow()
		for i, text := range cells {
			c := r.AddCell()
			c.Width(int(widths[i]), stypes.TableWidthDxa)
			c.VerticalAlign("center")
			p := c.AddEmptyPara()
			p.Spacing(20, 20)
			switch {
			case head:
				p.Justification(stypes.JustificationCenter)
			case t.right[i]:
				p.Justification(stypes.JustificationRight)
			}
			face(p, text, name, sizeCell, false)
		}
		rows := tbl.GetCT().RowContents
		prop := rows[len(rows)-1].Row.Property
		prop.CantSplit = ctypes.OnOffFromBool(true)
		if head {
			prop.Header = ctypes.OnOffFromBool(true) // again on every page
		}
	}
	row(t.head, faceHead, true)
	for _, cells := range t.rows {
		row(cells, faceText, false)
	}
}
