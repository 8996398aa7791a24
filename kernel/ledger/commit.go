package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/ledger/keys"
	"luoshu/kernel/store"
)

// Commit writes a batch: all of it or, on any error, nothing. Rows that are
// refused do not keep the others out. When nothing is new, changed, removed or
// newly attested, nothing is written and Seq is 0. p is told "write" with rows
// and "index" with indexes.
func (l *Ledger) Commit(ctx context.Context, b Batch, p luoshu.Progress) (Result, error) {
	if b.DryRun {
		var w *commit
		kept := l.shelf.Lend()
		err := l.db.ReadTx(ctx, func(tx *store.Tx) (err error) {
			w, err = l.commit(ctx, tx, b, kept, p)
			return err
		})
		l.shelf.GiveBack(kept)
		if err != nil {
			return Result{}, err
		}
		return w.result(), nil
	}
	out, err := l.CommitAll(ctx, []Batch{b}, p)
	if err != nil {
		return Result{}, err
	}
	return out[0], nil
}

// errTried rolls back what was only tried.
var errTried = errors.New("tried")

// CommitAll writes several batches in order, one commit each, all of them or, on
// any error, none. A later batch sees what an earlier one wrote. When the first
// has DryRun set, all are tried and taken back.
func (l *Ledger) CommitAll(ctx context.Context, batches []Batch, p luoshu.Progress) ([]Result, error) {
	out := make([]Result, len(batches))
	if len(batches) == 0 {
		return out, nil
	}
	try, fresh := batches[0].DryRun, int64(0)
	var own []string
	for i := range batches {
		own = append(own, batches[i].ID)
	}
	var kept *keys.Kept
	err := l.db.Tx(ctx, func(tx *store.Tx) error {
		kept = l.shelf.Lend()
		ids, err := l.ids(ctx, tx, own)
		if err != nil {
			return err
		}
		for i, b := range batches {
			b.DryRun, b.ID = false, ids[i]
			w, err := l.commit(ctx, tx, b, kept, p)
			if err != nil {
				return err
			}
			out[i] = w.result()
			fresh += w.info.New + w.info.Changed
		}
		if try {
			return errTried
		}
		return nil
	})
	if err == nil {
		l.shelf.Return(kept)
	} else if kept.Unmoved() {
		l.shelf.GiveBack(kept)
	}
	if err != nil && !errors.Is(err, errTried) {
		return nil, err
	}
	if !try && fresh > 50_000 {
		// The log beside the database is as large as the load; a reader that
		// still needs it only means it is emptied later.
		_ = l.db.Compact(ctx)
	}
	return out, nil
}

// commit runs one batch in a transaction.
func (l *Ledger) commit(ctx context.Context, tx *store.Tx, b Batch, kept *keys.Kept, p luoshu.Progress) (*commit, error) {
	if err := checkAttested(b.Attested); err != nil {
		return nil, err
	}
	pl, err := l.plan(&b, kept)
	if err != nil {
		return nil, err
	}
	if pl.form != nil { // another process may have made a new key
		if err := l.db.Vault().Refresh(); err != nil {
			return nil, err
		}
	}
	w := &commit{plan: pl, prep: pl.preparer(), l: l, b: &b, tx: tx, ctx: ctx, tell: p, kept: kept, opened: chain.NewVersions()}
	return w, w.run()
}

// commit is one running Commit.
type commit struct {
	*plan
	prep *preparer
	l    *Ledger
	b    *Batch
	tx   *store.Tx
	ctx  context.Context
	tell luoshu.Progress
	kept *keys.Kept

	info    CommitInfo
	match   *matcher
	known   []*keys.Refs // by position in plan.refs
	next    int64        // _rid of the next version
	opened  *chain.Versions
	closed  []chain.Closed
	former  map[string]string   // keys that records used to have, to those they have
	formers []map[string]string // the same of what refs[i] refers to
	waiting []item              // rows that refer to a record of this entity not yet seen
	final   bool                // no more rows will come: what still waits is refused
	removed int64
	dropped bool // indexes are dropped until the end
	decided bool // whether to drop them has been decided
}

// result is the commit's counts as Commit answers them.
func (w *commit) result() Result {
	r := w.info.result()
	r.Removed = w.removed
	return r
}

