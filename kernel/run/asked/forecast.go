package asked

import (
	"math"
	"slices"
	"strings"

	"luoshu"
)

// Forecast are the parameters of a forecast.
type Forecast struct {
	Common    `yaml:",inline"`
	Years     int        `yaml:"years"`  // ahead; 10 if not given
	Stages    []string   `yaml:"stages"` // groups of the ladder; all that are counted if empty
	Units     *bool      `yaml:"units"`  // answer for single units too; yes if not given
	Exclude   []int      `yaml:"exclude"`
	Breaks    []int      `yaml:"breaks"`
	Scenarios []Scenario `yaml:"scenarios"`
	Split     []Split    `yaml:"split"`
	EntryAge  []struct {
		Year   int     `yaml:"year"`
		Area   string  `yaml:"area"`
		Months float64 `yaml:"months"`
	} `yaml:"entry_age"`
	Housing []struct {
		Year  int     `yaml:"year"`
		Area  string  `yaml:"area"`
		Homes float64 `yaml:"homes"`
	} `yaml:"housing"`
	Closures []Closure `yaml:"closures"`
}

// Scenario is by how much more (0.01 is 1 %) enter and come in a year than is expected.
type Scenario struct {
	ID    string  `yaml:"id"`
	Entry float64 `yaml:"entry"`
	Move  float64 `yaml:"move"`
}

// Split says which share of those who leave the stage before enter a stage from a school
// year on: two stages may draw on the same leavers.
type Split struct {
	Year  int     `yaml:"year"`
	Stage string  `yaml:"stage"`
	Share float64 `yaml:"share"`
}

// Closure is a unit that is gone from a year on, and which share of its children each
// receiver takes; what is left of 1 goes to all others alike.
type Closure struct {
	Year int    `yaml:"year"`
	Unit string `yaml:"unit"`
	To   []struct {
		To    string  `yaml:"to"`
		Share float64 `yaml:"share"`
	} `yaml:"to"`
}

// usualYears is how far a forecast goes when nothing is said, furthest how far it may.
const (
	usualYears = 10
	furthest   = 15 // forecast.Furthest; a test holds them together
)

