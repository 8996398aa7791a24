// Package foureyes keeps the requests by which an administrator's credentials are
// given anew: whoever administers accounts asks, an administrator of another kind
// agrees, and only then, once and for a day, the first may do it. It knows no
// password and no session; kernel/access asks it before it acts.
package foureyes

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// What may be asked for.
const (
	Password = "password" // a first password anew
	Factors  = "factors"  // second factors taken away
	Subject  = "subject"  // linked to, or unlinked from, a person at the provider
)

// States of a request. An open one that was not decided within Waits, and an agreed
// one not used within Holds, are lapsed: the row says open or agreed, Request lapsed.
const (
	Open      = "open"
	Agreed    = "agreed"
	Refused   = "refused"
	Withdrawn = "withdrawn"
	Used      = "used"
	Lapsed    = "lapsed"
)

// How long a request waits to be decided, and an agreed one to be used. They stand in
// no law; they bound how long a forgotten consent can be turned against its giver.
const (
	Waits = 7 * 24 * time.Hour
	Holds = 24 * time.Hour
)

// Request is one request. Times are RFC 3339 in UTC, "" for not yet.
type Request struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	What    string `json:"what"`
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
	Needs   string `json:"needs"` // the right of who decides: grants or audit
	State   string `json:"state"`
	By      string `json:"by"`
	At      string `json:"at"`
	Decider string `json:"decider"`
	Decided string `json:"decided"`
	Until   string `json:"until,omitempty"` // when it lapses, of one that is open or agreed
	Note    string `json:"note"`

	asked, decided int64
}

// Desk keeps requests. It is safe for concurrent use.
type Desk struct {
	db      *store.DB
	cat     *catalog.Catalog
	now     func() time.Time
	require func(actor luoshu.Actor, right string) error
	tell    func(ctx context.Context, kind, actor, account, id, detail string)
}

// New returns a desk. require refuses an actor without a right; tell says to the audit
// log what happened.
func New(db *store.DB, cat *catalog.Catalog, now func() time.Time, require func(luoshu.Actor, string) error,
	tell func(ctx context.Context, kind, actor, account, id, detail string),
) *Desk {
	return &Desk{db: db, cat: cat, now: now, require: require, tell: tell}
}

// decider is the right of who agrees to give an administrator's credentials anew: the
// security administrator's; about a security administrator the audit administrator's.
func decider(holds []string) string {
	if slices.Contains(holds, "grants") {
		return "audit"
	}
	return "grants"
}

// administers returns the administrators' rights that an account has or will have by
// grants that are not over; nil for an account that is no administrator's.
func (d *Desk) administers(ctx context.Context, account string) ([]string, error) {
	rows, err := d.db.Query(ctx, `SELECT role FROM role_grant WHERE account = ? AND ended_at = 0 AND (to_day = 0 OR to_day >= ?)`, account, day(d.now()))
	if err != nil {
		return nil, fmt.Errorf("read the grants of an account: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read the grants of an account: %w", err)
		}
		if role := d.cat.Role(id); role != nil {
			for _, right := range []string{"accounts", "grants", "audit"} {
				if slices.Contains(role.Can, right) && !slices.Contains(out, right) {
					out = append(out, right)
				}
			}
		}
	}
	return out, rows.Err()
}

func day(t time.Time) int64 {
	y, m, n := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(n)
}

// Guarded reports whether an account's credentials are given anew by two only.
func (d *Desk) Guarded(ctx context.Context, account string) (bool, error) {
	holds, err := d.administers(ctx, account)
	return len(holds) > 0, err
}

