// Package movement speaks HTTP for the room of movements: cases, the end of a
// year, changes of organisations. What may happen is decided by kernel/movement, what of it may be seen by
// disclose.
package movement

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/movement"
	"luoshu/web/kit"
)

// Area is what the handlers need.
type Area struct {
	Mover   *movement.Mover
	Keeper  *lifecycle.Keeper
	Door    *disclose.Door
	Access  *access.Access
	Catalog *catalog.Catalog

	works kit.Works
}

// Close ends what runs at its next safe point and waits for it.
func (a *Area) Close() { a.works.Close() }

// Routes are the addresses of the area.
func (a *Area) Routes() []kit.Route {
	return []kit.Route{
		{Pattern: "GET /api/movement", Right: "movement", Handle: a.metaRead},
		{Pattern: "GET /api/movement/count", Right: "movement", Handle: a.caseCount},
		{Pattern: "GET /api/movement/persons/{rec}", Right: "movement", Handle: a.personRead},
		{Pattern: "GET /api/movement/takers", Right: "movement", Rate: "search", Handle: a.takerList},
		{Pattern: "GET /api/movement/cases", Right: "movement", Handle: a.caseList},
		{Pattern: "POST /api/movement/cases", Right: "movement", Handle: a.caseCreate},
		{Pattern: "GET /api/movement/cases/{n}", Right: "movement", Handle: a.caseRead},
		{Pattern: "POST /api/movement/cases/{n}/answer", Right: "movement", Handle: a.caseAnswer},
		{Pattern: "GET /api/yearend", Right: "yearend", Handle: a.yearRead},
		{Pattern: "GET /api/yearend/persons", Right: "yearend", Rate: "whole", Handle: a.yearPersons},
		{Pattern: "POST /api/yearend/exceptions", Right: "yearend", Handle: a.yearExcept},
		{Pattern: "POST /api/yearend/run", Right: "yearend", Rate: "whole", Handle: a.yearRun},
		{Pattern: "POST /api/yearend/undo", Right: "yearend", Rate: "whole", Handle: a.yearUndo},
		{Pattern: "POST /api/yearend/stop", Right: "yearend", Handle: a.yearStop},
		{Pattern: "GET /api/lifecycle", Right: "lifecycle", Handle: a.lifeList},
		{Pattern: "GET /api/lifecycle/count", Right: "lifecycle", Handle: a.lifeCount},
		{Pattern: "GET /api/lifecycle/orgs", Right: "lifecycle", Rate: "search", Handle: a.lifeOrgs},
		{Pattern: "POST /api/lifecycle/preview", Right: "lifecycle", Rate: "whole", Handle: a.lifePreview},
		{Pattern: "POST /api/lifecycle", Right: "lifecycle", Slow: true, Rate: "whole", Handle: a.lifeCreate},
		{Pattern: "POST /api/lifecycle/{n}/undo", Right: "lifecycle", Slow: true, Rate: "whole", Handle: a.lifeUndo},
		{Pattern: "GET /api/yearend/vanished.csv", Right: "yearend", Slow: true, Kind: audit.KindExport, Sensitive: true, Rate: "export", Handle: a.vanishedExport},
	}
}

// coded is a code with its title.
type coded struct {
	Code  string      `json:"code"`
	Title luoshu.Text `json:"title"`
}

// org names an organisation; the name of one is public.
func (a *Area) org(ctx context.Context, code string) *coded {
	if code == "" {
		return nil
	}
	out := &coded{Code: code, Title: luoshu.Text{ZH: code, EN: code}}
	if t, err := a.Access.Tree(ctx); err == nil {
		if n := t.Get(code); n != nil {
			out.Title = n.Title
		}
	}
	return out
}

// code titles a code of a field.
func (a *Area) code(list, code string) *coded {
	if code == "" {
		return nil
	}
	out := &coded{Code: code, Title: luoshu.Text{ZH: code, EN: code}}
	if l := a.Catalog.List(list); l != nil {
		if c := l.Code(code); c != nil {
			out.Title = c.Title
		}
	}
	return out
}

type typeBody struct {
	ID    string      `json:"id"`
	Title luoshu.Text `json:"title"`
	Side  string      `json:"side"`
	Needs []string    `json:"needs"`
	Opens bool        `json:"opens"`
	Group bool        `json:"group"` // needs another group
	Grade string      `json:"grade"`
}

