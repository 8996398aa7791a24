package movement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Run is one run at a year's end.
type Run struct {
	N, Year        int64
	State          string // running done stopped undone
	Org            string
	At, Ended      string
	Account        string
	Units, Persons int64
}

// The states of a run.
const (
	Running = "running"
	Stopped = "stopped" // cancelled or broken off: running it again goes on
	Undone  = "undone"
)

// Promote runs the end of a year for every organisation under org ("" is the
// actor's own), one transaction each: groups of the next year, facts, statuses.
// It may be cancelled and run again at any time: what is done stays, the rest
// follows, and running it once more changes nothing. p is told "promote" with
// organisations.
func (m *Mover) Promote(ctx context.Context, actor luoshu.Actor, year int64, org string, p luoshu.Progress) (*Run, error) {
	orgs, root, err := m.units(ctx, actor, year, org)
	if err != nil {
		return nil, err
	}
	first, _, err := m.Bounds(year + 1)
	if err != nil {
		return nil, err
	}
	entry, err := m.param(m.ch.Year.Entry, first)
	if err != nil {
		return nil, err
	}
	begins := first - first%10000 + entry
	if begins > first {
		begins -= 10000
	}
	if m.Today() < begins {
		return nil, Errorf(luoshu.Conflict, "%s 起才可办理；此前可以预览", "this is possible from %s on; before that it can be previewed", luoshu.FormatDate(begins))
	}
	r, err := m.begin(ctx, actor, year, root)
	if err != nil {
		return nil, err
	}
	for i, o := range orgs {
		if err = ctx.Err(); err != nil {
			break
		}
		p.Tell("promote", int64(i), int64(len(orgs)))
		var n int
		if n, err = m.promote(ctx, actor, r, o); err != nil {
			break
		}
		r.Units++
		r.Persons += int64(n)
	}
	p.Tell("promote", int64(len(orgs)), int64(len(orgs)))
	r.State = Done
	if err != nil {
		r.State = Stopped
	}
	return r, errors.Join(err, m.end(context.WithoutCancel(ctx), r))
}

// units are the organisations of a run, in the order of their codes, and the one
// above them all.
func (m *Mover) units(ctx context.Context, actor luoshu.Actor, year int64, org string) ([]string, string, error) {
	if err := m.Allow(actor, "yearend"); err != nil {
		return nil, "", err
	}
	if year < 1900 || year > 9000 {
		return nil, "", luoshu.Errorf(luoshu.Invalid, "学年无效", "not a year")
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, "", err
	}
	if scope, err = scope.Under(org); err != nil {
		return nil, "", err
	}
	var out []string
	for _, c := range scope.Codes() {
		if n := scope.Tree().Get(c); n != nil && n.Entity == m.ch.Fact.Org.Ref {
			out = append(out, c)
		}
	}
	return out, scope.Root, nil
}

