package brief

import (
	"bytes"
	"context"
	"io"

	"luoshu"
)

// Write makes a briefing of what the actor may see and writes it in a format. On the
// same day the same seal, cases and duties give the same bytes.
func (d *Desk) Write(ctx context.Context, actor luoshu.Actor, q Query, format string, w io.Writer) error {
	var f fonts
	switch format {
	case DOCX:
	case PDF:
		var err error
		if f, err = findFonts(d.Font, usualFonts, usualLatin); err != nil {
			return err
		}
	default:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "out", Msg: Text{ZH: "文件应为 .docx 或 .pdf", EN: "the file is to be .docx or .pdf"}}
	}
	doc, err := d.contents(ctx, actor, q)
	if err != nil {
		return err
	}
	if format == DOCX {
		return writeDOCX(doc, w)
	}
	var b bytes.Buffer // a font that cannot be used is found out before anything is written
	if err := writePDF(doc, f, &b); err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}
