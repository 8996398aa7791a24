package demo

import (
	"fmt"
	"path/filepath"
)

// sheet is one file that an office hands in.
type sheet struct {
	entity, unit, path string
	year               int
	attested           int64
	rows               int64
	closed             bool
}

// office writes the sheets of one county, and those of the schools that the city
// bureau runs on its land.
type office struct {
	dir      string
	c        *county
	heads    map[string][]heading
	attested int64
	open     map[string]*table
	made     []sheet
}

// unit names who hands in the rows of a school.
func (f *office) unit(managing string) string {
	if f.c == nil {
		return "410300"
	}
	if managing != f.c.code {
		return managing + "-" + f.c.code
	}
	return f.c.code
}

// table returns the sheet of an entity and year for the body that runs a school,
// opening it when the first row comes.
func (f *office) table(entity string, year int, managing string) (*table, error) {
	unit := f.unit(managing)
	key := entity + unit
	if t := f.open[key]; t != nil {
		return t, nil
	}
	st := style{date: '-'}
	name := "洛阳市"
	if f.c != nil && managing == f.c.code {
		st, name = f.c.st, f.c.name
	}
	ext := ".csv"
	if st.xlsx && (entity == "school" || entity == "staff") {
		ext = ".xlsx"
	}
	file := fmt.Sprintf("%s_%d_%s_合成数据%s", entity, year, unit, ext)
	title := fmt.Sprintf("%s%d学年%s（合成数据，不涉及任何真实的人和学校）", name, year, entityTitle[entity])
	t, err := openTable(filepath.Join(f.dir, file), st, title, f.heads[entity])
	if err != nil {
		return nil, err
	}
	att := f.attested
	if f.c != nil && f.c.unattested && managing == f.c.code {
		att = 0
	}
	f.open[key] = t
	f.made = append(f.made, sheet{entity: entity, unit: unit, path: file, year: year, attested: att})
	return t, nil
}

var entityTitle = map[string]string{"school": "学校名册", "staff": "教职工名册"}

// closeAll finishes every open sheet.
func (f *office) closeAll() error {
	var first error
	for i := range f.made {
		key := f.made[i].entity + f.made[i].unit
		t := f.open[key]
		if t == nil || f.made[i].closed {
			continue
		}
		f.made[i].rows, f.made[i].closed = t.rows, true
		delete(f.open, key)
		if err := t.done(); err != nil && first == nil {
			first = fmt.Errorf("%s: %w", f.made[i].path, err)
		}
	}
	return first
}
