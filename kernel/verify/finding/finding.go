// Package finding runs set rules over the present records and carries what they
// find: each finding goes to the organisation that holds the record, stays the
// same one as long as it is there, is quiet while it is explained, and goes by
// itself when the records are mended.
package finding

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/records"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// Findings runs the set rules of one city. It is safe for concurrent use; one run
// goes on at a time.
type Findings struct {
	db   *store.DB
	cat  *catalog.Catalog
	ch   *charter.Charter
	acc  *access.Access
	rec  *records.Reader
	now  func() time.Time
	busy chan struct{}
}

// New returns the findings of an opened city.
func New(db *store.DB, cat *catalog.Catalog, ch *charter.Charter, acc *access.Access, rec *records.Reader, now func() time.Time) *Findings {
	return &Findings{db: db, cat: cat, ch: ch, acc: acc, rec: rec, now: now, busy: make(chan struct{}, 1)}
}

// Bounds of one run of one rule.
const (
	runTime = 20 * time.Minute
	mostHit = 200000 // more is a rule that is wrong, not data that are
	batch   = 500    // findings written at once
)

// Run is what one rule found.
type Run struct {
	Rule     string `json:"rule"`
	Found    int64  `json:"found"` // rows
	New      int64  `json:"new"`
	Reopened int64  `json:"reopened"`
	Resolved int64  `json:"resolved"`
	Millis   int64  `json:"millis"`
	Fault    string `json:"fault,omitempty"`
}

// RunAll runs every rule.
func (f *Findings) RunAll(ctx context.Context, p luoshu.Progress) ([]Run, error) {
	return f.run(ctx, f.ch.SetRules, p)
}

// RunReading runs the rules that read one of the entities.
func (f *Findings) RunReading(ctx context.Context, entities []string, p luoshu.Progress) error {
	_, err := f.run(ctx, slices.DeleteFunc(slices.Clone(f.ch.SetRules), func(r *charter.SetRule) bool {
		return !slices.ContainsFunc(r.Reads, func(e string) bool { return slices.Contains(entities, e) })
	}), p)
	return err
}

// RunAffected runs the rules that read entities written since they last ran. A
// rule rests for rest times as long as it took, so that a day of many loads is not
// spent on it; 0 runs it at once.
func (f *Findings) RunAffected(ctx context.Context, rest int64, p luoshu.Progress) ([]Run, error) {
	var due []*charter.SetRule
	for _, r := range f.ch.SetRules {
		ok, err := f.affected(ctx, r, rest)
		if err != nil {
			return nil, err
		}
		if ok {
			due = append(due, r)
		}
	}
	return f.run(ctx, due, p)
}

func (f *Findings) affected(ctx context.Context, r *charter.SetRule, rest int64) (bool, error) {
	var seq, millis int64
	var at string
	err := f.db.QueryRow(ctx, `SELECT seq, at, millis FROM finding_run WHERE rule = ?`, r.ID).Scan(&seq, &at, &millis)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read the last run of %s: %w", r.ID, err)
	}
	if t, terr := time.Parse(time.RFC3339, at); err == nil && terr == nil && rest > 0 &&
		f.now().Before(t.Add(time.Duration(rest*millis)*time.Millisecond)) {
		return false, nil
	}
	args := []any{seq}
	for _, e := range r.Reads {
		args = append(args, e)
	}
	var n int64
	q := `SELECT count(*) FROM commit_log WHERE seq > ? AND closed + new > 0 AND entity IN (` + strings.Repeat("?,", len(r.Reads)-1) + `?)`
	if err := f.db.QueryRow(ctx, q, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("see what was written: %w", err)
	}
	return n > 0, nil
}

func (f *Findings) run(ctx context.Context, rules []*charter.SetRule, p luoshu.Progress) ([]Run, error) {
	out := []Run{}
	if len(rules) == 0 {
		return out, nil
	}
	select {
	case f.busy <- struct{}{}:
		defer func() { <-f.busy }()
	case <-ctx.Done():
		return out, ctx.Err()
	}
	for i, r := range rules {
		p.Tell("setrules", int64(i), int64(len(rules)))
		x, err := f.one(ctx, r)
		if err != nil {
			return out, fmt.Errorf("set rule %s: %w", r.ID, err)
		}
		out = append(out, x)
	}
	p.Tell("setrules", int64(len(rules)), int64(len(rules)))
	return out, nil
}

// errMany ends a run that finds too much.
var errMany = errors.New("too many findings")

