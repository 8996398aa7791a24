package correct

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/paper"
	"luoshu/kernel/store"
)

// Paper is a file handed in as evidence. Kind is one of kernel/paper's, told
// by the content.
type Paper struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
	Size int64  `json:"size"`
	sha  string
}

// TakePaper keeps a piece of evidence until a request or reply of the same person
// names it. What it is is told by its content; nothing in it is ever run.
func (c *Correct) TakePaper(ctx context.Context, by luoshu.Actor, name string, r io.Reader) (Paper, error) {
	if c.files == nil {
		return Paper{}, luoshu.Errorf(luoshu.Unavailable, "现在不能接收附件", "no papers can be taken now")
	}
	b, kind, err := paper.Read(r)
	if err != nil {
		return Paper{}, err
	}
	src, err := c.files.Keep(ctx, bytes.NewReader(b), paper.Name(name, kind))
	if err != nil {
		return Paper{}, err
	}
	p := Paper{ID: strings.ToLower(rand.Text()), Name: paper.Name(name, kind), Kind: kind, Size: int64(len(b)), sha: src.SHA256}
	_, err = c.db.Exec(ctx, `INSERT INTO correction_paper (id, correction, sha256, name, kind, size, actor, at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.sha, p.Name, p.Kind, p.Size, by.Name, c.now().UTC().Format(time.RFC3339))
	if err != nil {
		return Paper{}, fmt.Errorf("take paper: %w", err)
	}
	return p, nil
}

// handed is a paper that somebody handed in, and when.
func handed(ctx context.Context, q queryer, id string, by luoshu.Actor) (p Paper, at string, err error) {
	err = q.QueryRow(ctx, `SELECT sha256, name, kind, size, at FROM correction_paper WHERE id = ? AND actor = ?`, id, by.Name).
		Scan(&p.sha, &p.Name, &p.Kind, &p.Size, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return p, at, &luoshu.Error{Kind: luoshu.Invalid, Field: "paper", Msg: luoshu.Text{ZH: "没有这份附件，请重新选择", EN: "there is no such paper; choose it again"}}
	}
	if err != nil {
		return p, at, fmt.Errorf("attach paper: %w", err)
	}
	return p, at, nil
}

// attach ties a paper of the same person to requests.
func (c *Correct) attach(ctx context.Context, tx *store.Tx, id string, by luoshu.Actor, requests []int64) error {
	if id == "" || len(requests) == 0 {
		return nil
	}
	p, at, err := handed(ctx, tx, id, by)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if _, err := tx.Exec(ctx, `INSERT INTO correction_paper (id, correction, sha256, name, kind, size, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			strings.ToLower(rand.Text()), r, p.sha, p.Name, p.Kind, p.Size, by.Name, at); err != nil {
			return fmt.Errorf("attach paper: %w", err)
		}
	}
	return nil
}

// Papers returns the evidence of a request.
func (c *Correct) Papers(ctx context.Context, request int64) ([]Paper, error) {
	rows, err := c.db.Query(ctx, `SELECT id, name, kind, size, sha256 FROM correction_paper WHERE correction = ? AND correction <> 0 ORDER BY at, id`, request)
	if err != nil {
		return nil, fmt.Errorf("read papers: %w", err)
	}
	defer rows.Close()
	out := []Paper{}
	for rows.Next() {
		var p Paper
		if err := rows.Scan(&p.ID, &p.Name, &p.Kind, &p.Size, &p.sha); err != nil {
			return nil, fmt.Errorf("read papers: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// OpenPaper opens a piece of evidence of a request; the caller has seen that the
// reader may have it, and closes it.
func (c *Correct) OpenPaper(ctx context.Context, request int64, id string) (Paper, io.ReadCloser, error) {
	all, err := c.Papers(ctx, request)
	if err != nil {
		return Paper{}, nil, err
	}
	for _, p := range all {
		if p.ID == id && c.files != nil {
			r, err := c.files.Kept(ctx, p.sha)
			return p, r, err
		}
	}
	return Paper{}, nil, luoshu.Errorf(luoshu.NotFound, "没有这份附件", "there is no such paper")
}
