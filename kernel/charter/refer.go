package charter

import (
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// entity reads the name of an entity; an unknown one is a fault, and nil.
func (l *loader) entity(x yamltree.Item) *catalog.Entity {
	name := x.Str()
	if name == "" {
		return nil
	}
	e := l.cat.Entity(name)
	if e == nil {
		x.Fault("没有实体 %s", "there is no entity %s", name)
	}
	return e
}

// field reads the name of a field of an entity, of one of the types if any are
// given; a wrong one is a fault, and nil.
func (l *loader) field(e *catalog.Entity, x yamltree.Item, types ...catalog.Type) *catalog.Field {
	name := x.Str()
	if e == nil || name == "" {
		return nil
	}
	f := e.Field(name)
	if f == nil {
		x.Fault("实体 %s 没有字段 %s", "the entity %s has no field %s", e.Name, name)
		return nil
	}
	if len(types) > 0 && !slices.Contains(types, f.Type) {
		want := make([]string, len(types))
		for i, t := range types {
			want[i] = string(t)
		}
		x.Fault("%s 应为 %s 类型", "%s must be of type %s", name, strings.Join(want, " or "))
		return nil
	}
	return f
}

// fields reads a list of fields of an entity.
func (l *loader) fields(e *catalog.Entity, x yamltree.Item) []*catalog.Field {
	var out []*catalog.Field
	for _, i := range x.Items() {
		if f := l.field(e, i); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// codeList reads the name of a code list.
func (l *loader) codeList(x yamltree.Item) string {
	name := x.Str()
	if name != "" && l.cat.List(name) == nil {
		x.Fault("没有代码表 %s", "there is no code list %s", name)
		return ""
	}
	return name
}

// codeOf reads a code of a list.
func (l *loader) codeOf(list string, x yamltree.Item) string {
	code := x.Str()
	if c := l.cat.List(list); code != "" && c != nil && c.Code(code) == nil {
		x.Fault("%s 不在代码表 %s 中", "%s is not in the code list %s", code, list)
	}
	return code
}

// codesOf reads a list of codes of a field.
func (l *loader) codesOf(f *catalog.Field, x yamltree.Item) []string {
	var out []string
	for _, i := range x.Items() {
		if f == nil {
			continue
		}
		if c := l.codeOf(f.Codes, i); c != "" {
			out = append(out, c)
		}
	}
	return out
}

// parameter reads the id of a parameter under a required key.
func (l *loader) parameter(o *yamltree.Object, key string) string {
	x := o.Must(key)
	id := x.Str()
	if id != "" && l.cat.Parameter(id) == nil {
		x.Fault("没有参数 %s", "there is no parameter %s", id)
		return ""
	}
	return id
}
