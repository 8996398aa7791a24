package correct

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
)

// Answerer is who is the source of a field of one record.
type Answerer struct {
	Source string   // as the catalog writes it
	Org    string   // the organisation that is asked
	Orgs   []string // every organisation that is the source: Org, and its main organisations at the same level
	Days   int
	Remind int
}

// route finds the source on a record's own path (from the root down to the
// holder) as it is on a day. The organisation is the nearest one at the source's
// level that is not closed; others of the same level above it (the main
// organisation of a branch) are the source too. Where the path has none, the
// nearest level above answers; where that is missing as well, the root.
func route(path []*access.Node, s *charter.Source, levels []string, today int64) (org string, all []string) {
	want := slices.Index(levels, s.Steward)
	above := ""
	for i := len(path) - 1; i >= 0; i-- {
		n := path[i]
		l := slices.Index(levels, n.Level)
		if n.Closed != 0 && n.Closed <= today || l < want {
			continue
		}
		if l == want {
			if org == "" {
				org = n.Code
			}
			all = append(all, n.Code)
		} else if above == "" {
			above = n.Code
		}
	}
	if org == "" && above != "" {
		org, all = above, []string{above}
	}
	if org == "" && len(path) > 0 {
		org, all = path[0].Code, []string{path[0].Code}
	}
	return org, all
}

// answerer finds who answers for a field of the records that holder holds.
func (c *Correct) answerer(t *access.Tree, holder string, f *catalog.Field) Answerer {
	s := c.ch.Source(f.Source)
	if s == nil { // only in catalogs whose charter nobody has checked
		s = &charter.Source{ID: f.Source, Steward: f.Source, Days: 1}
	}
	path := t.Path(holder)
	if len(path) == 0 {
		path = t.Path(c.cat.City.Root)
	}
	a := Answerer{Source: f.Source, Days: s.Days, Remind: s.Remind}
	a.Org, a.Orgs = route(path, s, catalog.Levels(), c.Today())
	return a
}

// Why a change is held.
type Why int

// A change is free, or belongs to another source, or would undo by a file what
// was corrected by hand. Joined would be free but makes sense only together with
// another that is not: alone it breaks a rule.
const (
	Free Why = iota
	Foreign
	ByHand
	Joined
)

// Guard says which changes to the records of one entity an actor may make. It
// holds as of the moment it was made and is for one goroutine.
type Guard struct {
	c     *Correct
	e     *catalog.Entity
	actor luoshu.Actor
	file  bool // the changes come from a file
	all   bool // the actor is every source
	tree  *access.Tree
	hand  map[int64][]int // fields corrected by hand, by record

	own     map[string][]bool // by holder: which fields the actor is the source of
	holders map[string]string // by value of the field that leads to the holder
}

// Guard returns the guard of an entity for an actor; file says that the changes
// come from a file, which may not undo in silence what was corrected by hand. It
// is nil when nothing could be held: the operator is every source, and bulk loads
// cost nothing as long as nothing was corrected by hand.
func (c *Correct) Guard(ctx context.Context, actor luoshu.Actor, entity string, file bool) (*Guard, error) {
	e := c.cat.Entity(entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
	}
	g := &Guard{c: c, e: e, actor: actor, file: file, all: access.IsOperator(actor), own: map[string][]bool{}, holders: map[string]string{}}
	var err error
	if file {
		if g.hand, err = c.byHand(ctx, e); err != nil {
			return nil, err
		}
	}
	if g.all && len(g.hand) == 0 {
		return nil, nil
	}
	if g.tree, err = c.acc.Tree(ctx); err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	return g, nil
}

// Judge says of every changed field whether the actor may change it; fields that
// are the same, or free, are not in the answer. Whatever was empty may be filled
// in: it is taken as declared.
func (g *Guard) Judge(ctx context.Context, rec int64, before, after []luoshu.Value) (map[int]Why, error) {
	var out map[int]Why
	hand := g.hand[rec]
	var own []bool
	for i := range after {
		if before[i] == after[i] {
			continue
		}
		why := Free
		switch {
		case g.file && slices.Contains(hand, i):
			why = ByHand
		case g.all || before[i].K == luoshu.Null:
		default:
			if own == nil {
				var err error
				if own, err = g.owns(ctx, before); err != nil {
					return nil, err
				}
			}
			if !own[i] {
				why = Foreign
			}
		}
		if why != Free {
			if out == nil {
				out = map[int]Why{}
			}
			out[i] = why
		}
	}
	if len(out) > 0 {
		g.join(before, after, out)
	}
	return out, nil
}

