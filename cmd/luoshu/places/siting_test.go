package places

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSiting: each format is told from the others and answered in full.
func TestSiting(t *testing.T) {
	valley, err := os.ReadFile("../../../engine/siting/testdata/valley.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text, format, status string
		value                float64
		cmd                  SitingCmd
	}{
		"split":     {"2 2\n10 5\n10 6\n8\n8 16\n8\n24 8\n", "cap", "optimal", 5 + 6 + 8 + 8, SitingCmd{}},
		"whole":     {"2 3\n10 0\n10 0\n6\n6 0\n6\n6 0\n6\n6 0\n", "cap", "infeasible", 0, SitingCmd{SingleSource: true}},
		"word":      {"1 1\ncapacity 5\n8\n8\n", "cap", "optimal", 13, SitingCmd{Capacity: 8}},
		"median":    {"3 2 1\n1 2 4\n2 3 5\n", "pmed", "optimal", 9, SitingCmd{}},
		"two parts": {"3 1 1\n1 2 4\n", "pmed", "infeasible", 0, SitingCmd{}},
		"a valley":  {string(valley), "json", "optimal", 0, SitingCmd{Present: true}},
	} {
		path := filepath.Join(t.TempDir(), "instance")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := &app{}
		c.cmd.Instance, c.cmd.Format, c.cmd.Time, c.cmd.Output = path, "auto", time.Minute, "json"
		if err := c.cmd.Run(a); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got struct {
			Format, Status string
			Value, Bound   *float64
			Open           []any
			Assignment     []any
			Conflicts      []any
			Compare        []any
		}
		if err := json.Unmarshal(a.out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Format != c.format || got.Status != c.status || c.value > 0 && (got.Value == nil || *got.Value != c.value || *got.Bound != c.value) {
			t.Errorf("%s: %s", name, a.out.String())
		}
		if c.status == "infeasible" && (got.Value != nil || len(got.Conflicts) == 0) || c.status == "optimal" && (len(got.Open) == 0 || len(got.Assignment) == 0) {
			t.Errorf("%s: %s", name, a.out.String())
		}
		if c.cmd.Present && len(got.Compare) != 2 {
			t.Errorf("%s: nothing is compared", name)
		}
	}
}

// TestSitingFaults: what is wrong with a file is said in both languages.
func TestSitingFaults(t *testing.T) {
	for text, want := range map[string]string{
		"2 2\n10 5\n":             "line 2: the file ends here",
		`{"unit": "mile"}`:        `unit "mile" must be`,
		"{\n\"unit\": \"km\",\n}": "line 3",
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := SitingCmd{Instance: path, Format: "auto", Time: time.Second}.Run(&app{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if err := (SitingCmd{Instance: "no such file", Time: time.Second}).Run(&app{}); err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Errorf("a missing file: %v", err)
	}
}
