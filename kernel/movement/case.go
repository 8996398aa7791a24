package movement

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/charter"
	"luoshu/kernel/fold"
	"luoshu/kernel/store"
)

// The states of a case.
const (
	Requested = "requested" // waits for the other side
	Agreed    = "agreed"    // both sides agree; carried out on its day
	Done      = "done"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// Who began a case.
const (
	ByGiver = "give"
	ByTaker = "take"
	ByOwn   = "own" // one side acts alone
)

// Case is one person on the way. Giver or Taker is "" where that side lies outside
// the city or the change has no such side.
type Case struct {
	N                       int64
	Kind                    *charter.Change
	Rec                     int64 // the person's record
	Asked                   string
	Giver, Taker            string
	Date                    int64 // yyyymmdd from which it holds
	Grade, Group            string
	Place, Reason, Evidence string
	State                   string
	Day                     int64 // yyyymmdd on which it was begun
	Account                 string
	Level                   int         // how many levels up an unanswered case has gone
	Stuck                   luoshu.Text // why an agreed case could not be carried out on its day
	told                    bool        // that it has been reminded of
}

// Open reports whether the case still goes on.
func (c *Case) Open() bool { return c.State == Requested || c.State == Agreed }

// Silent is the side that has to answer, "" if none has.
func (c *Case) Silent() string {
	switch {
	case c.State != Requested:
		return ""
	case c.Asked == ByTaker:
		return c.Giver
	}
	return c.Taker
}

// Request is what somebody asks for. Who is looked for stands either as a record
// the asker holds (Rec) or, from the other side, as number and name.
type Request struct {
	Type         string
	Rec          int64
	Number, Name string
	Taker        string // the organisation that is to take the person
	Date         int64
	Grade, Group string
	Place        string
	Reason       string
	Evidence     string
	Note         string
}

const maxText = 500

// Begin opens a case. One side alone is carried out at once; with two sides the
// other one is asked. A person who is not in the asker's reach must be named by
// number and name: whether the number is unknown, the name is another's or the
// person cannot be moved is answered alike, and guessing is slowed down. A second
// case for the same person is refused.
func (m *Mover) Begin(ctx context.Context, actor luoshu.Actor, r Request) (*Case, error) {
	if err := m.Allow(actor, "movement"); err != nil {
		return nil, err
	}
	kind := m.ch.Change(r.Type)
	if kind == nil || kind.Side == charter.RunSide {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有这种变动", "there is no such change")
	}
	if err := m.checkRequest(kind, &r); err != nil {
		return nil, err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.whom(ctx, actor, scope, kind, r)
	if err != nil {
		return nil, err
	}
	c := &Case{
		Kind: kind, Rec: s.person.Rec, Date: r.Date, Grade: r.Grade, Group: r.Group, Place: r.Place,
		Reason: r.Reason, Evidence: r.Evidence, Day: m.Today(), Account: actor.Name, State: Agreed,
	}
	if err := m.sides(scope, s, r, c); err != nil {
		return nil, err
	}
	if err := m.alone(ctx, scope, c); err != nil {
		return nil, err
	}
	if _, err := m.planCase(ctx, s, c); err != nil {
		return nil, err
	}
	if err := m.store(ctx, actor, c, r.Note); err != nil {
		return nil, err
	}
	m.forget()
	if c.State == Agreed {
		return c, m.finish(ctx, actor, c)
	}
	return c, nil
}

// checkRequest checks what does not depend on the person.
func (m *Mover) checkRequest(kind *charter.Change, r *Request) error {
	for _, s := range []*string{&r.Number, &r.Name, &r.Place, &r.Evidence, &r.Note} {
		*s = strings.TrimSpace(*s)
		if utf8.RuneCountInString(*s) > maxText || !utf8.ValidString(*s) || strings.ContainsRune(*s, 0) {
			return luoshu.Errorf(luoshu.Invalid, "文字太长或无法保存", "a text is too long or cannot be stored")
		}
	}
	need := func(what, field, v string, name luoshu.Text) error {
		if kind.Need(what) && v == "" {
			e := Errorf(luoshu.Invalid, "“%s”须填写%s", "“%s” needs %s", kind.Title, name)
			e.Field = field
			return e
		}
		return nil
	}
	if r.Reason != "" && (m.ch.Reasons == "" || m.cat.List(m.ch.Reasons).Code(r.Reason) == nil) {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "没有这个原因代码", EN: "there is no such reason"}}
	}
	if !IsDay(r.Date) {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "date", Msg: luoshu.Text{ZH: "日期无效", EN: "not a date"}}
	}
	if r.Date > m.Today() && kind.Side != charter.TwoSides {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "date", Msg: luoshu.Text{ZH: "日期不能晚于今天", EN: "the date may not lie ahead"}}
	}
	return errors.Join(
		need("reason", "reason", r.Reason, luoshu.Text{ZH: "原因", EN: "a reason"}),
		need("place", "place", r.Place, luoshu.Text{ZH: "去向或来处", EN: "where to or from"}),
		need("evidence", "evidence", r.Evidence, luoshu.Text{ZH: "证明材料", EN: "evidence"}))
}

