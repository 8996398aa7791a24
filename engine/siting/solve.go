package siting

import (
	"context"
	"fmt"
	"math"
	"slices"

	"luoshu"
	"luoshu/engine/siting/cfl"
)

// Limits bounds the work of Solve. Zero values: seed 1, 20,000 nodes, gap 0 (until
// proven), no progress.
type Limits struct {
	Seed     uint64
	Nodes    int
	Gap      float64 // relative gap between value and bound that suffices
	Progress luoshu.Progress
}

// Layout is an answer, or a layout to compare with.
type Layout struct {
	Name      string       `json:"name,omitempty"`
	Status    cfl.Status   `json:"status"`
	Value     *float64     `json:"value"` // fen a year; null without a layout
	Bound     *float64     `json:"bound"` // no layout costs less; null when there is none
	Gap       float64      `json:"gap"`   // (value − bound) ÷ value
	Sites     []Chosen     `json:"sites"`
	Assign    []Assignment `json:"assign"`
	Figures   Figures      `json:"figures"`
	Decisions []Decision   `json:"decisions"`
	Conflicts []Conflict   `json:"conflicts"`
	Nodes     int          `json:"nodes"`
}

// Chosen is what is done with a site; Kind is "" where nothing is.
type Chosen struct {
	Site     string           `json:"site"`
	Kind     string           `json:"kind"`
	Option   int              `json:"option"` // place in the site's options, -1 none
	Classes  map[string]int   `json:"classes,omitempty"`
	Places   map[string]int64 `json:"places,omitempty"`
	Children map[string]int64 `json:"children,omitempty"`
}

// Assignment is children of a block and stage at a site.
type Assignment struct {
	Block    string  `json:"block"`
	Stage    string  `json:"stage"`
	Site     string  `json:"site"`
	Children int64   `json:"children"`
	Way      float64 `json:"way"`
	Over     float64 `json:"over,omitempty"` // beyond the limit
	Boards   bool    `json:"boards,omitempty"`
	Moved    bool    `json:"moved,omitempty"`
}

