// Package workday counts working days by the calendar that packs bring
// (calendar.yaml): weekends, days off, and weekend days worked instead. It is the
// only one to say which days are worked. Days are yyyymmdd. A year that no pack
// speaks of is counted by weekends; Known and Sure say so.
package workday

import (
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
)

// farthest bounds how many working days are counted from a day: 40 years.
const farthest = 10000

// Calendar says which days are worked. It never changes; the nil Calendar knows
// weekends only.
type Calendar struct {
	// Notices are what the packs say of each year, in the order of the years.
	Notices []*Notice

	weekend [7]bool // by time.Weekday
	years   map[int]*Notice
	off     map[int64]*Break
	work    map[int64]bool
}

// Notice is what was announced for a year.
type Notice struct {
	Year   int
	Number string // of the notice
	Basis  []catalog.Source
	Off    []*Break
	Work   []int64 // weekend days that are worked
}

// Break is a run of days off, both ends included.
type Break struct {
	Title    luoshu.Text
	From, To int64
}

// Known reports whether a pack says what is worked in the year.
func (c *Calendar) Known(year int) bool { return c != nil && c.years[year] != nil }

// Sure reports whether every year from one day through another is known, so that
// what is counted between them does not rest on weekends alone.
func (c *Calendar) Sure(from, to int64) bool {
	if from > to {
		from, to = to, from
	}
	for y := from / 10000; y <= to/10000; y++ {
		if !c.Known(int(y)) {
			return false
		}
	}
	return true
}

// Is reports whether the day is worked.
func (c *Calendar) Is(day int64) bool { return c.works(date(day)) }

func (c *Calendar) works(t time.Time) bool {
	if c == nil {
		return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
	}
	d := yyyymmdd(t)
	if c.work[d] {
		return true
	}
	return c.off[d] == nil && !c.weekend[t.Weekday()]
}

// Off returns the break in which a day lies, nil if none.
func (c *Calendar) Off(day int64) *Break {
	if c == nil {
		return nil
	}
	return c.off[day]
}

// Weekend reports whether a day is of the weekend, worked or not.
func (c *Calendar) Weekend(day int64) bool {
	w := date(day).Weekday()
	if c == nil {
		return w == time.Saturday || w == time.Sunday
	}
	return c.weekend[w]
}

// Add returns the nth working day after a day, which itself is not counted; with a
// negative n the nth before it. Add(day, 0) is First(day). n is cut to ±10,000.
func (c *Calendar) Add(day int64, n int) int64 {
	if n == 0 {
		return c.First(day)
	}
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	t := date(day)
	for n = min(n, farthest); n > 0; {
		if t = t.AddDate(0, 0, step); c.works(t) {
			n--
		}
	}
	return yyyymmdd(t)
}

// First returns the first working day on or after a day: where a deadline that
// falls on a day off ends.
func (c *Calendar) First(day int64) int64 {
	t := date(day)
	for range farthest {
		if c.works(t) {
			break
		}
		t = t.AddDate(0, 0, 1)
	}
	return yyyymmdd(t)
}

// Between counts the working days after from, through to; negative when to lies
// before from. Between(d, Add(d, n)) is n.
func (c *Calendar) Between(from, to int64) int {
	if to < from {
		return -c.Between(to, from)
	}
	n, t := 0, date(from)
	for end := date(to); t.Before(end); {
		if t = t.AddDate(0, 0, 1); c.works(t) {
			n++
		}
	}
	return n
}

// date reads yyyymmdd; days beyond a month's end run on into the next.
func date(day int64) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}

func yyyymmdd(t time.Time) int64 {
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
}

// days calls each for every day of a break.
func (b *Break) days(each func(day int64)) {
	for t, end := date(b.From), date(b.To); !t.After(end); t = t.AddDate(0, 0, 1) {
		each(yyyymmdd(t))
	}
}

// sorted puts the notices in the order of their years.
func (c *Calendar) sorted() {
	slices.SortFunc(c.Notices, func(a, b *Notice) int { return a.Year - b.Year })
}
