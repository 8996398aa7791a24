package movement

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/lifecycle"
	"luoshu/web/kit"
)

type actKind struct {
	ID    string      `json:"id"`
	Title luoshu.Text `json:"title"`
	Does  string      `json:"does"`
}

type actBody struct {
	N         int64       `json:"n"`
	Title     luoshu.Text `json:"title"`
	State     string      `json:"state"`
	Org       *coded      `json:"org"`
	Successor *coded      `json:"successor"`
	Parent    *coded      `json:"parent"`
	Name      string      `json:"name,omitempty"`
	Address   string      `json:"address,omitempty"`
	Paper     string      `json:"paper,omitempty"`
	Groups    []string    `json:"groups,omitempty"`
	Date      string      `json:"date"`
	At        string      `json:"at"`
	Who       string      `json:"who"`
	Stuck     luoshu.Text `json:"stuck"` // why it could not be carried out on its day
}

type actRequest struct {
	Act, Org, Date, Name, Address, Parent, Successor, Paper string
	Groups                                                  []string
	Persons                                                 map[string][]int64
}

func (r actRequest) kernel() lifecycle.ActRequest {
	return lifecycle.ActRequest{
		Act: r.Act, Org: r.Org, Date: day(r.Date), Name: r.Name, Address: r.Address, Parent: r.Parent,
		Successor: r.Successor, Groups: r.Groups, Persons: r.Persons, Paper: r.Paper,
	}
}

func (a *Area) actOf(ctx context.Context, x *lifecycle.Act) actBody {
	r := x.Request
	return actBody{
		N: x.N, Title: x.Kind.Title, State: x.State, Org: a.org(ctx, r.Org), Successor: a.org(ctx, r.Successor), Parent: a.org(ctx, r.Parent),
		Name: r.Name, Address: r.Address, Paper: r.Paper, Groups: r.Groups, Date: luoshu.FormatDate(r.Date), At: x.At, Who: x.Account, Stuck: x.Stuck,
	}
}

// lifeList says which acts there are and lists those on organisations in reach.
func (a *Area) lifeList(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Keeper.Acts(r.Context(), kit.Actor(r), r.URL.Query().Get("org"))
	if err != nil {
		return err
	}
	kinds := []actKind{}
	if l := a.Mover.Charter().Orgs; l != nil {
		for _, k := range l.Acts {
			kinds = append(kinds, actKind{k.ID, k.Title, k.Does})
		}
	}
	rows := make([]actBody, 0, len(all))
	for _, x := range all {
		rows = append(rows, a.actOf(r.Context(), x))
	}
	return kit.WriteJSON(w, r, map[string]any{"kinds": kinds, "rows": rows, "today": a.Access.Now().Format("2006-01-02")})
}

// lifeCount is how many acts of the reader could not be carried out on their day.
func (a *Area) lifeCount(w http.ResponseWriter, r *http.Request) error {
	n, err := a.Keeper.Waiting(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int64{"count": n})
}

// lifeOrgs finds organisations in reach that acts can be done to (kind "") or that
// others can be put under (kind "parent").
func (a *Area) lifeOrgs(w http.ResponseWriter, r *http.Request) error {
	if err := a.Access.Require(kit.Actor(r), "lifecycle"); err != nil {
		return err
	}
	ch := a.Mover.Charter()
	if ch == nil || ch.Orgs == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个接口", "no such address")
	}
	scope, err := a.Access.Scope(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	e := ch.Orgs.Entity
	want := e.Name
	if r.URL.Query().Get("kind") == "parent" {
		want = e.Field(e.Node.Parent).Ref
	}
	out := []coded{}
	for _, n := range scope.Tree().Find(r.URL.Query().Get("q"), 30, func(n *access.Node) bool {
		return n.Entity == want && n.Closed == 0 && scope.Has(n.Code)
	}) {
		out = append(out, coded{n.Code, n.Title})
	}
	return kit.WriteJSON(w, r, out)
}

type countBody struct {
	Title luoshu.Text `json:"title"`
	Count int         `json:"count"`
}

// lifePreview says what an act would write.
func (a *Area) lifePreview(w http.ResponseWriter, r *http.Request) error {
	var in actRequest
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	p, err := a.Keeper.PreviewAct(r.Context(), kit.Actor(r), in.kernel())
	if err != nil {
		return err
	}
	counts := func(m map[string]int) []countBody {
		out := []countBody{}
		for _, e := range a.Catalog.Entities {
			if n := m[e.Name]; n > 0 {
				out = append(out, countBody{e.Title, n})
			}
		}
		return out
	}
	out := map[string]any{
		"facts": counts(p.Facts), "persons": counts(p.Persons), "before": p.Before, "after": p.After, "waits": p.Waits,
	}
	if g := a.Mover.Charter().Group; g != nil && p.Groups > 0 {
		out["groups"] = countBody{g.Entity.Title, p.Groups}
	}
	return kit.WriteJSON(w, r, out)
}

func (a *Area) lifeCreate(w http.ResponseWriter, r *http.Request) error {
	var in actRequest
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	x, err := a.Keeper.ActNow(r.Context(), kit.Actor(r), in.kernel())
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, a.actOf(r.Context(), x))
	return nil
}

func (a *Area) lifeUndo(w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	x, err := a.Keeper.UndoAct(r.Context(), kit.Actor(r), n)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, a.actOf(r.Context(), x))
}
