package demo

import (
	"math"

	"luoshu/demo/source"
)

// teacher is one member of staff.
type teacher struct {
	key             uint64
	birth           int32
	serial          int32
	school          int32 // where the person belongs
	name            source.PersonName
	seq             uint16
	sex             uint8
	ethnic          uint8
	stage           uint8
	job             uint8 // index into jobCodes
	subject         uint8 // index into subjectCodes; 255 none
	edu             uint8 // 0 secondary, 1 college, 2 bachelor, 3 master
	title, backbone uint8
	certified       bool
	dual            bool
	voc             bool
	counsel         bool
	gone            bool
	handed          bool
	lost            bool // the postings sheet forgets this person
	joined          int32
	away            int32 // posting of a rotation, -1 none
	post            int32 // current posting
}

// posting is a dated fact about a teacher.
type posting struct {
	who, school int32
	from, to    int32
	rotation    bool
	fresh       bool
	void        bool // never took effect
}

var (
	jobCodes      = []string{"teacher", "admin", "support", "carer", "worker"}
	titleCodes    = []string{"senior-full", "senior", "grade1", "grade2", "grade3", "none"}
	backboneCodes = []string{"none", "school", "county", "city", "province"}
	subjectCodes  = []string{
		"chinese", "math", "english", "politics", "science", "physics", "chemistry", "biology", "history", "geography",
		"it", "pe", "music", "art", "labour", "practice", "psychology", "technology", "preschool", "vocational", "special",
	}
)

// weekly share of subjects by stage, per hundred teachers, as subjectCodes.
var subjectMix = [nStages][]int{
	stPre: {18: 100},
	stPri: {0: 33, 1: 24, 2: 10, 3: 4, 4: 5, 10: 2, 11: 8, 12: 4, 13: 4, 14: 2, 15: 3, 16: 1},
	stJun: {0: 17, 1: 17, 2: 16, 3: 8, 5: 7, 6: 5, 7: 4, 8: 7, 9: 4, 10: 2, 11: 6, 12: 2, 13: 3, 14: 1, 16: 1},
	stSen: {0: 16, 1: 16, 2: 16, 3: 7, 5: 8, 6: 8, 7: 7, 8: 6, 9: 6, 10: 2, 11: 5, 12: 1, 13: 1, 17: 1},
	stVoc: {0: 10, 1: 9, 2: 8, 3: 6, 8: 2, 10: 3, 11: 5, 12: 1, 13: 1, 19: 55},
	stSpe: {0: 15, 1: 12, 11: 8, 12: 6, 13: 6, 20: 53},
}

// pupils per full-time teacher.
var pupilsPer = [nStages]float64{14.6, 18.3, 13.4, 13.2, 20, 4.2}

// staffRoom is everybody who works in one county.
type staffRoom struct {
	people   []teacher
	posts    []posting
	code     string // of the county: two may issue ID numbers of one place
	ids      source.IDMaker
	rotating []int32
	dualDue  float64 // dual-qualified teachers owed to the share
}

func (f *staffRoom) number(i int32) string {
	return "T" + f.code + string(source.AppendDigits(nil, int(f.people[i].serial), 7))
}

// need is how many full-time teachers a school wants for a stage.
func (l *life) need(s *school, st, pupils int) int {
	if pupils == 0 {
		return 0
	}
	per := pupilsPer[st]
	switch {
	case s.kind == kindPoint:
		per = 10
	case s.rural() && (st == stPri || st == stJun):
		per *= 0.9
	case st == stVoc:
		per -= 0.9 * float64(l.year-firstYear)
	}
	return max(1, int(math.Round(float64(pupils)/per*(0.94+0.12*s.crowd))))
}

