package indicator

import (
	"fmt"
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// derived finds the dimensions that follow from another: those that read only
// fields of a record whose key is itself a dimension. They are looked up after
// grouping, once a group instead of once a row, and are no part of the group's
// key. The result gives, by dimension, the join and the index of the dimension
// that holds the join's key; others have a nil join.
func (t *text) derived() ([]*catalog.Join, []int) {
	g := t.s.grain
	joins, keys := make([]*catalog.Join, len(t.s.dims)), make([]int, len(t.s.dims))
	for i, d := range t.s.dims {
		for k := range g.Join {
			j := &g.Join[k]
			key := slices.IndexFunc(t.s.dims, func(o *scanDim) bool {
				f, ok := o.Prog.Field()
				return ok && f == j.On
			})
			if key < 0 || key == i || strings.Contains(j.On, ".") || len(d.Prog.Params()) > 0 {
				continue
			}
			follows := len(d.Prog.Vars()) > 0
			for _, v := range d.Prog.Vars() {
				follows = follows && (v == j.On || strings.HasPrefix(v, j.Alias+"."))
			}
			if follows {
				joins[i], keys[i] = j, key
				break
			}
		}
	}
	return joins, keys
}

// lookUp writes the joins that derived dimensions need after grouping, on the
// groups' alias g, and the dimensions' expressions.
func (t *text) lookUp(joins []*catalog.Join, keys []int) (from string, exprs []string) {
	var b strings.Builder
	exprs = make([]string, len(joins))
	done := map[string]bool{}
	for i, j := range joins {
		if j == nil {
			continue
		}
		e := t.p.cat.Entity(j.Entity)
		alias, key := store.Col("o_"+j.Alias), fmt.Sprintf("g.d%d", keys[i])
		if !done[j.Alias] {
			done[j.Alias] = true
			fmt.Fprintf(&b, "\nLEFT JOIN %s AS %s ON %s = %s%s", t.src.table(e.Name), alias,
				t.use(e, alias, e.Key[0]), key, and(t.src.live(e.Name, alias)))
		}
		col := func(name string) string {
			if name == j.On {
				return key
			}
			return t.use(e, alias, strings.TrimPrefix(name, j.Alias+"."))
		}
		s, err := t.s.dims[i].Prog.SQLValue(t.src.dialect, col, t.param)
		if err != nil {
			t.fail("%w", err)
		}
		exprs[i] = s
	}
	return b.String(), exprs
}
