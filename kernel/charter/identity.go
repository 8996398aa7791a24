package charter

import (
	"strconv"

	"luoshu/engine/linkage"
	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Identity says how the records of an entity of persons are told apart.
type Identity struct {
	Pack   string
	Entity *catalog.Entity
	Linked linkage.Config // fields in the order of Feeds
	Feeds  []Feed
	// Exact are fields of which one equal value alone makes a likely duplicate at
	// the door: an identity number.
	Exact []string
	// Enforce refuses a new record at the door that has an exact field of another;
	// otherwise it is taken, warned of and queued.
	Enforce bool
	Note    Text
}

// Feed is where a field of the comparison comes from: a field of the entity, or of
// another entity whose field Ref refers to it (several values, one a line).
type Feed struct {
	Name   string
	Field  string
	Entity string // "" for the entity itself
	Ref    string
}

// Identities lists what packs say of persons, in the order of the packs.
func (c *Charter) Identities() []*Identity { return c.identities }

// Identity returns what packs say of an entity, nil if they say nothing.
func (c *Charter) Identity(entity string) *Identity {
	for _, i := range c.identities {
		if i.Entity.Name == entity {
			return i
		}
	}
	return nil
}

// identity reads identity.yaml.
func (l *loader) identity(c catalog.Charter, o *yamltree.Object) {
	for _, x := range o.Must("identity").Items() {
		l.identityOf(c.Pack, x)
	}
}

func (l *loader) identityOf(pack string, at yamltree.Item) {
	o := at.Object()
	defer o.Done()
	name := o.Must("entity")
	e := l.cat.Entity(name.Str())
	if e == nil {
		if name.Str() != "" {
			name.Fault("没有名为 %s 的实体", "there is no entity %s", name.Str())
		}
		e = &catalog.Entity{Name: name.Str()}
	}
	i := &Identity{Pack: pack, Entity: e, Note: o.Title("note", false)}
	i.Enforce = o.Get("at_door").OneOf("warn", "enforce") == "enforce"
	i.Linked.Seed = 1
	if m := o.Must("match").Number(); m != nil {
		i.Linked.Match = *m
	}
	if p := o.Must("possible").Number(); p != nil {
		i.Linked.Possible = *p
	}
	for _, x := range o.Must("fields").Items() {
		l.feed(i, x.Object())
	}
	for _, x := range o.Must("passes").Items() {
		i.Linked.Passes = append(i.Linked.Passes, pass(x.Object()))
	}
	for _, x := range o.Get("cautions").Items() {
		i.Linked.Cautions = append(i.Linked.Cautions, caution(x.Object()))
	}
	for _, x := range o.Get("exact").Items() {
		f := e.Field(x.Str())
		switch {
		case f == nil:
			x.Fault("%s 没有字段 %s", "%s has no field %s", e.Name, x.Str())
		case f.Rest == catalog.Hidden:
			x.Fault("字段 %s 加密保存且不可查找（find），不能用来比对", "the field %s is sealed and cannot be found by (find), so it cannot be matched on", f.Name)
		default:
			i.Exact = append(i.Exact, f.Name)
		}
	}
	if len(e.Fields) > 0 && (len(e.Key) != 1 || !e.KeyFields()[0].Type.IsText()) {
		name.Fault("%s 的键须是一个文本字段，才能合并", "%s needs a key of one text field to be merged", e.Name)
	}
	if len(e.Fields) > 0 && len(i.Linked.Fields) > 0 && len(i.Linked.Passes) > 0 {
		if err := i.Linked.Check(); err != nil {
			at.Fault("比对设置有误：%s", "the comparison is not sound: %s", err)
		}
	}
	if l.Identity(e.Name) != nil {
		name.Fault("%s 写了两次", "%s stands twice", e.Name)
		return
	}
	l.identities = append(l.identities, i)
}

// feed reads one field of the comparison: field, or related: entity.ref.field.
func (l *loader) feed(i *Identity, o *yamltree.Object) {
	defer o.Done()
	f := linkage.Field{Kind: linkage.Kind(o.Must("kind").Str()), Within: o.Get("within").Str()}
	if linkage.Levels(f.Kind) == nil {
		o.Get("kind").Fault("没有比对方式 %s", "there is no comparison %s", string(f.Kind))
	}
	feed := Feed{Field: o.Must("field").Str()}
	feed.Name, feed.Entity, feed.Ref = feed.Field, o.Get("of").Str(), o.Get("by").Str()
	e := i.Entity
	if n := o.Get("name"); n.Given() {
		feed.Name = o.Word("name")
	}
	f.Name = feed.Name
	if feed.Entity != "" {
		if e = l.cat.Entity(feed.Entity); e == nil {
			o.Get("of").Fault("没有名为 %s 的实体", "there is no entity %s", feed.Entity)
			return
		}
		if r := e.Field(feed.Ref); r == nil || r.Ref != i.Entity.Name {
			o.Get("of").Fault("%s 的字段 %s 不引用 %s", "the field %[2]s of %[1]s does not refer to %[3]s", feed.Entity, feed.Ref, i.Entity.Name)
		}
	}
	switch x := e.Field(feed.Field); {
	case len(e.Fields) == 0:
	case x == nil:
		o.Get("field").Fault("%s 没有字段 %s", "%s has no field %s", e.Name, feed.Field)
	case x.Sensitivity == catalog.Closed:
		o.Get("field").Fault("%s 是封闭字段（closed），不能用来比对", "%s is a closed field and cannot be compared", feed.Field)
	}
	i.Linked.Fields = append(i.Linked.Fields, f)
	i.Feeds = append(i.Feeds, feed)
}

func pass(o *yamltree.Object) linkage.Pass {
	defer o.Done()
	p := linkage.Pass{Name: o.Must("name").Str()}
	for _, x := range o.Must("keys").Items() {
		k := x.Object()
		p.Keys = append(p.Keys, linkage.Key{Field: k.Must("field").Str(), Part: linkage.Part(k.Get("part").Str())})
		k.Done()
	}
	return p
}

func caution(o *yamltree.Object) linkage.Caution {
	defer o.Done()
	c := linkage.Caution{ID: o.ID("id"), When: map[string][]string{}, Verdict: linkage.Verdict(o.Must("verdict").OneOf("possible", "non_match"))}
	when := o.Must("when").Object()
	for _, f := range when.Keys() {
		c.When[f] = when.Get(f).Strs()
	}
	when.Done()
	return c
}

// LevelName is the name of a level of a field, "missing" for 0.
func (i *Identity) LevelName(field, level int) string {
	if level == 0 {
		return "missing"
	}
	if names := linkage.Levels(i.Linked.Fields[field].Kind); level <= len(names) {
		return names[level-1]
	}
	return strconv.Itoa(level)
}
