package intake

import (
	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// Form checks single records that a person types in, exactly as the rows of a
// sheet are checked: the same spellings are read, the same faults come back. It
// may be used by several goroutines.
type Form struct{ plan *plan }

// NewForm makes an entity ready; NotFound if there is none of that name.
func NewForm(cat *catalog.Catalog, entity string) (*Form, error) {
	p, err := newPlan(cat, entity)
	if err != nil {
		return nil, err
	}
	return &Form{p}, nil
}

// Read lays cells, by field name, over the values of a record and checks what they
// change: each cell by itself, and every rule that reads one of them. Fields that
// the entity has not are left out.
func (f *Form) Read(now []luoshu.Value, cells map[string]string) Row {
	row, w, touched := f.begin(now)
	for i, c := range f.plan.columns {
		text, ok := cells[c.f.Name]
		if !ok {
			continue
		}
		touched[i] = true
		v, bad := c.read(sheet.Cell{S: text})
		row.Values[i] = v
		if bad != nil {
			w.faulty[i] = !bad.warn
			row.Faults = append(row.Faults, bad.fault(c.f, 0, 0, ""))
		}
	}
	f.rules(w, &row, touched)
	return row
}

// Check is Read for values that are in their stored form already.
func (f *Form) Check(now []luoshu.Value, change map[string]luoshu.Value) Row {
	row, w, touched := f.begin(now)
	for i, c := range f.plan.columns {
		v, ok := change[c.f.Name]
		if !ok {
			continue
		}
		touched[i] = true
		row.Values[i] = v
		if bad := c.holds(v); bad != nil {
			w.faulty[i] = !bad.warn
			row.Faults = append(row.Faults, bad.fault(c.f, 0, 0, ""))
		}
	}
	f.rules(w, &row, touched)
	return row
}

func (f *Form) begin(now []luoshu.Value) (Row, *worker, []bool) {
	n := len(f.plan.columns)
	row := Row{Values: make([]luoshu.Value, n)}
	copy(row.Values, now)
	return row, &worker{p: f.plan, faulty: make([]bool, n)}, make([]bool, n)
}

// rules holds the row against the rules that read a touched field.
func (f *Form) rules(w *worker, row *Row, touched []bool) {
	for _, r := range f.plan.rules {
		for _, i := range r.reads {
			if touched[i] {
				w.rule(r, sheet.Rec{}, row)
				break
			}
		}
	}
}

// holds checks a stored value against its field.
func (c *column) holds(v luoshu.Value) *problem {
	if v.K == luoshu.Null {
		if c.f.Required {
			return pRequired()
		}
		return nil
	}
	if c.f.Type.IsText() != (v.K == luoshu.IsText) {
		return &problem{rule: "type", zh: "值与字段类型不符。", en: "the value is not of the field's type."}
	}
	if v.K == luoshu.IsText {
		_, bad := c.read(sheet.Cell{S: v.S})
		return bad
	}
	switch c.f.Type {
	case catalog.TypeDate:
		if _, why := sheet.ParseDate(luoshu.FormatDate(v.I), sheet.Text); why != sheet.DateOK {
			return pDate(why)
		}
	case catalog.TypeBool:
		if v.I != 0 && v.I != 1 {
			return pBool()
		}
	}
	return c.bounds(v)
}
