// Package kit is what the handlers of every area of the API share: the form of a
// route, who makes a request, and how answers are written and bodies read.
package kit

import (
	"context"
	"net"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
)

// Handler answers one request; the error it returns is written by one place.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the API. Right is the right a role needs, "" if being
// signed in is enough; open routes need no sign-in (and no page token: they
// must guard themselves), slow ones have no time-out. Kind is what the audit log
// calls it: "" is "write" for what is no GET, and no entry at all for a GET that
// is let through. Of a sensitive one the entry is on disk before the answer
// leaves, and it is refused while the log cannot be written. Rate names the
// bucket that bounds how often one session may ask; "" is the bucket of what costs
// little.
type Route struct {
	Pattern   string
	Right     string
	Open      bool
	Early     bool // reachable while a second factor, a new password or a choice is due
	Slow      bool
	Kind      string
	Sensitive bool
	Rate      string
	Handle    Handler
}

type sessionKey struct{}

// WithSession returns a context that carries the session of a request.
func WithSession(ctx context.Context, s *access.Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// Session is the session of a request that has been let through; nil on open
// routes without a sign-in.
func Session(r *http.Request) *access.Session {
	x, _ := r.Context().Value(sessionKey{}).(*access.Session)
	return x
}

// Actor is who makes the request. Call it only on routes that need a sign-in.
func Actor(r *http.Request) luoshu.Actor { return Session(r).Actor }

// Address is the network address a request comes from, without the port.
func Address(r *http.Request) string {
	a, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return a
}

// Origin is what the browser calls this server, by the request's own word. Only who
// checks it against something better may rely on it.
func Origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

type requestKey struct{}

// WithRequestID returns a context that carries the id of a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID names the request in both logs; "" outside of one.
func RequestID(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

// Page bounds of lists.
const (
	pageDefault = 50
	pageMost    = 500
)

// Page reads offset and limit of the query; the limit is 50 unless given, 500 at most.
func Page(r *http.Request) (offset, limit int, err error) {
	if err := Numbers(r, map[string]*int{"offset": &offset, "limit": &limit}); err != nil {
		return 0, 0, err
	}
	if offset < 0 || limit < 0 || limit > pageMost {
		return 0, 0, luoshu.Errorf(luoshu.Invalid, "分页参数无效", "the page is out of bounds")
	}
	if limit == 0 {
		limit = pageDefault
	}
	return offset, limit, nil
}
