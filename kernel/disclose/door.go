// Package disclose is the only way a record or a figure leaves the process. It
// applies the actor's scope, the class of every field, the minimum size of
// groups, and the closed class, which never leaves for anyone.
package disclose

import (
	"context"
	"fmt"
	"sync"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Door is the only reader whose answers leave. It is safe for concurrent use and
// holds caches only of what has already passed the rules.
type Door struct {
	db  *store.DB
	cat *catalog.Catalog
	led *ledger.Ledger
	eng *indicator.Engine
	acc *access.Access

	pages   pageCache
	tally   tallies
	refs    references
	smallMu sync.Mutex
	small   map[string]map[string]bool // withheld figures by seal, indicator and cut

	sealMu sync.Mutex
	seals  map[string]ledger.Seal
}

// New returns the door over an opened city.
func New(db *store.DB, cat *catalog.Catalog, led *ledger.Ledger, eng *indicator.Engine, acc *access.Access) *Door {
	d := &Door{db: db, cat: cat, led: led, eng: eng, acc: acc, seals: map[string]ledger.Seal{}}
	d.tally.init()
	return d
}

// grant is what one actor may see of one entity, worked out once per request.
type grant struct {
	actor luoshu.Actor
	role  *catalog.Role
	scope *access.Scope
	ent   *catalog.Entity
	cols  []col // the fields that may leave, in the entity's order
}

// col is a field that may leave, in clear or masked.
type col struct {
	*catalog.Field
	masked bool
}

// class says how a field may leave for a role.
func class(role *catalog.Role, f *catalog.Field) (visible, masked bool) {
	switch {
	case f.Sensitivity >= catalog.Closed:
		return false, false
	case f.Sensitivity <= role.Sees:
		return true, false
	case f.Sensitivity <= role.Masks:
		return true, true
	}
	return false, false
}

func noEntity() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
}

func noRecord() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
}

// mayEntity reports whether the role reaches the entity at all.
func mayEntity(role *catalog.Role, name string) bool {
	if role == nil {
		return false
	}
	if len(role.Entities) == 0 {
		return true
	}
	for _, e := range role.Entities {
		if e == name {
			return true
		}
	}
	return false
}

// open works out what the actor may see of an entity. action "" asks only for
// the entity. An entity the role does not reach answers like one that is not there.
func (d *Door) open(ctx context.Context, actor luoshu.Actor, action, entity string) (*grant, error) {
	role := d.acc.Role(actor)
	if action != "" {
		if err := d.acc.Require(actor, action); err != nil {
			return nil, err
		}
	}
	e := d.cat.Entity(entity)
	if e == nil || !mayEntity(role, entity) {
		return nil, noEntity()
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, fmt.Errorf("find the scope: %w", err)
	}
	return newGrant(actor, role, scope, e), nil
}

func newGrant(actor luoshu.Actor, role *catalog.Role, scope *access.Scope, e *catalog.Entity) *grant {
	g := &grant{actor: actor, role: role, scope: scope, ent: e}
	for _, f := range e.Fields {
		if visible, masked := class(role, f); visible {
			g.cols = append(g.cols, col{f, masked})
		}
	}
	return g
}

// col returns a field that may leave, nil otherwise.
func (g *grant) col(name string) *col {
	for i := range g.cols {
		if g.cols[i].Name == name {
			return &g.cols[i]
		}
	}
	return nil
}

// clear returns a field the actor sees unmasked: the only ones that may be
// filtered, sorted or searched by, since an order or a hit tells the value.
func (g *grant) clear(name string) (*col, error) {
	c := g.col(name)
	if c == nil || c.masked {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: name,
			Msg: Text{ZH: "不能按此字段查询", EN: "this field cannot be queried"}}
	}
	return c, nil
}

// moment turns a seal id into a ledger sequence; "" is the present, 0. The seal
// is the zero Seal for the present.
func (d *Door) moment(ctx context.Context, id string) (int64, ledger.Seal, error) {
	if id == "" {
		return 0, ledger.Seal{}, nil
	}
	s, err := d.seal(ctx, id)
	return s.Seq, s, err
}

// seal finds a seal; seals never change, so they are kept. "" is the last one
// whose figures are complete; where there is none, NotFound.
func (d *Door) seal(ctx context.Context, id string) (ledger.Seal, error) {
	if id == "" {
		last, err := d.eng.Latest(ctx)
		if err != nil {
			return ledger.Seal{}, fmt.Errorf("find the last seal: %w", err)
		}
		if last == "" {
			return ledger.Seal{}, luoshu.Errorf(luoshu.NotFound, "尚未封存数据", "nothing has been sealed yet")
		}
		id = last
	}
	d.sealMu.Lock()
	s, ok := d.seals[id]
	d.sealMu.Unlock()
	if ok {
		return s, nil
	}
	s, err := d.led.SealByID(ctx, id)
	if err != nil {
		return s, fmt.Errorf("find seal: %w", err)
	}
	d.sealMu.Lock()
	if len(d.seals) > 10000 {
		d.seals = map[string]ledger.Seal{}
	}
	d.seals[id] = s
	d.sealMu.Unlock()
	return s, nil
}

// at is the condition that picks the rows of a moment under an alias.
func at(alias string, seq int64) (string, []any) {
	if seq == 0 {
		return alias + "._to IS NULL", nil
	}
	return "(" + alias + "._from <= ? AND (" + alias + "._to IS NULL OR " + alias + "._to > ?))", []any{seq, seq}
}

// Map returns the city's boundaries as GeoJSON; NotFound where no pack has any.
func (d *Door) Map(_ context.Context, actor luoshu.Actor) ([]byte, error) {
	if d.acc.Role(actor) == nil || len(d.cat.Boundaries) == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有边界数据", "there are no boundaries")
	}
	return d.cat.Boundaries, nil
}
