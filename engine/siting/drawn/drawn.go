// Package drawn makes instances of capacitated facility location in the manner of
// published families, for tests and measurements. They are drawn anew from fixed
// seeds: none is an instance of those papers.
package drawn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"luoshu/engine/siting/cfl"
)

// Family is how an instance is drawn.
type Family string

// The families.
const (
	// Holmberg, Rönnqvist, Yuan (1999): places on a plane of 190 × 190, cost the
	// distance of a client whatever its demand, fixed costs unrelated to capacity.
	Holmberg Family = "holmberg"
	// Díaz, Fernández (2002): few large clients a plant, fixed costs that outweigh
	// those of serving.
	Diaz Family = "diaz"
	// Yang, Chu, Chen (2012), after Cornuéjols, Sridharan, Thizy (1991): demand 5–35,
	// capacity 10–160 brought to a ratio to demand, fixed costs that grow with the
	// root of capacity, costs of demand × distance.
	Yang Family = "yang"
	// Beasley (1988), sets A–C: equal capacities of all sites, fixed costs that are
	// more than half of all and have nothing to do with them, costs of demand ×
	// distance with up to a quarter on top.
	Beasley Family = "beasley"
)

// Instance is what to draw.
type Instance struct {
	Family  Family
	Sites   int
	Clients int
	Ratio   float64 // capacity of all sites over all demand
	Seed    uint64
	Split   bool // clients may be served by several sites
}

func (i Instance) String() string {
	s := fmt.Sprintf("%s %d × %d, ratio %g, seed %d", i.Family, i.Sites, i.Clients, i.Ratio, i.Seed)
	if i.Split {
		s += ", split"
	}
	return s
}

// Problem draws the instance.
func (i Instance) Problem() *cfl.Problem {
	r := rand.New(rand.NewPCG(i.Seed, 0x55cf1))
	x, y := make([]float64, i.Sites+i.Clients), make([]float64, i.Sites+i.Clients)
	for k := range x {
		x[k], y[k] = r.Float64(), r.Float64()
	}
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	p := &cfl.Problem{Single: !i.Split, Scale: 1}
	total, room := 0.0, 0.0
	for range i.Clients {
		d := 0.0
		switch i.Family {
		case Holmberg:
			d = between(10, 51)
		case Diaz:
			d = between(20, 71)
		case Beasley:
			d = between(5, 111)
		default:
			d = between(5, 36)
		}
		p.Demand = append(p.Demand, int64(d))
		total += math.Floor(d)
	}
	size := make([]float64, i.Sites)
	for k := range size {
		switch size[k] = between(10, 160); i.Family {
		case Holmberg:
			size[k] = between(100, 500)
		case Beasley:
			size[k] = 1
		}
		room += size[k]
	}
	for k := range size {
		c := math.Ceil(size[k] * i.Ratio * total / room)
		fixed, unit := 0.0, 0.0
		switch i.Family {
		case Holmberg:
			fixed = between(300, 700)
		case Diaz:
			fixed = between(0.8, 1.2) * 4 * c
			unit = 1
		case Beasley:
			fixed = between(24, 39) * total
			unit = 1000
		default:
			fixed = between(0, 90) + between(100, 110)*math.Sqrt(c)
			unit = 10
		}
		row := make([]float64, i.Clients)
		for j := range row {
			way := math.Hypot(x[k]-x[i.Sites+j], y[k]-y[i.Sites+j])
			switch i.Family {
			case Holmberg:
				row[j] = math.Round(190 * way)
			case Beasley:
				row[j] = math.Round(between(1, 1.25)*unit*way*float64(p.Demand[j])*1e5) / 1e5
			default:
				row[j] = math.Round(unit * way * float64(p.Demand[j]))
			}
		}
		p.Cost = append(p.Cost, row)
		p.Options = append(p.Options, cfl.Option{Site: k, Row: k, Fixed: math.Round(fixed), Capacity: []int64{int64(c)}})
	}
	return p
}

// Instances are those that figures are given for.
func Instances() []Instance {
	return []Instance{
		{Holmberg, 10, 50, 2.5, 1, false},
		{Holmberg, 20, 50, 4, 2, false},
		{Holmberg, 30, 150, 2, 3, false},
		{Holmberg, 30, 200, 1.5, 4, false},
		{Holmberg, 30, 200, 4, 5, false},
		{Diaz, 10, 20, 1.6, 1, false},
		{Diaz, 20, 50, 1.4, 2, false},
		{Diaz, 30, 75, 1.6, 3, false},
		{Diaz, 30, 90, 1.3, 4, false},
		{Yang, 30, 200, 2, 1, false},
		{Yang, 50, 200, 3, 2, false},
		{Yang, 60, 300, 2, 3, false},
		{Yang, 60, 300, 5, 4, false},
		{Yang, 80, 400, 1.5, 5, false},
		{Yang, 80, 400, 3, 6, false},
		{Yang, 50, 200, 1.1, 7, false},
		{Yang, 100, 1000, 1.1, 8, false},
		{Yang, 100, 1000, 1.5, 9, false},
		{Yang, 100, 1000, 3, 10, false},
		{Yang, 100, 1000, 8, 11, false},
		{Beasley, 100, 1000, 9, 1, true},
		{Beasley, 100, 1000, 13.7, 2, true},
		{Beasley, 100, 1000, 24, 3, true},
		{Yang, 100, 1000, 2, 12, true},
		{Yang, 100, 1000, 5, 13, true},
		{Beasley, 100, 1000, 12, 4, false},
	}
}
