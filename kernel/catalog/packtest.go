package catalog

import (
	"io/fs"
	"path"
	"strings"

	"luoshu/kernel/yamltree"
)

// PackTest is one file of a pack's tests: rows given, faults and figures expected.
type PackTest struct {
	File    string
	Rows    []TestRows // in the order in which they are loaded
	Faults  []TestFault
	Cases   []TestCase
	Figures []TestFigure
}

// TestRows are the rows of one entity, written as a sheet would hold them.
type TestRows struct {
	Entity string
	Line   int
	Rows   []map[string]string
}

// TestFault is a fault that must appear. Row counts the entity's rows from 1.
type TestFault struct {
	Entity string
	Row    int
	Field  string
	Rule   string
	Line   int
}

// TestFigure is a figure after a seal; what is nil is not compared. NoValue means
// that the figure must have no value.
type TestFigure struct {
	Indicator              string
	Year                   int
	Where                  map[string]string
	Numerator, Denominator *float64
	Value                  *float64
	NoValue                bool
	Line                   int
}

// TestCase is one step of the story of a case: it is opened, an action is taken, or
// the clock does what it does (act: wait). Refused is part of what is said when it
// must not work.
type TestCase struct {
	Open, Act string
	Find      string // type of a case that another one opened, about Unit
	Unit      string
	Name      string // what the test calls the case
	Role, Org string
	By        string // who it is, "" for one and the same person of the role there
	On        int64  // yyyymmdd, 0 for the day of the step before
	State     string
	Cells     map[string]string
	Set       map[string]string // fields of the register afterwards; {name} in cells stands for a case's number
	Note      string
	Papers    int
	Missing   []map[string]string
	Refused   string
	Line      int
}

// LoadTests reads tests/*.yaml of a pack in the order of their names. It needs no
// catalog: names are checked where the tests are run.
func LoadTests(fsys fs.FS, pack string) ([]PackTest, []Fault) {
	l := &yamltree.Faults{}
	names, err := fs.Glob(fsys, path.Join(pack, "tests", "*.yaml"))
	if err != nil {
		l.Add(yamltree.Place{File: pack}, "无法读取测试：%s", "cannot read the tests: %s", err)
	}
	var out []PackTest
	for _, p := range names {
		if v := yamltree.Read(l, fsys, p); v.Given() {
			out = append(out, packTest(v))
		}
	}
	return out, l.Sorted()
}

// testCase reads one step of the story of a case.
func testCase(o *yamltree.Object) TestCase {
	defer o.Done()
	if !o.Get("find").Given() {
		o.Either("open", "act")
	}
	c := TestCase{
		Open: o.Get("open").Str(), Act: o.Get("act").Str(), Find: o.Get("find").Str(), Unit: o.Get("unit").Str(), Name: o.Full("case"), On: o.Get("on").Date(), State: o.Get("state").Str(),
		Cells: o.Get("cells").Dict(), Set: o.Get("expect").Dict(), Note: o.Get("note").Str(), Papers: int(o.Get("papers").Whole(0, 20)),
		Refused: o.Get("refused").Str(), Line: o.Place().Line,
	}
	for _, m := range o.Get("missing").Items() {
		c.Missing = append(c.Missing, m.Dict())
	}
	c.By = o.Get("by").Str()
	as := o.Get("as")
	if as.Given() {
		var ok bool
		if c.Role, c.Org, ok = strings.Cut(as.Str(), "@"); !ok {
			as.Fault("应形如 角色@单位", "it looks like role@organisation")
		}
	} else if c.Act != "wait" && c.Find == "" {
		o.Must("as")
	}
	return c
}

func packTest(v yamltree.Item) PackTest {
	o := v.Object()
	t := PackTest{File: v.File()}
	rows := o.Get("rows").Object()
	for _, entity := range rows.Keys() {
		list := rows.Get(entity)
		tr := TestRows{Entity: entity, Line: list.Place().Line}
		for _, r := range list.Items() {
			tr.Rows = append(tr.Rows, r.Dict())
		}
		t.Rows = append(t.Rows, tr)
	}
	for _, x := range o.Get("faults").Items() {
		f := x.Object()
		t.Faults = append(t.Faults, TestFault{
			Entity: f.Full("entity"), Row: int(f.Must("row").Whole(0, 1_000_000)),
			Field: f.Get("field").Str(), Rule: f.Full("rule"), Line: f.Place().Line,
		})
		f.Done()
	}
	for _, x := range o.Get("cases").Items() {
		t.Cases = append(t.Cases, testCase(x.Object()))
	}
	for _, x := range o.Get("figures").Items() {
		f := x.Object()
		fig := TestFigure{
			Indicator: f.Full("indicator"), Year: int(f.Get("year").Whole(1900, 2200)), Where: f.Get("where").Dict(),
			Numerator: f.Get("numerator").Number(), Denominator: f.Get("denominator").Number(), Line: f.Place().Line,
		}
		if v := f.Get("value"); v.Present() {
			fig.Value, fig.NoValue = v.Number(), !v.Given()
		}
		f.Done()
		t.Figures = append(t.Figures, fig)
	}
	o.Done()
	return t
}
