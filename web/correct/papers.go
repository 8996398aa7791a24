package correct

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/correct"
	"luoshu/kernel/paper"
	"luoshu/web/kit"
)

// paperCreate takes a piece of evidence: a multipart form with one file.
func (a *area) paperCreate(w http.ResponseWriter, r *http.Request) error {
	name, file, err := kit.File(r, w, paper.Max)
	if err != nil {
		return err
	}
	p, err := a.Correct.TakePaper(r.Context(), kit.Actor(r), name, file)
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, p)
	return nil
}

// paperRead gives a piece of evidence back, as a download only: nothing in it is
// shown or run under this address.
func (a *area) paperRead(w http.ResponseWriter, r *http.Request) error {
	q, err := a.request(r)
	if err != nil {
		return err
	}
	all, err := a.bodies(r.Context(), kit.Actor(r), []*correct.Request{q})
	if err != nil {
		return err
	}
	if !mayPapers(&all[0], len(q.Fields)) {
		return luoshu.Errorf(luoshu.NotFound, "没有这份附件", "there is no such paper")
	}
	p, file, err := a.Correct.OpenPaper(r.Context(), q.ID, r.PathValue("paper"))
	if err != nil {
		return err
	}
	defer file.Close()
	return kit.WritePaper(w, p.Name, paper.Types[p.Kind], file)
}
