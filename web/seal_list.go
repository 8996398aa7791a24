package web

import (
	"net/http"
)

// sealList answers the seals, newest first.
func sealList(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.Seals(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, all)
}
