package disclose_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/disclose"
	"luoshu/kernel/ledger"
)

func kind(err error) luoshu.ErrKind {
	var e *luoshu.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func TestRecordsPageSearchFilter(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	planner := w.actor("planner", "R")
	for _, c := range []struct {
		name  string
		actor luoshu.Actor
		q     disclose.RecordQuery
		total int64
		not   string // must not appear
	}{
		{"all", planner, disclose.RecordQuery{Entity: "member"}, 90, ""},
		{"page", planner, disclose.RecordQuery{Entity: "member", Offset: 80, Limit: 20}, 90, ""},
		{"beyond", planner, disclose.RecordQuery{Entity: "member", Offset: 100, Limit: 20}, 90, ""},
		{"sub", w.actor("clerk", "A"), disclose.RecordQuery{Entity: "member", Limit: 100}, 62, "B1"},
		{"closed house stays with its office", w.actor("clerk", "B"), disclose.RecordQuery{Entity: "member", Limit: 100}, 28, "A1"},
		{"one house of mine", w.actor("clerk", "A"), disclose.RecordQuery{Entity: "member", Org: "A2"}, 12, "A1"},
		{"through a reference", w.actor("clerk", "A2"), disclose.RecordQuery{Entity: "score", Limit: 100}, 12, "A1"},
		{"code", planner, disclose.RecordQuery{Entity: "member", Q: "member-no-A1"}, 20, "B1"},
		{"name", planner, disclose.RecordQuery{Entity: "house", Q: "院a"}, 3, "B1"},
		{"pinyin", planner, disclose.RecordQuery{Entity: "house", Q: "yuana1"}, 1, "B1"},
		{"initials", planner, disclose.RecordQuery{Entity: "house", Q: "ya"}, 3, "B1"},
		{"wildcards are letters", planner, disclose.RecordQuery{Entity: "house", Q: "%"}, 0, "A1"},
		{"filter", planner, disclose.RecordQuery{Entity: "stay", Filter: map[string]string{"house": "A2", "year": "2024"}}, 12, "A1"},
		{"either", planner, disclose.RecordQuery{Entity: "stay", Filter: map[string]string{"house": "A2|B2", "year": "2023"}}, 15, "A1"},
		{"range", planner, disclose.RecordQuery{Entity: "stay", Filter: map[string]string{"year": "2024..2030"}}, 90, ""},
		{"date range", planner, disclose.RecordQuery{Entity: "house", Filter: map[string]string{"closed": "2025-01-01..2025-12-31"}}, 1, "A1"},
		{"empty", planner, disclose.RecordQuery{Entity: "house", Filter: map[string]string{"closed": ""}}, 4, "B1"},
		{"reference data for all", w.actor("visitor", "B2"), disclose.RecordQuery{Entity: "area"}, 2, ""},
		{"at the seal", planner, disclose.RecordQuery{Entity: "member", Seal: w.seal.ID}, 90, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := w.door.Records(ctx, c.actor, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if p.Total != c.total || p.Capped {
				t.Errorf("total %d, want %d", p.Total, c.total)
			}
			b, _ := json.Marshal(p.Rows)
			if c.not != "" && strings.Contains(string(b), c.not) {
				t.Errorf("%s appears in %s", c.not, b)
			}
		})
	}
	for name, c := range map[string]struct {
		actor luoshu.Actor
		q     disclose.RecordQuery
		kind  luoshu.ErrKind
	}{
		"foreign org":    {w.actor("clerk", "A"), disclose.RecordQuery{Entity: "member", Org: "B1"}, luoshu.NotFound},
		"unknown org":    {w.actor("clerk", "A"), disclose.RecordQuery{Entity: "member", Org: "Z"}, luoshu.NotFound},
		"no such entity": {planner, disclose.RecordQuery{Entity: "nothing"}, luoshu.NotFound},
		"not its entity": {w.actor("narrow", "R"), disclose.RecordQuery{Entity: "member"}, luoshu.NotFound},
		"no such seal":   {planner, disclose.RecordQuery{Entity: "member", Seal: "S999999"}, luoshu.NotFound},
		"no such field":  {planner, disclose.RecordQuery{Entity: "member", Sort: "nothing"}, luoshu.Invalid},
		"bad number":     {planner, disclose.RecordQuery{Entity: "stay", Filter: map[string]string{"year": "x"}}, luoshu.Invalid},
		"deep page":      {planner, disclose.RecordQuery{Entity: "stay", Offset: 1 << 30}, luoshu.Invalid},
		"no role":        {w.actor("nobody", "R"), disclose.RecordQuery{Entity: "stay"}, luoshu.Denied},
	} {
		if _, err := w.door.Records(ctx, c.actor, c.q); kind(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A record keeps its history; what another organisation held before does not show.
func TestRecordHistoryAndMove(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	row := append([]luoshu.Value{}, w.rows["member"][0]...)
	at := func(f string) int { return w.cat.Entity("member").Field(f).Index }
	row[at("memo")] = luoshu.TextValue("changed-memo-1")
	w.commit(w.actor("planner", "R"), "member", [][]luoshu.Value{row})
	r, err := w.door.Record(ctx, w.actor("clerk", "A1"), "member", 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.History) != 2 || strings.Join(r.History[0].Changed, ",") != "memo" || r.History[1].Ended != r.History[0].Seq {
		t.Errorf("history %+v", r.History)
	}
	if r.History[1].Source.Row != 2 || r.History[1].Source.Name != "member.csv" {
		t.Errorf("source %+v", r.History[1].Source)
	}
	if len(r.Related) != 2 || r.Related[0].Total+r.Related[1].Total != 3 {
		t.Errorf("related %+v", r.Related)
	}
	if len(r.Links) != 1 || r.Links[0].Entity != "house" {
		t.Errorf("links %+v", r.Links)
	}
	row[at("house")] = luoshu.TextValue("B2")
	row[at("memo")] = luoshu.TextValue("moved-memo-2")
	w.commit(w.actor("planner", "R"), "member", [][]luoshu.Value{row})
	if _, err := w.door.Record(ctx, w.actor("clerk", "A1"), "member", 1); kind(err) != luoshu.NotFound {
		t.Errorf("the old house still sees the record: %v", err)
	}
	r, err = w.door.Record(ctx, w.actor("clerk", "B2"), "member", 1)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(r); strings.Contains(string(b), "changed-memo-1") || len(r.History) != 1 {
		t.Errorf("the new house sees what the old one held: %s", b)
	}
	p, err := w.door.Records(ctx, w.actor("planner", "R"), disclose.RecordQuery{Entity: "member", Filter: map[string]string{"house": "A1"}, Seal: w.seal.ID})
	if err != nil || p.Total != 20 {
		t.Errorf("as of the seal: %v %v", p, err)
	}
}

func TestMasks(t *testing.T) {
	w := newWorld(t)
	p, err := w.door.Records(context.Background(), w.actor("planner", "R"), disclose.RecordQuery{Entity: "member", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Rows[0].Values
	for f, want := range map[string]string{"id_no": "410305**********01", "phone": "139****0001", "weight": "***", "sick": "***"} {
		if f == "id_no" {
			if s := got[f].(string); !strings.HasPrefix(s, "410305*") || len(s) != 18 || strings.Count(s, "*") != 10 {
				t.Errorf("%s is %v", f, s)
			}
			continue
		}
		if got[f] != want {
			t.Errorf("%s is %v, want %s", f, got[f], want)
		}
	}
	if _, ok := got["score"]; ok {
		t.Error("a closed field is there")
	}
}

// An export holds what the actor sees in clear and says what it is.
func TestExport(t *testing.T) {
	w := newWorld(t)
	var b bytes.Buffer
	if err := w.door.Export(context.Background(), w.actor("clerk", "A2"), disclose.RecordQuery{Entity: "member", Limit: 3}, "csv", &b, nil); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Count(text, "member-no-A2") != 12 || !strings.Contains(text, "测试数据") || !strings.Contains(text, "clerk@A2") {
		t.Error(text)
	}
	for _, not := range []string{"得分", "证件", "4103", "***", "A1"} {
		if strings.Contains(text, not) {
			t.Errorf("%s is in the export", not)
		}
	}
	if err := w.door.Export(context.Background(), w.actor("planner", "R"), disclose.RecordQuery{Entity: "member"}, "pdf", &b, nil); kind(err) != luoshu.Invalid {
		t.Error(err)
	}
}

func TestFiguresScopeAndSmallGroups(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	find := func(a luoshu.Actor, by string) map[string]disclose.Figure {
		t.Helper()
		figs, err := w.door.Figures(ctx, a, disclose.FigureQuery{Indicators: []string{"sick-share"}, By: [][]string{{by}}, Years: []int{2024}})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]disclose.Figure{}
		for _, f := range figs {
			out[f.By[by]] = f
		}
		return out
	}
	all := find(w.actor("planner", "R"), "house")
	if len(all) != 5 || *all["A2"].Numerator != 2 || all["A2"].Suppressed {
		t.Errorf("the planner sees small groups: %+v", all)
	}
	few := find(w.actor("chief", "R"), "house")
	for h, hidden := range map[string]bool{"A1": false, "A2": true, "A3": false, "B1": false, "B2": true} {
		f := few[h]
		if f.Suppressed != hidden || (hidden && (f.Value != nil || f.Numerator != nil || f.Denominator != nil || f.N != nil)) {
			t.Errorf("%s: %+v", h, f)
		}
	}
	if got := find(w.actor("chief", "A"), "house"); len(got) != 3 || !got["A2"].Suppressed {
		t.Errorf("office A: %+v", got)
	}
	if got := find(w.actor("chief", "A1"), "office"); len(got) != 0 {
		t.Errorf("a house sees an office's figure: %+v", got)
	}
	if got := find(w.actor("chief", "A"), "office"); len(got) != 1 {
		t.Errorf("office A sees %+v", got)
	}
	for _, part := range []string{"numerator", "denominator"} {
		_, err := w.door.Behind(ctx, w.actor("chief", "R"), disclose.BehindQuery{Indicator: "sick-share", Part: part, Where: map[string]string{"house": "B2"}, Year: 2024})
		if kind(err) != luoshu.Denied {
			t.Errorf("the records behind a withheld figure: %v", err)
		}
	}
	_, err := w.door.Behind(ctx, w.actor("chief", "R"), disclose.BehindQuery{Indicator: "sick-share", Part: "numerator", Where: map[string]string{"house": "A2", "kind": "y"}, Year: 2024})
	if kind(err) != luoshu.Denied {
		t.Errorf("a cut nobody declared goes round the minimum: %v", err)
	}
}

// Where one part of a sum is withheld, the next smallest is too.
func TestComplement(t *testing.T) {
	w := newWorld(t)
	out, err := w.door.Explore(context.Background(), w.actor("chief", "A"), disclose.ExploreQuery{
		Measure: "sick-share", Cuts: []string{"house"}, Filters: map[string][]string{"year": {"2024"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	hidden := map[string]bool{}
	for _, r := range out.Rows {
		hidden[r.By["house"]] = r.Suppressed
		if strings.HasPrefix(r.By["house"], "B") {
			t.Error("a house outside the scope is shown")
		}
	}
	// A2 has two sick; A1 (8) is the smaller of the others.
	if !hidden["A2"] || !hidden["A1"] || hidden["A3"] {
		t.Errorf("withheld: %v", hidden)
	}
}

func TestBehindCounts(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for _, c := range []struct {
		actor luoshu.Actor
		part  string
		where map[string]string
		want  int64
	}{
		{access.Operator, "numerator", nil, 30},
		{access.Operator, "denominator", nil, 90},
		{w.actor("planner", "R"), "numerator", map[string]string{"office": "A"}, 20},
		{w.actor("clerk", "A"), "numerator", nil, 20},
		{w.actor("clerk", "A"), "denominator", map[string]string{"house": "A2"}, 12},
		{w.actor("clerk", "A"), "denominator", map[string]string{"house": "B1"}, 0},
	} {
		p, err := w.door.Behind(ctx, c.actor, disclose.BehindQuery{Indicator: "sick-share", Part: c.part, Where: c.where, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != c.want || int64(len(p.Rows)) != c.want || p.Entity != "stay" {
			t.Errorf("%s %s %v: total %d, %d rows, want %d", c.actor.Name, c.part, c.where, p.Total, len(p.Rows), c.want)
		}
	}
}

func TestDashboardAndPlan(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	read := func(a luoshu.Actor, org string) disclose.Dashboard {
		t.Helper()
		p, err := w.door.Dashboard(ctx, a, disclose.DashboardQuery{Org: org})
		if err != nil {
			t.Fatal(err)
		}
		var d disclose.Dashboard
		if err := json.Unmarshal(p.JSON, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	city := read(w.actor("planner", "R"), "")
	if city.Year != 2024 || *city.Headlines[0].Value != 90 || *city.Headlines[0].Previous != 90 || len(city.Children) != 2 || len(city.Map.Values) != 2 {
		t.Errorf("city %+v", city)
	}
	if tg := city.Headlines[1].Target; tg == nil || tg.State != disclose.StateMet {
		t.Errorf("target %+v", tg)
	}
	if len(city.Stale) != 1 || city.Stale[0].Rows != 90 || city.Stale[0].Share != 1 {
		t.Errorf("freshness %+v", city.Stale)
	}
	sub := read(w.actor("clerk", "A"), "")
	if *sub.Headlines[0].Value != 62 || len(sub.Crumbs) != 1 || len(sub.Map.Values) != 1 || sub.Stale[0].Rows != 62 {
		t.Errorf("office %+v", sub)
	}
	one := read(w.actor("clerk", "A"), "A2")
	if *one.Headlines[0].Value != 12 || len(one.Crumbs) != 2 || one.Org.Level != "school" {
		t.Errorf("house %+v", one)
	}
	if _, err := w.door.Dashboard(ctx, w.actor("clerk", "A"), disclose.DashboardQuery{Org: "B"}); kind(err) != luoshu.NotFound {
		t.Errorf("foreign page: %v", err)
	}
	plans, err := w.door.Plan(ctx, w.actor("planner", "R"), "")
	if err != nil || plans[0].Sections[0].Targets[0].State != disclose.StateMet || *plans[0].Sections[0].Targets[0].Figure.Numerator != 30 {
		t.Errorf("plan %+v %v", plans, err)
	}
	if _, err := w.door.Plan(ctx, w.actor("clerk", "A"), ""); kind(err) != luoshu.Denied {
		t.Errorf("plan without the right: %v", err)
	}
	w.now = w.now.AddDate(2, 0, 0)
	read(w.actor("planner", "R"), "")
	if err := w.door.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if d := read(w.actor("planner", "R"), ""); d.Stale[0].Share != 0 {
		t.Errorf("two years on nothing is fresh: %+v", d.Stale)
	}
}

// A commit by one organisation is listed to those above it only.
func TestCommitScope(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	row := append([]luoshu.Value{}, w.rows["member"][0]...)
	row[1] = luoshu.TextValue("other")
	res := w.commit(w.actor("clerk", "A1"), "member", [][]luoshu.Value{row})
	for org, want := range map[string]int64{"R": 11, "A": 1, "A1": 1, "A2": 0, "B": 0} {
		p, err := w.door.Commits(ctx, w.actor("clerk", org), 0, 50)
		if err != nil || p.Total != want {
			t.Errorf("%s sees %d commits, want %d (%v)", org, p.Total, want, err)
		}
	}
	if _, err := w.door.Commit(ctx, w.actor("clerk", "B"), res.Seq); kind(err) != luoshu.NotFound {
		t.Errorf("foreign commit: %v", err)
	}
	var _ ledger.Result = res
}

// Whoever may not see small groups cannot work one out by asking for the others
// one by one, or for all but one, and taking the difference.
func TestDifferencing(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	ask := func(role string, houses ...string) disclose.ExploreRow {
		t.Helper()
		f := map[string][]string{"year": {"2024"}}
		if len(houses) > 0 {
			f["house"] = houses
		}
		out, err := w.door.Explore(ctx, w.actor(role, "A"), disclose.ExploreQuery{Measure: "sick-share", Filters: f})
		if err != nil || len(out.Rows) != 1 {
			t.Fatal(houses, out, err)
		}
		return out.Rows[0]
	}
	// Of A1, A2, A3 the second is small and the first withheld beside it.
	for _, c := range []struct {
		houses []string
		hidden bool
	}{
		{nil, false},
		{[]string{"A2"}, true},
		{[]string{"A1"}, true},
		{[]string{"A3"}, false},
		{[]string{"A1", "A3"}, true},
		{[]string{"A2", "A3"}, true},
		{[]string{"A1", "A2", "A3"}, true},
	} {
		got := ask("chief", c.houses...)
		if got.Suppressed != c.hidden || (c.hidden && (got.Numerator != nil || got.Value != nil || got.N != nil)) {
			t.Errorf("%v: %+v", c.houses, got)
		}
		if planner := ask("planner", c.houses...); planner.Suppressed {
			t.Errorf("%v is withheld from who may see it", c.houses)
		}
	}
}