type entityBody struct {
	Name   string            `json:"name"`
	Title  luoshu.Text       `json:"title"`
	Fields map[string]string `json:"fields"`
}

type metaBody struct {
	Today   string      `json:"today"`
	Day     string      `json:"day"` // suggested for a change
	Year    int64       `json:"year"`
	Person  entityBody  `json:"person"`
	Org     luoshu.Text `json:"org"`
	Group   *entityBody `json:"group"`
	Types   []typeBody  `json:"types"`
	Reasons []coded     `json:"reasons"`
	Labels  []coded     `json:"labels"` // titles of the person's key and name, and of the grade
	Grades  []coded     `json:"grades"`
}

// metaRead says which changes there are and what they are called: all words of the
// business come from the packs.
func (a *Area) metaRead(w http.ResponseWriter, r *http.Request) error {
	ch := a.Mover.Charter()
	if ch == nil {
		return luoshu.Errorf(luoshu.NotFound, "业务包没有说明人员如何变动（movement.yaml）", "the packs do not say how persons move (movement.yaml)")
	}
	year, day, err := a.Mover.Newest(r.Context())
	if err != nil {
		return err
	}
	p, f := ch.Person, ch.Fact
	key := p.Entity.KeyFields()[0]
	out := metaBody{
		Today: a.Access.Now().Format("2006-01-02"), Day: luoshu.FormatDate(day), Year: year,
		Person: entityBody{p.Entity.Name, p.Entity.Title, map[string]string{"key": key.Name, "name": p.Name.Name, "holder": p.Holder.Name, "status": p.Status.Name}},
		Labels: []coded{{"key", key.Title}, {"name", p.Name.Title}, {"grade", f.Grade.Title}},
		Types:  []typeBody{}, Reasons: []coded{}, Grades: []coded{},
	}
	if e := a.Catalog.Entity(f.Org.Ref); e != nil {
		out.Org = e.Title
	}
	if g := ch.Group; g != nil {
		out.Group = &entityBody{g.Entity.Name, g.Entity.Title, map[string]string{
			"key": g.Key.Name, "label": g.Label.Name, "org": g.Org.Name, "year": g.Year.Name, "grade": g.Grade.Name,
		}}
	}
	for _, k := range ch.Changes {
		if k.Side == "run" {
			continue
		}
		needs := k.Needs
		if needs == nil {
			needs = []string{}
		}
		out.Types = append(out.Types, typeBody{k.ID, k.Title, k.Side, needs, k.Opens, k.Group, k.Grade})
	}
	if l := a.Catalog.List(ch.Reasons); l != nil {
		for _, c := range l.Codes {
			out.Reasons = append(out.Reasons, coded{c.Code, c.Title})
		}
	}
	for _, rung := range ch.Ladder {
		for _, g := range rung.Grades {
			out.Grades = append(out.Grades, *a.code(f.Grade.Codes, g))
		}
	}
	return kit.WriteJSON(w, r, out)
}

// takerList finds organisations to send somebody to: any of the city that keeps
// facts, by name or code; their names are public.
func (a *Area) takerList(w http.ResponseWriter, r *http.Request) error {
	ch := a.Mover.Charter()
	if ch == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个接口", "no such address")
	}
	t, err := a.Access.Tree(r.Context())
	if err != nil {
		return err
	}
	out := []coded{}
	for _, n := range t.Find(r.URL.Query().Get("q"), 30, func(n *access.Node) bool { return n.Entity == ch.Fact.Org.Ref && n.Closed == 0 }) {
		out = append(out, coded{n.Code, n.Title})
	}
	return kit.WriteJSON(w, r, out)
}

// personRead says what may happen to a person whom the reader holds.
func (a *Area) personRead(w http.ResponseWriter, r *http.Request) error {
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return err
	}
	types, who, err := a.Mover.Changes(r.Context(), kit.Actor(r), rec)
	if err != nil {
		return err
	}
	ch := a.Mover.Charter()
	return kit.WriteJSON(w, r, map[string]any{
		"rec": rec, "label": a.Door.Label(kit.Actor(r), ch.Person.Entity.Name, rec, who.Name),
		"grade": a.code(ch.Fact.Grade.Codes, who.Grade), "types": types,
	})
}
