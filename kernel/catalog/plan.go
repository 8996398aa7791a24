package catalog

import "luoshu/kernel/yamltree"

var (
	planWord   = Text{ZH: "规划", EN: "plan"}
	targetWord = Text{ZH: "目标", EN: "target"}
)

// plan reads plan.yaml.
func (l *loader) plan(f *folder, o *yamltree.Object) {
	p := &Plan{Pack: f.name}
	if head := o.Must("plan"); head.Given() {
		h := head.Object()
		p.ID, p.Title = h.ID("id"), h.Title("title", true)
		p.Number, p.Issued = h.Get("number").Str(), h.Get("issued").Str()
		h.Get("issued").Date()
		p.From, p.To = int(h.Must("from").Whole(1900, 2200)), int(h.Must("to").Whole(1900, 2200))
		if p.From > p.To {
			h.Get("to").Fault("to 早于 from", "to is earlier than from")
		}
		h.Done()
		if l.once(planWord, p.ID, h.At("id")) {
			l.cat.Plans = append(l.cat.Plans, p)
		}
	}
	for _, x := range o.Get("targets").Items() {
		t := l.target(x.Object())
		if t.ID != "" {
			p.Targets = append(p.Targets, t)
		}
	}
	for _, x := range o.Get("observations").Items() {
		p.Observations = append(p.Observations, l.observation(x.Object()))
	}
}

func (l *loader) target(o *yamltree.Object) *Target {
	t := &Target{ID: o.ID("id"), Title: o.Title("title", true)}
	for key, to := range map[string]*string{
		"quote": &t.Quote, "section": &t.Section, "line": &t.Line, "kind": &t.Kind, "unit": &t.Unit,
		"scope": &t.Scope, "qualifier": &t.Qualifier, "deadline": &t.Deadline, "deadline_basis": &t.DeadlineBasis,
		"baseline_quote": &t.BaselineQuote, "target_source": &t.TargetSource, "note": &t.Note,
	} {
		*to = o.Get(key).Str()
	}
	o.Must("quote")
	t.Status = o.Must("status").OneOf("target", "rule", "fact")
	t.Direction = o.Get("direction").OneOf(">=", "<=", "=", ">", "<")
	t.Strict, t.Truncated, t.Numbered = o.Get("strict").Bool(), o.Get("truncated").Bool(), o.Get("numbered").Bool()
	t.Headline = int(o.Get("headline").Whole(0, 99))
	t.Owner = o.Title("owner", false)
	t.Baseline, t.Target = targetValue(o.Get("baseline")), targetValue(o.Get("target"))
	t.Indicator, t.IndicatorWhere = o.Get("indicator").Str(), o.Get("where").Dict()
	t.Divide = 1
	if d := o.Get("divide"); d.Given() {
		t.Divide = d.Whole(1, 1_000_000_000)
	}
	l.once(targetWord, t.ID, o.At("id"))
	l.on(passRest, func() { l.figureWhere(o.Get("indicator"), o.Get("where")) })
	if t.Indicator == "" && o.Get("where").Given() {
		o.Get("where").Fault("没有 indicator 就不能写 where", "where needs an indicator")
	}
	o.Done()
	return t
}

// targetValue reads a number, a range or words as the plan states them.
func targetValue(v yamltree.Item) *TargetValue {
	if !v.Given() {
		return nil
	}
	o := v.Object()
	t := &TargetValue{
		Value: o.Get("value").Number(), Min: o.Get("min").Number(), Max: o.Get("max").Number(),
		Text: o.Get("text").Str(), Year: int(o.Get("year").Whole(1900, 2200)), Source: o.Get("source").Str(),
	}
	if o.Present() && t.Value == nil && t.Min == nil && t.Max == nil && t.Text == "" {
		v.Fault("没有值；未写明或缺失的值请整项省去", "there is no value; leave the key out when it is not stated or lost")
	}
	if t.Value != nil && (t.Min != nil || t.Max != nil) {
		v.Fault("value 与 min、max 不能同时写", "value cannot stand beside min or max")
	}
	o.Done()
	return t
}

func (l *loader) observation(o *yamltree.Object) Observation {
	ob := Observation{
		Target: o.Get("target").Str(), Indicator: o.Get("indicator").Str(), Unit: o.Get("unit").Str(),
		Year: int(o.Must("year").Whole(1900, 2200)), Where: o.Get("where").Dict(), Source: source(o),
	}
	if v := o.Must("value").Number(); v != nil {
		ob.Value = *v
	}
	o.Either("target", "indicator")
	l.on(passRest, func() {
		if _, ok := l.places[targetWord.EN+" "+ob.Target]; ob.Target != "" && !ok {
			o.Get("target").Fault("没有名为 %s 的目标", "there is no target %s", ob.Target)
		}
		l.figureWhere(o.Get("indicator"), o.Get("where"))
	})
	o.Done()
	return ob
}
