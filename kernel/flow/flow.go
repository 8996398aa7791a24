// Package flow carries cases: matters that go from hand to hand until they are
// settled. What kinds there are, packs say (cases.yaml); every step is a commit of
// the case's record, and what else belongs to it is written in the same
// transaction (docs/flow.md).
package flow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/paper/shelf"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/workday"
)

// Config is what a Flow works with.
type Config struct {
	DB       *store.DB
	Catalog  *catalog.Catalog
	Charter  *charter.Charter
	Ledger   *ledger.Ledger
	Records  *records.Reader
	Access   *access.Access
	Calendar *workday.Calendar
	Files    shelf.Files
	Orgs     *lifecycle.Keeper // nil where no case changes organisations
	Now      func() time.Time
}

// Flow carries the cases of one city. It is safe for concurrent use.
type Flow struct {
	Config

	mu     sync.Mutex // one step at a time: what was checked is what is written
	forms  map[string]*intake.Form
	former sync.Map // digest of a former type: *charter.CaseType
}

// New returns the cases of a city whose ledger is open.
func New(c Config) (*Flow, error) {
	f := &Flow{Config: c, forms: map[string]*intake.Form{}}
	for _, t := range c.Charter.Cases {
		form, err := intake.NewForm(c.Catalog, t.Entity.Name)
		if err != nil {
			return nil, fmt.Errorf("forms of %s: %w", t.ID, err)
		}
		f.forms[t.Entity.Name] = form
	}
	return f, nil
}

// Case is where one case stands. What it says lies in its register.
type Case struct {
	ID      int64             `json:"id"`
	No      string            `json:"no"`
	Type    *charter.CaseType `json:"-"`
	Entity  string            `json:"entity"`
	Rec     int64             `json:"rec"`
	Unit    string            `json:"unit"`   // organisation concerned
	Opener  string            `json:"opener"` // organisation that opened it
	Account string            `json:"account"`
	State   string            `json:"state"`
	Step    int64             `json:"step"`
	Level   int64             `json:"level"` // times reopened
	Opened  int64             `json:"opened"`
	Entered int64             `json:"entered"`
	Due     int64             `json:"due"`    // yyyymmdd, 0 without a clock
	DueAt   int64             `json:"due_at"` // seconds since 1970, 0 where days are counted
	Closed  int64             `json:"closed"` // yyyymmdd, 0 while it goes on
	Parent  int64             `json:"parent"`
	Raised  int64             `json:"raised"` // times the present state was escalated

	digest, same, counts string
	reminded             int64
}

// Now in the state's definition.
func (c *Case) at() *charter.CaseState { return c.Type.Find(c.State) }

const caseColumns = `c.id, c.no, c.type, c.digest, c.entity, c.rec, c.unit, c.opener, c.account, c.state, c.step, c.level, c.opened, c.entered, c.due, c.closed, c.parent, c.same, c.counts, c.raised, c.reminded, c.due_at`

// scan reads a case in the order of caseColumns, and more beside it.
func (f *Flow) scan(ctx context.Context, scan func(...any) error, more ...any) (*Case, error) {
	c := &Case{}
	var typ string
	err := scan(append([]any{
		&c.ID, &c.No, &typ, &c.digest, &c.Entity, &c.Rec, &c.Unit, &c.Opener, &c.Account, &c.State, &c.Step, &c.Level,
		&c.Opened, &c.Entered, &c.Due, &c.Closed, &c.Parent, &c.same, &c.counts, &c.Raised, &c.reminded, &c.DueAt,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	c.Type, err = f.typeOf(ctx, typ, c.digest)
	return c, err
}

// typeOf is the definition a case runs under: today's, or the text that was kept
// of a former one.
func (f *Flow) typeOf(ctx context.Context, id, digest string) (*charter.CaseType, error) {
	if t := f.Charter.Case(id); t != nil && t.Digest == digest {
		return t, nil
	}
	if t, ok := f.former.Load(digest); ok {
		return t.(*charter.CaseType), nil
	}
	var pack, version, text string
	err := f.DB.QueryRow(ctx, `SELECT pack, version, text FROM flow_type WHERE digest = ?`, digest).Scan(&pack, &version, &text)
	if err != nil {
		return nil, fmt.Errorf("read the definition of %s: %w", id, err)
	}
	t, faults := f.Charter.FormerCase(pack, version, text)
	if t == nil {
		if now := f.Charter.Case(id); now != nil && len(faults) > 0 {
			// The former text does not fit the catalog any more: today's is the
			// only one by which the case can still be settled.
			t = now
		} else {
			return nil, luoshu.Errorf(luoshu.Unavailable, "案卷类型 %s 的旧版定义已不能使用，请业务包写明 migrate", "the former definition of the case type %s cannot be used any more; the pack must give a migration", id)
		}
	}
	f.former.Store(digest, t)
	return t, nil
}

// form is the reader of what people fill in for an entity.
func (f *Flow) form(e *catalog.Entity) (*intake.Form, error) {
	if form := f.forms[e.Name]; form != nil {
		return form, nil
	}
	return intake.NewForm(f.Catalog, e.Name)
}

// Today is the house's day as yyyymmdd.
func (f *Flow) Today() int64 { return clock.Day(f.Now()) }

func (f *Flow) clock() clock.Clock { return clock.Clock{Calendar: f.Calendar} }

// number is a parameter's whole value on a day.
func (f *Flow) parameter(id string, day int64) (int64, error) {
	p := f.Catalog.Parameter(id)
	if p == nil {
		return 0, luoshu.Errorf(luoshu.Unavailable, "没有参数 %s", "there is no parameter %s", id)
	}
	v, ok := p.Value(day, nil, "")
	if !ok || v.Scale != 0 {
		return 0, luoshu.Errorf(luoshu.Unavailable, "参数“%s”没有适用的整数值", "the parameter “%s” has no whole value for that day", p.Title)
	}
	return v.Num, nil
}

func (f *Flow) stamp() string { return f.Now().UTC().Format(time.RFC3339) }

// machine acts where dates do.
var machine = luoshu.Actor{Name: "clock", Role: "clock", Org: ""}

func noCase() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这个案卷", "there is no such case")
}
