package disclose

import (
	"context"
	"io"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/intake"
)

// Export writes all records that a query selects as CSV or XLSX, with the notice,
// the seal and the source on it; offset and limit do not count. Only fields that
// the actor sees in clear are written: a masked value, handed in again, would
// take the place of the true one. Only numbers that contain an identity number are
// written masked: they tell rows apart, and no check takes them back. It streams: memory does not grow with the rows.
func (d *Door) Export(ctx context.Context, actor luoshu.Actor, q RecordQuery, format string, w io.Writer, p luoshu.Progress) error {
	g, err := d.open(ctx, actor, "export", q.Entity)
	if err != nil {
		return err
	}
	if format != "csv" && format != "xlsx" {
		return luoshu.Errorf(luoshu.Invalid, "只能导出 csv 或 xlsx", "exports are csv or xlsx")
	}
	s, err := d.choose(ctx, g, q)
	if err != nil {
		return err
	}
	total, _, err := d.count(ctx, s, q.Org)
	if err != nil {
		return err
	}
	open := g.cols[:0:0]
	fields := []*catalog.Field{}
	for _, c := range g.cols {
		if !c.masked || c.held() {
			open = append(open, c)
			fields = append(fields, c.Field)
		}
	}
	g.cols = open
	out, err := intake.NewExport(w, format, d.cat, g.ent.Name, intake.Meta{
		Notice: d.cat.City.Notice, Seal: s.seal.ID, Source: d.base.SourceLine(), By: actor.Name, Fields: fields,
	})
	if err != nil {
		return guard.Fault("begin export", err)
	}
	row := make([]luoshu.Value, len(g.ent.Fields))
	done := int64(0)
	err = d.read(ctx, g, s.tail()+" ORDER BY "+s.order, s.args, func(r *raw) error {
		for i, c := range g.cols {
			row[c.Index] = r.values[i]
			if c.held() && r.values[i].K != luoshu.Null {
				row[c.Index] = luoshu.TextValue(guard.Masked(c.Field, r.values[i]))
			}
		}
		if done++; done%1000 == 0 {
			p.Tell("export", done, max(total, done))
		}
		return out.Write(row)
	})
	if err != nil {
		return err
	}
	p.Tell("export", done, done)
	return guard.Fault("end export", out.Close())
}
