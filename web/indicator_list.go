package web

import (
	"net/http"
)

// indicatorList answers all indicators.
func indicatorList(s *Server, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Door.Indicators(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, all)
}
