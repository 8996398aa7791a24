package web

import (
	"net/http"

	"luoshu/web/kit"
)

// entityList answers what kinds of records there are.
func entityList(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.Entities(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
