package rule

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"luoshu"
)

// op is what a node does. age, year_of, date_in and prefix are lowered to these.
type op uint8

const (
	opNull op = iota
	opLit
	opVar
	opParam
	opAnd
	opOr
	opNot
	opIsNull
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opIn
	opAdd
	opSub
	opMul
	opDiv
	opMod
	opNeg
	opConcat
	opCond
	opCoalesce
	opSize
	opSubstr
	opStarts
	opEnds
	opContains
	opMatches
	opToInt
	opToText
)

// node is one step of a lowered expression.
type node struct {
	op    op
	kind  Kind
	s     string // text literal, variable or parameter name, regular expression
	i     int64  // integer or bool literal
	args  []*node
	texts []string // literal list of in
	ints  []int64
	re    *regexp.Regexp
}

// lowering carries the checked tree through.
type lowering struct {
	env   *Env
	ast   *ast.AST
	nodes int
	names []string
}

// pair is an argument that reads differently in the two languages.
type pair struct{ zh, en string }

func (l *lowering) vars() []string {
	slices.Sort(l.names)
	return slices.Compact(l.names)
}

// fault is an ExprError at the place of x.
func (l *lowering) fault(x ast.Expr, zh, en string, args ...any) *ExprError {
	az, ae := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		az[i], ae[i] = a, a
		if p, ok := a.(pair); ok {
			az[i], ae[i] = p.zh, p.en
		}
	}
	at := l.ast.SourceInfo().GetStartLocation(x.ID())
	return &ExprError{
		max(at.Line(), 1), max(at.Column()+1, 1),
		luoshu.Text{ZH: fmt.Sprintf(zh, az...), EN: fmt.Sprintf(en, ae...)},
	}
}

// expr lowers one expression of the tree. The error is always an *ExprError.
func (l *lowering) expr(x ast.Expr, depth int) (*node, error) {
	l.nodes++
	if l.nodes > maxNodes || depth > maxDepth {
		return nil, l.fault(x, "表达式太大", "the expression is too large")
	}
	switch x.Kind() {
	case ast.LiteralKind:
		return l.literal(x)
	case ast.IdentKind, ast.SelectKind:
		return l.variable(x)
	case ast.CallKind:
		return l.call(x, depth)
	}
	return nil, l.fault(x, "这里不能用这种写法；列表只能写在 in 的右边",
		"this form is not part of the language; a list may only stand right of in")
}

func (l *lowering) variable(x ast.Expr) (*node, error) {
	name := ""
	if ref, ok := l.ast.ReferenceMap()[x.ID()]; ok {
		name = ref.Name
	} else if x.Kind() == ast.IdentKind {
		name = x.AsIdent()
	}
	name = strings.TrimPrefix(name, ".")
	k, ok := l.env.kinds[name]
	if !ok {
		return nil, l.fault(x, "没有名为 %s 的变量", "there is no variable %s", name)
	}
	l.names = append(l.names, name)
	return &node{op: opVar, kind: k, s: name}, nil
}

func (l *lowering) literal(x ast.Expr) (*node, error) {
	switch v := x.AsLiteral().Value().(type) {
	case string:
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return nil, l.fault(x, "文本中有不能用的字符", "the text holds a character that cannot be used")
		}
		return &node{op: opLit, kind: Text, s: v}, nil
	case int64:
		return &node{op: opLit, kind: Int, i: v}, nil
	case bool:
		n := &node{op: opLit, kind: Bool}
		if v {
			n.i = 1
		}
		return n, nil
	}
	if x.AsLiteral().Type().TypeName() == "null_type" {
		return &node{op: opNull}, nil
	}
	return nil, l.fault(x, "只能用整数、文本、true、false 和 null；小数请按小数位数写成整数",
		"only integers, texts, true, false and null may be written; write a decimal as its scaled integer")
}

var binary = map[string]op{
	operators.LogicalAnd: opAnd, operators.LogicalOr: opOr,
	operators.Equals: opEq, operators.NotEquals: opNe,
	operators.Less: opLt, operators.LessEquals: opLe, operators.Greater: opGt, operators.GreaterEquals: opGe,
	operators.Add: opAdd, operators.Subtract: opSub, operators.Multiply: opMul,
	operators.Divide: opDiv, operators.Modulo: opMod,
	"startsWith": opStarts, "endsWith": opEnds, "contains": opContains, "matches": opMatches,
}

var compares = []op{opAnd, opOr, opEq, opNe, opLt, opLe, opGt, opGe, opStarts, opEnds, opContains, opMatches}