// staffYear lets people retire, move, rotate and be hired before 1 September.
func (l *life) staffYear() {
	f := &l.staff
	count := make([][nStages]int, len(l.schools))
	for s := range l.schools {
		for g := range nGrad {
			count[s][stageOf(g)] += len(l.pupils(s, g))
		}
	}
	if l.year > firstYear {
		l.comeBack()
		l.leaveService()
	}
	var surplus [nStages][]int32
	for s := range l.schools {
		sch := &l.schools[s]
		for st := range nStages {
			want := l.need(sch, st, count[s][st])
			spare := len(sch.staff[st]) - want - want/12
			if count[s][st] > 0 && spare > 0 && len(sch.staff[st]) <= 3 {
				spare = 0
			}
			for ; spare > 0; spare-- {
				list := sch.staff[st]
				surplus[st] = append(surplus[st], list[len(list)-1])
				sch.staff[st] = list[:len(list)-1]
			}
		}
	}
	for s := range l.schools {
		sch := &l.schools[s]
		for st := range nStages {
			for want := l.need(sch, st, count[s][st]); len(sch.staff[st]) < want; {
				if n := len(surplus[st]); n > 0 {
					l.move(surplus[st][n-1], int32(s))
					surplus[st] = surplus[st][:n-1]
				} else {
					l.hire(int32(s), st, 0)
				}
			}
			l.otherStaff(int32(s), st, count[s][st])
		}
	}
	l.keepSurplus(surplus)
	l.rotate()
	for i := range f.people {
		if p := &f.people[i]; !p.gone && p.job == 0 && !p.lost {
			l.res.teachers[l.year-firstYear][p.stage]++
		}
	}
}

// keepSurplus leaves people nobody needs where they are, unless their school
// has closed: then they go to its successor or leave.
func (l *life) keepSurplus(surplus [nStages][]int32) {
	for st := range surplus {
		for _, i := range surplus[st] {
			s := l.staff.people[i].school
			if st == stPre && l.r.Chance(0.7) {
				l.quit(i) // kindergartens let people go with the children
				continue
			}
			if l.schools[s].alive(l.year) {
				l.schools[s].staff[st] = append(l.schools[s].staff[st], i)
				continue
			}
			if to := l.schools[s].succ; to >= 0 && l.schools[to].has(st) {
				l.move(i, int32(to))
				continue
			}
			l.quit(i)
		}
	}
}

// otherStaff hires heads, carers and workers once, when the school opens.
func (l *life) otherStaff(s int32, st, pupils int) {
	sch := &l.schools[s]
	if pupils == 0 || sch.kind == kindPoint || (l.year != firstYear && sch.open != l.year) || st != kindStages[sch.kind][0] {
		return
	}
	n := len(sch.staff[st])
	for range max(1, n*4/100) {
		l.hire(s, st, 1)
	}
	for range n * 3 / 100 {
		l.hire(s, st, 2)
	}
	for range n * 4 / 100 {
		l.hire(s, st, 4)
	}
	if st == stPre {
		for range max(1, pupils/34) {
			l.hire(s, st, 3)
		}
	}
}

