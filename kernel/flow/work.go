package flow

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/ledger"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// Missing is one thing that a case was sent back for: a field of the register, or
// a paper by a name of its own.
type Missing struct {
	Field string `json:"field,omitempty"`
	Paper string `json:"paper,omitempty"`
	Note  string `json:"note"`
}

// Step is one entry of a case's timeline.
type Step struct {
	Step    int64     `json:"step"`
	At      string    `json:"at"`
	Day     int64     `json:"day"`
	Account string    `json:"account"`
	Role    string    `json:"role"`
	Org     string    `json:"org"`
	Action  string    `json:"action"`
	Was     string    `json:"was"`
	State   string    `json:"state"`
	Note    string    `json:"note"`
	Missing []Missing `json:"missing,omitempty"`
	Signed  int       `json:"signed"` // place that signed, -1 for none
	Seq     int64     `json:"seq"`
	Hash    string    `json:"hash"`
	Papers  []Paper   `json:"papers,omitempty"`

	act string
}

// digest is the SM3 of what a step says, as it stands in the commit's reason.
func (s *Step) digest(no string) string {
	b := []byte("luoshu step 1")
	for _, x := range []string{no, s.At, s.Account, s.Role, s.Org, s.Action, s.Was, s.State, s.Note, missingText(s.Missing)} {
		b = chain.AppendText(b, x)
	}
	b = chain.AppendInt(b, s.Step)
	for _, p := range s.Papers {
		b = chain.AppendText(chain.AppendText(b, p.SHA), p.Name)
	}
	return hex.EncodeToString(chain.Sum(b))
}

func missingText(list []Missing) string {
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		return ""
	}
	return string(b)
}

// change is one case on its way to its next version.
type change struct {
	c      *Case // as it will be
	fresh  bool
	values []luoshu.Value
	step   Step
	also   []func(tx *store.Tx, c *Case) error // effects beside the ledger
	act    string
	was    string // state before, of a case that came back
}

// work is one act with everything it brings about: written in one transaction.
type work struct {
	f       *Flow
	ctx     context.Context
	actor   luoshu.Actor
	now     time.Time
	day     int64
	at      string
	tree    *reach.Tree
	changes []*change
	writes  []ledger.Batch
	numbers map[string]int64
	given   map[string]int64 // numbers that this step gave to records, by what they share
	depth   int
	org     *lifecycle.ActRequest // act on an organisation that is committed too
	after   []access.Event        // told once everything is committed
}

func (f *Flow) begin(ctx context.Context, actor luoshu.Actor) (*work, error) {
	tree, err := f.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	now := f.Now()
	return &work{f: f, ctx: ctx, actor: actor, now: now, day: clock.Day(now), at: now.UTC().Format(time.RFC3339), tree: tree, numbers: map[string]int64{}, given: map[string]int64{}}, nil
}

// number gives out the next number of a type.
func (w *work) number(t *charter.CaseType) (string, error) {
	year := w.day / 10000
	n, ok := w.numbers[t.ID]
	if !ok {
		err := w.f.DB.QueryRow(w.ctx, `SELECT coalesce(max(n), 0) FROM flow_number WHERE type = ? AND year = ?`, t.ID, year).Scan(&n)
		if err != nil {
			return "", fmt.Errorf("number a case: %w", err)
		}
	}
	n++
	w.numbers[t.ID] = n
	head, tail, _ := strings.Cut(t.Number, "{n")
	digits := strings.Count(tail, "n") + 1
	return strings.ReplaceAll(head, "{year}", fmt.Sprint(year)) + fmt.Sprintf("%0*d", digits, n), nil
}

// add makes a case on its way out of nothing.
func (w *work) add(t *charter.CaseType, values []luoshu.Value, parent int64, act string) (*change, error) {
	no, err := w.number(t)
	if err != nil {
		return nil, err
	}
	values[t.Entity.KeyFields()[0].Index] = luoshu.TextValue(no)
	unit := values[t.Entity.Field(t.Entity.Org).Index].S
	if w.tree.Get(unit) == nil {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有单位 %s", "there is no organisation %s", unit)
	}
	if act == "" {
		act = "auto:" + strings.ToLower(rand.Text()[:20])
	}
	c := &Case{
		No: no, Type: t, Entity: t.Entity.Name, Unit: unit, Opener: w.actor.Org, Account: w.actor.Name, Opened: w.day, Parent: parent,
		digest: t.Digest, same: sameKey(t, values), counts: t.Burden,
	}
	ch := &change{c: c, fresh: true, values: values, act: act}
	ch.step = Step{At: w.at, Day: w.day, Account: w.actor.Name, Role: w.actor.Role, Org: w.actor.Org, Action: "open", Signed: -1}
	w.changes = append(w.changes, ch)
	return ch, nil
}

