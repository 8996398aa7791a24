package linkage

import (
	"slices"
	"time"
)

// packDate reads yyyymmdd with or without separators; 0 is no value. An impossible
// day is kept, since a swapped or mistyped date still says something; a value that
// has no eight digits is none.
func packDate(s string) int32 {
	v, n := int32(0), 0
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			if n == 8 {
				return 0
			}
			v = v*10 + int32(c-'0')
			n++
		}
	}
	if n != 8 {
		return 0
	}
	return v
}

func validDate(d int32) bool {
	y, m, day := int(d/10000), int(d/100%100), int(d%100)
	return y >= 1850 && y <= 2150 && m >= 1 && m <= 12 && day >= 1 && day <= daysIn(y, m)
}

func daysIn(y, m int) int { return time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// compareDates is the level of two dates, each with the birth date in its record's
// identity number (0 if there is none).
func compareDates(a, b, idA, idB int32) uint8 {
	switch {
	case a == b:
		return 1
	case idA != 0 && idA == b, idB != 0 && idB == a:
		return 2
	case isLunarOf(a, b), isLunarOf(b, a):
		return 3
	}
	ya, yb := a/10000, b/10000
	ma, mb, da, db := a/100%100, b/100%100, a%100, b%100
	var x, y [8]byte
	dateDigits(a, &x)
	dateDigits(b, &y)
	switch {
	case ya == yb && ma == db && da == mb:
		return 4
	case substituted(x[:], y[:]) == 1, transposed(x[:], y[:]):
		return 5
	case ya == yb && ma == mb, ma == mb && da == db:
		return 6
	}
	return 7
}

func dateDigits(d int32, b *[8]byte) {
	for i := 7; i >= 0; i-- {
		b[i] = byte(d % 10)
		d /= 10
	}
}

// sortedDigits is the date with its digits in ascending order.
func sortedDigits(d int32) uint64 {
	var b [8]byte
	dateDigits(d, &b)
	slices.Sort(b[:])
	v := uint64(1)
	for _, c := range b {
		v = v*10 + uint64(c)
	}
	return v
}

// isLunarOf reports whether lunar is the date of the farmers' calendar that falls
// on solar, written down as if it were a date of the civil calendar.
func isLunarOf(lunar, solar int32) bool {
	if d := solar - lunar; d < 0 || d > 20000 || !validDate(solar) { // the lunar date is the earlier one
		return false
	}
	y, m, d, _, ok := Lunar(int(solar/10000), int(solar/100%100), int(solar%100))
	return ok && lunar == int32(y*10000+m*100+d)
}
