package web

import (
	"net/http"

	"luoshu/web/kit"
)

// sealRead answers one seal.
func sealRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	one, err := s.Door.Seal(r.Context(), actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, one)
}
