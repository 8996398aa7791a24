package movement

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/kernel/movement"
	"luoshu/web/kit"
)

type unitBody struct {
	*movement.Summary
	Title    luoshu.Text `json:"title"`
	Vanished int         `json:"vanished"`
	Untold   int         `json:"untold"`
}

type runBody struct {
	N       int64  `json:"n"`
	State   string `json:"state"`
	Org     *coded `json:"org"`
	At      string `json:"at"`
	Who     string `json:"who"`
	Units   int64  `json:"units"`
	Persons int64  `json:"persons"`
}

// yearRead previews a year's end by organisation. While the counting goes on, or
// a run, it answers the work instead; ask again.
func (a *Area) yearRead(w http.ResponseWriter, r *http.Request) error {
	year, org, err := a.yearOrg(r)
	if err != nil {
		return err
	}
	actor := kit.Actor(r)
	runs, err := a.Mover.Runs(r.Context(), actor, year)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("preview %d %s", year, org)
	work, units, err := a.works.Get(r.Context(), owner(actor), key, func(ctx context.Context, p luoshu.Progress) (any, error) {
		return a.Mover.Preview(ctx, actor, year, org, p)
	})
	if err != nil {
		return err
	}
	out := map[string]any{"year": year, "work": work, "units": []unitBody{}, "runs": a.runsOf(r.Context(), runs)}
	if all, ok := units.([]*movement.Summary); ok {
		rows := make([]unitBody, 0, len(all))
		for _, s := range all {
			rows = append(rows, unitBody{s, a.org(r.Context(), s.Org).Title, s.Vanished, s.Untold})
		}
		out["units"] = rows
	}
	return kit.WriteJSON(w, r, out)
}

func (a *Area) runsOf(ctx context.Context, runs []*movement.Run) []runBody {
	out := make([]runBody, 0, len(runs))
	for _, x := range runs {
		out = append(out, runBody{x.N, x.State, a.org(ctx, x.Org), x.At, x.Account, x.Units, x.Persons})
	}
	return out
}

// yearOrg reads year and org; without a year it is the last one that has facts.
func (a *Area) yearOrg(r *http.Request) (int64, string, error) {
	year, err := kit.Number(r, "year")
	if err != nil {
		return 0, "", err
	}
	if year == 0 && a.Mover.Charter() != nil {
		n, _, err := a.Mover.Newest(r.Context())
		return n, r.URL.Query().Get("org"), err
	}
	return int64(year), r.URL.Query().Get("org"), nil
}

type outcomeBody struct {
	Act       string `json:"act"`
	Why       string `json:"why,omitempty"`
	From      *coded `json:"from"`
	To        *coded `json:"to"`
	Group     string `json:"group"`
	Exception bool   `json:"exception"`
}

// yearPersons lists the persons of one organisation with one outcome, or those
// who are missing from the next year.
func (a *Area) yearPersons(w http.ResponseWriter, r *http.Request) error {
	year, org, err := a.yearOrg(r)
	if err != nil {
		return err
	}
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	u, err := a.Mover.Unit(r.Context(), kit.Actor(r), year, org)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	some := u.Outcomes
	if gone := q.Get("gone"); gone != "" {
		some = a.Mover.Gone(u, gone)
	}
	some = slices.DeleteFunc(slices.Clone(some), func(o *movement.Outcome) bool {
		return (q.Get("act") != "" && o.Act != q.Get("act")) || (q.Get("why") != "" && o.Why != q.Get("why"))
	})
	total := len(some)
	some = some[min(offset, total):min(offset+limit, total)]
	recs := make([]int64, len(some))
	codes := a.Mover.Charter().Fact.Grade.Codes
	outcomes := map[int64]outcomeBody{}
	for i, o := range some {
		recs[i] = o.Rec
		outcomes[o.Rec] = outcomeBody{o.Act, o.Why, a.code(codes, o.From), a.code(codes, o.To), o.Group, o.Exception}
	}
	page, err := a.Door.Cards(r.Context(), kit.Actor(r), a.Mover.Charter().Person.Entity.Name, recs)
	if err != nil {
		return err
	}
	groups := []map[string]any{}
	for _, g := range u.Groups {
		groups = append(groups, map[string]any{"key": g.Key, "name": g.Name, "grade": a.code(codes, g.Grade), "from": g.From, "persons": g.Persons})
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "page": page, "outcomes": outcomes, "groups": groups})
}

