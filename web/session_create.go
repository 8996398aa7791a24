package web

import (
	"net"
	"net/http"

	"luoshu/kernel/access"

	"luoshu/web/kit"
)

// sessionCreate signs in.
func sessionCreate(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Name, Password string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	token, session, err := s.Access.SignInFrom(r.Context(), in.Name, in.Password, address, r.UserAgent())
	if err != nil {
		return err
	}
	kit.Marks(r).Actor = session.Actor
	if old, err := r.Cookie(cookieName); err == nil {
		s.Access.SignOut(r.Context(), old.Value)
	}
	http.SetCookie(w, s.cookie(r, token, int(access.SessionLife.Seconds())))
	b, err := s.sessionBody(r, session)
	if err != nil {
		return err
	}
	s.Log.Info("signed in", "request", kit.RequestID(r), "role", session.Actor.Role, "org", session.Actor.Org)
	return kit.WriteJSON(w, r, b)
}

// cookie holds the token; scripts cannot read it, and no other site's request
// carries it.
func (s *Server) cookie(r *http.Request, token string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.Secure || r.TLS != nil,
	}
}
