package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/foureyes"
	"luoshu/kernel/access/oidc"
)

// Sign-in through an identity provider elsewhere. It says who somebody is; it makes
// no account and gives no right: the account must be linked by an administrator.

// departure is a sign-in under way at the provider. It is used once.
type departure struct {
	flow  oidc.Flow
	bind  string // hash of what the same browser must show again
	until time.Time
}

// SetProvider lets people sign in through a provider. Set it before serving.
func (a *Access) SetProvider(p *oidc.Provider) { a.provider = p }

// Provider is the title of the provider, nil if there is none.
func (a *Access) Provider() *luoshu.Text {
	if a.provider == nil {
		return nil
	}
	t := a.provider.Title()
	return &t
}

// Depart begins a sign-in at the provider: where to send the browser, and what it
// must bring back in a cookie.
func (a *Access) Depart(ctx context.Context) (address, bind string, err error) {
	if a.provider == nil {
		return "", "", luoshu.Errorf(luoshu.NotFound, "没有配置统一身份认证", "there is no identity provider")
	}
	address, flow, err := a.provider.Begin(ctx)
	if err != nil {
		return "", "", err
	}
	bind = rand.Text()
	now := a.now()
	a.smu.Lock()
	defer a.smu.Unlock()
	if len(a.departures) >= ceremonyMost {
		for k, d := range a.departures {
			if !now.Before(d.until) {
				delete(a.departures, k)
			}
		}
		for k := range a.departures { // still full: somebody begins again
			if len(a.departures) < ceremonyMost {
				break
			}
			delete(a.departures, k)
		}
	}
	a.departures[flow.State] = departure{flow, tokenHash(bind), now.Add(ceremonyTime)}
	return address, bind, nil
}

// Arrive ends a sign-in at the provider. Every failure is ErrSignIn: a state that is
// unknown, used, late or another browser's, a code that the provider does not
// honour, a person without a linked account.
func (a *Access) Arrive(ctx context.Context, state, code, bind, address, agent string) (string, *Session, error) {
	now := a.now()
	a.smu.Lock()
	d, ok := a.departures[state]
	delete(a.departures, state)
	a.smu.Unlock()
	refuse := func(cause error) (string, *Session, error) {
		a.tell(ctx, Event{Kind: "sign-in-failed", Detail: "provider", Address: address})
		return "", nil, errors.Join(ErrSignIn, cause)
	}
	switch {
	case a.provider == nil || !ok || !now.Before(d.until) || d.until.Sub(now) > ceremonyTime:
		return refuse(errors.New("the state is not known or over"))
	case subtle.ConstantTimeCompare([]byte(tokenHash(bind)), []byte(d.bind)) != 1:
		return refuse(errors.New("the state belongs to another browser"))
	}
	subject, err := a.provider.Finish(ctx, code, d.flow)
	if err != nil {
		return refuse(err)
	}
	var name string
	var off int
	err = a.db.QueryRow(ctx, `SELECT name, disabled FROM account WHERE subject = ? AND subject <> ''`, subject).Scan(&name, &off)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && off != 0) {
		return refuse(errors.New("no open account is linked"))
	}
	if err != nil {
		return "", nil, fmt.Errorf("read account: %w", err)
	}
	return a.open(ctx, name, address, agent)
}

// SetSubject links an account to a person of the provider by the value of its claim,
// or unlinks it by "". A linked account signs in there and no longer by a password,
// and its sessions end. Right: accounts, and not one's own.
func (a *Access) SetSubject(ctx context.Context, actor luoshu.Actor, name, subject string) error {
	subject = strings.TrimSpace(subject)
	if err := a.administers(actor, name); err != nil {
		return err
	}
	if len(subject) > 255 {
		return fieldError("subject", "标识过长", "the identifier is too long")
	}
	var taken int
	if err := a.db.QueryRow(ctx, `SELECT count(*) FROM account WHERE subject = ? AND subject <> '' AND name <> ?`, subject, name).Scan(&taken); err != nil {
		return fmt.Errorf("look for account: %w", err)
	}
	if taken > 0 {
		return luoshu.Errorf(luoshu.Conflict, "此人已关联另一账号", "this person is linked to another account")
	}
	if err := a.renews(ctx, actor, name, foureyes.Subject, subject); err != nil {
		return err
	}
	if err := changedOne(a.db.Exec(ctx, `UPDATE account SET subject = ? WHERE name = ?`, subject, name)); err != nil {
		return err
	}
	kind := "link"
	if subject == "" {
		kind = "unlink"
	}
	a.tell(ctx, Event{Kind: kind, Actor: actor.Name, Account: name})
	return a.endSessionsBut(ctx, name, "")
}