// hire makes a new member of staff (or, in the first year, one who was there).
func (l *life) hire(s int32, st, job int) {
	r, f := l.r, &l.staff
	p := teacher{key: r.Next(), stage: uint8(st), job: uint8(job), school: s, sex: 2, ethnic: 1, subject: 255, away: -1, serial: int32(len(f.people) + 1)}
	if male := []float64{0.04, 0.30, 0.40, 0.45, 0.5, 0.25}[st]; r.Chance(male) && job != 3 {
		p.sex = 1
	}
	if r.Chance(l.c.Hui * 0.8) {
		p.ethnic = 3
	}
	age := 22 + r.N(6)
	if r.Chance(0.45) {
		age = 28 + r.N(17) // comes from another place
	}
	if l.year == firstYear {
		age = 23 + r.N([]int{26, 34, 34, 34, 34, 32}[st])
		if p.sex == 1 {
			age = min(59, age+r.N(3))
		}
	}
	for {
		p.birth = source.AddDays(int32((l.year-age)*10000+101), r.N(240))
		place := l.c.OwnPlace(p.birth, p.key)
		if seq, ok := f.ids.Take(place, p.birth, p.sex); ok {
			p.seq = seq
			break
		}
		age = max(22, age-1)
	}
	p.name = l.names.Draw(r, int(p.birth/10000), p.sex, p.ethnic)
	p.joined = int32(l.year*10000 + 901)
	if l.year == firstYear {
		p.joined = int32((l.year-r.N(max(1, min(age-21, 22))))*10000 + 901)
		if open := l.schools[s].openDate; p.joined < open {
			p.joined = open
		}
	}
	l.qualify(&p, st, age)
	p.lost = r.Chance(0.0012)
	if p.lost {
		l.plant("teacher-without-posting")
	}
	f.people = append(f.people, p)
	i := int32(len(f.people) - 1)
	if job == 0 {
		l.schools[s].staff[st] = append(l.schools[s].staff[st], i)
	}
	l.post(i, s, p.joined, false)
}

// qualify draws subject, education, certificate, title and honours.
func (l *life) qualify(p *teacher, st, age int) {
	r, first := l.r, l.year == firstYear
	if p.job == 0 {
		x := r.N(100)
		for k, w := range subjectMix[st] {
			if x -= w; x < 0 {
				p.subject = uint8(k)
				break
			}
		}
		if p.subject == 255 {
			p.subject = 0
		}
		p.voc = subjectCodes[p.subject] == "vocational"
		p.counsel = subjectCodes[p.subject] == "psychology"
	}
	edu := [nStages][3]float64{{0.22, 0.55, 0.23}, {0.03, 0.37, 0.59}, {0.003, 0.127, 0.84}, {0, 0.02, 0.86}, {0.01, 0.08, 0.83}, {0.01, 0.33, 0.64}}[st]
	if !first {
		edu = [nStages][3]float64{{0.05, 0.55, 0.39}, {0, 0.12, 0.85}, {0, 0.01, 0.92}, {0, 0, 0.75}, {0, 0.02, 0.83}, {0, 0.1, 0.85}}[st]
	}
	x := r.F()
	for p.edu = 0; p.edu < 3; p.edu++ {
		if x -= edu[p.edu]; x < 0 {
			break
		}
	}
	p.certified = p.job == 0 && (!first || r.Chance([]float64{0.945, 0.996, 0.996, 0.995, 0.95, 0.99}[st]))
	if p.voc { // spread evenly, so that a small city has the same share
		l.staff.dualDue += 0.376
		if !first {
			l.staff.dualDue += 0.524
		}
		if p.dual = l.staff.dualDue >= 1; p.dual {
			l.staff.dualDue--
		}
	}
	p.title = 5
	switch x := r.F(); {
	case p.job > 2:
	case age > 45 && age < 56 && x < 0.004:
		p.title = 0
	case age > 52 && x < 0.22, age > 36 && age <= 52 && x < 0.36:
		p.title = 1
	case age > 28 && x < 0.75:
		p.title = 2
	case age > 24:
		p.title = 3
	}
	if st == stPre && r.Chance(0.6) {
		p.title = 5
	}
	if p.job == 0 && age > 24 && age < 52 {
		switch x := r.F(); {
		case x < 0.006:
			p.backbone = 4
		case x < 0.045:
			p.backbone = 3
		case x < 0.21:
			p.backbone = 2
		case x < 0.31:
			p.backbone = 1
		}
	}
}

func (l *life) post(i, s, from int32, rotation bool) {
	l.staff.posts = append(l.staff.posts, posting{who: i, school: s, from: from, rotation: rotation, fresh: true})
	l.staff.people[i].post = int32(len(l.staff.posts) - 1)
}

