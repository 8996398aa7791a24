package verify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/records"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// maxLinks bounds how many links are made at once.
const maxLinks = 500

// ticketTime is how long the form stays answerable after a link has been opened.
const ticketTime = 30 * time.Minute

// Link is a one-time link just made. Token is nowhere else: only its digest is kept.
type Link struct {
	Rec     int64 // record it is about
	Contact int64 // record of the person it is for
	Token   string
	Expires time.Time
}

// LinkQuery says whose links are wanted: those of some records of the task, or of
// a group.
type LinkQuery struct {
	Recs  []int64
	Group string
}

// MakeLinks makes links to the records of a task for the persons the round asks.
// Earlier links of the same persons that nobody has opened end.
func (v *Verify) MakeLinks(ctx context.Context, actor luoshu.Actor, id int64, q LinkQuery) ([]Link, *Task, error) {
	t, err := v.Task(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	if err := v.mayAnswer(actor, t); err != nil {
		return nil, nil, err
	}
	g := t.Round.Spec.Guardian
	if g == nil || g.Entity != t.Entity {
		return nil, nil, luoshu.Errorf(luoshu.Conflict, "这项任务不请本人或家人核对", "this task asks nobody outside")
	}
	if !v.reaches(actor, g.Contact) { // whoever may not know the persons asks none of them
		return nil, nil, luoshu.Errorf(luoshu.Denied, "您的角色看不到收链接的人，不能发放链接", "your role does not see the persons whom the links are for, so it makes none")
	}
	recs := q.Recs
	if q.Group != "" {
		if recs, err = v.groupRecs(ctx, g, q.Group); err != nil {
			return nil, nil, err
		}
	}
	if len(recs) == 0 || len(recs) > maxLinks {
		return nil, nil, luoshu.Errorf(luoshu.Invalid, "一次请选 1 至 %d 条记录", "choose 1 to %d records at a time", maxLinks)
	}
	list, _, err := v.List(ctx, t, ListQuery{Among: recs, Limit: len(recs)})
	if err != nil {
		return nil, nil, err
	}
	hours, err := v.number(g.Hours, v.Today())
	if err != nil {
		return nil, nil, err
	}
	expires := v.Now().Add(time.Duration(hours * float64(time.Hour)))
	var out []Link
	for _, i := range list {
		if i.Kind == gone {
			continue
		}
		people, err := v.contacts(ctx, g, t.Entity, i.Rec)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range people {
			out = append(out, Link{Rec: i.Rec, Contact: c.Rec, Token: newToken(), Expires: expires})
		}
	}
	if len(out) == 0 {
		return nil, nil, luoshu.Errorf(luoshu.NotFound, "没有可以发放链接的人", "there is nobody to make a link for")
	}
	return out, t, v.keepLinks(ctx, actor, t, out)
}

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is what is kept of a token.
func digest(token string) string { return hex.EncodeToString(chain.Sum([]byte(token))) }

func (v *Verify) keepLinks(ctx context.Context, actor luoshu.Actor, t *Task, list []Link) error {
	at := v.stamp()
	return v.DB.Tx(ctx, func(tx *store.Tx) error {
		var next int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM round_link`).Scan(&next); err != nil {
			return fmt.Errorf("make links: %w", err)
		}
		for _, l := range list {
			next++
			// What is replaced has ended whatever the clock says later: no time is one that is over.
			if _, err := tx.Exec(ctx, `UPDATE round_link SET expires = '' WHERE task = ? AND rec = ? AND contact = ? AND opened = ''`, t.ID, l.Rec, l.Contact); err != nil {
				return fmt.Errorf("make links: %w", err)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO round_link (id, token, ticket, task, rec, contact, made_by, made_at, expires, opened, answered, kind)
				VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, '', '', '')`,
				next, digest(l.Token), t.ID, l.Rec, l.Contact, actor.Name, at, l.Expires.UTC().Format(time.RFC3339)); err != nil {
				return fmt.Errorf("make links: %w", err)
			}
		}
		return nil
	})
}