func (w *commit) run() error {
	if !w.b.DryRun && w.b.ID != "" {
		done, err := commitBy(w.ctx, w.tx, "id", w.b.ID)
		if err != nil {
			return err
		}
		if done != nil {
			if done.Entity != w.e.Name || done.Source.SHA256 != w.b.Source.SHA256 {
				return luoshu.Errorf(luoshu.Conflict, "提交编号 %s 已用于另一次提交", "the commit id %s was used for another commit", w.b.ID)
			}
			w.info = *done
			return nil
		}
	}
	if err := w.begin(); err != nil {
		return err
	}
	defer w.match.close()
	if err := w.pipeline(w.ctx, w.b.Rows, w.chunk); err != nil {
		return err
	}
	if err := w.settleWaiting(); err != nil {
		return err
	}
	for _, s := range w.known {
		s.Keep()
	}
	if w.b.DryRun {
		w.info.Seq = 0
		return nil
	}
	if err := w.end(); err != nil {
		return err
	}
	if w.info.Seq != 0 {
		w.kept.Moved(w.info.hash)
	}
	w.match.keep(w.removed > 0 || len(w.b.Aliases)+len(w.b.Unalias) > 0)
	if w.b.Also == nil {
		return nil
	}
	return w.b.Also(w.tx, w.result())
}

// begin opens the header and decides how rows will be looked up.
func (w *commit) begin() error {
	seq, prev, err := lastCommit(w.ctx, w.tx)
	if err != nil {
		return err
	}
	w.info = CommitInfo{
		Seq: seq + 1, prev: prev, ID: w.b.ID, Actor: w.b.Actor, Entity: w.e.Name, Reason: w.b.Reason,
		At: w.l.now().UTC().Format(time.RFC3339), Source: w.b.Source, Catalog: w.l.cat.Version, Attested: w.b.Attested,
	}
	last, err := lastRid(w.ctx, w.tx, w.e.Name)
	if err != nil {
		return err
	}
	w.next = last + 1
	w.kept.AsOf(prev)
	w.match = &matcher{plan: w.plan, tx: w.tx, ctx: w.ctx, kept: w.kept, last: last}
	if !w.b.DryRun && w.kept.Room(w.e.Name, last+w.b.Total) {
		w.match.fresh = keys.NewTable(keys.Hint(w.b.Total))
	}
	if err := w.match.open(w.b.Total); err != nil {
		return err
	}
	if w.former, err = w.aliases(w.e); err != nil {
		return err
	}
	for _, r := range w.refs {
		former, err := w.aliases(r.target)
		if err != nil {
			return err
		}
		w.formers = append(w.formers, former)
		last, err := lastRid(w.ctx, w.tx, r.target.Name)
		if err != nil {
			return err
		}
		s, err := keys.OpenRefs(w.ctx, w.tx, w.kept, r.target, r.self, last, w.b.Total)
		if err != nil {
			return err
		}
		w.known = append(w.known, s)
	}
	return w.consider()
}

func (w *commit) aliases(e *catalog.Entity) (map[string]string, error) {
	if len(e.Key) != 1 || !e.KeyFields()[0].Type.IsText() {
		return nil, nil
	}
	return w.l.book.Of(w.ctx, w.tx, e.Name)
}

