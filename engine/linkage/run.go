package linkage

import (
	"context"
	"fmt"
	"math"
	"slices"

	"luoshu"
)

// Weights are counted in bins of a tenth of a bit, to find the prior that agrees
// with all pairs without keeping them.
const (
	binWidth = 0.1
	binCount = 4000
	binZero  = 2000
)

// Run links the rows of a table. With a model the table is judged by it; without
// one (nil) a model is learned first. With focus (one flag a row; nil is all) only
// pairs with a row in focus are looked at. A cancelled run returns ctx's error and
// no result.
func Run(ctx context.Context, t *Table, c Config, model *Model, focus []bool, progress luoshu.Progress) (*Result, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	if len(c.Fields) != len(t.fields) || focus != nil && len(focus) != int(t.rows) {
		return nil, fmt.Errorf("linkage: table, configuration and focus do not belong together")
	}
	tell := progressOf(progress)
	tell("keys", 0, int64(len(c.Passes)))
	res := &Result{Version: Version, Model: model}
	if t.rows < 2 {
		return res, nil
	}
	r := &trainer{t: t, c: &c, b: newBlocking(t, &c, nil)}
	known := model != nil
	if !known {
		if err := r.sample(ctx, tell); err != nil {
			return nil, err
		}
		res.Model, res.Warnings = r.learn()
	} else if len(model.Fields) != len(t.fields) {
		return nil, fmt.Errorf("linkage: a model of %d fields for %d", len(model.Fields), len(t.fields))
	}
	r.b.focus = focus
	x := &run{trainer: r, res: res, known: known, score: res.Model.scorer(t, c.Cautions)}
	if err := x.all(ctx, tell); err != nil {
		return nil, err
	}
	tell("clusters", 0, 0)
	x.clusters()
	return res, nil
}

// run is the scoring of all candidate pairs.
type run struct {
	*trainer
	res   *Result
	known bool
	score *scorer
	found [][]Pair
	bins  [][]int64
	seen  []int64
	floor float64
	lost  int64
}

func (x *run) all(ctx context.Context, tell func(string, int64, int64)) error {
	prior := x.res.Model.Prior
	if !x.known { // at most this many: every pass's expected matches, counted twice where they overlap
		sum := 0.0
		for p, h := range x.passes {
			for _, k := range h {
				sum += x.lambda[p] * k.n * x.scale[p]
			}
		}
		prior = min(max(sum, 1)/x.total, 0.5)
	}
	x.floor = odds(x.c.Possible) - odds(prior)
	x.found = make([][]Pair, x.c.Workers)
	x.seen = make([]int64, x.c.Workers)
	for range x.c.Workers {
		x.bins = append(x.bins, make([]int64, binCount))
	}
	for p := range x.b.passes {
		entries, blocks := x.b.sorted(p)
		for _, k := range blocks {
			if n := k[1] - k[0]; n > x.c.MaxBlock {
				x.res.Warnings = append(x.res.Warnings, Warning{Kind: "oversize_block", Where: x.b.passes[p].Name, N: int64(n)})
			}
		}
		base := int64(len(blocks)) * int64(p)
		err := parallel(ctx, x.c.Workers, len(blocks), 256, func(w, from, to int) {
			for _, k := range blocks[from:to] {
				x.b.eachInBlock(entries[k[0]:k[1]], func(key uint64, a, b uint32) { x.one(w, p, key, a, b) })
			}
		}, func(done int) { tell("compare", base+int64(done), int64(len(blocks)*len(x.b.passes))) })
		if err != nil {
			return err
		}
		x.prune()
	}
	x.finish(prior)
	return nil
}

// one compares a candidate pair unless an earlier pass did.
func (x *run) one(w, pass int, key uint64, a, b uint32) {
	if x.b.earlier(pass, key, a, b) {
		return
	}
	x.seen[w]++
	v := x.t.compare(a, b)
	s := x.score.pair(v, a, b)
	x.bins[w][min(max(int(math.Floor(s/binWidth))+binZero, 0), binCount-1)]++
	if s >= x.floor {
		x.found[w] = append(x.found[w], Pair{A: a, B: b, Weight: s, levels: v})
	}
}

// prune keeps the likeliest pairs when there are more than may be kept.
func (x *run) prune() {
	n := 0
	for _, f := range x.found {
		n += len(f)
	}
	if n <= 2*x.c.MaxPairs {
		return
	}
	all := slices.Concat(x.found...)
	for i := range x.found {
		x.found[i] = nil
	}
	x.found[0] = x.likeliest(all)
}

