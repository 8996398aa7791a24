package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"luoshu"
)

// SessionInfo is a session as its owner or an administrator sees it.
type SessionInfo struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Role    string `json:"role"`
	Org     string `json:"org"`
	Created string `json:"created"`
	Seen    string `json:"seen"`
	Address string `json:"address"`
	Agent   string `json:"agent"`
	This    bool   `json:"this"`
}

// Sessions lists the sessions that live: one's own, or those of another account
// for who has the right grants over one of its grants.
func (a *Access) Sessions(ctx context.Context, s *Session, account string) ([]SessionInfo, error) {
	if account == "" {
		account = s.Actor.Name
	}
	if account != s.Actor.Name {
		if err := a.Require(s.Actor, "grants"); err != nil {
			return nil, err
		}
		if ok, err := a.over(ctx, s.Actor, account); err != nil || !ok {
			return []SessionInfo{}, err
		}
	}
	now := a.now()
	rows, err := a.db.Query(ctx, `SELECT s.hash, s.id, s.account, s.created, s.seen, s.address, s.agent, coalesce(g.role, ''), coalesce(g.org, '')
		FROM session s LEFT JOIN role_grant g ON g.id = s.grant_id WHERE s.account = ? AND s.created > ? AND s.seen > ? ORDER BY s.created DESC`,
		account, now.Add(-SessionLife).Unix(), now.Add(-a.Policy().Idle-sessionTouch).Unix())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer rows.Close()
	out := []SessionInfo{}
	for rows.Next() {
		var x SessionInfo
		var hash string
		var created, seen int64
		if err := rows.Scan(&hash, &x.ID, &x.Account, &created, &seen, &x.Address, &x.Agent, &x.Role, &x.Org); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		x.Created, x.Seen = time.Unix(created, 0).UTC().Format(time.RFC3339), time.Unix(seen, 0).UTC().Format(time.RFC3339)
		x.This = hash == s.hash
		out = append(out, x)
	}
	return out, rows.Err()
}

// over reports whether an account holds a grant within the actor's scope.
func (a *Access) over(ctx context.Context, actor luoshu.Actor, account string) (bool, error) {
	scope, err := a.Scope(ctx, actor)
	if err != nil || scope.Whole {
		return err == nil, err
	}
	all, err := a.GrantsOf(ctx, account)
	return slices.ContainsFunc(all, func(g Grant) bool { return !g.Ended && scope.Has(g.Org) }), err
}

// EndSession ends one session by its id: one's own, or that of another account for
// who has the right grants over one of its grants. Other processes follow within a
// minute.
func (a *Access) EndSession(ctx context.Context, s *Session, id string) error {
	var hash, account string
	err := a.db.QueryRow(ctx, `SELECT hash, account FROM session WHERE id = ?`, id).Scan(&hash, &account)
	gone := luoshu.Errorf(luoshu.NotFound, "没有这个会话", "no such session")
	if errors.Is(err, sql.ErrNoRows) || id == "" {
		return gone
	}
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	if account != s.Actor.Name {
		if a.Require(s.Actor, "grants") != nil {
			return gone
		}
		if ok, err := a.over(ctx, s.Actor, account); err != nil || !ok {
			return errors.Join(err, gone)
		}
	}
	a.smu.Lock()
	delete(a.sessions, hash)
	a.ended[hash] = true
	a.smu.Unlock()
	if _, err := a.db.Exec(ctx, `DELETE FROM session WHERE hash = ?`, hash); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	a.tell(ctx, Event{Kind: "sessions-ended", Actor: s.Actor.Name, Account: account, Object: id})
	return nil
}
