package disclose

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/intake"
	"luoshu/kernel/records"
)

// GuestField is one field of a record as a person without an account is shown it.
type GuestField struct {
	Column
	Value   any `json:"value"`
	Display any `json:"display"`
}

// Guest shows the named fields of one record to a person who holds a one-time link
// to it: personal ones in clear, sensitive ones masked, closed ones not at all.
// That the person may know of the record is for the caller to have seen.
func (d *Door) Guest(ctx context.Context, entity string, fields []string, v *records.Version) ([]GuestField, error) {
	e := d.cat.Entity(entity)
	if e == nil {
		return nil, noEntity()
	}
	role := &catalog.Role{Sees: catalog.Personal, Masks: catalog.Sensitive}
	g := &grant{role: role, ent: e}
	for _, name := range fields {
		if f := e.Field(name); f != nil {
			if visible, masked := guard.Class(role, f); visible {
				g.cols = append(g.cols, col{f, masked})
			}
		}
	}
	out := []GuestField{}
	for i, c := range d.columns(g, true) {
		f, value := g.cols[i].Field, v.Values[g.cols[i].Index]
		x := GuestField{Column: c}
		switch {
		case value.K == luoshu.Null:
		case c.Masked:
			x.Value = guard.Masked(f, value)
			x.Display = x.Value
		default:
			x.Value, x.Display = value.Any(), d.display(f, value)
			if e := d.cat.Entity(f.Ref); e != nil {
				if t := d.base.ReferenceLabel(ctx, e, value.String()); t != nil {
					x.Display = t
				}
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// Parse reads a value as a person writes it into its stored form; "" is null. A
// fault names the field.
func (d *Door) Parse(entity, field, s string) (luoshu.Value, error) {
	e := d.cat.Entity(entity)
	if e == nil || e.Field(field) == nil || e.Field(field).Sensitivity >= catalog.Closed {
		return luoshu.Value{}, &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: Text{ZH: "没有这个字段", EN: "there is no such field"}}
	}
	if s == "" {
		return luoshu.Value{}, nil
	}
	x, ok := parseStored(e.Field(field), s)
	if !ok {
		return luoshu.Value{}, &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: Text{ZH: "填写的内容不合要求", EN: "the value is not of the right kind"}}
	}
	return luoshu.ValueOf(x), nil
}

// EvidenceColumn is a column of what a set rule found.
type EvidenceColumn struct {
	Name       string
	Title      Text
	Codes, Ref string // what names its values, "" for none
	Class      catalog.Sensitivity
}

// Evidence is one value of it as an actor may see it.
type Evidence struct {
	Name    string `json:"name"`
	Title   Text   `json:"title"`
	Value   any    `json:"value"`
	Display any    `json:"display"`
}

// Evidence shows what a set rule found, without the columns above the actor's class.
func (d *Door) Evidence(ctx context.Context, actor luoshu.Actor, cols []EvidenceColumn, values map[string]any) []Evidence {
	role, out := d.acc.Role(actor), []Evidence{}
	for _, c := range cols {
		if role == nil || c.Class > role.Sees {
			continue
		}
		x := Evidence{Name: c.Name, Title: c.Title, Value: values[c.Name]}
		code := text(x.Value)
		x.Display = code
		if l := d.cat.List(c.Codes); l != nil && l.Code(code) != nil {
			x.Display = l.Code(code).Title
		}
		if e := d.cat.Entity(c.Ref); e != nil && code != "" {
			if g, err := d.open(ctx, actor, "", e.Name); err == nil {
				if n, err := d.labelsOf(ctx, g, e.Name, []string{code}); err == nil && n[code] != nil {
					x.Display = n[code]
				}
			}
		}
		out = append(out, x)
	}
	return out
}

func text(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case string:
		return x
	case json.Number:
		return x.String()
	}
	return fmt.Sprint(x)
}

// Sheet writes a table that is no entity, such as a list of links to hand out, with
// the city's notice on it. The cells have passed the door before.
func (d *Door) Sheet(actor luoshu.Actor, w io.Writer, format, name string, head []string, rows [][]string) error {
	out, err := intake.NewTable(w, format, name, head, intake.Meta{Notice: d.cat.City.Notice, By: actor.Name, Source: d.base.SourceLine()})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := out.Text(r); err != nil {
			return guard.Fault("export", err)
		}
	}
	return guard.Fault("end export", out.Close())
}
