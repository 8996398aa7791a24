// Package notation writes numbers, texts and expressions as SQL or as mathematics.
// Only the indicators use it.
package notation

import (
	"strconv"
	"strings"
)

// Decimal writes a scaled integer as SQL.
func Decimal(num int64, scale int) string {
	if scale == 0 {
		return strconv.FormatInt(num, 10)
	}
	s := strconv.FormatInt(num, 10)
	for len(s) <= scale {
		s = "0" + s
	}
	return s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// CeilDiv is a ÷ b rounded up.
func CeilDiv(a, b int64) int64 { return -FloorDiv(-a, b) }

// FloorDiv is a ÷ b rounded down.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && a < 0 {
		q--
	}
	return q
}

// Literal writes a text as SQL.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// signs are the operators of expressions as people write them.
var signs = []struct{ code, sign string }{
	{"&&", "∧"}, {"||", "∨"}, {"==", "="}, {"!=", "≠"}, {">=", "≥"}, {"<=", "≤"}, {"!", "¬"}, {" in ", " ∈ "}, {" * ", " × "},
}

// Mathematical writes an expression with the signs of mathematics; texts stay.
func Mathematical(expr string) string {
	var b strings.Builder
next:
	for i := 0; i < len(expr); {
		if c := expr[i]; c == '\'' || c == '"' {
			j := i + 1
			for j < len(expr) && expr[j] != c {
				if expr[j] == '\\' {
					j++
				}
				j++
			}
			b.WriteString(expr[i:min(j+1, len(expr))])
			i = j + 1
			continue
		}
		for _, s := range signs {
			if strings.HasPrefix(expr[i:], s.code) {
				b.WriteString(s.sign)
				i += len(s.code)
				continue next
			}
		}
		if rest, ok := strings.CutPrefix(expr[i:], "param("); ok {
			if end := strings.IndexByte(rest, ')'); end > 1 {
				b.WriteString(strings.Trim(rest[:end], `'" `))
				i += len("param(") + end + 1
				continue
			}
		}
		b.WriteByte(expr[i])
		i++
	}
	return strings.TrimSpace(b.String())
}
