package kit

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/audit"
)

// Trace is what the audit log will say of a request. The server fills in who,
// from where and what came of it; a handler may say more: what kind of act it is,
// on what, and why. It must never be given a value of a record.
type Trace struct {
	audit.Event
	// Sensitive: the entry is on disk before the first byte of a good answer leaves,
	// and the request is refused if it cannot be.
	Sensitive bool
	// Noted: a room has made the entry itself.
	Noted bool
}

type traceKey struct{}

// WithTrace returns a context that carries the trace of a request.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceOf is the trace that a context carries, nil if it carries none.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// Marks is the trace of a request, never nil.
func Marks(r *http.Request) *Trace {
	if t := TraceOf(r.Context()); t != nil {
		return t
	}
	return &Trace{}
}

// TooMany refuses a request that came too soon after others; it is answered 429
// with Retry-After.
type TooMany struct {
	Seconds int
	Msg     luoshu.Text
}

// Error is the English message.
func (e *TooMany) Error() string { return e.Msg.EN }
