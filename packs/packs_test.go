package packs_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"luoshu/kernel/catalog"
	"luoshu/packs"
)

// Every pack loads in the city that uses it.
func TestPacksLoad(t *testing.T) {
	cities := map[string][]string{
		"luoyang":   {"luoyang", "plan", "statistics", "balance", "registry", "cn-calendar", "consent", "inspection", "recognition", "delivery", "campaign", "safety", "rule-of-law", "places", "groups"},
		"eauclaire": {"eauclaire"},
	}
	for name, list := range cities {
		t.Run(name, func(t *testing.T) {
			cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: list})
			for _, f := range faults {
				t.Error(f)
			}
			if cat == nil {
				return
			}
			t.Logf("%d entities, %d code lists, %d rules, %d grains, %d indicators, %d parameters, version %.12s",
				len(cat.Entities), len(cat.Lists), len(cat.Rules), len(cat.Grains), len(cat.Indicators), len(cat.Parameters), cat.Version)
			for _, r := range cat.Roles {
				if administers(r) && !r.Factor {
					t.Errorf("role %s administers and needs no second factor", r.ID)
				}
			}
			for _, p := range cat.Packs {
				tests, faults := catalog.LoadTests(packs.FS, p.Name)
				for _, f := range faults {
					t.Error(f)
				}
				t.Logf("%s: %d tests", p.Name, len(tests))
			}
		})
	}
}

func administers(r *catalog.Role) bool {
	return slices.ContainsFunc(r.Can, func(c string) bool { return c == "accounts" || c == "grants" || c == "audit" })
}

// What is embedded is what lies on the disk.
func TestEmbedded(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || p == "embed.go" || p == "packs_test.go" {
			return err
		}
		if _, err := fs.Stat(packs.FS, p); err != nil {
			t.Errorf("%s is not embedded: %v", p, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every one of the 32 indicators of quality balance is there, and each has a figure:
// of records, or of the evidence that counties enter.
func TestBalanceIsWhole(t *testing.T) {
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"balance", "statistics", "registry"}, NoCity: true})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	have := map[string]bool{}
	for _, p := range cat.Plans {
		for _, x := range p.Targets {
			have[strings.TrimRight(x.Line, "ab")] = true
			if x.Indicator == "" {
				t.Errorf("%s has no figure", x.ID)
			}
		}
	}
	for part, n := range map[int]int{1: 7, 2: 15, 3: 9, 4: 1} {
		for i := 1; i <= n; i++ {
			if line := fmt.Sprintf("%d.%d", part, i); !have[line] {
				t.Errorf("indicator %s is missing", line)
			}
		}
	}
}
