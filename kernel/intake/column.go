package intake

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/sheet"
)

// column reads the cells of one field. It is immutable; what a worker remembers
// between rows is in its memo.
type column struct {
	f     *catalog.Field
	place int // 0-based position in the sheet, -1 if absent
	codes *codeIndex
	re    *regexp.Regexp
	check string // the identifier check whose spelling applies: its own, or of the key it refers to
	key   bool   // an identifier: part of a key, a reference, checked or patterned
}

// memo is what a cell meant when it was read last: sheets repeat themselves.
type memo struct {
	s    string
	kind sheet.Kind
	set  bool
	v    luoshu.Value
	p    *problem
}

func newColumn(cat *catalog.Catalog, e *catalog.Entity, f *catalog.Field, lists map[string]*codeIndex) (*column, error) {
	c := &column{f: f, place: -1, key: f.Type == catalog.TypeRef || f.Type == catalog.TypeCode || f.Check != "" || f.Pattern != ""}
	for _, k := range e.Key {
		c.key = c.key || k == f.Name
	}
	c.check = f.Check
	if f.Type == catalog.TypeRef {
		if t := cat.Entity(f.Ref); t != nil && len(t.Key) == 1 {
			c.check = t.Field(t.Key[0]).Check
		}
	}
	if f.Type == catalog.TypeCode {
		if lists[f.Codes] == nil {
			l := cat.List(f.Codes)
			if l == nil {
				return nil, fmt.Errorf("intake: %s.%s: no code list %q", e.Name, f.Name, f.Codes)
			}
			lists[f.Codes] = newCodeIndex(l)
		}
		c.codes = lists[f.Codes]
	}
	if f.Pattern != "" {
		re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return nil, fmt.Errorf("intake: %s.%s: %w", e.Name, f.Name, err)
		}
		c.re = re
	}
	return c, nil
}

// memoised reports whether equal cells come often enough to remember the last.
func (c *column) memoised() bool {
	return c.f.Type == catalog.TypeCode || c.f.Type == catalog.TypeDate || c.f.Type == catalog.TypeRef || c.re != nil
}

// read turns a cell into a value or a problem; a warning comes with its value.
func (c *column) read(x sheet.Cell) (luoshu.Value, *problem) {
	if len(x.S) > sheet.MaxCell && utf8.RuneCountInString(x.S) > sheet.MaxCell {
		return luoshu.Value{}, pTooLong()
	}
	switch x.Kind {
	case sheet.Error:
		return luoshu.Value{}, pCellError()
	case sheet.NoValue:
		return luoshu.Value{}, pNoValue()
	}
	v, p := c.parse(x)
	if p != nil && !p.warn {
		return luoshu.Value{}, p
	}
	if v.K == luoshu.Null {
		if c.f.Required {
			return v, pRequired()
		}
		return v, p
	}
	if q := c.bounds(v); q != nil {
		return luoshu.Value{}, q
	}
	return v, p
}

func (c *column) parse(x sheet.Cell) (luoshu.Value, *problem) {
	if c.f.Type.IsText() {
		return c.text(x)
	}
	s := x.S
	if x.Kind == sheet.Text {
		s = sheet.TidyKey(unguard(unwrap(sheet.TidyKey(s))))
	}
	if s == "" || s == "-" || s == "--" || s == "/" { // what tables write for nothing
		return luoshu.Value{}, nil
	}
	switch c.f.Type {
	case catalog.TypeInt:
		n, why := parseIntCell(s, x.Kind != sheet.Text)
		if why != sheet.DecimalOK {
			return luoshu.Value{}, pNumber(true)
		}
		return luoshu.IntValue(n), nil
	case catalog.TypeDecimal:
		n, why := sheet.ParseDecimal(s, c.f.Scale, x.Kind != sheet.Text)
		switch why {
		case sheet.DecimalBad:
			return luoshu.Value{}, pNumber(false)
		case sheet.DecimalScale:
			return luoshu.Value{}, pScale(c.f.Scale)
		}
		return luoshu.IntValue(n), nil
	case catalog.TypeBool:
		b, ok := sheet.ParseBool(s)
		if !ok {
			return luoshu.Value{}, pBool()
		}
		if b {
			return luoshu.IntValue(1), nil
		}
		return luoshu.IntValue(0), nil
	case catalog.TypeYear:
		if x.Kind == sheet.Number {
			s = sheet.NumberText(s)
		}
		y, ok := sheet.ParseYear(s)
		if !ok {
			return luoshu.Value{}, pYear()
		}
		return luoshu.IntValue(y), nil
	case catalog.TypeDate:
		d, why := sheet.ParseDate(s, x.Kind)
		if why != sheet.DateOK {
			return luoshu.Value{}, pDate(why)
		}
		return luoshu.IntValue(d), nil
	}
	return luoshu.Value{}, &problem{rule: "type", zh: "字段类型不可读。", en: "the field has an unreadable type."}
}

