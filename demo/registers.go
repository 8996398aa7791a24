package demo

import (
	"math"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

var ownerCode = map[bool]string{true: "999", false: "831"}

// changedIn says whether the school's row changed in a year.
func (s *school) changedIn(year int) bool {
	return s.open == year || s.close == year || s.renamed == year
}

// writeSchools hands in the school register: whole after the history, and the
// rows that changed after the last year. Main schools and successors stand before
// those who point at them.
func (l *life) writeSchools() error {
	for pass := range 2 {
		for i := range l.schools {
			s := &l.schools[i]
			points := s.campus >= 0 || s.close <= l.year && s.succ >= 0
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

func (l *life) schoolRow(t *sheet.Table, s *school) {
	name, former := s.nameIn(l.year)
	key := source.Mix(uint64(s.openDate)<<20 ^ uint64(len(name)) ^ uint64(s.crowd*1e9))
	t.Str(s.code)
	t.Str(name)
	t.Str(former)
	kind := "12"
	if s.private {
		kind = "52"
	}
	t.Str(source.CreditCode(kind, "410300", int(key%100000000)))
	t.Str(kindCodes[s.kind].typeCode)
	switch {
	case s.managing == "410300":
		t.Str("821")
	case s.kind == kindPre && !s.private && s.crowd < 0.3:
		t.Str("894") // run by a village or street
	default:
		t.Str(ownerCode[s.private])
	}
	if s.private {
		t.Str("private")
	} else {
		t.Str("public")
	}
	if s.kind == kindPre {
		t.Bool(s.inclusive)
	} else {
		t.Null()
	}
	t.Str(s.ur)
	t.Str(s.division)
	t.Str(s.town.Code)
	t.Str(s.managing)
	t.Bool(s.kind != kindPoint)
	if s.campus >= 0 {
		t.Str(l.schools[s.campus].code)
	} else {
		t.Null()
	}
	t.Date(s.openDate)
	if s.close <= l.year {
		t.Date(int32(s.close*10000 + 810))
	} else {
		t.Date(0)
	}
	if s.close <= l.year && s.succ >= 0 {
		t.Str(l.schools[s.succ].code)
	} else {
		t.Null()
	}
	t.Str(s.town.Name + s.place + itoa(int(key%200)+1) + "号")
	t.Str("0379-0" + string(source.AppendDigits(nil, int(key%10000000), 7)))
	t.Bool(s.boarding)
	t.End()
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
		t.Str(s.code)
		t.Date(int32(date))
		t.Str(kind)
		t.Str(other)
		t.Str(before)
		t.Str(after)
		t.Str("合成教〔" + itoa(date/10000) + "〕" + itoa(1+int(s.crowd*300)) + "号")
		t.End()
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
		if !q.fresh || q.void || p.lost {
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

func (l *life) staffRow(t *sheet.Table, i int32) {
	var buf [40]byte
	p := &l.staff.people[i]
	st := int(p.stage)
	private := l.schools[p.school].private
	place := l.staff.ids.Places[l.c.OwnPlace(p.birth, p.key)]
	t.Str(l.staff.number(i))
	t.Bytes(l.names.Text(buf[:0], p.name, int(p.birth/10000), p.sex))
	t.Str(itoa(int(p.sex)))
	t.Date(p.birth)
	t.Bytes(source.AppendID(buf[:0], place.Code, int(p.birth), int(p.seq)))
	putCode(t, p.ethnic)
	switch x := source.Share(p.key, 51); {
	case x < 0.3:
		t.Str("01")
	case x < 0.34:
		t.Str("05")
	default:
		t.Str("13")
	}
	t.Str(source.Mobile(p.key))
	t.Str(l.schools[p.school].code)
	t.Str([]string{"41", "31", "21", "14"}[p.edu])
	t.Str([]string{"", "", "4", "3"}[p.edu])
	if p.certified {
		year := min(int(p.birth/10000)+22+int(p.key%4), int(p.joined/10000))
		if year < 1996 {
			year = 1996
		}
		kind := "123452"[st]
		t.Str(source.TeacherCert(year, 30+l.c.Index, kind, p.sex, int(p.serial)%1000000))
		t.Str(string(kind))
	} else {
		t.Nulls(2)
	}
	t.Str(titleCodes[p.title])
	t.Str(backboneCodes[p.backbone])
	t.Bool(p.dual)
	if private {
		t.Null()
	} else {
		t.Str([]string{"10", "20", "30", "40", "40"}[p.job])
	}
	t.Date(p.joined)
	t.Bool(p.counsel)
	t.End()
}

func (l *life) postingRow(t *sheet.Table, q *posting, p *teacher) {
	bad := 0
	if l.r.Chance(dirtPosting) {
		bad = 1 + l.r.N(3)
		l.plant([]string{"", "posting-unknown-staff", "posting-missing-date", "posting-unknown-category"}[bad])
	}
	if bad == 1 {
		t.Str("T" + l.c.Code + "9" + string(source.AppendDigits(nil, int(p.serial), 6)))
	} else {
		t.Str(l.staff.number(q.who))
	}
	t.Str(l.schools[q.school].code)
	if bad == 2 {
		t.Null()
	} else {
		t.Date(q.from)
	}
	t.Date(q.to)
	if bad == 3 {
		t.Str("老师")
	} else {
		t.Str(jobCodes[p.job])
	}
	t.Str(stageCode[p.stage])
	if p.subject == 255 {
		t.Null()
	} else {
		t.Str(subjectCodes[p.subject])
	}
	t.Bool(p.voc)
	t.Bool(q.rotation)
	t.End()
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

func (l *life) conditionRow(t *sheet.Table, s *school, st int, cap float64, classes int, y float64) {
	room := s.space
	gear := s.gear * math.Pow(1.05, y)
	switch {
	case s.kind == kindPoint:
		room *= 2.2
	case s.rural():
		room *= 1.25
	case l.c.Land == source.Central:
		room, gear = room*0.84, gear*1.15
	}
	base := premises[st]
	t.Str(s.code)
	t.Int(l.year)
	t.Str(stageCode[st])
	t.Dec(cap*base[0]*room, 2)
	t.Dec(cap*base[1]*room, 2)
	t.Dec(cap*base[2]*room*(1+0.01*y), 2)
	t.Dec(cap*base[3]*room*(0.85+0.3*s.crowd), 2)
	t.Dec(math.Round(cap*base[4]*gear), 2)
	t.Int(int(math.Ceil(float64(classes) * math.Min(1.15, 0.92*math.Sqrt(gear)))))
	t.Int(int(cap * base[5] * (0.8 + 0.4*s.crowd)))
	t.Int(int(cap * base[6] * gear / 100))
	t.Bool(s.gear*(1+0.09*y) > 1.08-0.15*s.crowd)
	t.End()
}
