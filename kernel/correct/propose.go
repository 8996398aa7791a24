package correct

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// maxReason bounds a reason, in characters.
const maxReason = 500

// Proposal asks for changes to one record. It always becomes a request, even if
// By is of the source: use Edit for what a person may change at once.
type Proposal struct {
	Entity  string
	Rec     int64
	Changes map[string]luoshu.Value // by field, as stored
	Reason  string
	Origin  string // FromVerification, FromGuardian or FromForm
	By      luoshu.Actor
	Paper   string // evidence handed in before, see TakePaper; "" for none
}

// Propose makes the requests that carry a proposal to its sources: one a source.
// Whether By may know of the record is for the caller to see. An open request of
// the same person for the same value is answered instead of making another;
// values that the record has already ask for nothing.
func (c *Correct) Propose(ctx context.Context, p Proposal) ([]int64, error) {
	e, now, err := c.record(ctx, p.Entity, p.Rec)
	if err != nil {
		return nil, err
	}
	if err := checkReason(p.Reason, true); err != nil {
		return nil, err
	}
	for name := range p.Changes {
		if err := changeable(e, name); err != nil {
			return nil, err
		}
	}
	row := c.forms[e.Name].Check(now.Values, p.Changes)
	for _, f := range row.Faults {
		if !f.Warning() {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: f.Field, Msg: luoshu.Text{ZH: f.ZH, EN: f.EN}}
		}
	}
	var want []Change
	for _, f := range e.Fields {
		if v, ok := p.Changes[f.Name]; ok && v != now.Values[f.Index] {
			want = append(want, Change{f.Name, now.Values[f.Index], v})
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	return c.ask(ctx, p, e, now, want, nil)
}

// ask makes the requests of a proposal whose values have been checked.
func (c *Correct) ask(ctx context.Context, p Proposal, e *catalog.Entity, now *records.Version, want, joined []Change) ([]int64, error) {
	g := &Guard{c: c, e: e, actor: p.By, own: map[string][]bool{}, holders: map[string]string{}}
	var err error
	if g.tree, err = c.acc.Tree(ctx); err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	reqs, err := g.group(ctx, now.Rec, now.Values, want, joined, Request{Kind: KindRequest, Origin: p.Origin, By: p.By, Reason: p.Reason})
	if err != nil {
		return nil, err
	}
	var ids []int64
	err = c.db.Tx(ctx, func(tx *store.Tx) error {
		ids = nil
		before, err := c.requests(ctx, tx, `entity = ? AND rec = ? AND state IN ('open', 'returned')`, e.Name, now.Rec)
		if err != nil {
			return err
		}
		for _, r := range reqs {
			if old := sameAsk(before, r); old != nil {
				ids = append(ids, old.ID)
				continue
			}
			if err := c.insert(ctx, tx, r); err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		return c.attach(ctx, tx, p.Paper, p.By, ids)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// sameAsk finds a request by the same person for the same values.
func sameAsk(list []*Request, r *Request) *Request {
	for _, x := range list {
		if x.Kind == r.Kind && x.By.Name == r.By.Name && slices.Equal(x.Fields, r.Fields) {
			return x
		}
	}
	return nil
}

// group cuts the changes of one record into requests: one a source and kind. What
// is joined goes with the first.
func (g *Guard) group(ctx context.Context, rec int64, values []luoshu.Value, want, joined []Change, like Request) ([]*Request, error) {
	var out []*Request
	for _, ch := range want {
		f := g.e.Field(ch.Field)
		a, holder, err := g.Answerer(ctx, f, values)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(out, func(r *Request) bool { return r.Source == a.Source && r.Org == a.Org })
		if i < 0 {
			r := like
			r.Entity, r.Rec, r.Source, r.Org, r.Holder, r.Days, r.Remind = g.e.Name, rec, a.Source, a.Org, holder, a.Days, a.Remind
			out, i = append(out, &r), len(out)
		}
		out[i].Fields = append(out[i].Fields, ch)
	}
	if len(out) > 0 {
		out[0].Fields = append(out[0].Fields, joined...)
	}
	return out, nil
}

// record reads the current version of a record.
func (c *Correct) record(ctx context.Context, entity string, rec int64) (*catalog.Entity, *records.Version, error) {
	e := c.cat.Entity(entity)
	if e == nil {
		return nil, nil, luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
	}
	v, err := c.rd.Get(ctx, entity, rec)
	if err != nil {
		return nil, nil, err
	}
	if v == nil {
		return nil, nil, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	return e, v, nil
}

// changeable refuses fields that no correction may touch: keys, which make a
// record what it is, closed fields, and the one that says who holds the record:
// that changes by a move, which has two sides.
func changeable(e *catalog.Entity, name string) error {
	f := e.Field(name)
	if f == nil || f.Sensitivity >= catalog.Closed {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "没有这个字段", EN: "there is no such field"}}
	}
	if e.Register {
		return &luoshu.Error{Kind: luoshu.Denied, Field: name, Msg: luoshu.Text{ZH: "“" + e.Title.ZH + "”只由案卷的办理写入", EN: "“" + e.Title.EN + "” is written by the steps of its cases alone"}}
	}
	if slices.Contains(e.Key, name) {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{
			ZH: "“" + f.Title.ZH + "”用来识别记录，不能在此更正", EN: "“" + f.Title.EN + "” tells the record apart and cannot be corrected here",
		}}
	}
	if org, _, _ := strings.Cut(e.Org, "."); org == name {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{
			ZH: "“" + f.Title.ZH + "”表示记录归谁持有，请通过转移办理", EN: "“" + f.Title.EN + "” says who holds the record; it changes by a move",
		}}
	}
	return nil
}

func checkReason(s string, required bool) error {
	s = strings.TrimSpace(s)
	switch {
	case required && s == "":
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "请写明理由", EN: "say why"}}
	case len([]rune(s)) > maxReason:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "理由请不超过500字", EN: "keep the reason under 500 characters"}}
	}
	return nil
}

