package siting

import (
	"math"

	"luoshu/engine/siting/cfl"
)

// client is the children of a stage in a block.
type client struct{ block, stage int }

// model is a problem as facility location sees it. Row 2i is site i for who goes
// there daily, row 2i+1 the same for an option under which children may board.
type model struct {
	*Problem
	ways    [][]float64 // block, site
	limit   [][]Limit   // block, stage; Most +Inf where there is none
	clients []client
	core    cfl.Problem
	of      []int // option of the core → option of its site
	block   map[string]int
	site    map[string]int
	next    [][]int // block → neighbours
}

// places is how many children of a stage an option takes.
func (p *Problem) places(o Option, stage int) int64 {
	s := p.Stages[stage]
	n := int64(o.Classes[s.ID]) * int64(s.ClassSize)
	if given, ok := o.Places[s.ID]; ok {
		n = min(n, given)
	}
	return n
}

func (p *Problem) model() *model {
	m := &model{Problem: p, block: map[string]int{}, site: map[string]int{}, next: make([][]int, len(p.Blocks))}
	for i, b := range p.Blocks {
		m.block[b.ID] = i
	}
	for i, s := range p.Sites {
		m.site[s.ID] = i
	}
	for _, a := range p.Adjacent {
		x, y := m.block[a[0]], m.block[a[1]]
		m.next[x], m.next[y] = append(m.next[x], y), append(m.next[y], x)
	}
	m.measure()
	for b := range p.Blocks {
		for s, st := range p.Stages {
			if p.Blocks[b].Children[st.ID] > 0 {
				m.clients = append(m.clients, client{b, s})
			}
		}
	}
	m.build()
	return m
}

// measure fills ways and limits.
func (m *model) measure() {
	byMode := map[string]*Matrix{}
	for i := range m.Matrices {
		byMode[m.Matrices[i].Mode] = &m.Matrices[i]
	}
	m.ways, m.limit = make([][]float64, len(m.Blocks)), make([][]Limit, len(m.Blocks))
	for i, b := range m.Blocks {
		m.ways[i], m.limit[i] = make([]float64, len(m.Sites)), make([]Limit, len(m.Stages))
		x := byMode[b.Mode]
		for j, s := range m.Sites {
			switch {
			case x == nil || x.Ways[i][j] == nil:
				m.ways[i][j] = m.straight(b, s) * m.Detour
			case x.Back != nil && x.Back[i][j] != nil:
				m.ways[i][j] = (*x.Ways[i][j] + *x.Back[i][j]) / 2
			default:
				m.ways[i][j] = *x.Ways[i][j]
			}
		}
		for k, st := range m.Stages {
			m.limit[i][k].Most = math.Inf(1)
			for _, l := range m.Limits {
				if l.Stage == st.ID && l.Mode == b.Mode {
					m.limit[i][k] = l
				}
			}
		}
	}
}

// earth is the mean radius of the earth in kilometres (IUGG).
const earth = 6371.0088

// Straight is the distance of two positions in degrees, in kilometres, by the haversine.
func Straight(lon, lat, lon2, lat2 float64) float64 {
	rad := math.Pi / 180
	dx, dy := math.Sin((lon-lon2)*rad/2), math.Sin((lat-lat2)*rad/2)
	h := dy*dy + math.Cos(lat*rad)*math.Cos(lat2*rad)*dx*dx
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}

// straight is the distance as the crow flies.
func (m *model) straight(b Block, s Site) float64 {
	if !m.LonLat {
		return math.Hypot(b.X-s.X, b.Y-s.Y)
	}
	return Straight(b.X, b.Y, s.X, s.Y)
}

// Way is how far a site of a problem is from a block: by the matrix of the block's mode,
// or straight with the detour.
func Way(p *Problem, block, site int) float64 {
	for _, x := range p.Matrices {
		if x.Mode == p.Blocks[block].Mode && x.Ways[block][site] != nil {
			if x.Back != nil && x.Back[block][site] != nil {
				return (*x.Ways[block][site] + *x.Back[block][site]) / 2
			}
			return *x.Ways[block][site]
		}
	}
	return (&model{Problem: p}).straight(p.Blocks[block], p.Sites[site]) * p.Detour
}

