package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
)

// Decision is what a person says of a pair.
type Decision struct {
	Kind     string // same, different, unsure
	Survivor int64  // of same: the record that is kept
	Note     string
	Revision int64 // of the pair as it was seen: two who decide at once, one wins
}

// Decide takes a decision. Saying that two records are two persons, or that one is
// unsure, needs one of them within scope; merging needs both. Right: duplicates.
func (d *Identity) Decide(ctx context.Context, actor luoshu.Actor, id string, q Decision) (*Pair, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.Get(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if p.State != "open" && p.State != "unsure" || p.Revision != q.Revision {
		return nil, errDecided()
	}
	switch done, err := d.written(ctx, p); {
	case err != nil:
		return nil, err
	case done:
		return nil, errDecided()
	}
	switch q.Kind {
	case "different", "unsure":
		if q.Kind == "unsure" && strings.TrimSpace(q.Note) == "" {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "请写明存疑之处", EN: "say what is unclear"}}
		}
		return d.settled(ctx, actor, p, q.Kind, q.Note)
	case "same":
		return d.merge(ctx, actor, p, q)
	}
	return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "decision", Msg: luoshu.Text{ZH: "应为 same、different 或 unsure", EN: "same, different or unsure"}}
}

// errDecided answers whoever comes second.
func errDecided() error {
	return luoshu.Errorf(luoshu.Conflict, "这一对已有人处理，请刷新后再看", "somebody has decided this pair meanwhile; reload it")
}

// settle writes the state of a pair, if nobody was faster.
func (d *Identity) settle(ctx context.Context, by string, p *Pair, state, note string, survivor int64, seqs []int64) error {
	var list []string
	for _, s := range seqs {
		list = append(list, fmt.Sprint(s))
	}
	res, err := d.db.Exec(ctx, `UPDATE duplicate SET state = ?, revision = revision + 1, by_whom = ?, at = ?, note = ?, survivor = ?, seqs = ? WHERE id = ? AND revision = ?`,
		state, by, d.now().Unix(), note, survivor, strings.Join(list, ","), p.ID, p.Revision)
	if err != nil {
		return fmt.Errorf("settle pair: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errDecided())
	}
	return nil
}

// settled is settle for what moves no record, and the pair as it is then.
func (d *Identity) settled(ctx context.Context, actor luoshu.Actor, p *Pair, state, note string) (*Pair, error) {
	if err := d.settle(ctx, actor.Name, p, state, note, 0, nil); err != nil {
		return nil, err
	}
	return d.Get(ctx, actor, p.ID)
}

// mergePrefix begins the ids of the commits of a pair's merges.
func mergePrefix(p *Pair) string { return "merge-" + p.ID + "-" }

// written marks a pair as merged whose merge is in the ledger, because the process
// ended before it could be marked.
func (d *Identity) written(ctx context.Context, p *Pair) (bool, error) {
	rows, err := d.db.Query(ctx, `SELECT c.seq, c.actor FROM commit_log c WHERE c.id >= ? AND c.id < ? AND NOT EXISTS
		(SELECT 1 FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0) ORDER BY c.seq`, mergePrefix(p), mergePrefix(p)+"~")
	if err != nil {
		return false, fmt.Errorf("find the commits of a merge: %w", err)
	}
	defer rows.Close()
	var seqs []int64
	var by string
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq, &by); err != nil {
			return false, fmt.Errorf("find the commits of a merge: %w", err)
		}
		seqs = append(seqs, seq)
	}
	if err := rows.Err(); err != nil || len(seqs) == 0 {
		return false, err
	}
	survivor := p.A
	if v, err := d.rec.Get(ctx, p.Entity, p.A); err != nil {
		return false, err
	} else if v == nil {
		survivor = p.B
	}
	return true, d.settle(ctx, by, p, "merged", p.Note, survivor, seqs)
}

// merge moves every reference to the survivor, fills its empty fields, removes the
// other record and keeps its key as an alias: one transaction of the ledger.
func (d *Identity) merge(ctx context.Context, actor luoshu.Actor, p *Pair, q Decision) (*Pair, error) {
	if q.Survivor != p.A && q.Survivor != p.B {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "survivor", Msg: luoshu.Text{ZH: "请选定保留哪一条", EN: "choose the record that is kept"}}
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	keep, err := d.rec.Get(ctx, p.Entity, q.Survivor)
	if err != nil {
		return nil, err
	}
	lose, err := d.rec.Get(ctx, p.Entity, p.A+p.B-q.Survivor)
	if err != nil {
		return nil, err
	}
	if keep == nil || lose == nil {
		err := d.settle(ctx, actor.Name, p, "gone", "", 0, nil)
		if err == nil {
			err = luoshu.Errorf(luoshu.Conflict, "其中一条记录已不在，无需合并", "one of the two records is gone; there is nothing to merge")
		}
		return nil, err
	}
	e := d.cat.Entity(p.Entity)
	for _, v := range []*records.Version{keep, lose} {
		org, err := d.acc.Holder(ctx, e, v.Values)
		if err != nil {
			return nil, err
		}
		if !scope.Has(org) {
			return nil, luoshu.Errorf(luoshu.Denied, "两条记录分属不同单位，请由共同的上级合并", "the records belong to different organisations; the body above both merges them")
		}
	}
	batches, err := d.batches(ctx, actor, e, keep, lose, fmt.Sprintf("merge %s: %s", p.ID, q.Note))
	if err != nil {
		return nil, err
	}
	for i := range batches {
		batches[i].ID = fmt.Sprintf("%s%d-%d", mergePrefix(p), p.Revision, i)
	}
	res, err := d.led.CommitAll(ctx, batches, nil)
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for _, r := range res {
		if r.Seq != 0 {
			seqs = append(seqs, r.Seq)
		}
	}
	d.tell(ctx, p)
	if err := d.settle(ctx, actor.Name, p, "merged", q.Note, q.Survivor, seqs); err != nil {
		return nil, err
	}
	return d.Get(ctx, actor, p.ID)
}

