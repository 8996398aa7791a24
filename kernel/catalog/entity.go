package catalog

import (
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// Words that CEL keeps for itself.
var reserved = strings.Fields(`as break const continue else false for function if import in let loop
package namespace null return true var void while`)

var sourcePattern = regexp.MustCompile(`^(school|county|city|province|nation|system:[a-z][a-z0-9-]*)$`)

// Levels are the five levels a field's source can be at, from the lowest up.
func Levels() []string { return []string{"school", "county", "city", "province", "nation"} }

var entityWord = Text{ZH: "实体", EN: "entity"}

// entity reads entities/NAME.yaml.
func (l *loader) entity(f *folder, o *yamltree.Object) {
	e := &Entity{Pack: f.name, Dir: f.pack.Dir, File: o.File(), fields: map[string]*Field{}}
	e.Name = o.Word("entity")
	at := o.At("entity")
	e.Line = at.Line
	if e.Name != "" && path.Base(o.File()) != e.Name+".yaml" {
		o.Get("entity").Fault("实体 %s 应写在 %s.yaml 中", "the entity %s belongs in %s.yaml", e.Name, e.Name)
	}
	e.Title, e.Note, e.Group = o.Title("title", true), o.Title("note", false), o.Title("group", true)
	e.Key, e.Label, e.Search = o.Must("key").Strs(), o.Must("label").Str(), o.Get("search").Strs()
	e.Org, e.Year = o.Get("org").Str(), o.Get("year").Str()
	e.Months = int(o.Get("months").Whole(0, 1200))
	e.Register = o.Get("register").Bool()
	e.Private = o.Get("private").Bool()
	e.Below = o.Get("below").Bool()
	if n := o.Get("node"); n.Given() {
		no := n.Object()
		e.Node = &Node{
			Parent: no.Must("parent").Str(), Level: no.Get("level").Str(), LevelField: no.Get("level_field").Str(),
			Open: no.Get("open").Str(), Close: no.Get("close").Str(),
		}
		l.on(passFields, func() { l.node(e, no) })
		no.Done()
	}
	if v := o.Get("valid"); v.Given() {
		vo := v.Object()
		e.Valid = &Valid{From: vo.Must("from").Str(), To: vo.Must("to").Str(), Within: vo.Get("within").Str()}
		l.on(passFields, func() { l.valid(e, vo) })
		vo.Done()
	} else if e.Node != nil && e.Node.Open != "" && e.Node.Close != "" {
		e.Valid = &Valid{From: e.Node.Open, To: e.Node.Close}
	}
	for _, x := range o.Must("fields").Items() {
		l.field(e, x.Object())
	}
	if len(e.Fields) == 0 {
		o.Fault("实体没有字段", "the entity has no fields")
	}
	l.headings(e, o)
	l.on(passFields, func() { l.entityRefs(e, o) })
	if l.once(entityWord, e.Name, at) {
		l.cat.Entities = append(l.cat.Entities, e)
		l.cat.entities[e.Name] = e
	}
}

// field reads one field of an entity.
func (l *loader) field(e *Entity, o *yamltree.Object) {
	f := &Field{Index: len(e.Fields), Line: o.Place().Line}
	f.Name = o.Word("name")
	f.Title, f.Note, f.Aliases = o.Title("title", true), o.Title("note", false), o.Get("aliases").Strs()
	f.Type = Type(o.Must("type").OneOf("text", "code", "ref", "int", "decimal", "bool", "date", "year"))
	f.Codes, f.Ref, f.Loose = o.Get("codes").Str(), o.Get("ref").Str(), o.Get("loose").Bool()
	f.Required = o.Get("required").Bool()
	f.Scale = int(o.Get("scale").Whole(0, 9))
	f.Unit = o.Title("unit", false)
	f.Pattern, f.Check, f.Example = o.Get("pattern").Str(), o.Get("check").Str(), o.Get("example").Str()
	f.Sensitivity = InternalUse
	if s := o.Get("sensitivity").OneOf(sensitivities...); s != "" {
		f.Sensitivity, _ = ParseSensitivity(s)
	}
	f.Find, f.Sealed = o.Get("find").Bool(), o.Get("sealed").Bool()
	f.Contains = o.Get("contains").OneOf("id")
	f.Few = o.Get("few").Bool()
	f.Source = "school"
	if s := o.Get("source"); s.Given() {
		if f.Source = s.Str(); f.Source != "" && !sourcePattern.MatchString(f.Source) {
			s.Fault("来源应为 school、county、city、province、nation 或 system:名称，且只有一个，现为 %s",
				"the source is one of school, county, city, province, nation or system:NAME, not %s", f.Source)
		}
	}
	f.Min, f.Max = f.bound(o.Get("min")), f.bound(o.Get("max"))
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		o.Get("min").Fault("min 大于 max", "min is larger than max")
	}
	l.fieldType(f, o)
	o.Done()
	if f.Name == "" {
		return
	}
	if slices.Contains(reserved, f.Name) {
		o.Get("name").Fault("%s 是表达式的保留字，不能作字段名", "%s is a reserved word of expressions and cannot name a field", f.Name)
	}
	if e.fields[f.Name] != nil {
		o.Get("name").Fault("字段 %s 写了两次", "the field %s stands twice", f.Name)
		return
	}
	e.Fields = append(e.Fields, f)
	e.fields[f.Name] = f
	l.where[f] = o.At("name")
	l.on(passFields, func() { l.fieldRefs(f, o) })
}

