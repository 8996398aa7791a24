package yamltree

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Decimal reads a decimal as written, exactly: "12.50" is 1250 with scale 2.
func Decimal(s string) (num int64, scale int, ok bool) {
	whole, frac, dot := strings.Cut(s, ".")
	if dot && frac == "" || strings.TrimLeft(whole, "+-") == "" || strings.ContainsAny(frac, "+-") {
		return 0, 0, false
	}
	num, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil || len(frac) > 12 {
		return 0, 0, false
	}
	return num, len(frac), true
}

// Scaled reads a decimal as written and scales it by 10^scale; ok is false if it
// is no decimal or has more digits behind the point than scale.
func Scaled(s string, scale int) (v int64, ok bool) {
	num, have, ok := Decimal(s)
	if !ok || have > scale {
		return 0, false
	}
	for ; have < scale; have++ {
		if num > math.MaxInt64/10 || num < math.MinInt64/10 {
			return 0, false
		}
		num *= 10
	}
	return num, true
}

// ISODate reads 2024-09-01 as 20240901.
func ISODate(s string) (int64, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day()), true
}

// Date reads what ISODate reads; anything else is a fault at the place, and 0.
func (l *Faults) Date(at Place, s string) int64 {
	d, ok := ISODate(s)
	if !ok {
		l.Add(at, "应为 2024-09-01 这样的日期，现为 %s", "a date such as 2024-09-01 is expected, not %s", s)
	}
	return d
}
