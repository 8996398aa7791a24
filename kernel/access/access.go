// Package access is the only one to know who somebody is and how far they
// reach: accounts, sign-in, sessions, roles of the catalog, the tree of
// organisations, and the scope of an actor as a WHERE fragment.
package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access/foureyes"
	"luoshu/kernel/access/guest"
	"luoshu/kernel/access/oidc"
	"luoshu/kernel/access/policy"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/access/secret"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// operatorRole cannot be given by a pack: role ids begin with a letter.
const operatorRole = "_operator"

// Operator is whoever runs the command line on the machine itself: full scope,
// every class of field except closed.
var Operator = luoshu.Actor{Name: "operator", Role: operatorRole, Org: "*"}

// Access answers who is who. It is safe for concurrent use.
type Access struct {
	db  *store.DB
	cat *catalog.Catalog
	now func() time.Time

	limit *secret.Limiter
	work  chan struct{} // bounds memory spent on password hashing
	decoy string        // hash that unknown names are checked against

	smu        sync.Mutex
	sessions   map[string]*Session  // by hash of the token
	ceremonies map[string]ceremony  // passkeys asked for
	departures map[string]departure // by state
	ended      map[string]bool      // tokens signed out whose deletion is still queued
	cut        map[string]cutting   // accounts whose sessions are over
	pending    []func(context.Context) error
	flushing   bool
	flushed    *sync.Cond

	events   func(context.Context, Event)
	address  string         // what browsers call this system, "" unknown
	provider *oidc.Provider // nil: none
	eyes     *foureyes.Desk

	*reach.Forest
}

// cutting ends an account's sessions that began up to a moment, but one.
type cutting struct {
	at  time.Time
	but string // by hash, "" none
}

// Open prepares access over a database whose kernel tables exist. now is the
// only clock it reads.
func Open(ctx context.Context, db *store.DB, cat *catalog.Catalog, now func() time.Time) (*Access, error) {
	a := &Access{
		db: db, cat: cat, now: now, Forest: reach.New(db, cat),
		work:       make(chan struct{}, 2),
		sessions:   map[string]*Session{},
		ceremonies: map[string]ceremony{},
		departures: map[string]departure{},
		ended:      map[string]bool{},
		cut:        map[string]cutting{},
	}
	a.flushed = sync.NewCond(&a.smu)
	a.eyes = foureyes.New(db, cat, now, a.Require, func(ctx context.Context, kind, actor, account, id, detail string) {
		a.tell(ctx, Event{Kind: kind, Actor: actor, Account: account, Object: id, Detail: detail})
	})
	a.limit = secret.NewLimiter(func() (int, time.Duration) {
		p := a.Policy()
		return p.LockFailures, p.Lock
	})
	var err error
	if a.decoy, err = secret.Hash("decoy"); err != nil {
		return nil, err
	}
	if err := a.remember(ctx); err != nil {
		return nil, err
	}
	if _, err := a.Tree(ctx); err != nil {
		return nil, fmt.Errorf("open access: %w", err)
	}
	return a, nil
}

// FourEyes is where an administrator's credentials are asked for and agreed to.
func (a *Access) FourEyes() *foureyes.Desk { return a.eyes }

// Now is the clock of the house.
func (a *Access) Now() time.Time { return a.now() }

// Catalog returns the catalog that roles and organisations are read from.
func (a *Access) Catalog() *catalog.Catalog { return a.cat }

// Role returns what an actor may do and see; nil if the catalog does not have
// the role any more, which means: nothing.
func (a *Access) Role(actor luoshu.Actor) *catalog.Role {
	if IsOperator(actor) {
		return &catalog.Role{
			ID:    operatorRole,
			Title: luoshu.Text{ZH: "本机操作员", EN: "Machine operator"},
			Can:   Actions(),
			Sees:  catalog.Sensitive, Masks: catalog.Sensitive, Small: true, Home: "/",
		}
	}
	return a.cat.Role(actor.Role)
}

// IsOperator reports whether the actor is the machine's operator.
func IsOperator(actor luoshu.Actor) bool { return actor.Role == operatorRole }

// Actions are all rights a role can have.
func Actions() []string {
	return catalog.Actions()
}

// Require returns a Denied error unless the actor's role has the action, and for an
// API token, the token as well.
func (a *Access) Require(actor luoshu.Actor, action string) error {
	if r := a.Role(actor); r != nil && r.May(action) && (actor.Only == "" || slices.Contains(strings.Split(actor.Only, ","), action)) {
		return nil
	}
	return luoshu.Errorf(luoshu.Denied, "您的角色没有此项权限（%s）", "your role does not include this right (%s)", action)
}

// Policy is what a city asks of those who sign in.
type Policy = policy.Policy

// DefaultPolicy is used where packs say nothing.
func DefaultPolicy() Policy { return policy.Default() }

// Policy is what holds today.
func (a *Access) Policy() Policy { return policy.Of(a.cat, dayOf(a.now())) }

func dayOf(t time.Time) int64 { return int64(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// IsAdministrator reports whether a role is one of the three administrators'.
func IsAdministrator(r *catalog.Role) bool { return guest.IsAdministrator(r) }
