package catalog

import (
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"luoshu/kernel/rule"
)

// Words that CEL keeps for itself.
var reserved = strings.Fields(`as break const continue else false for function if import in let loop
package namespace null return true var void while`)

var sourcePattern = regexp.MustCompile(`^(school|county|city|province|nation|system:[a-z][a-z0-9-]*)$`)

var entityWord = both{"实体", "entity"}

// entity reads entities/NAME.yaml.
func (l *loader) entity(f *folder, o *object) {
	e := &Entity{Pack: f.name, Dir: f.pack.Dir, File: o.file, fields: map[string]*Field{}}
	e.Name = o.word("entity")
	at := o.at("entity")
	e.Line = at.line
	if e.Name != "" && path.Base(o.file) != e.Name+".yaml" {
		o.get("entity").fault("实体 %s 应写在 %s.yaml 中", "the entity %s belongs in %s.yaml", e.Name, e.Name)
	}
	e.Title, e.Note, e.Group = o.title("title", true), o.title("note", false), o.title("group", true)
	e.Key, e.Label, e.Search = o.must("key").strs(), o.must("label").str(), o.get("search").strs()
	e.Org, e.Year = o.get("org").str(), o.get("year").str()
	e.Months = int(o.get("months").whole(0, 1200))
	if n := o.get("node"); n.given() {
		no := n.object()
		e.Node = &Node{
			Parent: no.must("parent").str(), Level: no.get("level").str(), LevelField: no.get("level_field").str(),
			Open: no.get("open").str(), Close: no.get("close").str()}
		l.on(passFields, func() { l.node(e, no) })
		no.done()
	}
	for _, x := range o.must("fields").items() {
		l.field(e, x.object())
	}
	if len(e.Fields) == 0 {
		o.fault("实体没有字段", "the entity has no fields")
	}
	l.headings(e, o)
	l.on(passFields, func() { l.entityRefs(e, o) })
	if l.once(entityWord, e.Name, at) {
		l.cat.Entities = append(l.cat.Entities, e)
		l.cat.entities[e.Name] = e
	}
}

// field reads one field of an entity.
func (l *loader) field(e *Entity, o *object) {
	f := &Field{Index: len(e.Fields), Line: o.place().line}
	f.Name = o.word("name")
	f.Title, f.Note, f.Aliases = o.title("title", true), o.title("note", false), o.get("aliases").strs()
	f.Type = Type(o.must("type").word("text", "code", "ref", "int", "decimal", "bool", "date", "year"))
	f.Codes, f.Ref, f.Loose = o.get("codes").str(), o.get("ref").str(), o.get("loose").boolean()
	f.Required = o.get("required").boolean()
	f.Scale = int(o.get("scale").whole(0, 9))
	f.Unit = o.title("unit", false)
	f.Pattern, f.Check, f.Example = o.get("pattern").str(), o.get("check").str(), o.get("example").str()
	f.Sensitivity = InternalUse
	if s := o.get("sensitivity").word(sensitivities...); s != "" {
		f.Sensitivity, _ = ParseSensitivity(s)
	}
	f.Source = "school"
	if s := o.get("source"); s.given() {
		if f.Source = s.str(); f.Source != "" && !sourcePattern.MatchString(f.Source) {
			s.fault("来源应为 school、county、city、province、nation 或 system:名称，且只有一个，现为 %s",
				"the source is one of school, county, city, province, nation or system:NAME, not %s", f.Source)
		}
	}
	f.Min, f.Max = f.bound(o.get("min")), f.bound(o.get("max"))
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		o.get("min").fault("min 大于 max", "min is larger than max")
	}
	l.fieldType(f, o)
	o.done()
	if f.Name == "" {
		return
	}
	if slices.Contains(reserved, f.Name) {
		o.get("name").fault("%s 是表达式的保留字，不能作字段名", "%s is a reserved word of expressions and cannot name a field", f.Name)
	}
	if e.fields[f.Name] != nil {
		o.get("name").fault("字段 %s 写了两次", "the field %s stands twice", f.Name)
		return
	}
	e.Fields = append(e.Fields, f)
	e.fields[f.Name] = f
	l.where[f] = o.at("name")
	l.on(passFields, func() { l.fieldRefs(f, o) })
}

