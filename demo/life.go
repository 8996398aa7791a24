package demo

import (
	"math"
	"sort"

	"luoshu/demo/source"
)

// Status codes of a student record.
const (
	inSchool  = 1
	suspended = 2
	withdrew  = 3
	graduated = 7
	left      = 10
	died      = 11
)

// person is one student. Attributes that never change are drawn from key when a
// row is written, so a person is the same in every file.
type person struct {
	key       uint64
	birth     int32
	school    int32
	name      source.PersonName
	seq       uint16
	entry     uint16 // school year of entry into the present stage
	place     uint8  // of the ID number
	numberBy  byte   // G, J or L
	sex       uint8
	ethnic    uint8
	disab     uint8 // code of the list, 0 none
	grade     uint8
	class     uint8
	status    uint8
	left      uint8 // left-behind code
	comes     uint8 // change code with which this year's row begins
	migrant   bool
	preschool bool
	fresh     bool // record differs from what was handed in last
	handed    bool // the guardian is on file
	broken    bool // the record was spoilt on purpose
}

// life runs one county through the years.
type life struct {
	c       *source.County
	o       Options
	r       *source.RNG
	names   *source.Namer
	ids     source.IDMaker
	plan    source.Targets
	schools []school
	people  []person
	grades  [nGrad][]int32 // pupils of the year, by grade
	back    []int32        // suspended last year, to return
	year    int
	order   []int32 // this year's pupils by school, grade, class
	bucket  []int32 // start of each (school, grade) in order
	out     *office
	staff   staffRoom
	res     *result
}

// result is what a county leaves for the city's reference figures and the manifest.
type result struct {
	planted     map[string]int64
	disabled    [years]int // disabled children in compulsory schooling
	juniorThird [years]int
	firstGrade  [years]int
	leavers     [years]int
	byGrade2020 [nGrad]int
	enrolled    [years][nStages]int
	teachers    [years][nStages]int
}

// newPerson makes a pupil of a grade who is new to the records.
func (l *life) newPerson(g int, mover bool) int32 {
	r := l.r
	p := person{key: r.Next(), grade: uint8(g), status: inSchool, fresh: true, sex: 1, ethnic: 1, school: -1, numberBy: 'G'}
	if r.Chance(0.472) {
		p.sex = 2
	}
	switch {
	case r.Chance(l.c.Hui):
		p.ethnic = 3
	case r.Chance(0.006):
		p.ethnic = []uint8{11, 2, 6, 15, 8, 7, 12, 10}[r.N(8)]
	case stageOf(g) == stSen && r.Chance(0.002):
		p.ethnic = 5
	}
	age := gradeAge(g)
	if r.Chance(0.02) {
		age++
	}
	p.preschool = g < pri1 || r.Chance(0.97)
	p.migrant = mover && l.c.Migrant > 0.05 && r.Chance(0.7) || r.Chance(l.c.Migrant)
	for {
		first := int32((l.year-age-1)*10000 + 901)
		p.birth = source.AddDays(first, r.N(365))
		switch {
		case p.ethnic == 5:
			p.place = uint8(len(l.c.Places) - 1)
		case mover || p.migrant:
			p.place = uint8(l.c.Own + r.N(len(l.c.Places)-l.c.Own-1))
		default:
			p.place = l.c.OwnPlace(p.birth, p.key)
		}
		if seq, ok := l.ids.Take(p.place, p.birth, p.sex); ok {
			p.seq = seq
			break
		}
	}
	switch x := r.F(); {
	case int(p.place) >= l.c.Own:
	case x < 0.0015:
		p.numberBy = 'J'
	case x < 0.0045 && l.year == lastYear:
		p.numberBy = 'L'
	}
	p.name = l.names.Draw(r, int(p.birth/10000), p.sex, p.ethnic)
	l.condition(&p, g)
	p.broken = r.Chance(dirtStudent)
	st := stageOf(g)
	p.entry = uint16(l.year - (g - stageFirst[st]))
	l.people = append(l.people, p)
	return int32(len(l.people) - 1)
}

// condition draws disability and whether the parents are away.
func (l *life) condition(p *person, g int) {
	r := l.r
	if stageOf(g) == stSpe {
		p.disab = []uint8{6, 6, 6, 6, 6, 3, 3, 2, 8, 7}[r.N(10)]
	} else if r.Chance(0.0040) {
		p.disab = []uint8{6, 6, 6, 5, 5, 5, 3, 2, 4, 9}[r.N(10)]
	}
	if !p.migrant && r.Chance(l.c.LeftBehind) {
		p.left = 1
		if r.Chance(0.45) {
			p.left = 2
		}
	}
}

