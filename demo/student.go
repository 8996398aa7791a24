package demo

// studentRow writes one record as the school hands it in; a broken person's row
// is spoilt in a way that every check refuses.
func (l *life) studentRow(t *table, p *person) {
	var buf, id [64]byte
	sch := &l.schools[p.school]
	no := l.appendStudentNo(buf[:0], p)
	bad := 0
	if p.broken {
		bad = 1 + int(p.key%5)
		if bad == 1 && p.numberBy == 'L' {
			bad = 2
		}
		l.plant([]string{"", "student-wrong-check-digit", "student-impossible-date", "student-missing-sex", "student-unknown-code", "student-missing-name"}[bad])
	}
	if bad == 1 {
		no[18] = "1234567890X"[indexOf("0123456789X", no[18])]
	}
	t.bytes(no)
	if bad == 5 {
		t.null()
	} else {
		t.bytes(l.names.text(id[:0], p.name, int(p.birth/10000), p.sex))
	}
	t.null() // former_name
	switch bad {
	case 3:
		t.null()
	case 4:
		t.str("7")
	default:
		t.int(int(p.sex))
	}
	if bad == 2 {
		t.date(p.birth/10000*10000 + 230)
	} else {
		t.date(p.birth)
	}
	code := l.c.places[p.place].code
	if p.numberBy == 'G' {
		t.str("1")
		t.bytes(no[1:])
	} else {
		t.nulls(2)
	}
	l.studentOrigin(t, p, code)
	l.studentHealth(t, p, no)
	t.str(sch.code)
	t.code(p.status)
	g := int(p.grade)
	st := stageOf(g)
	t.date(int32(p.entry)*10000 + 901)
	t.str(gradeCode(stageFirst[st]))
	l.studentRest(t, p, st)
	t.end()
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
func (l *life) studentOrigin(t *table, p *person, code string) {
	t.code(p.ethnic)
	t.str("中国")
	t.null() // hmt
	if int(p.place) < l.c.own {
		t.str("河南洛阳")
	} else {
		t.str([]string{"河南", "河南", "河南南阳", "陕西", "山西"}[p.key%5])
	}
	t.str(code)
	if share(p.key, 31) < l.c.urban*0.7 {
		t.str("1")
	} else {
		t.str("2")
	}
	t.str(code)
	town := &l.c.towns[mix(p.key^5)%uint64(len(l.c.towns))]
	b := make([]byte, 0, 96)
	b = append(b, l.c.name...)
	b = append(b, town.name...)
	b = append(b, town.villages[mix(p.key^9)%uint64(len(town.villages))]...)
	b = append(b, itoa(int(p.key%400)+1)...)
	t.bytes(append(b, "号"...))
	if share(p.key, 32) < 0.3 {
		t.str(mobile(p.key))
	} else {
		t.null()
	}
}

// studentHealth writes politics to the disability card.
func (l *life) studentHealth(t *table, p *person, no []byte) {
	if p.grade >= jun1+1 && p.grade < spe1 && share(p.key, 33) < 0.18 {
		t.str("03")
	} else {
		t.str("13")
	}
	if p.disab == 0 {
		if share(p.key, 34) < 0.02 {
			t.str("2")
		} else {
			t.str("1")
		}
		t.str("1")
		t.null()
		return
	}
	t.str("6")
	t.int(int(p.disab))
	if p.numberBy != 'G' || p.disab == 9 || share(p.key, 35) < 0.2 {
		t.null()
		return
	}
	card := append([]byte(nil), no[1:]...)
	card = append(card, '0'+p.disab-1, '1'+byte(p.key%4))
	t.bytes(card)
}

// studentRest writes admission mode to remark.
func (l *life) studentRest(t *table, p *person, st int) {
	t.str("01")
	t.str("1")
	t.str([nStages]string{"11", "21", "31", "32", "33", "51"}[st])
	far := l.schools[p.school].rural() || st >= stSen
	km := share(p.key, 36) * 3
	mode := "1"
	switch x := share(p.key, 37); {
	case far && x < 0.25:
		km, mode = km*4, "3"
	case far && x < 0.40:
		km, mode = km*3, "5"
	case x < 0.6:
		mode = "4"
	case x < 0.75:
		mode = "2"
	}
	t.str(mode)
	t.dec(km+0.1, 1)
	t.bool(mode == "5")
	t.bool(share(p.key, 38) < 0.22)
	t.bool(p.preschool)
	t.bool(share(p.key, 39) < 0.0008)
	t.bool(share(p.key, 40) < 0.0003)
	poor := share(p.key, 41)
	rate := []float64{0.01, 0.025, 0.04, 0.07}[l.c.land]
	switch {
	case poor < rate*0.4:
		t.str("1")
	case poor < rate:
		t.str("22")
	default:
		t.str("3")
	}
	t.bool(poor < rate)
	t.bool(poor < rate && l.boards(p, st))
	t.str("471000")
	t.nulls(2)
}