// contacts are the persons who are asked about a record.
func (v *Verify) contacts(ctx context.Context, g *charter.Guardian, entity string, rec int64) ([]*records.Version, error) {
	now, err := v.Records.Get(ctx, entity, rec)
	if err != nil || now == nil {
		return nil, err
	}
	e, c := v.Catalog.Entity(entity), v.Catalog.Entity(g.Contact)
	where, args := v.Records.Is(c, g.By, now.Values[e.Field(e.Key[0]).Index].S)
	var out []*records.Version
	err = v.Records.Each(ctx, records.Query{Entity: g.Contact, Where: where, Args: args}, func(x *records.Version) error {
		if ok, err := meets(g.Where, c, x.Values); err != nil || !ok {
			return err
		}
		out = append(out, x)
		return nil
	})
	return out, err
}

// meets evaluates a condition on a record; nil is met.
func meets(x *rule.Expr, e *catalog.Entity, values []luoshu.Value) (bool, error) {
	if x == nil {
		return true, nil
	}
	ok, err := x.Eval(func(name string) luoshu.Value { return values[e.Field(name).Index] }, nil)
	return ok.I == 1, err
}

// groupRecs are the records that belong to a group.
func (v *Verify) groupRecs(ctx context.Context, g *charter.Guardian, value string) ([]int64, error) {
	if g.Group == nil {
		return nil, luoshu.Errorf(luoshu.Invalid, "不能按组发放", "links are not handed out by group")
	}
	e := v.Catalog.Entity(g.Group.Entity)
	where, args := v.Records.Is(e, g.Group.Field, value)
	var keys []string
	err := v.Records.Each(ctx, records.Query{Entity: e.Name, Where: where, Args: args, Limit: 2 * maxLinks}, func(x *records.Version) error {
		if ok, err := meets(g.Group.Where, e, x.Values); err != nil || !ok {
			return err
		}
		keys = append(keys, x.Values[e.Field(g.Group.By).Index].S)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	var out []int64
	for _, k := range slices.Compact(keys) {
		x, err := v.Records.ByKey(ctx, g.Entity, k)
		if err != nil {
			return nil, err
		}
		if x != nil {
			out = append(out, x.Rec)
		}
	}
	return out, nil
}

// Groups lists the groups by which links of a task can be handed out: the values of
// the group's field on present rows of the task's organisation, in order.
func (v *Verify) Groups(ctx context.Context, t *Task) ([]string, error) {
	g := t.Round.Spec.Guardian
	if g == nil || g.Group == nil || g.Entity != t.Entity {
		return []string{}, nil
	}
	s, err := v.Access.Scope(ctx, luoshu.Actor{Org: t.Org})
	if err != nil {
		return nil, err
	}
	e := v.Catalog.Entity(g.Group.Entity)
	cond, err := v.condition(g.Group.Where)
	if err != nil {
		return nil, err
	}
	in, args := s.Where(v.Catalog, e, "f")
	field, out := "f."+store.Col(g.Group.Field), []string{}
	if e.Year != "" { // those of the newest year
		cond += ` AND f.` + store.Col(e.Year) + ` = (SELECT max(y_.` + store.Col(e.Year) + `) FROM ` + store.Table(e.Name) + ` y_ WHERE y_._to IS NULL AND ` +
			strings.ReplaceAll(in, "f.", "y_.") + `)`
		args = append(slices.Clone(args), args...)
	}
	err = v.scan(ctx, `SELECT DISTINCT `+field+` FROM `+store.Table(e.Name)+` f WHERE f._to IS NULL AND `+field+` IS NOT NULL AND `+cond+` AND `+in+` ORDER BY 1 LIMIT 500`,
		args, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			out = append(out, s)
			return err
		})
	return out, err
}

// Shown is an opened link; what may be shown of it is for disclose.
type Shown struct {
	Ticket  string // proves to AnswerLink that the link was opened here
	Task    *Task
	Fields  []string
	Record  *records.Version
	Contact *records.Version
	Expires time.Time // of the ticket
}

type link struct {
	id, task, rec, contact                  int64
	ticket, expires, opened, answered, kind string
	made                                    string
}

// fresh reports whether the form of an opened link still takes an answer: within
// ticketTime of its opening, and no longer when the clock was set back by more.
func (l *link) fresh(now time.Time) bool {
	return now.Sub(parseTime(l.opened)).Abs() <= ticketTime
}

// errLink answers a link that is forged, expired, replaced or about a record that
// is gone: none can be told from another.
func errLink() error {
	return luoshu.Errorf(luoshu.NotFound, "链接无效或已过期，请向发给您链接的单位索取新的", "the link is not valid or has expired; ask whoever gave it to you for a new one")
}

// errUsed answers a link that was opened before.
func errUsed() error {
	return luoshu.Errorf(luoshu.Conflict, "这个链接已经打开过了，每个链接只能用一次。如果不是您本人打开的，请告诉发给您链接的单位", "this link has been opened before; each works once. If it was not you, tell whoever gave it to you")
}

// OpenLink shows what a link is about, once. The ticket that it gives opens the
// same form again for half an hour, on the device that holds it. Who tries many
// links that are none has to wait (*access.TooManyError).
func (v *Verify) OpenLink(ctx context.Context, address, token, ticket string) (*Shown, error) {
	if w := v.tries.wait(address, v.Now()); w > 0 {
		return nil, &access.TooManyError{Wait: w}
	}
	l, t, err := v.link(ctx, token)
	if err != nil {
		var e *luoshu.Error
		if errors.As(err, &e) && e.Kind == luoshu.NotFound {
			v.tries.fail(address, v.Now())
		}
		return nil, err
	}
	now := v.Now()
	if l.opened != "" {
		if ticket == "" || l.answered != "" || l.ticket != digest(ticket) || !l.fresh(now) {
			return nil, errUsed()
		}
		return v.shown(ctx, l, t, ticket)
	}
	if now.After(parseTime(l.expires)) || now.Before(parseTime(l.made).Add(-ticketTime)) {
		v.tries.fail(address, now)
		return nil, errLink()
	}
	ticket = newToken()
	l.opened = v.stamp()
	out, err := v.shown(ctx, l, t, ticket)
	if err != nil {
		return nil, err
	}
	n, err := touched(v.DB.Exec(ctx, `UPDATE round_link SET opened = ?, ticket = ? WHERE id = ? AND opened = ''`, l.opened, digest(ticket), l.id))
	if err != nil {
		return nil, fmt.Errorf("open a link: %w", err)
	}
	if n == 0 {
		return nil, errUsed()
	}
	return out, nil
}

func parseTime(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s) // written by stamp
	return t
}

