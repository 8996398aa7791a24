// Package fold is the only room that brings names into the forms they are
// searched by: folded characters (traditional to simplified, full width to half
// width, case, no spaces or dots), pinyin, and initials. The same function folds
// what is stored and what is asked, so both always meet.
package fold

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// Version changes whenever a folded form may: stored forms are then made anew.
const Version = "1"

//go:embed simplified.txt
var simplifiedText string

const (
	hanFirst = 0x3400
	hanLast  = 0x9fff
)

// surnames are characters that are read otherwise in a surname than elsewhere, or
// whose usual reading is uncertain, each with that reading.
const surnames = `
单shan 解xie 仇qiu 区ou 盖ge 查zha 曾zeng 任ren 朴piao 翟zhai 缪miao 乐yue
员yun 召shao 种chong 秘bi 冼xian 洗xian 折she 句gou 逄pang 訾zi 燕yan 华hua
纪ji 宁ning 石shi 沈shen 尹yin 车che 郝hao 贾jia 柏bai 谌chen 葛ge 阚kan
牟mou 那na 宓mi 厍she 隗kui 撒sa 覃qin 晁chao 佴nai 卜bu 尉wei 长chang
黑hei 盛sheng 相xiang 应ying 都du
`

// table holds what is made once from the embedded and imported data.
type table struct {
	simple    [hanLast - hanFirst + 1]rune   // 0: folds to itself
	rare      map[rune]rune                  // outside that range
	reading   [hanLast - hanFirst + 1]uint16 // index into syllables, 0: none
	syllables []string
	surname   map[rune]string
}

var tables = sync.OnceValue(build)

func build() *table {
	t := &table{rare: map[rune]rune{}, syllables: []string{""}}
	var from rune
	for line := range strings.Lines(simplifiedText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, r := range strings.TrimRight(line, "\r\n") {
			switch {
			case from == 0:
				from = r
				continue
			case from >= hanFirst && from <= hanLast:
				t.simple[from-hanFirst] = r
			default:
				t.rare[from] = r
			}
			from = 0
		}
	}
	t.surname = map[rune]string{}
	for _, w := range strings.Fields(surnames) {
		r, n := utf8.DecodeRuneInString(w)
		t.surname[r] = w[n:]
	}
	index := map[string]uint16{}
	for r, all := range pinyin.PinyinDict {
		if r < hanFirst || r > hanLast {
			continue
		}
		first, _, _ := strings.Cut(all, ",")
		s := plain(first)
		i, ok := index[s]
		if !ok {
			i = uint16(len(t.syllables))
			index[s] = i
			t.syllables = append(t.syllables, s)
		}
		t.reading[r-hanFirst] = i
	}
	return t
}

// plain takes the tone marks off a syllable; ü becomes v, as people type it.
func plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case r == '\u0308': // diaeresis of the u before it
			u := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(u + "v")
		case unicode.Is(unicode.Mn, r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Fold returns the folded form of a name: simplified characters, half width,
// lower case, without spaces, dots and hyphens.
func Fold(s string) string {
	t := tables()
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r = t.fold(r); r != 0 {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// fold returns the folded rune, 0 if it is left out.
func (t *table) fold(r rune) rune {
	if r >= hanFirst && r <= hanLast {
		if s := t.simple[r-hanFirst]; s != 0 {
			return s
		}
		return r
	}
	if r >= 0xff01 && r <= 0xff5e {
		r -= 0xfee0
	}
	if r < utf8.RuneSelf {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r <= ' ' || r == '.' || r == '-' || r == '\'' || r == 0x7f:
			return 0
		}
		return r
	}
	switch r {
	case '·', '•', '‧', '・', '･', '∙', '⋅', '．', '。', '—', '–', '‐', '’', '‘':
		return 0
	}
	if s, ok := t.rare[r]; ok {
		return s
	}
	if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		return 0
	}
	return unicode.ToLower(r)
}

// Name returns a name's folded form, its pinyin without tones ("zhangsan") and
// its initials ("zs"). The first character of a name of up to four characters is
// read as a surname. Letters and digits stand for themselves; in the initials a
// Latin word gives its first letter.
func Name(s string) (folded, full, initials string) {
	t := tables()
	folded = Fold(s)
	p := make([]byte, 0, 3*len(folded))
	n := make([]byte, 0, len(folded)/2+1)
	rest := folded
	if utf8.RuneCountInString(folded) <= 4 {
		read, size := t.readSurname(folded)
		for i, syl := range read {
			if i < 2 && syl != "" {
				p = append(p, syl...)
				n = append(n, syl[0])
			}
		}
		rest = folded[size:]
	}
	word := false
	// Word breaks are gone from the folded form; find them in the name itself.
	breaks := wordStarts(s)
	at := len(folded) - len(rest)
	for i, r := range rest {
		if r >= hanFirst && r <= hanLast {
			word = false
			if k := t.reading[r-hanFirst]; k != 0 {
				syl := t.syllables[k]
				p = append(p, syl...)
				n = append(n, syl[0])
			}
			continue
		}
		p = utf8.AppendRune(p, r)
		if !word || !unicode.IsLetter(r) || breaks[at+i] {
			n = utf8.AppendRune(n, r)
		}
		word = unicode.IsLetter(r)
	}
	return folded, string(p), string(n)
}

// wordStarts gives the byte positions of the folded form at which a word of the
// name begins, for names with more than one word in letters; else nil.
func wordStarts(s string) map[int]bool {
	if !strings.ContainsFunc(s, unicode.IsLower) && !strings.ContainsFunc(s, unicode.IsUpper) {
		return nil
	}
	t := tables()
	out := map[int]bool{}
	at, gap := 0, true
	for _, r := range s {
		f := t.fold(r)
		if f == 0 {
			gap = true
			continue
		}
		if gap {
			out[at] = true
			gap = false
		}
		at += utf8.RuneLen(f)
	}
	return out
}

// readSurname reads the surname at the start of a folded name if its reading as a
// surname differs from the usual one; size is how many bytes it takes.
func (t *table) readSurname(s string) (read [2]string, size int) {
	first, n1 := utf8.DecodeRuneInString(s)
	second, n2 := utf8.DecodeRuneInString(s[n1:])
	switch string(first) + string(second) {
	case "尉迟":
		return [2]string{"yu", "chi"}, n1 + n2
	case "万俟":
		return [2]string{"mo", "qi"}, n1 + n2
	case "澹台":
		return [2]string{"tan", "tai"}, n1 + n2
	case "单于":
		return [2]string{"chan", "yu"}, n1 + n2
	case "长孙":
		return [2]string{"zhang", "sun"}, n1 + n2
	case "宿勤":
		return [2]string{"su", "qin"}, n1 + n2
	}
	if r := t.surname[first]; r != "" {
		return [2]string{r}, n1
	}
	return read, 0
}
