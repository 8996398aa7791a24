package demo

import "math"

// rng is a splitmix64 generator: small, fast, the same on every machine.
type rng struct{ s uint64 }

// mix scrambles x (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// seeded returns a generator for one purpose of one seed.
func seeded(seed uint64, purpose string) *rng {
	h := seed ^ 0x9e3779b97f4a7c15
	for i := 0; i < len(purpose); i++ {
		h = mix(h ^ uint64(purpose[i])<<8)
	}
	return &rng{h}
}

func (r *rng) next() uint64 {
	r.s += 0x9e3779b97f4a7c15
	return mix(r.s)
}

// n returns a whole number in [0, n); n must be positive.
func (r *rng) n(n int) int { return int((r.next() >> 33) % uint64(n)) }

// f returns a number in [0, 1).
func (r *rng) f() float64 { return float64(r.next()>>11) / (1 << 53) }

// chance is true with probability p.
func (r *rng) chance(p float64) bool { return p > 0 && r.f() < p }

// norm returns a standard normal number.
func (r *rng) norm() float64 {
	return math.Sqrt(-2*math.Log(1-r.f())) * math.Cos(2*math.Pi*r.f())
}

// lognorm returns a positive number with mean about 1 and the given spread.
func (r *rng) lognorm(sd float64) float64 {
	return math.Exp(sd*r.norm() - sd*sd/2)
}

// shuffle puts list into random order.
func (r *rng) shuffle(list []int32) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.n(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// share is a number in [0, 1) fixed by a key and a purpose: the same person keeps
// the same attributes whenever a row about them is written.
func share(key uint64, purpose uint64) float64 {
	return float64(mix(key^purpose*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// split divides total into whole parts in proportion to weights, each at least
// least where its weight is positive, by largest remainder.
func split(total int, weights []float64, least int) []int {
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
