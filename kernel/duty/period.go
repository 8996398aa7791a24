package duty

import (
	"fmt"
	"time"
)

// Period is a stretch of time in which a duty is owed, both ends included. The key
// names it in marks.
type Period struct {
	Key      string
	Title    Text
	From, To int64
}

const once = "once"

func date(day int64) time.Time {
	return time.Date(int(day/10000), time.Month(day/100%100), int(day%100), 0, 0, 0, 0, time.UTC)
}

func dayOf(t time.Time) int64 {
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
}

func addDays(day int64, n int) int64   { return dayOf(date(day).AddDate(0, 0, n)) }
func addMonths(day int64, n int) int64 { return dayOf(date(day).AddDate(0, n, 0)) }

// isDay reports whether a number is a date of these centuries.
func isDay(day int64) bool {
	return day >= 19000101 && day <= 22001231 && dayOf(date(day)) == day
}

// daysBetween counts days from one to another, negative backwards.
func daysBetween(from, to int64) int { return int(date(to).Sub(date(from)).Hours() / 24) }

// at is the period of a recurring or standing duty in which a day lies. Periods of
// months begin at the file's anchor: before it there is none, and the first one is
// returned.
func (b *Book) at(d *Duty, on int64) Period {
	y, m := on/10000, on/100%100
	switch d.marked() {
	case HalfYear:
		if m <= 6 {
			return Period{fmt.Sprintf("%d-H1", y), Text{ZH: fmt.Sprintf("%d年上半年", y), EN: fmt.Sprintf("First half of %d", y)}, y*10000 + 101, y*10000 + 630}
		}
		return Period{fmt.Sprintf("%d-H2", y), Text{ZH: fmt.Sprintf("%d年下半年", y), EN: fmt.Sprintf("Second half of %d", y)}, y*10000 + 701, y*10000 + 1231}
	case Year:
		return yearPeriod(y)
	case CityYear:
		return b.cityYear(on)
	case Term:
		return b.term(d, on)
	case Month:
		from := y*10000 + m*100 + 1
		return Period{fmt.Sprintf("%d-%02d", y, m), Text{ZH: fmt.Sprintf("%d年%d月", y, m), EN: fmt.Sprintf("%d-%02d", y, m)}, from, addDays(addMonths(from, 1), -1)}
	}
	return b.months(d, on)
}

func yearPeriod(y int64) Period {
	return Period{fmt.Sprint(y), Text{ZH: fmt.Sprintf("%d年", y), EN: fmt.Sprint(y)}, y*10000 + 101, y*10000 + 1231}
}

// cityYear is the year as the city counts and writes it.
func (b *Book) cityYear(on int64) Period {
	first := int64(max(b.cat.City.YearStart, 1))*100 + 1
	y := on / 10000
	if on%10000 < first {
		y--
	}
	p := Period{Key: fmt.Sprintf("Y%d", y), From: y*10000 + first, To: addDays((y+1)*10000+first, -1)}
	p.Title = Text{ZH: fmt.Sprintf("%d—%d年度", y, y+1), EN: fmt.Sprintf("%d–%d", y, y+1)}
	return p
}

// term is the stretch from one start of a term to the next.
func (b *Book) term(d *Duty, on int64) Period {
	var from, next int64
	for y := on/10000 - 1; y <= on/10000+1; y++ {
		for _, id := range d.Of.Terms {
			mmdd, _, ok := b.number(id, on)
			if !ok {
				continue
			}
			start := y*10000 + mmdd
			if start <= on && start > from {
				from = start
			}
			if start > on && (next == 0 || start < next) {
				next = start
			}
		}
	}
	p := Period{Key: fmt.Sprintf("T%d", from), From: from, To: addDays(next, -1)}
	p.Title = Text{
		ZH: fmt.Sprintf("%d年%d月起的学期", from/10000, from/100%100), EN: fmt.Sprintf("Term from %d-%02d", from/10000, from/100%100),
	}
	return p
}

// months is a period whose length in months a parameter says.
func (b *Book) months(d *Duty, on int64) Period {
	from := d.Of.Anchor
	for {
		n, _, ok := b.number(d.marked(), from)
		if !ok || n < 1 {
			n = 12
		}
		next := addMonths(from, int(n))
		if on < next {
			return monthsPeriod(from, addDays(next, -1))
		}
		from = next
	}
}

func monthsPeriod(from, to int64) Period {
	if from%10000 == 101 && to == from/10000*10000+1231 {
		p := yearPeriod(from / 10000)
		p.Key = fmt.Sprintf("M%d", from)
		return p
	}
	a, b := fmt.Sprintf("%d-%02d", from/10000, from/100%100), fmt.Sprintf("%d-%02d", to/10000, to/100%100)
	return Period{fmt.Sprintf("M%d", from), Text{ZH: a + " 至 " + b, EN: a + " to " + b}, from, to}
}

// before is the period before one, false at the beginning.
func (b *Book) before(d *Duty, p Period) (Period, bool) {
	if p.From <= d.Of.From {
		return p, false
	}
	q := b.at(d, addDays(p.From, -1))
	return q, q.To >= d.Of.From && q.From < p.From
}

// single is the whole time of a duty with a deadline.
func (b *Book) single(d *Duty) Period {
	to := d.Due
	if d.DueParam != "" {
		to, _, _ = b.number(d.DueParam, d.Of.From)
	}
	return Period{Key: once, Title: Text{ZH: "一次", EN: "Once"}, From: min(d.Of.From, to), To: to}
}

// current is the period of a duty that a day lies in, or its first one.
func (b *Book) current(d *Duty, on int64) Period {
	if d.Kind == Deadline {
		return b.single(d)
	}
	return b.at(d, max(on, d.Of.From))
}

// find is the period of a key, false if the duty has none of it between its
// beginning and the period after a day.
func (b *Book) find(d *Duty, key string, on int64) (Period, bool) {
	p := b.current(d, on)
	if d.Kind == Deadline {
		return p, p.Key == key
	}
	if next := b.at(d, addDays(p.To, 1)); next.Key == key {
		return next, true
	}
	for ok := true; ok; p, ok = b.before(d, p) {
		if p.Key == key {
			return p, true
		}
	}
	return p, false
}
