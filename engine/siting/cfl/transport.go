package cfl

import "math"

// place is an open option as a transport sees it.
type place struct {
	row       int
	room, low int64
	unit      []float64 // cost of a unit, by client
	load      int64
	members   []int32
	best      []int32 // by place: whom to move there most cheaply, -1 nobody
	gain      []float64
	dist      float64
	from      int32 // previous place on the path, -1: the client itself
	queued    bool
	none      bool // the place of the unserved
}

// transport serves the clients of one kind from open places at least cost:
// successive shortest paths, on the graph of places alone, whose arc from one to
// another is the cheapest client to move. The last place is none: who cannot be
// served goes there at a price.
type transport struct {
	places  []*place
	clients []int
	amount  [][]int64 // by place and client
	demand  []int64
	big     float64
	lack    float64
	noise   float64 // differences of costs below it are rounding
	queue   []int32
}

func (s *solver) transport(kind int, open []int) *transport {
	var places []*place
	for _, v := range open {
		o := s.Options[v]
		if c := o.capacity(kind); c > 0 || o.least(kind) > 0 {
			places = append(places, &place{row: o.Row, room: c, low: min(o.least(kind), c), unit: s.unit[o.Row]})
		}
	}
	return s.over(kind, places)
}

// widest is a transport of a kind in which every site has the room of its largest
// option, serves at the cheapest of its options and has no least amount: whatever
// is chosen cannot do better. Each unit bears the share of fixed cost that it
// would have in the option of the least share, if fixed is set.
func (s *solver) widest(kind int, off []bool, fixed bool) *transport {
	var places []*place
	for _, options := range s.of {
		p := &place{row: -1, unit: make([]float64, len(s.Demand))}
		for j := range p.unit {
			p.unit[j] = math.Inf(1)
		}
		share := math.Inf(1)
		for _, v := range options {
			o := s.Options[v]
			c := o.capacity(kind)
			if off != nil && off[v] || c == 0 {
				continue
			}
			p.room = max(p.room, c)
			all := int64(0)
			for _, x := range o.Capacity {
				all += x
			}
			share = math.Min(share, math.Max(0, o.Fixed)/float64(all))
			for j, u := range s.unit[o.Row] {
				p.unit[j] = math.Min(p.unit[j], u)
			}
		}
		if p.room == 0 {
			continue
		}
		for j := range p.unit {
			if fixed {
				p.unit[j] += share
			}
		}
		places = append(places, p)
	}
	return s.over(kind, places)
}

// over makes the transport over places and the one that is none.
func (s *solver) over(kind int, places []*place) *transport {
	t := &transport{clients: s.clients[kind], demand: s.Demand, big: s.big, lack: s.lack, noise: s.noise}
	none := make([]float64, len(s.Demand))
	for j := range none {
		none[j] = t.lack
	}
	t.places = append(places, &place{row: -1, room: math.MaxInt64 / 2, unit: none, none: true})
	m := len(t.places)
	t.amount = make([][]int64, m)
	flat := make([]int64, m*len(s.Demand))
	for i, p := range t.places {
		t.amount[i] = flat[i*len(s.Demand) : (i+1)*len(s.Demand)]
		p.best, p.gain = make([]int32, m), make([]float64, m)
		for k := range p.best {
			p.best[k], p.gain[k] = -1, math.Inf(1)
		}
	}
	return t
}

// solve serves everybody and returns the cost of serving, of missed least amounts
// and of the unserved, and how much went unserved or missed.
func (t *transport) solve() (cost float64, missed int64) {
	for _, j := range t.clients {
		for left := t.demand[j]; left > 0; {
			left -= t.augment(int32(j), left)
		}
	}
	for i, p := range t.places {
		for _, j := range p.members {
			cost += float64(t.amount[i][j]) * p.unit[j]
		}
		if p.load < p.low {
			cost += t.big * float64(p.low-p.load)
			missed += p.low - p.load
		}
	}
	return cost, missed + t.places[len(t.places)-1].load
}

// spare is what a place still takes at its present price, and that price.
func (t *transport) spare(p *place) (int64, float64) {
	switch {
	case p.load < p.low:
		return p.low - p.load, -t.big
	case p.load < p.room:
		return p.room - p.load, 0
	}
	return 0, math.Inf(1)
}

// augment sends up to amount of a client along the cheapest path and returns how
// much went.
func (t *transport) augment(j int32, amount int64) int64 {
	if i := t.direct(j); i >= 0 {
		n := min(amount, t.places[i].room-t.places[i].load)
		t.give(i, j, n)
		return n
	}
	t.queue = t.queue[:0]
	for i, p := range t.places {
		p.dist, p.from, p.queued = p.unit[j], -1, false
		if !math.IsInf(p.dist, 0) && t.expands(p) {
			p.queued = true
			t.queue = append(t.queue, int32(i))
		}
	}
	for head := 0; head < len(t.queue); head++ {
		at := t.queue[head]
		p := t.places[at]
		p.queued = false
		for k, g := range p.gain {
			q := t.places[k]
			if d := p.dist + g; d < q.dist-t.noise || math.IsInf(q.dist, 1) && !math.IsInf(d, 1) {
				q.dist, q.from = d, at
				if !q.queued && t.expands(q) {
					q.queued = true
					t.queue = append(t.queue, int32(k))
				}
			}
		}
	}
	end, cheapest := -1, math.Inf(1)
	for i, p := range t.places {
		if n, price := t.spare(p); n > 0 && p.dist+price < cheapest {
			end, cheapest = i, p.dist+price
		}
	}
	return t.push(j, amount, end)
}

