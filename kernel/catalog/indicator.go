package catalog

import (
	"slices"

	"luoshu/kernel/rule"
)

var (
	indicatorWord = both{"指标", "indicator"}
	kinds         = []string{KindCount, KindSum, KindShare, KindRatio, KindMean, KindCV, KindPasses}
)

// Digits shown when an indicator does not say.
var defaultDecimals = map[string]int{KindShare: 1, KindPasses: 1, KindRatio: 2, KindMean: 2, KindCV: 3}

func (l *loader) indicator(f *folder, o *object) {
	ind := &Indicator{Pack: f.name, File: o.file, Line: o.place().line}
	ind.ID, ind.Title, ind.Note = o.id("id"), o.title("title", true), o.title("note", false)
	ind.Kind = o.must("kind").word(kinds...)
	ind.Unit, ind.Formula, ind.Basis = o.title("unit", false), o.title("formula", true), o.sources("basis")
	ind.Scale = 1
	if ind.Kind == KindShare || ind.Kind == KindPasses {
		ind.Scale = 100
	}
	if s := o.get("scale"); s.given() {
		ind.Scale = s.whole(1, 1_000_000_000)
	}
	ind.Decimals = defaultDecimals[ind.Kind]
	if d := o.get("decimals"); d.given() {
		ind.Decimals = int(d.whole(0, 9))
	}
	for _, x := range o.get("by").items() {
		ind.By = append(ind.By, x.strs())
	}
	ind.Better = o.get("better").word("higher", "lower")
	ind.MinGroup, ind.Sensitive = o.get("min_group").whole(0, 1000), o.get("sensitive").boolean()
	ind.Limit = o.get("limit").str()
	of, per := l.measures(ind, o)
	ind.Over, ind.Items = o.get("over").str(), o.get("items").strs()
	ind.AtLeast, ind.Unweighted = int(o.get("at_least").whole(1, 100)), o.get("unweighted").boolean()
	l.shape(ind, o)
	o.done()
	if l.once(indicatorWord, ind.ID, o.at("id")) {
		l.cat.Indicators = append(l.cat.Indicators, ind)
		l.cat.indicators[ind.ID] = ind
	}
	l.on(passFigures, func() {
		l.measure(ind.Of, of)
		switch {
		case per.given():
			l.measure(ind.Per, per.object())
		case ind.Per != nil && ind.Kind == KindShare:
			ind.Per.SumProg = ind.Of.SumProg
		case ind.Per != nil:
			ind.Per.WhereProg = ind.Of.WhereProg
		}
		if limit := o.get("limit"); ind.Limit != "" && !l.cat.HasParam(ind.Limit) {
			limit.fault("没有名为 %s 的参数", "there is no parameter %s", ind.Limit)
		}
	})
	l.on(passRest, func() {
		l.items(ind, o)
		l.cuts(ind, o)
	})
}