// begin opens a run. One that a crash left open is called stopped; what it had
// done stands.
func (m *Mover) begin(ctx context.Context, actor luoshu.Actor, year int64, root string) (*Run, error) {
	r := &Run{Year: year, Org: root, State: Running, At: m.Stamp(), Account: actor.Name}
	err := m.db.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM movement_run`).Scan(&r.N); err != nil {
			return fmt.Errorf("number a run: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE movement_run SET state = ? WHERE year = ? AND org = ? AND state = ?`, Stopped, r.Year, r.Org, Running); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO movement_run (n, year, state, org, at, account, ended, units, persons) VALUES (?, ?, ?, ?, ?, ?, '', 0, 0)`,
			r.N, r.Year, r.State, r.Org, r.At, r.Account)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open a run: %w", err)
	}
	return r, nil
}

func (m *Mover) end(ctx context.Context, r *Run) error {
	r.Ended = m.Stamp()
	if _, err := m.db.Exec(ctx, `UPDATE movement_run SET state = ?, ended = ?, units = ?, persons = ? WHERE n = ?`, r.State, r.Ended, r.Units, r.Persons, r.N); err != nil {
		return fmt.Errorf("close a run: %w", err)
	}
	return nil
}

// promote carries out one organisation's end of year in one transaction and says
// how many persons it moved.
func (m *Mover) promote(ctx context.Context, actor luoshu.Actor, r *Run, org string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.unit(ctx, r.Year, org)
	if err != nil {
		return 0, err
	}
	all, n, err := m.unitBatches(actor, r, u)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for i := range all {
		all[i].ID = fmt.Sprintf("%s%d-%s-%d", runPrefix(r.Year), r.N, org, i)
	}
	if err := m.Step("before commit"); err != nil {
		return 0, err
	}
	if _, err := m.led.CommitAll(ctx, all, nil); err != nil {
		return 0, err
	}
	return n, m.Step("after commit")
}

func runPrefix(year int64) string { return fmt.Sprintf("run-%d-", year) }

// unitBatches writes a unit's outcomes out as batches.
func (m *Mover) unitBatches(actor luoshu.Actor, r *Run, u *Unit) ([]ledger.Batch, int, error) {
	f, p := &m.ch.Fact, &m.ch.Person
	next, _, err := m.Bounds(r.Year + 1)
	if err != nil {
		return nil, 0, err
	}
	_, last, err := m.Bounds(r.Year)
	if err != nil {
		return nil, 0, err
	}
	var groups, opened, closed, persons [][]luoshu.Value
	n := 0
	for _, o := range u.Outcomes {
		k := m.runChange(o.Act)
		if k == nil {
			continue
		}
		n++
		row := slices.Clone(o.fact.Values)
		if o.Act == Graduates {
			row[f.To.Index], row[f.Out.Index] = luoshu.IntValue(last), luoshu.TextValue(k.Out)
			closed = append(closed, row)
		} else {
			row = m.promoted(o, r.Year+1, next, k.In)
			opened = append(opened, row)
		}
		if err := m.Lawful(m.ch.Fact.Entity, row); err != nil {
			return nil, 0, fmt.Errorf("%s #%d: %w", p.Entity.Name, o.Rec, err)
		}
		if k.Status != "" {
			person := make([]luoshu.Value, len(p.Entity.Fields))
			person[p.Entity.KeyFields()[0].Index] = o.fact.Values[f.Person.Index]
			person[p.Status.Index] = luoshu.TextValue(k.Status)
			persons = append(persons, person)
		}
	}
	for _, g := range u.Groups {
		groups = append(groups, g.row)
	}
	reason := fmt.Sprintf("%s %d #%d", m.ch.Run.Promote.Title.ZH, r.Year, r.N)
	var all []ledger.Batch
	add := func(e *catalog.Entity, rows [][]luoshu.Value, only ...*catalog.Field) {
		if len(rows) > 0 {
			all = append(all, m.Batch(actor, e, reason, rows, only...))
		}
	}
	if m.ch.Group != nil {
		add(m.ch.Group.Entity, groups)
	}
	add(f.Entity, opened)
	add(f.Entity, closed, f.To, f.Out)
	add(p.Entity, persons, p.Status)
	return all, n, nil
}

// promoted is the fact of the next year.
func (m *Mover) promoted(o *Outcome, year, from int64, in string) []luoshu.Value {
	f := &m.ch.Fact
	row := make([]luoshu.Value, len(f.Entity.Fields))
	for _, x := range f.Carry {
		row[x.Index] = o.fact.Values[x.Index]
	}
	row[f.Person.Index], row[f.Org.Index] = o.fact.Values[f.Person.Index], o.fact.Values[f.Org.Index]
	row[f.Year.Index], row[f.From.Index] = luoshu.IntValue(year), luoshu.IntValue(from)
	row[f.Grade.Index], row[f.Stage.Index] = luoshu.TextValue(o.To), luoshu.TextValue(m.ch.Stage(o.To))
	row[f.In.Index] = luoshu.TextValue(in)
	if f.Group != nil {
		row[f.Group.Index] = luoshu.TextValue(o.Group)
	}
	return row
}

// Untaken is an organisation whose run could not be taken back, and why.
type Untaken struct {
	Org string
	Why luoshu.Text
}

// Unpromote takes the runs of a year back for the organisations under org, each
// in one transaction. Where later changes sit on top, that organisation is left
// as it is and named; the others are taken back.
func (m *Mover) Unpromote(ctx context.Context, actor luoshu.Actor, year int64, org string, p luoshu.Progress) (int64, []Untaken, error) {
	orgs, _, err := m.units(ctx, actor, year, org)
	if err != nil {
		return 0, nil, err
	}
	commits, err := m.runCommits(ctx, year)
	if err != nil {
		return 0, nil, err
	}
	var done int64
	left := []Untaken{}
	for i, o := range orgs {
		if err := ctx.Err(); err != nil {
			return done, left, err
		}
		p.Tell("unpromote", int64(i), int64(len(orgs)))
		if len(commits[o]) == 0 {
			continue
		}
		m.mu.Lock()
		_, err := m.led.UndoAll(ctx, actor, commits[o], fmt.Sprintf("%s %d", m.ch.Run.Promote.Title.ZH, year))
		m.mu.Unlock()
		var e *luoshu.Error
		switch {
		case errors.As(err, &e) && e.Kind == luoshu.Conflict:
			left = append(left, Untaken{Org: o, Why: e.Msg})
		case err != nil:
			return done, left, err
		default:
			done++
			delete(commits, o)
		}
	}
	return done, left, m.settleRuns(ctx, year)
}

// runCommits are the commits of a year's runs that stand, by organisation.
func (m *Mover) runCommits(ctx context.Context, year int64) (map[string][]int64, error) {
	out := map[string][]int64{}
	err := m.eachRunCommit(ctx, year, func(seq, _ int64, org string) { out[org] = append(out[org], seq) })
	return out, err
}

func (m *Mover) eachRunCommit(ctx context.Context, year int64, each func(seq, run int64, org string)) error {
	prefix := runPrefix(year)
	rows, err := m.db.Query(ctx, `SELECT c.seq, c.id FROM commit_log c WHERE c.id >= ? AND c.id < ? AND NOT EXISTS
		(SELECT 1 FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0) ORDER BY c.seq`, prefix, prefix+"~")
	if err != nil {
		return fmt.Errorf("find the commits of a run: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq, run int64
		var id string
		if err := rows.Scan(&seq, &id); err != nil {
			return fmt.Errorf("find the commits of a run: %w", err)
		}
		n, rest, _ := strings.Cut(strings.TrimPrefix(id, prefix), "-")
		if _, err := fmt.Sscan(n, &run); err != nil {
			continue
		}
		if i := strings.LastIndexByte(rest, '-'); i > 0 {
			each(seq, run, rest[:i])
		}
	}
	return rows.Err()
}

// settleRuns marks the runs of which nothing stands any more.
func (m *Mover) settleRuns(ctx context.Context, year int64) error {
	stands := map[int64]bool{}
	if err := m.eachRunCommit(ctx, year, func(_, run int64, _ string) { stands[run] = true }); err != nil {
		return err
	}
	runs, err := m.runs(ctx, year)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.State == Done && r.Persons > 0 && !stands[r.N] || r.State == Stopped && r.Units > 0 && !stands[r.N] {
			if _, err := m.db.Exec(ctx, `UPDATE movement_run SET state = ? WHERE n = ?`, Undone, r.N); err != nil {
				return fmt.Errorf("close a run: %w", err)
			}
		}
	}
	return nil
}

// Runs lists the runs of a year that touched the actor's reach, newest first.
func (m *Mover) Runs(ctx context.Context, actor luoshu.Actor, year int64) ([]*Run, error) {
	if err := m.Allow(actor, "yearend"); err != nil {
		return nil, err
	}
	scope, err := m.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	all, err := m.runs(ctx, year)
	return slices.DeleteFunc(all, func(r *Run) bool { return !touches(scope, r.Org) }), err
}

// touches reports whether an organisation lies within or above a scope.
func touches(scope *access.Scope, org string) bool {
	return scope.Has(org) || scope.Tree().Within(org, scope.Root)
}

func (m *Mover) runs(ctx context.Context, year int64) ([]*Run, error) {
	rows, err := m.db.Query(ctx, `SELECT n, year, state, org, at, ended, account, units, persons FROM movement_run WHERE year = ? ORDER BY n DESC`, year)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	defer rows.Close()
	var out []*Run
	for rows.Next() {
		r := &Run{}
		if err := rows.Scan(&r.N, &r.Year, &r.State, &r.Org, &r.At, &r.Ended, &r.Account, &r.Units, &r.Persons); err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
