package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// conflictNames is how many records a refused undo names.
const conflictNames = 10

// Undo takes a commit back with a new commit: the versions it opened are closed,
// those it closed are opened again as new versions, its attestations and aliases
// are taken back. It is refused when a later commit touched one of these records,
// or when another record still refers to one that would go. Undoing an undo brings
// the first commit back. What was committed in one with it goes with it; the result is
// that of the commit named.
func (l *Ledger) Undo(ctx context.Context, actor luoshu.Actor, seq int64, reason string) (Result, error) {
	seqs, err := l.book.Companions(ctx, seq)
	if err != nil {
		return Result{}, err
	}
	out, err := l.UndoAll(ctx, actor, seqs, reason)
	if err != nil {
		return Result{}, err
	}
	return out[slices.Index(seqs, seq)], nil
}

// UndoAll takes several commits back, the last one first, all or none. Results
// are in the order in which they were taken back.
func (l *Ledger) UndoAll(ctx context.Context, actor luoshu.Actor, seqs []int64, reason string) ([]Result, error) {
	seqs = slices.Sorted(slices.Values(seqs))
	slices.Reverse(seqs)
	var out []Result
	rows := int64(0)
	err := l.db.Tx(ctx, func(tx *store.Tx) error {
		ids, err := l.ids(ctx, tx, make([]string, len(seqs)))
		if err != nil {
			return err
		}
		for i, seq := range seqs {
			r, err := l.undo(ctx, tx, actor, seq, ids[i], reason)
			if err != nil {
				return err
			}
			out = append(out, r)
			rows += r.Rows
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rows > 50_000 {
		_ = l.db.Compact(ctx) // a reader that still needs the log only means it is emptied later
	}
	return out, nil
}

// OnUndo is asked about every commit that is taken back, in the same transaction:
// what a room keeps of it goes too, or the undo is refused. One room can be asked.
func (l *Ledger) OnUndo(f func(ctx context.Context, tx *store.Tx, of CommitInfo) error) {
	l.undoing = f
}

func (l *Ledger) undo(ctx context.Context, tx *store.Tx, actor luoshu.Actor, seq int64, id, reason string) (Result, error) {
	c, err := commitBy(ctx, tx, "seq", seq)
	if err != nil {
		return Result{}, err
	}
	if c == nil {
		return Result{}, luoshu.Errorf(luoshu.NotFound, "没有第 %d 次提交", "there is no commit %d", seq)
	}
	e := l.cat.Entity(c.Entity)
	if e == nil {
		return Result{}, luoshu.Errorf(luoshu.Conflict, "数据类型 %s 已不在业务包中，不能撤销",
			"the entity %s is no longer in any pack, so this cannot be undone", c.Entity)
	}
	if e.Register {
		return Result{}, luoshu.Errorf(luoshu.Denied, "案卷的步骤不能撤销，只能由下一步改变", "a step of a case cannot be undone; only a further step changes it")
	}
	if l.undoing != nil {
		if err := l.undoing(ctx, tx, *c); err != nil {
			return Result{}, err
		}
	}
	u := &undo{ctx: ctx, tx: tx, e: e, of: c, form: l.db.Form(e.Name)}
	return u.run(l, actor, id, reason)
}

type undo struct {
	ctx context.Context
	tx  *store.Tx
	e   *catalog.Entity
	of  *CommitInfo

	form *store.Form
}

func (u *undo) run(l *Ledger, actor luoshu.Actor, id, reason string) (Result, error) {
	if err := u.conflicts(); err != nil {
		return Result{}, err
	}
	seq, prev, err := lastCommit(u.ctx, u.tx)
	if err != nil {
		return Result{}, err
	}
	last, err := lastRid(u.ctx, u.tx, u.e.Name)
	if err != nil {
		return Result{}, err
	}
	c := CommitInfo{
		Seq: seq + 1, prev: prev, ID: id, Actor: actor, Entity: u.e.Name, Reason: reason, UndoOf: u.of.Seq,
		At: l.now().UTC().Format(time.RFC3339), Catalog: l.cat.Version,
	}
	table := store.Table(u.e.Name)
	closed, err := u.close(c.Seq)
	if err != nil {
		return Result{}, err
	}
	cols, err := u.valueColumns()
	if err != nil {
		return Result{}, err
	}
	// A version's number follows from its place among those closed, so that the
	// numbers of a commit have no gaps.
	_, err = u.tx.Exec(u.ctx, `INSERT INTO `+table+` (_rid, _rec, _from, _h, _row, _verified, `+cols+`)
		SELECT ? + row_number() OVER (ORDER BY _rid), _rec, ?, _h, 0, _verified, `+cols+`
		FROM `+table+` WHERE _to = ? ORDER BY _rid`, last, c.Seq, u.of.Seq)
	if err != nil {
		return Result{}, fmt.Errorf("open versions of %s again: %w", u.e.Name, err)
	}
	o := chain.NewVersions()
	reopened := map[int64]bool{}
	err = u.tx.Scan(u.ctx, `SELECT _rid, _rec, _row, _h FROM `+table+` WHERE _rid > ? ORDER BY _rid`, []any{last}, func(r *store.Row) error {
		o.Add(r.Int(0), r.Int(1), r.Int(2), r.Bytes(3))
		reopened[r.Int(1)] = true
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("read versions of %s: %w", u.e.Name, err)
	}
	if o.N > 0 {
		c.RidFrom, c.RidTo = last+1, last+o.N
	}
	for i := range closed {
		if !reopened[closed[i].Rec] {
			c.Rows++
		}
	}
	c.Rows += o.N
	c.New, c.Changed = undoCounts(closed, reopened, o.N)
	if c.Verified, err = beside.Unattest(u.ctx, u.tx, u.e, u.of.Seq, c.Seq); err != nil {
		return Result{}, err
	}
	if err := l.book.Undo(u.ctx, u.tx, u.of.Seq, c.Seq); err != nil {
		return Result{}, err
	}
	if err := dangling(u.ctx, u.tx, l.cat, u.e, c.Seq); err != nil {
		return Result{}, err
	}
	if err := u.lost(l, last); err != nil {
		return Result{}, err
	}
	if err := l.record(u.ctx, u.tx, &c, o, closed); err != nil {
		return Result{}, err
	}
	return c.result(), nil
}

// undoCounts says how many of the reopened records were there (changed back) and
// how many had gone (new again).
func undoCounts(closed []chain.Closed, reopened map[int64]bool, n int64) (fresh, changed int64) {
	for i := range closed {
		if reopened[closed[i].Rec] {
			changed++
		}
	}
	return n - changed, changed
}

// valueColumns lists every column that a version carries over.
func (u *undo) valueColumns() (string, error) {
	fields, err := u.tx.FieldColumns(u.ctx, u.e.Name)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(fields)+3)
	for _, f := range fields {
		names = append(names, f.Name)
	}
	names = append(names, store.SearchColumns(u.e)...)
	if u.form != nil {
		names = append(names, store.Envelope)
	}
	return store.Cols(names), nil
}

// close closes the versions that the commit opened and returns them.
func (u *undo) close(seq int64) ([]chain.Closed, error) {
	if u.of.RidTo == 0 {
		return nil, nil
	}
	var out []chain.Closed
	table := store.Table(u.e.Name)
	err := u.tx.Scan(u.ctx, `SELECT _rid, _rec, _h FROM `+table+` WHERE _rid BETWEEN ? AND ? AND _from = ? ORDER BY _rid`,
		[]any{u.of.RidFrom, u.of.RidTo, u.of.Seq}, func(r *store.Row) error {
			c := chain.Closed{Rid: r.Int(0), Rec: r.Int(1)}
			copy(c.H[:], r.Bytes(2))
			out = append(out, c)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", u.e.Name, err)
	}
	if _, err := u.tx.Exec(u.ctx, `UPDATE `+table+` SET _to = ? WHERE _rid BETWEEN ? AND ? AND _from = ?`,
		seq, u.of.RidFrom, u.of.RidTo, u.of.Seq); err != nil {
		return nil, fmt.Errorf("close versions of %s: %w", u.e.Name, err)
	}
	return out, nil
}

// conflicts refuses an undo that would run over a later commit.
func (u *undo) conflicts() error {
	table := store.Table(u.e.Name)
	var names []string
	collect := func(q string, args ...any) error {
		return u.tx.Scan(u.ctx, q, args, func(r *store.Row) error {
			if n := u.name(r); !slices.Contains(names, n) {
				names = append(names, n)
			}
			return nil
		})
	}
	if u.of.RidTo != 0 {
		err := collect(`SELECT _rec, `+u.keyColumns("")+` FROM `+table+` WHERE _rid BETWEEN ? AND ? AND _from = ? AND _to IS NOT NULL ORDER BY _rid LIMIT ?`,
			u.of.RidFrom, u.of.RidTo, u.of.Seq, int64(conflictNames))
		if err != nil {
			return fmt.Errorf("look for later commits: %w", err)
		}
	}
	if u.of.Closed > 0 {
		// What would come back must not meet a record that has taken its key or
		// its place since.
		on := make([]string, len(u.e.Key))
		for i, k := range u.e.Key {
			on[i] = "c." + store.Col(k) + " = o." + store.Col(k)
		}
		err := collect(`SELECT o._rec, `+u.keyColumns("o.")+` FROM `+table+` o JOIN `+table+` c ON `+strings.Join(on, " AND ")+
			` AND c._to IS NULL AND c._from <> ? WHERE o._to = ? ORDER BY o._rid LIMIT ?`,
			u.of.Seq, u.of.Seq, int64(conflictNames))
		if err != nil {
			return fmt.Errorf("look for later commits: %w", err)
		}
	}
	if len(names) == 0 {
		return nil
	}
	list := strings.Join(names[:min(len(names), conflictNames)], "、")
	return luoshu.Errorf(luoshu.Conflict,
		"以后的提交已改动了这些记录：%s；请先撤销较晚的提交", "later commits changed these records: %s; undo the later commit first", list)
}

func (u *undo) keyColumns(prefix string) string {
	out := make([]string, len(u.e.Key))
	for i, k := range u.e.Key {
		out[i] = prefix + store.Col(k)
	}
	return strings.Join(out, ", ")
}

// name names a record by its number and, unless that would tell of a person,
// its natural key.
func (u *undo) name(r *store.Row) string {
	id := fmt.Sprintf("#%d", r.Int(0))
	var parts []string
	for i, f := range u.e.KeyFields() {
		if f.Class() > catalog.InternalUse || f.Rest != catalog.InClear {
			return id
		}
		parts = append(parts, r.Value(1+i).String())
	}
	return id + " " + strings.Join(parts, "/")
}

// dangling refuses a commit that would leave references to records it closed.
func dangling(ctx context.Context, tx *store.Tx, cat *catalog.Catalog, gone *catalog.Entity, seq int64) error {
	if len(gone.Key) != 1 {
		return nil
	}
	key, table := store.Col(gone.Key[0]), store.Table(gone.Name)
	for _, e := range cat.Entities {
		for _, f := range e.Fields {
			if f.Type != catalog.TypeRef || f.Loose || f.Ref != gone.Name {
				continue
			}
			var names []string
			err := tx.Scan(ctx, `SELECT x._rec FROM `+table+` gone JOIN `+store.Table(e.Name)+` x ON x.`+store.Col(f.Name)+` = gone.`+key+`
				AND x._to IS NULL WHERE gone._to = ? AND NOT EXISTS
				(SELECT 1 FROM `+table+` c WHERE c.`+key+` = gone.`+key+` AND c._to IS NULL) LIMIT ?`,
				[]any{seq, int64(conflictNames)}, func(r *store.Row) error {
					names = append(names, fmt.Sprintf("#%d", r.Int(0)))
					return nil
				})
			if err != nil {
				return fmt.Errorf("look for references: %w", err)
			}
			if len(names) > 0 {
				return luoshu.Errorf(luoshu.Conflict,
					"“%[1]s”的记录 %[2]s 仍指向将被撤销的记录；请先撤销它们的导入",
					"records of “%[3]s” (%[2]s) still refer to records that would go; undo their load first",
					e.Title.ZH, strings.Join(names, "、"), e.Title.EN)
			}
		}
	}
	return nil
}

// lost refuses an undo that would bring back records whose references are gone.
func (u *undo) lost(l *Ledger, last int64) error {
	for _, f := range u.e.Fields {
		target := l.cat.Entity(f.Ref)
		if f.Type != catalog.TypeRef || f.Loose || target == nil || len(target.Key) != 1 {
			continue
		}
		var names []string
		err := u.tx.Scan(u.ctx, `SELECT r._rec, `+u.keyColumns("r.")+` FROM `+store.Table(u.e.Name)+` r
			WHERE r._rid > ? AND r.`+store.Col(f.Name)+` IS NOT NULL AND NOT EXISTS
			(SELECT 1 FROM `+store.Table(target.Name)+` t WHERE t.`+store.Col(target.Key[0])+` = r.`+store.Col(f.Name)+` AND t._to IS NULL)
			ORDER BY r._rid LIMIT ?`, []any{last, int64(conflictNames)}, func(r *store.Row) error {
			names = append(names, u.name(r))
			return nil
		})
		if err != nil {
			return fmt.Errorf("look for references: %w", err)
		}
		if len(names) > 0 {
			return luoshu.Errorf(luoshu.Conflict,
				"将恢复的记录 %[1]s 所指的“%[2]s”已不存在；请先恢复它们",
				"the records that would come back (%[1]s) refer to records of “%[3]s” that are gone; bring those back first",
				strings.Join(names, "、"), target.Title.ZH, target.Title.EN)
		}
	}
	return nil
}
