package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu"
)

// Dialect is a database's way of writing SQL.
type Dialect int

// The dialects that expressions are translated to.
const (
	SQLite Dialect = iota
	Postgres
	DuckDB
)

// maxSQL bounds the text made of one expression.
const maxSQL = 64 << 10

// SQL translates the expression. col gives the SQL of a variable (a column as
// stored: bool fields are integers), param that of a parameter (NULL if it has
// no value); param may be nil if none is read. A text or integer expression
// becomes a value that equals Eval on every row. A Bool expression becomes a
// condition that is true exactly where Eval gives 1; elsewhere it is false or
// null, so it belongs in WHERE, CASE WHEN and FILTER and must not be negated
// from outside; use SQLValue for a column. The error is an *ExprError: int of a
// text and matches cannot be translated. Sums beyond 64 bits are the
// database's own affair: PostgreSQL and DuckDB stop, SQLite loses digits.
func (x *Expr) SQL(d Dialect, col func(name string) string, param func(id string) string) (string, error) {
	w := writer{d: d, col: col, param: param}
	if x.root.kind == Bool {
		return w.finish(w.truth(x.root))
	}
	return w.finish(w.value(x.root))
}

// SQLValue is SQL, but a Bool expression becomes an integer 1, 0 or null as Eval
// gives it.
func (x *Expr) SQLValue(d Dialect, col func(name string) string, param func(id string) string) (string, error) {
	w := writer{d: d, col: col, param: param}
	return w.finish(w.value(x.root))
}

type writer struct {
	d     Dialect
	col   func(string) string
	param func(string) string
	err   error
}

func (w *writer) finish(s string) (string, error) {
	if w.err != nil {
		return "", w.err
	}
	return s, nil
}

// refuse records why the expression cannot be translated.
func (w *writer) refuse(zh, en string) string {
	if w.err == nil {
		w.err = &ExprError{1, 1, luoshu.Text{ZH: zh, EN: en}}
	}
	return "NULL"
}

// f formats and keeps the size in bounds.
func (w *writer) f(format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	if len(s) > maxSQL {
		return w.refuse("表达式译成查询后太长", "the expression becomes too long a query")
	}
	return s
}

// quote writes a text literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// number writes an integer that takes part in arithmetic: PostgreSQL and DuckDB
// would otherwise reckon with 32 bits.
func (w *writer) number(i int64) string {
	s := strconv.FormatInt(i, 10)
	if w.d == SQLite {
		if i < 0 {
			return "(" + s + ")"
		}
		return s
	}
	return "CAST('" + s + "' AS BIGINT)"
}

// operand writes one side of a comparison: a plain literal where possible.
func (w *writer) operand(n *node) string {
	if n.op == opLit && n.kind == Int {
		return strconv.FormatInt(n.i, 10)
	}
	return w.value(n)
}

// value writes a node as a value; bools as 1, 0 or null.
func (w *writer) value(n *node) string {
	switch n.op {
	case opNull:
		if n.kind == Text {
			return "CAST(NULL AS TEXT)"
		}
		return "CAST(NULL AS BIGINT)"
	case opLit:
		if n.kind == Text {
			return quote(n.s)
		}
		return w.number(n.i)
	case opVar:
		return w.col(n.s)
	case opParam:
		if w.param == nil {
			return w.refuse("这里不能用 param", "param cannot be used here")
		}
		return "(" + w.param(n.s) + ")"
	case opCond:
		return w.f("CASE WHEN %s THEN %s ELSE %s END", w.truth(n.args[0]), w.value(n.args[1]), w.value(n.args[2]))
	case opCoalesce:
		parts := make([]string, len(n.args))
		for i, a := range n.args {
			parts[i] = w.value(a)
		}
		return w.f("COALESCE(%s)", strings.Join(parts, ", "))
	}
	if n.kind == Bool {
		return w.f("CASE WHEN %s THEN 1 ELSE 0 END", w.truth(n))
	}
	if n.kind == Text {
		return w.text(n)
	}
	return w.arithmetic(n)
}

func (w *writer) text(n *node) string {
	a := w.value(n.args[0])
	switch n.op {
	case opConcat:
		return w.f("(%s || %s)", a, w.value(n.args[1]))
	case opToText:
		return w.f("CAST(%s AS TEXT)", a)
	}
	from, count := n.args[1], n.args[2] // opSubstr
	start := w.clamp(from) + " + 1"
	if from.op == opLit {
		start = strconv.FormatInt(min(max(from.i, 0), maxText)+1, 10)
	}
	return w.f("substr(%s, %s, %s)", a, w.index(start), w.index(w.clamp(count)))
}

// maxText is more than any text's length and fits 32 bits with one added.
const maxText = 1 << 30

// clamp writes a number as a position: not negative, not absurdly large.
func (w *writer) clamp(n *node) string {
	if n.op == opLit {
		return strconv.FormatInt(min(max(n.i, 0), maxText), 10)
	}
	v := w.value(n)
	return w.f("CASE WHEN %s < 0 THEN 0 WHEN %s > %d THEN %d ELSE %s END", v, v, maxText, maxText, v)
}

