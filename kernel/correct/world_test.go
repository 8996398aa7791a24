package correct_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/correct"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/packs"
)

// world is a small city with two bureaus and three units, on the real kernel.
type world struct {
	t    *testing.T
	now  time.Time
	db   *store.DB
	cat  *catalog.Catalog
	led  *ledger.Ledger
	acc  *access.Access
	rd   *records.Reader
	desk *load.Desk
	*correct.Correct
}

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

var (
	ctx     = context.Background()
	clerk   = luoshu.Actor{Name: "clerk", Role: "clerk", Org: "2141000001"}
	clerk2  = luoshu.Actor{Name: "clerk2", Role: "clerk", Org: "2141000001"}
	other   = luoshu.Actor{Name: "other", Role: "clerk", Org: "2141000002"}
	teacher = luoshu.Actor{Name: "teacher", Role: "teacher", Org: "2141000001"}
	county  = luoshu.Actor{Name: "county", Role: "county", Org: "410311"}
	county2 = luoshu.Actor{Name: "county2", Role: "county", Org: "410311"}
	away    = luoshu.Actor{Name: "away", Role: "county", Org: "410305"}
	planner = luoshu.Actor{Name: "planner", Role: "planner", Org: "410300"}
	leader  = luoshu.Actor{Name: "leader", Role: "leader", Org: "410300"}
)

func newWorld(t *testing.T, c store.Config) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	cat, faults := catalog.LoadFS(packs.FS, "luoyang")
	ch, more := charter.Load(cat)
	for _, f := range append(faults, more...) {
		t.Fatal(f)
	}
	w.cat = cat
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	c.Keys = storetest.KeysIn(t, t.TempDir())
	w.db, err = store.Open(ctx, c)
	must(err)
	t.Cleanup(func() { w.db.Close() })
	w.led, err = ledger.Open(ctx, w.db, cat, clock)
	must(err)
	w.acc, err = access.Open(ctx, w.db, cat, clock)
	must(err)
	w.Correct, err = correct.New(w.db, cat, ch, w.led, w.acc, clock)
	must(err)
	w.rd = records.New(w.db, cat)
	w.desk = load.New(t.TempDir(), cat, w.led, w.db, clock)
	t.Cleanup(w.desk.Close)
	w.desk.Watch(w.Correct)
	must(w.desk.Serve(ctx, w.acc.Writer))
	for _, f := range [][2]string{
		{"division", "区划代码,名称,上级代码,类别\n410300,洛阳市,,prefecture\n410305,涧西区,410300,district\n410311,洛龙区,410300,district\n"},
		{"organisation", "code,name,parent_code,level\n410300,洛阳市教育局,,city\n410305,涧西区,410300,county\n410311,洛龙区,410300,county\n"},
		{"school", "school_code,name,type_code,runner,urban_rural,division_code,managing_code,counts,opened,phone,address\n" +
			"2141000001,第一小学,211,public,111,410311,410311,是,2000-09-01,0379-1,一号\n2141000002,第二小学,211,public,111,410311,410311,是,2000-09-01,0379-2,二号\n" +
			"2141000003,第三小学,211,public,111,410305,410305,是,2000-09-01,0379-3,三号\n"},
		{"student", students("张三", "2015-03-01", "01", "1") + "L410311201503020001,李四,1,2015-03-02,2141000002,01,,13800000002\n"},
	} {
		if r := w.file(access.Operator, f[0], f[1]); r.Refused > 0 || r.Rows == 0 || r.Held > 0 {
			t.Fatalf("%s: %+v", f[0], r)
		}
	}
	return w
}

const studentHead = "student_no,name,sex,birth_date,school_code,status,native_place,phone\n"

// students is a sheet with the one pupil of the first unit.
func students(name, born, ethnic, sex string) string {
	return studentHead + "L410311201503010001," + name + "," + sex + "," + born + ",2141000001," + ethnic + ",洛阳,13800000001\n"
}

// file loads a sheet as somebody.
func (w *world) file(a luoshu.Actor, entity, text string) load.Report {
	w.t.Helper()
	p := filepath.Join(w.t.TempDir(), entity+".csv")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	q := load.Request{Entity: entity, Path: p, Actor: a, Reason: "a sheet"}
	if !access.IsOperator(a) {
		q.Org = w.acc.Writer
	}
	r, err := w.desk.Load(ctx, q, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// value is a field of a record as it stands.
func (w *world) value(entity string, rec int64, field string) string {
	w.t.Helper()
	v, err := w.rd.Get(ctx, entity, rec)
	if err != nil || v == nil {
		w.t.Fatal(v, err)
	}
	return v.Values[w.cat.Entity(entity).Field(field).Index].String()
}

func (w *world) list(a luoshu.Actor, box string) []*correct.Request {
	w.t.Helper()
	all, n, err := w.List(ctx, a, correct.Query{Box: box, Limit: 100})
	if err != nil || n != int64(len(all)) {
		w.t.Fatal(n, len(all), err)
	}
	return all
}

// edit types into the form of a record as somebody.
func (w *world) edit(a luoshu.Actor, entity string, rec int64, reason string, cells map[string]string) correct.Outcome {
	w.t.Helper()
	v, _, err := w.Form(ctx, a, entity, rec)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.Edit(ctx, correct.Edit{Entity: entity, Rec: rec, Rid: v.Rid, Cells: cells, Reason: reason, By: a})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) answer(a luoshu.Actor, id int64, action, words string) error {
	w.t.Helper()
	_, err := w.Answer(ctx, a, id, correct.Answer{Action: action, Words: words})
	return err
}

func (w *world) state(id int64) string {
	w.t.Helper()
	r, err := w.Request(ctx, planner, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.State
}

// both runs a test on either database.
func both(t *testing.T, f func(*testing.T, *world)) {
	dbs.Each(t, func(t *testing.T, c store.Config) { f(t, newWorld(t, c)) })
}
