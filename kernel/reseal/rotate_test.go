package reseal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"luoshu/kernel/reseal"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/vault"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// Sealed texts beside the rows are all brought under the new key, in however many
// steps, each in its place; a second rotation finds nothing to do.
func TestRotateTexts(t *testing.T) {
	rows := 5000
	if n, err := strconv.Atoi(os.Getenv("LUOSHU_TEXTS")); err == nil { // how the time grows
		rows = n
	}
	dbs.Each(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		c.Keys = storetest.KeysIn(t, t.TempDir())
		db, err := store.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := db.Vault().Sealer()
		text := func(u string, n int64) string { return fmt.Sprintf("row %d of %s", n, u) }
		err = db.Tx(ctx, func(tx *store.Tx) error {
			for i := range rows {
				u, n := fmt.Sprintf("U%d", i%3), int64(i/3)
				sealed, err := s.SealText(vault.Place("upload_row", u, n), text(u, n))
				if err == nil {
					_, err = tx.Exec(ctx, `INSERT INTO upload_row (upload, n, line, verdict, label, detail) VALUES (?, ?, ?, 'new', '', ?)`, u, n, n, sealed)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Vault().Rotate(time.Now()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{rows, 0} {
			began := time.Now()
			r, err := reseal.Rotate(ctx, db, t.TempDir(), nil)
			if err != nil || r.Texts != int64(want) || r.Key != 2 {
				t.Fatalf("%+v %v", r, err)
			}
			t.Logf("%d texts in %s", r.Texts, time.Since(began))
		}
		n := 0
		err = db.Scan(ctx, `SELECT upload, n, detail FROM upload_row`, nil, func(r *store.Row) error {
			n++
			got, err := s.OpenText(vault.Place("upload_row", r.Text(0), r.Int(1)), r.Text(2))
			if err != nil || got != text(r.Text(0), r.Int(1)) || vault.TextKey(r.Text(2)) != 2 {
				t.Errorf("%s %d: %q %v", r.Text(0), r.Int(1), got, err)
			}
			return nil
		})
		if err != nil || n != rows {
			t.Error(n, err)
		}
	})
}

// What a former release wrote in clear of corrections and cases is sealed when the
// city is opened, however often that is interrupted; nothing of it is left in the
// files, each text opens in its own place only, and Check names what is put there in
// clear again.
func TestFormerTextsAreSealed(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		c.Keys = storetest.KeysIn(t, t.TempDir())
		db, err := store.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		const n = 4500 // several transactions
		said := func(what string, i int) string { return fmt.Sprintf("张三的户口簿 %s %d", what, i) }
		err = db.Tx(ctx, func(tx *store.Tx) error {
			for i := 1; i <= n; i++ {
				answer := ""
				if i == 7 {
					answer = said("answer", i)
				}
				_, err1 := tx.Exec(ctx, `INSERT INTO correction (id, kind, origin, entity, rec, source, holder, org, asked, state, actor, role, actor_org, at, since, days, due, remind, reminded, steps, reason, file, file_name, file_row, answered_by, answered_at, answer, mark, seq)
					VALUES (?, 'request', 'form', 'e', 1, '', '', '', '', 'open', '', '', '', '', 0, 0, 0, 0, 0, 0, ?, '', '', 0, '', '', ?, '', 0)`, i, said("reason", i), answer)
				_, err2 := tx.Exec(ctx, `INSERT INTO correction_event (correction, n, at, what, actor, org, words) VALUES (?, 1, '', 'asked', '', '', ?)`, i, said("words", i))
				if err := errors.Join(err1, err2); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `INSERT INTO flow_step (case_id, step, at, day, account, role, org, action, was, state, note, missing, signed, seq, hash, act)
				VALUES (1, 1, '', 0, '', '', '', '', '', '', ?, '', -1, 0, '', ''), (1, 2, '', 0, '', '', '', '', '', '', '~1~ is how it began', ?, -1, 0, '', '')`, said("note", 1), said("missing", 2))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		for done := false; !done; tries++ {
			short, end := context.WithCancel(ctx)
			left := 8 << (2 * tries) // asked for at every statement
			done = reseal.Former(countdown{short, &left, end}, db, t.TempDir()) == nil
			end()
		}
		if tries < 4 {
			t.Errorf("done at the %d. try: nothing was interrupted", tries)
		}
		opens := func(want, name, q string, key ...any) {
			t.Helper()
			var kept string
			if err := db.QueryRow(ctx, q, key...).Scan(&kept); err != nil || strings.Contains(kept, want) {
				t.Fatalf("%s lies in clear: %q %v", name, kept, err)
			}
			if got, err := db.OpenText(name, kept, key...); err != nil || got != want {
				t.Errorf("%s: %q %v", name, got, err)
			}
			if _, err := db.OpenText(name+"x", kept, key...); !errors.Is(err, vault.ErrAltered) {
				t.Errorf("%s opens in another place: %v", name, err)
			}
		}
		all := func() {
			t.Helper()
			for _, i := range []int{1, 7, 2000, 2001, n} {
				opens(said("reason", i), "correction.reason", `SELECT reason FROM correction WHERE id = ?`, i)
				opens(said("words", i), "correction_event.words", `SELECT words FROM correction_event WHERE correction = ? AND n = ?`, i, 1)
			}
			opens(said("answer", 7), "correction.answer", `SELECT answer FROM correction WHERE id = ?`, 7)
			opens(said("note", 1), "flow_step.note", `SELECT note FROM flow_step WHERE case_id = ? AND step = ?`, 1, 1)
			opens("~1~ is how it began", "flow_step.note", `SELECT note FROM flow_step WHERE case_id = ? AND step = ?`, 1, 2)
			opens(said("missing", 2), "flow_step.missing", `SELECT missing FROM flow_step WHERE case_id = ? AND step = ?`, 1, 2)
		}
		all()
		if c.Driver == "sqlite" {
			for _, path := range []string{c.DSN, c.DSN + "-wal"} {
				if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte("张三的户口簿")) {
					t.Error("something of it is left in", filepath.Base(path))
				}
			}
		}
		if _, err := db.Vault().Rotate(time.Now()); err != nil {
			t.Fatal(err)
		}
		if r, err := reseal.Rotate(ctx, db, t.TempDir(), nil); err != nil || r.Texts != 2*n+4 || fmt.Sprint(r.Retired) != "[1]" {
			t.Errorf("%+v %v", r, err)
		}
		all()
		if bad, err := reseal.Check(ctx, db, t.TempDir(), nil); err != nil || len(bad) > 0 {
			t.Error(bad, err)
		}
		for _, q := range []string{`UPDATE correction SET reason = 'clear' WHERE id = 3`, `UPDATE flow_step SET note = (SELECT note FROM flow_step WHERE step = 2) WHERE step = 1`} {
			if _, err := db.Exec(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		bad, err := reseal.Check(ctx, db, t.TempDir(), nil)
		if err != nil || len(bad) != 2 || !strings.Contains(bad[0].EN, "correction.reason 3") || !strings.Contains(bad[1].EN, "flow_step.note 1 1") {
			t.Error(bad, err)
		}
	})
}

// countdown is a context that is over once it was asked for its end left times.
type countdown struct {
	context.Context
	left *int
	end  func()
}

func (c countdown) Err() error {
	if *c.left--; *c.left < 0 {
		c.end()
	}
	return c.Context.Err()
}

func (c countdown) Done() <-chan struct{} {
	c.Err()
	return c.Context.Done()
}
