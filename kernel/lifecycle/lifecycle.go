// Package lifecycle is the only one to change organisations by acts: rename, merge,
// split, move, another managing body, close. One act writes the organisation's
// record, the event, and the dated facts and persons that go along, in one
// transaction; it can be previewed and taken back.
package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Keeper carries out acts on the organisations of one city. It is safe for
// concurrent use.
type Keeper struct {
	db  *store.DB
	ch  *charter.Movement
	led *ledger.Ledger
	rec *records.Reader
	acc *access.Access
	cat *catalog.Catalog
	mv  *movement.Mover
}

// New returns a keeper; mv is the room that persons' facts are moved by, whose
// charter it follows.
func New(db *store.DB, cat *catalog.Catalog, led *ledger.Ledger, rec *records.Reader, acc *access.Access, mv *movement.Mover) *Keeper {
	return &Keeper{db: db, ch: mv.Charter(), led: led, rec: rec, acc: acc, cat: cat, mv: mv}
}

// The states of an act.
const (
	Planned   = "planned" // waits for its day
	Done      = "done"
	Undone    = "undone"
	Withdrawn = "withdrawn"
)

// ActRequest asks for a change of an organisation. What is needed depends on the
// act: Name for a new name, Address for a move, Parent for another managing body,
// Successor for a merger or split; for a split Groups and Persons (records by
// entity) say who goes.
type ActRequest struct {
	Act       string             `json:"act"`
	Org       string             `json:"org"`
	Date      int64              `json:"date"` // yyyymmdd; ahead of today it waits for its day
	Name      string             `json:"name,omitempty"`
	Address   string             `json:"address,omitempty"`
	Parent    string             `json:"parent,omitempty"`
	Successor string             `json:"successor,omitempty"`
	Groups    []string           `json:"groups,omitempty"`
	Persons   map[string][]int64 `json:"persons,omitempty"`
	Paper     string             `json:"paper,omitempty"` // number of the document
}

// Act is a change of an organisation, planned or done.
type Act struct {
	N       int64
	Kind    *charter.Act
	Request ActRequest
	State   string // planned done undone withdrawn
	At      string
	Account string
	Ended   string
	Stuck   luoshu.Text // why a planned act could not be carried out on its day
}

// ActPreview is what an act would write: facts and persons by entity, groups to be
// made, the record before and after.
type ActPreview struct {
	Facts, Persons map[string]int
	Groups         int
	Before, After  string
	Waits          bool // its day lies ahead
}

// maxPersons bounds the lists of a split.
const maxPersons = 20_000

// allowAct checks who may change an organisation: whoever has the right at an
// organisation above it, and above every other one the act names.
func (k *Keeper) allowAct(ctx context.Context, actor luoshu.Actor, r *ActRequest) (*charter.Act, error) {
	if err := k.mv.Allow(actor, "lifecycle"); err != nil {
		return nil, err
	}
	l := k.ch.Orgs
	if l == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "业务包没有说明单位如何变更", "the packs do not say how organisations change")
	}
	kind := l.Act(r.Act)
	if kind == nil {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有这种变更", "there is no such act")
	}
	for _, s := range []*string{&r.Name, &r.Address, &r.Paper} {
		*s = strings.TrimSpace(*s)
		if utf8.RuneCountInString(*s) > 120 || !utf8.ValidString(*s) || strings.ContainsRune(*s, 0) {
			return nil, luoshu.Errorf(luoshu.Invalid, "文字太长或无法保存", "a text is too long or cannot be stored")
		}
	}
	if !movement.IsDay(r.Date) {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "date", Msg: luoshu.Text{ZH: "日期无效", EN: "not a date"}}
	}
	scope, err := k.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, code := range []string{r.Org, r.Successor, r.Parent} {
		if code == "" {
			continue
		}
		if scope.Tree().Get(code) == nil || !scope.Has(code) {
			return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
		}
	}
	if actor.Org == r.Org && !access.IsOperator(actor) {
		return nil, luoshu.Errorf(luoshu.Denied, "单位的变更须由其上级办理", "an organisation is changed by those above it")
	}
	return kind, nil
}

// PreviewAct says what an act would write, or why it cannot be.
func (k *Keeper) PreviewAct(ctx context.Context, actor luoshu.Actor, r ActRequest) (*ActPreview, error) {
	kind, err := k.allowAct(ctx, actor, &r)
	if err != nil {
		return nil, err
	}
	p, err := k.planAct(ctx, kind, r)
	if err != nil {
		return nil, err
	}
	out := &ActPreview{Facts: map[string]int{}, Persons: map[string]int{}, Groups: len(p.groups), Before: p.before, After: p.after, Waits: r.Date > k.mv.Today()}
	for _, f := range p.follow {
		if n := len(f.open); n > 0 {
			out.Facts[f.Entity.Name] += n
		}
		if n := len(f.persons); n > 0 {
			out.Persons[f.Entity.Field(f.Person.Name).Ref] += n
		}
	}
	return out, nil
}

