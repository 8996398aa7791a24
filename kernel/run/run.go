// Package run feeds the engines from records and figures as of a seal, and writes
// their answers as records. Which records an engine reads and writes is said by
// packs (runs.yaml); this room knows engines, not businesses.
package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
)

// Config is what a Runner works with.
type Config struct {
	Catalog *catalog.Catalog
	Book    *Book
	Ledger  *ledger.Ledger
	Records *records.Reader
	Engine  *indicator.Engine
	Access  *access.Access
	Now     func() time.Time
	// Open opens a case with its cells and returns its number; id makes it happen once.
	Open Opener
}

// Opener opens a case.
type Opener func(ctx context.Context, actor luoshu.Actor, id, kind string, cells map[string]string) (string, error)

// Runner runs engines.
type Runner struct {
	cat     *catalog.Catalog
	book    *Book
	ledger  *ledger.Ledger
	records *records.Reader
	figures *indicator.Engine
	access  *access.Access
	now     func() time.Time
	open    Opener
}

// New makes a runner.
func New(c Config) *Runner {
	return &Runner{cat: c.Catalog, book: c.Book, ledger: c.Ledger, records: c.Records, figures: c.Engine, access: c.Access, now: c.Now, open: c.Open}
}

// Right is the right that starting a run asks for.
const Right = "runs"

// Book is what the packs say.
func (r *Runner) Book() *Book { return r.book }

// start checks who asks for what, and finds the seal.
func (r *Runner) start(ctx context.Context, actor luoshu.Actor, engine string, c *Common) (*Spec, *access.Node, ledger.Seal, error) {
	var none ledger.Seal
	if c.Run == "" {
		c.Run = engine
	}
	s := r.book.Spec(c.Run)
	if s == nil || s.Engine != engine {
		return nil, nil, none, luoshu.Errorf(luoshu.NotFound, "业务包没有（或不止一种）引擎 %s 的运行“%s”", "the packs have no run %[2]q of engine %[1]s, or more than one", engine, c.Run)
	}
	if err := r.access.Require(actor, Right); err != nil {
		return nil, nil, none, err
	}
	if len(s.Roles) > 0 && actor.Role != access.Operator.Role && !slices.Contains(s.Roles, actor.Role) {
		return nil, nil, none, luoshu.Errorf(luoshu.Denied, "您的角色不能启动“%s”", "your role may not start %q", s.Title)
	}
	scope, err := r.access.Scope(ctx, actor)
	if err != nil {
		return nil, nil, none, err
	}
	if c.Org == "" {
		c.Org = scope.Root
	}
	node := scope.Tree().Get(c.Org)
	if node == nil || !scope.Has(c.Org) {
		return nil, nil, none, param("org", luoshu.Errorf(luoshu.NotFound, "没有单位 %s，或不在您的范围内", "there is no organisation %s, or it is outside your scope", c.Org))
	}
	seal := none
	if c.Seal == "" {
		seal, err = r.ledger.LastSeal(ctx)
	} else {
		seal, err = r.ledger.SealByID(ctx, c.Seal)
	}
	if err != nil {
		return nil, nil, none, err
	}
	c.Seal = seal.ID
	return s, node, seal, nil
}

// number makes the number of an answer: F20251001-3fa2c1, say.
func (r *Runner) number(prefix string) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + r.now().Format("20060102") + "-" + hex.EncodeToString(b[:])
}

// day is today as yyyymmdd.
func (r *Runner) day() int64 {
	y, m, d := r.now().Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// write commits the records of an answer, all or none.
func (r *Runner) write(ctx context.Context, s *Spec, actor luoshu.Actor, number string, parts []part, p luoshu.Progress) error {
	var batches []ledger.Batch
	for _, x := range parts {
		if len(x.list) > 0 {
			batches = append(batches, batch(s.Out[x.out], actor, s.ID+" "+number, x.list))
		}
	}
	if _, err := r.ledger.CommitAll(ctx, batches, p); err != nil {
		return fmt.Errorf("write the answer of %s: %w", s.ID, err)
	}
	return nil
}

// part is the records of one output.
type part struct {
	out  string
	list []record
}
