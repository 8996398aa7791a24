package catalog

import (
	"encoding/json"
	"strings"
)

// pack reads pack.yaml.
func (l *loader) pack(f *folder) *Pack {
	o := f.head
	p := &Pack{Name: f.name, Dir: f.name}
	if name := o.id("name"); name != "" && name != f.name {
		o.get("name").fault("包名 %s 与文件夹名 %s 不同", "the pack's name %s differs from its folder %s", name, f.name)
	}
	p.Version = o.full("version")
	p.Title = o.title("title", true)
	p.Needs = o.get("needs").strs()
	p.Owner = o.title("owner", true)
	p.Basis = o.sources("basis")
	if c := o.get("city"); c.given() {
		l.cities = append(l.cities, c.place())
		l.city(c.object(), p)
	}
	o.done()
	return p
}

// city reads the city block.
func (l *loader) city(o *object, p *Pack) {
	c := &l.cat.City
	c.Title = p.Title
	c.Root = o.full("root")
	if a := o.get("area"); a.given() {
		ao := a.object()
		c.AreaProp, c.AreaDim = ao.full("property"), ao.id("dim")
		l.on(passRest, func() { l.knownDim(ao.get("dim")) })
		ao.done()
	}
	stage := o.get("stage")
	c.StageDim = stage.str()
	l.on(passRest, func() { l.knownDim(stage) })
	y := o.must("year").object()
	c.YearName = y.words()
	for _, k := range []string{"zh", "en"} {
		if s := y.get(k); s.given() && (strings.Count(s.str(), "%d") < 1 || strings.Count(s.str(), "%d") > 2 || strings.Count(s.str(), "%") != strings.Count(s.str(), "%d")) {
			s.fault("年份的写法要有一个或两个 %%d", "the way to write a year needs one or two %%d")
		}
	}
	c.YearStart = int(y.must("month").whole(1, 12))
	y.done()
	c.Notice = o.title("notice", false)
	c.TrendsFrom = int(o.get("trends_from").whole(0, 9999))
	for _, h := range o.get("headlines").items() {
		ho := h.object()
		id := ho.must("indicator")
		c.Headlines = append(c.Headlines, Headline{Indicator: id.str(), Where: ho.get("where").dict()})
		l.on(passRest, func() { l.figureWhere(id, ho.get("where")) })
		ho.done()
	}
	o.done()
}

// knownDim checks that some grain has the dimension.
func (l *loader) knownDim(v item) {
	if v.str() == "" {
		return
	}
	for _, g := range l.cat.Grains {
		if g.Dim(v.str()) != nil {
			return
		}
	}
	v.fault("没有一个基集带维度 %s", "no grain has the dimension %s", v.str())
}

// figureWhere checks that an indicator exists and that the cut values name its
// dimensions and their codes.
func (l *loader) figureWhere(id, where item) {
	if id.str() == "" {
		return
	}
	ind := l.cat.Indicator(id.str())
	if ind == nil {
		id.fault("没有名为 %s 的指标", "there is no indicator %s", id.str())
		return
	}
	if where.given() {
		l.cutValues(where, l.grainsOf(ind, nil))
	}
}

// cutValues checks a mapping of dimensions to values against all given grains.
func (l *loader) cutValues(where item, grains []*Grain) {
	o := where.object()
	for _, k := range o.order {
		v := o.get(k)
		for _, g := range grains {
			d := g.Dim(k)
			if d == nil {
				v.fault("基集 %s 没有维度 %s", "the grain %s has no dimension %s", g.ID, k)
				break
			}
			if list := l.cat.List(d.Codes); list != nil && list.Code(v.str()) == nil {
				v.fault("%s 不在代码表 %s 中", "%s is not in the code list %s", v.str(), d.Codes)
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
		l.add(place{file: p}, "不是 GeoJSON 的 FeatureCollection", "not a GeoJSON FeatureCollection")
		return
	}
	if l.cat.Boundaries != nil {
		l.add(place{file: p}, "已有另一个包带边界", "another loaded pack has boundaries too")
	}
	l.cat.Boundaries = data
}
