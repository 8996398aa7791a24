package sheet

import "strings"

// Tidy returns s as a record holds text: no space around it, no invisible
// characters, one kind of line end and of space, and full-width digits and
// letters as ordinary ones. Chinese punctuation stays. Tidy(Tidy(s)) == Tidy(s).
func Tidy(s string) string {
	if n := len(s); n == 0 || (plain(s) && s[0] != ' ' && s[n-1] != ' ') {
		return s
	}
	return tidySlow(s)
}

// plain reports whether s has no byte that tidySlow could change, spaces at the
// ends apart. Han characters begin with E4..E9 and pass.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == 0x7f || c == 0xc2 || c == 0xe1 || c == 0xe2 || c == 0xe3 || c == 0xef {
			return false
		}
	}
	return true
}

func tidySlow(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r == 0x7f:
			return -1
		case r == 0xa0 || r == 0x2007 || r == 0x202f:
			return ' '
		case r == 0x200b || r == 0xfeff || r == 0x2060 || r == 0x200e || r == 0x200f:
			return -1
		case r >= 0xff10 && r <= 0xff19, r >= 0xff21 && r <= 0xff3a, r >= 0xff41 && r <= 0xff5a:
			return r - 0xfee0
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// TidyKey is Tidy for identifiers, codes and numbers: full-width punctuation and
// ideographic spaces become ordinary ones too.
func TidyKey(s string) string {
	s = Tidy(s)
	if plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 0x3000:
			return ' '
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xfee0
		case r == 0x2212 || r == 0x2010 || r == 0x2011 || r == 0x2013 || r == 0x2014:
			return '-'
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
