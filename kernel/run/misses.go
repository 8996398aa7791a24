package run

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/run/missed"
)

// misses forecasts every earlier year from what was known then, and holds it against
// what came. Each origin sees the counts up to it and nothing later.
func (f *forecasting) misses(ctx context.Context, s forecast.Series) (map[string]*missed.Stage, error) {
	years := map[int]bool{}
	counted := map[string]map[int]map[string]float64{} // unit, year, stage
	for _, c := range s.Counts {
		years[c.Year] = true
		if counted[c.Unit] == nil {
			counted[c.Unit] = map[int]map[string]float64{}
		}
		if counted[c.Unit][c.Year] == nil {
			counted[c.Unit][c.Year] = map[string]float64{}
		}
		counted[c.Unit][c.Year][f.ladder.group[c.Grade]] += c.Children
	}
	var list []int
	for y := range years {
		if !slices.Contains(f.q.Exclude, y) {
			list = append(list, y)
		}
	}
	slices.Sort(list)
	if len(list) == 0 {
		return nil, luoshu.Errorf(luoshu.Invalid, "所有学年都被排除，无法推算", "every year is excluded, so nothing can be forecast")
	}
	out := f.pools()
	for _, origin := range list {
		past := s
		past.Counts, past.Births = nil, nil
		for _, c := range s.Counts {
			if c.Year <= origin {
				past.Counts = append(past.Counts, c)
			}
		}
		for _, b := range s.Births {
			if b.Year <= origin {
				past.Births = append(past.Births, b)
			}
		}
		ahead := list[len(list)-1] - origin
		if ahead < 1 || origin == list[0] {
			continue
		}
		got, err := forecast.Run(ctx, past, forecast.Options{Horizons: min(ahead, f.q.Years)})
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue // too little was known then
		}
		for _, o := range got.Areas {
			for h, y := range o.Years {
				at, there := counted[o.ID][y.Year]
				before := counted[o.ID][got.Base]
				if !there || slices.Contains(f.q.Exclude, y.Year) || slices.ContainsFunc(f.q.Breaks, func(b int) bool { return origin < b && b <= y.Year }) {
					continue
				}
				for _, g := range f.chain {
					m := missed.Miss{Origin: origin, Counted: at[g], No: before[g]}
					for _, grade := range f.ladder.grades[g] {
						m.Forecast += y.By[got.Middle][slices.Index(got.Grades, grade)]
					}
					if m.No > 0 { // an area that only begins with a stage cannot have been expected to
						out[g].ByHorizon[h+1] = append(out[g].ByHorizon[h+1], m)
					}
				}
			}
		}
	}
	return out, nil
}

// pools are the misses of the stages of the chain, none so far.
func (f *forecasting) pools() map[string]*missed.Stage {
	out := map[string]*missed.Stage{}
	for i, g := range f.chain {
		out[g] = &missed.Stage{ByHorizon: map[int][]missed.Miss{}, Grades: len(f.ladder.grades[g]), Kind: f.spec.Kind("area")}
		if i > 0 {
			out[g].Before = out[f.chain[i-1]]
		}
	}
	for _, g := range f.chain {
		for _, other := range f.chain {
			if other != g {
				out[g].Others = append(out[g].Others, out[other])
			}
		}
	}
	return out
}
