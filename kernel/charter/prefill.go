package charter

import (
	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// Prefill says which fields of a case's register begin with a sealed figure of the
// organisation that the case is about.
type Prefill struct {
	Seal   *catalog.Field // takes the seal that they come from; nil if none does
	Fields []FigureField
}

// FigureField is a number that an indicator answers.
type FigureField struct {
	Field     *catalog.Field
	Indicator string
	Where     map[string]string // fixed values of further dimensions
}

// prefill reads the key figures of a case type.
func (l *loader) prefill(t *CaseType, o *yamltree.Object) *Prefill {
	defer o.Done()
	p := &Prefill{}
	if x := o.Get("seal"); x.Given() {
		p.Seal = l.field(t.Entity, x, catalog.TypeText)
	}
	seen := map[string]bool{}
	for _, x := range o.Must("fields").Items() {
		fo := x.Object()
		at := fo.Must("field")
		f := FigureField{Field: l.field(t.Entity, at, catalog.TypeDecimal, catalog.TypeInt), Where: fo.Get("where").Dict()}
		if seen[at.Str()] {
			at.Fault("字段 %s 写了两次", "field %s stands twice", at.Str())
		}
		seen[at.Str()] = true
		id := fo.Must("indicator")
		if f.Indicator = id.Str(); f.Indicator != "" && l.cat.Indicator(f.Indicator) == nil {
			id.Fault("没有指标 %s", "there is no indicator %s", f.Indicator)
		}
		fo.Done()
		if f.Field != nil {
			p.Fields = append(p.Fields, f)
		}
	}
	return p
}
