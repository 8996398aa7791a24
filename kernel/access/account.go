package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access/foureyes"
	"luoshu/kernel/access/secret"
	"luoshu/kernel/store"
)

// Account is one person's sign-in, without its password.
type Account struct {
	Name     string      `json:"name"`
	Display  luoshu.Text `json:"display"`
	Disabled bool        `json:"disabled"`
	Created  string      `json:"created"`
	By       string      `json:"by"`
	LastIn   string      `json:"last_in"`           // RFC 3339, "" never
	Unused   bool        `json:"unused"`            // sealed for not having been used
	Factors  int         `json:"factors"`           // second factors that are ready
	Subject  string      `json:"subject,omitempty"` // of the identity provider, if linked
	Grants   []Grant     `json:"grants"`
}

var nameForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$`)

// CreateAccount adds an account with a grant, for the machine's operator; an
// existing name is a Conflict. The role must be in the catalog. The organisation
// need not have a record yet: until it has, the account reaches nothing (except
// the city's root, which always exists).
func (a *Access) CreateAccount(ctx context.Context, name, password, role, org string, display luoshu.Text) error {
	if err := a.Policy().Fits(name, password); err != nil && nameForm.MatchString(name) {
		return err
	}
	if nameForm.MatchString(name) {
		if a.cat.Role(role) == nil {
			return fieldError("role", "没有这个角色", "no such role")
		}
		if org == "" {
			return fieldError("org", "必须指明单位", "an organisation is required")
		}
	}
	if err := a.addAccount(ctx, Operator.Name, name, password, display, false); err != nil {
		return err
	}
	_, err := a.give(ctx, Operator.Name, GrantRequest{Account: name, Role: role, Org: org, Reason: "first grant"})
	return err
}

// AddAccount adds an account without any grant and returns its first password,
// which must be changed at the first sign-in. Right: accounts.
func (a *Access) AddAccount(ctx context.Context, actor luoshu.Actor, name string, display luoshu.Text) (string, error) {
	if err := a.Require(actor, "accounts"); err != nil {
		return "", err
	}
	password := firstPassword()
	return password, a.addAccount(ctx, actor.Name, name, password, display, true)
}

// firstPassword is one to hand out on paper: groups of letters and digits that
// cannot be mistaken for each other.
func firstPassword() string {
	t := rand.Text()
	return "Ls-" + strings.ToLower(t[:4]) + "-" + t[4:8] + "-" + strings.ToLower(t[8:12]) + "7"
}

func (a *Access) addAccount(ctx context.Context, by, name, password string, display luoshu.Text, change bool) error {
	if !nameForm.MatchString(name) {
		return fieldError("name", "账号名只能含字母、数字和 . _ @ -", "an account name takes letters, digits and . _ @ -")
	}
	hash, err := secret.Hash(password)
	if err != nil {
		return err
	}
	if display.ZH == "" {
		display.ZH = name
	}
	if display.EN == "" {
		display.EN = display.ZH
	}
	now := a.now()
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM account WHERE name = ?`, name).Scan(&n); err != nil {
			return fmt.Errorf("look for account: %w", err)
		}
		if n > 0 {
			return luoshu.Errorf(luoshu.Conflict, "账号已存在", "the account exists already")
		}
		_, err := tx.Exec(ctx, `INSERT INTO account (name, display_zh, display_en, role, org, hash, disabled, created, by_whom, must_change, password_at)
			VALUES (?, ?, ?, '', '', ?, 0, ?, ?, ?, ?)`, name, display.ZH, display.EN, hash, now.UTC().Format(time.RFC3339), by, flag(change), now.Unix())
		if err != nil {
			return fmt.Errorf("create account: %w", err)
		}
		return nil
	})
	if err == nil {
		a.tell(ctx, Event{Kind: "account", Actor: by, Account: name})
	}
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// administers refuses what nobody may do to their own account.
func (a *Access) administers(actor luoshu.Actor, name string) error {
	if err := a.Require(actor, "accounts"); err != nil {
		return err
	}
	if name == actor.Name && !IsOperator(actor) {
		return luoshu.Errorf(luoshu.Denied, "不能对自己的账号这样做，请另一位管理员办理", "not to your own account; ask another administrator")
	}
	return nil
}

