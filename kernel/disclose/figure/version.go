package figure

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/target"
)

// TargetVersion is what one decision made of a target, beside the plan's own.
type TargetVersion struct {
	No       int64        `json:"no"`
	State    string       `json:"state"`    // target.Holds, Past, Future, Unsourced
	Original bool         `json:"original"` // as the plan itself has it
	Value    *TargetValue `json:"value"`    // null where the version leaves it as it was, or the plan's own is lost
	Wording  string       `json:"wording"`
	Deadline string       `json:"deadline"`
	From     string       `json:"from"`
	Decision string       `json:"decision"` // number of the document
	Reason   string       `json:"reason"`
	Case     string       `json:"case"` // number of the case that wrote it
	Org      guard.Org    `json:"org"`  // who decided
}

// TargetMilestone is what the organisation planned for a year.
type TargetMilestone struct {
	Year  int     `json:"year"`
	Value float64 `json:"value"`
	// State is StateMet or StateNotMet by the figure of that year, StateNoData while
	// there is none.
	State string `json:"state"`
}

// Adjust tells the window where versions and milestones of targets are. Without it
// every target is as its plan has it. It is called before the first question.
func (d *Window) Adjust(k *target.Keeper) { d.aims = k }

// aims is the sheet that holds for a question, and the day it is held against: what
// was known at the seal that the question names, on its day; else what is known now,
// today.
type aims struct {
	sheet *target.Sheet
	day   int64
	path  []string // of the organisation
	tree  interface{ Get(string) *access.Node }
}

func (d *Window) aimsOf(ctx context.Context, scope *access.Scope, seal string, day int64) (aims, error) {
	out := aims{day: day, tree: scope.Tree()}
	for _, n := range scope.Tree().Path(scope.Root) {
		out.path = append(out.path, n.Code)
	}
	if out.day == 0 {
		out.day = guard.DayOf(d.acc.Now())
	}
	if d.aims == nil {
		return out, nil
	}
	var seq int64
	if seal != "" {
		s, err := d.base.Seal(ctx, seal)
		if err != nil {
			return out, err
		}
		if seq = s.Seq; day == 0 {
			out.day = dayOf(s.At)
		}
	} else {
		var err error
		if seq, err = d.acc.Head(ctx); err != nil {
			return out, err
		}
	}
	var err error
	out.sheet, err = d.aims.Read(ctx, seq)
	return out, guard.Fault("read versions of targets", err)
}

// dayOf is the day of a time as it is written, yyyymmdd.
func dayOf(at string) int64 {
	if len(at) < len("2006-01-02") {
		return 0
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(at[:10], "-", ""), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// standing is a target as it holds: a copy where a version has changed it.
func (a aims) standing(t *catalog.Target) (*catalog.Target, target.Standing) {
	if a.sheet == nil {
		return t, target.Standing{}
	}
	s := a.sheet.Standing(t.ID, a.path, a.day)
	if s.Value == nil && s.Deadline == 0 {
		return t, s
	}
	now := *t
	if s.Value != nil {
		now.Target, now.Numbered, now.Truncated = &catalog.TargetValue{Value: s.Value, Source: s.Holding.Decision}, true, false
	}
	if s.Deadline > 0 {
		now.Deadline, now.DeadlineBasis = luoshu.FormatDate(s.Deadline), s.Holding.Decision
	}
	return &now, s
}

// aimMark changes when a target of the headlines does.
func (d *Window) aimMark(a aims) string {
	var b strings.Builder
	for _, h := range d.cat.City.Headlines {
		if t := d.targetOf(h.Indicator, h.Where); t != nil {
			if now, s := a.standing(t); s.Holding != nil {
				fmt.Fprintf(&b, "%s %d %s %s", t.ID, s.Holding.No, s.Holding.Decision, now.Deadline)
				if s.Value != nil {
					fmt.Fprintf(&b, " %v", *s.Value)
				}
				b.WriteByte(';')
			}
		}
	}
	return b.String()
}

// versions lists the plan's own first; it is empty for a target that nothing was
// decided about.
func (a aims) versions(p *catalog.Plan, t *catalog.Target, s target.Standing) []TargetVersion {
	if len(s.Versions) == 0 {
		return nil
	}
	own := TargetVersion{
		No: 1, State: target.Holds, Original: true, Value: targetValue(t.Target), Wording: t.Quote, Deadline: t.Deadline,
		From: p.Issued, Decision: p.Number,
	}
	if s.Holding != nil {
		own.State = target.Past
	}
	out := []TargetVersion{own}
	for _, v := range s.Versions {
		x := TargetVersion{
			No: v.No, State: v.State, Wording: v.Wording, Deadline: luoshu.FormatDate(v.Deadline), From: luoshu.FormatDate(v.From),
			Decision: v.Decision, Reason: v.Reason, Case: v.Case, Org: guard.Org{Code: v.Org, Title: Text{ZH: v.Org, EN: v.Org}},
		}
		if v.Value != nil {
			x.Value = &TargetValue{Value: v.Value}
		}
		if n := a.tree.Get(v.Org); n != nil {
			x.Org = guard.OrgOf(n)
		}
		out = append(out, x)
	}
	return out
}

// milestones holds what the organisation planned for a target's years against the
// figures of these years.
func (a aims) milestones(t *catalog.Target, years []YearValue) []TargetMilestone {
	if a.sheet == nil || t.Status != "target" {
		return nil
	}
	var out []TargetMilestone
	for _, m := range a.sheet.Milestones(t.ID, a.path[len(a.path)-1]) {
		x := TargetMilestone{Year: m.Year, Value: m.Value, State: StateNoData}
		then := *t
		then.Target = &catalog.TargetValue{Value: &x.Value}
		for _, y := range years {
			if y.Year == m.Year {
				x.State = state(&then, &y.Value)
			}
		}
		out = append(out, x)
	}
	return out
}

// behind reports whether the newest milestone that has its figure was missed.
func behind(list []TargetMilestone) bool {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].State != StateNoData {
			return list[i].State == StateNotMet
		}
	}
	return false
}