// over is how far beyond its limit a client goes to a site.
func (m *model) over(c client, site int) float64 {
	return math.Max(0, m.ways[c.block][site]-m.limit[c.block][c.stage].Most)
}

// children is how many a client has.
func (m *model) children(c client) int64 {
	return m.Blocks[c.block].Children[m.Stages[c.stage].ID]
}

// now is the site that a client goes to at present, -1 unknown.
func (m *model) now(c client) int {
	if id, ok := m.Blocks[c.block].Now[m.Stages[c.stage].ID]; ok {
		return m.site[id]
	}
	return -1
}

// boards reports whether a client that is served at a site lives there; board is
// whether the site is a boarding one.
func (m *model) boards(c client, site int, board bool) bool {
	l := m.limit[c.block][c.stage]
	return board && !l.NoBoard && m.over(c, site) > 0 && (l.Board == 0 || m.ways[c.block][site] <= l.Board)
}

// cost is what serving a client at a site costs in a year, in fen.
func (m *model) cost(c client, site int, board bool) float64 {
	n, over := float64(m.children(c)), m.over(c, site)
	w := m.Blocks[c.block].Weight
	if w == 0 {
		w = 1
	}
	cost := 0.0
	if now := m.now(c); now >= 0 && now != site {
		cost = n * float64(m.PerMoved)
	}
	switch {
	case m.boards(c, site, board):
		return cost + n*(float64(m.PerBoarder)+w*m.PerWeekly*m.ways[c.block][site])
	case over > 0 && m.limit[c.block][c.stage].Hard:
		return math.Inf(1)
	}
	return cost + w*n*(m.PerWay*m.ways[c.block][site]+m.PerOver*over*over)
}

// build fills the core.
func (m *model) build() {
	m.core = cfl.Problem{Single: m.Whole, Budget: float64(m.Budget)}
	for _, c := range m.clients {
		m.core.Demand = append(m.core.Demand, m.children(c))
		m.core.Kind = append(m.core.Kind, c.stage)
	}
	for i, s := range m.Sites {
		for _, board := range []bool{false, true} {
			row := make([]float64, len(m.clients))
			for j, c := range m.clients {
				row[j] = m.cost(c, i, board)
			}
			m.core.Cost = append(m.core.Cost, row)
		}
		if s.Existing && !s.Idle {
			m.core.Must = append(m.core.Must, i)
		}
		for k, o := range s.Options {
			m.of = append(m.of, k)
			m.core.Options = append(m.core.Options, m.coreOption(i, o))
		}
	}
}

func (m *model) coreOption(i int, o Option) cfl.Option {
	c := cfl.Option{Site: i, Row: 2 * i, Fixed: float64(o.Annual) + m.Capital*float64(o.Invest), Invest: float64(o.Invest)}
	if o.Kind == Board {
		c.Row++
	}
	for k, st := range m.Stages {
		c.Capacity = append(c.Capacity, m.places(o, k))
		c.Least = append(c.Least, o.Least[st.ID])
	}
	if o.Kind == Build {
		c.Needs = m.idle(i, o)
	}
	return c
}

// idle lists the idle sites that must be used before an option of site i may be
// built: those in reach that could take children of a compulsory stage it is for.
func (m *model) idle(i int, o Option) (sites []int) {
	if m.IdleFirst == 0 {
		return nil
	}
	for e, s := range m.Sites {
		if !s.Idle || m.apart(i, e) > m.IdleFirst {
			continue
		}
		fits := false
		for k, st := range m.Stages {
			for _, x := range s.Options {
				fits = fits || st.Compulsory && m.places(o, k) > 0 && m.places(x, k) > 0
			}
		}
		if fits {
			sites = append(sites, e)
		}
	}
	return sites
}

// apart is the way between two sites: straight with the detour where that is
// known, otherwise through the block nearest to the first.
func (m *model) apart(i, e int) float64 {
	if m.Detour > 0 && m.Unit == "km" {
		return m.Detour * m.straight(Block{X: m.Sites[i].X, Y: m.Sites[i].Y}, m.Sites[e])
	}
	least := math.Inf(1)
	for b := range m.Blocks {
		least = math.Min(least, m.ways[b][i]+m.ways[b][e])
	}
	return least
}