// nobody is the one answer to every request that names nobody who can be moved.
func nobody() error {
	return luoshu.Errorf(luoshu.NotFound,
		"没有与此编号和姓名相符、可办理此变动的人；请与本人的证件核对",
		"nobody with this number and name can be moved; check both against the person's papers")
}

// whom finds the person of a request.
func (m *Mover) whom(ctx context.Context, actor luoshu.Actor, scope *access.Scope, kind *charter.Change, r Request) (*state, error) {
	if r.Rec != 0 {
		s, err := m.read(ctx, r.Rec)
		if err != nil {
			return nil, err
		}
		if !scope.Has(m.holder(s.person)) {
			return nil, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
		}
		return s, nil
	}
	if kind.Side != charter.TwoSides && kind.Side != charter.InSide {
		return nil, luoshu.Errorf(luoshu.Invalid, "请从本单位的记录中选人", "choose a record of your own organisation")
	}
	if r.Number == "" || r.Name == "" {
		return nil, luoshu.Errorf(luoshu.Invalid, "请填写编号和姓名", "number and name are both needed")
	}
	if err := m.patience(ctx, actor); err != nil {
		return nil, err
	}
	s, err := m.named(ctx, r)
	if err != nil {
		return nil, err
	}
	if s == nil || !slices.Contains(kind.From, m.status(s.person)) {
		if err := m.miss(ctx, actor); err != nil {
			return nil, err
		}
		return nil, nobody()
	}
	return s, nil
}

// named looks a person up by number, a present one or one that a merge has made a
// former one, and name; nil if both do not fit.
func (m *Mover) named(ctx context.Context, r Request) (*state, error) {
	p := m.ch.Person
	v, err := m.byKey(ctx, p.Entity, strings.ToUpper(fold.Fold(r.Number)))
	if err != nil || v == nil {
		return nil, err
	}
	if fold.Fold(v.Values[p.Name.Index].S) != fold.Fold(r.Name) {
		return nil, nil
	}
	return m.read(ctx, v.Rec)
}

// How many requests that name nobody are taken before a wait.
const (
	missWindow    = 15 * 60
	missAccount   = 5
	missOrgWindow = 24 * 3600
	missOrg       = 40
)

// patience refuses who has guessed too often, one account or a whole organisation.
func (m *Mover) patience(ctx context.Context, actor luoshu.Actor) error {
	now := m.now()
	for _, x := range []struct {
		col, who     string
		window, most int64
	}{{"account", actor.Name, missWindow, missAccount}, {"org", actor.Org, missOrgWindow, missOrg}} {
		var n int64
		var first sql.NullInt64
		if err := m.db.QueryRow(ctx, `SELECT count(*), min(at) FROM movement_miss WHERE `+x.col+` = ? AND at > ?`,
			x.who, now.Unix()-x.window).Scan(&n, &first); err != nil {
			return fmt.Errorf("count misses: %w", err)
		}
		if n >= x.most {
			return &access.TooManyError{Wait: timeUntil(now, first.Int64+x.window)}
		}
	}
	return nil
}

func (m *Mover) miss(ctx context.Context, actor luoshu.Actor) error {
	if _, err := m.db.Exec(ctx, `INSERT INTO movement_miss (at, account, org) VALUES (?, ?, ?)`, m.now().Unix(), actor.Name, actor.Org); err != nil {
		return fmt.Errorf("note a miss: %w", err)
	}
	return nil
}

