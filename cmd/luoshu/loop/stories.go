package loop

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"time"

	"luoshu"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/city"
)

// story is what is played about one unit of the demo: a finding, and how far it got.
type story struct {
	clause, problem, severity string
	steps                     int // of accept, submit, pass
}

var stories = []story{
	{"safety-place", "演示：教学楼二层疏散通道堆放桌椅", "2", 3},
	{"food", "演示：食堂留样记录不全", "2", 2},
	{"homework", "演示：三年级有书面家庭作业", "3", 1},
	{"safety-duty", "演示：值班巡查记录缺三天", "3", 0},
}

// DemoCases plays cases of the demo city through the ordinary door, each act in the
// name of the role whose turn it is: in every county findings at its
// first units that got differently far; work plans, and who takes which target on. What is there already is not played again.
func DemoCases(a App, ct *city.City) error {
	tree, err := ct.Access.Tree(a.Context())
	if err != nil {
		return err
	}
	p := &play{a: a, ct: ct, today: luoshu.FormatDate(ct.Flow.Today())}
	root, began := ct.Catalog.City.Root, time.Now()
	var below []*reach.Node
	for _, county := range tree.Children(root) {
		if county.Level == "county" {
			below = append(below, county)
		}
		if ct.Charter.Case("finding") == nil {
			continue
		}
		units := tree.Children(county.Code)
		for i, s := range stories {
			if i < len(units) && units[i].Level == "school" && units[i].Closed == 0 {
				p.finding(county.Code, units[i].Code, s)
			}
		}
	}
	p.plans(root, below)
	if p.err != nil {
		return fmt.Errorf("play the demo's cases: %w", p.err)
	}
	if p.n > 0 {
		fmt.Fprintf(a.Out(), "played %d cases (%.1fs)\n", p.n, time.Since(began).Seconds())
	}
	return nil
}

type play struct {
	a     App
	ct    *city.City
	today string
	n     int
	err   error
}

func (p *play) finding(county, unit string, s story) {
	inspector := luoshu.Actor{Name: "inspector", Role: "inspector", Org: county}
	clerk := luoshu.Actor{Name: "clerk", Role: "clerk", Org: unit}
	id := "demo-" + unit + "-" + s.clause
	c := p.open(id, "finding", step{who: inspector, cells: map[string]string{
		"school_code": unit, "found_by": "visit", "found_on": p.today, "clause": s.clause, "problem": s.problem, "severity": s.severity,
	}})
	acts := []step{
		{clerk, "accept", false, map[string]string{"measure": "演示：立即清理并纳入每日巡查", "responsible": "演示负责人", "due": p.today}},
		{clerk, "submit", true, map[string]string{"outcome": "演示：已清理，照片附后"}},
		{inspector, "pass", true, map[string]string{"rechecked_on": p.today, "closed_on": p.today}},
	}
	p.run(c, id, acts[:min(s.steps, len(acts))])
}

// picture is one grey point, as the photograph of a demo.
func picture() ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	return b.Bytes(), err
}
