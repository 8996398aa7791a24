package web

import (
	"net/http"

	"luoshu/web/kit"
)

// entityRead describes one kind of record.
func entityRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	e, err := s.Door.Entity(r.Context(), actor(r), r.PathValue("entity"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, e)
}