// fieldType checks that the keys of a field fit its type.
func (l *loader) fieldType(f *Field, o *yamltree.Object) {
	only := func(key string, types ...Type) {
		if x := o.Get(key); x.Given() && f.Type != "" && !slices.Contains(types, f.Type) {
			x.Fault("类型 %[2]s 的字段不能写 %[1]s", "%[1]s does not apply to a field of type %[2]s", key, f.Type)
		}
	}
	only("codes", TypeCode)
	only("ref", TypeRef)
	only("loose", TypeCode, TypeRef)
	only("scale", TypeDecimal)
	only("pattern", TypeText)
	only("check", TypeText)
	only("contains", TypeText)
	only("few", TypeText, TypeInt)
	only("min", TypeText, TypeInt, TypeDecimal, TypeDate, TypeYear)
	only("max", TypeText, TypeInt, TypeDecimal, TypeDate, TypeYear)
	switch f.Type {
	case TypeCode:
		o.Must("codes")
	case TypeRef:
		o.Must("ref")
	case TypeDecimal:
		o.Must("scale")
	}
	if f.Pattern != "" {
		if _, err := regexp.Compile(`^(?:` + f.Pattern + `)$`); err != nil {
			o.Get("pattern").Fault("正则表达式有误：%s", "bad regular expression: %s", err)
		}
	}
	if f.Contains != "" && !slices.Contains(idChecks, f.Check) {
		o.Get("contains").Fault("contains 的字段要有 check（%s 之一），使脱敏后的号码不会被当作真号收回",
			"a field with contains needs a check (one of %s), so that a masked number is never taken back for a true one", strings.Join(idChecks, " "))
	}
	if f.Few && f.Sensitivity > InternalUse {
		o.Get("few").Fault("few 只用于 public、internal 的字段；更高的类别本来就脱敏", "few is for public and internal fields; higher classes are masked anyway")
	}
	if f.Check != "" && !slices.Contains(rule.Checks(), f.Check) {
		o.Get("check").Fault("没有名为 %s 的校验；可用：%s", "there is no check %s; there are %s", f.Check, strings.Join(rule.Checks(), " "))
	}
}

// bound reads min or max as the stored value of the field's type.
func (f *Field) bound(v yamltree.Item) *int64 {
	s := v.Str()
	if s == "" {
		return nil
	}
	scale := 0
	if f.Type == TypeDecimal {
		scale = f.Scale
	}
	if f.Type == TypeDate && strings.Contains(s, "-") {
		if d, ok := yamltree.ISODate(s); ok {
			return &d
		}
	}
	i, ok := yamltree.Scaled(s, scale)
	if !ok || f.Type == TypeText && (i < 0 || i > math.MaxInt32) {
		v.Fault("%s 不能作这种字段的界限", "%s cannot bound such a field", s)
		return nil
	}
	return &i
}

