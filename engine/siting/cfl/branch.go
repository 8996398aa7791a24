package cfl

import (
	"container/heap"
	"context"
	"math"
	"slices"

	"luoshu/engine/siting/dual"
)

// arc is a client at a row.
type arc struct{ row, j int32 }

// node is a subproblem.
type node struct {
	off, must []bool
	bans      []arc // who may not be served where, as decided
	dear      []arc // nor here in a better solution
	lambda    []float64
	tau       []float64
	bound     float64
	option    int // to branch on, -1 none
	client    int // to branch on when every option is decided: one of rows serves it or none does
	rows      []int32
	leaf      bool
	id        int
}

type queue []*node

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].bound != q[j].bound {
		return q[i].bound < q[j].bound
	}
	return q[i].id > q[j].id
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*node)) }
func (q *queue) Pop() any {
	n := len(*q) - 1
	x := (*q)[n]
	*q = (*q)[:n]
	return x
}

// heldMost is how many arcs beyond those decided the open nodes may remember: 200 MB.
const heldMost = 25_000_000

// branch searches the tree, best bound first, and returns the proven bound.
func (s *solver) branch(ctx context.Context) float64 {
	root := &node{off: make([]bool, len(s.Options)), must: slices.Clone(s.must), lambda: s.start(), tau: s.tau, bound: math.Inf(-1)}
	if s.lim.Start != nil {
		s.try(slices.Clone(s.lim.Start))
	}
	s.root(ctx, root)
	fixed := s.value
	s.exclude(root)
	q := &queue{}
	if s.open(root.bound) && !root.leaf {
		heap.Push(q, root)
	}
	for q.Len() > 0 {
		top := (*q)[0]
		if s.enough(top.bound) || ctx.Err() != nil || s.nodes >= s.lim.Nodes {
			if !s.open(top.bound) {
				return s.value
			}
			return top.bound
		}
		heap.Pop(q)
		s.held -= len(top.dear)
		s.lim.Progress.Tell("branch", int64(s.nodes), 0)
		for _, c := range s.children(top) {
			if s.value < fixed {
				fixed = s.value
				s.exclude(root)
			}
			s.nodes++
			c.id = s.nodes
			s.effort = max(s.effort, 0) + 2_000_000
			if s.propagate(c) {
				s.solve(ctx, c, dual.Ascent{Steps: 100, Patience: 40, Factor: 0.5})
			}
			if s.open(c.bound) && !c.leaf {
				if s.held += len(c.dear); s.held > heldMost {
					s.held, c.dear = s.held-len(c.dear), nil // found again where it counts
				}
				heap.Push(q, c)
			}
		}
	}
	return s.value
}

// without rules arcs out until the function returned is called.
func (s *solver) without(bans []arc) (restore func()) {
	old := make([]float64, len(bans))
	for i, b := range bans {
		old[i], s.cost[b.row][b.j] = s.cost[b.row][b.j], math.Inf(1)
	}
	return func() {
		for i := len(bans) - 1; i >= 0; i-- {
			s.cost[bans[i].row][bans[i].j] = old[i]
		}
	}
}

// exclude rules out for good who is served where in no better solution, as seen from
// the root.
func (s *solver) exclude(root *node) {
	if !s.Single || root.leaf || !s.open(root.bound) {
		return
	}
	r := s.relax(root.off, root.must)
	copy(r.tau, root.tau)
	r.fix(root.lambda)
	for _, b := range append(root.dear, r.ban...) {
		s.cost[b.row][b.j] = math.Inf(1)
	}
	root.dear = nil
}

// lonely opens the sites that alone may serve a client; false: one has none.
func (s *solver) lonely(n *node) bool {
	for j, d := range s.Demand {
		only, more := -1, false
		for v, o := range s.Options {
			if !n.off[v] && finite(s.cost[o.Row][j]) && o.capacity(s.kind(j)) >= max(1, d) && o.Site != only {
				if more = only >= 0; more {
					break
				}
				only = o.Site
			}
		}
		if only < 0 {
			return false
		}
		if !more {
			n.must[only] = true
		}
	}
	return true
}