// sides settles who gives, who takes and who has to answer.
func (m *Mover) sides(scope *access.Scope, s *state, r Request, c *Case) error {
	holder := m.holder(s.person)
	switch c.Kind.Side {
	case charter.OneSide, charter.OutSide:
		c.Giver, c.Asked = holder, ByOwn
		return nil
	case charter.InSide:
		c.Taker, c.Asked = r.Taker, ByOwn
		if c.Taker == "" {
			c.Taker = holder
		}
		if !scope.Has(c.Taker) {
			return luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
		}
		return nil
	}
	c.Giver, c.Taker, c.State = holder, r.Taker, Requested
	switch {
	case c.Taker == "":
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "taker", Msg: luoshu.Text{ZH: "请选择接收单位", EN: "choose who takes over"}}
	case c.Taker == c.Giver:
		return luoshu.Errorf(luoshu.Conflict, "此人已在该单位", "the person is at that organisation already")
	case r.Rec != 0:
		c.Asked = ByGiver
	case scope.Has(c.Taker):
		c.Asked = ByTaker
	default:
		return luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return nil
}

// alone refuses a second case for a person; the first is named to who may see it.
func (m *Mover) alone(ctx context.Context, scope *access.Scope, c *Case) error {
	all, err := m.list(ctx, `c.rec = ? AND c.state IN ('requested', 'agreed')`, []any{c.Rec}, 1, 0)
	if err != nil || len(all) == 0 {
		return err
	}
	if o := all[0]; m.visible(scope, o) {
		return Errorf(luoshu.Conflict, "此人已有办理中的变动（第 %d 号）", "another case for this person is under way (no. %d)", o.N)
	}
	return luoshu.Errorf(luoshu.Conflict, "此人已有办理中的变动", "another case for this person is under way")
}

// planCase works out what a case would write. With two sides it is the holder who
// gives: whoever has come to hold the person since has not been asked.
func (m *Mover) planCase(ctx context.Context, s *state, c *Case) (*plan, error) {
	p, err := m.plan(ctx, s, change{kind: c.Kind, date: c.Date, taker: c.Taker, grade: c.Grade, group: c.Group})
	if err == nil && !p.already && c.Kind.Side == charter.TwoSides && m.holder(s.person) != c.Giver {
		return nil, luoshu.Errorf(luoshu.Conflict, "此人已转由另一单位持有，该单位未被征询；请撤回后重新申请",
			"another organisation has come to hold the person and has not been asked; withdraw the case and begin a new one")
	}
	return p, err
}

// store writes a new case with its first event.
func (m *Mover) store(ctx context.Context, actor luoshu.Actor, c *Case, note string) error {
	return m.db.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM movement_case`).Scan(&c.N); err != nil {
			return fmt.Errorf("number a case: %w", err)
		}
		var open int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM movement_case WHERE rec = ? AND state IN ('requested', 'agreed')`, c.Rec).Scan(&open); err != nil {
			return fmt.Errorf("look for another case: %w", err)
		}
		if open > 0 {
			return luoshu.Errorf(luoshu.Conflict, "此人已有办理中的变动", "another case for this person is under way")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO movement_case (n, type, rec, asked, giver, taker, on_date, grade, grp, place, reason, evidence, state, at, day, account)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.N, c.Kind.ID, c.Rec, c.Asked, c.Giver, c.Taker, c.Date, c.Grade, c.Group,
			c.Place, c.Reason, c.Evidence, c.State, m.Stamp(), c.Day, c.Account); err != nil {
			return fmt.Errorf("store a case: %w", err)
		}
		return m.event(ctx, tx, c.N, "", actor, c.State, note)
	})
}

// event adds to a case's history; with a mark it happens once.
func (m *Mover) event(ctx context.Context, tx *store.Tx, n int64, mark string, actor luoshu.Actor, act, note string) error {
	var k int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(k), 0) + 1 FROM movement_event WHERE n = ?`, n).Scan(&k); err != nil {
		return fmt.Errorf("number an event: %w", err)
	}
	if mark == "" {
		mark = fmt.Sprintf("#%d", k)
	}
	_, err := tx.Exec(ctx, `INSERT INTO movement_event (n, mark, k, at, day, account, role, org, act, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (n, mark) DO NOTHING`, n, mark, k, m.Stamp(), m.Today(), actor.Name, actor.Role, actor.Org, act, note)
	if err != nil {
		return fmt.Errorf("note an event: %w", err)
	}
	return nil
}

// Why writes a reason down in both languages; ReadWhy is its reverse, which takes
// a text of a former release for both.
func Why(t luoshu.Text) string {
	if t.ZH == t.EN {
		return t.ZH
	}
	return t.ZH + "\n" + t.EN
}

// ReadWhy reads what Why wrote.
func ReadWhy(s string) luoshu.Text {
	zh, en, ok := strings.Cut(s, "\n")
	if !ok {
		en = zh
	}
	return luoshu.Text{ZH: zh, EN: en}
}
