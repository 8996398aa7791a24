// Package run speaks HTTP for the engines: which there are, starting one, how it
// goes, and their answers put together for a page. Answers are records; they leave
// through the door, within the scope and the masks of whoever asks.
package run

import (
	"context"
	"encoding/json"
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/run"
	"luoshu/web/kit"
)

// Config is what the area is made of.
type Config struct {
	Runner  *run.Runner
	Door    *disclose.Door
	Access  *access.Access
	Catalog *catalog.Catalog
	Works   *kit.Works // keeps the run under way; whoever made it closes it
}

type desk struct{ Config }

// Rate is the bucket that bounds how often one session may start a run.
const Rate = "run"

// Routes are the lines of the API.
func Routes(c Config) []kit.Route {
	d := &desk{c}
	return []kit.Route{
		{Pattern: "GET /api/runs/kinds", Right: "read", Handle: d.kinds},
		{Pattern: "POST /api/runs", Right: run.Right, Rate: Rate, Handle: d.begin},
		{Pattern: "POST /api/runs/check", Right: run.Right, Rate: "read", Handle: d.check},
		{Pattern: "GET /api/runs/work", Right: run.Right, Handle: d.work},
		{Pattern: "DELETE /api/runs/work", Right: run.Right, Handle: d.stop},
		{Pattern: "POST /api/runs/choose", Right: run.Right, Handle: d.choose},
		{Pattern: "POST /api/runs/file", Right: run.Right, Rate: Rate, Handle: d.file},
		{Pattern: "GET /api/runs/forecasts", Right: "read", Rate: "read", Handle: d.forecasts},
		{Pattern: "GET /api/runs/forecasts/{run}", Right: "read", Rate: "read", Slow: true, Handle: d.forecast},
		{Pattern: "GET /api/runs/layouts", Right: "read", Rate: "read", Handle: d.layouts},
		{Pattern: "GET /api/runs/layouts/{run}", Right: "read", Rate: "read", Slow: true, Handle: d.layout},
	}
}

// named is a code with its title.
type named struct {
	Code  string      `json:"code"`
	Title luoshu.Text `json:"title"`
}

// kind is a way of running an engine.
type kind struct {
	ID     string      `json:"id"`
	Engine string      `json:"engine"`
	Title  luoshu.Text `json:"title"`
	Note   luoshu.Text `json:"note"`
	May    bool        `json:"may"` // the reader may start it
	Groups []named     `json:"groups"`
	Feeds  []feed      `json:"feeds"`
}

// feed is a group that takes the leavers of another.
type feed struct {
	named
	From named `json:"from"`
}

// kinds answers what can be run.
func (d *desk) kinds(w http.ResponseWriter, r *http.Request) error {
	actor := kit.Actor(r)
	list := []kind{}
	for _, s := range d.Runner.Book().Specs {
		k := kind{s.ID, s.Engine, s.Title, s.Note, d.Runner.May(actor, s), d.groups(s, d.Runner.Groups(s)), []feed{}}
		for _, g := range k.Groups {
			if from := s.Ladder.Feeds[g.Code]; from != "" {
				k.Feeds = append(k.Feeds, feed{g, d.groups(s, []string{from})[0]})
			}
		}
		list = append(list, k)
	}
	return kit.WriteJSON(w, r, map[string]any{"kinds": list})
}

// groups names the groups of a ladder.
func (d *desk) groups(s *run.Spec, codes []string) []named {
	out := []named{}
	list := d.Catalog.List(s.Ladder.Group)
	for _, g := range codes {
		n := named{g, luoshu.Text{ZH: g, EN: g}}
		if list != nil {
			if c := list.Code(g); c != nil {
				n.Title = c.Title
			}
		}
		out = append(out, n)
	}
	return out
}

// spec is the run of an engine; without one there are no answers of it.
func (d *desk) spec(engine string) (*run.Spec, error) {
	if s := d.Runner.Book().Spec(engine); s != nil {
		return s, nil
	}
	return nil, luoshu.Errorf(luoshu.NotFound, "业务包没有引擎 %s 的运行", "the packs have no run of engine %s", engine)
}

// owner is who may have one run at a time: an organisation.
func owner(a luoshu.Actor) string { return "runs/" + a.Org }

// asked is what a run is asked to do.
type asked struct {
	Engine string          `json:"engine"`
	Params json.RawMessage `json:"params"`
}

// read reads what is asked, and checks it.
func (d *desk) read(r *http.Request) (asked, error) {
	var in asked
	if err := kit.ReadJSON(r, &in); err != nil {
		return in, err
	}
	if len(in.Params) == 0 {
		in.Params = json.RawMessage("{}")
	}
	if in.Params[0] != '{' {
		return in, &luoshu.Error{Kind: luoshu.Invalid, Field: "params", Msg: luoshu.Text{ZH: "params 应为一个对象", EN: "params must be an object"}}
	}
	return in, d.Runner.Check(r.Context(), kit.Actor(r), in.Engine, in.Params)
}

// check answers what is wrong with parameters, and starts nothing: who mistypes often
// has not used up the runs a session may start.
func (d *desk) check(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.read(r); err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

// begin starts an engine; the number of its answer is the result of the work.
func (d *desk) begin(w http.ResponseWriter, r *http.Request) error {
	in, err := d.read(r)
	if err != nil {
		return err
	}
	actor := kit.Actor(r)
	kit.Marks(r).Object = in.Engine
	work, err := d.Works.Begin(r.Context(), owner(actor), in.Engine, func(ctx context.Context, p luoshu.Progress) (any, error) {
		n, err := d.Runner.Start(ctx, actor, in.Engine, in.Params, p)
		if err != nil {
			return nil, err
		}
		return map[string]string{"run": n}, nil
	})
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusAccepted, work)
	return nil
}

// choose makes a run the one its organisation goes by.
func (d *desk) choose(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Engine string `json:"engine"`
		Run    string `json:"run"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	kit.Marks(r).Object = in.Run
	if err := d.Runner.Choose(context.WithoutCancel(r.Context()), kit.Actor(r), in.Engine, in.Run); err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

// file opens a case for every decision of a layout that asks for one.
func (d *desk) file(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Run   string            `json:"run"`
		Sites []string          `json:"sites"`
		Area  float64           `json:"area"` // floor area of a place, square metres
		Cells map[string]string `json:"cells"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	kit.Marks(r).Object = in.Run
	filed, err := d.Runner.File(context.WithoutCancel(r.Context()), kit.Actor(r), "siting", in.Run, in.Sites, in.Area, in.Cells)
	if err != nil {
		return err
	}
	if filed == nil {
		filed = []run.Filed{}
	}
	return kit.WriteJSON(w, r, map[string]any{"filed": filed})
}

// work answers how the run of the reader's organisation goes; null if there is none.
func (d *desk) work(w http.ResponseWriter, r *http.Request) error {
	return kit.WriteJSON(w, r, map[string]any{"work": d.Works.Last(owner(kit.Actor(r)))})
}

// stop ends the run at its next safe point; nothing of it is written.
func (d *desk) stop(w http.ResponseWriter, r *http.Request) error {
	d.Works.Stop(owner(kit.Actor(r)))
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}
