// Package dual climbs Lagrangean duals by the volume algorithm of Barahona and
// Anbil (2000): a subgradient method whose direction is an average of the
// subgradients met, so that the average of the inner solutions tends to an
// optimum of the linear relaxation and can be branched on.
package dual

import (
	"context"
	"math"
)

// Oracle solves the relaxed problem at the multipliers and returns its value, a
// lower bound. It writes to g, of the same length, how far each relaxed
// constraint is missed (right side minus left side): a subgradient.
type Oracle func(multipliers, g []float64) float64

// Ascent is how to climb. The zero values of Steps, Patience and Factor are 500,
// 150 and 1.
type Ascent struct {
	Steps    int     // most evaluations
	Patience int     // evaluations without a notable gain before it gives up
	Factor   float64 // first length of a step, relative to Polyak's
	// Target returns the value to reach: the best known solution.
	Target func() float64
	// Enough returns true when the bound suffices.
	Enough func(bound float64) bool
	// Mix is told, after each evaluation, the share with which the newest inner
	// solution enters the average, and whether the bound rose.
	Mix func(share float64, better bool)
}

// Climb starts at the multipliers, which it overwrites by the best found, and
// returns the best bound and the number of evaluations.
func (a Ascent) Climb(ctx context.Context, multipliers []float64, eval Oracle) (bound float64, steps int) {
	if a.Steps == 0 {
		a.Steps = 500
	}
	if a.Patience == 0 {
		a.Patience = 150
	}
	if a.Factor == 0 {
		a.Factor = 1
	}
	n := len(multipliers)
	at, g, mean := make([]float64, n), make([]float64, n), make([]float64, n)
	bound = eval(multipliers, g)
	copy(mean, g)
	a.mix(1, true)
	factor, ceiling := a.Factor, 0.1
	reds, idle, mark := 0, 0, bound
	for steps = 1; steps < a.Steps && ctx.Err() == nil; steps++ {
		if a.Enough != nil && a.Enough(bound) {
			break
		}
		goal := a.Target()
		if math.IsInf(goal, 0) || goal-bound < 0.05*math.Abs(goal)*0.01 {
			goal = bound + 0.0005*math.Abs(bound) + 1e-9
		}
		norm := dot(mean, mean)
		if norm < 1e-18 {
			break // the average solves the relaxation
		}
		length := factor * (goal - bound) / norm
		for i := range at {
			at[i] = multipliers[i] + length*mean[i]
		}
		value := eval(at, g)
		share := blend(g, mean, ceiling)
		better := value > bound
		if better {
			if dot(g, mean) > 0 && factor < 2 {
				factor *= 1.1
			}
			bound, reds = value, 0
			copy(multipliers, at)
		} else if reds++; reds >= 5 {
			factor, reds = factor*0.7, 0
		}
		for i := range mean {
			mean[i] = share*g[i] + (1-share)*mean[i]
		}
		a.mix(share, better)
		if idle++; bound-mark > 1e-4*math.Max(math.Abs(goal-bound), 1e-4*math.Abs(bound)) {
			mark, idle = bound, 0
		}
		if idle == a.Patience/2 && ceiling > 0.01 {
			ceiling /= 2
		}
		if idle >= a.Patience && factor < 0.05 || factor < 1e-5 {
			break
		}
	}
	return bound, steps
}

func (a Ascent) mix(share float64, better bool) {
	if a.Mix != nil {
		a.Mix(share, better)
	}
}

// blend is the share of g that makes the average of g and mean shortest, kept
// between a tenth of the ceiling and the ceiling.
func blend(g, mean []float64, ceiling float64) float64 {
	num, den := 0.0, 0.0
	for i := range g {
		d := mean[i] - g[i]
		num += mean[i] * d
		den += d * d
	}
	if den < 1e-18 {
		return ceiling
	}
	return math.Min(ceiling, math.Max(ceiling/10, num/den))
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}