// children splits a node in two.
func (s *solver) children(n *node) []*node {
	one := &node{off: slices.Clone(n.off), must: slices.Clone(n.must), bans: slices.Clip(n.bans), dear: slices.Clip(n.dear), lambda: slices.Clone(n.lambda), tau: slices.Clone(n.tau), bound: n.bound}
	two := &node{off: slices.Clone(n.off), must: slices.Clone(n.must), bans: slices.Clip(n.bans), dear: slices.Clip(n.dear), lambda: slices.Clone(n.lambda), tau: slices.Clone(n.tau), bound: n.bound}
	if n.option >= 0 {
		g := s.Options[n.option].Site
		one.must[g] = true
		for _, v := range s.of[g] {
			one.off[v] = one.off[v] || v != n.option
		}
		two.off[n.option] = true
		return []*node{one, two}
	}
	one.bans, two.bans = slices.Clone(n.bans), slices.Clone(n.bans)
	for r := range int32(s.rows) {
		half := &one.bans
		if slices.Contains(n.rows, r) {
			half = &two.bans
		}
		*half = append(*half, arc{r, int32(n.client)})
	}
	return []*node{one, two}
}

// start is a first guess of the multipliers: the prices of the plain linear
// relaxation, in which a site is opened by as much as it is used.
func (s *solver) start() []float64 {
	lambda := make([]float64, len(s.Demand))
	for kind := range s.kinds {
		t := s.widest(kind, nil, true)
		t.solve()
		prices := t.prices()
		for _, j := range s.clients[kind] {
			best := math.Inf(1)
			for i, p := range t.places[:len(t.places)-1] {
				best = math.Min(best, p.unit[j]+prices[i])
			}
			if finite(best) {
				lambda[j] = best * float64(max(1, s.Demand[j]))
			}
		}
	}
	return lambda
}

// root climbs in rounds, between which options are ruled out and the incumbent is
// improved.
func (s *solver) root(ctx context.Context, n *node) {
	if !s.propagate(n) || !s.possible(n) {
		n.bound, n.leaf = math.Inf(1), true
		return
	}
	s.effort = 400_000_000
	for round := range 5 {
		before := s.value
		steps := 400
		if round > 0 {
			steps = 250
		}
		fixed := s.solve(ctx, n, dual.Ascent{Steps: steps, Patience: 120, Factor: 1 / float64(1+round)})
		s.lim.Progress.Tell("bound", int64(n.bound), int64(math.Min(s.goal, 1<<60)))
		if s.enough(n.bound) || n.leaf || ctx.Err() != nil {
			return
		}
		s.effort = max(s.effort, 100_000_000)
		s.search(ctx, n, nil)
		if s.enough(n.bound) {
			return
		}
		if fixed == 0 && s.value >= before && round > 0 {
			break
		}
	}
	before := s.value
	if s.choice != nil {
		s.dive(ctx, n, s.choice)
	}
	if s.shake(ctx, n, s.mean); s.value < before && s.open(n.bound) && ctx.Err() == nil {
		s.solve(ctx, n, dual.Ascent{Steps: 250, Patience: 120, Factor: 0.2})
	}
}

// possible says whether all demand fits when every site takes its largest option;
// it is exact for what may be split and has no least amounts.
func (s *solver) possible(n *node) bool {
	for kind := range s.kinds {
		t := s.widest(kind, n.off, false)
		for _, j := range s.clients[kind] {
			if !slices.ContainsFunc(t.places[:len(t.places)-1], func(p *place) bool { return finite(p.unit[j]) }) {
				return false
			}
		}
		if t.solve(); t.places[len(t.places)-1].load > 0 {
			return false
		}
	}
	return true
}

// propagate draws what follows from decisions; false: nothing is possible.
func (s *solver) propagate(n *node) bool {
	for again := true; again; {
		again = false
		for g := range s.of {
			v, count := -1, 0
			for _, x := range s.of[g] {
				if !n.off[x] {
					v = x
					count++
				}
			}
			if count == 0 && n.must[g] {
				n.bound = math.Inf(1)
				return false
			}
			for _, x := range s.of[g] {
				if n.off[x] || len(s.Options[x].Needs) == 0 {
					continue
				}
				taken := n.must[g] && count == 1 && x == v
				for _, need := range s.Options[x].Needs {
					if again = s.follow(n, x, need, taken) || again; n.off[x] {
						break
					}
				}
			}
		}
	}
	return true
}

// follow draws what follows from option v needing a site.
func (s *solver) follow(n *node, v, need int, taken bool) (changed bool) {
	can := false
	for _, x := range s.of[need] {
		can = can || !n.off[x] && s.used(x)
	}
	if !can {
		n.off[v] = true
		return true
	}
	if !taken {
		return false
	}
	if !n.must[need] {
		n.must[need], changed = true, true
	}
	for _, x := range s.of[need] {
		if !n.off[x] && !s.used(x) {
			n.off[x], changed = true, true
		}
	}
	return changed
}

