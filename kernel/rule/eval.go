package rule

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"luoshu"
)

// Expr is a compiled expression. It is immutable and safe for use by many
// goroutines at once.
type Expr struct {
	root *node
	vars []string
	run  fn
}

// Bound is an expression whose variables are read from a row by position: the
// way to run a rule over millions of rows. Safe for use by many goroutines.
type Bound struct {
	kind Kind
	run  fn
}

// state says whether a step gave a value, null, or failed.
type state uint8

const (
	have state = iota
	null
	overflow
	notNumber
)

var (
	errOverflow  = luoshu.Errorf(luoshu.Invalid, "计算结果超出整数范围", "the result is too large for an integer")
	errNotNumber = luoshu.Errorf(luoshu.Invalid, "文本不是整数", "the text is not an integer")
)

func (s state) err() error {
	switch s {
	case overflow:
		return errOverflow
	case notNumber:
		return errNotNumber
	}
	return nil
}

// input is where variables and parameters come from: get by name, or row by
// position. It is passed by value so that evaluation allocates nothing.
type input struct {
	get   func(name string) luoshu.Value
	row   []luoshu.Value
	param func(id string) (luoshu.Value, bool)
}

// fn is a compiled step; the one function of its kind is set.
type fn struct {
	text func(input) (string, state)
	int  func(input) (int64, state)
	bool func(input) (bool, state)
}

// Kind returns the kind of the result.
func (x *Expr) Kind() Kind { return x.root.kind }

// Vars returns the names of the variables that are read, sorted.
func (x *Expr) Vars() []string { return slices.Clone(x.vars) }

// Field returns the variable's name if the expression is nothing but a variable.
func (x *Expr) Field() (string, bool) { return x.root.s, x.root.op == opVar }

// Params returns the parameters that are read, sorted.
func (x *Expr) Params() []string {
	var out []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.op == opParam {
			out = append(out, n.s)
		}
		for _, a := range n.args {
			walk(a)
		}
	}
	walk(x.root)
	slices.Sort(out)
	return slices.Compact(out)
}

// Eval evaluates the expression. get gives a variable's value (null if unset),
// param a parameter's, both may be nil if nothing is read through them. A result
// of kind Bool is 1, 0 or null. The error is a *luoshu.Error that can be shown.
func (x *Expr) Eval(get func(name string) luoshu.Value, param func(id string) (luoshu.Value, bool)) (luoshu.Value, error) {
	return x.run.value(x.root.kind, input{get: get, param: param})
}

// Bind makes the expression read its variables from a row; index gives the
// position of a variable in the row, below 0 for one that is always null.
func (x *Expr) Bind(index func(name string) int) *Bound {
	return &Bound{kind: x.root.kind, run: compile(x.root, index)}
}

// Eval evaluates the expression on a row, as Expr.Eval.
func (b *Bound) Eval(row []luoshu.Value, param func(id string) (luoshu.Value, bool)) (luoshu.Value, error) {
	return b.run.value(b.kind, input{row: row, param: param})
}

// True evaluates a condition on a row; null is false.
func (b *Bound) True(row []luoshu.Value, param func(id string) (luoshu.Value, bool)) (bool, error) {
	if b.run.bool == nil {
		return false, luoshu.Errorf(luoshu.Internal, "表达式不是条件", "the expression is not a condition")
	}
	v, st := b.run.bool(input{row: row, param: param})
	return v && st == have, st.err()
}

func (f fn) value(k Kind, in input) (luoshu.Value, error) {
	switch k {
	case Text:
		s, st := f.text(in)
		if st != have {
			return luoshu.Value{}, st.err()
		}
		return luoshu.TextValue(s), nil
	case Int:
		i, st := f.int(in)
		if st != have {
			return luoshu.Value{}, st.err()
		}
		return luoshu.IntValue(i), nil
	}
	b, st := f.bool(in)
	if st != have {
		return luoshu.Value{}, st.err()
	}
	if b {
		return luoshu.IntValue(1), nil
	}
	return luoshu.IntValue(0), nil
}

// compile makes closures of a node. index is nil to read variables by name.
func compile(n *node, index func(string) int) fn {
	args := make([]fn, len(n.args))
	for i, a := range n.args {
		args[i] = compile(a, index)
	}
	switch n.op {
	case opVar, opParam:
		return compileRead(n, index)
	case opLit, opNull:
		return compileLiteral(n)
	case opCond:
		return compileCond(n.kind, args)
	case opCoalesce:
		return compileCoalesce(n.kind, args)
	}
	switch n.kind {
	case Text:
		return fn{text: compileText(n, args)}
	case Int:
		return fn{int: compileInt(n, args)}
	}
	return fn{bool: compileBool(n, args)}
}

