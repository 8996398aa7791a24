package dirt_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"luoshu/demo"
	"luoshu/demo/dirt"
)

// The planted pairs are real pairs, the same for the same seed, and leave the other
// sheets as they were.
func TestPlant(t *testing.T) {
	make1 := func() (string, demo.Manifest) {
		dir := t.TempDir()
		m, err := demo.Write(context.Background(), dir, demo.Options{Scale: 0.005, Seed: 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return dir, m
	}
	a, m := make1()
	before := len(m.Files)
	if err := dirt.Plant(t.Context(), a, &m, 3, 0.01); err != nil {
		t.Fatal(err)
	}
	pairs, err := dirt.Truth(a)
	if err != nil || len(pairs) == 0 || int64(len(pairs)) != m.Planted["student-entered-twice"] || len(m.Files) <= before {
		t.Fatalf("%d pairs, planted %v, %d files: %v", len(pairs), m.Planted, len(m.Files)-before, err)
	}
	seen := map[string]bool{}
	for _, p := range pairs {
		if p[0] == p[1] || seen[p[1]] || len(p[1]) != 19 || p[1][0] != 'L' {
			t.Errorf("pair %v", p)
		}
		seen[p[1]] = true
	}
	b, m2 := make1()
	if err := dirt.Plant(t.Context(), b, &m2, 3, 0.01); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		x, err1 := os.ReadFile(filepath.Join(a, f.Path))
		y, err2 := os.ReadFile(filepath.Join(b, f.Path))
		if err1 != nil || err2 != nil || !slices.Equal(x, y) {
			t.Errorf("%s differs between two runs: %v %v", f.Path, err1, err2)
		}
	}
}
