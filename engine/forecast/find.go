package forecast

import (
	"math"
	"slices"
)

// How a year falls out of line: by so much at least, and by so many times the usual
// change of a year.
const (
	outlierLeast = 0.06
	outlierTimes = 5.0
	breakLeast   = 0.08
	oneWay       = 0.8 // share of grades that go the same way
)

// find leaves out years that fell out of line and came back, and says which years look
// as if they were counted differently, which units closed, opened or seem to have
// become others.
func (s Series) find(l *laid) {
	into := make([]float64, l.y)
	same := make([]float64, l.y)
	for y := range l.y {
		into[y], same[y] = l.change(y)
	}
	var spread []float64
	for _, v := range into {
		if !math.IsNaN(v) {
			spread = append(spread, math.Abs(v))
		}
	}
	usual := 1.4826 * median(spread)
	var out, doubt []int
	for y := range l.y {
		if math.IsNaN(into[y]) || len(spread) < 4 {
			continue
		}
		big := math.Abs(into[y])
		back := y+1 < l.y && !math.IsNaN(into[y+1]) && into[y]*into[y+1] < 0 &&
			math.Abs(into[y]+into[y+1]) < 0.6*big && math.Abs(into[y+1]) > max(outlierLeast/2, outlierTimes/2*usual)
		switch {
		case big > max(outlierLeast, outlierTimes*usual) && back && same[y] >= oneWay && same[y+1] >= oneWay:
			out = append(out, y)
		case big > max(breakLeast, outlierTimes*usual) && same[y] >= oneWay && (len(out) == 0 || out[len(out)-1] != y-1):
			doubt = append(doubt, l.years[y])
		}
	}
	var names []int
	for _, y := range out {
		names = append(names, l.years[y])
		if !s.KeepOutliers {
			l.known[y] = false
		}
	}
	switch {
	case len(names) > 0 && s.KeepOutliers:
		l.notes = append(l.notes, note("outlier", names, nil, "%s 年各年级一齐偏离又恢复，按要求仍然使用。", "in %s all grades fell out of line together and came back; the years are used as asked.", yearList(names)))
	case len(names) > 0:
		l.notes = append(l.notes, note("outlier", names, nil, "%s 年各年级一齐偏离又恢复，按异常年份剔除：既不用来推算，也不拿来比对。", "in %s all grades fell out of line together and came back: left out, neither learnt from nor compared with.", yearList(names)))
	}
	if len(doubt) > 0 {
		l.notes = append(l.notes, note("break", doubt, nil,
			"%s 年起各年级一齐变化，像是改变了统计口径。若是，请用 --break 指明；若只是当年异常，请用 --exclude。",
			"from %s on all grades changed together, as if counted differently. If so, say --break; if only that year is odd, say --exclude.", yearList(doubt)))
	}
	l.comings()
}

// change is the logarithm of how all children of units counted in both years changed
// into year y, and the share of grades that went the same way; NaN without a year before.
func (l *laid) change(y int) (float64, float64) {
	if !l.chained(y) {
		return nan(), 0
	}
	before, after := make([]float64, l.g), make([]float64, l.g)
	var a, b float64
	for u := range l.n {
		if !l.there(u, y-1) || !l.there(u, y) {
			continue
		}
		for g := range l.g {
			before[g] += l.row(u, y-1)[g]
			after[g] += l.row(u, y)[g]
		}
	}
	up, down := 0.0, 0.0
	for g := range l.g {
		a, b = a+before[g], b+after[g]
		switch {
		case after[g] > before[g]:
			up++
		case after[g] < before[g]:
			down++
		}
	}
	if a <= 0 || b <= 0 {
		return nan(), 0
	}
	return math.Log(b / a), max(up, down) / max(1, up+down)
}

// comings says which units came and went within a segment, and where as many went as
// came in one area and year: perhaps a split or a merger.
func (l *laid) comings() {
	var closed, opened, moved []string
	for y := 1; y < l.y; y++ {
		if !l.chained(y) {
			continue
		}
		type flow struct {
			gone, come float64
			who        []string
		}
		by := make([]flow, len(l.areas))
		for u := range l.n {
			a := &by[l.area[u]]
			switch was, is := l.there(u, y-1), l.there(u, y); {
			case was && !is:
				closed = append(closed, l.units[u])
				a.gone += l.sum(u, y-1)
				a.who = append(a.who, l.units[u])
			case is && !was:
				opened = append(opened, l.units[u])
				a.come += l.sum(u, y)
				a.who = append(a.who, l.units[u])
			}
		}
		for _, a := range by {
			if a.gone > 0 && a.come > 0 && math.Abs(a.come/a.gone-1) < 0.15 {
				moved = append(moved, a.who...)
			}
		}
	}
	if len(opened) > 0 || len(closed) > 0 {
		l.notes = append(l.notes, note("units", nil, nil, "有 %d 次单位新增、%d 次单位消失；总数按区域另行推算，不靠单位相加。", "units appear %d times and end %d times; areas are forecast on their own, not by adding units.", len(opened), len(closed)))
	}
	if len(moved) > 0 {
		slices.Sort(moved)
		l.notes = append(l.notes, note("recode", nil, slices.Compact(moved), "同一区域同一年有单位消失、又有人数相近的单位出现，像是拆分、合并或改名。若是，请在改编表中写明。", "units ended and others of about the same size appeared in the same area and year, as in a split, a merger or a new name. If so, state it as a recode."))
	}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