// endPost closes the current posting on the last day of August.
func (l *life) endPost(i int32) {
	q := &l.staff.posts[l.staff.people[i].post]
	if q.from > int32(l.year*10000+831) { // decided otherwise before it began
		q.void = true
		return
	}
	q.to, q.fresh = int32(l.year*10000+831), true
}

func (l *life) move(i, to int32) {
	p := &l.staff.people[i]
	l.endPost(i)
	p.away = -1
	p.school, p.joined, p.handed = to, int32(l.year*10000+901), false
	l.schools[to].staff[p.stage] = append(l.schools[to].staff[p.stage], i)
	l.post(i, to, p.joined, false)
}

func (l *life) quit(i int32) {
	l.endPost(i)
	l.staff.people[i].gone, l.staff.people[i].away = true, -1
}

// leaveService lets people of pensionable age go, and a few others.
func (l *life) leaveService() {
	f := &l.staff
	for i := range f.people {
		p := &f.people[i]
		if p.gone || p.away >= 0 {
			continue
		}
		age := l.year - int(p.birth/10000)
		limit := 55
		if p.sex == 1 {
			limit = 60
		}
		rate := 0.008
		if p.stage == stPre {
			rate = 0.04
		}
		if p.dual || p.backbone > 1 {
			rate *= 0.3
		} else if p.job == 0 && !p.certified {
			rate = 0.2
		}
		closed := !l.schools[p.school].alive(l.year) && p.job > 0
		if age < limit && !closed && !l.r.Chance(rate) {
			continue
		}
		l.quit(int32(i))
		if p.job == 0 {
			l.drop(int32(i))
		}
	}
}

// drop takes a teacher off the list of the school.
func (l *life) drop(i int32) {
	p := &l.staff.people[i]
	list := l.schools[p.school].staff[p.stage]
	for k, x := range list {
		if x == i {
			l.schools[p.school].staff[p.stage] = append(list[:k:k], list[k+1:]...)
			return
		}
	}
}

// rotate sends a tenth of the teachers who have been six years at one school of
// compulsory education to another one for two years.
func (l *life) rotate() {
	f := &l.staff
	rate := 0.046 * (1 + 0.03/l.o.Scale) // in a small city many have nowhere to go
	if l.year == firstYear {
		rate *= 1.9 // two years' worth: half of them return after one
	}
	for i := range f.people {
		p := &f.people[i]
		if p.gone || p.job != 0 || p.away >= 0 || (p.stage != stPri && p.stage != stJun) || l.year-int(p.joined/10000) < 6 {
			continue
		}
		chance := rate
		if p.backbone > 1 {
			chance *= 1.4
		}
		if !l.r.Chance(chance) {
			continue
		}
		for range 60 {
			to := int32(l.r.N(len(l.schools)))
			t := &l.schools[to]
			if to == p.school || !t.alive(l.year) || !t.has(int(p.stage)) {
				continue
			}
			if l.year > firstYear || f.posts[p.post].from < int32(l.year*10000+831) {
				l.endPost(int32(i))
				l.post(int32(i), to, int32(l.year*10000+901), true)
				p.away = to
				f.rotating = append(f.rotating, int32(i))
			}
			break
		}
	}
}

// comeBack ends rotations after two years.
func (l *life) comeBack() {
	f := &l.staff
	stay := f.rotating[:0]
	for _, i := range f.rotating {
		p := &f.people[i]
		if p.away < 0 {
			continue
		}
		since := int(f.posts[p.post].from / 10000)
		if l.year-since < 2 && (since > firstYear || p.key%2 == 0) && l.schools[p.away].alive(l.year) {
			stay = append(stay, i)
			continue
		}
		if l.schools[p.school].alive(l.year) {
			l.endPost(i)
			p.away = -1
			l.post(i, p.school, int32(l.year*10000+901), false)
		} else { // the home school has closed: the guest stays
			l.drop(i)
			l.move(i, p.away)
		}
	}
	f.rotating = stay
}
