package disclose

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
)

// BehindQuery asks for the records behind one side of a figure.
type BehindQuery struct {
	Indicator string
	Part      string // numerator or denominator
	Where     map[string]string
	Year      int    // 0: the newest of the seal
	Seal      string // "" is the last
	Offset    int
	Limit     int
}

// Behind returns the records under a figure that lie within the actor's scope,
// masked like any record. The records of a withheld group are withheld too.
func (d *Door) Behind(ctx context.Context, actor luoshu.Actor, q BehindQuery) (*Page, error) {
	if err := d.acc.Require(actor, "behind"); err != nil {
		return nil, err
	}
	ind := d.cat.Indicator(q.Indicator)
	if ind == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标", "no such indicator")
	}
	if q.Part != "numerator" && q.Part != "denominator" {
		return nil, &luoshu.Error{
			Kind: luoshu.Invalid, Field: "part",
			Msg: Text{ZH: "part 只能是 numerator 或 denominator", EN: "part is numerator or denominator"},
		}
	}
	offset, limit, err := clampPage(q.Offset, q.Limit)
	if err != nil {
		return nil, err
	}
	seal, err := d.base.Seal(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	if q.Year == 0 {
		if q.Year, err = d.NewestYear(ctx, seal.ID, ind); err != nil {
			return nil, err
		}
	}
	for id := range q.Where {
		if d.DimOf(ind, id) == nil {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: id, Msg: Text{ZH: "指标没有这个维度", EN: "the indicator has no such dimension"}}
		}
	}
	role := d.acc.Role(actor)
	if err := personalBehind(role, ind, q.Where); err != nil {
		return nil, err
	}
	fig, err := d.One(ctx, role, seal.ID, ind, q.Where, q.Year)
	if err != nil {
		return nil, err
	}
	if fig.Hidden {
		return nil, luoshu.Errorf(luoshu.Denied, "人数过少，为保护个人信息不予显示", "the group is too small to be shown")
	}
	where := map[string][]string{}
	for k, v := range q.Where {
		where[k] = []string{v}
	}
	sql, err := d.eng.Behind(ctx, ind.ID, q.Part, where, q.Year, seal.Seq)
	if err != nil {
		return nil, guard.Fault("find the records behind a figure", err)
	}
	g, err := d.open(ctx, actor, "behind", sql.Entity)
	if err != nil {
		return nil, err
	}
	cond, args := g.scope.Where(d.cat, g.ent, "f")
	tail := " FROM " + sql.From + " WHERE (" + sql.Where + ") AND " + cond
	args = append(append([]any{}, sql.Args...), args...)
	p := &Page{Entity: g.ent.Name, Title: g.ent.Title, Seal: seal.ID, Columns: d.columns(g, false)}
	s := &selection{g: g, seq: seal.Seq}
	if p.Rows, err = d.list(ctx, s, tail+" ORDER BY f._rid LIMIT ? OFFSET ?", append(args[:len(args):len(args)], limit, offset)); err != nil {
		return nil, err
	}
	if len(p.Rows) < limit && (offset == 0 || len(p.Rows) > 0) {
		p.Total = int64(offset + len(p.Rows))
		return p, nil
	}
	if n, ok := fig.Rows(ind, q.Part); ok && g.scope.Whole {
		p.Total = n
		return p, nil
	}
	p.Total, p.Capped, err = d.countTail(ctx, "SELECT 1"+tail, args)
	return p, err
}

// personalBehind refuses the records behind a figure to a reader without the
// small-group right where being in the list would itself tell something about a
// person: a sensitive figure, or a cut the indicator does not declare.
func personalBehind(role *catalog.Role, ind *catalog.Indicator, where map[string]string) error {
	if role == nil || role.Small {
		return nil
	}
	denied := luoshu.Errorf(luoshu.Denied, "这一指标背后的记录涉及个人情况，不予显示", "the records behind this figure tell about persons and are not shown")
	if ind.Sensitive {
		return denied
	}
	for id := range where {
		if !slices.ContainsFunc(ind.By, func(cut []string) bool { return slices.Contains(cut, id) }) {
			return denied
		}
	}
	return nil
}