func lastCommit(ctx context.Context, tx *store.Tx) (int64, []byte, error) {
	seq, hash, err := head(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	var top int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log`).Scan(&top); err != nil {
		return 0, nil, fmt.Errorf("read last commit: %w", err)
	}
	if hash == nil {
		hash = []byte{}
	}
	return max(seq, top), hash, nil
}

// lastRid is the highest _rid ever given out for an entity.
func lastRid(ctx context.Context, tx *store.Tx, entity string) (int64, error) {
	var a, b int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(_rid), 0) FROM `+store.Table(entity)).Scan(&a); err != nil {
		return 0, fmt.Errorf("read last version: %w", err)
	}
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(rid_to), 0) FROM commit_log WHERE entity = ?`, entity).Scan(&b); err != nil {
		return 0, fmt.Errorf("read last version: %w", err)
	}
	return max(a, b), nil
}

// chunk takes prepared rows through lookup, comparison and writing.
func (w *commit) chunk(c *chunk) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if err := w.grow(); err != nil {
		return err
	}
	items := c.items
	for i := range items {
		if err := w.classify(&items[i]); err != nil {
			return err
		}
	}
	if err := w.compare(items); err != nil {
		return err
	}
	w.count(items)
	if !w.b.DryRun {
		if err := w.consider(); err != nil {
			return err
		}
		if err := w.write(items); err != nil {
			return err
		}
	}
	w.tell.Tell("write", w.info.Rows, max(w.b.Total, w.info.Rows))
	return w.report(items)
}

// grow changes from single lookups to tables in memory once it is clear that
// the batch is large enough to pay for reading the whole table.
func (w *commit) grow() error {
	rows := max(w.info.Rows, w.b.Total)
	if err := w.match.grow(rows); err != nil {
		return err
	}
	for _, s := range w.known {
		if err := s.Grow(rows, w.match.base != nil); err != nil {
			return err
		}
	}
	return nil
}

// consider drops the table's indexes when most of what will be in them is being
// written now: making them at the end is several times as fast.
func (w *commit) consider() error {
	if w.decided || w.b.DryRun || w.match.base == nil {
		return nil
	}
	total := max(w.b.Total, w.info.Rows)
	switch {
	case w.match.last == 0 && total >= 20_000:
	case w.info.Rows < 16_000:
		return nil
	default:
		w.decided = true
		fresh := (w.info.New + w.info.Changed) * total / w.info.Rows
		if fresh < 50_000 || fresh < w.match.last/4 {
			return nil
		}
	}
	w.decided, w.dropped = true, true
	return w.tx.DropIndexes(w.ctx, w.e)
}

// classify decides what a row is as far as memory and single lookups tell.
func (w *commit) classify(it *item) error {
	if len(it.faults) > 0 {
		it.verdict = Refused
		return nil
	}
	if err := w.rename(it); err != nil {
		return err
	}
	if w.b.Scope != nil && !w.partial && !w.b.Scope(it.vals) {
		w.refuseScope(it)
		return nil
	}
	wait := false
	for i, r := range w.refs {
		v := it.vals[r.field]
		if v.K == luoshu.Null || (r.self && v == it.vals[w.key[0]]) {
			continue
		}
		ok, err := w.known[i].Has(w.stored(it, r.field))
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		if r.self && !w.final && len(w.waiting) < maxWaiting {
			wait = true
			continue
		}
		f := w.e.Fields[r.field]
		it.faults = append(it.faults, fault(it.n, f, "ref",
			fmt.Sprintf("“%s”所指的%s不存在；请先导入%[2]s，或改正此处", f.Title.ZH, r.target.Title.ZH),
			fmt.Sprintf("“%s” points at a record of “%s” that does not exist; load that first or correct it here", f.Title.EN, r.target.Title.EN)))
	}
	if len(it.faults) > 0 {
		it.verdict = Refused
		return nil
	}
	if wait {
		it.waits = true
		kept := *it
		kept.waits, kept.vals = false, slices.Clone(it.vals)
		w.waiting = append(w.waiting, kept)
		return nil
	}
	return w.lookUp(it)
}

// rename puts present keys in the place of former ones.
func (w *commit) rename(it *item) error {
	hit := false
	if len(w.former) > 0 && !w.b.Remove {
		if now, ok := w.former[it.vals[w.key[0]].S]; ok {
			it.vals[w.key[0]], hit = luoshu.TextValue(now), true
		}
	}
	for i, r := range w.refs {
		if len(w.formers[i]) == 0 {
			continue
		}
		if now, ok := w.formers[i][it.vals[r.field].S]; ok {
			it.vals[r.field], hit = luoshu.TextValue(now), true
		}
	}
	if hit {
		return w.prep.again(it)
	}
	return nil
}

// maxWaiting bounds the rows kept back for a record that comes later in the file.
const maxWaiting = 100_000

func (w *commit) lookUp(it *item) error {
	first, rid, head, err := w.match.take(it)
	if err != nil {
		return err
	}
	switch {
	case first >= 0:
		it.verdict = Refused
		it.faults = append(it.faults, fault(it.n, w.e.Fields[w.key[0]], "duplicate",
			fmt.Sprintf("与第%d行是同一条记录；请删去其中一行", first),
			fmt.Sprintf("this is the same record as in row %d; delete one of the two", first)))
		return nil
	case w.b.Remove:
		it.rid, it.oldHead, it.verdict = rid, head, Removed
		if rid == 0 {
			it.verdict = Refused
			it.faults = append(it.faults, fault(it.n, w.e.Fields[w.key[0]], "missing", "没有这条记录，不能删除", "there is no such record to remove"))
		}
		return nil
	case rid == 0:
		it.verdict = New
		if w.partial {
			if err := w.completeNew(it); err != nil {
				return err
			}
		}
		if it.verdict == New {
			for i, r := range w.refs {
				if r.self {
					w.known[i].Add(w.stored(it, w.key[0]))
				}
			}
		}
		return nil
	}
	it.rid, it.oldHead, it.verdict = rid, head, Changed
	if !w.partial && keys.HeadOf(it.h[:]) == head {
		it.verdict = Unchanged
	}
	return nil
}

// completeNew checks a new row from a source that lacks columns.
func (w *commit) completeNew(it *item) error {
	for i, f := range w.e.Fields {
		if !w.has(i) && f.Required {
			it.faults = append(it.faults, fault(it.n, f, "required",
				"新记录缺少“"+f.Title.ZH+"”；请补上这一列", "a new record needs “"+f.Title.EN+"”; add the column"))
		}
	}
	if len(it.faults) > 0 {
		it.verdict = Refused
		return nil
	}
	if w.b.Scope != nil && !w.b.Scope(it.vals) {
		w.refuseScope(it)
		return nil
	}
	return w.prep.complete(it)
}

func (w *commit) refuseScope(it *item) {
	it.verdict = Refused
	field := w.e.Fields[w.key[0]]
	if org, _, _ := strings.Cut(w.e.Org, "."); org != "" {
		field = w.e.Field(org)
	}
	it.faults = append(it.faults, fault(it.n, field, "scope",
		"这条记录不属于您的单位，不能写入；请由所属单位提交",
		"this record does not belong to your organisation; let the one it belongs to hand it in"))
}

// settleWaiting takes the rows that referred to later rows of the same file, in
// rounds: each round takes those whose records are there by now.
func (w *commit) settleWaiting() error {
	for len(w.waiting) > 0 {
		rows := w.waiting
		w.waiting = nil
		before := w.info.Rows
		for len(rows) > 0 {
			n := min(len(rows), chunkRows)
			if err := w.chunk(&chunk{items: rows[:n]}); err != nil {
				return err
			}
			rows = rows[n:]
		}
		if w.info.Rows == before {
			w.final = true
		}
	}
	return nil
}

// end closes the commit: indexes, digest, header, head.
func (w *commit) end() error {
	c := &w.info
	if w.dropped {
		err := w.tx.CreateIndexes(w.ctx, w.e, func(done, total int) { w.tell.Tell("index", int64(done), int64(total)) })
		if err != nil {
			return err
		}
	}
	if c.New+c.Changed+c.Verified+w.removed+int64(len(w.b.Aliases)+len(w.b.Unalias)) == 0 {
		c.Seq = 0
		return nil
	}
	if w.removed > 0 {
		if err := dangling(w.ctx, w.tx, w.l.cat, w.e, c.Seq); err != nil {
			return err
		}
	}
	if err := w.l.book.Write(w.ctx, w.tx, w.e, c.Seq, w.b.Aliases, w.b.Unalias); err != nil {
		return err
	}
	if n := c.New + c.Changed; n > 0 {
		c.RidFrom, c.RidTo = w.next-n, w.next-1
	}
	return w.l.record(w.ctx, w.tx, c, w.opened, w.closed)
}

// record writes the header of a commit whose rows are written, and the head.
func (l *Ledger) record(ctx context.Context, tx *store.Tx, c *CommitInfo, o *chain.Versions, closed []chain.Closed) error {
	c.Closed = int64(len(closed))
	extra, err := l.book.Extras(ctx, tx, c.Seq)
	if err != nil {
		return err
	}
	c.digest = chain.Digest(c.Entity, o, chain.DigestClosed(closed), extra)
	if c.ID == "" {
		c.ID = chain.CommitID(c.prev, c.Seq, c.At)
	}
	c.hash = c.chain()
	if c.Source.SHA256 != "" {
		if _, err := tx.Exec(ctx, `INSERT INTO file (sha256, name, size, at) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING`,
			c.Source.SHA256, c.Source.Name, c.Source.Size, c.At); err != nil {
			return fmt.Errorf("record file: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO commit_log (`+commitColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Seq, c.ID, c.At, c.Actor.Name, c.Actor.Role, c.Actor.Org, c.Entity, c.Reason, c.UndoOf,
		c.Source.SHA256, c.Source.Name, c.Source.Size, c.Catalog, c.Attested,
		c.Rows, c.New, c.Changed, c.Unchanged, c.Refused, c.Closed, c.Verified, c.RidFrom, c.RidTo, c.digest, c.prev, c.hash)
	if err != nil {
		return fmt.Errorf("record commit: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO head (one, seq, hash) VALUES (1, ?, ?)
		ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, c.Seq, c.hash); err != nil {
		return fmt.Errorf("record head: %w", err)
	}
	return nil
}

// ids are those of commits that are made in one.
func (l *Ledger) ids(ctx context.Context, tx *store.Tx, own []string) ([]string, error) {
	seq, prev, err := lastCommit(ctx, tx)
	return beside.Together(own, chain.CommitID(prev, seq+1, l.now().UTC().Format(time.RFC3339))), err
}