// compileRead makes the reading of a variable or parameter.
func compileRead(n *node, index func(string) int) fn {
	var read func(input) luoshu.Value
	name := n.s
	switch {
	case n.op == opParam:
		read = func(in input) luoshu.Value {
			if in.param == nil {
				return luoshu.Value{}
			}
			v, _ := in.param(name)
			return v
		}
	case index == nil:
		read = func(in input) luoshu.Value {
			if in.get == nil {
				return luoshu.Value{}
			}
			return in.get(name)
		}
	default:
		at := index(name)
		read = func(in input) luoshu.Value {
			if at < 0 || at >= len(in.row) {
				return luoshu.Value{}
			}
			return in.row[at]
		}
	}
	switch n.kind {
	case Text:
		return fn{text: func(in input) (string, state) {
			if v := read(in); v.K == luoshu.IsText {
				return v.S, have
			}
			return "", null
		}}
	case Int:
		return fn{int: func(in input) (int64, state) {
			if v := read(in); v.K == luoshu.IsInt {
				return v.I, have
			}
			return 0, null
		}}
	}
	return fn{bool: func(in input) (bool, state) {
		if v := read(in); v.K == luoshu.IsInt {
			return v.I != 0, have
		}
		return false, null
	}}
}

func compileLiteral(n *node) fn {
	st := have
	if n.op == opNull {
		st = null
	}
	s, i := n.s, n.i
	switch n.kind {
	case Text:
		return fn{text: func(input) (string, state) { return s, st }}
	case Int:
		return fn{int: func(input) (int64, state) { return i, st }}
	}
	return fn{bool: func(input) (bool, state) { return i != 0, st }}
}

func compileCond(k Kind, args []fn) fn {
	c, a, b := args[0].bool, args[1], args[2]
	switch k {
	case Text:
		return fn{text: choose(c, a.text, b.text)}
	case Int:
		return fn{int: choose(c, a.int, b.int)}
	}
	return fn{bool: choose(c, a.bool, b.bool)}
}

func choose[T any](c func(input) (bool, state), a, b func(input) (T, state)) func(input) (T, state) {
	return func(in input) (T, state) {
		v, st := c(in)
		if st > null {
			var zero T
			return zero, st
		}
		if v && st == have {
			return a(in)
		}
		return b(in)
	}
}

func compileCoalesce(k Kind, args []fn) fn {
	switch k {
	case Text:
		return fn{text: first(args, func(f fn) func(input) (string, state) { return f.text })}
	case Int:
		return fn{int: first(args, func(f fn) func(input) (int64, state) { return f.int })}
	}
	return fn{bool: first(args, func(f fn) func(input) (bool, state) { return f.bool })}
}

func first[T any](args []fn, of func(fn) func(input) (T, state)) func(input) (T, state) {
	list := make([]func(input) (T, state), len(args))
	for i, a := range args {
		list[i] = of(a)
	}
	return func(in input) (T, state) {
		var zero T
		for _, f := range list {
			if v, st := f(in); st != null {
				return v, st
			}
		}
		return zero, null
	}
}

func compileText(n *node, args []fn) func(input) (string, state) {
	switch n.op {
	case opConcat:
		a, b := args[0].text, args[1].text
		return func(in input) (string, state) {
			x, st := a(in)
			if st != have {
				return "", st
			}
			y, st := b(in)
			if st != have {
				return "", st
			}
			return x + y, have
		}
	case opToText:
		a := args[0].int
		return func(in input) (string, state) {
			x, st := a(in)
			if st != have {
				return "", st
			}
			return strconv.FormatInt(x, 10), have
		}
	}
	s, from, count := args[0].text, args[1].int, args[2].int // opSubstr
	return func(in input) (string, state) {
		x, st := s(in)
		if st != have {
			return "", st
		}
		i, st := from(in)
		if st != have {
			return "", st
		}
		c, st := count(in)
		if st != have {
			return "", st
		}
		return substr(x, i, c), have
	}
}

// substr cuts count characters from position from (0-based); what lies outside
// the text is left out.
func substr(s string, from, count int64) string {
	from, count = max(from, 0), max(count, 0)
	if from >= int64(len(s)) {
		return ""
	}
	start := 0
	for ; from > 0 && start < len(s); from-- {
		_, w := utf8.DecodeRuneInString(s[start:])
		start += w
	}
	end := start
	for ; count > 0 && end < len(s); count-- {
		_, w := utf8.DecodeRuneInString(s[end:])
		end += w
	}
	return s[start:end]
}

func compileInt(n *node, args []fn) func(input) (int64, state) {
	switch n.op {
	case opSize:
		a := args[0].text
		return func(in input) (int64, state) {
			x, st := a(in)
			return int64(utf8.RuneCountInString(x)), st
		}
	case opToInt:
		a := args[0].text
		return func(in input) (int64, state) {
			x, st := a(in)
			if st != have {
				return 0, st
			}
			i, err := strconv.ParseInt(x, 10, 64)
			if err != nil {
				return 0, notNumber
			}
			return i, have
		}
	case opNeg:
		a := args[0].int
		return func(in input) (int64, state) {
			x, st := a(in)
			if st != have {
				return 0, st
			}
			return subInt(0, x)
		}
	}
	do := map[op]func(a, b int64) (int64, state){
		opAdd: addInt, opSub: subInt, opMul: mulInt, opDiv: divInt, opMod: modInt,
	}[n.op]
	a, b := args[0].int, args[1].int
	return func(in input) (int64, state) {
		x, st := a(in)
		if st != have {
			return 0, st
		}
		y, st := b(in)
		if st != have {
			return 0, st
		}
		return do(x, y)
	}
}