// FieldPlan says what becomes of a change to one field of a record by an actor.
type FieldPlan struct {
	Field  *catalog.Field
	Mine   bool // it is committed at once
	Asks   Answerer
	Source luoshu.Text // of the source, for people
	ByHand bool        // it was corrected by hand before
	Due    int64       // yyyymmdd by which a request made today is to be answered
}

// Form says of every field of a record that may be corrected who answers for a
// change to it, and the version the answer is about. Whether the actor may know
// of the record is for the caller to see.
func (c *Correct) Form(ctx context.Context, actor luoshu.Actor, entity string, rec int64) (*records.Version, []FieldPlan, error) {
	e, now, err := c.record(ctx, entity, rec)
	if err != nil {
		return nil, nil, err
	}
	plans, err := c.plans(ctx, actor, e, now)
	return now, plans, err
}

func (c *Correct) plans(ctx context.Context, actor luoshu.Actor, e *catalog.Entity, now *records.Version) ([]FieldPlan, error) {
	g := &Guard{c: c, e: e, actor: actor, own: map[string][]bool{}, holders: map[string]string{}}
	var err error
	if g.tree, err = c.acc.Tree(ctx); err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	hand, err := c.byHand(ctx, e)
	if err != nil {
		return nil, err
	}
	may := c.acc.Require(actor, "commit") == nil
	var out []FieldPlan
	for _, f := range e.Fields {
		if changeable(e, f.Name) != nil {
			continue
		}
		a, _, err := g.Answerer(ctx, f, now.Values)
		if err != nil {
			return nil, err
		}
		p := FieldPlan{Field: f, Asks: a, ByHand: slices.Contains(hand[now.Rec], f.Index), Due: addDays(c.Today(), a.Days)}
		if s := c.ch.Source(f.Source); s != nil {
			p.Source = s.Title
		}
		// What nobody knew yet is taken as declared by whoever knows it first.
		p.Mine = may && (slices.Contains(a.Orgs, actor.Org) || now.Values[f.Index].K == luoshu.Null)
		out = append(out, p)
	}
	return out, nil
}

