// Package public reads what anybody may ask of cases: the published copy, and whether
// a consent code holds. It knows these two tables and nothing of the registers.
package public

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"luoshu"
	"luoshu/kernel/store"
)

// Permit is a consent as anybody may check it. Days are yyyymmdd.
type Permit struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Issuer  string `json:"issuer"`
	Org     string `json:"org"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Revoked int64  `json:"revoked"`
	Case    string `json:"case"`
	Holds   bool   `json:"holds"` // on the day asked
	Over    bool   `json:"-"`     // covers organisations beyond their cap too
}

// PermitByCode finds a consent by its code, however it is spelt, as it stands on a
// day; NotFound if there is none.
func PermitByCode(ctx context.Context, db *store.DB, text string, today int64) (*Permit, error) {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '9':
			return r
		}
		return -1
	}, text)
	p := &Permit{}
	if len(text) == 8 {
		var over int64
		err := db.QueryRow(ctx, `SELECT p.code, p.title, p.issuer, p.org, p.from_day, p.to_day, p.over_cap, p.revoked, c.no FROM permit p JOIN flow_case c ON c.id = p.case_id WHERE p.code = ?`,
			text[:4]+"-"+text[4:]).Scan(&p.Code, &p.Title, &p.Issuer, &p.Org, &p.From, &p.To, &over, &p.Revoked, &p.Case)
		if err == nil {
			p.Over, p.Holds = over == 1, p.Revoked == 0 && p.From <= today && today <= p.To
			return p, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("read a consent: %w", err)
		}
	}
	return nil, luoshu.Errorf(luoshu.NotFound, "没有这个同意码", "there is no such consent code")
}

// Publication is an entry of the published copy.
type Publication struct {
	ID     int64           `json:"id"`
	Type   string          `json:"type"`
	No     string          `json:"no"`
	Label  string          `json:"label"`
	Org    string          `json:"org"`
	Body   json.RawMessage `json:"body"`
	Digest string          `json:"digest"`
	From   int64           `json:"from"` // yyyymmdd
}

// Published lists what the public sees of a type of case, newest first; before is the
// id that a page goes on from, 0 for the first.
func Published(ctx context.Context, db *store.DB, typ string, before int64, limit int) ([]Publication, error) {
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	cond, args := `type = ? AND to_day = 0`, []any{typ}
	if before > 0 {
		cond += ` AND id < ?`
		args = append(args, before)
	}
	rows, err := db.Query(ctx, `SELECT id, type, no, label, org, body, digest, from_day FROM publication WHERE `+cond+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read the published copy: %w", err)
	}
	out := []Publication{}
	for rows.Next() {
		var p Publication
		var body string
		if err := rows.Scan(&p.ID, &p.Type, &p.No, &p.Label, &p.Org, &body, &p.Digest, &p.From); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		p.Body = json.RawMessage(body)
		out = append(out, p)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