// Solve lays an area out. A problem with faults (Check) is an error; one without a
// layout is an answer with conflicts. When the context ends the best layout so far
// is returned with a valid bound.
func Solve(ctx context.Context, p *Problem, lim Limits) (*Layout, error) {
	if bad := p.Check(); len(bad) > 0 {
		return nil, luoshu.Errorf(luoshu.Invalid, "%s：%s", "%s: %s", bad[0].Field, luoshu.Text{ZH: bad[0].ZH, EN: bad[0].EN})
	}
	if lim.Nodes == 0 {
		lim.Nodes = 20_000
	}
	m := p.model()
	l := cfl.Limits{Seed: lim.Seed, Nodes: lim.Nodes, Gap: lim.Gap, Progress: lim.Progress}
	if p.Contiguous {
		l.Accept = m.joined
	}
	r, err := cfl.Solve(ctx, &m.core, l)
	if err != nil {
		return nil, err
	}
	out := m.layout(r)
	if r.Status == cfl.Infeasible || r.Status == cfl.Stopped && ctx.Err() == nil {
		out.Conflicts, err = m.diagnose(ctx, lim)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// layout turns a result of the core into an answer.
func (m *model) layout(r cfl.Result) *Layout {
	out := &Layout{Name: m.Name, Status: r.Status, Nodes: r.Nodes, Sites: []Chosen{}, Assign: []Assignment{}, Decisions: []Decision{}, Conflicts: []Conflict{}}
	if !math.IsInf(r.Bound, 0) {
		out.Bound = &r.Bound
	}
	if r.Choice == nil {
		return out
	}
	out.Value, out.Gap = &r.Value, r.Gap()
	choice := make([]int, len(m.Sites))
	for i := range choice {
		choice[i] = -1
		if i < len(r.Choice) && r.Choice[i] >= 0 {
			choice[i] = m.of[r.Choice[i]]
		}
	}
	var parts []part
	for _, s := range r.Shares {
		parts = append(parts, part{s.Client, m.core.Options[s.Option].Site, s.Amount})
	}
	m.describe(out, choice, parts)
	return out
}

// part is children of a client at a site.
type part struct {
	client, site int
	n            int64
}

// describe fills sites, assignment, figures and decisions.
func (m *model) describe(out *Layout, choice []int, parts []part) {
	for i, s := range m.Sites {
		c := Chosen{Site: s.ID, Option: choice[i]}
		if choice[i] >= 0 {
			o := s.Options[choice[i]]
			c.Kind, c.Classes = o.Kind, o.Classes
			c.Places, c.Children = map[string]int64{}, map[string]int64{}
			for k, st := range m.Stages {
				if n := m.places(o, k); n > 0 {
					c.Places[st.ID] = n
				}
			}
		}
		out.Sites = append(out.Sites, c)
	}
	for _, x := range parts {
		c := m.clients[x.client]
		st := m.Stages[c.stage].ID
		o := choice[x.site]
		a := Assignment{
			Block: m.Blocks[c.block].ID, Stage: st, Site: m.Sites[x.site].ID, Children: x.n,
			Way: m.ways[c.block][x.site], Over: m.over(c, x.site),
		}
		a.Boards = o >= 0 && m.boards(c, x.site, m.Sites[x.site].Options[o].Kind == Board)
		now := m.now(c)
		a.Moved = now >= 0 && now != x.site
		if ch := out.Sites[x.site].Children; ch != nil {
			ch[st] += x.n
		}
		out.Assign = append(out.Assign, a)
	}
	out.Figures = m.figures(out)
	out.Decisions = m.explain(out)
}

// Present is the layout as it stands: every existing site that is not idle is kept
// and children go where they go now. It needs "now" for every block and stage and a
// "keep" for every site that is used.
func Present(p *Problem) (*Layout, error) {
	if bad := p.Check(); len(bad) > 0 {
		return nil, luoshu.Errorf(luoshu.Invalid, "%s：%s", "%s: %s", bad[0].Field, luoshu.Text{ZH: bad[0].ZH, EN: bad[0].EN})
	}
	m := p.model()
	choice := make([]int, len(p.Sites))
	for i, s := range p.Sites {
		choice[i] = -1
		if s.Existing && !s.Idle {
			choice[i] = slices.IndexFunc(s.Options, func(o Option) bool { return o.Kind == Keep || o.Kind == Board && o.Invest == 0 })
		}
	}
	var parts []part
	value := 0.0
	for j, c := range m.clients {
		now := m.now(c)
		if now < 0 || choice[now] < 0 {
			return nil, luoshu.Errorf(luoshu.Invalid, "片区“%s”没有写明现在去哪个校点，或该校点没有“保留”做法，无法描述现状", "block %q does not say where its children go now, or that site has no option keep; the present cannot be described", m.Blocks[c.block].ID)
		}
		parts = append(parts, part{j, now, m.children(c)})
	}
	for i, k := range choice {
		if k >= 0 {
			value += float64(p.Sites[i].Options[k].Annual)
		}
	}
	for _, x := range parts {
		board := p.Sites[x.site].Options[choice[x.site]].Kind == Board
		if c := m.cost(m.clients[x.client], x.site, board); !math.IsInf(c, 1) {
			value += c
		}
	}
	out := &Layout{Name: m.Name, Status: cfl.Feasible, Value: &value, Conflicts: []Conflict{}, Sites: []Chosen{}, Assign: []Assignment{}}
	m.describe(out, choice, parts)
	return out, nil
}

// Verify returns what a layout breaks of its problem: nobody left out, capacity,
// least sizes, hard limits, budget, idle buildings first, whole blocks, catchments
// that hang together. An answer of Solve breaks nothing.
func Verify(p *Problem, l *Layout) []string {
	m := p.model()
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	served := map[client]int64{}
	load := map[[2]int]int64{}
	at := map[client][]int{}
	for _, a := range l.Assign {
		site := m.site[a.Site]
		c := client{m.block[a.Block], slices.IndexFunc(p.Stages, func(s Stage) bool { return s.ID == a.Stage })}
		served[c] += a.Children
		load[[2]int{site, c.stage}] += a.Children
		at[c] = append(at[c], site)
		if a.Over > 0 && !a.Boards && m.limit[c.block][c.stage].Hard {
			say("%s goes %v to %s, over its limit", a.Block, a.Way, a.Site)
		}
		if a.Boards && !m.boards(c, site, true) {
			say("%s boards at %s, %v from home", a.Block, a.Site, a.Way)
		}
	}
	for _, c := range m.clients {
		if served[c] != m.children(c) {
			say("%d of %d children of %s are served", served[c], m.children(c), p.Blocks[c.block].ID)
		}
		if p.Whole && len(at[c]) > 1 {
			say("%s is split", p.Blocks[c.block].ID)
		}
	}
	invest := int64(0)
	for i, s := range l.Sites {
		var o Option
		if s.Option >= 0 {
			o = p.Sites[i].Options[s.Option]
		} else if p.Sites[i].Existing && !p.Sites[i].Idle {
			say("nothing is decided of %s", s.Site)
		}
		invest += o.Invest
		for k, st := range p.Stages {
			if n := load[[2]int{i, k}]; n > m.places(o, k) || n < o.Least[st.ID] {
				say("%s has %d children for %d places, least %d", s.Site, n, m.places(o, k), o.Least[st.ID])
			}
		}
		if o.Kind == Build {
			for _, e := range m.idle(i, o) {
				if l.Sites[e].Option < 0 || len(l.Sites[e].Places) == 0 {
					say("%s is built while %s stands idle", s.Site, p.Sites[e].ID)
				}
			}
		}
	}
	if p.Budget > 0 && invest > p.Budget {
		say("invests %d of %d", invest, p.Budget)
	}
	if p.Contiguous {
		assign := make([]int, len(m.clients))
		for j, c := range m.clients {
			assign[j] = at[c][0]
		}
		for _, j := range m.detached(assign) {
			say("%s is cut off from its site", p.Blocks[m.clients[j].block].ID)
		}
	}
	return bad
}
