package city_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/load"
	"luoshu/kernel/vault"
	"luoshu/packs"
)

func clock() time.Time { return time.Date(2025, 9, 1, 8, 0, 0, 0, time.UTC) }

// newCity makes a city with a few records and a file in it, closed.
func newCity(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "city")
	if err := city.Create(dir, city.Config{Packs: []string{"luoyang", "registry"}}, clock()); err != nil {
		t.Fatal(err)
	}
	c, err := city.Open(t.Context(), dir, packs.FS, clock)
	if err != nil {
		t.Fatal(err)
	}
	sheet := filepath.Join(t.TempDir(), "d.csv")
	text := "code,name,kind\n410000,河南省,province\n"
	if err := os.WriteFile(sheet, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := c.Desk.Load(t.Context(), load.Request{Entity: "division", Path: sheet, Actor: access.Operator}, nil)
	if err != nil || r.New != 1 {
		t.Fatal(r, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sums is every file of a folder with its content.
func sums(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(p) == "keys.yaml" {
			return err
		}
		b, err := os.ReadFile(p)
		out = append(out, fmt.Sprintf("%s %x", p, sha256.Sum256(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// A city whose keys are missing or not its own does not open, says so, and nothing
// is written.
func TestWithoutItsKeysACityDoesNotOpen(t *testing.T) {
	dir := newCity(t)
	path := filepath.Join(dir, vault.KeysFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(newCity(t), vault.KeysFile))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(form string) []byte {
		at := regexp.MustCompile(form).FindSubmatchIndex(good)
		b := slices.Clone(good)
		if b[at[2]]++; b[at[2]] == '9'+1 || b[at[2]] == 'f'+1 {
			b[at[2]] = '0'
		}
		return b
	}
	before := sums(t, dir)
	for name, text := range map[string][]byte{
		"missing":            nil,
		"empty":              {},
		"malformed":          []byte("city: [\n"),
		"another city's":     other,
		"index key altered":  flip(`index: (.)`),
		"data key altered":   flip(`\n +key: (.)`),
		"a data key lacking": bytes.Replace(good, []byte("number: 1"), []byte("number: 2"), 1),
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			if text == nil {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := city.Open(t.Context(), dir, packs.FS, clock)
			if err == nil {
				c.Close()
			}
			var e *luoshu.Error
			if !errors.As(err, &e) || e.Kind != luoshu.Unavailable || e.Msg.ZH == "" || e.Msg.EN == "" {
				t.Fatalf("%v", err)
			}
			if after := sums(t, dir); after != before {
				t.Errorf("something was written:\n%s\nwas\n%s", after, before)
			}
		})
	}
	if err := os.WriteFile(path, good, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := city.Open(t.Context(), dir, packs.FS, clock); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Error("keys that others can read:", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := city.Open(t.Context(), dir, packs.FS, clock)
	if err != nil {
		t.Fatal("with its keys back:", err)
	}
	defer c.Close()
	if p, err := c.Ledger.Check(t.Context(), nil); err != nil || len(p) > 0 {
		t.Error(p, err)
	}
}

// Keys may come from a command; what a city was given in city.yaml is what counts.
func TestKeysFromACommand(t *testing.T) {
	dir := newCity(t)
	away := filepath.Join(t.TempDir(), "elsewhere.yaml")
	if err := os.Rename(filepath.Join(dir, vault.KeysFile), away); err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile(filepath.Join(dir, city.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		conf string
		ok   bool
	}{
		{"vault: {command: [cat, " + away + "]}\n", true},
		{"vault: {file: " + away + "}\n", true},
		{"vault: {command: [\"false\"]}\n", false},
		{"vault: {file: a, command: [b]}\n", false},
	} {
		if err := os.WriteFile(filepath.Join(dir, city.ConfigFile), append(slices.Clone(conf), x.conf...), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := city.Open(t.Context(), dir, packs.FS, clock)
		if (err == nil) != x.ok {
			t.Errorf("%s: %v", x.conf, err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// A data folder of a former release has no keys and everything in clear: with new
// keys it is sealed, files handed in too, and rotated like any other.
func TestFormerFolderIsSealed(t *testing.T) {
	dir := newCity(t)
	path := filepath.Join(dir, vault.KeysFile)
	src, err := vault.Config{}.Source(dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := filepath.Glob(filepath.Join(dir, "files", "*", "*"))
	if len(kept) != 1 {
		t.Fatal(kept)
	}
	f, err := v.OpenFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	clear := make([]byte, f.Size())
	if _, err := f.ReadAt(clear, 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	// As it was before: the file in clear, no keys, no trace of them.
	if err := errors.Join(os.WriteFile(kept[0], clear, 0o640), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	forget(t, filepath.Join(dir, "luoshu.db"), v)
	if _, err := city.Open(t.Context(), dir, packs.FS, clock); err == nil || !strings.Contains(err.Error(), "luoshu keys new") {
		t.Fatal("says nothing of how to go on:", err)
	}
	if err := city.NewKeys(dir, clock()); err != nil {
		t.Fatal(err)
	}
	if err := city.NewKeys(dir, clock()); err == nil {
		t.Error("keys were replaced")
	}
	c, err := city.Open(t.Context(), dir, packs.FS, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := os.ReadFile(kept[0]); err != nil || bytes.Contains(b, []byte("河南省")) {
		t.Error("the file is in clear", err)
	}
	r, err := c.Rotate(context.Background(), true, clock(), nil)
	if err != nil || r.Key != 2 || r.Files != 1 || fmt.Sprint(r.Retired) != "[1]" {
		t.Errorf("%+v %v", r, err)
	}
	if p, err := c.Check(t.Context(), nil); err != nil || len(p) > 0 {
		t.Error(p, err)
	}
	whole, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[len(flipped)-20] ^= 1
	for name, b := range map[string][]byte{"a flipped byte": flipped, "a file in clear": clear, "a file cut short": whole[:len(whole)-1]} {
		if err := os.WriteFile(kept[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := c.Check(t.Context(), nil); err != nil || len(p) != 1 || !strings.Contains(p[0].Msg.EN, filepath.Base(kept[0])) {
			t.Errorf("%s: %v %v", name, p, err)
		}
	}
	if err := os.WriteFile(kept[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	row, err := c.Desk.RowOf(t.Context(), filepath.Base(kept[0]), "division", 2)
	if err != nil || !slices.Contains(row.Cells, "河南省") {
		t.Errorf("%+v %v", row, err)
	}
}
