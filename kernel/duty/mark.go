package duty

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

// Mark is what an organisation said of a duty in a period. A mark that was taken
// back stays, with who took it back and why.
type Mark struct {
	N                        int64
	Duty, Org, Period        string
	Kind                     string // Done, Unmet or Event
	K                        int64
	On                       int64
	Note, Evidence           string
	At, Account, Role        string
	Withdrawn, Taker, Reason string
	Papers                   []Paper // evidence handed in with it
}

// Request asks for a mark. Papers are ids that TakePaper gave. Seen is how many marks of the period the asker had
// before their eyes, so that two people do not both mark one thing.
type Request struct {
	Duty, Org, Period, Kind string
	On                      int64
	Note, Evidence          string
	Papers                  []string
	Seen                    int64
}

// Bounds of what a mark holds.
const (
	maxNote     = 1000
	maxEvidence = 500
	maxMarks    = 100 // of one duty, organisation and period
	maxPapers   = 20  // of one mark
	maxEvents   = 500 // of one duty and organisation that are not answered
)

// words checks a text that people write.
func words(field, s string, most int, needed bool) (string, error) {
	s = strings.TrimSpace(s)
	bad := func(zh, en string, args ...any) error {
		e := luoshu.Errorf(luoshu.Invalid, zh, en, args...)
		e.Field = field
		return e
	}
	switch {
	case s == "" && needed:
		return "", bad("请填写", "please fill this in")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "", bad("含有不可用的字符", "it holds characters that cannot be used")
	case utf8.RuneCountInString(s) > most:
		return "", bad("最多 %d 个字", "at most %d characters", most)
	}
	return s, nil
}

// owner checks that the actor speaks for the organisation that owes a duty, and
// returns the organisation.
func (k *Keeper) owner(ctx context.Context, actor luoshu.Actor, d *Duty, org string) (*access.Node, error) {
	if err := k.Access.Require(actor, Discharge); err != nil {
		return nil, err
	}
	s, err := k.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	n := s.Tree().Get(org)
	if n == nil || !s.Has(org) {
		return nil, noOrg()
	}
	set, err := k.members(ctx, s.Tree(), d.Units)
	if err != nil {
		return nil, err
	}
	if !owes(d, n, set, k.Today()) {
		return nil, &luoshu.Error{Kind: luoshu.Denied, Msg: Text{ZH: n.Title.ZH + "不承担这项职责", EN: n.Title.EN + " does not owe this duty"}}
	}
	if access.IsOperator(actor) {
		return n, nil
	}
	if actor.Org != org {
		return nil, luoshu.Errorf(luoshu.Denied, "只有责任单位自己可以标记", "only the responsible organisation itself may mark it")
	}
	if len(d.Roles) > 0 && !slices.Contains(d.Roles, actor.Role) {
		return nil, luoshu.Errorf(luoshu.Denied, "这项职责由其他角色标记", "this duty is marked by another role")
	}
	return n, nil
}

// Mark writes down that a duty was done, is not met, or that something happened.
func (k *Keeper) Mark(ctx context.Context, actor luoshu.Actor, r Request) (*Mark, error) {
	d := k.Book.Duty(r.Duty)
	if d == nil {
		return nil, noDuty()
	}
	n, err := k.owner(ctx, actor, d, r.Org)
	if err != nil {
		return nil, err
	}
	if r.Kind == "" {
		r.Kind = Done
	}
	if ok := r.Kind == Done || r.Kind == Unmet && d.Kind == Standing || r.Kind == Event && d.Kind == Event; !ok {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "kind", Msg: Text{ZH: "这类职责没有这种标记", EN: "duties of this kind have no such mark"}}
	}
	if r.Note, err = words("note", r.Note, maxNote, r.Kind == Event); err != nil {
		return nil, err
	}
	if r.Evidence, err = words("evidence", r.Evidence, maxEvidence, r.Kind == Done && len(r.Papers) == 0); err != nil {
		return nil, err
	}
	if !isDay(r.On) || r.On > k.Today() {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "on", Msg: Text{ZH: "日期须是今天或以前的一天", EN: "the day is today or earlier"}}
	}
	if err := k.begun(d, r); err != nil {
		return nil, err
	}
	papers, err := k.handed(ctx, actor, r.Papers)
	if err != nil {
		return nil, err
	}
	m := &Mark{
		Papers: papers, Duty: d.ID, Org: n.Code, Period: r.Period, Kind: r.Kind, On: r.On, Note: r.Note, Evidence: r.Evidence,
		At: k.Now().UTC().Format(time.RFC3339), Account: actor.Name, Role: actor.Role,
	}
	return m, k.DB.Tx(ctx, func(tx *store.Tx) error { return k.write(ctx, tx, m, r.Seen) })
}

// begun checks the period of a request: there is one, and it has begun.
func (k *Keeper) begun(d *Duty, r Request) error {
	if d.Kind == Event {
		return nil // looked up where it is written
	}
	today := k.Today()
	p, ok := k.Book.find(d, r.Period, today)
	if !ok {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "period", Msg: Text{ZH: "没有这个周期", EN: "there is no such period"}}
	}
	if p.From > today {
		return &luoshu.Error{Kind: luoshu.Conflict, Msg: Text{ZH: p.Title.ZH + "还没有开始，不能标记", EN: p.Title.EN + " has not begun and cannot be marked"}}
	}
	if r.On < p.From {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "on", Msg: Text{ZH: "日期早于周期的开始", EN: "the day lies before the period"}}
	}
	return nil
}