func (x *run) likeliest(all []Pair) []Pair {
	if len(all) <= x.c.MaxPairs {
		return all
	}
	slices.SortFunc(all, func(a, b Pair) int {
		switch {
		case a.Weight != b.Weight:
			if a.Weight > b.Weight {
				return -1
			}
			return 1
		case a.A != b.A:
			return int(a.A) - int(b.A)
		}
		return int(a.B) - int(b.B)
	})
	x.lost += int64(len(all) - x.c.MaxPairs)
	return all[:x.c.MaxPairs]
}

// finish settles the prior, then weights, probabilities, verdicts and order.
func (x *run) finish(prior float64) {
	sum := make([]int64, binCount)
	for w := range x.bins {
		x.res.Compared += x.seen[w]
		for i, n := range x.bins[w] {
			sum[i] += n
		}
	}
	if !x.known {
		x.res.Model.Prior = x.settlePrior(sum, prior)
	}
	base := odds(x.res.Model.Prior)
	all := x.likeliest(slices.Concat(x.found...))
	slices.SortFunc(all, func(a, b Pair) int {
		if a.A != b.A {
			return int(a.A) - int(b.A)
		}
		return int(a.B) - int(b.B)
	})
	all = slices.CompactFunc(all, func(a, b Pair) bool { return a.A == b.A && a.B == b.B })
	out := all[:0]
	for _, p := range all {
		p.Weight += base
		p.Probability = probability(p.Weight)
		p.Verdict = x.c.verdict(p.Probability)
		if c := x.score.caution(p.levels); c != nil && p.Verdict != NonMatch && (p.Verdict == Match || c.verdict == NonMatch) {
			p.Verdict, p.Caution = c.verdict, c.id
		}
		if p.Verdict != NonMatch {
			out = append(out, p)
		}
	}
	x.res.Pairs = slices.Clip(out)
	if x.lost > 0 {
		x.res.Warnings = append(x.res.Warnings, Warning{Kind: "too_many_pairs", N: x.lost})
	}
}

func (c *Config) verdict(p float64) Verdict {
	switch {
	case p >= c.Match:
		return Match
	case p >= c.Possible:
		return Possible
	}
	return NonMatch
}

// settlePrior finds the prior under which the pairs' probabilities add up to it.
func (x *run) settlePrior(bins []int64, start float64) float64 {
	p := start
	for range 100 {
		sum := 0.0
		base := odds(p)
		for i, n := range bins {
			if n > 0 {
				sum += float64(n) * probability(base+(float64(i-binZero)+0.5)*binWidth)
			}
		}
		next := min(max(sum, 1)/x.total, start)
		if math.Abs(next-p) < p*1e-6 {
			return next
		}
		p = next
	}
	return p
}

// clusters joins the rows that matches connect, and flags a cluster in which two
// rows are surely two people: matches must not chain strangers together.
func (x *run) clusters() {
	parent := map[uint32]uint32{}
	var root func(uint32) uint32
	root = func(a uint32) uint32 {
		p, ok := parent[a]
		if !ok || p == a {
			return a
		}
		r := root(p)
		parent[a] = r
		return r
	}
	for _, p := range x.res.Pairs {
		if p.Verdict == Match {
			a, b := root(p.A), root(p.B)
			parent[max(a, b)] = min(a, b)
			if _, ok := parent[min(a, b)]; !ok {
				parent[min(a, b)] = min(a, b)
			}
		}
	}
	sets := map[uint32][]uint32{}
	for a := range parent {
		r := root(a)
		sets[r] = append(sets[r], a)
	}
	for _, rows := range sets {
		slices.Sort(rows)
		x.res.Clusters = append(x.res.Clusters, x.examine(rows))
	}
	slices.SortFunc(x.res.Clusters, func(a, b Cluster) int { return int(a.Rows[0]) - int(b.Rows[0]) })
}

func (x *run) examine(rows []uint32) Cluster {
	c := Cluster{Rows: rows}
	if len(rows) > maxCluster {
		c.Flagged, c.TooBig = true, true
		return c
	}
	base := odds(x.res.Model.Prior)
	for i, a := range rows {
		for _, b := range rows[i+1:] {
			v := x.t.compare(a, b)
			no := probability(base+x.score.pair(v, a, b)) <= certainNo
			if k := x.score.caution(v); k != nil && k.verdict == NonMatch {
				no = true
			}
			if no && !c.Flagged {
				c.Flagged, c.Bridge = true, [2]uint32{a, b}
			}
		}
	}
	return c
}
