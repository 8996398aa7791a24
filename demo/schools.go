package demo

import (
	"fmt"
	"math"
	"strings"

	"luoshu/demo/source"
)

// kinds of school.
const (
	kindPre = iota
	kindPri
	kindPoint // teaching point: pupils, but not counted as a school
	kindNine  // grades 1–9
	kindJun
	kindFull // grades 7–12
	kindSen
	kindVoc
	kindSpe
	nKinds
)

// category of the school code, type code, first word of the credit code.
var kindCodes = [nKinds]struct{ category, typeCode string }{
	{"11", "111"}, {"21", "211"}, {"21", "218"}, {"31", "312"}, {"31", "311"}, {"34", "341"}, {"34", "342"}, {"36", "361"}, {"51", "514"},
}

var kindStages = [nKinds][]int{{stPre}, {stPri}, {stPri}, {stPri, stJun}, {stJun}, {stJun, stSen}, {stSen}, {stVoc}, {stSpe}}

const never = 9999

// school is one institution and its whole life.
type school struct {
	code, name, newName string // newName from the school year renamed on
	kind                int
	private, inclusive  bool
	managing, division  string
	town                *source.Town
	place, ur           string
	weight              [nStages]float64 // pull on new entrants
	open, close         int              // school years; open 0 = before 2020
	renamed             int
	openDate            int32
	succ                int // index of the school that takes its pupils, -1 none
	campus              int // main school of a teaching point, -1 none
	boarding            bool
	crowd, space, gear  float64
	fade                float64      // yearly change of weight
	classes             [nGrad]uint8 // classes of the year before, by grade
	capacity            [nStages]int // pupils the premises were built for
	rooms, peak, pupils [nStages]int // classes of the year, most ever, and pupils
	staff               [nStages][]int32
}

func (s *school) has(stage int) bool  { return s.weight[stage] > 0 }
func (s *school) alive(year int) bool { return s.open <= year && year < s.close }
func (s *school) rural() bool         { return s.ur == "210" || s.ur == "220" }

// pull is the weight with which entrants choose the school in a year.
func (s *school) pull(stage, year int) float64 {
	if !s.alive(year) {
		return 0
	}
	return s.weight[stage] * math.Pow(s.fade, float64(year-firstYear))
}

func (s *school) nameIn(year int) (name, former string) {
	if s.renamed != 0 && s.renamed <= year {
		return s.newName, s.name
	}
	return s.name, ""
}

// numbers is how many schools of each sort a county has.
type numbers struct{ pre, pri, point, jun, nine, sen, voc, spe int }

// countSchools spreads the city's schools over the counties, and says with which
// weight counties share the pupils of upper-secondary and special schools.
func countSchools(list []*source.County, scale float64) (out []numbers, sen, voc, spe []float64) {
	n := len(list)
	w := make([][]float64, 5)
	for i := range w {
		w[i] = make([]float64, n)
	}
	sen, voc, spe = make([]float64, n), make([]float64, n), make([]float64, n)
	for i, c := range list {
		kids, pupils, junior := 0.0, 0.0, 0.0
		for a := 3; a < 15; a++ {
			switch p := c.People(firstYear, a); {
			case a < 6:
				kids += p
			case a < 12:
				pupils += p * c.Pull
			default:
				junior += p
			}
		}
		w[0][i] = kids / []float64{200, 150, 130, 120}[c.Land]
		w[1][i] = pupils / []float64{1150, 760, 620, 470}[c.Land]
		w[2][i] = pupils * []float64{0, 0.35, 1, 1.5}[c.Land]
		w[3][i] = junior / []float64{1050, 850, 900, 620}[c.Land]
		w[4][i] = junior * c.SenPull
		sen[i] = w[4][i]
		if c.Code != "410302" && c.Code != "410371" {
			voc[i], spe[i] = w[4][i], junior
		}
	}
	round := func(x float64) int { return int(math.Round(x * scale)) }
	pre := source.Split(round(1960), w[0], 3)
	pri := source.Split(round(752), w[1], 1)
	point := source.Split(round(640), w[2], 1)
	jun := source.Split(round(323), w[3], 1)
	senior := source.Split(round(81), w[4], 1)
	source.KeepLargest(voc, max(6, round(36)))
	source.KeepLargest(spe, max(3, int(14*math.Min(1, scale*4))))
	vocN := source.Split(max(6, round(36)), voc, 1)
	speN := source.Split(max(3, int(math.Round(14*math.Max(math.Min(1, scale*4), scale)))), spe, 1)
	out = make([]numbers, n)
	for i := range list {
		out[i] = numbers{pre[i], pri[i], point[i], jun[i], int(math.Round(float64(jun[i]) * 0.18)), senior[i], vocN[i], speN[i]}
	}
	return out, sen, voc, spe
}

