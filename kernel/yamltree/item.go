package yamltree

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"luoshu"
)

// Item is a node of a file. One without a node is absent: its readers return
// nothing and record no fault.
type Item struct {
	faults *Faults
	file   string
	n      *yaml.Node
}

// with is another node of the same file.
func (v Item) with(n *yaml.Node) Item { return Item{v.faults, v.file, n} }

// File returns the path of the file.
func (v Item) File() string { return v.file }

// Place says where the item stands; the file as a whole if it is absent.
func (v Item) Place() Place {
	if v.n == nil {
		return Place{File: v.file}
	}
	return Place{v.file, v.n.Line, v.n.Column}
}

// Inside says where in the file a position of a scalar's text stands, both 1-based.
func (v Item) Inside(line, col int) Place {
	at := v.Place()
	switch {
	case v.n == nil:
	case v.n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		at.Line, at.Col = at.Line+line, col
	case line == 1:
		at.Col += col - 1
		if v.n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			at.Col++
		}
	default:
		at.Line += line - 1
	}
	return at
}

// Fault records what is wrong with the item.
func (v Item) Fault(zh, en string, args ...any) { v.faults.Add(v.Place(), zh, en, args...) }

// Present reports whether the item is there, if only as null.
func (v Item) Present() bool { return v.n != nil }

// Given reports whether the item is there and not null.
func (v Item) Given() bool {
	return v.n != nil && !(v.n.Kind == yaml.ScalarNode && v.n.ShortTag() == "!!null")
}

var shapes = map[yaml.Kind]luoshu.Text{
	yaml.MappingNode:  {ZH: "一组键值", EN: "a mapping"},
	yaml.SequenceNode: {ZH: "一个列表", EN: "a list"},
	yaml.ScalarNode:   {ZH: "一个值", EN: "a single value"},
}

// is reports whether the item is given in the shape; another shape is a fault.
func (v Item) is(k yaml.Kind) bool {
	if !v.Given() {
		return false
	}
	if v.n.Kind != k {
		v.Fault("此处应为%s，现为%s", "%s is expected here, not %s", shapes[k], shapes[v.n.Kind])
	}
	return v.n.Kind == k
}

// Str returns a scalar as written; absent or null is "".
func (v Item) Str() string {
	if !v.is(yaml.ScalarNode) {
		return ""
	}
	return v.n.Value
}

// OneOf returns a scalar that must be one of a list.
func (v Item) OneOf(list ...string) string {
	s := v.Str()
	if s != "" && !slices.Contains(list, s) {
		v.Fault("%s 不在可选值之内：%s", "%s is not one of %s", s, strings.Join(list, " "))
		return ""
	}
	return s
}

// Bool returns true or false; absent is false.
func (v Item) Bool() bool {
	if !v.is(yaml.ScalarNode) {
		return false
	}
	if v.n.ShortTag() != "!!bool" {
		v.Fault("应为 true 或 false，现为 %s", "true or false is expected, not %s", v.n.Value)
		return false
	}
	return v.n.Value == "true"
}

// Whole returns an integer between lo and hi, 0 when absent.
func (v Item) Whole(lo, hi int64) int64 {
	if !v.is(yaml.ScalarNode) {
		return 0
	}
	i, err := strconv.ParseInt(v.n.Value, 10, 64)
	if err != nil || i < lo || i > hi {
		v.Fault("应为 %[2]d 至 %[3]d 的整数，现为 %[1]s", "an integer from %[2]d to %[3]d is expected, not %[1]s", v.n.Value, lo, hi)
		return 0
	}
	return i
}

// Number returns a decimal as float64, nil when absent.
func (v Item) Number() *float64 {
	if !v.is(yaml.ScalarNode) {
		return nil
	}
	if _, _, ok := Decimal(v.n.Value); ok {
		if f, err := strconv.ParseFloat(v.n.Value, 64); err == nil {
			return &f
		}
	}
	v.Fault("应为数字，现为 %s", "a number is expected, not %s", v.n.Value)
	return nil
}

// Date returns an ISO date as yyyymmdd, 0 when absent.
func (v Item) Date() int64 {
	s := v.Str()
	if s == "" {
		return 0
	}
	return v.faults.Date(v.Place(), s)
}

// Items returns the members of a list.
func (v Item) Items() []Item {
	if !v.is(yaml.SequenceNode) {
		return nil
	}
	out := make([]Item, len(v.n.Content))
	for i, n := range v.n.Content {
		out[i] = v.with(n)
	}
	return out
}

// Strs returns a list of scalars.
func (v Item) Strs() []string {
	var out []string
	for _, x := range v.Items() {
		if s := x.Str(); s != "" {
			out = append(out, s)
		} else if !x.Given() || x.n.Kind == yaml.ScalarNode {
			x.Fault("列表中有空值", "the list holds an empty value")
		}
	}
	return out
}

// Dict returns a mapping of scalars to scalars, nil when absent.
func (v Item) Dict() map[string]string {
	if !v.Given() {
		return nil
	}
	o := v.Object()
	out := make(map[string]string, len(o.order))
	for _, k := range o.order {
		out[k] = o.Get(k).Str()
	}
	return out
}

// Object reads a mapping; keys that nobody asks for are faults in Done.
func (v Item) Object() *Object {
	o := &Object{Item: v, keys: map[string]Item{}, names: map[string]*yaml.Node{}, asked: map[string]bool{}}
	if !v.is(yaml.MappingNode) {
		o.n = nil // said once; its keys are not missing on top of that
		return o
	}
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		k, x := v.n.Content[i], v.n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			v.with(k).Fault("键必须是单个词", "a key must be a single word")
			continue
		}
		if _, ok := o.keys[k.Value]; ok {
			v.with(k).Fault("键 %s 写了两次", "the key %s stands twice", k.Value)
			continue
		}
		o.keys[k.Value], o.names[k.Value] = v.with(x), k
		o.order = append(o.order, k.Value)
	}
	return o
}

// Walk calls each for every single value under the item, with the keys that lead to
// it and the mappings around it, the nearest last. It records no fault.
func (v Item) Walk(each func(keys []string, around []Item, scalar Item)) {
	v.walk(nil, nil, each)
}

func (v Item) walk(keys []string, around []Item, each func([]string, []Item, Item)) {
	switch {
	case !v.Given():
	case v.n.Kind == yaml.ScalarNode:
		each(keys, around, v)
	case v.n.Kind == yaml.SequenceNode:
		for _, c := range v.n.Content {
			v.with(c).walk(keys, around, each)
		}
	case v.n.Kind == yaml.MappingNode:
		around = append(around[:len(around):len(around)], v)
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			v.with(v.n.Content[i+1]).walk(append(keys[:len(keys):len(keys)], v.n.Content[i].Value), around, each)
		}
	}
}

// Peek is the scalar that a mapping has under a key, "" if there is none; unlike
// Object().Get it does not count as asking for the key.
func (v Item) Peek(key string) string {
	if v.n != nil && v.n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			if c := v.n.Content[i+1]; v.n.Content[i].Value == key && c.Kind == yaml.ScalarNode {
				return c.Value
			}
		}
	}
	return ""
}
