package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/reseal"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/vault"
)

// plain are the entities of SealedEntities before anything was sealed.
func plain() map[string]string {
	out := storetest.SealedEntities()
	for name, text := range out {
		for _, x := range []string{"sealed: true, sensitivity: personal, ", "sensitivity: sensitive, "} {
			text = strings.ReplaceAll(text, x, "")
		}
		out[name] = text
	}
	return out
}

// former fills a database as a release without keys did.
func former(t *testing.T, c store.Config, rows int) {
	t.Helper()
	c.Keys = nil
	b := openWith(t, c, plain())
	var lines []string
	for i := range rows {
		lines = append(lines, fmt.Sprintf("A%05d,name of %d", i, i))
	}
	b.put(fmt.Sprintf("%d/0/0/0", rows), "area", lines...)
	b.put("1/1/0/0", "area", "A00001,改过的名,A00000", "B00001,乙")
	b.put("2/0/0/0", "item", "N1,2024,张三,A00001,150,3,1,20240901,Z9", "N2,2024,李四,A00001")
	b.put("0/1/0/0", "item", "N1,2024,张三,A00001,151,3,1,20240901,Z9")
	if _, err := b.Undo(b.ctx, luoshu.Actor{}, 4, ""); err != nil {
		t.Fatal(err)
	}
	alias := b.batch("area", "A00001,改过的名,A00000")
	alias.Aliases = []ledger.Alias{{Old: "OLD-KEY-77", New: "A00001"}}
	b.commit(alias)
	b.seal("before")
	b.sound()
	// The schema of that release had nothing of what sealing needs.
	for _, q := range []string{
		"DROP TABLE vault", "DROP TABLE vault_key", "DROP TABLE vault_field", "DROP TABLE vault_entity",
		"ALTER TABLE alias DROP COLUMN clear", "ALTER TABLE upload_row DROP COLUMN faulty",
		// Nor what later steps made.
		"DROP TABLE flow_type", "DROP TABLE flow_number", "DROP TABLE flow_case", "DROP TABLE flow_step", "DROP TABLE flow_task", "DROP TABLE flow_paper",
		"DROP TABLE permit", "DROP TABLE publication", "DROP TABLE notice", "DROP TABLE notice_read", "DROP INDEX role_grant_org",
		"ALTER TABLE movement_act DROP COLUMN stuck", "ALTER TABLE correction DROP COLUMN first_rec", "DROP TABLE duty_mark", "DROP TABLE duty_paper", "DROP INDEX role_grant_case", "ALTER TABLE role_grant DROP COLUMN case_no", "DROP TABLE notice_sent", "DROP TABLE credential_request",
		"DELETE FROM schema_version WHERE number >= 10",
	} {
		if _, err := b.db.Exec(b.ctx, q); err != nil {
			t.Fatal(q, err)
		}
	}
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
}

// A database that a former release filled in clear is sealed when it is first
// opened with keys, however often that is interrupted; its chain and seals hold.
func TestFormerDatabaseIsSealed(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		keys := c.Keys
		former(t, c, 12_000)
		c.Keys = keys
		cat := storetest.Catalog(t, storetest.SealedEntities())
		tries := 0
		for done := false; !done; tries++ {
			db, err := store.Open(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			ctx := &dying{Context: context.Background()}
			ctx.left.Store(int64(1 + 3*tries))
			_, err = ledger.Open(ctx, db, cat, (&book{}).clock)
			if done = err == nil; !done && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if tries < 3 {
			t.Errorf("opened at the %d. try: nothing was interrupted", tries)
		}
		b := openWith(t, c, storetest.SealedEntities())
		b.sound()
		b.expect("item", "no,area,amount,count,day,old_area", "N1,A00001,150,3,20240901,Z9 N2,A00001,,,,")
		if got := b.dump("area", "code,name,parent", 0); !strings.HasPrefix(got, "A00000,name of 0, A00001,改过的名,A00000 A00002,name of 2, ") {
			t.Error(got[:80])
		}
		if got := b.dump("area", "code,name", 1); !strings.HasPrefix(got, "A00000,name of 0 A00001,name of 1 ") {
			t.Error(got[:80])
		}
		b.put("0/0/2/0", "area", "A00001,改过的名,A00000", "A00002,name of 2")
		b.put("0/0/1/0", "area", "OLD-KEY-77,改过的名,A00000")
		b.put("0/1/1/0", "item", "N1,2024,张三,A00001,150,3,1,20240901,Z9", "N2,2024,李四,A00001,7")
		b.put("1/1/0/0", "area", "A00002,新名", "C1,丙")
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 3, ""); kindOf(err) != luoshu.Conflict {
			t.Errorf("undo of what changed since: %v", err)
		}
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 2, ""); err != nil {
			t.Errorf("undo of a commit from before: %v", err)
		}
		b.sound()
		b.shows(c, false, "改过的名", "OLD-KEY-77", "name of 11999", "A11999")
		if _, err := b.db.Exec(b.ctx, "UPDATE r_area SET _row = _row + 1 WHERE _rid = 5"); err != nil {
			t.Fatal(err)
		}
		if p, err := b.Check(b.ctx, nil); err != nil || len(p) != 1 || p[0].Seq != 1 {
			t.Errorf("a commit from before is no longer guarded: %+v %v", p, err)
		}
	})
}

