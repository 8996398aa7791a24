// Package identity speaks HTTP for likely duplicates: the queue, one pair side by
// side, the decision, and taking a merge back.
package identity

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/identity"
	"luoshu/kernel/records"
	"luoshu/web/kit"
)

// Config is what the area is made of.
type Config struct {
	Identity *identity.Identity
	Door     *disclose.Door
	Access   *access.Access
	Catalog  *catalog.Catalog
	Records  *records.Reader
	Works    *kit.Works // keeps the search under way; whoever made it closes it
}

type desk struct{ Config }

// Routes are the routes of likely duplicates.
func Routes(c Config) []kit.Route {
	d := &desk{c}
	return []kit.Route{
		{Pattern: "GET /api/duplicates", Right: "duplicates", Handle: d.list},
		{Pattern: "GET /api/duplicates/count", Right: "duplicates", Handle: d.count},
		{Pattern: "GET /api/duplicates/find", Right: "duplicates", Handle: d.findRead},
		{Pattern: "POST /api/duplicates/find", Right: "duplicates", Rate: "whole", Handle: d.findBegin},
		{Pattern: "POST /api/duplicates/find/stop", Right: "duplicates", Handle: d.findStop},
		{Pattern: "GET /api/duplicates/{id}", Right: "duplicates", Handle: d.read},
		{Pattern: "POST /api/duplicates/{id}/decide", Right: "duplicates", Handle: d.decide},
		{Pattern: "POST /api/duplicates/{id}/unmerge", Right: "duplicates", Handle: d.unmerge},
	}
}

func (d *desk) count(w http.ResponseWriter, r *http.Request) error {
	_, n, err := d.Identity.List(r.Context(), kit.Actor(r), "", "", 0, 1)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int64{"count": n})
}

// side is one record of a pair: as the reader may see it, or, outside the scope,
// only where it is and, masked, what it is called.
type side struct {
	Rec      int64         `json:"rec"`
	Org      string        `json:"org"`
	OrgTitle luoshu.Text   `json:"org_title"`
	Label    string        `json:"label"`
	Gone     bool          `json:"gone"`
	Inside   bool          `json:"inside"`
	Row      *disclose.Row `json:"row,omitempty"`
}

type pairBody struct {
	*identity.Pair
	Title   luoshu.Text            `json:"title"`
	Fields  map[string]luoshu.Text `json:"fields"` // titles of the fields of the trace
	Columns []disclose.Column      `json:"columns,omitempty"`
	Left    side                   `json:"left"`
	Right   side                   `json:"right"`
}

func (d *desk) list(w http.ResponseWriter, r *http.Request) error {
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	pairs, total, err := d.Identity.List(r.Context(), kit.Actor(r), q.Get("entity"), q.Get("state"), offset, limit)
	if err != nil {
		return err
	}
	rows := make([]*pairBody, 0, len(pairs))
	for _, p := range pairs {
		b, err := d.body(r.Context(), kit.Actor(r), p, false)
		if err != nil {
			return err
		}
		rows = append(rows, b)
	}
	type entity struct {
		Name  string      `json:"name"`
		Title luoshu.Text `json:"title"`
		Note  luoshu.Text `json:"note"`
	}
	entities := []entity{}
	for _, i := range d.Identity.Entities() {
		entities = append(entities, entity{i.Entity.Name, i.Entity.Title, i.Note})
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "rows": rows, "entities": entities})
}

func (d *desk) read(w http.ResponseWriter, r *http.Request) error {
	p, err := d.Identity.Get(r.Context(), kit.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return d.answer(w, r, p)
}

func (d *desk) answer(w http.ResponseWriter, r *http.Request, p *identity.Pair) error {
	b, err := d.body(r.Context(), kit.Actor(r), p, true)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}

func (d *desk) decide(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Decision string
		Survivor int64
		Note     string
		Revision int64
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	p, err := d.Identity.Decide(context.WithoutCancel(r.Context()), kit.Actor(r), r.PathValue("id"),
		identity.Decision{Kind: in.Decision, Survivor: in.Survivor, Note: in.Note, Revision: in.Revision})
	if err != nil {
		return err
	}
	return d.answer(w, r, p)
}

func (d *desk) unmerge(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Note string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	p, err := d.Identity.Unmerge(context.WithoutCancel(r.Context()), kit.Actor(r), r.PathValue("id"), in.Note)
	if err != nil {
		return err
	}
	return d.answer(w, r, p)
}

// body shows a pair through the door: records within the scope as the reader may
// see them, the other side by its masked label and its organisation only.
func (d *desk) body(ctx context.Context, actor luoshu.Actor, p *identity.Pair, full bool) (*pairBody, error) {
	e := d.Catalog.Entity(p.Entity)
	out := &pairBody{Pair: p, Fields: map[string]luoshu.Text{}}
	if e == nil {
		return out, nil
	}
	out.Title = e.Title
	for _, i := range d.Identity.Entities() {
		if i.Entity != e {
			continue
		}
		for _, f := range i.Feeds {
			from := e
			if f.Entity != "" {
				from = d.Catalog.Entity(f.Entity)
			}
			t := from.Field(f.Field).Title
			if from != e {
				t = luoshu.Text{ZH: from.Title.ZH + t.ZH, EN: from.Title.EN + ": " + t.EN}
			}
			out.Fields[f.Name] = t
		}
	}
	page, err := d.Door.Cards(ctx, actor, p.Entity, []int64{p.A, p.B})
	if err != nil {
		return nil, err
	}
	if full {
		out.Columns = page.Columns
	}
	tree, err := d.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	make1 := func(rec int64, org string) (side, error) {
		s := side{Rec: rec, Org: org}
		if n := tree.Get(org); n != nil {
			s.OrgTitle = n.Title
		}
		for i := range page.Rows {
			if page.Rows[i].Rec == rec {
				s.Inside = true
				if full {
					s.Row = &page.Rows[i]
				}
			}
		}
		v, err := d.Records.Get(ctx, p.Entity, rec)
		if err != nil {
			return s, err
		}
		s.Gone = v == nil
		label := luoshu.Value{}
		if v != nil {
			label = v.Values[e.Field(e.Label).Index]
		}
		s.Label = d.Door.Label(actor, p.Entity, rec, label)
		if !s.Inside {
			s.Label = d.Door.Masked(p.Entity, e.Label, label)
		}
		return s, nil
	}
	if out.Left, err = make1(p.A, p.OrgA); err != nil {
		return nil, err
	}
	out.Right, err = make1(p.B, p.OrgB)
	return out, err
}
