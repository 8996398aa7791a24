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
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/secret"
)

// How long a session lives at most; Policy.Idle says how long without use.
const (
	SessionLife  = 12 * time.Hour
	sessionTouch = time.Minute // last use is stored no more often than this
	sessionsHeld = 50000
)

// Session is one signed-in browser.
type Session struct {
	Actor   luoshu.Actor // Role and Org are empty while something is Pending
	Display luoshu.Text
	CSRF    string // the value every write must repeat in a header
	Created time.Time
	Seen    time.Time
	ID      string   // how people refer to it
	Grant   string   // the grant it acts under, "" until one is chosen
	Owner   string   // of a delegation: whose grant it is
	Factor  bool     // a second factor was shown
	Pending string   // what is due before anything else: "factor", "enrol", "password", "grant" or ""
	Token   string   // id of the API token, "" for a browser
	Rights  []string // of a token: all it may do
	hash    string
	address string
	agent   string
	stored  time.Time // last use as the database has it
	checked time.Time // last time the account was looked at
	kept    bool      // it stands in the database, so that it is over when it does no more
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

// errNoGrant answers who is known but may do nothing.
var errNoGrant = luoshu.Errorf(luoshu.Denied, "账号没有有效授权，请联系安全管理员", "the account holds no grant; ask the security administrator")

// SignIn checks name and password and opens a session, which may still have
// something Pending. The token goes to the browser and nowhere else; only its hash
// is kept. Errors: ErrSignIn, a *TooManyError, a Denied for an account that is
// sealed or holds no grant, or a fault of the database.
func (a *Access) SignIn(ctx context.Context, name, password, address string) (string, *Session, error) {
	return a.SignInFrom(ctx, name, password, address, "")
}

// SignInFrom is SignIn with what the browser calls itself.
func (a *Access) SignInFrom(ctx context.Context, name, password, address, agent string) (string, *Session, error) {
	if w := a.limit.Wait(name, address, a.now()); w > 0 {
		a.tell(ctx, Event{Kind: "locked", Account: name, Address: address})
		return "", nil, &TooManyError{Wait: w}
	}
	var hash, subject string
	var off int
	err := a.db.QueryRow(ctx, `SELECT hash, disabled, subject FROM account WHERE name = ?`, name).Scan(&hash, &off, &subject)
	known := err == nil
	if err != nil {
		if !errors.Is(err, sql.ErrNoRows) {
			return "", nil, fmt.Errorf("read account: %w", err)
		}
		hash = a.decoy
	}
	good, err := a.checkHash(ctx, hash, password)
	if err != nil {
		return "", nil, err
	}
	if !known || !good || off != 0 || subject != "" { // a linked account signs in at its provider
		a.failed(name, address)
		a.tell(ctx, Event{Kind: "sign-in-failed", Account: name, Address: address})
		return "", nil, ErrSignIn
	}
	a.passed(name, address)
	return a.open(ctx, name, address, agent)
}

// checkHash checks a password against a hash; few at a time, since each takes memory.
func (a *Access) checkHash(ctx context.Context, hash, password string) (bool, error) {
	select {
	case a.work <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-a.work }()
	return len(password) <= 1024 && secret.Check(hash, password), nil
}

// open makes a session of an account whose owner has shown who they are.
func (a *Access) open(ctx context.Context, name, address, agent string) (string, *Session, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", nil, fmt.Errorf("make a session token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := a.now()
	s := &Session{
		Actor: luoshu.Actor{Name: name}, ID: "S" + strings.ToLower(rand.Text()[:12]), hash: tokenHash(token), CSRF: csrfOf(token),
		Created: now, Seen: now, stored: now, checked: now, address: address, agent: cut(agent, 200),
	}
	grants, err := a.holding(ctx, name)
	if err != nil {
		return "", nil, err
	}
	if len(grants) == 0 {
		return "", nil, errNoGrant
	}
	if len(grants) == 1 {
		s.Grant = grants[0].ID
	}
	var created string
	var last int64
	if err := a.db.QueryRow(ctx, `SELECT created, last_in FROM account WHERE name = ?`, name).Scan(&created, &last); err != nil {
		return "", nil, fmt.Errorf("read account: %w", err)
	}
	if a.Policy().Unused(created, last, now) {
		return "", nil, luoshu.Errorf(luoshu.Denied, "账号长期未用，已封存；请联系系统管理员启用", "the account was not used for long and is sealed; ask the system administrator to open it")
	}
	if ok, err := a.settle(ctx, s); err != nil || !ok {
		if err == nil {
			err = errNoGrant
		}
		return "", nil, err
	}
	a.keep(s)
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `INSERT INTO session (hash, account, created, seen, id, grant_id, factor, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.hash, s.Actor.Name, now.Unix(), now.Unix(), s.ID, s.Grant, flag(s.Factor), s.address, s.agent)
		if err == nil {
			a.smu.Lock()
			if held := a.sessions[s.hash]; held != nil {
				held.kept = true
			}
			a.smu.Unlock()
			_, err = a.db.Exec(ctx, `UPDATE account SET last_in = ? WHERE name = ?`, now.Unix(), name)
		}
		if err == nil && s.Grant != "" {
			_, err = a.db.Exec(ctx, `UPDATE role_grant SET used_at = ? WHERE id = ?`, now.Unix(), s.Grant)
		}
		return err
	})
	a.tell(ctx, Event{Kind: "sign-in", Actor: name, Account: name, Object: s.ID, Address: address})
	out := *s
	return token, &out, nil
}

// settle reads the account and the grant of a session: who acts, and what is still
// pending. It answers false when the session is over.
func (a *Access) settle(ctx context.Context, s *Session) (bool, error) {
	var off, change int
	var since int64
	var created, subject string
	err := a.db.QueryRow(ctx, `SELECT display_zh, display_en, disabled, must_change, password_at, created, subject FROM account WHERE name = ?`, s.Actor.Name).
		Scan(&s.Display.ZH, &s.Display.EN, &off, &change, &since, &created, &subject)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && off != 0) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read account: %w", err)
	}
	grants, err := a.holding(ctx, s.Actor.Name)
	if err != nil {
		return false, err
	}
	s.Actor.Role, s.Actor.Org, s.Owner, s.Pending = "", "", "", ""
	var g *Grant
	demands := false
	for i := range grants {
		if grants[i].ID == s.Grant {
			g = &grants[i]
		}
		if r := a.cat.Role(grants[i].Role); r != nil && r.Factor {
			demands = true
		}
	}
	if len(grants) == 0 || (s.Grant != "" && g == nil) {
		return false, nil
	}
	var ready int
	if err := a.db.QueryRow(ctx, `SELECT count(*) FROM factor WHERE account = ? AND ready = 1 AND kind <> 'recovery'`, s.Actor.Name).Scan(&ready); err != nil {
		return false, fmt.Errorf("read factors: %w", err)
	}
	set := time.Unix(since, 0)
	if since == 0 {
		if set, err = time.Parse(time.RFC3339, created); err != nil {
			set = a.now()
		}
	}
	days := a.Policy().PasswordDays
	switch {
	case ready > 0 && !s.Factor:
		s.Pending = "factor"
	case subject == "" && (change != 0 || days > 0 && a.now().Sub(set) > time.Duration(days)*24*time.Hour):
		s.Pending = "password"
	case demands && ready == 0:
		s.Pending = "enrol"
	case g == nil:
		s.Pending = "grant"
	default:
		s.Actor.Role, s.Actor.Org, s.Owner = g.Role, g.Org, g.Owner
	}
	return true, nil
}

// Choose makes a session act under one of the account's grants.
func (a *Access) Choose(ctx context.Context, s *Session, grant string) (*Session, error) {
	grants, err := a.holding(ctx, s.Actor.Name)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(grants, func(g Grant) bool { return g.ID == grant }) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这一授权", "no such grant")
	}
	out, err := a.amend(ctx, s, func(x *Session) { x.Grant = grant }, `UPDATE session SET grant_id = ? WHERE hash = ?`, grant)
	if err == nil {
		a.store(func(ctx context.Context) error {
			_, err := a.db.Exec(ctx, `UPDATE role_grant SET used_at = ? WHERE id = ?`, a.now().Unix(), grant)
			return err
		})
	}
	return out, err
}

// Holding lists what a session's account may act as.
func (a *Access) Holding(ctx context.Context, s *Session) ([]Grant, error) {
	return a.holding(ctx, s.Actor.Name)
}

// amend changes a session, here and in the database, and settles it anew.
func (a *Access) amend(ctx context.Context, s *Session, change func(*Session), q string, value any) (*Session, error) {
	out := *s
	change(&out)
	if ok, err := a.settle(ctx, &out); err != nil || !ok {
		if err == nil {
			err = errNoGrant
		}
		return nil, err
	}
	hash := out.hash
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, q, value, hash)
		return err
	})
	a.keepOn(&out)
	return &out, nil
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
	if s != nil && a.alive(s, now) && now.Sub(s.checked) < sessionTouch {
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
	var held *Session
	if s != nil {
		c := *s
		held = &c
	}
	a.smu.Unlock()
	return a.loadSession(ctx, token, hash, now, held)
}

// loadSession reads the account anew, and the session too if it is not held. One that
// is held and has gone from the database was ended by another process.
func (a *Access) loadSession(ctx context.Context, token, hash string, now time.Time, held *Session) (*Session, error) {
	s := &Session{hash: hash, CSRF: csrfOf(token)}
	if held != nil {
		if !a.alive(held, now) {
			a.drop(hash)
			return nil, nil
		}
		*s = *held
		if held.kept {
			var n int
			if err := a.db.QueryRow(ctx, `SELECT count(*) FROM session WHERE hash = ?`, hash).Scan(&n); err != nil {
				return nil, fmt.Errorf("read session: %w", err)
			}
			if n == 0 {
				a.drop(hash)
				return nil, nil
			}
		}
	} else {
		var created, seen int64
		var factor int
		err := a.db.QueryRow(ctx, `SELECT account, created, seen, id, grant_id, factor, address, agent FROM session WHERE hash = ?`, hash).
			Scan(&s.Actor.Name, &created, &seen, &s.ID, &s.Grant, &factor, &s.address, &s.agent)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		s.Created, s.Seen, s.Factor = time.Unix(created, 0), time.Unix(seen, 0), factor != 0
		s.stored, s.kept = s.Seen, true
		if !a.alive(s, now) || a.cutOff(s) {
			return nil, nil
		}
	}
	ok, err := a.settle(ctx, s)
	if err != nil {
		return nil, err
	}
	if !ok {
		a.drop(hash)
		return nil, nil
	}
	a.smu.Lock()
	gone := a.ended[hash]
	a.smu.Unlock()
	s.Seen, s.checked = now, now
	switch { // ended while the account was read
	case gone, held == nil && a.cutOff(s), held != nil && !a.keepOn(s):
		return nil, nil
	case held == nil:
		a.keep(s)
	}
	out := *s
	return &out, nil
}

// SignOut ends a session at once.
func (a *Access) SignOut(ctx context.Context, token string) {
	hash := tokenHash(token)
	a.smu.Lock()
	who := ""
	if s := a.sessions[hash]; s != nil {
		who = s.Actor.Name
	}
	delete(a.sessions, hash)
	a.ended[hash] = true
	a.smu.Unlock()
	a.tell(ctx, Event{Kind: "sign-out", Actor: who, Account: who})
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

// alive also ends a session that lies in the future: the clock jumped back.
func (a *Access) alive(s *Session, now time.Time) bool {
	return now.Sub(s.Seen) < a.Policy().Idle && now.Sub(s.Created) < SessionLife && s.Created.Sub(now) < sessionTouch
}

func (a *Access) keep(s *Session) {
	held := *s
	a.smu.Lock()
	defer a.smu.Unlock()
	if len(a.sessions) >= sessionsHeld {
		for h, o := range a.sessions {
			if !a.alive(o, s.Seen) {
				delete(a.sessions, h)
			}
		}
		if len(a.sessions) >= sessionsHeld {
			a.sessions = map[string]*Session{}
		}
	}
	a.sessions[s.hash] = &held
}

// keepOn is keep for a session that is held: one that was ended meanwhile stays so.
func (a *Access) keepOn(s *Session) bool {
	held := *s
	a.smu.Lock()
	defer a.smu.Unlock()
	old := a.sessions[s.hash]
	if old == nil {
		return false
	}
	held.kept = held.kept || old.kept
	a.sessions[s.hash] = &held
	return true
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
	c, ok := a.cut[s.Actor.Name]
	return ok && !s.Created.After(c.at) && s.hash != c.but
}

// endSessionsBut ends the sessions of an account except the one with hash keep.
func (a *Access) endSessionsBut(ctx context.Context, account, keep string) error {
	a.smu.Lock()
	a.cut[account] = cutting{a.now(), keep}
	for h, s := range a.sessions {
		if s.Actor.Name == account && h != keep {
			delete(a.sessions, h)
		}
	}
	if s := a.sessions[keep]; s != nil {
		s.checked = time.Time{}
	}
	a.smu.Unlock()
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `DELETE FROM session WHERE account = ? AND hash <> ?`, account, keep)
		return err
	})
	return nil
}

// recheck lets every session be settled anew at its next request.
func (a *Access) recheck() {
	a.smu.Lock()
	for _, s := range a.sessions {
		s.checked = time.Time{}
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
// that have long expired: the last use of one that another process holds may still
// wait to be written. Call it before closing the database.
func (a *Access) Sync(ctx context.Context) error {
	a.smu.Lock()
	for a.flushing {
		a.flushed.Wait()
	}
	a.smu.Unlock()
	now := a.now()
	_, err := a.db.Exec(ctx, `DELETE FROM session WHERE seen < ? OR created < ?`,
		now.Add(-a.Policy().Idle-time.Hour).Unix(), now.Add(-SessionLife).Unix())
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

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
