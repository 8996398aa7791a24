package web

import (
	"net/http"

	"luoshu/web/kit"
)

// recordRead answers one record with its history.
func recordRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return err
	}
	out, err := s.Door.Record(r.Context(), actor(r), r.PathValue("entity"), rec)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, out)
}
