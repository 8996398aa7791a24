package web

import (
	"net/http"

	"luoshu/web/kit"
)

// orgList finds organisations within the actor's scope.
func orgList(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	all, err := s.Door.Orgs(r.Context(), actor(r), q.Get("q"), q.Get("parent"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
