package web

import (
	"errors"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"

	"luoshu/web/kit"
)

// bindCookie ties a sign-in at the provider to the browser that began it. It must
// come along when the provider sends the browser back, hence Lax.
const (
	bindCookie = "luoshu-oidc"
	bindPath   = "/api/session/oidc"
	bindTime   = 300                      // seconds
	oidcBack   = "/api/session/oidc/back" // as kernel/access/oidc tells the provider
)

// sessionDepart sends the browser to the identity provider.
func sessionDepart(s *Server, w http.ResponseWriter, r *http.Request) error {
	to, bind, err := s.Access.Depart(r.Context())
	if err != nil {
		return err
	}
	s.bind(w, r, bind, bindTime)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// sessionArrive takes the browser back: with a session, or to the page of sign-in,
// which says why not.
func sessionArrive(s *Server, w http.ResponseWriter, r *http.Request) error {
	bind := ""
	if c, err := r.Cookie(bindCookie); err == nil {
		bind = c.Value
	}
	s.bind(w, r, "", -1)
	q := r.URL.Query()
	token, session, err := s.Access.Arrive(r.Context(), q.Get("state"), q.Get("code"), bind, kit.Address(r), r.UserAgent())
	if err != nil {
		why := "failed"
		var e *luoshu.Error
		switch {
		case errors.Is(err, access.ErrSignIn):
			why = "refused"
		case errors.As(err, &e) && e.Kind == luoshu.Denied:
			why = "closed"
		}
		s.Log.Warn("sign-in at the provider did not succeed", "request", kit.RequestID(r), "cause", err)
		http.Redirect(w, r, "/?provider="+why, http.StatusSeeOther)
		return nil
	}
	s.enter(w, r, token, session)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *Server) bind(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: bindCookie, Value: value, Path: bindPath, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.Secure || r.TLS != nil,
	})
}