// Edit is what a person types into the form of a record.
type Edit struct {
	Entity string
	Rec    int64
	Rid    int64             // the version the person saw
	Cells  map[string]string // by field, as typed; only fields to be changed
	Reason string
	Paper  string // evidence handed in before; "" for none
	By     luoshu.Actor
}

// Outcome is what became of an edit. With faults that refuse, nothing was done.
type Outcome struct {
	Seq       int64    // commit of the fields the person is the source of, 0 if none
	Committed []string // those fields
	Requests  []int64  // made for the others
	Faults    []luoshu.Fault
}

// Refused reports whether a fault kept the edit out.
func (o Outcome) Refused() bool {
	return slices.ContainsFunc(o.Faults, func(f luoshu.Fault) bool { return !f.Warning() })
}

// Edit checks what was typed as a row of a sheet is checked, commits the fields
// whose source the person is and asks the source for the others. It is refused
// when the record has changed since the person saw it.
func (c *Correct) Edit(ctx context.Context, in Edit) (Outcome, error) {
	var out Outcome
	e, now, err := c.record(ctx, in.Entity, in.Rec)
	if err != nil {
		return out, err
	}
	if now.Rid != in.Rid {
		return out, luoshu.Errorf(luoshu.Conflict, "您打开表单之后这条记录已被改动，请重新打开再改", "the record has changed since you opened the form; open it again")
	}
	for name := range in.Cells {
		if err := changeable(e, name); err != nil {
			return out, err
		}
	}
	row := c.forms[e.Name].Read(now.Values, in.Cells)
	out.Faults = row.Faults
	if out.Refused() {
		return out, nil
	}
	plans, err := c.plans(ctx, in.By, e, now)
	if err != nil {
		return out, err
	}
	var mine, theirs []Change
	source := true // of all that is committed at once
	for _, p := range plans {
		ch := Change{p.Field.Name, now.Values[p.Field.Index], row.Values[p.Field.Index]}
		if _, typed := in.Cells[ch.Field]; !typed || ch.Before == ch.After {
			continue
		}
		if p.Mine {
			mine = append(mine, ch)
			source = source && slices.Contains(p.Asks.Orgs, in.By.Org)
		} else {
			theirs = append(theirs, ch)
		}
	}
	if err := checkReason(in.Reason, len(theirs) > 0); err != nil {
		return out, err
	}
	if in.Paper != "" { // before anything is written
		if _, _, err := handed(ctx, c.db, in.Paper, in.By); err != nil {
			return out, err
		}
	}
	var joined []Change
	if len(theirs) > 0 && !c.stands(e, now.Values, values(mine)) {
		mine, joined = nil, mine // they make sense together only
	}
	if out.Faults, err = c.try(ctx, in.By, e, now, slices.Concat(mine, theirs, joined), out.Faults); err != nil || out.Refused() {
		return out, err
	}
	if len(mine) > 0 {
		mark := "hand-" + strings.ToLower(rand.Text())
		res, err := c.commit(ctx, carry{e: e, now: now, changes: mine, by: in.By, reason: in.Reason, mark: mark, hand: true, source: source})
		if err != nil {
			return out, err
		}
		out.Seq = res.Seq
		for _, ch := range mine {
			out.Committed = append(out.Committed, ch.Field)
		}
		if now, err = c.rd.Get(ctx, in.Entity, in.Rec); err != nil || now == nil {
			return out, err
		}
	}
	if len(theirs) > 0 {
		out.Requests, err = c.ask(ctx, Proposal{Reason: strings.TrimSpace(in.Reason), Origin: FromForm, By: in.By, Paper: in.Paper}, e, now, theirs, joined)
	}
	return out, err
}

func values(changes []Change) map[string]luoshu.Value {
	out := map[string]luoshu.Value{}
	for _, ch := range changes {
		out[ch.Field] = ch.After
	}
	return out
}

