package flow

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"luoshu"
	"luoshu/kernel/paper"
)

// TakePaper keeps a piece of evidence until an act of the same account names it.
func (f *Flow) TakePaper(ctx context.Context, by luoshu.Actor, name string, r io.Reader) (Paper, error) {
	if err := f.Access.Require(by, "case"); err != nil {
		return Paper{}, err
	}
	b, kind, err := paper.Read(r)
	if err != nil {
		return Paper{}, err
	}
	src, err := f.Files.Keep(ctx, bytes.NewReader(b), paper.Name(name, kind))
	if err != nil {
		return Paper{}, err
	}
	p := Paper{ID: strings.ToLower(rand.Text()), Name: paper.Name(name, kind), Kind: kind, Size: int64(len(b)), sha: src.SHA256}
	_, err = f.DB.Exec(ctx, `INSERT INTO flow_paper (id, case_id, step, sha256, name, kind, size, account, at) VALUES (?, 0, 0, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.sha, p.Name, p.Kind, p.Size, by.Name, f.stamp())
	if err != nil {
		return Paper{}, fmt.Errorf("take paper: %w", err)
	}
	return p, nil
}

// papers are those that an act names: handed in by the same account and not used
// yet.
func (w *work) papers(ids []string) ([]Paper, error) {
	var out []Paper
	for _, id := range ids {
		p := Paper{ID: id}
		err := w.f.DB.QueryRow(w.ctx, `SELECT sha256, name, kind, size FROM flow_paper WHERE id = ? AND account = ? AND case_id = 0`, id, w.actor.Name).Scan(&p.sha, &p.Name, &p.Kind, &p.Size)
		if err != nil {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "papers", Cause: err, Msg: luoshu.Text{ZH: "没有这份附件，请重新选择", EN: "there is no such paper; choose it again"}}
		}
		out = append(out, p)
	}
	return out, nil
}

// OpenPaper opens a piece of evidence of a case that the actor may see; the caller
// closes it.
func (f *Flow) OpenPaper(ctx context.Context, actor luoshu.Actor, no, id string) (Paper, io.ReadCloser, error) {
	c, err := f.See(ctx, actor, no)
	if err != nil {
		return Paper{}, nil, err
	}
	p := Paper{ID: id}
	err = f.DB.QueryRow(ctx, `SELECT sha256, name, kind, size FROM flow_paper WHERE id = ? AND case_id = ?`, id, c.ID).Scan(&p.sha, &p.Name, &p.Kind, &p.Size)
	if err != nil {
		return Paper{}, nil, &luoshu.Error{Kind: luoshu.NotFound, Cause: err, Msg: luoshu.Text{ZH: "没有这份附件", EN: "there is no such paper"}}
	}
	r, err := f.Files.Kept(ctx, p.sha)
	return p, r, err
}
