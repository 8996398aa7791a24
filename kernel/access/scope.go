package access

import (
	"context"
	"fmt"
	"strings"

	"luoshu"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// The tree of organisations and how far an actor reaches in it.
type (
	Tree  = reach.Tree
	Node  = reach.Node
	Scope = reach.Scope
)

// Scope returns the actor's reach. An unknown organisation reaches nothing.
func (a *Access) Scope(ctx context.Context, actor luoshu.Actor) (*Scope, error) {
	t, err := a.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if IsOperator(actor) {
		return reach.All(t, a.cat.City.Root), nil
	}
	return reach.Of(t, actor.Org, a.cat.City.Root), nil
}

// Holder returns the organisation that holds a row of the entity, "" if the
// entity is reference data or the row does not lead to one.
func (a *Access) Holder(ctx context.Context, e *catalog.Entity, values []luoshu.Value) (string, error) {
	field, far, hop := strings.Cut(e.Org, ".")
	f := e.Field(field)
	if f == nil || f.Index >= len(values) {
		return "", nil
	}
	own := values[f.Index].String()
	if !hop || own == "" {
		return own, nil
	}
	target := reach.RefTarget(a.cat, e, field)
	if target == nil {
		return "", nil
	}
	rows, err := a.db.Query(ctx, `SELECT `+store.Col(far)+` FROM `+store.Table(target.Name)+
		` WHERE _to IS NULL AND `+store.Col(target.Key[0])+` = ?`, a.db.Stored(target.Name, target.Key[0], own))
	if err != nil {
		return "", fmt.Errorf("find the holder of a %s: %w", e.Name, err)
	}
	defer rows.Close()
	var code any
	if rows.Next() {
		if err := rows.Scan(&code); err != nil {
			return "", fmt.Errorf("find the holder of a %s: %w", e.Name, err)
		}
	}
	return luoshu.ValueOf(code).String(), rows.Err()
}

// Writer returns the test of which rows of the entity the actor may write; nil
// means every row. A new organisation may be written by whom its parent belongs
// to. Reference data is written only by the whole city.
func (a *Access) Writer(ctx context.Context, actor luoshu.Actor, entity string) (func([]luoshu.Value) bool, error) {
	e := a.cat.Entity(entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这类数据：%s", "no such entity: %s", entity)
	}
	if e.Register {
		return nil, luoshu.Errorf(luoshu.Denied, "“%s”是案卷登记簿，只由案卷的办理写入；请到“办理”里立卷或办理", "“%s” is a register of cases and written by their steps alone; open a case or act in one", e.Title)
	}
	s, err := a.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if s.Whole {
		return nil, nil
	}
	if e.Org == "" || s.Root == "" {
		return func([]luoshu.Value) bool { return false }, nil
	}
	var parent *catalog.Field
	if e.Node != nil {
		parent = e.Field(e.Node.Parent)
	}
	return func(values []luoshu.Value) bool {
		code, err := a.Holder(ctx, e, values)
		if err != nil {
			return false
		}
		if parent == nil {
			return s.Has(code)
		}
		// An organisation: a known one must lie within, and so must the parent it
		// is to have; nobody moves an organisation out of or into another's house.
		up := values[parent.Index].String()
		if code == s.Root {
			n := s.Tree().Get(code)
			return n != nil && n.Parent == up
		}
		return s.Has(up) && (s.Tree().Get(code) == nil || s.Has(code))
	}, nil
}
