package rule_test

import (
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/rule"
)

// vars are the variables of every test environment.
var vars = []rule.Var{
	{Name: "a", Kind: rule.Text},
	{Name: "b", Kind: rule.Text},
	{Name: "o.a", Kind: rule.Text},
	{Name: "i", Kind: rule.Int},
	{Name: "j", Kind: rule.Int},
	{Name: "o.i", Kind: rule.Int},
	{Name: "p", Kind: rule.Bool},
	{Name: "q", Kind: rule.Bool},
	{Name: "o", Kind: rule.Text},
	{Name: "year", Kind: rule.Int},
}

func env(t testing.TB) *rule.Env {
	t.Helper()
	e, err := rule.NewEnv(vars, func(id string) bool { return id == "big" })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type row map[string]luoshu.Value

func (r row) get(name string) luoshu.Value { return r[name] }

func param(id string) (luoshu.Value, bool) { return luoshu.IntValue(56), id == "big" }

func text(s string) luoshu.Value { return luoshu.Value{S: s, K: luoshu.IsText} }

func TestEval(t *testing.T) {
	e := env(t)
	r := row{
		"a": text("G110105中文"), "i": luoshu.IntValue(20140902), "j": luoshu.IntValue(20240901),
		"p": luoshu.IntValue(1), "o.a": text("x"), "o": text("plain"),
	}
	cases := []struct{ expr, want string }{
		{`a == null`, "0"},
		{`b == null`, "1"},
		{`b != 'a'`, "1"},
		{`b == 'a'`, "0"},
		{`!(b == 'a')`, "1"},
		{`null != b`, "0"},
		{`b == o.a`, "0"},
		{`b != o.a`, "1"},
		{`b == coalesce(b, b)`, "1"},
		{`b < 'a'`, "0"},
		{`b >= 'a'`, "0"},
		{`!(b < 'a')`, "1"},
		{`b in ['a', 'b']`, "0"},
		{`!(b in ['a'])`, "1"},
		{`q`, ""},
		{`!q`, "1"},
		{`q || p`, "1"},
		{`q && p`, "0"},
		{`q == false`, "0"},
		{`q != true`, "1"},
		{`size(a)`, "9"},
		{`a.size()`, "9"},
		{`substr(a, 7, 2)`, "中文"},
		{`substr(a, 8, 99)`, "文"},
		{`substr(a, 99, 1)`, ""},
		{`substr(a, -1, 2)`, "G1"},
		{`substr(a, 1, -2)`, ""},
		{`prefix(a, 3)`, "G11"},
		{`prefix(b, 3)`, ""},
		{`a.startsWith('G')`, "1"},
		{`a.endsWith('文')`, "1"},
		{`a.contains('105')`, "1"},
		{`b.contains('x')`, "0"},
		{`a.matches('^[GJL][0-9]+')`, "1"},
		{`matches(b, '.*')`, "0"},
		{`age(i, j)`, "9"},
		{`age(i, j + 1)`, "10"},
		{`year_of(i)`, "2014"},
		{`date_in(year_of(j), 831)`, "20240831"},
		{`param("big") + 1`, "57"},
		{`coalesce(b, 'none')`, "none"},
		{`coalesce(year, i)`, "20140902"},
		{`year / 2`, ""},
		{`i / 0`, ""},
		{`7 / 2`, "3"},
		{`-7 % 4`, "-3"},
		{`i > j ? 'x' : 'y'`, "y"},
		{`q ? 'x' : 'y'`, "y"},
		{`p ? null : 'y'`, ""},
		{`o.a + o`, "xplain"},
		{`o.a + b`, ""},
		{`int(substr(a, 1, 6))`, "110105"},
		{`string(i)`, "20140902"},
		{`true || int(a) == 1`, "1"},
		{`int(a) == 1 || true`, "1"},
		{`false && int(a) == 1`, "0"},
		{`i in [1, 2, 3, 4, 5, 6, 7, 8, 9, 20140902]`, "1"},
		{`a in []`, "0"},
		{`2 * 3 + 4 == 10`, "1"},
		{`o.i == null`, "1"},
		{`(p == q) == false`, "1"},
		{`"it's" + ''`, "it's"},
	}
	for _, c := range cases {
		x, err := e.Compile(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got, err := x.Eval(r.get, param)
		if err != nil || got.String() != c.want {
			t.Errorf("%s = %q, %v; want %q", c.expr, got, err, c.want)
		}
		bound := x.Bind(func(n string) int {
			for i, v := range vars {
				if v.Name == n {
					return i
				}
			}
			return -1
		})
		values := make([]luoshu.Value, len(vars))
		for i, v := range vars {
			values[i] = r[v.Name]
		}
		if again, err := bound.Eval(values, param); err != nil || again != got {
			t.Errorf("%s bound = %q, %v; want %q", c.expr, again, err, got)
		}
	}
}

func TestEvalFails(t *testing.T) {
	e := env(t)
	r := row{"a": text("abc"), "i": luoshu.IntValue(1 << 62)}
	for _, expr := range []string{`int(a)`, `i * 2`, `i + i`, `-i - i - i`, `int(a) == 1`, `int(a) > 0 && true`, `!(int(a) == 1)`} {
		x, err := e.Compile(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if v, err := x.Eval(r.get, nil); err == nil {
			t.Errorf("%s = %q; want an error", expr, v)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	e := env(t)
	cases := []struct {
		expr     string
		line, at int
		en       string
	}{
		{`a == 1`, 1, 3, "== cannot be applied to (string, int)"},
		{`zz == 1`, 1, 1, "there is no variable or function zz"},
		{"a == 'x' &&\n  zz", 2, 3, "there is no variable or function zz"},
		{`param('none') > 1`, 1, 6, "there is no parameter none"},
		{`param(a) > 1`, 1, 6, "must be written out"},
		{`a in b`, 1, 3, "in cannot be applied"},
		{`a in ['x', b]`, 1, 12, "only texts or integers"},
		{`i == 1.5`, 1, 3, "== cannot be applied"},
		{`[1, 2].exists(x, x == i)`, 1, 14, "no variable or function exists"},
		{`a.matches('(')`, 1, 10, "bad regular expression"},
		{`a ==`, 1, 5, "syntax error"},
		{`null`, 1, 1, "nothing but null"},
		{`i`, 1, 1, "must give true or false; it gives an integer"},
		{`size(null) == 1`, 1, 5, "cannot be applied"},
		{strings.Repeat("(", 200) + "p" + strings.Repeat(")", 200), 1, 1, ""},
		{strings.Repeat("p && ", 3000) + "p", 1, 1, "longer than"},
		{`a == '` + "\x00" + `'`, 1, 1, ""},
	}
	for _, c := range cases {
		_, err := e.Compile(c.expr, rule.Bool)
		if err == nil {
			t.Errorf("%.60s: compiled", c.expr)
			continue
		}
		x := rule.AsExprError(err)
		if !strings.Contains(x.Msg.EN, c.en) || x.Msg.ZH == "" || c.en != "" && (x.Line != c.line || x.Col != c.at) {
			t.Errorf("%.60s: %v (%s); want %d:%d %s", c.expr, err, x.Msg.ZH, c.line, c.at, c.en)
		}
	}
}

func TestVars(t *testing.T) {
	x, err := env(t).Compile(`o.a == a && (i > 1 || a == 'x') && o != '' && j > param("big")`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.Vars(), " "); got != "a i j o o.a" {
		t.Errorf("Vars = %s", got)
	}
	if got := strings.Join(x.Params(), " "); got != "big" {
		t.Errorf("Params = %s", got)
	}
}

func TestSQLRefuses(t *testing.T) {
	e := env(t)
	for _, expr := range []string{`int(a) == 1`, `a.matches('x')`} {
		x, err := e.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := x.SQL(rule.SQLite, func(n string) string { return n }, nil); err == nil {
			t.Errorf("%s became %s", expr, s)
		}
	}
}

func BenchmarkBound(b *testing.B) {
	x, err := env(b).Compile(`a == null || size(a) != 18 || i == null || i > 19000101 && j in [1, 2, 3]`)
	if err != nil {
		b.Fatal(err)
	}
	bound := x.Bind(func(n string) int { return map[string]int{"a": 0, "i": 1, "j": 2}[n] })
	r := []luoshu.Value{text("11010519491231002X"), luoshu.IntValue(20140901), luoshu.IntValue(3)}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := bound.True(r, nil); err != nil || !v {
			b.Fatal(v, err)
		}
	}
}