// one runs one rule. A rule that the database refuses, that takes too long or finds
// too much is given up: its findings stay as they are and the run says so.
func (f *Findings) one(ctx context.Context, r *charter.SetRule) (Run, error) {
	began := f.now()
	out := Run{Rule: r.ID}
	var seq int64
	if err := f.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log`).Scan(&seq); err != nil {
		return out, fmt.Errorf("read the head: %w", err)
	}
	var number int64
	if err := f.db.QueryRow(ctx, `SELECT coalesce(max(run), 0) + 1 FROM finding_run WHERE rule = ?`, r.ID).Scan(&number); err != nil {
		return out, fmt.Errorf("number a run: %w", err)
	}
	w := &writer{f: f, r: r, run: number, out: &out}
	limited, cancel := context.WithTimeout(ctx, runTime)
	err := f.find(limited, r, w.add)
	cancel()
	switch {
	case ctx.Err() != nil:
		return out, ctx.Err()
	case err != nil:
		if out.Fault = "failed"; errors.Is(err, errMany) {
			out.Fault = "too many"
		} else if errors.Is(limited.Err(), context.DeadlineExceeded) {
			out.Fault = "too long"
		} else if w.err != nil {
			return out, w.err
		}
	default:
		if err := w.finish(ctx); err != nil {
			return out, err
		}
	}
	out.Millis = f.now().Sub(began).Milliseconds()
	_, err = f.db.Exec(ctx, `INSERT INTO finding_run (rule, run, seq, at, found, millis, fault) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (rule) DO UPDATE SET run = excluded.run, seq = excluded.seq, at = excluded.at, found = excluded.found, millis = excluded.millis, fault = excluded.fault`,
		r.ID, number, seq, f.now().UTC().Format(time.RFC3339), out.Found, out.Millis, out.Fault)
	return out, err
}

// hit is one row that a rule found.
type hit struct {
	rec      int64
	org      string
	evidence map[string]any
}

// find yields what a rule finds.
func (f *Findings) find(ctx context.Context, r *charter.SetRule, yield func(hit) error) error {
	if r.Find == "" {
		return f.recheck(ctx, r, yield)
	}
	year, err := f.year(ctx, r)
	if err != nil {
		return err
	}
	text, err := Select(f.cat, r, year, f.day())
	if err != nil {
		return err
	}
	rows, err := f.db.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	cells := make([]any, len(cols))
	into := make([]any, len(cols))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		h := hit{evidence: map[string]any{}}
		for i, c := range cols {
			switch v := plain(cells[i]); c {
			case "rec":
				h.rec, _ = v.(int64)
			case "org":
				h.org, _ = v.(string)
			default:
				h.evidence[c] = v
			}
		}
		if err := yield(h); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain is a cell as evidence keeps it: nil, text or a whole number; a number with
// a fraction is text with at most four digits behind the point.
func plain(x any) any {
	switch x := x.(type) {
	case float64:
		return short(strconv.FormatFloat(x, 'f', 4, 64))
	case []byte:
		return number(string(x))
	case string:
		return x
	}
	return luoshu.ValueOf(x).Any()
}

// number reads a decimal of a database that hands them over as text.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(s, 64); err == nil {
		return short(strconv.FormatFloat(x, 'f', 4, 64))
	}
	return s
}

func short(s string) any {
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	return s
}

func (f *Findings) day() int64 {
	y, m, d := f.now().Date()
	return int64(y*10000 + int(m)*100 + d)
}

// year is the newest year of the records that {year} stands for.
func (f *Findings) year(ctx context.Context, r *charter.SetRule) (int64, error) {
	if r.YearOf == "" {
		return 0, nil
	}
	e := f.cat.Entity(r.YearOf)
	var y int64
	err := f.db.QueryRow(ctx, `SELECT coalesce(max(`+store.Col(e.Year)+`), 0) FROM `+store.Table(e.Name)+` WHERE _to IS NULL`).Scan(&y)
	return y, err
}

// recheck holds stored records against row rules, which they met or were warned of
// when they came in: older data, or rules that came later.
func (f *Findings) recheck(ctx context.Context, r *charter.SetRule, yield func(hit) error) error {
	e := f.cat.Entity(r.Entity)
	var rules []*catalog.Rule
	var fields []string
	for _, q := range f.cat.RulesFor(r.Entity) {
		if slices.Contains(r.Recheck, q.ID) && q.Prog != nil {
			rules = append(rules, q)
			fields = append(fields, q.Prog.Vars()...)
		}
	}
	holder, _, hop := strings.Cut(e.Org, ".")
	fields = append(fields, holder)
	bound := make([]*rule.Bound, len(rules))
	for i, q := range rules {
		bound[i] = q.Prog.Bind(func(name string) int { return e.Field(name).Index })
	}
	param := func(id string) (luoshu.Value, bool) {
		v, ok := f.cat.Parameter(id).Value(f.day(), nil, "")
		return luoshu.IntValue(v.Num), ok && v.Scale == 0
	}
	return f.rec.Each(ctx, records.Query{Entity: e.Name, Fields: fields}, func(v *records.Version) error {
		for i, b := range bound {
			if ok, err := b.True(v.Values, param); ok && err == nil {
				continue
			}
			h := hit{rec: v.Rec, org: v.Values[e.Field(holder).Index].String(), evidence: map[string]any{"rule": rules[i].ID}}
			if hop {
				var err error
				if h.org, err = f.acc.Holder(ctx, e, v.Values); err != nil {
					return err
				}
			}
			if err := yield(h); err != nil {
				return err
			}
		}
		return nil
	})
}

// key makes a finding the same one as before: the record, the organisation and the
// columns that the rule says.
func key(r *charter.SetRule, h hit) string {
	out := []string{strconv.FormatInt(h.rec, 10), h.org}
	for _, v := range r.Evidence {
		if v.Key {
			out = append(out, fmt.Sprint(h.evidence[v.Name]))
		}
	}
	return strings.Join(out, "\x1f")
}

// evidenceText is evidence as stored, always in the same order.
func evidenceText(m map[string]any) (string, error) {
	keep := maps.Clone(m)
	maps.DeleteFunc(keep, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(keep)
	return string(b), err
}
