package intake

import (
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// codeIndex finds a code by what a sheet may say for it: the code, its name in
// either language, an alias (attribute "aliases" of the list, separated by ; or |),
// "code name", or a number that lost its leading zeros.
type codeIndex struct {
	title  string
	codes  map[string]*catalog.Code
	folded map[string]string // code in lower case → code, "" if several
	names  map[string]string // folded name → code, "" if several
	labels map[string]string // code → name shown instead, only where it leads back
	widths []int
	yesNo  [2]string // codes of yes and no, if the list is that question
	first  string    // an example for messages
	dated  bool      // some code has a validity
}

func newCodeIndex(l *catalog.CodeList) *codeIndex {
	x := &codeIndex{title: l.Title.ZH, codes: map[string]*catalog.Code{}, folded: map[string]string{}, names: map[string]string{}, labels: map[string]string{}}
	lens := map[int]bool{}
	for i := range l.Codes {
		c := &l.Codes[i]
		x.codes[c.Code] = c
		low := strings.ToLower(c.Code)
		if _, twice := x.folded[low]; twice {
			x.folded[low] = ""
		} else {
			x.folded[low] = c.Code
		}
		if sheet.AllDigits(c.Code) && !lens[len(c.Code)] {
			lens[len(c.Code)] = true
			x.widths = append(x.widths, len(c.Code))
		}
		x.dated = x.dated || c.From != 0 || c.To != 0
		x.name(c.Title.ZH, c.Code)
		x.name(c.Title.EN, c.Code)
		for _, a := range strings.FieldsFunc(c.Attrs["aliases"], func(r rune) bool { return r == ';' || r == '|' }) {
			x.name(a, c.Code)
		}
		switch c.Title.ZH {
		case "是":
			x.yesNo[0] = c.Code
		case "否":
			x.yesNo[1] = c.Code
		}
	}
	if len(l.Codes) > 0 {
		c := l.Codes[0]
		x.first = c.Code + " " + c.Title.ZH
	}
	for i := range l.Codes {
		c := &l.Codes[i]
		if code, _ := x.find(sheet.TidyKey(c.Title.ZH)); code == c.Code && sheet.Tidy(c.Title.ZH) == c.Title.ZH && !risky(c.Title.ZH) {
			x.labels[c.Code] = c.Title.ZH
		}
	}
	return x
}

func (x *codeIndex) name(s, code string) {
	k := foldName(s)
	if k == "" {
		return
	}
	if old, ok := x.names[k]; ok && old != code {
		code = ""
	}
	x.names[k] = code
}

// foldName folds the name of a code for comparison: case, width and space.
func foldName(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(sheet.TidyKey(s)), ""))
}

// find returns the code that s means; ambiguous means that s names several.
func (x *codeIndex) find(s string) (code string, ambiguous bool) {
	if _, ok := x.codes[s]; ok {
		return s, false
	}
	if len(s) > 400 {
		return "", false
	}
	k := foldName(s)
	if c, ok := x.names[k]; ok {
		return c, c == ""
	}
	if x.yesNo[0] != "" && x.yesNo[1] != "" {
		if v, ok := sheet.ParseBool(s); ok {
			if v {
				return x.yesNo[0], false
			}
			return x.yesNo[1], false
		}
	}
	if c := x.folded[strings.ToLower(s)]; c != "" {
		return c, false
	}
	if sheet.AllDigits(s) {
		for _, w := range x.widths {
			if len(s) < w {
				if p := strings.Repeat("0", w-len(s)) + s; x.codes[p] != nil {
					return p, false
				}
			}
		}
	}
	if i := strings.IndexAny(s, " -.:|、_"); i > 0 {
		head := s[:i]
		if c := x.codes[head]; c != nil {
			rest := foldName(strings.TrimLeft(s[i:], " -.:|、_"))
			if rest == foldName(c.Title.ZH) || rest == foldName(c.Title.EN) {
				return head, false
			}
		}
	}
	return "", false
}

// choice is what a template's drop-down offers for a code.
func (x *codeIndex) choice(c *catalog.Code) string {
	if l, ok := x.labels[c.Code]; ok {
		return l
	}
	return c.Code + " " + c.Title.ZH
}
