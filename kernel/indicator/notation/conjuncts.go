package notation

import "strings"

// Conjuncts splits an expression at its outermost &&. An expression with || or
// ?: at the outermost level is one piece.
func Conjuncts(expr string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '\'', '"':
			for i++; i < len(expr) && expr[i] != c; i++ {
				if expr[i] == '\\' {
					i++
				}
			}
		case '|', '?':
			if depth == 0 {
				return []string{strings.TrimSpace(expr)}
			}
		case '&':
			if depth == 0 && i+1 < len(expr) && expr[i+1] == '&' {
				parts = append(parts, strings.TrimSpace(expr[start:i]))
				i++
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(expr[start:]))
}
