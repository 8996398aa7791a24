// Package identity keeps one person one identity: it lets engine/linkage look for
// likely duplicates among the records of an entity, keeps the queue of pairs that a
// person decides on, and merges and un-merges records through the ledger. What
// tells persons apart is said by packs (kernel/charter).
package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/engine/linkage"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Identity finds and decides. It is safe for concurrent use.
type Identity struct {
	db  *store.DB
	cat *catalog.Catalog
	ch  *charter.Charter
	led *ledger.Ledger
	rec *records.Reader
	acc *access.Access
	now func() time.Time

	mu     sync.Mutex // one merge or un-merge at a time: what was read is what is written
	merged func(ctx context.Context, entity string, recs ...int64)

	moves  sync.Mutex
	looked int64 // up to which commit the organisations of pairs are what they are now
}

// OnMerge is told of the two records of every merge and of every one taken back,
// once the ledger has it: what stands on them elsewhere goes along. Whoever is told
// must be able to catch up later, since a crash may come between.
func (d *Identity) OnMerge(f func(ctx context.Context, entity string, recs ...int64)) { d.merged = f }

// New returns the room over an opened city.
func New(db *store.DB, cat *catalog.Catalog, ch *charter.Charter, led *ledger.Ledger, rec *records.Reader, acc *access.Access, now func() time.Time) *Identity {
	return &Identity{db: db, cat: cat, ch: ch, led: led, rec: rec, acc: acc, now: now}
}

// Entities lists the entities that packs say how to tell apart.
func (d *Identity) Entities() []*charter.Identity { return d.ch.Identities() }

func (d *Identity) setting(entity string) (*charter.Identity, error) {
	i := d.ch.Identity(entity)
	if i == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有为“%s”设置查重", "no pack says how to tell records of %q apart", entity)
	}
	return i, nil
}

// Evidence is what one field said about a pair; it holds no value.
type Evidence struct {
	Field  string  `json:"field"`
	Level  string  `json:"level"`
	Weight float64 `json:"weight"` // bits for (positive) or against one person
}

// Report is what a run found.
type Report struct {
	Entity   string   `json:"entity"`
	Records  int64    `json:"records"`
	Compared int64    `json:"pairs_compared"`
	Matches  int64    `json:"matches"`
	Possible int64    `json:"possible"`
	New      int64    `json:"new"`   // pairs that were not in the queue
	Known    int64    `json:"known"` // pairs in the queue or decided before
	Flagged  int64    `json:"flagged_clusters"`
	Warnings []string `json:"warnings"`
	Seconds  float64  `json:"seconds"`
}

// MayFind says why the actor may not look for duplicates in the whole register, nil
// if they may.
func (d *Identity) MayFind(ctx context.Context, actor luoshu.Actor) error {
	if err := d.acc.Require(actor, "duplicates"); err != nil {
		return err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return err
	}
	if !scope.Whole {
		return luoshu.Errorf(luoshu.Denied, "全库查重由全市范围的角色发起", "a run over the whole register is begun by a role of the whole city")
	}
	return nil
}

// Find looks for likely duplicates among all current records of an entity and puts
// pairs that nobody has seen into the queue. Pairs that were decided are not raised
// again. Right: duplicates, for the whole city. It may be cancelled, and run again.
func (d *Identity) Find(ctx context.Context, actor luoshu.Actor, entity string, p luoshu.Progress) (Report, error) {
	out := Report{Entity: entity, Warnings: []string{}}
	i, err := d.setting(entity)
	if err != nil {
		return out, err
	}
	if err := d.MayFind(ctx, actor); err != nil {
		return out, err
	}
	began := d.now()
	t, recs, orgs, err := d.table(ctx, i, p)
	if err != nil {
		return out, err
	}
	out.Records = int64(len(recs))
	res, err := linkage.Run(ctx, t, i.Linked, nil, nil, p)
	if err != nil {
		return out, err
	}
	out.Compared = res.Compared
	for _, w := range res.Warnings {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s %s: %d", w.Kind, w.Where, w.N))
	}
	for _, c := range res.Clusters {
		if c.Flagged {
			out.Flagged++
		}
	}
	defer d.lookAgain() // who moved meanwhile was read where they were
	if err := d.queue(ctx, i, t, res, recs, orgs, &out); err != nil {
		return out, err
	}
	out.Seconds = d.now().Sub(began).Seconds()
	return out, nil
}

