package access

import "context"

// Event is something that happened to an account, a grant or a token, for the
// audit log. It holds no password, token or other secret.
type Event struct {
	Kind    string // sign-in sign-in-failed locked sign-out grant grant-end delegate account disable enable reset factor factor-removed token token-revoked sessions-ended review link unlink import credential-asked credential-agreed credential-refused credential-withdrawn credential-used
	Actor   string // who did it
	Account string // whom it concerns
	Object  string // id of the grant, token, session or review
	Detail  string
	Address string
}

// OnEvent, if set, is told every event; it must not block. Set it before serving.
func (a *Access) OnEvent(f func(context.Context, Event)) { a.events = f }

// Changed follows up on a grant that another room gave or ended: sessions look again,
// and the audit log is told.
func (a *Access) Changed(ctx context.Context, e Event) {
	a.recheck()
	a.tell(ctx, e)
}

func (a *Access) tell(ctx context.Context, e Event) {
	if a.events != nil {
		a.events(ctx, e)
	}
}
