package disclose

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// countMost bounds what counting a filtered list may cost.
const countMost = 100_000

// Records returns one page of an entity's records within the actor's scope.
func (d *Door) Records(ctx context.Context, actor luoshu.Actor, q RecordQuery) (*Page, error) {
	g, err := d.open(ctx, actor, "read", q.Entity)
	if err != nil {
		return nil, err
	}
	offset, limit, err := clampPage(q.Offset, q.Limit)
	if err != nil {
		return nil, err
	}
	s, err := d.choose(ctx, g, q)
	if err != nil {
		return nil, err
	}
	p := &Page{Entity: g.ent.Name, Title: g.ent.Title, Seal: s.seal.ID, Columns: d.columns(g, false), Exact: s.exact}
	if p.Rows, err = d.list(ctx, s, s.tail()+" ORDER BY "+s.order+" LIMIT ? OFFSET ?", append(s.args[:len(s.args):len(s.args)], limit, offset)); err != nil {
		return nil, err
	}
	switch {
	case len(p.Rows) < limit && (offset == 0 || len(p.Rows) > 0):
		p.Total = int64(offset + len(p.Rows))
	default:
		if p.Total, p.Capped, err = d.count(ctx, s, q.Org); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// count returns how many rows a selection has. A whole scope at present is taken
// from the tallies if they are up to date; everything else is counted up to countMost.
func (d *Door) count(ctx context.Context, s *selection, org string) (int64, bool, error) {
	if s.plain && s.seq == 0 && !s.g.ent.Below {
		scope, err := s.g.scope.Under(org)
		if err != nil {
			return 0, false, err
		}
		if t, fresh := d.base.TallyOf(ctx, s.g.ent, scope); fresh {
			return t.Rows, false, nil
		}
	}
	n, capped, err := d.countTail(ctx, "SELECT 1"+s.tail(), s.args)
	return n, capped || (s.searched && n >= searchMost), err
}

func (d *Door) countTail(ctx context.Context, q string, args []any) (int64, bool, error) {
	var n int64
	err := d.db.QueryRow(ctx, "SELECT count(*) FROM ("+q+" LIMIT "+strconv.Itoa(countMost)+") c_", args...).Scan(&n)
	return n, n == countMost, guard.Fault("count records", err)
}

// raw is a row as it lies in the table, before anything is decided about it.
type raw struct {
	rec, rid int64
	from     int64
	verified int64
	row      int64
	values   []luoshu.Value // by position in grant.cols
}

// selectCols are the system columns and the grant's fields under an alias; a
// field that may not leave is not even read. sealed adds what is needed to open
// those that do not lie in clear.
func selectCols(g *grant, alias string, sealed bool) string {
	var b strings.Builder
	for i, c := range []string{"_rec", "_rid", "_from", "_verified", "_row"} {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(alias + "." + c)
	}
	for _, c := range g.cols {
		b.WriteString(", " + alias + "." + store.Col(c.Name))
	}
	if sealed {
		b.WriteString(", " + alias + "._h, " + alias + "." + store.Envelope)
	}
	return b.String()
}

// cells opens the grant's fields, which the reader may see in clear or masked.
func (d *Door) cells(g *grant) *store.Cells {
	names := make([]string, len(g.cols))
	for i, c := range g.cols {
		names[i] = c.Name
	}
	return d.db.Form(g.ent.Name).Cells(names)
}

// read runs SELECT <columns> <tail> and calls each for every row.
func (d *Door) read(ctx context.Context, g *grant, tail string, args []any, each func(*raw) error) error {
	sealed := d.cells(g)
	rows, err := d.db.Query(ctx, "SELECT "+selectCols(g, "f", sealed.Any())+tail, args...)
	if err != nil {
		return guard.Fault("read records", err)
	}
	defer rows.Close()
	cells := make([]any, 5+len(g.cols))
	if sealed.Any() {
		cells = append(cells, nil, nil)
	}
	into := make([]any, len(cells))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return guard.Fault("read records", err)
		}
		r := &raw{
			rec: luoshu.ValueOf(cells[0]).I, rid: luoshu.ValueOf(cells[1]).I, from: luoshu.ValueOf(cells[2]).I,
			verified: luoshu.ValueOf(cells[3]).I, row: luoshu.ValueOf(cells[4]).I,
			values: make([]luoshu.Value, len(g.cols)),
		}
		for i := range g.cols {
			r.values[i] = luoshu.ValueOf(cells[5+i])
		}
		if sealed.Any() {
			h, _ := cells[len(cells)-2].([]byte)
			x, _ := cells[len(cells)-1].([]byte)
			if _, err := sealed.Open(x, h, r.values); err != nil {
				return cannotOpen(g, r.rec, err)
			}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return guard.Fault("read records", rows.Err())
}

// cannotOpen names the record whose sealed values are not what was sealed.
func cannotOpen(g *grant, rec int64, err error) error {
	if !errors.Is(err, vault.ErrAltered) {
		return err
	}
	e := luoshu.Errorf(luoshu.Unavailable, "“%s”的记录 #%d 的加密内容打不开，请联系管理员检查数据",
		"the sealed values of record #%[2]d of “%[3]s” cannot be opened; ask the administrator to check the data", g.ent.Title.ZH, rec, g.ent.Title.EN)
	e.Cause = err
	return e
}

// list reads rows and makes them ready to leave.
func (d *Door) list(ctx context.Context, s *selection, tail string, args []any) ([]Row, error) {
	var found []*raw
	if err := d.read(ctx, s.g, tail, args, func(r *raw) error {
		found = append(found, r)
		return nil
	}); err != nil {
		return nil, err
	}
	labels, err := d.refLabels(ctx, s.g, found)
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(found))
	for _, r := range found {
		out = append(out, d.row(s.g, r, labels))
	}
	return out, nil
}

// row makes a raw row ready to leave.
func (d *Door) row(g *grant, r *raw, labels refLabels) Row {
	out := Row{Rec: r.rec, Values: map[string]any{}, Display: map[string]any{}}
	for i, c := range g.cols {
		v := r.values[i]
		if v.K == luoshu.Null {
			continue
		}
		if c.masked {
			m := guard.Masked(c.Field, v)
			out.Values[c.Name], out.Display[c.Name] = m, m
			if t, ok := labels[c.Name][v.S]; ok {
				out.Display[c.Name] = t
			}
			continue
		}
		out.Values[c.Name] = v.Any()
		if t, ok := labels[c.Name][v.S]; ok {
			out.Display[c.Name] = t
		} else {
			out.Display[c.Name] = d.display(c.Field, v)
		}
	}
	out.Verified, out.Stale = luoshu.FormatDate(r.verified), d.stale(g.ent, r.verified, guard.DayOf(d.acc.Now()))
	return out
}

// stale reports whether a record was last verified too long before a day.
func (d *Door) stale(e *catalog.Entity, verified, day int64) bool {
	return e.Months > 0 && verified < guard.MonthsBefore(day, e.Months)
}

// refLabels is what references are called: by field, then by code.
type refLabels map[string]map[string]any

// refLabels looks up what the references on a page of rows are called. The name
// of an organisation is public; any other record's name is given only if the
// record is within the actor's scope and its label is in a class the actor sees.
func (d *Door) refLabels(ctx context.Context, g *grant, rows []*raw) (refLabels, error) {
	out := refLabels{}
	for i, c := range g.cols {
		if c.Ref == "" || c.masked && !c.held() {
			continue
		}
		codes := map[string]bool{}
		for _, r := range rows {
			if s := r.values[i].S; s != "" {
				codes[s] = true
			}
		}
		if len(codes) == 0 {
			continue
		}
		got, err := d.labelsOf(ctx, g, c.Ref, guard.SortedKeys(codes))
		if err != nil {
			return nil, err
		}
		out[c.Name] = got
	}
	return out, nil
}

func (d *Door) labelsOf(ctx context.Context, g *grant, entity string, codes []string) (map[string]any, error) {
	out := map[string]any{}
	e := d.cat.Entity(entity)
	if e == nil || len(e.Key) != 1 || e.Label == "" {
		return out, nil
	}
	label := e.Field(e.Label)
	if e.Node != nil && label.Sensitivity == catalog.Public {
		tree := g.scope.Tree()
		for _, c := range codes {
			if n := tree.Get(c); n != nil {
				out[c] = n.Title
			}
		}
		return out, nil
	}
	visible, mask := guard.Class(g.role, label)
	if !visible || label.Rest != catalog.InClear || !guard.MayEntity(g.role, d.cat.Entity(entity)) {
		return out, nil
	}
	cond, args := g.scope.Reads(d.cat, e, "t")
	en := "NULL"
	if f := e.Field(e.Label + "_en"); f != nil && f.Sensitivity == catalog.Public {
		en = "t." + store.Col(f.Name)
	}
	codeOf := map[string]string{} // codes by what stands in the column
	for len(codes) > 0 {
		n := min(len(codes), pageMost)
		all := make([]any, 0, n+len(args))
		for _, c := range codes[:n] {
			in := d.db.Stored(e.Name, e.Key[0], c)
			codeOf[in] = c
			all = append(all, in)
		}
		codes = codes[n:]
		rows, err := d.db.Query(ctx, "SELECT t."+store.Col(e.Key[0])+", t."+store.Col(e.Label)+", "+en+" FROM "+store.Table(e.Name)+
			" t WHERE t._to IS NULL AND t."+store.Col(e.Key[0])+" IN ("+guard.Marks(n)+") AND "+cond, append(all, args...)...)
		if err != nil {
			return nil, guard.Fault("read labels", err)
		}
		for rows.Next() {
			var code, name, english any
			if err := rows.Scan(&code, &name, &english); err != nil {
				rows.Close()
				return nil, guard.Fault("read labels", err)
			}
			v, at := luoshu.ValueOf(name), codeOf[luoshu.ValueOf(code).String()]
			switch {
			case mask:
				out[at] = guard.Masked(label, v)
			case luoshu.ValueOf(english).S != "":
				out[at] = Text{ZH: v.String(), EN: luoshu.ValueOf(english).S}
			default:
				out[at] = d.display(label, v)
			}
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return nil, guard.Fault("read labels", err)
		}
	}
	return out, nil
}
