// Package rule is the only reader of expressions and identifier numbers. An
// expression is CEL, parsed and typed by cel-go against the variables of one
// environment; the checked tree is lowered to one small form from which both
// evaluation on a row and SQL are made, so that the two cannot disagree, and so
// that a rule costs tens of nanoseconds on each of millions of rows.
//
// There are no loops: every expression costs a bounded number of steps, each
// linear in the length of the texts it reads, and its size is limited.
//
// Null is one value everywhere. x == null tests for it. An operation or function
// on null is null; a comparison with null by == is false and by != is true; by
// < <= > >=, in, startsWith and the like it is false. A null condition counts as
// false, so !(null condition) is true. Division by zero is null.
package rule

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"

	"luoshu"
)

// Kind is the type of a variable or of an expression's result.
type Kind int

// The three kinds. Everything that is not text or a yes/no field is an integer.
const (
	Text Kind = iota
	Int
	Bool
)

// String returns the kind as messages name it.
func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Int:
		return "int"
	case Bool:
		return "bool"
	}
	return "?"
}

// text returns the kind in both languages.
func (k Kind) text() luoshu.Text {
	switch k {
	case Text:
		return luoshu.Text{ZH: "文本", EN: "text"}
	case Int:
		return luoshu.Text{ZH: "整数", EN: "an integer"}
	}
	return luoshu.Text{ZH: "真假", EN: "true or false"}
}

// Var is a variable of an environment. Name may be "alias.field".
type Var struct {
	Name string
	Kind Kind
}

// Limits of one expression.
const (
	maxSource = 4000 // characters
	maxNodes  = 1000
	maxDepth  = 60
)

// Env is a set of typed variables against which expressions are compiled. It is
// immutable and safe for use by many goroutines.
type Env struct {
	cel      *cel.Env
	kinds    map[string]Kind
	hasParam func(id string) bool
}

// ExprError says what is wrong with an expression and where (1-based).
type ExprError struct {
	Line, Col int
	Msg       luoshu.Text
}

// Error returns position and English message.
func (e *ExprError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Msg.EN) }

// base is the environment that all others extend: the operators and functions
// of the language, no variables, no macros.
var base = sync.OnceValues(newBase)

// NewEnv makes an environment with the given variables. hasParam tells which
// ids param() may name; nil means none. Two variables of one name are an error.
func NewEnv(vars []Var, hasParam func(id string) bool) (*Env, error) {
	b, err := base()
	if err != nil {
		return nil, err
	}
	e := &Env{kinds: make(map[string]Kind, len(vars)), hasParam: hasParam}
	opts := make([]cel.EnvOption, 0, len(vars))
	for _, v := range vars {
		if _, ok := e.kinds[v.Name]; ok {
			return nil, fmt.Errorf("rule: two variables named %q", v.Name)
		}
		e.kinds[v.Name] = v.Kind
		opts = append(opts, cel.Variable(v.Name, celType(v.Kind)))
	}
	if e.cel, err = b.Extend(opts...); err != nil {
		return nil, fmt.Errorf("rule: environment: %w", err)
	}
	return e, nil
}

// Kind returns the kind of a variable and whether there is one of that name.
func (e *Env) Kind(name string) (Kind, bool) {
	k, ok := e.kinds[name]
	return k, ok
}

// Compile reads an expression. With want given, the result must be of one of
// these kinds. An error is always an *ExprError.
func (e *Env) Compile(expr string, want ...Kind) (*Expr, error) {
	if len([]rune(expr)) > maxSource {
		return nil, &ExprError{1, 1, luoshu.Text{
			ZH: fmt.Sprintf("表达式超过 %d 个字符", maxSource),
			EN: fmt.Sprintf("the expression is longer than %d characters", maxSource),
		}}
	}
	tree, iss := e.cel.Compile(expr)
	if iss != nil && iss.Err() != nil {
		return nil, celError(iss)
	}
	l := lowering{env: e, ast: tree.NativeRep()}
	root, err := l.expr(l.ast.Expr(), 0)
	if err == nil && root.op == opNull {
		err = l.fault(l.ast.Expr(), "表达式不能只是 null", "the expression is nothing but null")
	}
	if err == nil && len(want) > 0 && !slices.Contains(want, root.kind) {
		w, g := want[0].text(), root.kind.text()
		err = l.fault(l.ast.Expr(), "表达式的结果应为%s，现为%s", "the expression must give %s; it gives %s",
			pair{w.ZH, w.EN}, pair{g.ZH, g.EN})
	}
	if err != nil {
		return nil, err
	}
	x := &Expr{root: root, vars: l.vars()}
	x.run = compile(root, nil)
	return x, nil
}

