package disclose

import (
	"strconv"
	"strings"
	"time"
)

// yearIn puts a year, and the next one, into a form with one or two %d.
func yearIn(form string, y int) string {
	form = strings.Replace(form, "%d", strconv.Itoa(y), 1)
	return strings.Replace(form, "%d", strconv.Itoa(y+1), 1)
}

// dayOf is a moment as yyyymmdd.
func dayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// monthsBefore is the day some months before a day, both yyyymmdd.
func monthsBefore(day int64, months int) int64 {
	t := time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
	return dayOf(t.AddDate(0, -months, 0))
}

// dayOfStamp is the day of an RFC 3339 moment, 0 if it cannot be read.
func dayOfStamp(s string) int64 {
	if len(s) < 10 {
		return 0
	}
	t, err := time.Parse("2006-01-02", s[:10])
	if err != nil {
		return 0
	}
	return dayOf(t)
}
