package disclose

import (
	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
)

// Column describes a field that may leave.
type Column struct {
	Name        string   `json:"name"`
	Title       Text     `json:"title"`
	Note        *Text    `json:"note,omitempty"`
	Type        string   `json:"type"`
	Codes       string   `json:"codes,omitempty"`
	Options     []Option `json:"options,omitempty"` // the values of a code list that is short enough
	Ref         string   `json:"ref,omitempty"`
	Unit        *Text    `json:"unit,omitempty"`
	Scale       int      `json:"scale"`
	Required    bool     `json:"required"`
	Sensitivity string   `json:"sensitivity"`
	Source      string   `json:"source,omitempty"`
	Masked      bool     `json:"masked"`
	Sealed      bool     `json:"sealed,omitempty"` // kept encrypted: neither sorted by nor, but by equality, filtered
}

// Row is one record as a list shows it. Values are the stored forms, masked
// where the reader sees the field masked; Display is for people: text in both
// languages or a string.
type Row struct {
	Rec      int64          `json:"rec"`
	Values   map[string]any `json:"values"`
	Display  map[string]any `json:"display"`
	Verified string         `json:"verified"`
	Stale    bool           `json:"stale"`
}

// Page is a slice of a list. Total is exact unless Capped, then it is at least that.
type Page struct {
	Entity  string   `json:"entity"`
	Title   Text     `json:"title"`
	Total   int64    `json:"total"`
	Capped  bool     `json:"total_capped"`
	Seal    string   `json:"seal,omitempty"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`

	// Exact says that the records were found by a whole number that the reader does
	// not see in clear; such searches are noted.
	Exact bool `json:"-"`
}

func sensitivityName(s catalog.Sensitivity) string {
	switch s {
	case catalog.Public:
		return "public"
	case catalog.InternalUse:
		return "internal"
	case catalog.Personal:
		return "personal"
	case catalog.Sensitive:
		return "sensitive"
	}
	return "closed"
}

// columns describes the fields of a grant; full adds what only the entity's own
// description needs.
func (d *Door) columns(g *grant, full bool) []Column {
	out := make([]Column, 0, len(g.cols))
	for _, c := range g.cols {
		x := Column{
			Name: c.Name, Title: c.Title, Type: string(c.Type), Codes: c.Codes, Ref: c.Ref,
			Scale: c.Scale, Sensitivity: sensitivityName(c.Class()), Masked: c.masked, Sealed: c.Rest != catalog.InClear,
		}
		if c.Unit.ZH != "" {
			u := c.Unit
			x.Unit = &u
		}
		if full {
			x.Required, x.Source = c.Required, c.Source
			if c.Note.ZH != "" {
				n := c.Note
				x.Note = &n
			}
			x.Options = d.base.Options(c.Codes)
		}
		out = append(out, x)
	}
	return out
}

// display is a clear value for people: a code's title, a date, a number with its
// point. Labels of references are looked up by the caller.
func (d *Door) display(f *catalog.Field, v luoshu.Value) any {
	if v.K == luoshu.Null {
		return nil
	}
	switch f.Type {
	case catalog.TypeCode:
		if l := d.cat.List(f.Codes); l != nil {
			if c := l.Code(v.String()); c != nil {
				return c.Title
			}
		}
	case catalog.TypeBool:
		if v.I != 0 {
			return Text{ZH: "是", EN: "Yes"}
		}
		return Text{ZH: "否", EN: "No"}
	case catalog.TypeDate:
		return luoshu.FormatDate(v.I)
	case catalog.TypeDecimal:
		return luoshu.FormatDecimal(v.I, f.Scale)
	case catalog.TypeYear:
		return d.yearText(int(v.I))
	}
	return v.String()
}

// yearText writes a year the city's way.
func (d *Door) yearText(y int) any {
	form := d.cat.City.YearName
	if form.ZH == "" || form.EN == "" {
		return luoshu.IntValue(int64(y)).String()
	}
	return Text{ZH: guard.YearIn(form.ZH, y), EN: guard.YearIn(form.EN, y)}
}
