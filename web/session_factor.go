package web

import (
	"net/http"

	"luoshu/web/kit"
)

// sessionFactor shows the second factor of a sign-in.
func sessionFactor(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Code string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	session, err := s.Access.PassFactor(r.Context(), kit.Session(r), in.Code, kit.Address(r))
	if err != nil {
		return err
	}
	b, err := s.sessionBody(r, session)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}
