package linkage

import (
	"context"
	"math"
	"slices"

	"luoshu"
)

// Model is what was learned: of each field the probability of every level among
// pairs of one person (M) and of two people (U), and how likely it is that any two
// rows are one person. Level l of a field stands at index l-1.
type Model struct {
	Fields []FieldModel `json:"fields"`
	Prior  float64      `json:"prior"` // probability that two random rows are one person
}

// FieldModel is what was learned about a field.
type FieldModel struct {
	Name    string    `json:"name"`
	Kind    Kind      `json:"kind"`
	M       []float64 `json:"m"`
	U       []float64 `json:"u"`
	Trained float64   `json:"trained"` // expected pairs of one person that M was learned from
}

// expected are the starting values of m, weak opinions worth priorPairs pairs: most
// values agree, the rest falls off towards disagreement.
var expected = map[Kind][]float64{
	Name:       {0.86, 0.015, 0.01, 0.025, 0.01, 0.03, 0.025, 0.015, 0.01},
	Names:      {0.80, 0.07, 0.03, 0.10},
	Identifier: {0.86, 0.06, 0.05, 0.03},
	Date:       {0.90, 0.015, 0.01, 0.015, 0.035, 0.01, 0.015},
	Phone:      {0.65, 0.05, 0.30},
	Category:   {0.97, 0.03},
	Word:       {0.78, 0.12, 0.04, 0.06},
	Text:       {0.70, 0.15, 0.05, 0.10},
	Number:     {0.85, 0.07, 0.08},
}

const (
	priorPairs = 20.0 // weight of the starting values of m, in pairs
	rounds     = 25   // of expectation-maximisation on a pass
	outer      = 3    // of u, m and the prior together
)

// histogram counts packed comparisons; pairs are in ascending order of pattern.
type histogram []counted

type counted struct {
	levels uint64
	n      float64
}

func gather(maps []map[uint64]int64) histogram {
	sum := map[uint64]int64{}
	for _, m := range maps {
		for k, n := range m {
			sum[k] += n
		}
	}
	h := make(histogram, 0, len(sum))
	for k, n := range sum {
		h = append(h, counted{k, float64(n)})
	}
	slices.SortFunc(h, func(a, b counted) int {
		if a.levels < b.levels {
			return -1
		}
		return 1
	})
	return h
}

// scorer is a model ready for use: weights by field and level, what lies within an
// identifier, the cautions as bit masks.
type scorer struct {
	t        *Table
	weight   [maxFields][16]float64
	m        [maxFields]float64 // m of the exact level, for values with a frequency
	within   [maxFields]int     // field number of the identifier, -1 none
	n        int
	cautions []compiledCaution
}

type compiledCaution struct {
	id      string
	masks   [maxFields]uint16 // 0: any level
	verdict Verdict
}

func (m *Model) scorer(t *Table, cautions []Caution) *scorer {
	s := &scorer{t: t, n: len(t.fields)}
	at := map[string]int{}
	for i, f := range t.fields {
		at[f.Name] = i
	}
	for i, f := range t.fields {
		s.within[i] = -1
		if f.Within != "" {
			s.within[i] = at[f.Within]
		}
		fm := m.Fields[i]
		s.m[i] = fm.M[0]
		for l := range fm.M {
			s.weight[i][l+1] = math.Log2(fm.M[l] / fm.U[l])
		}
	}
	for _, c := range cautions {
		k := compiledCaution{id: c.ID, verdict: c.Verdict}
		for f, names := range c.When {
			for _, n := range names {
				k.masks[at[f]] |= 1 << LevelNumber(t.fields[at[f]].Kind, n)
			}
		}
		s.cautions = append(s.cautions, k)
	}
	return s
}

func level(v uint64, f int) int { return int(v >> (4 * f) & 15) }

// implied: the field agrees and lies within an identifier that agrees too.
func (s *scorer) implied(v uint64, f int) bool {
	w := s.within[f]
	return w >= 0 && level(v, w) >= 1 && level(v, w) <= 3 && level(v, f) >= 1 && level(v, f) <= 2
}

// field returns the weight of one field of a pair and how much of it came from the
// frequency of the value.
func (s *scorer) field(v uint64, f int, a, b uint32) (w, rarity float64) {
	l := level(v, f)
	if l == 0 || s.implied(v, f) {
		return 0, 0
	}
	w = s.weight[f][l]
	if l == 1 {
		if share := s.t.cols[f].share(a, b); share > 0 {
			t := math.Log2(s.m[f] / share)
			return t, t - w
		}
	}
	return w, 0
}

// pair returns the weight of all fields together, without the prior.
func (s *scorer) pair(v uint64, a, b uint32) float64 {
	sum := 0.0
	for f := range s.n {
		w, _ := s.field(v, f, a, b)
		sum += w
	}
	return sum
}

