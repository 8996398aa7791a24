package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// fileRowRead answers the row of a handed-in file that a record came from.
func fileRowRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	sha, entity := r.PathValue("sha"), r.URL.Query().Get("entity")
	row, err := s.Door.FileRow(r.Context(), actor(r), entity, sha, int(n), func() (disclose.SheetRow, error) {
		x, err := s.Desk.RowOf(r.Context(), sha, entity, int(n))
		return disclose.SheetRow(x), err
	})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, row)
}
