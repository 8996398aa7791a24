package demo

import "math"

var ownerCode = map[bool]string{true: "999", false: "831"}

// alters lists the school years up to one in which the school's row changed.
func (s *school) changedIn(year int) bool {
	return s.open == year || s.close == year || s.renamed == year
}

// writeSchools hands in the school register: whole after the history, and the
// rows that changed after the last year. Successors stand before those who point
// at them.
func (l *life) writeSchools() error {
	for pass := range 2 {
		for i := range l.schools {
			s := &l.schools[i]
			points := s.close <= l.year && s.succ >= 0
			if points != (pass == 1) || s.open > l.year || (l.year > sealYear && !s.changedIn(l.year)) {
				continue
			}
			t, err := l.out.table("school", l.year, s.managing)
			if err != nil {
				return err
			}
			l.schoolRow(t, s)
		}
	}
	for i := range l.schools {
		if err := l.schoolEvents(&l.schools[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) schoolRow(t *table, s *school) {
	name, former := s.nameIn(l.year)
	key := mix(uint64(s.openDate)<<20 ^ uint64(len(name)) ^ uint64(s.crowd*1e9))
	t.str(s.code)
	t.str(name)
	t.str(former)
	kind := "12"
	if s.private {
		kind = "52"
	}
	t.str(creditCode(kind, "410300", int(key%100000000)))
	t.str(kindCodes[s.kind].typeCode)
	switch {
	case s.managing == "410300":
		t.str("821")
	case s.kind == kindPre && !s.private && s.crowd < 0.3:
		t.str("894") // run by a village or street
	default:
		t.str(ownerCode[s.private])
	}
	if s.private {
		t.str("private")
	} else {
		t.str("public")
	}
	if s.kind == kindPre {
		t.bool(s.inclusive)
	} else {
		t.null()
	}
	t.str(s.ur)
	t.str(s.division)
	t.str(s.town.code)
	t.str(s.managing)
	t.bool(s.kind != kindPoint)
	t.null() // campus_of
	t.date(s.openDate)
	if s.close <= l.year {
		t.date(int32(s.close*10000 + 810))
	} else {
		t.date(0)
	}
	if s.close <= l.year && s.succ >= 0 {
		t.str(l.schools[s.succ].code)
	} else {
		t.null()
	}
	t.str(s.town.name + s.place + itoa(int(key%200)+1) + "号")
	t.str("0379-0" + string(appendDigits(nil, int(key%10000000), 7)))
	t.bool(s.boarding)
	t.end()
}

// schoolEvents writes what happened since the last hand-in.
func (l *life) schoolEvents(s *school) error {
	since := firstYear
	if l.year > sealYear {
		since = l.year
	}
	var first error
	row := func(date int, kind, other, before, after string) {
		t, err := l.out.table("school_event", l.year, s.managing)
		if err != nil {
			first = err
			return
		}
		t.str(s.code)
		t.date(int32(date))
		t.str(kind)
		t.str(other)
		t.str(before)
		t.str(after)
		t.str("合成教〔" + itoa(date/10000) + "〕" + itoa(1+int(s.crowd*300)) + "号")
		t.end()
	}
	if s.open >= since && s.open <= l.year {
		row(s.open*10000+820, "1", "", "", s.name)
	}
	if s.renamed >= since && s.renamed <= l.year && s.open <= l.year {
		row(s.renamed*10000+701, "2", "", s.name, s.newName)
	}
	if s.close >= since && s.close <= l.year {
		name, _ := s.nameIn(s.close)
		if s.succ >= 0 {
			into, _ := l.schools[s.succ].nameIn(s.close)
			row(s.close*10000+810, "3", l.schools[s.succ].code, name, into)
		} else {
			row(s.close*10000+810, "4", "", name, "")
		}
	}
	return first
}

// writeStaff hands in staff and postings that are new or changed.
func (l *life) writeStaff() error {
	f := &l.staff
	for i := range f.people {
		p := &f.people[i]
		if p.handed {
			continue
		}
		p.handed = true
		t, err := l.out.table("staff", l.year, l.schools[p.school].managing)
		if err != nil {
			return err
		}
		l.staffRow(t, int32(i))
	}
	for i := range f.posts {
		q := &f.posts[i]
		p := &f.people[q.who]
		if !q.fresh || p.lost {
			continue
		}
		q.fresh = false
		t, err := l.out.table("posting", l.year, l.schools[q.school].managing)
		if err != nil {
			return err
		}
		l.postingRow(t, q, p)
	}
	return nil
}

func (l *life) staffRow(t *table, i int32) {
	var buf [40]byte
	p := &l.staff.people[i]
	st := int(p.stage)
	private := l.schools[p.school].private
	place := l.staff.ids.places[l.c.ownPlace(p.birth, p.key)]
	t.str(l.staff.number(i))
	t.bytes(l.names.text(buf[:0], p.name, int(p.birth/10000), p.sex))
	t.code2(int(p.sex))
	t.date(p.birth)
	t.bytes(appendID(buf[:0], place.code, int(p.birth), int(p.seq)))
	t.code(p.ethnic)
	switch x := share(p.key, 51); {
	case x < 0.3:
		t.str("01")
	case x < 0.34:
		t.str("05")
	default:
		t.str("13")
	}
	t.str(mobile(p.key))
	t.str(l.schools[p.school].code)
	t.str([]string{"41", "31", "21", "14"}[p.edu])
	t.str([]string{"", "", "4", "3"}[p.edu])
	if p.certified {
		year := min(int(p.birth/10000)+22+int(p.key%4), int(p.joined/10000))
		if year < 1996 {
			year = 1996
		}
		kind := "123452"[st]
		t.str(teacherCert(year, 30+l.c.index, kind, p.sex, int(p.serial)%1000000))
		t.str(string(kind))
	} else {
		t.nulls(2)
	}
	t.str(titleCodes[p.title])
	t.str(backboneCodes[p.backbone])
	t.bool(p.dual)
	if private {
		t.null()
	} else {
		t.str([]string{"10", "20", "30", "40", "40"}[p.job])
	}
	t.date(p.joined)
	t.bool(p.counsel)
	t.end()
}

// code2 writes a one-digit code as text.
func (t *table) code2(n int) { t.str(itoa(n)) }

func (l *life) postingRow(t *table, q *posting, p *teacher) {
	bad := 0
	if l.r.chance(dirtPosting) {
		bad = 1 + l.r.n(3)
		l.plant([]string{"", "posting-unknown-staff", "posting-missing-date", "posting-unknown-category"}[bad])
	}
	if bad == 1 {
		t.str("T" + l.c.code + "9" + string(appendDigits(nil, int(p.serial), 6)))
	} else {
		t.str(l.staff.number(q.who))
	}
	t.str(l.schools[q.school].code)
	if bad == 2 {
		t.null()
	} else {
		t.date(q.from)
	}
	t.date(q.to)
	if bad == 3 {
		t.str("老师")
	} else {
		t.str(jobCodes[p.job])
	}
	t.str(stageCode[p.stage])
	if p.subject == 255 {
		t.null()
	} else {
		t.str(subjectCodes[p.subject])
	}
	t.bool(p.voc)
	t.bool(q.rotation)
	t.end()
}

// per pupil: site, buildings, teaching rooms, sports ground (m²), equipment
// (yuan), books; per hundred: computers.
var premises = [nStages][7]float64{
	stPre: {14, 9, 6.2, 4.5, 900, 8, 1}, stPri: {19, 7.2, 5.0, 8.2, 2150, 24, 13}, stJun: {25, 11.5, 6.6, 11.2, 2800, 36, 17},
	stSen: {33, 17, 7.5, 11.5, 3600, 42, 19}, stVoc: {36, 19, 9, 11, 4200, 31, 24}, stSpe: {60, 30, 18, 16, 9000, 40, 30},
}

// writeConditions writes premises and equipment of every school and stage.
func (l *life) writeConditions() error {
	y := float64(l.year - firstYear)
	for i := range l.schools {
		s := &l.schools[i]
		for st := range nStages {
			n, classes := 0, 0
			for g := stageFirst[st]; g < stageFirst[st+1]; g++ {
				n += len(l.pupils(i, g))
				classes += int(s.classes[g])
			}
			if n == 0 {
				continue
			}
			if s.capacity[st] == 0 {
				s.capacity[st] = n
			}
			t, err := l.out.table("condition", l.year, s.managing)
			if err != nil {
				return err
			}
			l.conditionRow(t, s, st, float64(max(s.capacity[st], n*8/10)), classes, y)
		}
	}
	return nil
}

func (l *life) conditionRow(t *table, s *school, st int, cap float64, classes int, y float64) {
	room := s.space
	gear := s.gear * math.Pow(1.05, y)
	switch {
	case s.kind == kindPoint:
		room *= 2.2
	case s.rural():
		room *= 1.25
	case l.c.land == central:
		room, gear = room*0.84, gear*1.15
	}
	base := premises[st]
	t.str(s.code)
	t.int(l.year)
	t.str(stageCode[st])
	t.dec(cap*base[0]*room, 2)
	t.dec(cap*base[1]*room, 2)
	t.dec(cap*base[2]*room*(1+0.01*y), 2)
	t.dec(cap*base[3]*room*(0.85+0.3*s.crowd), 2)
	t.dec(math.Round(cap*base[4]*gear), 2)
	t.int(int(math.Ceil(float64(classes) * math.Min(1.15, 0.92*math.Sqrt(gear)))))
	t.int(int(cap * base[5] * (0.8 + 0.4*s.crowd)))
	t.int(int(cap * base[6] * gear / 100))
	t.bool(s.gear*(1+0.09*y) > 1.08-0.15*s.crowd)
	t.end()
}
