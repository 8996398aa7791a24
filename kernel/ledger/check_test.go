package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/store"
)

// Whatever is altered behind the ledger's back, Check names it.
func TestCheckNamesWhatWasTamperedWith(t *testing.T) {
	area := store.Table("area")
	for i, x := range []struct {
		name, sql string
		want      string // of every problem "entity#rec@seq" must hold one of these, separated by spaces
	}{
		{"a value", "UPDATE " + area + " SET name = '改' WHERE _rid = 2", "area#2@1"},
		{"a value of an old version", "UPDATE " + area + " SET name = '改' WHERE _to = 2", "area#2@1"},
		{"a value to null", "UPDATE " + area + " SET name = NULL WHERE _rid = 1", "area#1@1"},
		{"a hash", "UPDATE " + area + " SET _h = (SELECT _h FROM " + area + " WHERE _rid = 1) WHERE _rid = 3", "area#3@1"},
		{"a deleted row", "DELETE FROM " + area + " WHERE _rid = 3", "area#0@1"},
		{"a deleted last row", "DELETE FROM " + area + " WHERE _rid = 5", "area#0@2"},
		{"a deleted first row", "DELETE FROM " + area + " WHERE _rid = 1", "area#0@1"},
		{"a copied row", "INSERT INTO " + area + " (_rid, _rec, _from, _h, _row, code, name) SELECT 99, 99, 2, _h, 7, 'ZZ', name FROM " + area + " WHERE _rid = 1", "area#99@2"},
		{"a row of no commit", "INSERT INTO " + area + " (_rid, _rec, _from, _h, _row, code) SELECT 99, 99, 77, _h, 7, 'ZZ' FROM " + area + " WHERE _rid = 1", "area#99@77"},
		{"the source row", "UPDATE " + area + " SET _row = 99 WHERE _rid = 1", "area#0@1"},
		{"the record", "UPDATE " + area + " SET _rec = 1 WHERE _rid = 3", "area#0@1 area#1@0"},
		{"a closing", "UPDATE " + area + " SET _to = 2 WHERE _rid = 1", "area#0@2"},
		{"an impossible closing", "UPDATE " + area + " SET _to = 50 WHERE _rid = 1", "area#1@50"},
		{"a closing before the opening", "UPDATE " + area + " SET _to = 1 WHERE _rid = 1", "area#1@1 area#0@1"},
		{"a closing taken back", "UPDATE " + area + " SET _to = NULL, code = 'Q' WHERE _to = 2", "area#2@1 area#0@2 area#2@0"},
		{"an attestation", "UPDATE " + area + " SET _verified = 20300101 WHERE _rid = 1", "area#1@1"},
		{"the actor", "UPDATE commit_log SET actor = 'eve' WHERE seq = 1", "area#0@1"},
		{"the date", "UPDATE commit_log SET at = '2030-01-01T00:00:00Z' WHERE seq = 2", "area#0@2"},
		{"a count", "UPDATE commit_log SET new = 7 WHERE seq = 2", "area#0@2"},
		{"the file's name", "UPDATE commit_log SET file_name = 'x' WHERE seq = 2", "area#0@2"},
		{"a digest", "UPDATE commit_log SET digest = prev WHERE seq = 2", "area#0@2"},
		{"a chain", "UPDATE commit_log SET prev = digest WHERE seq = 2", "area#0@2"},
		{"a deleted commit", "DELETE FROM commit_log WHERE seq = 1", "#0@1 area#1@1 area#2@1 area#3@1 area#0@2 #0@2"},
		{"a deleted last commit", "DELETE FROM commit_log WHERE seq = 3", "#0@3 item#1@3"},
		{"the head", "UPDATE head SET seq = 2", "#0@3"},
		{"the head's hash", "UPDATE head SET hash = (SELECT hash FROM commit_log WHERE seq = 1)", "#0@3"},
		{"a seal's note", "UPDATE seal SET note = 'x' WHERE n = 1", "#0@2"},
		{"a seal's place", "UPDATE seal SET seq = 1 WHERE n = 1", "#0@1"},
		{"a deleted seal", "DELETE FROM seal WHERE n = 1", "#0@3"},
		{"a dropped table", "DROP TABLE " + area, "area#0@1 area#0@2"},
	} {
		t.Run(strings.ReplaceAll(x.name, " ", "-"), func(t *testing.T) {
			run := func(t *testing.T, c store.Config) {
				b := open(t, c)
				b.put("3/0/0/0", "area", "A1,甲", "A2,乙", "A3,丙")
				b.put("1/1/0/0", "area", "A2,丁", "A4,戊")
				b.seal("first")
				b.put("1/0/0/0", "item", "N1,2024,x,A1")
				b.seal("second")
				b.sound()
				if _, err := b.db.Exec(b.ctx, x.sql); err != nil {
					t.Fatal(err)
				}
				problems, err := b.Check(b.ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				if len(problems) == 0 {
					t.Fatal("nothing was found")
				}
				named := false
				allowed := strings.Fields(x.want)
				for _, p := range problems {
					at := fmt.Sprintf("%s#%d@%d", p.Entity, p.Rec, p.Seq)
					ok := false
					for _, w := range allowed {
						ok = ok || w == at
					}
					named = named || at == allowed[0]
					if !ok {
						t.Errorf("%s is blamed without cause: %s", at, p.Msg.EN)
					}
					if p.Msg.ZH == "" || strings.Contains(p.Msg.ZH+p.Msg.EN, "%!") {
						t.Errorf("message is broken: %+v", p.Msg)
					}
				}
				if !named {
					t.Errorf("%s is not named: %+v", allowed[0], problems)
				}
			}
			t.Run("sqlite", func(t *testing.T) { run(t, dbs.SQLite(t)) })
			if i%6 == 0 { // a new database costs PostgreSQL a second; the walk is the same
				t.Run("postgres", func(t *testing.T) { run(t, dbs.Postgres(t)) })
			}
		})
	}
}

func (b *book) seal(note string) {
	b.Helper()
	if _, err := b.Seal(b.ctx, luoshu.Actor{Name: "ann"}, note); err != nil {
		b.Fatal(err)
	}
}

func TestSeals(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		if _, err := b.Seal(b.ctx, luoshu.Actor{}, ""); kindOf(err) != luoshu.Conflict {
			t.Errorf("an empty ledger: %v", err)
		}
		if _, err := b.LastSeal(b.ctx); kindOf(err) != luoshu.NotFound {
			t.Errorf("no seal: %v", err)
		}
		b.put("1/0/0/0", "area", "A1,甲")
		b.seal("one")
		b.put("1/0/0/0", "area", "A2,甲")
		b.seal("two")
		b.seal("three")
		list, err := b.Seals(b.ctx)
		if err != nil || len(list) != 3 || list[0].ID != "S000001" || list[0].Seq != 1 || list[2].ID != "S000003" || list[2].Seq != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		if s, err := b.SealByID(b.ctx, "S000002"); err != nil || s != list[1] || s.Note != "two" || s.Signer != "ann" {
			t.Errorf("%+v %v", s, err)
		}
		if s, err := b.LastSeal(b.ctx); err != nil || s != list[2] {
			t.Errorf("%+v %v", s, err)
		}
		if _, err := b.SealByID(b.ctx, "S9"); kindOf(err) != luoshu.NotFound {
			t.Errorf("unknown seal: %v", err)
		}
		b.sound()
	})
}