// link finds a link by its token, and its task if it still takes answers.
func (v *Verify) link(ctx context.Context, token string) (*link, *Task, error) {
	var l link
	if len(token) != 43 {
		return nil, nil, errLink()
	}
	err := v.DB.QueryRow(ctx, `SELECT id, task, rec, contact, ticket, made_at, expires, opened, answered, kind FROM round_link WHERE token = ?`, digest(token)).
		Scan(&l.id, &l.task, &l.rec, &l.contact, &l.ticket, &l.made, &l.expires, &l.opened, &l.answered, &l.kind)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, errLink()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("find a link: %w", err)
	}
	t, err := v.task(ctx, l.task)
	var e *luoshu.Error
	if err != nil && !errors.As(err, &e) {
		return nil, nil, err
	}
	if err != nil || t.answerable() != nil || t.Round.Spec.Guardian == nil || t.Round.Spec.Guardian.Entity != t.Entity {
		return nil, nil, errLink()
	}
	return &l, t, nil
}

func (v *Verify) shown(ctx context.Context, l *link, t *Task, ticket string) (*Shown, error) {
	g := t.Round.Spec.Guardian
	now, err := v.Records.Get(ctx, t.Entity, l.rec)
	if err != nil {
		return nil, err
	}
	who, err := v.Records.Get(ctx, g.Contact, l.contact)
	if err != nil {
		return nil, err
	}
	held, err := v.present(ctx, t, []int64{l.rec})
	if err != nil {
		return nil, err
	}
	if _, ok := held[l.rec]; !ok || now == nil || who == nil {
		return nil, errLink()
	}
	// The person must still stand beside the record they were asked about.
	people, err := v.contacts(ctx, g, t.Entity, l.rec)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(people, func(x *records.Version) bool { return x.Rec == l.contact }) {
		return nil, errLink()
	}
	return &Shown{Ticket: ticket, Task: t, Fields: g.Fields, Record: now, Contact: who, Expires: parseTime(l.opened).Add(ticketTime)}, nil
}