// fieldType checks that the keys of a field fit its type.
func (l *loader) fieldType(f *Field, o *object) {
	only := func(key string, types ...Type) {
		if x := o.get(key); x.given() && f.Type != "" && !slices.Contains(types, f.Type) {
			x.fault("类型 %[2]s 的字段不能写 %[1]s", "%[1]s does not apply to a field of type %[2]s", key, f.Type)
		}
	}
	only("codes", TypeCode)
	only("ref", TypeRef)
	only("loose", TypeCode, TypeRef)
	only("scale", TypeDecimal)
	only("pattern", TypeText)
	only("check", TypeText)
	only("min", TypeText, TypeInt, TypeDecimal, TypeDate, TypeYear)
	only("max", TypeText, TypeInt, TypeDecimal, TypeDate, TypeYear)
	switch f.Type {
	case TypeCode:
		o.must("codes")
	case TypeRef:
		o.must("ref")
	case TypeDecimal:
		o.must("scale")
	}
	if f.Pattern != "" {
		if _, err := regexp.Compile(`^(?:` + f.Pattern + `)$`); err != nil {
			o.get("pattern").fault("正则表达式有误：%s", "bad regular expression: %s", err)
		}
	}
	if f.Check != "" && !slices.Contains(rule.Checks(), f.Check) {
		o.get("check").fault("没有名为 %s 的校验；可用：%s", "there is no check %s; there are %s", f.Check, strings.Join(rule.Checks(), " "))
	}
}

// bound reads min or max as the stored value of the field's type.
func (f *Field) bound(v item) *int64 {
	s := v.str()
	if s == "" {
		return nil
	}
	scale := 0
	if f.Type == TypeDecimal {
		scale = f.Scale
	}
	if f.Type == TypeDate && strings.Contains(s, "-") {
		if d, ok := parseDate(s); ok {
			return &d
		}
	}
	i, ok := Scaled(s, scale)
	if !ok || f.Type == TypeText && (i < 0 || i > math.MaxInt32) {
		v.fault("%s 不能作这种字段的界限", "%s cannot bound such a field", s)
		return nil
	}
	return &i
}

// fieldRefs resolves the code list or entity of a field and tries its example.
func (l *loader) fieldRefs(f *Field, o *object) {
	if f.Codes != "" && f.Type == TypeCode {
		list := l.cat.List(f.Codes)
		if list == nil {
			o.get("codes").fault("没有代码表 codes/%s.csv", "there is no code list codes/%s.csv", f.Codes)
		} else if list.Title == (Text{}) {
			list.Title = f.Title
		}
	}
	if f.Ref != "" && f.Type == TypeRef {
		to := l.cat.Entity(f.Ref)
		switch {
		case to == nil:
			o.get("ref").fault("没有名为 %s 的实体", "there is no entity %s", f.Ref)
		case len(to.Key) != 1:
			o.get("ref").fault("%s 的键不止一个字段，不能被引用", "%s has a key of several fields and cannot be referred to", f.Ref)
		case to.Field(to.Key[0]) != nil && !to.Field(to.Key[0]).Type.IsText():
			o.get("ref").fault("%s 的键不是文本，不能被引用", "the key of %s is not text and cannot be referred to", f.Ref)
		}
	}
	if ex := o.get("example"); f.Example != "" {
		if why := l.example(f); why != (both{}) {
			ex.fault("示例 %[2]s 不能填在这个字段里：%[1]s", "the example %[2]s does not fit the field: %[1]s", why, f.Example)
		}
	}
}

// headings checks that no heading of a sheet could mean two fields.
func (l *loader) headings(e *Entity, o *object) {
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
				l.add(l.where[f], "表头“%s”既指 %s 又指 %s", "the heading %q means both %s and %s", h, other.Name, f.Name)
				continue
			}
			owner[h] = f
		}
	}
}

