package ledger

import (
	"context"
	"fmt"

	"luoshu"
	"luoshu/kernel/store"
)

// Version is one state of a record with the commit that opened it. To is the
// commit that closed it, 0 if it is current. Row is the row of the commit's
// source file, 0 if an undo brought the version back.
type Version struct {
	Rid, From, To int64
	Row, Verified int64
	Values        []luoshu.Value
	Commit        CommitInfo
}

// History returns every version of a record, oldest first; none if there is no
// such record. What of it may be shown is for disclose to say.
func (l *Ledger) History(ctx context.Context, entity string, rec int64) ([]Version, error) {
	e := l.cat.Entity(entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的数据类型", "there is no entity %s", entity)
	}
	var out []Version
	// Only versions after the first are indexed by _rec; the first is its own.
	names, form := fieldNames(e), l.db.Form(entity)
	cells := form.Cells(names)
	cols := `SELECT _rid, _from, coalesce(_to, 0), _row, coalesce(_verified, 0), ` + store.Cols(names)
	if form != nil {
		cols += `, _h` + envelope(form)
	}
	cols += ` FROM ` + store.Table(entity)
	err := l.db.Scan(ctx, cols+` WHERE _rid = ? AND _rec = _rid UNION ALL `+cols+` WHERE _rec = ? AND _rec <> _rid ORDER BY 1`,
		[]any{rec, rec}, func(r *store.Row) error {
			v := Version{
				Rid: r.Int(0), From: r.Int(1), To: r.Int(2), Row: r.Int(3), Verified: r.Int(4),
				Values: make([]luoshu.Value, len(e.Fields)),
			}
			for i := range v.Values {
				v.Values[i] = r.Value(5 + i)
			}
			if form != nil {
				if _, err := cells.Open(r.Bytes(6+len(names)), r.Bytes(5+len(names)), v.Values); err != nil {
					return cannotOpen(entity, rec, err)
				}
			}
			out = append(out, v)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	for i := range out {
		if out[i].Commit, err = l.CommitAt(ctx, out[i].From); err != nil {
			return nil, err
		}
	}
	return out, nil
}
