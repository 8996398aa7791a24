package siting_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"luoshu"
	"luoshu/engine/siting"
	"luoshu/engine/siting/cfl"
)

func read(t *testing.T, name string) *siting.Problem {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, faults, err := siting.Read(f, name)
	if err != nil || len(faults) > 0 {
		t.Fatalf("%v %v", faults, err)
	}
	return p
}

func solve(t *testing.T, p *siting.Problem) *siting.Layout {
	t.Helper()
	l, err := siting.Solve(context.Background(), p, siting.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Value != nil {
		if bad := siting.Verify(p, l); len(bad) > 0 {
			t.Errorf("the layout breaks rules: %v", bad)
		}
		if *l.Bound > *l.Value*(1+1e-9) {
			t.Errorf("bound %v above value %v", *l.Bound, *l.Value)
		}
	}
	return l
}

func decision(l *siting.Layout, site string) luoshu.Text {
	for _, d := range l.Decisions {
		if d.Site == site {
			return d.Text
		}
	}
	return luoshu.Text{}
}

// TestValley: a small area worked out by hand. Closing the teaching point at the
// head of the valley saves its upkeep; two blocks are then beyond the limit and
// board. The new site may not be built while the old building stands idle.
func TestValley(t *testing.T) {
	p := read(t, "valley.json")
	l := solve(t, p)
	if l.Status != cfl.Optimal {
		t.Fatalf("%s, conflicts %v", l.Status, l.Conflicts)
	}
	if want := "关闭上河教学点：23 名儿童最远 6.2 km 到中心校（23）；5 人超过 4.0 km：寄宿。"; decision(l, "head").ZH != want {
		t.Errorf("got  %s\nwant %s", decision(l, "head").ZH, want)
	}
	if want := "Close 上河教学点: 23 children move by at most 6.2 km to 中心校 (23); 5 beyond 4.0 km: board."; decision(l, "head").EN != want {
		t.Errorf("got  %s\nwant %s", decision(l, "head").EN, want)
	}
	if !strings.HasPrefix(decision(l, "new").ZH, "不建") {
		t.Errorf("the new site: %s", decision(l, "new").ZH)
	}
	if f := l.Figures; f.Moved != 23 || f.Boarders != 5 || f.OverLimit != 0 || f.MaxWay > 4 || f.Children != 443 {
		t.Errorf("%+v", f)
	}
	now, err := siting.Present(p)
	if err != nil {
		t.Fatal(err)
	}
	if *now.Value < *l.Value {
		t.Errorf("the present costs %v, the optimum %v", *now.Value, *l.Value)
	}
	c := siting.Compare(now, l)
	if len(c) != 2 || !slices.Contains(c[1].Differs, "head") || c[0].Figures.Moved != 0 {
		t.Errorf("%+v", c)
	}
}

// TestBoardersLimit: who would live too far from home, or is too young to board, does
// not board, and the school they can reach stays.
func TestBoardersLimit(t *testing.T) {
	for name, change := range map[string]func(*siting.Limit){
		"far":   func(l *siting.Limit) { l.Board = 5 },
		"young": func(l *siting.Limit) { l.NoBoard = true },
	} {
		p := read(t, "valley.json")
		for i := range p.Limits {
			change(&p.Limits[i])
		}
		l := solve(t, p)
		if l.Status != cfl.Optimal || l.Figures.Boarders != 0 || l.Figures.OverLimit != 0 {
			t.Errorf("%s: %s, %+v", name, l.Status, l.Figures)
		}
		if d := decision(l, "head").ZH; !strings.HasPrefix(d, "保留") {
			t.Errorf("%s: %s", name, d)
		}
	}
	p := read(t, "valley.json")
	before := *solve(t, p).Value
	p.PerWeekly = 1000
	if after := *solve(t, p).Value; after <= before {
		t.Errorf("the way home costs nothing: %v, before %v", after, before)
	}
}

// TestIdleFirst: whoever wants the new site must use the idle building too.
func TestIdleFirst(t *testing.T) {
	p := read(t, "valley.json")
	p.Blocks[3].Children["p"] += 350 // the town grows beyond the places of all that exists
	l := solve(t, p)
	kind := map[string]string{}
	for _, s := range l.Sites {
		kind[s.Site] = s.Kind
	}
	if kind["new"] != siting.Build || kind["old"] != siting.Reopen {
		t.Errorf("%v, conflicts %v", kind, l.Conflicts)
	}
	if !strings.Contains(decision(l, "new").ZH, "闲置校舍已先行启用") {
		t.Errorf("unexplained: %s", decision(l, "new").ZH)
	}
	p.IdleFirst = 0
	if free := solve(t, p); *free.Value > *l.Value {
		t.Errorf("without the rule it costs more: %v, %v", *free.Value, *l.Value)
	}
}

// TestConflicts: each constraint made impossible in turn, with the least change.
func TestConflicts(t *testing.T) {
	cases := map[string]struct {
		break_ func(*siting.Problem)
		rule   string
		short  float64
		needed float64
	}{
		"too many children": {func(p *siting.Problem) { p.Blocks[3].Children["p"] = 5000 }, "places", 5000 + 153 - 450 - 270 - 540 - 45, 0},
		"nothing in reach": {func(p *siting.Problem) {
			p.Blocks[0].Y = 60
			for i := range p.Sites {
				p.Sites[i].Options = slices.DeleteFunc(p.Sites[i].Options, func(o siting.Option) bool { return o.Kind == siting.Board })
			}
		}, "limit", 0, (60 - 4.4) * 1.3},
		"no money": {func(p *siting.Problem) {
			p.Blocks[3].Children["p"] += 350
			p.Budget = 1000
		}, "budget", 0, 0},
		"least sizes": {func(p *siting.Problem) {
			p.Sites[1].Options = p.Sites[1].Options[:1]
			p.Sites[1].Options[0].Least = map[string]int64{"p": 40}
			for i := range p.Blocks {
				p.Blocks[i].Children["p"] = min(p.Blocks[i].Children["p"], 7)
			}
		}, "least", 40 - 5 - 7 - 7, 0},
	}
	for name, c := range cases {
		p := read(t, "valley.json")
		c.break_(p)
		l := solve(t, p)
		if l.Status != cfl.Infeasible || len(l.Conflicts) == 0 {
			t.Errorf("%s: %s, %v", name, l.Status, l.Conflicts)
			continue
		}
		x := l.Conflicts[0]
		if x.Rule != c.rule || c.short > 0 && x.Short != c.short || c.needed > 0 && math.Abs(x.Needed-c.needed) > 1e-9 {
			t.Errorf("%s: %+v; want %s, short %v, needed %v", name, x, c.rule, c.short, c.needed)
		}
		if c.rule == "budget" { // what is said to do, does
			p.Budget = int64(x.Needed)
			if l := solve(t, p); l.Value == nil {
				t.Errorf("a budget of %v does not do", x.Needed)
			}
			p.Budget--
			if l := solve(t, p); l.Value != nil {
				t.Errorf("a budget of %v would have done", p.Budget)
			}
		}
	}
}

// grid makes an area of w × h blocks with sites in some, whole and contiguous.
func grid(seed uint64, w, h, sites int, contiguous bool) *siting.Problem {
	rng := rand.New(rand.NewPCG(seed, 21))
	p := &siting.Problem{
		Unit: "km", Detour: 1, Whole: true, Contiguous: contiguous, PerWay: 1000, PerOver: 500,
		Stages: []siting.Stage{{ID: "p", ClassSize: 1}},
		Limits: []siting.Limit{{Stage: "p", Most: 3}},
	}
	id := func(x, y int) string { return fmt.Sprintf("%d-%d", x, y) }
	total := 0
	for x := range w {
		for y := range h {
			n := rng.IntN(9)
			total += n
			p.Blocks = append(p.Blocks, siting.Block{ID: id(x, y), X: float64(x) + rng.Float64()*1.5, Y: float64(y) + rng.Float64()*1.5, Children: map[string]int64{"p": int64(n)}})
			if x > 0 {
				p.Adjacent = append(p.Adjacent, [2]string{id(x, y), id(x-1, y)})
			}
			if y > 0 {
				p.Adjacent = append(p.Adjacent, [2]string{id(x, y), id(x, y-1)})
			}
		}
	}
	p.Blocks[0].Children["p"]++
	for i := range sites {
		b := p.Blocks[rng.IntN(len(p.Blocks))]
		p.Sites = append(p.Sites, siting.Site{ID: fmt.Sprint(i), X: b.X, Y: b.Y, Block: b.ID, Options: []siting.Option{
			{Kind: siting.Build, Annual: int64(2000 + rng.IntN(9000)), Classes: map[string]int{"p": 3 + (total+rng.IntN(total+1))*3/2/sites}},
		}})
	}
	return p
}

// TestContiguousAgainstBruteForce tries every assignment of every small area.
func TestContiguousAgainstBruteForce(t *testing.T) {
	found, none, differ := 0, 0, 0
	for i := range uint64(150) {
		p := grid(i, 3, 2, 3, true)
		best := math.Inf(1)
		l, err := siting.Solve(context.Background(), p, siting.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		enumerate(p, func(a *siting.Layout, cost float64) {
			if cost < best && len(siting.Verify(p, a)) == 0 {
				best = cost
			}
		})
		switch {
		case math.IsInf(best, 1):
			if none++; l.Value != nil {
				t.Errorf("area %d: %v where there is no layout", i, *l.Value)
			}
			continue
		case l.Value == nil || l.Status != cfl.Optimal || math.Abs(*l.Value-best) > 1e-6*best:
			t.Errorf("area %d: %s %v, brute force %v", i, l.Status, l.Value, best)
			continue
		}
		found++
		if bad := siting.Verify(p, l); len(bad) > 0 {
			t.Errorf("area %d: %v", i, bad)
		}
		p.Contiguous = false
		if free := solve(t, p); *free.Value < best-1e-6 {
			differ++
		}
	}
	if found < 60 || differ < 3 {
		t.Errorf("%d solved, %d without layout, %d in which contiguity matters: too few", found, none, differ)
	}
}

// enumerate calls do with every assignment of blocks to sites and its cost.
func enumerate(p *siting.Problem, do func(*siting.Layout, float64)) {
	var clients []siting.Block
	for _, b := range p.Blocks {
		if b.Children["p"] > 0 {
			clients = append(clients, b)
		}
	}
	at := make([]int, len(clients))
	for {
		l, cost, used := &siting.Layout{}, 0.0, map[int]bool{}
		for j, b := range clients {
			s, n := p.Sites[at[j]], b.Children["p"]
			way := math.Hypot(b.X-s.X, b.Y-s.Y)
			over := math.Max(0, way-3)
			cost += float64(n) * (1000*way + 500*over*over)
			l.Assign = append(l.Assign, siting.Assignment{Block: b.ID, Stage: "p", Site: s.ID, Children: n, Way: way})
			if !used[at[j]] {
				used[at[j]] = true
				cost += float64(s.Options[0].Annual)
			}
		}
		for i, s := range p.Sites {
			c := siting.Chosen{Site: s.ID, Option: -1}
			if used[i] {
				c.Option = 0
			}
			l.Sites = append(l.Sites, c)
		}
		do(l, cost)
		k := 0
		for ; k < len(at); k++ {
			if at[k]++; at[k] < len(p.Sites) {
				break
			}
			at[k] = 0
		}
		if k == len(at) {
			return
		}
	}
}

// TestContiguousLarger: every catchment hangs together and the bound is below.
func TestContiguousLarger(t *testing.T) {
	for seed := range uint64(4) {
		p := grid(seed, 8, 8, 9, true)
		l, err := siting.Solve(context.Background(), p, siting.Limits{Nodes: 60})
		if err != nil {
			t.Fatal(err)
		}
		if l.Value == nil {
			t.Errorf("area %d: %s", seed, l.Status)
			continue
		}
		if bad := siting.Verify(p, l); len(bad) > 0 || l.Gap > 0.1 {
			t.Errorf("area %d: gap %v, %v", seed, l.Gap, bad)
		}
	}
}

// TestSameProblemSameBytes: solved twice, written twice, equal.
func TestSameProblemSameBytes(t *testing.T) {
	var first []byte
	for range 2 {
		l, err := siting.Solve(context.Background(), grid(3, 5, 5, 5, true), siting.Limits{Seed: 2, Nodes: 40})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !reflect.DeepEqual(b, first) {
			t.Error("two runs differ")
		}
		first = b
	}
}

func ExampleSolve() {
	p := &siting.Problem{
		Unit: "km", Detour: 1.3, PerWay: 50_000,
		Stages: []siting.Stage{{ID: "primary", Name: luoshu.Text{ZH: "小学", EN: "primary"}, ClassSize: 45, Compulsory: true}},
		Blocks: []siting.Block{
			{ID: "east", X: 1, Children: map[string]int64{"primary": 80}, Now: map[string]string{"primary": "point"}},
			{ID: "west", X: -1, Children: map[string]int64{"primary": 200}, Now: map[string]string{"primary": "centre"}},
		},
		Sites: []siting.Site{
			{ID: "point", X: 1, Existing: true, Options: []siting.Option{
				{Kind: siting.Keep, Annual: 90_000_000, Classes: map[string]int{"primary": 2}}, {Kind: siting.Close},
			}},
			{ID: "centre", X: -1, Existing: true, Options: []siting.Option{
				{Kind: siting.Keep, Annual: 200_000_000, Classes: map[string]int{"primary": 12}},
			}},
		},
	}
	l, _ := siting.Solve(context.Background(), p, siting.Limits{})
	fmt.Println(l.Status, l.Decisions[0].Text.EN)
	// Output: optimal Close point: 80 children move by at most 2.6 km to centre (80).
}
