package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"luoshu"
)

// How long a session lives without use, and at most.
const (
	SessionIdle  = 2 * time.Hour
	SessionLife  = 12 * time.Hour
	sessionTouch = time.Minute // last use is stored no more often than this
	sessionsHeld = 50000
)

// Session is one signed-in browser.
type Session struct {
	Actor   luoshu.Actor
	Display luoshu.Text
	CSRF    string // the value every write must repeat in a header
	Created time.Time
	Seen    time.Time
	hash    string
	stored  time.Time // last use as the database has it
	checked time.Time // last time the account was looked at
}

// ErrSignIn is the one answer to a wrong name, a wrong password and a closed
// account, so that none can be told from another.
var ErrSignIn = &luoshu.Error{
	Kind: luoshu.Denied, Field: "password",
	Msg: luoshu.Text{ZH: "账号或密码不正确", EN: "wrong name or password"},
}

// TooManyError says how long to wait before the next try.
type TooManyError struct{ Wait time.Duration }

// Error names the wait in whole minutes.
func (e *TooManyError) Error() string { return e.Text().EN }

// Text is the message in both languages.
func (e *TooManyError) Text() luoshu.Text {
	m := int(math.Ceil(e.Wait.Minutes()))
	return luoshu.Text{
		ZH: fmt.Sprintf("失败次数过多，请%d分钟后再试", m),
		EN: fmt.Sprintf("too many failed tries; wait %d minutes", m),
	}
}

// SignIn checks name and password and opens a session. The token goes to the
// browser and nowhere else; only its hash is kept. Errors: ErrSignIn, a
// *TooManyError, or a fault of the database.
func (a *Access) SignIn(ctx context.Context, name, password, address string) (string, *Session, error) {
	if w := a.limit.wait(name, address, a.now()); w > 0 {
		return "", nil, &TooManyError{Wait: w}
	}
	s := &Session{}
	var hash string
	var off int
	err := a.db.QueryRow(ctx, `SELECT name, display_zh, display_en, role, org, hash, disabled FROM account WHERE name = ?`, name).
		Scan(&s.Actor.Name, &s.Display.ZH, &s.Display.EN, &s.Actor.Role, &s.Actor.Org, &hash, &off)
	known := err == nil
	if err != nil {
		if !errors.Is(err, sql.ErrNoRows) {
			return "", nil, fmt.Errorf("read account: %w", err)
		}
		hash = a.decoy
	}
	select {
	case a.work <- struct{}{}:
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	good := len(password) <= 1024 && checkPassword(hash, password)
	<-a.work
	if !known || !good || off != 0 || a.cat.Role(s.Actor.Role) == nil {
		a.limit.fail(name, address, a.now())
		return "", nil, ErrSignIn
	}
	a.limit.clear(name, address)
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", nil, fmt.Errorf("make a session token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := a.now()
	s.hash, s.CSRF = tokenHash(token), csrfOf(token)
	s.Created, s.Seen, s.stored, s.checked = now, now, now, now
	a.keep(s)
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `INSERT INTO session (hash, account, created, seen) VALUES (?, ?, ?, ?)`,
			s.hash, s.Actor.Name, now.Unix(), now.Unix())
		return err
	})
	return token, s, nil
}

// Session finds the session of a token, nil if there is none, it has expired or
// its account was closed.
func (a *Access) Session(ctx context.Context, token string) (*Session, error) {
	if len(token) < 40 || len(token) > 64 {
		return nil, nil
	}
	hash, now := tokenHash(token), a.now()
	a.smu.Lock()
	if a.ended[hash] {
		a.smu.Unlock()
		return nil, nil
	}
	s := a.sessions[hash]
	if s != nil && s.alive(now) && now.Sub(s.checked) < sessionTouch {
		s.Seen = now
		touch := now.Sub(s.stored) >= sessionTouch
		if touch {
			s.stored = now
		}
		out := *s
		a.smu.Unlock()
		if touch {
			a.storeSeen(hash, now)
		}
		return &out, nil
	}
	a.smu.Unlock()
	return a.loadSession(ctx, token, hash, now, s)
}

