package reseal_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
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
