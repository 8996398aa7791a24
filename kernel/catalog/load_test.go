package catalog_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"luoshu"
	"luoshu/kernel/catalog"
)

var update = flag.Bool("update", false, "write the golden files anew")

func good(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("testdata/good")}, Packs: []string{"town"}})
	for _, f := range faults {
		t.Error(f)
	}
	if cat == nil {
		t.FailNow()
	}
	return cat
}

// Every folder testdata/NAME.bad gives exactly the faults of NAME.bad.txt.
func TestBadPacks(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*.bad")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err, "no bad packs")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			o := catalog.Options{FS: []fs.FS{os.DirFS(dir)}, NoCity: !strings.Contains(dir, "city")}
			cat, faults := catalog.Load(o)
			if cat != nil || len(faults) == 0 {
				t.Fatal("loaded without a fault")
			}
			var lines strings.Builder
			for _, f := range faults {
				if f.Msg.ZH == "" || f.Msg.EN == "" {
					t.Errorf("%s: not in both languages", f)
				}
				lines.WriteString(f.String() + "\n")
			}
			golden := dir + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(lines.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), lines.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoodPack(t *testing.T) {
	cat := good(t)
	if len(cat.Packs) != 2 || cat.Packs[0].Name != "base" || cat.Packs[1].Name != "town" {
		t.Error("packs are not in the order of need")
	}
	if len(cat.Version) != 64 || cat.City.Title.EN != "Some town" || cat.City.AreaProp != "adcode" || cat.City.YearStart != 9 || cat.Boundaries == nil {
		t.Errorf("city %+v, version %s", cat.City, cat.Version)
	}
	area := cat.Entity("place").Field("area")
	if *area.Min != 50 || *area.Max != 1200000 || area.Scale != 2 || area.Source != "school" || area.Sensitivity != catalog.InternalUse {
		t.Errorf("area %+v", area)
	}
	if min := cat.Entity("place").Field("opened").Min; *min != 19000101 {
		t.Errorf("opened.min %d", *min)
	}
	low := cat.List("level").Code("low")
	if low.Parent != "top" || low.From != 20000101 || low.Attrs["order"] != "2" || cat.List("level").Title.EN != "Level" {
		t.Errorf("code %+v", low)
	}
	p := cat.Parameter("long-visit")
	if v, ok := p.Value(20200101, map[string]string{"level": "low"}, "1000"); !ok || v.Num != 6050 || v.Scale != 2 || v.Verified {
		t.Errorf("parameter %+v", v)
	}
	if v, ok := p.Value(20200101, nil, ""); !ok || v.Num != 45 || !v.Verified {
		t.Errorf("parameter %+v", v)
	}
	r := cat.RulesFor("visit")[0]
	for minutes, want := range map[int64]int64{0: 0, 5: 1} {
		got, err := r.Prog.Eval(func(n string) luoshu.Value {
			return map[string]luoshu.Value{"kept": luoshu.IntValue(1), "minutes": luoshu.IntValue(minutes)}[n]
		}, nil)
		if err != nil || got.I != want {
			t.Errorf("rule on %d minutes: %v, %v", minutes, got, err)
		}
	}
	share, mean := cat.Indicator("long-share"), cat.Indicator("minutes-mean")
	if share.Scale != 100 || share.Decimals != 1 || share.Per.Grain != "visits" || share.Per.Where != "" || share.Of.WhereProg == nil {
		t.Errorf("share %+v", share)
	}
	if mean.Per == nil || mean.Per.Sum != "" || mean.Of.SumProg == nil {
		t.Errorf("mean %+v", mean)
	}
	g := cat.Grain("visits")
	names := map[string]bool{}
	for _, v := range cat.GrainVars(g) {
		if names[v.Name] {
			t.Errorf("variable %s twice", v.Name)
		}
		names[v.Name] = true
	}
	for _, n := range []string{"minutes", "place.area", "above.level", "busy", "year", "size_class", "place"} {
		if !names[n] {
			t.Errorf("no variable %s", n)
		}
	}
	target := cat.Plans[0].Targets[0]
	if *target.Target.Min != 94 || target.Target.Value != nil || *target.Baseline.Value != 92 || target.Divide != 1 {
		t.Errorf("target %+v", target)
	}
	if role := cat.Role("reader"); role.Sees != catalog.InternalUse || role.Masks != catalog.Personal || role.Home != "/plan" || !role.May("behind") {
		t.Errorf("role %+v", role)
	}
}

func TestPackTests(t *testing.T) {
	tests, faults := catalog.LoadTests(os.DirFS("testdata/good"), "base")
	if len(faults) > 0 || len(tests) != 1 {
		t.Fatal(faults)
	}
	x := tests[0]
	if x.Rows[0].Entity != "place" || x.Rows[1].Entity != "visit" || x.Rows[1].Rows[1]["kept"] != "是" || x.Rows[0].Rows[0]["area"] != "12.50" {
		t.Errorf("rows %+v", x.Rows)
	}
	if x.Faults[0].Row != 2 || *x.Figures[0].Value != 25.5 || *x.Figures[0].Denominator != 4 || !x.Figures[1].NoValue {
		t.Errorf("%+v", x)
	}
}

// A pack folder of a later file system replaces the earlier one as a whole, and
// the version follows the content.
func TestOverlay(t *testing.T) {
	overlay := fstest.MapFS{"base/README.md": {Data: []byte("ours")}}
	err := fs.WalkDir(os.DirFS("testdata/good"), "base", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("testdata/good", p))
		overlay[p] = &fstest.MapFile{Data: []byte(strings.Replace(string(data), "en: Base}", "en: Ours}", 1))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("testdata/good"), overlay}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if cat.Packs[0].Title.EN != "Ours" {
		t.Error("the overlay does not count")
	}
	if before := good(t); before.Version == cat.Version {
		t.Error("the version does not follow the content")
	}
	again := good(t)
	if again.Version != good(t).Version {
		t.Error("the version is not stable")
	}
	if _, faults := catalog.LoadFS(overlay); len(faults) > 0 {
		t.Error(faults)
	}
	if _, faults := catalog.LoadFS(overlay, "nothing"); len(faults) != 1 {
		t.Error(faults)
	}
}

func FuzzLoad(f *testing.F) {
	for _, p := range []string{
		"base/pack.yaml", "base/rules.yaml", "base/indicators.yaml", "base/plan.yaml", "base/entities/visit.yaml",
		"base/parameters.yaml", "base/access.yaml", "base/codes/level.csv", "base/tests/one.yaml",
	} {
		data, err := os.ReadFile(filepath.Join("testdata/good", p))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p, data)
	}
	base := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/good"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("testdata/good", p))
		base[p] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p string, data []byte) {
		if !fs.ValidPath(p) || !strings.HasPrefix(p, "base/") {
			return
		}
		own := fstest.MapFS{}
		for k, v := range base {
			own[k] = v
		}
		own[p] = &fstest.MapFile{Data: data}
		cat, faults := catalog.LoadFS(own)
		if (cat == nil) == (len(faults) == 0) {
			t.Fatal("neither a catalog nor a fault, or both")
		}
		_, _ = catalog.LoadTests(own, "base")
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		good(b)
	}
}
