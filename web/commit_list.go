package web

import (
	"net/http"

	"luoshu/web/kit"
)

// commitList answers the ledger, newest first.
func commitList(s *Server, w http.ResponseWriter, r *http.Request) error {
	var offset, limit int
	if err := kit.Numbers(r, map[string]*int{"offset": &offset, "limit": &limit}); err != nil {
		return err
	}
	p, err := s.Door.Commits(r.Context(), actor(r), offset, limit)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, p)
}