// solve bounds a node, improves the incumbent from it, rules options out and
// chooses where to branch. It returns how many decisions it made.
func (s *solver) solve(ctx context.Context, n *node, a dual.Ascent) (fixed int) {
	defer s.without(n.bans)()
	defer s.without(n.dear)()
	if s.Single && !s.lonely(n) {
		n.bound, n.leaf = math.Inf(1), true
		return 0
	}
	choice, done := s.decided(n)
	if done && !s.Single {
		n.bound, n.leaf = s.try(choice).total, true
		return 0
	}
	r := s.relax(n.off, n.must)
	copy(r.tau, n.tau)
	rises, pause := 0, 12
	if s.rows*len(s.Demand) > 20_000 {
		pause = 40 // trying a choice costs as much as many steps
	}
	r.better = func() {
		if rises++; rises%pause == 1 && s.effort > 0 && n.id == 0 {
			s.try(s.rounded(n, r.y))
			s.attempt(r)
		}
	}
	a.Target = func() float64 { return math.Min(s.value, s.goal) }
	a.Enough = s.enough
	a.Mix = r.mix
	if b, _ := a.Climb(ctx, n.lambda, r.eval); b > n.bound {
		n.bound = b
	}
	if s.open(n.bound) && (n.id%4 == 0 || n.id < 40) {
		s.try(s.rounded(n, r.yMean))
		s.attempt(r)
	}
	if !s.open(n.bound) {
		return 0
	}
	fixed = r.fix(n.lambda)
	n.dear = append(n.dear, r.ban...)
	copy(n.tau, r.tau)
	if n.id == 0 {
		s.remember(n, r)
	}
	if fixed > 0 && !s.propagate(n) {
		n.leaf = true
		return fixed
	}
	if done {
		s.diveFrom(ctx, n, choice)
	}
	s.target(n, r)
	return fixed
}

// remember keeps what each option costs at the root's multipliers.
func (s *solver) remember(n *node, r *relaxation) {
	s.inner, s.base, s.mean = slices.Clone(r.inner), 0, slices.Clone(r.yMean)
	for v, off := range n.off {
		if off {
			s.inner[v] = math.Inf(-1) // not computed
		}
	}
	for _, l := range n.lambda {
		s.base += l
	}
}

// decided returns the choice of a node in which nothing is left to choose.
func (s *solver) decided(n *node) ([]int, bool) {
	choice := make([]int, s.sites)
	for g, options := range s.of {
		choice[g] = -1
		for _, v := range options {
			if n.off[v] {
				continue
			}
			if choice[g] >= 0 || !n.must[g] {
				return nil, false
			}
			choice[g] = v
		}
	}
	return choice, true
}

// target chooses where to branch: the option whose share in the averaged
// relaxation is least clear, then the client that is served by most.
func (s *solver) target(n *node, r *relaxation) {
	n.option = -1
	best := math.Inf(1)
	for g, options := range s.of {
		free := 0
		for _, v := range options {
			if !n.off[v] {
				free++
			}
		}
		if free == 0 || free == 1 && n.must[g] {
			continue
		}
		for _, v := range options {
			if d := math.Abs(r.yMean[v] - 0.5); !n.off[v] && d < best {
				best, n.option = d, v
			}
		}
	}
	if n.option >= 0 {
		return
	}
	choice, _ := s.decided(n)
	if !s.Single {
		n.bound, n.leaf = s.try(choice).total, true
		return
	}
	s.targetClient(n, r, choice)
}

// rounded makes a choice out of shares: the clearest option of each site, opened
// in order of share until every kind is covered and half-clear ones are in.
func (s *solver) rounded(n *node, y []float64) []int {
	choice := make([]int, s.sites)
	share := make([]float64, s.sites)
	var order []int
	for g, options := range s.of {
		at, any := -1, 0.0
		for _, v := range options {
			if n.off[v] {
				continue
			}
			if any += y[v]; at < 0 || y[v] > y[at] {
				at = v
			}
		}
		choice[g] = -1
		if share[g] = any; n.must[g] {
			choice[g] = at
		} else if at >= 0 {
			order = append(order, at)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := share[s.Options[a].Site], share[s.Options[b].Site]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	room := make([]int64, s.kinds)
	for _, v := range choice {
		if v >= 0 {
			for k := range room {
				room[k] += s.Options[v].capacity(k)
			}
		}
	}
	for _, v := range order {
		short := false
		for k := range room {
			short = short || room[k] < s.need[k] && s.Options[v].capacity(k) > 0
		}
		if g := s.Options[v].Site; short || share[g] > 0.5 {
			choice[g] = v
			for k := range room {
				room[k] += s.Options[v].capacity(k)
			}
		}
	}
	return choice
}
