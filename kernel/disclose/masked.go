package disclose

import (
	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/disclose/guard"
)

// Masked is a value as somebody sees it who may not know it: whatever their class,
// for a record that is not theirs yet. "" for a field that leaves for nobody.
func (d *Door) Masked(entity, field string, v luoshu.Value) string {
	e := d.cat.Entity(entity)
	if e == nil || e.Field(field) == nil {
		return ""
	}
	f := e.Field(field)
	if visible, _ := guard.Class(d.acc.Role(access.Operator), f); !visible {
		return ""
	}
	return guard.Masked(f, v)
}
