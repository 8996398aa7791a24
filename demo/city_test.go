package demo_test

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"luoshu/demo"
)

func validID(id string) bool {
	if len(id) != 18 {
		return false
	}
	w := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, k := range w {
		sum += int(id[i]-'0') * k
	}
	return validDate(id[6:14]) && id[17] == "10X98765432"[sum%11]
}

func validDate(s string) bool {
	_, err := time.Parse("20060102", s)
	return err == nil
}

func validStudentNo(no string) bool {
	return len(no) == 19 && (no[0] == 'L' && validDate(no[7:15]) || (no[0] == 'G' || no[0] == 'J') && validID(no[1:]))
}

func validCredit(s string) bool {
	const abc = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	if len(s) != 18 {
		return false
	}
	sum, w := 0, 1
	for i := range 17 {
		v := strings.IndexByte(abc, s[i])
		if v < 0 {
			return false
		}
		sum, w = sum+v*w, w*3%31
	}
	return s[17] == abc[(31-sum%31)%31]
}

// city is what a load would have left: refused rows are not in it.
type city struct {
	t        *testing.T
	m        demo.Manifest
	orgs     map[string]bool
	schools  map[string]record
	students map[string]record
	staff    map[string]record
	classes  map[string]bool
	size     map[string]int // class → pupils on 1 September
	refused  map[string]int64
	rows     map[string]int64
	pupils   map[string]float64 // "2020 PRI", "2020 PRE public", "2020 JUN3 …"
	posts    map[string]float64
	postings map[string]record
	people   map[string]float64
	refs     map[string]float64
	verified [2]float64
}

func load(t *testing.T, dir string, m demo.Manifest) *city {
	c := &city{
		t: t, m: m, orgs: map[string]bool{}, schools: map[string]record{}, students: map[string]record{}, staff: map[string]record{},
		classes: map[string]bool{}, size: map[string]int{}, refused: map[string]int64{}, rows: map[string]int64{}, pupils: map[string]float64{},
		posts: map[string]float64{}, postings: map[string]record{}, people: map[string]float64{}, refs: map[string]float64{},
	}
	take := map[string]func(demo.File, record) bool{
		"organisation": c.organisation, "school": c.school, "school_event": c.event, "staff": c.member, "posting": c.posting,
		"class": c.class, "student": c.student, "guardian": c.guardian, "enrolment": c.enrolment, "condition": c.condition,
		"population": c.population, "reference_count": c.reference,
	}
	r := newReader(t, dir)
	for _, f := range m.Files {
		once := map[string]bool{}
		n := int64(0)
		r.each(f, func(row record) {
			n++
			ok := true
			if h := take[f.Entity]; h != nil {
				ok = h(f, row)
			}
			if f.Entity == "student" && ok && once[row["student_no"]] {
				ok = false
			}
			once[row["student_no"]] = true
			if !ok {
				c.refused[f.Entity]++
			}
		})
		c.rows[f.Entity] += n
		if n != f.Rows {
			t.Errorf("%s: %d rows, the manifest says %d", f.Path, n, f.Rows)
		}
	}
	return c
}

func (c *city) organisation(_ demo.File, r record) bool {
	if p := r["parent_code"]; p != "" && !c.orgs[p] {
		c.t.Errorf("organisation %s stands before its parent", r["code"])
	}
	c.orgs[r["code"]] = true
	return true
}

func (c *city) school(f demo.File, r record) bool {
	code := r["school_code"]
	for _, ref := range []string{"campus_of", "successor_code"} {
		if v := r[ref]; v != "" && c.schools[v] == nil {
			c.t.Errorf("%s: %s of %s comes later or never", f.Path, ref, code)
		}
	}
	if len(code) != 10 || code[:2] != r["type_code"][:2] || !validCredit(r["credit_code"]) || !c.orgs[r["managing_code"]] || r["name"] == "" || !strings.HasPrefix(r["town_code"], r["division_code"]) {
		c.t.Errorf("%s: school %v", f.Path, r)
	}
	if old := c.schools[code]; old != nil && f.Year != 2024 {
		c.t.Errorf("school code %s twice", code)
	}
	c.schools[code] = r
	return true
}

func (c *city) event(f demo.File, r record) bool {
	if c.schools[r["school_code"]] == nil || r["other_code"] != "" && c.schools[r["other_code"]] == nil {
		c.t.Errorf("%s: event %v", f.Path, r)
	}
	return true
}

