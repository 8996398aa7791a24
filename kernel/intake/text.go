package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"luoshu/kernel/fold"
	"luoshu/kernel/sheet"
)

// headingKey folds a heading for comparison: simplified characters, lower case,
// half-width, letters and digits only.
func headingKey(s string) string {
	if len(s) > 400 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, fold.Fold(s))
}

// pinyinForms returns a heading in pinyin and its initials: xuejihao, xjh. What
// stands before it keeps fold from reading its first character as a surname.
func pinyinForms(s string) []string {
	const before, full, initials = "一一一一", "yiyiyiyi", "yyyy"
	_, f, i := fold.Name(before + baseHeading(s))
	f, i = strings.TrimPrefix(f, full), strings.TrimPrefix(i, initials)
	if len(i) < 2 {
		return []string{f}
	}
	return []string{f, i}
}

// baseHeading drops what stands in brackets at the end: 面积（平方米） → 面积.
func baseHeading(s string) string {
	s = strings.TrimRight(sheet.Tidy(s), " *＊")
	for _, p := range [][2]string{{"（", "）"}, {"(", ")"}, {"【", "】"}, {"[", "]"}} {
		if strings.HasSuffix(s, p[1]) {
			if i := strings.LastIndex(s, p[0]); i > 0 {
				return s[:i]
			}
		}
	}
	return s
}

// A text that a spreadsheet could run as a formula, or that this package would
// take for something else than data, is written with an apostrophe before it and
// read back without: unguard(guard(s)) == s for every s.

// risky reports whether s may not stand bare in a cell.
func risky(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n', '\'':
		return true
	}
	return marker(s) != noMarker
}

func guard(s string) string {
	if risky(s) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && risky(s[1:]) {
		return s[1:]
	}
	return s
}

// unwrap takes the text out of ="…", by which CSV writers keep spreadsheets from
// turning a number into a value.
func unwrap(s string) string {
	if len(s) >= 3 && s[0] == '=' && s[1] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[2:len(s)-1], `""`, `"`)
	}
	return s
}

type markerKind int

const (
	noMarker markerKind = iota
	totalMarker
	noteMarker
	exampleMarker
)

// ExampleMark stands before the first cell of a template's example row; rows
// that begin with it are not data.
const ExampleMark = "示例："

var noteWords = []string{
	"注：", "注:", "备注：", "备注:", "说明：", "说明:", "填表人：", "填表人:", "填报人：", "填报人:",
	"制表人：", "制表人:", "审核人：", "审核人:", "单位负责人：", "单位负责人:", "填表日期：", "填表日期:",
}

// marker recognises a first cell that says its row is no record: a total, a note
// under the table or the example of a template.
func marker(s string) markerKind {
	if s == "" {
		return noMarker
	}
	r, _ := utf8.DecodeRuneInString(s)
	switch r {
	case '合', '总', '小', '共', 'T', 't', 'S', 's':
		if len(s) > 24 {
			return noMarker
		}
		k := strings.TrimRight(headingKey(s), ":：")
		switch k {
		case "合计", "总计", "小计", "共计", "总数", "total", "subtotal", "sum", "grandtotal":
			return totalMarker
		}
	case '注', '备', '说', '填', '制', '审', '单':
		for _, w := range noteWords {
			if strings.HasPrefix(s, w) {
				return noteMarker
			}
		}
	case '示', 'E', 'e':
		if strings.HasPrefix(s, ExampleMark) || strings.HasPrefix(s, "示例:") || strings.HasPrefix(s, "Example:") {
			return exampleMarker
		}
	}
	return noMarker
}