// index casts a position to what substr takes.
func (w *writer) index(s string) string {
	if w.d == Postgres && strings.HasPrefix(s, "CASE") {
		return "CAST(" + s + " AS INTEGER)"
	}
	return s
}

func (w *writer) arithmetic(n *node) string {
	a := w.value(n.args[0])
	switch n.op {
	case opSize:
		return w.f("length(%s)", a)
	case opNeg:
		return w.f("(-%s)", a)
	case opToInt:
		return w.refuse("int(文本) 不能用在指标中", "int of a text cannot be used in an indicator")
	}
	b := n.args[1]
	v := w.value(b)
	if (n.op == opDiv || n.op == opMod) && (b.op != opLit || b.i == 0) {
		v = w.f("NULLIF(%s, 0)", v)
	}
	sign := map[op]string{opAdd: "+", opSub: "-", opMul: "*", opDiv: "/", opMod: "%"}[n.op]
	if n.op == opDiv && w.d == DuckDB {
		sign = "//"
	}
	return w.f("(%s %s %s)", a, sign, v)
}

// truth writes a condition that is true exactly where the node is true, and
// false or null elsewhere.
func (w *writer) truth(n *node) string {
	switch n.op {
	case opLit:
		return w.f("1 = %d", n.i)
	case opVar, opNull, opCond, opCoalesce:
		return w.f("%s <> 0", w.value(n))
	case opAnd:
		return w.f("(%s AND %s)", w.truth(n.args[0]), w.truth(n.args[1]))
	case opOr:
		return w.f("(%s OR %s)", w.truth(n.args[0]), w.truth(n.args[1]))
	case opNot:
		return w.untruth(n.args[0])
	case opIsNull:
		return w.f("%s IS NULL", w.value(n.args[0]))
	case opEq:
		return w.equal(n.args[0], n.args[1], "=", map[bool]string{true: "IS", false: "IS NOT DISTINCT FROM"})
	case opNe:
		return w.equal(n.args[0], n.args[1], "<>", map[bool]string{true: "IS NOT", false: "IS DISTINCT FROM"})
	case opLt, opLe, opGt, opGe:
		return w.order(n)
	case opIn:
		return w.in(n)
	}
	return w.affix(n)
}

// untruth writes a condition that is true exactly where the node is not true.
func (w *writer) untruth(n *node) string {
	switch n.op {
	case opLit:
		return w.f("0 = %d", n.i)
	case opAnd:
		return w.f("(%s OR %s)", w.untruth(n.args[0]), w.untruth(n.args[1]))
	case opOr:
		return w.f("(%s AND %s)", w.untruth(n.args[0]), w.untruth(n.args[1]))
	case opNot:
		return w.truth(n.args[0])
	case opIsNull:
		return w.f("%s IS NOT NULL", w.value(n.args[0]))
	case opEq:
		return w.truth(&node{op: opNe, kind: Bool, args: n.args})
	case opNe:
		return w.truth(&node{op: opEq, kind: Bool, args: n.args})
	}
	return w.f("NOT COALESCE(%s, FALSE)", w.truth(n))
}

// equal compares so that two nulls are equal. One null side of = is not true,
// which is all truth asks; <> needs both sides known.
func (w *writer) equal(a, b *node, plain string, safe map[bool]string) string {
	na, nb := a.nullable(), b.nullable()
	if plain == "=" && !(na && nb) || !na && !nb {
		return w.f("%s %s %s", w.operand(a), plain, w.operand(b))
	}
	return w.f("%s %s %s", w.operand(a), safe[w.d == SQLite], w.operand(b))
}

func (w *writer) order(n *node) string {
	sign := map[op]string{opLt: "<", opLe: "<=", opGt: ">", opGe: ">="}[n.op]
	a, b := w.operand(n.args[0]), w.operand(n.args[1])
	if n.args[0].kind == Text && w.d == Postgres {
		return w.f(`%s COLLATE "C" %s %s`, a, sign, b)
	}
	return w.f("%s %s %s", a, sign, b)
}

func (w *writer) in(n *node) string {
	var list []string
	for _, s := range n.texts {
		list = append(list, quote(s))
	}
	for _, i := range n.ints {
		list = append(list, strconv.FormatInt(i, 10))
	}
	if len(list) == 0 {
		return "1 = 0"
	}
	slices.Sort(list)
	return w.f("%s IN (%s)", w.operand(n.args[0]), strings.Join(list, ", "))
}

// affix writes startsWith, endsWith and contains, case-sensitive everywhere.
func (w *writer) affix(n *node) string {
	s := w.value(n.args[0])
	if n.op == opMatches {
		return w.refuse("matches 不能用在指标中", "matches cannot be used in an indicator")
	}
	p := w.value(n.args[1])
	switch n.op {
	case opStarts:
		return w.f("substr(%s, 1, length(%s)) = %s", s, p, p)
	case opEnds:
		return w.f("(length(%s) >= length(%s) AND substr(%s, length(%s) - length(%s) + 1, length(%s)) = %s)",
			s, p, s, s, p, p, p)
	}
	if w.d == SQLite {
		return w.f("instr(%s, %s) > 0", s, p)
	}
	return w.f("strpos(%s, %s) > 0", s, p)
}
