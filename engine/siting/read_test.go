package siting_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"luoshu/engine/siting"
)

// TestFaults: what is wrong in a file is said with its line, in both languages.
func TestFaults(t *testing.T) {
	data, err := os.ReadFile("testdata/valley.json")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		old, new string
		line     int
		rule     string
		zh, en   string
	}{
		{`"detour": 1.3,`, `"detuor": 1.3,`, 4, "form", "detuor", "detuor"},
		{`"detour": 1.3,`, `"detour": 1.3, "detour": 1.4,`, 4, "repeated", "键“detour”出现两次", `key "detour" stands twice`},
		{`"detour": 1.3,`, `"detour": 0.5,`, 4, "range", "绕行系数 0.5", "detour 0.5"},
		{`"detour": 1.3,`, `"detour": 1.3`, 5, "syntax", "JSON", "JSON"},
		{`"children": {"p": 18}`, `"children": {"p": -18}`, 15, "range", "-18 不在 0", "-18 is not between"},
		{`"children": {"p": 18}`, `"children": {"q": 18}`, 15, "reference", "没有学段“q”", `no stage "q"`},
		{`"now": {"p": "head"}},
    {"id": "b3"`, `"now": {"p": "nowhere"}},
    {"id": "b3"`, 15, "reference", "没有校点“nowhere”", `no site "nowhere"`},
		{`"kind": "close", "annual": 100000`, `"kind": "close", "classes": {"p": 1}`, 25, "together", "不能有班", "no classes"},
		{`"kind": "build", "annual": 200000000, "invest": 2000000000, "classes": {"p": 12}`, `"kind": "build", "classes": {"p": 40}`, 29, "most", "40 个班超过上限 36", "40 classes are above"},
		{`"least": {"p": 90}`, `"least": {"p": 900}`, 29, "range", "最小规模 900 大于学位 540", "900 is above the 540 places"},
		{`"id": "b2"`, `"id": "b1"`, 15, "unique", "重复", "repeated"},
		{`"budget": 9000000000,`, `"budget": 9000000000, "contiguous": true,`, 12, "together", "whole", "needs whole"},
		{`"budget": 9000000000,`, `"budget": 9000000000, "matrices": [{"mode": "walk", "ways": [[1,1,1,1],[1,null,1,1],[1,1,1,1],[1,1,1]]}],`, 12, "shape", "第 4 行有 3 项", "row 4 has 3 entries"},
		{`"budget": 9000000000,`, `"budget": 9000000000, "matrices": [{"mode": "walk", "ways": [[1,1,1,1],[1,null,1,1],[1,1,1,1],[1,1,1,1]]}],`, 12, "missing", "“b2”到校点“head”没有距离", `"b2" to site "head" has no way`},
		{`"budget": 9000000000,`, `"budget": 9000000000, "matrices": [{"mode": "walk", "tolerance": 0.1, "ways": [[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]], "back": [[1,1,1,1],[1,2,1,1],[1,1,1,1],[1,1,1,1]]}],`, 12, "asymmetric", "去程 1、回程 2", "1 there, 2 back"},
	}
	for _, c := range cases {
		text := strings.Replace(string(data), c.old, c.new, 1)
		if text == string(data) {
			t.Fatalf("%s does not stand in the file", c.old)
		}
		_, faults, err := siting.Read(strings.NewReader(text), "valley.json")
		if err != nil || len(faults) == 0 {
			t.Errorf("%s: %v, %v; want %s", c.new, faults, err, c.en)
			continue
		}
		f := faults[0]
		if f.Rule != c.rule || f.Row != c.line || f.File != "valley.json" || !strings.Contains(f.ZH, c.zh) || !strings.Contains(f.EN, c.en) {
			t.Errorf("%s: %+v; want line %d, %s: %s", c.new, f, c.line, c.rule, c.en)
		}
	}
}

// TestMatrix: ways that are given count, the mean of there and back, and straight
// lines where nothing is known and that is allowed.
func TestMatrix(t *testing.T) {
	p := read(t, "valley.json")
	two, three := 2.0, 3.0
	m := siting.Matrix{Mode: "walk", Missing: "straight", Tolerance: 0.5}
	for range p.Blocks {
		m.Ways = append(m.Ways, make([]*float64, len(p.Sites)))
		m.Back = append(m.Back, make([]*float64, len(p.Sites)))
	}
	m.Ways[0][0], m.Back[0][0] = &two, &three // b1 to centre
	p.Matrices = []siting.Matrix{m}
	l := solve(t, p)
	for _, a := range l.Assign {
		switch want := map[string]float64{"b1": 2.5, "b2": 3 * 1.3, "b3": 1.5 * 1.3, "b4": 0}[a.Block]; {
		case a.Site == "centre" && (a.Way-want > 1e-9 || want-a.Way > 1e-9):
			t.Errorf("%s goes %v, want %v", a.Block, a.Way, want)
		}
	}
	if l.Figures.Boarders != 0 {
		t.Errorf("nobody is beyond the limit, yet %d board", l.Figures.Boarders)
	}
}

// FuzzRead: nothing panics, and what is read without faults can be solved and
// breaks none of its own rules.
func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/valley.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add(`{"unit":"km","detour":1,"whole":true,"contiguous":true,"stages":[{"id":"p","class_size":1}],"blocks":[{"id":"a","children":{"p":1}}],"sites":[{"id":"s","block":"a","options":[{"kind":"build","classes":{"p":2}}]}]}`)
	f.Add(`{"stages":[`)
	f.Fuzz(func(t *testing.T, text string) {
		p, faults, err := siting.Read(strings.NewReader(text), "x")
		if err != nil || len(faults) > 0 || len(p.Blocks)*len(p.Sites) > 64 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		l, err := siting.Solve(ctx, p, siting.Limits{Nodes: 50})
		if err != nil {
			t.Fatal(err)
		}
		if l.Value != nil {
			if bad := siting.Verify(p, l); len(bad) > 0 {
				t.Fatalf("%v", bad)
			}
		}
	})
}
