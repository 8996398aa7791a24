package linkage

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
)

// floors lie a little below what was measured; docs/benchmarks.md has the figures.
func TestPublicData(t *testing.T) {
	for _, x := range []struct {
		file, env string
		read      func(io.Reader) (*Table, []string, error)
		config    Config
		f1        float64
	}{
		{"testdata/febrl1.csv", "", ReadFEBRL, FEBRL(), 0.97},
		{"febrl2.csv", "LUOSHU_LINKAGE_DATA", ReadFEBRL, FEBRL(), 0.95},
		{"RLdata500.csv", "LUOSHU_LINKAGE_DATA", ReadRLdata, RLdata(), 0.95},
	} {
		path := x.file
		if x.env != "" {
			if os.Getenv(x.env) == "" {
				continue // not in the repository; bench -only linkage measures it
			}
			path = os.Getenv(x.env) + "/" + x.file
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		table, truth, err := x.read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		res, err := Run(context.Background(), table, x.config, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := ScorePairs(res.Pairs, truth)
		t.Logf("%s: precision %.4f recall %.4f F1 %.4f, %d compared, prior %.3g, %v", x.file, s.Precision, s.Recall, s.F1, res.Compared, res.Model.Prior, res.Warnings)
		if s.F1 < x.f1 {
			t.Errorf("%s: F1 %.4f, want at least %.2f", x.file, s.F1, x.f1)
			for _, p := range res.Pairs {
				if (p.Verdict == Match) != (truth[p.A] == truth[p.B]) {
					e, prior := res.Model.Trace(table, p)
					t.Log(p, e, prior)
				}
			}
			for _, m := range res.Model.Fields {
				t.Log(m)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	for _, x := range []struct {
		kind       Kind
		a, b, want string
	}{
		{Name, "张伟", "張偉", "exact"},
		{Name, "王 芳", "王芳", "exact"},
		{Name, "李堃", "李坤", "variant"},
		{Name, "萧红梅", "肖红梅", "variant"},
		{Name, "刘洋", "刘阳", "sound"},
		{Name, "陈静", "陈晶", "sound"},
		{Name, "欧阳娜娜", "欧阳娜", "near"},
		{Name, "欧阳明", "明欧阳", "swapped"},
		{Name, "张浩轩", "张浩宇", "one_character"},
		{Name, "张伟", "张磊", "surname"},
		{Name, "欧阳明", "欧文静", "different"},
		{Name, "阿不都·热合曼", "阿不都热合曼", "exact"},
		{Name, "阿不都•热合曼", "阿不都．热合曼", "exact"},
		{Name, "买买提·吐尔逊", "买买提", "partial"},
		{Name, "买买提·吐尔逊", "吐尔逊·买买提", "swapped"},
		{Name, "林心如", "林欣茹", "sound"},
		{Name, "曾志伟", "曾子伟", "near"}, // zh and z
		{Name, "Zhang Wei", "Wei Zhang", "swapped"},
		{Name, "John Smith", "Jon Smith", "near"},
		{Names, "王芳\n张伟", "张伟", "exact"},
		{Names, "王芳", "汪方", "alike"},
		{Names, "王芳", "李娜", "different"},
		{Identifier, "11010519491231002X", "11010519491231002x", "exact"},
		{Identifier, "110105491231002", "11010519491231002X", "exact"},
		{Identifier, "G11010519491231002X", "11010519491231002X", "exact"},
		{Identifier, "11010519491231002X", "11010519491231003X", "typo"},      // the second fails its check
		{Identifier, "11010519491231002X", "11010519492131002X", "typo"},      // neighbours transposed
		{Identifier, "11010519491231002X", "110105194912310038", "neighbour"}, // both pass
		{Identifier, "11010519491231002X", "440524188001010014", "different"},
		{Identifier, "L41030520140901001", "11010519491231002X", "missing"},
		{Date, "2014-09-01", "20140901", "exact"},
		{Date, "20140901", "20140109", "swapped"},
		{Date, "20140901", "20140907", "near"},
		{Date, "20140901", "20140917", "partly"},
		{Date, "20140210", "20140112", "different"},
		{Date, "20140131", "20140101", "lunar"}, // new year's day of 2014
		{Phone, "+86 138 0013 8000", "13800138000", "exact"},
		{Phone, "13800138000", "13800138001", "typo"},
		{Phone, "13800138000", "13900000000", "different"},
		{Category, "1", "2", "different"},
		{Word, "martha", "marhta", "close"},
		{Text, "开元大道1号", "开元大道2号", "close"},
	} {
		tab := NewTable([]Field{{Name: "f", Kind: x.kind}})
		for _, s := range []string{x.a, x.b} {
			if _, err := tab.Add([]string{s}); err != nil {
				t.Fatal(err)
			}
		}
		got, back := int(tab.compare(0, 1)), int(tab.compare(1, 0))
		if want := LevelNumber(x.kind, x.want); got != want || back != want {
			t.Errorf("%s %q %q: level %d and %d, want %d %s", x.kind, x.a, x.b, got, back, want, x.want)
		}
	}
}

// Known dates of the farmers' calendar: new year's days, leap months and the two
// years (2033, 2034) that simple tables have wrong.
func TestLunar(t *testing.T) {
	for _, x := range []struct {
		y, m, d    int
		ly, lm, ld int
		leap       bool
	}{
		{1949, 10, 1, 1949, 8, 10, false},
		{1954, 2, 3, 1954, 1, 1, false},
		{1979, 1, 28, 1979, 1, 1, false},
		{1987, 7, 26, 1987, 6, 1, true},
		{2000, 2, 5, 2000, 1, 1, false},
		{2008, 8, 8, 2008, 7, 8, false},
		{2012, 5, 20, 2012, 4, 30, false},
		{2012, 5, 21, 2012, 4, 1, true},
		{2020, 5, 23, 2020, 4, 1, true},
		{2023, 3, 22, 2023, 2, 1, true},
		{2025, 1, 29, 2025, 1, 1, false},
		{2033, 12, 22, 2033, 11, 1, true},
		{2034, 2, 19, 2034, 1, 1, false},
		{1900, 1, 31, 1900, 1, 1, false},
	} {
		y, m, d, leap, ok := Lunar(x.y, x.m, x.d)
		if !ok || y != x.ly || m != x.lm || d != x.ld || leap != x.leap {
			t.Errorf("%d-%d-%d: %d-%d-%d leap %v ok %v", x.y, x.m, x.d, y, m, d, leap, ok)
		}
	}
	if _, _, _, _, ok := Lunar(1900, 1, 30); ok {
		t.Error("a day before the table has a date")
	}
}

func TestIDCheck(t *testing.T) {
	for _, s := range []string{"11010519491231002X", "440524188001010014", "410305199001010012"} {
		if !idValid(packID(s)) {
			t.Errorf("%s fails its check", s)
		}
	}
	if idBirth(packID("11010519491231002X")) != 19491231 {
		t.Error("birth date not read")
	}
}

// small returns a table of FEBRL 1 in the given order of rows.
func small(t *testing.T, order []int) (*Table, []string) {
	f, err := os.Open("testdata/febrl1.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, truth, err := ReadFEBRL(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	_, _, err = readPublic(f, FEBRL(), func(row map[string]string) ([]string, string) {
		var v []string
		for _, f := range FEBRL().Fields {
			v = append(v, row[f.Name])
		}
		rows = append(rows, v)
		return v, ""
	})
	if err != nil {
		t.Fatal(err)
	}
	tab := NewTable(FEBRL().Fields)
	var labels []string
	for i := range rows {
		k := i
		if order != nil {
			k = order[i]
		}
		if _, err := tab.Add(rows[k]); err != nil {
			t.Fatal(err)
		}
		labels = append(labels, truth[k])
	}
	return tab, labels
}

func TestSameWhateverTheWorkersAndTheOrder(t *testing.T) {
	run := func(tab *Table, workers int) *Result {
		c := FEBRL()
		c.Workers = workers
		res, err := Run(context.Background(), tab, c, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	tab, _ := small(t, nil)
	a, b := run(tab, 1), run(tab, 3)
	if !reflect.DeepEqual(a, b) {
		t.Error("one worker and three give different results")
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(tab.Len())
	other, _ := small(t, order)
	c := run(other, 2)
	if len(c.Pairs) != len(a.Pairs) || c.Compared != a.Compared {
		t.Fatalf("another order gives %d pairs of %d compared, not %d of %d", len(c.Pairs), c.Compared, len(a.Pairs), a.Compared)
	}
	weights := map[[2]int]float64{}
	for _, p := range a.Pairs {
		weights[[2]int{int(p.A), int(p.B)}] = p.Weight
	}
	for _, p := range c.Pairs {
		x, y := order[p.A], order[p.B]
		if w, ok := weights[[2]int{min(x, y), max(x, y)}]; !ok || math.Abs(w-p.Weight) > 1e-6 {
			t.Fatalf("pair %d %d has weight %g, was %g", x, y, p.Weight, w)
		}
	}
}

func TestTraceAddsUp(t *testing.T) {
	tab, _ := small(t, nil)
	res, err := Run(context.Background(), tab, FEBRL(), nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Pairs {
		e, sum := res.Model.Trace(tab, p)
		for _, x := range e {
			sum += x.Weight
		}
		if math.Abs(sum-p.Weight) > 1e-9 {
			t.Fatalf("the trace adds up to %g, the pair weighs %g", sum, p.Weight)
		}
	}
}

func TestFocusAndModelAgreeWithTheWholeRun(t *testing.T) {
	tab, _ := small(t, nil)
	all, err := Run(context.Background(), tab, FEBRL(), nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	focus := make([]bool, tab.Len())
	for i := range 50 {
		focus[i] = true
	}
	some, err := Run(context.Background(), tab, FEBRL(), all.Model, focus, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []Pair
	for _, p := range all.Pairs {
		if p.A < 50 || p.B < 50 {
			want = append(want, p)
		}
	}
	if !reflect.DeepEqual(some.Pairs, want) {
		t.Errorf("%d pairs in focus, want %d", len(some.Pairs), len(want))
	}
}

// Three rows: the first two and the last two match, the outer two are surely two
// people (both identity numbers pass and differ); the cluster must be flagged.
func TestBridgedClusterIsFlagged(t *testing.T) {
	c := Config{
		Fields:   []Field{{Name: "name", Kind: Name}, {Name: "id", Kind: Identifier}, {Name: "phone", Kind: Phone}},
		Passes:   []Pass{{"phone", []Key{{"phone", Whole}}}, {"name", []Key{{"name", Sound}}}},
		Cautions: []Caution{{ID: "two-numbers", When: map[string][]string{"id": {"different"}}, Verdict: NonMatch}},
		Match:    0.9, Possible: 0.5,
	}
	tab := NewTable(c.Fields)
	for _, r := range [][]string{{"张伟", "11010519491231002X", "13800138000"}, {"张伟", "", "13800138000"}, {"张伟", "440524188001010014", "13800138000"}} {
		if _, err := tab.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	m := &Model{Prior: 0.05}
	for _, f := range c.Fields {
		k := len(levels[f.Kind])
		u := make([]float64, k)
		for i := range u {
			u[i] = 0.001
		}
		u[k-1] = 1 - 0.001*float64(k-1)
		m.Fields = append(m.Fields, FieldModel{Name: f.Name, Kind: f.Kind, M: expected[f.Kind], U: u})
	}
	for range 2000 { // so that the three values are rare
		if _, err := tab.Add([]string{"某某某", "", ""}); err != nil {
			t.Fatal(err)
		}
	}
	res, err := Run(context.Background(), tab, c, m, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Clusters) != 1 || len(res.Clusters[0].Rows) != 3 || !res.Clusters[0].Flagged || res.Clusters[0].Bridge != [2]uint32{0, 2} {
		t.Errorf("clusters %+v, pairs %+v", res.Clusters, res.Pairs)
	}
}

func TestOversizeBlockIsReportedAndWindowed(t *testing.T) {
	c := Config{
		Fields: []Field{{Name: "name", Kind: Name}, {Name: "sex", Kind: Category}},
		Passes: []Pass{{"sex", []Key{{"sex", Whole}}}}, Match: 0.9, Possible: 0.5, MaxBlock: 10,
	}
	tab := NewTable(c.Fields)
	for i := range 30 {
		if _, err := tab.Add([]string{string(rune(0x4e00+i)) + "某", "1"}); err != nil {
			t.Fatal(err)
		}
	}
	res, err := Run(context.Background(), tab, c, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Compared == 0 || len(res.Warnings) == 0 || res.Warnings[len(res.Warnings)-1].Kind != "oversize_block" {
		t.Errorf("compared %d, warnings %v", res.Compared, res.Warnings)
	}
}

func TestCancelledRunSaysSo(t *testing.T) {
	tab, _ := small(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if res, err := Run(ctx, tab, FEBRL(), nil, nil, nil); err == nil || res != nil {
		t.Errorf("a cancelled run gave %v, %v", res, err)
	}
}

func FuzzComparatorsAreSymmetric(f *testing.F) {
	f.Add("阿不都·热合曼", "热合曼")
	f.Add("11010519491231002X", "110105491231002")
	f.Add("20140131", "20140101")
	f.Add("\x80\xff", "·")
	f.Fuzz(func(t *testing.T, a, b string) {
		for k := range levels {
			tab := NewTable([]Field{{Name: "f", Kind: k}})
			for _, s := range []string{a, b, a} {
				if _, err := tab.Add([]string{s}); err != nil {
					t.Fatal(err)
				}
			}
			x, y, same := tab.compare(0, 1), tab.compare(1, 0), tab.compare(0, 2)
			if x != y || int(x) > len(levels[k]) {
				t.Errorf("%s %q %q: %d and %d", k, a, b, x, y)
			}
			if same > 1 {
				t.Errorf("%s %q: level %d with itself", k, a, same)
			}
		}
	})
}
