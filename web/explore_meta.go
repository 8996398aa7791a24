package web

import (
	"net/http"

	"luoshu/web/kit"
)

// exploreMeta answers what can be explored.
func exploreMeta(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.ExploreMeta(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
