package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"

	"luoshu/web/kit"
)

// This file is the one place where requests enter the audit log: every sign-in,
// every write, every refusal, every file that leaves, every list of the records
// behind a figure. Refusals are sampled, so that nobody can flood the log.

// errNotNoted ends an answer whose entry could not be written.
var errNotNoted = errors.New("the audit log could not take the entry")

// ready refuses what may only be done while the log can be written.
func (s *Server) ready() error {
	if s.Audit == nil {
		return luoshu.Errorf(luoshu.Unavailable, "审计日志没有启用，此操作不能进行", "there is no audit log, so this cannot be done")
	}
	return s.Audit.Ready()
}

// requestID names a request in the log of the server and in the audit log.
func requestID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// trace gives a request its trace.
func (s *Server) trace(rt kit.Route, r *http.Request, session *access.Session) *kit.Trace {
	t := &kit.Trace{Sensitive: sensitive(rt)}
	t.Kind, t.Address, t.Request = rt.Kind, kit.Address(r), kit.RequestID(r)
	if session != nil {
		t.Actor, t.Session = session.Actor, session.ID
		if session.Token != "" {
			t.Session = session.Token
		}
	}
	t.Object = rt.Pattern
	if e := r.PathValue("entity"); s.Catalog.Entity(bareEntity(e)) != nil {
		t.Entity = bareEntity(e)
	}
	t.Rec = recordNumber(r.PathValue("rec"))
	return t
}

// sensitive reports whether a route's entry must be on disk before its answer: the
// route says so, or it changes accounts or rights.
func sensitive(rt kit.Route) bool {
	return rt.Sensitive || (rt.Right == "accounts" || rt.Right == "grants") && !strings.HasPrefix(rt.Pattern, "GET ")
}

func bareEntity(s string) string {
	s, _ = strings.CutSuffix(s, ".csv")
	s, _ = strings.CutSuffix(s, ".xlsx")
	return s
}

// recordNumber reads a record's number. What is longer than one ever gets may be
// somebody's telephone or identity number and is not kept.
func recordNumber(s string) int64 {
	if len(s) > 10 {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// namedID is what an id of our own making looks like.
var namedID = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)

// object says what a request that was let through acted on: the route and the ids
// in its address. Those of a refused one may be anything and are left out, and so
// are those of open routes, which may be secrets.
func object(rt kit.Route, r *http.Request) string {
	out := rt.Pattern
	if rt.Open {
		return out
	}
	for _, name := range []string{"id", "seq", "file", "sha", "n"} {
		if v := r.PathValue(name); namedID.MatchString(v) {
			out += " " + name + "=" + v
		}
	}
	return out
}

// end notes what came of a request.
func (s *Server) end(rt kit.Route, r *http.Request, t *kit.Trace, status int) {
	if s.Audit == nil || t.Noted {
		return
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodHead
	e := t.Event
	switch {
	case status >= 500:
		e.Outcome = audit.Failed
		if e.Kind == "" && !write {
			return // the server's own log tells of it
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusTooManyRequests:
		e.Outcome = audit.Refused
		if e.Kind == "" {
			e.Kind = audit.KindRefused
		}
	case status >= 400:
		e.Outcome = audit.Refused
		if e.Kind == "" && !write {
			return
		}
	default:
		if e.Kind == "" && !write {
			return
		}
		if t.Sensitive {
			return // written before the answer left
		}
		e.Object = object(rt, r)
	}
	if e.Kind == "" {
		e.Kind = audit.KindWrite
	}
	if e.Outcome != audit.Done && e.Outcome != "" {
		times := s.samples.take(s.Now(), strings.Join([]string{e.Actor.Name, e.Address, e.Kind, e.Object, strconv.Itoa(status)}, "\x00"))
		if times == 0 {
			return
		}
		e.Times = times
	}
	s.Audit.Note(r.Context(), e)
}

// accessEvent notes what kernel/access tells: sign-ins, grants, tokens, accounts.
func (s *Server) accessEvent(ctx context.Context, e access.Event) {
	if s.Audit == nil {
		return
	}
	kind, outcome := audit.OfAccess(e.Kind)
	out := audit.Event{Kind: kind, Outcome: outcome, Address: e.Address, Actor: luoshu.Actor{Name: e.Actor}}
	if t := kit.TraceOf(ctx); t != nil {
		out.Request, out.Session, out.Address = t.Request, t.Session, t.Address
		if t.Actor.Name == e.Actor {
			out.Actor = t.Actor
		}
		if kind == audit.KindSignIn || kind == audit.KindSignOut {
			t.Noted = true
		}
	}
	if e.Actor == "" && s.Access.Known(ctx, e.Account) {
		out.Actor.Name = e.Account
	}
	object := []string{e.Kind}
	if e.Account != out.Actor.Name && e.Actor != "" {
		object = append(object, "account="+e.Account)
	}
	if e.Object != "" {
		object = append(object, "id="+e.Object)
	}
	if e.Detail != "" {
		object = append(object, e.Detail)
	}
	out.Object = strings.Join(object, " ")
	if outcome == audit.Refused {
		if out.Times = s.samples.take(s.Now(), strings.Join([]string{out.Actor.Name, out.Address, out.Object}, "\x00")); out.Times == 0 {
			return
		}
	}
	s.Audit.Note(ctx, out)
}

// witness writes the entry of a sensitive request before its answer begins, and
// remembers the status for the entry of any other.
type witness struct {
	http.ResponseWriter
	status int
	before func() error // nil: nothing has to be on disk first
	fail   func(error)  // answers instead
	mute   bool
}

// WriteHeader begins the answer, or one that says why there is none.
func (w *witness) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < 400 && w.before != nil {
		if err := w.before(); err != nil {
			w.before = nil
			w.status, w.mute = http.StatusServiceUnavailable, true
			w.fail(err)
			return
		}
	}
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write sends bytes of the answer.
func (w *witness) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.mute {
		return 0, errNotNoted
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// samples lets the first of a kind through in a minute and counts the rest.
type samples struct {
	mu    sync.Mutex
	seen  map[string]*sample
	swept time.Time
}

type sample struct {
	since time.Time
	more  int64
}

const (
	sampleWindow = time.Minute
	samplesHeld  = 10_000
)

// take returns how many times an entry stands for, 0 if it is not to be made now:
// those held back are counted into the next one of their kind.
func (s *samples) take(now time.Time, key string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]*sample{}
	}
	x := s.seen[key]
	if x == nil {
		if len(s.seen) >= samplesHeld {
			if now.Sub(s.swept) >= sampleWindow { // not at every new one, which would be work for the asking
				for k, o := range s.seen {
					if now.Sub(o.since) >= sampleWindow {
						delete(s.seen, k)
					}
				}
				s.swept = now
			}
			if len(s.seen) >= samplesHeld {
				key = "" // so many kinds at once are one kind
				x = s.seen[key]
			}
		}
		if x == nil {
			s.seen[key] = &sample{since: now}
			return 1
		}
	}
	if since := now.Sub(x.since); since < sampleWindow && since >= 0 {
		x.more++
		return 0
	}
	times := x.more + 1
	x.since, x.more = now, 0
	return times
}
