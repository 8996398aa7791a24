package run

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/siting"
)

// budget is what may be spent, in fen: 0 for no limit, as the engine has it, and where
// nothing may be spent a fen, which buys nothing.
func (l *layouting) budget() int64 {
	if l.q.Budget == nil {
		return 0
	}
	return max(1, fen(*l.q.Budget))
}

// remote names blocks from which no site is in reach, neither daily nor at the end of a
// week: their position may be wrong, or nobody has thought of them.
func (l *layouting) remote() {
	most := l.q.Limit / kilometre
	if l.may(siting.Board, "") {
		most = max(l.q.Limit, l.q.BoardLimit) / kilometre
	}
	seen := map[string]bool{}
	var names []string
	for i, b := range l.problem.Blocks {
		if b.Children[l.q.Stage] == 0 || seen[l.block[b.ID]] {
			continue
		}
		seen[l.block[b.ID]] = true
		near := math.Inf(1)
		for j := range l.problem.Sites {
			near = min(near, siting.Way(&l.problem, i, j))
		}
		if near > most {
			names = append(names, fmt.Sprintf("%s %.1f km", strings.SplitN(b.Name, "（", 2)[0], near))
		}
	}
	if len(names) == 0 {
		return
	}
	list := strings.Join(names[:min(len(names), 5)], "、")
	l.say(fmt.Sprintf("%d 个片区离最近的校舍超过 %.1f 公里，走读和（允许时）寄宿都够不着，请核对位置或就近设点（%s）。", len(names), most, list),
		fmt.Sprintf("Blocks whose nearest site is more than %.1f km away, out of reach daily and, if anybody boards, for boarders: %d; check where they lie or plan a site (%s).", most, len(names), list))
}

// fewConflicts is up to how many blocks out of reach are told one by one.
const fewConflicts = 3

// conflicts says what conflicts; of many blocks out of reach, how many they are and the
// one change that would do for all. block names the records of the problem's blocks,
// of which the younger and the older stand apart.
func conflicts(list []siting.Conflict, block map[string]string) []luoshu.Text {
	var out, others []luoshu.Text
	var far []siting.Conflict
	for _, c := range list {
		if c.Rule == "limit" {
			far = append(far, c)
		} else {
			others = append(others, c.Text)
		}
	}
	slices.SortStableFunc(far, func(a, b siting.Conflict) int { return cmp.Compare(b.Needed, a.Needed) })
	seen := map[string]bool{}
	far = slices.DeleteFunc(far, func(c siting.Conflict) bool {
		if len(c.Blocks) == 0 {
			return false
		}
		code := cmp.Or(block[c.Blocks[0]], c.Blocks[0])
		again := seen[code]
		seen[code] = true
		return again
	})
	if len(far) > fewConflicts {
		most := math.Ceil(far[0].Needed * kilometre)
		out = append(out, luoshu.Text{
			ZH: fmt.Sprintf("%d 个片区在路程上限内没有校舍可去。要让它们都有处可去，至少把上限（limit）提高到 %.0f 米，或在其附近增设校点，或允许寄宿、不设硬上限（hard）。最远的 %d 个如下。", len(far), most, fewConflicts),
			EN: fmt.Sprintf("From %d blocks no site is within the limit. For all of them the limit must be at least %.0f m, or there must be sites near them, or boarding, or no hard limit. The %d farthest follow.", len(far), most, fewConflicts),
		})
	}
	for _, c := range far[:min(len(far), fewConflicts)] {
		out = append(out, c.Text)
	}
	return append(out, others...)
}
