package identity

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/identity"
	"luoshu/web/kit"
)

// search owns the search for duplicates: there is one at a time in the city.
const search = "duplicates"

// found is what a search over one register found.
type found struct {
	identity.Report
	Title luoshu.Text `json:"title"`
}

// findRead answers whether the reader may search, and how the search goes.
func (d *desk) findRead(w http.ResponseWriter, r *http.Request) error {
	out := struct {
		May  bool      `json:"may"`
		Work *kit.Work `json:"work"`
	}{}
	if out.May = d.Identity.MayFind(r.Context(), kit.Actor(r)) == nil && len(d.Identity.Entities()) > 0; out.May {
		out.Work = d.Works.Last(search)
	}
	return kit.WriteJSON(w, r, out)
}

// findBegin begins a search over one register, or over all of them.
func (d *desk) findBegin(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Entity string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	actor := kit.Actor(r)
	if err := d.Identity.MayFind(r.Context(), actor); err != nil {
		return err
	}
	all := d.Identity.Entities()
	some := all[:0:0]
	for _, i := range all {
		if in.Entity == "" || in.Entity == i.Entity.Name {
			some = append(some, i)
		}
	}
	if len(some) == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有为“%s”设置查重", "no pack says how to tell records of %q apart", in.Entity)
	}
	work, err := d.Works.Begin(r.Context(), search, "find", func(ctx context.Context, p luoshu.Progress) (any, error) {
		out := []found{}
		for _, i := range some {
			rep, err := d.Identity.Find(ctx, actor, i.Entity.Name, p)
			if err != nil {
				return nil, err
			}
			out = append(out, found{rep, i.Entity.Title})
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusAccepted, work)
	return nil
}

// findStop ends the search at its next safe point; pairs that are queued stay.
func (d *desk) findStop(w http.ResponseWriter, r *http.Request) error {
	if err := d.Identity.MayFind(r.Context(), kit.Actor(r)); err != nil {
		return err
	}
	d.Works.Stop(search)
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}