// entityRefs checks that what an entity says of its fields holds.
func (l *loader) entityRefs(e *Entity, o *object) {
	for _, x := range o.get("key").items() {
		if f := l.fieldOf(e, x); f != nil {
			l.notClosed(x, f)
			if !f.Required {
				x.fault("键字段 %s 必须 required", "the key field %s must be required", f.Name)
			}
		}
	}
	if f := l.fieldOf(e, o.get("label")); f != nil {
		l.notClosed(o.get("label"), f)
	}
	for _, x := range o.get("search").items() {
		if f := l.fieldOf(e, x); f != nil {
			l.notClosed(x, f)
			if f.Type != TypeText {
				x.fault("只能按文本字段搜索，%s 不是", "only text fields can be searched; %s is not one", f.Name)
			}
		}
	}
	if f := l.fieldOf(e, o.get("year")); f != nil && f.Type != TypeYear {
		o.get("year").fault("字段 %s 的类型不是 year", "the field %s is not of type year", f.Name)
	}
	l.org(e, o.get("org"))
}

// fieldOf resolves a field name of an entity.
func (l *loader) fieldOf(e *Entity, v item) *Field {
	if v.str() == "" || e.Name == "" {
		return nil
	}
	f := e.Field(v.str())
	if f == nil {
		v.fault("%s 没有字段 %s", "%s has no field %s", e.Name, v.str())
	}
	return f
}

func (l *loader) notClosed(v item, f *Field) {
	if f.Sensitivity == Closed {
		v.fault("%s 是封闭字段（closed），不能用在这里", "%s is a closed field and cannot be used here", f.Name)
	}
}

// org checks that the path from a row to its organisation ends at one.
func (l *loader) org(e *Entity, v item) {
	if v.str() == "" {
		return
	}
	at, end := e, v.str()
	if ref, rest, ok := strings.Cut(end, "."); ok {
		f := e.Field(ref)
		if f == nil || f.Type != TypeRef || l.cat.Entity(f.Ref) == nil {
			v.fault("%s 不是 %s 的引用字段", "%s is not a reference of %s", ref, e.Name)
			return
		}
		at, end = l.cat.Entity(f.Ref), rest
	}
	f := at.Field(end)
	switch {
	case f == nil:
		v.fault("%s 没有字段 %s", "%s has no field %s", at.Name, end)
	case at.Node != nil && slices.Equal(at.Key, []string{end}):
	case f.Type == TypeRef && l.cat.Entity(f.Ref) != nil && l.cat.Entity(f.Ref).Node != nil:
	default:
		v.fault("%s 不指向机构（带 node 的实体）", "%s does not lead to an organisation (an entity with node)", v.str())
	}
}

// node checks the node block of an entity.
func (l *loader) node(e *Entity, o *object) {
	if f := l.fieldOf(e, o.get("parent")); f != nil {
		if to := l.cat.Entity(f.Ref); f.Type != TypeRef || to != nil && to.Node == nil {
			o.get("parent").fault("%s 不指向机构（带 node 的实体）", "%s does not lead to an organisation (an entity with node)", f.Name)
		}
	}
	if (e.Node.Level == "") == (e.Node.LevelField == "") {
		o.fault("level 与 level_field 必须且只能写一个", "either level or level_field must be given, not both")
	}
	if f := l.fieldOf(e, o.get("level_field")); f != nil && f.Type != TypeCode {
		o.get("level_field").fault("字段 %s 的类型不是 code", "the field %s is not of type code", f.Name)
	}
	for _, k := range []string{"open", "close"} {
		if f := l.fieldOf(e, o.get(k)); f != nil && f.Type != TypeDate {
			o.get(k).fault("字段 %s 的类型不是 date", "the field %s is not of type date", f.Name)
		}
	}
	if len(e.Key) != 1 {
		o.fault("机构的键只能是一个字段", "an organisation has a key of one field")
	}
}
