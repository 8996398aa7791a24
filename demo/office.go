package demo

import (
	"fmt"
	"path/filepath"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// handIn is one file that an office hands in.
type handIn struct {
	entity, unit, path string
	year               int
	attested           int64
	rows               int64
	closed             bool
}

// office writes the sheets of one county, and those of the schools that the city
// bureau or a zone runs on its land.
type office struct {
	dir      string
	c        *source.County // nil for the city bureau itself
	heads    map[string][]sheet.Heading
	attested int64
	open     map[string]*sheet.Table
	made     []handIn
}

// styleOf says how a county's office writes. Most use UTF-8; three still write
// GBK with dates of their own, two put a mark before UTF-8, one uses English
// headings, and Luanchuan keeps its small registers in workbooks.
func styleOf(code string) sheet.Style {
	switch code {
	case "410323", "410327":
		return sheet.Style{Date: '-', BOM: true}
	case "410325", "410326":
		return sheet.Style{Date: '/', GBK: true}
	case "410329":
		return sheet.Style{GBK: true}
	case "410371":
		return sheet.Style{Date: '-', English: true}
	}
	return sheet.Style{Date: '-'}
}

// confirmed is false for the two counties whose sheets came without a
// confirmation.
func confirmed(code string) bool { return code != "410303" && code != "410326" }

// table returns the sheet of an entity and year for the body that runs a school,
// opening it when the first row comes.
func (f *office) table(entity string, year int, managing string) (*sheet.Table, error) {
	st, name, unit := sheet.Style{Date: '-'}, "洛阳市", "410300"
	own := f.c != nil && managing == f.c.Code
	switch {
	case own:
		st, name, unit = styleOf(f.c.Code), f.c.Name, f.c.Code
	case f.c != nil:
		unit = managing + "-" + f.c.Code
	}
	key := entity + unit
	if t := f.open[key]; t != nil {
		return t, nil
	}
	ext := ".csv"
	if own && managing == "410324" && (entity == "school" || entity == "staff") {
		ext = ".xlsx"
	}
	file := fmt.Sprintf("%s_%d_%s_合成数据%s", entity, year, unit, ext)
	title := fmt.Sprintf("%s%d学年%s（合成数据，不涉及任何真实的人和学校）", name, year, registerTitle(entity))
	t, err := sheet.Create(filepath.Join(f.dir, file), st, title, f.heads[entity])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	h := handIn{entity: entity, unit: unit, path: file, year: year, attested: f.attested}
	if own && !confirmed(managing) {
		h.attested = 0
	}
	f.open[key] = t
	f.made = append(f.made, h)
	return t, nil
}

func registerTitle(entity string) string {
	if entity == "staff" {
		return "教职工名册"
	}
	return "学校名册"
}

// closeAll finishes every open sheet.
func (f *office) closeAll() error {
	var first error
	for i := range f.made {
		h := &f.made[i]
		t := f.open[h.entity+h.unit]
		if t == nil || h.closed {
			continue
		}
		h.rows, h.closed = t.Rows, true
		delete(f.open, h.entity+h.unit)
		if err := t.Done(); err != nil && first == nil {
			first = fmt.Errorf("%s: %w", h.path, err)
		}
	}
	return first
}
