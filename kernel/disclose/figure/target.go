package figure

import (
	"context"
	"sort"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// States of a target.
const (
	StateMet         = "met"
	StateNotMet      = "not_met"
	StateNoTarget    = "no_target"    // the plan's number is missing or lost
	StateNoData      = "no_data"      // nothing to hold against it
	StateNotNumbered = "not_numbered" // words, not a number
	StateRule        = "rule"         // a limit or duty that holds permanently
	StateFact        = "fact"         // a number that is only reported
)

// PlanTarget is one entry of a plan with the figure that answers it.
type PlanTarget struct {
	ID             string            `json:"id"`
	Title          Text              `json:"title"`
	Quote          string            `json:"quote"`
	Section        string            `json:"section"`
	Line           string            `json:"line,omitempty"`
	Status         string            `json:"status"`
	Kind           string            `json:"kind"`
	Unit           string            `json:"unit"`
	Scope          string            `json:"scope,omitempty"`
	Direction      string            `json:"direction"`
	Strict         bool              `json:"strict"`
	Qualifier      string            `json:"qualifier,omitempty"`
	Deadline       string            `json:"deadline,omitempty"`
	DeadlineBasis  string            `json:"deadline_basis,omitempty"`
	Baseline       *TargetValue      `json:"baseline"`
	BaselineQuote  string            `json:"baseline_quote,omitempty"`
	Target         *TargetValue      `json:"target"`
	TargetSource   string            `json:"target_source,omitempty"`
	Truncated      bool              `json:"truncated"`
	Headline       int               `json:"headline"`
	Owner          *Text             `json:"owner,omitempty"`
	Note           string            `json:"note,omitempty"`
	State          string            `json:"state"`
	Indicator      string            `json:"indicator,omitempty"`
	IndicatorWhere map[string]string `json:"where,omitempty"`
	Figure         *Figure           `json:"figure,omitempty"`
	Observations   []ObservationInfo `json:"observations,omitempty"`
}

// TargetValue is a value as the plan states it.
type TargetValue struct {
	Value  *float64 `json:"value,omitempty"`
	Min    *float64 `json:"min,omitempty"`
	Max    *float64 `json:"max,omitempty"`
	Text   string   `json:"text,omitempty"`
	Year   int      `json:"year,omitempty"`
	Source string   `json:"source,omitempty"`
}

// ObservationInfo is a value that no record can give, with its source.
type ObservationInfo struct {
	Year      int     `json:"year"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Source    Text    `json:"source"`
	Ref       string  `json:"ref"`
	Certainty string  `json:"certainty"`
}

// PlanInfo is a plan as a tree of sections.
type PlanInfo struct {
	ID       string        `json:"id"`
	Title    Text          `json:"title"`
	Number   string        `json:"number"`
	Issued   string        `json:"issued"`
	From     int           `json:"from"`
	To       int           `json:"to"`
	Sections []PlanSection `json:"sections"`
}

// PlanSection is the entries of one section, in the plan's order.
type PlanSection struct {
	Title   string       `json:"title"`
	Targets []PlanTarget `json:"targets"`
}

// Plan returns every plan with the figures of the actor's own organisation at a
// seal ("" is the last).
func (d *Window) Plan(ctx context.Context, actor luoshu.Actor, sealID string) ([]PlanInfo, error) {
	if err := d.acc.Require(actor, "plan"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	seal, err := d.base.SealOrNone(ctx, sealID)
	if err != nil {
		return nil, err
	}
	out := []PlanInfo{}
	for _, p := range d.cat.Plans {
		info := PlanInfo{ID: p.ID, Title: p.Title, Number: p.Number, Issued: p.Issued, From: p.From, To: p.To, Sections: []PlanSection{}}
		at := map[string]int{}
		for _, t := range p.Targets {
			e, err := d.planTarget(ctx, d.acc.Role(actor), scope, seal, p, t)
			if err != nil {
				return nil, err
			}
			i, ok := at[t.Section]
			if !ok {
				i = len(info.Sections)
				at[t.Section] = i
				info.Sections = append(info.Sections, PlanSection{Title: t.Section})
			}
			info.Sections[i].Targets = append(info.Sections[i].Targets, e)
		}
		out = append(out, info)
	}
	return out, nil
}

func (d *Window) planTarget(ctx context.Context, role *catalog.Role, scope *access.Scope, seal string, p *catalog.Plan, t *catalog.Target) (PlanTarget, error) {
	e := PlanTarget{
		ID: t.ID, Title: t.Title, Quote: t.Quote, Section: t.Section, Line: t.Line, Status: t.Status, Kind: t.Kind, Unit: t.Unit,
		Scope: t.Scope, Direction: t.Direction, Strict: t.Strict, Qualifier: t.Qualifier, Deadline: t.Deadline,
		DeadlineBasis: t.DeadlineBasis, Baseline: targetValue(t.Baseline), BaselineQuote: t.BaselineQuote,
		Target: targetValue(t.Target), TargetSource: t.TargetSource, Truncated: t.Truncated, Headline: t.Headline,
		Note: t.Note, Indicator: t.Indicator, IndicatorWhere: t.IndicatorWhere,
	}
	if t.Owner.ZH != "" {
		o := t.Owner
		e.Owner = &o
	}
	if ind := d.cat.Indicator(t.Indicator); ind != nil && seal != "" {
		figs, err := d.series(ctx, role, scope, seal, ind, t.IndicatorWhere)
		if err != nil {
			return e, err
		}
		e.Figure = latest(figs, 0)
	}
	for _, o := range p.Observations {
		if o.Target == t.ID || (o.Target == "" && t.Indicator != "" && o.Indicator == t.Indicator) {
			e.Observations = append(e.Observations, ObservationInfo{
				Year: o.Year, Value: o.Value, Unit: o.Unit, Source: o.Source.Text, Ref: o.Source.Ref, Certainty: o.Source.Certainty,
			})
		}
	}
	sort.SliceStable(e.Observations, func(i, j int) bool { return e.Observations[i].Year < e.Observations[j].Year })
	e.State = state(t, valueFor(t, e.Figure, e.Observations))
	return e, nil
}

// valueFor is what a target is held against: the figure, or the newest observation.
func valueFor(t *catalog.Target, f *Figure, obs []ObservationInfo) *float64 {
	if f != nil && f.Value != nil {
		return inUnit(t, f.Value)
	}
	if len(obs) > 0 {
		return &obs[len(obs)-1].Value
	}
	return nil
}

// inUnit is a figure's value in the unit of the target.
func inUnit(t *catalog.Target, value *float64) *float64 {
	if value == nil || t.Divide <= 1 {
		return value
	}
	v := *value / float64(t.Divide)
	return &v
}

// state holds a value against a target. A range is met at its nearer end.
func state(t *catalog.Target, value *float64) string {
	switch t.Status {
	case "rule":
		return StateRule
	case "fact":
		return StateFact
	}
	if t.Target == nil {
		if !t.Numbered && !t.Truncated {
			return StateNotNumbered
		}
		return StateNoTarget
	}
	if t.Target.Value == nil && t.Target.Min == nil && t.Target.Max == nil {
		return StateNotNumbered
	}
	if value == nil {
		return StateNoData
	}
	if reaches(t, *value) {
		return StateMet
	}
	return StateNotMet
}

func reaches(t *catalog.Target, v float64) bool {
	low, high := t.Target.Value, t.Target.Value
	if t.Target.Value == nil {
		low, high = t.Target.Min, t.Target.Max
	}
	const eps = 1e-9
	switch t.Direction {
	case "<=":
		if high == nil {
			high = low
		}
		if t.Strict {
			return v < *high-eps
		}
		return v <= *high+eps
	case "=":
		if low != nil && v < *low-eps {
			return false
		}
		return high == nil || v <= *high+eps
	}
	if low == nil {
		low = high
	}
	if t.Strict {
		return v > *low+eps
	}
	return v >= *low-eps
}

func targetValue(v *catalog.TargetValue) *TargetValue {
	if v == nil {
		return nil
	}
	return &TargetValue{Value: v.Value, Min: v.Min, Max: v.Max, Text: v.Text, Year: v.Year, Source: v.Source}
}

// series is one indicator through the years for a scope's organisation, at fixed
// values of further dimensions. It is empty where the indicator is not made for
// such a cut.
func (d *Window) series(ctx context.Context, role *catalog.Role, scope *access.Scope, seal string, ind *catalog.Indicator, with map[string]string) ([]Figure, error) {
	place, ok := d.place(scope, ind, scope.Root, guard.SortedKeys(with))
	if !ok {
		return nil, nil
	}
	where := map[string][]string{}
	for k, v := range with {
		place[k] = v
	}
	for k, v := range place {
		where[k] = []string{v}
	}
	return d.figures(ctx, role, scope, indicator.Query{
		Seal: seal, Indicators: []string{ind.ID}, By: [][]string{guard.SortedKeys(place)}, Where: where,
	})
}

// latest is the figure of a year, or the newest one for year 0; nil if there is none.
func latest(figs []Figure, year int) *Figure {
	var out *Figure
	for i := range figs {
		if (year == 0 || figs[i].Year == year) && (out == nil || figs[i].Year > out.Year) {
			out = &figs[i]
		}
	}
	return out
}
