package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/disclose"
	"luoshu/kernel/records"
	engines "luoshu/kernel/run"
	"luoshu/packs"
)

// The engines over a small city: what they write adds up, belongs to whom it should,
// is chosen and filed once, and bad parameters are told.
func TestEnginesOverACity(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "city")
	var log bytes.Buffer
	if code := run(ctx, []string{"demo", "--data", dir, "--scale", "0.01"}, io.Discard, &log); code != 0 {
		t.Fatal(code, log.String())
	}
	t.Run("forecast", func(t *testing.T) { forecastCity(t, dir) })
	t.Run("layout", func(t *testing.T) { layoutCity(t, dir) })
	t.Run("bad parameters", func(t *testing.T) { badParams(t, dir) })
	log.Reset()
	if code := run(ctx, []string{"check", "--data", dir}, io.Discard, &log); code != 0 {
		t.Error(code, log.String())
	}
}

// The real series: pupils by school and grade of a district since 1998, with births.
// Nothing is known of places, so none are short; how the method did is told for every
// horizon, right or wrong.
func TestForecastOfRealSeries(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "city")
	var log bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--city", "eauclaire", "--data", dir}, io.Discard, &log); code != 0 {
		t.Fatal(code, log.String())
	}
	var f engines.ForecastAnswer
	if code, log := start(t, dir, "forecast", "years: 5\n", &f); code != 0 {
		t.Fatal(code, log)
	}
	if f.Base != 2024 || len(f.Years) != 5 || !strings.Contains(f.Entry.EN, "births") || strings.Contains(f.Entry.EN, "could be used") {
		t.Errorf("%d, %v, %s", f.Base, f.Years, f.Entry.EN)
	}
	body := map[string]int64{}
	for _, r := range f.Rows {
		if r.Places != nil || r.Short != nil {
			t.Errorf("places of %+v", r)
		}
		if k := r.Scenario + strconv.Itoa(r.Year); r.Kind == "managing" {
			body[k] = r.Children
		} else if r.Kind == "total" && body[k] != r.Children {
			t.Errorf("all together %d, the district %d in %s", r.Children, body[k], k)
		}
	}
	told := 0
	for _, c := range f.Checks {
		if c.Grain == "managing" && c.N >= 20 && c.WAPE != nil && c.NoChange != nil && c.Coverage80 != nil {
			told++
		}
	}
	if len(body) != 15 || told != 5 {
		t.Errorf("%d rows of the district, %d horizons held against what came", len(body), told)
	}
}

// start writes parameters and runs an engine; what it prints is read into out.
func start(t *testing.T, dir, engine, params string, out any) (int, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "params.yaml")
	if err := os.WriteFile(file, []byte(params), 0o600); err != nil {
		t.Fatal(err)
	}
	var b, log bytes.Buffer
	code := run(t.Context(), []string{"run", engine, "--data", dir, "--params", file, "-o", "json"}, &b, &log)
	if code == 0 || b.Len() > 0 {
		if err := json.Unmarshal(b.Bytes(), out); err != nil {
			t.Fatalf("%v: %.200s", err, b.String())
		}
	}
	return code, log.String()
}

