package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) {
	if dir := os.Getenv(loaderEnv); dir != "" {
		loaderProcess(dir)
		return
	}
	os.Exit(dbs.Main(m))
}

// book is a ledger over a small catalog with helpers that speak in strings.
type book struct {
	*testing.T
	ctx context.Context
	cat *catalog.Catalog
	db  *store.DB
	*ledger.Ledger
	day int
}

func open(t *testing.T, c store.Config) *book {
	t.Helper()
	return openWith(t, c, storetest.Entities())
}

func openWith(t *testing.T, c store.Config, entities map[string]string) *book {
	t.Helper()
	b := &book{T: t, ctx: context.Background(), cat: storetest.Catalog(t, entities)}
	var err error
	if b.db, err = store.Open(b.ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	if b.Ledger, err = ledger.Open(b.ctx, b.db, b.cat, b.clock); err != nil {
		t.Fatal(err)
	}
	return b
}

// clock moves one minute a look.
func (b *book) clock() time.Time {
	b.day++
	return time.Date(2024, 9, 1, 0, b.day, 0, 0, time.UTC)
}

// value reads "" as null and numbers where the field has them.
func value(f *catalog.Field, s string) luoshu.Value {
	if s == "" || f.Type.IsText() {
		return luoshu.TextValue(s)
	}
	var n int64
	fmt.Sscan(s, &n)
	return luoshu.IntValue(n)
}

// batch makes a batch from lines of comma-separated values in the order of the
// entity's fields; missing values at the end are null. Rows count from 2.
func (b *book) batch(entity string, lines ...string) ledger.Batch {
	e := b.cat.Entity(entity)
	return ledger.Batch{
		Entity: entity, Actor: luoshu.Actor{Name: "ann", Role: "planner", Org: "A0"}, Reason: "test",
		Rows: func(yield func(ledger.Row) error) error {
			vals := make([]luoshu.Value, len(e.Fields)) // reused: the ledger must copy
			for i, line := range lines {
				clear(vals)
				if line != "" {
					for j, s := range strings.Split(line, ",") {
						vals[j] = value(e.Fields[j], s)
					}
				}
				if err := yield(ledger.Row{N: i + 2, Values: vals}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (b *book) commit(batch ledger.Batch) ledger.Result {
	b.Helper()
	r, err := b.Commit(b.ctx, batch, nil)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// put commits lines and compares the counts with "new/changed/unchanged/refused".
func (b *book) put(want, entity string, lines ...string) ledger.Result {
	b.Helper()
	r := b.commit(b.batch(entity, lines...))
	if got := counts(r); got != want {
		b.Fatalf("%s: %s, want %s", entity, got, want)
	}
	return r
}

func counts(r ledger.Result) string {
	return fmt.Sprintf("%d/%d/%d/%d", r.New, r.Changed, r.Unchanged, r.Refused)
}

// dump lists the current rows of an entity as of a commit (0: now), opened.
func (b *book) dump(entity string, cols string, asOf int64) string {
	b.Helper()
	where, args := "_to IS NULL", []any{}
	if asOf != 0 {
		where, args = "_from <= ? AND (_to IS NULL OR _to > ?)", []any{asOf, asOf}
	}
	names, envelope, form := strings.Split(cols, ","), "", b.db.Form(entity)
	if form != nil {
		envelope = ", _h, " + store.Envelope
	}
	cells := form.Cells(names)
	var out []string
	err := b.db.Scan(b.ctx, "SELECT "+cols+envelope+" FROM "+store.Table(entity)+" WHERE "+where, args, func(r *store.Row) error {
		vals := make([]luoshu.Value, len(names))
		for i := range vals {
			vals[i] = r.Value(i)
		}
		if form != nil {
			if _, err := cells.Open(r.Bytes(len(names)+1), r.Bytes(len(names)), vals); err != nil {
				return err
			}
		}
		var line []string
		for _, v := range vals {
			line = append(line, v.String())
		}
		out = append(out, strings.Join(line, ","))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (b *book) expect(entity, cols, want string) {
	b.Helper()
	if got := b.dump(entity, cols, 0); got != want {
		b.Errorf("%s has %q, want %q", entity, got, want)
	}
}

// sound fails the test unless Check finds nothing.
func (b *book) sound() {
	b.Helper()
	p, err := b.Check(b.ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range p {
		b.Errorf("check: %+v", x)
	}
}

func kindOf(err error) luoshu.ErrKind {
	var e *luoshu.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// verdicts collects what Each tells: "row:verdict:rules".
func verdicts(b *ledger.Batch, out *[]string) {
	b.Each = func(d ledger.Diff) error {
		s := fmt.Sprintf("%d:%s", d.N, d.Verdict)
		for _, f := range d.Faults {
			s += ":" + f.Rule + "@" + f.Field
			if f.ZH == "" || f.EN == "" || strings.Contains(f.ZH+f.EN, "%!") || f.Row != d.N {
				s += " BAD FAULT " + f.ZH + f.EN
			}
		}
		*out = append(*out, s)
		return nil
	}
}

func TestCommitVerdicts(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		r := b.put("2/0/0/0", "area", "A1,甲", "A2,乙,A1")
		if r.Seq != 1 {
			t.Errorf("first commit is %d", r.Seq)
		}
		b.put("0/0/2/0", "area", "A1,甲", "A2,乙,A1")
		if seq, hash, _ := b.Head(b.ctx); seq != 1 || len(hash) != 64 {
			t.Errorf("a commit without changes moved the head to %d %s", seq, hash)
		}
		if r := b.put("1/1/1/0", "area", "A1,甲", "A2,丙,A1", "A3,丁"); r.Seq != 2 || r.Rows != 3 {
			t.Errorf("%+v", r)
		}
		b.expect("area", "code,name,parent,_rec,_rid,_from,_row", "A1,甲,,1,1,1,2 A2,丙,A1,2,3,2,3 A3,丁,,4,4,2,4")
		if got := b.dump("area", "code,name", 1); got != "A1,甲 A2,乙" {
			t.Errorf("as of the first commit: %s", got)
		}
		b.sound()
	})
}

func TestFaults(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("1/0/0/0", "area", "A1,甲")
		batch := b.batch("item",
			"N1,2024,张三,A1,150,3,1,20240901,Z9", // 2: new; the loose reference may dangle
			"N1,2024,李四,A1",                     // 3: the same record again
			"N2,2024,王五,A7",                     // 4: no such area
			"N2,2024,王五,A1",                     // 5: new: row 4 was not taken
			",2024,无号",                          // 6: no key
			"N3,,无年",                            // 7: no key
			"N4,2024,a\x00b",                    // 8: a character no database takes
			"N5,2024,\xff",                      // 9: not a character
			strings.Repeat("N", 600)+",2024",    // 10: too long for an index
			"N6,2024,,",                         // 11: new, nothing but a key
		)
		var got []string
		verdicts(&batch, &got)
		r := b.commit(batch)
		want := []string{
			"2:new", "3:refused:duplicate@no", "4:refused:ref@area", "5:new", "6:refused:required@no",
			"7:refused:required@year", "8:refused:text@name", "9:refused:text@name", "10:refused:length@no", "11:new",
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("verdicts\n%v\nwant\n%v", got, want)
		}
		if counts(r) != "3/0/0/7" || r.Rows != 10 {
			t.Errorf("%+v", r)
		}
		b.expect("item", "no,name,old_area,_s,_p,_i", "N1,张三,Z9,张三,zhangsan,zs N2,王五,,王五,wangwu,ww N6,,,,,")
		b.sound()
	})
}

func TestDuplicateNamesTheFirstRow(t *testing.T) {
	b := open(t, dbs.SQLite(t))
	batch := b.batch("area", "A1,甲", "A2,乙", "A1,丙")
	batch.Each = func(d ledger.Diff) error {
		if d.Verdict == ledger.Refused {
			if f := d.Faults[0]; !strings.Contains(f.ZH, "第2行") || !strings.Contains(f.EN, "row 2") {
				t.Errorf("%+v", f)
			}
		}
		return nil
	}
	b.commit(batch)
	// Against records that are there already, too.
	batch = b.batch("area", "A1,甲", "A1,甲")
	if r := b.commit(batch); counts(r) != "0/0/1/1" {
		t.Errorf("%+v", r)
	}
}

func TestSelfReferences(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		// Children before parents, a row that is its own parent, an orphan and a
		// child of the orphan.
		batch := b.batch("area", "C,丙,B", "B,乙,A", "A,甲,A", "X,孤,Y", "Z,孤子,X")
		var got []string
		verdicts(&batch, &got)
		if r := b.commit(batch); counts(r) != "3/0/0/2" || r.Rows != 5 {
			t.Errorf("%+v", r)
		}
		if want := "4:new 3:new 2:new 5:refused:ref@parent 6:refused:ref@parent"; strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
		b.sound()
	})
}

func TestAbsentColumnsKeepTheirValues(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("1/0/0/0", "area", "A1,甲")
		b.put("2/0/0/0", "item", "N1,2024,张三,A1,150,3,1,20240901,Z9", "N2,2024,李四,A1,250")
		batch := b.batch("item", "N1,2024,张三丰,GONE,9", "N2,2024,李四", "N3,2024,新人", "N2,2024,李四")
		batch.Columns = []bool{true, true, true, false, false, false, false, false, false}
		var got []string
		verdicts(&batch, &got)
		if r := b.commit(batch); counts(r) != "1/1/1/1" {
			t.Errorf("%+v", r)
		}
		if want := "2:changed 3:unchanged 4:new 5:refused:duplicate@no"; strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
		b.expect("item", "no,name,area,amount,count,kept,day,old_area,_p", "N1,张三丰,A1,150,3,1,20240901,Z9,zhangsanfeng N2,李四,A1,250,,,,,lisi N3,新人,,,,,,,xinren")
		batch.Columns = []bool{true, false, true, true, true, true, true, true, true}
		if _, err := b.Commit(b.ctx, batch, nil); kindOf(err) != luoshu.Invalid {
			t.Errorf("without a key column: %v", err)
		}
		b.sound()
	})
}

func TestDiffTellsBeforeAndAfter(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙")
		for _, dry := range []bool{true, false} {
			batch := b.batch("area", "A1,甲", "A2,丙", "A3,丁")
			batch.DryRun = dry
			var got []string
			batch.Each = func(d ledger.Diff) error {
				s := fmt.Sprint(d.N, d.Verdict, d.Rec != 0)
				if d.Before != nil {
					s += " " + d.Before[1].S
				}
				if d.After != nil {
					s += ">" + d.After[1].S
				}
				got = append(got, s)
				return nil
			}
			r := b.commit(batch)
			want := fmt.Sprintf("[2 unchanged true 3 changed true 乙>丙 4 new %v>丁]", !dry)
			if fmt.Sprint(got) != want {
				t.Errorf("dry %v: %v, want %s", dry, got, want)
			}
			if counts(r) != "1/1/1/0" || (r.Seq == 0) != dry {
				t.Errorf("dry %v: %+v", dry, r)
			}
		}
		b.sound()
	})
}

func TestScope(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙")
		b.put("2/0/0/0", "item", "N1,2024,a,A1", "N2,2024,b,A2")
		batch := b.batch("item", "N1,2024,aa,A1", "N2,2024,bb,A1", "N3,2024,c,A1", "N4,2024,d,A2", "N1,2025,e,A2")
		batch.Scope = func(v []luoshu.Value) bool { return v[3].S == "A1" }
		var got []string
		verdicts(&batch, &got)
		b.commit(batch)
		// Row 3 would take over a record of another organisation.
		if want := "2:changed 3:refused:scope@area 4:new 5:refused:scope@area 6:refused:scope@area"; strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
		batch = b.batch("item", "N2,2024,zz", "N9,2024,zz")
		batch.Columns = []bool{true, true, true, false, false, false, false, false, false}
		batch.Scope = func(v []luoshu.Value) bool { return v[3].S == "A1" }
		if r := b.commit(batch); counts(r) != "0/0/0/2" {
			t.Errorf("by omitting the organisation: %+v", r)
		}
	})
}

