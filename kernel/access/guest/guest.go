// Package guest gives people from outside a role that only reads, at an organisation
// and for some days, by a case; the grant ends by its last day or with the case. It
// also keeps administrators' roles apart from all others.
package guest

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
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// administrator rights: none goes with another or with any right on the data.
var administrators = []string{"accounts", "grants", "audit"}

// IsAdministrator reports whether a role is one of the three administrators'.
func IsAdministrator(r *catalog.Role) bool {
	return r != nil && slices.ContainsFunc(r.Can, func(c string) bool { return slices.Contains(administrators, c) })
}

// Stay is a role at an organisation from one day through another (yyyymmdd), given
// by a case.
type Stay struct {
	Account, Role, Org string
	From, To           int64
	Case, Reason       string
}

// Give writes the grant of a stay and returns its id. The account is there, open, and
// not the giver's own; the days are given and not over.
func Give(ctx context.Context, tx *store.Tx, cat *catalog.Catalog, by string, now time.Time, s Stay) (string, error) {
	today := day(now)
	var off int
	err := tx.QueryRow(ctx, `SELECT disabled FROM account WHERE name = ?`, s.Account).Scan(&off)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && off != 0:
		return "", luoshu.Errorf(luoshu.Invalid, "没有可用的账号“%s”，请先由系统管理员建立", "there is no open account “%s”; the system administrator makes it first", s.Account)
	case err != nil:
		return "", fmt.Errorf("look for account: %w", err)
	case s.Account == by:
		return "", luoshu.Errorf(luoshu.Denied, "不能给自己授权", "nobody grants to themselves")
	case !cat.Role(s.Role).ReadsOnly():
		return "", luoshu.Errorf(luoshu.Denied, "只能授予只读角色", "only a role that reads can be given this way")
	case s.From == 0 || s.To < s.From || s.To < today:
		return "", luoshu.Errorf(luoshu.Invalid, "查阅的起止日期不对：结束不早于开始，也不早于今天", "the days are wrong: the last is neither before the first nor past")
	}
	if err := Alone(ctx, tx, cat, today, s.Account, s.Role, s.Org); err != nil {
		return "", err
	}
	id := "G" + strings.ToLower(rand.Text()[:12])
	_, err = tx.Exec(ctx, `INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at, case_no)
		VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, '', 0, '', 0, ?)`, id, s.Account, s.Role, s.Org, s.From, s.To, by, now.Unix(), s.Reason, s.Case)
	if err != nil {
		return "", fmt.Errorf("give a stay: %w", err)
	}
	return id, nil
}

// End ends what a case has given, and the delegations made from it; it returns the
// accounts concerned.
func End(ctx context.Context, tx *store.Tx, by string, now time.Time, no string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT account FROM role_grant WHERE case_no = ? AND case_no <> '' AND ended_at = 0 AND (to_day = 0 OR to_day >= ?) ORDER BY account`, no, day(now))
	if err != nil {
		return nil, fmt.Errorf("end stays: %w", err)
	}
	var out []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(out) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE role_grant SET ended_by = ?, ended_at = ?, end_reason = ? WHERE ended_at = 0
		AND (case_no = ? OR delegate_of IN (SELECT id FROM role_grant WHERE case_no = ?))`, by, now.Unix(), no, no, no)
	if err != nil {
		return nil, fmt.Errorf("end stays: %w", err)
	}
	return out, nil
}

// Alone keeps administrators' roles apart from each other and from all others, and
// refuses a grant that the account has already.
func Alone(ctx context.Context, tx *store.Tx, cat *catalog.Catalog, today int64, account, role, org string) error {
	rows, err := tx.Query(ctx, `SELECT role, org, to_day FROM role_grant WHERE account = ? AND ended_at = 0`, account)
	if err != nil {
		return fmt.Errorf("read grants: %w", err)
	}
	defer rows.Close()
	admin := IsAdministrator(cat.Role(role))
	for rows.Next() {
		var other, at string
		var to int64
		if err := rows.Scan(&other, &at, &to); err != nil {
			return fmt.Errorf("read grants: %w", err)
		}
		if to != 0 && to < today {
			continue
		}
		if other == role && at == org {
			return luoshu.Errorf(luoshu.Conflict, "此人已有这一授权", "the account has this grant already")
		}
		if (admin || IsAdministrator(cat.Role(other))) && other != role {
			return luoshu.Errorf(luoshu.Conflict, "系统、安全、审计管理员须由专人担任，不得兼任其他角色",
				"an administrator's role stands alone: the account may hold no other")
		}
	}
	return rows.Err()
}

func day(t time.Time) int64 { return int64(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// Opened reports whether a case gave the grant.
func Opened(ctx context.Context, db *store.DB, grant string) (bool, error) {
	var by string
	err := db.QueryRow(ctx, `SELECT case_no FROM role_grant WHERE id = ?`, grant).Scan(&by)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("look for grant: %w", err)
	}
	return by != "", nil
}
