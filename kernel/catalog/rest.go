package catalog

import (
	"slices"
	"strings"

	"luoshu/kernel/yamltree"
)

// Rest says how the values of a field lie in its table.
type Rest uint8

// The three ways. Hidden values lie only in the row's envelope; Token ones too, but
// the column has a keyed token in their place, the same for the same value of the
// same Domain, so that equality, references and joins work and nothing else does.
const (
	InClear Rest = iota
	Hidden
	Token
)

// rest works out how the fields of every entity lie, once all are read.
func (l *loader) rest() {
	for _, e := range l.cat.Entities {
		for _, f := range e.Fields {
			l.fieldRest(e, f)
		}
	}
}

func (l *loader) fieldRest(e *Entity, f *Field) {
	key := slices.Contains(e.Key, f.Name)
	plain := f.Type == TypeText && !key
	switch domain := l.cat.keyDomain(e, f, 0); {
	case domain != "":
		f.Rest, f.Domain = Token, domain
	case f.Find:
		f.Rest, f.Domain = Token, "find "+e.Name+"."+f.Name
	case f.Sensitivity >= Sensitive:
		f.Rest = Hidden
		if key && f.Sensitivity == Sensitive {
			l.Add(l.where[f], "键字段 %s 是 %s 级，须写 sealed: true", "the key field %s is %s, so it needs sealed: true", f.Name, f.Sensitivity)
		}
		if f.Type == TypeRef && f.Sensitivity == Sensitive {
			l.Add(l.where[f], "引用字段 %s 不能是 %s 级：加密后无从核对；请加密所指实体的键（sealed: true）",
				"the reference %s cannot be %s: it could not be checked once encrypted; seal the key it refers to (sealed: true)", f.Name, f.Sensitivity)
		}
	case plain && (f.Sealed || e.Private):
		f.Rest = Hidden // whatever its class: a matter that few may see is written down in it
	}
	if f.Find && (f.Type != TypeText || f.Sensitivity != Sensitive || f.Sealed) {
		l.Add(l.where[f], "find 只用于 sensitive 级的文本字段，%s 不是", "find applies to text fields of class sensitive; %s is not one", f.Name)
	}
	if f.Sealed && f.Type != TypeText {
		l.Add(l.where[f], "sealed 只用于文本字段，%s 不是", "sealed applies to text fields; %s is not one", f.Name)
	}
}

// keyDomain is the domain of a key that is sealed or of a reference to one, "" for
// any other field. References may lead on from key to key.
func (c *Catalog) keyDomain(e *Entity, f *Field, depth int) string {
	if f.Sealed && f.Type == TypeText && slices.Contains(e.Key, f.Name) {
		return "key " + e.Name + "." + f.Name
	}
	to := c.entities[f.Ref]
	if f.Type != TypeRef || to == nil || len(to.Key) != 1 || to.fields[to.Key[0]] == nil || depth > 8 {
		return ""
	}
	return c.keyDomain(to, to.fields[to.Key[0]], depth+1)
}

// Sealed reports whether any field of the entity does not lie in clear.
func (e *Entity) Sealed() bool {
	return slices.ContainsFunc(e.Fields, func(f *Field) bool { return f.Rest != InClear })
}

// inClear refuses a field that does not lie in clear where its values are read by
// the database itself.
func (l *loader) inClear(v yamltree.Item, f *Field) {
	if f != nil && f.Rest != InClear && f.Sensitivity != Closed { // closed ones have their own fault
		v.Fault("%s 加密存放，不能用在这里", "%s is kept encrypted and cannot be used here", f.Name)
	}
}

// inClearOrToken refuses a field that the database cannot compare at all.
func (l *loader) inClearOrToken(v yamltree.Item, f *Field) {
	if f.Rest == Hidden {
		l.inClear(v, f)
	}
}

// compared refuses a field that is found by equality only where more is asked of
// it: an expression sees the token, not the value.
func (l *loader) compared(v yamltree.Item, f *Field) {
	if f != nil && f.Rest == Token && f.Sensitivity != Closed {
		v.Fault("%s 加密存放，只能按相等查找，不能用在表达式里", "%s is kept encrypted and found by equality only; it cannot be used in an expression", f.Name)
	}
}

// restRefs checks what an entity asks of fields that do not lie in clear.
func (l *loader) restRefs(e *Entity, o *yamltree.Object) {
	for _, x := range o.Get("search").Items() {
		l.inClear(x, e.Field(x.Str()))
	}
	if y := o.Get("year"); y.Str() != "" {
		l.inClear(y, e.Field(y.Str()))
	}
	if n := o.Get("node"); n.Given() {
		no := n.Object()
		for _, k := range []string{"parent", "level_field", "open", "close"} {
			l.inClear(no.Get(k), e.Field(no.Get(k).Str()))
		}
		if len(e.Key) == 1 {
			l.inClear(n, e.Field(e.Key[0]))
		}
	}
	org := o.Get("org")
	at, end := e, org.Str()
	if ref, rest, hop := strings.Cut(end, "."); hop {
		if f := e.Field(ref); f != nil {
			at, end = l.cat.Entity(f.Ref), rest
		}
	}
	if at != nil && end != "" {
		l.inClear(org, at.Field(end))
	}
}
