//go:build cgo && (amd64 || arm64) && !noduckdb

package indicator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"luoshu/kernel/indicator"
	"luoshu/kernel/indicator/duck"
)

// A grain for which DuckDB has too little memory is scanned in smaller parts, or read
// from the store: the same
// figures, no error.
func TestTooLittleMemory(t *testing.T) {
	w := newWorld(t, testPack)
	w.random(5, 60000)
	seal := w.seal()
	e := w.engine("sqlite")
	if err := e.Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	want := w.figures(seal, indicator.Query{})
	if err := os.RemoveAll(filepath.Join(w.dir, "seals")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec(t.Context(), `DELETE FROM figure_run`); err != nil {
		t.Fatal(err)
	}
	was := duck.Memory
	duck.Memory = "3MB"
	defer func() { duck.Memory = was }()
	if err := w.engine("duckdb").Compute(t.Context(), seal, nil); err != nil {
		t.Fatal(err)
	}
	got := w.figures(seal, indicator.Query{})
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(indicator.Figure{})); d != "" || len(got) < 300 {
		t.Error(len(got), d)
	}
}
