package ground

import (
	"math"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// measuredCounty is the mountain county whose ways to school are recorded, as if its
// office had taken them from a road map; the others have none, and layouts there go by
// straight lines. measuredStages are whose schools, measuredWithin how far (m).
const (
	measuredCounty = "410324"
	measuredWithin = 30_000.0
)

var measuredStages = map[string]bool{"PRI": true, "JUN": true}

// homes are the blocks of a county with where they lie.
func (d *land) homes() (codes []string, at []Spot) {
	for i := range d.c.Towns {
		town := &d.c.Towns[i]
		for _, v := range d.chosen(town) {
			codes, at = append(codes, blockCode(town, v)), append(at, d.village(town, town.Villages[v]))
		}
	}
	return codes, at
}

// writeWays writes invented road distances, longer than the straight line by what a
// mountain road winds. The first four pairs are as such sheets are: one is missing, one
// is twice as far on the way back, one is shorter than the straight line, and one has
// minutes alone.
func (d *land) writeWays(t *sheet.Table) {
	if d.c.Code != measuredCounty {
		return
	}
	codes, at := d.homes()
	r := source.Seeded(d.city.Seed, "ways "+d.c.Code)
	n := 0
	for i := range d.c.Schools {
		s := &d.c.Schools[i]
		for _, p := range s.Parts {
			if s.Closed != 0 || !measuredStages[p.Stage] {
				continue
			}
			to := d.spot(s)
			for b, code := range codes {
				line := at[b].Metres(to)
				if line > measuredWithin {
					continue
				}
				metres, back, minutes := 10*int(math.Ceil((line*(1.25+0.6*r.F())+20)/10)), 0, 0
				if r.Chance(0.1) { // one way streets and slopes
					back = metres + 10*(1+r.N(3))
				}
				switch n++; n {
				case 1:
					continue
				case 2:
					back = 2 * metres
				case 3:
					metres, back = max(1, int(line/2)), 0
				case 4:
					minutes, metres, back = 1+metres/60, 0, 0
				}
				for _, x := range []string{code, "PM" + s.Code + "-" + p.Stage, "walk"} {
					t.Str(x)
				}
				for _, x := range []int{metres, back, minutes} {
					if x == 0 {
						t.Null()
					} else {
						t.Int(x)
					}
				}
				t.Date(20240510)
				t.End()
			}
		}
	}
}

// writeNext writes which blocks of the same county touch: the nearest that join all of
// them together, and the second nearest of each.
func (d *land) writeNext(t *sheet.Table) {
	if d.c.Code != measuredCounty {
		return
	}
	codes, at := d.homes()
	done := map[[2]int]bool{}
	join := func(a, b int) {
		if a > b {
			a, b = b, a
		}
		if a == b || done[[2]int{a, b}] {
			return
		}
		done[[2]int{a, b}] = true
		t.Str(codes[a])
		t.Str(codes[b])
		t.End()
	}
	for in := []int{0}; len(in) < len(codes); { // the shortest tree (Prim)
		from, to, best := 0, 0, math.Inf(1)
		joined := map[int]bool{}
		for _, a := range in {
			joined[a] = true
		}
		for _, a := range in {
			for b := range codes {
				if m := at[a].Metres(at[b]); !joined[b] && m < best {
					from, to, best = a, b, m
				}
			}
		}
		join(from, to)
		in = append(in, to)
	}
	for a := range codes {
		first, second := -1, -1
		for b := range codes {
			switch {
			case a == b:
			case first < 0 || at[a].Metres(at[b]) < at[a].Metres(at[first]):
				first, second = b, first
			case second < 0 || at[a].Metres(at[b]) < at[a].Metres(at[second]):
				second = b
			}
		}
		if second >= 0 {
			join(a, second)
		}
	}
}
