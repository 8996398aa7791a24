package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"luoshu"
)

// Publication is an entry of the published copy.
type Publication struct {
	ID     int64           `json:"id"`
	Type   string          `json:"type"`
	No     string          `json:"no"`
	Label  string          `json:"label"`
	Org    string          `json:"org"`
	Body   json.RawMessage `json:"body"`
	Digest string          `json:"digest"`
	From   int64           `json:"from"`
}

// Published lists what the public sees of a type of case, newest first. It reads
// the published copy and nothing else.
func (f *Flow) Published(ctx context.Context, typ string, before int64, limit int) ([]Publication, error) {
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	cond, args := `type = ? AND to_day = 0`, []any{typ}
	if before > 0 {
		cond += ` AND id < ?`
		args = append(args, before)
	}
	rows, err := f.DB.Query(ctx, `SELECT id, type, no, label, org, body, digest, from_day FROM publication WHERE `+cond+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
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

// Notice is a message to an organisation and role.
type Notice struct {
	ID   int64       `json:"id"`
	Case string      `json:"case"`
	Kind string      `json:"kind"`
	Text luoshu.Text `json:"text"`
	At   string      `json:"at"`
	New  bool        `json:"new"`
}

// Notices are an actor's newest notices, and how many of them are new.
func (f *Flow) Notices(ctx context.Context, actor luoshu.Actor, limit int) ([]Notice, int64, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, 0, err
	}
	var upto, fresh int64
	if err := f.DB.QueryRow(ctx, `SELECT coalesce(max(upto), 0) FROM notice_read WHERE account = ? AND org = ? AND role = ?`, actor.Name, actor.Org, actor.Role).Scan(&upto); err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	if err := f.DB.QueryRow(ctx, `SELECT count(*) FROM notice WHERE org = ? AND role = ? AND id > ?`, actor.Org, actor.Role, upto).Scan(&fresh); err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	rows, err := f.DB.Query(ctx, `SELECT n.id, coalesce(c.no, ''), n.kind, n.zh, n.en, n.at FROM notice n LEFT JOIN flow_case c ON c.id = n.case_id WHERE n.org = ? AND n.role = ? ORDER BY n.id DESC LIMIT ?`,
		actor.Org, actor.Role, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read notices: %w", err)
	}
	out := []Notice{}
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.ID, &n.Case, &n.Kind, &n.Text.ZH, &n.Text.EN, &n.At); err != nil {
			return nil, 0, errors.Join(err, rows.Close())
		}
		n.New = n.ID > upto
		out = append(out, n)
	}
	return out, fresh, errors.Join(rows.Err(), rows.Close())
}

// ReadNotices notes that an account has seen its notices up to one.
func (f *Flow) ReadNotices(ctx context.Context, actor luoshu.Actor, upto int64) error {
	if err := f.Access.Require(actor, "case"); err != nil {
		return err
	}
	_, err := f.DB.Exec(ctx, `INSERT INTO notice_read (account, org, role, upto) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, org, role) DO UPDATE SET upto = CASE WHEN excluded.upto > notice_read.upto THEN excluded.upto ELSE notice_read.upto END`,
		actor.Name, actor.Org, actor.Role, upto)
	return err
}

// Check holds the timeline against the ledger: every step's hash must be what it
// says, and stand in the reason of the commit it names. Problems name the case.
func (f *Flow) Check(ctx context.Context) ([]luoshu.Text, error) {
	var out []luoshu.Text
	err := f.some(ctx, `1=1`, nil, func(c *Case) error {
		steps, err := f.Steps(ctx, c)
		if e := (*luoshu.Error)(nil); errors.As(err, &e) && e.Kind == luoshu.Conflict {
			out = append(out, e.Msg) // a sealed text of a step
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.digest(c.No) != s.Hash {
				out = append(out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 第 %d 步被改动过", c.No, s.Step), EN: fmt.Sprintf("step %[2]d of the case %[1]s was altered", c.No, s.Step)})
			}
		}
		if int64(len(steps)) != c.Step {
			out = append(out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 应有 %d 步，实有 %d 步", c.No, c.Step, len(steps)), EN: fmt.Sprintf("the case %s should have %d steps and has %d", c.No, c.Step, len(steps))})
		}
		return nil
	})
	return out, errors.Join(err, f.unfounded(ctx, &out))
}

// unfounded finds steps whose commit does not carry their hash.
func (f *Flow) unfounded(ctx context.Context, out *[]luoshu.Text) error {
	rows, err := f.DB.Query(ctx, `SELECT c.no, s.step FROM flow_step s JOIN flow_case c ON c.id = s.case_id LEFT JOIN commit_log l ON l.seq = s.seq
		WHERE l.seq IS NULL OR (l.reason LIKE 'case %' AND l.reason <> 'case ' || c.no || ' #' || s.step || ' ' || s.action || ' ' || s.hash)`)
	if err != nil {
		return fmt.Errorf("hold steps against the ledger: %w", err)
	}
	for rows.Next() {
		var no string
		var n int64
		if err := rows.Scan(&no, &n); err != nil {
			return errors.Join(err, rows.Close())
		}
		*out = append(*out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 第 %d 步与账本不符", no, n), EN: fmt.Sprintf("step %[2]d of the case %[1]s does not fit the ledger", no, n)})
	}
	return errors.Join(rows.Err(), rows.Close())
}
