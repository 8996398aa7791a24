// Package notice keeps what organisations and roles are told within the product:
// each notice once, read by whoever holds the role there. Texts name matters and
// dates, never contents of records.
package notice

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

// Notice is a message to an organisation and role.
type Notice struct {
	ID   int64       `json:"id"`
	Case string      `json:"case"` // number of the case that it is about, "" for none
	Duty string      `json:"duty"` // id of the duty that it is about, "" for none
	Kind string      `json:"kind"`
	Text luoshu.Text `json:"text"`
	At   string      `json:"at"`
	New  bool        `json:"new"`
}

// Word is a notice on its way. Mark makes it happen once; CaseID is 0 and Duty "" for
// what it is not about.
type Word struct {
	Mark, Org, Role string
	CaseID          int64
	Duty            string
	Kind            string
	Text            luoshu.Text
	At              string // RFC 3339, UTC
}

// Box is the notices of one city.
type Box struct {
	db  *store.DB
	acc *access.Access
}

// New returns the notices of a city.
func New(db *store.DB, acc *access.Access) *Box { return &Box{db, acc} }

// writer is the database or a transaction on it.
type writer interface {
	Exec(ctx context.Context, q string, args ...any) (sql.Result, error)
}

// Put makes a notice, unless one of the same mark was made before.
func Put(ctx context.Context, to writer, w Word) error {
	_, err := to.Exec(ctx, `INSERT INTO notice (mark, org, role, case_id, duty, kind, zh, en, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mark) DO NOTHING`,
		w.Mark, w.Org, w.Role, w.CaseID, w.Duty, w.Kind, w.Text.ZH, w.Text.EN, w.At)
	if err != nil {
		return fmt.Errorf("write a notice: %w", err)
	}
	return nil
}

// Newest are an actor's newest notices, and how many of all are new. Right: case.
func (b *Box) Newest(ctx context.Context, actor luoshu.Actor, limit int) ([]Notice, int64, error) {
	if err := b.acc.Require(actor, "case"); err != nil {
		return nil, 0, err
	}
	var upto, fresh int64
	if err := b.db.QueryRow(ctx, `SELECT coalesce(max(upto), 0) FROM notice_read WHERE account = ? AND org = ? AND role = ?`, actor.Name, actor.Org, actor.Role).Scan(&upto); err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	if err := b.db.QueryRow(ctx, `SELECT count(*) FROM notice WHERE org = ? AND role = ? AND id > ?`, actor.Org, actor.Role, upto).Scan(&fresh); err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	rows, err := b.db.Query(ctx, `SELECT n.id, coalesce(c.no, ''), n.duty, n.kind, n.zh, n.en, n.at FROM notice n LEFT JOIN flow_case c ON c.id = n.case_id WHERE n.org = ? AND n.role = ? ORDER BY n.id DESC LIMIT ?`,
		actor.Org, actor.Role, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	out := []Notice{}
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.ID, &n.Case, &n.Duty, &n.Kind, &n.Text.ZH, &n.Text.EN, &n.At); err != nil {
			return nil, 0, errors.Join(err, rows.Close())
		}
		n.New = n.ID > upto
		out = append(out, n)
	}
	return out, fresh, errors.Join(rows.Err(), rows.Close())
}

// Read notes that an account has seen its notices up to one. Right: case.
func (b *Box) Read(ctx context.Context, actor luoshu.Actor, upto int64) error {
	if err := b.acc.Require(actor, "case"); err != nil {
		return err
	}
	_, err := b.db.Exec(ctx, `INSERT INTO notice_read (account, org, role, upto) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, org, role) DO UPDATE SET upto = CASE WHEN excluded.upto > notice_read.upto THEN excluded.upto ELSE notice_read.upto END`,
		actor.Name, actor.Org, actor.Role, upto)
	return err
}
