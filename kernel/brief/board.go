package brief

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/access"
	"luoshu/kernel/disclose"
	"luoshu/kernel/flow"
)

// level is the share of new figures that the interval of a forecast is to hold.
const level = 0.8

// Method says how forecasts are made; it stands wherever one is shown.
var Method = Text{
	ZH: "预测方法：对封存数据中该指标的历年数值作普通最小二乘直线拟合，外推到期限年，给出80%预测区间（t分布，自由度为年数减二）。至少4年数据，否则不预测。直线不受0或100%的限制，也不考虑政策变化；区间整体达到目标为“预计可完成”，整体未达到为“预计难完成”，其余为“难以判断”。",
	EN: "Method: a straight line by ordinary least squares through the yearly figures of the seal, drawn on to the year of the deadline, with an 80% prediction interval (t distribution, years less two degrees of freedom). At least 4 years, else no forecast. The line is not bent at 0 or 100% and knows no change of policy. “Likely” means that the whole interval reaches the target, “unlikely” that none of it does, “unclear” all else.",
}

// What a forecast comes to.
const (
	Likely   = "likely"
	Unclear  = "unclear"
	Unlikely = "unlikely"
	TooFew   = "too_few" // fewer than forecast.Fewest years
	Over     = "over"    // the year of the deadline has its figure: the state says all
	None     = "none"    // no number to hold a forecast against, or no deadline
)

// Board is a plan's targets for one organisation.
type Board struct {
	Org    disclose.OrgInfo   `json:"org"`
	Seal   *disclose.SealInfo `json:"seal"` // nil before the first
	Day    string             `json:"day"`
	Method Text               `json:"method"`
	Cases  bool               `json:"cases"` // whether the reader may see cases
	Plans  []BoardPlan        `json:"plans"`
}

// BoardPlan is one plan's numbered targets in its order.
type BoardPlan struct {
	ID       string         `json:"id"`
	Title    Text           `json:"title"`
	Number   string         `json:"number"`
	States   map[string]int `json:"states"`
	Verdicts map[string]int `json:"verdicts"`
	Unowned  int            `json:"unowned"`
	Behind   int            `json:"behind"`    // behind a milestone
	Adjusted int            `json:"adjusted"`  // by a version that holds
	Heeded   int            `json:"attention"` // with a reason to look at them
	Lines    []Line         `json:"lines"`
}

// Reasons to look at a target.
const (
	Unowned = "unowned" // nobody has taken it on
	Behind  = "behind"  // the newest milestone with a figure was missed
	Missed  = "missed"  // its deadline has passed and it is not met
	// Unlikely: the forecast
	Late = "late" // a case about it is past its date
)

// Line is one target: who owns it, where it stands, where it goes.
type Line struct {
	disclose.PlanTarget
	Heed     []string            `json:"attention"` // reasons to look at it
	Now      *float64            `json:"now"`       // in the target's unit
	Missing  *float64            `json:"missing"`
	Years    []disclose.PlanYear `json:"years"`
	Owners   []disclose.OrgInfo  `json:"owners"` // who took it on
	Owned    bool                `json:"owned"`
	Verdict  string              `json:"verdict"`
	Forecast *forecast.Line      `json:"forecast"`
	Cases    []CaseCount         `json:"cases"`
}

// CaseCount is how many cases of a type are about a target.
type CaseCount struct {
	Type   string `json:"type"`
	Title  Text   `json:"title"`
	Open   int64  `json:"open"`
	Late   int64  `json:"late"`
	Closed int64  `json:"closed"`
}

// Board puts the targets of every plan together for an organisation within the
// actor's reach at a seal.
func (d *Desk) Board(ctx context.Context, actor luoshu.Actor, q Query) (*Board, error) {
	if err := d.Access.Require(actor, "plan"); err != nil {
		return nil, err
	}
	scope, org, err := d.org(ctx, actor, q.Org)
	if err != nil {
		return nil, err
	}
	plans, err := d.Door.PlanOf(ctx, actor, disclose.PlanQuery{Seal: q.Seal, Org: org.Code})
	if err != nil {
		return nil, err
	}
	out := &Board{Org: org, Day: luoshu.FormatDate(d.day()), Method: Method, Plans: []BoardPlan{}}
	if out.Seal, err = d.Door.SealOrLast(ctx, actor, q.Seal); err != nil {
		return nil, err
	}
	var aims []flow.Aimed
	if d.Flow != nil && d.Access.Require(actor, "case") == nil {
		out.Cases = true
		if aims, err = d.Flow.Aims(ctx, actor, org.Code); err != nil {
			return nil, fmt.Errorf("count cases: %w", err)
		}
	}
	for _, p := range plans {
		x := BoardPlan{ID: p.ID, Title: p.Title, Number: p.Number, States: map[string]int{}, Verdicts: map[string]int{}, Lines: []Line{}}
		for _, s := range p.Sections {
			for i := range s.Targets {
				if t := &s.Targets[i]; t.Numbered && t.Status == "target" {
					l := d.line(scope, t, aims)
					l.Heed = heed(&l, d.day())
					x.add(l)
				}
			}
		}
		out.Plans = append(out.Plans, x)
	}
	return out, nil
}

