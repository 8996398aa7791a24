package store_test

import (
	"strings"
	"testing"

	"luoshu/kernel/store"
)

// A scratch transaction has temporary tables of its own; nothing of it stays, and
// the reader it took may write no more than before.
func TestScratch(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 3 {
			err := db.ScratchTx(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.Exec(t.Context(), `CREATE TEMPORARY TABLE "o_x" (_rid `+tx.KeyType()+`, "word" TEXT)`); err != nil {
					return err
				}
				err := tx.BulkInsert(t.Context(), `"o_x"`, []string{"_rid", "word"}, func(in *store.Inserter) error {
					for i := range 1000 {
						in.Int(int64(i))
						in.Text("secret")
						if err := in.End(); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				var n int
				if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM "o_x" WHERE "word" = ?`, "secret").Scan(&n); err != nil || n != 1000 {
					t.Error(n, err)
				}
				_, err = tx.Exec(t.Context(), `INSERT INTO setting (key, value) VALUES ('scratch', '1')`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM setting WHERE key = 'scratch'`).Scan(&n); err != nil || n != 0 {
			t.Error("something stayed", n, err)
		}
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM "o_x"`).Scan(&n); err == nil {
			t.Error("the temporary table stayed")
		}
		err = db.ReadTx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO setting (key, value) VALUES ('x', '1')`)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "read") {
			t.Error("a reader writes after a scratch transaction:", err)
		}
	})
}
