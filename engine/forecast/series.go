// Package forecast says how many children will come: a straight line through yearly
// figures (Linear), and forecasts of children by unit, grade and year from a series of
// counts (Run), each held against what it would have said in earlier years. It is
// pure: numbers in, numbers out. The method stands in docs/forecast.md.
package forecast

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"luoshu"
)

// Version is the version of the method; it stands on every result.
const Version = "3"

// Series is what was counted.
type Series struct {
	Grades  []string          // in order; the first is the entry grade
	Counts  []Count           // one a unit, year and grade; what a counted unit lacks is 0
	Areas   map[string]string // area of a unit; units without one share the area ""
	Breaks  []int             // years from which on it is counted differently: nothing is chained across
	Exclude []int             // years left out as if not counted
	Births  []Birth           // optional: children who come to the entry grade Lag years later
	Lag     int               // years from Births to the entry grade
	Recodes []Recode          // units that became others
	// KeepOutliers leaves years in that fell out of line and came back.
	KeepOutliers bool
}

// Count is how many children a grade of a unit had.
type Count struct {
	Unit     string
	Year     int
	Grade    string
	Children float64
	Row      int // row of the source for faults; 0 if there is none
}

// Birth is how many were born, or stood at an age, in an area in a year.
type Birth struct {
	Area     string
	Year     int
	Children float64
}

// Share is a part of something that goes to a unit or area.
type Share struct {
	To    string
	Share float64 // 0..1
}

// Recode says that a unit is counted under others from a year on: a split has several,
// a merger is two recodes with one and the same. What was counted before is counted
// under them by share; shares sum to 1.
type Recode struct {
	Year int
	From string
	To   []Share
}

// Note is something the engine found or did about a series: a rule, years or units it
// is about, and words.
type Note struct {
	Rule  string      `json:"rule"`
	Years []int       `json:"years,omitempty"`
	Units []string    `json:"units,omitempty"`
	Text  luoshu.Text `json:"text"`
}

const (
	mostInGrade = 100_000 // children in one grade of one unit: beyond any city
	firstYear   = 1900
	lastYear    = 2200
)

// Faults are what is wrong with the counts, one a cell; Row is that of the count.
// Warnings do not keep a series from being used.
func (s Series) Faults() []luoshu.Fault {
	var out []luoshu.Fault
	say := func(c Count, field, rule, grade, zh, en string, args ...any) {
		e := luoshu.Errorf(luoshu.Invalid, zh, en, args...)
		out = append(out, luoshu.Fault{Row: c.Row, Field: field, Rule: rule, Grade: grade, ZH: e.Msg.ZH, EN: e.Msg.EN})
	}
	type key struct {
		unit, grade string
		year        int
	}
	seen := map[key]int{}
	for _, c := range s.Counts {
		where := fmt.Sprintf("%s %d %s", c.Unit, c.Year, c.Grade)
		switch {
		case c.Unit == "":
			say(c, "unit", "required", "", "没有写单位。请填写。", "no unit is given; fill it in.")
		case c.Year < firstYear || c.Year > lastYear:
			say(c, "year", "range", "", "年份 %d 不在 %d–%d 之间。请改正。", "the year %d is not between %d and %d; correct it.", c.Year, firstYear, lastYear)
		case !slices.Contains(s.Grades, c.Grade):
			say(c, "grade", "list", "", "年级“%s”不在年级表里。请改正，或把它加进年级表。", "grade %q is not on the list of grades; correct it or add it to the list.", c.Grade)
		case math.IsNaN(c.Children) || math.IsInf(c.Children, 0):
			say(c, "count", "number", "", "%s：人数不是数。请改正。", "%s: the count is not a number; correct it.", where)
		case c.Children < 0:
			say(c, "count", "negative", "", "%s：人数 %v 是负数。请改正，没有人请填 0。", "%s: the count %v is negative; correct it, or write 0 for nobody.", where, c.Children)
		case c.Children > mostInGrade:
			say(c, "count", "impossible", "", "%s：一个年级 %v 人，超过 %d 人，不可能。请改正。", "%s: %v children in one grade is more than %d and cannot be; correct it.", where, c.Children, mostInGrade)
		default:
			k := key{c.Unit, c.Grade, c.Year}
			if first, twice := seen[k]; twice {
				say(c, "count", "duplicate", "", "%s：与第 %d 行重复。请删去一行；若按班级填报，请加上班级一列。", "%s: given before in row %d; delete one, or add the column of the class section.", where, first)
				continue
			}
			seen[k] = c.Row
		}
	}
	return out
}

