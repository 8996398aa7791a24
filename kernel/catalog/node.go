package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"luoshu"
)

// Fault is one thing wrong with a pack file. Line and Col are 1-based, 0 when
// the fault is the file's as a whole.
type Fault struct {
	File      string
	Line, Col int
	Msg       luoshu.Text
}

// String returns "file:line:col: 中文 / English".
func (f Fault) String() string {
	at := f.File
	if f.Line > 0 {
		at += fmt.Sprintf(":%d:%d", f.Line, f.Col)
	}
	if at != "" {
		at += ": "
	}
	return at + f.Msg.ZH + " / " + f.Msg.EN
}

// place is where something stands in a pack file.
type place struct {
	file      string
	line, col int
}

// both is an argument of a message that reads differently in the two languages.
type both struct{ zh, en string }

// faults collects what is wrong.
type faults struct{ list []Fault }

func (fs *faults) add(at place, zh, en string, args ...any) {
	az, ae := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		az[i], ae[i] = a, a
		if b, ok := a.(both); ok {
			az[i], ae[i] = b.zh, b.en
		}
	}
	fs.list = append(fs.list, Fault{at.file, at.line, at.col,
		luoshu.Text{ZH: fmt.Sprintf(zh, az...), EN: fmt.Sprintf(en, ae...)}})
}

// sorted returns the faults in the order of files and lines, each once.
func (fs *faults) sorted() []Fault {
	slices.SortStableFunc(fs.list, func(a, b Fault) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if c := a.Line - b.Line; c != 0 {
			return c
		}
		if c := a.Col - b.Col; c != 0 {
			return c
		}
		return strings.Compare(a.Msg.EN, b.Msg.EN)
	})
	return slices.Compact(fs.list)
}

// item is a node of a YAML file being read strictly. A zero item is absent.
type item struct {
	fs   *faults
	file string
	n    *yaml.Node
}

func (v item) place() place {
	if v.n == nil {
		return place{file: v.file}
	}
	return place{v.file, v.n.Line, v.n.Column}
}

func (v item) fault(zh, en string, args ...any) { v.fs.add(v.place(), zh, en, args...) }

// given reports whether the key is there and not null.
func (v item) given() bool {
	return v.n != nil && !(v.n.Kind == yaml.ScalarNode && v.n.ShortTag() == "!!null")
}

var shapes = map[yaml.Kind]both{
	yaml.MappingNode:  {"一组键值", "a mapping"},
	yaml.SequenceNode: {"一个列表", "a list"},
	yaml.ScalarNode:   {"一个值", "a single value"},
}

func (v item) is(k yaml.Kind) bool {
	if v.n.Kind == k {
		return true
	}
	v.fault("此处应为%s，现为%s", "%s is expected here, not %s", shapes[k], shapes[v.n.Kind])
	return false
}

// str returns a scalar as written; absent or null is "".
func (v item) str() string {
	if !v.given() || !v.is(yaml.ScalarNode) {
		return ""
	}
	return v.n.Value
}

// word returns a scalar that must be one of a list.
func (v item) word(list ...string) string {
	s := v.str()
	if s != "" && !slices.Contains(list, s) {
		v.fault("%s 不在可选值之内：%s", "%s is not one of %s", s, strings.Join(list, " "))
		return ""
	}
	return s
}

func (v item) boolean() bool {
	if !v.given() || !v.is(yaml.ScalarNode) {
		return false
	}
	if v.n.ShortTag() != "!!bool" {
		v.fault("应为 true 或 false，现为 %s", "true or false is expected, not %s", v.n.Value)
		return false
	}
	return v.n.Value == "true"
}

// whole returns an integer between lo and hi.
func (v item) whole(lo, hi int64) int64 {
	if !v.given() || !v.is(yaml.ScalarNode) {
		return 0
	}
	i, err := strconv.ParseInt(v.n.Value, 10, 64)
	if err != nil || i < lo || i > hi {
		v.fault("应为 %[2]d 至 %[3]d 的整数，现为 %[1]s", "an integer from %[2]d to %[3]d is expected, not %[1]s", v.n.Value, lo, hi)
		return 0
	}
	return i
}

// number returns a decimal as float64, nil when absent.
func (v item) number() *float64 {
	if !v.given() || !v.is(yaml.ScalarNode) {
		return nil
	}
	if _, _, ok := parseDecimal(v.n.Value); ok {
		if f, err := strconv.ParseFloat(v.n.Value, 64); err == nil {
			return &f
		}
	}
	v.fault("应为数字，现为 %s", "a number is expected, not %s", v.n.Value)
	return nil
}

// date returns an ISO date as yyyymmdd, 0 when absent.
func (v item) date() int64 {
	s := v.str()
	if s == "" {
		return 0
	}
	d, ok := parseDate(s)
	if !ok {
		v.fault("应为 2024-09-01 这样的日期，现为 %s", "a date such as 2024-09-01 is expected, not %s", s)
	}
	return d
}

// items returns the members of a list.
func (v item) items() []item {
	if !v.given() || !v.is(yaml.SequenceNode) {
		return nil
	}
	out := make([]item, len(v.n.Content))
	for i, n := range v.n.Content {
		out[i] = item{v.fs, v.file, n}
	}
	return out
}

