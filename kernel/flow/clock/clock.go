// Package clock says when a state's time is over and how much of it is left: in days
// worked, days as they come, or hours. It is pure; what is done about it is flow's.
package clock

import (
	"time"

	"luoshu/kernel/workday"
)

// Unit is what a clock counts in.
type Unit int

// The units. Hours run through nights, weekends and holidays.
const (
	Worked Unit = iota
	Days
	Hours
)

// Reading is how a clock stands at a moment, in its unit. A day or hour that has
// begun counts as left; only whole ones count as late.
type Reading struct {
	Over       bool
	Left, Late int64
}

// Clock counts by the calendar of a city, nil for weekends alone.
type Clock struct{ *workday.Calendar }

// Day is the day of a moment as yyyymmdd, where the moment is.
func Day(t time.Time) int64 {
	y, m, d := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// Date is the beginning of a day, in UTC.
func Date(day int64) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}

// End is when a time of n that begins at a moment is over: the last day, and for hours
// the moment in seconds since 1970 as well, otherwise 0.
func (c Clock) End(u Unit, from time.Time, n int64) (day, at int64) {
	if u == Hours {
		end := from.Add(time.Duration(n) * time.Hour)
		return Day(end), end.Unix()
	}
	return c.Later(Day(from), n, u), 0
}

// Later is so many days after a day.
func (c Clock) Later(day, n int64, u Unit) int64 {
	if u == Worked {
		return c.Add(day, int(n))
	}
	return Day(Date(day).AddDate(0, 0, int(n)))
}

// Read holds the end of a time, as End gave it, against a moment.
func (c Clock) Read(u Unit, day, at int64, now time.Time) Reading {
	if u == Hours && at != 0 {
		s := now.Unix()
		if s > at {
			return Reading{Over: true, Late: (s - at) / 3600}
		}
		return Reading{Left: (at - s + 3599) / 3600}
	}
	today := Day(now)
	if today > day {
		return Reading{Over: true, Late: c.passed(day, today, u)}
	}
	return Reading{Left: c.passed(today, day, u)}
}

func (c Clock) passed(from, to int64, u Unit) int64 {
	if u == Worked {
		return int64(c.Between(from, to))
	}
	return int64(Date(to).Sub(Date(from)).Hours()) / 24
}
