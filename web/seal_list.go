package web

import (
	"net/http"

	"luoshu/web/kit"
)

// sealList answers the seals, newest first.
func sealList(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.Seals(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
