package web

import (
	"net/http"

	"luoshu/web/kit"
)

// indicatorList answers all indicators.
func indicatorList(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.Indicators(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
