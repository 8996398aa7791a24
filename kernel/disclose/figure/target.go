package figure

import (
	"context"
	"math"
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
	Version        int64             `json:"version,omitempty"`    // the one that holds, 0 for the plan's own
	Versions       []TargetVersion   `json:"versions,omitempty"`   // with the plan's own, if there are others
	Milestones     []TargetMilestone `json:"milestones,omitempty"` // of the organisation, by year
	Behind         bool              `json:"behind"`               // the newest milestone with a figure was missed

	Numbered bool        `json:"-"`
	Now      *float64    `json:"-"` // what the target is held against, in its unit
	Years    []YearValue `json:"-"` // the figure by year, in the target's unit, without what is withheld

	of *catalog.Target
}

// YearValue is a figure of one year in the unit of a target.
type YearValue struct {
	Year  int     `json:"year"`
	Value float64 `json:"value"`
}

// Reaches reports whether a value in the target's unit would reach it; ok is false
// for a target without a number.
func (t *PlanTarget) Reaches(v float64) (reaches, ok bool) {
	if t.of == nil || t.of.Status != "target" || bare(t.of) {
		return false, false
	}
	return reachesTarget(t.of, v), true
}

// Missing is how far a value is from the nearer end of the target, 0 once it is
// reached; ok is false for a target without a number.
func (t *PlanTarget) Missing(v float64) (float64, bool) {
	got, ok := t.Reaches(v)
	if !ok || got {
		return 0, ok
	}
	low, high := ends(t.of)
	if v < low {
		return low - v, true
	}
	return max(0, v-high), true // a strict bound that is just touched lacks nothing that could be named
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

// PlanQuery asks for plans with the figures of an organisation at a seal.
type PlanQuery struct {
	Seal string // "" is the last one
	Org  string // "" is the actor's own
	// Day (yyyymmdd) is the one whose targets are asked for: 0 is the day of the seal if
	// one is named, else today.
	Day int64
}

// Plan returns every plan with the figures of the actor's own organisation at a
// seal ("" is the last).
func (d *Window) Plan(ctx context.Context, actor luoshu.Actor, sealID string) ([]PlanInfo, error) {
	return d.PlanOf(ctx, actor, PlanQuery{Seal: sealID})
}

// PlanOf returns every plan with the figures of an organisation within the actor's
// reach.
func (d *Window) PlanOf(ctx context.Context, actor luoshu.Actor, q PlanQuery) ([]PlanInfo, error) {
	if err := d.acc.Require(actor, "plan"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if scope, err = scope.Under(q.Org); err != nil {
		return nil, err
	}
	seal, err := d.base.SealOrNone(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	holding, err := d.aimsOf(ctx, scope, q.Seal, q.Day)
	if err != nil {
		return nil, err
	}
	out := []PlanInfo{}
	for _, p := range d.cat.Plans {
		info := PlanInfo{ID: p.ID, Title: p.Title, Number: p.Number, Issued: p.Issued, From: p.From, To: p.To, Sections: []PlanSection{}}
		at := map[string]int{}
		for _, t := range p.Targets {
			e, err := d.planTarget(ctx, d.acc.Role(actor), scope, seal, holding, p, t)
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

func (d *Window) planTarget(ctx context.Context, role *catalog.Role, scope *access.Scope, seal string, a aims, p *catalog.Plan, own *catalog.Target) (PlanTarget, error) {
	t, stands := a.standing(own)
	e := PlanTarget{
		ID: t.ID, Title: t.Title, Quote: t.Quote, Section: t.Section, Line: t.Line, Status: t.Status, Kind: t.Kind, Unit: t.Unit,
		Scope: t.Scope, Direction: t.Direction, Strict: t.Strict, Qualifier: t.Qualifier, Deadline: t.Deadline,
		DeadlineBasis: t.DeadlineBasis, Baseline: targetValue(t.Baseline), BaselineQuote: t.BaselineQuote,
		Target: targetValue(t.Target), TargetSource: t.TargetSource, Truncated: t.Truncated, Headline: t.Headline,
		Note: t.Note, Indicator: t.Indicator, IndicatorWhere: t.IndicatorWhere, Numbered: t.Numbered, of: t,
	}
	if stands.Holding != nil {
		e.Version = stands.Holding.No
	}
	e.Versions = a.versions(p, own, stands)
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
		for i := range figs {
			if v := inUnit(t, figs[i].Value); v != nil {
				e.Years = append(e.Years, YearValue{figs[i].Year, *v})
			}
		}
	}
	for _, o := range p.Observations {
		if o.Target == t.ID || (o.Target == "" && t.Indicator != "" && o.Indicator == t.Indicator) {
			e.Observations = append(e.Observations, ObservationInfo{
				Year: o.Year, Value: o.Value, Unit: o.Unit, Source: o.Source.Text, Ref: o.Source.Ref, Certainty: o.Source.Certainty,
			})
		}
	}
	sort.SliceStable(e.Observations, func(i, j int) bool { return e.Observations[i].Year < e.Observations[j].Year })
	e.Now = valueFor(t, e.Figure, e.Observations)
	e.State = state(t, e.Now)
	e.Milestones = a.milestones(t, e.Measured())
	e.Behind = behind(e.Milestones)
	return e, nil
}

// Measured is the value of each year: the figures, or the observations where no
// figure answers the target.
func (t *PlanTarget) Measured() []YearValue {
	if t.Figure != nil {
		return t.Years
	}
	var out []YearValue
	for _, o := range t.Observations {
		out = append(out, YearValue{o.Year, o.Value})
	}
	return out
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
	if bare(t) {
		return StateNotNumbered
	}
	if value == nil {
		return StateNoData
	}
	if reachesTarget(t, *value) {
		return StateMet
	}
	return StateNotMet
}

// bare reports whether a target has no number.
func bare(t *catalog.Target) bool {
	return t.Target == nil || t.Target.Value == nil && t.Target.Min == nil && t.Target.Max == nil
}

// ends are between which values a numbered target is reached, its direction
// considered. A range is reached at its nearer end.
func ends(t *catalog.Target) (low, high float64) {
	a, b := t.Target.Value, t.Target.Value
	if t.Target.Value == nil {
		a, b = t.Target.Min, t.Target.Max
	}
	low, high = math.Inf(-1), math.Inf(1)
	switch t.Direction {
	case "<=", "<":
		if b == nil {
			b = a
		}
		return low, *b
	case "=":
		if a != nil {
			low = *a
		}
		if b != nil {
			high = *b
		}
		return low, high
	}
	if a == nil {
		a = b
	}
	return *a, high
}

func reachesTarget(t *catalog.Target, v float64) bool {
	const eps = 1e-9
	low, high := ends(t)
	if t.Strict && t.Direction != "=" || t.Direction == "<" || t.Direction == ">" {
		return v > low+eps && v < high-eps
	}
	return v >= low-eps && v <= high+eps
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