func TestIdempotence(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		batch := b.batch("area", "A1,甲")
		batch.ID, batch.Source = "load-1", ledger.Source{SHA256: "ab", Name: "区.csv", Size: 9}
		first := b.commit(batch)
		b.put("0/1/0/0", "area", "A1,乙")
		if again := b.commit(batch); again != first {
			t.Errorf("repeated: %+v, want %+v", again, first)
		}
		b.expect("area", "code,name", "A1,乙")
		batch.Source.SHA256 = "cd"
		if _, err := b.Commit(b.ctx, batch, nil); kindOf(err) != luoshu.Conflict {
			t.Errorf("the id of another file: %v", err)
		}
		list, total, err := b.Commits(b.ctx, 0, 10)
		if err != nil || total != 2 || len(list) != 2 || list[1].ID != "load-1" || list[1].Source.Name != "区.csv" || list[1].Actor.Name != "ann" {
			t.Errorf("%+v %d %v", list, total, err)
		}
		b.sound()
	})
}

func TestAttestation(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		attest := func(date int64, want string, lines ...string) ledger.Result {
			batch := b.batch("area", lines...)
			batch.Attested = date
			r := b.commit(batch)
			if counts(r) != want {
				t.Errorf("%s, want %s", counts(r), want)
			}
			return r
		}
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙")
		b.expect("area", "code,_verified", "A1, A2,")
		if r := attest(20240901, "1/1/1/0", "A1,甲", "A2,丙", "A3,丁"); r.Seq != 2 {
			t.Errorf("%+v", r)
		}
		b.expect("area", "code,_verified,_rid", "A1,20240901,1 A2,20240901,3 A3,20240901,4")
		if r := attest(20240930, "0/0/1/0", "A1,甲"); r.Seq != 3 {
			t.Errorf("an attestation alone is a commit too: %+v", r)
		}
		if r := attest(20240915, "0/0/1/0", "A1,甲"); r.Seq != 0 {
			t.Errorf("an older attestation changes nothing: %+v", r)
		}
		b.expect("area", "code,_verified", "A1,20240930 A2,20240901 A3,20240901")
		b.put("0/1/0/0", "area", "A3,戊")
		b.expect("area", "code,_verified", "A1,20240930 A2,20240901 A3,")
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 3, ""); err != nil {
			t.Errorf("undo of an attestation: %v", err)
		}
		b.expect("area", "code,_verified", "A1,20240901 A2,20240901 A3,")
		b.sound()
	})
}

