package intake

import (
	"regexp"

	"luoshu/kernel/sheet"
)

// header is where the headings stand and what each column means.
type header struct {
	row    int // last row of the headings
	names  []string
	fields []int // by column: field index, -1 if not known
	hits   int   // fields found
}

// findHeader looks for the headings among the first rows: one row, or two or
// three whose merged cells are flattened. ok is false if nothing matches.
func (p *plan) findHeader(rows []sheet.Rec) (header, bool) {
	best := header{}
	for i := range rows {
		if rows[i].Blank() {
			continue
		}
		for depth := 1; depth <= 3 && i+depth <= len(rows); depth++ {
			h := p.readHeader(rows[i : i+depth])
			if h.hits > best.hits {
				best = h
			}
		}
	}
	return best, best.hits > 0 && best.hits*4 >= len(p.entity.Key)
}

// readHeader takes the rows as headings, one above the other.
func (p *plan) readHeader(rows []sheet.Rec) header {
	last := len(rows) - 1
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Cells))
	}
	h := header{row: rows[last].N, names: make([]string, width), fields: make([]int, width)}
	seen := map[int]bool{}
	for c := range width {
		low, full := flatten(rows, c)
		h.names[c], h.fields[c] = low, -1
		if last > 0 && full != low {
			if f := p.match(full); f >= 0 {
				h.names[c], h.fields[c] = full, f
			}
		}
		if h.fields[c] < 0 {
			h.fields[c] = p.match(low)
		}
		if f := h.fields[c]; f >= 0 && !seen[f] {
			seen[f] = true
			h.hits++
		}
	}
	for width > 0 && h.names[width-1] == "" {
		width--
	}
	h.names, h.fields = h.names[:width], h.fields[:width]
	return h
}

// flatten returns the lowest heading over a column and all of them joined; an
// empty cell of an upper row belongs to the merged cell on its left.
func flatten(rows []sheet.Rec, c int) (low, full string) {
	for i, r := range rows {
		s := sheet.Tidy(r.At(c).S)
		if s == "" && i < len(rows)-1 && sheet.Tidy(rows[i+1].At(c).S) != "" {
			for k := c - 1; k >= 0 && s == ""; k-- {
				s = sheet.Tidy(r.At(k).S)
			}
			full += s
			continue
		}
		if s != "" {
			low = s
			full += s
		}
	}
	return low, full
}

// versionMark finds the template's version in the line above the headings.
var versionMark = regexp.MustCompile(`模板版本\s*([0-9a-f]{12})`)

// checkVersion compares the version that the rows above the headings carry.
func (p *plan) checkVersion(rows []sheet.Rec, header int) error {
	for _, r := range rows {
		if r.N >= header {
			break
		}
		for _, c := range r.Cells {
			if m := versionMark.FindStringSubmatch(c.S); m != nil {
				return p.sameVersion("", m[1])
			}
		}
	}
	return nil
}

// sameVersion refuses a template of another entity or of an older definition.
func (p *plan) sameVersion(entity, version string) error {
	if entity != "" && entity != p.entity.Name {
		title := entity
		if e := p.cat.Entity(entity); e != nil {
			title = e.Title.ZH
		}
		return sheet.Blocked("template-entity",
			"这是“%s”的模板，不是“%s”的。请改选登记表，或换用正确的模板。",
			"this is the template of “%s”, not of “%s”. Choose the other register or use the right template.", title, p.entity.Title.ZH)
	}
	if version != "" && version != p.version {
		return sheet.Blocked("template-version",
			"模板版本 %s 已过时，现为 %s。请下载新模板，把数据粘贴过去再交。",
			"the template is version %s; the current one is %s. Download the new template, paste the data into it and hand that in.", version, p.version)
	}
	return nil
}

// kindOf says whether a row holds a record, and if not, why.
func (p *plan) kindOf(r sheet.Rec, head *header, near bool) rowKind {
	if r.Flaw == sheet.Hidden {
		if r.Blank() {
			return rowBlank
		}
		return rowHidden
	}
	filled := 0
	for _, c := range r.Cells {
		if c.S == "" && c.Kind == sheet.Text {
			continue
		}
		s := c.S
		if c.Kind == sheet.Text {
			if s = sheet.Tidy(s); s == "" {
				continue
			}
			switch marker(s) {
			case totalMarker:
				return rowTotal
			case noteMarker:
				if filled == 0 {
					return rowNote
				}
			case exampleMarker:
				if filled == 0 {
					return rowNote
				}
			}
		}
		if filled++; filled == 3 {
			break
		}
	}
	if filled == 0 {
		return rowBlank
	}
	if p.repeats(r, head, near) {
		return rowRepeated
	}
	return rowData
}

type rowKind int

const (
	rowData rowKind = iota
	rowBlank
	rowHidden
	rowTotal
	rowNote
	rowRepeated
)

// repeats reports whether the row shows the headings again, as printed sheets
// do on every page and templates do in a second language under the headings.
func (p *plan) repeats(r sheet.Rec, head *header, near bool) bool {
	same, filled := 0, 0
	for c, x := range r.Cells {
		if x.S == "" || c >= len(head.names) {
			continue
		}
		if filled++; x.Kind == sheet.Text && x.S != "" {
			if x.S == head.names[c] || near && head.fields[c] >= 0 && p.match(x.S) == head.fields[c] {
				same++
			}
		}
		if filled == 4 && same == 0 {
			return false
		}
	}
	return same > 0 && same*2 > filled && (same > 1 || filled == 1 && len(p.entity.Key) == 1 && len(head.names) == 1)
}
