package guard

import (
	"strconv"
	"strings"
	"time"
)

// YearIn puts a year, and the next one, into a form with one or two %d.
func YearIn(form string, y int) string {
	form = strings.Replace(form, "%d", strconv.Itoa(y), 1)
	return strings.Replace(form, "%d", strconv.Itoa(y+1), 1)
}

// DayOf is a moment as yyyymmdd.
func DayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// MonthsBefore is the day some months before a day, both yyyymmdd.
func MonthsBefore(day int64, months int) int64 {
	t := time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
	return DayOf(t.AddDate(0, -months, 0))
}
