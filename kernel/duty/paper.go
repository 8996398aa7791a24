package duty

import (
	"context"
	"io"
	"time"

	"luoshu"
	"luoshu/kernel/paper/shelf"
	"luoshu/kernel/store"
)

// Paper is evidence handed in with a mark.
type Paper = shelf.Paper

func (k *Keeper) shelf() *shelf.Shelf {
	return &shelf.Shelf{DB: k.DB, Files: k.Files, Table: "duty_paper", Owner: "mark"}
}

// TakePaper keeps a piece of evidence until a mark of the same account names it. What
// it is is told by its content. Right: discharge.
func (k *Keeper) TakePaper(ctx context.Context, by luoshu.Actor, name string, r io.Reader) (Paper, error) {
	if err := k.Access.Require(by, Discharge); err != nil {
		return Paper{}, err
	}
	if k.Files == nil {
		return Paper{}, luoshu.Errorf(luoshu.Unavailable, "现在不能接收附件", "no papers can be taken now")
	}
	return k.shelf().Take(ctx, by, name, r, k.Now().UTC().Format(time.RFC3339))
}

// handed are the papers that a mark names.
func (k *Keeper) handed(ctx context.Context, by luoshu.Actor, ids []string) ([]Paper, error) {
	if len(ids) > maxPapers {
		e := luoshu.Errorf(luoshu.Invalid, "一条标记最多附 %d 份材料", "a mark has at most %d papers", maxPapers)
		e.Field = "papers"
		return nil, e
	}
	return k.shelf().Loose(ctx, by.Name, ids)
}

// attach gives the papers of a mark to it.
func (k *Keeper) attach(ctx context.Context, tx *store.Tx, m *Mark) error {
	for _, p := range m.Papers {
		first, err := k.shelf().Give(ctx, tx, p.ID, m.N, 0)
		if err != nil {
			return err
		}
		if !first {
			return luoshu.Errorf(luoshu.Conflict, "附件“%s”已用于另一条标记，请重新选择", "the paper “%s” belongs to another mark already; choose it again", p.Name)
		}
	}
	return nil
}

// evidence reads the papers of the marks of a duty and organisation.
func (k *Keeper) evidence(ctx context.Context, duty, org string, all []*Mark) error {
	papers, err := k.shelf().Under(ctx, `SELECT n FROM duty_mark WHERE duty = ? AND org = ?`, duty, org)
	for _, m := range all {
		m.Papers = papers[m.N]
	}
	return err
}

// OpenPaper opens a piece of evidence of a mark, also of one that was taken back, at
// an organisation within the actor's reach; the caller closes it. Right: duties.
func (k *Keeper) OpenPaper(ctx context.Context, actor luoshu.Actor, mark int64, id string) (Paper, io.ReadCloser, error) {
	if err := k.Access.Require(actor, Read); err != nil {
		return Paper{}, nil, err
	}
	scope, err := k.Access.Scope(ctx, actor)
	if err != nil {
		return Paper{}, nil, err
	}
	all, err := k.marks(ctx, k.DB, `n = ?`, mark)
	if err != nil {
		return Paper{}, nil, err
	}
	if len(all) == 0 || !scope.Has(all[0].Org) || k.Files == nil {
		return Paper{}, nil, luoshu.Errorf(luoshu.NotFound, "没有这份附件", "there is no such paper")
	}
	return k.shelf().Open(ctx, mark, id)
}
