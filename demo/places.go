package demo

import (
	"fmt"
	"math"
	"strings"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// Premises, blocks and estates are handed in by the city's planning office after the
// last school year. Positions are invented: within the county's boundary, those of
// one town together. Rooms follow from what a school had: towns that grew have too
// few, villages that shrank too many.

// classSize is what the places of a room are counted by; the packs hold it as the
// parameter class-size.
var classSize = [nStages]int{30, 45, 50, 50, 50, 8}

// floorPerPupil is m² of floor a pupil in the demo's buildings.
var floorPerPupil = [nStages]float64{9, 7, 9, 15, 17, 30}

// zoneLand says where zones lie that have no boundary of their own.
var zoneLand = map[string]string{"410371": "410305"}

// count keeps what premises are made from: classes and pupils by stage.
func (l *life) count() {
	for i := range l.schools {
		s := &l.schools[i]
		s.rooms, s.pupils = [nStages]int{}, [nStages]int{}
		for g := range nGrad {
			st := stageOf(g)
			s.rooms[st] += int(s.classes[g])
			s.pupils[st] += len(l.pupils(i, g))
		}
		for st := range nStages {
			s.peak[st] = max(s.peak[st], s.rooms[st])
		}
	}
}

// land is one county's ground while its premises are written.
type land struct {
	l        *life
	ground   *source.Ground
	r        *source.RNG
	scale    float64
	villages map[string]source.Spot
}

// writePlaces writes the sheets of premises, blocks, children of blocks and estates.
func writePlaces(f *office, list []*source.County, lives []*life, o Options) error {
	grounds, err := source.Grounds(o.Boundaries, list, zoneLand)
	if err != nil {
		return err
	}
	lands := make([]*land, len(lives))
	for i, l := range lives {
		d := &land{l: l, ground: grounds[l.c.Code], r: source.Seeded(o.Seed, "places "+l.c.Code), scale: o.Scale, villages: map[string]source.Spot{}}
		d.ground.Settle(l.c, seatsOf(l.c), d.r)
		lands[i] = d
	}
	for _, step := range []struct {
		entity string
		write  func(*land, *sheet.Table)
	}{
		{"premises", (*land).writePremises},
		{"block", (*land).writeBlocks},
		{"block_count", (*land).writeChildren},
		{"estate", (*land).writeEstates},
	} {
		t, err := f.table(step.entity, lastYear, "")
		if err != nil {
			return err
		}
		for _, d := range lands {
			step.write(d, t)
		}
	}
	return f.closeAll()
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
	for i := range d.l.c.Towns {
		if &d.l.c.Towns[i] == t {
			return i
		}
	}
	return 0
}

// village is where a village lies, the same whoever asks.
func (d *land) village(town *source.Town, name string) source.Spot {
	key := town.Code + name
	at, ok := d.villages[key]
	if !ok {
		r := source.Seeded(d.l.o.Seed, "village "+key)
		at = d.ground.Near(r, d.ground.Town(d.townIndex(town)), d.ground.Reach())
		d.villages[key] = at
	}
	return at
}

// spot is where a school stands: in its village or in the middle of its town.
func (d *land) spot(s *school) source.Spot {
	r := source.Seeded(d.l.o.Seed, "school "+s.code)
	if s.place != "" {
		return d.ground.Near(r, d.village(s.town, s.place), 300)
	}
	return d.ground.Near(r, d.ground.Town(d.townIndex(s.town)), d.ground.Reach()*0.6)
}

func (d *land) managing(town *source.Town) string {
	if d.l.c.Code == "410311" && strings.Contains(yibinTowns, town.Name) {
		return "4103X1"
	}
	return d.l.c.Code
}

// site is one row of premises.
type site struct {
	code, name, managing, school, state string
	stage, rooms, beds                  int
	division, town                      string
	at                                  source.Spot
	floor                               float64
	former, owner                       string
	since                               int32
}

func (d *land) row(t *sheet.Table, x site) {
	for _, s := range []string{x.code, x.name, x.managing, x.school, x.state, stageCode[x.stage], x.division, x.town} {
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
	for i := range d.l.schools {
		s := &d.l.schools[i]
		switch {
		case s.alive(lastYear):
			for _, st := range kindStages[s.kind] {
				d.inUse(t, s, st)
			}
		case s.close <= lastYear && !s.private && source.Share(uint64(i)+uint64(s.openDate), 31) < 0.5:
			d.leftEmpty(t, s)
		}
	}
	c := d.l.c
	d.oldSite(t)
	if c.Land == source.Central || c.Land == source.Suburban { // ground kept for a primary school
		town := &c.Towns[d.r.N(len(c.Towns))]
		d.row(t, site{
			code: "GH" + c.Code + "-PRI", name: town.Name + "规划小学用地", managing: d.managing(town), state: "planned", stage: stPri,
			division: c.Code, town: town.Code, at: d.ground.Near(d.r, d.ground.Town(d.townIndex(town)), d.ground.Reach()), owner: c.Name + "人民政府", since: 20230301,
		})
	}
}

func (d *land) inUse(t *sheet.Table, s *school, st int) {
	draw := source.Share(source.Mix(uint64(s.openDate)<<9^uint64(s.crowd*1e9)), uint64(40+st))
	rooms := max(1, s.rooms[st])
	if strings.HasPrefix(s.ur, "11") && s.open == 0 {
		rooms = int(math.Round(float64(rooms) * (0.80 + 0.22*draw)))
	} else {
		built := (max(s.capacity[st], s.pupils[st]) + classSize[st] - 1) / classSize[st]
		rooms = int(math.Ceil(float64(max(rooms, s.peak[st], built)) * (1 + 0.25*draw)))
	}
	rooms = max(1, rooms)
	beds := 0
	if s.boarding && st != stPre {
		beds = int(float64(s.pupils[st]) * (0.35 + 0.4*draw))
	}
	owner := d.l.c.Office
	if s.managing == "410300" {
		owner = "洛阳市教育局"
	}
	if s.private {
		owner = "举办者"
	}
	name, _ := s.nameIn(lastYear)
	d.row(t, site{
		code: "PM" + s.code + "-" + stageCode[st], name: name + "校舍", managing: s.managing, school: s.code, state: "in-use", stage: st, rooms: rooms, beds: beds,
		division: s.division, town: s.town.Code, at: d.spot(s), floor: float64(rooms*classSize[st]) * floorPerPupil[st] * s.space, owner: owner, since: s.openDate,
	})
}

// leftEmpty enters the premises of a closed school as idle.
func (d *land) leftEmpty(t *sheet.Table, s *school) {
	st := kindStages[s.kind][0]
	rooms := max(2, s.peak[st])
	name, _ := s.nameIn(lastYear)
	d.row(t, site{
		code: "PM" + s.code + "-" + stageCode[st], name: name + "旧址", managing: s.managing, state: "idle", stage: st, rooms: rooms,
		division: s.division, town: s.town.Code, at: d.spot(s), floor: float64(rooms*classSize[st]) * floorPerPupil[st] * s.space,
		former: name, owner: d.l.c.Office, since: int32(s.close*10000 + 810),
	})
}

// oldSite enters one idle site that every county has: in the city's districts that of
// a senior high that moved away, elsewhere that of a village school.
func (d *land) oldSite(t *sheet.Table) {
	c := d.l.c
	town := &c.Towns[d.r.N(len(c.Towns))]
	x := site{
		code: "JZ" + c.Code, name: town.Name + "旧村小", managing: d.managing(town), state: "idle", stage: stPri, rooms: 5, division: c.Code, town: town.Code,
		at: d.ground.Near(d.r, d.ground.Town(d.townIndex(town)), d.ground.Reach()*0.6), former: "村小学", owner: c.Office, since: 20210810,
	}
	if c.CityRuns {
		x.name, x.stage, x.rooms, x.former = town.Name+"高中迁建后原校址", stSen, 30, "高级中学"
	}
	x.floor = float64(x.rooms*classSize[x.stage]) * floorPerPupil[x.stage]
	d.row(t, x)
}

// chosen lists the villages of a town that the city's scale leaves.
func (d *land) chosen(town *source.Town) []int {
	n := min(len(town.Villages), max(1, int(math.Round(d.scale*float64(len(town.Villages))))))
	out := make([]int, n)
	for i := range out {
		out[i] = i * len(town.Villages) / n
	}
	return out
}

func blockCode(town *source.Town, i int) string { return fmt.Sprintf("PQ%s%03d", town.Code, i+1) }

func (d *land) writeBlocks(t *sheet.Table) {
	for i := range d.l.c.Towns {
		town := &d.l.c.Towns[i]
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
			for _, s := range []string{blockCode(town, v), town.Name + name, d.managing(town), kind, d.l.c.Code, town.Code} {
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
	towns := d.l.c.Towns
	for _, st := range []int{stPre, stPri, stJun, stSen} {
		inTown := make([]float64, len(towns))
		total := 0
		for i := range d.l.schools {
			s := &d.l.schools[i]
			if n := s.pupils[st]; n > 0 {
				inTown[d.townIndex(s.town)] += float64(n)
				total += n
			}
		}
		var codes []string
		var weights []float64
		for i := range towns {
			some := d.chosen(&towns[i])
			sum := 0.0
			draws := make([]float64, len(some))
			for k, v := range some {
				draws[k] = source.Seeded(d.l.o.Seed, "block "+blockCode(&towns[i], v)).Lognorm(0.5)
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
			t.Int(lastYear)
			t.Str(stageCode[st])
			t.Int(n)
			t.End()
		}
	}
}

func (d *land) allVillages() int {
	n := 0
	for i := range d.l.c.Towns {
		n += len(d.l.c.Towns[i].Villages)
	}
	return n
}

// writeEstates writes new estates with the four steps of their kindergartens; three
// in ten are out of step. Dates after the last year are still to come and empty.
func (d *land) writeEstates(t *sheet.Table) {
	c := d.l.c
	n := max(1, int(math.Round(d.scale*[]float64{8, 6, 3, 2}[c.Land])))
	known := func(day int32) {
		if day > lastYear*10000+1231 {
			day = 0
		}
		t.Date(day)
	}
	for k := range n {
		town := &c.Towns[d.r.N(seatsOf(c))]
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
