package ground

import (
	"encoding/json"
	"fmt"
	"math"

	"luoshu/demo/source"
)

// Spot is a position in degrees, in whatever system the boundaries are.
type Spot struct{ Lon, Lat float64 }

// metres a degree of latitude.
const degree = 111_320.0

// Metres is the straight line between two spots of one city.
func (s Spot) Metres(t Spot) float64 {
	x := (s.Lon - t.Lon) * math.Cos((s.Lat+t.Lat)/2*math.Pi/180)
	return degree * math.Hypot(x, s.Lat-t.Lat)
}

// Ground is the land of one county: its boundary and where its towns lie. Towns
// have no positions of public record here, so theirs are invented, within the
// boundary, the seat's around the seat.
type Ground struct {
	rings [][]Spot
	seat  Spot
	area  float64 // m²
	towns []Spot
}

// Grounds reads the boundaries of counties from GeoJSON by the property adcode. A
// zone without a boundary of its own lies in the county that on names.
func Grounds(geo []byte, list []*source.County, on map[string]string) (map[string]*Ground, error) {
	var doc struct {
		Features []struct {
			Properties struct {
				Adcode string    `json:"adcode"`
				Center []float64 `json:"center"`
			} `json:"properties"`
			Geometry struct {
				Type        string          `json:"type"`
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(geo, &doc); err != nil {
		return nil, fmt.Errorf("boundaries: %w", err)
	}
	out := map[string]*Ground{}
	for _, c := range list {
		code := c.Code
		if on[code] != "" {
			code = on[code]
		}
		for _, f := range doc.Features {
			if f.Properties.Adcode != code {
				continue
			}
			g, err := newGround(f.Geometry.Type, f.Geometry.Coordinates)
			if err != nil {
				return nil, fmt.Errorf("boundary %s: %w", code, err)
			}
			if p := f.Properties.Center; len(p) == 2 {
				g.seat = Spot{p[0], p[1]}
			}
			out[c.Code] = g
		}
		if out[c.Code] == nil {
			return nil, fmt.Errorf("boundaries: none of %s", code)
		}
	}
	return out, nil
}

func newGround(kind string, raw json.RawMessage) (*Ground, error) {
	var polygons [][][][2]float64
	switch kind {
	case "Polygon":
		var one [][][2]float64
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, err
		}
		polygons = append(polygons, one)
	default:
		if err := json.Unmarshal(raw, &polygons); err != nil {
			return nil, err
		}
	}
	g := &Ground{}
	for _, p := range polygons {
		for _, ring := range p {
			var spots []Spot
			for _, x := range ring {
				spots = append(spots, Spot{x[0], x[1]})
			}
			g.rings = append(g.rings, spots)
			g.area += math.Abs(twice(spots)) / 2
		}
	}
	if g.area == 0 {
		return nil, fmt.Errorf("it encloses nothing")
	}
	return g, nil
}

// twice is twice the signed area of a ring in m².
func twice(r []Spot) float64 {
	sum := 0.0
	for i, a := range r {
		b := r[(i+1)%len(r)]
		k := math.Cos(a.Lat * math.Pi / 180)
		sum += (a.Lon*b.Lat - b.Lon*a.Lat) * k * degree * degree
	}
	return sum
}

// Inside tells whether a spot lies within the boundary.
func (g *Ground) Inside(s Spot) bool {
	in := false
	for _, r := range g.rings {
		for i, a := range r {
			b := r[(i+1)%len(r)]
			if (a.Lat > s.Lat) != (b.Lat > s.Lat) && s.Lon < (b.Lon-a.Lon)*(s.Lat-a.Lat)/(b.Lat-a.Lat)+a.Lon {
				in = !in
			}
		}
	}
	return in
}

// within draws a spot anywhere inside.
func (g *Ground) within(r *source.RNG) Spot {
	lo, hi := g.rings[0][0], g.rings[0][0]
	for _, ring := range g.rings {
		for _, p := range ring {
			lo.Lon, hi.Lon = min(lo.Lon, p.Lon), max(hi.Lon, p.Lon)
			lo.Lat, hi.Lat = min(lo.Lat, p.Lat), max(hi.Lat, p.Lat)
		}
	}
	for {
		if s := (Spot{lo.Lon + r.F()*(hi.Lon-lo.Lon), lo.Lat + r.F()*(hi.Lat-lo.Lat)}); g.Inside(s) {
			return s
		}
	}
}

// Near draws a spot inside around another one, most of them within metres of it.
func (g *Ground) Near(r *source.RNG, at Spot, metres float64) Spot {
	for range 60 {
		north, east := r.Norm()*metres/1.5, r.Norm()*metres/1.5
		s := Spot{at.Lon + east/degree/math.Cos(at.Lat*math.Pi/180), at.Lat + north/degree}
		if g.Inside(s) {
			return s
		}
		metres *= 0.9
	}
	if g.Inside(at) {
		return at
	}
	return g.within(r)
}

// Settle places the towns of a county: the first seats of them around the seat, the
// others spread over the rest, each as far from its neighbours as ten draws give.
func (g *Ground) Settle(c *source.County, seats int, r *source.RNG) {
	if c.Land == source.Central || !g.Inside(g.seat) {
		seats = 0
	}
	for i := range c.Towns {
		if i < seats {
			g.towns = append(g.towns, g.Near(r, g.seat, math.Sqrt(g.area)*0.05))
			continue
		}
		var best Spot
		far := -1.0
		for range 10 {
			s := g.within(r)
			d := math.Inf(1)
			for _, t := range g.towns {
				d = min(d, s.Metres(t))
			}
			if d > far {
				best, far = s, d
			}
		}
		g.towns = append(g.towns, best)
	}
}

// Town is where the i-th town lies.
func (g *Ground) Town(i int) Spot { return g.towns[i] }

// Reach is how far from its middle a town of the county extends, in metres.
func (g *Ground) Reach() float64 { return 0.45 * math.Sqrt(g.area/float64(len(g.towns))) }