func (p *BoardPlan) add(l Line) {
	p.Lines = append(p.Lines, l)
	p.States[l.State]++
	p.Verdicts[l.Verdict]++
	for n, counts := range map[*int]bool{&p.Unowned: !l.Owned, &p.Behind: l.Behind, &p.Adjusted: l.Version > 0, &p.Heeded: len(l.Heed) > 0} {
		if counts {
			*n++
		}
	}
}

// heed gives the reasons to look at a target on a day.
func heed(l *Line, day int64) []string {
	late := slices.ContainsFunc(l.Cases, func(c CaseCount) bool { return c.Late > 0 })
	missed := l.State == disclose.StateNotMet && passed(l.Deadline, day)
	out := []string{}
	for _, r := range []struct {
		reason string
		holds  bool
	}{{Unowned, !l.Owned}, {Behind, l.Behind}, {Missed, missed}, {Unlikely, l.Verdict == Unlikely}, {Late, late}} {
		if r.holds {
			out = append(out, r.reason)
		}
	}
	return out
}

// passed reports whether a deadline, a year or a day, is over.
func passed(deadline string, day int64) bool {
	if t, err := time.Parse(time.DateOnly, deadline); err == nil {
		return int64(t.Year()*10000+int(t.Month())*100+t.Day()) < day
	}
	y := yearOf(deadline)
	return y > 0 && int64(y) < day/10000
}

func (d *Desk) line(scope *access.Scope, t *disclose.PlanTarget, aims []flow.Aimed) Line {
	l := Line{PlanTarget: *t, Now: t.Now, Years: t.Years, Owners: []disclose.OrgInfo{}, Cases: []CaseCount{}, Owned: t.Owner != nil}
	if l.Years == nil {
		l.Years = []disclose.PlanYear{}
	}
	if t.Now != nil {
		if m, ok := t.Missing(*t.Now); ok {
			l.Missing = &m
		}
	}
	for _, a := range aims {
		if a.Target != t.ID {
			continue
		}
		l.Cases = append(l.Cases, CaseCount{Type: a.Type.ID, Title: a.Type.Title, Open: a.Open, Late: a.Late, Closed: a.Closed})
		if a.Type.ID != d.Tasks {
			continue
		}
		for _, code := range a.Units {
			o := disclose.OrgInfo{Code: code, Title: Text{ZH: code, EN: code}}
			if n := scope.Tree().Get(code); n != nil {
				o.Title, o.Level = n.Title, n.Level
			}
			l.Owners, l.Owned = append(l.Owners, o), true
		}
	}
	l.Verdict, l.Forecast = verdict(t)
	return l
}

// yearOf is the year in a deadline, 0 if there is none.
func yearOf(s string) int {
	if len(s) < 4 {
		return 0
	}
	y, err := strconv.Atoi(s[:4])
	if err != nil || y < 1900 || y > 2200 {
		return 0
	}
	return y
}

// verdict draws the line of a target's years and holds its interval against the
// target.
func verdict(t *disclose.PlanTarget) (string, *forecast.Line) {
	year := yearOf(t.Deadline)
	if _, ok := t.Reaches(0); !ok || year == 0 {
		return None, nil
	}
	points := make([]forecast.Point, len(t.Years))
	for i, y := range t.Years {
		points[i] = forecast.Point{Year: y.Year, Value: y.Value}
	}
	if slices.ContainsFunc(points, func(p forecast.Point) bool { return p.Year >= year }) {
		return Over, nil
	}
	l, ok := forecast.Linear(points, year, level)
	if !ok {
		return TooFew, nil
	}
	low, _ := t.Reaches(l.Low)
	high, _ := t.Reaches(l.High)
	missLow, _ := t.Missing(l.Low)
	missHigh, _ := t.Missing(l.High)
	switch {
	case low && high:
		return Likely, &l
	case low || high:
		return Unclear, &l
	case l.High-l.Low > math.Max(missLow, missHigh)+1e-9: // a target that lies between the ends
		return Unclear, &l
	}
	return Unlikely, &l
}
