package access

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/passkey"
	"luoshu/kernel/store"
)

// How long a browser may take to answer, and how many answers are waited for.
const (
	ceremonyTime = 5 * time.Minute
	ceremonyMost = 10000
)

// ceremony is a question that a browser was asked and has not answered. It lives in
// this process: after a restart the person presses the button once more.
type ceremony struct {
	site  passkey.Site
	state []byte
	until time.Time
}

// SetAddress says what browsers call this system ("https://data.example.cn");
// passkeys are bound to its host name. Without one they work on localhost only. Set
// it before serving.
func (a *Access) SetAddress(address string) { a.address = strings.TrimRight(address, "/") }

// Passkeys reports whether a browser that came by the origin can use passkeys.
func (a *Access) Passkeys(origin string) bool {
	_, err := a.site(origin)
	return err == nil
}

// site is the place passkeys are bound to. What the browser says counts only on
// localhost: elsewhere it is the city's own word.
func (a *Access) site(origin string) (passkey.Site, error) {
	at := a.address
	if at == "" {
		at = origin
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || a.db.Vault() == nil || (a.address == "" && u.Hostname() != "localhost") {
		return passkey.Site{}, luoshu.Errorf(luoshu.Conflict, "尚未配置本系统的网址（city.yaml 的 address），不能使用通行密钥",
			"passkeys need the system's address in city.yaml")
	}
	return passkey.Site{ID: u.Hostname(), Origin: u.Scheme + "://" + u.Host, Title: a.cat.City.Title.ZH}, nil
}

// remind keeps a question until its answer comes; one of a kind for a session.
func (a *Access) remind(key string, c ceremony) {
	now := a.now()
	c.until = now.Add(ceremonyTime)
	a.smu.Lock()
	defer a.smu.Unlock()
	if len(a.ceremonies) >= ceremonyMost {
		for k, o := range a.ceremonies {
			if !now.Before(o.until) {
				delete(a.ceremonies, k)
			}
		}
		if len(a.ceremonies) >= ceremonyMost {
			a.ceremonies = map[string]ceremony{}
		}
	}
	a.ceremonies[key] = c
}

// recall takes a question back: an answer is taken once. One from the future means
// that the clock jumped back, and is over too.
func (a *Access) recall(key string) (ceremony, error) {
	now := a.now()
	a.smu.Lock()
	defer a.smu.Unlock()
	c, ok := a.ceremonies[key]
	delete(a.ceremonies, key)
	if !ok || !now.Before(c.until) || c.until.Sub(now) > ceremonyTime {
		return c, fieldError("passkey", "操作已过期，请重试", "that took too long; try again")
	}
	return c, nil
}

// keyOwner is the account as passkeys know it, with the ids of those it holds.
func (a *Access) keyOwner(ctx context.Context, s *Session) (passkey.Owner, []string, error) {
	o := passkey.Owner{Handle: []byte(tokenHash("passkey\x00" + s.Actor.Name))[:32], Name: s.Actor.Name, Display: s.Display.ZH}
	rows, err := a.db.Query(ctx, `SELECT id, secret FROM factor WHERE account = ? AND kind = 'passkey' AND ready = 1 ORDER BY created, id`, s.Actor.Name)
	if err != nil {
		return o, nil, fmt.Errorf("read passkeys: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id, sealed string
		if err := rows.Scan(&id, &sealed); err != nil {
			return o, nil, fmt.Errorf("read passkeys: %w", err)
		}
		plain, err := a.openSecret(id, sealed)
		if err != nil {
			return o, nil, err
		}
		ids, o.Held = append(ids, id), append(o.Held, []byte(plain))
	}
	return o, ids, rows.Err()
}

// OfferPasskey begins a passkey for one's own account: options for the browser that
// came by origin.
func (a *Access) OfferPasskey(ctx context.Context, s *Session, origin string) (json.RawMessage, error) {
	if err := mayEnrol(s); err != nil {
		return nil, err
	}
	site, err := a.site(origin)
	if err != nil {
		return nil, err
	}
	o, _, err := a.keyOwner(ctx, s)
	if err != nil {
		return nil, err
	}
	options, state, err := passkey.Offer(site, o)
	if err != nil {
		return nil, err
	}
	a.remind("offer "+s.hash, ceremony{site: site, state: state})
	return options, nil
}

// TakePasskey keeps the passkey that the browser made; it counts from now on. The
// answer are recovery codes, shown once, if the account had none.
func (a *Access) TakePasskey(ctx context.Context, s *Session, label string, answer []byte) ([]string, *Session, error) {
	if err := mayEnrol(s); err != nil {
		return nil, nil, err
	}
	c, err := a.recall("offer " + s.hash)
	if err != nil {
		return nil, nil, err
	}
	o, _, err := a.keyOwner(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	kept, err := passkey.Taken(c.site, o, c.state, answer)
	if errors.Is(err, passkey.ErrRefused) {
		return nil, nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "passkey", Cause: err, Msg: luoshu.Text{ZH: "通行密钥无效，请重试", EN: "the passkey was not accepted; try again"}}
	}
	if err != nil {
		return nil, nil, err
	}
	id := "F" + strings.ToLower(rand.Text()[:12])
	sealed, err := a.sealSecret(id, string(kept))
	if err != nil {
		return nil, nil, err
	}
	if label = cut(strings.TrimSpace(label), 60); label == "" {
		label = "Passkey"
	}
	var codes []string
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO factor (id, account, kind, label, secret, step, ready, created, used) VALUES (?, ?, 'passkey', ?, ?, 0, 1, ?, 0)`,
			id, s.Actor.Name, label, sealed, a.now().Unix())
		if err != nil {
			return err
		}
		codes, err = a.recovery(ctx, tx, s.Actor.Name)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("keep a passkey: %w", err)
	}
	out, err := a.factorCounts(ctx, s, id)
	return codes, out, err
}

// AskPasskey begins the showing of a passkey at sign-in.
func (a *Access) AskPasskey(ctx context.Context, s *Session, origin string) (json.RawMessage, error) {
	if s.Pending != "factor" {
		return nil, luoshu.Errorf(luoshu.Conflict, "现在不需要验证", "nothing is due")
	}
	site, err := a.site(origin)
	if err != nil {
		return nil, err
	}
	o, ids, err := a.keyOwner(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有通行密钥", "there is no passkey")
	}
	options, state, err := passkey.Ask(site, o)
	if err != nil {
		return nil, err
	}
	a.remind("ask "+s.hash, ceremony{site: site, state: state})
	return options, nil
}

// PassPasskey shows a passkey at sign-in: the second factor.
func (a *Access) PassPasskey(ctx context.Context, s *Session, answer []byte, address string) (*Session, error) {
	if w := a.limit.Wait(s.Actor.Name, at("factor", s.Actor.Name), a.now()); w > 0 {
		return nil, &TooManyError{Wait: w}
	}
	c, err := a.recall("ask " + s.hash)
	if err != nil {
		return nil, err
	}
	o, ids, err := a.keyOwner(ctx, s)
	if err != nil {
		return nil, err
	}
	which, kept, counter, err := passkey.Shown(c.site, o, c.state, answer)
	if errors.Is(err, passkey.ErrRefused) {
		a.failed(s.Actor.Name, at("factor", s.Actor.Name))
		a.tell(ctx, Event{Kind: "sign-in-failed", Account: s.Actor.Name, Detail: "passkey", Address: address})
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "passkey", Cause: err, Msg: luoshu.Text{ZH: "通行密钥验证未通过", EN: "the passkey was not accepted"}}
	}
	if err != nil {
		return nil, err
	}
	sealed, err := a.sealSecret(ids[which], string(kept))
	if err != nil {
		return nil, err
	}
	// Two who come with copies of one passkey at once: one wins.
	res, err := a.db.Exec(ctx, `UPDATE factor SET secret = ?, step = ?, used = ? WHERE id = ? AND (step < ? OR (step = 0 AND ? = 0))`,
		sealed, int64(counter), a.now().Unix(), ids[which], int64(counter), int64(counter))
	if err != nil {
		return nil, fmt.Errorf("use a passkey: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return nil, errors.Join(fieldError("passkey", "通行密钥验证未通过", "the passkey was not accepted"), err)
	}
	a.passed(s.Actor.Name, at("factor", s.Actor.Name))
	return a.amend(ctx, s, func(x *Session) { x.Factor = true }, `UPDATE session SET factor = ? WHERE hash = ?`, 1)
}

// HasPasskey reports whether the session's account can show a passkey.
func (a *Access) HasPasskey(ctx context.Context, s *Session) (bool, error) {
	var n int
	err := a.db.QueryRow(ctx, `SELECT count(*) FROM factor WHERE account = ? AND kind = 'passkey' AND ready = 1`, s.Actor.Name).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read passkeys: %w", err)
	}
	return n > 0, nil
}
