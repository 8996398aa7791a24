package access

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"luoshu"
)

// TokenInfo is an API token without the token itself.
type TokenInfo struct {
	ID      string   `json:"id"`
	Label   string   `json:"label"`
	Grant   string   `json:"grant"`
	Org     string   `json:"org"`
	Rights  []string `json:"rights"`
	Created string   `json:"created"`
	Expires string   `json:"expires"` // RFC 3339
	Used    string   `json:"used"`
	Revoked bool     `json:"revoked"`
}

// tokenPrefix lets scanners of leaked secrets know one of ours.
const tokenPrefix = "lst_"

// MakeToken makes an API token of one's own: some of the rights of the session's
// grant, optionally at a narrower organisation, for some days. The token is
// answered once. Administrators' rights cannot be given to a token.
func (a *Access) MakeToken(ctx context.Context, s *Session, label, org string, rights []string, days int) (string, *TokenInfo, error) {
	role := a.cat.Role(s.Actor.Role)
	most := a.Policy().TokenDays
	switch {
	case role == nil || s.Token != "" || s.Grant == "":
		return "", nil, luoshu.Errorf(luoshu.Denied, "请以账号登录后再建凭证", "sign in with the account to make a token")
	case IsAdministrator(role):
		return "", nil, luoshu.Errorf(luoshu.Denied, "管理员权限不能交给凭证", "an administrator's right cannot be given to a token")
	case strings.TrimSpace(label) == "":
		return "", nil, fieldError("label", "请写明用途", "say what it is for")
	case len(rights) == 0:
		return "", nil, fieldError("rights", "请至少选一项权限", "choose at least one right")
	case days < 1 || days > most:
		return "", nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "days", Msg: luoshu.Errorf(luoshu.Invalid, "有效期为1至%d天", "between 1 and %d days", most).Msg}
	}
	for _, r := range rights {
		if !role.May(r) {
			return "", nil, fieldError("rights", "您没有权限“"+r+"”", "you do not have the right "+r)
		}
	}
	if org != "" {
		scope, err := a.Scope(ctx, s.Actor)
		if err != nil {
			return "", nil, err
		}
		if !scope.Has(org) {
			return "", nil, fieldError("org", "单位不在您的管辖范围", "the organisation is outside your scope")
		}
	}
	rights = slices.Compact(slices.Sorted(slices.Values(rights)))
	now := a.now()
	token := tokenPrefix + strings.ToLower(rand.Text()+rand.Text())
	t := &TokenInfo{
		ID: "T" + strings.ToLower(rand.Text()[:12]), Label: cut(strings.TrimSpace(label), 100), Grant: s.Grant, Org: org, Rights: rights,
		Created: now.UTC().Format(time.RFC3339), Expires: now.AddDate(0, 0, days).UTC().Format(time.RFC3339),
	}
	_, err := a.db.Exec(ctx, `INSERT INTO api_token (id, hash, account, grant_id, org, rights, label, created, expires, used, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
		t.ID, tokenHash(token), s.Actor.Name, s.Grant, org, strings.Join(rights, ","), t.Label, now.Unix(), now.AddDate(0, 0, days).Unix())
	if err != nil {
		return "", nil, fmt.Errorf("make token: %w", err)
	}
	a.tell(ctx, Event{Kind: "token", Actor: s.Actor.Name, Account: s.Actor.Name, Object: t.ID, Detail: strings.Join(rights, ",")})
	return token, t, nil
}

// Tokens lists one's own tokens, newest first.
func (a *Access) Tokens(ctx context.Context, s *Session) ([]TokenInfo, error) {
	rows, err := a.db.Query(ctx, `SELECT id, label, grant_id, org, rights, created, expires, used, revoked FROM api_token WHERE account = ? ORDER BY created DESC, id`, s.Actor.Name)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	out := []TokenInfo{}
	for rows.Next() {
		var t TokenInfo
		var rights string
		var created, expires, used, revoked int64
		if err := rows.Scan(&t.ID, &t.Label, &t.Grant, &t.Org, &rights, &created, &expires, &used, &revoked); err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		when := func(n int64) string {
			if n == 0 {
				return ""
			}
			return time.Unix(n, 0).UTC().Format(time.RFC3339)
		}
		t.Rights, t.Created, t.Expires, t.Used, t.Revoked = strings.Split(rights, ","), when(created), when(expires), when(used), revoked != 0
		out = append(out, t)
	}
	return out, rows.Err()
}

// RevokeToken ends one's own token at once.
func (a *Access) RevokeToken(ctx context.Context, s *Session, id string) error {
	res, err := a.db.Exec(ctx, `UPDATE api_token SET revoked = ? WHERE id = ? AND account = ? AND revoked = 0`, a.now().Unix(), id, s.Actor.Name)
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这个凭证", "no such token")
	}
	a.tell(ctx, Event{Kind: "token-revoked", Actor: s.Actor.Name, Account: s.Actor.Name, Object: id})
	return nil
}

// TokenSession is the session of a request that bears an API token; nil where the
// token is unknown, revoked or expired, or its account or grant is over.
func (a *Access) TokenSession(ctx context.Context, token string) (*Session, error) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 100 {
		return nil, nil
	}
	s := &Session{Created: a.now(), Seen: a.now()}
	var rights, org string
	var created, expires, used, revoked int64
	err := a.db.QueryRow(ctx, `SELECT id, account, grant_id, org, rights, created, expires, used, revoked FROM api_token WHERE hash = ?`, tokenHash(token)).
		Scan(&s.Token, &s.Actor.Name, &s.Grant, &org, &rights, &created, &expires, &used, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	now := a.now().Unix()
	if revoked != 0 || now >= expires || now < created-60 {
		return nil, nil
	}
	s.Factor = true // whoever made the token had shown it
	if ok, err := a.settle(ctx, s); err != nil || !ok || s.Pending == "factor" || s.Actor.Role == "" {
		return nil, err
	}
	s.Rights, s.Actor.Only = strings.Split(rights, ","), rights
	if org != "" {
		scope, err := a.Scope(ctx, s.Actor)
		if err != nil || !scope.Has(org) {
			return nil, err
		}
		s.Actor.Org = org
	}
	if now-used > int64(sessionTouch/time.Second) {
		id := s.Token
		a.store(func(ctx context.Context) error {
			_, err := a.db.Exec(ctx, `UPDATE api_token SET used = ? WHERE id = ?`, now, id)
			return err
		})
	}
	return s, nil
}