// caution returns the first caution that a pair meets, nil if none.
func (s *scorer) caution(v uint64) *compiledCaution {
next:
	for i := range s.cautions {
		c := &s.cautions[i]
		for f := range s.n {
			if c.masks[f] != 0 && c.masks[f]>>level(v, f)&1 == 0 {
				continue next
			}
		}
		return c
	}
	return nil
}

func odds(p float64) float64        { return math.Log2(p / (1 - p)) }
func probability(w float64) float64 { return 1 / (1 + math.Exp2(-w)) }

// trainer learns a model from random pairs and from the pairs of each pass.
type trainer struct {
	t      *Table
	c      *Config
	b      *blocking
	random histogram
	passes []histogram
	scale  []float64 // pairs of the pass ÷ pairs of its sample
	inPass [][]bool
	lambda []float64
	total  float64 // pairs of rows there are
}

func (r *trainer) sample(ctx context.Context, tell func(string, int64, int64)) error {
	n := uint64(r.t.rows)
	r.total = float64(n) * float64(n-1) / 2
	if err := r.sampleRandom(ctx, n); err != nil {
		return err
	}
	at := map[string]int{}
	for i, f := range r.t.fields {
		at[f.Name] = i
	}
	for p := range r.b.passes {
		tell("learn", int64(p), int64(len(r.b.passes)))
		entries, blocks := r.b.sorted(p)
		every := uint64(r.b.count(blocks)/samplePass) + 1
		maps := newMaps(r.c.Workers)
		err := parallel(ctx, r.c.Workers, len(blocks), 64, func(w, from, to int) {
			for _, x := range blocks[from:to] {
				r.b.eachInBlock(entries[x[0]:x[1]], func(_ uint64, a, b uint32) {
					if every == 1 || mix(uint64(a)<<32|uint64(b))%every == 0 {
						maps[w][r.t.compare(a, b)]++
					}
				})
			}
		}, nil)
		if err != nil {
			return err
		}
		r.passes = append(r.passes, gather(maps))
		r.scale = append(r.scale, float64(every))
		in := make([]bool, len(r.t.fields))
		for _, k := range r.b.passes[p].Keys {
			f := at[k.Field]
			in[f] = true
			for i, g := range r.t.fields {
				in[i] = in[i] || g.Within == r.t.fields[f].Name
			}
		}
		r.inPass = append(r.inPass, in)
	}
	return nil
}

func newMaps(n int) []map[uint64]int64 {
	out := make([]map[uint64]int64, n)
	for i := range out {
		out[i] = map[uint64]int64{}
	}
	return out
}

// sampleRandom compares random pairs, or all pairs of a small table.
func (r *trainer) sampleRandom(ctx context.Context, n uint64) error {
	maps := newMaps(r.c.Workers)
	all := r.total <= sampleRandom
	count := sampleRandom
	if all {
		count = int(n)
	}
	err := parallel(ctx, r.c.Workers, count, 256, func(w, from, to int) {
		for i := from; i < to; i++ {
			if all {
				for j := i + 1; j < int(n); j++ {
					maps[w][r.t.compare(uint32(i), uint32(j))]++
				}
				continue
			}
			a, b := mix(r.c.Seed^uint64(i)*2)%n, mix(r.c.Seed^(uint64(i)*2+1))%n
			if a != b {
				maps[w][r.t.compare(uint32(min(a, b)), uint32(max(a, b)))]++
			}
		}
	}, nil)
	r.random = gather(maps)
	return err
}

// learn returns the model: u on random pairs less what are matches among them, m on
// the pairs of each pass by the fields that the pass does not hold equal.
func (r *trainer) learn() (*Model, []Warning) {
	m := &Model{}
	for _, f := range r.t.fields {
		k := len(levels[f.Kind])
		m.Fields = append(m.Fields, FieldModel{Name: f.Name, Kind: f.Kind, M: append([]float64(nil), expected[f.Kind]...), U: make([]float64, k)})
	}
	r.lambda = make([]float64, len(r.passes))
	for round := range outer {
		r.learnU(m, round > 0)
		sums := make([][]float64, len(m.Fields))
		for i := range sums {
			sums[i] = make([]float64, len(m.Fields[i].M))
		}
		likeliest := 1.0
		for p := range r.passes {
			r.learnPass(m, p, sums)
			n := 0.0
			for _, x := range r.passes[p] {
				n += x.n
			}
			likeliest = max(likeliest, r.lambda[p]*n*r.scale[p])
		}
		m.Prior = min(likeliest/r.total, 0.25)
		for i := range m.Fields {
			m.Fields[i].Trained = settle(m.Fields[i].M, sums[i], expected[m.Fields[i].Kind])
		}
	}
	var warnings []Warning
	for _, f := range m.Fields {
		if f.Trained < 5 {
			warnings = append(warnings, Warning{Kind: "untrained_field", Where: f.Name, N: int64(f.Trained)})
		}
	}
	return m, warnings
}

