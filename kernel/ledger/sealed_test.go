package ledger_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

func sealed(t *testing.T, c store.Config) *book {
	t.Helper()
	return openWith(t, c, storetest.SealedEntities())
}

// Sealed fields behave as any other: matching, references, duplicates, partial
// files, differences, undo, history.
func TestSealedRows(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := sealed(t, c)
		b.put("2/0/0/0", "area", "A1,甲", "A2,乙,A1")
		b.put("0/0/2/0", "area", "A1,甲", "A2,乙,A1")
		b.put("1/1/1/1", "area", "A1,甲", "A2,丙,A1", "A3,丁", "A3,丁")
		b.expect("area", "code,name,parent,_rec", "A1,甲,,1 A2,丙,A1,2 A3,丁,,4")
		b.put("2/0/0/1", "item", "N1,2024,张三,A1,150,3,1,20240901,Z9", "N2,2024,李四,A2", "N3,2024,王五,GONE")
		batch := b.batch("item", "N1,2024,,,,4")
		batch.Columns = []bool{true, true, false, false, false, true, false, false, false}
		var before, after []luoshu.Value
		batch.Each = func(d ledger.Diff) error {
			before, after = append(before, d.Before...), append(after, d.After...)
			return nil
		}
		if r := b.commit(batch); counts(r) != "0/1/0/0" {
			t.Fatalf("%+v", r)
		}
		if fmt.Sprint(before) != "[N1 2024 张三 A1 150 3 1 20240901 Z9]" || fmt.Sprint(after) != "[N1 2024 张三 A1 150 4 1 20240901 Z9]" {
			t.Errorf("before %v after %v", before, after)
		}
		b.expect("item", "no,area,amount,count,day,old_area", "N1,A1,150,4,20240901,Z9 N2,A2,,,,")
		h, err := b.History(b.ctx, "item", 1)
		if err != nil || len(h) != 2 || fmt.Sprint(h[0].Values) != fmt.Sprint(before) {
			t.Errorf("%+v %v", h, err)
		}
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 1, ""); kindOf(err) != luoshu.Conflict {
			t.Errorf("undo of a load that others changed: %v", err)
		}
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 4, ""); err != nil {
			t.Fatal(err)
		}
		b.expect("item", "no,area,amount,count,day", "N1,A1,150,3,20240901 N2,A2,,,")
		rm := b.batch("area", "A2")
		rm.Remove = true
		if _, err := b.Commit(b.ctx, rm, nil); kindOf(err) != luoshu.Conflict {
			t.Errorf("a record that others refer to was removed: %v", err)
		}
		alias := b.batch("area", "A3,丁")
		alias.Aliases = []ledger.Alias{{Old: "A9", New: "A3"}}
		b.commit(alias)
		b.put("0/1/0/0", "area", "A9,新")
		b.expect("area", "code,name,parent", "A1,甲, A2,丙,A1 A3,新,")
		if k, err := b.KeyOf(b.ctx, "area", "A9"); k != "A3" || err != nil {
			t.Error(k, err)
		}
		b.sound()
	})
}

// What is sealed is nowhere in the database's files.
func TestSealedRowsShowNothing(t *testing.T) {
	c := dbs.SQLite(t)
	b := sealed(t, c)
	secrets := []string{"G11010519491231002X", "汉武大街一百零八号", "G41030319801109877X", "7391846251"}
	b.put("1/0/0/0", "area", secrets[2]+","+secrets[1])
	b.put("1/0/0/0", "area", secrets[0]+","+secrets[1]+","+secrets[2])
	b.put("1/0/0/0", "item", "N1,2024,张三,"+secrets[0]+","+secrets[3])
	alias := b.batch("area", secrets[0]+","+secrets[1])
	alias.Aliases = []ledger.Alias{{Old: secrets[2], New: secrets[0]}}
	b.commit(alias)
	var token string
	if err := b.db.QueryRow(b.ctx, "SELECT code FROM r_area WHERE _rid = 2").Scan(&token); err != nil || !strings.HasPrefix(token, "~") {
		t.Fatal(token, err)
	}
	for _, p := range []string{c.DSN, c.DSN + "-wal"} {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s holds %s", p, s)
			}
		}
	}
	var n int
	if err := b.db.QueryRow(b.ctx, "SELECT count(*) FROM r_item WHERE amount IS NOT NULL").Scan(&n); err != nil || n != 0 {
		t.Error("a number stands in clear", n, err)
	}
}

// Whatever is altered in what is sealed, Check names the record and the commit.
func TestCheckNamesSealedValuesTamperedWith(t *testing.T) {
	for _, x := range []struct{ name, sql string }{
		{"a flipped byte", "UPDATE r_area SET _x = CAST(substr(_x, 1, length(_x) - 1) || x'00' AS BLOB) WHERE _rid = 2"},
		{"an envelope cut short", "UPDATE r_area SET _x = substr(_x, 1, 20) WHERE _rid = 2"},
		{"an envelope gone", "UPDATE r_area SET _x = NULL WHERE _rid = 2"},
		{"the envelope of another row", "UPDATE r_area SET _x = (SELECT _x FROM r_area WHERE _rid = 1) WHERE _rid = 2"},
		{"envelope and hash of another row", "UPDATE r_area SET _x = (SELECT _x FROM r_area WHERE _rid = 1), _h = (SELECT _h FROM r_area WHERE _rid = 1) WHERE _rid = 2"},
		{"another token", "UPDATE r_area SET parent = code WHERE _rid = 2"},
		{"a token gone", "UPDATE r_area SET parent = NULL WHERE _rid = 2"},
		{"a key in clear", "UPDATE r_area SET code = 'A2' WHERE _rid = 2"},
		{"a value in clear", "UPDATE r_area SET name = '乙' WHERE _rid = 2"},
		{"another value in clear", "UPDATE r_area SET name = '改' WHERE _rid = 2"},
	} {
		t.Run(strings.ReplaceAll(x.name, " ", "-"), func(t *testing.T) {
			b := sealed(t, dbs.SQLite(t))
			b.put("3/0/0/0", "area", "A1,甲", "A2,乙,A1", "A3,丙")
			b.sound()
			if _, err := b.db.Exec(b.ctx, x.sql); err != nil {
				t.Fatal(err)
			}
			p, err := b.Check(b.ctx, nil)
			if err != nil || len(p) == 0 || p[0].Entity != "area" || p[0].Rec != 2 || p[0].Seq != 1 {
				t.Fatalf("%+v %v", p, err)
			}
			if strings.Contains(fmt.Sprint(p), "乙") {
				t.Error("the problem quotes the value", p)
			}
		})
	}
}
