package charter_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
)

var updateRounds = flag.Bool("update-rounds", false, "write the golden files of rounds and set rules anew")

// villageWith is the village of the tests of verification, for cases the bureau of
// theirs, with one of its charter
// files replaced.
func villageWith(t *testing.T, name, text string) (*charter.Charter, string) {
	t.Helper()
	dir := "../verify/testdata/packs"
	if name == "cases.yaml" {
		dir = "../flow/testdata/packs"
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS(dir)}})
	for _, f := range faults {
		t.Fatal(f)
	}
	at := slices.IndexFunc(cat.Charters, func(c catalog.Charter) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("the village has no %s", name)
	}
	cat.Charters[at].Data = []byte(text)
	c, bad := charter.Load(cat)
	var b strings.Builder
	for _, f := range bad {
		if strings.Contains(f.File, "/entities/") {
			continue // this pack says nothing of sources
		}
		if f.Msg.ZH == "" || f.Msg.EN == "" {
			t.Errorf("%s: not in both languages", f)
		}
		b.WriteString(f.String() + "\n")
	}
	return c, b.String()
}

// Every NAME.yaml under testdata/rounds, setrules and cases gives exactly the faults
// of NAME.txt.
func TestRoundAndRuleFiles(t *testing.T) {
	for _, kind := range []string{"rounds", "setrules", "cases"} {
		files, err := filepath.Glob("testdata/" + kind + "/*.yaml")
		if err != nil || len(files) < 1 {
			t.Fatal(kind, files, err)
		}
		for _, f := range files {
			t.Run(kind+"/"+filepath.Base(f), func(t *testing.T) {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				_, got := villageWith(t, kind+".yaml", string(text))
				if got == "" {
					t.Fatal("no fault")
				}
				golden := strings.TrimSuffix(f, ".yaml") + ".txt"
				if *updateRounds {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// What the village's own files say is read as it stands.
func TestRoundsRead(t *testing.T) {
	text, err := os.ReadFile("../verify/testdata/packs/village/rounds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, faults := villageWith(t, "rounds.yaml", string(text))
	if faults != "" {
		t.Fatal(faults)
	}
	r := c.Round("members")
	if r.Opens != 920 || r.Holder != "school" || !slices.Equal(r.Remind, []int{7, 1}) || !slices.Equal(r.Escalate, []int{1, 8}) || r.List("member") == nil || r.List("kin") != nil {
		t.Errorf("round %+v", r)
	}
	if g := r.Guardian; g.Contact != "kin" || g.By != "member" || g.Group.Field != "room" || g.Where == nil {
		t.Errorf("guardian %+v", g)
	}
	x := c.SetRule("crowded")
	if !slices.Equal(x.Reads, []string{"house", "stay"}) || !slices.Equal(x.Params, []string{"limit"}) || x.YearOf != "stay" {
		t.Errorf("set rule %+v", x)
	}
}
