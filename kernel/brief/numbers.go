package brief

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"luoshu/kernel/disclose"
)

// number writes a value with at most two decimals.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// tail is a unit as it follows a number.
func (w *writer) tail(unit string) string {
	if unit == "" || unit == "%" || w.lang != "en" {
		return unit
	}
	return " " + unit
}

func (w *writer) now(l Line) string {
	switch {
	case l.Figure != nil && l.Figure.Suppressed:
		return w.say("人数过少不公布", "withheld: few")
	case l.Now == nil:
		return "—"
	case l.Figure != nil && l.Figure.Value != nil:
		return fmt.Sprintf("%s%s (%d)", number(*l.Now), w.tail(l.Unit), l.Figure.Year)
	}
	return fmt.Sprintf("%s%s (%d)", number(*l.Now), w.tail(l.Unit), l.Observations[len(l.Observations)-1].Year)
}

// change is against the year before, in the target's unit; percent by points.
func (w *writer) change(l Line) string {
	n := len(l.Years)
	if n < 2 || l.Figure == nil || l.Figure.Value == nil || l.Years[n-1].Year != l.Figure.Year || l.Years[n-2].Year != l.Figure.Year-1 {
		return "—"
	}
	c := l.Years[n-1].Value - l.Years[n-2].Value
	unit := w.tail(l.Unit)
	if l.Unit == "%" {
		unit = w.say("个百分点", " points")
	}
	if math.Round(c*100) == 0 {
		return w.say("持平", "none")
	}
	sign := "+"
	if c < 0 {
		sign = "−"
	}
	return sign + number(math.Abs(c)) + unit
}

func (w *writer) aim(l Line) string {
	out := w.worth(l, l.Target)
	if l.Deadline != "" {
		out += " (" + l.Deadline + ")"
	}
	return out
}

// worth writes a value as the plan or a decision states it.
func (w *writer) worth(l Line, v *disclose.TargetValue) string {
	out := "—"
	switch {
	case v == nil:
	case v.Value != nil:
		out = map[string]string{"<=": "≤", ">=": "≥", "<": "＜", ">": "＞"}[l.Direction] + number(*v.Value) + w.tail(l.Unit)
	case v.Min != nil && v.Max != nil:
		out = number(*v.Min) + "–" + number(*v.Max) + w.tail(l.Unit)
	case v.Min != nil:
		out = "≥" + number(*v.Min) + w.tail(l.Unit)
	case v.Max != nil:
		out = "≤" + number(*v.Max) + w.tail(l.Unit)
	case v.Text != "":
		out = v.Text
	}
	return out
}

// behind lists the targets whose newest milestone with a figure was missed.
func (w *writer) behind() {
	t := &table{widths: []int{6, 40, 10, 22, 22}, right: []bool{true, false, true, true, true}}
	t.head = []string{w.say("序号", "No."), w.say("目标", "Target"), w.say("年度", "Year"), w.say("里程碑", "Milestone"), w.say("当年实际", "Figure of the year")}
	for _, x := range w.board.Plans {
		for _, l := range x.Lines {
			if !l.Behind {
				continue
			}
			missed := slices.DeleteFunc(slices.Clone(l.Milestones), func(m disclose.PlanMilestone) bool { return m.State != disclose.StateNotMet })
			m, was := missed[len(missed)-1], "—"
			for _, y := range l.Measured() {
				if y.Year == m.Year {
					was = number(y.Value) + w.tail(l.Unit)
				}
			}
			t.add(strconv.Itoa(len(t.rows)+1), l.Title.In(w.lang), strconv.Itoa(m.Year), number(m.Value)+w.tail(l.Unit), was)
		}
	}
	if len(t.rows) == 0 {
		return
	}
	p := w.part("落后于年度里程碑的目标", "Targets behind their milestone")
	p.table = t
	p.source = w.seal + w.say("；里程碑由责任单位的目标任务案卷登记。", "; milestones are entered by the cases of those who took the target on.")
}

// adjusted lists every version of the targets that a decision has changed.
func (w *writer) adjusted() {
	t := &table{widths: []int{30, 8, 18, 14, 14, 24}, right: []bool{false, true, true, false, false, false}}
	t.head = []string{
		w.say("目标", "Target"), w.say("版本", "Version"), w.say("目标值", "Aim"), w.say("期限", "By"),
		w.say("生效", "From"), w.say("决定文号；案卷", "Decision; case"),
	}
	for _, x := range w.board.Plans {
		for _, l := range x.Lines {
			for _, v := range l.Versions {
				source := v.Decision
				if v.Case != "" {
					source += w.say("；", "; ") + v.Case
				}
				t.add(l.Title.In(w.lang), strconv.FormatInt(v.No, 10), w.worth(l, v.Value), or(v.Deadline), or(v.From), or(source))
			}
		}
	}
	if len(t.rows) == 0 {
		return
	}
	p := w.part("目标调整", "Adjusted targets")
	p.table = t
	p.source = w.say("来源：目标版本台账；第1版为规划原文。", "Source: the register of versions; version 1 is the plan’s own.")
}

func or(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