// fill brings a grade's list to its target: the surplus leaves, a deficit comes
// from outside.
func (l *life) fill(list []int32, g, want int) []int32 {
	for len(list) > want {
		i := l.r.N(len(list))
		l.leave(list[i], left)
		list[i] = list[len(list)-1]
		list = list[:len(list)-1]
	}
	for len(list) < want {
		i := l.newPerson(g, l.year > firstYear && g != pre1)
		if l.year > firstYear && g != pre1 {
			l.people[i].comes = 22
		}
		list = append(list, i)
	}
	return list
}

func (l *life) leave(i int32, status uint8) {
	p := &l.people[i]
	p.status, p.fresh = status, true
}

// promote moves everybody up a grade and fills the year's targets.
func (l *life) promote() {
	t := l.plan[l.year-firstYear]
	if l.year == firstYear {
		for g := range l.grades {
			l.grades[g] = l.fill(nil, g, t[g])
		}
		return
	}
	old := l.grades
	for g := range old {
		kept := old[g][:0]
		for _, i := range old[g] {
			if l.people[i].status == inSchool {
				kept = append(kept, i)
			}
		}
		old[g] = kept
	}
	back := map[int][]int32{}
	for _, i := range l.back {
		p := &l.people[i]
		p.status, p.comes, p.fresh = inSchool, 12, true
		back[int(p.grade)] = append(back[int(p.grade)], i)
	}
	l.back = l.back[:0]
	var next [nGrad][]int32
	for g := range next {
		if g == pre1 || g == spe1 || g == sen1 || g == voc1 {
			continue
		}
		next[g] = append(old[g-1], back[g]...)
	}
	l.toUpper(old[sen1-1], t, &next)
	next[sen1] = append(next[sen1], back[sen1]...)
	next[voc1] = append(next[voc1], back[voc1]...)
	for _, g := range []int{sen1 + 2, voc1 + 2, spe1 + 8} {
		for _, i := range old[g] {
			l.leave(i, graduated)
		}
	}
	for g := range next {
		for _, i := range next[g] {
			p := &l.people[i]
			if p.grade != uint8(g) && stageOf(int(p.grade)) != stageOf(g) {
				p.entry, p.fresh = uint16(l.year), true
			}
			p.grade = uint8(g)
		}
		l.grades[g] = l.fill(next[g], g, t[g])
	}
}

// toUpper sends the junior leavers to senior or vocational schools; the rest
// have finished.
func (l *life) toUpper(pool []int32, t [nGrad]int, next *[nGrad][]int32) {
	l.r.Shuffle(pool)
	l.res.leavers[l.year-firstYear] = len(pool)
	a := min(len(pool), t[sen1]*97/100)
	b := min(len(pool), a+t[voc1]*97/100)
	next[sen1] = append(next[sen1], pool[:a]...)
	next[voc1] = append(next[voc1], pool[a:b]...)
	for _, i := range pool[b:] {
		l.leave(i, graduated)
	}
}

// place gives every pupil of a grade a school.
func (l *life) place(g int) {
	st := stageOf(g)
	entry := g == stageFirst[st] || l.year == firstYear
	pull := make([]float64, len(l.schools))
	have := make([]int, len(l.schools))
	for s := range l.schools {
		pull[s] = l.schools[s].pull(st, l.year)
		if entry && pull[s] > 0 {
			pull[s] *= math.Max(0.6, 1+0.06*l.r.Norm())
		}
	}
	var homeless []int32
	for _, i := range l.grades[g] {
		p := &l.people[i]
		s := p.school
		if s >= 0 && !l.schools[s].alive(l.year) {
			s = int32(l.schools[s].succ)
		}
		stays := s >= 0 && pull[s] > 0 && (p.comes == 0 || p.comes == 12)
		if stays && entry && g != pre1 {
			stays = l.r.Chance(0.9) // next stage in the same school
		}
		if stays && !entry && (st == stPri || st == stJun) && l.r.Chance(0.012) {
			stays = false
			p.comes = 22
		}
		if !stays {
			homeless = append(homeless, i)
			continue
		}
		if s != p.school {
			p.school, p.fresh = s, true
		}
		have[s]++
	}
	l.quotas(homeless, pull, have, len(l.grades[g]))
}

