package run

import (
	"context"
	"fmt"
	"slices"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/run/asked"
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
// that can be told without reading records: the right, the role, unknown keys, numbers
// out of range, the organisation, the seal, units that are not there. The Field of a
// refusal is the parameter.
func (r *Runner) Check(ctx context.Context, actor luoshu.Actor, engine string, params []byte) error {
	var q asked.Params
	switch engine {
	case "forecast":
		q = &ForecastParams{}
	case "siting":
		q = &LayoutParams{}
	default:
		return noEngine(engine)
	}
	if err := r.access.Require(actor, Right); err != nil {
		return err
	}
	_, _, _, err := r.asked(ctx, actor, engine, params, q)
	return err
}

// asked reads parameters into q and checks them, who asks, and for whom.
func (r *Runner) asked(ctx context.Context, actor luoshu.Actor, engine string, params []byte, q asked.Params) (*Spec, *access.Node, ledger.Seal, error) {
	if err := asked.Read(params, q); err != nil {
		return nil, nil, ledger.Seal{}, err
	}
	s, node, seal, err := r.start(ctx, actor, engine, q.Head())
	if err != nil {
		return nil, nil, seal, err
	}
	k := asked.Known{Groups: r.Groups(s), Feeds: s.Ladder.Feeds}
	if f, in := s.Out["rows"], s.Inputs["outlook"]; f != nil {
		k.Scenarios = r.codes(f.Entity.Field("scenario"))
	} else if in != nil {
		k.Scenarios = r.codes(in.Fields["scenario"])
	}
	if err := asked.Check(params, q, k); err != nil {
		return nil, nil, seal, err
	}
	if f, ok := q.(*ForecastParams); ok {
		err = r.closures(ctx, actor, node, f)
	}
	return s, node, seal, err
}

// closing checks that what closes has children of a stage that is forecast, and says
// where those go whom nobody is named to take.
func (f *forecasting) closing() error {
	for _, c := range f.q.Closures {
		if !slices.ContainsFunc(f.counts, func(x count) bool {
			return x.unit == c.Unit && x.year == f.lastYear() && slices.Contains(f.stages, f.ladder.group[x.grade])
		}) {
			return param("closures", luoshu.Errorf(luoshu.Invalid, "撤并 %s：它在 %d 年没有所选学段的在校生，请去掉这一条或选上它的学段", "closure of %s: in %d it has no children of the stages asked for; delete it, or ask for its stage", c.Unit, f.lastYear()))
		}
		rest := 1.0
		for _, t := range c.To {
			rest -= t.Share
		}
		if rest > 1e-6 {
			f.note("closure", fmt.Sprintf("撤并 %s：%.0f%% 的儿童没有写明去哪里，由同一管理单位的其他单位按比例分担。", c.Unit, 100*rest),
				fmt.Sprintf("Closure of %s: it is not said where %.0f %% of its children go; the other units of its body share them.", c.Unit, 100*rest))
		}
	}
	return nil
}

// codes are those of a field's list.
func (r *Runner) codes(f *catalog.Field) []string {
	var out []string
	for _, c := range r.cat.List(f.Codes).Codes {
		out = append(out, c.Code)
	}
	return out
}

// closures checks that what closes is of the organisation the run is for, and that who
// takes its children is somewhere.
func (r *Runner) closures(ctx context.Context, actor luoshu.Actor, node *access.Node, q *ForecastParams) error {
	scope, err := r.access.Scope(ctx, actor)
	if err != nil {
		return err
	}
	tree := scope.Tree()
	for _, h := range q.Housing {
		if tree.Get(h.Area) == nil {
			return param("housing", luoshu.Errorf(luoshu.Invalid, "新建住宅（housing）：没有单位“%s”，请写管理单位的代码", "new housing (housing): there is no body %q; give the code of a managing body", h.Area))
		}
	}
	for _, c := range q.Closures {
		switch n := tree.Get(c.Unit); {
		case n == nil:
			return param("closures", luoshu.Errorf(luoshu.Invalid, "撤并 %s：没有这个单位，请核对单位代码", "closure of %s: there is no such unit; check its code", c.Unit))
		case !tree.Within(node.Code, c.Unit):
			return param("closures", luoshu.Errorf(luoshu.Invalid, "撤并 %s：%s 不属于 %s，本次推算不涉及它；请去掉，或改为上级单位推算", "closure of %s: %s is not of %s, so this forecast says nothing of it; delete it, or make the forecast for a body above both", c.Unit, n.Title, node.Title))
		}
		for _, t := range c.To {
			if tree.Get(t.To) == nil {
				return param("closures", luoshu.Errorf(luoshu.Invalid, "撤并 %s：没有接收单位 %s，请核对单位代码", "closure of %s: there is no unit %s to take its children; check its code", c.Unit, t.To))
			}
		}
	}
	return nil
}

// param names the parameter that is refused.
func param(field string, e *luoshu.Error) *luoshu.Error {
	e.Field = field
	return e
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
