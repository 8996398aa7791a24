package charter

import (
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Lifecycle says how organisations change: on which entity, by which events, and
// whose facts go along when one takes over from another.
type Lifecycle struct {
	Entity    *catalog.Entity // its records are organisations
	Former    *catalog.Field  // keeps the name before a change of name, nil if none
	Successor *catalog.Field  // who takes over, nil if none
	Address   *catalog.Field  // nil if none
	Event     LifeEvent
	Follow    []Following
	Acts      []*Act
}

// LifeEvent names the entity of events and its fields.
type LifeEvent struct {
	Entity                                       *catalog.Entity
	Org, Date, Kind, Other, Before, After, Paper *catalog.Field
}

// Following is an entity of dated facts that go along to a successor: the fact is
// closed on the day and another opened, as far as it is open then. Holder is the
// field of the person's record that follows, nil if none.
type Following struct {
	Entity                *catalog.Entity
	Person, Org, From, To *catalog.Field
	Holder                *catalog.Field // of the entity Person refers to
}

// What an act does to an organisation.
const (
	ActRename = "rename" // another name; the former one is kept
	ActMerge  = "merge"  // closes; everybody goes to one successor
	ActSplit  = "split"  // some go to another; the organisation stays
	ActMove   = "move"   // another address
	ActManage = "manage" // another parent
	ActClose  = "close"  // closes; nobody may be left
)

// Act is one kind of change of an organisation.
type Act struct {
	ID    string
	Title Text
	Does  string // Act…
	Code  string // of the event
}

// Act returns a kind of change, nil if there is none.
func (l *Lifecycle) Act(id string) *Act {
	i := slices.IndexFunc(l.Acts, func(a *Act) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return l.Acts[i]
}

// lifecycle reads the organisations block of movement.yaml.
func (l *loader) lifecycle(o *yamltree.Object, m *Movement) {
	c := &Lifecycle{Entity: l.entity(o.Must("entity"))}
	e := c.Entity
	if e != nil && (e.Node == nil || len(e.Key) != 1 || e.Node.Close == "") {
		o.Get("entity").Fault("%s 须是有 close 日期的单位实体", "%s must be an entity of organisations with a close date", e.Name)
	}
	if x := o.Get("former"); x.Given() {
		c.Former = l.field(e, x, catalog.TypeText)
	}
	if x := o.Get("successor"); x.Given() {
		c.Successor = l.field(e, x, catalog.TypeRef)
	}
	if x := o.Get("address"); x.Given() {
		c.Address = l.field(e, x, catalog.TypeText)
	}
	v := o.Must("event").Object()
	c.Event.Entity = l.entity(v.Must("entity"))
	ve := c.Event.Entity
	c.Event.Org, c.Event.Date = l.field(ve, v.Must("org"), catalog.TypeRef), l.field(ve, v.Must("date"), catalog.TypeDate)
	c.Event.Kind, c.Event.Other = l.field(ve, v.Must("kind"), catalog.TypeCode), l.field(ve, v.Must("other"), catalog.TypeRef)
	c.Event.Before, c.Event.After = l.field(ve, v.Must("before"), catalog.TypeText), l.field(ve, v.Must("after"), catalog.TypeText)
	c.Event.Paper = l.field(ve, v.Must("document"), catalog.TypeText)
	v.Done()
	for _, x := range o.Get("follow").Items() {
		c.Follow = append(c.Follow, l.following(x.Object()))
	}
	for _, x := range o.Must("acts").Items() {
		a := x.Object()
		act := &Act{ID: a.ID("id"), Title: a.Title("title", true)}
		act.Does = a.Must("does").OneOf(ActRename, ActMerge, ActSplit, ActMove, ActManage, ActClose)
		if c.Event.Kind != nil {
			act.Code = l.codeOf(c.Event.Kind.Codes, a.Must("code"))
		}
		a.Done()
		if c.Act(act.ID) != nil {
			a.Get("id").Fault("变更 %s 写了两次", "the act %s stands twice", act.ID)
		}
		c.Acts = append(c.Acts, act)
	}
	o.Done()
	m.Orgs = c
}

func (l *loader) following(o *yamltree.Object) Following {
	var f Following
	f.Entity = l.entity(o.Must("entity"))
	f.Person, f.Org = l.field(f.Entity, o.Must("person"), catalog.TypeRef), l.field(f.Entity, o.Must("org"), catalog.TypeRef)
	f.From, f.To = l.field(f.Entity, o.Must("from"), catalog.TypeDate), l.field(f.Entity, o.Must("to"), catalog.TypeDate)
	if x := o.Get("holder"); x.Given() && f.Person != nil {
		f.Holder = l.field(l.cat.Entity(f.Person.Ref), x, catalog.TypeRef)
	}
	o.Done()
	return f
}
