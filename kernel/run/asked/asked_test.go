package asked

import (
	"errors"
	"strings"
	"testing"

	"luoshu"
	"luoshu/engine/forecast"
)

var known = Known{Groups: []string{"PRE", "PRI", "JUN", "SEN", "VOC"}, Feeds: map[string]string{"SEN": "JUN", "VOC": "JUN"}, Scenarios: []string{"low", "middle", "high"}}

// refused reads and checks parameters and answers the refusal.
func refused(t *testing.T, params string, q Params) *luoshu.Error {
	t.Helper()
	err := Read([]byte(params), q)
	if err == nil {
		err = Check([]byte(params), q, known)
	}
	var e *luoshu.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%q: %v has no words of two languages", params, err)
	}
	return e
}

// Every refusal names the parameter and says in both languages what is wrong.
func TestRefused(t *testing.T) {
	for _, x := range []struct{ params, field, zh, en string }{
		{`years: 0`, "years", "1 到 15", "between 1 and 15"},
		{`years: -3`, "years", "-3", "-3"},
		{`{"years": 1e99}`, "years", "整数", "whole number"},
		{`{"years": "many"}`, "years", "many", "whole number"},
		{`{"years": 6.5}`, "years", "6.5", "whole number"},
		{`{"years": 99999999999}`, "years", "99999999999", "99999999999"},
		{`stages: [NIL]`, "stages", "NIL", "PRE"},
		{`stages: PRI`, "stages", "列表", "a list"},
		{`exclude: [20]`, "exclude", "1990", "2100"},
		{`scenarios: [{id: odd, entry: 0.1}]`, "scenarios", "odd", "middle"},
		{`scenarios: [{id: low, entry: -0.1}, {id: low, entry: -0.2}]`, "scenarios", "两次", "twice"},
		{`scenarios: [{id: low, entry: -2}]`, "scenarios.low", "-200%", "-200 %"},
		{`scenarios: [{id: low, entry: .nan}]`, "scenarios.low", "情景", "scenario"},
		{`{"scenarios": [{"id": "low", "entry": "much"}]}`, "scenarios", "much", "a number"},
		{`closures: [{year: 2027, unit: ""}]`, "closures", "哪个单位", "which unit"},
		{`closures: [{year: 27, unit: "1"}]`, "closures", "27", "27"},
		{`closures: [{year: 2027, unit: "1", to: [{to: "1", share: 1}]}]`, "closures", "自己", "itself"},
		{`closures: [{year: 2027, unit: "1", to: [{to: "2", share: 0.7}, {to: "3", share: 0.5}]}]`, "closures", "合计 120%", "120 %"},
		{`closures: [{year: 2027, unit: "1", to: [{to: "2", share: 0.5}, {to: "2", share: 0.5}]}]`, "closures", "两次", "two shares"},
		{`closures: [{year: 2027, unit: "1", to: [{to: "2", share: 0}]}]`, "closures", "大于 0", "above 0"},
		{`split: [{year: 2026, stage: PRI, share: 0.5}]`, "split", "PRI", "PRI"},
		{`split: [{year: 2026, stage: VOC, share: 40}]`, "split", "4000%", "4000 %"},
		{`split: [{stage: VOC, share: 0.4}]`, "split", "起始学年", "which year"},
		{`split: [{year: 2026, stage: VOC, share: 0.4}, {year: 2026, stage: VOC, share: 0.5}]`, "split", "两次", "twice"},
		{`housing: [{year: 2027, area: a, homes: -1}]`, "housing", "-1", "-1"},
		{"units: false\nclosures: [{year: 2027, unit: \"1\"}]", "closures", "units: false", "units: false"},
		{"title: " + strings.Repeat("长", 121), "title", "121", "121"},
		{`yaers: 3`, "yaers", "yaers", "yaers"},
		{`years: {}`, "years", "往后几年", "years ahead"},
		{`[`, "params", "line 1", "line 1"},
	} {
		e := refused(t, x.params, &Forecast{})
		if e == nil || e.Kind != luoshu.Invalid || e.Field != x.field || !strings.Contains(e.Msg.ZH, x.zh) || !strings.Contains(e.Msg.EN, x.en) {
			t.Errorf("%s: %+v", x.params, e)
		}
	}
	for _, x := range []struct{ params, field, zh, en string }{
		{``, "stage", "请写明学段", "say which stage"},
		{`stage: VOX`, "stage", "VOX", "VOX"},
		{"stage: PRI\nlimit: 0", "limit", "不写则按业务包的标准", "left out for the standard"},
		{"stage: PRI\nlimit: -5", "limit", "路程上限（limit）是 -5", "limit of the way (limit) is -5"},
		{"stage: PRI\nlimit: .inf", "limit", "+Inf", "+Inf"},
		{"stage: PRI\nbudget: -1", "budget", "预算", "budget"},
		{"stage: PRI\nbudget: much", "budget", "much", "a number"},
		{"stage: PRI\nyear: 31", "year", "31", "1990"},
		{"stage: PRI\nmax_classes: 0", "max_classes", "1 到 500", "between 1 and 500"},
		{"stage: PRI\nboard_limit: 0", "board_limit", "1000000", "1000000"},
		{"stage: PRI\nboard_grade: 30", "board_grade", "30", "30"},
		{"stage: PRI\nallow: []", "allow", "至少允许一种", "one at least"},
		{"stage: PRI\nallow: [raze]", "allow", "raze", "raze"},
		{"stage: PRI\ndetour: 0.5", "detour", "0.5", "0.5"},
	} {
		e := refused(t, x.params, &Layout{})
		if e == nil || e.Kind != luoshu.Invalid || e.Field != x.field || !strings.Contains(e.Msg.ZH, x.zh) || !strings.Contains(e.Msg.EN, x.en) {
			t.Errorf("%s: %+v", x.params, e)
		}
	}
}

// What is left out is not refused and is as usual.
func TestLeftOut(t *testing.T) {
	f := &Forecast{}
	if e := refused(t, "# nothing\n", f); e != nil || f.Years != 10 {
		t.Errorf("%+v, %+v", e, f)
	}
	if e := refused(t, `{"years": null, "closures": [{"year": 2027, "unit": "1", "to": [{"to": "2", "share": 0.4}]}]}`, &Forecast{}); e != nil {
		t.Errorf("%+v", e)
	}
	l := &Layout{}
	if e := refused(t, "stage: PRI\nbudget: 0", l); e != nil || l.Budget == nil || *l.Budget != 0 {
		t.Errorf("%+v, %+v", e, l)
	}
	if furthest != forecast.Furthest {
		t.Errorf("%d years here, %d in the engine", furthest, forecast.Furthest)
	}
}
