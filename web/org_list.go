package web

import (
	"net/http"

	"luoshu/web/kit"
)

// orgList finds organisations within the actor's scope.
func orgList(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	on, err := asOf(r)
	if err != nil {
		return err
	}
	all, err := s.Door.OrgsAsOf(r.Context(), actor(r), q.Get("q"), q.Get("parent"), on)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, all)
}
