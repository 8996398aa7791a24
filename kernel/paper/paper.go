// Package paper knows what a piece of evidence is by its content, and the name it
// is given back under. Nothing in one is ever shown or run.
package paper

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"luoshu"
)

// Max is the largest piece of evidence taken, in bytes.
const Max = 10 << 20

// Types are the media types of the kinds that are taken.
var Types = map[string]string{
	"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

// Read reads a piece of evidence and tells its kind; one that is too large or
// nothing that is taken is refused.
func Read(r io.Reader) ([]byte, string, error) {
	b, err := io.ReadAll(io.LimitReader(r, Max+1))
	if err != nil {
		return nil, "", fmt.Errorf("read paper: %w", err)
	}
	if len(b) > Max {
		return nil, "", &luoshu.Error{Kind: luoshu.Invalid, Field: "file", Msg: luoshu.Text{ZH: "附件请不超过 10 MB", EN: "keep the paper under 10 MB"}}
	}
	kind := Kind(b)
	if kind == "" {
		return nil, "", &luoshu.Error{Kind: luoshu.Invalid, Field: "file", Msg: luoshu.Text{
			ZH: "附件只收 PDF、PNG、JPG 和不含宏的 XLSX、DOCX（按文件内容判断）", EN: "papers are PDF, PNG, JPG, XLSX or DOCX without macros, judged by their content",
		}}
	}
	return b, kind, nil
}

// Kind tells what a file is by its content, "" if it is nothing that is taken.
func Kind(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return "pdf"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		return "jpg"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return kindOfZip(b)
	}
	return ""
}

// kindOfZip takes workbooks and documents without macros and embedded objects only.
func kindOfZip(b []byte) string {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return ""
	}
	kind := ""
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		_, in, _ := strings.Cut(name, "/")
		if strings.HasSuffix(name, ".bin") && !strings.HasPrefix(in, "printersettings/") || strings.HasPrefix(in, "embeddings/") || strings.HasPrefix(in, "activex/") {
			return ""
		}
		switch name {
		case "xl/workbook.xml":
			kind = "xlsx"
		case "word/document.xml":
			kind = "docx"
		}
	}
	return kind
}

// Name is the name a paper is given back under: its own, without what could
// mislead, and with the ending of what it is.
func Name(name, kind string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.TrimSuffix(name, path.Ext(name))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"/|?*`, r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	if name = strings.Trim(name, ". "); name == "" {
		name = "paper"
	}
	return name + "." + kind
}
