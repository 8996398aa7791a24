package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

var listWord = Text{ZH: "代码表", EN: "code list"}

// NewCodeList makes a code list of codes in order. A code that stands twice is
// found at its last place.
func NewCodeList(name string, title Text, codes []Code) *CodeList {
	l := &CodeList{Name: name, Title: title, Codes: codes, byKey: make(map[string]int, len(codes))}
	for i, c := range codes {
		l.byKey[c.Code] = i
	}
	return l
}

// codes reads codes/NAME.csv.
func (l *loader) codes(_ *folder, p string, data []byte) {
	name := strings.TrimSuffix(path.Base(p), ".csv")
	if !yamltree.IsWord(name) {
		l.Add(yamltree.Place{File: p}, "代码表的文件名要用小写字母、数字和下划线", "the name of a code list holds small letters, digits and underscores")
		return
	}
	if !utf8.Valid(data) {
		l.Add(yamltree.Place{File: p}, "代码表不是 UTF-8", "the code list is not UTF-8")
		return
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.ReuseRecord = false
	head, err := r.Read()
	if err != nil {
		l.csvFault(p, err)
		return
	}
	col := map[string]int{}
	for i, h := range head {
		h = strings.TrimSpace(h)
		line, c := r.FieldPos(i)
		if _, twice := col[h]; twice || h == "" {
			l.Add(yamltree.Place{File: p, Line: line, Col: c}, "列名“%s”重复或为空", "the column %q is empty or stands twice", h)
		}
		col[h] = i
	}
	for _, h := range []string{"code", "name_zh", "name_en"} {
		if _, ok := col[h]; !ok {
			l.Add(yamltree.Place{File: p, Line: 1, Col: 1}, "缺少列 %s", "the column %s is missing", h)
			return
		}
	}
	var codes []Code
	lines := map[string]int{}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			l.csvFault(p, err)
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			return
		}
		codes = append(codes, l.code(p, r, head, rec, lines))
	}
	for _, c := range codes {
		if c.Parent != "" && lines[c.Parent] == 0 {
			l.Add(yamltree.Place{File: p, Line: lines[c.Code], Col: 1}, "上级代码 %s 不在本表中", "the parent code %s is not in the list", c.Parent)
		}
	}
	at := yamltree.Place{File: p, Line: 1, Col: 1}
	if l.once(listWord, name, at) {
		list := NewCodeList(name, Text{}, codes)
		l.cat.Lists = append(l.cat.Lists, list)
		l.cat.lists[name] = list
	}
}

// code reads one line of a code list.
func (l *loader) code(p string, r *csv.Reader, head, rec []string, lines map[string]int) Code {
	var c Code
	for i, h := range head {
		v := strings.TrimSpace(rec[i])
		line, col := r.FieldPos(i)
		at := yamltree.Place{File: p, Line: line, Col: col}
		switch strings.TrimSpace(h) {
		case "code":
			if c.Code = v; v != "" && lines[v] != 0 {
				l.Add(at, "代码 %s 已在第 %d 行", "the code %s already stands in line %d", v, lines[v])
			} else if v == "" {
				l.Add(at, "代码为空", "the code is empty")
			}
			lines[v] = line
		case "name_zh":
			c.Title.ZH = v
		case "name_en":
			c.Title.EN = v
		case "parent":
			c.Parent = v
		case "standard":
			c.Standard = v
		case "certainty":
			if c.Certainty = v; v != "" && !slices.Contains(certainties, v) {
				l.Add(at, "可信度应为 A、B、D 或 M，现为 %s", "the certainty is A, B, D or M, not %s", v)
			}
		case "from", "to":
			d := int64(0)
			if v != "" {
				d = l.Date(at, v)
			}
			if strings.TrimSpace(h) == "from" {
				c.From = d
			} else {
				c.To = d
			}
		default:
			if v != "" {
				if c.Attrs == nil {
					c.Attrs = map[string]string{}
				}
				c.Attrs[strings.TrimSpace(h)] = v
			}
		}
		if (h == "name_zh" || h == "name_en") && v == "" {
			l.Add(at, "%s 不能为空", "%s must not be empty", h)
		}
	}
	if c.From != 0 && c.To != 0 && c.From > c.To {
		l.Add(yamltree.Place{File: p, Line: lines[c.Code], Col: 1}, "from 晚于 to", "from is later than to")
	}
	return c
}

// csvFault records an error of the CSV reader with its line.
func (l *loader) csvFault(p string, err error) {
	var pe *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		l.Add(yamltree.Place{File: p}, "文件是空的", "the file is empty")
	case errors.As(err, &pe) && errors.Is(err, csv.ErrFieldCount):
		l.Add(yamltree.Place{File: p, Line: pe.Line, Col: 1}, "这一行的列数与表头不同", "the line has another number of columns than the heading")
	case errors.As(err, &pe):
		l.Add(yamltree.Place{File: p, Line: pe.Line, Col: pe.Column}, "CSV 写法有误：%s", "not valid CSV: %s", pe.Err)
	default:
		l.Add(yamltree.Place{File: p}, "CSV 写法有误：%s", "not valid CSV: %s", err)
	}
}

// example says why a field's example could not be taken from a sheet; nothing if
// it could.
func (l *loader) example(f *Field) Text {
	v, s := int64(0), f.Example
	good := true
	switch f.Type {
	case TypeCode:
		if list := l.cat.List(f.Codes); list != nil && !f.Loose && list.Code(s) == nil {
			return Text{ZH: "不在代码表中", EN: "it is not in the code list"}
		}
		return Text{}
	case TypeRef:
		return Text{}
	case TypeBool:
		if !slices.Contains([]string{"是", "否", "yes", "no", "true", "false", "1", "0", "Y", "N"}, s) {
			return Text{ZH: "应为 是 或 否", EN: "it is neither 是 (yes) nor 否 (no)"}
		}
		return Text{}
	case TypeText:
		v = int64(utf8.RuneCountInString(s))
		if re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`); f.Pattern != "" && err == nil && !re.MatchString(s) {
			return Text{ZH: "不合式样", EN: "it does not match the pattern"}
		}
		if slices.Contains(rule.Checks(), f.Check) {
			if msg, pass := rule.Check(f.Check, s); !pass {
				return msg
			}
		}
	case TypeDate:
		v, good = yamltree.ISODate(s)
	case TypeDecimal:
		v, good = yamltree.Scaled(s, f.Scale)
	default:
		v, good = yamltree.Scaled(s, 0)
	}
	if !good {
		return Text{ZH: "不是这种类型的值", EN: "it is not a value of the type"}
	}
	if f.Min != nil && v < *f.Min || f.Max != nil && v > *f.Max {
		return Text{ZH: "超出 min 或 max", EN: "it is beyond min or max"}
	}
	return Text{}
}