func (c *city) member(f demo.File, r record) bool {
	no, cert := r["staff_no"], r["cert_no"]
	if !validID(r["id_no"]) || r["id_no"][6:14] != r["birth_date"] || c.schools[r["school_code"]] == nil || (r["id_no"][16]%2 == 1) != (r["sex"] == "1") {
		c.t.Errorf("%s: staff %v", f.Path, r)
	}
	if cert != "" && (len(cert) != 17 || cert[4:6] != "41" || cert[9:10] != r["cert_type"]) {
		c.t.Errorf("%s: certificate %q", f.Path, cert)
	}
	c.staff[no] = r
	return true
}

func (c *city) posting(_ demo.File, r record) bool {
	if c.staff[r["staff_no"]] == nil || !validDate(r["from_date"]) || r["category"] == "老师" || c.schools[r["school_code"]] == nil {
		return false
	}
	if r["to_date"] != "" && r["to_date"] < r["from_date"] {
		c.t.Errorf("posting %v ends before it begins", r)
	}
	c.postings[r["staff_no"]+r["school_code"]+r["from_date"]] = r
	return true
}

// teachers counts the postings of teachers that hold on 1 September.
func (c *city) teachers() {
	for _, r := range c.postings {
		from, _ := strconv.Atoi(r["from_date"])
		to, _ := strconv.Atoi(r["to_date"])
		if to == 0 {
			to = 99999999
		}
		for y := 2020; y <= 2024; y++ {
			if from <= y*10000+901 && to > y*10000+901 && r["category"] == "teacher" {
				c.count(c.posts, y, r, c.staff[r["staff_no"]], c.schools[r["school_code"]])
			}
		}
	}
}

func (c *city) count(m map[string]float64, y int, r, p, s record) {
	add := func(k string) { m[fmt.Sprintf("%d %s", y, k)]++ }
	st := r["stage"]
	add(st)
	add("all")
	if p["cert_no"] != "" {
		add("certified")
	}
	if yes(r["vocational"]) {
		add("vocational")
		if yes(p["dual_qualified"]) {
			add("dual")
		}
	}
	if s["runner"] == "public" && (st == "PRI" || st == "JUN") {
		from, _ := strconv.Atoi(r["from_date"])
		if yes(r["rotation"]) {
			add("rotating")
		} else if from <= (y-6)*10000+901 {
			add("settled")
		}
	}
}

func yes(v string) bool { return v == "是" || v == "1" }

func (c *city) class(f demo.File, r record) bool {
	if c.schools[r["school_code"]] == nil || !strings.HasPrefix(r["class_code"], r["school_code"]) || c.classes[r["class_code"]] {
		c.t.Errorf("%s: class %v", f.Path, r)
	}
	if h := r["head_teacher"]; h != "" && c.staff[h] == nil && f.Year <= 2023 {
		c.t.Errorf("%s: head teacher %s is unknown", f.Path, h)
	}
	c.classes[r["class_code"]] = true
	return true
}

func (c *city) student(f demo.File, r record) bool {
	id := r["id_no"]
	if !validStudentNo(r["student_no"]) || !validDate(r["birth_date"]) || r["name"] == "" || (r["sex"] != "1" && r["sex"] != "2") ||
		(id != "" && (!validID(id) || id[6:14] != r["birth_date"])) {
		return false
	}
	if c.schools[r["school_code"]] == nil || id != "" && (id[16]%2 == 1) != (r["sex"] == "1") || r["entry_date"] <= r["birth_date"] {
		c.t.Errorf("%s: student %v", f.Path, r)
	}
	if card := r["disability_card"]; card != "" && (len(card) != 20 || !validID(card[:18])) {
		c.t.Errorf("%s: disability card %s", f.Path, card)
	}
	if old := c.students[r["student_no"]]; old != nil && old["birth_date"] != r["birth_date"] {
		c.t.Errorf("%s: number %s belongs to two people", f.Path, r["student_no"])
	}
	c.students[r["student_no"]] = record{"disability": r["disability"], "birth_date": r["birth_date"]}
	return true
}

func (c *city) guardian(_ demo.File, r record) bool {
	if len(r["phone"]) != 11 || r["name"] == "" {
		c.t.Errorf("guardian %v", r)
	}
	return c.students[r["student_no"]] != nil
}