func TestErrorsLeaveNothing(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.put("1/0/0/0", "area", "A1,甲")
		stop := errors.New("stop")
		lines := make([]string, 5000)
		for i := range lines {
			lines[i] = fmt.Sprintf("B%d,乙", i)
		}
		for name, spoil := range map[string]func(*ledger.Batch){
			"rows fail": func(x *ledger.Batch) {
				rows := x.Rows
				x.Rows = func(y func(ledger.Row) error) error { return errors.Join(rows(y), stop) }
			},
			"rows panic": func(x *ledger.Batch) {
				rows := x.Rows
				x.Rows = func(y func(ledger.Row) error) error { rows(y); panic("bad reader") }
			},
			"each fails": func(x *ledger.Batch) { x.Each = func(ledger.Diff) error { return stop } },
			"text in a number": func(x *ledger.Batch) {
				x.Rows = func(y func(ledger.Row) error) error {
					return y(ledger.Row{N: 2, Values: []luoshu.Value{luoshu.IntValue(1), {}, {}}})
				}
			},
			"wrong width":    func(x *ledger.Batch) { x.Rows = func(y func(ledger.Row) error) error { return y(ledger.Row{N: 2}) } },
			"unknown entity": func(x *ledger.Batch) { x.Entity = "nothing" },
			"bad date":       func(x *ledger.Batch) { x.Attested = 7 },
		} {
			batch := b.batch("area", lines...)
			spoil(&batch)
			if _, err := b.Commit(b.ctx, batch, nil); err == nil {
				t.Errorf("%s: no error", name)
			} else if strings.Contains(name, "fail") && !errors.Is(err, stop) {
				t.Errorf("%s: %v", name, err)
			}
		}
		ctx, cancel := context.WithCancel(b.ctx)
		batch := b.batch("area", lines...)
		batch.Each = func(d ledger.Diff) error { cancel(); return nil }
		if _, err := b.Commit(ctx, batch, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		b.expect("area", "code", "A1")
		b.put("1/0/0/0", "area", "A2,乙")
		if seq, _, _ := b.Head(b.ctx); seq != 2 {
			t.Errorf("head is %d, want 2", seq)
		}
		b.sound()
	})
}
