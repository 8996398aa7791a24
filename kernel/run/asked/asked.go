// Package asked reads what a run is asked to do, its parameters in YAML or JSON, and
// says what of them is wrong by itself: by the name of the parameter, with the range it
// must be in and what to do. No I/O.
package asked

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"luoshu"
)

// Common is what every run's parameters have.
type Common struct {
	Run   string `yaml:"run"`   // id of the run, or of the engine if it has one only
	Title string `yaml:"title"` // of the answer; made up from the rest if empty
	Org   string `yaml:"org"`   // the organisation it is for; the actor's own if empty
	Seal  string `yaml:"seal"`  // the last one if empty
	Note  string `yaml:"note"`
}

// Params are the parameters of a run.
type Params interface {
	// Head is what every run has.
	Head() *Common
	// check says what is wrong; has tells which parameters are given.
	check(k Known, has func(name string) bool) error
}

// Head is the common part itself.
func (c *Common) Head() *Common { return c }

// Known is what parameters may name.
type Known struct {
	Groups    []string          // of the ladder
	Feeds     map[string]string // groups that take the leavers of another
	Scenarios []string
}

// Read reads parameters into q. What cannot be read is an Invalid error whose Field is
// the parameter; unknown ones are refused.
func Read(params []byte, q Params) error {
	if len(strings.TrimSpace(string(params))) == 0 {
		return nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(params, &doc); err != nil {
		return unread(err)
	}
	if len(doc.Content) == 0 { // nothing but remarks
		return nil
	}
	err := decode(&doc, q)
	if err == nil {
		return cut(doc.Content[0], reflect.TypeOf(q).Elem(), "")
	}
	// One parameter after another, to name the one.
	if doc.Content[0].Kind == yaml.MappingNode {
		for m, i := doc.Content[0], 0; i+1 < len(m.Content); i += 2 {
			one := &yaml.Node{Kind: yaml.MappingNode, Content: m.Content[i : i+2]}
			if why := decode(one, reflect.New(reflect.TypeOf(q).Elem()).Interface()); why != nil {
				return told(m.Content[i].Value, m.Content[i+1], why)
			}
		}
	}
	return unread(err)
}

// decode fills into from a node; an unknown key is an error.
func decode(n *yaml.Node, into any) error {
	text, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	return d.Decode(into)
}

// cut refuses a number with a fraction where a whole one is read, which the reader of
// YAML would cut off. field is the parameter the node is of, "" at the top.
func cut(n *yaml.Node, t reflect.Type, field string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!float" && (t.Kind() == reflect.Int || t.Kind() == reflect.Int64):
		return bad(field, "%s是“%s”，读不懂：应为%s，请改正或不写", "%s is %q, which cannot be read: it must be %s; correct it or leave it out", Title(field), n.Value, kinds[0].word)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, x := range n.Content {
			if err := cut(x, t.Elem(), field); err != nil {
				return err
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			for k := range t.NumField() {
				if f := t.Field(k); f.Tag.Get("yaml") == name {
					if err := cut(n.Content[i+1], f.Type, cmp.Or(field, name)); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func unread(err error) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: "params", Cause: err, Msg: luoshu.Text{
		ZH: "参数读不懂：" + err.Error(), EN: "the parameters cannot be read: " + err.Error(),
	}}
}

// kinds are the words for what a parameter must be, by the type it is read into.
var kinds = []struct {
	in   string
	word luoshu.Text
}{
	{"into int", luoshu.Text{ZH: "整数", EN: "a whole number"}},
	{"into float64", luoshu.Text{ZH: "数", EN: "a number"}},
	{"into bool", luoshu.Text{ZH: "true 或 false", EN: "true or false"}},
	{"into string", luoshu.Text{ZH: "文字", EN: "a text"}},
	{"into []", luoshu.Text{ZH: "列表", EN: "a list"}},
}

// told puts into words why one parameter cannot be read.
func told(name string, v *yaml.Node, cause error) error {
	if strings.Contains(cause.Error(), "not found in type") {
		e := bad(name, "没有参数“%s”；请去掉或改正（层内的名称也要写对）", "there is no parameter %q, or it has none of the keys given; delete or correct it", name)
		e.Cause = cause
		return e
	}
	if v.Kind == yaml.ScalarNode {
		for _, k := range kinds {
			if strings.Contains(cause.Error(), k.in) {
				return bad(name, "%s是“%s”，读不懂：应为%s，请改正或不写", "%s is %q, which cannot be read: it must be %s; correct it or leave it out", Title(name), v.Value, k.word)
			}
		}
	}
	for _, k := range kinds {
		if _, rest, ok := strings.Cut(cause.Error(), "cannot unmarshal "); ok && strings.Contains(rest, k.in) {
			_, what, _ := strings.Cut(rest, "`")
			what, _, _ = strings.Cut(what, "`")
			return bad(name, "%s中的“%s”读不懂：应为%s，请改正", "%s holds %q, which cannot be read: it must be %s; correct it", Title(name), what, k.word)
		}
	}
	e := bad(name, "%s读不懂，请对照说明改正", "%s cannot be read; compare it with the description", Title(name))
	e.Cause = cause
	return e
}

// longest is how many characters the title of a run may have.
const longest = 120

// Check says what is wrong with parameters by themselves, as given word for word.
func Check(params []byte, q Params, k Known) error {
	given := map[string]yaml.Node{}
	_ = yaml.Unmarshal(params, &given) // was read before
	if n := utf8.RuneCountInString(q.Head().Title); n > longest {
		return bad("title", "名称有 %d 个字，最多 %d 个，请改短", "the title has %d characters, at most %d are kept; shorten it", n, longest)
	}
	return q.check(k, func(name string) bool {
		n, ok := given[name]
		return ok && n.Tag != "!!null"
	})
}

// titles are what the parameters are called where people fill them in.
var titles = map[string]luoshu.Text{
	"years":       {ZH: "往后几年（years）", EN: "years ahead (years)"},
	"stages":      {ZH: "学段（stages）", EN: "stages (stages)"},
	"exclude":     {ZH: "不用的学年（exclude）", EN: "years left out (exclude)"},
	"breaks":      {ZH: "口径改变的学年（breaks）", EN: "years of a new way of counting (breaks)"},
	"scenarios":   {ZH: "情景（scenarios）", EN: "scenarios (scenarios)"},
	"split":       {ZH: "升学比例（split）", EN: "shares of leavers (split)"},
	"entry_age":   {ZH: "入学年龄调整（entry_age）", EN: "change of the entry age (entry_age)"},
	"housing":     {ZH: "新建住宅（housing）", EN: "new housing (housing)"},
	"closures":    {ZH: "假定撤并（closures）", EN: "closures assumed (closures)"},
	"stage":       {ZH: "学段（stage）", EN: "stage (stage)"},
	"year":        {ZH: "学年（year）", EN: "year (year)"},
	"limit":       {ZH: "路程上限（limit）", EN: "limit of the way (limit)"},
	"board_limit": {ZH: "寄宿生离家最远（board_limit）", EN: "farthest home of a boarder (board_limit)"},
	"board_grade": {ZH: "几年级起可寄宿（board_grade）", EN: "grade from which children may board (board_grade)"},
	"budget":      {ZH: "预算（budget）", EN: "budget (budget)"},
	"max_classes": {ZH: "一处最多班数（max_classes）", EN: "classes of a site at most (max_classes)"},
	"detour":      {ZH: "绕行系数（detour）", EN: "detour factor (detour)"},
	"least":       {ZH: "最小规模（least）", EN: "least size (least)"},
	"idle_first":  {ZH: "先用闲置的距离（idle_first）", EN: "distance within which idle premises come first (idle_first)"},
	"gap":         {ZH: "允许的差距（gap）", EN: "gap that is allowed (gap)"},
	"nodes":       {ZH: "最多分支数（nodes）", EN: "branches at most (nodes)"},
}

// Title is what a parameter is called.
func Title(name string) luoshu.Text {
	if t, ok := titles[name]; ok {
		return t
	}
	return luoshu.Text{ZH: "参数 " + name, EN: "parameter " + name}
}

// bad is a refusal of one parameter.
func bad(field, zh, en string, args ...any) *luoshu.Error {
	e := luoshu.Errorf(luoshu.Invalid, zh, en, args...)
	e.Field = field
	return e
}

// within refuses a number that is not between two; unit is "" or what it counts.
func within(name string, v, low, high float64, unit luoshu.Text) error {
	if v >= low && v <= high {
		return nil
	}
	return bad(name, "%s是 %v，应在 %v 到 %v（%s）之间；不写则按业务包的标准", "%s is %v; it must be between %v and %v (%s), or left out for the standard of the packs",
		Title(name), plain(v), plain(low), plain(high), unit)
}

// plain writes a number without an exponent while it is short.
func plain(v float64) string {
	if v == float64(int64(v)) && v < 1e15 && v > -1e15 {
		return fmt.Sprintf("%d", int64(v))
	}
	return fmt.Sprint(v)
}

// The years that parameters may speak of.
const (
	firstYear = 1990
	lastYear  = 2100
)

func yearIn(name string, v int) error {
	if v >= firstYear && v <= lastYear {
		return nil
	}
	return bad(name, "%s中的学年 %d 不可能，应在 %d 到 %d 之间", "the year %[2]d of %[1]s is impossible; it must be between %[3]d and %[4]d", Title(name), v, firstYear, lastYear)
}
