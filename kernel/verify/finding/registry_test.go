package finding_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/verify/finding"
	"luoshu/packs"
)

// registry is a city of the shipped packs, filled past intake so that it can hold
// what intake would refuse.
type registry struct {
	*testing.T
	ctx context.Context
	cat *catalog.Catalog
	led *ledger.Ledger
	f   *finding.Findings
}

func newRegistry(t *testing.T, c store.Config) *registry {
	t.Helper()
	x := &registry{T: t, ctx: context.Background()}
	var faults []catalog.Fault
	x.cat, faults = catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	ch, faults := charter.Load(x.cat)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	db, err := store.Open(x.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clock := func() time.Time { return time.Date(2025, 9, 20, 8, 0, 0, 0, time.UTC) }
	if x.led, err = ledger.Open(x.ctx, db, x.cat, clock); err != nil {
		t.Fatal(err)
	}
	acc, err := access.Open(x.ctx, db, x.cat, clock)
	if err != nil {
		t.Fatal(err)
	}
	x.f = finding.New(db, x.cat, ch, acc, records.New(db, x.cat), clock)
	return x
}

// put writes rows as "field=value field=value"; whole numbers where the field is one.
func (x *registry) put(entity string, rows ...string) {
	x.Helper()
	e := x.cat.Entity(entity)
	_, err := x.led.Commit(x.ctx, ledger.Batch{Actor: planner, Entity: entity, Rows: func(yield func(ledger.Row) error) error {
		for i, r := range rows {
			v := make([]luoshu.Value, len(e.Fields))
			for _, part := range strings.Fields(r) {
				name, s, _ := strings.Cut(part, "=")
				f := e.Field(name)
				if f == nil {
					return fmt.Errorf("%s has no field %s", entity, name)
				}
				var n int64
				if v[f.Index] = luoshu.TextValue(s); !f.Type.IsText() {
					if _, err := fmt.Sscan(s, &n); err != nil {
						return err
					}
					v[f.Index] = luoshu.IntValue(n)
				}
			}
			if err := yield(ledger.Row{N: i + 1, Values: v}); err != nil {
				return err
			}
		}
		return nil
	}, Each: func(d ledger.Diff) error {
		if d.Verdict == ledger.Refused {
			x.Error(entity, d.N, d.Faults)
		}
		return nil
	}}, nil)
	if err != nil {
		x.Fatal(err)
	}
}

// Each set rule of the registry finds what it is for, and nothing else here.
func TestRegistryRules(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newRegistry(t, c)
		x.put("division", "code=410311 name=洛龙区 kind=county")
		x.put("organisation", "code=410300 name=市 level=city", "code=410311 name=区 parent_code=410300 level=county")
		school := "name=校 type_code=211 runner=public urban_rural=111 division_code=410311 managing_code=410311 counts=1 opened=19900901"
		x.put("school", "school_code=S1 "+school, "school_code=S2 "+school)
		staff := "name=师 sex=1 birth_date=19800101 school_code=S1"
		x.put("staff", "staff_no=T1 "+staff, "staff_no=T2 "+staff+" id_no=X1", "staff_no=T3 "+staff+" id_no=X1")
		x.put("posting", "staff_no=T1 school_code=S1 from_date=20100901 category=teacher", "staff_no=T1 school_code=S2 from_date=20200901 category=teacher",
			"staff_no=T2 school_code=S1 from_date=20100901 category=teacher", "staff_no=T3 school_code=S1 from_date=20100901 to_date=20200831 category=teacher")
		var classes, students, enrolments []string
		class := func(year, n int, head string) {
			classes = append(classes, fmt.Sprintf("class_code=S1-%d-%d school_code=S1 school_year=%d stage=PRI grade=PRI2 name=%d班 %s", year, n, year, n, head))
		}
		class(2024, 1, "head_teacher=T2")
		for n := 1; n <= 6; n++ {
			class(2025, n, "head_teacher=T2")
		}
		class(2025, 7, "")
		class(2025, 8, "head_teacher=T3")
		pupil := func(no string, birth int, more string) {
			students = append(students, fmt.Sprintf("student_no=%s name=生 sex=1 birth_date=%d school_code=S1 status=01 %s", no, birth, more))
		}
		enrol := func(no, school string, year int, class string) {
			enrolments = append(enrolments, fmt.Sprintf("student_no=%s school_year=%d school_code=%s stage=PRI grade=PRI2 from_date=%d0901 boarding=0 left_behind=0 migrant=0 %s", no, year, school, year, class))
		}
		// Eight classes of 5, 6 or 7; one has 40. Last year the school had 40 pupils.
		k := 0
		for n, size := range []int{5, 6, 7, 6, 5, 7, 6, 40} {
			for range size {
				no := fmt.Sprintf("P%03d", k)
				pupil(no, 20170101+k%28, "")
				enrol(no, "S1", 2025, fmt.Sprintf("class_code=S1-2025-%d", n+1))
				if k < 40 {
					enrol(no, "S1", 2024, "class_code=S1-2024-1")
				}
				k++
			}
		}
		pupil("OLD", 20100101, "")
		enrol("OLD", "S1", 2025, "class_code=S1-2025-1")
		pupil("TWO", 20170101, "id_no=Y1")
		pupil("SAME", 20170101, "id_no=Y1")
		enrol("TWO", "S1", 2025, "class_code=S1-2025-2")
		enrol("TWO", "S2", 2025, "")
		enrol("SAME", "S1", 2025, "class_code=S1-2025-3")
		pupil("GONE", 20170101, "")
		enrol("GONE", "S1", 2024, "class_code=S1-2024-1")
		pupil("LEFT", 20170101, "")
		enrol("LEFT", "S1", 2024, "class_code=S1-2024-1 to_date=20250630 change_out=33")
		pupil("BAD", 20170101, "id_no=410311201802020018")
		enrol("BAD", "S1", 2025, "class_code=S1-2025-4")
		x.put("class", classes...)
		x.put("student", students...)
		x.put("enrolment", enrolments...)

		runs, err := x.f.RunAll(x.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, r := range runs {
			if r.Fault != "" {
				t.Errorf("%s: %s", r.Rule, r.Fault)
			}
			got[r.Rule] = r.Found
		}
		want := map[string]int64{
			"two-schools-one-student": 2, "same-id-two-students": 2, "same-id-two-staff": 2, "staff-two-payrolls": 2, "vanished-over-summer": 1,
			"school-total-jump": 1, "class-without-head": 2, "student-record-recheck": 2, "staff-record-recheck": 0, "class-size-outlier": 1, "age-outlier": 1,
		}
		for _, rule := range slices.Sorted(func(yield func(string) bool) {
			for r := range want {
				if !yield(r) {
					return
				}
			}
		}) {
			if got[rule] != want[rule] {
				list, _, _ := x.f.List(x.ctx, access.Operator, finding.Query{Rule: rule, Limit: 20})
				for _, f := range list {
					t.Log(rule, f.Rec, f.Org, f.Evidence)
				}
				t.Errorf("%s found %d, want %d", rule, got[rule], want[rule])
			}
		}
		list, _, err := x.f.List(x.ctx, access.Operator, finding.Query{Rule: "class-size-outlier", Limit: 5})
		if err != nil || len(list) != 1 || fmt.Sprint(list[0].Evidence["pupils"]) != "40" || fmt.Sprint(list[0].Evidence["median"]) != "7" {
			t.Errorf("outlier %v %v", list, err)
		}
	})
}