func (c *city) enrolment(f demo.File, r record) bool {
	p := c.students[r["student_no"]]
	if p == nil || !validDate(r["from_date"]) || r["stage"] == "ZZZ" {
		return false
	}
	s := c.schools[r["school_code"]]
	if s == nil || !c.classes[r["class_code"]] || r["school_year"] != strconv.Itoa(f.Year) || !strings.HasPrefix(r["grade"], r["stage"]) ||
		r["to_date"] != "" && r["to_date"] < r["from_date"] || r["change_out"] != "" && r["to_date"] == "" {
		c.t.Fatalf("%s: enrolment %v", f.Path, r)
	}
	if r["from_date"] > r["school_year"]+"0901" {
		return true
	}
	c.size[r["class_code"]]++
	add := func(k string) { c.pupils[r["school_year"]+" "+k]++ }
	add(r["stage"])
	add(r["grade"])
	add(r["stage"] + " " + s["division_code"])
	if r["stage"] == "PRE" && s["runner"] == "public" {
		add("PRE public")
	}
	if r["stage"] == "PRE" && (s["runner"] == "public" || yes(s["inclusive"])) {
		add("PRE affordable")
	}
	if d := p["disability"]; d != "1" && strings.Contains("PRI JUN SPE", r["stage"]) {
		add("disabled")
	}
	if r["school_year"] == "2024" {
		c.verified[1]++
		if f.Attested != 0 {
			c.verified[0]++
		}
	}
	return true
}

func (c *city) condition(f demo.File, r record) bool {
	if c.schools[r["school_code"]] == nil || r["teaching_area"] == "" || strings.HasPrefix(r["teaching_area"], "-") {
		c.t.Errorf("%s: condition %v", f.Path, r)
	}
	return true
}

func (c *city) population(_ demo.File, r record) bool {
	n, _ := strconv.ParseFloat(r["persons"], 64)
	age, _ := strconv.Atoi(r["age"])
	switch {
	case age >= 3 && age <= 5:
		c.people[r["year"]+" PRE"] += n
	case age >= 15 && age <= 17:
		c.people[r["year"]+" SEN"] += n
	}
	return true
}

func (c *city) reference(_ demo.File, r record) bool {
	n, _ := strconv.ParseFloat(r["persons"], 64)
	c.refs[r["year"]+" "+r["measure"]] += n
	return true
}

// TestCity loads a whole city the way the kernel would and holds its figures
// against the public ones.
func TestCity(t *testing.T) {
	k := scale(t)
	dir, m := write(t, demo.Options{Scale: k, Seed: 1})
	c := load(t, dir, m)
	for _, want := range []struct {
		key    string
		people float64
	}{
		{"2020 PRE", 280000},
		{"2020 PRI", 618900},
		{"2020 JUN", 284200},
		{"2020 SEN", 149300},
		{"2020 VOC", 97800},
		{"2020 SPE", 1920},
		{"2023 PRE", 241000},
		{"2023 PRI", 621000},
		{"2023 JUN", 301000},
		{"2023 SEN", 156000},
		{"2023 VOC", 91000},
		{"2023 SPE", 2195},
		{"2020 PRI1", 104600},
		{"2020 JUN1", 93400},
		{"2023 JUN1", 100000},
	} {
		near(t, "pupils "+want.key, c.pupils[want.key]/k, want.people, max(want.people*0.05, 8/k))
	}
	c.teachers()
	for y := 2020; y <= 2024; y++ {
		c.rates(y)
	}
	c.faults()
	near(t, "verified share of 2024", 100*c.verified[0]/c.verified[1], 88, 1.5)
	for _, code := range []string{"410302", "410328", "410371"} {
		for _, st := range []string{"PRE", "PRI", "JUN", "SEN"} {
			if c.pupils["2020 "+st+" "+code] == 0 {
				t.Errorf("%s has no %s", code, st)
			}
		}
	}
}

