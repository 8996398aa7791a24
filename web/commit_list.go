package web

import (
	"net/http"
)

// commitList answers the ledger, newest first.
func commitList(s *Server, w http.ResponseWriter, r *http.Request) error {
	var offset, limit int
	if err := numbers(r, map[string]*int{"offset": &offset, "limit": &limit}); err != nil {
		return err
	}
	p, err := s.Door.Commits(r.Context(), actor(r), offset, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, r, p)
}
