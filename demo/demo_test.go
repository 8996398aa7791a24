package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"luoshu/demo"
	"luoshu/demo/sheet"
)

// scale of the test city; LUOSHU_DEMO_SCALE overrides it for a look at a larger one.
func scale(t *testing.T) float64 {
	t.Helper()
	s := os.Getenv("LUOSHU_DEMO_SCALE")
	if s == "" {
		return 0.05
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, o demo.Options) (string, demo.Manifest) {
	t.Helper()
	dir := t.TempDir()
	at := time.Now()
	m, err := demo.Write(context.Background(), dir, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, size := map[string]int64{}, int64(0)
	for _, f := range m.Files {
		rows[f.Entity] += f.Rows
		if st, err := os.Stat(filepath.Join(dir, f.Path)); err == nil {
			size += st.Size()
		}
	}
	t.Logf("scale %v: %v, %d files, %d MB, rows %v", o.Scale, time.Since(at).Round(time.Millisecond), len(m.Files), size>>20, rows)
	return dir, m
}

func TestSameSeedSameBytes(t *testing.T) {
	a, ma := write(t, demo.Options{Scale: 0.02, Seed: 7})
	b, mb := write(t, demo.Options{Scale: 0.02, Seed: 7})
	if len(ma.Files) != len(mb.Files) {
		t.Fatalf("%d files, then %d", len(ma.Files), len(mb.Files))
	}
	for _, name := range append([]demo.File{{Path: "manifest.json"}, {Path: "README.txt"}}, ma.Files...) {
		x, err := os.ReadFile(filepath.Join(a, name.Path))
		if err != nil {
			t.Fatal(err)
		}
		y, err := os.ReadFile(filepath.Join(b, name.Path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Errorf("%s differs: %x and %x", name.Path, sha256.Sum256(x), sha256.Sum256(y))
		}
	}
	_, mc := write(t, demo.Options{Scale: 0.02, Seed: 8})
	if fmt.Sprint(mc.Planted) == fmt.Sprint(ma.Planted) {
		t.Error("another seed gives the same city")
	}
}

func TestScaleIsChecked(t *testing.T) {
	if _, err := demo.Write(context.Background(), t.TempDir(), demo.Options{Scale: 0}, nil); err == nil {
		t.Error("scale 0 was accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if _, err := demo.Write(ctx, dir, demo.Options{Scale: 0.02}, nil); err == nil {
		t.Error("a cancelled run succeeded")
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err == nil {
		t.Error("a cancelled run left a manifest")
	}
}

// TestHeadings holds the sheets' headings against the core registers.
func TestHeadings(t *testing.T) {
	heads, err := sheet.Headings()
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\s*- \{name: (\w+), title: \{zh: ([^,]+), en: (?:"([^"]*)"|([^}]*))\}`)
	for entity, list := range heads {
		var b []byte
		for _, pack := range []string{"registry", "places", "groups", "balance"} {
			if b, err = os.ReadFile(filepath.Join("..", "packs", pack, "entities", entity+".yaml")); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		found := line.FindAllStringSubmatch(string(b), -1)
		if len(found) != len(list) {
			t.Errorf("%s: %d fields in the pack, %d headings", entity, len(found), len(list))
			continue
		}
		for i, m := range found {
			if want := (sheet.Heading{Field: m[1], ZH: m[2], EN: m[3] + m[4]}); list[i] != want {
				t.Errorf("%s: heading %d is %v, the pack has %v", entity, i, list[i], want)
			}
		}
	}
}

func TestStudentsForMeasuring(t *testing.T) {
	dir := t.TempDir()
	m, err := demo.WriteStudentsCSV(context.Background(), dir, 3000, 3)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t, dir)
	schools, seen := map[string]bool{}, map[string]bool{}
	for _, f := range m.Files {
		r.each(f, func(row record) {
			switch f.Entity {
			case "school":
				if c := row["campus_of"]; c != "" && !schools[c] {
					t.Errorf("school %s stands before its main school", row["school_code"])
				}
				schools[row["school_code"]] = true
			case "student":
				no := row["student_no"]
				if seen[no] || !validStudentNo(no) || !schools[row["school_code"]] {
					t.Errorf("student row is not clean: %v", row)
				}
				seen[no] = true
			}
		})
	}
	if len(seen) != 3000 {
		t.Errorf("%d students, want 3000", len(seen))
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	t.Logf("%-44s %12.2f   want %12.2f ± %g", what, got, want, tolerance)
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.2f, want %.2f ± %g", what, got, want, tolerance)
	}
}