func (l *lowering) call(x ast.Expr, depth int) (*node, error) {
	c := x.AsCall()
	if c.FunctionName() == operators.In {
		return l.in(x, depth)
	}
	var in []ast.Expr
	if c.IsMemberFunction() {
		in = append(in, c.Target())
	}
	in = append(in, c.Args()...)
	args := make([]*node, len(in))
	for i, a := range in {
		n, err := l.expr(a, depth+1)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	if o, ok := binary[c.FunctionName()]; ok && len(args) == 2 {
		return l.binary(x, o, args)
	}
	return l.function(x, c.FunctionName(), args)
}

func (l *lowering) binary(x ast.Expr, o op, args []*node) (*node, error) {
	a, b := args[0], args[1]
	if o == opEq || o == opNe {
		if a.op == opNull {
			a, b = b, a
		}
		if b.op == opNull {
			n := &node{op: opIsNull, kind: Bool, args: []*node{a}}
			if o == opNe {
				n = &node{op: opNot, kind: Bool, args: []*node{n}}
			}
			return n, nil
		}
	}
	n := &node{op: o, kind: Bool, args: args}
	switch {
	case o == opMatches:
		if b.op != opLit {
			return nil, l.fault(x, "matches 的式样必须直接写出", "the pattern of matches must be written out")
		}
		re, err := regexp.Compile(b.s)
		if err != nil {
			return nil, l.fault(x, "正则表达式有误：%s", "bad regular expression: %s", b.s)
		}
		n.re, n.s, n.args = re, b.s, args[:1]
	case slices.Contains(compares, o):
	case o == opAdd && a.kind == Text:
		n.op, n.kind = opConcat, Text
	default:
		n.kind = Int
		return fold(n), nil
	}
	return n, nil
}

// fold computes arithmetic on literals, so that SQL never sees it.
func fold(n *node) *node {
	for _, a := range n.args {
		if a.op != opLit {
			return n
		}
	}
	v, st := compile(n, nil).int(input{})
	if st != have {
		return n
	}
	return &node{op: opLit, kind: Int, i: v}
}

func (l *lowering) function(x ast.Expr, name string, args []*node) (*node, error) {
	num := func(i int64) *node { return &node{op: opLit, kind: Int, i: i} }
	call := func(o op, k Kind, a ...*node) *node { return &node{op: o, kind: k, args: a} }
	switch name {
	case operators.LogicalNot:
		return call(opNot, Bool, args...), nil
	case operators.Negate:
		return fold(call(opNeg, Int, args...)), nil
	case operators.Conditional:
		k := args[1].kind
		if args[1].op == opNull {
			k = args[2].kind
		}
		for _, a := range args[1:] {
			if a.op == opNull {
				a.kind = k
			}
		}
		return call(opCond, k, args...), nil
	case "coalesce":
		return call(opCoalesce, args[0].kind, args...), nil
	case "size":
		return call(opSize, Int, args...), nil
	case "substr":
		return call(opSubstr, Text, args...), nil
	case "prefix":
		return call(opSubstr, Text, args[0], num(0), args[1]), nil
	case "year_of":
		return fold(call(opDiv, Int, args[0], num(10000))), nil
	case "age":
		return call(opDiv, Int, fold(call(opSub, Int, args[1], args[0])), num(10000)), nil
	case "date_in":
		return fold(call(opAdd, Int, fold(call(opMul, Int, args[0], num(10000))), args[1])), nil
	case "int", "string":
		k, o := Int, opToInt
		if name == "string" {
			k, o = Text, opToText
		}
		if args[0].kind == k {
			return args[0], nil
		}
		return call(o, k, args...), nil
	case "param":
		return l.param(x, args[0])
	}
	return nil, l.fault(x, "不认识的函数 %s", "unknown function %s", name)
}

func (l *lowering) param(x ast.Expr, id *node) (*node, error) {
	if id.op != opLit {
		return nil, l.fault(x, "param 的编号必须直接写出", "the id of param must be written out")
	}
	if l.env.hasParam == nil || !l.env.hasParam(id.s) {
		return nil, l.fault(x, "没有名为 %s 的参数", "there is no parameter %s", id.s)
	}
	return &node{op: opParam, kind: Int, s: id.s}, nil
}

func (l *lowering) in(x ast.Expr, depth int) (*node, error) {
	args := x.AsCall().Args()
	a, err := l.expr(args[0], depth+1)
	if err != nil {
		return nil, err
	}
	if args[1].Kind() != ast.ListKind {
		return nil, l.fault(args[1], "in 的右边必须是直接写出的列表", "right of in must stand a written-out list")
	}
	n := &node{op: opIn, kind: Bool, args: []*node{a}}
	for _, e := range args[1].AsList().Elements() {
		v, err := l.expr(e, depth+1)
		if err != nil {
			return nil, err
		}
		if v.op != opLit {
			return nil, l.fault(e, "in 的列表中只能写文本或整数", "the list of in may hold only texts or integers")
		}
		if v.kind == Text {
			n.texts = append(n.texts, v.s)
		} else {
			n.ints = append(n.ints, v.i)
		}
	}
	return n, nil
}

// nullable reports whether the node can give null.
func (n *node) nullable() bool {
	switch n.op {
	case opLit, opAnd, opOr, opNot, opIsNull, opEq, opNe, opLt, opLe, opGt, opGe, opIn,
		opStarts, opEnds, opContains, opMatches:
		return false
	case opNull, opVar, opParam:
		return true
	case opCoalesce:
		return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.nullable() })
	case opCond:
		return n.args[1].nullable() || n.args[2].nullable()
	case opDiv, opMod:
		if b := n.args[1]; b.op != opLit || b.i == 0 {
			return true
		}
	}
	return slices.ContainsFunc(n.args, (*node).nullable)
}

// Arithmetic that reports overflow instead of wrapping round.
func addInt(a, b int64) (int64, state) {
	if c := a + b; (c > a) == (b > 0) {
		return c, have
	}
	return 0, overflow
}

func subInt(a, b int64) (int64, state) {
	if c := a - b; (c < a) == (b > 0) {
		return c, have
	}
	return 0, overflow
}

func mulInt(a, b int64) (int64, state) {
	if a == 0 || b == 0 {
		return 0, have
	}
	c := a * b
	if c/b != a || a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64 {
		return 0, overflow
	}
	return c, have
}

func divInt(a, b int64) (int64, state) {
	switch {
	case b == 0:
		return 0, null
	case b == -1 && a == math.MinInt64:
		return 0, overflow
	}
	return a / b, have
}

func modInt(a, b int64) (int64, state) {
	switch b {
	case 0:
		return 0, null
	case -1:
		return 0, have
	}
	return a % b, have
}
