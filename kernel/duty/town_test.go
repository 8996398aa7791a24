package duty_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/duty"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/workday"
	"luoshu/packs"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// town is a small city on the real packs: two counties; primary schools A and B and
// kindergarten K in the first, senior school S in the second; D closed in July 2024.
type town struct {
	*testing.T
	ctx   context.Context
	cat   *catalog.Catalog
	db    *store.DB
	led   *ledger.Ledger
	acc   *access.Access
	conf  duty.Config
	today time.Time
	*duty.Keeper
}

const (
	schoolA, schoolB, schoolK, schoolS, schoolD = "2141000001", "2141000002", "1141000003", "3141000004", "2141000005"
	countyX, countyY, city                      = "410311", "410302", "410300"
)

func shipped(t *testing.T) (*catalog.Catalog, *duty.Book) {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
	for _, f := range faults {
		t.Fatal(f)
	}
	book, faults := duty.Load(cat, nil)
	for _, f := range faults {
		t.Fatal(f)
	}
	return cat, book
}

func open(t *testing.T, c store.Config) *town {
	t.Helper()
	cat, book := shipped(t)
	days, faults := workday.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	tn := &town{T: t, ctx: t.Context(), cat: cat}
	clock := func() time.Time { return tn.today }
	tn.at(20240930)
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
	tn.conf = duty.Config{
		DB: tn.db, Catalog: cat, Book: book, Days: days, Access: tn.acc, Records: records.New(tn.db, cat), Now: clock,
		Files: load.New(t.TempDir(), cat, tn.led, tn.db, clock),
	}
	tn.Keeper = duty.New(tn.conf)
	tn.put("organisation", row{"code": city, "name": "市教育局", "level": "city"})
	tn.put("organisation", row{"code": countyX, "name": "洛龙教体局", "level": "county", "parent_code": city},
		row{"code": countyY, "name": "老城教体局", "level": "county", "parent_code": city})
	for _, s := range []struct {
		code, kind, county string
		closed             any
	}{
		{schoolA, "211", countyX, nil},
		{schoolB, "211", countyX, nil},
		{schoolK, "111", countyX, nil},
		{schoolS, "342", countyY, nil},
		{schoolD, "211", countyX, 20240701},
	} {
		tn.put("school", row{
			"school_code": s.code, "name": "校" + s.code, "type_code": s.kind, "runner": "public", "urban_rural": "111",
			"division_code": s.county, "managing_code": s.county, "counts": 1, "opened": 19850901, "closed": s.closed, "address": "开元大道1号",
		})
	}
	return tn
}

// at sets the clock to a day.
func (tn *town) at(day int64) {
	tn.today = time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 9, 0, 0, 0, time.UTC)
}

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
					v[e.Field(k).Index] = luoshu.ValueOf(x)
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

func as(role, org string) luoshu.Actor {
	return luoshu.Actor{Name: role + "-" + org, Role: role, Org: org}
}

// list is the instances of one duty at one organisation on a day, as "period state".
func (tn *town) list(actor luoshu.Actor, id, org string, on int64) []string {
	tn.Helper()
	l, err := tn.List(tn.ctx, actor, duty.Query{On: on, Org: org, Own: true, Duty: id})
	if err != nil {
		tn.Fatal(err)
	}
	out := []string{}
	for _, x := range l.Rows {
		out = append(out, x.Period.Key+" "+x.State)
	}
	return out
}

func (tn *town) mark(actor luoshu.Actor, r duty.Request) (*duty.Mark, luoshu.ErrKind) {
	tn.Helper()
	if r.Evidence == "" && r.Kind != duty.Event {
		r.Evidence = "会议纪要〔2024〕3号"
	}
	m, err := tn.Mark(tn.ctx, actor, r)
	return m, kind(tn.T, err)
}

func kind(t *testing.T, err error) luoshu.ErrKind {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *luoshu.Error
	if !errors.As(err, &e) || e.Msg.ZH == "" || e.Msg.EN == "" {
		t.Fatalf("not for people: %v", err)
	}
	return e.Kind
}
