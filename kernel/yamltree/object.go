package yamltree

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"luoshu"
)

// Object is a mapping whose keys are asked for one by one.
type Object struct {
	Item
	keys  map[string]Item
	names map[string]*yaml.Node
	order []string
	asked map[string]bool
}

// Keys returns the keys in the order of the file, for a mapping in which every key
// is allowed.
func (o *Object) Keys() []string { return o.order }

// Get returns the value of an optional key.
func (o *Object) Get(key string) Item {
	o.asked[key] = true
	if x, ok := o.keys[key]; ok {
		return x
	}
	return o.with(nil)
}

// Must returns the value of a required key.
func (o *Object) Must(key string) Item {
	x := o.Get(key)
	if !x.Given() && o.n != nil {
		o.Fault("缺少 %s", "%s is missing", key)
	}
	return x
}

// Either checks that exactly one of two keys is given and not empty.
func (o *Object) Either(a, b string) {
	if o.n == nil {
		return
	}
	filled := func(key string) bool {
		x := o.Get(key)
		return x.Given() && (x.n.Kind != yaml.ScalarNode || x.n.Value != "")
	}
	if filled(a) == filled(b) {
		o.Fault("%s 与 %s 必须且只能写一个", "either %s or %s must be given, not both", a, b)
	}
}

// At returns the place of a key's value, or of the mapping without the key.
func (o *Object) At(key string) Place {
	if x, ok := o.keys[key]; ok {
		return x.Place()
	}
	return o.Place()
}

// Done reports the keys that nobody asked for.
func (o *Object) Done() {
	for _, k := range o.order {
		if o.asked[k] {
			continue
		}
		var hint luoshu.Text
		if near := nearest(k, o.asked); near != "" {
			hint = luoshu.Text{ZH: "；是否要写 " + near, EN: "; did you mean " + near}
		}
		o.with(o.names[k]).Fault("不认识的键 %s%s", "unknown key %s%s", k, hint)
	}
}

// Title reads {zh, en}, both required when the key is there.
func (o *Object) Title(key string, required bool) luoshu.Text {
	x := o.Get(key)
	if required {
		x = o.Must(key)
	}
	if !x.Given() {
		return luoshu.Text{}
	}
	t := x.Object()
	out := t.Words()
	t.Done()
	return out
}

// Words reads the keys zh and en of this mapping.
func (o *Object) Words() luoshu.Text {
	return luoshu.Text{ZH: o.Full("zh"), EN: o.Full("en")}
}

// Full reads a required text that is not blank.
func (o *Object) Full(key string) string {
	x := o.Must(key)
	s := strings.TrimSpace(x.Str())
	if s == "" && x.Given() && x.n.Kind == yaml.ScalarNode {
		x.Fault("%s 不能为空", "%s must not be empty", key)
	}
	return s
}

var (
	wordPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)
	idPattern   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
)

// IsWord reports whether s is an identifier that is also a name in SQL and CEL.
func IsWord(s string) bool { return wordPattern.MatchString(s) }

// ID reads a required identifier that may hold hyphens.
func (o *Object) ID(key string) string {
	return o.name(key, idPattern, luoshu.Text{ZH: "下划线、连字符", EN: "underscores or hyphens"})
}

// Word reads a required identifier that is also a name in SQL and CEL.
func (o *Object) Word(key string) string {
	return o.name(key, wordPattern, luoshu.Text{ZH: "下划线", EN: "underscores"})
}

func (o *Object) name(key string, p *regexp.Regexp, marks luoshu.Text) string {
	x := o.Must(key)
	s := x.Str()
	if s != "" && !p.MatchString(s) {
		x.Fault("%s 不能作为名称：以小写字母开头，只用小写字母、数字和%s", "%s cannot be a name: it begins with a small letter and holds small letters, digits and %s", s, marks)
		return ""
	}
	return s
}

// nearest returns the asked key that differs from k by little, "" if none does.
func nearest(k string, asked map[string]bool) string {
	best, edits := "", 3
	for a := range asked {
		if d := distance(k, a); d < edits || d == edits && best != "" && a < best {
			best, edits = a, d
		}
	}
	if edits*2 >= len(k) {
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
