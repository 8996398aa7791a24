package access

import (
	"context"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"luoshu"
)

// Account is one person's sign-in, without its password.
type Account struct {
	Name     string      `json:"name"`
	Display  luoshu.Text `json:"display"`
	Role     string      `json:"role"`
	Org      string      `json:"org"`
	Disabled bool        `json:"disabled"`
	Created  string      `json:"created"`
}

var nameForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$`)

// minPassword is the shortest password taken, in characters.
const minPassword = 8

// CreateAccount adds an account; an existing name is a Conflict. The role must be
// in the catalog. The organisation need not have a record yet: until it has, the
// account reaches nothing (except the city's root, which always exists).
func (a *Access) CreateAccount(ctx context.Context, name, password, role, org string, display luoshu.Text) error {
	if !nameForm.MatchString(name) {
		return fieldError("name", "账号名只能含字母、数字和 . _ @ -", "an account name takes letters, digits and . _ @ -")
	}
	if a.cat.Role(role) == nil {
		return fieldError("role", "没有这个角色", "no such role")
	}
	if org == "" {
		return fieldError("org", "必须指明单位", "an organisation is required")
	}
	hash, err := a.newHash(password)
	if err != nil {
		return err
	}
	var n int
	if err := a.db.QueryRow(ctx, `SELECT count(*) FROM account WHERE name = ?`, name).Scan(&n); err != nil {
		return fmt.Errorf("look for account: %w", err)
	}
	if n > 0 {
		return luoshu.Errorf(luoshu.Conflict, "账号已存在", "the account exists already")
	}
	if display.ZH == "" {
		display.ZH = name
	}
	if display.EN == "" {
		display.EN = display.ZH
	}
	_, err = a.db.Exec(ctx, `INSERT INTO account (name, display_zh, display_en, role, org, hash, disabled, created)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?)`, name, display.ZH, display.EN, role, org, hash, a.now().UTC().Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	return nil
}

func (a *Access) newHash(password string) (string, error) {
	if utf8.RuneCountInString(password) < minPassword || len(password) > 1024 {
		return "", fieldError("password", "密码至少8个字符", "a password has at least 8 characters")
	}
	return hashPassword(password)
}

// SetPassword replaces a password and ends the account's sessions.
func (a *Access) SetPassword(ctx context.Context, name, password string) error {
	hash, err := a.newHash(password)
	if err != nil {
		return err
	}
	return a.change(ctx, name, `UPDATE account SET hash = ? WHERE name = ?`, hash, name)
}

// Disable closes or reopens an account and ends its sessions.
func (a *Access) Disable(ctx context.Context, name string, disabled bool) error {
	off := 0
	if disabled {
		off = 1
	}
	return a.change(ctx, name, `UPDATE account SET disabled = ? WHERE name = ?`, off, name)
}

func (a *Access) change(ctx context.Context, name, q string, args ...any) error {
	res, err := a.db.Exec(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("change account: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这个账号", "no such account")
	}
	a.endSessions(name)
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `DELETE FROM session WHERE account = ?`, name)
		return err
	})
	return nil
}

// Accounts lists all accounts by name, for the machine's operator.
func (a *Access) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := a.db.Query(ctx, `SELECT name, display_zh, display_en, role, org, disabled, created FROM account ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var c Account
		var off int
		if err := rows.Scan(&c.Name, &c.Display.ZH, &c.Display.EN, &c.Role, &c.Org, &off, &c.Created); err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		c.Disabled = off != 0
		out = append(out, c)
	}
	return out, rows.Err()
}

func fieldError(field, zh, en string) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: luoshu.Text{ZH: zh, EN: en}}
}