// direct is the cheapest place of a client if it has room and no place holds only
// its least amount or less: then no other path is cheaper. -1: search.
func (t *transport) direct(j int32) int {
	at := -1
	for i, p := range t.places {
		if p.low > 0 && p.load <= p.low {
			return -1
		}
		if at < 0 || p.unit[j] < t.places[at].unit[j] {
			at = i
		}
	}
	if p := t.places[at]; p.load == p.room {
		return -1
	}
	return at
}

// expands says whether a path may lead on from a place: from one with room at an
// even price it never pays to, nor from the unserved: they found no room before.
func (t *transport) expands(p *place) bool {
	return !p.none && (p.load == p.room || p.load == p.low)
}

// prices is what a unit more of room at each place would save. A least amount that is
// just met may let a circle of moves save without end as seen from here; as many rounds
// as there are places are then an estimate.
func (t *transport) prices() []float64 {
	price := make([]float64, len(t.places))
	for i, p := range t.places {
		if p.load >= p.room {
			price[i] = math.Inf(1)
		}
	}
	again := true
	for round := 0; again && round <= len(t.places); round++ {
		again = false
		for i, p := range t.places[:len(t.places)-1] {
			for k, g := range p.gain {
				if d := g + price[k]; d < price[i]-t.noise || math.IsInf(price[i], 1) && finite(d) {
					price[i], again = math.Max(0, d), true
				}
			}
		}
	}
	return price
}

// push moves as much as the path to end allows.
func (t *transport) push(j int32, amount int64, end int) int64 {
	n, _ := t.spare(t.places[end])
	n = min(n, amount)
	for k, hops := int32(end), 0; t.places[k].from >= 0; hops++ {
		f := t.places[k].from
		n = min(n, t.amount[f][t.places[f].best[k]])
		k = f
		if hops > len(t.places) {
			panic("cfl: a transport path runs in a circle")
		}
	}
	type move struct {
		who      int32
		from, to int
	}
	var moves []move
	k := int32(end)
	for t.places[k].from >= 0 {
		f := t.places[k].from
		moves = append(moves, move{t.places[f].best[k], int(f), int(k)})
		k = f
	}
	for _, m := range moves {
		t.take(m.from, m.who, n)
		t.give(m.to, m.who, n)
	}
	t.give(int(k), j, n)
	return n
}

func (t *transport) give(i int, j int32, n int64) {
	p := t.places[i]
	p.load += n
	if t.amount[i][j] += n; t.amount[i][j] > n {
		return
	}
	p.members = append(p.members, j)
	u := p.unit[j]
	for k, q := range t.places {
		if k != i && q.unit[j]-u < p.gain[k] {
			p.gain[k], p.best[k] = q.unit[j]-u, j
		}
	}
}

func (t *transport) take(i int, j int32, n int64) {
	p := t.places[i]
	p.load -= n
	if t.amount[i][j] -= n; t.amount[i][j] > 0 {
		return
	}
	for at, x := range p.members {
		if x == j {
			p.members[at] = p.members[len(p.members)-1]
			p.members = p.members[:len(p.members)-1]
			break
		}
	}
	for k, b := range p.best {
		if b != j {
			continue
		}
		p.best[k], p.gain[k] = -1, math.Inf(1)
		q := t.places[k]
		for _, x := range p.members {
			if g := q.unit[x] - p.unit[x]; g < p.gain[k] {
				p.gain[k], p.best[k] = g, x
			}
		}
	}
}

// Shortage says how much demand of a kind cannot be served even if every site
// takes the option with most room for it, and by whom: clients who together exceed
// the room of all the sites that may serve any of them. It leaves out least
// amounts, budget and that clients are whole.
func (p *Problem) Shortage(kind int) (short int64, clients []int) {
	sh, err := p.shape()
	if err != nil || kind >= sh.kinds {
		return 0, nil
	}
	s := &solver{shape: sh, lack: sh.big * 3}
	t := s.widest(kind, nil, false)
	t.solve()
	none := t.places[len(t.places)-1]
	if none.load == 0 {
		return 0, nil
	}
	in := make([]bool, len(p.Demand))
	queue := append([]int32(nil), none.members...)
	for _, j := range queue {
		in[j] = true
	}
	for head := 0; head < len(queue); head++ {
		for _, q := range t.places[:len(t.places)-1] {
			if math.IsInf(q.unit[queue[head]], 1) {
				continue
			}
			for _, j := range q.members {
				if !in[j] {
					in[j] = true
					queue = append(queue, j)
				}
			}
		}
	}
	for j, yes := range in {
		if yes {
			clients = append(clients, j)
		}
	}
	return none.load, clients
}
