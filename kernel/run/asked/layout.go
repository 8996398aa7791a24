package asked

import (
	"slices"
	"strings"

	"luoshu"
)

// Layout are the parameters of a layout. Ways are in metres, money in 10,000 yuan. What
// is left out comes from the parameters of the packs.
type Layout struct {
	Common     `yaml:",inline"`
	Stage      string   `yaml:"stage"`
	Year       int      `yaml:"year"`     // whose children are placed; the newest counted if not given
	Forecast   string   `yaml:"forecast"` // run by which the counted children grow or shrink to Year
	Scenario   string   `yaml:"scenario"`
	Limit      float64  `yaml:"limit"`
	Hard       bool     `yaml:"hard"`        // nobody goes further but boards
	BoardLimit float64  `yaml:"board_limit"` // how far from home a child may board
	BoardGrade int      `yaml:"board_grade"` // grade of the stage from which children may board
	Detour     float64  `yaml:"detour"`
	Budget     *float64 `yaml:"budget"` // no limit if not given; 0: nothing may be spent
	Whole      bool     `yaml:"whole"`
	Contiguous bool     `yaml:"contiguous"`
	Mode       string   `yaml:"mode"` // of the recorded ways; the first of the code list if empty
	MaxClasses int      `yaml:"max_classes"`
	IdleFirst  *float64 `yaml:"idle_first"`
	Allow      []string `yaml:"allow"` // of Options; all if not given
	Fixed      []string `yaml:"fixed"` // sites that stay
	Least      *int64   `yaml:"least"` // children below which nothing new is run
	Nodes      int      `yaml:"nodes"`
	Gap        float64  `yaml:"gap"`
}

// Options are what may be done with ground besides leaving it as it is.
var Options = []string{"extend", "build", "close", "board", "reopen"}

func (q *Layout) check(k Known, has func(string) bool) error {
	switch {
	case q.Stage == "":
		return bad("stage", "请写明学段（stage）", "say which stage is to be laid out (stage)")
	case !slices.Contains(k.Groups, q.Stage):
		return bad("stage", "没有学段“%s”（%s）", "there is no stage %q (%s)", q.Stage, strings.Join(k.Groups, "、"))
	case q.Scenario != "" && !slices.Contains(k.Scenarios, q.Scenario):
		return bad("scenario", "没有情景“%s”（%s）", "there is no scenario %q (%s)", q.Scenario, strings.Join(k.Scenarios, "、"))
	}
	metres, money := luoshu.Text{ZH: "米", EN: "m"}, luoshu.Text{ZH: "万元", EN: "10,000 yuan"}
	budget, first, least := 0.0, 0.0, 0.0
	if q.Budget != nil {
		budget = *q.Budget
	}
	if q.IdleFirst != nil {
		first = *q.IdleFirst
	}
	if q.Least != nil {
		least = float64(*q.Least)
	}
	for _, x := range []struct {
		name      string
		v         float64
		low, high float64
		unit      luoshu.Text
	}{
		{"year", float64(q.Year), firstYear, lastYear, luoshu.Text{ZH: "学年", EN: "year"}},
		{"limit", q.Limit, 1, 1e6, metres},
		{"board_limit", q.BoardLimit, 1, 1e6, metres},
		{"board_grade", float64(q.BoardGrade), 1, 20, luoshu.Text{ZH: "年级", EN: "grade"}},
		{"budget", budget, 0, 1e8, money},
		{"max_classes", float64(q.MaxClasses), 1, 500, luoshu.Text{ZH: "班", EN: "classes"}},
		{"detour", q.Detour, 1, 10, luoshu.Text{ZH: "倍", EN: "times the straight line"}},
		{"least", least, 0, 100_000, luoshu.Text{ZH: "人", EN: "children"}},
		{"idle_first", first, 0, 1e6, metres},
		{"gap", q.Gap, 0, 1, luoshu.Text{ZH: "比例", EN: "share"}},
		{"nodes", float64(q.Nodes), 0, 1e7, luoshu.Text{ZH: "个分支", EN: "branches"}},
	} {
		if !has(x.name) {
			continue
		}
		if err := within(x.name, x.v, x.low, x.high, x.unit); err != nil {
			return err
		}
	}
	for _, a := range q.Allow {
		if !slices.Contains(Options, a) {
			return bad("allow", "没有做法“%s”（%s）", "there is no option %q (%s)", a, strings.Join(Options, "、"))
		}
	}
	if has("allow") && len(q.Allow) == 0 {
		return bad("allow", "没有允许任何做法；请至少允许一种（%s），或不写 allow（全部允许）", "nothing is allowed; allow one at least (%s), or leave allow out for all of them", strings.Join(Options, "、"))
	}
	return nil
}
