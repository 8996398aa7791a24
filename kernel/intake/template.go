package intake

import (
	"fmt"
	"io"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// templateRows is how many rows of a template carry drop-downs.
const templateRows = 5000

// Template writes an XLSX to be filled in: headings in Chinese with English below,
// notes, drop-downs from the code lists, an example row that is not read, and the
// template's version.
func Template(w io.Writer, cat *catalog.Catalog, entity string) error {
	e := cat.Entity(entity)
	if e == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的登记表", "there is no register named %s", entity)
	}
	version := Version(e)
	o := sheet.Form{
		Name: e.Title.ZH, Rows: templateRows, Hidden: HiddenSheet,
		Properties: [][2]string{{"entity", e.Name}, {"version", version}, {"catalog", cat.Version}},
	}
	o.Notice = fmt.Sprintf("%s %s · 模板版本 %s · 红色标题必填 red headings are required · 示例行不读入 the example row is not read", e.Title.ZH, e.Title.EN, version)
	if s := strings.TrimSpace(cat.City.Notice.ZH + " " + cat.City.Notice.EN); s != "" {
		o.Notice += " · " + s
	}
	lists := map[string]int{}
	for i, f := range e.Fields {
		c := sheet.FormColumn{
			Head: f.Title.ZH, Sub: f.Title.EN, Example: f.Example, Note: note(cat, f), Required: f.Required, Width: width(f),
			Remedy: "请从下拉表中选，或填代码。Choose from the list or write the code.",
		}
		if i == 0 {
			c.Example = ExampleMark + c.Example
		}
		switch f.Type {
		case catalog.TypeInt, catalog.TypeDecimal, catalog.TypeYear:
			c.Body = sheet.BodyNumber
		case catalog.TypeDate:
			c.Body = sheet.BodyDate
		case catalog.TypeBool:
			c.Choices = []string{"是", "否"}
		}
		if l := cat.List(f.Codes); f.Type == catalog.TypeCode && l != nil && len(l.Codes) > 0 {
			if lists[f.Codes] == 0 {
				o.Lists = append(o.Lists, choices(f.Codes, l))
				lists[f.Codes] = len(o.Lists)
			}
			c.List = lists[f.Codes]
		}
		o.Columns = append(o.Columns, c)
	}
	return sheet.WriteForm(w, o)
}

// choices is what a template's drop-down offers for a code list.
func choices(name string, l *catalog.CodeList) sheet.FormList {
	x := newCodeIndex(l)
	out := sheet.FormList{Name: name}
	for i := range l.Codes {
		out.Values = append(out.Values, x.choice(&l.Codes[i]))
	}
	return out
}

// note says what may stand in a column.
func note(cat *catalog.Catalog, f *catalog.Field) string {
	var b strings.Builder
	line := func(zh, en string) { fmt.Fprintf(&b, "%s / %s\n", zh, en) }
	if f.Required {
		line("必填", "required")
	} else {
		line("可空", "may be empty")
	}
	switch f.Type {
	case catalog.TypeDate:
		line("日期，如 2024-09-01", "a date such as 2024-09-01")
	case catalog.TypeBool:
		line("是或否", "是 (yes) or 否 (no)")
	case catalog.TypeYear:
		line("开始的年份，如 2024", "the year in which it starts, such as 2024")
	case catalog.TypeInt:
		line("整数", "a whole number")
	case catalog.TypeDecimal:
		line(fmt.Sprintf("数，最多 %d 位小数", f.Scale), fmt.Sprintf("a number with at most %d decimals", f.Scale))
	case catalog.TypeCode:
		line("从下拉表中选，或填代码", "choose from the list or write the code")
	case catalog.TypeRef:
		if r := cat.Entity(f.Ref); r != nil {
			line("“"+r.Title.ZH+"”中已有的编号", "the number of an existing record of “"+r.Title.EN+"”")
		}
	default:
		if f.Max != nil {
			line(fmt.Sprintf("最多 %d 个字符", *f.Max), fmt.Sprintf("at most %d characters", *f.Max))
		}
	}
	if f.Unit.ZH != "" {
		line("单位："+f.Unit.ZH, "unit: "+f.Unit.EN)
	}
	if f.Note.ZH != "" {
		line(f.Note.ZH, f.Note.EN)
	}
	return strings.TrimSpace(b.String())
}