// ActNow records an act and carries it out: the organisation's record, the event,
// and the facts and persons that go along, in one transaction. An act whose day
// lies ahead waits for it, and can be withdrawn until then.
func (k *Keeper) ActNow(ctx context.Context, actor luoshu.Actor, r ActRequest) (*Act, error) {
	kind, err := k.allowAct(ctx, actor, &r)
	if err != nil {
		return nil, err
	}
	k.mv.Lock()
	defer k.mv.Unlock()
	if _, err := k.planAct(ctx, kind, r); err != nil {
		return nil, err
	}
	a := &Act{Kind: kind, Request: r, State: Planned, At: k.mv.Stamp(), Account: actor.Name}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write an act: %w", err)
	}
	err = k.db.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM movement_act`).Scan(&a.N); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO movement_act (n, act, org, on_date, body, state, at, account, role, by_org, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')`,
			a.N, kind.ID, r.Org, r.Date, string(body), a.State, a.At, actor.Name, actor.Role, actor.Org)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store an act: %w", err)
	}
	if r.Date > k.mv.Today() {
		return a, nil
	}
	return a, k.carryOut(ctx, actor, a)
}

func actPrefix(n int64) string { return fmt.Sprintf("life-%d-", n) }

// carryOut writes a planned act, unless a run that broke off has written it.
func (k *Keeper) carryOut(ctx context.Context, actor luoshu.Actor, a *Act) error {
	commits, err := k.actCommits(ctx, a.N)
	if err != nil {
		return err
	}
	if len(commits) == 0 {
		p, err := k.planAct(ctx, a.Kind, a.Request)
		if err != nil {
			return err
		}
		all := k.actBatches(actor, a, p)
		for i := range all {
			all[i].ID = fmt.Sprintf("%s%d", actPrefix(a.N), i)
		}
		if err := k.mv.Step("before commit"); err != nil {
			return err
		}
		if _, err := k.led.CommitAll(ctx, all, nil); err != nil {
			return err
		}
		if err := k.mv.Step("after commit"); err != nil {
			return err
		}
	}
	return k.turnAct(ctx, a, Done)
}

func (k *Keeper) turnAct(ctx context.Context, a *Act, to string) error {
	a.Ended = k.mv.Stamp()
	if _, err := k.db.Exec(ctx, `UPDATE movement_act SET state = ?, ended = ?, stuck = '' WHERE n = ?`, to, a.Ended, a.N); err != nil {
		return fmt.Errorf("change an act: %w", err)
	}
	a.State, a.Stuck = to, luoshu.Text{}
	return nil
}

// actCommits are the commits of an act that stand.
func (k *Keeper) actCommits(ctx context.Context, n int64) ([]int64, error) {
	rows, err := k.db.Query(ctx, `SELECT c.seq FROM commit_log c WHERE c.id >= ? AND c.id < ? AND NOT EXISTS
		(SELECT 1 FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0) ORDER BY c.seq`, actPrefix(n), actPrefix(n)+"~")
	if err != nil {
		return nil, fmt.Errorf("find the commits of an act: %w", err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fmt.Errorf("find the commits of an act: %w", err)
		}
		out = append(out, seq)
	}
	return out, rows.Err()
}

// UndoAct takes an act back, or withdraws one that waits for its day. It is refused
// when later changes sit on top.
func (k *Keeper) UndoAct(ctx context.Context, actor luoshu.Actor, n int64) (*Act, error) {
	k.mv.Lock()
	defer k.mv.Unlock()
	a, err := k.act(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	if _, err := k.allowAct(ctx, actor, &a.Request); err != nil {
		return nil, err
	}
	commits, err := k.actCommits(ctx, n)
	switch {
	case err != nil:
		return nil, err
	case a.State == Planned && len(commits) == 0:
		return a, k.turnAct(ctx, a, Withdrawn)
	case len(commits) == 0:
		return nil, luoshu.Errorf(luoshu.Conflict, "此变更已撤销", "the act has been taken back already")
	}
	if _, err := k.led.UndoAll(ctx, actor, commits, a.Kind.Title.ZH); err != nil {
		return nil, err
	}
	return a, k.turnAct(ctx, a, Undone)
}

func (k *Keeper) act(ctx context.Context, actor luoshu.Actor, n int64) (*Act, error) {
	all, err := k.Acts(ctx, actor, "")
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(a *Act) bool { return a.N == n }); i >= 0 {
		return all[i], nil
	}
	return nil, luoshu.Errorf(luoshu.NotFound, "没有这项变更", "no such act")
}

// Acts lists the acts on organisations of the actor's reach, newest first; on one
// organisation if it is given.
func (k *Keeper) Acts(ctx context.Context, actor luoshu.Actor, org string) ([]*Act, error) {
	if err := k.mv.Allow(actor, "lifecycle"); err != nil {
		return nil, err
	}
	scope, err := k.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	all, err := k.acts(ctx, "")
	return slices.DeleteFunc(all, func(a *Act) bool {
		return (org != "" && a.Request.Org != org) || !scope.Has(a.Request.Org)
	}), err
}

