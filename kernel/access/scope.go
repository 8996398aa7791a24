package access

import (
	"context"
	"fmt"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Scope is how far an actor reaches at one moment of the tree.
type Scope struct {
	Root  string // "" is nothing
	Whole bool   // the whole city: no row is left out
	codes []string
	tree  *Tree
}

// Scope returns the actor's reach. An unknown organisation reaches nothing.
func (a *Access) Scope(ctx context.Context, actor luoshu.Actor) (*Scope, error) {
	t, err := a.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if IsOperator(actor) {
		return &Scope{Root: a.cat.City.Root, Whole: true, tree: t}, nil
	}
	return a.scopeOf(t, actor.Org), nil
}

// Under narrows the scope to one organisation within it. An organisation outside
// is answered like an unknown one.
func (s *Scope) Under(a *Access, org string) (*Scope, error) {
	if org == "" || org == s.Root {
		return s, nil
	}
	if s.tree.Get(org) == nil || !s.Has(org) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return a.scopeOf(s.tree, org), nil
}

func (a *Access) scopeOf(t *Tree, org string) *Scope {
	if org == "" || t.Get(org) == nil {
		return &Scope{tree: t}
	}
	if org == a.cat.City.Root {
		return &Scope{Root: org, Whole: true, tree: t}
	}
	return &Scope{Root: org, codes: t.Under(org), tree: t}
}

// Tree is the tree the scope was made on.
func (s *Scope) Tree() *Tree { return s.tree }

// Has reports whether an organisation lies within the scope. The whole city
// holds every code, also one that no organisation record has yet.
func (s *Scope) Has(code string) bool {
	return s.Whole || (s.Root != "" && s.tree.Within(s.Root, code))
}

// Codes returns the organisations of the scope; for the whole city, all that
// lie under its root.
func (s *Scope) Codes() []string {
	if s.Whole {
		return s.tree.Under(s.Root)
	}
	return s.codes
}

// Where returns the scope on an entity as a condition over the rows of its
// table under the given alias. Reference data (an entity without org) is open to
// every actor with a known organisation. The result is never empty.
func (s *Scope) Where(cat *catalog.Catalog, e *catalog.Entity, alias string) (string, []any) {
	if s.Whole {
		return "1=1", nil
	}
	if s.Root == "" {
		return "1=0", nil
	}
	if e.Org == "" {
		return "1=1", nil
	}
	if alias != "" {
		alias += "."
	}
	args := make([]any, len(s.codes))
	for i, c := range s.codes {
		args[i] = c
	}
	field, far, hop := strings.Cut(e.Org, ".")
	if !hop {
		return alias + store.Col(field) + " IN (" + marks(len(args)) + ")", args
	}
	target := refTarget(cat, e, field)
	if target == nil {
		return "1=0", nil
	}
	t, key := store.Table(target.Name), store.Col(target.Key[0])
	if len(args) <= 16 {
		return fmt.Sprintf("%s%s IN (SELECT %s FROM %s WHERE _to IS NULL AND %s IN (%s))",
			alias, store.Col(field), key, t, store.Col(far), marks(len(args))), args
	}
	return fmt.Sprintf("EXISTS (SELECT 1 FROM %s sc_ WHERE sc_._to IS NULL AND sc_.%s = %s%s AND sc_.%s IN (%s))",
		t, key, alias, store.Col(field), store.Col(far), marks(len(args))), args
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
	target := refTarget(a.cat, e, field)
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
			n := s.tree.Get(code)
			return n != nil && n.Parent == up
		}
		return s.Has(up) && (s.tree.Get(code) == nil || s.Has(code))
	}, nil
}

// refTarget is the entity a field refers to, if its key is one field.
func refTarget(cat *catalog.Catalog, e *catalog.Entity, field string) *catalog.Entity {
	f := e.Field(field)
	if f == nil || f.Ref == "" {
		return nil
	}
	t := cat.Entity(f.Ref)
	if t == nil || len(t.Key) != 1 {
		return nil
	}
	return t
}
