package finding

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/charter"
	"luoshu/kernel/store"
)

// Finding is one thing to work off.
type Finding struct {
	ID       int64            `json:"id"`
	Rule     *charter.SetRule `json:"-"`
	RuleID   string           `json:"rule"`
	Entity   string           `json:"entity"`
	Rec      int64            `json:"rec"`
	Org      string           `json:"org"`
	Severity string           `json:"severity"`
	Evidence map[string]any   `json:"-"`
	State    string           `json:"state"`
	FoundOn  int64            `json:"found_on"`
	Reopened int64            `json:"reopened"`
	Reason   string           `json:"reason"`
	Until    int64            `json:"until"`
	By       string           `json:"by"`
	At       string           `json:"at"`
}

// Query picks findings. Empty parts pick all.
type Query struct {
	State, Rule, Severity, Org string
	Entity                     string
	Rec                        int64 // with Entity
	Offset, Limit              int
}

const columnsOf = `id, rule, entity, rec, org, severity, evidence, state, found_on, reopened, reason, until, by_name, changed_at`

func (f *Findings) scanFinding(scan func(...any) error) (*Finding, error) {
	var x Finding
	var evidence string
	if err := scan(&x.ID, &x.RuleID, &x.Entity, &x.Rec, &x.Org, &x.Severity, &evidence, &x.State, &x.FoundOn, &x.Reopened, &x.Reason, &x.Until, &x.By, &x.At); err != nil {
		return nil, err
	}
	x.Rule = f.ch.SetRule(x.RuleID)
	d := json.NewDecoder(strings.NewReader(evidence))
	d.UseNumber()
	return &x, d.Decode(&x.Evidence)
}

// scopeWhere is the condition that a finding belongs to an organisation within the
// scope.
func scopeWhere(s *access.Scope) (string, []any) {
	if s.Whole {
		return "1=1", nil
	}
	codes := s.Codes()
	if len(codes) == 0 {
		return "1=0", nil
	}
	args := make([]any, len(codes))
	for i, c := range codes {
		args[i] = c
	}
	return "org IN (" + strings.Repeat("?,", len(codes)-1) + "?)", args
}

// where is the condition of a query within the actor's scope and entities.
func (f *Findings) where(ctx context.Context, actor luoshu.Actor, q Query) (string, []any, error) {
	role := f.acc.Role(actor)
	scope, err := f.acc.Scope(ctx, actor)
	if err != nil {
		return "", nil, err
	}
	if scope, err = scope.Under(q.Org); err != nil {
		return "", nil, err
	}
	cond, args := scopeWhere(scope)
	var rules []any
	for _, r := range f.ch.SetRules {
		if role != nil && (len(role.Entities) == 0 || slices.Contains(role.Entities, r.Entity)) {
			rules = append(rules, r.ID)
		}
	}
	if len(rules) == 0 {
		return "1=0", nil, nil
	}
	cond += ` AND rule IN (` + strings.Repeat("?,", len(rules)-1) + `?)`
	args = append(args, rules...)
	for _, p := range [][2]string{{"state", q.State}, {"rule", q.Rule}, {"severity", q.Severity}, {"entity", q.Entity}} {
		if p[1] != "" {
			cond += ` AND ` + p[0] + ` = ?`
			args = append(args, p[1])
		}
	}
	if q.Rec != 0 {
		cond += ` AND rec = ?`
		args = append(args, q.Rec)
	}
	return cond, args, nil
}

