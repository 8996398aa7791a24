package sheet

import (
	"math"
	"strconv"
	"strings"
)

// Cell is one cell as it stood in the file.
type Cell struct {
	S    string
	Kind Kind
}

// Kind says how a cell's text is to be understood.
type Kind uint8

// The kinds of cell.
const (
	Text    Kind = iota
	Number       // s is a number as the workbook stores it
	Date         // a number whose style shows a date (1900 system)
	Bool         // s is 1 or 0
	Error        // #N/A and the like
	NoValue      // a formula without a computed value
)

// Display returns the cell as a person sees it.
func (c Cell) Display() string {
	switch c.Kind {
	case Date:
		if f, err := strconv.ParseFloat(c.S, 64); err == nil {
			if d, ok := serialDate(f); ok {
				return ISODate(d)
			}
		}
	case Number:
		return NumberText(c.S)
	case Bool:
		if c.S == "1" {
			return "TRUE"
		}
		return "FALSE"
	}
	return c.S
}

// NumberText writes a workbook's number without exponent and without the noise
// of binary fractions: 2.1410000010000002E9 → 2141000001.
func NumberText(s string) string {
	if AllDigits(s) {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return s
	}
	if math.Abs(f) < 1e15 {
		g, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
		return strconv.FormatFloat(g, 'f', -1, 64)
	}
	if math.Abs(f) < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return s
}

// AllDigits reports whether s is digits only and not empty.
func AllDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// TooManyDigits reports whether a number of a workbook has more digits than a
// spreadsheet keeps.
func TooManyDigits(s string) bool {
	f, err := strconv.ParseFloat(s, 64)
	return err == nil && math.Abs(f) >= 1e15
}

// ExponentForm recognises 4.10305E+17, what a spreadsheet leaves of a long number.
func ExponentForm(s string) bool {
	i := strings.IndexAny(s, "eE")
	if i < 1 || i > 20 || i+2 >= len(s) || s[i+1] != '+' || !AllDigits(s[i+2:]) {
		return false
	}
	m := s[:i]
	if j := strings.IndexByte(m, '.'); j >= 0 {
		return j == 1 && AllDigits(m[:j]) && AllDigits(m[j+1:])
	}
	return len(m) == 1 && AllDigits(m)
}

// ZeroTail recognises a number of sixteen or more digits whose digits beyond the
// fifteenth are zeros: what a spreadsheet writes back of a long number.
func ZeroTail(s string) bool {
	if len(s) < 17 || len(s) > 25 || s[len(s)-1] != '0' || !AllDigits(s) {
		return false
	}
	return strings.Trim(s[15:], "0") == ""
}

// ParseInt reads a whole number; thousands separators and a zero fraction pass.
func ParseInt(s string) (int64, bool) {
	if len(s) > 0 && len(s) < 19 {
		var n int64
		i, neg := 0, false
		if s[0] == '-' && len(s) > 1 {
			neg, i = true, 1
		}
		for ; i < len(s); i++ {
			c := s[i] - '0'
			if c > 9 {
				return parseIntSlow(s)
			}
			n = n*10 + int64(c)
		}
		if neg {
			n = -n
		}
		return n, true
	}
	return parseIntSlow(s)
}

func parseIntSlow(s string) (int64, bool) {
	n, fault := ParseDecimal(s, 0, true)
	return n, fault == DecimalOK
}

// DecimalFault says why a number could not be read.
type DecimalFault int

// The reasons.
const (
	DecimalOK DecimalFault = iota
	DecimalBad
	DecimalScale // more decimals than the field keeps
)

