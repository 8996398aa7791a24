package target_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"luoshu/kernel/catalog"
	"luoshu/kernel/target"
	"luoshu/packs"
)

// load reads a targets.yaml in place of the shipped one of the fixture.
func load(t *testing.T, text string) []string {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../disclose/testdata/packs"), os.DirFS("../brief/testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	at := slices.IndexFunc(cat.Charters, func(c catalog.Charter) bool { return c.Name == target.FileName })
	cat.Charters[at].Data = []byte(text)
	var out []string
	_, faults = target.Load(cat)
	for _, f := range faults {
		out = append(out, f.String())
	}
	return out
}

func TestFaults(t *testing.T) {
	const head = "versions: {entity: aim_version, target: target, number: no, from: from_date, decision: paper, value: value"
	for name, x := range map[string]struct{ text, want string }{
		"right":              {head + "}\n", ""},
		"neither":            {"{}\n", "neither versions nor milestones"},
		"no such entity":     {strings.Replace(head, "aim_version", "aim_versions", 1) + "}\n", "no entity aim_versions"},
		"no organisation":    {"milestones: {entity: area, target: code, year: code, planned: code}\n", "has no organisation"},
		"no such field":      {head + ", reason: why}\n", "has no field why"},
		"a number for a day": {head + ", deadline: value}\n", "field value is of type decimal, here it has to be date"},
		"not public":         {head + ", wording: hidden}\n", "field hidden is not public"},
		"unknown key":        {head + ", owner: unit}\n", "owner"},
		"no decision":        {strings.Replace(head, "decision: paper, ", "", 1) + "}\n", "decision is missing"},
	} {
		got := strings.Join(load(t, x.text), "\n")
		if x.want == "" && got != "" || !strings.Contains(got, x.want) {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// The shipped packs say where versions and milestones are.
func TestShipped(t *testing.T) {
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang", "delivery"}})
	for _, f := range faults {
		t.Fatal(f)
	}
	if _, faults := target.Load(cat); len(faults) > 0 {
		t.Fatal(faults)
	}
	if !slices.ContainsFunc(cat.Charters, func(c catalog.Charter) bool { return c.Name == target.FileName && c.Pack == "delivery" }) {
		t.Error("delivery has no targets.yaml")
	}
}
