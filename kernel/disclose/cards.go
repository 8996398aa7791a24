package disclose

import (
	"context"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/records"
)

// maxCards bounds how many records are shown by number at once.
const maxCards = 500

// Cards shows current records by their numbers, as the actor may see them: other
// rooms (verification, corrections, identity) know which records, the door knows
// what of them may leave. Records outside the scope are missing from the answer.
// The order of the rows is that of recs.
func (d *Door) Cards(ctx context.Context, actor luoshu.Actor, entity string, recs []int64) (*Page, error) {
	g, err := d.open(ctx, actor, "", entity)
	if err != nil {
		return nil, err
	}
	if len(recs) > maxCards {
		recs = recs[:maxCards]
	}
	p := &Page{Entity: entity, Title: g.ent.Title, Columns: d.columns(g, true), Rows: []Row{}}
	if len(recs) == 0 {
		return p, nil
	}
	cond, more := g.scope.Where(d.cat, g.ent, "f")
	among, args := records.New(d.db, d.cat).Recs(entity, recs)
	s := &selection{g: g, where: []string{"f._to IS NULL", among, cond}, args: append(args, more...)}
	rows, err := d.list(ctx, s, s.tail(), s.args)
	if err != nil {
		return nil, err
	}
	by := make(map[int64]Row, len(rows))
	for _, r := range rows {
		by[r.Rec] = r
	}
	for _, rec := range recs {
		if r, ok := by[rec]; ok {
			p.Rows = append(p.Rows, r)
		}
	}
	p.Total = int64(len(p.Rows))
	return p, nil
}

// Filed shows the register's record of a case that the actor may see: who may see a
// case, kernel/flow decides, and that may reach beyond the actor's own scope.
func (d *Door) Filed(ctx context.Context, actor luoshu.Actor, entity string, rec int64) (*Page, error) {
	role, e := d.acc.Role(actor), d.cat.Entity(entity)
	if role == nil || e == nil || !e.Register {
		return nil, noEntity()
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	g := newGrant(actor, role, scope, e)
	p := &Page{Entity: entity, Title: e.Title, Columns: d.columns(g, true), Rows: []Row{}}
	among, args := records.New(d.db, d.cat).Recs(entity, []int64{rec})
	s := &selection{g: g, where: []string{"f._to IS NULL", among}, args: args}
	if p.Rows, err = d.list(ctx, s, s.tail(), s.args); err != nil {
		return nil, err
	}
	p.Total = int64(len(p.Rows))
	return p, nil
}

// FormColumns describes fields that somebody is asked to fill in: what they write is
// theirs, whatever the class.
func (d *Door) FormColumns(fields []*catalog.Field) []Column {
	g := &grant{}
	for _, f := range fields {
		if f.Sensitivity != catalog.Closed {
			g.cols = append(g.cols, col{f, false})
		}
	}
	return d.columns(g, true)
}

// Shown is one value as an actor may see it. Masked says that it is not in clear.
type Shown struct {
	Value   any  `json:"value"`   // stored form, or the mask
	Display any  `json:"display"` // for people
	Masked  bool `json:"masked"`
}

// Value shows one value of a field to an actor who has the entity, for rooms that
// hold proposed or former values; nil where the field may not leave at all.
func (d *Door) Value(actor luoshu.Actor, entity, field string, v luoshu.Value) *Shown {
	role, e := d.acc.Role(actor), d.cat.Entity(entity)
	if !guard.MayEntity(role, e) || e.Field(field) == nil {
		return nil
	}
	f := e.Field(field)
	visible, masked := guard.Class(role, f)
	switch {
	case !visible:
		return nil
	case v.K == luoshu.Null:
		return &Shown{}
	case masked:
		m := guard.Masked(f, v)
		return &Shown{Value: m, Display: m, Masked: true}
	}
	return &Shown{Value: v.Any(), Display: d.display(f, v)}
}

// Label is what a record is called for an actor: its label as far as the actor's
// class allows, else "#number". The scope is not asked: the caller has decided
// that the actor may know of the record.
func (d *Door) Label(actor luoshu.Actor, entity string, rec int64, label luoshu.Value) string {
	e := d.cat.Entity(entity)
	if e != nil {
		if s := d.Value(actor, entity, e.Label, label); s != nil && s.Value != nil {
			switch x := s.Display.(type) {
			case string:
				return x
			case Text:
				return x.ZH
			}
		}
	}
	return "#" + strings.TrimSpace(luoshu.IntValue(rec).String())
}
