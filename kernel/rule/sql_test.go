package rule_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	_ "modernc.org/sqlite"

	"luoshu"
	"luoshu/kernel/rule"
)

// generator writes random expressions of a kind. With sql it keeps to what can
// be translated, with plain to what CEL's own library also knows.
type generator struct {
	*rand.Rand
	plain bool
}

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) expr(k rule.Kind, depth int) string {
	if depth <= 0 || g.IntN(6) == 0 {
		return g.leaf(k)
	}
	text := func() string { return g.expr(rule.Text, depth-1) }
	num := func() string { return g.expr(rule.Int, depth-1) }
	cond := func() string { return g.expr(rule.Bool, depth-1) }
	if g.IntN(8) == 0 {
		return fmt.Sprintf("(%s ? %s : %s)", cond(), g.expr(k, depth-1), g.expr(k, depth-1))
	}
	if !g.plain && g.IntN(10) == 0 {
		return fmt.Sprintf("coalesce(%s, %s)", g.expr(k, depth-1), g.expr(k, depth-1))
	}
	switch k {
	case rule.Text:
		if g.plain {
			return fmt.Sprintf("(%s + %s)", text(), text())
		}
		switch g.IntN(4) {
		case 0:
			return fmt.Sprintf("(%s + %s)", text(), text())
		case 1:
			return fmt.Sprintf("substr(%s, %s, %s)", text(), g.small(), g.small())
		case 2:
			return fmt.Sprintf("prefix(%s, %s)", text(), g.small())
		}
		return fmt.Sprintf("string(%s)", num())
	case rule.Int:
		if !g.plain && g.IntN(3) == 0 {
			switch g.IntN(4) {
			case 0:
				return fmt.Sprintf("age(%s, %s)", num(), num())
			case 1:
				return fmt.Sprintf("year_of(%s)", num())
			case 2:
				return fmt.Sprintf("date_in(%s, %d)", num(), 100+g.IntN(1200))
			}
			return `param("big")`
		}
		if g.IntN(4) == 0 {
			return fmt.Sprintf("size(%s)", text())
		}
		return fmt.Sprintf("(%s %s %s)", num(), g.pick("+", "-", "*", "/", "%"), num())
	}
	return g.condition(depth, text, num, cond)
}

func (g generator) condition(depth int, text, num, cond func() string) string {
	switch g.IntN(9) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", text(), g.pick("==", "!=", "<", "<=", ">", ">="), text())
	case 1:
		return fmt.Sprintf("(%s %s %s)", num(), g.pick("==", "!=", "<", "<=", ">", ">="), num())
	case 2:
		return fmt.Sprintf("(%s %s %s)", cond(), g.pick("==", "!="), cond())
	case 3, 4:
		return fmt.Sprintf("(%s %s %s)", cond(), g.pick("&&", "||"), cond())
	case 5:
		return "!" + "(" + cond() + ")"
	case 6:
		return fmt.Sprintf("(%s in ['a', 'ab', '中'])", text())
	case 7:
		return fmt.Sprintf("%s.%s(%s)", text(), g.pick("startsWith", "endsWith", "contains"), text())
	}
	if g.plain {
		return fmt.Sprintf("(%s in [1, 2, -3])", num())
	}
	k := rule.Kind(g.IntN(3))
	return fmt.Sprintf("(%s %s null)", g.expr(k, depth-1), g.pick("==", "!="))
}

// small is a position or count.
func (g generator) small() string {
	if g.IntN(3) == 0 {
		return g.leaf(rule.Int)
	}
	return fmt.Sprint(g.IntN(6) - 1)
}

func (g generator) leaf(k rule.Kind) string {
	switch k {
	case rule.Text:
		return g.pick("a", "b", "o.a", "o", "'a'", "'ab'", "'中文'", "''", `'it\'s'`)
	case rule.Int:
		return g.pick("i", "j", "o.i", "year", "0", "1", "-3", "7", "20140902")
	}
	return g.pick("p", "q", "true", "false", "p", "q")
}

// randomRow fills every variable; nulls one time in n, never if n is 0.
func (g generator) row(n int) []luoshu.Value {
	out := make([]luoshu.Value, len(vars))
	for i, v := range vars {
		switch {
		case n > 0 && g.IntN(n) == 0:
		case v.Kind == rule.Text:
			out[i] = text(g.pick("a", "ab", "b", "中文", "a中b", "it's", "%", "Z", "20140902"))
		case v.Kind == rule.Int:
			out[i] = luoshu.IntValue([]int64{0, 1, 2, -3, 7, 10000, 20140902, 20240901}[g.IntN(8)])
		default:
			out[i] = luoshu.IntValue(int64(g.IntN(2)))
		}
	}
	return out
}

func quoteCol(name string) string { return `"` + name + `"` }

func position(name string) int {
	return slices.IndexFunc(vars, func(v rule.Var) bool { return v.Name == name })
}

