package run

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/access"
)

// Start runs an engine with parameters in YAML or JSON and returns the number of its
// answer. What is wrong with the parameters by themselves is a fault before anything
// is read: Check.
func (r *Runner) Start(ctx context.Context, actor luoshu.Actor, engine string, params []byte, p luoshu.Progress) (string, error) {
	switch engine {
	case "forecast":
		out, err := r.Forecast(ctx, actor, params, p)
		if err != nil {
			return "", err
		}
		return out.Run, nil
	case "siting":
		out, err := r.Layout(ctx, actor, params, p)
		if err != nil {
			return "", err
		}
		return out.Run, nil
	}
	return "", noEngine(engine)
}

// Check says whether somebody may start an engine with such parameters, as far as
// that can be told without reading records: the right, the role, unknown keys, the
// organisation, the seal.
func (r *Runner) Check(ctx context.Context, actor luoshu.Actor, engine string, params []byte) error {
	var c *common
	var into any
	switch engine {
	case "forecast":
		q := &ForecastParams{}
		c, into = &q.common, q
	case "siting":
		q := &LayoutParams{}
		c, into = &q.common, q
	default:
		return noEngine(engine)
	}
	if err := r.access.Require(actor, Right); err != nil {
		return err
	}
	if err := read(params, into); err != nil {
		return err
	}
	_, _, _, err := r.start(ctx, actor, engine, c)
	return err
}

func noEngine(engine string) error {
	return luoshu.Errorf(luoshu.NotFound, "没有引擎“%s”（forecast、siting）", "there is no engine %q (forecast, siting)", engine)
}

// May reports whether somebody may start a run at all.
func (r *Runner) May(actor luoshu.Actor, s *Spec) bool {
	if r.access.Require(actor, Right) != nil {
		return false
	}
	return len(s.Roles) == 0 || actor.Role == access.Operator.Role || slices.Contains(s.Roles, actor.Role)
}

// Groups are the groups of the ladder of a run that have grades, in order.
func (r *Runner) Groups(s *Spec) []string { return r.ladder(s.Ladder).groups }

// PeakPlan is the plan for the peaks of a forecast that was run before, from those of
// its rows that are given, with the class size and the cost of a place that the
// packs say for the base year. now is how many there are in the base year, by unit and
// stage.
func (r *Runner) PeakPlan(s *Spec, org string, rows []Row, base int, now map[[2]string]float64) ([]forecast.Peak, error) {
	day := int64(base)*10000 + int64(max(r.cat.City.YearStart, 1))*100 + 1
	return Peaks(s, rows, base, now, func(stage string) (int, int64) {
		when := map[string]string{"stage": stage}
		n, _ := r.parameter(s, "size", day, when, org)
		cost, _ := r.parameter(s, "place_cost", day, when, org)
		return int(n), int64(cost * 1e6) // the parameter is in 10,000 yuan, a million fen
	})
}