// check refuses what cannot be used at all.
func (s Series) check() error {
	if len(s.Grades) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "没有年级。请按从低到高列出年级。", "there are no grades; list them from the lowest up.")
	}
	if len(s.Counts) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "没有人数。请给出至少三个学年的人数。", "there are no counts; give those of three years at least.")
	}
	if f := s.Faults(); len(f) > 0 {
		e := luoshu.Errorf(luoshu.Invalid, "序列有 %d 处错误。第一处（第 %d 行）：%s", "the series has %d faults. The first (row %d): %s",
			len(f), f[0].Row, luoshu.Text{ZH: f[0].ZH, EN: f[0].EN})
		e.Field = f[0].Field
		return e
	}
	for _, r := range s.Recodes {
		var sum float64
		for _, t := range r.To {
			if t.Share < 0 || t.To == "" || t.To == r.From {
				sum = nan()
			}
			sum += t.Share
		}
		if math.IsNaN(sum) || math.Abs(sum-1) > 1e-6 {
			return luoshu.Errorf(luoshu.Invalid, "“%s”%d 年改编后的份额之和应为 1，且不能归给自己。请改正。",
				"the shares of what %q became in %d must sum to 1, and none may be its own; correct them.", r.From, r.Year)
		}
	}
	for _, b := range s.Births {
		if !(b.Children >= 0) || math.IsInf(b.Children, 0) {
			return luoshu.Errorf(luoshu.Invalid, "%d 年的出生人数 %v 不能用。请改正。", "the births %[2]v of %[1]d cannot be used; correct them.", b.Year, b.Children)
		}
	}
	return nil
}

// recoded are the counts with units that became others counted under those.
func (s Series) recoded() []Count {
	list := slices.Clone(s.Recodes)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Year < list[j].Year })
	counts := s.Counts
	for _, r := range list {
		var next []Count
		for _, c := range counts {
			if c.Unit != r.From || c.Year >= r.Year {
				next = append(next, c)
				continue
			}
			for _, t := range r.To {
				d := c
				d.Unit, d.Children = t.To, c.Children*t.Share
				next = append(next, d)
			}
		}
		counts = next
	}
	return counts
}

// laid is a series laid out as a grid, with the names of its units and areas.
type laid struct {
	*grid
	units, areas []string
	notes        []Note
}

// lay makes the grid: years from first to last, segments at breaks and gaps.
func (s Series) lay() (*laid, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	counts := s.recoded()
	years, units, areas := map[int]bool{}, map[string]bool{}, map[string]bool{}
	from, to := counts[0].Year, counts[0].Year
	for _, c := range counts {
		years[c.Year], units[c.Unit], areas[s.Areas[c.Unit]] = true, true, true
		from, to = min(from, c.Year), max(to, c.Year)
	}
	out := &laid{units: sorted(units), areas: sorted(areas)}
	n := to - from + 1
	list, known, segment := make([]int, n), make([]bool, n), make([]int, n)
	out.grid = newGrid(list, known, segment, len(out.units), len(s.Grades))
	var gaps []int
	now := 0
	for i := range list {
		y := from + i
		list[i] = y
		known[i] = years[y] && !slices.Contains(s.Exclude, y)
		missing := !years[y] && !slices.Contains(s.Exclude, y)
		if missing {
			gaps = append(gaps, y)
		}
		if slices.Contains(s.Breaks, y) || missing && !(i > 0 && slices.Contains(gaps, y-1)) {
			now++
		}
		segment[i] = now
	}
	if len(gaps) > 0 {
		out.notes = append(out.notes, note("gap", gaps, nil, "缺 %s 年，前后不相连推算。", "the years %s are missing; nothing is chained across.", yearList(gaps)))
	}
	unit, area, grade := index(out.units), index(out.areas), index(s.Grades)
	for u, name := range out.units {
		out.area[u] = area[s.Areas[name]]
	}
	out.grid.areas = len(out.areas)
	for _, c := range counts {
		u, y := unit[c.Unit], c.Year-from
		out.has[u*n+y] = true
		out.row(u, y)[grade[c.Grade]] += c.Children
	}
	out.births(s, area, from)
	s.find(out)
	return out, nil
}

// births lays the births out by the year in which they come to the entry grade. Areas
// are the units of the grid above; births under no area are those of all.
func (l *laid) births(s Series, area map[string]int, from int) {
	if len(s.Births) == 0 {
		return
	}
	width := l.y + Furthest
	l.lag = s.Lag
	l.external = make([]float64, len(l.areas)*width)
	for i := range l.external {
		l.external[i] = nan()
	}
	for _, b := range s.Births {
		at := b.Year + s.Lag - from
		if at < 0 || at >= width {
			continue
		}
		switch a, ok := area[b.Area]; {
		case ok:
			l.external[a*width+at] = b.Children
		case len(l.areas) == 1:
			l.external[at] = b.Children
		case b.Area == "":
			if l.externalAll == nil {
				l.externalAll = slices.Repeat([]float64{nan()}, width)
			}
			l.externalAll[at] = b.Children
		}
	}
}

func note(rule string, years []int, units []string, zh, en string, args ...any) Note {
	return Note{Rule: rule, Years: years, Units: units, Text: luoshu.Errorf(luoshu.Invalid, zh, en, args...).Msg}
}

func index(names []string) map[string]int {
	out := make(map[string]int, len(names))
	for i, n := range names {
		out[n] = i
	}
	return out
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func yearList(years []int) string {
	out := ""
	for i, y := range years {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprint(y)
	}
	return out
}
