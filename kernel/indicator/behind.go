package indicator

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/store"
)

// BehindSQL selects the records under a figure: SELECT f.* FROM From WHERE Where,
// in the store's dialect with '?' for Args. The fact table's alias is f and every
// record comes once. Entity is the fact's. It holds for the ledger as it stands:
// ask again after a commit.
type BehindSQL struct {
	Entity string
	From   string
	Where  string
	Args   []any
}

// Behind finds the records under an indicator's part, "numerator" or
// "denominator", in one year, for the given dimension values ("" is "not
// known"), as of a seal's sequence. A count or sum has no denominator: both parts
// are the same records. For cv and passes they are those of the first item.
func (e *Engine) Behind(ctx context.Context, ind, part string, where map[string][]string, year int, sealSeq int64) (BehindSQL, error) {
	prog, err := e.ready()
	if err != nil {
		return BehindSQL{}, fmt.Errorf("records behind: %w", err)
	}
	pl := prog.plans[ind]
	if pl == nil {
		return BehindSQL{}, luoshu.Errorf(luoshu.NotFound, "没有指标“%s”", "no indicator %q", ind)
	}
	if len(pl.items) > 0 {
		pl = pl.items[0]
	}
	s := pl.of
	switch {
	case part != "numerator" && part != "denominator":
		return BehindSQL{}, luoshu.Errorf(luoshu.Invalid, "只能查分子或分母", "the part is numerator or denominator")
	case part == "denominator" && pl.per != nil:
		s = pl.per
	}
	var live func(entity, alias string) string
	if err := e.db.ReadTx(ctx, func(tx *store.Tx) error {
		live, err = opened.LiveAsOf(ctx, tx, sealSeq)
		return err
	}); err != nil {
		return BehindSQL{}, fmt.Errorf("records behind: %w", err)
	}
	b := &behind{e: e, prog: prog, s: s, where: where, year: year - s.lag, live: live}
	out, uses, err := b.sql(nil)
	if sealed := opened.Of(e.db, uses); err == nil && sealed != nil {
		return b.listed(ctx, sealed)
	}
	return out, err
}

// maxListed is how many records behind a figure are picked one by one, as they are
// where sealed fields say which they are.
const maxListed = 300_000

// behind is one question for the records under a figure.
type behind struct {
	e     *Engine
	prog  *program
	s     *side
	where map[string][]string
	year  int
	live  func(entity, alias string) string
}

// listed finds the records with the sealed fields opened beside them and names
// them by number.
func (b *behind) listed(ctx context.Context, sealed opened.Fields) (BehindSQL, error) {
	out, _, err := b.sql(sealed)
	if err != nil {
		return out, err
	}
	var ids []byte
	n := 0
	err = b.e.db.ScratchTx(ctx, func(tx *store.Tx) error {
		if err := sealed.Fill(ctx, tx, b.e.db, b.prog.cat, b.live); err != nil {
			return err
		}
		return tx.Scan(ctx, "SELECT f._rid FROM "+out.From+" WHERE "+out.Where+" ORDER BY 1", out.Args, func(r *store.Row) error {
			if n++; n > maxListed {
				return luoshu.Errorf(luoshu.Invalid, "背后的记录太多，请先缩小范围（如选一个县区）", "there are too many records behind this; narrow it first, to one area say")
			}
			ids = strconv.AppendInt(append(ids, ','), r.Int(0), 10)
			return nil
		})
	})
	if err != nil {
		return BehindSQL{}, fmt.Errorf("records behind: %w", err)
	}
	where := "1 = 0"
	if n > 0 {
		where = "f._rid IN (" + string(ids[1:]) + ")"
	}
	return BehindSQL{Entity: out.Entity, From: store.Table(out.Entity) + " AS f", Where: where}, nil
}

// sql writes the statement, and lists the fields it reads.
func (b *behind) sql(sealed opened.Fields) (BehindSQL, map[string]map[string]bool, error) {
	e, prog, s, where, year, live := b.e, b.prog, b.s, b.where, b.year, b.live
	src := &source{
		opened:  sealed,
		dialect: e.db.Dialect(), table: store.Table, live: live, years: []int{year},
		fresh: func(*catalog.Entity) int64 { return 1 }, few: true,
	}
	t := prog.text(prog.grain[s.grain.ID], src)
	out := BehindSQL{Entity: t.s.fact.Name, From: t.from()}
	conds := t.where()
	if s.grain.Cal == nil {
		conds = append(conds, t.year()+" = "+strconv.Itoa(year))
	}
	for _, w := range s.wheres {
		x, err := t.s.compile(w)
		if err != nil {
			return BehindSQL{}, nil, fmt.Errorf("records behind: %w", err)
		}
		conds = append(conds, "("+t.cond(x)+")")
	}
	for _, d := range sortedKeys(where) {
		if len(where[d]) == 0 || d == "year" {
			continue
		}
		cond, args, err := t.filter(d, where[d])
		if err != nil {
			return BehindSQL{}, nil, err
		}
		conds, out.Args = append(conds, cond), append(out.Args, args...)
	}
	if t.err != nil {
		return BehindSQL{}, nil, fmt.Errorf("records behind: %w", t.err)
	}
	out.Where = strings.Join(conds, " AND ")
	if out.Where == "" {
		out.Where = "1 = 1"
	}
	return out, t.uses, nil
}

// filter writes dim IN (values). A dimension that is a field of a joined record
// also says which facts can refer to such records, so that their index is used.
func (t *text) filter(id string, values []string) (string, []any, error) {
	var dim *scanDim
	for _, d := range t.s.dims {
		if d.id == id {
			dim = d
		}
	}
	if dim == nil {
		return "", nil, luoshu.Errorf(luoshu.Invalid, "数据集“%s”没有维度“%s”", "grain %q has no dimension %q", t.s.grain.ID, id)
	}
	var args []any
	unknown := false
	for _, v := range values {
		switch {
		case v == "":
			unknown = true
		case dim.integer:
			args = append(args, parseInt(v))
		default:
			args = append(args, v)
		}
	}
	in := func(expr string) string {
		if len(args) == 0 {
			return "1 = 0"
		}
		return expr + " IN (" + marks(len(args)) + ")"
	}
	expr := t.dim(id)
	if unknown {
		null := expr + " IS NULL"
		if !dim.integer {
			null += " OR " + expr + " = ''"
		}
		return "(" + in(expr) + " OR " + null + ")", args, nil
	}
	cond := in(expr)
	if name, ok := dim.Prog.Field(); ok {
		if sub := t.referring(name, in); sub != "" {
			return cond + " AND " + sub, append(args, args...), nil
		}
	}
	return cond, args, nil
}

// referring writes "fact.ref IN (keys of the joined records that match)" for a
// field of a record that the fact refers to itself, "" for any other.
func (t *text) referring(name string, in func(expr string) string) string {
	alias, field, dotted := strings.Cut(name, ".")
	if !dotted {
		return ""
	}
	for _, j := range t.s.grain.Join {
		e := t.p.cat.Entity(j.Entity)
		if j.Alias != alias || e == nil || t.src.opened.Has(e.Name, field) || strings.Contains(j.On, ".") {
			continue
		}
		return fmt.Sprintf("%s IN (SELECT %s FROM %s AS x WHERE %s%s)", t.fieldOf(j.On), t.use(e, "x", e.Key[0]),
			t.src.table(e.Name), in(t.use(e, "x", field)), and(t.src.live(e.Name, "x")))
	}
	return ""
}