// fieldRefs resolves the code list or entity of a field and tries its example.
func (l *loader) fieldRefs(f *Field, o *yamltree.Object) {
	if f.Type == TypeCode {
		if list := l.knownList(o.Get("codes")); list != nil && list.Title == (Text{}) {
			list.Title = f.Title
		}
	}
	if f.Type == TypeRef {
		to := l.knownRef(o.Get("ref"))
		if to != nil && to.Field(to.Key[0]) != nil && !to.Field(to.Key[0]).Type.IsText() {
			o.Get("ref").Fault("%s 的键不是文本，不能被引用", "the key of %s is not text and cannot be referred to", f.Ref)
		}
	}
	if ex := o.Get("example"); f.Example != "" {
		if why := l.example(f); why != (Text{}) {
			ex.Fault("示例 %[2]s 不能填在这个字段里：%[1]s", "the example %[2]s does not fit the field: %[1]s", why, f.Example)
		}
	}
}

// headings checks that no heading of a sheet could mean two fields.
func (l *loader) headings(e *Entity, o *yamltree.Object) {
	owner := map[string]*Field{}
	for _, f := range e.Fields {
		own := map[string]bool{}
		for _, h := range append([]string{f.Name, f.Title.ZH, f.Title.EN}, f.Aliases...) {
			h = strings.ToLower(strings.Join(strings.Fields(h), ""))
			if h == "" || own[h] {
				continue
			}
			own[h] = true
			if other := owner[h]; other != nil {
				l.Add(l.where[f], "表头“%s”既指 %s 又指 %s", "the heading %q means both %s and %s", h, other.Name, f.Name)
				continue
			}
			owner[h] = f
		}
	}
}

// entityRefs checks that what an entity says of its fields holds.
func (l *loader) entityRefs(e *Entity, o *yamltree.Object) {
	for _, x := range o.Get("key").Items() {
		if f := l.fieldOf(e, x); f != nil {
			l.notClosed(x, f)
			if !f.Required {
				x.Fault("键字段 %s 必须 required", "the key field %s must be required", f.Name)
			}
		}
	}
	if f := l.fieldOf(e, o.Get("label")); f != nil {
		l.notClosed(o.Get("label"), f)
	}
	for _, x := range o.Get("search").Items() {
		if f := l.fieldOf(e, x); f != nil {
			l.notClosed(x, f)
			if f.Contains != "" {
				x.Fault("%s 含身份证号，只能按完整号码查找，不能写进 search", "%s contains an identity number and is found by the whole number only; it cannot stand in search", f.Name)
			}
			if f.Type != TypeText {
				x.Fault("只能按文本字段搜索，%s 不是", "only text fields can be searched; %s is not one", f.Name)
			}
		}
	}
	if f := l.fieldOf(e, o.Get("year")); f != nil && f.Type != TypeYear {
		o.Get("year").Fault("字段 %s 的类型不是 year", "the field %s is not of type year", f.Name)
	}
	l.org(e, o.Get("org"))
	l.below(e, o.Get("below"))
	l.restRefs(e, o)
}

// below checks that what those under an organisation may read tells of nobody.
func (l *loader) below(e *Entity, x yamltree.Item) {
	if !e.Below {
		return
	}
	if e.Org == "" || strings.Contains(e.Org, ".") {
		x.Fault("below 需要 org 直接写明一个字段", "below needs an org that is a field of the entity itself")
	}
	for _, f := range e.Fields {
		if f.Sensitivity > InternalUse {
			x.Fault("下级可读的实体不能有个人信息字段 %s", "an entity that is read by those below has no field about persons: %s", f.Name)
		}
	}
}

// knownEntity resolves the name of an entity.
func (l *loader) knownEntity(v yamltree.Item) *Entity {
	if v.Str() == "" {
		return nil
	}
	e := l.cat.Entity(v.Str())
	if e == nil {
		v.Fault("没有名为 %s 的实体", "there is no entity %s", v.Str())
	}
	return e
}

