package catalog

import (
	"io/fs"
	"path"
)

// PackTest is one file of a pack's tests: rows given, faults and figures expected.
type PackTest struct {
	File    string
	Rows    []TestRows // in the order in which they are loaded
	Faults  []TestFault
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

// LoadTests reads tests/*.yaml of a pack in the order of their names. It needs no
// catalog: names are checked where the tests are run.
func LoadTests(fsys fs.FS, pack string) ([]PackTest, []Fault) {
	l := &faults{}
	names, err := fs.Glob(fsys, path.Join(pack, "tests", "*.yaml"))
	if err != nil {
		l.add(place{file: pack}, "无法读取测试：%s", "cannot read the tests: %s", err)
	}
	var out []PackTest
	for _, p := range names {
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			l.add(place{file: p}, "无法读取文件：%s", "cannot read the file: %s", err)
			continue
		}
		if v := parseYAML(l, p, data); v.given() {
			out = append(out, packTest(v))
		}
	}
	return out, l.sorted()
}

func packTest(v item) PackTest {
	o := v.object()
	t := PackTest{File: v.file}
	rows := o.get("rows").object()
	for _, entity := range rows.order {
		list := rows.get(entity)
		tr := TestRows{Entity: entity, Line: list.place().line}
		for _, r := range list.items() {
			tr.Rows = append(tr.Rows, r.dict())
		}
		t.Rows = append(t.Rows, tr)
	}
	for _, x := range o.get("faults").items() {
		f := x.object()
		t.Faults = append(t.Faults, TestFault{Entity: f.full("entity"), Row: int(f.must("row").whole(0, 1_000_000)),
			Field: f.get("field").str(), Rule: f.full("rule"), Line: f.place().line})
		f.done()
	}
	for _, x := range o.get("figures").items() {
		f := x.object()
		fig := TestFigure{Indicator: f.full("indicator"), Year: int(f.get("year").whole(1900, 2200)), Where: f.get("where").dict(),
			Numerator: f.get("numerator").number(), Denominator: f.get("denominator").number(), Line: f.place().line}
		if v := f.get("value"); v.n != nil {
			fig.Value, fig.NoValue = v.number(), !v.given()
		}
		f.done()
		t.Figures = append(t.Figures, fig)
	}
	o.done()
	return t
}
