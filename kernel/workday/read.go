package workday

import (
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// File is the name of the files that Load reads.
const File = "calendar.yaml"

// longest is how many days a break may have.
const longest = 31

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Load reads the calendars of a catalog's packs into one. A later pack adds years;
// a year said twice is a fault. Faults come back all at once; the Calendar is
// always usable and counts by weekends what it does not know.
func Load(cat *catalog.Catalog) (*Calendar, []yamltree.Fault) {
	var faults yamltree.Faults
	c := &Calendar{years: map[int]*Notice{}, off: map[int64]*Break{}, work: map[int64]bool{}}
	c.weekend[0], c.weekend[6] = true, true
	said := false
	for _, f := range cat.Charters {
		if f.Name != File {
			continue
		}
		v := yamltree.Parse(&faults, f.File, f.Data)
		if !v.Given() {
			continue
		}
		o := v.Object()
		if w := c.readWeekend(o.Must("weekend")); said && w != c.weekend {
			o.Get("weekend").Fault("周末与另一个包所说不同", "another pack says another weekend")
		} else {
			c.weekend, said = w, true
		}
		for _, x := range o.Must("years").Items() {
			c.year(x.Object())
		}
		o.Done()
	}
	c.sorted()
	return c, faults.Sorted()
}

func (c *Calendar) readWeekend(v yamltree.Item) (out [7]bool) {
	n := 0
	for _, x := range v.Items() {
		if at := slices.Index(weekdays, x.OneOf(weekdays...)); at >= 0 {
			out[at] = true
			n++
		}
	}
	if v.Given() && (n == 0 || n > 3) {
		v.Fault("周末应有一至三天", "a weekend has one to three days")
	}
	return out
}

func (c *Calendar) year(o *yamltree.Object) {
	n := &Notice{Year: int(o.Must("year").Whole(1900, 2200)), Number: o.Full("number")}
	for _, x := range o.Must("basis").Items() {
		b := x.Object()
		n.Basis = append(n.Basis, catalog.Source{Text: b.Words(), Ref: b.Full("ref"), Certainty: b.Must("certainty").OneOf("A", "B", "D", "M")})
		b.Done()
	}
	if b := o.Get("basis"); b.Given() && len(n.Basis) == 0 {
		b.Fault("至少要有一个来源", "at least one source is needed")
	}
	if n.Year != 0 && c.years[n.Year] != nil {
		o.Get("year").Fault("%d 年写了两次", "the year %d stands twice", n.Year)
	}
	for _, x := range o.Must("off").Items() {
		c.pause(n, x.Object())
	}
	for _, x := range o.Must("work").Items() {
		c.instead(n, x)
	}
	o.Done()
	c.Notices = append(c.Notices, n)
	c.years[n.Year] = n
}

func (c *Calendar) pause(n *Notice, o *yamltree.Object) {
	b := &Break{Title: o.Title("title", true), From: o.Must("from").Date(), To: o.Must("to").Date()}
	o.Done()
	if b.From == 0 || b.To == 0 {
		return
	}
	first, last := date(b.From), date(b.To)
	if last.Before(first) || last.Sub(first).Hours() >= longest*24 {
		o.Get("to").Fault("放假应从 from 至 to，不超过 %d 天", "a break runs from its first to its last day, %d days at most", longest)
		return
	}
	if !n.holds(b.From) || !n.holds(b.To) {
		o.Get("from").Fault("放假日期不在 %d 年（可自上年十二月起）", "the break does not lie in %d (it may begin in the December before)", n.Year)
		return
	}
	b.days(func(d int64) {
		if c.off[d] != nil || c.work[d] {
			o.Get("from").Fault("%d 写了两次", "%d stands twice", d)
		}
		c.off[d] = b
	})
	n.Off = append(n.Off, b)
}

func (c *Calendar) instead(n *Notice, x yamltree.Item) {
	d := x.Date()
	switch {
	case d == 0:
		return
	case !n.holds(d):
		x.Fault("上班日不在 %d 年（可自上年十二月起）", "the day worked does not lie in %d (it may lie in the December before)", n.Year)
	case c.off[d] != nil || c.work[d]:
		x.Fault("%d 写了两次", "%d stands twice", d)
	case !c.weekend[date(d).Weekday()]:
		x.Fault("%d 不是周末，本来就上班", "%d is no day of the weekend and is worked anyway", d)
	default:
		c.work[d] = true
		n.Work = append(n.Work, d)
	}
}

// holds reports whether a day lies in the year or in the December before it.
func (n *Notice) holds(day int64) bool {
	return int(day/10000) == n.Year || int(day/100) == (n.Year-1)*100+12
}
