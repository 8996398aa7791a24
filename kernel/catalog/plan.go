package catalog

var (
	planWord   = both{"规划", "plan"}
	targetWord = both{"目标", "target"}
)

// plan reads plan.yaml.
func (l *loader) plan(f *folder, o *object) {
	p := &Plan{Pack: f.name}
	if head := o.must("plan"); head.given() {
		h := head.object()
		p.ID, p.Title = h.id("id"), h.title("title", true)
		p.Number, p.Issued = h.get("number").str(), h.get("issued").str()
		h.get("issued").date()
		p.From, p.To = int(h.must("from").whole(1900, 2200)), int(h.must("to").whole(1900, 2200))
		if p.From > p.To {
			h.get("to").fault("to 早于 from", "to is earlier than from")
		}
		h.done()
		if l.once(planWord, p.ID, h.at("id")) {
			l.cat.Plans = append(l.cat.Plans, p)
		}
	}
	for _, x := range o.get("targets").items() {
		t := l.target(x.object())
		if t.ID != "" {
			p.Targets = append(p.Targets, t)
		}
	}
	for _, x := range o.get("observations").items() {
		p.Observations = append(p.Observations, l.observation(x.object()))
	}
}

func (l *loader) target(o *object) *Target {
	t := &Target{ID: o.id("id"), Title: o.title("title", true)}
	for key, to := range map[string]*string{
		"quote": &t.Quote, "section": &t.Section, "line": &t.Line, "kind": &t.Kind, "unit": &t.Unit,
		"scope": &t.Scope, "qualifier": &t.Qualifier, "deadline": &t.Deadline, "deadline_basis": &t.DeadlineBasis,
		"baseline_quote": &t.BaselineQuote, "target_source": &t.TargetSource, "note": &t.Note} {
		*to = o.get(key).str()
	}
	o.must("quote")
	t.Status = o.must("status").word("target", "rule", "fact")
	t.Direction = o.get("direction").word(">=", "<=", "=", ">", "<")
	t.Strict, t.Truncated, t.Numbered = o.get("strict").boolean(), o.get("truncated").boolean(), o.get("numbered").boolean()
	t.Headline = int(o.get("headline").whole(0, 99))
	t.Owner = o.title("owner", false)
	t.Baseline, t.Target = targetValue(o.get("baseline")), targetValue(o.get("target"))
	t.Indicator, t.IndicatorWhere = o.get("indicator").str(), o.get("where").dict()
	t.Divide = 1
	if d := o.get("divide"); d.given() {
		t.Divide = d.whole(1, 1_000_000_000)
	}
	l.once(targetWord, t.ID, o.at("id"))
	l.on(passRest, func() { l.figureWhere(o.get("indicator"), o.get("where")) })
	if t.Indicator == "" && o.get("where").given() {
		o.get("where").fault("没有 indicator 就不能写 where", "where needs an indicator")
	}
	o.done()
	return t
}

// targetValue reads a number, a range or words as the plan states them.
func targetValue(v item) *TargetValue {
	if !v.given() {
		return nil
	}
	o := v.object()
	t := &TargetValue{Value: o.get("value").number(), Min: o.get("min").number(), Max: o.get("max").number(),
		Text: o.get("text").str(), Year: int(o.get("year").whole(1900, 2200)), Source: o.get("source").str()}
	if o.n != nil && t.Value == nil && t.Min == nil && t.Max == nil && t.Text == "" {
		v.fault("没有值；未写明或缺失的值请整项省去", "there is no value; leave the key out when it is not stated or lost")
	}
	if t.Value != nil && (t.Min != nil || t.Max != nil) {
		v.fault("value 与 min、max 不能同时写", "value cannot stand beside min or max")
	}
	o.done()
	return t
}

func (l *loader) observation(o *object) Observation {
	ob := Observation{Target: o.get("target").str(), Indicator: o.get("indicator").str(), Unit: o.get("unit").str(),
		Year: int(o.must("year").whole(1900, 2200)), Where: o.get("where").dict(), Source: o.source()}
	if v := o.must("value").number(); v != nil {
		ob.Value = *v
	}
	if (ob.Target == "") == (ob.Indicator == "") {
		o.fault("target 与 indicator 必须且只能写一个", "either target or indicator must be given, not both")
	}
	l.on(passRest, func() {
		if _, ok := l.places[targetWord.en+" "+ob.Target]; ob.Target != "" && !ok {
			o.get("target").fault("没有名为 %s 的目标", "there is no target %s", ob.Target)
		}
		l.figureWhere(o.get("indicator"), o.get("where"))
	})
	o.done()
	return ob
}
