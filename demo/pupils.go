package demo

import (
	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// Shares of rows that are spoilt on purpose.
const (
	dirtStudent   = 0.0014 // a student's record is refused
	dirtDuplicate = 0.0008 // a student's row stands twice in the sheet
	dirtEnrolment = 0.0022 // an enrolment row is refused
	dirtPosting   = 0.0015
	dirtHeadless  = 6 // classes in a thousand without a head teacher, in the last year
)

// appendStudentNo writes a person's national student number.
func (l *life) appendStudentNo(b []byte, p *person) []byte {
	b = append(b, p.numberBy)
	code := l.c.Places[p.place].Code
	if p.numberBy == 'L' {
		b = append(b, code...)
		b = source.AppendDigits(b, int(p.birth), 8)
		b = source.AppendDigits(b, int(p.seq), 3)
		return append(b, byte('0'+p.key%10))
	}
	return source.AppendID(b, code, int(p.birth), int(p.seq))
}

// writeYear writes the classes and enrolment facts of the year, letting pupils
// move and leave between October and the next summer.
func (l *life) writeYear() error {
	for s := range l.schools {
		sch := &l.schools[s]
		for g := range nGrad {
			list := l.pupils(s, g)
			if len(list) == 0 {
				continue
			}
			if err := l.writeClasses(s, g); err != nil {
				return err
			}
			t, err := l.out.table("enrolment", l.year, sch.managing)
			if err != nil {
				return err
			}
			for _, i := range list {
				if err := l.enrol(t, i, g); err != nil {
					return err
				}
			}
			st := stageOf(g)
			l.res.enrolled[l.year-firstYear][st] += len(list)
		}
	}
	return nil
}

func (l *life) classCode(b []byte, s *school, g, class int) []byte {
	b = append(b, s.code...)
	b = append(b, '-')
	b = source.AppendDigits(b, l.year, 4)
	b = append(b, '-')
	b = append(b, gradeCode(g)...)
	b = append(b, '-')
	return source.AppendDigits(b, class, 2)
}

func (l *life) writeClasses(s, g int) error {
	sch := &l.schools[s]
	t, err := l.out.table("class", l.year, sch.managing)
	if err != nil {
		return err
	}
	st := stageOf(g)
	for k := 1; k <= int(sch.classes[g]); k++ {
		t.Bytes(l.classCode(nil, sch, g, k))
		t.Str(sch.code)
		t.Int(l.year)
		t.Str(stageCode[st])
		t.Str(gradeCode(g))
		t.Str(gradeName[g] + itoa(k) + "班")
		if room := sch.staff[st]; len(room) == 0 {
			t.Null()
		} else if l.year == lastYear && source.Mix(uint64(s)<<16^uint64(g)<<8^uint64(k))%1000 < dirtHeadless {
			l.plant("class-without-head")
			t.Null()
		} else {
			t.Str(l.staff.number(room[(k-1+7*(g-stageFirst[st]))%len(room)]))
		}
		t.End()
	}
	return nil
}

// event is what happens to a pupil during the year: change code, new status, the
// school that takes over (-1 none).
type event struct {
	code   uint8
	status uint8
	to     int
}

// happens draws the year's event, if any.
func (l *life) happens(p *person, st int) (event, bool) {
	x := l.r.F()
	cut := func(share float64) bool {
		x -= share
		return x < 0
	}
	if (st == stPri || st == stJun) && cut(0.008) {
		g := int(p.grade)
		for range 6 {
			to := l.r.N(len(l.schools))
			if to != int(p.school) && l.schools[to].classes[g] > 0 && l.schools[to].kind != kindPoint {
				return event{21, inSchool, to}, true
			}
		}
		return event{}, false
	}
	if cut([nStages]float64{0.004, 0.0015, 0.0015, 0.001, 0.002, 0.001}[st]) {
		return event{21, left, -1}, true
	}
	if cut([nStages]float64{0.003, 0, 0.0008, 0.003, 0.012, 0}[st]) {
		return event{31, withdrew, -1}, true
	}
	if cut([nStages]float64{0, 0.0004, 0.0012, 0.0025, 0.001, 0}[st]) {
		return event{11, suspended, -1}, true
	}
	if cut(0.0001) {
		return event{51, died, -1}, true
	}
	return event{}, false
}

// enrol writes a pupil's row of the year, and a second one after a move.
func (l *life) enrol(t *sheet.Table, i int32, g int) error {
	p := &l.people[i]
	st := stageOf(g)
	from := int32(l.year*10000 + 901)
	ev, moved := l.happens(p, st)
	if !moved {
		l.enrolRow(t, p, g, from, 0, p.comes, 0)
		p.comes = 0
		l.note(p, g)
		return nil
	}
	day := source.AddDays(int32(l.year*10000+1008), l.r.N(160))
	l.enrolRow(t, p, g, from, day, p.comes, ev.code)
	p.comes = 0
	l.note(p, g)
	if ev.to < 0 {
		l.leave(i, ev.status)
		if ev.status == suspended {
			l.back = append(l.back, i)
		}
		return nil
	}
	p.school, p.fresh = int32(ev.to), true
	p.class = uint8(1 + l.r.N(int(l.schools[ev.to].classes[g])))
	t, err := l.out.table("enrolment", l.year, l.schools[ev.to].managing)
	if err != nil {
		return err
	}
	l.enrolRow(t, p, g, day, 0, 22, 0)
	return nil
}

// note counts what the city's reference figures are made from.
func (l *life) note(p *person, g int) {
	y := l.year - firstYear
	if st := stageOf(g); p.disab > 0 && (st == stPri || st == stJun || st == stSpe) {
		l.res.disabled[y]++
	}
	switch g {
	case pri1:
		l.res.firstGrade[y]++
	case sen1 - 1:
		l.res.juniorThird[y]++
	}
	if y == 0 {
		l.res.byGrade2020[g]++
	}
}

// boards says whether a pupil sleeps at school.
func (l *life) boards(p *person, st int) bool {
	s := &l.schools[p.school]
	rate := 0.0
	switch {
	case st == stSen:
		rate = 0.8
		if l.c.Land == source.Central {
			rate = 0.35
		}
	case st == stVoc:
		rate = 0.6
	case st == stSpe:
		rate = 0.3
	case !s.boarding:
	case st == stJun:
		rate = 0.55
		if s.rural() {
			rate = 0.8
		}
	case st == stPri && int(p.grade) >= pri1+2:
		rate = 0.4
	}
	return source.Share(p.key, 11) < rate
}

func (l *life) enrolRow(t *sheet.Table, p *person, g int, from, to int32, in, outCode uint8) {
	var buf [32]byte
	sch := &l.schools[p.school]
	st := stageOf(g)
	bad := l.spoilEnrolment(p)
	no := l.appendStudentNo(buf[:0], p)
	if bad == badUnknown { // a number nobody has: another birth year
		no[7], no[8] = '1', '8'
	}
	t.Bytes(no)
	t.Int(l.year)
	t.Str(sch.code)
	if bad == badCode {
		t.Str("ZZZ")
	} else {
		t.Str(stageCode[st])
	}
	t.Str(gradeCode(g))
	t.Bytes(l.classCode(buf[:0], sch, g, int(p.class)))
	switch bad {
	case badDate:
		t.Date(int32(l.year*10000 + 931))
	case badMissing:
		t.Null()
	default:
		t.Date(from)
	}
	t.Date(to)
	putCode(t, in)
	putCode(t, outCode)
	t.Bool(l.boards(p, st))
	t.Int(int(p.left))
	if p.migrant {
		t.Str("1")
	} else {
		t.Str("0")
	}
	switch {
	case p.disab == 0 || st == stSpe || st == stPre:
		t.Null()
	case p.disab == 2 || p.disab == 3:
		t.Int(int(p.disab))
	case p.disab == 6:
		t.Str("4")
	default:
		t.Str("5")
	}
	t.End()
}

// Ways in which an enrolment row is spoilt.
const (
	badNone = iota
	badUnknown
	badCode
	badDate
	badMissing
)

// spoilEnrolment decides whether and how a row is spoilt, and counts it.
func (l *life) spoilEnrolment(p *person) int {
	if p.broken {
		l.plant("enrolment-of-refused-student")
		return badNone
	}
	if !l.r.Chance(dirtEnrolment) {
		return badNone
	}
	bad := 1 + l.r.N(4)
	l.plant([]string{"", "enrolment-unknown-student", "enrolment-unknown-code", "enrolment-impossible-date", "enrolment-missing-date"}[bad])
	return bad
}

func (l *life) plant(kind string) { l.res.planted[kind]++ }

// mend lets schools correct some spoilt records before the last hand-in.
func (l *life) mend() {
	for i := range l.people {
		if p := &l.people[i]; p.broken && source.Share(p.key, 3) < 0.6 {
			p.broken, p.fresh = false, true
			l.plant("student-mended-later")
		}
	}
}

// writeStudents hands in every record that is new or has changed, with guardians
// of new students.
func (l *life) writeStudents() error {
	for i := range l.people {
		p := &l.people[i]
		if !p.fresh {
			continue
		}
		t, err := l.out.table("student", l.year, l.schools[p.school].managing)
		if err != nil {
			return err
		}
		l.studentRow(t, p)
		if !p.broken && l.r.Chance(dirtDuplicate) {
			l.studentRow(t, p)
			l.plant("student-duplicate-row")
		}
		if p.handed {
			p.fresh = false
			continue
		}
		if t, err = l.out.table("guardian", l.year, l.schools[p.school].managing); err != nil {
			return err
		}
		l.guardianRows(t, p)
		p.handed, p.fresh = true, false
	}
	return nil
}

func (l *life) guardianRows(t *sheet.Table, p *person) {
	var buf [40]byte
	n := 1
	if source.Share(p.key, 21) < 0.12 {
		n = 2
	}
	for k := 1; k <= n; k++ {
		if p.broken {
			l.plant("guardian-of-refused-student")
		}
		mother := (source.Share(p.key, 22) < 0.45) == (k == 1)
		year := int(p.birth/10000) - 23 - int(source.Mix(p.key+uint64(k))%12)
		name, sex := source.PersonName{Sur: p.name.Sur, A: uint16(source.Mix(p.key)%29) + 1, B: uint16(source.Mix(p.key^7)%29) + 1}, uint8(1)
		if mother {
			sex = 2
			if name.Sur != source.Dotted {
				name.Sur = uint16(source.Mix(p.key^uint64(k)) % uint64(len(l.names.Surnames)))
			}
		}
		if name.Sur == source.Dotted {
			name.A, name.B = name.A%uint16(len(source.DottedNames)), p.name.A
		}
		t.Bytes(l.appendStudentNo(buf[:0], p))
		t.Int(k)
		t.Bytes(l.names.Text(buf[:0], name, year, sex))
		switch {
		case p.left == 2 && k == 1:
			t.Str("61") // parents away: a grandparent is asked for
		case mother:
			t.Str("52")
		default:
			t.Str("51")
		}
		t.Bool(true)
		t.Str(source.Mobile(source.Mix(p.key ^ uint64(k)<<9)))
		t.Nulls(2)
		t.End()
	}
}

// putCode writes a two-digit code of a list; 0 is empty.
func putCode(t *sheet.Table, c uint8) {
	if c == 0 {
		t.Null()
		return
	}
	t.Bytes([]byte{'0' + c/10, '0' + c%10})
}