// builder makes the schools of one county.
type builder struct {
	c      *source.County
	r      *source.RNG
	list   []school
	names  map[string]bool
	serial map[string]int
	order  [nKinds]int
	seats  int
}

func buildSchools(c *source.County, n numbers, t source.Targets, scale float64, seed uint64) []school {
	b := &builder{c: c, r: source.Seeded(seed, "schools "+c.Code), names: map[string]bool{}, serial: map[string]int{}}
	b.seats = 1
	for b.seats < len(c.Towns) && b.seats < 4 && strings.HasSuffix(c.Towns[b.seats].Name, "街道") {
		b.seats++
	}
	b.kindergartens(n.pre)
	pupils := float64(t[0][pri1])
	points := float64(n.point) * 5.2
	full := math.Max(pupils*0.5, pupils-points) / float64(n.pri+n.nine)
	b.several(kindPri, n.pri, 0.55, full)
	b.several(kindPoint, n.point, 0.55, 5.2)
	b.several(kindNine, n.nine, 0.4, full)
	fulls := 0
	if n.sen > 4 && n.jun-n.nine > 4 {
		fulls = n.sen / 5
	}
	b.several(kindJun, n.jun-n.nine-fulls, 0.45, 1)
	b.several(kindFull, fulls, 0.3, 1)
	b.several(kindSen, n.sen-fulls, 0.35, 1)
	b.several(kindVoc, n.voc, 0.4, 1)
	b.several(kindSpe, n.spe, 0.2, 1)
	b.newSchools(scale)
	b.closures()
	b.renames()
	for i := range b.list {
		if b.list[i].kind == kindPoint {
			b.list[i].campus = b.successor(i)
		}
	}
	return b.list
}

// several adds n schools whose sizes vary around mean.
func (b *builder) several(kind, n int, sd, mean float64) {
	for range n {
		s := b.school(kind)
		for _, st := range kindStages[kind] {
			w := math.Min(2.2, b.r.Lognorm(sd)) * mean
			if !s.rural() && (kind == kindPri || kind == kindJun) {
				w *= 1.35
			}
			if kind == kindNine && st == stJun {
				w = b.r.Lognorm(sd) * 0.7
			}
			s.weight[st] = w
		}
		if s.managing == "410300" {
			b.list = append(b.list, s)
			continue
		}
		if (kind == kindPri && n >= 5 && b.r.Chance(0.06)) || (kind == kindJun && n >= 4 && b.r.Chance(0.11)) {
			s.private, s.fade = true, 0.95
		}
		b.list = append(b.list, s)
	}
}

// kindergartens come in three sorts, whose shares of the children are set.
func (b *builder) kindergartens(n int) {
	public := max(1, int(math.Round(float64(n)*b.c.PublicPre*0.8)))
	dear := max(1, int(math.Round(float64(n)*0.13)))
	shares := [3]float64{b.c.PublicPre, 1 - b.c.PublicPre - 0.145, 0.145}
	count := [3]int{public, n - public - dear, dear}
	for sort, k := range count {
		sum, at := 0.0, len(b.list)
		for range k {
			s := b.school(kindPre)
			s.private, s.inclusive = sort > 0, sort < 2
			s.fade = []float64{1.004, 1, 0.95}[sort]
			s.name = b.kindergartenName(&s)
			s.weight[stPre] = b.r.Lognorm(0.45)
			sum += s.weight[stPre]
			b.list = append(b.list, s)
		}
		for i := at; i < len(b.list); i++ {
			b.list[i].weight[stPre] *= shares[sort] / sum
		}
	}
}

