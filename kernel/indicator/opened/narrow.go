package opened

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/store"
)

// Narrow holds opened columns in little memory, as a column store does that cannot
// spill: codes are numbers, yes and no a byte, and records that have none of the fields are left out.
type Narrow struct {
	fields []string
	codes  []map[string]uint16 // by field; nil for fields that are no codes
	yes    []bool              // by field: it is 1 or 0
	defs   []string
	vals   []driver.Value
}

// NewNarrow makes an empty one of an entity's fields.
func NewNarrow(e *catalog.Entity, fields []string) *Narrow {
	n := &Narrow{fields: fields, codes: make([]map[string]uint16, len(fields)), yes: make([]bool, len(fields)), vals: make([]driver.Value, 1+len(fields))}
	n.defs = []string{"_orec BIGINT"}
	for i, f := range fields {
		typ := " BIGINT"
		switch t := e.Field(f).Type; {
		case t == catalog.TypeCode:
			typ, n.codes[i] = " USMALLINT", map[string]uint16{}
		case t == catalog.TypeBool:
			typ, n.yes[i] = " UTINYINT", true
		case t.IsText():
			typ = " VARCHAR"
		}
		n.defs = append(n.defs, store.Col(f)+typ)
	}
	return n
}

// Columns are the definitions of the table's columns: _orec and the fields.
func (n *Narrow) Columns() string { return strings.Join(n.defs, ", ") }

// Values are a record's as the table holds them, valid until the next call; nil if
// the record has none of the fields.
func (n *Narrow) Values(r Row) ([]driver.Value, error) {
	some := false
	n.vals[0] = r.Rec
	for i, v := range r.Values {
		some = some || v.K != luoshu.Null
		if n.vals[1+i] = v.Any(); n.yes[i] && v.K != luoshu.Null {
			n.vals[1+i] = uint8(min(1, v.I))
		}
		if n.codes[i] == nil || v.K == luoshu.Null {
			continue
		}
		code, ok := n.codes[i][v.S]
		if !ok {
			if len(n.codes[i]) > math.MaxUint16 {
				return nil, fmt.Errorf("field %s has too many different codes", n.fields[i])
			}
			code = uint16(len(n.codes[i]))
			n.codes[i][v.S] = code
		}
		n.vals[1+i] = code
	}
	if !some {
		return nil, nil
	}
	return n.vals, nil
}

// Select writes the fields of the table's alias o with the values they had, once all
// are in.
func (n *Narrow) Select() string {
	var cols []string
	for i, f := range n.fields {
		col := "o." + store.Col(f)
		if n.yes[i] {
			col = fmt.Sprintf("CAST(o.%s AS BIGINT) AS %[1]s", store.Col(f))
		}
		if n.codes[i] != nil {
			words := make([]string, len(n.codes[i]))
			for word, code := range n.codes[i] {
				words[code] = notation.Literal(word)
			}
			col = fmt.Sprintf("list_extract(CAST([%s] AS VARCHAR[]), o.%s + 1) AS %[2]s", strings.Join(words, ", "), store.Col(f))
		}
		cols = append(cols, col)
	}
	return strings.Join(cols, ", ")
}
