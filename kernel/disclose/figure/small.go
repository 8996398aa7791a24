package figure

import (
	"math"
	"sort"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// guarded returns the group size below which an indicator's figures are withheld
// from a role, 0 if they never are.
func guarded(ind *catalog.Indicator, role *catalog.Role) int64 {
	if role.Small || (!ind.Sensitive && ind.MinGroup <= 0) {
		return 0
	}
	if ind.MinGroup > 0 {
		return ind.MinGroup
	}
	return guard.SmallestGroup
}

func unscaled(v int64, scale int) float64 {
	return float64(v) / math.Pow10(scale)
}

// tooSmall reports whether a figure would single people out: a numerator or a
// denominator of a few, or, of a share, a rest of a few.
func tooSmall(ind *catalog.Indicator, f indicator.Figure, least int64) bool {
	if least <= 0 {
		return false
	}
	num, den, m := unscaled(f.Num, f.NumScale), unscaled(f.Den, f.DenScale), float64(least)
	switch ind.Kind {
	case catalog.KindCount, catalog.KindSum:
		if ind.Kind == catalog.KindSum {
			return f.N > 0 && f.N < least
		}
		return num > 0 && num < m
	case catalog.KindCV, catalog.KindPasses:
		return f.N > 0 && f.N < least
	case catalog.KindShare:
		if ind.Sensitive && den-num > 0 && den-num < m {
			return true
		}
	}
	return (num > 0 && num < m) || (den > 0 && den < m)
}

// suppress marks the figures of one indicator that a role may not see. Where
// exactly one figure of a set that adds up is withheld, the next smallest is
// withheld too, along every dimension, so that the total does not give it away.
func suppress(ind *catalog.Indicator, figs []indicator.Figure, least int64) []bool {
	out := make([]bool, len(figs))
	if least <= 0 {
		return out
	}
	any := false
	for i, f := range figs {
		if tooSmall(ind, f, least) {
			out[i], any = true, true
		}
	}
	for round := 0; any && round < 16; round++ {
		any = false
		for _, set := range siblings(figs) {
			if hideNext(figs, set, out) {
				any = true
			}
		}
	}
	return out
}

// siblings groups figures that differ in one dimension only: with the figure that
// lacks that dimension they add up.
func siblings(figs []indicator.Figure) [][]int {
	groups := map[string][]int{}
	for i, f := range figs {
		keys := guard.SortedKeys(f.By)
		for skip := range keys {
			var b strings.Builder
			b.WriteString(yearKey(f.Year))
			for j, k := range keys {
				b.WriteString("\x00" + k + "=")
				if j != skip {
					b.WriteString(f.By[k])
				} else {
					b.WriteString("\x01")
				}
			}
			groups[b.String()] = append(groups[b.String()], i)
		}
	}
	out := make([][]int, 0, len(groups))
	for _, k := range guard.SortedKeys(groups) {
		out = append(out, groups[k])
	}
	return out
}

// hideNext withholds the next smallest figure of a set in which exactly one is withheld.
func hideNext(figs []indicator.Figure, set []int, hidden []bool) bool {
	n := 0
	var open []int
	for _, i := range set {
		switch {
		case hidden[i]:
			n++
		case figs[i].Num != 0 || figs[i].Den != 0:
			open = append(open, i)
		}
	}
	if n != 1 || len(open) == 0 {
		return false
	}
	sort.SliceStable(open, func(a, b int) bool {
		x, y := figs[open[a]], figs[open[b]]
		if s, t := unscaled(x.Num, x.NumScale), unscaled(y.Num, y.NumScale); s != t {
			return s < t
		}
		return unscaled(x.Den, x.DenScale) < unscaled(y.Den, y.DenScale)
	})
	// A zero gives nothing away and hides nothing: take the smallest above it.
	for _, i := range open {
		if figs[i].Num != 0 {
			hidden[i] = true
			return true
		}
	}
	hidden[open[0]] = true
	return true
}