// sameKey is what a case has in common with the same problem come back, "" for
// types that do not.
func sameKey(t *charter.CaseType, values []luoshu.Value) string {
	if t.Recurs == nil {
		return ""
	}
	b := []byte(t.ID)
	for _, f := range t.Recurs.Same {
		b = chain.AppendText(b, fmt.Sprint(values[f.Index].Any()))
	}
	return hex.EncodeToString(chain.Sum(b)[:16])
}

// enter brings a case into a state: its clock, its end, and what the state brings
// about.
func (w *work) enter(ch *change, id string) error {
	c := ch.c
	s := c.Type.Find(id)
	if s == nil {
		return luoshu.Errorf(luoshu.Unavailable, "没有状态 %s", "there is no state %s", id)
	}
	c.State, c.Entered, c.Due, c.DueAt, c.Raised, c.reminded = id, w.day, 0, 0, 0, 0
	if s.End {
		c.Closed = w.day
		w.ungrant(ch) // what it let in ends with it
	} else {
		c.Closed = 0
	}
	if id := s.Days + s.Hours; id != "" {
		n, err := w.f.parameter(id, w.day)
		if err != nil {
			return err
		}
		c.Due, c.DueAt = w.f.clock().End(unitOf(s), w.now, n)
	}
	if s.Until != nil && ch.values[s.Until.Index].I != 0 {
		c.Due = ch.values[s.Until.Index].I
	}
	ch.values[c.Type.State.Index] = luoshu.TextValue(id)
	return w.effects(ch, s.Enter)
}

// next numbers the step that a case is making.
func (ch *change) next(was string) {
	c := ch.c
	c.Step++
	ch.values[c.Type.Step.Index] = luoshu.IntValue(c.Step)
	ch.step.Step, ch.step.Was, ch.step.State = c.Step, was, c.State
	ch.step.Hash = ch.step.digest(c.No)
}

// eval computes an expression over a case's record as it would be.
func (w *work) eval(ch *change, x *rule.Expr) (luoshu.Value, error) {
	var parts int64
	if ch.c.ID != 0 && slices.Contains(x.Vars(), "case_open_parts") {
		err := w.f.DB.QueryRow(w.ctx, `SELECT count(*) FROM flow_case WHERE parent = ? AND closed = 0`, ch.c.ID).Scan(&parts)
		if err != nil {
			return luoshu.Value{}, err
		}
	}
	return x.Eval(func(name string) luoshu.Value {
		switch name {
		case "case_today":
			return luoshu.IntValue(w.day)
		case "case_open_parts":
			return luoshu.IntValue(parts)
		case "case_level":
			return luoshu.IntValue(ch.c.Level)
		}
		return ch.values[ch.c.Type.Entity.Field(name).Index]
	}, func(id string) (luoshu.Value, bool) {
		n, err := w.f.parameter(id, w.day)
		return luoshu.IntValue(n), err == nil
	})
}

// write commits everything at once.
func (w *work) write() error {
	var batches []ledger.Batch
	byType := map[string][]*change{}
	var order []string
	for _, ch := range w.changes {
		key := ch.c.Type.Entity.Name
		if !ch.fresh {
			key += " " + ch.c.No
		}
		if byType[key] == nil {
			order = append(order, key)
		}
		byType[key] = append(byType[key], ch)
	}
	for _, key := range order {
		batches = append(batches, w.batch(byType[key]))
	}
	batches = append(batches, w.writes...)
	if w.org != nil {
		more, release, err := w.f.Orgs.Join(w.ctx, w.actor, *w.org)
		if err != nil {
			return err
		}
		defer release()
		batches = append(batches, more...)
	}
	if _, err := w.f.Ledger.CommitAll(w.ctx, batches, nil); err != nil {
		return err
	}
	for _, e := range w.after {
		w.f.Access.Changed(w.ctx, e)
	}
	return nil
}

