package linkage

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// The probabilities from which records were made are found again: 4,000 persons,
// 1,500 entered twice, each field agreeing with its own m.
func TestLearnsWhatTheDataWereMadeFrom(t *testing.T) {
	m := []float64{0.95, 0.9, 0.8, 0.7, 0.97}
	values := []int{900, 700, 300, 60, 2}
	c := Config{Match: 0.9, Possible: 0.5, Seed: 1}
	for i := range m {
		c.Fields = append(c.Fields, Field{Name: strconv.Itoa(i), Kind: Category})
	}
	c.Passes = []Pass{
		{"a", []Key{{Field: "0"}, {Field: "2"}}},
		{"b", []Key{{Field: "1"}, {Field: "3"}}},
		{"c", []Key{{Field: "0"}, {Field: "1"}}},
	}
	r := rand.New(rand.NewPCG(7, 7))
	tab := NewTable(c.Fields)
	var truth []string
	add := func(row []string, label int) {
		if _, err := tab.Add(row); err != nil {
			t.Fatal(err)
		}
		truth = append(truth, strconv.Itoa(label))
	}
	for i := range 4000 {
		row := make([]string, len(m))
		for f := range row {
			row[f] = strconv.Itoa(r.IntN(values[f]))
		}
		add(row, i)
		if i < 1500 {
			twice := append([]string(nil), row...)
			for f := range twice {
				for r.Float64() > m[f] && twice[f] == row[f] {
					twice[f] = strconv.Itoa((1 + r.IntN(values[f])) % values[f])
				}
			}
			add(twice, i)
		}
	}
	res, err := Run(context.Background(), tab, c, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for f, x := range res.Model.Fields {
		if math.Abs(x.M[0]-m[f]) > 0.04 {
			t.Errorf("field %d: m %.3f, made with %.3f", f, x.M[0], m[f])
		}
		if u := 1 / float64(values[f]); math.Abs(x.U[0]-u) > 0.15*u+0.0005 {
			t.Errorf("field %d: u %.5f, made with %.5f", f, x.U[0], u)
		}
	}
	s := ScorePairs(res.Pairs, truth)
	t.Logf("precision %.3f recall %.3f", s.Precision, s.Recall)
	if s.Precision < 0.9 {
		t.Errorf("precision %.3f at a threshold of 0.9", s.Precision)
	}
}

// weigh returns the weight of a field of the first two rows of a table under a
// fixed model.
func weigh(t *testing.T, f Field, rows ...string) float64 {
	t.Helper()
	tab := NewTable([]Field{f})
	for _, r := range rows {
		if _, err := tab.Add([]string{r}); err != nil {
			t.Fatal(err)
		}
	}
	k := len(levels[f.Kind])
	u := make([]float64, k)
	for i := range u {
		u[i] = 1e-6
	}
	u[k-1] = 1
	m := &Model{Fields: []FieldModel{{Name: f.Name, Kind: f.Kind, M: expected[f.Kind], U: u}}, Prior: 0.001}
	e, _ := m.Trace(tab, Pair{A: 0, B: 1, levels: tab.compare(0, 1)})
	return e[0].Weight
}

func TestRareNamesAndNumbersWeighMore(t *testing.T) {
	name := Field{Name: "n", Kind: Name}
	rare := weigh(t, name, "令狐冲", "令狐冲", "张伟", "张伟", "张伟", "张伟", "张伟", "张伟")
	common := weigh(t, name, "张伟", "张伟", "张伟", "张伟", "张伟", "张伟", "令狐冲", "令狐冲")
	if rare <= common {
		t.Errorf("a rare name weighs %.2f, a common one %.2f", rare, common)
	}
	id := Field{Name: "i", Kind: Identifier}
	number := weigh(t, id, "11010519491231002X", "11010519491231002X", "无", "无", "无", "无", "无")
	word := weigh(t, id, "无", "无", "无", "无", "无", "11010519491231002X", "11010519491231002X")
	if number < 10 || word > 3 {
		t.Errorf("a number weighs %.2f, what is written in its place %.2f", number, word)
	}
}

// Twins agree on nearly everything; a caution holds them down whatever the weight.
func TestTwinsAreNotMerged(t *testing.T) {
	c := Config{
		Fields: []Field{
			{Name: "name", Kind: Name},
			{Name: "id", Kind: Identifier},
			{Name: "birth", Kind: Date, Within: "id"},
			{Name: "parents", Kind: Names},
			{Name: "phone", Kind: Phone},
		},
		Passes:   []Pass{{"birth and parents", []Key{{Field: "birth"}, {Field: "parents", Part: Sound}}}},
		Cautions: []Caution{{ID: "twins", When: map[string][]string{"name": {"one_character"}, "id": {"different", "neighbour", "missing"}, "birth": {"exact"}}, Verdict: Possible}},
		Match:    0.9, Possible: 0.5,
	}
	for _, x := range []struct {
		a, b []string
		want Verdict
	}{
		{[]string{"张浩轩", "", "20140901", "张伟\n王芳", "13800138000"}, []string{"张浩宇", "", "20140901", "王芳", "13800138000"}, Possible},
		{[]string{"张浩轩", "", "20140901", "张伟\n王芳", "13800138000"}, []string{"张皓轩", "", "20140901", "王芳", "13800138000"}, Match},
	} {
		tab := NewTable(c.Fields)
		r := rand.New(rand.NewPCG(3, 4))
		for _, row := range [][]string{x.a, x.b} {
			if _, err := tab.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3000 {
			row := []string{
				string([]rune{rune(0x4e00 + r.IntN(3000)), rune(0x4e00 + r.IntN(3000)), rune(0x4e00 + r.IntN(3000))}), "",
				strconv.Itoa(20100101 + r.IntN(8)*10000 + r.IntN(12)*100 + r.IntN(28)), string([]rune{rune(0x4e00 + r.IntN(3000)), rune(0x4e00 + r.IntN(3000))}),
				strconv.Itoa(13000000000 + i*7919),
			}
			if _, err := tab.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		res, err := Run(context.Background(), tab, c, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := NonMatch
		for _, p := range res.Pairs {
			if p.A == 0 && p.B == 1 {
				got = p.Verdict
			}
		}
		if got != x.want {
			t.Errorf("%v and %v: %s, want %s", x.a, x.b, got, x.want)
		}
	}
}