// memory opens an SQLite table t with a column a variable and the given rows.
func memory(t *testing.T, rows [][]luoshu.Value) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	cols, marks := []string{"n INTEGER PRIMARY KEY"}, "?"
	for _, v := range vars {
		typ := "INTEGER"
		if v.Kind == rule.Text {
			typ = "TEXT"
		}
		cols, marks = append(cols, quoteCol(v.Name)+" "+typ), marks+", ?"
	}
	if _, err := db.Exec("CREATE TABLE t (" + strings.Join(cols, ", ") + ")"); err != nil {
		t.Fatal(err)
	}
	for n, r := range rows {
		args := []any{n}
		for _, v := range r {
			args = append(args, v.Any())
		}
		if _, err := db.Exec("INSERT INTO t VALUES ("+marks+")", args...); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// Whatever the expression and the row, nulls included, SQLite's answer to the
// translation is that of Eval, both as a value and as a condition.
func TestSQLiteAgrees(t *testing.T) {
	g := generator{Rand: rand.New(rand.NewPCG(1, 2))}
	rows := make([][]luoshu.Value, 60)
	for i := range rows {
		rows[i] = g.row(3)
	}
	db := memory(t, rows)
	e := env(t)
	done, failed := 0, 0
	for done < 3000 {
		expr := g.expr(rule.Kind(g.IntN(3)), 1+g.IntN(5))
		x, err := e.Compile(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		want, ok := evalAll(x, rows)
		if !ok { // overflow: each database has its own answer
			if failed++; failed > 5000 {
				t.Fatal("too many expressions overflow")
			}
			continue
		}
		done++
		par := func(string) string { return "56" }
		value, err := x.SQLValue(rule.SQLite, quoteCol, par)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if diff := compareColumn(db, "SELECT "+value+" FROM t ORDER BY n", want); diff != "" {
			t.Fatalf("%s\n%s\n%s", expr, value, diff)
		}
		if x.Kind() != rule.Bool {
			continue
		}
		cond, err := x.SQL(rule.SQLite, quoteCol, par)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		for i, v := range want {
			want[i] = luoshu.IntValue(v.I)
		}
		if diff := compareColumn(db, "SELECT CASE WHEN "+cond+" THEN 1 ELSE 0 END FROM t ORDER BY n", want); diff != "" {
			t.Fatalf("%s\n%s\n%s", expr, cond, diff)
		}
	}
}

func evalAll(x *rule.Expr, rows [][]luoshu.Value) ([]luoshu.Value, bool) {
	b := x.Bind(position)
	out := make([]luoshu.Value, len(rows))
	for i, r := range rows {
		v, err := b.Eval(r, param)
		if err != nil {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

func compareColumn(db *sql.DB, q string, want []luoshu.Value) string {
	rows, err := db.Query(q)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		var x any
		if err := rows.Scan(&x); err != nil {
			return err.Error()
		}
		if got := luoshu.ValueOf(x); got != want[i] {
			return fmt.Sprintf("row %d: SQLite says %q (%T), Eval says %q", i, got, x, want[i])
		}
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// On rows without null, evaluation is that of cel-go's own interpreter.
func TestCELAgrees(t *testing.T) {
	g := generator{Rand: rand.New(rand.NewPCG(3, 4)), plain: true}
	var opts []cel.EnvOption
	for _, v := range vars {
		opts = append(opts, cel.Variable(v.Name, []*cel.Type{cel.StringType, cel.IntType, cel.BoolType}[v.Kind]))
	}
	std, err := cel.NewEnv(opts...)
	if err != nil {
		t.Fatal(err)
	}
	e := env(t)
	for range 2000 {
		expr := g.expr(rule.Kind(g.IntN(3)), 1+g.IntN(4))
		x, err := e.Compile(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		tree, iss := std.Compile(expr)
		if iss.Err() != nil {
			t.Fatalf("%s: %v", expr, iss.Err())
		}
		prg, err := std.Program(tree)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			r := g.row(0)
			in := map[string]any{}
			for i, v := range vars {
				if in[v.Name] = r[i].Any(); v.Kind == rule.Bool {
					in[v.Name] = r[i].I == 1
				}
			}
			want, _, wantErr := prg.Eval(in)
			got, gotErr := x.Bind(position).Eval(r, param)
			if wantErr != nil { // overflow stays an error; division by zero is null here
				if gotErr == nil && !strings.Contains(wantErr.Error(), "by zero") {
					t.Fatalf("%s: CEL fails with %v, Eval says %q", expr, wantErr, got)
				}
				continue
			}
			if gotErr != nil || got != luoshu.ValueOf(want.Value()) {
				t.Fatalf("%s: CEL says %v, Eval says %q, %v", expr, want.Value(), got, gotErr)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"", "a == null", "substr(a, 1, 2) in ['x']", "!!p", "i % 0", `a.matches("(")`, "[[[[", "\xff", "o.a.b"} {
		f.Add(s)
	}
	g := generator{Rand: rand.New(rand.NewPCG(5, 6))}
	for range 50 {
		f.Add(g.expr(rule.Bool, 4))
	}
	e := env(f)
	rows := [][]luoshu.Value{g.row(0), g.row(2), make([]luoshu.Value, len(vars))}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := e.Compile(s)
		if err != nil {
			if x := rule.AsExprError(err); x.Msg.ZH == "" || x.Msg.EN == "" || x.Line < 1 || x.Col < 1 {
				t.Errorf("%q: fault %+v", s, x)
			}
			return
		}
		for _, r := range rows {
			_, _ = x.Bind(position).Eval(r, param)
		}
		for _, d := range []rule.Dialect{rule.SQLite, rule.Postgres, rule.DuckDB} {
			_, _ = x.SQLValue(d, quoteCol, func(string) string { return "NULL" })
		}
	})
}
