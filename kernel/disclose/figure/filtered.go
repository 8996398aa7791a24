package figure

import (
	"context"
	"slices"
	"strings"

	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// judged marks the cells of an answer that a reader may not see. A filter is
// judged as the cut it stands for: a figure of some of a dimension's values is shown
// only if each of these values would be shown beside all others, so that asking for
// one after the other, or for all but one, tells no more than the whole cut does.
func (d *Window) judged(ctx context.Context, scope *access.Scope, ind *catalog.Indicator, q ExploreQuery, seal string, figs []indicator.Figure, least int64) ([]bool, error) {
	hidden := suppress(ind, figs, least)
	wide := ExploreQuery{Measure: q.Measure, Cuts: slices.Clone(q.Cuts), Filters: map[string][]string{}}
	chosen := map[string][]string{}
	for dim, values := range q.Filters {
		if dim == "year" {
			wide.Filters[dim] = values
			continue
		}
		chosen[dim] = values
		if !slices.Contains(wide.Cuts, dim) {
			wide.Cuts = append(wide.Cuts, dim)
		}
	}
	if least <= 0 || len(chosen) == 0 {
		return hidden, nil
	}
	slices.Sort(wide.Cuts[len(q.Cuts):])
	filters, err := d.exploreFilters(scope, ind, wide)
	if err != nil {
		return nil, err
	}
	all, err := d.eng.Explore(ctx, indicator.ExploreQuery{Seal: seal, Indicator: ind.ID, Cuts: wide.Cuts, Filters: filters})
	if err != nil {
		return nil, guard.Fault("explore", err)
	}
	within := func(f indicator.Figure) bool {
		for dim, values := range chosen {
			if !slices.Contains(values, f.By[dim]) {
				return false
			}
		}
		return true
	}
	shut := map[string]bool{}
	for i, hide := range suppress(ind, all, least) {
		if hide && within(all[i]) {
			shut[cellKey(all[i], q.Cuts)] = true
		}
	}
	for i, f := range figs {
		hidden[i] = hidden[i] || shut[cellKey(f, q.Cuts)]
	}
	return hidden, nil
}

// cellKey names a cell of a cut.
func cellKey(f indicator.Figure, cuts []string) string {
	var b strings.Builder
	b.WriteString(yearKey(f.Year))
	for _, c := range cuts {
		b.WriteString("\x00" + f.By[c])
	}
	return b.String()
}