// settle makes probabilities of counts and of the starting values.
func settle(out, counts, start []float64) float64 {
	sum := 0.0
	for _, n := range counts {
		sum += n
	}
	for i := range out {
		out[i] = (counts[i] + priorPairs*start[i]) / (sum + priorPairs)
	}
	return sum
}

// learnU counts levels on the random pairs; after the first round each counts by
// its probability of being two people.
func (r *trainer) learnU(m *Model, weighted bool) {
	var s *scorer
	if weighted {
		s = m.scorer(r.t, nil)
	}
	for i := range m.Fields {
		u := m.Fields[i].U
		for l := range u {
			u[l] = 0.5
		}
		sum := 0.5 * float64(len(u))
		for _, x := range r.random {
			l := level(x.levels, i)
			if l == 0 {
				continue
			}
			n := x.n
			if weighted {
				n *= 1 - probability(odds(m.Prior)+s.plain(x.levels, nil))
			}
			u[l-1] += n
			sum += n
		}
		for l := range u {
			u[l] /= sum
		}
	}
}

// plain is the weight of a comparison without frequencies, leaving fields out.
func (s *scorer) plain(v uint64, leave []bool) float64 {
	sum := 0.0
	for f := range s.n {
		if l := level(v, f); l > 0 && (leave == nil || !leave[f]) && !s.implied(v, f) {
			sum += s.weight[f][l]
		}
	}
	return sum
}

// learnPass runs expectation-maximisation on the pairs of a pass with u fixed, and
// adds the expected counts of its free fields to sums.
func (r *trainer) learnPass(m *Model, p int, sums [][]float64) {
	h, leave := r.passes[p], r.inPass[p]
	local := &Model{Fields: make([]FieldModel, len(m.Fields))}
	for i, f := range m.Fields {
		local.Fields[i] = FieldModel{Name: f.Name, Kind: f.Kind, M: append([]float64(nil), f.M...), U: f.U}
	}
	counts := make([][]float64, len(m.Fields))
	for i := range counts {
		counts[i] = make([]float64, len(m.Fields[i].M))
	}
	lambda := 0.1
	for range rounds {
		s := local.scorer(r.t, nil)
		for i := range counts {
			clear(counts[i])
		}
		sum, all := 0.0, 0.0
		for _, x := range h {
			e := x.n * probability(odds(lambda)+s.plain(x.levels, leave))
			sum, all = sum+e, all+x.n
			for f := range counts {
				if l := level(x.levels, f); l > 0 && !s.implied(x.levels, f) {
					counts[f][l-1] += e
				}
			}
		}
		if all == 0 {
			return
		}
		lambda = min(max((sum+0.5)/(all+1), 1e-9), 1-1e-6)
		for f := range counts {
			if !leave[f] {
				settle(local.Fields[f].M, counts[f], expected[m.Fields[f].Kind])
			}
		}
	}
	r.lambda[p] = lambda
	for f := range counts {
		if !leave[f] {
			for l := range counts[f] {
				sums[f][l] += counts[f][l] * r.scale[p]
			}
		}
	}
}

// Evidence is what one field said about a pair.
type Evidence struct {
	Field  string  `json:"field"`
	Level  string  `json:"level"`  // "missing", or one of Levels(kind)
	Weight float64 `json:"weight"` // bits for (positive) or against one person
	Rarity float64 `json:"rarity"` // the part of Weight that the value's frequency made
	Within bool    `json:"within"` // agreement already counted by the identifier
}

// Trace says of every field why a pair has its weight; the weights and the prior,
// in bits, add up to Pair.Weight.
func (m *Model) Trace(t *Table, p Pair) (out []Evidence, prior float64) {
	s := m.scorer(t, nil)
	for f := range t.fields {
		e := Evidence{Field: t.fields[f].Name, Level: "missing"}
		if l := p.Level(f); l > 0 {
			e.Level = levels[t.fields[f].Kind][l-1]
		}
		e.Weight, e.Rarity = s.field(p.levels, f, p.A, p.B)
		e.Within = s.implied(p.levels, f)
		out = append(out, e)
	}
	return out, odds(m.Prior)
}

// progressOf adapts luoshu.Progress.
func progressOf(p luoshu.Progress) func(string, int64, int64) {
	return func(stage string, done, total int64) { p.Tell(stage, done, total) }
}