// LinkEntity is the entity that a link is about, so that proposed values can be read.
func (v *Verify) LinkEntity(ctx context.Context, address, token string) (string, error) {
	if w := v.tries.wait(address, v.Now()); w > 0 {
		return "", &access.TooManyError{Wait: w}
	}
	_, t, err := v.link(ctx, token)
	if err != nil {
		v.tries.fail(address, v.Now())
		return "", err
	}
	return t.Entity, nil
}

// LinkAnswer is what a person answers by a link: Confirm, or Correct with the
// values proposed.
type LinkAnswer struct {
	Token, Ticket string
	Kind          string
	Changes       map[string]luoshu.Value
	Note          string
}

// AnswerLink takes the one answer of an opened link.
func (v *Verify) AnswerLink(ctx context.Context, address string, a LinkAnswer) error {
	if w := v.tries.wait(address, v.Now()); w > 0 {
		return &access.TooManyError{Wait: w}
	}
	l, t, err := v.link(ctx, a.Token)
	if err != nil {
		v.tries.fail(address, v.Now())
		return err
	}
	if l.opened == "" || a.Ticket == "" || l.ticket != digest(a.Ticket) || !l.fresh(v.Now()) {
		v.tries.fail(address, v.Now())
		return errLink()
	}
	if l.answered != "" {
		return errUsed()
	}
	s, err := v.shown(ctx, l, t, a.Ticket)
	if err != nil {
		return err
	}
	if s.Record.From > 0 && v.changedSince(ctx, s.Record.From, l.opened) {
		return luoshu.Errorf(luoshu.Conflict, "记录刚刚有改动，请向发给您链接的单位索取新的链接", "the record has just changed; ask whoever gave you the link for a new one")
	}
	who := luoshu.Actor{Name: fmt.Sprintf("link %d", l.id), Role: linkRole, Org: t.Org}
	switch a.Kind {
	case Confirm:
		return v.confirmByLink(ctx, l, t, who)
	case Correct:
		return v.correctByLink(ctx, l, t, who, a)
	}
	return &luoshu.Error{Kind: luoshu.Invalid, Field: "kind", Msg: luoshu.Text{ZH: "没有这种答复", EN: "there is no such answer"}}
}

// changedSince reports whether a version was made after a moment.
func (v *Verify) changedSince(ctx context.Context, seq int64, moment string) bool {
	c, err := v.Ledger.CommitAt(ctx, seq)
	return err != nil || parseTime(c.At).After(parseTime(moment))
}

// spend marks a link as answered, for whoever comes first.
func (v *Verify) spend(ctx context.Context, tx *store.Tx, l *link, kind string) error {
	n, err := touched(tx.Exec(ctx, `UPDATE round_link SET answered = ?, kind = ? WHERE id = ? AND answered = ''`, v.stamp(), kind, l.id))
	if err != nil {
		return fmt.Errorf("answer a link: %w", err)
	}
	if n == 0 {
		return errUsed()
	}
	return nil
}

