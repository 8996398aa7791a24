package cube_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"luoshu/kernel/cube"
)

type row struct {
	year int64
	dims []string
	cols []int64
}

var twoDims = []cube.Dim{{ID: "a"}, {ID: "b", Integer: true}}

func build(rows []row) *cube.Cube {
	b := cube.NewBuilder("g", "spec", twoDims, []string{"n", "s"})
	for _, r := range rows {
		b.Year(r.year)
		b.Text(0, []byte(r.dims[0]))
		v, err := strconv.ParseInt(r.dims[1], 10, 64)
		b.Number(1, v, err == nil)
		for i, c := range r.cols {
			b.Add(i, c)
		}
	}
	return b.Finish()
}

func random(n, card int, big bool) []row {
	r := rand.New(rand.NewPCG(uint64(n), uint64(card)))
	out := make([]row, n)
	for i := range out {
		v := int64(r.IntN(100))
		if big && i%7 == 0 {
			v = r.Int64N(1<<40) - 1<<39
		}
		num := strconv.Itoa(r.IntN(30) - 10)
		if r.IntN(9) == 0 {
			num = ""
		}
		out[i] = row{2020 + r.Int64N(4), []string{fmt.Sprint("v", r.IntN(card)), num}, []int64{1, v}}
	}
	return out
}

// The cube does not depend on the order of rows, and its sums equal those of the rows.
func TestSumsAndOrder(t *testing.T) {
	for _, c := range []struct {
		n, card int
		big     bool
	}{{0, 1, false}, {1, 1, false}, {500, 5, false}, {5000, 70000, true}, {200000, 90000, false}} {
		rows := random(c.n, c.card, c.big)
		one := build(rows)
		rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		two := build(rows)
		dir := t.TempDir()
		for i, x := range []*cube.Cube{one, two} {
			if err := x.Save(filepath.Join(dir, fmt.Sprint(i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		b0, _ := os.ReadFile(filepath.Join(dir, "0"))
		b1, _ := os.ReadFile(filepath.Join(dir, "1"))
		if string(b0) != string(b1) {
			t.Errorf("%+v: the order of rows shows", c)
		}
		back, err := cube.Load(filepath.Join(dir, "0"), nil)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]int64{}, map[string]int64{}
		for _, r := range rows {
			if r.dims[0] != "v1" {
				want[fmt.Sprint(r.year, " ", r.dims[1])] += r.cols[1]
			}
		}
		lex := cube.NewLexicon()
		v, err := cube.NewView(back, lex, nil)
		if err != nil {
			t.Fatal(err)
		}
		mask, err := v.Mask([]*cube.Condition{{Text: "a != v1", Dims: []string{"a"}, True: func(_ int, value func(string) string) (bool, error) {
			return value("a") != "v1", nil
		}}})
		if err != nil {
			t.Fatal(err)
		}
		g, err := v.Cut([]string{"b"})
		if err != nil {
			t.Fatal(err)
		}
		sums, err := v.Sum(g, "s", mask)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range g.Keys {
			if s := sums[i]; s != 0 || want[fmt.Sprint(k[0], " ", lex.Value("b", k[1]))] != 0 {
				got[fmt.Sprint(k[0], " ", lex.Value("b", k[1]))] = s
			}
			if g.Find(k) != i {
				t.Fatal("a key is not found")
			}
		}
		for k, s := range want {
			if s == 0 {
				delete(want, k)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%+v: %s", c, d)
		}
	}
}

func TestFilters(t *testing.T) {
	c := build([]row{{2020, []string{"x", "1"}, []int64{1, 5}}, {2020, []string{"y", "1"}, []int64{1, 7}}, {2021, []string{"x", ""}, []int64{1, 9}}})
	v, err := cube.NewView(c, cube.NewLexicon(), map[string][]string{"a": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	g, _ := v.Cut(nil)
	mask, _ := v.Mask(nil)
	sums, err := v.Sum(g, "s", mask)
	if err != nil || fmt.Sprint(sums) != "[5 9]" {
		t.Error(sums, err)
	}
	if _, err := cube.NewView(c, cube.NewLexicon(), map[string][]string{"zz": {"x"}}); err == nil {
		t.Error("an unknown dimension was taken")
	}
	if fmt.Sprint(c.Dim("b").Values) != "[ 1]" || fmt.Sprint(c.Years) != "[2020 2021]" {
		t.Error(c.Dim("b").Values, c.Years)
	}
}

// A damaged file is refused, whatever the damage; it never panics.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c")
	if err := build(random(300, 9, true)).Save(path, nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 400 {
		bad := append([]byte(nil), whole...)
		if i%2 == 0 {
			bad = bad[:r.IntN(len(bad))]
		} else {
			bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cube.Load(path, nil); err == nil {
			t.Fatalf("damage %d was not noticed", i)
		}
	}
}

func FuzzLoad(f *testing.F) {
	path := filepath.Join(f.TempDir(), "c")
	if err := build(random(50, 9, true)).Save(path, nil); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		cube.Load(p, nil)
	})
}

func BenchmarkCut(b *testing.B) {
	rows := random(1_300_000, 3000, false)
	bl := cube.NewBuilder("g", "", []cube.Dim{{ID: "a"}, {ID: "b", Integer: true}, {ID: "c"}}, []string{"n"})
	for i, r := range rows {
		bl.Year(r.year)
		bl.Text(0, []byte(r.dims[0]))
		bl.Text(1, []byte(r.dims[1]))
		bl.Text(2, []byte(fmt.Sprint(i%40)))
		bl.Add(0, 1)
	}
	c := bl.Finish()
	b.ReportMetric(float64(c.Rows), "rows")
	for b.Loop() {
		v, err := cube.NewView(c, cube.NewLexicon(), map[string][]string{"c": {"1", "2", "3"}})
		if err != nil {
			b.Fatal(err)
		}
		g, err := v.Cut([]string{"a", "b"})
		if err != nil {
			b.Fatal(err)
		}
		m, _ := v.Mask(nil)
		if _, err := v.Sum(g, "n", m); err != nil {
			b.Fatal(err)
		}
	}
}