// ParseDecimal reads s as an integer scaled by 10^scale, exactly. Numbers from a
// workbook (number) may carry an exponent and the noise of binary fractions.
func ParseDecimal(s string, scale int, number bool) (int64, DecimalFault) {
	neg := false
	t := s
	if t != "" && (t[0] == '-' || t[0] == '+') {
		neg = t[0] == '-'
		t = t[1:]
	}
	if number && strings.ContainsAny(t, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) >= 1e15 {
			return 0, DecimalBad
		}
		return ParseDecimal(strconv.FormatFloat(f, 'f', -1, 64), scale, true)
	}
	if strings.IndexByte(t, ',') >= 0 {
		if t = dropThousands(t); t == "" {
			return 0, DecimalBad
		}
	}
	whole, frac, _ := strings.Cut(t, ".")
	if whole == "" && frac == "" || whole != "" && !AllDigits(whole) || frac != "" && !AllDigits(frac) {
		return 0, DecimalBad
	}
	if extra := len(frac) - scale; extra > 0 {
		if strings.Trim(frac[scale:], "0") != "" {
			if number && extra > 6 {
				if f, err := strconv.ParseFloat(s, 64); err == nil {
					g := strconv.FormatFloat(f, 'f', scale, 64)
					if h, err := strconv.ParseFloat(g, 64); err == nil && math.Abs(h-f) <= 1e-9*math.Max(1, math.Abs(f)) {
						return ParseDecimal(g, scale, false)
					}
				}
			}
			return 0, DecimalScale
		}
		frac = frac[:scale]
	}
	digits := whole + frac
	for range scale - len(frac) {
		digits += "0"
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > 18 {
		return 0, DecimalBad
	}
	var n int64
	for i := 0; i < len(digits); i++ {
		n = n*10 + int64(digits[i]-'0')
	}
	if neg {
		n = -n
	}
	return n, DecimalOK
}

// dropThousands removes commas that group digits by three; "" if they do not.
func dropThousands(s string) string {
	whole, frac, dot := strings.Cut(s, ".")
	parts := strings.Split(whole, ",")
	if len(parts[0]) == 0 || len(parts[0]) > 3 {
		return ""
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return ""
		}
	}
	whole = strings.Join(parts, "")
	if dot {
		return whole + "." + frac
	}
	return whole
}

// ParseBool reads yes and no in the words that sheets use for them.
func ParseBool(s string) (bool, bool) {
	switch s {
	case "1", "是", "有", "真", "√", "✓", "✔", "Y", "y", "T", "t":
		return true, true
	case "0", "否", "无", "假", "×", "✗", "✘", "N", "n", "F", "f":
		return false, true
	}
	if len(s) <= 5 {
		switch strings.ToLower(s) {
		case "yes", "true":
			return true, true
		case "no", "false":
			return false, true
		}
	}
	return false, false
}

// ParseYear reads the year in which a period starts: 2024, 2024-2025,
// 2024—2025学年, 2024/25, 2024年.
func ParseYear(s string) (int64, bool) {
	if len(s) == 4 && AllDigits(s) {
		return ParseInt(s)
	}
	for _, w := range []string{"学年度", "学年", "年度", "年"} {
		s = strings.TrimSuffix(s, w)
	}
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(s, ".0")
	if len(s) < 4 || !AllDigits(s[:4]) {
		return 0, false
	}
	y, _ := ParseInt(s[:4])
	rest := strings.TrimLeft(s[4:], " -/~—–－年至到")
	switch {
	case s[4:] == "":
		return y, true
	case rest == s[4:]:
		return 0, false
	case len(rest) == 4 && AllDigits(rest):
		next, _ := ParseInt(rest)
		return y, next == y+1
	case len(rest) == 2 && AllDigits(rest):
		next, _ := ParseInt(rest)
		return y, next == (y+1)%100
	}
	return 0, false
}

// DateFault says why a date could not be read.
type DateFault int

// The reasons.
const (
	DateOK DateFault = iota
	DateBad
	DateNoDay
	DateImpossible
	DateAmbiguous
)