// shows says whether any of the texts is in the files of a SQLite database.
func (b *book) shows(c store.Config, want bool, texts ...string) {
	b.Helper()
	if c.Driver != "sqlite" {
		return
	}
	for _, s := range texts {
		found := false
		for _, p := range []string{c.DSN, c.DSN + "-wal"} {
			data, err := os.ReadFile(p)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				b.Fatal(err)
			}
			found = found || bytes.Contains(data, []byte(s))
		}
		if found != want {
			b.Errorf("%s in the files: %v", s, found)
		}
	}
}

// dying is a context that ends when it has been looked at so often.
type dying struct {
	context.Context
	left atomic.Int64
}

// Err ends the context at last.
func (d *dying) Err() error {
	if d.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// A catalog that seals more, or less, finds its values again.
func TestCatalogChangesWhatIsSealed(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		former(t, c, 20)
		some := plain()
		some["item"] = strings.Replace(some["item"], "type: int, ", "type: int, sensitivity: sensitive, ", 1)
		none := plain()
		full := storetest.SealedEntities()
		for i, entities := range []map[string]string{some, full, some, none, full} {
			b := openWith(t, c, entities)
			b.sound()
			b.expect("item", "no,area,amount,count,day,old_area", "N1,A00001,150,3,20240901,Z9 N2,A00001,,,,")
			b.put("1/0/1/0", "item", "N1,2024,张三,A00001,150,3,1,20240901,Z9", fmt.Sprintf("X%d,2024,,A00001,,%d", i, i))
			if _, err := b.Undo(b.ctx, luoshu.Actor{}, int64(7+2*i), ""); err != nil {
				t.Fatal(err)
			}
			b.sound()
			if err := b.db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// keyFile is a config whose keys lie in a file, as a city's do, and how to open it
// as another process would.
func keyFile(t *testing.T, c store.Config) (store.Config, func() *vault.Vault) {
	dir := t.TempDir()
	c.Keys = storetest.KeysIn(t, dir)
	return c, func() *vault.Vault { return storetest.KeysIn(t, dir) }
}

// Keys are rotated while others commit; in the end nothing is sealed with the old
// one, which is gone.
func TestRotationWhileOthersCommit(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		c, other := keyFile(t, c)
		b := sealed(t, c)
		var lines []string
		for i := range 9000 {
			lines = append(lines, fmt.Sprintf("A%05d,name of %d", i, i))
		}
		b.put("9000/0/0/0", "area", lines...)
		alias := b.batch("area", "A00001,name of 1")
		alias.Aliases = []ledger.Alias{{Old: "OLD", New: "A00001"}}
		b.commit(alias)
		digest := func() string {
			_, h, err := b.Head(b.ctx)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		head := digest()

		// Another process rotates, is interrupted, and goes on.
		keys := other()
		if n, err := keys.Rotate(b.clock()); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		c2 := c
		c2.Keys = keys
		db, err := store.Open(b.ctx, c2)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.EnsureEntities(b.ctx, b.cat); err != nil {
			t.Fatal(err)
		}
		ctx := &dying{Context: b.ctx}
		ctx.left.Store(4)
		if _, err := reseal.Rotate(ctx, db, t.TempDir(), nil); !errors.Is(err, context.Canceled) {
			t.Fatal("was not interrupted", err)
		}
		if got := digest(); got != head {
			t.Error("a rotation moved the chain")
		}
		b.sound()
		turn, ended := make(chan struct{}, 1), make(chan error, 1)
		go func() {
			i := 0
			for range turn {
				i++
				if _, err := b.Commit(b.ctx, b.batch("area", fmt.Sprintf("A%05d,changed %d", i%9000, i), fmt.Sprintf("N%05d,new", i)), nil); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
		r, err := reseal.Rotate(b.ctx, db, t.TempDir(), func(string, int64, int64) {
			select {
			case turn <- struct{}{}:
			default:
			}
		})
		close(turn)
		if err := errors.Join(err, <-ended); err != nil {
			t.Fatal(err)
		}
		if r.Key != 2 || fmt.Sprint(r.Retired) != "[1]" || r.Rows == 0 || r.Texts != 1 {
			t.Errorf("%+v", r)
		}
		b.sound()
		n := 0
		err = b.db.Scan(b.ctx, "SELECT _x FROM r_area", nil, func(r *store.Row) error {
			if vault.KeyOf(r.Bytes(0)) != 2 {
				n++
			}
			return nil
		})
		if err != nil || n != 0 {
			t.Errorf("%d rows under the old key, %v", n, err)
		}
		if k := other().Numbers(); len(k) != 1 || k[0].Number != 2 {
			t.Error(k)
		}
		if k, err := b.KeyOf(b.ctx, "area", "OLD"); k != "A00001" || err != nil {
			t.Error(k, err)
		}
		b.put("0/0/1/0", "area", "A08999,name of 8999")
		if again, err := reseal.Rotate(b.ctx, db, t.TempDir(), nil); err != nil || again.Rows+again.Texts != 0 || len(again.Retired) != 0 {
			t.Errorf("%+v %v", again, err)
		}
	})
}
