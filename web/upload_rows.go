package web

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

type uploadRows struct {
	Total   int64             `json:"total"`
	Columns []disclose.Column `json:"columns"`
	Rows    []disclose.Change `json:"rows"`
}

// uploadRowList answers what an upload would change, row by row.
func uploadRowList(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	var offset, limit int
	if err := kit.Numbers(r, map[string]*int{"offset": &offset, "limit": &limit}); err != nil {
		return err
	}
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	verdict := r.URL.Query().Get("verdict")
	switch verdict {
	case "new", "changed", "unchanged", "refused":
	default:
		return &luoshu.Error{
			Kind: luoshu.Invalid, Field: "verdict",
			Msg: luoshu.Text{ZH: "verdict 只能是 new、changed、unchanged、refused", EN: "verdict is new, changed, unchanged or refused"},
		}
	}
	rows, total, err := s.Desk.UploadRows(r.Context(), u.ID, verdict, max(offset, 0), limit)
	if err != nil {
		return err
	}
	out := uploadRows{Total: total, Columns: []disclose.Column{}, Rows: []disclose.Change{}}
	differ := s.differs(r, u)
	seen := map[string]bool{}
	for _, row := range rows {
		d, err := differ(row.Entity)
		if err != nil {
			return err
		}
		for _, c := range d.Columns() {
			if !seen[c.Name] {
				seen[c.Name] = true
				out.Columns = append(out.Columns, c)
			}
		}
		var fields []disclose.Stored
		for _, c := range row.Changes {
			fields = append(fields, disclose.Stored(c))
		}
		out.Rows = append(out.Rows, d.Change(row.Row, row.Verdict, row.Label, fields, row.Faults))
	}
	return kit.WriteJSON(w, r, out)
}