// batch is the commit of cases of one register.
func (w *work) batch(list []*change) ledger.Batch {
	e := list[0].c.Type.Entity
	byNo := map[string]*change{}
	for _, ch := range list {
		byNo[ch.c.No] = ch
	}
	first := list[0]
	reason := fmt.Sprintf("case %s #%d %s %s", first.c.No, first.step.Step, first.step.Action, first.step.Hash)
	if len(list) > 1 {
		b := []byte("luoshu steps 1")
		for _, ch := range list {
			b = chain.AppendText(b, ch.step.Hash)
		}
		reason = fmt.Sprintf("cases %s…%s #%d %s %s", first.c.No, list[len(list)-1].c.No, first.step.Step, first.step.Action, hex.EncodeToString(chain.Sum(b)))
	}
	return ledger.Batch{
		ID: first.act, Actor: w.actor, Entity: e.Name, Reason: reason, Total: int64(len(list)),
		Rows: func(yield func(ledger.Row) error) error {
			for _, ch := range list {
				if err := yield(ledger.Row{Values: ch.values}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if d.Verdict == ledger.Refused {
				return refused(d.Faults)
			}
			if ch := byNo[d.After[e.KeyFields()[0].Index].S]; ch != nil {
				ch.c.Rec = d.Rec
			}
			return nil
		},
		Also: func(tx *store.Tx, r ledger.Result) error {
			for _, ch := range list {
				if err := w.put(tx, ch, r.Seq); err != nil {
					return err
				}
			}
			for _, id := range slices.Sorted(maps.Keys(w.numbers)) {
				_, err := tx.Exec(w.ctx, `INSERT INTO flow_number (type, year, n) VALUES (?, ?, ?) ON CONFLICT (type, year) DO UPDATE SET n = excluded.n`,
					id, w.day/10000, w.numbers[id])
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func refused(faults []luoshu.Fault) error {
	err := luoshu.Errorf(luoshu.Invalid, "填写的内容不能保存", "what was filled in cannot be kept")
	if len(faults) > 0 {
		err.Field, err.Msg = faults[0].Field, luoshu.Text{ZH: faults[0].ZH, EN: faults[0].EN}
	}
	return err
}

// put writes the kernel's own rows of a change.
func (w *work) put(tx *store.Tx, ch *change, seq int64) error {
	c := ch.c
	if err := w.putCase(tx, ch); err != nil {
		return err
	}
	s := &ch.step
	note, err1 := tx.SealText("flow_step.note", s.Note, c.ID, s.Step)
	missing, err2 := tx.SealText("flow_step.missing", missingText(s.Missing), c.ID, s.Step)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	_, err := tx.Exec(w.ctx, `INSERT INTO flow_step (case_id, step, at, day, account, role, org, action, was, state, note, missing, signed, seq, hash, act)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, s.Step, s.At, s.Day, s.Account, s.Role, s.Org, s.Action, s.Was, s.State, note, missing, s.Signed, seq, s.Hash, s.act)
	if err != nil {
		return fmt.Errorf("write a step: %w", err)
	}
	for _, p := range s.Papers {
		if first, err := w.f.shelf().Give(w.ctx, tx, p.ID, c.ID, s.Step); err != nil || !first {
			return errors.Join(err, movedOn())
		}
	}
	for _, do := range ch.also {
		if err := do(tx, c); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) putCase(tx *store.Tx, ch *change) error {
	c := ch.c
	if !ch.fresh {
		got, err := tx.Exec(w.ctx, `UPDATE flow_case SET digest = ?, rec = ?, unit = ?, state = ?, step = ?, level = ?, entered = ?, due = ?, closed = ?, same = ?, raised = ?, reminded = ?, due_at = ? WHERE id = ? AND step = ?`,
			c.digest, c.Rec, c.Unit, c.State, c.Step, c.Level, c.Entered, c.Due, c.Closed, c.same, c.Raised, c.reminded, c.DueAt, c.ID, c.Step-1)
		if err != nil {
			return fmt.Errorf("write a case: %w", err)
		}
		if n, err := got.RowsAffected(); err != nil || n != 1 {
			return movedOn()
		}
		return nil
	}
	_, err := tx.Exec(w.ctx, `INSERT INTO flow_type (digest, type, pack, version, text, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
		c.Type.Digest, c.Type.ID, c.Type.Pack, c.Type.Version, c.Type.Text, w.at)
	if err != nil {
		return fmt.Errorf("keep a definition: %w", err)
	}
	err = tx.QueryRow(w.ctx, `INSERT INTO flow_case (no, type, digest, entity, rec, unit, opener, account, act, state, step, level, opened, entered, due, closed, parent, same, counts, raised, reminded, due_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		c.No, c.Type.ID, c.digest, c.Entity, c.Rec, c.Unit, c.Opener, c.Account, ch.act, c.State, c.Step, c.Level, c.Opened, c.Entered, c.Due, c.Closed, c.Parent,
		c.same, c.counts, c.Raised, c.reminded, c.DueAt).Scan(&c.ID)
	if err != nil {
		return fmt.Errorf("open a case: %w", err)
	}
	return nil
}

func movedOn() error {
	return luoshu.Errorf(luoshu.Conflict, "案卷已由别人办到下一步，请刷新后再看", "somebody else has moved this case on; reload and look again")
}

// code makes a consent code: eight letters and digits that cannot be mistaken for
// one another, in two groups.
func code() string {
	enc := base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	s := enc.EncodeToString(b)
	return s[:4] + "-" + s[4:]
}

// blank is an empty record of an entity.
func blank(e *catalog.Entity) []luoshu.Value { return make([]luoshu.Value, len(e.Fields)) }
