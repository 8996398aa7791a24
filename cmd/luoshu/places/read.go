package places

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/sheet"
)

// columns are the headings that are understood, in lower case, with what they hold. Of
// several for one field the first on the list counts.
var columns = map[string][]string{
	"year":    {"fall_year", "year", "school_year", "school year", "schoolyear", "academic_year", "academic year", "学年", "年份", "年度", "入学年份"},
	"unit":    {"dbn", "unit", "unit_code", "school_code", "school_id", "campus_code", "学校代码", "单位代码", "学校标识码", "school", "campus", "学校", "单位", "园所", "校名", "学校名称", "单位名称", "school_name", "name"},
	"grade":   {"grade", "grade_level", "年级", "年级名称"},
	"count":   {"students", "count", "children", "pupils", "enrolment", "enrollment", "persons", "n", "人数", "学生数", "学生人数", "在校生", "在校生数", "在校学生数", "幼儿数", "在园幼儿数"},
	"section": {"section", "class", "class_section", "班", "班级", "班号"},
	"area":    {"area", "district", "county", "region", "区域", "区县", "县区", "县（区）", "片区", "乡镇", "街道"},
	"block":   {"block", "口径", "统计口径", "区段"},
	"births":  {"births", "birth", "born", "出生人数", "出生人口", "出生数", "新生儿"},
}

// heading is the text of a heading as the list has it.
func heading(c sheet.Cell) string {
	return strings.ToLower(strings.TrimRight(sheet.Tidy(c.Display()), "*＊"))
}

var (
	numbered = regexp.MustCompile(`^(?:g|gr|grade|y|year ?|p)? ?_?([0-9]{1,2})(?:年级|th|st|nd|rd)?(?: ?grade)?$`)
	chinese  = []string{"一", "二", "三", "四", "五", "六", "七", "八", "九"}
)

// step is where a grade stands on the ladder; false if its name does not tell.
func step(name string) (int, bool) {
	s := strings.ToLower(strings.TrimSpace(name))
	switch s {
	case "托班", "pk2":
		return -3, true
	case "小班", "pk3", "3k":
		return -2, true
	case "中班", "pk", "pre-k", "prek", "pk4", "pre_k":
		return -1, true
	case "大班", "k", "kg", "kindergarten", "0k":
		return 0, true
	}
	for i, c := range chinese {
		switch {
		case s == c+"年级":
			return i + 1, true
		case i < 3 && (s == "初"+c || s == "初中"+c+"年级"):
			return i + 7, true
		case i < 3 && (s == "高"+c || s == "高中"+c+"年级"):
			return i + 10, true
		}
	}
	if m := numbered.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n, n >= 1 && n <= 13
	}
	return 0, false
}

// table is a series as a file held it.
type table struct {
	series forecast.Series
	faults []luoshu.Fault
	notes  []forecast.Note
	years  []int
	units  int
}

type row struct {
	n     int
	cells map[string]string
}

// grid is a CSV cut into rows below its headings.
type grid struct {
	heads []string
	rows  []row
}

// readCSV reads a CSV whatever its encoding and separator; ok says whether a row holds
// the headings.
func readCSV(f sheet.File, ok func(heads []string) bool) (*grid, error) {
	s, begin, err := sheet.SniffCSV(f)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for _, sep := range []byte{',', '\t', ';'} {
		for _, r := range s.Preview(begin, sep) {
			heads := make([]string, len(r.Cells))
			for i, c := range r.Cells {
				heads[i] = heading(c)
			}
			if ok(heads) {
				s.Sep = sep
				return fill(s, r.N, heads)
			}
		}
	}
	return nil, nil
}

const mostRows = 2_000_000

func fill(s *sheet.CSV, at int, heads []string) (*grid, error) {
	g := &grid{heads: heads}
	line := 0
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		if err != nil {
			return nil, err
		}
		for c := b.Split(); ; {
			r, more := c.Row()
			if !more {
				break
			}
			if line++; line <= at || r.Blank() {
				continue
			}
			if len(g.rows) == mostRows {
				return nil, sheet.Blocked("rows", "超过 %d 行。请分成几个文件。", "more than %d rows; split the file.", mostRows)
			}
			x := row{n: line, cells: make(map[string]string, len(heads))}
			for i, h := range heads {
				if i < len(r.Cells) && h != "" {
					if _, twice := x.cells[h]; !twice {
						x.cells[h] = strings.TrimSpace(r.Cells[i].Display())
					}
				}
			}
			g.rows = append(g.rows, x)
		}
	}
}