// Ask makes a request. Right: accounts, and not about oneself. A second request for
// the same while one waits or is agreed is refused.
func (d *Desk) Ask(ctx context.Context, actor luoshu.Actor, account, what, subject, reason string) (string, error) {
	if err := d.require(actor, "accounts"); err != nil {
		return "", err
	}
	reason, subject = strings.TrimSpace(reason), strings.TrimSpace(subject)
	switch {
	case account == actor.Name:
		return "", luoshu.Errorf(luoshu.Denied, "不能为自己的账号申请，请另一位管理员办理", "not for your own account; ask another administrator")
	case !slices.Contains([]string{Password, Factors, Subject}, what):
		return "", field("what", "没有这种办理事项", "there is no such thing to ask for")
	case reason == "" || utf8.RuneCountInString(reason) > 500:
		return "", field("reason", "请写明事由，500 字以内", "say why, in 500 characters at most")
	case len(subject) > 255 || subject != "" && what != Subject:
		return "", field("subject", "标识过长或与事项不符", "the identifier is too long, or does not belong to this")
	}
	var n int
	if err := d.db.QueryRow(ctx, `SELECT count(*) FROM account WHERE name = ?`, account).Scan(&n); err != nil {
		return "", fmt.Errorf("look for an account: %w", err)
	}
	if n == 0 {
		return "", luoshu.Errorf(luoshu.NotFound, "没有这个账号", "no such account")
	}
	holds, err := d.administers(ctx, account)
	if err != nil {
		return "", err
	}
	if len(holds) == 0 {
		return "", luoshu.Errorf(luoshu.Conflict, "这个账号不是管理员，可直接办理", "the account is no administrator's; do it at once")
	}
	id := "Q" + strings.ToLower(rand.Text()[:12])
	err = d.db.Tx(ctx, func(tx *store.Tx) error {
		same, err := scanAll(tx.Query(ctx, columns+` WHERE account = ? AND what = ? AND state IN ('open', 'agreed')`, account, what))
		if err != nil {
			return err
		}
		for _, r := range same {
			if s := d.state(r); s == Open || s == Agreed {
				return luoshu.Errorf(luoshu.Conflict, "同样的申请正在办理", "the same request is under way")
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO credential_request (id, account, what, subject, reason, needs, state, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?)`,
			id, account, what, subject, reason, decider(holds), actor.Name, d.now().Unix())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("keep a request for credentials: %w", err)
	}
	d.tell(ctx, "credential-asked", actor.Name, account, id, what)
	return id, nil
}

// Decide agrees to a request or refuses it. Right: the one the request needs as the
// account's grants are now; neither who asked nor whom it is about decides.
func (d *Desk) Decide(ctx context.Context, actor luoshu.Actor, id string, agree bool, note string) error {
	r, err := d.visible(ctx, actor, id)
	if err != nil {
		return err
	}
	holds, err := d.administers(ctx, r.Account)
	if err != nil {
		return err
	}
	if err := d.require(actor, decider(holds)); err != nil {
		return err
	}
	if actor.Name == r.By || actor.Name == r.Account {
		return luoshu.Errorf(luoshu.Denied, "申请人和当事人不能自行批准", "neither who asks nor whom it is about decides")
	}
	if note = strings.TrimSpace(note); utf8.RuneCountInString(note) > 500 || !agree && note == "" {
		return field("note", "不同意须写明理由；理由在 500 字以内", "a refusal says why, in 500 characters at most")
	}
	if d.state(r) != Open {
		return luoshu.Errorf(luoshu.Conflict, "这份申请已经办结或过期", "the request is decided or has lapsed")
	}
	state := Refused
	if agree {
		state = Agreed
	}
	return d.move(ctx, r, Open, state, actor.Name, note, "credential-"+state)
}

// Withdraw takes a request back, decided or not, as long as it was not used. Only
// who made it.
func (d *Desk) Withdraw(ctx context.Context, actor luoshu.Actor, id string) error {
	r, err := d.visible(ctx, actor, id)
	if err != nil {
		return err
	}
	if r.By != actor.Name {
		return luoshu.Errorf(luoshu.Denied, "只有申请人可以撤回", "only who made the request withdraws it")
	}
	if s := d.state(r); s != Open && s != Agreed {
		return luoshu.Errorf(luoshu.Conflict, "这份申请已经办结或过期", "the request is decided or has lapsed")
	}
	return d.move(ctx, r, r.State, Withdrawn, r.Decider, r.Note, "credential-withdrawn")
}

func (d *Desk) move(ctx context.Context, r *Request, from, to, by, note, kind string) error {
	res, err := d.db.Exec(ctx, `UPDATE credential_request SET state = ?, decided_by = ?, decided_at = ?, note = ? WHERE id = ? AND state = ?`,
		to, by, d.now().Unix(), note, r.ID, from)
	if err != nil {
		return fmt.Errorf("decide a request for credentials: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return luoshu.Errorf(luoshu.Conflict, "这份申请刚被别人办理", "somebody else was faster with this request")
	}
	who := by
	if to == Withdrawn {
		who = r.By
	}
	d.tell(ctx, kind, who, r.Account, r.ID, r.What)
	return nil
}

// Use lets an act on credentials through: freely where the account is no
// administrator's, else once, by whoever asked, for what was agreed, within a day,
// and only if whoever agreed is still the one to decide. Denied with the remedy else.
func (d *Desk) Use(ctx context.Context, actor luoshu.Actor, account, what, subject string) error {
	holds, err := d.administers(ctx, account)
	if err != nil || len(holds) == 0 {
		return err
	}
	subject = strings.TrimSpace(subject)
	all, err := scanAll(d.db.Query(ctx, columns+` WHERE account = ? AND what = ? AND subject = ? AND asked_by = ? AND needs = ? AND state = 'agreed'`,
		account, what, subject, actor.Name, decider(holds)))
	if err != nil {
		return err
	}
	for _, r := range all {
		if d.state(r) != Agreed {
			continue
		}
		res, err := d.db.Exec(ctx, `UPDATE credential_request SET state = 'used', used_at = ? WHERE id = ? AND state = 'agreed'`, d.now().Unix(), r.ID)
		if err != nil {
			return fmt.Errorf("use a request for credentials: %w", err)
		}
		if n, err := res.RowsAffected(); err == nil && n == 1 {
			d.tell(ctx, "credential-used", actor.Name, account, r.ID, what)
			return nil
		}
	}
	who := luoshu.Text{ZH: "安全管理员", EN: "the security administrator"}
	if decider(holds) == "audit" {
		who = luoshu.Text{ZH: "审计管理员", EN: "the audit administrator"}
	}
	return &luoshu.Error{Kind: luoshu.Denied, Field: "foureyes", Msg: luoshu.Text{
		ZH: "这是管理员的账号：请先提交申请，由" + who.ZH + "同意后再办理",
		EN: "this is an administrator's account: make a request first; it can be done once " + who.EN + " agrees",
	}}
}

// List lists requests an actor has to do with, the newest first: all for who
// administers accounts, those to decide for the others. Denied without any of these.
func (d *Desk) List(ctx context.Context, actor luoshu.Actor) ([]*Request, error) {
	where, args, err := d.mine(actor)
	if err != nil {
		return nil, err
	}
	all, err := scanAll(d.db.Query(ctx, columns+` WHERE `+where+` ORDER BY asked_at DESC, id LIMIT 200`, args...))
	for _, r := range all {
		if r.State = d.state(r); r.State != Lapsed {
			_, until := r.term()
			r.Until = moment(until)
		}
	}
	return all, err
}

func (d *Desk) mine(actor luoshu.Actor) (string, []any, error) {
	if d.require(actor, "accounts") == nil {
		return "1 = 1", nil, nil
	}
	for _, right := range []string{"grants", "audit"} {
		if d.require(actor, right) == nil {
			return "needs = ?", []any{right}, nil
		}
	}
	return "", nil, d.require(actor, "accounts")
}

func (d *Desk) visible(ctx context.Context, actor luoshu.Actor, id string) (*Request, error) {
	where, args, err := d.mine(actor)
	if err != nil {
		return nil, err
	}
	all, err := scanAll(d.db.Query(ctx, columns+` WHERE id = ? AND `+where, append([]any{id}, args...)...))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这份申请", "no such request")
	}
	return all[0], nil
}

// state is where a request stands now, time included. A clock that was set back
// before the request was made or agreed to lets nothing through.
func (d *Desk) state(r *Request) string {
	since, until := r.term()
	if now := d.now().Unix(); until != 0 && (now < since || now > until) {
		return Lapsed
	}
	return r.State
}

// term is the time in which a request can be decided or used, 0 for one that is over.
func (r *Request) term() (since, until int64) {
	switch r.State {
	case Open:
		return r.asked, r.asked + int64(Waits.Seconds())
	case Agreed:
		return r.decided, r.decided + int64(Holds.Seconds())
	}
	return 0, 0
}

const columns = `SELECT id, account, what, subject, reason, needs, state, asked_by, asked_at, decided_by, decided_at, note FROM credential_request`

func scanAll(rows *sql.Rows, err error) ([]*Request, error) {
	if err != nil {
		return nil, fmt.Errorf("read requests for credentials: %w", err)
	}
	defer rows.Close()
	out := []*Request{}
	for rows.Next() {
		r := &Request{}
		if err := rows.Scan(&r.ID, &r.Account, &r.What, &r.Subject, &r.Reason, &r.Needs, &r.State, &r.By, &r.asked, &r.Decider, &r.decided, &r.Note); err != nil {
			return nil, fmt.Errorf("read requests for credentials: %w", err)
		}
		r.At, r.Decided = moment(r.asked), moment(r.decided)
		out = append(out, r)
	}
	return out, rows.Err()
}

func moment(s int64) string {
	if s == 0 {
		return ""
	}
	return time.Unix(s, 0).UTC().Format(time.RFC3339)
}

func field(name, zh, en string) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: zh, EN: en}}
}
