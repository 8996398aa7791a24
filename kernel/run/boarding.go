package run

import (
	"context"
	"fmt"
	"math"
	"slices"

	"luoshu/engine/siting"
)

// The modes of a layout's blocks: who is old enough to board, and who is not.
const (
	older   = "way"
	younger = "day"
)

// boarding finds the share of the children who are old enough to board. The blocks count
// children of a stage and no grades: every block is taken to be as its body is.
func (l *layouting) boarding(ctx context.Context) error {
	l.old, l.block = 1, map[string]string{}
	grades := l.r.ladder(l.spec.Ladder).grades[l.q.Stage]
	from := l.q.BoardGrade
	if len(l.q.Allow) > 0 && !slices.Contains(l.q.Allow, siting.Board) || from <= 1 {
		return nil
	}
	if from > len(grades) {
		l.old = 0
		return nil
	}
	figs, err := l.r.counts(ctx, l.spec.Counts, l.q.Seal, map[string][]string{l.spec.Counts.Area: {l.node.Code}})
	if err != nil {
		return err
	}
	all, old := 0.0, 0.0
	for _, c := range figs {
		if i := slices.Index(grades, c.grade); i >= 0 && c.year == l.year {
			all += float64(c.n)
			if i+1 >= from {
				old += float64(c.n)
			}
		}
	}
	if all == 0 {
		all, old = float64(len(grades)), float64(len(grades)-from+1)
	}
	l.old, l.split = old/all, []string{fmt.Sprintf("1—%d", from-1), fmt.Sprintf("%d—%d", from, len(grades))}
	l.say(fmt.Sprintf("%d 年级以下不寄宿；各片区的高年级按全县区比例 %.1f%% 推定。", from, l.old*100),
		fmt.Sprintf("Nobody below grade %d boards; %.1f %% of every block are taken to be older, as in the whole body.", from, l.old*100))
	return nil
}

// homes are a block, or its younger and its older children apart where only the older
// may board.
func (l *layouting) homes(code, name string, lon, lat float64, n int64) []siting.Block {
	one := func(id, name, mode string, n int64) siting.Block {
		l.block[id] = code
		return siting.Block{ID: id, Name: name, X: lon, Y: lat, Mode: mode, Children: map[string]int64{l.q.Stage: n}, Now: map[string]string{}}
	}
	switch l.old {
	case 0:
		return []siting.Block{one(code, name, younger, n)}
	case 1:
		return []siting.Block{one(code, name, older, n)}
	}
	old := int64(math.Round(float64(n) * l.old))
	return []siting.Block{
		one(code+"/"+l.split[0], name+"（"+l.split[0]+"）", younger, n-old),
		one(code+"/"+l.split[1], name+"（"+l.split[1]+"）", older, old),
	}
}

// limits are the ways of who may board and who may not.
func (l *layouting) limits(hard bool) []siting.Limit {
	day := siting.Limit{Stage: l.q.Stage, Mode: younger, Most: l.q.Limit / kilometre, Hard: hard, NoBoard: true}
	board := siting.Limit{Stage: l.q.Stage, Mode: older, Most: l.q.Limit / kilometre, Hard: hard, Board: l.q.BoardLimit / kilometre}
	return []siting.Limit{board, day}
}