// strs returns a list of scalars.
func (v item) strs() []string {
	var out []string
	for _, x := range v.items() {
		if s := x.str(); s != "" {
			out = append(out, s)
		} else if !x.given() || x.n.Kind == yaml.ScalarNode {
			x.fault("列表中有空值", "the list holds an empty value")
		}
	}
	return out
}

// dict returns a mapping of scalars to scalars.
func (v item) dict() map[string]string {
	if !v.given() {
		return nil
	}
	o := v.object()
	out := make(map[string]string, len(o.order))
	for _, k := range o.order {
		out[k] = o.get(k).str()
	}
	return out
}

// object reads a mapping; keys that nobody asks for are faults in done.
func (v item) object() *object {
	o := &object{item: v, keys: map[string]item{}, names: map[string]*yaml.Node{}, asked: map[string]bool{}}
	if !v.given() || !v.is(yaml.MappingNode) {
		o.n = nil // said once; its keys are not missing on top of that
		return o
	}
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		k, x := v.n.Content[i], v.n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			item{v.fs, v.file, k}.fault("键必须是单个词", "a key must be a single word")
			continue
		}
		if _, ok := o.keys[k.Value]; ok {
			item{v.fs, v.file, k}.fault("键 %s 写了两次", "the key %s stands twice", k.Value)
			continue
		}
		o.keys[k.Value], o.names[k.Value] = item{v.fs, v.file, x}, k
		o.order = append(o.order, k.Value)
	}
	return o
}

// object is a mapping whose keys are asked for one by one.
type object struct {
	item
	keys  map[string]item
	names map[string]*yaml.Node
	order []string
	asked map[string]bool
}

// get returns the value of an optional key.
func (o *object) get(key string) item {
	o.asked[key] = true
	if x, ok := o.keys[key]; ok {
		return x
	}
	return item{fs: o.fs, file: o.file}
}

// must returns the value of a required key.
func (o *object) must(key string) item {
	x := o.get(key)
	if !x.given() && o.n != nil {
		o.fault("缺少 %s", "%s is missing", key)
	}
	return x
}

// at returns the place of a key's value, or of the mapping without the key.
func (o *object) at(key string) place {
	if x, ok := o.keys[key]; ok {
		return x.place()
	}
	return o.place()
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	for _, k := range o.order {
		if o.asked[k] {
			continue
		}
		zh, en := "", ""
		if near := nearest(k, o.asked); near != "" {
			zh, en = "；是否要写 "+near, "; did you mean "+near
		}
		item{o.fs, o.file, o.names[k]}.fault("不认识的键 %s%s", "unknown key %s%s", k, both{zh, en})
	}
}

// title reads {zh, en}, both required when the key is there.
func (o *object) title(key string, required bool) Text {
	x := o.get(key)
	if required {
		x = o.must(key)
	}
	if !x.given() {
		return Text{}
	}
	t := x.object()
	out := t.words()
	t.done()
	return out
}

// words reads the keys zh and en of this mapping.
func (o *object) words() Text {
	return Text{ZH: o.full("zh"), EN: o.full("en")}
}

// full reads a required text that is not blank.
func (o *object) full(key string) string {
	x := o.must(key)
	s := strings.TrimSpace(x.str())
	if s == "" && x.given() && x.n.Kind == yaml.ScalarNode {
		x.fault("%s 不能为空", "%s must not be empty", key)
	}
	return s
}

// source reads the keys zh, en, ref and certainty of this mapping.
func (o *object) source() Source {
	return Source{Text: o.words(), Ref: o.get("ref").str(), Certainty: o.must("certainty").word("A", "B", "D", "M")}
}

// sources reads a list of {zh, en, ref, certainty}.
func (o *object) sources(key string) []Source {
	var out []Source
	for _, x := range o.get(key).items() {
		s := x.object()
		out = append(out, s.source())
		s.done()
	}
	return out
}

var (
	wordPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)
	idPattern   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
)

// id reads a required identifier that may hold hyphens.
func (o *object) id(key string) string { return o.name(key, idPattern) }

// word reads a required identifier that is also a name in SQL and CEL.
func (o *object) word(key string) string { return o.name(key, wordPattern) }

func (o *object) name(key string, p *regexp.Regexp) string {
	x := o.must(key)
	s := x.str()
	if s == "" {
		return ""
	}
	if !p.MatchString(s) {
		x.fault("%s 不能作为名称：以小写字母开头，只用小写字母、数字和%s", "%s cannot be a name: it begins with a small letter and holds small letters, digits and %s",
			s, both{map[bool]string{true: "下划线", false: "下划线、连字符"}[p == wordPattern],
				map[bool]string{true: "underscores", false: "underscores or hyphens"}[p == wordPattern]})
		return ""
	}
	return s
}

// nearest returns the asked key that differs from k by little, "" if none does.
func nearest(k string, asked map[string]bool) string {
	best, limit := "", 3
	for a := range asked {
		if d := distance(k, a); d < limit || d == limit-1 && a < best {
			best, limit = a, d
		}
	}
	if limit*2 >= len(k) {
		return ""
	}
	return best
}

// distance is the number of edits between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
