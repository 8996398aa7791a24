package web

import (
	"net/http"
)

// sessionDelete signs out.
func sessionDelete(s *Server, w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(cookieName); err == nil {
		s.Access.SignOut(r.Context(), c.Value)
	}
	http.SetCookie(w, s.cookie(r, "", -1))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
