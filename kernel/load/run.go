package load

import (
	"context"
	"errors"
	"slices"
	"sync"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/correct"
	"luoshu/kernel/identity"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
)

// job is one way of a file through intake into the ledger.
type job struct {
	id       string // of the commit, "" if it need not be repeatable
	file     intake.File
	entity   string
	source   ledger.Source
	actor    luoshu.Actor
	attested int64
	dry      bool
	ask      bool // of a dry run: ask the sources for what is held all the same
	reason   string
	writer   Writer
	each     func(e *catalog.Entity, v Verdict) error // told every row's verdict, one at a time
}

// Verdict is what would become of a row.
type Verdict struct {
	Row           int
	Verdict       ledger.Verdict
	Before, After []luoshu.Value
	Faults        []luoshu.Fault
	Rec           int64
	Held          []correct.HeldField // what the file may not change itself
}

// errBlocked rolls a commit back when the file turns out to be bad half-way.
var errBlocked = errors.New("the file is refused")

// run carries a file through, one commit an entity.
func (d *Desk) run(ctx context.Context, j job, p luoshu.Progress) (Report, error) {
	out := Report{SHA256: j.source.SHA256, Faults: []luoshu.Fault{}}
	entities, faults := intake.OneRoster(j.file, d.cat)
	if j.entity != OneRoster {
		return out, d.entity(ctx, j, &out, p)
	}
	switch {
	case entities == nil:
		out.add(luoshu.Fault{
			File: j.file.Name, Rule: "format", Blocked: true,
			ZH: "这不是 OneRoster 包（zip，内有 manifest.csv）。请选登记表，或交完整的包。",
			EN: "this is no OneRoster package (a zip with a manifest.csv). Choose a register or hand in the whole package.",
		})
	case len(entities) == 0 && len(faults) == 0:
		out.add(luoshu.Fault{
			File: j.file.Name, Rule: "oneroster-file", Blocked: true,
			ZH: "包里没有可读的文件。请导出完整的包（bulk）。", EN: "the package has no file that is read. Export the whole package (bulk).",
		})
	}
	out.add(faults...)
	id := j.id
	for _, e := range entities {
		j.entity = e
		if id != "" {
			j.id = id + "-" + e
		}
		before := out
		if err := d.entity(ctx, j, &out, p); err != nil {
			return out, err
		}
		out.Parts = append(out.Parts, Part{e, ledger.Result{
			Seq: out.Seq, Rows: out.Rows - before.Rows, New: out.New - before.New,
			Changed: out.Changed - before.Changed, Unchanged: out.Unchanged - before.Unchanged, Refused: out.Refused - before.Refused,
		}})
	}
	return out, nil
}

func (r *Report) add(faults ...luoshu.Fault) {
	for _, f := range faults {
		r.FaultCount++
		if len(r.Faults) < MaxFaults {
			r.Faults = append(r.Faults, f)
		}
	}
}

// pass is the reading of one entity of a file while the ledger takes its rows.
type pass struct {
	d       *Desk
	j       *job
	e       *catalog.Entity
	head    intake.Summary
	out     *Report
	mu      sync.Mutex
	waiting map[int][]luoshu.Fault // warnings of rows that the ledger has
	refused int64                  // by intake
	first   int                    // position of this pass's faults in the report
	count   int64                  // faults counted before it
	guard   *correct.Guard         // nil if nothing can be held
	why     map[int64]map[int]correct.Why
	held    []correct.Held
	door    *identity.Door // nil if nobody looks at new rows
	met     []met
}

// entity carries the rows of one entity through in one commit.
func (d *Desk) entity(ctx context.Context, j job, out *Report, p luoshu.Progress) error {
	r, err := intake.Open(ctx, j.file, d.cat, j.entity)
	if err != nil {
		return err
	}
	defer r.Close()
	x := &pass{d: d, j: &j, e: d.cat.Entity(j.entity), head: r.Head(), out: out, waiting: map[int][]luoshu.Fault{}, first: len(out.Faults), count: out.FaultCount}
	if x.head.Blocked() {
		out.add(x.head.Faults...)
		return nil
	}
	var sum intake.Summary
	b := ledger.Batch{
		ID: j.id, Actor: j.actor, Entity: j.entity, Reason: j.reason, Source: j.source, Attested: j.attested,
		DryRun: j.dry, Total: x.head.Guess, Each: x.verdict,
	}
	if slices.Contains(x.head.Columns, false) {
		b.Columns = x.head.Columns
	}
	if j.writer != nil {
		if b.Scope, err = j.writer(ctx, j.actor, j.entity); err != nil {
			return err
		}
	}
	if err := x.watch(ctx, &b); err != nil {
		return err
	}
	x.greet()
	b.Rows = func(yield func(ledger.Row) error) error {
		var err error
		sum, err = r.Rows(ctx, func(row intake.Row) error { return x.row(ctx, row, yield) })
		if err == nil && sum.Blocked() {
			return errBlocked
		}
		return err
	}
	res, err := d.led.Commit(ctx, b, p)
	if errors.Is(err, errBlocked) {
		out.Faults, out.FaultCount = out.Faults[:x.first], x.count
		out.add(sum.Faults...)
		return nil
	}
	if err != nil {
		return err
	}
	out.add(sum.Faults...)
	sortFaults(out.Faults[x.first:])
	out.Rows += max(sum.Rows, res.Rows) // a commit that was made before a restart is answered without reading the file
	out.New += res.New
	out.Changed += res.Changed
	out.Unchanged += res.Unchanged
	out.Refused += res.Refused + x.refused
	if res.Seq != 0 {
		out.Seq = res.Seq
	}
	return errors.Join(x.introduce(ctx), x.raise(ctx))
}

func sortFaults(f []luoshu.Fault) {
	slices.SortStableFunc(f, func(a, b luoshu.Fault) int { return a.Row - b.Row })
}

// row passes a good row to the ledger and reports a bad one.
func (x *pass) row(ctx context.Context, row intake.Row, yield func(ledger.Row) error) error {
	if err := x.look(ctx, &row); err != nil {
		return err
	}
	if len(row.Faults) > 0 {
		x.mu.Lock()
		x.out.add(row.Faults...)
		if row.Refused() {
			x.refused++
			err := x.tell(Verdict{Row: row.N, Verdict: ledger.Refused, After: row.Values, Faults: row.Faults})
			x.mu.Unlock()
			return err
		}
		if x.j.each != nil {
			x.waiting[row.N] = row.Faults
		}
		x.mu.Unlock()
	}
	return yield(ledger.Row{N: row.N, Values: row.Values})
}

// verdict takes the ledger's word on a row.
func (x *pass) verdict(v ledger.Diff) error {
	if len(v.Faults) == 0 && len(v.Held) == 0 && x.j.each == nil {
		return nil
	}
	held, err := x.hold(v)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range v.Faults {
		f := &v.Faults[i]
		f.File, f.Sheet = x.j.file.Name, x.head.Sheet
		if fd := x.e.Field(f.Field); fd != nil && f.Col == 0 {
			f.Col = x.head.Place[fd.Index]
		}
	}
	x.out.add(v.Faults...)
	faults := v.Faults
	if w, ok := x.waiting[v.N]; ok {
		delete(x.waiting, v.N)
		faults = append(slices.Clone(w), faults...)
	}
	return x.tell(Verdict{Row: v.N, Verdict: v.Verdict, Before: v.Before, After: v.After, Faults: faults, Rec: v.Rec, Held: held})
}

func (x *pass) tell(v Verdict) error {
	if x.j.each == nil {
		return nil
	}
	return x.j.each(x.e, v)
}
