package load

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/correct"
	"luoshu/kernel/ledger"
)

// watch lets the commit hold what the actor may not change: fields of another
// source, and those that were corrected by hand.
func (x *pass) watch(ctx context.Context, b *ledger.Batch) error {
	if x.d.correct == nil {
		return nil
	}
	g, err := x.d.correct.Guard(ctx, x.j.actor, x.j.entity, true)
	if err != nil || g == nil {
		return err
	}
	x.guard, x.why = g, map[int64]map[int]correct.Why{}
	b.Hold = func(rec int64, before, after []luoshu.Value) ([]int, error) {
		why, err := g.Judge(ctx, rec, before, after)
		if err != nil || len(why) == 0 {
			return nil, err
		}
		x.why[rec] = why
		fields := make([]int, 0, len(why))
		for i := range why {
			fields = append(fields, i)
		}
		slices.Sort(fields)
		return fields, nil
	}
	return nil
}

// hold keeps what the ledger held of a row, to be asked of the sources once the
// commit is made.
func (x *pass) hold(v ledger.Diff) ([]correct.HeldField, error) {
	if len(v.Held) == 0 {
		return nil, nil
	}
	h := correct.Held{Rec: v.Rec, Row: v.N, Before: slices.Clone(v.Before)}
	for _, f := range v.Held {
		h.Fields = append(h.Fields, correct.HeldField{Field: f.Field, Wanted: f.Wanted, Why: x.why[v.Rec][f.Field]})
	}
	delete(x.why, v.Rec)
	x.out.Held++
	if !x.j.dry || x.j.ask {
		if len(x.held) >= correct.MostHeld {
			return nil, luoshu.Errorf(luoshu.Invalid,
				"这份文件要改动 %d 条以上记录中不属于您单位的数据，多半是交错了文件或单位；没有写入任何内容",
				"the file would change data of other sources in more than %d records: most likely it is the wrong file, or handed in by the wrong office; nothing was written", correct.MostHeld)
		}
		x.held = append(x.held, h)
	}
	return h.Fields, nil
}

// raise asks the sources for what was held.
func (x *pass) raise(ctx context.Context) error {
	if len(x.held) == 0 {
		return nil
	}
	made, err := x.d.correct.Raise(ctx, x.j.actor, x.j.entity, x.j.source, x.j.reason, x.held)
	x.out.Requests += int64(made)
	return err
}