// List lists findings within the actor's scope, the gravest rules first, and says
// how many there are.
func (f *Findings) List(ctx context.Context, actor luoshu.Actor, q Query) ([]*Finding, int64, error) {
	cond, args, err := f.where(ctx, actor, q)
	if err != nil {
		return nil, 0, err
	}
	var total int64
	if err := f.db.QueryRow(ctx, `SELECT count(*) FROM finding WHERE `+cond, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count findings: %w", err)
	}
	rows, err := f.db.Query(ctx, `SELECT `+columnsOf+` FROM finding WHERE `+cond+`
		ORDER BY CASE severity WHEN 'enforce' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END, rule, org, id LIMIT ? OFFSET ?`, append(args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list findings: %w", err)
	}
	defer rows.Close()
	out := []*Finding{}
	for rows.Next() {
		x, err := f.scanFinding(rows.Scan)
		if err != nil {
			return nil, 0, fmt.Errorf("list findings: %w", err)
		}
		out = append(out, x)
	}
	return out, total, rows.Err()
}

// Tally counts findings of one rule by state.
type Tally struct {
	Rule      string `json:"rule"`
	Open      int64  `json:"open"`
	Explained int64  `json:"explained"`
	Resolved  int64  `json:"resolved"`
	At        string `json:"at"` // of the newest run, "" before the first
	Millis    int64  `json:"millis"`
	Fault     string `json:"fault"`
}

// Tallies counts the findings within the actor's scope by rule, in the order of the
// packs.
func (f *Findings) Tallies(ctx context.Context, actor luoshu.Actor, org string) ([]Tally, error) {
	cond, args, err := f.where(ctx, actor, Query{Org: org})
	if err != nil {
		return nil, err
	}
	by := map[string]*Tally{}
	err = f.each(ctx, `SELECT rule, state, count(*) FROM finding WHERE `+cond+` GROUP BY rule, state`, args, func(rows *sql.Rows) error {
		var rule, state string
		var n int64
		if err := rows.Scan(&rule, &state, &n); err != nil {
			return err
		}
		t := by[rule]
		if t == nil {
			t = &Tally{}
			by[rule] = t
		}
		switch state {
		case Open:
			t.Open = n
		case Explained:
			t.Explained = n
		default:
			t.Resolved = n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	runs := map[string]Tally{}
	err = f.each(ctx, `SELECT rule, at, millis, fault FROM finding_run`, nil, func(rows *sql.Rows) error {
		var t Tally
		err := rows.Scan(&t.Rule, &t.At, &t.Millis, &t.Fault)
		runs[t.Rule] = t
		return err
	})
	role, out := f.acc.Role(actor), []Tally{}
	for _, r := range f.ch.SetRules {
		if role == nil || len(role.Entities) > 0 && !slices.Contains(role.Entities, r.Entity) {
			continue
		}
		t := runs[r.ID]
		if x := by[r.ID]; x != nil {
			t.Open, t.Explained, t.Resolved = x.Open, x.Explained, x.Resolved
		}
		t.Rule = r.ID
		out = append(out, t)
	}
	return out, err
}

func (f *Findings) each(ctx context.Context, q string, args []any, do func(*sql.Rows) error) error {
	rows, err := f.db.Query(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("findings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return fmt.Errorf("findings: %w", err)
		}
	}
	return rows.Err()
}

// Event is one thing that happened to a finding.
type Event struct {
	What string `json:"what"`
	By   string `json:"by"`
	At   string `json:"at"`
	Note string `json:"note"`
}

func noFinding() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这项发现", "there is no such finding")
}

// Get returns a finding within the actor's scope and what happened to it, oldest
// first.
func (f *Findings) Get(ctx context.Context, actor luoshu.Actor, id int64) (*Finding, []Event, error) {
	cond, args, err := f.where(ctx, actor, Query{})
	if err != nil {
		return nil, nil, err
	}
	x, err := f.scanFinding(f.db.QueryRow(ctx, `SELECT `+columnsOf+` FROM finding WHERE id = ? AND `+cond, append([]any{id}, args...)...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, noFinding()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read a finding: %w", err)
	}
	var events []Event
	err = f.each(ctx, `SELECT what, by_name, at, note FROM finding_event WHERE finding = ? ORDER BY n`, []any{id}, func(rows *sql.Rows) error {
		var e Event
		err := rows.Scan(&e.What, &e.By, &e.At, &e.Note)
		events = append(events, e)
		return err
	})
	return x, events, err
}

// Explain lets a finding rest with a reason: until a day (yyyymmdd), or with 0 for
// as long as its evidence stays as it is.
func (f *Findings) Explain(ctx context.Context, actor luoshu.Actor, id int64, reason string, until int64) error {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "请写明理由", EN: "give a reason"}}
	case utf8.RuneCountInString(reason) > 500:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "内容太长", EN: "it is too long"}}
	case until != 0 && until < f.day():
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "until", Msg: luoshu.Text{ZH: "日期已过", EN: "the day is past"}}
	}
	return f.change(ctx, actor, id, Open, Explained, reason, until)
}

// Reopen takes an explanation back.
func (f *Findings) Reopen(ctx context.Context, actor luoshu.Actor, id int64) error {
	return f.change(ctx, actor, id, Explained, Open, "", 0)
}

func (f *Findings) change(ctx context.Context, actor luoshu.Actor, id int64, from, to, reason string, until int64) error {
	if _, _, err := f.Get(ctx, actor, id); err != nil {
		return err
	}
	at := f.now().UTC().Format(time.RFC3339)
	return f.db.Tx(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(ctx, `UPDATE finding SET state = ?, reason = ?, until = ?, by_name = ?, changed_at = ? WHERE id = ? AND state = ?`, to, reason, until, actor.Name, at, id, from)
		if err != nil {
			return fmt.Errorf("change a finding: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, luoshu.Errorf(luoshu.Conflict, "这项发现的状态刚刚变了，请刷新", "the finding has just changed; reload"))
		}
		what := "explained"
		if to == Open {
			what = "reopened"
		}
		return event(ctx, tx, id, what, actor.Name, at, reason)
	})
}

// Lapse reopens what was explained until a day that has passed. It answers how many.
func (f *Findings) Lapse(ctx context.Context) (int64, error) {
	var n int64
	at := f.now().UTC().Format(time.RFC3339)
	err := f.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO finding_event (finding, n, what, by_name, at, note)
			SELECT f.id, coalesce((SELECT max(e.n) FROM finding_event e WHERE e.finding = f.id), 0) + 1, 'reopened', '', CAST(? AS TEXT), '' FROM finding f
			WHERE f.state = 'explained' AND f.until <> 0 AND f.until < ?`, at, f.day()); err != nil {
			return fmt.Errorf("end explanations: %w", err)
		}
		res, err := tx.Exec(ctx, `UPDATE finding SET state = 'open', reopened = reopened + 1, reason = '', until = 0, by_name = '', changed_at = ?
			WHERE state = 'explained' AND until <> 0 AND until < ?`, at, f.day())
		if err != nil {
			return fmt.Errorf("end explanations: %w", err)
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}
