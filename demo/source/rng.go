// Package source holds the raw material of a synthetic city: public figures and
// place names by county, invented names and identifiers, and chance that is the
// same on every machine. It is the only place where the demo's identifiers are
// made.
package source

import "math"

// RNG is a splitmix64 generator: small, fast, the same on every machine.
type RNG struct{ s uint64 }

// Mix scrambles x (the finaliser of splitmix64).
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Seeded returns a generator for one purpose of one seed.
func Seeded(seed uint64, purpose string) *RNG {
	h := seed ^ 0x9e3779b97f4a7c15
	for i := 0; i < len(purpose); i++ {
		h = Mix(h ^ uint64(purpose[i])<<8)
	}
	return &RNG{h}
}

func (r *RNG) Next() uint64 {
	r.s += 0x9e3779b97f4a7c15
	return Mix(r.s)
}

// N returns a whole number in [0, n); n must be positive.
func (r *RNG) N(n int) int { return int((r.Next() >> 33) % uint64(n)) }

// F returns a number in [0, 1).
func (r *RNG) F() float64 { return float64(r.Next()>>11) / (1 << 53) }

// Chance is true with probability p.
func (r *RNG) Chance(p float64) bool { return p > 0 && r.F() < p }

// Norm returns a standard normal number.
func (r *RNG) Norm() float64 {
	return math.Sqrt(-2*math.Log(1-r.F())) * math.Cos(2*math.Pi*r.F())
}

// Lognorm returns a positive number with mean about 1 and the given spread.
func (r *RNG) Lognorm(sd float64) float64 {
	return math.Exp(sd*r.Norm() - sd*sd/2)
}

// Shuffle puts list into random order.
func (r *RNG) Shuffle(list []int32) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.N(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// Share is a number in [0, 1) fixed by a key and a purpose: the same person keeps
// the same attributes whenever a row about them is written.
func Share(key uint64, purpose uint64) float64 {
	return float64(Mix(key^purpose*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// Split divides total into whole parts in proportion to weights, each at least
// least where its weight is positive, by largest remainder.
func Split(total int, weights []float64, least int) []int {
	out := make([]int, len(weights))
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	if sum <= 0 {
		return out
	}
	left := total
	rest := make([]float64, len(weights))
	for i, w := range weights {
		if w <= 0 {
			continue
		}
		exact := float64(total) * w / sum
		out[i] = max(least, int(exact))
		rest[i] = exact - float64(int(exact))
		left -= out[i]
	}
	for ; left > 0; left-- {
		best := 0
		for i := range rest {
			if rest[i] > rest[best] {
				best = i
			}
		}
		out[best]++
		rest[best] -= 1
	}
	return out
}

// KeepLargest sets all but the n largest weights to zero.
func KeepLargest(w []float64, n int) {
	for {
		left, least := 0, -1
		for i, x := range w {
			if x > 0 {
				left++
				if least < 0 || x < w[least] {
					least = i
				}
			}
		}
		if left <= n {
			return
		}
		w[least] = 0
	}
}