func (a *Area) yearExcept(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Year, Rec        int64
		Act, Group, Note string
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if err := a.Mover.Except(r.Context(), kit.Actor(r), in.Year, in.Rec, in.Act, in.Group, in.Note); err != nil {
		return err
	}
	a.works.Forget()
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

type yearBody struct {
	Year int64
	Org  string
}

// yearRun begins the run; yearRead tells how it goes.
func (a *Area) yearRun(w http.ResponseWriter, r *http.Request) error {
	return a.yearWork(w, r, "run", func(ctx context.Context, actor luoshu.Actor, in yearBody, p luoshu.Progress) (any, error) {
		run, err := a.Mover.Promote(ctx, actor, in.Year, in.Org, p)
		if err != nil {
			return nil, err
		}
		return map[string]int64{"units": run.Units, "persons": run.Persons}, nil
	})
}

// yearUndo takes the runs of a year back.
func (a *Area) yearUndo(w http.ResponseWriter, r *http.Request) error {
	return a.yearWork(w, r, "undo", func(ctx context.Context, actor luoshu.Actor, in yearBody, p luoshu.Progress) (any, error) {
		n, left, err := a.Mover.Unpromote(ctx, actor, in.Year, in.Org, p)
		if err != nil {
			return nil, err
		}
		rows := []map[string]any{}
		for _, l := range left {
			rows = append(rows, map[string]any{"org": a.org(ctx, l.Org), "why": l.Why})
		}
		return map[string]any{"units": n, "left": rows}, nil
	})
}

func (a *Area) yearWork(w http.ResponseWriter, r *http.Request, kind string, do func(context.Context, luoshu.Actor, yearBody, luoshu.Progress) (any, error)) error {
	var in yearBody
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if a.Mover.Charter() == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个接口", "no such address")
	}
	actor := kit.Actor(r)
	if _, err := a.Mover.Runs(r.Context(), actor, in.Year); err != nil {
		return err
	}
	work, err := a.works.Begin(r.Context(), owner(actor), kind, func(ctx context.Context, p luoshu.Progress) (any, error) {
		return do(ctx, actor, in, p)
	})
	if err != nil {
		return err
	}
	a.works.Forget()
	kit.WriteStatus(w, r, http.StatusAccepted, work)
	return nil
}

// yearStop cancels the reader's own run at the next organisation.
func (a *Area) yearStop(w http.ResponseWriter, r *http.Request) error {
	if a.Mover.Charter() == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个接口", "no such address")
	}
	a.works.Stop(owner(kit.Actor(r)))
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

// vanishedExport writes who is missing from the next year, by organisation.
func (a *Area) vanishedExport(w http.ResponseWriter, r *http.Request) error {
	actor := kit.Actor(r)
	if err := a.Access.Require(actor, "export"); err != nil {
		return err
	}
	year, org, err := a.yearOrg(r)
	if err != nil {
		return err
	}
	units, err := a.Mover.Preview(r.Context(), actor, year, org, nil)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%d.csv", a.Mover.Charter().Person.Entity.Title.ZH, year)
	return kit.WriteFile(w, name, kit.TypeCSV, func(out io.Writer) error {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
		c := csv.NewWriter(out)
		for _, s := range units {
			if s.Vanished+s.Untold == 0 {
				continue
			}
			if err := a.vanishedUnit(r.Context(), c, actor, year, s.Org); err != nil {
				return err
			}
		}
		c.Flush()
		return c.Error()
	})
}

// vanishedUnit writes one organisation's missing persons through the door.
func (a *Area) vanishedUnit(ctx context.Context, c *csv.Writer, actor luoshu.Actor, year int64, org string) error {
	u, err := a.Mover.Unit(ctx, actor, year, org)
	if err != nil {
		return err
	}
	ch := a.Mover.Charter()
	entity := ch.Person.Entity
	for _, how := range []string{"vanished", "untold"} {
		gone := a.Mover.Gone(u, how)
		for len(gone) > 0 {
			part := gone[:min(500, len(gone))]
			gone = gone[len(part):]
			recs := make([]int64, len(part))
			from := map[int64]string{}
			for i, o := range part {
				recs[i] = o.Rec
				from[o.Rec] = a.code(ch.Fact.Grade.Codes, o.From).Title.ZH
			}
			page, err := a.Door.Cards(ctx, actor, entity.Name, recs)
			if err != nil {
				return err
			}
			for _, row := range page.Rows {
				cells := []string{org, a.org(ctx, org).Title.ZH, how, from[row.Rec], shown(row, entity.Key[0]), shown(row, ch.Person.Name.Name), shown(row, ch.Person.Status.Name)}
				for i, s := range cells {
					if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
						cells[i] = "'" + s // a spreadsheet would run it
					}
				}
				if err := c.Write(cells); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func shown(row disclose.Row, field string) string {
	switch x := row.Display[field].(type) {
	case string:
		return x
	case luoshu.Text:
		return x.ZH
	}
	return ""
}

// owner is whose a work is: a person under one grant. Under another the same person
// may reach less.
func owner(actor luoshu.Actor) string { return actor.Name + "\x00" + actor.Role + "\x00" + actor.Org }
