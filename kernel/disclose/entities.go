package disclose

import (
	"context"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
)

// EntityInfo is one line of the list of what there is.
type EntityInfo struct {
	Name    string `json:"name"`
	Title   Text   `json:"title"`
	Note    Text   `json:"note"`
	Group   Text   `json:"group"`
	Rows    *int64 `json:"rows"` // null while it is being counted
	Org     bool   `json:"org"`
	CanLoad bool   `json:"can_load"`
}

// EntityDetail describes one entity.
type EntityDetail struct {
	EntityInfo
	Fields []Column `json:"fields"`
	Key    []string `json:"key"`
	Label  string   `json:"label"`
	Search bool     `json:"search"`
	Year   string   `json:"year"`
	Months int      `json:"months"`
	Dated  bool     `json:"dated"` // its records hold between dates, so that they can be asked for as of a day
}

// Entities lists what the actor's role reaches.
func (d *Door) Entities(ctx context.Context, actor luoshu.Actor) ([]EntityInfo, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	role := d.acc.Role(actor)
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := []EntityInfo{}
	patience, cancel := guard.Patience(ctx)
	defer cancel()
	for _, e := range d.cat.Entities {
		if guard.MayEntity(role, e) {
			out = append(out, d.entityInfo(ctx, patience, role, scope, e))
		}
	}
	return out, nil
}

func (d *Door) entityInfo(ctx, patience context.Context, role *catalog.Role, scope *access.Scope, e *catalog.Entity) EntityInfo {
	info := EntityInfo{
		Name: e.Name, Title: e.Title, Note: e.Note, Group: e.Group, Org: e.Org != "",
		CanLoad: role.May("load") && (e.Org != "" || scope.Whole),
	}
	if t, ok, _ := d.base.TallyWait(ctx, patience, e, scope); ok {
		info.Rows = &t.Rows
	}
	return info
}

// Entity describes one entity with the fields the actor may see.
func (d *Door) Entity(ctx context.Context, actor luoshu.Actor, name string) (*EntityDetail, error) {
	g, err := d.open(ctx, actor, "read", name)
	if err != nil {
		return nil, err
	}
	patience, cancel := guard.Patience(ctx)
	defer cancel()
	out := &EntityDetail{
		EntityInfo: d.entityInfo(ctx, patience, g.role, g.scope, g.ent),
		Fields:     d.columns(g, true), Label: g.ent.Label, Year: g.ent.Year, Months: g.ent.Months, Dated: g.ent.Valid != nil, Key: []string{},
	}
	for _, k := range g.ent.Key {
		if g.col(k) != nil {
			out.Key = append(out.Key, k)
		}
	}
	if g.col(g.ent.Label) == nil {
		out.Label = ""
	}
	for _, s := range append([]string{g.ent.Key[0]}, g.ent.Search...) {
		if c := g.col(s); c != nil && (!c.masked || c.held()) && c.Type.IsText() {
			out.Search = true
		}
	}
	return out, nil
}

// maxOrgs bounds one answer about organisations.
const maxOrgs = 200

// Orgs finds organisations within the actor's scope: by name or code, or those
// right under a parent.
func (d *Door) Orgs(ctx context.Context, actor luoshu.Actor, q, parent string) ([]OrgInfo, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := []OrgInfo{}
	tree := scope.Tree()
	if parent != "" && q == "" {
		if !scope.Has(parent) {
			return out, nil
		}
		for _, n := range tree.Children(parent) {
			out = append(out, guard.OrgOf(n))
		}
		return out, nil
	}
	keep := func(n *access.Node) bool { return scope.Has(n.Code) && (parent == "" || tree.Within(parent, n.Code)) }
	for _, n := range tree.Find(q, maxOrgs, keep) {
		out = append(out, guard.OrgOf(n))
	}
	return out, nil
}