// ParseDate reads a date as yyyymmdd. number says that the cell was a number, so
// that a count of days is a date too.
func ParseDate(s string, kind Kind) (int64, DateFault) {
	if kind == Date || kind == Number {
		return numberDate(s, kind == Date)
	}
	if len(s) == 8 && AllDigits(s) {
		n, _ := ParseInt(s)
		return checkDate(n/10000, n/100%100, n%100)
	}
	if len(s) == 5 && AllDigits(s) { // a count of days that a spreadsheet left in a CSV
		n, _ := ParseInt(s)
		if d, ok := serialDate(float64(n)); ok && n >= 10000 {
			return d, DateOK
		}
		return 0, DateBad
	}
	if i := strings.IndexAny(s, " T"); i >= 8 {
		if strings.IndexByte(s[i:], ':') > 0 {
			s = s[:i]
		}
	}
	y, rest, ok := leadingInt(s)
	if !ok || rest == "" || y > 9999 {
		if ok && len(s) == 6 && AllDigits(s) {
			return 0, DateNoDay
		}
		return 0, DateBad
	}
	sep := rest
	m, rest, ok := leadingInt(skipSep(rest))
	if !ok {
		return 0, DateBad
	}
	after := skipSep(rest)
	d, tail, ok := leadingInt(after)
	if !ok {
		if after == "" && y >= 1000 {
			return 0, DateNoDay
		}
		return 0, DateBad
	}
	if tail = strings.TrimPrefix(strings.TrimSpace(tail), "日"); tail != "" || sep == rest {
		return 0, DateBad
	}
	if y < 1000 {
		if d >= 1000 {
			return 0, DateAmbiguous
		}
		return 0, DateBad
	}
	return checkDate(y, m, d)
}

// numberDate reads a workbook's number as a date: days since 1900 or yyyymmdd.
// Without a date style, small numbers are a year (2024) or a month (2024.9).
func numberDate(s string, styled bool) (int64, DateFault) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, DateBad
	}
	if f >= 17000101 && f < 30000000 && f == math.Trunc(f) {
		n := int64(f)
		return checkDate(n/10000, n/100%100, n%100)
	}
	if !styled && f < 2500 {
		if f >= 1800 {
			return 0, DateNoDay
		}
		return 0, DateBad
	}
	if d, ok := serialDate(f); ok && (styled || f < 80000) {
		return d, DateOK
	}
	return 0, DateBad
}

func leadingInt(s string) (int64, string, bool) {
	i := 0
	for i < len(s) && i < 8 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return 0, s, false
	}
	n, _ := ParseInt(s[:i])
	return n, s[i:], true
}

// skipSep drops one separator of a date with the spaces around it.
func skipSep(s string) string {
	s = strings.TrimLeft(s, " ")
	for _, sep := range []string{"-", "/", ".", "年", "月"} {
		if strings.HasPrefix(s, sep) {
			return strings.TrimLeft(s[len(sep):], " ")
		}
	}
	return s
}

func checkDate(y, m, d int64) (int64, DateFault) {
	if y < 1700 || y > 2999 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, DateImpossible
	}
	return y*10000 + m*100 + d, DateOK
}

func daysIn(y, m int64) int64 {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// serialDate turns a count of days in the 1900 system (with its 29 February
// 1900 that never was) into yyyymmdd.
func serialDate(f float64) (int64, bool) {
	if !(f >= 1 && f < 2958466) {
		return 0, false
	}
	n := int64(f)
	if n < 60 {
		n++
	}
	return civil(n - 25569), true // 25569 is 1970-01-01
}

// DateSerial is the inverse of the count of days; ok is false before March 1900.
func DateSerial(d int64) (int64, bool) {
	n := days(d/10000, d/100%100, d%100) + 25569
	return n, n >= 61 && n < 2958466
}

// civil and days convert between days since 1970-01-01 and yyyymmdd.
func civil(z int64) int64 {
	z += 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m, y := mp+3, yoe+era*400
	if m > 12 {
		m -= 12
		y++
	}
	return y*10000 + m*100 + d
}

func days(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ISODate writes yyyymmdd as yyyy-mm-dd.
func ISODate(d int64) string {
	b := [10]byte{4: '-', 7: '-'}
	y, m, dd := d/10000, d/100%100, d%100
	b[0], b[1], b[2], b[3] = byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10)
	b[5], b[6], b[8], b[9] = byte('0'+m/10), byte('0'+m%10), byte('0'+dd/10), byte('0'+dd%10)
	return string(b[:])
}
