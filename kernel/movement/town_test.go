package movement_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/packs"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// town is a small city on the real packs: two counties, schools A and B in the
// first, C in the second, D closed; pupils by short names.
type town struct {
	*testing.T
	ctx   context.Context
	cat   *catalog.Catalog
	db    *store.DB
	led   *ledger.Ledger
	acc   *access.Access
	mv    *movement.Mover
	life  *lifecycle.Keeper
	rec   *records.Reader
	today time.Time
	no    map[string]string // pupil's name to number
}

const (
	schoolA, schoolB, schoolC, schoolD = "2141000001", "2141000002", "2141000003", "2141000004"
	countyX, countyY, city             = "410311", "410302", "410300"
)

func open(t *testing.T, c store.Config) *town {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	tn := &town{T: t, ctx: context.Background(), cat: cat, today: time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC), no: map[string]string{}}
	clock := func() time.Time { return tn.today }
	var err error
	if tn.db, err = store.Open(tn.ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tn.db.Close() })
	if tn.led, err = ledger.Open(tn.ctx, tn.db, cat, clock); err != nil {
		t.Fatal(err)
	}
	if tn.acc, err = access.Open(tn.ctx, tn.db, cat, clock); err != nil {
		t.Fatal(err)
	}
	tn.rec = records.New(tn.db, cat)
	tn.mv = movement.New(tn.db, cat, ch.Movement, tn.led, tn.rec, tn.acc, clock)
	tn.life = lifecycle.New(tn.db, cat, tn.led, tn.rec, tn.acc, tn.mv)
	tn.fill()
	return tn
}

// row is a record by field names; dates and years as numbers.
type row map[string]any

func (tn *town) put(entity string, rows ...row) {
	tn.Helper()
	e := tn.cat.Entity(entity)
	_, err := tn.led.Commit(tn.ctx, ledger.Batch{
		Actor: access.Operator, Entity: entity, Reason: "test",
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(e.Fields))
				for k, x := range r {
					f := e.Field(k)
					if f == nil {
						return fmt.Errorf("%s has no field %s", entity, k)
					}
					v[f.Index] = luoshu.ValueOf(x)
				}
				if err := yield(ledger.Row{N: i + 2, Values: v}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if len(d.Faults) > 0 {
				return fmt.Errorf("%s row %d: %s", entity, d.N, d.Faults[0].EN)
			}
			return nil
		},
	}, nil)
	if err != nil {
		tn.Fatal(err)
	}
}

func (tn *town) fill() {
	tn.put("organisation", row{"code": city, "name": "市教育局", "level": "city"})
	tn.put("organisation", row{"code": countyX, "name": "洛龙教体局", "level": "county", "parent_code": city},
		row{"code": countyY, "name": "老城教体局", "level": "county", "parent_code": city})
	school := func(code, name, county string, closed any) row {
		return row{
			"school_code": code, "name": name, "type_code": "211", "runner": "public", "urban_rural": "111",
			"division_code": county, "managing_code": county, "counts": 1, "opened": 19850901, "closed": closed, "address": "开元大道1号",
		}
	}
	tn.put("school", school(schoolA, "甲校", countyX, nil), school(schoolB, "乙校", countyX, nil), school(schoolC, "丙校", countyY, nil),
		school(schoolD, "丁校", countyX, 20240701))
	for _, s := range []string{schoolA, schoolB, schoolC} {
		for _, g := range []string{"PRI1", "PRI2", "PRI6"} {
			for n := 1; n <= 2; n++ {
				tn.put("class", row{
					"class_code": fmt.Sprintf("%s-2024-%s-%02d", s, g, n), "school_code": s, "school_year": 2024,
					"stage": "PRI", "grade": g, "name": fmt.Sprintf("%s%d班", g, n),
				})
			}
		}
	}
	for i, p := range []struct{ name, school, grade string }{
		{"张一", schoolA, "PRI1"}, {"李二", schoolA, "PRI1"}, {"王三", schoolA, "PRI6"}, {"赵四", schoolB, "PRI2"}, {"钱五", schoolC, "PRI1"},
	} {
		tn.pupil(i+1, p.name, p.school, p.grade)
	}
}

