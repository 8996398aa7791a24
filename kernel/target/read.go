package target

import (
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/yamltree"
)

// FileName is the name of the files that Load reads.
const FileName = "targets.yaml"

// Book is the registers that the packs of a catalog name.
type Book struct{ registers []*register }

// part is what a field may be to a register.
type part struct {
	name  string
	types []catalog.Type
	must  bool
}

var (
	versionParts = []part{
		{"target", []catalog.Type{catalog.TypeCode}, true},
		{"number", []catalog.Type{catalog.TypeInt}, true},
		{"from", []catalog.Type{catalog.TypeDate}, true},
		{"decision", []catalog.Type{catalog.TypeText}, true},
		{"value", []catalog.Type{catalog.TypeDecimal, catalog.TypeInt}, true},
		{"wording", []catalog.Type{catalog.TypeText}, false},
		{"deadline", []catalog.Type{catalog.TypeDate}, false},
		{"reason", []catalog.Type{catalog.TypeText}, false},
		{"case", []catalog.Type{catalog.TypeText}, false},
	}
	milestoneParts = []part{
		{"target", []catalog.Type{catalog.TypeCode}, true},
		{"year", []catalog.Type{catalog.TypeYear}, true},
		{"planned", []catalog.Type{catalog.TypeDecimal, catalog.TypeInt}, true},
	}
)

// Load reads the targets.yaml of a catalog's packs. Faults come back all at once.
func Load(cat *catalog.Catalog) (*Book, []yamltree.Fault) {
	var faults yamltree.Faults
	b := &Book{}
	for _, c := range cat.Charters {
		if c.Name != FileName {
			continue
		}
		v := yamltree.Parse(&faults, c.File, c.Data)
		if !v.Given() {
			continue
		}
		o := v.Object()
		versions, milestones := o.Get("versions"), o.Get("milestones")
		if !versions.Given() && !milestones.Given() {
			v.Fault("应写 versions（目标版本）或 milestones（年度里程碑）", "there is neither versions nor milestones")
		}
		if versions.Given() {
			b.add(cat, versions, versionParts, true)
		}
		if milestones.Given() {
			b.add(cat, milestones, milestoneParts, false)
		}
		o.Done()
	}
	return b, faults.Sorted()
}

// add reads one register. Whoever may read a plan sees it, whatever their
// organisation: so its fields are public.
func (b *Book) add(cat *catalog.Catalog, v yamltree.Item, parts []part, versions bool) {
	o := v.Object()
	defer o.Done()
	x := o.Must("entity")
	r := &register{entity: cat.Entity(x.Str()), versions: versions, fields: map[string]*catalog.Field{}}
	if x.Str() != "" && r.entity == nil {
		x.Fault("没有名为 %s 的实体", "there is no entity %s", x.Str())
	}
	for _, p := range parts {
		get := o.Get
		if p.must {
			get = o.Must
		}
		if at := get(p.name); at.Given() && r.entity != nil {
			r.field(at, p)
		}
	}
	switch {
	case r.entity == nil:
	case r.entity.Org == "":
		x.Fault("实体 %s 没有单位（org），看不出由谁决定", "entity %s has no organisation (org), so that nobody has decided", r.entity.Name)
	default:
		b.registers = append(b.registers, r)
	}
}

func (r *register) field(at yamltree.Item, p part) {
	f := r.entity.Field(at.Str())
	switch {
	case f == nil:
		at.Fault("实体 %s 没有字段 %s", "entity %s has no field %s", r.entity.Name, at.Str())
	case !slices.Contains(p.types, f.Type):
		at.Fault("字段 %s 的类型是 %s，这里应为 %s", "field %s is of type %s, here it has to be %s", f.Name, f.Type, p.types[0])
	case f.Sensitivity != catalog.Public:
		at.Fault("字段 %s 不是公开字段；能读规划的人都看得到目标", "field %s is not public; whoever reads the plan sees its targets", f.Name)
	default:
		r.fields[p.name] = f
	}
}
