package lifecycle

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// actPlan is an act worked out: every row it writes.
type actPlan struct {
	org, event    []luoshu.Value
	before, after string
	groups        [][]luoshu.Value // made at the successor
	follow        []*followPlan
}

// followPlan is what goes along of one entity of dated facts.
type followPlan struct {
	charter.Following
	close, remove, open, persons [][]luoshu.Value
}

// planAct works an act out, or says why it cannot be.
func (k *Keeper) planAct(ctx context.Context, kind *charter.Act, r ActRequest) (*actPlan, error) {
	l := k.ch.Orgs
	v, err := k.orgRecord(ctx, r.Org)
	if err != nil {
		return nil, err
	}
	if err := k.mv.Alive(ctx, r.Org, r.Date); err != nil {
		return nil, err
	}
	e := l.Entity
	if f := e.Field(e.Node.Open); f != nil && v.Values[f.Index].I > r.Date {
		return nil, movement.Errorf(luoshu.Invalid, "日期早于该单位成立", "the date lies before the organisation began")
	}
	p := &actPlan{org: slices.Clone(v.Values)}
	if err := k.planOrg(ctx, kind, r, p); err != nil {
		return nil, err
	}
	ev := l.Event
	p.event = make([]luoshu.Value, len(ev.Entity.Fields))
	p.event[ev.Org.Index], p.event[ev.Date.Index] = luoshu.TextValue(r.Org), luoshu.IntValue(r.Date)
	p.event[ev.Kind.Index], p.event[ev.Other.Index] = luoshu.TextValue(kind.Code), luoshu.TextValue(r.Successor)
	p.event[ev.Before.Index], p.event[ev.After.Index] = luoshu.TextValue(cutText(ev.Before, p.before)), luoshu.TextValue(cutText(ev.After, p.after))
	p.event[ev.Paper.Index] = luoshu.TextValue(cutText(ev.Paper, r.Paper))
	if err := k.planFollow(ctx, kind, r, p); err != nil {
		return nil, err
	}
	for _, x := range []struct {
		e   *catalog.Entity
		row []luoshu.Value
	}{{e, p.org}, {ev.Entity, p.event}} {
		if err := k.mv.Lawful(x.e, x.row); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// cutText shortens a text to what a field holds.
func cutText(f *catalog.Field, s string) string {
	if f.Max == nil {
		return s
	}
	if r := []rune(s); int64(len(r)) > *f.Max {
		return string(r[:*f.Max])
	}
	return s
}

// planOrg changes the organisation's own record.
func (k *Keeper) planOrg(ctx context.Context, kind *charter.Act, r ActRequest, p *actPlan) error {
	l := k.ch.Orgs
	e := l.Entity
	label := e.Field(e.Label)
	need := func(field, v string) error {
		if v == "" {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: luoshu.Text{ZH: "请填写", EN: "this is needed"}}
		}
		return nil
	}
	set := func(f *catalog.Field, v string) error {
		if f == nil {
			return luoshu.Errorf(luoshu.Invalid, "业务包没有为此变更指定字段", "the packs name no field for this act")
		}
		p.before, p.after = p.org[f.Index].S, v
		if p.before == v {
			return luoshu.Errorf(luoshu.Conflict, "与现在的相同，没有变化", "this is what it is already")
		}
		p.org[f.Index] = luoshu.TextValue(v)
		return nil
	}
	switch kind.Does {
	case charter.ActRename:
		if l.Former != nil {
			p.org[l.Former.Index] = p.org[label.Index]
		}
		if err := need("name", r.Name); err != nil {
			return err
		}
		return set(label, r.Name)
	case charter.ActMove:
		if err := need("address", r.Address); err != nil {
			return err
		}
		return set(l.Address, r.Address)
	case charter.ActManage:
		if err := need("parent", r.Parent); err != nil {
			return err
		}
		f := e.Field(e.Node.Parent)
		t, err := k.acc.Tree(ctx)
		if err != nil {
			return err
		}
		if n := t.Get(r.Parent); n == nil || (f.Ref != "" && n.Entity != f.Ref) || t.Within(r.Org, r.Parent) {
			return luoshu.Errorf(luoshu.Invalid, "该单位不能作为主管单位", "that organisation cannot be above this one")
		}
		old := p.org[f.Index].S
		if err := set(f, r.Parent); err != nil {
			return err
		}
		p.before, p.after = k.mv.Title(ctx, old).ZH, k.mv.Title(ctx, r.Parent).ZH
		return nil
	}
	p.before = p.org[label.Index].S
	if kind.Does == charter.ActMerge || kind.Does == charter.ActSplit {
		if err := need("successor", r.Successor); err != nil {
			return err
		}
		if _, err := k.orgRecord(ctx, r.Successor); err != nil {
			return err
		}
		if r.Successor == r.Org {
			return luoshu.Errorf(luoshu.Invalid, "承继单位不能是自己", "an organisation cannot take over from itself")
		}
		if err := k.mv.Alive(ctx, r.Successor, r.Date); err != nil {
			return err
		}
		p.after = k.mv.Title(ctx, r.Successor).ZH
	}
	if kind.Does != charter.ActSplit {
		p.org[e.Field(e.Node.Close).Index] = luoshu.IntValue(r.Date)
		if l.Successor != nil && kind.Does == charter.ActMerge {
			p.org[l.Successor.Index] = luoshu.TextValue(r.Successor)
		}
	}
	return nil
}

// planFollow settles whose facts go along. Where an organisation closes without a
// successor nobody may be left in it.
func (k *Keeper) planFollow(ctx context.Context, kind *charter.Act, r ActRequest, p *actPlan) error {
	switch kind.Does {
	case charter.ActMerge, charter.ActSplit, charter.ActClose:
	default:
		return nil
	}
	g := &goers{k: k, ctx: ctx, kind: kind, r: r, p: p, made: map[string]luoshu.Value{}}
	total := 0
	for _, f := range k.ch.Orgs.Follow {
		fp := &followPlan{Following: f}
		if err := g.take(fp); err != nil {
			return err
		}
		total += len(fp.open) + len(fp.persons)
		p.follow = append(p.follow, fp)
	}
	switch {
	case kind.Does == charter.ActClose && total > 0:
		return movement.Errorf(luoshu.Conflict, "还有 %d 项在册登记或人员，不能撤销；请先转出，或改办合并", "%d stays or persons are still held there; move them first, or merge it", total)
	case kind.Does == charter.ActClose:
		p.follow = nil
	case kind.Does == charter.ActSplit && total == 0:
		return luoshu.Errorf(luoshu.Invalid, "没有选出分出的人", "nobody was chosen to go")
	}
	return nil
}

// goers finds who goes along.
type goers struct {
	k    *Keeper
	ctx  context.Context
	kind *charter.Act
	r    ActRequest
	p    *actPlan
	made map[string]luoshu.Value // group left behind → group at the successor
	used map[string]bool         // codes of groups at the successor
}

// take plans one entity of facts: those open on the day are closed and opened anew
// Step the successor; those that begin later begin there.
func (g *goers) take(fp *followPlan) error {
	k, e := g.k, fp.Entity
	chosen, err := g.chosen(fp)
	if err != nil {
		return err
	}
	moved := map[string]bool{}
	err = k.rec.Each(g.ctx, records.Query{
		Entity: e.Name, Where: "f." + store.Col(fp.Org.Name) + " = ? AND f." + store.Col(fp.To.Name) + " IS NULL", Args: []any{g.r.Org},
	}, func(v *records.Version) error {
		from := v.Values[fp.From.Index].I
		if e == k.ch.Fact.Entity {
			_, last, err := k.mv.Bounds(v.Values[k.ch.Fact.Year.Index].I)
			if err != nil || last < g.r.Date {
				return err // a stay of a year that is over
			}
		}
		person := v.Values[fp.Person.Index]
		if !g.goes(fp, chosen, v) {
			return nil
		}
		moved[person.S] = true
		next := slices.Clone(v.Values)
		next[fp.Org.Index] = luoshu.TextValue(g.r.Successor)
		if from < g.r.Date {
			old := slices.Clone(v.Values)
			old[fp.To.Index] = luoshu.IntValue(g.r.Date)
			fp.close = append(fp.close, old)
			next[fp.From.Index] = luoshu.IntValue(g.r.Date)
		} else {
			fp.remove = append(fp.remove, v.Values)
		}
		if e == k.ch.Fact.Entity {
			next[k.ch.Fact.In.Index] = luoshu.Value{}
			if err := g.regroup(next); err != nil {
				return err
			}
		}
		fp.open = append(fp.open, next)
		return nil
	})
	if err != nil || fp.Holder == nil {
		return err
	}
	return g.holders(fp, moved, chosen)
}

// chosen are the keys of the persons that a split names; nil means everybody.
func (g *goers) chosen(fp *followPlan) (map[string]bool, error) {
	if g.kind.Does != charter.ActSplit {
		return nil, nil
	}
	out := map[string]bool{}
	entity := g.k.cat.Entity(fp.Person.Ref)
	recs := g.r.Persons[entity.Name]
	if len(recs) > maxPersons {
		return nil, luoshu.Errorf(luoshu.Invalid, "名单太长", "the list is too long")
	}
	for len(recs) > 0 {
		part := recs[:min(len(recs), 500)]
		recs = recs[len(part):]
		where, args := g.k.rec.Recs(entity.Name, part)
		key := entity.KeyFields()[0]
		if err := g.k.rec.Each(g.ctx, records.Query{Entity: entity.Name, Where: where, Args: args, Fields: []string{key.Name}}, func(v *records.Version) error {
			out[v.Values[key.Index].S] = true
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// goes reports whether a fact goes along.
func (g *goers) goes(fp *followPlan, chosen map[string]bool, v *records.Version) bool {
	if chosen == nil || chosen[v.Values[fp.Person.Index].S] {
		return true
	}
	f := g.k.ch.Fact
	return fp.Entity == f.Entity && f.Group != nil && slices.Contains(g.r.Groups, v.Values[f.Group.Index].S)
}

// regroup puts a fact into a group at the successor, made on the model of the one
// it leaves, with the next free number.
func (g *goers) regroup(row []luoshu.Value) error {
	k, f, gr := g.k, g.k.ch.Fact, g.k.ch.Group
	if gr == nil || f.Group == nil || row[f.Group.Index].K == luoshu.Null {
		return nil
	}
	old := row[f.Group.Index].S
	if now, ok := g.made[old]; ok {
		row[f.Group.Index] = now
		return nil
	}
	v, err := k.rec.ByKey(g.ctx, gr.Entity.Name, old)
	if err != nil {
		return err
	}
	if v == nil {
		row[f.Group.Index] = luoshu.Value{}
		return nil
	}
	if g.used == nil {
		g.used = map[string]bool{}
		if err := k.rec.Each(g.ctx, records.Query{
			Entity: gr.Entity.Name, Where: "f." + store.Col(gr.Org.Name) + " = ?", Args: []any{g.r.Successor}, Fields: []string{gr.Key.Name},
		}, func(v *records.Version) error {
			g.used[v.Values[gr.Key.Index].S] = true
			return nil
		}); err != nil {
			return err
		}
	}
	year, grade := v.Values[gr.Year.Index].I, v.Values[gr.Grade.Index].S
	n := 1
	for g.used[movement.Fill(gr.Code, g.r.Successor, year, grade, n)] {
		n++
	}
	code := movement.Fill(gr.Code, g.r.Successor, year, grade, n)
	g.used[code] = true
	next := slices.Clone(v.Values)
	next[gr.Key.Index], next[gr.Org.Index] = luoshu.TextValue(code), luoshu.TextValue(g.r.Successor)
	next[gr.Label.Index] = luoshu.TextValue(movement.Fill(gr.Name, g.r.Successor, year, k.mv.CodeTitle(gr.Grade, grade).ZH, n))
	g.p.groups = append(g.p.groups, next)
	g.made[old] = luoshu.TextValue(code)
	row[f.Group.Index] = g.made[old]
	return nil
}

// holders moves the persons whose facts went; in a merger also those who are away
// and will come back.
func (g *goers) holders(fp *followPlan, moved, chosen map[string]bool) error {
	k := g.k
	entity := k.cat.Entity(fp.Person.Ref)
	key := entity.KeyFields()[0]
	fields := []string{key.Name, fp.Holder.Name}
	mover := entity == k.ch.Person.Entity
	if mover {
		fields = append(fields, k.ch.Person.Status.Name)
	}
	return k.rec.Each(g.ctx, records.Query{
		Entity: entity.Name, Where: "f." + store.Col(fp.Holder.Name) + " = ?", Args: []any{g.r.Org}, Fields: fields,
	}, func(v *records.Version) error {
		no := v.Values[key.Index].S
		goes := moved[no] || chosen[no]
		if chosen == nil && mover && !goes {
			s := v.Values[k.ch.Person.Status.Index].S
			goes = slices.Contains(k.ch.Person.Held, s) || slices.Contains(k.ch.Person.Present, s)
		}
		if goes {
			row := slices.Clone(v.Values)
			row[fp.Holder.Index] = luoshu.TextValue(g.r.Successor)
			fp.persons = append(fp.persons, row)
		}
		return nil
	})
}
