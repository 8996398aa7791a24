package charter

import (
	"regexp"
	"slices"
	"strings"

	"luoshu/kernel/catalog"
)

var placePattern = regexp.MustCompile(`\{([a-z][a-z0-9_-]*)\}`)

// Places lists the names in braces of a text, in order, each once.
func Places(s string) []string {
	var out []string
	for _, m := range placePattern.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// FillPlaces puts values where names stand in braces.
func FillPlaces(s string, value func(name string) string) string {
	return placePattern.ReplaceAllStringFunc(s, func(m string) string { return value(m[1 : len(m)-1]) })
}

// token is a word, number, text or mark of a SELECT, and where it stands.
type token struct {
	text      string // lower case, except within quotes
	word      bool
	line, col int
}

var tokenPattern = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|\{[a-z][a-z0-9_-]*\}|[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?|<>|<=|>=|\|\||\S`)

func tokens(s string) []token {
	var out []token
	line, from := 1, 0
	for _, at := range tokenPattern.FindAllStringIndex(s, -1) {
		for i := from; i < at[0]; i++ {
			if s[i] == '\n' {
				line++
			}
		}
		from = at[0]
		t := s[at[0]:at[1]]
		col := at[0] - strings.LastIndexByte(s[:at[0]], '\n')
		c := t[0]
		word := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if word {
			t = strings.ToLower(t)
		}
		out = append(out, token{t, word, line, col})
	}
	return out
}

// forbidden words change data or reach outside the SELECT.
var forbidden = []string{
	"insert", "update", "delete", "drop", "create", "alter", "attach", "detach", "pragma", "vacuum", "reindex", "replace", "grant",
	"revoke", "copy", "call", "execute", "set", "into", "truncate", "load_extension", "readfile", "writefile", "recursive", "materialized",
	"random", "randomblob", "now", "current_timestamp", "current_date", "current_time", "datetime", "clock_timestamp", "lateral", "natural",
}

// fromEnds are the words that end a FROM clause.
var fromEnds = []string{"where", "group", "order", "having", "union", "except", "intersect", "limit", "window", "on", "select"}

// selectCheck walks the tokens of one SELECT.
type selectCheck struct {
	l       *loader
	r       *SetRule
	list    []token
	ctes    map[string]bool
	fields  map[string]*catalog.Field // of the entities read, the most secret of each name
	entered bool
}

// checkSelect holds the SELECT of a rule against what one may do: read entities by
// name, no closed field, sealed ones for equality only, nothing else. Whether
// the database takes it is seen when it is prepared.
func (l *loader) checkSelect(r *SetRule) {
	s := &selectCheck{l: l, r: r, list: tokens(r.Find), ctes: map[string]bool{}, fields: map[string]*catalog.Field{}}
	if len(s.list) == 0 {
		return
	}
	if first := s.list[0].text; first != "select" && first != "with" {
		s.fault(s.list[0], "应以 SELECT 或 WITH 开头", "it must begin with SELECT or WITH")
		return
	}
	for i, t := range s.list {
		if t.word && i+2 < len(s.list) && s.list[i+1].text == "as" && s.list[i+2].text == "(" {
			s.ctes[t.text] = true
		}
	}
	s.words()
	s.sources()
	for _, name := range r.Reads {
		for _, f := range l.cat.Entity(name).Fields {
			if g := s.fields[f.Name]; g == nil || secrecy(f) > secrecy(g) {
				s.fields[f.Name] = f
			}
		}
	}
	s.secrets()
	s.places()
	if len(r.Reads) == 0 && !s.entered {
		s.fault(s.list[0], "没有读任何数据类型", "it reads no entity")
	}
}

func (s *selectCheck) fault(t token, zh, en string, args ...any) {
	s.entered = true
	s.l.faults.Add(s.r.findAt.Inside(t.line, t.col), zh, en, args...)
}

func (s *selectCheck) words() {
	for _, t := range s.list {
		switch {
		case t.text == ";":
			s.fault(t, "只能有一个语句，不写分号", "there is one statement only, without a semicolon")
		case strings.HasPrefix(t.text, "--"), strings.HasPrefix(t.text, "/*"), strings.HasPrefix(t.text, `"`), t.text == "?", t.text == "$", t.text == ":", t.text == "@", t.text == "`", t.text == "[":
			s.fault(t, "不能用 %s", "%s may not be used", t.text)
		case t.word && slices.Contains(forbidden, t.text):
			s.fault(t, "不能用 %s", "%s may not be used", t.text)
		case t.word && strings.HasPrefix(t.text, "_"), t.word && strings.HasPrefix(t.text, "pg_"), t.word && strings.HasPrefix(t.text, "sqlite_"):
			s.fault(t, "不能用系统名称 %s", "the system name %s may not be used", t.text)
		}
	}
}

// sources finds what is read: after FROM and JOIN stands an entity, a name given
// by WITH, or a SELECT in brackets.
func (s *selectCheck) sources() {
	var from []bool // by depth of brackets: within a FROM clause
	depth := func() int { return len(from) - 1 }
	from = append(from, false)
	for i, t := range s.list {
		switch {
		case t.text == "(":
			from = append(from, false)
		case t.text == ")":
			if depth() > 0 {
				from = from[:depth()]
			}
		case t.text == "from" || t.text == "join":
			from[depth()] = true
			s.source(i + 1)
		case t.word && slices.Contains(fromEnds, t.text):
			from[depth()] = false
		case t.text == "," && from[depth()]:
			s.fault(t, "请用 JOIN 连接，不用逗号", "join with JOIN, not with a comma")
		}
	}
}

func (s *selectCheck) source(i int) {
	if i >= len(s.list) {
		return
	}
	t := s.list[i]
	switch {
	case t.text == "(" || s.ctes[t.text]:
	case s.l.cat.Entity(t.text) != nil:
		if !slices.Contains(s.r.Reads, t.text) {
			s.r.Reads = append(s.r.Reads, t.text)
			slices.Sort(s.r.Reads)
		}
	default:
		s.fault(t, "没有名为 %s 的数据类型", "there is no entity %s", t.text)
	}
}

// secrecy orders fields by how little of them a statement may use.
func secrecy(f *catalog.Field) int {
	switch {
	case f.Sensitivity == catalog.Closed:
		return 3
	case f.Rest == catalog.Hidden:
		return 2
	case f.Rest == catalog.Token, f.Sensitivity == catalog.Sensitive:
		return 1
	}
	return 0
}

// secrets finds closed fields and such as lie encrypted, which may not be named, and
// those of which the database has a token, which may stand beside = and <>, in
// joins, groups and counts, and nowhere else.
func (s *selectCheck) secrets() {
	at := func(i int) string {
		if i < 0 || i >= len(s.list) {
			return ""
		}
		return s.list[i].text
	}
	for _, v := range s.r.Evidence {
		if f := s.fields[v.Name]; f != nil && (f.Sensitivity > v.Class || secrecy(f) > 0) {
			s.fault(s.list[0], "证据 %s 与字段同名，等级却低于字段的 %s", "the evidence %s has the name of a field but a lower class than its %s", v.Name, f.Sensitivity.String())
		}
	}
	for i, t := range s.list {
		f := s.fields[t.text]
		if !t.word || f == nil {
			continue
		}
		switch secrecy(f) {
		case 0:
			continue
		case 2:
			s.fault(t, "字段 %s 加密存放，不能用在这里；要比较是否相等须写 find: true", "the field %s is kept encrypted and cannot be used here; to compare it for equality it needs find: true", t.text)
			continue
		case 3:
			s.fault(t, "字段 %s 不公开，不能用在这里", "the field %s is closed and cannot be used here", t.text)
			continue
		}
		before := i - 1
		if at(before) == "." {
			before -= 2
		}
		if s.called(i) || slices.Contains(revealing, at(before)) || slices.Contains(revealing, at(i+1)) || at(before) == "(" && at(i+1) == ")" && at(before-1) != "count" ||
			i+1 < len(s.list) && s.list[i+1].word && !slices.Contains(following, at(i+1)) || s.ordered(i) {
			s.fault(t, "字段 %s 加密存放，只能比较是否相等", "the field %s is kept encrypted: it may be compared for equality only", t.text)
		}
	}
}

// revealing are the words and marks beside which a sensitive field would be more
// than compared for equality, following those that may stand behind it.
var (
	revealing = []string{"<", ">", "<=", ">=", "||", "+", "-", "*", "/", "%", "like", "glob", "between", "order", "match", "regexp", "as", "similar", "ilike", "~", "collate", "then", "else", "escape"}
	following = []string{"is", "in", "not", "and", "or", "from", "where", "group", "having", "join", "left", "inner", "cross", "full", "right", "on", "union", "except", "intersect", "limit", "then", "when"}
)

// called reports whether a token is an argument of a function that is not count.
func (s *selectCheck) called(i int) bool {
	for k, depth := i-1, 0; k >= 0; k-- {
		switch s.list[k].text {
		case ")":
			depth++
		case "(":
			if depth > 0 {
				depth--
				continue
			}
			if k == 0 || !s.list[k-1].word || s.list[k+1].text == "select" || s.list[k+1].text == "with" {
				return false
			}
			return !slices.Contains([]string{"count", "where", "and", "or", "on", "by", "in", "not", "when", "having", "over", "as", "join", "from", "exists"}, s.list[k-1].text)
		}
	}
	return false
}

// ordered reports whether a token stands within ORDER BY.
func (s *selectCheck) ordered(i int) bool {
	for k, depth := i-1, 0; k > 0; k-- {
		switch s.list[k].text {
		case ")":
			depth++
		case "(":
			if depth == 0 {
				return false
			}
			depth--
		case "by":
			if depth == 0 {
				return s.list[k-1].text == "order"
			}
		case "select", "where", "from":
			if depth == 0 {
				return false
			}
		}
	}
	return false
}

// places finds {year} and the parameters.
func (s *selectCheck) places() {
	year := false
	for _, t := range s.list {
		if !strings.HasPrefix(t.text, "{") {
			continue
		}
		name := strings.Trim(t.text, "{}")
		switch {
		case name == "year":
			year = true
		case s.l.cat.Parameter(name) == nil:
			s.fault(t, "没有参数 %s", "there is no parameter %s", name)
		case !slices.Contains(s.r.Params, name):
			s.r.Params = append(s.r.Params, name)
		}
	}
	if year != (s.r.YearOf != "") {
		s.fault(s.list[0], "用 {year} 时须写 year: 取学年的数据类型；不用时不写", "{year} goes with year: the entity whose newest year it is")
	}
}
