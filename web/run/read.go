package run

import (
	"context"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
)

const (
	pageSize = 500
	most     = 40 // pages of one answer: a run of a city has some thousand rows of bodies
)

// all reads every record of a query through the door, page by page. An entity that
// the reader's role may not see has none.
func (d *desk) all(ctx context.Context, actor luoshu.Actor, q disclose.RecordQuery) ([]item, error) {
	e := d.Catalog.Entity(q.Entity)
	var out []item
	for q.Limit = pageSize; q.Offset < most*pageSize; q.Offset += pageSize {
		p, err := d.Door.Records(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		for _, r := range p.Rows {
			out = append(out, item{e, r})
		}
		if len(p.Rows) < pageSize {
			return out, nil
		}
	}
	return nil, luoshu.Errorf(luoshu.Invalid, "结果超过 %d 行，请缩小范围", "there are more than %d rows; ask for less", most*pageSize)
}

// item is a record as the reader may see it.
type item struct {
	e *catalog.Entity
	r disclose.Row
}

func (x item) text(field string) string { s, _ := x.r.Values[field].(string); return s }

// whole is a whole number; nil where it is empty or masked.
func (x item) whole(field string) *int64 {
	if n, ok := x.r.Values[field].(int64); ok {
		return &n
	}
	return nil
}

// about is a whole number, also where it is told only coarsely; nil where it is empty
// or too small to be told.
func (x item) about(field string) *int64 {
	if s := x.text(field); s != "" {
		if n, err := strconv.ParseInt(strings.TrimPrefix(s, "≈"), 10, 64); err == nil {
			return &n
		}
	}
	return x.whole(field)
}

func (x item) n(field string) int64 {
	if n := x.whole(field); n != nil {
		return *n
	}
	return 0
}

// number is a number with its decimals; nil where it is empty or masked.
func (x item) number(field string) *float64 {
	n := x.whole(field)
	if n == nil {
		return nil
	}
	v := float64(*n)
	if f := x.e.Field(field); f != nil && f.Type == catalog.TypeDecimal {
		for range f.Scale {
			v /= 10
		}
	}
	return &v
}

// shown is a value as it is displayed: words of a code, the title of a reference.
func (x item) shown(field string) luoshu.Text {
	switch v := x.r.Display[field].(type) {
	case luoshu.Text:
		return v
	case *luoshu.Text:
		return *v
	case string:
		return luoshu.Text{ZH: v, EN: v}
	}
	return luoshu.Text{ZH: x.text(field), EN: x.text(field)}
}
