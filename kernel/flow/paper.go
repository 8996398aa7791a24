package flow

import (
	"context"
	"io"

	"luoshu"
	"luoshu/kernel/paper/shelf"
)

// Paper is something handed in.
type Paper = shelf.Paper

func (f *Flow) shelf() *shelf.Shelf {
	return &shelf.Shelf{DB: f.DB, Files: f.Files, Table: "flow_paper", Owner: "case_id"}
}

// TakePaper keeps a piece of evidence until an act of the same account names it.
func (f *Flow) TakePaper(ctx context.Context, by luoshu.Actor, name string, r io.Reader) (Paper, error) {
	if err := f.Access.Require(by, "case"); err != nil {
		return Paper{}, err
	}
	return f.shelf().Take(ctx, by, name, r, f.stamp())
}

// papers are those that an act names: handed in by the same account and not used
// yet.
func (w *work) papers(ids []string) ([]Paper, error) {
	return w.f.shelf().Loose(w.ctx, w.actor.Name, ids)
}

// OpenPaper opens a piece of evidence of a case that the actor may see; the caller
// closes it.
func (f *Flow) OpenPaper(ctx context.Context, actor luoshu.Actor, no, id string) (Paper, io.ReadCloser, error) {
	c, err := f.See(ctx, actor, no)
	if err != nil {
		return Paper{}, nil, err
	}
	return f.shelf().Open(ctx, c.ID, id)
}