// rates compares one year's headline figures.
func (c *city) rates(y int) {
	t, i := c.t, y-2020
	at := func(m map[string]float64, k string) float64 { return m[strconv.Itoa(y)+" "+k] }
	pre := at(c.pupils, "PRE")
	near(t, fmt.Sprint(y, " preschool gross enrolment"), 100*pre/at(c.people, "PRE"), []float64{92, 93, 94, 95, 96}[i], 2)
	near(t, fmt.Sprint(y, " affordable coverage"), 100*at(c.pupils, "PRE affordable")/pre, []float64{86, 86.5, 87, 88, 88.5}[i], 2)
	near(t, fmt.Sprint(y, " public kindergarten share"), 100*at(c.pupils, "PRE public")/pre, []float64{52, 53, 54, 55, 56}[i], 3)
	near(t, fmt.Sprint(y, " senior gross enrolment"), 100*(at(c.pupils, "SEN")+at(c.pupils, "VOC"))/at(c.people, "SEN"), 93, 2)
	near(t, fmt.Sprint(y, " retention"), 100*at(c.pupils, "JUN3")/c.refs[strconv.Itoa(y-8)+" primary-entrants"], []float64{96, 96.2, 96.4, 96.6, 96.8}[i], 1)
	near(t, fmt.Sprint(y, " disabled enrolment"), 100*at(c.pupils, "disabled")/at(c.refs, "disabled-children"), []float64{95.2, 95.7, 96.2, 96.7, 97.2}[i], 1.5)
	near(t, fmt.Sprint(y, " dual-qualified share"), 100*at(c.posts, "dual")/at(c.posts, "vocational"), []float64{37.6, 42, 45, 47, 50}[i], 5)
	near(t, fmt.Sprint(y, " certificate rate"), 100*at(c.posts, "certified")/at(c.posts, "all"), []float64{97.9, 98.1, 98.4, 98.6, 98.8}[i], 0.7)
	near(t, fmt.Sprint(y, " rotation share"), 100*at(c.posts, "rotating")/(at(c.posts, "rotating")+at(c.posts, "settled")), 10, 4.5)
	for _, st := range []string{"PRE", "PRI", "JUN", "SEN"} {
		near(t, fmt.Sprint(y, " pupils per teacher ", st), at(c.pupils, st)/at(c.posts, st), map[string]float64{"PRE": 14, "PRI": 17, "JUN": 13, "SEN": 13.2}[st], 1)
	}
	type band struct{ n, big, huge, pupils float64 }
	by := map[string]*band{}
	for code, n := range c.size {
		if code[11:15] != strconv.Itoa(y) {
			continue
		}
		b := by[code[16:19]]
		if b == nil {
			b = &band{}
			by[code[16:19]] = b
		}
		b.n, b.pupils = b.n+1, b.pupils+float64(n)
		if n >= 56 {
			b.big++
		}
		if n >= 66 {
			b.huge++
		}
	}
	for st, b := range by {
		t.Logf("%d %s: %5.0f classes of %4.1f; big %5.2f %%, very big %5.2f %%", y, st, b.n, b.pupils/b.n, 100*b.big/b.n, 100*b.huge/b.n)
	}
	for st, most := range map[string]float64{"PRI": 6, "JUN": 9} {
		if share := 100 * by[st].big / by[st].n; share > most {
			t.Errorf("%d %s: %.1f %% big classes, want at most %g", y, st, share, most)
		}
	}
}

// faults compares the refused rows with what was planted.
func (c *city) faults() {
	planted := map[string]int64{}
	for kind, n := range c.m.Planted {
		for _, e := range []string{"student-", "enrolment-", "guardian-", "posting-"} {
			if strings.HasPrefix(kind, e) && kind != "student-mended-later" {
				planted[strings.TrimSuffix(e, "-")] += n
			}
		}
	}
	entities := make([]string, 0, len(c.rows))
	all, bad := int64(0), int64(0)
	for e, n := range c.rows {
		entities = append(entities, e)
		all, bad = all+n, bad+c.refused[e]
	}
	sort.Strings(entities)
	for _, e := range entities {
		c.t.Logf("%-16s %9d rows %7d refused, %d planted", e, c.rows[e], c.refused[e], planted[e])
		if c.refused[e] != planted[e] {
			c.t.Errorf("%s: %d rows refused, %d planted", e, c.refused[e], planted[e])
		}
	}
	near(c.t, "refused per cent", 100*float64(bad)/float64(all), 0.28, 0.07)
	if n := c.m.Planted["teacher-without-posting"]; n == 0 {
		c.t.Error("no teacher is missing from the postings")
	}
	c.t.Logf("planted %v", c.m.Planted)
}