// write numbers a mark and keeps it, if nobody else has marked in between.
func (k *Keeper) write(ctx context.Context, tx *store.Tx, m *Mark, seen int64) error {
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM duty_mark`).Scan(&m.N); err != nil {
		return fmt.Errorf("mark a duty: %w", err)
	}
	if m.Kind == Event {
		if err := k.room(ctx, tx, m); err != nil {
			return err
		}
		m.Period = "E" + strconv.FormatInt(m.N, 10)
	} else if err := k.seen(ctx, tx, m, seen); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO duty_mark (n, duty, org, period, kind, k, on_date, note, evidence, at, account, role, withdrawn, taker, why)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '')`,
		m.N, m.Duty, m.Org, m.Period, m.Kind, m.K, m.On, m.Note, m.Evidence, m.At, m.Account, m.Role)
	if err != nil {
		return fmt.Errorf("mark a duty: %w", err)
	}
	return k.attach(ctx, tx, m)
}

// room bounds how many events may wait to be answered.
func (k *Keeper) room(ctx context.Context, tx *store.Tx, m *Mark) error {
	var open int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM duty_mark e WHERE e.duty = ? AND e.org = ? AND e.kind = 'event' AND e.withdrawn = ''
		AND NOT EXISTS (SELECT 1 FROM duty_mark x WHERE x.duty = e.duty AND x.org = e.org AND x.period = e.period AND x.kind = 'done' AND x.withdrawn = '')`,
		m.Duty, m.Org).Scan(&open)
	if err != nil {
		return fmt.Errorf("mark a duty: %w", err)
	}
	if open >= maxEvents {
		return luoshu.Errorf(luoshu.Conflict, "已有 %d 件事件没有办理；请先办理", "%d events wait to be answered; answer them first", open)
	}
	return nil
}

// seen holds a mark against what stands in its period.
func (k *Keeper) seen(ctx context.Context, tx *store.Tx, m *Mark, seen int64) error {
	all, err := k.marks(ctx, tx, `duty = ? AND org = ? AND period = ?`, m.Duty, m.Org, m.Period)
	if err != nil {
		return err
	}
	if k.Book.Duty(m.Duty).Kind == Event {
		at := slices.IndexFunc(all, func(x *Mark) bool { return x.Kind == Event && x.Withdrawn == "" })
		if at < 0 {
			return luoshu.Errorf(luoshu.NotFound, "没有登记这件事件", "no such event is on record")
		}
		if m.On < all[at].On {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: "on", Msg: Text{ZH: "日期早于事件", EN: "the day lies before the event"}}
		}
	}
	if n := int64(len(all)); n != seen {
		last := "—"
		if n > 0 {
			last = all[n-1].Account + " " + luoshu.FormatDate(all[n-1].On)
		}
		return luoshu.Errorf(luoshu.Conflict, "这一周期的标记已有变化（共 %d 条，最近：%s）；请先看过再标记",
			"the marks of this period have changed (%d now, the last: %s); look at them first", n, last)
	}
	if len(all) >= maxMarks {
		return luoshu.Errorf(luoshu.Conflict, "一个周期最多 %d 条标记", "a period has at most %d marks", maxMarks)
	}
	m.K = int64(len(all))
	return nil
}

// Withdraw takes a mark back; it stays, and so does why.
func (k *Keeper) Withdraw(ctx context.Context, actor luoshu.Actor, n int64, why string) (*Mark, error) {
	if err := k.Access.Require(actor, Discharge); err != nil {
		return nil, err
	}
	why, err := words("why", why, maxEvidence, true)
	if err != nil {
		return nil, err
	}
	scope, err := k.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	var m *Mark
	err = k.DB.Tx(ctx, func(tx *store.Tx) error {
		all, err := k.marks(ctx, tx, `n = ?`, n)
		if err != nil {
			return err
		}
		if len(all) == 0 || !scope.Has(all[0].Org) {
			return luoshu.Errorf(luoshu.NotFound, "没有这条标记", "no such mark")
		}
		m = all[0]
		if actor.Org != m.Org && !access.IsOperator(actor) {
			return luoshu.Errorf(luoshu.Denied, "只有责任单位自己可以撤回", "only the responsible organisation itself may take it back")
		}
		if m.Withdrawn != "" {
			return luoshu.Errorf(luoshu.Conflict, "已由 %s 撤回", "%s has taken it back already", m.Taker)
		}
		m.Withdrawn, m.Taker, m.Reason = k.Now().UTC().Format(time.RFC3339), actor.Name, why
		_, err = tx.Exec(ctx, `UPDATE duty_mark SET withdrawn = ?, taker = ?, why = ? WHERE n = ?`, m.Withdrawn, m.Taker, m.Reason, n)
		if err != nil {
			return fmt.Errorf("take a mark back: %w", err)
		}
		return nil
	})
	return m, err
}

// asker is the database or a transaction on it.
type asker interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

func (k *Keeper) marks(ctx context.Context, from asker, where string, args ...any) ([]*Mark, error) {
	rows, err := from.Query(ctx, `SELECT n, duty, org, period, kind, k, on_date, note, evidence, at, account, role, withdrawn, taker, why
		FROM duty_mark WHERE `+where+` ORDER BY n`, args...)
	if err != nil {
		return nil, fmt.Errorf("read marks of duties: %w", err)
	}
	defer rows.Close()
	var out []*Mark
	for rows.Next() {
		m := &Mark{}
		if err := rows.Scan(&m.N, &m.Duty, &m.Org, &m.Period, &m.Kind, &m.K, &m.On, &m.Note, &m.Evidence, &m.At, &m.Account, &m.Role,
			&m.Withdrawn, &m.Taker, &m.Reason); err != nil {
			return nil, fmt.Errorf("read marks of duties: %w", err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
