package access

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/guest"
	"luoshu/kernel/store"
)

// Grant is a role at an organisation for a time.
type Grant struct {
	ID         string      `json:"id"`
	Account    string      `json:"account"`
	Display    luoshu.Text `json:"display"`
	Role       string      `json:"role"`
	Org        string      `json:"org"`
	From       string      `json:"from"` // yyyy-mm-dd, "" from ever
	To         string      `json:"to"`   // last day, "" open
	DelegateOf string      `json:"delegate_of,omitempty"`
	Owner      string      `json:"owner,omitempty"` // of a delegation: whose grant it is
	GivenBy    string      `json:"given_by"`
	Reason     string      `json:"reason"`
	Ended      bool        `json:"ended"`
	EndedBy    string      `json:"ended_by,omitempty"`
	EndReason  string      `json:"end_reason,omitempty"`
	Used       string      `json:"used"` // last session under it, RFC 3339, "" never
	Holds      bool        `json:"holds"`

	from, to, given, ended, used int64
}

const grantColumns = `g.id, g.account, a.display_zh, a.display_en, g.role, g.org, g.from_day, g.to_day, g.delegate_of, g.given_by,
	g.given_at, g.reason, g.ended_by, g.ended_at, g.end_reason, g.used_at, coalesce((SELECT o.account FROM role_grant o WHERE o.id = g.delegate_of), ''), a.disabled`

const grantFrom = ` FROM role_grant g JOIN account a ON a.name = g.account `

func (a *Access) scanGrant(scan func(...any) error) (Grant, error) {
	var g Grant
	var off int
	err := scan(&g.ID, &g.Account, &g.Display.ZH, &g.Display.EN, &g.Role, &g.Org, &g.from, &g.to, &g.DelegateOf, &g.GivenBy,
		&g.given, &g.Reason, &g.EndedBy, &g.ended, &g.EndReason, &g.used, &g.Owner, &off)
	if err != nil {
		return g, err
	}
	g.From, g.To, g.Ended = luoshu.FormatDate(g.from), luoshu.FormatDate(g.to), g.ended != 0
	if g.used != 0 {
		g.Used = time.Unix(g.used, 0).UTC().Format(time.RFC3339)
	}
	g.Holds = off == 0 && g.holds(dayOf(a.now())) && a.cat.Role(g.Role) != nil
	return g, nil
}

func (g *Grant) holds(day int64) bool {
	return g.ended == 0 && g.from <= day && (g.to == 0 || day <= g.to)
}

