// Package ground makes the land of the synthetic city: where towns, villages and
// schools lie, the premises they have, the children who live in their villages, new
// estates, and what counties hold as evidence of balance. Positions are invented:
// within the county's boundary, those of one town together. Rooms follow from what a
// school had: towns that grew have too few, villages that shrank too many.
package ground

import (
	"fmt"
	"math"
	"strings"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// City is what the sheets are made from; Year is the last school year.
type City struct {
	Boundaries []byte // GeoJSON with the property adcode
	Scale      float64
	Seed       uint64
	Year       int
	Counties   []County
}

// County is one county with its schools, open and closed.
type County struct {
	*source.County
	Schools []School
}

// School is one school. Closed is the school year in which it was gone, 0 while it
// lives; New says that it opened within the demo's years.
type School struct {
	Code, Name, Managing, Division, Village, Urban string
	Town                                           *source.Town
	Opened                                         int32
	Closed                                         int
	New, Private, Boards                           bool
	Space                                          float64 // of its buildings, 1 is usual
	Parts                                          []Part
}

// Part is one stage of a school: classes and pupils of the last year, the most classes
// it ever had, and the pupils its premises were built for.
type Part struct {
	Stage                         string
	Rooms, Pupils, Peak, Capacity int
}

// classSize is what the places of a room are counted by; the packs hold it as the
// parameter class-size. floorPerPupil is m² of floor a pupil.
var (
	classSize     = map[string]int{"PRE": 30, "PRI": 45, "JUN": 50, "SEN": 50, "VOC": 50, "SPE": 8}
	floorPerPupil = map[string]float64{"PRE": 9, "PRI": 7, "JUN": 9, "SEN": 15, "VOC": 17, "SPE": 30}
)

// zoneLand says where zones lie that have no boundary of their own.
var zoneLand = map[string]string{"410371": "410305"}

// land is one county while its sheets are written.
type land struct {
	c        County
	city     City
	ground   *Ground
	r        *source.RNG
	villages map[string]Spot
}

// Write writes the sheets, each whole into the table that open gives for its entity.
func Write(city City, open func(entity string) (*sheet.Table, error)) error {
	var list []*source.County
	for _, c := range city.Counties {
		list = append(list, c.County)
	}
	grounds, err := Grounds(city.Boundaries, list, zoneLand)
	if err != nil {
		return err
	}
	lands := make([]*land, len(city.Counties))
	for i, c := range city.Counties {
		d := &land{c: c, city: city, ground: grounds[c.Code], r: source.Seeded(city.Seed, "places "+c.Code), villages: map[string]Spot{}}
		d.ground.Settle(c.County, seatsOf(c.County), d.r)
		lands[i] = d
	}
	for _, step := range []struct {
		entity string
		write  func(*land, *sheet.Table)
	}{
		{"premises", (*land).writePremises},
		{"block", (*land).writeBlocks},
		{"block_count", (*land).writeChildren},
		{"way", (*land).writeWays},
		{"block_next", (*land).writeNext},
		{"estate", (*land).writeEstates},
		{"balance_evidence", (*land).writeEvidence},
	} {
		t, err := open(step.entity)
		if err != nil {
			return err
		}
		for _, d := range lands {
			step.write(d, t)
		}
	}
	return nil
}

// seatsOf is how many towns of a county make up its seat.
func seatsOf(c *source.County) int {
	n := 1
	for n < len(c.Towns) && n < 4 && strings.HasSuffix(c.Towns[n].Name, "街道") {
		n++
	}
	return n
}

func (d *land) townIndex(t *source.Town) int {
	for i := range d.c.Towns {
		if &d.c.Towns[i] == t {
			return i
		}
	}
	return 0
}

// village is where a village lies, the same whoever asks.
func (d *land) village(town *source.Town, name string) Spot {
	key := town.Code + name
	at, ok := d.villages[key]
	if !ok {
		r := source.Seeded(d.city.Seed, "village "+key)
		at = d.ground.Near(r, d.ground.Town(d.townIndex(town)), d.ground.Reach())
		d.villages[key] = at
	}
	return at
}

// spot is where a school stands: in its village or in the middle of its town.
func (d *land) spot(s *School) Spot {
	r := source.Seeded(d.city.Seed, "school "+s.Code)
	if s.Village != "" {
		return d.ground.Near(r, d.village(s.Town, s.Village), 300)
	}
	return d.ground.Near(r, d.ground.Town(d.townIndex(s.Town)), d.ground.Reach()*0.6)
}

func (d *land) managing(town *source.Town) string {
	if d.c.Code == "410311" && strings.Contains(source.YibinTowns, town.Name) {
		return "4103X1"
	}
	return d.c.Code
}

// site is one row of premises.
type site struct {
	code, name, managing, school, state string
	stage                               string
	rooms, beds                         int
	division, town                      string
	at                                  Spot
	floor                               float64
	former, owner                       string
	since                               int32
}

func (d *land) row(t *sheet.Table, x site) {
	for _, s := range []string{x.code, x.name, x.managing, x.school, x.state, x.stage, x.division, x.town} {
		t.Str(s)
	}
	t.Dec(x.at.Lon, 6)
	t.Dec(x.at.Lat, 6)
	t.Int(x.rooms)
	t.Int(x.rooms * classSize[x.stage])
	t.Int(x.beds)
	t.Dec(x.floor, 2)
	t.Dec(x.floor*2.1, 2)
	t.Str(x.former)
	t.Str(x.owner)
	t.Date(x.since)
	t.Null()
	t.End()
}

func (d *land) writePremises(t *sheet.Table) {
	for i := range d.c.Schools {
		s := &d.c.Schools[i]
		switch {
		case s.Closed == 0:
			for _, p := range s.Parts {
				d.inUse(t, s, p)
			}
		case !s.Private && s.draw(31) < 0.5:
			d.leftEmpty(t, s, s.Parts[0])
		}
	}
	c := d.c
	d.oldSite(t)
	if c.Land == source.Central || c.Land == source.Suburban { // ground kept for a primary school
		town := &c.Towns[d.r.N(len(c.Towns))]
		d.row(t, site{
			code: "GH" + c.Code + "-PRI", name: town.Name + "规划小学用地", managing: d.managing(town), state: "planned", stage: "PRI",
			division: c.Code, town: town.Code, at: d.ground.Near(d.r, d.ground.Town(d.townIndex(town)), d.ground.Reach()), owner: c.Name + "人民政府", since: 20230301,
		})
	}
}

// draw is a number in [0, 1) that belongs to a school and a purpose.
func (s *School) draw(purpose uint64) float64 {
	key := uint64(s.Opened)
	for _, c := range []byte(s.Code) {
		key = source.Mix(key ^ uint64(c)<<8)
	}
	return source.Share(key, purpose)
}

func (d *land) inUse(t *sheet.Table, s *School, p Part) {
	draw, size := s.draw(40+uint64(p.Stage[0])), classSize[p.Stage]
	rooms := max(1, p.Rooms)
	if strings.HasPrefix(s.Urban, "11") && !s.New {
		rooms = int(math.Round(float64(rooms) * (0.80 + 0.22*draw)))
	} else {
		built := (max(p.Capacity, p.Pupils) + size - 1) / size
		rooms = int(math.Ceil(float64(max(rooms, p.Peak, built)) * (1 + 0.25*draw)))
	}
	rooms = max(1, rooms)
	beds := 0
	if s.Boards && p.Stage != "PRE" {
		beds = int(float64(p.Pupils) * (0.35 + 0.4*draw))
	}
	owner := d.c.Office
	if s.Managing == "410300" {
		owner = "洛阳市教育局"
	}
	if s.Private {
		owner = "举办者"
	}
	d.row(t, site{
		code: "PM" + s.Code + "-" + p.Stage, name: s.Name + "校舍", managing: s.Managing, school: s.Code, state: "in-use", stage: p.Stage, rooms: rooms, beds: beds,
		division: s.Division, town: s.Town.Code, at: d.spot(s), floor: float64(rooms*size) * floorPerPupil[p.Stage] * s.Space, owner: owner, since: s.Opened,
	})
}

// leftEmpty enters the premises of a closed school as idle.
func (d *land) leftEmpty(t *sheet.Table, s *School, p Part) {
	rooms := max(2, p.Peak)
	d.row(t, site{
		code: "PM" + s.Code + "-" + p.Stage, name: s.Name + "旧址", managing: s.Managing, state: "idle", stage: p.Stage, rooms: rooms,
		division: s.Division, town: s.Town.Code, at: d.spot(s), floor: float64(rooms*classSize[p.Stage]) * floorPerPupil[p.Stage] * s.Space,
		former: s.Name, owner: d.c.Office, since: int32(s.Closed*10000 + 810),
	})
}

// oldSite enters one idle site that every county has: in the city's districts that of
// a senior high that moved away, elsewhere that of a village school.
func (d *land) oldSite(t *sheet.Table) {
	c := d.c
	town := &c.Towns[d.r.N(len(c.Towns))]
	x := site{
		code: "JZ" + c.Code, name: town.Name + "旧村小", managing: d.managing(town), state: "idle", stage: "PRI", rooms: 5, division: c.Code, town: town.Code,
		at: d.ground.Near(d.r, d.ground.Town(d.townIndex(town)), d.ground.Reach()*0.6), former: "村小学", owner: c.Office, since: 20210810,
	}
	if c.CityRuns {
		x.name, x.stage, x.rooms, x.former = town.Name+"高中迁建后原校址", "SEN", 30, "高级中学"
	}
	x.floor = float64(x.rooms*classSize[x.stage]) * floorPerPupil[x.stage]
	d.row(t, x)
}

// chosen lists the villages of a town that the city's scale leaves.
func (d *land) chosen(town *source.Town) []int {
	n := min(len(town.Villages), max(1, int(math.Round(d.city.Scale*float64(len(town.Villages))))))
	out := make([]int, n)
	for i := range out {
		out[i] = i * len(town.Villages) / n
	}
	return out
}

func blockCode(town *source.Town, i int) string { return fmt.Sprintf("PQ%s%03d", town.Code, i+1) }

func (d *land) writeBlocks(t *sheet.Table) {
	for i := range d.c.Towns {
		town := &d.c.Towns[i]
		kind, word := "village", "村"
		if strings.HasSuffix(town.Name, "街道") {
			kind, word = "community", "社区"
		}
		for _, v := range d.chosen(town) {
			name := town.Villages[v]
			if !strings.HasSuffix(name, word) {
				name += word
			}
			at := d.village(town, town.Villages[v])
			for _, s := range []string{blockCode(town, v), town.Name + name, d.managing(town), kind, d.c.Code, town.Code} {
				t.Str(s)
			}
			t.Dec(at.Lon, 6)
			t.Dec(at.Lat, 6)
			t.End()
		}
	}
}

// writeChildren spreads the pupils of the last year over the blocks: three of four
// live in the town of their school, the rest anywhere in the county. The sum of a
// stage is the county's enrolment.
func (d *land) writeChildren(t *sheet.Table) {
	towns := d.c.Towns
	for _, stage := range []string{"PRE", "PRI", "JUN", "SEN"} {
		inTown := make([]float64, len(towns))
		total := 0
		for i := range d.c.Schools {
			s := &d.c.Schools[i]
			for _, p := range s.Parts {
				if p.Stage == stage {
					inTown[d.townIndex(s.Town)] += float64(p.Pupils)
					total += p.Pupils
				}
			}
		}
		var codes []string
		var weights []float64
		for i := range towns {
			some := d.chosen(&towns[i])
			sum := 0.0
			draws := make([]float64, len(some))
			for k, v := range some {
				draws[k] = source.Seeded(d.city.Seed, "block "+blockCode(&towns[i], v)).Lognorm(0.5)
				sum += draws[k]
			}
			whole := 0.75*inTown[i] + 0.25*float64(total)*float64(len(towns[i].Villages))/float64(d.allVillages())
			for k, v := range some {
				codes, weights = append(codes, blockCode(&towns[i], v)), append(weights, whole*draws[k]/sum)
			}
		}
		for k, n := range source.Split(total, weights, 0) {
			if n == 0 {
				continue
			}
			t.Str(codes[k])
			t.Int(d.city.Year)
			t.Str(stage)
			t.Int(n)
			t.End()
		}
	}
}

func (d *land) allVillages() int {
	n := 0
	for i := range d.c.Towns {
		n += len(d.c.Towns[i].Villages)
	}
	return n
}

// writeEstates writes new estates with the four steps of their kindergartens; three
// in ten are out of step. Dates after the last year are still to come and empty.
func (d *land) writeEstates(t *sheet.Table) {
	c := d.c
	n := max(1, int(math.Round(d.city.Scale*[]float64{8, 6, 3, 2}[c.Land])))
	known := func(day int32) {
		if day > int32(d.city.Year*10000+1231) {
			day = 0
		}
		t.Date(day)
	}
	for k := range n {
		town := &c.Towns[d.r.N(seatsOf(c.County))]
		at := d.ground.Near(d.r, d.ground.Town(d.townIndex(town)), d.ground.Reach())
		homes, lived := 400+100*d.r.N(20), int32((2022+(k+c.Index)%5)*10000+630)
		late := int32(0)
		if d.r.Chance(0.3) {
			late = 1
		}
		for _, s := range []string{fmt.Sprintf("XQ%s-%03d", c.Code, k+1), fmt.Sprintf("%s演示小区%d", town.Name, k+1), d.managing(town), c.Code, town.Code, blockCode(town, d.chosen(town)[0])} {
			t.Str(s)
		}
		t.Dec(at.Lon, 6)
		t.Dec(at.Lat, 6)
		t.Str("演示开发单位")
		t.Int(homes)
		t.Date(lived)
		t.Int(3 + homes/300)
		t.Null()
		for _, step := range []int32{-30000, -20000, -300, 0} { // planned, begun, accepted, delivered
			known(lived + step)
		}
		for _, step := range []int32{-30000, -20000 + 10000*late, -300 + 200*late} {
			known(lived + step)
		}
		if late == 1 {
			t.Null() // not handed over
		} else {
			known(lived - 100)
		}
		t.Str("public")
		t.End()
	}
}
