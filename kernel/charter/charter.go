// Package charter reads what packs say about how data are looked after: the
// sources of record and their stewards, the rules over sets, the rounds of
// verification, who is the same person, how persons move, and what kinds of cases
// there are. Like the catalog it
// is strict, reports every fault with file, line and column, and never changes.
package charter

import (
	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Charter is everything the packs of a catalog say, checked against it.
type Charter struct {
	Rounds     []*Round
	SetRules   []*SetRule
	Cases      []*CaseType
	identities []*Identity
	Sources    []*Source // who answers for what, in the order of the packs
	Movement   *Movement // nil where no pack has a movement.yaml

	cat     *catalog.Catalog
	sources map[string]*Source
}

// loader reads the files one after another and checks them at the end.
type loader struct {
	*Charter
	faults *yamltree.Faults
	later  []func() // checks that need everything read

	entered map[string]yamltree.Place // where a source was entered
	own     map[string]bool           // fields said to be facts of their own
	same    []sameName                // further names of a meaning
}

// Load reads the charter files of a catalog. Faults come back all at once.
func Load(cat *catalog.Catalog) (*Charter, []yamltree.Fault) {
	var faults yamltree.Faults
	l := &loader{Charter: &Charter{cat: cat, sources: map[string]*Source{}}, faults: &faults}
	for _, c := range cat.Charters {
		read := l.file(c.Name)
		if read == nil {
			continue
		}
		v := yamltree.Parse(&faults, c.File, c.Data)
		if !v.Given() {
			continue
		}
		o := v.Object()
		read(c, o)
		o.Done()
		l.later = append(l.later, func() { l.closed(v) })
	}
	l.sourcesKnown()
	l.repeated()
	for _, check := range l.later {
		check()
	}
	return l.Charter, faults.Sorted()
}

// file returns the reader of a file by its name, nil for one that another room reads.
func (l *loader) file(name string) func(catalog.Charter, *yamltree.Object) {
	switch name {
	case "movement.yaml":
		return func(_ catalog.Charter, o *yamltree.Object) { l.movement(o) }
	case "identity.yaml":
		return l.identity
	case "sources.yaml":
		return l.sourceFile
	case "rounds.yaml":
		return l.roundFile
	case "setrules.yaml":
		return l.setRuleFile
	case "cases.yaml":
		return l.caseFile
	}
	return nil
}