func parseIntCell(s string, number bool) (int64, sheet.DecimalFault) {
	if !number {
		if n, ok := sheet.ParseInt(s); ok {
			return n, sheet.DecimalOK
		}
		return 0, sheet.DecimalBad
	}
	return sheet.ParseDecimal(s, 0, true)
}

// text reads a field that is stored as text.
func (c *column) text(x sheet.Cell) (luoshu.Value, *problem) {
	s := x.S
	if x.Kind == sheet.Number || x.Kind == sheet.Date || x.Kind == sheet.Bool {
		if x.Kind == sheet.Number && sheet.TooManyDigits(s) {
			return luoshu.Value{}, pDamaged()
		}
		s = x.Display()
	} else if c.key {
		s = sheet.TidyKey(s)
	} else {
		s = sheet.Tidy(s)
	}
	if s == "" {
		return luoshu.Value{}, nil
	}
	if s[0] == '=' {
		s = sheet.Tidy(unwrap(s))
	} else if s[0] == '\'' {
		if c.key {
			for len(s) > 0 && s[0] == '\'' {
				s = s[1:]
			}
			s = sheet.TidyKey(s)
		} else {
			s = sheet.Tidy(unguard(s))
		}
	}
	if s == "" {
		return luoshu.Value{}, nil
	}
	if d := s[0]; d >= '0' && d <= '9' && sheet.ExponentForm(s) {
		return luoshu.Value{}, pDamaged()
	}
	if c.codes != nil {
		code, several := c.codes.find(s)
		switch {
		case several:
			return luoshu.Value{}, pCodeAmbiguous()
		case code != "":
			s = code
		case !c.f.Loose:
			return luoshu.Value{}, pCode(c.codes.title, c.codes.first)
		}
	}
	if c.check != "" {
		s = rule.Canonical(c.check, s)
	}
	v := luoshu.TextValue(s)
	if c.f.Check != "" {
		if msg, ok := rule.Check(c.f.Check, s); !ok {
			if sheet.ZeroTail(s) {
				return luoshu.Value{}, pDamaged()
			}
			return luoshu.Value{}, &problem{rule: c.f.Check, zh: msg.ZH, en: msg.EN}
		}
	} else if sheet.ZeroTail(s) && c.codes == nil {
		if _, ok := rule.Check("cn_id", s); !ok {
			return v, pMaybeDamaged()
		}
	}
	if c.re != nil && !c.re.MatchString(s) {
		return luoshu.Value{}, pPattern()
	}
	return v, nil
}

// bounds checks Min and Max: the length of text, the value of everything else.
func (c *column) bounds(v luoshu.Value) *problem {
	f := c.f
	if f.Min == nil && f.Max == nil {
		return nil
	}
	n := v.I
	if v.K == luoshu.IsText {
		if f.Min == nil && int64(len(v.S)) <= *f.Max {
			return nil
		}
		n = int64(utf8.RuneCountInString(v.S))
	}
	switch {
	case f.Max != nil && n > *f.Max:
		if v.K == luoshu.IsText {
			return pLength(*f.Max, true)
		}
		return pRange(c.shown(*f.Max), true)
	case f.Min != nil && n < *f.Min:
		if v.K == luoshu.IsText {
			return pLength(*f.Min, false)
		}
		return pRange(c.shown(*f.Min), false)
	}
	return nil
}

func (c *column) shown(n int64) string {
	switch c.f.Type {
	case catalog.TypeDate:
		return luoshu.FormatDate(n)
	case catalog.TypeDecimal:
		return luoshu.FormatDecimal(n, c.f.Scale)
	}
	return strconv.FormatInt(n, 10)
}
