package catalog

import (
	"slices"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

var (
	indicatorWord = Text{ZH: "指标", EN: "indicator"}
	kinds         = []string{KindCount, KindSum, KindShare, KindRatio, KindMean, KindCV, KindPasses}
)

// Digits shown when an indicator does not say.
var defaultDecimals = map[string]int{KindShare: 1, KindPasses: 1, KindRatio: 2, KindMean: 2, KindCV: 3}

func (l *loader) indicator(f *folder, o *yamltree.Object) {
	ind := &Indicator{Pack: f.name, File: o.File(), Line: o.Place().Line}
	ind.ID, ind.Title, ind.Note = o.ID("id"), o.Title("title", true), o.Title("note", false)
	ind.Kind = o.Must("kind").OneOf(kinds...)
	ind.Unit, ind.Formula, ind.Basis = o.Title("unit", false), o.Title("formula", true), sources(o, "basis")
	ind.Scale = 1
	if ind.Kind == KindShare || ind.Kind == KindPasses {
		ind.Scale = 100
	}
	if s := o.Get("scale"); s.Given() {
		ind.Scale = s.Whole(1, 1_000_000_000)
	}
	ind.Decimals = defaultDecimals[ind.Kind]
	if d := o.Get("decimals"); d.Given() {
		ind.Decimals = int(d.Whole(0, 9))
	}
	for _, x := range o.Get("by").Items() {
		ind.By = append(ind.By, x.Strs())
	}
	ind.Better = o.Get("better").OneOf("higher", "lower")
	ind.MinGroup, ind.Sensitive = o.Get("min_group").Whole(0, 1000), o.Get("sensitive").Bool()
	ind.Limit = o.Get("limit").Str()
	of, per := l.measures(ind, o)
	ind.Over, ind.Items = o.Get("over").Str(), o.Get("items").Strs()
	ind.AtLeast, ind.Unweighted = int(o.Get("at_least").Whole(1, 100)), o.Get("unweighted").Bool()
	l.shape(ind, o)
	o.Done()
	if l.once(indicatorWord, ind.ID, o.At("id")) {
		l.cat.Indicators = append(l.cat.Indicators, ind)
		l.cat.indicators[ind.ID] = ind
	}
	l.on(passFigures, func() {
		l.measure(ind.Of, of)
		switch {
		case per.Given():
			l.measure(ind.Per, per.Object())
		case ind.Per != nil && ind.Kind == KindShare:
			ind.Per.SumProg = ind.Of.SumProg
		case ind.Per != nil:
			ind.Per.WhereProg = ind.Of.WhereProg
		}
		if limit := o.Get("limit"); ind.Limit != "" && !l.cat.HasParam(ind.Limit) {
			limit.Fault("没有名为 %s 的参数", "there is no parameter %s", ind.Limit)
		}
	})
	l.on(passRest, func() {
		l.items(ind, o)
		l.cuts(ind, o)
	})
}

// measures reads of and per and fills what per may leave out.
func (l *loader) measures(ind *Indicator, o *yamltree.Object) (of *yamltree.Object, per yamltree.Item) {
	read := func(v yamltree.Item, grain string) *Measure {
		if !v.Given() {
			return nil
		}
		m := v.Object()
		out := &Measure{Grain: m.Get("grain").Str(), Where: m.Get("where").Str(), Sum: m.Get("sum").Str(), Lag: int(m.Get("lag").Whole(0, 100))}
		if out.Grain == "" {
			if out.Grain = grain; grain == "" {
				m.Must("grain")
			}
		}
		m.Done()
		return out
	}
	ov, per := o.Get("of"), o.Get("per")
	ind.Of = read(ov, "")
	if ind.Of != nil {
		ind.Per = read(per, ind.Of.Grain)
		if !per.Given() {
			ind.Per = wholeOf(ind)
		}
	}
	return ov.Object(), per
}

// wholeOf is the denominator that a share or mean may leave out: all rows of the
// grain, or the rows that are summed.
func wholeOf(ind *Indicator) *Measure {
	switch ind.Kind {
	case KindShare:
		return &Measure{Grain: ind.Of.Grain, Sum: ind.Of.Sum, Lag: ind.Of.Lag}
	case KindMean:
		return &Measure{Grain: ind.Of.Grain, Where: ind.Of.Where, Lag: ind.Of.Lag}
	}
	return nil
}

// shape checks that an indicator has the keys of its kind and no others.
func (l *loader) shape(ind *Indicator, o *yamltree.Object) {
	need := map[string][]string{
		KindCount: {"of"}, KindSum: {"of"}, KindShare: {"of"}, KindRatio: {"of", "per"}, KindMean: {"of"},
		KindCV: {"items", "over"}, KindPasses: {"items", "over", "at_least"},
	}[ind.Kind]
	may := map[string][]string{KindShare: {"per"}, KindMean: {"per"}, KindCV: {"unweighted"}}[ind.Kind]
	if ind.Kind == "" {
		return
	}
	for _, k := range need {
		o.Must(k)
	}
	for _, k := range []string{"of", "per", "items", "over", "at_least", "unweighted"} {
		if x := o.Get(k); x.Given() && !slices.Contains(need, k) && !slices.Contains(may, k) {
			x.Fault("类型 %[2]s 的指标不能写 %[1]s", "%[1]s does not apply to an indicator of kind %[2]s", k, ind.Kind)
		}
	}
	if ind.Of == nil {
		return
	}
	if (ind.Kind == KindSum || ind.Kind == KindMean) && ind.Of.Sum == "" {
		o.Get("of").Fault("类型 %s 的指标要写 sum", "an indicator of kind %s needs sum", ind.Kind)
	}
	if ind.Kind == KindCount && ind.Of.Sum != "" {
		o.Get("of").Fault("count 不能写 sum；请用类型 sum", "a count has no sum; use the kind sum")
	}
	if ind.Kind == KindShare && ind.Per != nil && (ind.Per.Grain != ind.Of.Grain || ind.Per.Lag != ind.Of.Lag || ind.Per.Sum != ind.Of.Sum) {
		o.Get("per").Fault("share 的分母必须与分子同一基集、同一 lag、同一 sum；否则请用 ratio",
			"the whole of a share has the grain, lag and sum of its part; otherwise use the kind ratio")
	}
}

// measure compiles the expressions of a measure.
func (l *loader) measure(m *Measure, o *yamltree.Object) {
	if m == nil || m.Grain == "" {
		return
	}
	g := l.cat.Grain(m.Grain)
	if g == nil {
		l.Add(o.At("grain"), "没有名为 %s 的基集", "there is no grain %s", m.Grain)
		return
	}
	env, ok := l.grainEnvs[g]
	if !ok {
		env = l.env(o.Place(), l.cat.GrainVars(g), l.cat.HasParam)
		l.grainEnvs[g] = env
	}
	if m.WhereProg = l.compile(env, o.Get("where"), rule.Bool); m.WhereProg != nil {
		l.open(g, o.Get("where"), m.WhereProg)
	}
	if m.SumProg = l.compile(env, o.Get("sum"), rule.Int); m.SumProg != nil {
		l.open(g, o.Get("sum"), m.SumProg)
	}
}

// items checks the indicators that cv and passes are made of.
func (l *loader) items(ind *Indicator, o *yamltree.Object) {
	list := o.Get("items").Items()
	if ind.Kind == KindCV && len(list) != 1 && o.Get("items").Given() {
		o.Get("items").Fault("cv 只能有一个指标", "a cv has one indicator")
	}
	if ind.Kind == KindPasses && ind.AtLeast > len(list) && len(list) > 0 {
		o.Get("at_least").Fault("at_least 多于 items 的个数", "at_least is more than there are items")
	}
	for _, x := range list {
		part := l.knownIndicator(x)
		switch {
		case part == nil:
		case part.Of == nil || part.Per == nil:
			x.Fault("%s 不是比值（share、ratio、mean）", "%s is not a quotient (share, ratio, mean)", part.ID)
		case ind.Kind == KindPasses && part.Limit == "":
			x.Fault("指标 %s 没有 limit", "the indicator %s has no limit", part.ID)
		}
	}
}

// knownIndicator resolves the id of an indicator.
func (l *loader) knownIndicator(v yamltree.Item) *Indicator {
	if v.Str() == "" {
		return nil
	}
	ind := l.cat.Indicator(v.Str())
	if ind == nil {
		v.Fault("没有名为 %s 的指标", "there is no indicator %s", v.Str())
	}
	return ind
}

// grainsOf returns the grains under an indicator, each once.
func (l *loader) grainsOf(ind *Indicator, out []*Grain) []*Grain {
	for _, m := range []*Measure{ind.Of, ind.Per} {
		if m == nil {
			continue
		}
		if g := l.cat.Grain(m.Grain); g != nil && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	for _, id := range ind.Items {
		if part := l.cat.Indicator(id); part != nil && len(part.Items) == 0 {
			out = l.grainsOf(part, out)
		}
	}
	return out
}

// cuts checks that every cut, and the unit of cv and passes, is a dim of every
// grain under the indicator.
func (l *loader) cuts(ind *Indicator, o *yamltree.Object) {
	grains := l.grainsOf(ind, nil)
	known := func(v yamltree.Item) {
		for _, g := range grains {
			if v.Str() != "" && g.Dim(v.Str()) == nil {
				v.Fault("基集 %s 没有维度 %s", "the grain %s has no dimension %s", g.ID, v.Str())
			}
		}
	}
	known(o.Get("over"))
	seen := map[string]bool{}
	for _, cut := range o.Get("by").Items() {
		names := cut.Strs()
		for i, d := range cut.Items() {
			known(d)
			if i < len(names) && slices.Contains(names[:i], d.Str()) {
				d.Fault("维度 %s 写了两次", "the dimension %s stands twice", d.Str())
			}
		}
		slices.Sort(names)
		key := ""
		for _, n := range names {
			key += n + " "
		}
		if len(names) == 0 {
			cut.Fault("空的分组：合计总会算，不必写", "an empty cut: the total is always made")
		} else if seen[key] {
			cut.Fault("这个分组写了两次", "this cut stands twice")
		}
		seen[key] = true
	}
}
