package linkage

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"luoshu/kernel/fold"
)

//go:embed variants.txt
var variantsText string

// variants holds the pairs of characters of variants.txt, lower one first.
var variants = sync.OnceValue(func() map[[2]rune]bool {
	out := map[[2]rune]bool{}
	for line := range strings.Lines(variantsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		_, pairs, _ := strings.Cut(strings.TrimSpace(line), " ")
		r := []rune(pairs)
		for i := 0; i+1 < len(r); i += 2 {
			out[[2]rune{min(r[i], r[i+1]), max(r[i], r[i+1])}] = true
		}
	}
	return out
})

// isVariant reports whether two characters write the same name.
func isVariant(a, b rune) bool {
	return a == b || variants()[[2]rune{min(a, b), max(a, b)}]
}

// compound are surnames of two characters, written down from memory: no list was
// consulted, so rare ones may be missing. A name whose surname is missing is read as
// one with a surname of one character.
const compound = "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 吴铭 纳兰 叶赫 那拉 完颜 爱新 富察 钮祜 瓜尔 佟佳 章佳 哲别"

var compounds = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, s := range strings.Fields(compound) {
		out[fold.Fold(s)] = true
	}
	return out
})

// name is a person's name taken apart once, so that comparing two is cheap.
type name struct {
	folded string   // simplified, half width, lower case, without spaces and dots
	sound  string   // pinyin without tones; letters stand for themselves
	loose  string   // sound with what many speakers do not tell apart made equal
	parts  []string // of a name with dots or of words: each folded
	han    bool     // every character is a Han character
	sur    int      // bytes of folded that are the surname, 0 if there is none
}

// readName takes a name apart. The parts of a name with a middle dot are its
// words; a Han name without one is its surname and the rest.
func readName(s string) name {
	n := name{}
	n.folded, n.sound, _ = fold.Name(s)
	n.loose = loosen(n.sound)
	n.han = n.folded != "" && !strings.ContainsFunc(n.folded, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
	for _, p := range strings.FieldsFunc(s, isBreak) {
		if f := fold.Fold(p); f != "" {
			n.parts = append(n.parts, f)
		}
	}
	// Spaces between the characters of a Han name (张 三) are no words.
	if n.han && !strings.ContainsFunc(s, isDot) && runeCount(n.folded) <= 4 {
		n.parts = nil
	}
	if len(n.parts) == 1 {
		n.parts = nil
	}
	if n.han && n.parts == nil && runeCount(n.folded) >= 2 && runeCount(n.folded) <= 4 {
		n.sur = len(firstRunes(n.folded, 1))
		if two := firstRunes(n.folded, 2); len(two) < len(n.folded) && compounds()[two] {
			n.sur = len(two)
		}
	}
	return n
}

func isDot(r rune) bool { return strings.ContainsRune("·•‧・･∙⋅．.。", r) }

func isBreak(r rune) bool { return isDot(r) || r == '-' || r == ',' || unicode.IsSpace(r) }

// loosen makes equal what speakers of many dialects do not tell apart: zh and z, ch
// and c, sh and s, a final ng and n, l and n at the start, v and u.
func loosen(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == 'h' && i > 0 && (s[i-1] == 'z' || s[i-1] == 'c' || s[i-1] == 's'):
			continue
		case c == 'g' && i > 0 && s[i-1] == 'n':
			continue
		case c == 'l':
			c = 'n'
		case c == 'v':
			c = 'u'
		}
		b = append(b, c)
	}
	return string(b)
}

// compareNames returns the level of two names; see levels[Name].
func compareNames(a, b *name) uint8 {
	switch {
	case a.folded == b.folded:
		return 1
	case a.sameByVariants(b):
		return 2
	case a.swapped(b):
		return 3
	case a.sound == b.sound && a.sound != "" && a.han == b.han:
		return 4
	case a.partOf(b) || b.partOf(a):
		return 5
	}
	return compareLooselyNamed(a, b)
}

// compareLooselyNamed tells apart the levels near, one_character, surname, different.
func compareLooselyNamed(a, b *name) uint8 {
	if a.han && b.han {
		if a.loose == b.loose {
			return 6
		}
		var ba, bb [24]rune
		ra, rb := runes(a.folded, ba[:0]), runes(b.folded, bb[:0])
		long := max(len(ra), len(rb))
		switch {
		case len(ra) != len(rb) && min(len(ra), len(rb)) >= 2 && oneEdit(ra, rb):
			return 6
		case len(ra) == len(rb) && long >= 3 && transposed(ra, rb):
			return 6
		case long >= 3 && len(ra) == len(rb) && substituted(ra, rb) == 1:
			return 7
		}
	} else if a.han == b.han { // both in letters
		var ba, bb [64]rune
		if jaroWinklerBoth(runes(a.folded, ba[:0]), runes(b.folded, bb[:0])) >= 0.92 {
			return 6
		}
	} else if a.sound == b.sound && a.sound != "" { // one of them in pinyin
		return 6
	}
	if a.sur > 0 && b.sur > 0 && isSame(a.folded[:a.sur], b.folded[:b.sur]) || a.sharesPart(b) {
		return 8
	}
	return 9
}

// sameByVariants: equal but for characters that are variants of each other.
func (a *name) sameByVariants(b *name) bool { return isSame(a.folded, b.folded) }

func isSame(a, b string) bool {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb && !isVariant(ra, rb) {
			return false
		}
		a, b = a[na:], b[nb:]
	}
	return a == "" && b == ""
}

// swapped: surname and given name, or the words, stand in another order.
func (a *name) swapped(b *name) bool {
	if len(a.folded) != len(b.folded) {
		return false
	}
	if len(a.parts) > 1 && len(a.parts) == len(b.parts) {
		x, y := slices.Clone(a.parts), slices.Clone(b.parts)
		slices.Sort(x)
		slices.Sort(y)
		return slices.Equal(x, y)
	}
	return turned(a, b.folded) || turned(b, a.folded)
}

// turned: t is the given name of n before its surname.
func turned(n *name, t string) bool {
	return n.sur > 0 && t[:len(t)-n.sur] == n.folded[n.sur:] && t[len(t)-n.sur:] == n.folded[:n.sur]
}

// partOf: a holds some of the words of b, and no other: a name with middle dots of
// which one part was left out, or run together and cut short.
func (a *name) partOf(b *name) bool {
	if len(b.parts) < 2 || len(a.folded) >= len(b.folded) {
		return false
	}
	have := a.parts
	if have == nil {
		have = []string{a.folded}
	}
	for _, p := range have {
		if runeCount(p) < 2 || !slices.Contains(b.parts, p) {
			return false
		}
	}
	return true
}

func (a *name) sharesPart(b *name) bool {
	for _, p := range a.parts {
		if runeCount(p) >= 2 && slices.Contains(b.parts, p) {
			return true
		}
	}
	return false
}

// surname returns the pinyin that blocks by surname: that of the surname, or of the
// first word.
func (a *name) surnameSound() string {
	switch {
	case a.sur > 0:
		_, p, _ := fold.Name(a.folded[:a.sur])
		return p
	case len(a.parts) > 0:
		_, p, _ := fold.Name(a.parts[0])
		return p
	}
	return a.sound
}

func (a *name) initials() string {
	_, _, i := fold.Name(a.folded)
	return i
}
