package yamltree_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"luoshu"
	"luoshu/kernel/yamltree"
)

// english parses text, reads it and returns the faults as "line:col message", sorted.
func english(text string, read func(o *yamltree.Object)) []string {
	var faults yamltree.Faults
	if v := yamltree.Parse(&faults, "f.yaml", []byte(text)); v.Given() {
		o := v.Object()
		read(o)
		o.Done()
	}
	var out []string
	for _, f := range faults.Sorted() {
		at := "file"
		if f.Line > 0 {
			at = fmt.Sprintf("%d:%d", f.Line, f.Col)
		}
		out = append(out, at+" "+f.Msg.EN)
	}
	return out
}

func TestFaults(t *testing.T) {
	none := func(*yamltree.Object) {}
	cases := []struct {
		name, text string
		read       func(o *yamltree.Object)
		want       []string
	}{
		{"empty file", "", none, []string{"file the file is empty"}},
		{"only null", "~\n", none, []string{"file the file is empty"}},
		{"two documents", "a: 1\n---\nb: 2\n", func(o *yamltree.Object) { o.Get("a") }, []string{"file a file may hold only one YAML document"}},
		{"alias", "a: &x 1\nb: *x\n", none, []string{"1:4 YAML anchors, aliases and tags are not allowed", "2:4 YAML anchors, aliases and tags are not allowed"}},
		{"tag", "a: !!str 1\n", none, []string{"1:4 YAML anchors, aliases and tags are not allowed"}},
		{"broken", "a: [1\n", none, []string{"1:1 not valid YAML: did not find expected ',' or ']'"}},
		{"no mapping", "- 1\n", func(o *yamltree.Object) { o.Must("a") }, []string{"1:1 a mapping is expected here, not a list"}},
		{"key twice", "a: 1\na: 2\n", func(o *yamltree.Object) { o.Get("a") }, []string{"2:1 the key a stands twice"}},
		{"key no word", "[a]: 1\n", none, []string{"1:1 a key must be a single word"}},
		{
			"unknown key", "verison: 1\nzzz: 2\n", func(o *yamltree.Object) { o.Get("version") },
			[]string{"1:1 unknown key verison; did you mean version", "2:1 unknown key zzz"},
		},
		{"missing", "a: ~\n", func(o *yamltree.Object) { o.Must("a"); o.Must("b") }, []string{"1:1 a is missing", "1:1 b is missing"}},
		{"either none", "c: 1\n", func(o *yamltree.Object) { o.Get("c"); o.Either("a", "b") }, []string{"1:1 either a or b must be given, not both"}},
		{"either empty", "a: ''\n", func(o *yamltree.Object) { o.Either("a", "b") }, []string{"1:1 either a or b must be given, not both"}},
		{"either both", "a: 1\nb: {}\n", func(o *yamltree.Object) { o.Either("a", "b") }, []string{"1:1 either a or b must be given, not both"}},
		{"either one", "a: ''\nb: []\n", func(o *yamltree.Object) { o.Either("a", "b") }, nil},
		{
			"title", "t: {zh: ' ', fr: x}\n", func(o *yamltree.Object) { o.Title("t", false) },
			[]string{"1:4 en is missing", "1:9 zh must not be empty", "1:14 unknown key fr"},
		},
		{"names", "a: a-b\nb: a-b\nc: Ab\n", func(o *yamltree.Object) { o.ID("a"); o.Word("b"); o.ID("c") }, []string{
			"2:4 a-b cannot be a name: it begins with a small letter and holds small letters, digits and underscores",
			"3:4 Ab cannot be a name: it begins with a small letter and holds small letters, digits and underscores or hyphens",
		}},
		{"scalars", "a: x\nb: 13\nc: 1e3\nd: 2024-02-30\ne: yes\nf: [1]\n", func(o *yamltree.Object) {
			o.Get("a").OneOf("p", "q")
			o.Get("b").Whole(1, 12)
			o.Get("c").Number()
			o.Get("d").Date()
			o.Get("e").Bool()
			o.Get("f").Str()
		}, []string{
			"1:4 x is not one of p q", "2:4 an integer from 1 to 12 is expected, not 13", "3:4 a number is expected, not 1e3",
			"4:4 a date such as 2024-09-01 is expected, not 2024-02-30", "5:4 true or false is expected, not yes", "6:4 a single value is expected here, not a list",
		}},
		{
			"list", "a: [x, '', ~, {}]\n", func(o *yamltree.Object) { o.Get("a").Strs() },
			[]string{"1:8 the list holds an empty value", "1:12 the list holds an empty value", "1:15 a single value is expected here, not a mapping"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := english(c.text, c.read); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// Of two keys equally near, the same one is suggested every time.
func TestSuggestionIsStable(t *testing.T) {
	for range 50 {
		got := english("lists: 1\n", func(o *yamltree.Object) { o.Get("listz"); o.Get("listy"); o.Get("listx") })
		if !slices.Equal(got, []string{"1:1 unknown key lists; did you mean listx"}) {
			t.Fatal(got)
		}
	}
}

func TestValues(t *testing.T) {
	text := "n: -1.50\nd: 2024-09-01\nw: 7\nb: true\nl: [x, 'y']\nm: {k: v}\nnull: ~\nt: {zh: 甲, en: A}\n"
	var faults yamltree.Faults
	o := yamltree.Read(&faults, fstest.MapFS{"a.yaml": {Data: []byte(text)}}, "a.yaml").Object()
	if n := o.Get("n").Number(); n == nil || *n != -1.5 {
		t.Errorf("number %v", n)
	}
	if d, w := o.Get("d").Date(), o.Get("w").Whole(0, 9); d != 20240901 || w != 7 || !o.Get("b").Bool() {
		t.Errorf("date %d, whole %d", d, w)
	}
	if l, m := o.Get("l").Strs(), o.Get("m").Dict(); !slices.Equal(l, []string{"x", "y"}) || m["k"] != "v" {
		t.Errorf("list %v, mapping %v", l, m)
	}
	if v := o.Get("null"); !v.Present() || v.Given() || o.Get("absent").Present() {
		t.Error("null and absent are not told apart")
	}
	if got := o.Title("t", true); got != (luoshu.Text{ZH: "甲", EN: "A"}) {
		t.Errorf("title %v", got)
	}
	o.Done()
	absent := o.Get("absent")
	if absent.Str() != "" || absent.Number() != nil || absent.Items() != nil || absent.Dict() != nil || absent.Bool() || absent.Date() != 0 || absent.Whole(1, 2) != 0 {
		t.Error("an absent key has a value")
	}
	if got := faults.Sorted(); len(got) != 0 {
		t.Error(got)
	}
	if yamltree.Read(&faults, fstest.MapFS{}, "b.yaml").Given() || len(faults.Sorted()) != 1 || faults.Sorted()[0].File != "b.yaml" {
		t.Error("a file that is not there is no fault")
	}
}

// A position of an expression is one of the file, however the scalar is written.
func TestInside(t *testing.T) {
	text := "plain: a + b\nquoted: 'a + b'\nblock: |\n  a\n  + b\n"
	var faults yamltree.Faults
	o := yamltree.Parse(&faults, "f", []byte(text)).Object()
	for _, c := range []struct {
		key       string
		line, col int
		want      yamltree.Place
	}{
		{"plain", 1, 3, yamltree.Place{File: "f", Line: 1, Col: 10}},
		{"quoted", 1, 3, yamltree.Place{File: "f", Line: 2, Col: 12}},
		{"block", 2, 1, yamltree.Place{File: "f", Line: 5, Col: 1}},
		{"absent", 1, 3, yamltree.Place{File: "f"}},
	} {
		if got := o.Get(c.key).Inside(c.line, c.col); got != c.want {
			t.Errorf("%s: %v, want %v", c.key, got, c.want)
		}
	}
}

func TestScaled(t *testing.T) {
	for s, want := range map[string]int64{"12.5": 1250, "-0.07": -7, "+3": 300, "0": 0} {
		if got, ok := yamltree.Scaled(s, 2); !ok || got != want {
			t.Errorf("%s: %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", ".", "-", "1.", ".5", "1.234", "1.-2", "1e3", "99999999999999999999", "922337203685477580.8"} {
		if got, ok := yamltree.Scaled(s, 2); ok {
			t.Errorf("%q is taken as %d", s, got)
		}
	}
	for _, s := range []string{"", "2024-9-1", "2024-02-30", "0000-01-01", "20240901"} {
		if got, ok := yamltree.ISODate(s); ok {
			t.Errorf("%q is taken as %d", s, got)
		}
	}
}
