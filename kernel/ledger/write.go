package ledger

import (
	"errors"
	"fmt"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

const fetchRows = beside.FetchRows

// compare reads the current versions that a decision or a report needs and
// settles which rows changed.
func (w *commit) compare(items []item) error {
	fields := w.partial || w.b.Scope != nil || w.b.Each != nil || w.b.Hold != nil
	var want, same []*item
	for i := range items {
		it := &items[i]
		if it.rid == 0 || it.waits || it.verdict == Refused {
			continue
		}
		if it.verdict == Changed || it.verdict == Removed {
			want = append(want, it)
		} else if w.b.Each != nil {
			same = append(same, it) // only its record's number is told
		}
	}
	if err := w.fetch(same, false); err != nil {
		return err
	}
	if err := w.fetch(want, fields); err != nil {
		return err
	}
	for _, it := range want {
		if it.verdict == Removed && w.b.Scope != nil && !w.b.Scope(it.before) {
			w.refuseScope(it)
		}
		if it.verdict != Changed {
			continue
		}
		if w.partial {
			for i := range it.vals {
				if !w.has(i) {
					it.vals[i] = it.before[i]
				}
			}
			if err := w.prep.complete(it); err != nil {
				return err
			}
		}
		if w.b.Scope != nil && (!w.b.Scope(it.before) || !w.b.Scope(it.vals)) {
			w.refuseScope(it)
			continue
		}
		if it.h != it.oldH && w.b.Hold != nil {
			if err := w.hold(it); err != nil {
				return err
			}
		}
		if it.h == it.oldH {
			it.verdict = Unchanged
		}
	}
	return nil
}

// hold keeps the fields of a changed row that the caller says must not change here.
func (w *commit) hold(it *item) error {
	fields, err := w.b.Hold(it.rec, it.before, it.vals)
	if err != nil || len(fields) == 0 {
		return err
	}
	for _, i := range fields {
		it.held = append(it.held, Held{i, it.vals[i]})
		it.vals[i] = it.before[i]
	}
	return w.prep.complete(it)
}

// fetch reads the current versions of rows by _rid.
func (w *commit) fetch(want []*item, fields bool) error {
	cols := "_rid, _rec, _h, coalesce(_verified, 0)"
	width := len(w.e.Fields)
	if fields {
		cols += ", " + store.Cols(fieldNames(w.e))
		cols += envelope(w.form)
	}
	q := `SELECT ` + cols + ` FROM ` + store.Table(w.e.Name) + ` WHERE _rid IN (` + beside.Holes(fetchRows) + `)`
	for len(want) > 0 {
		part := want[:min(len(want), fetchRows)]
		want = want[len(part):]
		byRid := make(map[int64]*item, len(part))
		for _, it := range part {
			byRid[it.rid] = it
		}
		found := 0
		err := w.tx.Scan(w.ctx, q, beside.Padded(part, func(it *item) int64 { return it.rid }), func(r *store.Row) error {
			it := byRid[r.Int(0)]
			if it == nil {
				return nil
			}
			found++
			it.rec, it.verified = r.Int(1), r.Int(3)
			copy(it.oldH[:], r.Bytes(2))
			if fields {
				it.before = make([]luoshu.Value, width)
				for i := range it.before {
					it.before[i] = r.Value(4 + i)
				}
				if w.form != nil {
					if _, err := w.prep.cells.Open(r.Bytes(4+width), it.oldH[:], it.before); err != nil {
						return cannotOpen(w.e.Name, it.rec, err)
					}
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read versions of %s: %w", w.e.Name, err)
		}
		if found != len(byRid) {
			return fmt.Errorf("read versions of %s: %d of %d found", w.e.Name, found, len(byRid))
		}
	}
	return nil
}

func (w *commit) count(items []item) {
	for i := range items {
		if items[i].waits {
			continue
		}
		w.info.Rows++
		switch items[i].verdict {
		case New:
			w.info.New++
		case Changed:
			w.info.Changed++
		case Unchanged:
			w.info.Unchanged++
		case Refused:
			w.info.Refused++
		case Removed:
			w.removed++
		}
	}
}

// write closes old versions, opens new ones and moves attestations forward.
func (w *commit) write(items []item) error {
	var old, same []int64
	fresh := 0
	for i := range items {
		it := &items[i]
		switch {
		case it.waits || it.verdict == Refused:
		case it.verdict == Unchanged:
			if w.b.Attested != 0 && len(it.held) == 0 {
				same = append(same, it.rid)
			}
		case it.verdict == Removed:
			old = append(old, it.rid)
			w.closed = append(w.closed, chain.Closed{Rid: it.rid, Rec: it.rec, H: it.oldH})
		case it.verdict == Changed:
			old = append(old, it.rid)
			w.closed = append(w.closed, chain.Closed{Rid: it.rid, Rec: it.rec, H: it.oldH})
			fresh++
		default:
			fresh++
		}
	}
	n, err := w.update(`SET _to = ? WHERE _to IS NULL AND `, old, w.info.Seq)
	if err != nil {
		return err
	}
	if n != int64(len(old)) {
		return fmt.Errorf("close versions of %s: %d of %d", w.e.Name, n, len(old))
	}
	if n, err = beside.Attest(w.ctx, w.tx, w.e.Name, same, w.info.Seq, w.b.Attested); err != nil {
		return err
	}
	w.info.Verified += n
	if fresh == 0 {
		return nil
	}
	return w.tx.BulkInsert(w.ctx, store.Table(w.e.Name), w.columns(), func(in *store.Inserter) error {
		for i := range items {
			it := &items[i]
			if it.waits || (it.verdict != New && it.verdict != Changed) {
				continue
			}
			if err := w.insert(in, it); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *commit) insert(in *store.Inserter, it *item) error {
	rid := w.next
	w.next++
	if it.verdict == New {
		it.rec = rid
	}
	in.Int(rid)
	in.Int(it.rec)
	in.Int(w.info.Seq)
	in.Null()
	in.Blob(it.h[:])
	in.Int(int64(it.n))
	switch {
	case w.b.Attested != 0 && len(it.held) == 0: // whoever wants other values has not confirmed these
		in.Int(w.b.Attested)
	case w.b.Carry && it.verdict == Changed && it.verified != 0:
		in.Int(it.verified)
	default:
		in.Null()
	}
	if w.form == nil {
		for i := range it.vals {
			in.Value(it.vals[i])
		}
	} else {
		next := 0
		for i := range it.vals {
			switch w.prep.cells.Rest(i) {
			case catalog.Hidden:
				in.Null()
			case catalog.Token:
				in.Value(luoshu.TextValue(it.tokens[next]))
				next++
			default:
				in.Value(it.vals[i])
			}
		}
	}
	if len(w.search) > 0 {
		in.Value(luoshu.TextValue(it.s))
		in.Value(luoshu.TextValue(it.p))
		in.Value(luoshu.TextValue(it.i))
	}
	if w.form != nil {
		if len(it.x) > 0 {
			in.Blob(it.x)
		} else {
			in.Null()
		}
	}
	w.match.wrote(it, rid)
	w.opened.Add(rid, it.rec, int64(it.n), it.h[:])
	return in.End()
}

// update runs an UPDATE of versions by _rid and says how many it touched.
func (w *commit) update(set string, rids []int64, args ...any) (int64, error) {
	var n int64
	q := `UPDATE ` + store.Table(w.e.Name) + ` ` + set + `_rid IN (` + beside.Holes(fetchRows) + `)`
	for len(rids) > 0 {
		part := rids[:min(len(rids), fetchRows)]
		rids = rids[len(part):]
		res, err := w.tx.Exec(w.ctx, q, append(args[:len(args):len(args)], beside.Padded(part, func(r int64) int64 { return r })...)...)
		if err != nil {
			return n, fmt.Errorf("update versions of %s: %w", w.e.Name, err)
		}
		k, err := res.RowsAffected()
		if err != nil {
			return n, fmt.Errorf("update versions of %s: %w", w.e.Name, err)
		}
		n += k
	}
	return n, nil
}

// report tells the caller what became of each row.
func (w *commit) report(items []item) error {
	if w.b.Each == nil {
		return nil
	}
	for i := range items {
		it := &items[i]
		if it.waits {
			continue
		}
		d := Diff{N: it.n, Verdict: it.verdict, Rec: it.rec, Faults: it.faults, Held: it.held}
		switch it.verdict {
		case New:
			d.After = it.vals
		case Changed:
			d.Before, d.After = it.before, it.vals
		case Removed:
			d.Before = it.before
		case Unchanged:
			if len(it.held) > 0 {
				d.Before, d.After = it.before, it.vals
			}
		case Refused:
			d.Rec = 0
		}
		if err := w.b.Each(d); err != nil {
			return err
		}
	}
	return nil
}

// cannotOpen names the record whose envelope is not what was sealed.
func cannotOpen(entity string, rec int64, err error) error {
	if !errors.Is(err, vault.ErrAltered) {
		return err
	}
	e := luoshu.Errorf(luoshu.Conflict, "%s 的记录 #%d 的加密内容被改动，打不开；请运行 luoshu check 并从备份恢复",
		"the sealed values of record #%[2]d of %[1]s were altered and cannot be opened; run luoshu check and restore from a backup", entity, rec)
	e.Cause = err
	return e
}
