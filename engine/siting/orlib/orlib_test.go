package orlib_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"luoshu/engine/siting/cfl"
	"luoshu/engine/siting/orlib"
)

const small = " 2 3\n 10 100.\n 20 150.5\n 5\n 1 2\n 6.\n 3 4\n 4\n 5 6\n"

// TestCap reads a small instance as the library writes them.
func TestCap(t *testing.T) {
	p, err := orlib.Cap(strings.NewReader(small), "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Options) != 2 || p.Options[1].Fixed != 150.5 || p.Options[0].Capacity[0] != 10 || p.Demand[1] != 6 || p.Cost[1][2] != 6 {
		t.Errorf("%+v", p)
	}
	r, err := cfl.Solve(context.Background(), p, cfl.Limits{})
	if err != nil || r.Status != cfl.Optimal || math.Abs(r.Value-162.5) > 1e-9 {
		t.Errorf("%v %v %v; want 162.5: site 2 alone", r.Status, r.Value, err)
	}
}

// TestCapacityWord: the word stands for a number that is given.
func TestCapacityWord(t *testing.T) {
	text := strings.Replace(strings.Replace(small, " 10 ", " capacity ", 1), " 20 ", " capacity ", 1)
	if _, err := orlib.Cap(strings.NewReader(text), "x", 0); err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "--capacity") {
		t.Errorf("without a number: %v", err)
	}
	p, err := orlib.Cap(strings.NewReader(text), "x", 12.5)
	if err != nil || p.Scale != 10 || p.Options[0].Capacity[0] != 125 || p.Demand[0] != 50 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestFaults: each names its line.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "the number of sites is missing",
		"2 3\n10 100\n":            "line 2: the file ends here",
		"0 3\n":                    "line 1: number of sites 0 is not a whole number",
		"1 1\nx 3\n1\n1\n":         `line 2: capacity "x" is not a number`,
		"1 1\n5 -3\n1\n1\n":        "line 2: fixed cost -3 is not between",
		"1 1\n5 3\n1\n1\n7\n":      `line 5: "7" is left over`,
		"1 1\n5 3\n1.00001\n1\n":   "more than four decimals",
		"1 1\n5 3\nNaN\n1\n":       `line 3: demand "NaN" is not a number`,
		"20000 100000\n":           "is too large",
		"1 1\n5 3\n1\n" + "1e99\n": "is not between 0 and 1e12",
	} {
		if _, err := orlib.Cap(strings.NewReader(text), "f.txt", 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"3 1 4\n":         "line 1: p 4 is not a whole number from 1 to 3",
		"3 1 1\n1 4 2\n":  "line 2: last vertex of an edge 4",
		"3 2 1\n1 2 2\n":  "the first vertex of an edge is missing",
		"3 1 1\n1 2 -2\n": "cost of an edge -2",
	} {
		if _, err := orlib.PMedian(strings.NewReader(text), "f.txt"); err == nil || !strings.Contains(err.Error(), strings.Replace(want, "last", "second", 1)) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

// FuzzCap: whatever is read holds together, and nothing panics.
func FuzzCap(f *testing.F) {
	f.Add(small)
	f.Add("2 3\ncapacity 1\n")
	f.Add("1 1 1")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := orlib.Cap(strings.NewReader(text), "x", 5)
		if err != nil {
			return
		}
		for _, row := range p.Cost {
			if len(row) != len(p.Demand) || len(p.Cost) != len(p.Options) {
				t.Fatal("shapes differ")
			}
		}
	})
}

// FuzzPMedian: distances are symmetric, and a vertex is next to itself.
func FuzzPMedian(f *testing.F) {
	f.Add("3 2 1\n1 2 4\n2 3 5\n")
	f.Add("2 0 2")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 {
			return
		}
		p, err := orlib.PMedian(strings.NewReader(text), "x")
		if err != nil || p.Sites > 60 {
			return
		}
		for i := range p.Sites {
			for j := range p.Sites {
				if p.Cost[i*p.Sites+j] != p.Cost[j*p.Sites+i] || i == j && p.Cost[i*p.Sites+j] != 0 {
					t.Fatalf("%d to %d: %d and %d", i, j, p.Cost[i*p.Sites+j], p.Cost[j*p.Sites+i])
				}
			}
		}
	})
}