// school makes one with code, place and name, not yet in the list.
func (b *builder) school(kind int) school {
	c, r := b.c, b.r
	s := school{
		kind: kind, inclusive: true, managing: c.Code, division: c.Code, close: never, succ: -1, campus: -1, fade: 1,
		crowd: r.F(), space: r.Lognorm(0.22), gear: r.Lognorm(0.25),
	}
	cat := kindCodes[kind].category
	b.serial[cat]++
	s.code = source.SchoolCode(cat, c.Code, b.serial[cat])
	b.place(&s)
	s.openDate = int32((1952+r.N(66))*10000 + 901)
	if kind == kindPoint {
		s.fade = 0.94
	}
	if c.CityRuns {
		switch {
		case kind == kindSen || kind == kindFull, kind == kindVoc:
			if r.Chance(0.5) {
				s.managing = "410300"
			}
		case kind == kindSpe:
			s.managing = "410300"
		}
	}
	if s.managing == c.Code && c.Code == "410311" && strings.Contains(source.YibinTowns, s.town.Name) {
		s.managing = "4103X1"
	}
	b.order[kind]++
	if kind != kindPre {
		s.name = b.unique(b.plainName(&s))
	}
	return s
}

// place puts a school into a town and says how urban it is there.
func (b *builder) place(s *school) {
	c, r := b.c, b.r
	seat := c.Land == source.Central
	switch s.kind {
	case kindPoint:
	case kindSen, kindFull, kindVoc, kindSpe:
		seat = true
	case kindPre:
		seat = seat || r.Chance(c.Urban*0.75)
	default:
		seat = seat || r.Chance(c.Urban*0.6)
	}
	i := r.N(len(c.Towns))
	if seat && c.Land != source.Central {
		i = r.N(b.seats)
	} else if !seat && len(c.Towns) > b.seats {
		i = b.seats + r.N(len(c.Towns)-b.seats)
	}
	s.town = &c.Towns[i]
	s.place = s.town.Villages[r.N(len(s.town.Villages))]
	village := s.kind == kindPoint || (!seat && r.Chance(0.55))
	switch {
	case c.Land == source.Central && strings.HasSuffix(s.town.Name, "街道") && r.Chance(0.85):
		s.ur = "111"
	case c.Land == source.Central:
		s.ur = "112"
	case seat && (c.Code == "410307" || c.Code == "410308" || c.Code == "410371"):
		s.ur = "111"
	case seat && r.Chance(0.8):
		s.ur = "121"
	case seat:
		s.ur = "122"
	case village:
		s.ur = "220"
	case strings.HasSuffix(s.town.Name, "乡"):
		s.ur = "210"
	default:
		s.ur = "121"
	}
	if !village {
		s.place = ""
	}
	s.boarding = c.Land != source.Central && (s.kind == kindJun || s.kind == kindNine || s.kind == kindSen || s.kind == kindFull || s.kind == kindVoc || (s.kind == kindPri && !seat && r.Chance(0.35)))
}

// plainName is what such a school would be called; the schools are invented.
func (b *builder) plainName(s *school) string {
	c, n := b.c, b.order[s.kind]
	spot := s.town.Name + s.place
	city := s.managing == "410300"
	switch s.kind {
	case kindPri:
		if s.place == "" && !s.rural() {
			return fmt.Sprintf("%s第%d小学", c.Name, n)
		}
		if s.place == "" {
			return spot + "中心小学"
		}
		return spot + "小学"
	case kindPoint:
		return spot + "教学点"
	case kindNine:
		return spot + "九年制学校"
	case kindJun:
		if s.place == "" {
			return fmt.Sprintf("%s第%d初级中学", c.Name, n)
		}
		return spot + "初级中学"
	case kindFull:
		return fmt.Sprintf("%s第%d完全中学", c.Name, n)
	case kindSen:
		if city {
			return fmt.Sprintf("洛阳市直属第%s%d高级中学", c.Code[4:], n)
		}
		return fmt.Sprintf("%s第%d高级中学", c.Name, n)
	case kindVoc:
		if city {
			return fmt.Sprintf("洛阳市直属第%s%d中等职业学校", c.Code[4:], n)
		}
		return fmt.Sprintf("%s第%d中等职业学校", c.Name, n)
	}
	return fmt.Sprintf("%s第%d特殊教育学校", c.Name, n)
}

var brightNames = strings.Fields("春芽 小天使 金苗 蓝天 七彩 阳光 智慧树 童乐 向日葵 蒲公英 星星 贝贝 晨曦 小太阳 启蒙 育英 博爱 欣欣 百灵 彩虹")

