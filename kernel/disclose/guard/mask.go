package guard

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Masked is what a reader without the right to a field sees in its place. It
// tells whether there is a value and as much of its shape as helps a person
// recognise a record they already know. Only text that looks like a name, a
// long number or a telephone number keeps any of its characters.
func Masked(f *catalog.Field, v luoshu.Value) string {
	if v.K == luoshu.Null {
		return ""
	}
	if f.Few {
		return coarse(f, v)
	}
	if f.Type != catalog.TypeText && f.Type != catalog.TypeRef {
		return "***"
	}
	s := v.String()
	if f.Contains != "" {
		return maskedID(s)
	}
	switch {
	case isPhone(s):
		return s[:3] + strings.Repeat("*", len(s)-7) + s[len(s)-4:]
	case isCode(s) && len(s) >= 12:
		return s[:6] + strings.Repeat("*", len(s)-8) + s[len(s)-2:]
	case isName(s):
		first, _ := utf8.DecodeRuneInString(s)
		return string(first) + "*"
	}
	return "***"
}

// maskedID leaves of a number that contains an identity number what stands before
// it, its division and its last two characters.
func maskedID(s string) string {
	from := 6
	if s != "" && (s[0] < '0' || s[0] > '9') {
		from = 7
	}
	if !isCode(s) || len(s) < from+9 {
		return "***"
	}
	return s[:from] + strings.Repeat("*", len(s)-from-2) + s[len(s)-2:]
}

func isPhone(s string) bool {
	return len(s) == 11 && s[0] == '1' && allDigits(s)
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// isCode reports whether s is letters and digits with at least one digit.
func isCode(s string) bool {
	digit := false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digit = true
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '-':
		default:
			return false
		}
	}
	return digit
}

// isName reports whether s is a short run of Han characters, as a name is.
func isName(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) && r != '·' {
			return false
		}
		n++
	}
	return n >= 2 && n <= 4
}