// loadSession reads the account anew, and the session too if it is not held.
func (a *Access) loadSession(ctx context.Context, token, hash string, now time.Time, held *Session) (*Session, error) {
	s := &Session{hash: hash, CSRF: csrfOf(token)}
	if held != nil {
		if !held.alive(now) {
			a.drop(hash)
			return nil, nil
		}
		s.Actor.Name, s.Created, s.stored = held.Actor.Name, held.Created, held.stored
	} else {
		var created, seen int64
		err := a.db.QueryRow(ctx, `SELECT account, created, seen FROM session WHERE hash = ?`, hash).Scan(&s.Actor.Name, &created, &seen)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		s.Created, s.Seen = time.Unix(created, 0), time.Unix(seen, 0)
		s.stored = s.Seen
		if !s.alive(now) || a.cutOff(s) {
			return nil, nil
		}
	}
	var off int
	err := a.db.QueryRow(ctx, `SELECT display_zh, display_en, role, org, disabled FROM account WHERE name = ?`, s.Actor.Name).
		Scan(&s.Display.ZH, &s.Display.EN, &s.Actor.Role, &s.Actor.Org, &off)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read account: %w", err)
	}
	if err != nil || off != 0 {
		a.drop(hash)
		return nil, nil
	}
	s.Seen, s.checked = now, now
	a.keep(s)
	out := *s
	return &out, nil
}

// SignOut ends a session at once.
func (a *Access) SignOut(_ context.Context, token string) {
	hash := tokenHash(token)
	a.smu.Lock()
	delete(a.sessions, hash)
	a.ended[hash] = true
	a.smu.Unlock()
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `DELETE FROM session WHERE hash = ?`, hash)
		if err == nil {
			a.smu.Lock()
			delete(a.ended, hash)
			a.smu.Unlock()
		}
		return err
	})
}

// SameCSRF compares a header with the session's value in constant time.
func (s *Session) SameCSRF(header string) bool {
	return header != "" && subtle.ConstantTimeCompare([]byte(header), []byte(s.CSRF)) == 1
}

func (s *Session) alive(now time.Time) bool {
	return now.Sub(s.Seen) < SessionIdle && now.Sub(s.Created) < SessionLife
}

func (a *Access) keep(s *Session) {
	held := *s
	a.smu.Lock()
	defer a.smu.Unlock()
	if len(a.sessions) >= sessionsHeld {
		for h, o := range a.sessions {
			if !o.alive(s.Seen) {
				delete(a.sessions, h)
			}
		}
		if len(a.sessions) >= sessionsHeld {
			a.sessions = map[string]*Session{}
		}
	}
	a.sessions[s.hash] = &held
}

func (a *Access) drop(hash string) {
	a.smu.Lock()
	delete(a.sessions, hash)
	a.smu.Unlock()
}

// cutOff reports whether all of the account's sessions were ended after this
// one began.
func (a *Access) cutOff(s *Session) bool {
	a.smu.Lock()
	defer a.smu.Unlock()
	at, ok := a.cut[s.Actor.Name]
	return ok && !s.Created.After(at)
}

func (a *Access) endSessions(account string) {
	a.smu.Lock()
	a.cut[account] = a.now()
	for h, s := range a.sessions {
		if s.Actor.Name == account {
			delete(a.sessions, h)
		}
	}
	a.smu.Unlock()
}

func (a *Access) storeSeen(hash string, now time.Time) {
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `UPDATE session SET seen = ? WHERE hash = ?`, now.Unix(), hash)
		return err
	})
}

// store queues a write behind the one writer, which a long load may hold for
// minutes, so that signing in and out never waits for it. A crash loses at most
// the queue: somebody signs in once more.
func (a *Access) store(w func(context.Context) error) {
	a.smu.Lock()
	defer a.smu.Unlock()
	a.pending = append(a.pending, w)
	if a.flushing {
		return
	}
	a.flushing = true
	go func() {
		for {
			a.smu.Lock()
			todo := a.pending
			a.pending = nil
			if len(todo) == 0 {
				a.flushing = false
				a.flushed.Broadcast()
				a.smu.Unlock()
				return
			}
			a.smu.Unlock()
			for _, w := range todo {
				// A write that fails only costs the session its life across a restart.
				_ = w(context.Background())
			}
		}
	}()
}

// Sync waits until every queued session write is stored, and removes sessions
// that have expired. Call it before closing the database.
func (a *Access) Sync(ctx context.Context) error {
	a.smu.Lock()
	for a.flushing {
		a.flushed.Wait()
	}
	a.smu.Unlock()
	now := a.now()
	_, err := a.db.Exec(ctx, `DELETE FROM session WHERE seen < ? OR created < ?`,
		now.Add(-SessionIdle).Unix(), now.Add(-SessionLife).Unix())
	if err != nil {
		return fmt.Errorf("remove expired sessions: %w", err)
	}
	return nil
}

func tokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// csrfOf derives the header value from the token; it tells nothing about it.
func csrfOf(token string) string {
	h := sha256.Sum256([]byte("luoshu csrf\x00" + token))
	return base64.RawURLEncoding.EncodeToString(h[:18])
}
