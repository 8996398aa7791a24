package web

import (
	"net/http"
)

// exploreMeta answers what can be explored.
func exploreMeta(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.ExploreMeta(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, all)
}