// table fills the comparison with the records as they stand. recs and orgs are by row.
func (d *Identity) table(ctx context.Context, i *charter.Identity, p luoshu.Progress) (*linkage.Table, []int64, []string, error) {
	related := map[int]map[string]string{} // feed → key of the person → values, one a line
	for n, f := range i.Feeds {
		if f.Entity == "" {
			continue
		}
		m := map[string]string{}
		e := d.cat.Entity(f.Entity)
		ref, val := e.Field(f.Ref).Index, e.Field(f.Field)
		err := d.rec.Each(ctx, records.Query{Entity: f.Entity, Fields: []string{f.Ref, f.Field}}, func(v *records.Version) error {
			s := text(val, v.Values[val.Index])
			if s == "" {
				return nil
			}
			k := v.Values[ref].S
			if old, ok := m[k]; ok {
				s = old + "\n" + s
			}
			m[k] = s
			return nil
		})
		if err != nil {
			return nil, nil, nil, err
		}
		related[n] = m
	}
	t := linkage.NewTable(i.Linked.Fields)
	e := i.Entity
	key := e.KeyFields()[0]
	org := e.Field(e.Org) // nil when the path takes a hop: then the pair has no organisation
	fields := []string{key.Name}
	for _, f := range i.Feeds {
		if f.Entity == "" {
			fields = append(fields, f.Field)
		}
	}
	if org != nil {
		fields = append(fields, org.Name)
	}
	var recs []int64
	var orgs []string
	names := map[string]string{}
	row := make([]string, len(i.Feeds))
	err := d.rec.Each(ctx, records.Query{Entity: e.Name, Fields: fields}, func(v *records.Version) error {
		for n, f := range i.Feeds {
			if f.Entity == "" {
				row[n] = text(e.Field(f.Field), v.Values[e.Field(f.Field).Index])
			} else {
				row[n] = related[n][v.Values[key.Index].S]
			}
		}
		if _, err := t.Add(row); err != nil {
			return err
		}
		recs = append(recs, v.Rec)
		o := ""
		if org != nil {
			o = v.Values[org.Index].S
			if s, ok := names[o]; ok {
				o = s
			} else {
				names[o] = o
			}
		}
		orgs = append(orgs, o)
		if len(recs)%50_000 == 0 {
			p.Tell("read", int64(len(recs)), 0)
		}
		return ctx.Err()
	})
	return t, recs, orgs, err
}

// text is a value as the engine reads it: dates as yyyymmdd, decimals with a point.
func text(f *catalog.Field, v luoshu.Value) string {
	if f.Type == catalog.TypeDecimal && v.K == luoshu.IsInt {
		return luoshu.FormatDecimal(v.I, f.Scale)
	}
	return v.String()
}

