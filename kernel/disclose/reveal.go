package disclose

import (
	"context"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Revealed is one value that was masked, opened.
type Revealed struct {
	Entity  string `json:"entity"`
	Rec     int64  `json:"rec"`
	Field   string `json:"field"`
	Value   any    `json:"value"`
	Display any    `json:"display"`
}

// Reveal opens one field of one current record to an actor who has the right and
// sees the field masked. record is told before the value leaves and must make it
// durable; if it fails, nothing leaves. Closed fields, fields above the actor's
// masks, and records outside the scope answer like ones that are not there.
func (d *Door) Reveal(ctx context.Context, actor luoshu.Actor, entity string, rec int64, field string, record func(context.Context) error) (*Revealed, error) {
	g, err := d.open(ctx, actor, "reveal", entity)
	if err != nil {
		return nil, err
	}
	c := g.col(field)
	if c == nil || c.Sensitivity >= catalog.Closed {
		return nil, &luoshu.Error{Kind: luoshu.NotFound, Field: "field", Msg: Text{ZH: "没有这个字段", EN: "no such field"}}
	}
	if !c.masked {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "field", Msg: Text{ZH: "这个字段本来就不脱敏", EN: "this field is shown in clear already"}}
	}
	g.cols = []col{*c}
	r, err := d.current(ctx, g, rec)
	if err != nil {
		return nil, err
	}
	if err := record(ctx); err != nil {
		return nil, err
	}
	v := r.values[0]
	return &Revealed{Entity: entity, Rec: rec, Field: field, Value: v.Any(), Display: d.display(c.Field, v)}, nil
}

// current reads the grant's columns of a record's current version within the
// scope.
func (d *Door) current(ctx context.Context, g *grant, rec int64) (*raw, error) {
	cond, args := g.scope.Where(d.cat, g.ent, "f")
	s := &selection{g: g, where: []string{"f._to IS NULL", "f._rec = ?", cond}, args: append([]any{rec}, args...)}
	var found *raw
	if err := d.read(ctx, g, s.tail(), s.args, func(r *raw) error {
		found = r
		return nil
	}); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, noRecord()
	}
	return found, nil
}

// Answerable returns nil if the actor may answer for a record to the person
// concerned: the right to open values, and the record within the scope.
func (d *Door) Answerable(ctx context.Context, actor luoshu.Actor, entity string, rec int64) error {
	g, err := d.open(ctx, actor, "reveal", entity)
	if err != nil {
		return err
	}
	g.cols = nil
	_, err = d.current(ctx, g, rec)
	return err
}