// measures reads of and per and fills what per may leave out.
func (l *loader) measures(ind *Indicator, o *object) (of *object, per item) {
	read := func(v item, grain string) *Measure {
		if !v.given() {
			return nil
		}
		m := v.object()
		out := &Measure{Grain: m.get("grain").str(), Where: m.get("where").str(), Sum: m.get("sum").str(), Lag: int(m.get("lag").whole(0, 100))}
		if out.Grain == "" {
			if out.Grain = grain; grain == "" {
				m.must("grain")
			}
		}
		m.done()
		return out
	}
	ov, per := o.get("of"), o.get("per")
	ind.Of = read(ov, "")
	if ind.Of != nil {
		ind.Per = read(per, ind.Of.Grain)
		if !per.given() {
			ind.Per = wholeOf(ind)
		}
	}
	return ov.object(), per
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
func (l *loader) shape(ind *Indicator, o *object) {
	need := map[string][]string{
		KindCount: {"of"}, KindSum: {"of"}, KindShare: {"of"}, KindRatio: {"of", "per"}, KindMean: {"of"},
		KindCV: {"items", "over"}, KindPasses: {"items", "over", "at_least"}}[ind.Kind]
	may := map[string][]string{KindShare: {"per"}, KindMean: {"per"}, KindCV: {"unweighted"}}[ind.Kind]
	if ind.Kind == "" {
		return
	}
	for _, k := range need {
		o.must(k)
	}
	for _, k := range []string{"of", "per", "items", "over", "at_least", "unweighted"} {
		if x := o.get(k); x.given() && !slices.Contains(need, k) && !slices.Contains(may, k) {
			x.fault("类型 %[2]s 的指标不能写 %[1]s", "%[1]s does not apply to an indicator of kind %[2]s", k, ind.Kind)
		}
	}
	if ind.Of == nil {
		return
	}
	if (ind.Kind == KindSum || ind.Kind == KindMean) && ind.Of.Sum == "" {
		o.get("of").fault("类型 %s 的指标要写 sum", "an indicator of kind %s needs sum", ind.Kind)
	}
	if ind.Kind == KindCount && ind.Of.Sum != "" {
		o.get("of").fault("count 不能写 sum；请用类型 sum", "a count has no sum; use the kind sum")
	}
	if ind.Kind == KindShare && ind.Per != nil && (ind.Per.Grain != ind.Of.Grain || ind.Per.Lag != ind.Of.Lag || ind.Per.Sum != ind.Of.Sum) {
		o.get("per").fault("share 的分母必须与分子同一基集、同一 lag、同一 sum；否则请用 ratio",
			"the whole of a share has the grain, lag and sum of its part; otherwise use the kind ratio")
	}
}

// measure compiles the expressions of a measure.
func (l *loader) measure(m *Measure, o *object) {
	if m == nil || m.Grain == "" {
		return
	}
	g := l.cat.Grain(m.Grain)
	if g == nil {
		l.add(o.at("grain"), "没有名为 %s 的基集", "there is no grain %s", m.Grain)
		return
	}
	env, ok := l.grainEnvs[g]
	if !ok {
		env = l.env(o.place(), l.cat.GrainVars(g), l.cat.HasParam)
		l.grainEnvs[g] = env
	}
	if m.WhereProg = l.compile(env, o.get("where"), rule.Bool); m.WhereProg != nil {
		l.open(g, o.get("where"), m.WhereProg)
	}
	if m.SumProg = l.compile(env, o.get("sum"), rule.Int); m.SumProg != nil {
		l.open(g, o.get("sum"), m.SumProg)
	}
}

// items checks the indicators that cv and passes are made of.
func (l *loader) items(ind *Indicator, o *object) {
	list := o.get("items").items()
	if ind.Kind == KindCV && len(list) != 1 && o.get("items").given() {
		o.get("items").fault("cv 只能有一个指标", "a cv has one indicator")
	}
	if ind.Kind == KindPasses && ind.AtLeast > len(list) && len(list) > 0 {
		o.get("at_least").fault("at_least 多于 items 的个数", "at_least is more than there are items")
	}
	for _, x := range list {
		part := l.cat.Indicator(x.str())
		switch {
		case x.str() == "":
		case part == nil:
			x.fault("没有名为 %s 的指标", "there is no indicator %s", x.str())
		case part.Of == nil || part.Per == nil:
			x.fault("%s 不是比值（share、ratio、mean）", "%s is not a quotient (share, ratio, mean)", part.ID)
		case ind.Kind == KindPasses && part.Limit == "":
			x.fault("指标 %s 没有 limit", "the indicator %s has no limit", part.ID)
		}
	}
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
func (l *loader) cuts(ind *Indicator, o *object) {
	grains := l.grainsOf(ind, nil)
	known := func(v item) {
		for _, g := range grains {
			if v.str() != "" && g.Dim(v.str()) == nil {
				v.fault("基集 %s 没有维度 %s", "the grain %s has no dimension %s", g.ID, v.str())
			}
		}
	}
	known(o.get("over"))
	seen := map[string]bool{}
	for _, cut := range o.get("by").items() {
		names := cut.strs()
		for i, d := range cut.items() {
			known(d)
			if i < len(names) && slices.Contains(names[:i], d.str()) {
				d.fault("维度 %s 写了两次", "the dimension %s stands twice", d.str())
			}
		}
		slices.Sort(names)
		key := ""
		for _, n := range names {
			key += n + " "
		}
		if len(names) == 0 {
			cut.fault("空的分组：合计总会算，不必写", "an empty cut: the total is always made")
		} else if seen[key] {
			cut.fault("这个分组写了两次", "this cut stands twice")
		}
		seen[key] = true
	}
}
