package eauclaire_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luoshu/demo/eauclaire"
)

func TestEauClaire(t *testing.T) {
	dir := t.TempDir()
	m, err := eauclaire.Write(context.Background(), dir, os.DirFS("../../packs/eauclaire/data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, f := range m.Files {
		rows[f.Entity] += f.Rows
		b, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(strings.Count(string(b), "\n")); got != f.Rows+1 {
			t.Errorf("%s: %d lines for %d rows", f.Path, got, f.Rows)
		}
	}
	if rows["section"] != 5781 || rows["campus"] != 16 || rows["birth"] != 25 || m.Files[0].Entity != "district" {
		t.Errorf("rows %v", rows)
	}
	if last := m.Files[len(m.Files)-1]; last.SealAfter == "" || last.Year != 2024 || last.Attested/10000 != 2024 {
		t.Errorf("last file %+v", last)
	}
}
