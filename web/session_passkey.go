package web

import (
	"encoding/json"
	"net/http"

	"luoshu/web/kit"
)

// sessionPasskeyAsk asks the browser for a passkey as the second factor.
func sessionPasskeyAsk(s *Server, w http.ResponseWriter, r *http.Request) error {
	options, err := s.Access.AskPasskey(r.Context(), kit.Session(r), kit.Origin(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, options)
}

// sessionPasskeyShow takes the browser's answer.
func sessionPasskeyShow(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Answer json.RawMessage }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	session, err := s.Access.PassPasskey(r.Context(), kit.Session(r), in.Answer, kit.Address(r))
	if err != nil {
		return err
	}
	b, err := s.sessionBody(r, session)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}
