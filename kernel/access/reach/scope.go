package reach

import (
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
	city  string // root of the city
}

// Under narrows the scope to one organisation within it. An organisation outside
// is answered like an unknown one.
func (s *Scope) Under(org string) (*Scope, error) {
	if org == "" || org == s.Root {
		return s, nil
	}
	if s.tree.Get(org) == nil || !s.Has(org) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return Of(s.tree, org, s.city), nil
}

// Of is the reach of an organisation; the city's root reaches everything, an unknown
// organisation nothing.
func Of(t *Tree, org, city string) *Scope {
	if org == "" || t.Get(org) == nil {
		return &Scope{tree: t, city: city}
	}
	if org == city {
		return &Scope{Root: org, Whole: true, tree: t, city: city}
	}
	return &Scope{Root: org, codes: t.Under(org), tree: t, city: city}
}

// All is the reach over everything.
func All(t *Tree, city string) *Scope { return &Scope{Root: city, Whole: true, tree: t, city: city} }

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

// Reads is Where for readers: of an entity whose records are read by those below too,
// also the records of the organisations above.
func (s *Scope) Reads(cat *catalog.Catalog, e *catalog.Entity, alias string) (string, []any) {
	cond, args := s.Where(cat, e, alias)
	if !e.Below || s.Whole || s.Root == "" || e.Org == "" {
		return cond, args
	}
	if alias != "" {
		alias += "."
	}
	above := s.tree.Path(s.Root)
	for _, n := range above {
		args = append(args, n.Code)
	}
	return "(" + cond + " OR " + alias + store.Col(e.Org) + " IN (" + marks(len(above)) + "))", args
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
	target := RefTarget(cat, e, field)
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

// RefTarget is the entity a field refers to, if its key is one field.
func RefTarget(cat *catalog.Catalog, e *catalog.Entity, field string) *catalog.Entity {
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