// knownRef resolves the name of an entity that can be referred to: its key is one
// field.
func (l *loader) knownRef(v yamltree.Item) *Entity {
	e := l.knownEntity(v)
	if e != nil && len(e.Key) != 1 {
		v.Fault("%s 的键不止一个字段，不能被引用", "%s has a key of several fields and cannot be referred to", e.Name)
		return nil
	}
	return e
}

// knownList resolves the name of a code list.
func (l *loader) knownList(v yamltree.Item) *CodeList {
	if v.Str() == "" {
		return nil
	}
	list := l.cat.List(v.Str())
	if list == nil {
		v.Fault("没有代码表 codes/%s.csv", "there is no code list codes/%s.csv", v.Str())
	}
	return list
}

// fieldOf resolves a field name of an entity.
func (l *loader) fieldOf(e *Entity, v yamltree.Item) *Field {
	if v.Str() == "" || e.Name == "" {
		return nil
	}
	f := e.Field(v.Str())
	if f == nil {
		v.Fault("%s 没有字段 %s", "%s has no field %s", e.Name, v.Str())
	}
	return f
}

func (l *loader) notClosed(v yamltree.Item, f *Field) {
	if f.Sensitivity == Closed {
		v.Fault("%s 是封闭字段（closed），不能用在这里", "%s is a closed field and cannot be used here", f.Name)
	}
}

// org checks that the path from a row to its organisation ends at one.
func (l *loader) org(e *Entity, v yamltree.Item) {
	if v.Str() == "" {
		return
	}
	at, end := e, v.Str()
	if ref, rest, ok := strings.Cut(end, "."); ok {
		f := e.Field(ref)
		if f == nil || f.Type != TypeRef || l.cat.Entity(f.Ref) == nil {
			v.Fault("%s 不是 %s 的引用字段", "%s is not a reference of %s", ref, e.Name)
			return
		}
		at, end = l.cat.Entity(f.Ref), rest
	}
	f := at.Field(end)
	switch {
	case f == nil:
		v.Fault("%s 没有字段 %s", "%s has no field %s", at.Name, end)
	case at.Node != nil && slices.Equal(at.Key, []string{end}):
	case f.Type == TypeRef && l.cat.Entity(f.Ref) != nil && l.cat.Entity(f.Ref).Node != nil:
	default:
		v.Fault("%s 不指向机构（带 node 的实体）", "%s does not lead to an organisation (an entity with node)", v.Str())
	}
}

// node checks the node block of an entity.
func (l *loader) valid(e *Entity, o *yamltree.Object) {
	for key, want := range map[string]Type{"from": TypeDate, "to": TypeDate, "within": TypeYear} {
		if f := l.fieldOf(e, o.Get(key)); f != nil && f.Type != want {
			o.Get(key).Fault("字段 %s 的类型应为 %s", "the field %s must be of type %s", f.Name, want)
		}
	}
}

func (l *loader) node(e *Entity, o *yamltree.Object) {
	if f := l.fieldOf(e, o.Get("parent")); f != nil {
		if to := l.cat.Entity(f.Ref); f.Type != TypeRef || to != nil && to.Node == nil {
			o.Get("parent").Fault("%s 不指向机构（带 node 的实体）", "%s does not lead to an organisation (an entity with node)", f.Name)
		}
	}
	o.Either("level", "level_field")
	if f := l.fieldOf(e, o.Get("level_field")); f != nil && f.Type != TypeCode {
		o.Get("level_field").Fault("字段 %s 的类型不是 code", "the field %s is not of type code", f.Name)
	}
	for _, k := range []string{"open", "close"} {
		if f := l.fieldOf(e, o.Get(k)); f != nil && f.Type != TypeDate {
			o.Get(k).Fault("字段 %s 的类型不是 date", "the field %s is not of type date", f.Name)
		}
	}
	if len(e.Key) != 1 {
		o.Fault("机构的键只能是一个字段", "an organisation has a key of one field")
	}
}