// renews lets an act on another's credentials through; on an administrator's only
// what foureyes has been agreed to, unless it is the machine's operator.
func (a *Access) renews(ctx context.Context, actor luoshu.Actor, name, what, subject string) error {
	err := a.administers(actor, name)
	if err == nil && !IsOperator(actor) {
		err = a.eyes.Use(ctx, actor, name, what, subject)
	}
	return err
}

// Reset gives an account a first password anew, to be changed at the next sign-in,
// and ends its sessions. Right: accounts.
func (a *Access) Reset(ctx context.Context, actor luoshu.Actor, name string) (string, error) {
	if err := a.renews(ctx, actor, name, foureyes.Password, ""); err != nil {
		return "", err
	}
	password := firstPassword()
	if err := a.setPassword(ctx, name, password, true); err != nil {
		return "", err
	}
	a.tell(ctx, Event{Kind: "reset", Actor: actor.Name, Account: name})
	return password, nil
}

// SetPassword replaces a password and ends the account's sessions, for the
// machine's operator.
func (a *Access) SetPassword(ctx context.Context, name, password string) error {
	if err := a.Policy().Fits(name, password); err != nil {
		return err
	}
	return a.setPassword(ctx, name, password, false)
}

// ChangePassword is one's own: the old one must be right and the new one new. All
// sessions but this one end.
func (a *Access) ChangePassword(ctx context.Context, s *Session, old, password string) error {
	name := s.Actor.Name
	p := a.Policy()
	if s.Pending == "factor" { // who has shown only a password does not get to change it
		return luoshu.Errorf(luoshu.Denied, "请先完成登录", "finish signing in first")
	}
	if w := a.limit.Wait(name, at("own", name), a.now()); w > 0 {
		return &TooManyError{Wait: w}
	}
	var hash string
	if err := a.db.QueryRow(ctx, `SELECT hash FROM account WHERE name = ?`, name).Scan(&hash); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if ok, err := a.checkHash(ctx, hash, old); err != nil || !ok {
		if err == nil {
			a.failed(name, at("own", name))
			err = fieldError("old", "原口令不正确", "the old password is wrong")
		}
		return err
	}
	if err := p.Fits(name, password); err != nil {
		return err
	}
	former := []string{hash}
	rows, err := a.db.Query(ctx, `SELECT hash FROM password_was WHERE account = ? ORDER BY at DESC LIMIT ?`, name, int64(p.PasswordHistory))
	if err != nil {
		return fmt.Errorf("read former passwords: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h string
		if err := rows.Scan(&h); err != nil {
			return fmt.Errorf("read former passwords: %w", err)
		}
		former = append(former, h)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read former passwords: %w", err)
	}
	for _, h := range former[:min(len(former), max(1, p.PasswordHistory))] {
		if ok, err := a.checkHash(ctx, h, password); err != nil {
			return err
		} else if ok {
			return fieldError("password", "不能重复使用近期用过的口令", "this password was used before; choose a new one")
		}
	}
	if err := a.setPasswordKeeping(ctx, name, password, false, s.hash); err != nil {
		return err
	}
	a.tell(ctx, Event{Kind: "password", Actor: name, Account: name})
	return nil
}

func (a *Access) setPassword(ctx context.Context, name, password string, change bool) error {
	return a.setPasswordKeeping(ctx, name, password, change, "")
}

// setPasswordKeeping ends every session of the account but the one with hash keep.
func (a *Access) setPasswordKeeping(ctx context.Context, name, password string, change bool, keep string) error {
	hash, err := secret.Hash(password)
	if err != nil {
		return err
	}
	now := a.now().Unix()
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO password_was (account, at, hash) SELECT name, CAST(? AS BIGINT), hash FROM account WHERE name = ?`, now, name); err != nil {
			return fmt.Errorf("keep former password: %w", err)
		}
		res, err := tx.Exec(ctx, `UPDATE account SET hash = ?, must_change = ?, password_at = ? WHERE name = ?`, hash, flag(change), now, name)
		return changedOne(res, err)
	})
	if err != nil {
		return err
	}
	return a.endSessionsBut(ctx, name, keep)
}

// SetDisabled closes or reopens an account and ends its sessions. Right: accounts.
func (a *Access) SetDisabled(ctx context.Context, actor luoshu.Actor, name string, disabled bool) error {
	if err := a.administers(actor, name); err != nil {
		return err
	}
	if err := a.Disable(ctx, name, disabled); err != nil {
		return err
	}
	kind := "enable"
	if disabled {
		kind = "disable"
	}
	a.tell(ctx, Event{Kind: kind, Actor: actor.Name, Account: name})
	return nil
}

// Disable closes or reopens an account and ends its sessions, for the operator.
// An account that is reopened counts as used now.
func (a *Access) Disable(ctx context.Context, name string, disabled bool) error {
	res, err := a.db.Exec(ctx, `UPDATE account SET disabled = ?, last_in = CASE WHEN last_in <> 0 OR ? = 0 THEN ? ELSE last_in END WHERE name = ?`,
		flag(disabled), flag(disabled), a.now().Unix(), name)
	if err := changedOne(res, err); err != nil {
		return err
	}
	return a.endSessionsBut(ctx, name, "")
}

// Accounts lists accounts by name with their grants; q narrows by name. Right:
// accounts or grants.
func (a *Access) Accounts(ctx context.Context, actor luoshu.Actor, q string, offset, limit int) ([]Account, int, error) {
	if a.Require(actor, "accounts") != nil {
		if err := a.Require(actor, "grants"); err != nil {
			return nil, 0, err
		}
	}
	like := "%" + strings.NewReplacer("%", "", "_", "").Replace(strings.TrimSpace(q)) + "%"
	var total int
	if err := a.db.QueryRow(ctx, `SELECT count(*) FROM account WHERE name LIKE ? OR display_zh LIKE ?`, like, like).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count accounts: %w", err)
	}
	rows, err := a.db.Query(ctx, `SELECT name, display_zh, display_en, disabled, created, by_whom, last_in, subject,
		(SELECT count(*) FROM factor f WHERE f.account = account.name AND f.ready = 1 AND f.kind <> 'recovery')
		FROM account WHERE name LIKE ? OR display_zh LIKE ? ORDER BY name LIMIT ? OFFSET ?`, like, like, int64(limit), int64(offset))
	if err != nil {
		return nil, 0, fmt.Errorf("list accounts: %w", err)
	}
	out, p := []Account{}, a.Policy()
	err = func() error {
		defer rows.Close()
		for rows.Next() {
			var c Account
			var off int
			var last int64
			if err := rows.Scan(&c.Name, &c.Display.ZH, &c.Display.EN, &off, &c.Created, &c.By, &last, &c.Subject, &c.Factors); err != nil {
				return err
			}
			c.Disabled = off != 0
			c.Unused = p.Unused(c.Created, last, a.now())
			if last != 0 {
				c.LastIn = time.Unix(last, 0).UTC().Format(time.RFC3339)
			}
			out = append(out, c)
		}
		return rows.Err()
	}()
	if err != nil {
		return nil, 0, fmt.Errorf("list accounts: %w", err)
	}
	for i := range out {
		if out[i].Grants, err = a.GrantsOf(ctx, out[i].Name); err != nil {
			return nil, 0, err
		}
	}
	return out, total, nil
}

func fieldError(field, zh, en string) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: luoshu.Text{ZH: zh, EN: en}}
}

// changedOne answers NotFound where a statement touched no account.
func changedOne(res interface{ RowsAffected() (int64, error) }, err error) error {
	if err != nil {
		return fmt.Errorf("change account: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这个账号", "no such account")
	}
	return nil
}