func (v *Verify) confirmByLink(ctx context.Context, l *link, t *Task, who luoshu.Actor) error {
	head, _, err := v.Ledger.Head(ctx)
	if err != nil {
		return err
	}
	x := act{id: fmt.Sprintf("verify-link-%d", l.id), task: t.ID, actor: who, seen: head, recs: []int64{l.rec}, on: v.Today(), at: v.stamp()}
	err = v.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := v.spend(ctx, tx, l, Confirm); err != nil {
			return err
		}
		return x.insert(ctx, tx)
	})
	if err != nil {
		return err
	}
	_, err = v.complete(ctx, t, x)
	return err
}

func (v *Verify) correctByLink(ctx context.Context, l *link, t *Task, who luoshu.Actor, a LinkAnswer) error {
	g := t.Round.Spec.Guardian
	switch {
	case v.Corrector == nil:
		return luoshu.Errorf(luoshu.Unavailable, "这里还不能提出更正", "corrections cannot be asked for here")
	case len(a.Changes) == 0:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "changes", Msg: luoshu.Text{ZH: "请写明应改成什么", EN: "say what it should be"}}
	case len([]rune(a.Note)) > maxNote:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "内容太长", EN: "it is too long"}}
	}
	for name := range a.Changes {
		if !slices.Contains(g.Fields, name) {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "没有这个字段", EN: "there is no such field"}}
		}
	}
	note := strings.TrimSpace(a.Note)
	if note == "" {
		note = "核对时提出"
	}
	requests, err := v.Corrector.Propose(ctx, Proposal{Entity: t.Entity, Rec: l.rec, Changes: a.Changes, Reason: note, ByLink: true, By: who})
	if err != nil {
		return err
	}
	if len(requests) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "与现有记录相同，没有可更正的", "it is the same as recorded; there is nothing to correct")
	}
	at := v.stamp()
	err = v.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := v.spend(ctx, tx, l, Correct); err != nil {
			return err
		}
		return putAnswer(ctx, tx, t.ID, Item{Rec: l.rec, Kind: Correct, Note: note, Requests: joinInts(requests), By: who.Name, ByLink: true, At: at}, 0)
	})
	if err != nil {
		return err
	}
	return v.settleDone(ctx, t.ID)
}

// Links counts the links of a task: made, opened, confirmed, proposals of change.
func (v *Verify) Links(ctx context.Context, task int64) (made, opened, confirmed, corrected int64, err error) {
	err = v.DB.QueryRow(ctx, `SELECT count(*), count(CASE WHEN opened <> '' THEN 1 END), count(CASE WHEN kind = 'confirm' THEN 1 END), count(CASE WHEN kind = 'correct' THEN 1 END)
		FROM round_link WHERE task = ?`, task).Scan(&made, &opened, &confirmed, &corrected)
	return made, opened, confirmed, corrected, err
}

// tries counts links that were none, by network address. Its memory is bounded.
type tries struct {
	mu   sync.Mutex
	seen map[string]*failures
}

type failures struct {
	count int
	since time.Time
}

const (
	tryWindow   = 15 * time.Minute
	tryMost     = 20
	tryTracking = 10000
)

func (x *tries) wait(address string, now time.Time) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.seen[address]
	if f == nil || f.count < tryMost {
		return 0
	}
	return max(0, f.since.Add(tryWindow).Sub(now))
}

func (x *tries) fail(address string, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.seen) >= tryTracking {
		x.seen = map[string]*failures{}
	}
	f := x.seen[address]
	if f == nil || now.Sub(f.since) > tryWindow {
		f = &failures{since: now}
		x.seen[address] = f
	}
	f.count++
}
