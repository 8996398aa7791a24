package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/secret"
	"luoshu/kernel/store"
)

// manyMost is how many accounts are made at once: each costs a slow hash.
const manyMost = 2000

// NewAccount is one account to be made among many. Role and Org give it a first
// grant and need the right grants as well; Subject links it to the provider.
type NewAccount struct {
	Name      string
	Display   luoshu.Text
	Role, Org string
	Subject   string
}

// Made is an account that was made, with its first password: shown once.
type Made struct {
	Name     string      `json:"name"`
	Display  luoshu.Text `json:"display"`
	Password string      `json:"password"`
}

// Refusal says what is wrong with one of many accounts.
type Refusal struct {
	Index int // in the list
	Field string
	Msg   luoshu.Text
}

// CheckAccounts says what is wrong with a list of accounts; nothing is written.
// Right: accounts.
func (a *Access) CheckAccounts(ctx context.Context, actor luoshu.Actor, list []NewAccount) ([]Refusal, error) {
	if err := a.Require(actor, "accounts"); err != nil {
		return nil, err
	}
	if len(list) > manyMost {
		return nil, luoshu.Errorf(luoshu.Invalid, "一次最多 %d 个账号", "at most %d accounts at once", manyMost)
	}
	have, linked, err := a.names(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := a.Tree(ctx)
	if err != nil {
		return nil, err
	}
	mayGrant := a.Require(actor, "grants") == nil
	var out []Refusal
	for i, x := range list {
		bad := func(field, zh, en string) { out = append(out, Refusal{i, field, luoshu.Text{ZH: zh, EN: en}}) }
		switch {
		case x.Name == "":
			bad("name", "缺少账号名", "the account's name is missing")
		case !nameForm.MatchString(x.Name):
			bad("name", "账号名只能含字母、数字和 . _ @ -", "an account name takes letters, digits and . _ @ -")
		case have[x.Name]:
			bad("name", "账号已存在，或在表中重复", "the account exists already, or stands twice in the sheet")
		}
		have[x.Name] = true
		if x.Subject != "" && linked[x.Subject] {
			bad("subject", "此人已关联另一账号，或在表中重复", "this person is linked to another account, or stands twice in the sheet")
		}
		linked[x.Subject] = true
		switch {
		case x.Role == "" && x.Org == "":
		case !mayGrant:
			bad("role", "授权由安全管理员办理，开户表中不能填写角色和单位", "grants are given by the security administrator; leave role and organisation out")
		case a.cat.Role(x.Role) == nil:
			bad("role", "没有这个角色", "no such role")
		case tree.Get(x.Org) == nil:
			bad("org", "没有这个单位", "no such organisation")
		}
	}
	return out, nil
}

// names are the accounts and the linked persons there are.
func (a *Access) names(ctx context.Context) (have, linked map[string]bool, err error) {
	rows, err := a.db.Query(ctx, `SELECT name, subject FROM account`)
	if err != nil {
		return nil, nil, fmt.Errorf("read accounts: %w", err)
	}
	defer rows.Close()
	have, linked = map[string]bool{}, map[string]bool{}
	for rows.Next() {
		var n, s string
		if err := rows.Scan(&n, &s); err != nil {
			return nil, nil, fmt.Errorf("read accounts: %w", err)
		}
		have[n] = true
		if s != "" {
			linked[s] = true
		}
	}
	return have, linked, rows.Err()
}

// AddAccounts makes all accounts of the list or none, and returns their first
// passwords, which must be changed at the first sign-in. Right: accounts.
func (a *Access) AddAccounts(ctx context.Context, actor luoshu.Actor, list []NewAccount) ([]Made, error) {
	refused, err := a.CheckAccounts(ctx, actor, list)
	if err != nil {
		return nil, err
	}
	if len(refused) > 0 {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: refused[0].Field, Msg: refused[0].Msg}
	}
	made, hashes := make([]Made, len(list)), make([]string, len(list))
	for i, x := range list {
		if x.Display.ZH == "" {
			x.Display.ZH = x.Name
		}
		if x.Display.EN == "" {
			x.Display.EN = x.Display.ZH
		}
		made[i] = Made{x.Name, x.Display, firstPassword()}
		if hashes[i], err = a.hash(ctx, made[i].Password); err != nil {
			return nil, err
		}
	}
	now := a.now()
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		for i, x := range list {
			_, err := tx.Exec(ctx, `INSERT INTO account (name, display_zh, display_en, role, org, hash, disabled, created, by_whom, must_change, password_at, subject)
				VALUES (?, ?, ?, '', '', ?, 0, ?, ?, 1, ?, ?)`,
				x.Name, made[i].Display.ZH, made[i].Display.EN, hashes[i], now.UTC().Format(time.RFC3339), actor.Name, now.Unix(), x.Subject)
			if err != nil {
				return err
			}
			if x.Role == "" {
				continue
			}
			_, err = tx.Exec(ctx, `INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at)
				VALUES (?, ?, ?, ?, 0, 0, '', ?, ?, 'import', '', 0, '', 0)`,
				"G"+strings.ToLower(rand.Text()[:12]), x.Name, x.Role, x.Org, actor.Name, now.Unix())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("create accounts: %w", err)
	}
	for _, x := range list {
		a.tell(ctx, Event{Kind: "account", Actor: actor.Name, Account: x.Name, Detail: "import"})
		if x.Role != "" {
			a.tell(ctx, Event{Kind: "grant", Actor: actor.Name, Account: x.Name, Detail: x.Role + " " + x.Org})
		}
	}
	return made, nil
}

// hash hashes a password in its turn, since each takes memory.
func (a *Access) hash(ctx context.Context, password string) (string, error) {
	select {
	case a.work <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-a.work }()
	return secret.Hash(password)
}