func compileBool(n *node, args []fn) func(input) (bool, state) {
	switch n.op {
	case opAnd:
		return logical(args[0].bool, args[1].bool, false)
	case opOr:
		return logical(args[0].bool, args[1].bool, true)
	case opNot:
		a := args[0].bool
		return func(in input) (bool, state) {
			x, st := a(in)
			if st > null {
				return false, st
			}
			return !x || st == null, have
		}
	case opIsNull:
		return isNull(n.args[0].kind, args[0])
	case opIn:
		if n.args[0].kind == Text {
			return member(args[0].text, n.texts)
		}
		return member(args[0].int, n.ints)
	case opMatches:
		a, re := args[0].text, n.re
		return func(in input) (bool, state) {
			x, st := a(in)
			if st != have {
				return false, settle(st)
			}
			return re.MatchString(x), have
		}
	case opStarts:
		return affix(args[0].text, args[1].text, strings.HasPrefix)
	case opEnds:
		return affix(args[0].text, args[1].text, strings.HasSuffix)
	case opContains:
		return affix(args[0].text, args[1].text, strings.Contains)
	}
	switch n.args[0].kind {
	case Text:
		return compare(n.op, args[0].text, args[1].text, strings.Compare)
	case Int:
		return compare(n.op, args[0].int, args[1].int, func(x, y int64) int {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	return compare(n.op, args[0].bool, args[1].bool, func(x, y bool) int {
		if x == y {
			return 0
		}
		return 1
	})
}

// settle turns null into a plain false and keeps a failure.
func settle(st state) state {
	if st == null {
		return have
	}
	return st
}

// logical is && (stop false) and || (stop true): null is false, and a failure
// on one side does not count if the other side decides, as in CEL.
func logical(a, b func(input) (bool, state), stop bool) func(input) (bool, state) {
	return func(in input) (bool, state) {
		x, sx := a(in)
		if sx <= null && (x && sx == have) == stop {
			return stop, have
		}
		y, sy := b(in)
		if sy <= null && (y && sy == have) == stop {
			return stop, have
		}
		if sx > null {
			return false, sx
		}
		if sy > null {
			return false, sy
		}
		return !stop, have
	}
}

func isNull(k Kind, f fn) func(input) (bool, state) {
	test := func(st state) (bool, state) {
		if st > null {
			return false, st
		}
		return st == null, have
	}
	switch k {
	case Text:
		return func(in input) (bool, state) { _, st := f.text(in); return test(st) }
	case Int:
		return func(in input) (bool, state) { _, st := f.int(in); return test(st) }
	}
	return func(in input) (bool, state) { _, st := f.bool(in); return test(st) }
}

// member is in over a literal list: a walk for short lists, a set for long ones.
func member[T comparable](f func(input) (T, state), list []T) func(input) (bool, state) {
	if len(list) <= 8 {
		return func(in input) (bool, state) {
			x, st := f(in)
			if st != have {
				return false, settle(st)
			}
			return slices.Contains(list, x), have
		}
	}
	set := make(map[T]struct{}, len(list))
	for _, v := range list {
		set[v] = struct{}{}
	}
	return func(in input) (bool, state) {
		x, st := f(in)
		if st != have {
			return false, settle(st)
		}
		_, found := set[x]
		return found, have
	}
}

// compare makes ==, !=, <, <=, > and >=.
func compare[T comparable](o op, a, b func(input) (T, state), cmp func(x, y T) int) func(input) (bool, state) {
	test := comparison[T](o, cmp)
	eq, ne := o == opEq, o == opNe
	return func(in input) (bool, state) {
		x, sx := a(in)
		if sx > null {
			return false, sx
		}
		y, sy := b(in)
		if sy > null {
			return false, sy
		}
		if sx == null || sy == null {
			return eq && sx == sy || ne && sx != sy, have
		}
		return test(x, y), have
	}
}

func comparison[T comparable](o op, cmp func(x, y T) int) func(x, y T) bool {
	switch o {
	case opEq:
		return func(x, y T) bool { return x == y }
	case opNe:
		return func(x, y T) bool { return x != y }
	case opLt:
		return func(x, y T) bool { return cmp(x, y) < 0 }
	case opLe:
		return func(x, y T) bool { return cmp(x, y) <= 0 }
	case opGt:
		return func(x, y T) bool { return cmp(x, y) > 0 }
	}
	return func(x, y T) bool { return cmp(x, y) >= 0 } // opGe
}

// affix makes startsWith, endsWith and contains.
func affix(a, b func(input) (string, state), test func(s, p string) bool) func(input) (bool, state) {
	return func(in input) (bool, state) {
		x, st := a(in)
		if st != have {
			return false, settle(st)
		}
		y, st := b(in)
		if st != have {
			return false, settle(st)
		}
		return test(x, y), have
	}
}
