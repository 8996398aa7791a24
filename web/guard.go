package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/web/kit"
)

const (
	cookieName = "luoshu"
	csrfHeader = "X-Luoshu-CSRF"
	// requestTime is how long a request other than a transfer may take.
	requestTime = 30 * time.Second
	// maxBody bounds the body of every request that is not an upload.
	maxBody = 64 << 10
)

// contentPolicy lets pages load from this server only. Inline styles are needed
// by the component library, which writes its style sheets at run time.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets what every answer carries and catches what a handler let fall.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := requestID()
		r = s.behind(r.WithContext(kit.WithRequestID(r.Context(), id)))
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		defer func() {
			x := recover()
			if x == nil {
				return
			}
			if err, ok := x.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(x)
			}
			s.Log.Error("handler panicked", "request", id, "method", r.Method, "route", r.Pattern, "panic", fmt.Sprintf("%T", x), "stack", string(debug.Stack()))
			s.fail(w, r, &luoshu.Error{Kind: luoshu.Internal, Msg: oops})
		}()
		if err := cross.Check(r); err != nil {
			s.fail(w, r, luoshu.Errorf(luoshu.Denied, "请求来自别的网站", "the request comes from another site"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// actor is who makes the request.
func actor(r *http.Request) luoshu.Actor { return kit.Actor(r) }

// wrap lets a request through to its handler: time, size, session, header, right,
// rate; and notes in the audit log what came of it.
func (s *Server) wrap(rt kit.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		ctx := r.Context()
		if !rt.Slow {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, requestTime)
			defer cancel()
		}
		if !rt.Slow || r.Method != http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		session, err := s.session(ctx, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		t := s.trace(rt, r, session)
		ctx = kit.WithTrace(ctx, t)
		if session != nil {
			ctx = kit.WithSession(ctx, session)
		}
		r = r.WithContext(ctx)
		seen := &witness{ResponseWriter: w}
		seen.fail = func(err error) { s.fail(w, r, err) }
		seen.before = func() error { return s.before(rt, r, t) }
		// A stream that breaks off panics; it is noted like any other end.
		whole := false
		defer func() {
			if !whole {
				seen.status = http.StatusInternalServerError
			}
			s.end(rt, r, t, seen.status)
		}()
		if err := s.serve(rt, seen, r, session); err != nil {
			s.fail(seen, r, err) // says nothing if the reason was given already
		} else if seen.status == 0 {
			seen.WriteHeader(http.StatusOK)
		}
		whole = true
	})
}

// serve runs the handler if everything that stands before it agrees.
func (s *Server) serve(rt kit.Route, w http.ResponseWriter, r *http.Request, session *access.Session) error {
	if !rt.Open {
		if err := s.allow(rt, r, session); err != nil {
			return err
		}
	}
	if err := s.rates.take(s.Now(), rateOf(rt), kit.Marks(r)); err != nil {
		return err
	}
	if sensitive(rt) {
		if err := s.ready(); err != nil {
			return err
		}
	}
	return rt.Handle(w, r)
}

// before puts the entry of a sensitive request on disk.
func (s *Server) before(rt kit.Route, r *http.Request, t *kit.Trace) error {
	if !t.Sensitive || t.Noted {
		return nil
	}
	if err := s.ready(); err != nil {
		return err
	}
	e := t.Event
	e.Object = object(rt, r)
	return s.Audit.Must(r.Context(), e)
}

// session finds who makes a request: by the API token it bears, else by the cookie.
func (s *Server) session(ctx context.Context, r *http.Request) (*access.Session, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		token, ok := strings.CutPrefix(h, "Bearer ")
		if !ok {
			return nil, nil
		}
		return s.Access.TokenSession(ctx, token)
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, nil // no cookie: nobody is signed in
	}
	return s.Access.Session(ctx, c.Value)
}

func (s *Server) allow(rt kit.Route, r *http.Request, session *access.Session) error {
	if session == nil {
		return errSignedOut
	}
	if session.Token != "" {
		if rt.Right == "" || !slices.Contains(session.Rights, rt.Right) {
			return luoshu.Errorf(luoshu.Denied, "访问凭证没有此项权限", "the token does not include this right")
		}
		return s.Access.Require(session.Actor, rt.Right)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !session.SameCSRF(r.Header.Get(csrfHeader)) {
		return luoshu.Errorf(luoshu.Denied, "请求缺少页面凭证，请刷新后重试", "the request lacks the page's token; reload and try again")
	}
	if session.Pending != "" && !rt.Early {
		return &luoshu.Error{Kind: luoshu.Denied, Field: session.Pending, Msg: luoshu.Text{ZH: "请先完成登录", EN: "finish signing in first"}}
	}
	if rt.Right != "" {
		return s.Access.Require(session.Actor, rt.Right)
	}
	return nil
}
