package catalog

import (
	"encoding/json"
	"strings"

	"luoshu/kernel/yamltree"
)

// pack reads pack.yaml.
func (l *loader) pack(f *folder) *Pack {
	o := f.head
	p := &Pack{Name: f.name, Dir: f.name}
	if name := o.ID("name"); name != "" && name != f.name {
		o.Get("name").Fault("包名 %s 与文件夹名 %s 不同", "the pack's name %s differs from its folder %s", name, f.name)
	}
	p.Version = o.Full("version")
	p.Title = o.Title("title", true)
	p.Needs = o.Get("needs").Strs()
	p.Owner = o.Title("owner", true)
	p.Basis = sources(o, "basis")
	if c := o.Get("city"); c.Given() {
		l.cities = append(l.cities, c.Place())
		l.city(c.Object(), p)
	}
	o.Done()
	return p
}

// Words for how sure a source is.
var certainties = []string{"A", "B", "D", "M"}

// source reads the keys zh, en, ref and certainty of a mapping.
func source(o *yamltree.Object) Source {
	return Source{Text: o.Words(), Ref: o.Get("ref").Str(), Certainty: o.Must("certainty").OneOf(certainties...)}
}

// sources reads a list of {zh, en, ref, certainty}.
func sources(o *yamltree.Object, key string) []Source {
	var out []Source
	for _, x := range o.Get(key).Items() {
		s := x.Object()
		out = append(out, source(s))
		s.Done()
	}
	return out
}

// city reads the city block.
func (l *loader) city(o *yamltree.Object, p *Pack) {
	c := &l.cat.City
	c.Title = p.Title
	c.Root = o.Full("root")
	if a := o.Get("area"); a.Given() {
		ao := a.Object()
		c.AreaProp, c.AreaDim = ao.Full("property"), ao.ID("dim")
		l.on(passRest, func() { l.knownDim(ao.Get("dim")) })
		ao.Done()
	}
	stage := o.Get("stage")
	c.StageDim = stage.Str()
	l.on(passRest, func() { l.knownDim(stage) })
	y := o.Must("year").Object()
	c.YearName = y.Words()
	for _, k := range []string{"zh", "en"} {
		if s := y.Get(k); s.Given() && (strings.Count(s.Str(), "%d") < 1 || strings.Count(s.Str(), "%d") > 2 || strings.Count(s.Str(), "%") != strings.Count(s.Str(), "%d")) {
			s.Fault("年份的写法要有一个或两个 %%d", "the way to write a year needs one or two %%d")
		}
	}
	c.YearStart = int(y.Must("month").Whole(1, 12))
	y.Done()
	c.Notice = o.Title("notice", false)
	c.TrendsFrom = int(o.Get("trends_from").Whole(0, 9999))
	for _, h := range o.Get("headlines").Items() {
		ho := h.Object()
		id := ho.Must("indicator")
		c.Headlines = append(c.Headlines, Headline{Indicator: id.Str(), Where: ho.Get("where").Dict()})
		l.on(passRest, func() { l.figureWhere(id, ho.Get("where")) })
		ho.Done()
	}
	o.Done()
}

// knownDim checks that some grain has the dimension.
func (l *loader) knownDim(v yamltree.Item) {
	if v.Str() == "" {
		return
	}
	for _, g := range l.cat.Grains {
		if g.Dim(v.Str()) != nil {
			return
		}
	}
	v.Fault("没有一个基集带维度 %s", "no grain has the dimension %s", v.Str())
}

// figureWhere checks that an indicator exists and that the cut values name its
// dimensions and their codes.
func (l *loader) figureWhere(id, where yamltree.Item) {
	if ind := l.knownIndicator(id); ind != nil && where.Given() {
		l.cutValues(where, l.grainsOf(ind, nil))
	}
}

// cutValues checks a mapping of dimensions to values against all given grains.
func (l *loader) cutValues(where yamltree.Item, grains []*Grain) {
	o := where.Object()
	for _, k := range o.Keys() {
		v := o.Get(k)
		for _, g := range grains {
			d := g.Dim(k)
			if d == nil {
				v.Fault("基集 %s 没有维度 %s", "the grain %s has no dimension %s", g.ID, k)
				break
			}
			if list := l.cat.List(d.Codes); list != nil && list.Code(v.Str()) == nil {
				v.Fault("%s 不在代码表 %s 中", "%s is not in the code list %s", v.Str(), d.Codes)
				break
			}
		}
	}
}

// boundaries takes map.geojson as it is.
func (l *loader) boundaries(_ *folder, p string, data []byte) {
	var head struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Type != "FeatureCollection" {
		l.Add(yamltree.Place{File: p}, "不是 GeoJSON 的 FeatureCollection", "not a GeoJSON FeatureCollection")
		return
	}
	if l.cat.Boundaries != nil {
		l.Add(yamltree.Place{File: p}, "已有另一个包带边界", "another loaded pack has boundaries too")
	}
	l.cat.Boundaries = data
}