// join holds the free changes too if without the held ones they break a rule.
func (g *Guard) join(before, after []luoshu.Value, held map[int]Why) {
	free := map[string]luoshu.Value{}
	for i, f := range g.e.Fields {
		if before[i] != after[i] && held[i] == Free {
			free[f.Name] = after[i]
		}
	}
	if len(free) == 0 || g.c.stands(g.e, before, free) {
		return
	}
	for name := range free {
		held[g.e.Field(name).Index] = Joined
	}
}

// stands reports whether a record with these changes breaks no rule.
func (c *Correct) stands(e *catalog.Entity, now []luoshu.Value, change map[string]luoshu.Value) bool {
	return !slices.ContainsFunc(c.forms[e.Name].Check(now, change).Faults, func(f luoshu.Fault) bool { return !f.Warning() })
}

// Answerer says who is the source of a field of a record with these values.
func (g *Guard) Answerer(ctx context.Context, f *catalog.Field, values []luoshu.Value) (Answerer, string, error) {
	holder, err := g.holder(ctx, values)
	if err != nil {
		return Answerer{}, "", err
	}
	return g.c.answerer(g.tree, holder, f), holder, nil
}

// owns says which fields of a record the actor is the source of.
func (g *Guard) owns(ctx context.Context, values []luoshu.Value) ([]bool, error) {
	holder, err := g.holder(ctx, values)
	if err != nil {
		return nil, err
	}
	if own := g.own[holder]; own != nil {
		return own, nil
	}
	own := make([]bool, len(g.e.Fields))
	for i, f := range g.e.Fields {
		own[i] = slices.Contains(g.c.answerer(g.tree, holder, f).Orgs, g.actor.Org)
	}
	if len(g.own) > 10_000 {
		clear(g.own)
	}
	g.own[holder] = own
	return own, nil
}

// holder finds the organisation that holds a record, and remembers it.
func (g *Guard) holder(ctx context.Context, values []luoshu.Value) (string, error) {
	field, _, hop := strings.Cut(g.e.Org, ".")
	f := g.e.Field(field)
	if f == nil {
		return "", nil
	}
	lead := values[f.Index].String()
	if !hop {
		return lead, nil
	}
	if h, ok := g.holders[lead]; ok {
		return h, nil
	}
	h, err := g.c.acc.Holder(ctx, g.e, values)
	if err != nil {
		return "", err
	}
	if len(g.holders) > 10_000 {
		clear(g.holders)
	}
	g.holders[lead] = h
	return h, nil
}

// byHand reads which fields of which records were corrected by hand. A mark
// counts once its commit is there and has not been taken back.
func (c *Correct) byHand(ctx context.Context, e *catalog.Entity) (map[int64][]int, error) {
	rows, err := c.db.Query(ctx, `SELECT h.rec, h.field FROM correction_hand h JOIN commit_log m ON m.id = h.mark
		WHERE h.entity = ? AND NOT EXISTS (SELECT 1 FROM commit_log u WHERE u.undo_of = m.seq AND u.undo_of <> 0)`, e.Name)
	if err != nil {
		return nil, fmt.Errorf("read what was corrected by hand: %w", err)
	}
	defer rows.Close()
	out := map[int64][]int{}
	for rows.Next() {
		var rec int64
		var field string
		if err := rows.Scan(&rec, &field); err != nil {
			return nil, fmt.Errorf("read what was corrected by hand: %w", err)
		}
		if f := e.Field(field); f != nil && !slices.Contains(out[rec], f.Index) {
			out[rec] = append(out[rec], f.Index)
		}
	}
	return out, rows.Err()
}
