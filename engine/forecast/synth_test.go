package forecast

import (
	"math"
	"math/rand/v2"
)

// A family is a kind of town that children are drawn up for: not any real one.
type family struct {
	name                       string
	areas, units, years, grade int
	size                       float64 // children of an entry grade of a unit
	trend, wander, shock       float64 // entry a year: drift, persistence of its growth (sd), passing noise (sd)
	share, move, ratios        float64 // drift of shares (sd), share that leaves a year, how units differ in ratio (sd)
	estates, closures, opens   float64 // chance a unit and year
}

var families = []family{
	{"growing city", 6, 60, 15, 6, 90, 0.025, 0.012, 0.03, 0.05, 0.05, 0.02, 0, 0, 0.02},
	{"shrinking county", 10, 80, 15, 9, 45, -0.04, 0.012, 0.03, 0.05, 0.04, 0.02, 0, 0.01, 0},
	{"new estates", 8, 64, 15, 6, 70, 0, 0.01, 0.03, 0.05, 0.05, 0.03, 0.03, 0, 0.01},
	{"small rural schools", 12, 120, 15, 6, 10, -0.02, 0.01, 0.05, 0.05, 0.06, 0.03, 0, 0.02, 0},
	{"noisy", 5, 40, 15, 6, 60, 0, 0.02, 0.08, 0.1, 0.12, 0.05, 0, 0, 0},
	{"short growing", 6, 60, 8, 6, 90, 0.025, 0.012, 0.03, 0.05, 0.05, 0.02, 0, 0, 0.02},
	{"short shrinking", 10, 80, 6, 9, 45, -0.04, 0.012, 0.03, 0.05, 0.04, 0.02, 0, 0.01, 0},
	{"one area", 1, 14, 22, 6, 60, -0.005, 0.012, 0.03, 0.06, 0.05, 0.02, 0, 0.005, 0.005},
}

func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 60 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	l, k, p := math.Exp(-mean), 0.0, 1.0
	for {
		p *= r.Float64()
		if p <= l {
			return k
		}
		k++
	}
}

// draw makes counts of a family.
func (f family) draw(seed uint64) *grid {
	r := rand.New(rand.NewPCG(seed, 7))
	years := make([]int, f.years)
	known := make([]bool, f.years)
	for i := range years {
		years[i], known[i] = 2008+i, true
	}
	x := newGrid(years, known, make([]int, f.years), f.units, f.grade)
	x.areas = f.areas
	burn := f.grade + 6
	level := make([]float64, f.areas)
	growth := make([]float64, f.areas)
	base := make([]float64, f.areas*f.grade)
	for i := range base {
		base[i] = 0.99 + 0.015*r.NormFloat64()
	}
	type unit struct {
		share       float64
		own, boost  []float64
		open, close int
	}
	us := make([]unit, f.units)
	for u := range us {
		x.area[u] = u * f.areas / f.units
		us[u] = unit{math.Exp(0.5 * r.NormFloat64()), make([]float64, f.grade), make([]float64, burn+f.years+8), -1, 1 << 30}
		for g := range f.grade {
			us[u].own[g] = f.ratios * r.NormFloat64()
		}
		if r.Float64() < f.opens*float64(f.years) {
			us[u].open = burn + r.IntN(f.years)
		}
		if r.Float64() < f.closures*float64(f.years) {
			us[u].close = burn + 1 + r.IntN(f.years)
		}
		for y := range burn + f.years {
			if r.Float64() < f.estates {
				for k := range 4 {
					us[u].boost[y+k] += 0.06
				}
			}
		}
	}
	now := make([][]float64, f.units)
	for u := range now {
		now[u] = make([]float64, f.grade)
		for g := range now[u] {
			now[u][g] = poisson(r, f.size*us[u].share)
		}
	}
	for y := range burn + f.years {
		year := r.NormFloat64() * f.shock / 2
		for a := range f.areas {
			growth[a] = 0.8*growth[a] + f.wander*r.NormFloat64()
			level[a] += growth[a] + f.trend
		}
		pool := make([]float64, f.areas)
		for u := range us {
			if y > us[u].open && y < us[u].close {
				pool[x.area[u]] += us[u].share
			}
		}
		noise := make([]float64, f.areas)
		ratio := make([]float64, f.areas)
		for a := range noise {
			noise[a], ratio[a] = year+f.shock*r.NormFloat64(), 0.008*r.NormFloat64()
		}
		for u := range us {
			a := x.area[u]
			us[u].share *= math.Exp(f.share * r.NormFloat64())
			old := now[u]
			next := make([]float64, f.grade)
			if y > us[u].open && y < us[u].close {
				n := f.size * float64(f.units) / float64(f.areas) * math.Exp(level[a]+noise[a]-f.trend*float64(burn)) * us[u].share / math.Max(pool[a], 0.2)
				for k := max(0, y-4); k <= y; k++ {
					n *= 1 + us[u].boost[k]/2
				}
				next[0] = poisson(r, n)
				for g := 1; g < f.grade; g++ {
					m := old[g-1] * math.Max(0.3, base[a*f.grade+g]+us[u].own[g]+ratio[a]+us[u].boost[y])
					stay := old[g-1] * (1 - f.move)
					next[g] = math.Max(0, math.Round(stay+math.Sqrt(stay*f.move)*r.NormFloat64()+poisson(r, math.Max(0, m-stay))))
				}
			}
			now[u] = next
			if t := y - burn; t >= 0 && y > us[u].open && y < us[u].close {
				x.has[u*x.y+t] = true
				copy(x.row(u, t), next)
			}
		}
	}
	return x
}
