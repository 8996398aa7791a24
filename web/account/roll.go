package account

import (
	"bytes"
	"io"
	"net/http"

	"luoshu"
	"luoshu/kernel/access/roll"
	"luoshu/kernel/sheet"
	"luoshu/web/kit"
)

// sheetMost bounds a list of accounts handed in, in bytes.
const sheetMost = 4 << 20

// importSheet makes the accounts of a sheet: multipart `file`, and `dry` = 1 to only
// look. Faults make nothing. With `colour` = 1 the answer to faults is the sheet
// itself with its bad cells coloured.
func (d *desk) importSheet(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, sheetMost)
	if err := r.ParseMultipartForm(sheetMost); err != nil {
		return luoshu.Errorf(luoshu.Invalid, "应以表单上传文件，不超过 4 MiB", "upload the file as a form, at most 4 MiB")
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "file", Msg: luoshu.Text{ZH: "没有收到文件", EN: "no file was received"}}
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	f := sheet.File{Name: head.Filename, R: bytes.NewReader(b), Size: int64(len(b))}
	out, err := roll.Run(r.Context(), d.acc, kit.Actor(r), f, r.FormValue("dry") == "1")
	if err != nil {
		return err
	}
	if len(out.Faults) > 0 && r.FormValue("colour") == "1" {
		return kit.WriteFile(w, "faults.xlsx", kit.TypeXLSX, func(to io.Writer) error { return sheet.Colour(to, f, out.Faults) })
	}
	return kit.WriteJSON(w, r, out)
}