// queue stores the pairs that are not known yet.
func (d *Identity) queue(ctx context.Context, i *charter.Identity, t *linkage.Table, res *linkage.Result, recs []int64, orgs []string, out *Report) error {
	now := d.now().Unix()
	pairs := res.Pairs
	for len(pairs) > 0 {
		part := pairs[:min(len(pairs), 500)]
		pairs = pairs[len(part):]
		err := d.db.Tx(ctx, func(tx *store.Tx) error {
			for _, p := range part {
				if p.Verdict == linkage.Match {
					out.Matches++
				} else {
					out.Possible++
				}
				a, b := recs[p.A], recs[p.B]
				oa, ob := orgs[p.A], orgs[p.B]
				if a > b {
					a, b, oa, ob = b, a, ob, oa
				}
				seen, _ := res.Model.Trace(t, p)
				trace := make([]Evidence, 0, len(seen))
				for _, x := range seen {
					trace = append(trace, Evidence{x.Field, x.Level, x.Weight})
				}
				n, err := insert(ctx, tx, row{
					entity: i.Entity.Name, a: a, b: b, orgA: oa, orgB: ob, weight: p.Weight, probability: p.Probability,
					verdict: string(p.Verdict), caution: p.Caution, trace: trace, found: now,
				})
				if err != nil {
					return err
				}
				out.New += n
				out.Known += 1 - n
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("queue pairs: %w", err)
		}
	}
	return nil
}

type row struct {
	entity              string
	a, b                int64
	orgA, orgB          string
	weight, probability float64
	verdict, caution    string
	trace               []Evidence
	found               int64
}

// insert answers 1 for a pair that is new; an open one keeps its newest evidence.
func insert(ctx context.Context, tx *store.Tx, r row) (int64, error) {
	b, err := json.Marshal(r.trace)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM duplicate WHERE entity = ? AND rec_a = ? AND rec_b = ?`, r.entity, r.a, r.b).Scan(&n); err != nil {
		return 0, err
	}
	if n > 0 {
		_, err := tx.Exec(ctx, `UPDATE duplicate SET weight = ?, probability = ?, verdict = ?, caution = ?, trace = ?, org_a = ?, org_b = ?
			WHERE entity = ? AND rec_a = ? AND rec_b = ? AND state IN ('open', 'unsure')`,
			r.weight, r.probability, r.verdict, r.caution, string(b), r.orgA, r.orgB, r.entity, r.a, r.b)
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO duplicate (id, entity, rec_a, rec_b, org_a, org_b, weight, probability, verdict, caution, trace, found,
		state, revision, by_whom, at, note, survivor, seqs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 0, '', 0, '', 0, '')`,
		fmt.Sprintf("%s-%d-%d", r.entity, r.a, r.b), r.entity, r.a, r.b, r.orgA, r.orgB, r.weight, r.probability, r.verdict, r.caution, string(b), r.found)
	return 1, err
}

// Pair is one likely duplicate as it stands in the queue.
type Pair struct {
	ID          string     `json:"id"`
	Entity      string     `json:"entity"`
	A           int64      `json:"a"`
	B           int64      `json:"b"`
	OrgA        string     `json:"org_a"`
	OrgB        string     `json:"org_b"`
	Weight      float64    `json:"weight"`
	Probability float64    `json:"probability"`
	Verdict     string     `json:"verdict"`
	Caution     string     `json:"caution,omitempty"`
	Trace       []Evidence `json:"trace"`
	Found       string     `json:"found"`
	State       string     `json:"state"`
	Revision    int64      `json:"revision"`
	By          string     `json:"by,omitempty"`
	At          string     `json:"at,omitempty"`
	Note        string     `json:"note,omitempty"`
	Survivor    int64      `json:"survivor,omitempty"`
	Seqs        []int64    `json:"seqs,omitempty"`
}

const pairColumns = `id, entity, rec_a, rec_b, org_a, org_b, weight, probability, verdict, caution, trace, found, state, revision, by_whom, at, note, survivor, seqs`

func scanPair(scan func(...any) error) (*Pair, error) {
	var p Pair
	var trace, seqs string
	var found, at int64
	err := scan(&p.ID, &p.Entity, &p.A, &p.B, &p.OrgA, &p.OrgB, &p.Weight, &p.Probability, &p.Verdict, &p.Caution, &trace, &found,
		&p.State, &p.Revision, &p.By, &at, &p.Note, &p.Survivor, &seqs)
	if err != nil {
		return nil, err
	}
	p.Found = time.Unix(found, 0).UTC().Format(time.RFC3339)
	if at != 0 {
		p.At = time.Unix(at, 0).UTC().Format(time.RFC3339)
	}
	for _, s := range strings.Split(seqs, ",") {
		var n int64
		if _, err := fmt.Sscan(s, &n); err == nil {
			p.Seqs = append(p.Seqs, n)
		}
	}
	return &p, json.Unmarshal([]byte(trace), &p.Trace)
}

// where is the condition that at least one side of a pair lies within the scope.
func (d *Identity) where(ctx context.Context, actor luoshu.Actor) (string, []any, error) {
	if err := d.acc.Require(actor, "duplicates"); err != nil {
		return "", nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return "", nil, err
	}
	if err := d.follow(ctx); err != nil {
		return "", nil, err
	}
	if scope.Whole {
		return "1=1", nil, nil
	}
	codes := scope.Codes()
	if len(codes) == 0 {
		return "1=0", nil, nil
	}
	marks := strings.Repeat("?,", len(codes)-1) + "?"
	args := make([]any, 0, 2*len(codes))
	for range 2 {
		for _, c := range codes {
			args = append(args, c)
		}
	}
	return "(org_a IN (" + marks + ") OR org_b IN (" + marks + "))", args, nil
}

// List lists pairs of which one side lies within the actor's scope, the likeliest
// first; state "" is what waits (open and unsure). Right: duplicates.
func (d *Identity) List(ctx context.Context, actor luoshu.Actor, entity, state string, offset, limit int) ([]*Pair, int64, error) {
	cond, args, err := d.where(ctx, actor)
	if err != nil {
		return nil, 0, err
	}
	if entity != "" {
		cond, args = cond+" AND entity = ?", append(args, entity)
	}
	switch {
	case state == "":
		cond += " AND state IN ('open', 'unsure')"
	case slices.Contains([]string{"open", "unsure", "different", "merged", "gone"}, state):
		cond, args = cond+" AND state = ?", append(args, state)
	default:
		return nil, 0, luoshu.Errorf(luoshu.Invalid, "没有这种状态", "no such state")
	}
	var total int64
	if err := d.db.QueryRow(ctx, `SELECT count(*) FROM duplicate WHERE `+cond, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count pairs: %w", err)
	}
	rows, err := d.db.Query(ctx, `SELECT `+pairColumns+` FROM duplicate WHERE `+cond+` ORDER BY probability DESC, id LIMIT ? OFFSET ?`,
		append(args, int64(limit), int64(offset))...)
	if err != nil {
		return nil, 0, fmt.Errorf("list pairs: %w", err)
	}
	defer rows.Close()
	out := []*Pair{}
	for rows.Next() {
		p, err := scanPair(rows.Scan)
		if err != nil {
			return nil, 0, fmt.Errorf("list pairs: %w", err)
		}
		out = append(out, p)
	}
	return out, total, rows.Err()
}

// Get returns one pair within the actor's scope; NotFound otherwise.
func (d *Identity) Get(ctx context.Context, actor luoshu.Actor, id string) (*Pair, error) {
	cond, args, err := d.where(ctx, actor)
	if err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, `SELECT `+pairColumns+` FROM duplicate WHERE id = ? AND `+cond, append([]any{id}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read pair: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		return scanPair(rows.Scan)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read pair: %w", err)
	}
	return nil, luoshu.Errorf(luoshu.NotFound, "没有这一对记录", "no such pair")
}
