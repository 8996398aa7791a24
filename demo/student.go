package demo

import (
	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// studentRow writes one record as the school hands it in; a broken person's row
// is spoilt in a way that every check refuses.
func (l *life) studentRow(t *sheet.Table, p *person) {
	var buf, id [64]byte
	sch := &l.schools[p.school]
	no := l.appendStudentNo(buf[:0], p)
	bad := 0
	if p.broken {
		bad = 1 + int(p.key%7)
		if p.numberBy != 'G' && (bad == 1 || bad > 5) {
			bad = 2
		}
		l.plant([]string{"", "student-wrong-check-digit", "student-impossible-date", "student-missing-sex", "student-unknown-code", "student-missing-name", "student-wrong-id-check-digit", "student-birth-differs-from-id"}[bad])
	}
	if bad == 1 {
		no[18] = "123456789X0"[indexOf("0123456789X", no[18])]
	}
	t.Bytes(no)
	if bad == 5 {
		t.Null()
	} else {
		t.Bytes(l.names.Text(id[:0], p.name, int(p.birth/10000), p.sex))
	}
	t.Null() // former_name
	switch bad {
	case 3:
		t.Null()
	case 4:
		t.Str("7")
	default:
		t.Int(int(p.sex))
	}
	switch bad {
	case 2:
		t.Date(p.birth/10000*10000 + 230)
	case 7:
		t.Date(source.AddDays(p.birth, 30))
	default:
		t.Date(p.birth)
	}
	code := l.c.Places[p.place].Code
	if p.numberBy == 'G' {
		t.Str("1")
		if bad == 6 {
			no[18] = "123456789X0"[indexOf("0123456789X", no[18])]
		}
		t.Bytes(no[1:])
	} else {
		t.Nulls(2)
	}
	l.studentOrigin(t, p, code)
	l.studentHealth(t, p, no)
	t.Str(sch.code)
	putCode(t, p.status)
	g := int(p.grade)
	st := stageOf(g)
	t.Date(int32(p.entry)*10000 + 901)
	t.Str(gradeCode(stageFirst[st]))
	l.studentRest(t, p, st)
	t.End()
}

func indexOf(s string, c byte) int {
	for i := range s {
		if s[i] == c {
			return i
		}
	}
	return 0
}

// studentOrigin writes ethnic group to telephone.
func (l *life) studentOrigin(t *sheet.Table, p *person, code string) {
	putCode(t, p.ethnic)
	t.Str("中国")
	t.Null() // hmt
	if int(p.place) < l.c.Own {
		t.Str("河南洛阳")
	} else {
		t.Str([]string{"河南", "河南", "河南南阳", "陕西", "山西"}[p.key%5])
	}
	t.Str(code)
	if source.Share(p.key, 31) < l.c.Urban*0.7 {
		t.Str("1")
	} else {
		t.Str("2")
	}
	t.Str(code)
	town := &l.c.Towns[source.Mix(p.key^5)%uint64(len(l.c.Towns))]
	b := make([]byte, 0, 96)
	b = append(b, l.c.Name...)
	b = append(b, town.Name...)
	b = append(b, town.Villages[source.Mix(p.key^9)%uint64(len(town.Villages))]...)
	b = append(b, itoa(int(p.key%400)+1)...)
	t.Bytes(append(b, "号"...))
	if source.Share(p.key, 32) < 0.3 {
		t.Str(source.Mobile(p.key))
	} else {
		t.Null()
	}
}

// studentHealth writes politics to the disability card.
func (l *life) studentHealth(t *sheet.Table, p *person, no []byte) {
	if p.grade >= jun1+1 && p.grade < spe1 && source.Share(p.key, 33) < 0.18 {
		t.Str("03")
	} else {
		t.Str("13")
	}
	if p.disab == 0 {
		if source.Share(p.key, 34) < 0.02 {
			t.Str("2")
		} else {
			t.Str("1")
		}
		t.Str("1")
		t.Null()
		return
	}
	t.Str("6")
	t.Int(int(p.disab))
	if p.numberBy != 'G' || p.disab == 9 || source.Share(p.key, 35) < 0.2 {
		t.Null()
		return
	}
	card := append([]byte(nil), no[1:]...)
	card = append(card, '0'+p.disab-1, '1'+byte(p.key%4))
	t.Bytes(card)
}

// studentRest writes admission mode to remark.
func (l *life) studentRest(t *sheet.Table, p *person, st int) {
	t.Str("01")
	t.Str("1")
	t.Str([nStages]string{"11", "21", "31", "32", "33", "51"}[st])
	far := l.schools[p.school].rural() || st >= stSen
	km := source.Share(p.key, 36) * 3
	mode := "1"
	switch x := source.Share(p.key, 37); {
	case far && x < 0.25:
		km, mode = km*4, "3"
	case far && x < 0.40:
		km, mode = km*3, "5"
	case x < 0.6:
		mode = "4"
	case x < 0.75:
		mode = "2"
	}
	t.Str(mode)
	t.Dec(km+0.1, 1)
	t.Bool(mode == "5")
	t.Bool(source.Share(p.key, 38) < 0.22)
	t.Bool(p.preschool)
	t.Bool(source.Share(p.key, 39) < 0.0008)
	t.Bool(source.Share(p.key, 40) < 0.0003)
	poor := source.Share(p.key, 41)
	rate := []float64{0.01, 0.025, 0.04, 0.07}[l.c.Land]
	switch {
	case poor < rate*0.4:
		t.Str("1")
	case poor < rate:
		t.Str("22")
	default:
		t.Str("3")
	}
	t.Bool(poor < rate)
	t.Bool(poor < rate && l.boards(p, st))
	t.Str("471000")
	t.Nulls(2)
}
