package run

import (
	"fmt"
	"math"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
)

// record is a record to write: values by field. Numbers go into whole and decimal
// fields, rounded to what the field holds.
type record map[string]any

// batch makes the commit of the records of one output. They are new: a run is
// written once.
func batch(o *Output, actor luoshu.Actor, reason string, list []record) ledger.Batch {
	return ledger.Batch{
		Actor: actor, Entity: o.Entity.Name, Reason: reason, Total: int64(len(list)),
		Rows: func(yield func(ledger.Row) error) error {
			for i, rec := range list {
				row, err := values(o, rec)
				if err != nil {
					return err
				}
				if err := yield(ledger.Row{N: i + 1, Values: row}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			switch d.Verdict {
			case ledger.Refused:
				var zh, en []string
				for _, f := range d.Faults {
					zh, en = append(zh, f.Field+"："+f.ZH), append(en, f.Field+": "+f.EN)
				}
				return luoshu.Errorf(luoshu.Invalid, "%s 的第 %d 条结果不能写入：%s", "answer %[2]d for %[1]s cannot be written: %[3]s",
					luoshu.Text{ZH: o.Entity.Title.ZH, EN: o.Entity.Name}, d.N, luoshu.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")})
			case ledger.New:
				return nil
			}
			return luoshu.Errorf(luoshu.Conflict, "%s 已有同一编号的结果", "%s holds answers of this number already", luoshu.Text{ZH: o.Entity.Title.ZH, EN: o.Entity.Name})
		},
	}
}

func values(o *Output, rec record) ([]luoshu.Value, error) {
	out := make([]luoshu.Value, len(o.Entity.Fields))
	for name, x := range rec {
		f := o.Entity.Field(name)
		if f == nil {
			return nil, fmt.Errorf("entity %s has no field %s", o.Entity.Name, name)
		}
		switch v := x.(type) {
		case nil:
		case string:
			if v != "" {
				out[f.Index] = luoshu.TextValue(v)
			}
		case bool:
			if v {
				out[f.Index] = luoshu.IntValue(1)
			} else {
				out[f.Index] = luoshu.IntValue(0)
			}
		case int:
			out[f.Index] = luoshu.IntValue(scaled(f, float64(v)))
		case int64:
			out[f.Index] = luoshu.IntValue(scaled(f, float64(v)))
		case float64:
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				out[f.Index] = luoshu.IntValue(scaled(f, v))
			}
		default:
			return nil, fmt.Errorf("field %s.%s: no value of type %T", o.Entity.Name, name, x)
		}
	}
	return out, nil
}

func scaled(f *catalog.Field, v float64) int64 {
	if f.Type == catalog.TypeDecimal {
		v *= math.Pow10(f.Scale)
	}
	return int64(math.Round(v))
}
