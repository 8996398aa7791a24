package web

import (
	"net/http"

	"luoshu/web/kit"
)

// sessionGrant chooses the grant that the session acts under.
func sessionGrant(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Grant string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	session, err := s.Access.Choose(r.Context(), kit.Session(r), in.Grant)
	if err != nil {
		return err
	}
	b, err := s.sessionBody(r, session)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}