func inCity(t *testing.T, dir string, do func(ctx context.Context, ct *city.City)) {
	t.Helper()
	ct, err := city.Open(t.Context(), dir, packs.FS, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer ct.Close()
	do(t.Context(), ct)
}

func forecastCity(t *testing.T, dir string) {
	var f engines.ForecastAnswer
	if code, log := start(t, dir, "forecast", "years: 6", &f); code != 0 {
		t.Fatal(code, log)
	}
	if f.Seal != "S000002" || f.Base != 2024 || len(f.Years) != 6 || len(f.Scenarios) != 3 || f.Entry.ZH == "" {
		t.Fatalf("%+v", f)
	}
	// The bodies add up to the total, scenario by scenario; low ≤ middle ≤ high.
	type key struct {
		scenario, stage string
		year            int
	}
	sum, total, places := map[key]int64{}, map[key]int64{}, 0
	bodies := 0
	for _, r := range f.Rows {
		k := key{r.Scenario, r.Stage, r.Year}
		if r.Kind == "total" {
			total[k] += r.Children
		} else {
			sum[k] += r.Children
			bodies++
		}
		if r.Low80 != nil && !(*r.Low95 <= *r.Low80 && *r.Low80 <= r.Children && r.Children <= *r.High80 && *r.High80 <= *r.High95) {
			t.Errorf("bands of %s %s %d do not nest: %+v", r.Unit, r.Stage, r.Year, r)
		}
		if r.Places != nil {
			places++
			if *r.Short != max(0, r.Children-*r.Places) {
				t.Errorf("%+v", r)
			}
		}
	}
	if bodies < 100 || places < 100 {
		t.Fatal(bodies, places)
	}
	for k, n := range total {
		if math.Abs(float64(n-sum[k])) > 20 { // every body is rounded
			t.Errorf("%v: %d in all, the bodies have %d", k, n, sum[k])
		}
		if k.scenario == "middle" && (total[key{"low", k.stage, k.year}] > n || total[key{"high", k.stage, k.year}] < n) {
			t.Errorf("%v: low %d, middle %d, high %d", k, total[key{"low", k.stage, k.year}], n, total[key{"high", k.stage, k.year}])
		}
	}
	// The special schools are a share of the children of their age; senior and vocational
	// schools share the leavers, by record and, from a year on, as is assumed.
	rules := map[string]int{}
	for _, n := range f.Notes {
		rules[n.Rule]++
	}
	if rules["split"] != 2 || rules["beside"] != 1 {
		t.Errorf("notes %v", rules)
	}
	var even engines.ForecastAnswer
	if code, log := start(t, dir, "forecast", "years: 4\nunits: false\nsplit: [{year: 2026, stage: VOC, share: 0.4}, {year: 2026, stage: SEN, share: 0.4}]", &even); code != 0 {
		t.Fatal(code, log)
	}
	change := map[key]int64{}
	for _, r := range even.Rows {
		if r.Kind == "total" && r.Scenario == "middle" {
			change[key{"", r.Stage, r.Year}] = r.Children - total[key{"middle", r.Stage, r.Year}]
		}
	}
	for stage, sign := range map[string]int64{"SEN": -1, "VOC": 1} {
		if now, one, three := change[key{"", stage, 2025}], sign*change[key{"", stage, 2026}], sign*change[key{"", stage, 2028}]; now != 0 || one <= 0 || three <= one {
			t.Errorf("%s changes by %d, %d, %d", stage, now, one, three)
		}
	}
	// A stage asked for alone rests on the same children of its age.
	var alone engines.ForecastAnswer
	if code, log := start(t, dir, "forecast", "years: 4\nunits: false\nstages: [SPE]", &alone); code != 0 {
		t.Fatal(code, log)
	}
	same := 0
	for _, r := range alone.Rows {
		if want := total[key{r.Scenario, r.Stage, r.Year}]; r.Kind == "total" {
			same++
			if r.Children != want {
				t.Errorf("%s alone, %s %d: %d, with the others %d", r.Stage, r.Scenario, r.Year, r.Children, want)
			}
		}
	}
	if same != 12 {
		t.Errorf("%d totals of the stage alone", same)
	}
	beats := 0
	for _, c := range f.Checks {
		if c.Grain == "managing" && c.Horizon == 1 && c.WAPE != nil && c.NoChange != nil && *c.WAPE < *c.NoChange {
			beats++
		}
	}
	if beats < 3 {
		t.Errorf("the chain beats “no change” for %d stages only: %+v", beats, f.Checks)
	}
	if len(f.Peaks) == 0 {
		t.Error("no plan for the peak")
	}

	inCity(t, dir, func(ctx context.Context, ct *city.City) {
		// Schools add up to their body, and towns to what their schools have.
		got := map[string]map[key]int64{}
		eachRow(t, ct, "forecast_row", f.Run, func(v func(string) luoshu.Value) {
			k := key{v("scenario").S, v("stage").S, int(v("year").I)}
			kind := v("unit_kind").S
			if got[kind] == nil {
				got[kind] = map[key]int64{}
			}
			got[kind][k] += v("children").I
		})
		for k, n := range got["managing"] {
			if s := got["school"][k]; math.Abs(float64(s-n)) > 150 {
				t.Errorf("%v: schools have %d, their bodies %d", k, s, n)
			}
			if s, w := got["school"][k], got["town"][k]; math.Abs(float64(s-w)) > 150 {
				t.Errorf("%v: schools have %d, towns %d", k, s, w)
			}
		}
		// One run is chosen, then another takes its place.
		second, err := ct.Runner.Forecast(ctx, access.Operator, []byte("years: 3\nunits: false"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, no := range []string{f.Run, second.Run, second.Run} {
			if err := ct.Runner.Choose(ctx, access.Operator, "places-forecast", no); err != nil {
				t.Fatal(err)
			}
			var chosen []string
			eachOf(t, ct, "forecast_run", func(v func(string) luoshu.Value) {
				if v("chosen").I == 1 {
					chosen = append(chosen, v("number").S)
				}
			})
			if len(chosen) != 1 || chosen[0] != no {
				t.Errorf("chosen %v, want %s", chosen, no)
			}
		}
		// A county officer runs the own county, sees no other, and chooses none of theirs.
		county := luoshu.Actor{Name: "c", Role: "county", Org: "410325"}
		// It reads the head of the city's run, and of its rows those of the own county.
		head, err := ct.Door.Records(ctx, county, disclose.RecordQuery{Entity: "forecast_run", Filter: map[string]string{"number": f.Run}})
		if err != nil || len(head.Rows) != 1 || head.Rows[0].Values["entry_assumption"] == nil || head.Rows[0].Values["params"] == nil {
			t.Errorf("the head of the city's run: %+v, %v", head, err)
		}
		rows, err := ct.Door.Records(ctx, county, disclose.RecordQuery{Entity: "forecast_row", Filter: map[string]string{"run": f.Run, "unit_kind": "managing|total"}})
		if err != nil || len(rows.Rows) == 0 {
			t.Errorf("%+v, %v", rows, err)
		}
		for _, r := range rows.Rows {
			if r.Values["unit"] != "410325" {
				t.Errorf("a county sees %v of the city's run", r.Values["unit"])
			}
		}
		// Who may not see small groups is told no exact number of children, and none of few.
		leader := luoshu.Actor{Name: "l", Role: "leader", Org: "410300"}
		coarse, err := ct.Door.Records(ctx, leader, disclose.RecordQuery{Entity: "forecast_row", Filter: map[string]string{"run": f.Run, "unit_kind": "school"}, Limit: 500})
		if err != nil || len(coarse.Rows) == 0 {
			t.Fatal(coarse, err)
		}
		below := 0
		for _, r := range coarse.Rows {
			for _, name := range []string{"children", "low80", "high80", "low95", "high95", "short"} {
				v, ok := r.Values[name].(string)
				if r.Values[name] == nil {
					continue
				}
				if n, _ := strconv.Atoi(strings.TrimPrefix(v, "≈")); !ok || v != "<5" && v != "0" && n%5 != 0 {
					t.Fatalf("a leader is told %s %v of %v", name, r.Values[name], r.Values["unit"])
				}
				if v == "<5" {
					below++
				}
			}
		}
		if below == 0 {
			t.Error("no school has so few children that they are withheld: nothing was tried")
		}
		for _, q := range []disclose.RecordQuery{{Entity: "forecast_row", Filter: map[string]string{"children": "3"}}, {Entity: "forecast_row", Sort: "short"}, {Entity: "forecast_grade", Filter: map[string]string{"children": "1..4"}}} {
			if _, err := ct.Door.Records(ctx, leader, q); err == nil {
				t.Errorf("a leader finds small forecasts by %+v", q)
			}
		}
		own, err := ct.Runner.Forecast(ctx, county, []byte("years: 2"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range own.Rows {
			if r.Unit != "410325" {
				t.Errorf("a county's run has %s", r.Unit)
			}
		}
		if _, err := ct.Runner.Forecast(ctx, county, []byte("org: \"410311\""), nil); kindOf(err) != luoshu.NotFound {
			t.Error(err)
		}
		if err := ct.Runner.Choose(ctx, county, "places-forecast", f.Run); kindOf(err) != luoshu.NotFound {
			t.Error(err)
		}
		clerk := luoshu.Actor{Name: "k", Role: "clerk", Org: "2141250001"}
		if _, err := ct.Runner.Forecast(ctx, clerk, nil, nil); kindOf(err) != luoshu.Denied {
			t.Error(err)
		}
	})
}

func layoutCity(t *testing.T, dir string) {
	var l engines.LayoutAnswer
	code, log := start(t, dir, "siting", "org: \"410325\"\nstage: PRI\nallow: [extend, build, close, reopen]\n", &l)
	if code != 0 {
		t.Fatal(code, log)
	}
	f := l.Layout.Figures
	if f.Children != l.Children || l.Children == 0 || f.Places < f.Children || f.Boarders != 0 {
		t.Fatalf("%+v", f)
	}
	inCity(t, dir, func(ctx context.Context, ct *city.City) {
		bySite, there := map[string]int64{}, map[string]int64{}
		eachRow(t, ct, "layout_block", l.Run, func(v func(string) luoshu.Value) { bySite[v("site").S] += v("children").I })
		file := ""
		eachRow(t, ct, "layout_site", l.Run, func(v func(string) luoshu.Value) {
			there[v("site").S] = v("children").I
			if v("children").I > v("places").I {
				t.Errorf("%s holds %d children in %d places", v("site").S, v("children").I, v("places").I)
			}
			if v("words_zh").S == "" || v("words_en").S == "" {
				t.Errorf("%s: no words", v("site").S)
			}
			if a := v("action").S; a == "extend" || a == "build" || a == "reuse" {
				file = v("site").S
			}
		})
		for site, n := range bySite {
			if there[site] != n {
				t.Errorf("%s: blocks send %d, the site holds %d", site, n, there[site])
			}
		}
		cells := map[string]string{
			"programme": "places", "site_urban": "220", "land_due": "2025-12-31", "build_due": "2026-12-31", "accept_due": "2027-06-30", "open_due": "2027-08-31",
			"reason_over": "按布局方案测算的规模，经论证确有需要",
		}
		county := luoshu.Actor{Name: "c", Role: "county", Org: "410325"}
		got, err := ct.Runner.File(ctx, county, "school-layout", l.Run, nil, 8, cells)
		if err != nil {
			t.Fatal(err)
		}
		if (len(got) > 0) != (file != "") {
			t.Fatalf("filed %v, the layout has %q", got, file)
		}
		again, err := ct.Runner.File(ctx, county, "school-layout", l.Run, nil, 8, cells)
		if err != nil || len(again) != len(got) || len(got) > 0 && again[0] != got[0] {
			t.Errorf("filed again as %v, first %v: %v", again, got, err)
		}
	})

	// The layout as a paper, and one that is not there.
	paper := filepath.Join(t.TempDir(), "layout.docx")
	var said bytes.Buffer
	if code := run(t.Context(), []string{"brief", "--data", dir, "--kind", "layout", "--run", l.Run, "--out", paper}, io.Discard, &said); code != 0 {
		t.Fatal(code, said.String())
	}
	z, err := zip.OpenReader(paper)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	doc, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(doc)
	if err != nil || !bytes.Contains(body, []byte(l.Run)) || !bytes.Contains(body, []byte("合成数据")) || !bytes.Contains(body, []byte("逐处安排")) {
		t.Errorf("the paper lacks what it is about: %v, %d bytes", err, len(body))
	}
	if code := run(t.Context(), []string{"brief", "--data", dir, "--kind", "layout", "--run", "L0", "--out", paper + "x.docx"}, io.Discard, &said); code != 1 || !strings.Contains(said.String(), "L0") {
		t.Error(code, said.String())
	}

	// With boarding allowed nobody too young boards, nobody boards too far from home,
	// and schools are not closed for it one and all.
	var b engines.LayoutAnswer
	if code, log := start(t, dir, "siting", "org: \"410325\"\nstage: PRI\nboard_limit: 12000\n", &b); code != 0 {
		t.Fatal(code, log)
	}
	open := 0
	for _, s := range b.Layout.Sites {
		if len(s.Places) > 0 {
			open++
		}
	}
	for _, a := range b.Layout.Assign {
		if a.Boards && (a.Way > 12 || strings.HasSuffix(a.Block, "/1—3")) {
			t.Errorf("%+v boards", a)
		}
	}
	if open < 2 || !strings.Contains(b.Note.ZH, "4 年级以下不寄宿") {
		t.Errorf("%d sites are left, %s", open, b.Note.ZH)
	}

	layoutWays(t, dir)

	// The mountain county of the demo has recorded ways and neighbours; a layout says
	// what it took.
	var m engines.LayoutAnswer
	if code, log := start(t, dir, "siting", "org: \"410324\"\nstage: PRI\ncontiguous: true\n", &m); code != 0 {
		t.Fatal(code, log)
	}
	if w := m.Ways; w.Recorded == 0 || w.Recorded >= w.Pairs || !strings.Contains(m.Note.ZH, "来自登记") || !strings.Contains(m.Note.ZH, "片区相邻按登记") {
		t.Errorf("%+v, %s", w, m.Note.ZH)
	}

	// Where nothing may be spent nothing is built, and what stands above the classes
	// that a school may have stays.
	var still engines.LayoutAnswer
	if code, log := start(t, dir, "siting", "org: \"410325\"\nstage: PRI\nbudget: 0\nmax_classes: 1\n", &still); code == 0 {
		if still.Layout.Figures.Invest != 0 || !strings.Contains(still.Note.EN, "may stay and may not grow") {
			t.Errorf("%+v, %s", still.Layout.Figures, still.Note.EN)
		}
	} else if !strings.Contains(log, still.Run) || len(still.Conflicts) == 0 {
		t.Errorf("%d %s", code, log)
	}

	// Nobody may go further than a few metres, and nobody may board: no layout, kept
	// with what conflicts.
	var none engines.LayoutAnswer
	code, log = start(t, dir, "siting", "org: \"410325\"\nstage: PRI\nlimit: 5\nhard: true\nallow: [close]\n", &none)
	if code != 1 || none.Layout == nil || len(none.Layout.Conflicts) < 5 || len(none.Conflicts) > 5 || !strings.Contains(none.Conflicts[0].ZH, "至少把上限") || !strings.Contains(log, none.Run) {
		t.Errorf("%d %s %+v", code, log, none.Layout)
	}
}

// layoutWays records ways to one school and lays out by them, catchments hanging together.
func layoutWays(t *testing.T, dir string) {
	var blocks []string
	site := ""
	inCity(t, dir, func(_ context.Context, ct *city.City) {
		eachOf(t, ct, "block", func(v func(string) luoshu.Value) {
			if v("managing").S == "410325" {
				blocks = append(blocks, v("code").S)
			}
		})
		eachOf(t, ct, "premises", func(v func(string) luoshu.Value) {
			if v("managing").S == "410325" && v("stage").S == "PRI" && v("state").S == "in-use" {
				site = v("code").S
			}
		})
	})
	sheet := "片区编号,校舍编号,上学方式,路程,回程,用时\n"
	for i, b := range blocks {
		switch {
		case i == 0:
			sheet += b + "," + site + ",walk,300000,200000,\n" // there and back differ
		case i == 1:
			sheet += b + "," + site + ",walk,1,,\n" // shorter than the straight line
		default:
			sheet += b + "," + site + ",walk,,,6000\n" // refused: longer than a day's way
			sheet += b + "," + site + ",walk,,,600\n"
		}
	}
	file := filepath.Join(t.TempDir(), "way.csv")
	if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	run(t.Context(), []string{"load", "--data", dir, "--entity", "way", file}, io.Discard, &log) // 1: some rows are refused
	if code := run(t.Context(), []string{"seal", "--data", dir, "--note", "ways"}, io.Discard, &log); code != 0 {
		t.Fatal(code, log.String())
	}
	var l engines.LayoutAnswer
	if code, log := start(t, dir, "siting", "org: \"410325\"\nstage: PRI\ncontiguous: true\nallow: [close]\n", &l); code != 0 {
		t.Fatal(code, log)
	}
	if w := l.Ways; w.Recorded < 2 || w.Recorded >= w.Pairs || w.Uneven != 1 || w.Short == 0 {
		t.Errorf("%+v, %s", w, log.String())
	}
	to := map[string]string{}
	for _, a := range l.Layout.Assign {
		if was := to[a.Block]; was != "" && was != a.Site {
			t.Errorf("%s is split", a.Block)
		}
		to[a.Block] = a.Site
		if a.Site == site && a.Way > 250.01 {
			t.Errorf("%+v", a)
		}
	}
	for _, want := range []string{"来自登记", "没有登记片区相邻"} {
		if !strings.Contains(l.Note.ZH, want) {
			t.Errorf("%s lacks %s", l.Note.ZH, want)
		}
	}
	inCity(t, dir, func(_ context.Context, ct *city.City) {
		eachOf(t, ct, "layout_run", func(v func(string) luoshu.Value) {
			if v("number").S == l.Run && v("ways_share").I != int64(math.Round(l.Ways.Share*1e4)) {
				t.Errorf("the record says %d, the run %v", v("ways_share").I, l.Ways.Share)
			}
		})
	})
}

func badParams(t *testing.T, dir string) {
	for _, x := range []struct{ engine, params, want string }{
		{"forecast", "yaers: 3", "yaers"},
		{"forecast", "years: 300", "300"},
		{"forecast", "org: nowhere", "nowhere"},
		{"forecast", "seal: S000099", "S000099"},
		{"forecast", "stages: [NIL]", "NIL"},
		{"forecast", "scenarios: [{id: middle, entry: 7}]", "middle"},
		{"forecast", "run: nothing", "nothing"},
		{"forecast", "split: [{year: 2026, stage: PRI, share: 0.5}]", "PRI"},
		{"forecast", "split: [{year: 2026, stage: VOC, share: 0.99}]", "more than 1"},
		{"forecast", "split: [{stage: VOC, share: 0.3}]", "VOC"},
		{"forecast", "[", "line 1"},
		{"siting", "org: \"410325\"", "stage"},
		{"siting", "org: \"410325\"\nstage: PRI\nyear: 2031", "2031"},
		{"siting", "org: \"410325\"\nstage: PRI\nyear: 2031\nforecast: F0", "F0"},
		{"siting", "org: \"410325\"\nstage: PRI\nallow: [raze]", "raze"},
		{"siting", "org: \"410325\"\nstage: PRI\nfixed: [nowhere]", "nowhere"},
		{"siting", "org: \"410325\"\nstage: VOX", "VOX"},
		{"forecast", "org: \"410311\"\nclosures: [{year: 2027, unit: nowhere}]", "no such unit"},
		{"forecast", "org: \"410311\"\nclosures: [{year: 2027, unit: \"2141250001\"}]", "is not of"},
		{"forecast", "closures: [{year: 2027, unit: \"2141250001\", to: [{to: nowhere, share: 1}]}]", "to take its children"},
		{"forecast", "closures: [{year: 2020, unit: \"2141250001\"}]", "not after the base year"},
		{"forecast", "stages: [VOC]\nclosures: [{year: 2027, unit: \"2141250001\"}]", "of the stages asked for"},
		{"forecast", "housing: [{year: 2027, area: nowhere, homes: 9}]", "nowhere"},
		{"siting", "org: \"410325\"\nstage: PRI\nlimit: -5", "(limit) is -5"},
		{"siting", "org: \"410325\"\nstage: PRI\ndetour: 0.5", "detour"},
		{"siting", "org: \"410325\"\nstage: PRI\nboard_limit: -9", "board_limit"},
		{"siting", "org: \"410325\"\nstage: PRI\nmode: fly", "fly"},
	} {
		code, log := start(t, dir, x.engine, x.params, new(any))
		if code != 1 || !strings.Contains(log, x.want) || strings.Count(log, "luoshu: ") < 2 {
			t.Errorf("%s %q: %d %s", x.engine, x.params, code, log)
		}
	}
}

func kindOf(err error) luoshu.ErrKind {
	if e, ok := err.(*luoshu.Error); ok { //nolint:errorlint // none of these is wrapped
		return e.Kind
	}
	return ""
}

// eachOf calls each for every record of an entity with a reader of its fields.
func eachOf(t *testing.T, ct *city.City, entity string, each func(func(string) luoshu.Value)) {
	t.Helper()
	e := ct.Catalog.Entity(entity)
	err := ct.Records.Each(t.Context(), records.Query{Entity: entity}, func(v *records.Version) error {
		each(func(name string) luoshu.Value { return v.Values[e.Field(name).Index] })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eachRow is eachOf for the records of one run.
func eachRow(t *testing.T, ct *city.City, entity, run string, each func(func(string) luoshu.Value)) {
	t.Helper()
	n := 0
	eachOf(t, ct, entity, func(v func(string) luoshu.Value) {
		if v("run").S == run {
			n++
			each(v)
		}
	})
	if n == 0 {
		t.Fatalf("run %s wrote no %s", run, entity)
	}
}