func (q *Forecast) check(k Known, has func(string) bool) error {
	if !has("years") {
		q.Years = usualYears
	}
	if err := within("years", float64(q.Years), 1, furthest, luoshu.Text{ZH: "年", EN: "years"}); err != nil {
		return err
	}
	for _, s := range q.Stages {
		if !slices.Contains(k.Groups, s) {
			return bad("stages", "没有学段“%s”（%s）", "there is no stage %q (%s)", s, strings.Join(k.Groups, "、"))
		}
	}
	for name, list := range map[string][]int{"exclude": q.Exclude, "breaks": q.Breaks} {
		for _, y := range list {
			if err := yearIn(name, y); err != nil {
				return err
			}
		}
	}
	for i, s := range q.Scenarios {
		switch {
		case !slices.Contains(k.Scenarios, s.ID):
			return bad("scenarios", "没有情景“%s”（%s）", "there is no scenario %q (%s)", s.ID, strings.Join(k.Scenarios, "、"))
		case slices.ContainsFunc(q.Scenarios[:i], func(x Scenario) bool { return x.ID == s.ID }):
			return bad("scenarios", "情景“%s”写了两次，请去掉一个", "scenario %q is given twice; delete one", s.ID)
		}
		for _, v := range []float64{s.Entry, s.Move} {
			if !(v > -1 && v <= 1) {
				return bad("scenarios."+s.ID, "情景“%s”每年增减 %v%%，应大于 -100%%、不超过 100%%", "scenario %q changes by %v %% a year; it must be above -100 %% and at most 100 %%", s.ID, plain(math.Round(v*1e4)/100))
			}
		}
	}
	if err := q.assumed(k); err != nil {
		return err
	}
	if len(q.Closures) > 0 && q.Units != nil && !*q.Units {
		return bad("closures", "假定撤并（closures）只影响各单位，而 units: false 不推算各单位；请去掉其中一个", "closures assumed (closures) change single units, of which units: false says nothing; delete one of the two")
	}
	for _, c := range q.Closures {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// assumed checks what is assumed of shares, entry ages and housing.
func (q *Forecast) assumed(k Known) error {
	for i, s := range q.Split {
		switch {
		case k.Feeds[s.Stage] == "":
			return bad("split", "升学比例（split）：学段 %s 不接收其他学段的毕业生", "shares of leavers (split): stage %s does not draw on another stage", s.Stage)
		case !(s.Share >= 0 && s.Share <= 1):
			return bad("split", "升学比例（split）：%s 的比例 %v%% 不在 0 到 100%% 之间", "shares of leavers (split): the share %[2]v %% of %[1]s is not between 0 and 100 %%", s.Stage, plain(math.Round(s.Share*1e4)/100))
		case s.Year == 0:
			return bad("split", "升学比例（split）：%s 没有写明起始学年", "shares of leavers (split): %s does not say from which year on", s.Stage)
		case slices.ContainsFunc(q.Split[:i], func(x Split) bool { return x.Stage == s.Stage && x.Year == s.Year }):
			return bad("split", "升学比例（split）：%s 在 %d 年写了两次，请去掉一个", "shares of leavers (split): %s is given twice for %d; delete one", s.Stage, s.Year)
		}
		if err := yearIn("split", s.Year); err != nil {
			return err
		}
	}
	for _, e := range q.EntryAge {
		if err := yearIn("entry_age", e.Year); err != nil {
			return err
		}
	}
	for _, h := range q.Housing {
		if err := yearIn("housing", h.Year); err != nil {
			return err
		}
		if !(h.Homes >= 0 && h.Homes <= 1e6) {
			return bad("housing", "新建住宅（housing）：%s 的 %v 套不可能，应在 0 到 1000000 之间", "new housing (housing): %[2]v homes in %[1]s are impossible; they must be between 0 and 1000000", h.Area, plain(h.Homes))
		}
	}
	return nil
}

func (c *Closure) check() error {
	if c.Unit == "" {
		return bad("closures", "假定撤并（closures）：没有写明撤并哪个单位", "closures assumed (closures): it is not said which unit closes")
	}
	if err := yearIn("closures", c.Year); err != nil {
		return err
	}
	sum := 0.0
	for i, t := range c.To {
		switch {
		case t.To == "":
			return bad("closures", "撤并 %s：有一个份额没有写明给哪个单位", "closure of %s: a share names no unit that takes it", c.Unit)
		case t.To == c.Unit:
			return bad("closures", "撤并 %s：不能并入自己，请改接收单位", "closure of %s: it cannot join itself; name another unit", c.Unit)
		case !(t.Share > 0 && t.Share <= 1):
			return bad("closures", "撤并 %s：%s 的份额 %v%% 应大于 0、不超过 100%%", "closure of %s: the share %[3]v %% of %[2]s must be above 0 and at most 100 %%", c.Unit, t.To, plain(math.Round(t.Share*1e4)/100))
		}
		for _, x := range c.To[:i] {
			if x.To == t.To {
				return bad("closures", "撤并 %s：接收单位 %s 写了两次，请合成一个", "closure of %s: %s takes two shares; make them one", c.Unit, t.To)
			}
		}
		sum += t.Share
	}
	if sum > 1+1e-6 {
		return bad("closures", "撤并 %s：各接收单位的份额合计 %v%%，超过 100%%；请改小到合计 100%%（不足的部分由其余单位分担）", "closure of %s: the shares of the units that take its children come to %v %%, more than 100 %%; lower them to 100 %% in sum (what is left goes to all others)",
			c.Unit, plain(math.Round(sum*1e4)/100))
	}
	return nil
}