func (a *Access) grants(ctx context.Context, tail string, args ...any) ([]Grant, error) {
	rows, err := a.db.Query(ctx, `SELECT `+grantColumns+grantFrom+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	defer rows.Close()
	out := []Grant{}
	for rows.Next() {
		g, err := a.scanGrant(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read grants: %w", err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// GrantsOf lists an account's grants, the oldest first.
func (a *Access) GrantsOf(ctx context.Context, account string) ([]Grant, error) {
	return a.grants(ctx, `WHERE g.account = ? ORDER BY g.given_at, g.id`, account)
}

// holding are the grants an account may act under now. A delegation holds only
// while what it was handed on from does.
func (a *Access) holding(ctx context.Context, account string) ([]Grant, error) {
	all, err := a.GrantsOf(ctx, account)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, g := range all {
		if !g.Holds {
			continue
		}
		if g.DelegateOf != "" {
			of, err := a.grants(ctx, `WHERE g.id = ?`, g.DelegateOf)
			if err != nil {
				return nil, err
			}
			if len(of) == 0 || !of[0].Holds {
				continue
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// Grants lists grants of organisations within the actor's scope, newest first;
// q narrows by account name or display name. Right: grants.
func (a *Access) Grants(ctx context.Context, actor luoshu.Actor, q string, offset, limit int) ([]Grant, int, error) {
	if err := a.Require(actor, "grants"); err != nil {
		return nil, 0, err
	}
	scope, err := a.Scope(ctx, actor)
	if err != nil {
		return nil, 0, err
	}
	all, err := a.grants(ctx, `ORDER BY g.given_at DESC, g.id`)
	if err != nil {
		return nil, 0, err
	}
	out, n := []Grant{}, 0
	for _, g := range all {
		if !scope.Has(g.Org) || (q != "" && !strings.Contains(g.Account, q) && !strings.Contains(g.Display.ZH, q)) {
			continue
		}
		if n >= offset && len(out) < limit {
			out = append(out, g)
		}
		n++
	}
	return out, n, nil
}

// GrantRequest asks for a grant. Days are yyyymmdd, 0 for open.
type GrantRequest struct {
	Account, Role, Org string
	From, To           int64
	Reason             string
}

// Give gives an account a role at an organisation. Right: grants, within scope;
// nobody gives to themselves, and an administrator's role stands alone.
func (a *Access) Give(ctx context.Context, actor luoshu.Actor, r GrantRequest) (string, error) {
	if err := a.Require(actor, "grants"); err != nil {
		return "", err
	}
	if r.Account == actor.Name && !IsOperator(actor) {
		return "", luoshu.Errorf(luoshu.Denied, "不能给自己授权", "nobody grants to themselves")
	}
	scope, err := a.Scope(ctx, actor)
	if err != nil {
		return "", err
	}
	if !scope.Has(r.Org) {
		return "", fieldError("org", "单位不在您的管辖范围", "the organisation is outside your scope")
	}
	if strings.TrimSpace(r.Reason) == "" {
		return "", fieldError("reason", "请写明授权事由", "say why")
	}
	return a.give(ctx, actor.Name, r)
}

func (a *Access) give(ctx context.Context, by string, r GrantRequest) (string, error) {
	role := a.cat.Role(r.Role)
	switch {
	case role == nil:
		return "", fieldError("role", "没有这个角色", "no such role")
	case r.Org == "":
		return "", fieldError("org", "必须指明单位", "an organisation is required")
	case r.To != 0 && (r.To < r.From || r.To < dayOf(a.now())):
		return "", fieldError("to", "截止日期已过或早于开始日期", "the last day is past or before the first")
	}
	id := "G" + strings.ToLower(rand.Text()[:12])
	err := a.db.Tx(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM account WHERE name = ?`, r.Account).Scan(&n); err != nil {
			return fmt.Errorf("look for account: %w", err)
		}
		if n == 0 {
			return luoshu.Errorf(luoshu.NotFound, "没有这个账号", "no such account")
		}
		if err := guest.Alone(ctx, tx, a.cat, dayOf(a.now()), r.Account, r.Role, r.Org); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at)
			VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, '', 0, '', 0)`, id, r.Account, r.Role, r.Org, r.From, r.To, by, a.now().Unix(), r.Reason)
		if err != nil {
			return fmt.Errorf("give grant: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	a.tell(ctx, Event{Kind: "grant", Actor: by, Account: r.Account, Object: id, Detail: r.Role + " " + r.Org})
	return id, nil
}

// End ends a grant at once, and the delegations made from it. Right: grants,
// within scope, not one's own; or its owner for a delegation of theirs.
func (a *Access) End(ctx context.Context, actor luoshu.Actor, id, reason string) error {
	all, err := a.grants(ctx, `WHERE g.id = ?`, id)
	if err != nil {
		return err
	}
	gone := luoshu.Errorf(luoshu.NotFound, "没有这一授权", "no such grant")
	if len(all) == 0 {
		return gone
	}
	g := all[0]
	if g.Owner != actor.Name || g.DelegateOf == "" {
		if err := a.Require(actor, "grants"); err != nil {
			return err
		}
		scope, err := a.Scope(ctx, actor)
		if err != nil {
			return err
		}
		if !scope.Has(g.Org) {
			return gone
		}
		if g.Account == actor.Name && !IsOperator(actor) {
			return luoshu.Errorf(luoshu.Denied, "不能变更自己的授权", "nobody changes their own grants")
		}
		if strings.TrimSpace(reason) == "" {
			return fieldError("reason", "请写明事由", "say why")
		}
	}
	if g.Ended {
		return luoshu.Errorf(luoshu.Conflict, "这一授权已经终止", "the grant has ended already")
	}
	res, err := a.db.Exec(ctx, `UPDATE role_grant SET ended_by = ?, ended_at = ?, end_reason = ? WHERE (id = ? OR delegate_of = ?) AND ended_at = 0`,
		actor.Name, a.now().Unix(), reason, id, id)
	if err != nil {
		return fmt.Errorf("end grant: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.Conflict, "这一授权已经终止", "the grant has ended already")
	}
	a.recheck()
	a.tell(ctx, Event{Kind: "grant-end", Actor: actor.Name, Account: g.Account, Object: id, Detail: g.Role + " " + g.Org})
	return nil
}

// EndDelegation takes back what the actor has handed on.
func (a *Access) EndDelegation(ctx context.Context, actor luoshu.Actor, id string) error {
	all, err := a.grants(ctx, `WHERE g.id = ?`, id)
	if err != nil {
		return err
	}
	if len(all) == 0 || all[0].Owner != actor.Name {
		return luoshu.Errorf(luoshu.NotFound, "没有这一委托", "no such delegation")
	}
	return a.End(ctx, actor, id, "taken back")
}

// Delegate hands one's own grant on to another account until a day. A delegate
// cannot hand it on further, and an administrator's role cannot be handed on.
func (a *Access) Delegate(ctx context.Context, s *Session, to string, until int64, reason string) (string, error) {
	all, err := a.grants(ctx, `WHERE g.id = ? AND g.account = ?`, s.Grant, s.Actor.Name)
	if err != nil {
		return "", err
	}
	p, today := a.Policy(), dayOf(a.now())
	last := dayOf(a.now().AddDate(0, 0, p.DelegationDays))
	opened, err := guest.Opened(ctx, a.db, s.Grant)
	if err != nil {
		return "", err
	}
	switch {
	case opened:
		return "", luoshu.Errorf(luoshu.Denied, "经案卷开放的查阅不能委托", "what a case opened cannot be handed on")
	case len(all) == 0 || !all[0].Holds:
		return "", luoshu.Errorf(luoshu.Denied, "您没有可委托的授权", "you have no grant to hand on")
	case all[0].DelegateOf != "":
		return "", luoshu.Errorf(luoshu.Denied, "受托的权限不能再委托", "what was delegated to you cannot be handed on")
	case IsAdministrator(a.cat.Role(all[0].Role)):
		return "", luoshu.Errorf(luoshu.Denied, "管理员权限不能委托", "an administrator's role cannot be delegated")
	case to == s.Actor.Name:
		return "", fieldError("account", "不能委托给自己", "not to yourself")
	case until < today || until > last:
		return "", &luoshu.Error{Kind: luoshu.Invalid, Field: "to", Msg: luoshu.Errorf(luoshu.Invalid,
			"截止日期须在今天至%s之间", "the last day lies between today and %s", luoshu.FormatDate(last)).Msg}
	case strings.TrimSpace(reason) == "":
		return "", fieldError("reason", "请写明委托事由", "say why")
	}
	g := all[0]
	if g.to != 0 && until > g.to {
		until = g.to
	}
	id := "G" + strings.ToLower(rand.Text()[:12])
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		var off int
		err := tx.QueryRow(ctx, `SELECT disabled FROM account WHERE name = ?`, to).Scan(&off)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && off != 0) {
			return fieldError("account", "没有这个可用账号", "no such account in use")
		}
		if err != nil {
			return fmt.Errorf("look for account: %w", err)
		}
		if err := guest.Alone(ctx, tx, a.cat, today, to, g.Role, g.Org); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, '', 0)`, id, to, g.Role, g.Org, today, until, g.ID, s.Actor.Name, a.now().Unix(), reason)
		if err != nil {
			return fmt.Errorf("delegate: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	a.tell(ctx, Event{Kind: "delegate", Actor: s.Actor.Name, Account: to, Object: id, Detail: g.Role + " " + g.Org})
	return id, nil
}

// Delegations lists what an account has handed on.
func (a *Access) Delegations(ctx context.Context, account string) ([]Grant, error) {
	return a.grants(ctx, `WHERE g.delegate_of IN (SELECT o.id FROM role_grant o WHERE o.account = ?) ORDER BY g.given_at DESC, g.id`, account)
}

// Held reports whether an account that is open holds a role at an organisation.
func (a *Access) Held(ctx context.Context, org, role string) (bool, error) {
	var n int64
	err := a.db.QueryRow(ctx, `SELECT count(*) FROM role_grant g JOIN account x ON x.name = g.account
		WHERE g.org = ? AND g.role = ? AND g.ended_at = 0 AND g.from_day <= ? AND (g.to_day = 0 OR g.to_day >= ?) AND x.disabled = 0`,
		org, role, dayOf(a.now()), dayOf(a.now())).Scan(&n)
	return n > 0, err
}