// place is the heading of a field, "" if there is none.
func place(field string, heads []string) string {
	for _, name := range columns[field] {
		if slices.Contains(heads, name) {
			return name
		}
	}
	return ""
}

// ladder are the headings that are grades.
func ladder(heads []string) []string {
	var out []string
	for _, h := range heads {
		if _, ok := step(h); ok && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// layout says where what stands.
type layout struct {
	year, unit, grade, count, section, area, block string
	grades                                         []string // wide: one column each
}

// readSeries reads counts, long or wide. area is the heading of the area, "" to look
// for a usual one; grades is the ladder from the lowest up, nil to take it from the
// names.
func readSeries(f sheet.File, area string, grades []string) (*table, error) {
	g, err := readCSV(f, func(heads []string) bool {
		return place("year", heads) != "" && place("unit", heads) != "" &&
			(place("grade", heads) != "" && place("count", heads) != "" || len(ladder(heads)) >= 2)
	})
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, sheet.Blocked("header-missing",
			"没有找到标题行。长表要有 学年、学校、年级、人数 四列；宽表要有 学年、学校 和各年级的列（如 小班、中班、大班 或 1、2、…、9）。",
			"no headings were found. A long table has the columns year, school, grade, students; a wide one has year, school and a column a grade (such as pk, k, g1 … or 1 … 9).")
	}
	l := layout{year: place("year", g.heads), unit: place("unit", g.heads), grade: place("grade", g.heads), count: place("count", g.heads), section: place("section", g.heads), block: place("block", g.heads)}
	if l.grade == "" || l.count == "" {
		l.grade, l.count, l.section, l.grades = "", "", "", ladder(g.heads)
	}
	if l.area = place("area", g.heads); area != "" {
		if l.area = strings.ToLower(area); !slices.Contains(g.heads, l.area) {
			return nil, sheet.Blocked("area-column", "没有“%s”这一列。请改正 --area。", "there is no column %q; correct --area.", area)
		}
	}
	t := &table{}
	t.take(f.Name, g, l)
	return t, t.order(grades)
}

// take turns rows into counts and faults.
func (t *table) take(file string, g *grid, l layout) {
	b := &builder{t: t, file: file, areas: map[string]string{}, last: map[string]int{}, sums: map[cell]float64{}, row: map[cell]int{}, seen: map[cell]int{}, spoilt: map[[2]string]bool{}, blocks: map[int]string{}, moved: map[string]bool{}}
	for _, r := range g.rows {
		b.add(r, l)
	}
	b.finish()
}

type cell struct{ unit, year, grade, section string }

// builder sums sections into counts.
type builder struct {
	t      *table
	file   string
	areas  map[string]string
	last   map[string]int // year the area of a unit is of
	sums   map[cell]float64
	row    map[cell]int
	seen   map[cell]int
	spoilt map[[2]string]bool // unit and year with a fault
	blocks map[int]string
	moved  map[string]bool
}

func (b *builder) fault(row int, field, rule, zh, en string, args ...any) {
	e := luoshu.Errorf(luoshu.Invalid, zh, en, args...)
	b.t.faults = append(b.t.faults, luoshu.Fault{File: b.file, Row: row, Field: field, Rule: rule, ZH: e.Msg.ZH, EN: e.Msg.EN})
}

var yearForm = regexp.MustCompile(`^([0-9]{4})(?:\.0)?(?:\s*[-/–—~至]\s*[0-9]{2,4})?\s*(?:学年|年)?(?:度)?$`)

func (b *builder) add(r row, l layout) {
	unit := r.cells[l.unit]
	m := yearForm.FindStringSubmatch(r.cells[l.year])
	switch {
	case unit == "":
		b.fault(r.n, l.unit, "required", "没有写学校。请填写。", "no school is given; fill it in.")
		return
	case m == nil:
		b.fault(r.n, l.year, "year", "“%s”不是学年。请写成 2023 或 2023-2024。", "%q is no school year; write 2023 or 2023-2024.", r.cells[l.year])
		return
	}
	year, _ := strconv.Atoi(m[1])
	if a := r.cells[l.area]; l.area != "" {
		if old, ok := b.areas[unit]; ok && old != a {
			b.moved[unit] = true
		}
		if year >= b.last[unit] {
			b.areas[unit], b.last[unit] = a, year
		}
	}
	if l.block != "" {
		if old, ok := b.blocks[year]; ok && old != r.cells[l.block] {
			b.fault(r.n, l.block, "block", "同一学年 %d 写了两种口径“%s”“%s”。请统一。", "the year %d has two blocks, %q and %q; make them one.", year, old, r.cells[l.block])
		} else {
			b.blocks[year] = r.cells[l.block]
		}
	}
	if l.grade != "" {
		b.count(r, cell{unit, m[1], r.cells[l.grade], r.cells[l.section]}, l.count)
		return
	}
	any := false
	for _, g := range l.grades {
		any = any || r.cells[g] != ""
	}
	if !any {
		b.fault(r.n, l.grades[0], "required", "这一行没有任何年级的人数。请填写，没有人请填 0。", "the row has no count in any grade; fill it in, 0 for nobody.")
		return
	}
	for _, g := range l.grades {
		if r.cells[g] != "" {
			b.count(r, cell{unit, m[1], g, ""}, g)
		}
	}
}

func (b *builder) count(r row, c cell, field string) {
	bad := func(rule, zh, en string, args ...any) {
		b.fault(r.n, field, rule, zh, en, args...)
		b.spoilt[[2]string{c.unit, c.year}] = true
	}
	text := r.cells[field]
	v, err := strconv.ParseFloat(strings.ReplaceAll(strings.ReplaceAll(text, ",", ""), "，", ""), 64)
	year, _ := strconv.Atoi(c.year)
	switch first, twice := b.seen[c]; {
	case c.grade == "":
		bad("required", "没有写年级。请填写。", "no grade is given; fill it in.")
	case err != nil:
		bad("number", "“%s”不是人数。请填整数，没有人请填 0；被隐去的小数请补上。", "%q is no count; write a whole number, 0 for nobody; fill in what was suppressed.", text)
	case twice:
		b.fault(r.n, field, "duplicate", "%s %s 年 %s 与第 %d 行重复，本行不用。请删去一行；若按班级填报，请加上“班级”一列。", "%s %s %s is given in row %d already; this row is not used. Delete one, or add a column “section”.", c.unit, c.year, c.grade, first)
	default:
		one := forecast.Series{Grades: []string{c.grade}, Counts: []forecast.Count{{Unit: c.unit, Year: year, Grade: c.grade, Children: v, Row: r.n}}}
		if f := one.Faults(); len(f) > 0 {
			f[0].File, f[0].Field = b.file, field
			b.t.faults = append(b.t.faults, f[0])
			b.spoilt[[2]string{c.unit, c.year}] = true
			return
		}
		b.seen[c] = r.n
		whole := c
		whole.section = ""
		b.sums[whole] += v
		if b.row[whole] == 0 {
			b.row[whole] = r.n
		}
	}
}

func (b *builder) finish() {
	keys := slices.SortedFunc(maps.Keys(b.sums), func(x, y cell) int { return b.row[x] - b.row[y] })
	slices.SortStableFunc(keys, func(x, y cell) int {
		return strings.Compare(x.unit+"\x00"+x.year+"\x00"+x.grade, y.unit+"\x00"+y.year+"\x00"+y.grade)
	})
	units, years := map[string]bool{}, map[int]bool{}
	for _, c := range keys {
		if b.spoilt[[2]string{c.unit, c.year}] {
			continue
		}
		y, _ := strconv.Atoi(c.year)
		units[c.unit], years[y] = true, true
		b.t.series.Counts = append(b.t.series.Counts, forecast.Count{Unit: c.unit, Year: y, Grade: c.grade, Children: b.sums[c], Row: b.row[c]})
	}
	b.t.units, b.t.years = len(units), slices.Sorted(maps.Keys(years))
	b.t.series.Areas = b.areas
	if n := len(b.spoilt); n > 0 {
		b.t.note("left-out", nil, nil, fmt.Sprintf("有错的 %d 个“学校×学年”整个不用。", n), fmt.Sprintf("%d school years with faults are left out whole.", n))
	}
	if len(b.moved) > 0 {
		b.t.note("area-changed", nil, slices.Sorted(maps.Keys(b.moved)), "有学校换过区域，一律按最近一年的区域统计。", "schools changed area; all their years are counted in the area of the last.")
	}
	for i, y := range b.t.years {
		if i > 0 && b.blocks[y] != b.blocks[b.t.years[i-1]] {
			b.t.series.Breaks = append(b.t.series.Breaks, y)
		}
	}
	if len(b.t.series.Breaks) > 0 {
		b.t.note("block", b.t.series.Breaks, nil, "这些年起换了统计口径，前后不相连推算。", "from these years on another block begins; nothing is chained across.")
	}
}

func (t *table) note(rule string, years []int, units []string, zh, en string) {
	t.notes = append(t.notes, forecast.Note{Rule: rule, Years: years, Units: units, Text: luoshu.Text{ZH: zh, EN: en}})
}

// order finds the ladder of grades.
func (t *table) order(given []string) error {
	seen := map[string]bool{}
	for _, c := range t.series.Counts {
		seen[c.Grade] = true
	}
	names := slices.Sorted(maps.Keys(seen))
	if len(given) > 0 {
		for _, n := range names {
			if !slices.Contains(given, n) {
				return sheet.Blocked("grades", "年级“%s”不在 --grades 里。请补上。", "grade %q is not on --grades; add it.", n)
			}
		}
		t.series.Grades = given
		return nil
	}
	at := map[string]int{}
	taken := map[int]string{}
	for _, n := range names {
		s, ok := step(n)
		if other, twice := taken[s]; !ok || twice {
			return sheet.Blocked("grades", "看不出年级“%s”的先后%s。请用 --grades 从低到高列出。", "where grade %q stands cannot be told%s; list the grades from the lowest up by --grades.", n, map[bool]string{true: " (" + other + ")"}[twice])
		}
		at[n], taken[s] = s, n
	}
	slices.SortFunc(names, func(a, b string) int { return at[a] - at[b] })
	t.series.Grades = names
	return nil
}

// usualLag is how old children are, in whole years from the year of birth, who come to
// a grade that stands so on the ladder.
func usualLag(grade string) (int, bool) {
	s, ok := step(grade)
	return s + 5, ok && s+5 >= 0
}

// readBirths reads births by year, and by area if there is such a column.
func readBirths(f sheet.File) ([]forecast.Birth, []luoshu.Fault, error) {
	value := func(heads []string) string {
		if h := place("births", heads); h != "" {
			return h
		}
		return place("count", heads)
	}
	g, err := readCSV(f, func(heads []string) bool { return place("year", heads) != "" && value(heads) != "" })
	if err != nil {
		return nil, nil, err
	}
	if g == nil {
		return nil, nil, sheet.Blocked("header-missing", "出生人数表没有标题行：要有 年份、出生人数 两列，可有 区域。", "the births have no headings: the columns year and births are needed, area is optional.")
	}
	t := &table{}
	b := &builder{t: t, file: f.Name}
	year, count, area := place("year", g.heads), value(g.heads), place("area", g.heads)
	var out []forecast.Birth
	for _, r := range g.rows {
		m := yearForm.FindStringSubmatch(r.cells[year])
		v, err := strconv.ParseFloat(strings.ReplaceAll(r.cells[count], ",", ""), 64)
		switch {
		case m == nil:
			b.fault(r.n, year, "year", "“%s”不是年份。请写成 2023。", "%q is no year; write 2023.", r.cells[year])
		case err != nil || !(v >= 0) || v > 1e8:
			b.fault(r.n, count, "number", "“%s”不是出生人数。请改正。", "%q is no number of births; correct it.", r.cells[count])
		default:
			y, _ := strconv.Atoi(m[1])
			out = append(out, forecast.Birth{Area: r.cells[area], Year: y, Children: v})
		}
	}
	return out, t.faults, nil
}