// try lets the ledger look at the changes without writing: it knows whether what
// is referred to exists.
func (c *Correct) try(ctx context.Context, by luoshu.Actor, e *catalog.Entity, now *records.Version, all []Change, faults []luoshu.Fault) ([]luoshu.Fault, error) {
	if len(all) == 0 {
		return faults, nil
	}
	b := batch(carry{e: e, now: now, changes: all, by: by})
	b.DryRun = true
	b.Each = func(d ledger.Diff) error {
		faults = append(faults, d.Faults...)
		return nil
	}
	_, err := c.led.Commit(ctx, b, nil)
	return faults, err
}

// carry is one commit of this room.
type carry struct {
	e       *catalog.Entity
	now     *records.Version
	changes []Change
	by      luoshu.Actor
	reason  string
	mark    string // its id
	hand    bool   // mark the fields as corrected by hand
	source  bool   // the source itself stands behind all of it
	file    ledger.Source
	row     int
}

// batch is a batch of one row that changes some fields.
func batch(k carry) ledger.Batch {
	b := ledger.Batch{
		ID: k.mark, Actor: k.by, Entity: k.e.Name, Reason: k.reason, Source: k.file, Total: 1, Carry: k.source,
		Columns: make([]bool, len(k.e.Fields)),
	}
	row := ledger.Row{N: k.row, Values: slices.Clone(k.now.Values)}
	for _, f := range k.e.KeyFields() {
		b.Columns[f.Index] = true
	}
	for _, ch := range k.changes {
		f := k.e.Field(ch.Field)
		b.Columns[f.Index] = true
		row.Values[f.Index] = ch.After
	}
	b.Rows = func(yield func(ledger.Row) error) error { return yield(row) }
	return b
}

// commit writes the changes, having first marked the fields as corrected by hand:
// the marks count once the commit is there.
func (c *Correct) commit(ctx context.Context, k carry) (ledger.Result, error) {
	b := batch(k)
	scope, err := c.acc.Writer(ctx, k.by, k.e.Name)
	if err != nil {
		return ledger.Result{}, err
	}
	b.Scope = scope
	var faults []luoshu.Fault
	b.Each = func(d ledger.Diff) error {
		faults = append(faults, slices.Clone(d.Faults)...)
		return nil
	}
	b.Hold = func(rec int64, before, _ []luoshu.Value) ([]int, error) {
		if rec != k.now.Rec {
			return nil, luoshu.Errorf(luoshu.Conflict, "这条记录已被替换，请重新查看", "another record has taken this one's place; look again")
		}
		for _, ch := range k.changes {
			if before[k.e.Field(ch.Field).Index] != ch.Before {
				return nil, errClash
			}
		}
		return nil, nil
	}
	if k.hand {
		at := c.now().UTC().Format(time.RFC3339)
		err := c.db.Tx(ctx, func(tx *store.Tx) error {
			for _, ch := range k.changes {
				if _, err := tx.Exec(ctx, `INSERT INTO correction_hand (entity, rec, field, mark, actor, org, at) VALUES (?, ?, ?, ?, ?, ?, ?)
					ON CONFLICT (entity, rec, field, mark) DO NOTHING`, k.e.Name, k.now.Rec, ch.Field, k.mark, k.by.Name, k.by.Org, at); err != nil {
					return fmt.Errorf("mark what is corrected by hand: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return ledger.Result{}, err
		}
	}
	res, err := c.led.Commit(ctx, b, nil)
	if err == nil && res.Refused > 0 {
		err = luoshu.Errorf(luoshu.Invalid, "不能写入这条记录", "the record cannot be written")
		for _, f := range faults {
			err = &luoshu.Error{Kind: luoshu.Invalid, Field: f.Field, Msg: luoshu.Text{ZH: f.ZH, EN: f.EN}}
		}
	}
	return res, err
}

// errClash says that the value is no longer what the person saw who asked.
var errClash = luoshu.Errorf(luoshu.Conflict,
	"申请之后这个值已被改动。请比对现值后决定：仍按申请改，或驳回", "the value has changed since it was asked for; compare and decide: change it anyway, or reject")