// pupil adds a pupil in class 1 of a grade, there since the beginning of the year.
func (tn *town) pupil(i int, name, school, grade string) {
	tn.Helper()
	no := fmt.Sprintf("L41031120170101%04d", i)
	tn.no[name] = no
	tn.put("student", row{
		"student_no": no, "name": name, "sex": "1", "birth_date": 20170101, "school_code": school, "status": "01",
		"id_no": "41030519900101" + fmt.Sprintf("%04d", 1000+i), "phone": fmt.Sprintf("139%08d", 70000000+i),
	})
	tn.put("enrolment", row{
		"student_no": no, "school_year": 2024, "school_code": school, "stage": grade[:3], "grade": grade,
		"class_code": school + "-2024-" + grade + "-01", "from_date": 20240901, "boarding": 0, "left_behind": "0", "migrant": "0",
	})
}

func clerk(org string) luoshu.Actor {
	return luoshu.Actor{Name: "clerk-" + org, Role: "clerk", Org: org}
}

func county(org string) luoshu.Actor {
	return luoshu.Actor{Name: "county-" + org, Role: "county", Org: org}
}

var planner = luoshu.Actor{Name: "planner", Role: "planner", Org: city}

// recOf is the record of a pupil.
func (tn *town) recOf(name string) int64 {
	tn.Helper()
	v, err := tn.rec.ByKey(tn.ctx, "student", tn.no[name])
	if err != nil || v == nil {
		tn.Fatal(name, v, err)
	}
	return v.Rec
}

// facts tells a pupil's status, holder and stays: "01 A | 2024 A PRI1/01 0901-".
func (tn *town) facts(name string) string {
	tn.Helper()
	short := map[string]string{schoolA: "A", schoolB: "B", schoolC: "C", schoolD: "D"}
	st := tn.cat.Entity("student")
	v, err := tn.rec.Get(tn.ctx, "student", tn.recOf(name))
	if err != nil {
		tn.Fatal(err)
	}
	out := []string{v.Values[st.Field("status").Index].S + " " + short[v.Values[st.Field("school_code").Index].S]}
	e := tn.cat.Entity("enrolment")
	where, args := tn.rec.Is(e, "student_no", tn.no[name])
	err = tn.rec.Each(tn.ctx, records.Query{Entity: "enrolment", Where: where, Args: args, Order: `f."from_date", f._rid`}, func(v *records.Version) error {
		get := func(f string) string { return v.Values[e.Field(f).Index].String() }
		md := func(f string) string {
			if s := get(f); s != "" {
				return s[4:]
			}
			return ""
		}
		class := get("class_code")
		if i := strings.LastIndexByte(class, '-'); i >= 0 {
			class = class[i+1:]
		}
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %s/%s %s-%s %s>%s", get("school_year"), short[get("school_code")], get("grade"), class,
			md("from_date"), md("to_date"), get("change_in"), get("change_out")), " >"))
		return nil
	})
	if err != nil {
		tn.Fatal(err)
	}
	return strings.Join(out, " | ")
}

func (tn *town) expect(name, want string) {
	tn.Helper()
	if got := tn.facts(name); got != want {
		tn.Fatalf("%s:\n got %s\nwant %s", name, got, want)
	}
}

// intact checks the ledger.
func (tn *town) intact() {
	tn.Helper()
	problems, err := tn.led.Check(tn.ctx, nil)
	if err != nil || len(problems) > 0 {
		tn.Fatal(problems, err)
	}
}

func (tn *town) refused(err error, kind luoshu.ErrKind, words string) {
	tn.Helper()
	var e *luoshu.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Msg.EN, words) {
		tn.Fatalf("got %v, want %s %q", err, kind, words)
	}
}

func (tn *town) begin(a luoshu.Actor, r movement.Request) *movement.Case {
	tn.Helper()
	c, err := tn.mv.Begin(tn.ctx, a, r)
	if err != nil {
		tn.Fatal(err)
	}
	return c
}

func (tn *town) days(n int) { tn.today = tn.today.AddDate(0, 0, n) }