// celError turns the first issue of cel-go into a fault in two languages.
func celError(iss *cel.Issues) *ExprError {
	errs := iss.Errors()
	if len(errs) == 0 {
		return &ExprError{1, 1, luoshu.Text{ZH: "表达式无法读取：" + iss.Err().Error(), EN: iss.Err().Error()}}
	}
	first := errs[0]
	for _, x := range errs {
		a, b := x.Location, first.Location
		if a.Line() < b.Line() || a.Line() == b.Line() && a.Column() < b.Column() {
			first = x
		}
	}
	line, col := first.Location.Line(), first.Location.Column()+1
	return &ExprError{max(line, 1), max(col, 1), translate(first.Message)}
}

// AsExprError returns err as an *ExprError; any other error becomes one at 1:1.
func AsExprError(err error) *ExprError {
	var x *ExprError
	if errors.As(err, &x) {
		return x
	}
	return &ExprError{1, 1, luoshu.Text{ZH: err.Error(), EN: err.Error()}}
}

func celType(k Kind) *cel.Type {
	switch k {
	case Text:
		return cel.StringType
	case Bool:
		return cel.BoolType
	}
	return cel.IntType
}

// newBase declares the language. Its equality takes null on either side of a
// value of any kind, which CEL's own library would refuse; everything else is a
// subset of it with the functions of docs/packs.md added.
func newBase() (*cel.Env, error) {
	d := declarer{}
	kinds := []*cel.Type{cel.StringType, cel.IntType, cel.BoolType}
	scalars := kinds[:2]
	for _, t := range kinds {
		for _, op := range []string{operators.Equals, operators.NotEquals} {
			d.add(op, cel.BoolType, t, t)
			d.add(op, cel.BoolType, t, cel.NullType)
			d.add(op, cel.BoolType, cel.NullType, t)
		}
		d.add(operators.Conditional, t, cel.BoolType, t, t)
		d.add(operators.Conditional, t, cel.BoolType, t, cel.NullType)
		d.add(operators.Conditional, t, cel.BoolType, cel.NullType, t)
		d.add("coalesce", t, t, t)
		d.add("coalesce", t, t, t, t)
	}
	for _, t := range scalars {
		for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
			d.add(op, cel.BoolType, t, t)
		}
		d.add(operators.In, cel.BoolType, t, cel.ListType(t))
		d.add("int", cel.IntType, t)
		d.add("string", cel.StringType, t)
		d.add(operators.Add, t, t, t)
	}
	for _, op := range []string{operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo} {
		d.add(op, cel.IntType, cel.IntType, cel.IntType)
	}
	d.add(operators.Negate, cel.IntType, cel.IntType)
	d.add(operators.LogicalAnd, cel.BoolType, cel.BoolType, cel.BoolType)
	d.add(operators.LogicalOr, cel.BoolType, cel.BoolType, cel.BoolType)
	d.add(operators.LogicalNot, cel.BoolType, cel.BoolType)
	d.add("size", cel.IntType, cel.StringType)
	d.member("size", cel.IntType, cel.StringType)
	for _, f := range []string{"startsWith", "endsWith", "contains", "matches"} {
		d.member(f, cel.BoolType, cel.StringType, cel.StringType)
	}
	d.add("matches", cel.BoolType, cel.StringType, cel.StringType)
	d.add("substr", cel.StringType, cel.StringType, cel.IntType, cel.IntType)
	d.add("prefix", cel.StringType, cel.StringType, cel.IntType)
	d.add("age", cel.IntType, cel.IntType, cel.IntType)
	d.add("year_of", cel.IntType, cel.IntType)
	d.add("date_in", cel.IntType, cel.IntType, cel.IntType)
	d.add("param", cel.IntType, cel.StringType)
	opts := append(d.options(),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(maxSource), cel.ParserErrorRecoveryLimit(4))
	env, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("rule: base environment: %w", err)
	}
	return env, nil
}

// declarer collects overloads by function name, in order.
type declarer struct {
	names []string
	byFn  map[string][]cel.FunctionOpt
}

func (d *declarer) put(name string, opt cel.FunctionOpt) {
	if d.byFn == nil {
		d.byFn = map[string][]cel.FunctionOpt{}
	}
	if _, ok := d.byFn[name]; !ok {
		d.names = append(d.names, name)
	}
	d.byFn[name] = append(d.byFn[name], opt)
}

func (d *declarer) add(name string, result *cel.Type, args ...*cel.Type) {
	d.put(name, cel.Overload(overloadID(name, args), args, result))
}

func (d *declarer) member(name string, result *cel.Type, args ...*cel.Type) {
	d.put(name, cel.MemberOverload("m_"+overloadID(name, args), args, result))
}

func (d *declarer) options() []cel.EnvOption {
	var out []cel.EnvOption
	for _, n := range d.names {
		out = append(out, cel.Function(n, d.byFn[n]...))
	}
	return out
}

func overloadID(name string, args []*cel.Type) string {
	id := name
	for _, a := range args {
		id += "_" + a.String()
	}
	return id
}
