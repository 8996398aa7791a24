package linkage

import (
	"strings"
	"unicode/utf8"
)

// jaroWinkler returns the Jaro-Winkler similarity of two words, 0 to 1, with the
// usual prefix weight of 0.1 over at most four characters (Winkler 1990).
func jaroWinkler(a, b []rune) float64 {
	j := jaro(a, b)
	p := 0
	for p < 4 && p < len(a) && p < len(b) && a[p] == b[p] {
		p++
	}
	return j + float64(p)*0.1*(1-j)
}

func jaro(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 || len(a) > 64 || len(b) > 64 {
		if string(a) == string(b) {
			return 1
		}
		return 0
	}
	window := max(len(a), len(b))/2 - 1
	var inA, inB uint64
	m := 0
	for i, x := range a {
		for j := max(0, i-window); j <= min(len(b)-1, i+window); j++ {
			if inB>>j&1 == 0 && b[j] == x {
				inA |= 1 << i
				inB |= 1 << j
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	half, j := 0, 0
	for i, x := range a {
		if inA>>i&1 == 0 {
			continue
		}
		for inB>>j&1 == 0 {
			j++
		}
		if b[j] != x {
			half++
		}
		j++
	}
	f := float64(m)
	return (f/float64(len(a)) + f/float64(len(b)) + (f-float64(half/2))/f) / 3
}

// jaroWinklerBoth makes the measure symmetric: greedy matching of a to b may pair
// characters otherwise than b to a.
func jaroWinklerBoth(a, b []rune) float64 { return max(jaroWinkler(a, b), jaroWinkler(b, a)) }

// oneEdit reports whether b is a with exactly one character put in, left out or
// replaced, or two neighbours transposed.
func oneEdit[T rune | byte](a, b []T) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	switch len(b) - len(a) {
	case 0:
		return substituted(a, b) == 1 || transposed(a, b)
	case 1:
		i := 0
		for i < len(a) && a[i] == b[i] {
			i++
		}
		for ; i < len(a); i++ {
			if a[i] != b[i+1] {
				return false
			}
		}
		return true
	}
	return false
}

// substituted counts the places at which two words of one length differ.
func substituted[T rune | byte](a, b []T) int {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// transposed reports whether b is a with two neighbours exchanged.
func transposed[T rune | byte](a, b []T) bool {
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if i+1 >= len(a) || a[i] != b[i+1] || a[i+1] != b[i] {
		return false
	}
	for j := i + 2; j < len(a); j++ {
		if a[j] != b[j] {
			return false
		}
	}
	return true
}

// editDistance is the number of single edits between two words (Levenshtein with
// transposition of neighbours), cut off above limit: limit+1 means more.
func editDistance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 128 || len(b) > 128 {
		return limit + 1
	}
	var rows [3][129]int
	two, one, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			c := 1
			if a[i-1] == b[j-1] {
				c = 0
			}
			v := min(one[j]+1, cur[j-1]+1, one[j-1]+c)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				v = min(v, two[j-2]+1)
			}
			cur[j] = v
			best = min(best, v)
		}
		if best > limit {
			return limit + 1
		}
		two, one, cur = one, cur, two
	}
	return min(one[len(b)], limit+1)
}

// compareWords is the level of two folded words: exact, close, similar, different.
func compareWords(a, b string) uint8 {
	if a == b {
		return 1
	}
	var ba, bb [64]rune
	ra, rb := runes(a, ba[:0]), runes(b, bb[:0])
	switch s := jaroWinklerBoth(ra, rb); {
	case s >= 0.92:
		return 2
	case s >= 0.8:
		return 3
	}
	return 4
}

// compareTexts is the level of two folded addresses or names of organisations:
// close is one or two edits in five characters each, or the same words; partly is
// half of the shorter one's pairs of characters found in the other.
func compareTexts(a, b string) uint8 {
	if a == b {
		return 1
	}
	var ba, bb [128]rune
	ra, rb := runes(a, ba[:0]), runes(b, bb[:0])
	short := min(len(ra), len(rb))
	if limit := 1 + short/6; short >= 3 && editDistance(ra, rb, limit) <= limit {
		return 2
	}
	switch s := dice(ra, rb); {
	case s >= 0.8:
		return 2
	case s >= 0.5:
		return 3
	}
	return 4
}

// dice is the share of neighbouring pairs of characters that two texts have in
// common (Dice 1945), counted with multiplicity.
func dice(a, b []rune) float64 {
	if len(a) < 2 || len(b) < 2 || len(a) > 128 || len(b) > 128 {
		return 0
	}
	var used [128]bool
	n := 0
	for i := range len(a) - 1 {
		for j := range len(b) - 1 {
			if !used[j] && a[i] == b[j] && a[i+1] == b[j+1] {
				used[j] = true
				n++
				break
			}
		}
	}
	return 2 * float64(n) / float64(len(a)+len(b)-2)
}

// compareNumbers is the level of two numbers as people write them.
func compareNumbers(a, b string) uint8 {
	if a == b {
		return 1
	}
	if min(len(a), len(b)) >= 2 && oneEdit([]byte(a), []byte(b)) {
		return 2
	}
	return 3
}

// soundex is the American Soundex code of a word in Latin letters, "" if it has none.
func soundex(s string) string {
	const codes = "01230120022455012623010202" // a to z; 0 not coded
	var out [4]byte
	n := 0
	last := byte('0')
	for _, r := range strings.ToLower(s) {
		if r < 'a' || r > 'z' {
			continue
		}
		c := codes[r-'a']
		switch {
		case n == 0:
			out[0], n = byte(r), 1
		case c != '0' && c != last:
			out[n] = c
			n++
		}
		if r != 'h' && r != 'w' { // they do not part two letters of one code
			last = c
		}
		if n == 4 {
			break
		}
	}
	if n == 0 {
		return ""
	}
	for ; n < 4; n++ {
		out[n] = '0'
	}
	return string(out[:])
}

// runes appends the characters of s to buf.
func runes(s string, buf []rune) []rune {
	for _, r := range s {
		buf = append(buf, r)
	}
	return buf
}

// firstRunes returns the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func runeCount(s string) int { return utf8.RuneCountInString(s) }
