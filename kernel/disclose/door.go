// Package disclose is the only way a record or a figure leaves the process. It
// applies the actor's scope, the class of every field, the minimum size of
// groups, and the closed class, which never leaves for anyone.
package disclose

import (
	"context"
	"fmt"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/figure"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Text is a label in two languages.
type Text = luoshu.Text

// The words of the figures' half of the door and of what both halves share.
type (
	Figure         = figure.Figure
	FigureQuery    = figure.FigureQuery
	Dashboard      = figure.Dashboard
	DashboardQuery = figure.DashboardQuery
	SentPage       = figure.SentPage
	IndicatorInfo  = figure.IndicatorInfo
	IndicatorPage  = figure.IndicatorPage
	IndicatorQuery = figure.IndicatorQuery
	PlanInfo       = figure.PlanInfo
	PlanTarget     = figure.PlanTarget
	PlanQuery      = figure.PlanQuery
	PlanYear       = figure.YearValue
	PlanMilestone  = figure.TargetMilestone
	TargetValue    = figure.TargetValue
	ExploreQuery   = figure.ExploreQuery
	ExploreResult  = figure.ExploreResult
	ExploreRow     = figure.ExploreRow
	ExploreGrain   = figure.ExploreGrain
	OrgInfo        = guard.Org
	Option         = guard.Option
)

// SmallestGroup is the least number of persons told to whoever may not see small
// groups.
const SmallestGroup = guard.SmallestGroup

// The states of a target that callers ask about.
const (
	StateMet    = figure.StateMet
	StateNotMet = figure.StateNotMet
)

// ParseWhere reads "dim:value,dim:value".
func ParseWhere(s string) (map[string]string, error) { return figure.ParseWhere(s) }

// ParseFilters reads "dim:a|b,year:2024".
func ParseFilters(s string) (map[string][]string, error) { return figure.ParseFilters(s) }

// Door is the only reader whose answers leave: records here, figures through the
// window it embeds. It is safe for concurrent use and keeps only what has already
// passed the rules.
type Door struct {
	*figure.Window
	base *guard.Base
	db   *store.DB
	cat  *catalog.Catalog
	led  *ledger.Ledger
	eng  *indicator.Engine
	acc  *access.Access
}

// New returns the door over an opened city.
func New(db *store.DB, cat *catalog.Catalog, led *ledger.Ledger, eng *indicator.Engine, acc *access.Access) *Door {
	b := guard.New(db, cat, led, eng, acc)
	return &Door{Window: figure.New(b), base: b, db: db, cat: cat, led: led, eng: eng, acc: acc}
}

// Settle waits until every count of records that has been begun is made, and
// begins those that nobody has asked for yet. Servers call it once at start,
// behind requests.
func (d *Door) Settle(ctx context.Context) error { return d.base.Settle(ctx) }

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

// held reports whether the reader sees the field masked because it contains an
// identity number: links by record number and searches by the whole still work.
func (c *col) held() bool { return c.masked && c.Contains != "" }

func noEntity() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
}

func noRecord() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
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
	if !guard.MayEntity(role, e) {
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
		if visible, masked := guard.Class(role, f); visible {
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
		return nil, &luoshu.Error{
			Kind: luoshu.Invalid, Field: name,
			Msg: Text{ZH: "不能按此字段查询", EN: "this field cannot be queried"},
		}
	}
	return c, nil
}

// moment turns a seal id into a ledger sequence; "" is the present, 0. The seal
// is the zero Seal for the present.
func (d *Door) moment(ctx context.Context, id string) (int64, ledger.Seal, error) {
	if id == "" {
		return 0, ledger.Seal{}, nil
	}
	s, err := d.base.Seal(ctx, id)
	return s.Seq, s, err
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