// quotas sends pupils to the schools that have fewer than their share.
func (l *life) quotas(list []int32, pull []float64, have []int, n int) {
	if len(list) == 0 {
		return
	}
	l.r.Shuffle(list)
	quota := source.Split(n, pull, 0)
	open := 0
	for s := range quota {
		quota[s] = max(0, quota[s]-have[s])
		open += quota[s]
	}
	s, spill := 0, 0
	for open > len(list) { // trim evenly from the largest shortfalls
		if quota[spill] > 0 {
			quota[spill]--
			open--
		}
		spill = (spill + 1) % len(quota)
	}
	for _, i := range list {
		for s < len(quota) && quota[s] == 0 {
			s++
		}
		to := s
		if s == len(quota) {
			to = l.anySchool(pull)
		} else {
			quota[s]--
		}
		l.people[i].school, l.people[i].fresh = int32(to), true
	}
}

// anySchool draws a school by weight.
func (l *life) anySchool(pull []float64) int {
	x := l.r.F() * source.Total(pull)
	best := -1
	for s, w := range pull {
		if w > 0 {
			best = s
			if x -= w; x < 0 {
				break
			}
		}
	}
	return best
}

// big-class behaviour: the share of cohorts in town schools whose classes are let
// grow beyond 55 in a year.
var crowded = [years][nStages]float64{
	{0, 0.12, 0.05, 0.10, 0.03, 0},
	{0, 0.10, 0.04, 0.09, 0.03, 0},
	{0, 0.07, 0.03, 0.08, 0.02, 0},
	{0, 0.04, 0.018, 0.06, 0.02, 0},
	{0, 0.025, 0.01, 0.05, 0.02, 0},
}

// classCount decides how many classes a school runs in a grade.
func (l *life) classCount(s *school, g, n int) int {
	st := stageOf(g)
	if n == 0 {
		return 0
	}
	want := [nStages]float64{29, 43, 46, 49, 40, 9}[st]
	top := [nStages]int{38, 54, 54, 55, 52, 14}[st]
	if s.rural() && st == stPri {
		want = 36
	}
	k := max(1, int(math.Round(float64(n)/want)))
	if prev := int(s.classes[max(0, g-1)]); g > stageFirst[st] && prev > 0 && l.year > firstYear && n >= prev*int(want/2) && n <= prev*top {
		k = prev
	}
	cohort := math.Float64bits(s.crowd) ^ uint64(l.year-g+100*st)<<7
	if luck := source.Share(cohort, 61); st != stPre && st != stSpe && !s.rural() && luck < crowded[l.year-firstYear][st] && n >= 56 {
		k = max(1, n/57)
		if n/k > 64 && luck > 0.004 {
			k++
		}
		return k
	}
	if n > k*top {
		k = (n + top - 1) / top
	}
	return k
}

// seat puts the year's pupils into classes and orders them for the sheets.
func (l *life) seat() {
	n := len(l.schools) * nGrad
	l.bucket = make([]int32, n+1)
	for g := range l.grades {
		for _, i := range l.grades[g] {
			l.bucket[int(l.people[i].school)*nGrad+g+1]++
		}
	}
	for k := range n {
		l.bucket[k+1] += l.bucket[k]
	}
	l.order = make([]int32, l.bucket[n])
	at := append([]int32(nil), l.bucket[:n]...)
	for g := range l.grades {
		for _, i := range l.grades[g] {
			k := int(l.people[i].school)*nGrad + g
			l.order[at[k]] = i
			at[k]++
		}
	}
	for s := range l.schools {
		var now [nGrad]uint8
		for g := range nGrad {
			list := l.pupils(s, g)
			k := l.classCount(&l.schools[s], g, len(list))
			now[g] = uint8(k)
			l.classes(list, k, g)
		}
		l.schools[s].classes = now
	}
}

// pupils of a school and grade, in class order once seated.
func (l *life) pupils(s, g int) []int32 {
	k := s*nGrad + g
	return l.order[l.bucket[k]:l.bucket[k+1]]
}

// classes keeps pupils in their class where it goes on and fills the smallest.
func (l *life) classes(list []int32, k, g int) {
	if k == 0 {
		return
	}
	size := make([]int, k)
	most := (len(list) + k - 1) / k
	entry := g == stageFirst[stageOf(g)] || l.year == firstYear
	var loose []int32
	for _, i := range list {
		p := &l.people[i]
		if c := int(p.class); !entry && p.comes == 0 && c >= 1 && c <= k && size[c-1] < most+1 {
			size[c-1]++
		} else {
			loose = append(loose, i)
		}
	}
	for _, i := range loose {
		c := 0
		for j := range size {
			if size[j] < size[c] {
				c = j
			}
		}
		size[c]++
		l.people[i].class = uint8(c + 1)
	}
	sort.SliceStable(list, func(a, b int) bool { return l.people[list[a]].class < l.people[list[b]].class })
}