// tell says that the records of a pair were merged, or are two again.
func (d *Identity) tell(ctx context.Context, p *Pair) {
	if d.merged != nil {
		d.merged(context.WithoutCancel(ctx), p.Entity, p.A, p.B)
	}
}

// whole ends a merge of which a row is refused, so that none of it is written.
func whole(x ledger.Diff) error {
	if x.Verdict != ledger.Refused {
		return nil
	}
	return luoshu.Errorf(luoshu.Conflict, "有记录不符合规则，不能合并；请先更正", "records do not pass the rules, so they cannot be merged; correct them first")
}

func (d *Identity) batches(ctx context.Context, actor luoshu.Actor, e *catalog.Entity, keep, lose *records.Version, reason string) ([]ledger.Batch, error) {
	key := e.KeyFields()[0]
	from, to := lose.Values[key.Index], keep.Values[key.Index]
	var out []ledger.Batch
	add := func(b ledger.Batch, rows [][]luoshu.Value) {
		if len(rows) == 0 {
			return
		}
		b.Actor, b.Reason, b.Total, b.Each = actor, reason, int64(len(rows)), whole
		b.Rows = func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				if err := yield(ledger.Row{N: i + 1, Values: r}); err != nil {
					return err
				}
			}
			return nil
		}
		out = append(out, b)
	}
	for _, other := range d.cat.Entities {
		put, drop, err := d.moved(ctx, other, e, from, to)
		if err != nil {
			return nil, err
		}
		add(ledger.Batch{Entity: other.Name}, put)
		add(ledger.Batch{Entity: other.Name, Remove: true}, drop)
	}
	filled, change := slices.Clone(keep.Values), false
	for i, v := range lose.Values {
		if filled[i].K == luoshu.Null && v.K != luoshu.Null {
			filled[i], change = v, true
		}
	}
	if change {
		add(ledger.Batch{Entity: e.Name}, [][]luoshu.Value{filled})
	}
	add(ledger.Batch{Entity: e.Name, Remove: true, Aliases: []ledger.Alias{{Old: from.S, New: to.S}}}, [][]luoshu.Value{lose.Values})
	return out, nil
}

// moved lists the rows of an entity that refer to the losing record, as they are to
// be, and those to drop because their key changes. Where the survivor has a row of
// that key already, its own stays and the other is dropped.
func (d *Identity) moved(ctx context.Context, other, e *catalog.Entity, from, to luoshu.Value) (put, drop [][]luoshu.Value, err error) {
	for _, f := range other.Fields {
		if f.Type != catalog.TypeRef || f.Ref != e.Name || f.Loose {
			continue
		}
		inKey := slices.Contains(other.Key, f.Name)
		taken := map[string]bool{}
		if inKey {
			where, args := d.rec.Is(other, f.Name, to.S)
			err := d.rec.Each(ctx, records.Query{Entity: other.Name, Where: where, Args: args}, func(v *records.Version) error {
				taken[keyOf(other, v.Values)] = true
				return nil
			})
			if err != nil {
				return nil, nil, err
			}
		}
		where, args := d.rec.Is(other, f.Name, from.S)
		err := d.rec.Each(ctx, records.Query{Entity: other.Name, Where: where, Args: args}, func(v *records.Version) error {
			now := slices.Clone(v.Values)
			now[f.Index] = to
			if inKey {
				drop = append(drop, v.Values)
				if taken[keyOf(other, now)] {
					return nil
				}
			}
			put = append(put, now)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return put, drop, nil
}

func keyOf(e *catalog.Entity, vals []luoshu.Value) string {
	var b strings.Builder
	for _, k := range e.KeyFields() {
		b.WriteString(vals[k.Index].String() + "\x00")
	}
	return b.String()
}

// Unmerge takes a merge back: both records and the references that it moved are as
// they were. It is refused, naming what stands in the way, where later commits
// changed them; nothing is overwritten. Right: duplicates, both within scope.
func (d *Identity) Unmerge(ctx context.Context, actor luoshu.Actor, id, reason string) (*Pair, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.Get(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if p.State != "merged" {
		return nil, luoshu.Errorf(luoshu.Conflict, "这一对没有合并", "this pair is not merged")
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if !scope.Has(p.OrgA) || !scope.Has(p.OrgB) {
		return nil, luoshu.Errorf(luoshu.Denied, "两条记录分属不同单位，请由共同的上级办理", "the records belong to different organisations; the body above both does this")
	}
	if strings.TrimSpace(reason) == "" {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "请写明拆分原因", EN: "say why they are two persons after all"}}
	}
	back, err := d.apart(ctx, p)
	if err != nil {
		return nil, err
	}
	if !back {
		if _, err := d.led.UndoAll(ctx, actor, p.Seqs, "unmerge "+p.ID+": "+reason); err != nil {
			return nil, err
		}
	}
	d.tell(ctx, p)
	return d.settled(ctx, actor, p, "different", reason)
}

// apart reports whether a merge has been taken back in the ledger already, because
// the process ended before the pair could be marked.
func (d *Identity) apart(ctx context.Context, p *Pair) (bool, error) {
	for _, rec := range []int64{p.A, p.B} {
		if v, err := d.rec.Get(ctx, p.Entity, rec); err != nil || v == nil {
			return false, err
		}
	}
	for _, seq := range p.Seqs {
		if c, err := d.led.CommitAt(ctx, seq); err != nil || c.UndoneBy == 0 {
			return false, err
		}
	}
	return true, nil
}