// acts reads acts in a state, "" for all.
func (k *Keeper) acts(ctx context.Context, state string) ([]*Act, error) {
	rows, err := k.db.Query(ctx, `SELECT n, act, body, state, at, account, ended, stuck FROM movement_act WHERE ? = '' OR state = ? ORDER BY n DESC`, state, state)
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	defer rows.Close()
	var out []*Act
	for rows.Next() {
		a := &Act{}
		var kind, body, stuck string
		if err := rows.Scan(&a.N, &kind, &body, &a.State, &a.At, &a.Account, &a.Ended, &stuck); err != nil {
			return nil, fmt.Errorf("list acts: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &a.Request); err != nil {
			return nil, fmt.Errorf("read act %d: %w", a.N, err)
		}
		a.Stuck = movement.ReadWhy(stuck)
		if k.ch.Orgs != nil {
			a.Kind = k.ch.Orgs.Act(kind)
		}
		if a.Kind == nil {
			a.Kind = &charter.Act{ID: kind, Title: luoshu.Text{ZH: kind, EN: kind}}
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Waiting is how many planned acts of the actor could not be carried out on their
// day and wait for a person to decide.
func (k *Keeper) Waiting(ctx context.Context, actor luoshu.Actor) (int64, error) {
	all, err := k.Acts(ctx, actor, "")
	n := int64(0)
	for _, a := range all {
		if a.State == Planned && a.Account == actor.Name && a.Stuck != (luoshu.Text{}) {
			n++
		}
	}
	return n, err
}

// Sweep carries out the acts whose day has come. One that cannot be any more stays
// planned, marked with the reason, and is tried again by the next sweep.
func (k *Keeper) Sweep(ctx context.Context) error {
	if k.ch == nil || k.ch.Orgs == nil {
		return nil
	}
	k.mv.Lock()
	defer k.mv.Unlock()
	all, err := k.acts(ctx, Planned)
	if err != nil {
		return err
	}
	for _, a := range slices.Backward(all) {
		if a.Request.Date > k.mv.Today() {
			continue
		}
		actor := luoshu.Actor{Name: a.Account}
		if err := k.db.QueryRow(ctx, `SELECT role, by_org FROM movement_act WHERE n = ?`, a.N).Scan(&actor.Role, &actor.Org); err != nil {
			return fmt.Errorf("read an act: %w", err)
		}
		err := k.carryOut(ctx, actor, a)
		var e *luoshu.Error
		if errors.As(err, &e) {
			err = k.stuck(ctx, a, e.Msg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stuck notes why an act could not be carried out, unless that is known.
func (k *Keeper) stuck(ctx context.Context, a *Act, why luoshu.Text) error {
	if a.Stuck == why {
		return nil
	}
	if _, err := k.db.Exec(ctx, `UPDATE movement_act SET stuck = ? WHERE n = ? AND state = ?`, movement.Why(why), a.N, Planned); err != nil {
		return fmt.Errorf("note why an act waits: %w", err)
	}
	a.Stuck = why
	return nil
}

// actBatches writes a planned act out as batches.
func (k *Keeper) actBatches(actor luoshu.Actor, a *Act, p *actPlan) []ledger.Batch {
	reason := strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Kind.Title.ZH, a.Request.Org, a.Request.Paper))
	var all []ledger.Batch
	if len(p.groups) > 0 {
		all = append(all, k.mv.Batch(actor, k.ch.Group.Entity, reason, p.groups))
	}
	for _, f := range p.follow {
		if len(f.close) > 0 {
			all = append(all, k.mv.Batch(actor, f.Entity, reason, f.close, f.To))
		}
		if len(f.remove) > 0 {
			b := k.mv.Batch(actor, f.Entity, reason, f.remove)
			b.Remove = true
			all = append(all, b)
		}
		if len(f.open) > 0 {
			all = append(all, k.mv.Batch(actor, f.Entity, reason, f.open))
		}
		if len(f.persons) > 0 {
			all = append(all, k.mv.Batch(actor, k.cat.Entity(f.Person.Ref), reason, f.persons, f.Holder))
		}
	}
	l := k.ch.Orgs
	all = append(all, k.mv.Batch(actor, l.Entity, reason, [][]luoshu.Value{p.org}))
	return append(all, k.mv.Batch(actor, l.Event.Entity, reason, [][]luoshu.Value{p.event}))
}

// orgRecord reads the record of an organisation that can be changed by acts.
func (k *Keeper) orgRecord(ctx context.Context, code string) (*records.Version, error) {
	v, err := k.rec.ByKey(ctx, k.ch.Orgs.Entity.Name, code)
	if err == nil && v == nil {
		err = luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return v, err
}
