package charter

import (
	"regexp"
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// The closed class never leaves, and so no charter file may so much as name a
// closed field: no set rule, no round, no identity, no movement. Each reader of a
// file refuses it where it knows what a name means; this is the net under them, for
// files and keys that are added later.

var identifier = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// words that are for people, not for the machine.
var spoken = []string{"zh", "en", "ref", "certainty", "id"}

// closed faults every name of a closed field under v. Where the value stands beside
// an entity, or in something that does, that entity's fields are meant; elsewhere
// those of every entity the file names, unless one of them has an open field of the
// same name.
func (l *loader) closed(v yamltree.Item) {
	named := map[*catalog.Entity]bool{}
	v.Walk(func(_ []string, _ []yamltree.Item, s yamltree.Item) {
		for _, w := range identifier.FindAllString(s.Str(), -1) {
			if e := l.cat.Entity(w); e != nil {
				named[e] = true
			}
		}
	})
	v.Walk(func(keys []string, around []yamltree.Item, s yamltree.Item) {
		if len(keys) > 0 && slices.Contains(spoken, keys[len(keys)-1]) || l.faults.At(s.Place()) {
			return
		}
		for _, w := range identifier.FindAllString(s.Str(), -1) {
			if e := l.shut(w, around, named); e != nil {
				s.Fault("%s 是 %s 的封闭字段（closed），不能用在这里", "%s is a closed field of %s and cannot be used here", w, e.Name)
				return
			}
		}
	})
}

// shut returns the entity whose closed field a word names, nil if it names none.
func (l *loader) shut(word string, around []yamltree.Item, named map[*catalog.Entity]bool) *catalog.Entity {
	for i := len(around) - 1; i >= 0; i-- {
		e := l.cat.Entity(around[i].Peek("entity"))
		if e == nil {
			continue
		}
		if f := e.Field(word); f != nil {
			if f.Sensitivity == catalog.Closed {
				return e
			}
			return nil
		}
	}
	var found *catalog.Entity
	for _, e := range l.cat.Entities {
		f := e.Field(word)
		switch {
		case f == nil || !named[e]:
		case f.Sensitivity != catalog.Closed:
			return nil
		default:
			found = e
		}
	}
	return found
}