func (b *builder) kindergartenName(s *school) string {
	if s.private {
		return b.unique(s.town.Name + brightNames[b.r.N(len(brightNames))] + "幼儿园")
	}
	if s.place == "" {
		return b.unique(s.town.Name + "中心幼儿园")
	}
	return b.unique(s.town.Name + s.place + "幼儿园")
}

// unique numbers a name that is taken.
func (b *builder) unique(name string) string {
	out := name
	for i := 2; b.names[out]; i++ {
		out = fmt.Sprintf("%s（%d）", name, i)
	}
	b.names[out] = true
	return out
}

// newSchools opens schools in 2021–2024, mostly where the city grows.
func (b *builder) newSchools(scale float64) {
	grow := []float64{2.2, 1.2, 0.6, 0.5}[b.c.Land] / 15
	for year := firstYear + 1; year <= lastYear; year++ {
		for _, perYear := range []kindRate{{kindPre, 26}, {kindPri, 5}, {kindJun, 2}, {kindSen, 0.6}} {
			n := perYear.n * scale * grow
			k := int(n)
			if b.r.Chance(n - float64(k)) {
				k++
			}
			for range k {
				s := b.school(perYear.kind)
				if s.kind == kindPre {
					s.name = b.kindergartenName(&s)
				}
				s.open, s.openDate = year, int32(year*10000+820)
				for _, st := range kindStages[s.kind] {
					s.weight[st] = b.mean(st) * 0.75
				}
				b.list = append(b.list, s)
			}
		}
	}
}

type kindRate struct {
	kind int
	n    float64
}

// mean weight of the county's schools of a stage.
func (b *builder) mean(stage int) float64 {
	sum, n := 0.0, 0
	for i := range b.list {
		if b.list[i].has(stage) && b.list[i].kind != kindPoint {
			sum += b.list[i].weight[stage]
			n++
		}
	}
	return sum / math.Max(1, float64(n))
}

// closures merges teaching points and small schools into others and closes
// kindergartens that lose their children.
func (b *builder) closures() {
	rate := map[int][years]float64{
		kindPoint: {0, 0.08, 0.10, 0.16, 0.14}, kindPre: {0, 0.02, 0.025, 0.03, 0.04},
		kindPri: {0, 0.005, 0.006, 0.008, 0.008}, kindJun: {0, 0.008, 0.01, 0.01, 0.012},
	}
	left := [nKinds]int{}
	for i := range b.list {
		left[b.list[i].kind]++
	}
	for y := 1; y < years; y++ {
		for i := range b.list {
			s := &b.list[i]
			p := rate[s.kind][y]
			if s.kind == kindPre && !s.private {
				p *= 0.15
			}
			if s.close != never || s.open != 0 || left[s.kind] < 4 || !b.r.Chance(p) {
				continue
			}
			succ := b.successor(i)
			if succ < 0 && s.kind != kindPre {
				continue
			}
			s.close, s.succ = firstYear+y, succ
			left[s.kind]--
		}
	}
}

// successor is an open, lasting school for the pupils of i: in the same town if
// there is one.
func (b *builder) successor(i int) int {
	best := -1
	for j := range b.list {
		t := &b.list[j]
		if j == i || t.kind == kindPoint || t.open != 0 || t.private || t.managing != b.list[i].managing || !t.has(kindStages[b.list[i].kind][0]) {
			continue
		}
		if t.town == b.list[i].town {
			return b.lasting(j)
		}
		if best < 0 {
			best = j
		}
	}
	if best < 0 {
		return -1
	}
	return b.lasting(best)
}

// lasting exempts a successor from later closure by giving it a close beyond the
// demo's years.
func (b *builder) lasting(j int) int {
	if b.list[j].close > never {
		return j
	}
	if b.list[j].close < never {
		if s := b.list[j].succ; s >= 0 {
			return s
		}
		return -1
	}
	b.list[j].close = never + 1
	return j
}

// renames gives a few schools a new name.
func (b *builder) renames() {
	for i := range b.list {
		s := &b.list[i]
		if s.open != 0 || s.close < never || !b.r.Chance(0.015) {
			continue
		}
		name := strings.NewReplacer("第", "新第", "中心", "实验", "幼儿园", "实验幼儿园").Replace(s.name)
		if name != s.name {
			s.renamed, s.newName = firstYear+1+b.r.N(years-1), b.unique(name)
		}
	}
}
