package access_test

import (
	"os"
	"strings"
	"testing"

	"luoshu/kernel/store/storetest"
)

var databases storetest.Databases

func TestMain(m *testing.M) { os.Exit(databases.Main(m)) }

// column reads one text column of all rows, as the database itself holds it.
func (w *world) column(q string) string {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}
